"""All that a server holds, as plain values that can be compared: whatever object, in whatever attribute.

Walked are objects of the project and the containers in them, from the server down. Left out is what a turn may change
for good, each with its reason; State is compared by what it says.
"""

from collections import deque
from copy import deepcopy
from typing import Any

from chatserver.core.state import State, snapshot
from chatserver.net.connection import Connection
from chatserver.net.reactor import Reactor
from chatserver.server import Server
from chatserver.store.store import Store
from chatserver.turn.batch import Batch

LEFT_OUT = {
    "Batch.position": "each batch has another place in the log",
    "Turn.log": "what it has in hand is told by `is_settled`",
    "Turn.now_ms": "a stamp of the turn",
    "Turn.has_stored": "for housekeeping alone",
    "Release.answered": "for housekeeping alone",
    "Receiver.depends": "of a batch that is over, nothing is asked but that",
    "Housekeeping._stored_at": "when it was quiet last",
    "Housekeeping._answered_at": "when it was quiet last",
    "Housekeeping._is_due": "goes by the clock",
    "Housekeeping._has_timer": "goes by the clock",
    "Server._ticks": "goes by the clock",
    "Watchdog._has_begun": "a timer of the kernel looks at it, at any moment",
    "Watchdog._is_ticking": "a timer of the kernel looks at it, at any moment",
    "Watchdog._handled_before": "a timer of the kernel looks at it, at any moment",
    "Client.allowance": "a command was run, whatever became of it",
    "Client.seen_ms": "a command was run, whatever became of it",
    "Client.allowance_s": "a command was run, whatever became of it",
    "Throttle._tries": "a wrong password was tried, whatever became of the turn",
    "FloodGate._buckets": "a bot was written to, whatever became of the turn",
    "Presence._noted": "of a batch that is over, nothing is asked",
    "Presence._noted_users": "of a batch that is over, nothing is asked",
    "CreditBook._wall_ms": "a clock",
    "Sessions._unknown": "the deadline of whoever is not logged in again is a new one",
}
"""Attributes that may differ, and why."""
OPAQUE = (Reactor, Store, Connection)
"""The world around: sockets, timers, files."""


def fingerprint(server: Server, now_ms: int) -> dict[str, Any]:
    """Path → value, of everything that can be reached."""
    found: dict[str, Any] = {}
    _walk(server, "server", found, set(), now_ms)
    return found


def _walk(thing: Any, path: str, found: dict[str, Any], seen: set[int], now_ms: int) -> None:
    if isinstance(thing, State):
        found[path] = (deepcopy(snapshot(thing)), {user.name: user.sessions for user in thing.users.values()})
    elif isinstance(thing, str | bytes | int | float | None | frozenset):
        found[path] = thing
    elif id(thing) in seen or isinstance(thing, OPAQUE):
        return
    elif isinstance(thing, dict):
        found[path] = len(thing)
        for key, value in thing.items():
            name = _name(key)
            found[f"{path}[{name}]"] = True
            _walk(value, f"{path}[{name}]", found, seen, now_ms)
    elif isinstance(thing, list | tuple | deque | set):
        found[path] = len(thing)
        for at, value in enumerate(thing):
            _walk(value, f"{path}[{at}]", found, seen, now_ms)
    elif type(thing).__module__.startswith("chatserver"):
        seen.add(id(thing))
        if isinstance(thing, Batch) and thing.over:
            return
        for name in _attributes(thing):
            if f"{type(thing).__name__}.{name}" not in LEFT_OUT:
                _walk(getattr(thing, name), f"{path}.{name}", found, seen, now_ms)


def _name(key: Any) -> str:
    """Objects are told apart by who they are, which stays the same while they live."""
    return repr(key) if isinstance(key, str | bytes | int | tuple | None) else f"{type(key).__name__} {id(key)}"


def _attributes(thing: Any) -> list[str]:
    names = {name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())}
    return sorted(name for name in names | set(getattr(thing, "__dict__", ())) if hasattr(thing, name))
