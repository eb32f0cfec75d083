"""Commands that make accounts and rooms of a file of comma-separated values: all of it, or nothing."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from chatserver.admin.asked import Asked, UsageError
from chatserver.admin.desk import Desk
from chatserver.admin.people import make_password
from chatserver.admin.places import history_days
from chatserver.admin.result import Later, Outcome, Result
from chatserver.admin.sheets import Row, SheetError, read_sheet
from chatserver.core.commands import MakeRooms, MakeUsers, NewRoom, NewUser
from chatserver.core.outcome import Refused
from chatserver.core.rolls import check_users, make_rooms
from chatserver.net.workers import Result as Worked

USERS_MAX = 2_000  # in one file: made in one step, some 0.1 ms each, after a password has been hashed for each
ROOMS_MAX = 1_000
JOINS_MAX = 2_000  # of members, in all rooms of one file: each is told to those who are in there already
USER_COLUMNS = ("name",), ()
ROOM_COLUMNS = ("room", "owner"), ("kind", "topic", "members", "history_days")
KINDS = ("public", "private")
Done = Callable[[Outcome], None]


def user_import(desk: Desk, asked: Asked) -> Outcome | Later:
    """Accounts, each with a password for once, which stand in the answer or in a new file."""
    passwords = asked.options.get("passwords", "")
    if passwords and os.path.lexists(passwords):
        return Refused("NOT_ALLOWED", f"{passwords} is there already: name a file that is not there with --passwords")

    def read(rows: list[Row], done: Done) -> None:
        names = [(row.line, row.values["name"]) for row in rows]
        refused = check_users(desk.state, names)
        if refused or "dry-run" in asked.options:
            done(refused or _dry(len(names), "Accounts"))
        else:
            _Newcomers(desk, names, passwords, done).hash_next()

    return _reading(desk, asked, USER_COLUMNS, USERS_MAX, read)


class _Newcomers:
    """Accounts of one file: a password is hashed for each, then all are made."""

    def __init__(self, desk: Desk, names: Sequence[tuple[int, str]], path: str, done: Done) -> None:
        self._desk = desk
        self._names = names
        self._path = path
        self._done = done
        self._passwords: list[str] = []
        self._users: list[NewUser] = []

    def hash_next(self) -> None:
        """One at a time, so that logins go on beside it."""
        if len(self._users) == len(self._names):
            self._write()
            return
        password = make_password(self._desk)
        self._passwords.append(password)
        self._desk.dispatch.logins.hash_for(password, self._hashed)

    def _hashed(self, worked: Worked[str]) -> None:
        if worked.value is None:
            self._done(Refused("INTERNAL", f"A password could not be hashed ({worked.error}): nothing was made"))
            return
        line, name = self._names[len(self._users)]
        self._users.append(NewUser(line, name, worked.value))
        self.hash_next()

    def _write(self) -> None:
        if not self._path:
            self._make()
            return
        lines = [f"{user.name},{password}" for user, password in zip(self._users, self._passwords, strict=True)]
        text = "\r\n".join(["name,password", *lines, ""])
        self._desk.helpers.submit(partial(_write_new, self._path, text), self._written)

    def _written(self, worked: Worked[bool]) -> None:
        if worked.value is None:
            why = getattr(worked.error, "strerror", None) or worked.error
            self._done(Refused("NOT_ALLOWED", f"{self._path} could not be made ({why}): nothing was done"))
            return
        self._make()

    def _make(self) -> None:
        desk = self._desk
        outcome: Outcome
        made = desk.execute(MakeUsers(self._users, desk.now_ms()))
        if isinstance(made, Refused):
            outcome = made
            _forget(self._path)
        else:
            desk.undo(partial(_forget, self._path))
            outcome = self._answer()
        self._done(outcome)

    def _answer(self) -> Result:
        count = f"Accounts made: {len(self._users)}"
        then = "SETPASSWORD|name|that password|a new one comes before the first LOGIN"
        if self._path:
            return Result(f"{count}; {self._path} has a password for once for each: {then}")
        rows = [(user.name, password) for user, password in zip(self._users, self._passwords, strict=True)]
        return Result(f"{count}, each with a password for once: {then}", ("user", "password"), rows)


def room_import(desk: Desk, asked: Asked) -> Outcome | Later:
    """Rooms with owner, members, topic and days."""

    def read(rows: list[Row], done: Done) -> None:
        try:
            rooms = [_new_room(row) for row in rows]
        except UsageError as error:
            done(Refused("BAD_COMMAND", str(error)))
            return
        joins = sum(len(room.members) for room in rooms)
        if joins > JOINS_MAX:
            text = f"{asked.argument(0)} names {joins} members, and one file {JOINS_MAX} at most: cut it into several"
            done(Refused("NOT_ALLOWED", text))
            return
        done(_make_rooms(desk, asked, rooms))

    return _reading(desk, asked, ROOM_COLUMNS, ROOMS_MAX, read)


def _make_rooms(desk: Desk, asked: Asked, rooms: Sequence[NewRoom]) -> Outcome:
    command = MakeRooms(rooms, desk.now_ms())
    if "dry-run" in asked.options:
        would = make_rooms(desk.state, command)
        return would if isinstance(would, Refused) else _dry(len(rooms), "Rooms")
    outcome = desk.execute(command)
    return outcome if isinstance(outcome, Refused) else Result(f"Rooms made: {len(rooms)}")


def _new_room(row: Row) -> NewRoom:
    said = row.values
    kind = said.get("kind", "").casefold() or "public"
    if kind not in KINDS:
        raise UsageError(f"line {row.line}: kind is public or private, not '{kind[:40]}'")
    days = said.get("history_days", "")
    try:
        kept = history_days(days) if days else None
    except UsageError as error:
        raise UsageError(f"line {row.line}: {error}") from error
    return NewRoom(
        row.line, said["room"], kind, said["owner"], said.get("topic", ""), said.get("members", "").split(), kept
    )


def _dry(count: int, what: str) -> Result:
    return Result(f"{what} that could be made: {count}; nothing was done")


def _reading(
    desk: Desk,
    asked: Asked,
    columns: tuple[tuple[str, ...], tuple[str, ...]],
    rows_max: int,
    then: Callable[[list[Row], Done], None],
) -> Later:
    """Read the file in a thread; `then` goes on with its rows in the loop."""

    def start(done: Done) -> None:
        def finished(worked: Worked[list[Row]]) -> None:
            if worked.value is not None:
                then(worked.value, done)
            elif isinstance(worked.error, SheetError):
                done(Refused("BAD_COMMAND", f"{worked.error}; nothing was done"))
            else:
                done(Refused("INTERNAL", f"That failed ({worked.error}): see the log"))

        desk.helpers.submit(partial(read_sheet, asked.argument(0), *columns, rows_max), finished)

    return Later(start)


def _write_new(path: str, text: str) -> bool:
    """For the owner's eyes alone, and on the disk before any account is made."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        _forget(path)
        raise
    return True


def _forget(path: str) -> None:
    if path:
        with suppress(OSError):
            os.unlink(path)
