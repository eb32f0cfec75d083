"""What a client says: one command and its life until it is answered, and the order of those that wait."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from chatserver.protocol.frames import FRAME_BYTES_MAX, is_clean

FREE_TEXT = frozenset({"PING", "SETSTATUS", "SENDMESSAGE", "EDITMESSAGE", "SEARCH", "SETTOPIC", "REPORT", "ADMIN"})
"""The verbs whose last field may hold `|` (PROTOCOL.md, "Frames")."""

BEFORE_LOGIN = frozenset({"SIGNUP", "REDEEM", "LOGIN", "RESUME", "PING", "HELP", "QUIT"})
NAMELESS = BEFORE_LOGIN | {"RAW"}
"""The verbs that need no login, whose first field is not filled in here."""

_REPEATABLE = frozenset({"SENDMESSAGE", "PING", "HELP", "HISTORY", "SEARCH"})


class BadCommand(ValueError):
    """What was asked for cannot be sent; the text is a sentence that says what to do."""


class NotLoggedInError(BadCommand):
    """The command needs a user, and there is none."""


@dataclass(slots=True)
class Command:
    """One command. `username` is filled in when it is sent; RAW holds a whole line as its only field."""

    verb: str
    tag: str
    fields: tuple[str, ...] = field(repr=False)  # a password may be among them
    internal: bool = False  # the client's own: its answer is no event
    sent_before: bool = False  # on a connection that was lost before the answer came
    rows: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def repeatable(self) -> bool:
        """Whether sending it again after a lost connection does no harm.

        A message has its tag, by which the server knows it; the rest only reads.
        """
        return self.verb in _REPEATABLE or self.verb.startswith("SHOW")

    @property
    def needs_login(self) -> bool:
        """Whether the server takes it only from a user who is logged in."""
        return self.verb not in NAMELESS

    def line(self, username: str) -> bytes:
        """The frame to send. Raises BadCommand if the fields make none."""
        if self.verb == "RAW":
            return checked_line(_tagged(self.fields[0], self.tag))
        fields = self.fields if self.verb in NAMELESS else (username, *self.fields)
        whole = fields[:-1] if self.verb in FREE_TEXT else fields
        if any("|" in value for value in whole):
            raise BadCommand("A field cannot hold “|”: take it out and try again")
        return checked_line("|".join((f"{self.verb}#{self.tag}", *fields)))


def checked_line(line: str) -> bytes:
    """A line as bytes with its LF. Raises BadCommand where the server would answer BAD_FRAME."""
    if not is_clean(line):
        raise BadCommand("A line break, a control or a bidirectional character cannot be sent: take it out")
    try:
        data = f"{line}\n".encode()
    except UnicodeEncodeError:
        raise BadCommand("This text is no valid UTF-8: set your terminal and locale to UTF-8") from None
    if len(data) > FRAME_BYTES_MAX:
        raise BadCommand(f"This is too long: a line has at most {FRAME_BYTES_MAX} bytes. Send it in parts")
    return data


def _tagged(line: str, tag: str) -> str:
    """A line typed by hand, with a tag unless it has one, so that its answer is found."""
    verb, mark, rest = line.partition("|")
    return line if "#" in verb else f"{verb}#{tag}{mark}{rest}"


class Queue:
    """The commands that wait to be sent, and those sent that wait to be answered, both in order."""

    __slots__ = ("sent", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Command] = deque()
        self.sent: deque[Command] = deque()

    def answered(self, tag: str) -> Command | None:
        """Take off the command this answer is for. Answers come in the order of the commands.

        An answer without a known tag is one to the oldest command: the server echoes `?` for what it could not read.
        """
        if self.sent and tag in ("", self.sent[0].tag):
            return self.sent.popleft()
        return None

    def lost(self) -> list[Command]:
        """The connection is gone: keep what may be sent again, ahead of the rest; return what may not."""
        again = [command for command in self.sent if command.repeatable and not command.internal]
        dropped = [command for command in self.sent if not command.repeatable and not command.internal]
        for command in again:
            command.sent_before = True
            command.rows.clear()
        self.sent.clear()
        self.waiting.extendleft(reversed(again))
        return dropped

    def take(self, wanted: Callable[[Command], bool]) -> list[Command]:
        """Take the wanted ones off those that wait."""
        taken = [command for command in self.waiting if wanted(command)]
        if taken:
            self.waiting = deque(command for command in self.waiting if not wanted(command))
        return taken

    def messages(self) -> int:
        """How many messages are not yet known to be stored by the server."""
        return sum(command.verb == "SENDMESSAGE" for held in (self.waiting, self.sent) for command in held)
