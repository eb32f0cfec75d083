"""One run: a server and its clients in a hostile world, then in a kind one, in which all must come right."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from socket import socket
from typing import Any, cast

from bots import Bot, Event, State
from chatserver.fronts.pipe.front import Pipe
from chatserver.fronts.web.lobby import open_lobby
from chatserver.sessions.reception import Door
from chatserver.store.store import Store
from chatserver.turn.release import AT_ONCE
from tests.model.messages import REACTIONS_MAX, REACTIONS_OF_ALL_MAX
from tests.model.world import PASSWORD, World
from tests.simulation.acts import ACTS
from tests.simulation.callers import Caller
from tests.simulation.checks import (
    check_file,
    check_gone,
    check_handed,
    check_pending,
    check_shown,
    check_turn,
    check_whole,
)
from tests.simulation.choices import Choices
from tests.simulation.judge import Judge
from tests.simulation.lines import NAMES, Lines
from tests.simulation.machine import Disk, Files, Flusher, Helpers, after_power_cut, read_files, write_files
from tests.simulation.moderation import let_all_in
from tests.simulation.oracle import Oracle
from tests.simulation.page import PageCaller
from tests.simulation.sockets import ELSEWHERE, Gate, Poll, Wire
from tests.simulation.truth import BOT

TURNS_MAX = 5000  # of the loop, till nothing is left to do
HEALING_S, HEALING_MAX_S = 8, 60  # commands that may be said only slowly take longer

SETTINGS_DRAWN: dict[str, Sequence[int]] = {
    "commands_per_turn": (256, 1, 2, 7),
    "commands_per_s": (0, 3, 50),
    "read_bytes_per_turn": (65_536, 512),
    "send_bytes_high": (262_144, 1, 700),
    "send_bytes_max": (4_194_304, 400, 5000),
    "presence_ms": (1000, 0),
    "login_timeout_s": (60, 2),
    "goodbye_s": (10, 1),
    "connections_max": (16_384, 5),
}


def make_bot() -> Bot:
    """Answers what is said to it, and counts."""
    bot = Bot(BOT, "says it again")

    @bot.on("say <text>", help="it says so too")
    def say(event: Event, text: str, state: State) -> tuple[str, State]:
        return f"you said {text}", {"count": state.get("count", 0) + 1}

    return bot


class WatchedPipe(Pipe):
    """Tells the oracle which line the server has come to."""

    def __init__(self, life: "Life") -> None:
        super().__init__()
        self._life = life

    def read(self, client: Any, line: str, now_ms: int) -> Any:
        caller = self._life.oracle.caller_of(client.receiver)
        if caller is not None:
            self._life.oracle.read(caller, line, self._life.now_s)
            self._life.lines_run[caller] += 1
        return super().read(client, line, now_ms)


def _without_store(frame: str) -> str:
    """A HELLO ends with the name of the store, which SQLite's own chance gives it: no two lives have the same."""
    return frame.rpartition("|")[0] if frame.startswith("HELLO|") else frame


class Life(World):
    """A world in which everything goes wrong that can, as the choices have it."""

    disk: Disk
    flusher: Flusher
    acts: Sequence[Callable[[Any], None]] = ACTS  # what may happen in a step

    def __init__(self, folder: Path, choices: Choices) -> None:
        self.choices = choices
        self.fired: Counter[str] = Counter()  # fault → how often
        self.oracle = Oracle()
        self.judge = Judge(self.oracle)
        self.callers: list[Caller] = []
        self.story: list[str] = []  # what happened, for a person, and to compare
        self.lines_run: Counter[Caller] = Counter()  # in this turn of the loop
        self.lines = Lines(choices, lambda: self.oracle.truth, self.judge.tokens)
        self._lives = 0
        choices.begin_step()
        choices.is_calm = False
        self.drawn = {name: choices.pick(values) for name, values in SETTINGS_DRAWN.items()}
        self._at_once = choices.pick((AT_ONCE, 1, 2))
        choices.is_calm = True
        self.drawn |= {
            "web_silence_s": 86_400,
            "reactions_per_message_max": REACTIONS_MAX,
            "reactions_of_all_max": REACTIONS_OF_ALL_MAX,
        }
        super().__init__(folder, bots=[make_bot()], bot_messages_per_s=0, **self.drawn)

    # Its parts.

    def _make_selector(self) -> Poll:
        return Poll(self.choices, self.fired)

    def _make_entrance(self) -> Gate:
        return Gate(self.choices, self.fired)

    def _make_disk(self) -> Disk:
        return Disk(str(self._path), self.choices, self.fired, self.wait)

    def _make_threads(self) -> tuple[Flusher, Helpers]:
        call_soon = self.reactor.call_soon
        return Flusher(call_soon, self.choices, self.fired), Helpers(call_soon, self.choices, self.fired)

    def _make_doors(self) -> list[Door]:
        front, lobby = open_lobby(self._settings, is_local=True, has_tls=False)
        lobby._front = WatchedPipe(self)
        self._page_door = self._make_entrance()
        return [
            Door(cast(socket, self._door), WatchedPipe(self)),
            Door(cast(socket, self._page_door), front, lobby=lobby),
        ]

    def _build(self) -> None:
        super()._build()
        release = self.server.turn.release
        release.at_once, release.slice, release.turn_s = self._at_once, 1, 0.0
        self.oracle.attach(self.server, self.disk)

    @property
    def poll(self) -> Poll:
        """The selector."""
        assert isinstance(self._selector, Poll)
        return self._selector

    # What happens.

    def settle(self) -> None:
        """Turn until there is nothing to do but to wait; that must come."""
        self._selector.is_quiet = False
        for _ in range(TURNS_MAX):
            if self._selector.is_quiet or self.server.failure:
                return
            self.turn()
        self.oracle.blame("the loop never comes to rest")

    def wait(self, seconds: float) -> None:
        """Time passes, whatever the loop is at."""
        self.now_s += seconds

    def turn(self) -> None:
        """One turn of the loop, and a look at all that it has brought about."""
        self.lines_run.clear()
        self.reactor.turn()
        self._look()
        check_turn(self)

    def _look(self) -> None:
        for number, caller in enumerate(self.callers):
            if not caller.wire.outgoing:
                continue  # as for most: this is done after every turn
            for frame in caller.frames():
                self.story.append(f"{number} {_without_store(frame)}")
                self.judge.hear(caller, frame, self.now_s)

    def say(self, caller: Any, line: str) -> None:
        """A client says something, which the server has not read yet."""
        self.story.append(f"> {self.callers.index(caller)} {line}")
        caller.say(line)

    def call(self, name: str, *, by_page: bool = False) -> Caller:
        """One more client knocks, at the pipe's door or at the page's, where they come from elsewhere."""
        wire = Wire(self.choices, self.fired)
        if by_page:
            wire.address = ELSEWHERE
            caller: Caller = PageCaller(wire, name, self.now_s, self.choices, self.fired)
            caller.found_ban = self.oracle.ban
        else:
            caller = Caller(wire, name, self.now_s)
        wire.caller = caller
        self.callers.append(caller)
        (self._page_door if by_page else self._door).waiting.append(wire)
        return caller

    def ask(self, caller: Caller, line: str) -> None:
        """Say something in a kind world, and wait for what comes of it."""
        self.say(caller, line)
        self.settle()
        for _ in range(HEALING_S):
            if caller.said:  # it may say only so much a second
                self.now_s += 1.0
                self.settle()

    def begin(self) -> None:
        """Friends and a room, as long as the world is kind."""
        for name in NAMES:
            caller = self.call(name)
            self.ask(caller, f"SIGNUP|{name}|{PASSWORD}")
            self.ask(caller, f"LOGIN|{name}|{PASSWORD}")
        anna, ben, cleo, dan = self.callers
        for one, other in ((anna, ben), (anna, cleo)):
            self.ask(one, f"ADDFRIEND|{one.name}|{other.name}")
            self.ask(other, f"ACCEPTFRIEND|{other.name}|{one.name}")
        self.ask(anna, "CREATEROOM|anna|#den|public")
        self.ask(dan, "JOIN|dan|#den")
        self.ask(ben, "JOIN|ben|#den")

    def crash(self, kind: str) -> None:
        """The process is killed, or the power goes; then a server starts on what is left."""
        self.fired[kind] += 1
        before = read_files(self._path)
        if self.flusher.works and self.choices.below(3) != 1:
            self.flusher.die()
        after = read_files(self._path)
        if kind == "a power cut" and after != before:
            self.fired["a power cut in the middle of a write"] += 1
            after = after_power_cut(before, after, self.choices)
        before_disk = self.disk
        self._abandon()
        self._lives += 1
        self._path = self._path.with_name(f"chat{self._lives}.db")
        write_files(self._path, self._left_to_next(after))
        calm, self.choices.is_calm = self.choices.is_calm, True
        self._build()
        self.disk.begin_again(before_disk)
        self.oracle.recovered(self.disk)
        self.settle()
        self.choices.is_calm = calm
        check_whole(self)

    def _left_to_next(self, files: Files) -> Files:
        """What the next server begins with."""
        return files

    def _abandon(self) -> None:
        """Let go of what the operating system takes back."""
        self._look()
        for caller in self.callers:
            caller.is_cut = True
        self.callers.clear()
        for listener in self.server.reception._listeners:
            listener.close()
        self.reactor.close()
        self.disk.close()

    def heal(self) -> None:
        """No fault any more: whatever is pending must come to an end, and everybody sees what is true."""
        self.choices.is_calm = True
        self.disk.trouble = ""
        self.flusher.let_go()
        for caller in self.callers:
            caller.wire.room = None
        if self.server.failure:
            self.crash("a restart after a failure")
        self._recover()
        check_gone(self)
        let_all_in(self)
        self._flap()
        quiet_s = 0.0  # since the last answer that was owed
        for _ in range(HEALING_MAX_S * 2):
            self.settle()
            self.now_s += 0.5
            is_pending = any(caller.said and not caller.wire.closed for caller in self.callers)
            quiet_s = 0.0 if is_pending else quiet_s + 0.5
            if quiet_s > HEALING_S:
                break
        self.settle()
        check_pending(self)
        self._compare()

    def _recover(self) -> None:
        """Until the disk can be written again."""
        self.settle()
        while self.oracle.is_unavailable and not self.server.failure:
            self.now_s += 0.5
            self.settle()

    def _flap(self) -> None:
        """Everybody looks at the friends, and then changes status twice within a second."""
        names = [name for name in self.oracle.truth.users if name != BOT]
        callers = [self.call(name, by_page=at % 2 == 1) for at, name in enumerate(names)]
        for line in ("LOGIN|{}|" + PASSWORD, "SHOWFRIENDS|{}", "SETSTATUS|{}|away", "SETSTATUS|{}|busy"):
            for caller in callers:
                self.say(caller, line.format(caller.name))
            self.settle()

    def _compare(self) -> None:
        """Everybody logs in anew, and is shown all: it is what the model says."""
        for caller in self.callers:
            caller.wire.ended = caller.has_ended = True
        self.settle()
        for name in [name for name in self.oracle.truth.users if name != BOT]:
            caller = self.call(name)
            self.ask(caller, f"LOGIN|{name}|{PASSWORD}")
            check_handed(self, name)
            check_shown(self, caller)
            caller.wire.ended = caller.has_ended = True
            self.settle()
        check_whole(self)

    def end(self) -> None:
        """Stop the server as an operator does, and compare its file with what it had in memory."""
        self.unwatch_log()
        if self.server.failure:
            self._abandon()
            return
        state = self.server.state
        self.server.close()
        left = Store(str(self._path), "off", in_cluster=self.disk.in_cluster)
        loaded = left.load(self._settings.limits())
        left.close()
        check_file(self, loaded, state)
