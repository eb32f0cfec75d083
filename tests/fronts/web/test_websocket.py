"""The codec: what is a message, what is a violation, however the bytes are cut; and beside another implementation."""

import codecs
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame
from websockets.frames import Opcode as TheirOpcode
from websockets.protocol import CLIENT, OPEN, SERVER, Protocol

from chatserver.fronts.web.websocket import (
    MESSAGE_BYTES_MAX,
    Close,
    Item,
    MessageReader,
    Opcode,
    Ping,
    accept,
    close_frame,
    control_frame,
    text_header,
)

MASK = b"\x12\x34\x56\x78"


def frame(opcode: int, payload: bytes = b"", *, first: int = 0x80, size: bytes | None = None) -> bytes:
    """A client's frame; `size` is how its length is written, where that is not the usual way."""
    length = len(payload)
    if size is None and length < 126:
        size = bytes((0x80 | length,))
    elif size is None:
        size = b"\xfe" + length.to_bytes(2) if length < 65_536 else b"\xff" + length.to_bytes(8)
    hidden = bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))
    return bytes((first | opcode,)) + size + MASK + hidden


def read(data: bytes, cuts: list[int] | None = None) -> list[Item]:
    reader, found, start = MessageReader(), [], 0
    for end in [*(cuts or []), len(data)]:
        found += reader.feed(data[start:end])
        start = end
    return found


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
def test_a_text_of_any_length(size: int) -> None:
    payload = b"x" * size
    assert read(frame(1, payload) * 2) == [payload] * 2


def test_a_message_in_fragments_with_others_between() -> None:
    whole = "é😀".encode()
    said = (
        frame(1, whole[:1], first=0) + frame(9, b"?") + frame(0, whole[1:3], first=0) + frame(10) + frame(0, whole[3:])
    )
    assert read(said) == [Ping(b"?"), whole]


def test_bytes_one_by_one_and_cut_at_random() -> None:
    said = frame(1, b"one") + frame(9) + frame(1, b"t" * 300, first=0) + frame(0, b"wo") + frame(8, b"\x03\xe9why")
    items = [b"one", Ping(b""), b"t" * 300 + b"wo", Close(1001)]
    assert read(said, list(range(len(said)))) == items
    random = Random(7)
    for _ in range(100):
        assert read(said, sorted(random.sample(range(len(said)), 5))) == items


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\x81\x01x", 1002),  # not masked
        (frame(1, b"x", first=0xC0), 1002),
        (frame(3), 1002),
        (frame(11), 1002),
        (frame(0, b"x"), 1002),
        (frame(1, b"x", first=0) + frame(1, b"y"), 1002),
        (frame(9, b"x", first=0), 1002),
        (frame(9, b"x" * 126), 1002),
        (frame(1, b"x" * 125, size=b"\xfe\x00\x7d"), 1002),
        (frame(1, b"x" * 126, size=b"\xff" + (126).to_bytes(8)), 1002),
        (frame(8, b"\x03"), 1002),
        (frame(8, b"\x03\xed"), 1002),
        (frame(8, b"\x03\xe8\xff"), 1007),
        (frame(2, b"x"), 1003),
        (frame(1, b"\xff"), 1007),
        (frame(1, b"\xc3", first=0) + frame(0, b""), 1007),
        (frame(1, b"\xc3", first=0) + frame(0, b"x", first=0), 1007),
        (frame(1, b"\xed\xa0\x80"), 1007),
        (frame(1, b"x" * (MESSAGE_BYTES_MAX + 1)), 1009),
        (frame(1, b"x" * MESSAGE_BYTES_MAX, first=0) + frame(0, b"y"), 1009),
    ],
)
def test_a_violation_is_the_last_item_behind_what_stood_before(said: bytes, code: int) -> None:
    data = frame(1, b"before") + said + frame(1, b"behind")
    assert read(data) == [b"before", Close(code)]
    assert read(data, list(range(len(data) if len(data) < 1000 else 0))) == [b"before", Close(code)]


def test_a_message_that_is_too_long_is_told_by_its_head_alone() -> None:
    assert read(b"\x81\xff" + (1 << 40).to_bytes(8)) == [Close(1009)]
    assert read(frame(1, b"x" * MESSAGE_BYTES_MAX, first=0) + frame(9, b"x" * 125) + frame(0)) == [
        Ping(b"x" * 125),
        b"x" * MESSAGE_BYTES_MAX,
    ]


def test_frames_that_say_nothing_are_counted() -> None:
    reader = MessageReader()
    reader.feed(frame(10) * 3 + frame(1, b"x", first=0) * 1)
    assert reader.frames == 4
    reader.feed(frame(0, b"y")[:3])
    assert reader.frames == 0


def test_what_is_sent_can_be_read_by_others() -> None:
    for size in (0, 125, 126, 65_535, 65_536):
        theirs = Protocol(side=CLIENT, state=OPEN)
        theirs.receive_data(text_header(size) + b"x" * size + control_frame(Opcode.PING, b"p") + close_frame(1001))
        frames = [event for event in theirs.events_received() if isinstance(event, Frame)]
        assert [event.data for event in frames] == [
            b"x" * size,
            b"p",
            (1001).to_bytes(2),
        ]


def test_the_proof_is_that_of_the_standard() -> None:
    assert accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, section 1.3


# Beside `websockets`


def theirs_of(data: bytes) -> list[Item]:
    """What another implementation makes of the same bytes; it leaves UTF-8 and texts alone to its caller."""
    protocol = Protocol(side=SERVER, state=OPEN, max_size=MESSAGE_BYTES_MAX)
    protocol.receive_data(data)
    items: list[Item] = []
    for item in _items(protocol):
        items.append(item)
        if isinstance(item, Close):
            return items
    if isinstance(protocol.parser_exc, PayloadTooBig):
        items.append(Close(1009))
    elif isinstance(protocol.parser_exc, ProtocolError):
        items.append(Close(1002))
    elif isinstance(protocol.parser_exc, UnicodeDecodeError):
        items.append(Close(1007))
    return items


def _items(protocol: Protocol) -> Iterator[Item]:
    message, decoder = b"", codecs.getincrementaldecoder("utf-8")()
    for event in protocol.events_received():
        assert isinstance(event, Frame)
        data = bytes(event.data)
        if event.opcode is TheirOpcode.PING:
            yield Ping(data)
        elif event.opcode is TheirOpcode.CLOSE:
            yield Close(int.from_bytes(data[:2]) if data else 1000)
        elif event.opcode is TheirOpcode.BINARY:
            yield Close(1003)
        elif event.opcode is not TheirOpcode.PONG:
            try:
                decoder.decode(data, event.fin)
            except UnicodeDecodeError:
                yield Close(1007)
                return
            message += data
            if event.fin:
                yield message
                message = b""


PAYLOADS = st.one_of(
    st.text(max_size=20).map(str.encode),
    st.binary(max_size=6),
    st.sampled_from([b"\x03\xe8", b"\x03\xe8bye", b"\x0b\xb8", b"x" * 125, b"x" * 126, b"x" * 40_000]),
)
FRAMES = st.builds(
    frame,
    st.sampled_from([0, 0, 1, 1, 1, 9, 10, 8, 2, 3, 11]),
    PAYLOADS,
    first=st.sampled_from([0x80, 0x80, 0x80, 0, 0, 0xC0, 0x10]),
)


@given(st.lists(FRAMES, max_size=8), st.data())
def test_another_implementation_reads_the_same(frames: list[bytes], draw: Any) -> None:
    data = b"".join(frames)
    if data and draw.draw(st.booleans()):  # one byte is another
        at = draw.draw(st.integers(0, len(data) - 1))
        data = data[:at] + bytes((draw.draw(st.integers(0, 255)),)) + data[at + 1 :]
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=4)))
    data += b"\0" * (MESSAGE_BYTES_MAX + 100)  # the other one looks at a frame when it is all there
    ours, theirs = read(data, cuts), theirs_of(data)
    assert _but_for_the_reason(ours) == _but_for_the_reason(theirs)


def _but_for_the_reason(items: list[Item]) -> list[Item]:
    """Where a frame is wrong in two ways, each implementation names the one that it sees first."""
    return [
        Close(1002) if isinstance(item, Close) and item.code in (1002, 1003, 1007, 1009) else item for item in items
    ]
