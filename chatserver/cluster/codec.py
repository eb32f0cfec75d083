"""Events as bytes and back: what one turn decided, as the shared log keeps it.

A body is JSON in UTF-8: a list of pairs, the name of an event's type and its fields in their order. Nodes of two
versions read each other's bodies, so what a format says is never changed: a field may be added behind the others if
it has a default, and anything else is a new format (`tests/cluster/test_codec.py` holds this one to a list).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from chatserver.core import events as core_events
from chatserver.core.events import PASSING, Event

FORMAT = 1
"""What this version writes."""


class CodecError(Exception):
    """A body that this version cannot read; the text is a sentence that says what to do."""


def encode(events: Sequence[Event]) -> bytes:
    """A body of these events. A tuple becomes a list without a step of ours: some 0.8 µs a message."""
    pairs = [(type(event).__name__, event) for event in events]
    return json.dumps(pairs, ensure_ascii=False, separators=(",", ":"), default=_as_json).encode()


def decode(format_: int, body: bytes) -> list[Event]:
    """The events of a body. Raises CodecError."""
    if format_ != FORMAT:
        raise CodecError(
            f"the shared log has an entry of format {format_}, and this version reads format {FORMAT}:"
            " install the version that the writer has on this node too"
        )
    try:
        pairs = json.loads(body)
    except ValueError as error:
        raise CodecError("an entry of the shared log is damaged: look at the engine's disk") from error
    made: list[Event] = []
    for name, fields in pairs:
        make = _MAKERS.get(name)
        if make is None:
            raise CodecError(
                f"the shared log has an event {name}, which this version does not know:"
                " install the version that the writer has on this node too"
            )
        made.append(make(fields))
    return made


def _as_json(value: object) -> dict[str, str]:
    """What JSON does not have. Raises TypeError for what no event holds."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    raise TypeError(f"an event holds {type(value).__name__}, which the codec does not know")


def _bytes(value: Mapping[str, str]) -> bytes:
    return bytes.fromhex(value["hex"])


def _pairs(value: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, value))


_FIELDS: dict[Any, Callable[[Any], Any]] = {
    bytes: _bytes,
    tuple[tuple[int, int], ...]: _pairs,
    tuple[int, ...]: tuple,
}
"""Types of fields that JSON does not give back as they were."""


def _maker(kind: Any) -> Callable[[Sequence[Any]], Event]:
    """What makes an event of its fields. `Any`: each is another named tuple."""
    restored = [(at, _FIELDS[row]) for at, row in enumerate(kind.__annotations__.values()) if row in _FIELDS]
    if not restored:
        return lambda fields: kind(*fields)

    def make(fields: Sequence[Any]) -> Event:
        given = list(fields)
        for at, restore in restored:
            given[at] = restore(given[at])
        event: Event = kind(*given)
        return event

    return make


STORED: tuple[type, ...] = tuple(kind for kind in get_args(core_events.Event) if kind not in PASSING)
"""The types that a log keeps."""

_MAKERS = {kind.__name__: _maker(kind) for kind in STORED}
