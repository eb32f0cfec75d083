"""Connect: a storm of clients that each connect, `RESUME`, hear the answer and close, so many at a time."""

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
        """A client has ended: its place is free."""
        if self.running:
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


def run(bench: Bench) -> dict[str, float]:
    """Collect tokens, then let the storm begin."""
    parameters = bench.parameters
    names = bench.people.names(parameters.users)
    bench.people.sign_up(names)
    for dialogue in bench.people.log_in(names):
        dialogue.connection.close()
    storm = Storm(bench, [f"{bench.people.login_command(name)}\n".encode() for name in names])
    for _ in range(parameters.window):
        storm.next()
    bench.run_for(parameters.warmup, "warming up")
    storm.latencies.clear()
    before = storm.done
    span = bench.measure(lambda: bench.run_for(parameters.seconds, "connecting"))
    logins = storm.done - before
    metrics = {"logins_per_s": logins / span.seconds} | storm.latencies.metrics() | span.metrics(logins, "login")
    bench.notes += span.saturation()
    storm.running = False
    bench.loop.run_until(lambda: storm.open == 0, parameters.drain)
    for sentence, count in storm.said.items():
        bench.notes.append(f"the server said {count} times: {sentence}")
    counts = {"sent": storm.begun, "acknowledged": storm.done, "refused": storm.refused}
    return counts | {"lost": storm.begun - storm.done - storm.refused} | metrics
