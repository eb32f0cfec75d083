"""The reader of requests: what is one, what is none, and how its bytes are cut makes no difference."""

from http import HTTPStatus

import pytest

from chatserver.fronts.web.http import HEAD_BYTES_MAX, HEADERS_MAX, Problem, Request, RequestReader, Response
from tests.harness import shown

PLAIN = b"GET /page?x=1 HTTP/1.1\r\nHost: Chat.Example:5001\r\nX-Two: a\r\nx-two:b \r\n\r\n"


def read(data: bytes) -> Request | None:
    reader = RequestReader()
    reader.feed(data)
    return reader.next()


def problem(data: bytes) -> tuple[HTTPStatus, str]:
    with pytest.raises(Problem) as caught:
        read(data)
    return caught.value.status, str(caught.value)


def test_a_request_is_read() -> None:
    request = read(PLAIN)
    assert request is not None
    assert (request.method, request.path, request.host) == ("GET", "/page", "chat.example:5001")
    assert request.headers["x-two"] == "a, b"
    assert request.words("x-two") == ["a", "b"]
    assert request.keeps_alive


def test_a_request_comes_byte_by_byte_and_another_behind_it() -> None:
    reader = RequestReader()
    data = PLAIN + b"\r\n" + PLAIN.replace(b"/page", b"/next")
    found = []
    for at in range(len(data)):
        reader.feed(data[at : at + 1])
        while (request := reader.next()) is not None:
            found.append((at, request.path))
    assert found == [(len(PLAIN) - 1, "/page"), (len(data) - 1, "/next")]
    assert reader.is_empty


def test_one_empty_line_may_stand_before_a_request_and_is_a_begin() -> None:
    """However the bytes are cut: else empty lines would be a way to hold a place for ever."""
    for cuts in ([b"\r\n\r\n"], [b"\r\n", b"\r\n"], [b"\r", b"\n\r", b"\n"]):
        reader = RequestReader()
        for piece in cuts[:-1]:
            reader.feed(piece)
            assert reader.next() is None
            assert not reader.is_empty
        reader.feed(cuts[-1])
        with pytest.raises(Problem, match="one empty line"):
            reader.next()


def test_what_stands_behind_a_request_is_kept() -> None:
    reader = RequestReader()
    reader.feed(PLAIN + b"\x81\x80")
    assert reader.next()
    assert reader.rest == b"\x81\x80"


def test_a_whole_address_as_target_says_for_whom_it_is() -> None:
    request = read(b"GET http://Other.Example/x?y HTTP/1.1\r\nHost: chat.example\r\n\r\n")
    assert request is not None
    assert (request.host, request.path) == ("other.example", "/x")


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nConnection: a, Close\r\n\r\n"]
)
def test_a_connection_that_ends_behind_the_answer(head: bytes) -> None:
    request = read(head)
    assert request is not None
    assert not request.keeps_alive


BAD = [
    b"GET /\r\n\r\n",
    b"hello\r\n\r\n",
    b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\x00\r\n\r\n",
    b"GET / HTTP/1.1\nHost: x\n\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n",
    b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
]


@pytest.mark.parametrize("data", BAD, ids=shown)
def test_what_is_no_request_is_refused_with_a_sentence(data: bytes) -> None:
    status, sentence = problem(data)
    assert status is HTTPStatus.BAD_REQUEST
    assert len(sentence.split()) > 3


def test_a_head_has_a_longest_length() -> None:
    begin = b"GET / HTTP/1.1\r\nHost: x\r\nA: "
    fits = begin + b"a" * (HEAD_BYTES_MAX - len(begin) - 4) + b"\r\n\r\n"
    assert len(fits) == HEAD_BYTES_MAX
    assert read(fits)
    assert problem(fits[:-4] + b"a\r\n\r\n")[0] is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    assert problem(b"G" * HEAD_BYTES_MAX)[0] is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    assert read(b"G" * (HEAD_BYTES_MAX - 1)) is None


def test_a_head_has_a_highest_number_of_headers() -> None:
    def head(count: int) -> bytes:
        return b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * (count - 1) + b"\r\n"

    assert read(head(HEADERS_MAX))
    assert problem(head(HEADERS_MAX + 1))[0] is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


@pytest.mark.parametrize("version", ["2.0", "0.9"])
def test_another_version_is_told_which_is_spoken(version: str) -> None:
    assert problem(f"GET / HTTP/{version}\r\nHost: x\r\n\r\n".encode())[0] is HTTPStatus.HTTP_VERSION_NOT_SUPPORTED


def test_a_response_tells_its_length_and_head_gets_no_body() -> None:
    answer = Response(HTTPStatus.OK, {"A": "b"}, b"body")
    assert answer.render() == b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 4\r\n\r\nbody"
    assert answer.render(head_alone=True, closes=True) == (
        b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
    )
    assert b"Content-Length" not in Response(HTTPStatus.NOT_MODIFIED, {}).render()
