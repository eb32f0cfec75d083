"""Commands about the server as a whole: figures, settings, bots, the audit, its file, its end."""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from chatserver import __version__
from chatserver.admin.asked import Asked
from chatserver.admin.desk import Desk
from chatserver.admin.result import Later, Outcome, Result, Value, stamp
from chatserver.core.commands import Pardon, Sanction
from chatserver.core.outcome import Refused, quoted
from chatserver.core.sanctions import DISABLED, FOREVER_MS
from chatserver.net.workers import Result as Worked
from chatserver.settings import LIVE, TABLE, SettingError, parse
from chatserver.store.backup import BackupError, copy_store, table_sizes
from chatserver.store.check import check_store
from chatserver.store.errors import StoreError
from chatserver.store.transfer import TransferError, export_store

AUDIT_ROWS = 50
DAY_MS = 86_400_000
AUDIT_ROWS_MAX = 1000


def stats(desk: Desk, asked: Asked) -> Outcome | Later:
    """Figures of this moment, or what each table takes, for which SQLite goes through the whole file."""
    if "tables" in asked.options:
        return _sizes_of_tables(desk)
    state, clients = desk.state, desk.clients()
    path = desk.settings.store
    doors: dict[str, int] = {}
    for client in clients:
        doors[client.front.name] = doors.get(client.front.name, 0) + 1
    people = sum(bool(user.password_hash) for user in state.users.values())
    figures: list[tuple[str, Value]] = [
        ("version", __version__),
        ("python", sys.version.split()[0]),
        ("process", os.getpid()),
        ("up_s", int(desk.clock() - desk.started_s)),
        ("connections", len(clients)),
        *((f"connections_{door}", count) for door, count in sorted(doors.items())),
        ("people_online", len({client.user for client in clients if client.user})),
        ("accounts", people),
        ("bots", len(state.bots)),
        ("rooms", len(state.rooms)),
        ("last_message_id", state.last_message_id),
        ("unsent_bytes", sum(client.receiver.connection.unsent for client in clients)),
        ("store_writable", not desk.turn.unavailable),
        ("store_bytes", _size(path)),
        ("log_bytes", _size(path + "-wal")),
        ("memory_bytes", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024),
        *_figures_of_log(desk),
    ]
    return Result("Figures of this moment", ("figure", "value"), figures)


def _figures_of_log(desk: Desk) -> Iterator[tuple[str, Value]]:
    """Of a cluster: `cluster_position`, and for each member `cluster_member_behind NODE`."""
    for name, _, _, values in desk.turn.log.figures():
        for node, value in values.items():
            yield f"{name} {node}".rstrip(), int(value)


def _sizes_of_tables(desk: Desk) -> Outcome | Later:
    if desk.store.is_in_memory:
        return Refused("NOT_ALLOWED", "A store in memory has no file to look at: start with --store FILE")

    def start(done: Callable[[Outcome], None]) -> None:
        def finished(worked: Worked[list[tuple[str, int]]]) -> None:
            if worked.value is None:
                done(Refused("NOT_ALLOWED", f"This SQLite cannot tell ({worked.error}): look at the file with another"))
            else:
                done(Result(f"{len(worked.value)} tables and indexes", ("table", "bytes"), worked.value))

        desk.helpers.submit(partial(table_sizes, desk.settings.store), finished)

    return Later(start)


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def settings_show(desk: Desk, asked: Asked) -> Outcome:
    """What holds, and where it comes from."""
    wanted = asked.argument(0)
    if wanted and wanted not in TABLE:
        return Refused("BAD_COMMAND", f"There is no setting {quoted(wanted)}: settings show lists them all")
    names = [wanted] if wanted else list(TABLE)
    rows = [(name, _shown(desk, name), desk.settings.origin(name), name in LIVE) for name in names]
    return Result(f"{len(rows)} settings", ("setting", "value", "from", "may_change"), rows)


def _shown(desk: Desk, name: str) -> Value:
    """A setting's value, of whatever type; how the cluster is reached may hold a password."""
    value: Value = getattr(desk.settings, name)
    return "(not shown)" if name == "cluster" and value else value


def settings_set(desk: Desk, asked: Asked) -> Outcome:
    """Change a setting until the next start."""
    name, value = asked.argument(0), asked.argument(1)
    try:
        parsed = parse(name, value)
    except SettingError as error:
        return Refused("BAD_COMMAND", str(error))
    if name not in LIVE:
        return Refused("NOT_ALLOWED", f"{name} is looked at when the server starts: write it down, and start it again")
    before = replace(desk.settings, origins=dict(desk.settings.origins))
    wanted = replace(before, **{name: parsed}, origins={**before.origins, name: "settings set"})  # type: ignore[arg-type]
    taken, _ = desk.change(wanted)
    desk.undo(partial(desk.change_back, before, taken))
    return Result(f"{name} is {parsed} until the next start or reload: write it into the configuration file to keep it")


def reload(desk: Desk, asked: Asked) -> Outcome:
    """Read the configuration file, the environment and the certificates again: all of it, or nothing."""
    return read_again(desk, desk.undo)


def read_again(desk: Desk, undo: Callable[[Callable[[], None]], None] | None = None) -> Outcome:
    """The same for SIGHUP, which is no command of a batch: what it has read stays read."""
    if desk.read_again is None:
        return Refused("NOT_ALLOWED", "This server was not started from a command line: nothing can be read again")
    try:
        wanted = desk.read_again()
        certificate = desk.certificates() if desk.certificates else None
    except SettingError as error:
        return Refused("BAD_COMMAND", f"{error}; nothing has changed")
    before = replace(desk.settings, origins=dict(desk.settings.origins))
    taken, left = desk.change(wanted)
    if undo is not None:
        undo(partial(desk.change_back, before, taken))
        if certificate:
            undo(certificate[1])
    said = [f"{name} is {getattr(desk.settings, name)}" for name in taken]
    said += [f"{name} needs a restart" for name in left] + ([certificate[0]] if certificate else [])
    return Result("; ".join(said) or "Nothing differs", ("change",), [(each,) for each in said])


def backup(desk: Desk, asked: Asked) -> Outcome | Later:
    """A copy of the store, while it is in use."""
    keep = asked.number("keep", 0, 1000)
    if desk.store.is_in_memory:
        return Refused("NOT_ALLOWED", "A store in memory has no file to copy: start with --store FILE")
    work = partial(copy_store, desk.settings.store, asked.argument(0), keep, stamp(desk.now_ms()))
    return _elsewhere(desk, work)


def export(desk: Desk, asked: Asked) -> Outcome | Later:
    """The rows of the store as lines of JSON."""
    if desk.store.is_in_memory:
        return Refused("NOT_ALLOWED", "A store in memory has no file to export: start with --store FILE")
    return _elsewhere(desk, partial(export_store, desk.settings.store, asked.argument(0)))


def check(desk: Desk, asked: Asked) -> Outcome | Later:
    """Whether the file is whole."""
    if desk.store.is_in_memory:
        return Refused("NOT_ALLOWED", "A store in memory has no file to check: start with --store FILE")
    return _elsewhere(desk, partial(check_store, desk.settings.store))


def _elsewhere(desk: Desk, work: Callable[[], str]) -> Later:
    """Do it in a thread: it takes as long as the file is big."""

    def start(done: Callable[[Outcome], None]) -> None:
        def finished(worked: Worked[str]) -> None:
            if worked.value is not None:
                done(Result(worked.value))
            elif isinstance(worked.error, BackupError | StoreError | TransferError):
                done(Refused("NOT_ALLOWED", str(worked.error)))
            else:
                done(Refused("INTERNAL", f"That failed ({worked.error}): see the log"))

        desk.helpers.submit(work, finished)

    return Later(start)


def purge(desk: Desk, asked: Asked) -> Outcome:
    """Let go now of messages that are older than they are to be kept."""
    days, rooms = desk.settings.history_days, desk.store.retention.rooms_with_days(desk.store.history.connection)
    if not days and not rooms:
        return Refused("NOT_ALLOWED", "history_days is 0, so messages are kept for good: settings set history_days 365")
    desk.when_stored(partial(desk.store.retention.let_go, desk.now_ms(), days))
    before = stamp(desk.now_ms() - days * DAY_MS)
    what = [f"Messages of more than {days} days ago, before {before},"] * bool(days)
    what += [f"those of {rooms} rooms with days of their own"] * bool(rooms)
    return Result(" and ".join(what) + " leave the file bit by bit now")


def keep_history(desk: Desk) -> None:
    """Have the store forget what is older than `history_days`, and than rooms say."""
    desk.store.retention.let_go(desk.now_ms(), desk.settings.history_days)


def drain(desk: Desk, asked: Asked) -> Outcome:
    """End the server as SIGTERM does."""
    desk.when_stored(desk.drain)
    return Result("The server says good-bye to everybody, and ends once all is stored")


def upgrade(desk: Desk, asked: Asked) -> Outcome | Later:
    """Have a new program take over; the answer is whether it is ready to."""
    if desk.upgrade is None:
        return Refused("NOT_ALLOWED", "This server was not started from a command line: nothing can take over from it")
    return Later(partial(desk.upgrade, asked.argument(0)))


def bot_list(desk: Desk, asked: Asked) -> Outcome:
    """The bots that run."""
    rows = desk.bots.list_bots()
    return Result(f"{len(rows)} bots", ("bot", "answers", "what_it_does"), rows)


def bot_enable(desk: Desk, asked: Asked) -> Outcome:
    """Let a bot answer again."""
    name = asked.argument(0)
    user = desk.state.find(name)
    if user is None or user.id not in desk.state.bots:
        return Refused("NO_SUCH_USER", f"There is no bot {quoted(name)}: bot list shows those that run")
    desk.bots.enable(user.name)
    if user.sanctions and DISABLED in user.sanctions:
        outcome = desk.execute(Pardon(name, DISABLED))
        if isinstance(outcome, Refused):
            return outcome
    return Result(f"{user.name} answers")


def bot_disable(desk: Desk, asked: Asked) -> Outcome:
    """Let a bot answer nobody, also after a start."""
    outcome = desk.execute(Sanction(asked.argument(0), DISABLED, FOREVER_MS, "", desk.now_ms()))
    return outcome if isinstance(outcome, Refused) else Result(f"{outcome[1][0]} answers nobody until bot enable")


def bot_reload(desk: Desk, asked: Asked) -> Outcome:
    """Read the files of the bots' folder again, all or none."""
    if desk.load_bots is None:
        return Refused("NOT_ALLOWED", "This server has no folder of bots: start it with --bots FOLDER")
    try:
        bots = desk.load_bots()
    except SettingError as error:
        return Refused("BAD_COMMAND", f"{error}; the bots run on as they were")
    desk.bots.replace(bots)
    return Result(f"{len(bots)} bots run: {', '.join(bot.name for bot in bots)}")


def audit(desk: Desk, asked: Asked) -> Outcome:
    """Who has administered what, the newest first."""
    most = asked.number("limit", AUDIT_ROWS, AUDIT_ROWS_MAX)
    query = "SELECT id, time_ms, actor, deed FROM audit ORDER BY id DESC LIMIT ?"
    found = desk.store.history.connection.execute(query, (most,)).fetchall()
    rows = [(number, stamp(time_ms), actor, deed) for number, time_ms, actor, deed in found]
    return Result(f"{len(rows)} deeds", ("number", "time", "actor", "deed"), rows)
