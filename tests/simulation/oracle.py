"""Watches what the server decides, and has the naive model do the same.

The server only says in which order commands were decided, and in which batch; what must come of them is the model's
word. When a batch is undone, or a crash takes it, the model goes back to what was before it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from chatserver.core.commands import (
    AnswerForBot,
    Ban,
    EndSessions,
    LogIn,
    LogOut,
    Resume,
    Sanction,
    SendBurst,
    SetPassword,
)
from chatserver.core.messages import LOOK_UP
from chatserver.core.outcome import Refused
from chatserver.core.state import Limits
from chatserver.protocol.render import ok
from chatserver.server import Server
from tests.model.chat import Effect
from tests.simulation.callers import Caller, Heard, Lot, Said
from tests.simulation.effects import TABLE, Names
from tests.simulation.machine import Disk
from tests.simulation.sockets import ELSEWHERE
from tests.simulation.truth import BOT, Truth

TOKEN_LIFE_MS = Limits().token_life_ms
SESSIONS = (LogIn, Resume, LogOut)


def under(receiver: Any) -> Any:
    """The connection of a receiver, also where WebSocket lies between."""
    return getattr(receiver.connection, "_connection", receiver.connection)


class Oracle:
    """Of one life of the world, through all lives of its server."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.truth = Truth(lambda: self.now_ms)
        self.violations: list[str] = []
        self.failures = 0  # batches that were undone together, so often
        self.kicked: set[str] = set()  # users who have set a password
        self._sessions: dict[Caller, str] = {}
        self._lots: list[Lot] = []
        self._outage_logins: dict[bytes, str] = {}  # tokens that are in memory alone, or were
        self._issued_ms: dict[bytes, int] = {}
        self._latest_ms = 0  # that the wall clock ever showed
        self._doubtful: set[bytes] = set()  # tokens that a crash may have taken

    def blame(self, what: str) -> None:
        """Something is not as it must be."""
        self.violations.append(what)

    # What the server does.

    def attach(self, server: Server, disk: Disk) -> None:
        """Watch a server from its first moment."""
        self._server, self._turn, self.disk = server, server.turn, disk
        turn: Any = server.turn
        sessions: Any = server._sessions
        execute, finish, undo_all = turn.execute, turn._finish, turn._undo_all
        enter, stop_hearing = sessions._enter, sessions._stop_hearing
        turn.execute = lambda origin, command: self._executed(origin, command, execute)
        turn._finish = lambda batch: self._finished(batch, finish)
        turn._undo_all = lambda reason: self._undone(reason, undo_all)
        sessions._enter = lambda client: self._entered(client, enter)
        sessions._stop_hearing = lambda client: self._left(client, stop_hearing)

    @property
    def is_unavailable(self) -> bool:
        """Whether the server cannot store anything now."""
        return bool(self._turn.unavailable)

    @property
    def ban(self) -> tuple[int, int]:
        """Which ban holds, for good as far as is known; after a failure it may be another one."""
        return (self.truth.banned, self.failures) if self.truth.banned else (0, 0)

    def caller_of(self, receiver: Any) -> Caller | None:
        """Whose receiver this is."""
        wire = under(receiver)._socket if receiver is not None else None
        return wire.caller if wire is not None else None

    def read(self, caller: Caller, line: str, now_s: float) -> None:
        """The server begins with a line."""
        if not caller.unread or caller.unread[0].line != line:
            self.blame(f"the server reads {line[:60]!r}, which was not said there or not next")
            return
        caller.reading = said = caller.unread.popleft()
        said.failures, said.read_s = self.failures, now_s
        said.was_unavailable = self._turn.unavailable

    def _executed(self, origin: Any, command: Any, execute: Callable[[Any, Any], Any]) -> Any:
        lot, caller = self._lot(), self.caller_of(origin)
        state, names = self._turn.state, Names(self._turn.state)
        user = names.of(command.user) if getattr(command, "user", 0) in state.users else ""
        was_unavailable = self._turn.unavailable
        outcome = execute(origin, command)
        if outcome.__class__ is Refused and outcome.code == "UNAVAILABLE":
            if caller is not None and caller.reading:
                caller.reading.was_unavailable = True
            if user == BOT:
                self._bot_says(command)
            return outcome
        self.now_ms = getattr(command, "now_ms", self.now_ms)
        self._latest_ms = max(self._latest_ms, self.now_ms)
        events = () if was_unavailable or outcome.__class__ is Refused else tuple(outcome[0])
        lot.events += events
        effect = self._effect(command, user, names, outcome, caller, was_unavailable)
        if effect is not None:
            self._note(lot, caller, command, outcome, effect, events)
        return outcome

    def _lot(self) -> Lot:
        batch = self._turn.batch
        if not self._lots or self._lots[-1].batch is not batch:
            self._lots.append(Lot(batch, self.truth.kept(), frozenset(self._outage_logins)))
        return self._lots[-1]

    def _effect(
        self, command: Any, user: str, names: Names, outcome: Any, caller: Caller | None, was_unavailable: bool
    ) -> Effect | None:
        is_refused = outcome.__class__ is Refused
        if isinstance(command, SESSIONS):
            return self._session_effect(command, user, outcome, was_unavailable)
        if (isinstance(command, SendBurst) and is_refused) or outcome is LOOK_UP:
            return None  # its lines are done one by one; once more when it is known what the tag stands for
        if isinstance(command, AnswerForBot):
            self._bot_says(command)
        if isinstance(command, SetPassword):
            self.kicked.add(user)
        if isinstance(command, (EndSessions, Sanction, Ban)) and not is_refused:
            self._have_leave(command, user)
        row = TABLE.get(type(command))
        return row(self.truth, user, command, names) if row else None

    def _have_leave(self, command: Any, user: str) -> None:
        """An administrator shows out who is there now."""
        lot = self._lot()
        for caller, who in self._sessions.items():
            if isinstance(command, Ban):
                goes = caller.wire.address == ELSEWHERE
            else:
                goes = who == (user or command.name) and getattr(command, "kind", "") != "muted"
            if goes:
                caller.must_go = lot

    def _bot_says(self, command: Any) -> None:
        if isinstance(command, AnswerForBot) and not self.truth.answer(str(command.to), command.text):
            self.blame(f"the bot answers {command.to} {command.text[:40]!r}, which was not asked or is answered")

    def _session_effect(self, command: Any, user: str, outcome: Any, was_unavailable: bool) -> Effect:
        truth, is_refused = self.truth, outcome.__class__ is Refused
        if isinstance(command, LogOut):
            truth.tokens.pop(command.token_hash, None)
            self._outage_logins.pop(command.token_hash, None)
            return Effect([f"OK|LOGOUT|{user}"])
        verb = "LOGIN"
        if isinstance(command, Resume):
            verb, user = "RESUME", command.username
            holds = truth.tokens.get(command.token_hash) == user
            if self._is_doubtful(command.token_hash, command.now_ms):
                holds = not is_refused or outcome.code == "SUSPENDED"
            if not holds:
                return Effect([f"ERR|{verb}|BAD_LOGIN|"])
        elif user not in truth.users:
            return Effect([f"ERR|{verb}|BAD_LOGIN|"])
        if user in truth.suspended:
            return Effect([f"ERR|{verb}|SUSPENDED|"])
        truth.tokens[command.token_hash] = user
        self._issued_ms.setdefault(command.token_hash, command.now_ms)
        if was_unavailable:
            self._outage_logins[command.token_hash] = user
        effect = truth.log_in(user)
        effect.answer = [f"OK|{verb}|{user}|", *(row for row in effect.answer[1:] if "|MISSED|" not in row)]
        return effect

    def _is_doubtful(self, token_hash: bytes, now_ms: int) -> bool:
        """Whether a crash may have taken it, or a clock that has jumped may have ended its life."""
        self._latest_ms = max(self._latest_ms, now_ms)
        is_old = self._latest_ms - self._issued_ms.get(token_hash, now_ms) > TOKEN_LIFE_MS
        return is_old or token_hash in self._doubtful

    def _note(
        self, lot: Lot, caller: Caller | None, command: Any, outcome: Any, effect: Effect, events: tuple[Any, ...]
    ) -> None:
        said = caller.reading if caller is not None else None
        if isinstance(command, SendBurst) and caller is not None:
            places = [name for name, count in command.to for _ in range(count)]
            heads = [f"SENDMESSAGE#{tag}" for tag in command.tags or ()] or ["SENDMESSAGE"] * len(places)
            for head, place, text, answer in zip(heads, places, command.texts, effect.answer, strict=True):
                self.read(caller, f"{head}|{caller.name}|{place}|{text}", 0.0)
                if caller.reading:
                    self._decide(caller.reading, lot, answer, events)
        elif said is not None:
            answer = next(each for each in effect.answer if not each.startswith("EVENT|"))
            self._decide(said, lot, answer, events)
            self._compare(said, outcome, answer)
            told = [each for each in effect.answer if each.startswith("EVENT|")]
            if told and caller is not None:
                caller.hears.append(Heard(lot, told, True))
        elif outcome.__class__ is Refused and effect.answer[0].startswith("OK|"):
            self.blame(f"the server refuses {command} with {outcome.code}; it ought to be {effect.answer[0]}")
        heard: defaultdict[Caller, list[str]] = defaultdict(list)
        for name, frame in effect.heard:
            for other, who in self._sessions.items():
                if who == name and other is not caller and not frame.startswith("BYE|"):
                    heard[other].append(frame)
        for other, frames in heard.items():
            other.hears.append(Heard(lot, frames, effect.is_ordered))

    def _decide(self, said: Said, lot: Lot, answer: str, events: tuple[Any, ...]) -> None:
        said.lot, said.expected, said.events = lot, answer, events

    def _compare(self, said: Said, outcome: Any, expected: str) -> None:
        if outcome.__class__ is Refused:
            actual = f"ERR|{said.echo}|{outcome.code}|"
        else:
            actual = ok(said.echo, outcome[1]).decode().rstrip("\n")
        if not actual.startswith(expected.rstrip("|")):
            self.blame(f"{said.line[:60]!r} is decided as {actual[:80]}, and ought to be {expected[:80]}")

    def _finished(self, batch: Any, finish: Callable[[Any], None]) -> None:
        for lot in [lot for lot in self._lots if lot.batch is batch and not lot.fate]:
            lot.fate = "stored"
            self._lots.remove(lot)
            if not self.disk.holds(lot.events):
                self.blame("a batch is told as stored that is not on the disk")
        finish(batch)

    def _undone(self, reason: str, undo_all: Callable[[str], None]) -> None:
        lost, self._lots = self._lots, []
        self.failures += 1
        if lost:
            self.truth.bring_back(lost[0].before)
            later = self._outage_logins.keys() - lost[0].logins
            self.truth.tokens |= {token: self._outage_logins[token] for token in later}
        for lot in lost:
            lot.fate = "undone"
        self._count_sessions()
        undo_all(reason)

    def _entered(self, client: Any, enter: Callable[[Any], None]) -> None:
        enter(client)
        caller = self.caller_of(client.receiver)
        if caller is not None:
            self._sessions[caller] = client.name
        self._count_sessions()

    def _left(self, client: Any, stop_hearing: Callable[[Any], bool]) -> bool:
        caller = self.caller_of(client.receiver)
        if caller is not None:
            self._sessions.pop(caller, None)
        self._count_sessions()
        return stop_hearing(client)

    def _count_sessions(self) -> None:
        count = Counter(self._sessions.values())
        self.truth.sessions = {user: count[user] for user in self.truth.users} | {BOT: 1}

    def recovered(self, disk: Disk) -> None:
        """Another life has begun on what the disk had: what it does not hold has not happened."""
        lost = next((at for at, lot in enumerate(self._lots) if not disk.holds(lot.events)), None)
        if lost is not None:
            self.truth.bring_back(self._lots[lost].before)
        for at, lot in enumerate(self._lots):
            lot.fate = "stored" if lost is None or at < lost else "undone"
        self._lots.clear()
        self._doubtful |= self._outage_logins.keys()
        self._outage_logins.clear()
        self._sessions.clear()
        self.truth.unanswered.clear()  # what bots have in hand is in memory
        self._count_sessions()
