"""Backlog: messages for those who are away are stored; then they come back and get them all, each once and in order."""

from collections.abc import Callable
from functools import partial

from bench import BenchError
from bench.closed_loop import note_refusals
from bench.context import Bench
from bench.floods import Texts, make_floods, run_floods
from bench.numbered import DIGITS, Form, Receipt
from bench.people import Dialogue
from bench.scenarios.pairs import couples

STORE_S_MAX = 600.0
SYNC_LIMIT = 500


class Replay:
    """One user coming back: `RESUME`, the missed messages, then `SYNC` until there is no more.

    `SYNC` goes on behind the last missed message; with `from_start`, it reads everything there is.
    """

    def __init__(self, dialogue: Dialogue, login: str, from_start: bool = False) -> None:
        self.receipt = Receipt(Form(b"", b"", b"", b""))
        self.ids: set[int] = set()
        self.missed = 0
        self.synced = 0
        self.finished = False
        self.refusal = ""
        self._name = dialogue.name
        self._connection = dialogue.connection
        self._from_start = from_start
        self._last = 0
        dialogue.connection.on_lines = self._take
        dialogue.connection.send(f"{login}\nPING|caught-up\n".encode())

    def _take(self, block: bytes) -> None:
        for line in block.split(b"\n")[:-1]:
            kind, _, rest = line.partition(b"|")
            _KINDS.get(kind, _ignore)(self, rest)

    def event(self, rest: bytes) -> None:
        """What was missed comes as events."""
        if rest.startswith(b"MISSED|"):
            self.missed += 1
            last = self._message(rest)
            if not self._from_start:
                self._last = last

    def item(self, rest: bytes) -> None:
        """The rest comes as rows of SYNC."""
        self.synced += 1
        self._last = self._message(rest)

    def ok(self, rest: bytes) -> None:
        """Behind the missed ones, and behind each page, ask for the next page."""
        fields = rest.split(b"|")
        if fields[0] == b"PING" or (fields[0] == b"SYNC" and fields[2] == b"1"):
            self._connection.send(f"SYNC|{self._name}|{self._last}|{SYNC_LIMIT}\n".encode())
        elif fields[0] == b"SYNC":
            self.finished = True

    def refused(self, rest: bytes) -> None:
        """Nothing more will come."""
        self.refusal = rest.decode(errors="replace")
        self.finished = True

    def _message(self, rest: bytes) -> int:
        """Count a message to this user; return its id."""
        _, number, _, _, to, text = rest.split(b"|", 5)
        if to.decode() == self._name:
            self.receipt.take_number(int(text[:DIGITS]))
            self.ids.add(int(number))
        return int(number)


def _ignore(_: Replay, __: bytes) -> None:
    """HELLO and the like."""


_KINDS: dict[bytes, Callable[[Replay, bytes], None]] = {
    b"EVENT": Replay.event,
    b"ITEM": Replay.item,
    b"OK": Replay.ok,
    b"ERR": Replay.refused,
    b"BYE": Replay.refused,
}


def run(bench: Bench) -> dict[str, float]:
    """Store for the absent, then replay to them."""
    parameters = bench.parameters
    found = couples(bench)
    senders = [bench.people.dialogues[one.name] for one, _ in found]
    receivers = [bench.people.dialogues[other.name] for _, other in found]
    leave(bench, senders, receivers)
    texts = Texts(parameters.seed, parameters.size)
    routes = [(sender, receiver.name) for sender, receiver in zip(senders, receivers, strict=True)]
    floods = make_floods(routes, texts, parameters.messages, parameters.window)
    stored = bench.measure(partial(run_floods, bench, floods, "storing for the absent", STORE_S_MAX))
    accepted = sum(flood.acknowledgements.accepted for flood in floods)
    note_refusals(bench, floods)
    replays: list[Replay] = []
    replayed = bench.measure(lambda: replays.extend(come_back(bench, [receiver.name for receiver in receivers])))
    got = sum(replay.receipt.delivered for replay in replays)
    bench.notes += replayed.saturation()
    metrics: dict[str, float] = {
        "sent": sum(flood.sent for flood in floods),
        "acknowledged": accepted,
        "refused": sum(flood.acknowledgements.refused for flood in floods),
        "delivered": got,
        "missed_events": sum(replay.missed for replay in replays),
        "synced_rows": sum(replay.synced for replay in replays),
        "lost": max(0, accepted - got),
        "doubled": sum(replay.receipt.doubled for replay in replays),
        "out_of_order": sum(replay.receipt.out_of_order for replay in replays),
        "stored_per_s": accepted / stored.seconds,
        "delivered_per_s": got / replayed.seconds,
    }
    if metrics["lost"]:
        bench.faults.append(f"{metrics['lost']:,.0f} messages were lost")
    metrics |= {f"store_{name}": value for name, value in stored.metrics(accepted).items()}
    return metrics | replayed.metrics(got)


def leave(bench: Bench, senders: list[Dialogue], receivers: list[Dialogue]) -> None:
    """Let the receivers go, and wait until the server says so to their friends."""
    for sender, receiver in zip(senders, receivers, strict=True):
        sender.events.clear()
        receiver.connection.close()

    def gone() -> bool:
        return all(any(event[0] == "STATUS" and event[2] == "offline" for event in sender.events) for sender in senders)

    if not bench.loop.run_until(gone, bench.parameters.drain):
        raise BenchError("The server did not tell friends that somebody has gone: backlog cannot be measured on it")


def come_back(bench: Bench, names: list[str], from_start: bool = False) -> list[Replay]:
    """Log them all in again, and wait until each has everything."""
    connect, address, login = bench.loop.connect, bench.server.address, bench.people.login_command
    replays = [Replay(Dialogue(connect(address), name), login(name), from_start) for name in names]
    bench.loop.run_until(lambda: all(replay.finished for replay in replays), STORE_S_MAX)
    for replay in replays:
        if replay.refusal:
            raise BenchError(f"The server refused the replay: {replay.refusal}")
    return replays
