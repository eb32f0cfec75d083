"""Figures of a running server, in Prometheus' text format.

What costs nothing to know is read when somebody asks; what has to be counted is counted only once `Figures` is made,
which a server without `metrics_port` never does. Times are seconds, sizes bytes, and names say so.
"""

import os
import sys
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from chatserver import __version__
from chatserver.net.reactor import Reactor
from chatserver.sessions.client import Client
from chatserver.sessions.dispatch import Dispatch
from chatserver.settings import Settings
from chatserver.turn.log import Figure
from chatserver.turn.turn import Turn

FAST_S = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
SLOW_S = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000)
LAG_TICK_S = 0.25


class Histogram:
    """How often a value fell under each of some bounds."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def lines(self, name: str) -> Iterator[str]:
        """As Prometheus reads it: each bucket holds those below it too."""
        count = 0
        for bound, more in zip((*self._bounds, "+Inf"), self._counts, strict=True):
            count += more
            yield f'{name}_bucket{{le="{bound}"}} {count}'
        yield f"{name}_sum {self._sum:.9g}"
        yield f"{name}_count {count}"


class Figures:
    """Counts, from when it is made on; `render` tells all."""

    def __init__(
        self,
        settings: Settings,
        turn: Turn,
        dispatch: Dispatch,
        reactor: Reactor,
        clients: Callable[[], Collection[Client]],
    ) -> None:
        self._settings = settings
        self._turn = turn
        self._clients = clients
        self._reactor = reactor
        self._commands = Histogram(FAST_S)
        self._flushes = Histogram(SLOW_S)
        self._batches = Histogram(SIZES)
        self._lag = Histogram(SLOW_S)
        self._first_id = turn.state.last_message_id
        self.accepted = 0
        turn.log.observe = self._flushed
        self._do_line, dispatch.do_line = dispatch.do_line, self._timed_line  # type: ignore[method-assign]
        self._due_s = reactor.clock() + LAG_TICK_S
        reactor.call_later(LAG_TICK_S, self._tick)

    def _timed_line(self, client: Client, line: str, now_ms: int) -> None:
        began_s = self._reactor.clock()
        self._do_line(client, line, now_ms)
        self._commands.observe(self._reactor.clock() - began_s)

    def _flushed(self, events: int, flush_s: float) -> None:
        self._batches.observe(events)
        self._flushes.observe(flush_s)

    def _tick(self) -> None:
        """A timer that is late tells how long the loop was busy with something else."""
        now_s = self._reactor.clock()
        self._lag.observe(max(0.0, now_s - self._due_s))
        self._due_s = now_s + LAG_TICK_S
        self._reactor.call_later(LAG_TICK_S, self._tick)

    def render(self) -> str:
        """All figures."""
        lines = [*_rendered(self._plain()), *_rendered(labelled(self._turn.log.figures()))]
        for name, help_text, histogram in (
            ("command_seconds", "Time that a command took the loop.", self._commands),
            ("flush_seconds", "Time of a commit with its flush.", self._flushes),
            ("batch_events", "Events that one flush stored.", self._batches),
            ("loop_lag_seconds", "How late a timer was.", self._lag),
        ):
            lines += [f"# HELP pipechat_{name} {help_text}", f"# TYPE pipechat_{name} histogram"]
            lines += histogram.lines(f"pipechat_{name}")
        return "\n".join(lines) + "\n"

    def _plain(self) -> Iterator[tuple[str, str, str, Mapping[str, object]]]:
        turn, clients = self._turn, self._clients()
        doors: dict[str, int] = {}
        for client in clients:
            doors[client.front.name] = doors.get(client.front.name, 0) + 1
        version = f'{{version="{__version__}",python="{sys.version.split()[0]}"}}'
        yield "build_info", "gauge", "Which server this is.", {version: 1}
        by_door = {f'{{door="{door}"}}': count for door, count in sorted(doors.items())} or {'{door="pipe"}': 0}
        yield "connections", "gauge", "Open connections.", by_door
        yield "people_online", "gauge", "Users with a session.", {"": len({each.user for each in clients if each.user})}
        yield (
            "waiting_clients",
            "gauge",
            "Clients that wait for an answer.",
            {"": sum(bool(each.ticket) for each in clients)},
        )
        queued = sum(each.receiver.connection.unsent for each in clients)
        yield "queued_bytes", "gauge", "Bytes that wait for slow readers.", {"": queued}
        messages = max(0, turn.state.last_message_id - self._first_id)
        yield "messages_total", "counter", "Messages and changes of messages since the start.", {"": messages}
        yield "accounts", "gauge", "Accounts, bots included.", {"": len(turn.state.users)}
        yield "rooms", "gauge", "Rooms.", {"": len(turn.state.rooms)}
        yield "bots", "gauge", "Bots that run.", {"": len(turn.state.bots)}
        yield "store_writable", "gauge", "Whether the store takes writes.", {"": int(not turn.unavailable)}
        yield "store_bytes", "gauge", "Size of the store's file and of its log.", self._sizes()

    def _sizes(self) -> Mapping[str, object]:
        sizes: dict[str, object] = {}
        for part, end in (("file", ""), ("log", "-wal")):
            try:
                sizes[f'{{part="{part}"}}'] = os.stat(self._settings.store + end).st_size
            except OSError:
                sizes[f'{{part="{part}"}}'] = 0
        return sizes


def labelled(figures: Iterable[Figure]) -> Iterator[tuple[str, str, str, Mapping[str, object]]]:
    """Figures of a log: what a value is of, which is a node, is its label."""
    for name, kind, help_text, values in figures:
        yield name, kind, help_text, {node and f'{{node="{_quoted(node)}"}}': value for node, value in values.items()}


def render_log(figures: Iterable[Figure]) -> str:
    """The figures of a log alone, where nothing else is there yet."""
    return "\n".join(_rendered(labelled(figures))) + "\n"


def _rendered(figures: Iterable[tuple[str, str, str, Mapping[str, object]]]) -> Iterator[str]:
    for name, kind, help_text, values in figures:
        yield f"# HELP pipechat_{name} {help_text}"
        yield f"# TYPE pipechat_{name} {kind}"
        for label, value in values.items():
            yield f"pipechat_{name}{label} {value}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
