"""The crowd on an IRC server: the same comforts as `people.Crowd`, as far as a comparison needs them.

IRC does not acknowledge a message, and friends need no introduction.
"""

from collections.abc import Iterable, Sequence

from bench import BenchError
from bench.loop import Connection, Loop
from bench.numbered import Form, padding
from bench.people import SILENCE_S_MAX
from bench.progress import Progress
from bench.servers import Server

_WELCOMED = (b" 376 ", b" 422 ")  # the end of the message of the day, or that there is none
_JOINED = b" 366 "  # the end of the list of names
_REFUSED = (b" 432 ", b" 433 ", b" 451 ", b" 465 ", b" 471 ")


class IrcPerson:
    """One logged-in client; what it waits for is a numeric or a PONG in some line."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.name = name
        self._awaited: tuple[bytes, ...] = ()
        self._said = b""
        connection.on_lines = self._take

    def ask(self, command: str, *awaited: bytes) -> None:
        """Send a command, and wait for one of the awaited words."""
        self._awaited = awaited
        self.connection.send(command.encode() + b"\r\n")

    @property
    def answered(self) -> bool:
        """Whether the awaited word was heard. Raises BenchError on a refusal."""
        if self._awaited and self.connection.closed:
            raise BenchError(f"The IRC server closed a connection; it said: {self._said.decode(errors='replace')}")
        return not self._awaited

    def _take(self, block: bytes) -> None:
        for line in block.splitlines():
            if line.startswith(b"PING"):
                self.connection.send(b"PONG" + line[4:] + b"\r\n")
            elif any(code in line for code in _REFUSED):
                self._said = line
            elif any(word in line for word in self._awaited):
                self._awaited = ()


class IrcCrowd:
    """The users of a run on an IRC server."""

    acknowledges = False

    def __init__(self, loop: Loop, server: Server, seed: int, progress: Progress) -> None:
        self._loop = loop
        self._address = server.address
        self._connecting_max = server.connecting_max
        self._seed = seed
        self._progress = progress
        self._people: dict[str, IrcPerson] = {}

    def arrive(self, count: int, group: str = "u") -> list[IrcPerson]:
        """Register so many users."""
        arrived: list[IrcPerson] = []
        for at in range(0, count, self._connecting_max):
            wave = []
            for number in range(at, min(at + self._connecting_max, count)):
                person = IrcPerson(self._loop.connect(self._address), f"{group}{self._seed}-{number}")
                person.ask(f"NICK {person.name}\r\nUSER {group} 0 * :{person.name}", *_WELCOMED)
                self._people[person.name] = person
                wave.append(person)
            self._wait(wave, "registering")
            arrived += wave
        return arrived

    def befriend(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Everybody may write to everybody: nothing to do."""

    def gather(self, room: str, owner: str, members: Sequence[str]) -> None:
        """Let everybody join a channel; return when its noise has been heard."""
        everybody = [self._people[name] for name in [owner, *members]]
        for person in everybody:
            person.ask(f"JOIN {room}", _JOINED)
        self._wait(everybody, "joining")
        self.settle([owner, *members])

    def settle(self, names: Sequence[str]) -> None:
        """Wait until each has read all that is on its way."""
        for name in names:
            self._people[name].ask("PING :settled", b"PONG")
        self._wait([self._people[name] for name in names], "settling")

    def form(self, sender: str, to: str, size: int) -> Form:
        """How numbered messages look in IRC."""
        send_head = f"PRIVMSG {to} :".encode()
        return Form(send_head, padding(size), f":{sender}!".encode(), b" " + send_head, b"\r\n")

    def _wait(self, people: Sequence[IrcPerson], doing: str) -> None:
        if not self._loop.run_until(lambda: all(person.answered for person in people), SILENCE_S_MAX):
            raise BenchError(f"The IRC server has not answered for {SILENCE_S_MAX:.0f} s, while {doing}")
        self._progress.step(doing)
