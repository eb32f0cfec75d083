"""Connect: a storm of clients that each connect, `RESUME`, hear the answer and close, so many at a time.

Somebody who has been there all along sends one `PING` after another: what the storm does to others.
"""

from time import perf_counter

from bench.context import Bench
from bench.loop import Connection
from bench.percentiles import Latencies


class Storm:
    """The shared score of all slots."""

    def __init__(self, bench: Bench, commands: list[bytes]) -> None:
        self._bench = bench
        self._commands = commands
        self.latencies = Latencies()
        self.begun = 0
        self.done = 0
        self.refused = 0
        self.dropped = 0  # closed by the server without an answer
        self.running = True
        self.said: dict[str, int] = {}

    def next(self) -> None:
        """Begin the next client, as the next user."""
        command = self._commands[self.begun % len(self._commands)]
        self.begun += 1
        Client(self, self._bench.loop.connect(self._bench.server.address), command)

    def ended(self) -> None:
        """A client has ended: its place is free. Where the server turns clients away, the run is over."""
        if self.running and not self._bench.loop.ended:
            self.next()

    @property
    def open(self) -> int:
        """Clients that still wait for their answer."""
        return self.begun - self.done - self.refused - self.dropped


class Client:
    """One short visit."""

    __slots__ = ("_begun", "_connection", "_settled", "_storm")

    def __init__(self, storm: Storm, connection: Connection, command: bytes) -> None:
        self._storm = storm
        self._connection = connection
        self._settled = False
        self._begun = perf_counter()
        connection.on_lines = self._take
        connection.on_close = self._closed
        connection.send(command)

    def _take(self, block: bytes) -> None:
        for line in block.splitlines():
            if line.startswith(b"OK|RESUME|"):
                self._storm.done += 1
                self._storm.latencies.add((perf_counter() - self._begun, 1))
            elif line.startswith((b"ERR|", b"BYE|")):
                self._storm.refused += 1
                self._storm.said[line.decode()] = self._storm.said.get(line.decode(), 0) + 1
            else:
                continue
            self._settled = True
            self._connection.close()
            return

    def _closed(self) -> None:
        if not self._settled:
            self._storm.dropped += 1
        self._storm.ended()


class Bystander:
    """One who was there before, and sends a PING whenever the last one is answered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sent = perf_counter()
        self.latencies = Latencies()
        connection.on_lines = self._take

    def ping(self) -> None:
        """Send one."""
        self._sent = perf_counter()
        self._connection.send(b"PING\n")

    def _take(self, block: bytes) -> None:
        if b"OK|PING" in block:
            self.latencies.add((perf_counter() - self._sent, 1))
            self.ping()

    def metrics(self) -> dict[str, float]:
        """What its PINGs took; the one on its way counts for what it has waited so far."""
        self.latencies.add((perf_counter() - self._sent, 1))
        found = self.latencies.metrics()
        return {f"others_{name}": found[name] for name in ("p50_ms", "p99_ms", "max_ms")}


def run(bench: Bench) -> dict[str, float]:
    """Collect tokens, then let the storm begin."""
    parameters = bench.parameters
    names = bench.people.names(parameters.users)
    bench.people.sign_up(names)
    for dialogue in bench.people.log_in(names):
        dialogue.connection.close()
    bystander = Bystander(bench.people.arrive(1, "bystander")[0].connection)
    storm = Storm(bench, [f"{bench.people.login_command(name)}\n".encode() for name in names])
    for _ in range(parameters.window):
        storm.next()
    bystander.ping()
    bench.run_for(parameters.warmup, "warming up")
    storm.latencies.clear()
    bystander.latencies.clear()
    before = storm.done
    span = bench.measure(lambda: bench.run_measured("connecting", storm.latencies, lambda: storm.done))
    logins = storm.done - before
    others = bystander.metrics()
    bench.notes += span.saturation()
    storm.running = False
    bench.loop.run_until(lambda: storm.open == 0, parameters.drain)
    if lost := storm.open + storm.dropped:
        bench.faults.append(f"{lost:,} clients got no answer: they count as infinitely slow")
    storm.latencies.add_lost(lost)
    bench.histogram.merge(storm.latencies)
    metrics = {"logins_per_s": logins / span.seconds} | storm.latencies.metrics() | span.metrics(logins, "login")
    for sentence, count in storm.said.items():
        bench.notes.append(f"the server said {count} times: {sentence}")
    counts = {"sent": storm.begun, "acknowledged": storm.done, "refused": storm.refused}
    return counts | {"lost": storm.begun - storm.done - storm.refused} | metrics | others
