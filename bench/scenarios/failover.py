"""Failover: the node that writes is stopped, then killed, under pairs who write; how long each is without an answer.

A client has one message under way, under a tag. When its connection ends, it tries all nodes in turn, twenty times a
second, resumes its login on whichever lets it in, and sends that message again. At the end the receivers' histories are
compared with what was acknowledged.
"""

import signal
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import cycle, pairwise
from math import inf
from time import perf_counter, time_ns

from bench import BenchError
from bench.cluster import Node
from bench.context import Bench
from bench.loop import Connection
from bench.numbered import padding
from bench.people import Dialogue
from bench.percentiles import Latencies
from bench.scenarios.pairs import couples

RETRY_S = 0.05
LOOK_S = 0.02  # between two looks at who has to come back
SIGNALS = {"sigterm": signal.SIGTERM, "sigkill": signal.SIGKILL}


class Client:
    """One user, who writes to another, one message after the other."""

    def __init__(self, bench: Bench, name: str, token: str, to: str) -> None:
        self.name, self.to = name, to
        self._bench = bench
        self._login = f"RESUME|{name}|{token}\n".encode()
        self._stem = f"{time_ns():x}"
        self._route, self._tail = f"|{name}|{to}|", padding(bench.parameters.size).decode()
        self._addresses = cycle([("127.0.0.1", node.port) for node in bench.server.nodes])
        self._connection: Connection | None = None
        self._lost_s = 0.0  # since when there is no connection
        self._answered_s = 0.0
        self._is_under_way = self._is_again = False
        self.goes_on = True
        self.number = 0  # of the message that is to be answered next
        self.gap_s: float | None = None  # between the last answer before the connection ended, and the first one after
        self.resent = 0
        self.refused: Counter[str] = Counter()

    @property
    def is_done(self) -> bool:
        """Whether nothing is under way, and nothing more will be."""
        return not self.goes_on and not self._is_under_way

    def begin(self) -> None:
        """Write from now on."""
        self.goes_on, self.gap_s, self.resent = True, None, 0
        if self._connection is None:
            self._connect()
        else:
            self._say()

    def look(self, now: float) -> None:
        """Try the next node, if there is no connection and it is time."""
        if self._connection is None and now - self._lost_s >= RETRY_S:
            self._connect()

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()

    def _connect(self) -> None:
        connection = self._bench.loop.connect(next(self._addresses))
        connection.may_end = True
        connection.on_lines, connection.on_close = self._take, self._ended
        self._connection = connection
        connection.send(self._login)  # which may find at once that nobody listens

    def _ended(self) -> None:
        self._connection, self._lost_s = None, perf_counter()
        self._is_again = self._is_under_way

    def _say(self) -> None:
        if self._connection is None or not (self.goes_on or self._is_under_way):
            return
        self.resent += self._is_again
        self._is_under_way = True
        line = f"SENDMESSAGE#{self._stem}.{self.number}{self._route}{self.number:06}{self._tail}\n"
        self._connection.send(line.encode())

    def _take(self, block: bytes) -> None:
        for line in block.splitlines():
            if line.startswith(b"OK|SENDMESSAGE#"):
                self._answered()
            elif line.startswith(b"OK|RESUME|"):
                self._say()
            elif line.startswith(b"ERR|"):
                self._refused(line.decode(errors="replace"))

    def _answered(self) -> None:
        now = perf_counter()
        if self._lost_s > self._answered_s > 0:
            self.gap_s = max(self.gap_s or 0.0, now - self._answered_s)
        self._answered_s, self._is_under_way, self._is_again = now, False, False
        self.number += 1
        self._say()

    def _refused(self, sentence: str) -> None:
        """A node that cannot write just now: the same again, on another connection."""
        if "|UNAVAILABLE|" not in sentence:
            self.refused[sentence] += 1
        if self._connection is not None:
            self._connection.close()


def run(bench: Bench) -> dict[str, float]:
    """A round for each signal; the second ends with the node that was there first."""
    if bench.server.front != "pipe":
        raise BenchError("failover speaks over the plain pipe alone: leave --front out")
    found = couples(bench)
    clients = []
    for one, other in found:
        assert isinstance(one, Dialogue)
        one.connection.may_end = other.connection.may_end = True
        one.connection.close()
        other.connection.close()
        clients.append(Client(bench, one.name, bench.people.tokens[one.name], other.name))
    metrics: dict[str, float] = {}
    for name, writer in zip(SIGNALS, bench.server.nodes, strict=True):
        metrics |= _round(bench, clients, name, writer)
    for client in clients:
        client.close()
    return _counts(bench, clients) | metrics


def _round(bench: Bench, clients: Sequence[Client], name: str, writer: Node) -> dict[str, float]:
    """What clients see of one signal. At the end the node that got it follows."""
    seconds, patience = bench.parameters.seconds, bench.parameters.drain
    for client in clients:
        client.begin()
    _turn(bench, clients, seconds / 2, "writing")
    writer.end(SIGNALS[name])
    _turn(bench, clients, patience, name, lambda: all(client.gap_s is not None for client in clients))
    _turn(bench, clients, seconds / 2, "writing on")
    for client in clients:
        client.goes_on = False
    _turn(bench, clients, patience, "waiting for the last answers", lambda: all(client.is_done for client in clients))
    writer.wait()
    writer.start()
    writer.follows()
    gaps = Latencies()
    for client in clients:
        gaps.add((inf if client.gap_s is None else client.gap_s, 1))
    if missed := sum(client.gap_s is None for client in clients):
        bench.faults.append(f"{missed} clients got no answer in {patience:g} s behind {name.upper()}")
    shown = gaps.metrics()
    metrics = {f"{name}_gap_{each}": shown[each] for each in ("p50_ms", "max_ms")}
    return metrics | {f"{name}_resent": sum(client.resent for client in clients)}


def _turn(
    bench: Bench, clients: Sequence[Client], seconds: float, label: str, done: Callable[[], bool] = lambda: False
) -> None:
    begun = perf_counter()
    while (passed := perf_counter() - begun) < seconds and not done():
        for client in clients:
            client.look(begun + passed)
        bench.loop.turn(LOOK_S)
        bench.progress.step(label, passed / seconds)


def _counts(bench: Bench, clients: Sequence[Client]) -> dict[str, float]:
    """What the receivers' histories hold of what was acknowledged."""
    counts = Counter(acknowledged=0, delivered=0, lost=0, doubled=0, out_of_order=0)
    receivers = bench.people.log_in([client.to for client in clients])
    for client, receiver in zip(clients, receivers, strict=True):
        stored = _stored(bench, client, receiver)
        counts["acknowledged"] += client.number
        counts["delivered"] += len(set(stored))
        counts["lost"] += len(set(range(client.number)) - set(stored))
        counts["doubled"] += len(stored) - len(set(stored))
        counts["out_of_order"] += sum(later < earlier for earlier, later in pairwise(stored))
        bench.notes += [f"the server said {count} times: {said}" for said, count in client.refused.items()]
    if counts["lost"]:
        bench.faults.append(f"{counts['lost']:,} acknowledged messages were lost")
    return {**counts, "refused": sum(client.refused.total() for client in clients)}


def _stored(bench: Bench, client: Client, receiver: Dialogue) -> list[int]:
    """The numbers of the messages that a receiver has from a client, as they stand in its history."""
    found: list[int] = []
    after, more = "0", "1"
    while more == "1":
        answer = bench.people.ask(receiver, f"SYNC|{client.to}|{after}", "reading what is stored")
        found += [int(text.partition(" ")[0]) for _, _, sender, _, text, *_ in answer.items if sender == client.name]
        more = answer.fields[1]
        after = answer.items[-1][0] if answer.items else after
    return found
