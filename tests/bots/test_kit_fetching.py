"""A Fetch performed against a server of the tests' own, which breaks in every way that servers do."""

import socket
import threading

import pytest

from bench.ports import free_port
from bots import Fetch
from bots.kit.fetching import fetch_page
from tests.bots.web import page, web


def test_a_page_comes_back_whole() -> None:
    with web(lambda path: page(b"x" * 100_000)) as server:
        reply = fetch_page(Fetch(f"{server.url}/a?b=c"))
    assert (reply.ok, reply.status, len(reply.body), server.asked) == (True, 200, 100_000, ["/a?b=c"])


def test_a_page_without_a_length_is_read_to_its_end() -> None:
    with web(lambda path: b"HTTP/1.0 200 OK\r\n\r\n" + b"y" * 50_000) as server:
        assert fetch_page(Fetch(server.url)).body == b"y" * 50_000


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (page(b"oops", "500 Internal Server Error"), "it answered with an error (500)"),
        (page(b"", "404 Not Found"), "it answered with an error (404)"),
        (page(b"x" * 2001), "its answer is too big (over 2000 bytes)"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000, "its answer is too big (over 2000 bytes)"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", "its answer broke off in the middle"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "its answer broke off in the middle"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "its answer is broken (no HTTP)"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 2000 + b"\r\n", "its answer is broken (no HTTP)"),
        (b"", "it closed the connection without an answer"),
        (page(b"", "302 Found", "Location: file:///etc/passwd\r\n"), "it answered with an error (302)"),
    ],
)
def test_what_goes_wrong_is_a_sentence(answer: bytes, problem: str) -> None:
    with web(lambda path: answer) as server:
        reply = fetch_page(Fetch(server.url, bytes_max=2000))
    assert (reply.problem, reply.body) == (problem, b"")


def test_a_redirect_is_followed_and_a_circle_is_not() -> None:
    def answer(path: str) -> bytes:
        to = {"/a": "/b", "/circle": "/circle"}.get(path)
        return page(b"", "302 Found", f"Location: {to}\r\n") if to else page(b"there")

    with web(answer) as server:
        assert fetch_page(Fetch(f"{server.url}/a")).body == b"there"
        assert not fetch_page(Fetch(f"{server.url}/circle")).ok


def test_a_server_that_hangs_ends_with_the_time_out() -> None:
    with web(lambda path: None) as server:
        assert fetch_page(Fetch(server.url, timeout_s=0.05)).problem == "it did not answer within 0.05 seconds"


def test_a_server_that_drips_ends_with_the_time_out() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while not stop.wait(0.01):  # far below the time-out of the socket: each byte starts it anew
                    connection.sendall(b"x")
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert fetch_page(Fetch(url, timeout_s=0.1)).problem == "it did not answer within 0.1 seconds"
    finally:
        stop.set()
        thread.join()
        listener.close()


def test_nobody_there() -> None:
    assert fetch_page(Fetch(f"http://127.0.0.1:{free_port()}/")).problem == "it refused the connection"


def test_no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*arguments: object, **options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.delenv("http_proxy", raising=False)
    assert "name cannot be found" in fetch_page(Fetch("http://weather.invalid/")).problem


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:notaport/", "http://a b/", "http://[::1/"])
def test_an_address_that_is_none(url: str) -> None:
    assert not fetch_page(Fetch(url)).ok
