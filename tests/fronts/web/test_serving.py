"""The page's door of a real server: the pipe's protocol over WebSocket, who may come in, and for how long."""

import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from chatserver.fronts.web.visitor import REQUESTS_PER_TURN
from tests.conftest import StartServer
from tests.harness import PASSWORD, Process, Running, befriend
from tests.inside import InThread
from tests.websocket import PING, PONG, TEXT, WebClient, answer_to, fetch, handshake, masked, parted
from tests.wire import Client


def web_client(server: Running, name: str = "") -> WebClient:
    client = server.connect(name)
    assert isinstance(client, WebClient)
    return client


# Talking


def test_the_pipe_and_the_page_are_one_chat(web_server: InThread) -> None:
    alice = web_server.user("alice")
    web_server.over_web = False
    bob = web_server.user("bob")
    befriend(alice, bob)
    for client in (alice, bob):
        client.says("PING")
        client.events.clear()
    alice.says("SENDMESSAGE|alice|bob|one␤two")
    bob.event("MESSAGE|…|…|alice|bob|one␤two")
    bob.says("SENDMESSAGE|bob|alice|three")
    alice.event("MESSAGE|…|…|bob|alice|three")


def test_a_message_holds_one_line_or_several_with_or_without_the_last_line_end(web_server: InThread) -> None:
    client = web_server.connect()
    for said in ("PING|1", "PING|1\n", "PING|1\r\n"):
        client.send_bytes(said.encode())
        client.answers("OK|PING|1")
    client.send_bytes(b"PING|1\n\nPING|2\nPING|3")
    client.send_bytes(b"")
    for number in (1, 2, 3):
        client.answers(f"OK|PING|{number}")
    client.no_event()


def test_a_message_in_fragments_with_a_ping_between(web_server: InThread) -> None:
    client = web_client(web_server)
    whole = "PING|é".encode()
    client.send_frame(TEXT, whole[:6], first=0)
    client.send_frame(PING, b"there?")
    client.send_frame(0, b"", first=0)
    client.send_frame(0, whole[6:])
    client.answers("OK|PING|é")
    assert client.pongs == [b"there?"]


def test_a_line_that_is_too_long_is_answered_and_the_connection_goes_on(web_server: InThread) -> None:
    client = web_server.connect()
    client.send("PING|" + "x" * 60_000, "PING|after")
    client.answers("ERR|?|BAD_FRAME|…")
    client.answers("OK|PING|after")


def test_what_one_release_holds_is_one_message(web_server: InThread) -> None:
    client = web_client(web_server)
    client.send(*["PING|x"] * 20)
    opcode, payload = client._message()
    assert (opcode, payload) == (TEXT, b"OK|PING|x\n" * 20)


def test_a_long_answer_comes_in_messages_of_whole_lines(web_server: InThread) -> None:
    alice = web_server.user("alice")
    for at in range(40):
        alice.says(f"SENDMESSAGE|alice|DiceBot|{at} " + "é" * 3000)
    assert sum(row[2] == "alice" for row in alice.rows("SYNC|alice|0|500")) == 40


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\x82\x80aaaa", 1003),
        (b"\x81\x82\x00\x00\x00\x00\xff\xfe", 1007),
        (b"\x81\x02hi", 1002),
        (b"\x81\xff" + (65_537).to_bytes(8) + b"aaaa", 1009),
        (b"\x88\x82\x00\x00\x00\x00" + (3000).to_bytes(2), 3000),
        (b"\x88\x80aaaa", 1000),
    ],
    ids=["binary", "no UTF-8", "not masked", "too long", "closed", "closed without a code"],
)
def test_what_stood_before_an_end_is_served(web_server: InThread, said: bytes, code: int) -> None:
    client = web_client(web_server)
    client.socket.sendall(b"\x81\x8a\x00\x00\x00\x00PING|first" + said + b"\x81\x89\x00\x00\x00\x00PING|last")
    client.answers("OK|PING|first")
    client.expect_close(code)


def test_a_good_bye_comes_before_the_close(web_server: InThread) -> None:
    client = web_client(web_server)
    client.send("QUIT")
    client.expect("OK|QUIT", "BYE|QUIT|…")
    client.expect_close(1000)


def test_a_server_that_goes_down_says_so(start_server: StartServer) -> None:
    server = start_server()
    server.over_web = True
    client = web_client(server)
    server.terminate()
    client.expect("BYE|SHUTDOWN|…")
    client.expect_close(1001)
    assert server.wait() == 0


def test_a_session_that_is_ended_elsewhere_hears_why(web_server: InThread) -> None:
    web_server.user("alice")
    other, client = web_client(web_server), web_server.login("alice")
    assert isinstance(client, WebClient)
    other.says(f"LOGIN|alice|{PASSWORD}")
    other.says(f"SETPASSWORD|alice|{PASSWORD}|another one")
    client.expect("BYE|KICKED|…")
    client.expect_close(1000)


def test_who_does_not_read_a_flood_gets_a_good_bye_and_loses_nothing(start_server: StartServer) -> None:
    server = start_server(send_bytes_max=200_000)
    alice, bob = server.friends("alice", "bob")
    server.over_web = True
    slow = WebClient(server.web_address, "bob", receive_bytes=4096)
    slow.expect("HELLO|…")
    (frame,) = slow.says(f"LOGIN|bob|{PASSWORD}")
    count = 1500
    for at in range(0, count, 50):
        alice.send(*[f"SENDMESSAGE|alice|bob|{number} {'x' * 3000}" for number in range(at, at + 50)])
        for _ in range(50):
            alice.answers("OK|SENDMESSAGE|…")
        for _ in range(50):
            bob.event("MESSAGE|…")
    heard = slow.frames_to_the_end()
    slow.close()
    assert heard[-1].startswith("BYE|TOO_SLOW|")
    assert slow.close_code == 1000
    texts = [each.split("|")[-1].split()[0] for each in heard[:-1]]
    assert texts == [str(number) for number in range(len(texts))]
    assert len(texts) < count
    back = web_client(server, "bob")
    back.says(f"RESUME|bob|{frame.split('|')[3]}")
    found: list[str] = []
    after, more = "0", "1"
    while more == "1":
        back.send(f"SYNC|bob|{after}|500")
        *rows, last = back.answer()
        found += [row.split("|")[6].split()[0] for row in rows]
        after, more = rows[-1].split("|")[2], last.split("|")[3]
    assert found == [str(number) for number in range(count)]


# Silence


def test_who_is_silent_is_pinged_and_then_given_up(start_server: StartServer) -> None:
    server = start_server(web_silence_s=2)
    server.over_web = True
    alive, dead = web_client(server), web_client(server)
    dead.answers_pings = False
    for _ in range(2):
        while alive._message()[0] != PING:
            pass
        alive.send_frame(PONG, b"")
    dead.frames_to_the_end()
    assert (dead.pings, dead.close_code) == (1, 0)
    alive.no_event()


@pytest.mark.parametrize("said", [b"", b"\r\n", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET"])
def test_who_takes_too_long_to_ask_is_closed(start_server: StartServer, said: bytes) -> None:
    server = start_server(web_head_s=1, web_idle_s=1000)
    with socket.create_connection(server.web_address, timeout=30) as connection:
        connection.sendall(said)
        got = b""
        while piece := connection.recv(1 << 16):
            got += piece
        assert got.startswith(b"HTTP/1.1 200 " if said.endswith(b"GET") else b"")


def test_what_is_asked_ahead_is_answered_to_the_last_request(web_server: InThread) -> None:
    """More than one turn's, and the end that comes with it."""
    asked = b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(web_server.web_address, timeout=30) as connection:
        connection.sendall(asked * (3 * REQUESTS_PER_TURN + 1))
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while piece := connection.recv(1 << 16):
            got += piece
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 3 * REQUESTS_PER_TURN + 1


def test_a_handshake_behind_many_requests_leads_to_the_chat(web_server: InThread) -> None:
    asked, proof = handshake(web_server.web_address)
    files = b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n" * REQUESTS_PER_TURN
    with socket.create_connection(web_server.web_address, timeout=30) as connection:
        connection.sendall(files + asked + masked(TEXT, b"PING|x"))
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while piece := connection.recv(1 << 16):
            got += piece
    assert proof.encode() in got
    assert b"OK|PING|x\n" in got


def test_a_connection_is_kept_for_the_next_request_but_not_for_long(start_server: StartServer) -> None:
    server = start_server(web_idle_s=1)
    asked = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    _, headers, body = answer_to(server.web_address, asked + asked)
    assert "connection" not in headers
    assert body.count(b"HTTP/1.1 404 ") == 1


def test_slow_heads_take_places_and_give_them_back(start_server: StartServer) -> None:
    server = start_server(web_head_s=1000, connections_max=20)
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(server.web_address, timeout=30)) for _ in range(20)]
        for connection in slow:
            connection.sendall(b"GET / HT")
        turned_away = answer_to(server.web_address, b"")
        assert turned_away[0] == 503
        full = server.connect(hello=False)
        full.expect("BYE|FULL|…")
    server = start_server(web_head_s=1, connections_max=1)
    with socket.create_connection(server.web_address, timeout=30) as connection:
        connection.sendall(b"GET / HT")
        assert connection.recv(100) == b""
        server.connect().says("PING")


def test_two_thousand_slow_heads_are_closed_and_the_pipe_does_not_feel_them(start_server: StartServer) -> None:
    server = start_server()
    alice = server.connect("alice")
    alone = work_of_pings(server, alice)
    with ExitStack() as stack:
        slow = []
        begun = time.monotonic()
        for _ in range(2000):
            slow.append(stack.enter_context(socket.create_connection(server.web_address, timeout=30)))
            slow[-1].sendall(b"GET / HT")
        assert fetch(server.web_address)[0] == 200  # who came before has been let in
        beside = work_of_pings(server, alice)
        for connection in slow:
            with suppress(OSError):
                connection.sendall(b"T")  # a byte now and then gains no time
        for connection in slow:
            with suppress(ConnectionResetError):
                assert connection.recv(100) == b""
        assert time.monotonic() - begun >= 10
    assert beside <= 2 * alone + 10


def work_of_pings(server: Process, client: Client) -> int:
    """Ticks of processor time that the server needs for many pings, each of which waits for the one before."""
    before = ticks_of(server)
    for number in range(5000):
        client.says(f"PING|{number}", f"OK|PING|{number}")
    return ticks_of(server) - before


def ticks_of(server: Process) -> int:
    return sum(map(int, Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))


# Who may


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:5001", "LOCALHOST:5001"])
def test_a_name_of_this_machine_is_served(web_server: InThread, host: str) -> None:
    assert fetch(web_server.web_address, Host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::2]"])
def test_a_name_that_was_made_to_point_here_is_refused(web_server: InThread, host: str) -> None:
    status, _, body = fetch(web_server.web_address, Host=host)
    assert status == 403
    assert b"localhost" in body
    asked, _ = handshake(web_server.web_address, Host=host or " ")
    assert answer_to(web_server.web_address, asked)[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost.evil.example", "file://"])
def test_a_page_of_another_site_may_not_ask(web_server: InThread, origin: str) -> None:
    assert fetch(web_server.web_address, Origin=origin)[0] == 403
    asked, _ = handshake(web_server.web_address, Origin=origin)
    assert answer_to(web_server.web_address, asked)[0] == 403


def test_another_address_of_the_page_is_named_in_a_setting(start_server: StartServer) -> None:
    server = start_server(web_origins="https://Chat.example, http://other.example:8000")
    WebClient(server.web_address, Host="chat.example", Origin="https://chat.example").close()
    WebClient(server.web_address, Origin="http://other.example:8000").close()
    assert fetch(server.web_address, Host="chat.example")[0] == 200
    assert fetch(server.web_address, Host="third.example")[0] == 403
    assert fetch(server.web_address, Origin="https://other.example:8000")[0] == 403


def test_the_page_itself_may_ask(web_server: InThread) -> None:
    port = web_server.web_address[1]
    WebClient(web_server.web_address, Origin=f"http://localhost:{port}").close()
    assert fetch(web_server.web_address, Origin="http://localhost:1")[0] == 403


def test_a_proxy_tells_who_asks_and_each_of_them_has_a_limit_of_its_own(start_server: StartServer) -> None:
    server = start_server(web_proxies="127.0.0.0/8", connections_per_address_max=1)
    one = WebClient(server.web_address, X_Forwarded_For="203.0.113.9, 192.0.2.1")
    one.expect("HELLO|…")
    two = WebClient(server.web_address, X_Forwarded_For="192.0.2.2")
    two.expect("HELLO|…")
    again = WebClient(server.web_address, X_Forwarded_For="192.0.2.1")
    again.expect("BYE|FULL|…")
    again.expect_close(1013)
    one.send("QUIT")
    one.frames_to_the_end()
    one.close()
    two.says("PING")
    for client in (two, again):
        client.close()


def test_nobody_else_tells_who_asks(start_server: StartServer) -> None:
    server = start_server(connections_per_address_max=1)
    first = WebClient(server.web_address, X_Forwarded_For="192.0.2.1")
    first.expect("HELLO|…")
    assert answer_to(server.web_address, b"")[0] == 503
    first.close()


# Asking


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
        (b"DELETE /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
        (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 426),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"SIGNUP|ann|correct horse\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\n", 400),
    ],
)
def test_a_request_that_gets_no_file(web_server: InThread, asked: bytes, status: int) -> None:
    got, headers, body = answer_to(web_server.web_address, asked)
    assert got == status
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert int(headers["content-length"]) == len(body)
    assert body.endswith(b".\n")
    if status == 405:
        assert headers["allow"].startswith("GET")
    if status == 426:
        assert headers["upgrade"] == "websocket"


@pytest.mark.parametrize(
    "changed",
    [
        {"Sec_WebSocket_Key": "short"},
        {"Sec_WebSocket_Protocol": "other.1"},
        {"Sec_WebSocket_Version": "8"},
        {"Upgrade": "h2c"},
        {"Connection": "keep-alive"},
    ],
    ids=str,
)
def test_a_handshake_that_fits_in_nearly_all(web_server: InThread, changed: dict[str, str]) -> None:
    asked, _ = handshake(web_server.web_address, **changed)
    with socket.create_connection(web_server.web_address, timeout=30) as connection:
        connection.sendall(asked)
        assert parted(connection.recv(1 << 16))[0] in (400, 426)


def test_a_client_that_names_no_subprotocol_is_none_the_worse(web_server: InThread) -> None:
    with WebClient(web_server.web_address, Sec_WebSocket_Protocol="") as client:
        assert b"Sec-WebSocket-Protocol" not in client.head
        client.expect("HELLO|…")
    with WebClient(web_server.web_address) as client:
        assert b"Sec-WebSocket-Protocol: pipechat.1\r\n" in client.head + b"\r\n"


def test_what_comes_with_the_handshake_is_read_behind_the_hello(web_server: InThread) -> None:
    asked, _ = handshake(web_server.web_address)
    with socket.create_connection(web_server.web_address, timeout=30) as connection:
        connection.sendall(asked + b"\x81\x86\x00\x00\x00\x00PING|x" + b"\x88\x80aaaa")
        got = b""
        while piece := connection.recv(1 << 16):
            got += piece
    head, _, frames = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"HELLO|" in frames
    assert frames.endswith(b"OK|PING|x\n" + b"\x88\x02" + (1000).to_bytes(2))


def test_answers_that_nobody_reads_do_not_pile_up(start_server: StartServer) -> None:
    """Requests go on being read only as far as their answers are."""
    server = start_server(send_bytes_high=50_000)
    asked = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.socket() as connection:
        connection.settimeout(30)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(server.web_address)
        connection.setblocking(False)
        sent = 0
        try:
            while sent < 50_000_000:
                sent += connection.send(asked * 1000)
        except BlockingIOError:
            pass
        assert sent < 50_000_000
        server.connect().says("PING")  # others are served
        connection.settimeout(30)
        got = b""
        while len(got) < 100_000:
            got += connection.recv(1 << 16)
        assert got.count(b"HTTP/1.1 200 OK\r\n") > 10


def test_every_answer_forbids_a_page_of_others_to_use_it(web_server: InThread) -> None:
    for path in ("/", "/nothing"):
        _, headers, _ = fetch(web_server.web_address, path)
        policy = headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "script-src 'self'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert "permissions-policy" in headers
