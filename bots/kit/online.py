"""`python3 -m bots run`: a bot outside, over chatclient's connection to a real server."""

import fcntl
import logging
import os
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bots.kit.bot import Bot
from bots.kit.diary import Diary
from bots.kit.effects import BotError
from bots.kit.fetching import fetch_page
from bots.kit.outside import LATER_CODES, Lost, Outside, Over, Said
from chatclient.blocking import Client, ClientError, RefusedError, UnsendableError
from chatclient.core import events as ev
from chatclient.core.outcomes import LoggedIn, LoginFailed
from chatclient.passwords import NoPassword, from_file, from_prompt

PAGE = 500  # messages of one SYNC


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bot runs and who it is there. `tls_ca` is a certificate's file, None for plain TCP."""

    host: str
    port: int
    user: str
    tls_ca: str | None = None

    def __str__(self) -> str:
        return f"{self.user} at {self.host}:{self.port}"


def run_bot(
    bot: Bot, place: Place, password_file: str | None, signup: bool, state: Path, config: Mapping[str, str]
) -> int:
    """Run until it cannot go on; the exit status. Raises BotError for what a person can mend."""
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        password = from_file(password_file) if password_file else from_prompt(place.user)
    except NoPassword as error:
        raise BotError(str(error)) from None
    with (
        alone(state, f"{bot.name} stands by: another process answers as {place}"),
        closing(Diary(state, str(place))) as diary,
    ):
        try:
            while True:
                with Client(place.host, place.port, tls=_tls(place.tls_ca)) as client, suppress(NoAccount):
                    chat = log_in(client, place, password, signup, diary)
                    print(f"{bot.name} answers as {place}, and remembers in {state}", flush=True)
                    Outside(bot, diary, chat, fetch_page, _wall_ms, Random(), config).serve()
        except (ClientError, Over) as error:
            print(error, file=sys.stderr)
    return 1


@contextmanager
def alone(state: Path, stands_by: str) -> Iterator[None]:
    """Be the only process that remembers in a file; where there is one already, say so and wait until it has ended.

    The lock is of a file of its own, and ends with the process, however that ends.
    """
    try:
        descriptor = os.open(f"{state}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BotError(f"{state}-lock cannot be opened ({error.strerror}): name another file with --state") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(stands_by, flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def log_in(client: Client, place: Place, password: str, signup: bool, diary: Diary) -> "ClientChat":
    """Log in, with a new account if that is wanted; the first time, note from where on to answer.

    A new account answers all that is written to it; one that was there, what nobody has seen yet.
    """
    made = signup and _sign_up(client, place.user, password)
    client.login(place.user, password)
    chat = ClientChat(client)
    diary.meet(client.store.partition(".")[0])
    if diary.heard_id is None:
        diary.hear(0 if made else chat.last_seen_id())
    return chat


def _sign_up(client: Client, user: str, password: str) -> bool:
    try:
        client.signup(user, password)
    except RefusedError as error:
        if error.code != "NAME_TAKEN":
            raise
        return False
    return True


class NoAccount(Over):
    """The server does not take the login any more: after a restore the account may not be there."""


class ClientChat:
    """`Chat` over a Client, which connects again by itself."""

    def __init__(self, client: Client) -> None:
        """The client is logged in."""
        self._client = client
        self._requests = True  # there may be friend requests
        self._first_missed: int | None = None  # of the backlog of this login

    @property
    def name(self) -> str:
        """The user who is logged in."""
        return self._client.name or ""

    @property
    def store(self) -> str:
        """The identity of what the server keeps."""
        return self._client.store.partition(".")[0]

    def wait(self, timeout_s: float) -> None:
        """Return when something has happened, or the time is over. Raises Over."""
        try:
            event = self._client.next_event(timeout_s)
            while event is not None:
                self._note(event)
                event = self._client.next_event(0)
        except ClientError as error:
            raise Over(str(error)) from None

    def sync(self, after_id: int) -> tuple[list[Said], bool]:
        """What this user sent or received after an id, and whether there is more."""
        answer = self._call("SYNC", str(after_id), str(PAGE))
        return [Said(int(row[0]), row[2], row[3], row[4]) for row in answer.rows], answer.fields[1:] == ("1",)

    def send(self, tag: str, to: str, text: str) -> str:
        """Send a message under a tag; the code of the refusal, empty if it is stored."""
        try:
            self._client.send(to, text, tag=tag)
        except RefusedError as error:
            return error.code
        except UnsendableError as error:
            return str(error)
        except ClientError:
            raise Lost from None
        return ""

    def accept_friends(self) -> None:
        """Say yes to every friend request, if there may be any."""
        if not self._requests:
            return
        for row in self._call("SHOWREQUESTS").rows:
            if row[0] == "in":
                self._try("ACCEPTFRIEND", row[1])
        self._requests = False

    def bots(self) -> dict[str, str]:
        """The server's own bots."""
        answer = self._try("SHOWBOTS")
        return {row[0]: row[1] for row in answer.rows} if answer else {}

    def last_seen_id(self) -> int:
        """The id of the last message that was dealt with before this program came: those in the backlog were not."""
        self.wait(0)
        if self._first_missed is not None:
            return self._first_missed - 1
        last_id, more = 0, True
        while more:
            said, more = self.sync(last_id)
            last_id = said[-1].id if said else last_id
        return last_id

    def _note(self, event: object) -> None:
        if isinstance(event, LoginFailed):
            raise NoAccount(f"the server does not take the login any more: {event.text}")
        if isinstance(event, ev.FriendRequest | LoggedIn):
            self._requests = True
        if isinstance(event, LoggedIn):
            self._first_missed = None
        if isinstance(event, ev.Message) and event.origin == "missed":
            self._first_missed = min(event.id, self._first_missed or event.id)

    def _call(self, verb: str, *fields: str) -> ev.Ok:
        """Ask the server. Raises Lost if there is no answer now, Over if there will be none."""
        try:
            return self._client.call(verb, *fields)
        except RefusedError as error:
            if error.code in LATER_CODES:
                raise Lost from None
            raise Over(f"the server refuses {verb}: {error.text}") from None
        except ClientError:
            raise Lost from None

    def _try(self, verb: str, *fields: str) -> ev.Ok | None:
        """Ask the server for something that it may refuse."""
        try:
            return self._call(verb, *fields)
        except Over as error:
            logging.info("%s", error)
            return None


def _tls(certificate: str | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    try:
        return ssl.create_default_context(cafile=certificate)
    except OSError as error:
        raise BotError(f"the certificate {certificate} cannot be read ({error}): check --tls-ca") from None


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
