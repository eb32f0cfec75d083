"""Browsers that a web page sends to a chat server's port: told so once, and nothing of the page's runs."""

import ssl
import time

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, Running, shown

BODY = f"SIGNUP|eve|{PASSWORD}\nLOGIN|eve|{PASSWORD}\n"
POST = f"POST / HTTP/1.1\r\nHost: chat\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}".encode()
NO_EVE = f"LOGIN|eve|{PASSWORD}"


@pytest.mark.parametrize("cut", [0, 1, 10, 17, 40, len(POST) - 5])
def test_a_page_signs_nobody_up(start_either_server: StartServer, cut: int) -> None:
    server = start_either_server()
    page = server.connect()
    for piece in (POST[:cut], POST[cut:]):
        page.send_bytes(piece)
    page.expect("ERR|?|BAD_FRAME|…", "BYE|WRONG_PROTOCOL|…")
    page.expect_end()
    server.connect().refused(NO_EVE, "BAD_LOGIN")


@pytest.mark.parametrize(
    "begin",
    [
        b"put /x HTTP/1.0\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\n\r\nBREW /pot HTTP/1.1\r\n",
        b"GET /" + b"x" * 9000,
    ],
    ids=shown,
)
def test_nor_does_another_method(start_server: StartServer, begin: bytes) -> None:
    server = start_server()
    page = server.connect()
    page.send_bytes(begin + b"\n" + BODY.encode())
    page.expect("ERR|?|BAD_FRAME|…", "BYE|WRONG_PROTOCOL|…")
    page.expect_end()
    server.connect().refused(NO_EVE, "BAD_LOGIN")


def test_behind_a_first_line_of_ours_a_request_is_a_word_that_is_no_verb(start_server: StartServer) -> None:
    client = start_server().connect()
    client.says("PING|first", "OK|PING|first")
    client.send("GET / HTTP/1.1", "PING|still here")
    client.expect("ERR|?|UNKNOWN_COMMAND|…", "OK|PING|still here")


def test_tls_on_a_plain_port_ends_at_once(start_server: StartServer) -> None:
    """Not with the time for a login, which is a minute."""
    server: Running = start_server(login_timeout_s=3600)
    client = server.connect(hello=False)
    began_s = time.monotonic()
    with pytest.raises(ssl.SSLError, match=r"(?i)wrong.version|record"):
        ssl.create_default_context().wrap_socket(client.socket, server_hostname="localhost")
    assert time.monotonic() - began_s < 60
    raw = server.connect()
    raw.send_bytes(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    raw.expect("ERR|?|BAD_FRAME|…", "BYE|WRONG_PROTOCOL|…")
    raw.expect_end()
