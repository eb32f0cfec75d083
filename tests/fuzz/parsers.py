"""Everything that cuts a peer's bytes into what it says: it never fails and never grows, however the bytes are cut."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chatserver.fronts.web.http import Problem, RequestReader
from chatserver.fronts.web.websocket import MESSAGE_BYTES_MAX, MessageReader
from chatserver.protocol.frames import FRAME_BYTES_MAX, BadFrame, LineReader, is_clean
from chatserver.protocol.verbs import parse_head, split_arguments
from tests.fuzz.grammar import Grammar

Read = Callable[[Iterable[bytes]], Sequence[Any]]


def lines(pieces: Iterable[bytes]) -> Sequence[Any]:
    """The pipe's lines, each understood as far as that goes without a client."""
    reader, found = LineReader(), list[Any]()
    for piece in pieces:
        found += [(line, type(line), _understood(line)) for line in reader.feed(piece)]
        assert len(reader._rest) < FRAME_BYTES_MAX
    return found


def _understood(line: str) -> Any:
    if isinstance(line, BadFrame):
        return None
    assert line
    assert is_clean(line)
    assert len(line.encode()) < FRAME_BYTES_MAX
    word, bar, rest = line.partition("|")
    head = parse_head(word)
    return head.echo, split_arguments(head.verb, rest if bar else None) if head.verb else None


def messages(pieces: Iterable[bytes]) -> Sequence[Any]:
    """A WebSocket's messages."""
    reader, found = MessageReader(), []
    for piece in pieces:
        found += reader.feed(piece)
        assert len(reader._buffer) <= MESSAGE_BYTES_MAX + 14
    return found


def requests(pieces: Iterable[bytes]) -> Sequence[Any]:
    """A browser's requests, up to the first that is none."""
    reader, found = RequestReader(), list[Any]()
    for piece in pieces:
        reader.feed(piece)
        try:
            while (request := reader.next()) is not None:
                found.append(request)
        except Problem as problem:
            return [*found, (problem.status, str(problem))]
    return found


PARSERS: dict[str, Read] = {"lines": lines, "messages": messages, "requests": requests}


def made_for(name: str, grammar: Grammar) -> bytes:
    """Bytes for that parser."""
    if name == "requests":
        return b"".join(grammar.request() for _ in range(3))
    return grammar.web_socket(20) if name == "messages" else grammar.stream(60)


def check(name: str, data: bytes, pieces: Sequence[bytes]) -> int:
    """Read the same bytes whole and in pieces; how many items they hold."""
    read = PARSERS[name]
    whole = read([data])
    assert read(pieces) == whole, f"{name}: the same bytes are read otherwise in pieces"
    return len(whole)
