"""What a scenario is given: its parameters, a server, a loop, a crowd; and the meter that stands beside every run."""

import gc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter, process_time

from bench import BenchError
from bench.irc import IrcCrowd
from bench.loop import Loop
from bench.numbered import CYCLE, TEXT_BYTES_MIN
from bench.people import Crowd
from bench.percentiles import Latencies
from bench.process import count_system_calls, cpu_seconds, rss_bytes
from bench.progress import Progress
from bench.result import shown
from bench.servers import Server

SATURATED_PERCENT = 95.0
NUMBER_S_MAX = 3600.0  # that a run with a number of messages may take
LOOK_S = 0.25  # between two looks at how far it is
SYSTEM_CALLS_S = 0.5
SYSTEM_CALLS_SHOWN = 6


TEXT_BYTES_MAX = 4000
_LEAST: dict[str, float] = {
    **dict.fromkeys(("pairs", "window", "members", "groups", "friends", "users", "slow", "queries"), 1),
    **dict.fromkeys(("connections", "messages", "warmup", "drain", "seed", "beside", "ramp", "number"), 0),
    "size": TEXT_BYTES_MIN,
    "rate": 1,
    "seconds": 0.01,
    "every": 0.1,
}
_MOST: dict[str, float] = {
    **dict.fromkeys(("seconds", "warmup", "drain", "every"), 86_400),
    **dict.fromkeys(("rate", "beside", "ramp"), 1_000_000),  # a second: more than any generator sends
    **dict.fromkeys(("pairs", "members", "groups", "friends", "users", "slow", "connections"), 1_000_000),
    **dict.fromkeys(("messages", "queries", "seed", "number"), 1_000_000_000),
    "window": CYCLE // 4,  # numbers of messages go round: those in flight must not meet
    "size": TEXT_BYTES_MAX,  # the characters a text may have
}


@dataclass
class Parameters:
    """Everything that can be chosen; a scenario names those it uses, and its own defaults."""

    pairs: int = 100
    window: int = 64
    size: int = 64
    rate: float = 20000.0
    members: int = 500
    groups: int = 20
    friends: int = 20
    connections: int = 1000
    users: int = 100
    slow: int = 10
    messages: int = 10000
    queries: int = 500
    bot: str = ""
    say: str = "help"
    beside: float = 2000.0
    seconds: float = 3.0
    warmup: float = 0.5
    drain: float = 10.0
    seed: int = 1
    syscalls: bool = True
    tags: bool = False
    ramp: float = 0.0
    number: int = 0
    every: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what no run can be made of."""
        for name, least in _LEAST.items():
            value, most = getattr(self, name), _MOST[name]
            if not least <= value <= most:  # nan is neither
                side = f"at most {shown(most)}" if value > most else f"at least {shown(least)}"
                raise BenchError(f"{name} is {side}, not {value}: choose another value")


@dataclass
class Span:
    """What a measured stretch of time took."""

    seconds: float
    server_cpu_s: float | None
    generator_cpu_s: float

    def metrics(self, messages: int, per: str = "message") -> dict[str, float]:
        """Processor time of both sides; `messages` is what it is divided by."""
        metrics = {"generator_cpu_percent": 100 * self.generator_cpu_s / self.seconds}
        if self.server_cpu_s is not None:
            metrics["server_cpu_percent"] = 100 * self.server_cpu_s / self.seconds
            if messages:
                metrics[f"server_cpu_us_per_{per}"] = 1e6 * self.server_cpu_s / messages
        return metrics

    def saturation(self) -> list[str]:
        """The note that the generator, not the server, was the limit; none if it was not."""
        generator = 100 * self.generator_cpu_s / self.seconds
        server = None if self.server_cpu_s is None else 100 * self.server_cpu_s / self.seconds
        if generator < SATURATED_PERCENT or (server is not None and server >= SATURATED_PERCENT):
            return []
        beside = "unknown" if server is None else f"at {server:.0f} %"
        used = f"it used {generator:.0f} % of a core, the server was {beside}"
        return [f"generator saturated: {used}; the rate is the generator's"]


@dataclass
class Bench:
    """One run in the making."""

    parameters: Parameters
    server: Server
    loop: Loop
    crowd: Crowd | IrcCrowd
    progress: Progress
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # why the run is no measurement
    histogram: Latencies = field(default_factory=Latencies)  # what `--histogram` writes

    @property
    def people(self) -> Crowd:
        """The crowd of a server that speaks the pipe protocol: most scenarios need its commands."""
        assert isinstance(self.crowd, Crowd)
        return self.crowd

    def measure(self, work: Callable[[], object]) -> Span:
        """Run `work` with both sides metered, and without the generator's garbage collector."""
        gc.collect()
        gc.disable()
        try:
            cpu = cpu_seconds(self.server.pid)
            own, begun = process_time(), perf_counter()
            work()
            seconds = perf_counter() - begun
            own = process_time() - own
            after = cpu_seconds(self.server.pid)
        finally:
            gc.enable()
        return Span(seconds, None if cpu is None or after is None else after - cpu, own)

    def run_for(
        self,
        seconds: float,
        label: str,
        latencies: Latencies | None = None,
        done: Callable[[], bool] = lambda: False,
    ) -> None:
        """Turn for so long, with the bar moving, and how long things took in the last moments beside it.

        It is over where it is `done`, and where the server has closed a connection: what follows would measure nothing.
        """
        begun, place = perf_counter(), 0

        def is_over() -> bool:
            return self.loop.ended > 0 or done()

        while (passed := perf_counter() - begun) < seconds and not is_over():
            if latencies is not None and self.progress.is_shown:
                last, place = latencies.since(place)
                self.progress.step(f"{label} {last.in_short()}", passed / seconds)
            else:
                self.progress.step(label, passed / seconds)
            self.loop.run_until(is_over, min(LOOK_S, seconds - passed))
        self.progress.step(label, 1.0)

    def run_measured(self, label: str, latencies: Latencies, count: Callable[[], int]) -> None:
        """Turn for as long as the parameters say, or until so many have been counted."""
        number, before = self.parameters.number, count()
        if number:
            self.run_for(NUMBER_S_MAX, label, latencies, lambda: count() - before >= number)
        else:
            self.run_for(self.parameters.seconds, label, latencies)

    def rss(self) -> int | None:
        """Resident memory of the server, in bytes."""
        return rss_bytes(self.server.pid)

    def system_calls(self, count: Callable[[], int], run: Callable[[float], None] | None = None) -> dict[str, float]:
        """Watch the load a short while longer under strace; the calls per message, in all and the most frequent.

        It is apart from the measured stretch because a traced server is many times slower.
        """
        if not self.parameters.syscalls or self.server.pid is None:
            return {}
        run = run or (lambda seconds: self.run_for(seconds, "counting system calls"))
        before = count()
        calls = None
        with suppress(OSError):
            calls = count_system_calls(self.server.pid, lambda: run(SYSTEM_CALLS_S))
        messages = count() - before
        if not calls or not messages:
            return {}
        frequent = sorted(calls.items(), key=lambda item: -item[1])[:SYSTEM_CALLS_SHOWN]
        metrics = {"syscalls_per_message": sum(calls.values()) / messages}
        return metrics | {f"syscalls_{name}_per_message": number / messages for name, number in frequent}
