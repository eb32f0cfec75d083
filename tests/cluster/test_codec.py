"""Events as bytes and back, for nodes of two versions."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatserver.cluster.codec import FORMAT, STORED, CodecError, decode, encode
from chatserver.core.events import Delivered, Event, MessageSent, ReadMarked, TokenUsed

SHAPES = Path(__file__).with_name(f"format_{FORMAT}.json")
"""Event → its fields and their types, in the order in which a body has them."""

TEXT = st.text(st.characters(codec="utf-8"))
NUMBER = st.integers(-(2**63), 2**63 - 1)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    int: NUMBER,
    int | None: st.none() | NUMBER,
    str: TEXT,
    bool: st.booleans(),
    bytes: st.binary(),
    list[str] | None: st.none() | st.lists(TEXT),
    str | None: st.none() | TEXT,
    Sequence[str]: st.lists(TEXT),
    tuple[int, ...]: st.lists(NUMBER).map(tuple),
    tuple[tuple[int, int], ...]: st.lists(st.tuples(NUMBER, NUMBER)).map(tuple),
}
"""A field's type → values of it; a field of another type fails here, and needs a row in the codec too."""


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    return st.tuples(*[VALUES[row] for row in kind.__annotations__.values()]).map(lambda fields: kind(*fields))


def shape(kind: Any) -> list[list[str]]:
    return [[name, str(row)] for name, row in kind.__annotations__.items()]


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_an_event_comes_back_as_it_was(kind: type, data: st.DataObject) -> None:
    events = data.draw(st.lists(any_of(kind), min_size=1, max_size=3))
    read = decode(FORMAT, encode(events))
    assert read == events
    assert [type(event) for event in read] == [type(event) for event in events]
    assert [list(map(type, cast(Any, event))) for event in read] == [list(map(type, event)) for event in events]


def test_events_of_several_types_keep_their_order() -> None:
    events: list[Event] = [
        MessageSent(1, 2, 3, 4, "one\n|two", None),
        TokenUsed(5, b"\x00\xff"),
        MessageSent(2, 2, 3, -4, "ü", "tag"),
        Delivered(7, ((1, 2), (4, 4)), 3),
        ReadMarked(1, 2, 3, (4, 5)),
    ]
    assert decode(FORMAT, encode(events)) == events


def test_the_format_is_what_it_was() -> None:
    """Else nodes of two versions read each other's bodies wrongly: make a new format of it.

    A field that is added behind the others, with a default, is none: write it into the list.
    """
    assert json.loads(SHAPES.read_text()) == {kind.__name__: shape(kind) for kind in STORED}


def test_a_field_that_an_earlier_version_did_not_write_has_its_default() -> None:
    (read,) = decode(FORMAT, b'[["RoomEnded",[5,-1]]]')
    assert tuple(cast(Any, read)) == (5, -1, 0)


def test_another_format_is_refused_by_its_number() -> None:
    with pytest.raises(CodecError, match=r"format 2, and this version reads format 1: install"):
        decode(2, b"[]")


def test_an_event_of_a_newer_version_is_refused_by_its_name() -> None:
    with pytest.raises(CodecError, match=r"an event MoonRisen, which this version does not know: install"):
        decode(FORMAT, b'[["MoonRisen",[1]]]')


@pytest.mark.parametrize("body", [b"", b"[", b"\xff"])
def test_a_damaged_body_is_refused(body: bytes) -> None:
    with pytest.raises(CodecError, match="damaged"):
        decode(FORMAT, body)


def test_what_no_event_holds_is_a_defect() -> None:
    with pytest.raises(TypeError, match="set"):
        encode([cast(Event, TokenUsed(1, cast(bytes, {1})))])
