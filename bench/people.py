"""The crowd: accounts made, logged in, befriended and gathered in rooms, before anything is measured.

`Dialogue` is the comfortable, slow way to speak to the server; the measured phases
put faster readers on the same connections.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from bench import BenchError
from bench.loop import Connection, Loop
from bench.numbered import Form, padding
from bench.progress import Progress
from bench.servers import Server

PASSWORD = "bench-password"
LIMITS = {
    "THROTTLED": "for a load test start it with --set logins_per_minute=0 --set sign_ups_per_minute=0",
    "BAD_LOGIN": "accounts of these names are somebody else's or were deleted: choose another --seed",
    "NOT_ALLOWED": "for a load test start it with --set signup=open",
}
"""What lifts a limit that a set-up runs into, by the code of the refusal."""
NO_ROOM = "for a load test start it with --set connections_per_address_max=0, and see its limit of open files"
SIGN_UP_BATCH = 200
LOOK_S = 0.25  # between two looks at how far it is
SILENCE_S_MAX = 20.0
"""How long the server may keep silent while the crowd is set up, in seconds."""
SIGN_UP_CONNECTIONS = 8
"""A server hashes one password of a connection at a time, and has several threads for it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One `OK` or `ERR`, with the `ITEM` rows before it; `fields` are those after the verb."""

    ok: bool
    fields: list[str]
    items: list[list[str]]

    @property
    def code(self) -> str:
        """The code of a refusal; empty for an `OK`."""
        return "" if self.ok else self.fields[0]


class Dialogue:
    """Commands sent ahead, answers in their order. Takes the connection's lines until somebody else does."""

    def __init__(self, connection: Connection, name: str = "") -> None:
        self.connection = connection
        self.name = name
        self.answers: list[Answer] = []
        self.events: list[list[str]] = []
        self.keeps_events = True
        self.said_bye = ""
        self.asked = 0
        self._items: list[list[str]] = []
        self.take_over()

    def take_over(self) -> None:
        """Read this connection's lines from now on."""
        self.connection.on_lines = self._take

    def ask(self, *commands: str) -> None:
        """Send commands, to be answered later."""
        self.asked += len(commands)
        self.connection.send("".join(f"{command}\n" for command in commands).encode())

    @property
    def answered(self) -> bool:
        """Whether everything asked has its answer. Raises BenchError if the connection ended before."""
        if len(self.answers) < self.asked and self.connection.closed:
            raise BenchError(f"The server closed a connection during set-up; it said: {self.said_bye or 'nothing'}")
        return len(self.answers) >= self.asked

    def take_answers(self) -> list[Answer]:
        """The answers to all that was asked, which is then forgotten."""
        taken, self.answers, self.asked = self.answers, [], 0
        return taken

    def _take(self, block: bytes) -> None:
        for line in block.decode().split("\n")[:-1]:
            if not self.keeps_events and line.startswith("EVENT"):
                continue
            kind, *fields = line.split("|")
            if kind == "ITEM":
                self._items.append(fields[1:])
            elif kind in ("OK", "ERR"):
                self.answers.append(Answer(kind == "OK", fields[1:], self._items))
                self._items = []
            elif kind == "EVENT":
                self.events.append(fields)
            elif kind == "BYE":
                self.said_bye = line


class Crowd:
    """The users of a run. A name holds group, seed and number, so a second run on a kept store finds its accounts."""

    acknowledges = True

    def __init__(self, loop: Loop, server: Server, seed: int, progress: Progress) -> None:
        self._loop = loop
        self._address = server.address
        self._connecting_max = server.connecting_max
        self._is_target = server.is_target
        self._seed = seed
        self._progress = progress
        self.tokens: dict[str, str] = {}
        self.dialogues: dict[str, Dialogue] = {}

    def names(self, count: int, group: str = "u") -> list[str]:
        """Names for so many users."""
        return [f"{group}{self._seed}-{number}" for number in range(count)]

    def sign_up(self, names: Sequence[str]) -> None:
        """Make accounts on a few connections; those that exist are left as they are."""
        count = min(SIGN_UP_CONNECTIONS, len(names))
        dialogues = [Dialogue(self._loop.connect(self._address)) for _ in range(count)]
        for done, batch in enumerate(_batches(names, SIGN_UP_BATCH)):
            for at, name in enumerate(batch):
                dialogues[at % count].ask(f"SIGNUP|{name}|{PASSWORD}")
            self.wait(dialogues, "signing up", (done * SIGN_UP_BATCH, len(names)))
            for dialogue in dialogues:
                _check(dialogue, {"NAME_TAKEN"})
        for dialogue in dialogues:
            dialogue.connection.close()

    def clean_up(self) -> None:
        """Delete the accounts that were made here; rooms end with their last member."""
        names = list(self.tokens)
        for done, batch in enumerate(_batches(names, SIGN_UP_CONNECTIONS)):
            wave = [Dialogue(self._loop.connect(self._address), name) for name in batch]
            for name, dialogue in zip(batch, wave, strict=True):
                dialogue.connection.may_end = True  # it does, behind the answer
                dialogue.ask(self.login_command(name), f"DELETEACCOUNT|{name}|{PASSWORD}")
            self.wait(wave, "deleting accounts", (done * SIGN_UP_CONNECTIONS, len(names)))
            for dialogue in wave:
                _check(dialogue, set())
                dialogue.connection.close()

    def log_in(self, names: Sequence[str]) -> list[Dialogue]:
        """Log in on a connection each, with a token where there is one; return them in the order of the names."""
        opened: list[Dialogue] = []
        for batch in _batches(names, self._connecting_max):
            wave = [Dialogue(self._loop.connect(self._address), name) for name in batch]
            for name, dialogue in zip(batch, wave, strict=True):
                dialogue.ask(self.login_command(name))
            self.wait(wave, "logging in", (len(opened), len(names)))
            for name, dialogue in zip(batch, wave, strict=True):
                self.tokens[name] = _check(dialogue, set()).fields[1]
                self.dialogues[name] = dialogue
            opened += wave
        return opened

    def _check_room(self, count: int) -> None:
        """Open so many connections, and close them again. Raises BenchError if one is not greeted."""
        opened: list[Dialogue] = []
        for batch in _batches([""] * count, self._connecting_max):
            wave = [Dialogue(self._loop.connect(self._address)) for _ in batch]
            for dialogue in wave:
                dialogue.connection.may_end = True
                dialogue.ask("PING")
            opened += wave
            try:
                self.wait(wave, "looking for room", (len(opened) - len(wave), count))
            except BenchError as error:
                raise self._no_room(opened, count, error) from None
        for dialogue in opened:
            dialogue.connection.close()

    def _no_room(self, opened: Sequence[Dialogue], count: int, error: BenchError) -> BenchError:
        """What to say of a connection that was not greeted, once it is known of each."""
        self._loop.run_until(lambda: all(each.answers or each.connection.closed for each in opened), SILENCE_S_MAX)
        places = sum(bool(dialogue.answers) for dialogue in opened)
        if not places:
            return error
        return BenchError(
            f"The server has no room for {count} connections beside those it has, but for {places}: {NO_ROOM} ({error})"
        )

    def login_command(self, name: str) -> str:
        """`RESUME` with the token of an earlier login, which costs no hashing, or else `LOGIN`."""
        token = self.tokens.get(name)
        return f"RESUME|{name}|{token}" if token else f"LOGIN|{name}|{PASSWORD}"

    def arrive(self, count: int, group: str = "u") -> list[Dialogue]:
        """Make accounts and log them all in. A target is first asked whether it has room for so many."""
        if self._is_target:
            self._check_room(count)
        names = self.names(count, group)
        self.sign_up(names)
        return self.log_in(names)

    def form(self, sender: str, to: str, size: int) -> Form:
        """How numbered messages of `size` bytes from one user to another user or a room look on the wire."""
        route = f"|{sender}|{to}|".encode()
        return Form(b"SENDMESSAGE" + route, padding(size), b"EVENT|MESSAGE|", route)

    def befriend(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Make friends of logged-in users: the first of each pair asks, the second accepts."""
        pairs = list(pairs)
        self._each(
            [(one, f"ADDFRIEND|{one}|{other}") for one, other in pairs], {"ALREADY_FRIENDS", "ALREADY_REQUESTED"}
        )
        self._each(
            [(other, f"ACCEPTFRIEND|{other}|{one}") for one, other in pairs], {"NO_SUCH_REQUEST", "ALREADY_FRIENDS"}
        )

    def gather(self, room: str, owner: str, members: Sequence[str]) -> None:
        """Make a room and let logged-in users join it; return when all its noise has been heard."""
        self.gather_all({room: [owner, *members]})

    def gather_all(self, rooms: Mapping[str, Sequence[str]]) -> None:
        """The same for many rooms; the first of each room's members owns it."""
        made = [(members[0], f"CREATEROOM|{members[0]}|{room}|public") for room, members in rooms.items()]
        self._each(made, {"NAME_TAKEN"})  # of a run before on a kept store
        self._each([(name, f"JOIN|{name}|{room}") for room, members in rooms.items() for name in members], set())
        self.settle(list({name: None for members in rooms.values() for name in members}))

    def settle(self, names: Sequence[str]) -> None:
        """Wait until each has read all that is on its way: what is behind a PING has been said before its answer."""
        self._each([(name, "PING|settled") for name in names], set())

    def ask(self, dialogue: Dialogue, command: str, doing: str) -> Answer:
        """Ask one thing, and wait for its answer, whatever it is."""
        dialogue.take_over()
        dialogue.ask(command)
        self.wait([dialogue], doing)
        return dialogue.take_answers()[-1]

    def wait(self, dialogues: Sequence[Dialogue], doing: str, before: tuple[int, int] = (0, 0)) -> None:
        """Turn until all are answered. Raises BenchError when the server falls silent.

        `before` says how many of how many were done before this.
        """
        pending = iter(dialogues)
        current = next(pending, None)
        done_before, of = before

        def done() -> bool:
            nonlocal current
            while current is not None and current.answered:
                current = next(pending, None)
            return current is None

        heard, since = -1, perf_counter()
        while not self._loop.run_until(done, LOOK_S):
            answers = sum(len(dialogue.answers) for dialogue in dialogues)
            if answers > heard:
                heard, since = answers, perf_counter()
            if perf_counter() - since > SILENCE_S_MAX:
                raise BenchError(f"The server has not answered for {SILENCE_S_MAX:.0f} s, while {doing}: see its log")
            self._progress.step(doing, (done_before + heard) / of if of else None)

    def _each(self, asked: Sequence[tuple[str, str]], allowed: set[str]) -> None:
        dialogues = list(dict.fromkeys(self.dialogues[name] for name, _ in asked))
        for name, command in asked:
            self.dialogues[name].ask(command)
        self.wait(dialogues, asked[0][1].partition("|")[0].lower() if asked else "", (0, len(asked)))
        for dialogue in dialogues:
            _check(dialogue, allowed)


def _check(dialogue: Dialogue, allowed: set[str]) -> Answer:
    """Refuse to measure on a set-up that failed; return the last answer."""
    answers = dialogue.take_answers()
    for answer in answers:
        if not answer.ok and answer.code not in allowed:
            raise BenchError(unable(answer))
    return answers[-1]


def unable(answer: Answer) -> str:
    """The sentence for a refusal that ends the run, with the setting that allows more where it is a limit."""
    if answer.code == "UNKNOWN_COMMAND":
        return f"This server does not know a command the scenario needs; it said: {answer.fields[1]}"
    lift = LIMITS.get(answer.code, "")
    return f"The server refused the set-up: {'|'.join(answer.fields)}{lift and f' ({lift})'}"


def _batches(names: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (names[at : at + size] for at in range(0, len(names), size))
