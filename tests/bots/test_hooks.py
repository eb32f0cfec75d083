"""Hooks: programs write into a room by HTTP, and HookBot asks programs what is said to it there."""

import http.client
import json
import re
import socket
import sqlite3
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from hmac import digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest

from bench.ports import free_port
from bots import Event, Post, Reply, hook_bot
from bots.kit.addresses import is_public
from bots.kit.fetching import fetch_page
from bots.kit.running import begin, resume
from chatserver.bothost.hooks import BURST
from tests.conftest import StartServer
from tests.harness import PASSWORD, Process
from tests.wire import WAIT_S, Client


@dataclass
class Receiver:
    """An HTTP server that hears posts; `answers` are given in their order, the last one again and again."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b"")])
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiver(*answers: tuple[int, bytes]) -> Iterator[Receiver]:
    found = Receiver(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, answer = found.answers.pop(0) if len(found.answers) > 1 else found.answers[0]
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", found.url)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/ask?a=b"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def post(url: str, body: bytes, kind: str = "text/plain", method: str = "POST") -> tuple[int, str]:
    parts = urlsplit(url)
    assert parts.hostname
    with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=WAIT_S)) as connection:
        connection.request(method, parts.path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


Hooked = tuple[Process, Client, Client]


@pytest.fixture
def start_hooked(start_server: StartServer) -> Callable[..., Hooked]:
    """A server with hooks, Ann who owns #ops, and Ben who is in it; HookBot is there too."""

    def start(private: str = "off", request_s: int = 10) -> Hooked:
        server = start_server(hooks_port=free_port(), hooks_private=private, web_head_s=request_s)
        ann, ben = server.user("ann"), server.user("ben")
        ann.says("CREATEROOM|ann|#ops|public", "OK|…")
        ben.says("JOIN|ben|#ops", "OK|…")
        ann.says("INVITE|ann|#ops|HookBot", "OK|…")
        for each in (ann, ben):
            each.says("PING", "OK|PING|")
            each.events.clear()
        return server, ann, ben

    return start


def told(client: Client, text: str) -> str:
    """Say something in #ops; the text of HookBot's answer there."""
    client.says(f"SENDMESSAGE|{client.name}|#ops|{text}", "OK|…")
    client.events.clear()  # what came before it
    return said(client, "HookBot|#ops")


def said(client: Client, of: str) -> str:
    """The text of the next message that somebody sent somewhere, as `HookBot|#ops`; others are passed over."""
    while True:
        frame = client.events.popleft() if client.events else client.frame()
        if f"|{of}|" in frame:
            return frame.split("|", 6)[6]


def address(client: Client, hook: str = "deploy") -> str:
    """Make a hook; its address, as its maker alone is told."""
    told(client, f"@HookBot add {hook}")
    whispered = said(client, f"HookBot|{client.name}") + said(client, f"HookBot|{client.name}")
    found = re.search(r"http://\S+/hooks/\S+", whispered)
    assert found, whispered
    return found[0]


def test_a_program_writes_into_a_room(start_hooked: Callable[..., Hooked]) -> None:
    _, ann, ben = start_hooked()
    url = address(ann)
    said(ben, "HookBot|#ops")
    assert post(url, "build 7 is grün\nall tests pass\n".encode()) == (200, '{"ok":true}\n')
    assert said(ben, "HookBot|#ops") == "[deploy] build 7 is grün␤all tests pass"
    assert post(url, b'{"text": "as JSON", "more": 1}', "application/json; charset=utf-8")[0] == 200
    assert said(ben, "HookBot|#ops") == "[deploy] as JSON"
    assert post(url, b"as curl -d does", "application/x-www-form-urlencoded")[0] == 200
    assert said(ben, "HookBot|#ops") == "[deploy] as curl -d does"


def test_the_address_is_told_to_the_owner_alone_and_kept_nowhere_but_in_that_message(
    start_hooked: Callable[..., Hooked],
) -> None:
    server, ann, ben = start_hooked()
    url = address(ann)
    token = url.rpartition("/")[2]
    post(url, b"hello")
    said(ben, "HookBot|#ops")
    said(ben, "HookBot|#ops")
    ben.says("PING", "OK|PING|")
    assert not ben.events
    server.close()
    assert token not in server.stderr
    with closing(sqlite3.connect(server.store_path)) as store:
        (kept,) = store.execute("SELECT * FROM bot_memory WHERE user = 0").fetchall()
    assert token not in str(kept)
    assert hook_bot.hash_of(token) in str(kept)


@pytest.mark.parametrize(
    ("body", "kind", "method", "status", "sentence"),
    [
        (b"  \n ", "text/plain", "POST", 400, "There is no text in it"),
        ("\u200b\u2060".encode(), "text/plain", "POST", 400, "There is no text in it"),
        (b"\xff", "text/plain", "POST", 400, "A text is in UTF-8"),
        (b"{", "application/json", "POST", 400, "This is no JSON"),
        (b"[" * 60_000, "application/json", "POST", 400, "This is no JSON"),
        (b'{"text": 7}', "application/json", "POST", 400, "The JSON is to have a text"),
        (b"[]", "application/json", "POST", 400, "The JSON is to have a text"),
        (b"x" * 60_000, "text/plain", "POST", 413, "A text has at most about"),
        (b"x" * 65_537, "text/plain", "POST", 413, "A body has at most 65536 bytes"),
        (b"", "text/plain", "GET", 405, "A hook takes POST alone"),
        (b'{"text": "\\ud800 half"}', "application/json", "POST", 200, "ok"),
    ],
)
def test_what_is_posted_wrongly_gets_a_sentence(
    start_hooked: Callable[..., Hooked], body: bytes, kind: str, method: str, status: int, sentence: str
) -> None:
    _, ann, _ = start_hooked()
    got = post(address(ann), body, kind, method)
    assert got[0] == status, got
    assert sentence in got[1]


def test_a_hook_that_is_unknown_revoked_or_without_its_room_writes_nothing(
    start_hooked: Callable[..., Hooked],
) -> None:
    _, ann, ben = start_hooked()
    url = address(ann)
    assert post(url + "x", b"hello")[0] == 404
    assert post(url.replace("/hooks/", "/other/"), b"hello")[0] == 404
    assert told(ann, "@HookBot remove deploy") == "The hook deploy is gone, and its address or key with it."
    assert post(url, b"hello")[0] == 404
    url = address(ann)
    ann.says("KICK|ann|#ops|HookBot", "OK|…")
    assert post(url, b"hello")[0] == 409
    ben.says("LEAVE|ben|#ops", "OK|…")
    ann.says("LEAVE|ann|#ops", "OK|…")
    ann.says("CREATEROOM|ann|#ops|public", "OK|…")
    ann.says("INVITE|ann|#ops|HookBot", "OK|…")
    assert post(url, b"hello")[0] == 404, "another room of that name"


def test_a_hook_survives_a_restart(start_hooked: Callable[..., Hooked], start_server: StartServer) -> None:
    server, ann, _ = start_hooked()
    url = address(ann)
    server.close()
    port = urlsplit(url).port
    assert port
    again = start_server(store=server.store_path, hooks_port=port)
    assert post(url, b"hello")[0] == 200
    ben = again.login("ben")
    ben.until("EVENT|MISSED|…|HookBot|#ops|[deploy] hello")


@pytest.mark.parametrize("has_ended", [False, True])
def test_what_a_hook_has_said_goes_with_the_account_that_made_it(
    start_hooked: Callable[..., Hooked], has_ended: bool
) -> None:
    """Its name stands in each message, and is the maker's word; also in a room that has ended."""
    _, ann, ben = start_hooked()
    url = address(ann, "annswords")
    assert post(url, b"build 7")[0] == 200
    said(ben, "HookBot|#ops")
    if has_ended:
        ann.says("KICK|ann|#ops|HookBot", "OK|…")
        ben.says("LEAVE|ben|#ops", "OK|…")
    ann.says(f"DELETEACCOUNT|ann|{PASSWORD}", "OK|…")
    assert post(url, b"build 8")[0] == 404
    ends_s = time.monotonic() + WAIT_S
    while any("annswords" in row for row in _synced(ben)):  # it goes bit by bit
        assert time.monotonic() < ends_s, "the hook's name is still told"


def _synced(client: Client) -> list[str]:
    client.send(f"SYNC|{client.name}|0")
    return client.answer()


def test_only_the_owner_makes_hooks(start_hooked: Callable[..., Hooked]) -> None:
    _, ann, ben = start_hooked()
    assert told(ben, "@HookBot add deploy").startswith("Only the owner of this room")
    said(ann, "HookBot|#ops")
    url = address(ann)
    said(ben, "HookBot|#ops")
    assert told(ben, "@HookBot remove deploy").startswith("Only the owner of this room")
    assert told(ben, "@HookBot list") == "Hooks of this room: deploy (writes here)"
    assert post(url, b"hello")[0] == 200
    ann.says("SENDMESSAGE|ann|HookBot|add deploy", "OK|…")
    assert "Hooks belong to rooms" in said(ann, "HookBot|ann")


def test_a_program_that_posts_without_end_is_told_so(start_hooked: Callable[..., Hooked]) -> None:
    _, ann, _ = start_hooked()
    url = address(ann)
    statuses = [post(url, b"again")[0] for _ in range(BURST + 10)]
    assert statuses[:BURST] == [200] * BURST
    assert 429 in statuses


def test_a_request_in_pieces_is_one_and_one_without_an_end_is_given_up(start_hooked: Callable[..., Hooked]) -> None:
    urls: dict[int, SplitResult] = {}
    for request_s, sent, answer in [
        (10, "Content-Length: 5\r\n\r\nhello", b"HTTP/1.1 200 "),
        (10, "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", b"HTTP/1.1 400 "),
        (10, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 411 "),
        (10, "Content-Length: -5\r\n\r\n", b"HTTP/1.1 400 "),
        (1, "Content-Length: 5\r\n\r\nhel", b""),
    ]:
        if request_s not in urls:
            urls[request_s] = urlsplit(address(start_hooked(request_s=request_s)[1]))
        url = urls[request_s]
        with closing(socket.create_connection((url.hostname, url.port), WAIT_S)) as door:
            for byte in f"POST {url.path} HTTP/1.1\r\nHost: x\r\n{sent}".encode():
                door.send(bytes([byte]))
            got = b"".join(iter(lambda door=door: door.recv(4096), b""))  # type: ignore[misc]
        assert got.startswith(answer), got
        assert got or not answer


def test_without_the_setting_there_is_no_hook_bot(start_server: StartServer) -> None:
    ann = start_server().user("ann")
    ann.says("SENDMESSAGE|ann|HookBot|help", "ERR|…")


def test_what_is_said_is_posted_signed_and_the_answer_is_said(start_hooked: Callable[..., Hooked]) -> None:
    _, ann, ben = start_hooked(private="on")
    with receiver((200, b'{"text": "build 8\\nbegins"}'), (200, b"as text"), (204, b"")) as server:
        assert server.url not in told(ann, f"@HookBot send ci to {server.url}")
        key = said(ann, "HookBot|ann").rpartition("whsec_")[2]
        said(ben, "HookBot|#ops")
        assert told(ben, "@HookBot ci build it") == "build 8␤begins"
        assert told(ben, "@HookBot CI again") == "as text"
        ben.says("SENDMESSAGE|ben|#ops|@HookBot ci quietly", "OK|…")
        assert told(ben, "@HookBot list").startswith("Hooks of this room: ci (posts to 127.0.0.1:")
    headers, body = server.heard[0]
    said_there = json.loads(body)
    assert said_there.pop("time")
    assert said_there == {"hook": "ci", "room": "#ops", "sender": "ben", "text": "build it"}
    what = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + b64encode(digest(b64decode(key), what, "sha256")).decode()
    assert len({headers["webhook-id"] for headers, _ in server.heard}) == 3


def test_what_fails_is_tried_again_and_what_is_refused_is_not(start_hooked: Callable[..., Hooked]) -> None:
    _, ann, _ = start_hooked(private="on")
    with receiver((500, b""), (200, b"at last"), (404, b"no"), (302, b"")) as server:
        told(ann, f"@HookBot send ci to {server.url}")
        assert told(ann, "@HookBot ci build") == "at last"
        assert len({headers["webhook-id"] for headers, _ in server.heard}) == 1
        assert told(ann, "@HookBot ci build") == "I asked ci, but it answered with an error (404)."
        assert len(server.heard) == 3
        assert told(ann, "@HookBot ci build") == "I asked ci, but it answered with an error (302)."


def test_private_addresses_are_not_posted_to(start_hooked: Callable[..., Hooked]) -> None:
    _, ann, _ = start_hooked()
    with receiver() as inside:
        for host in ("127.0.0.1", "localhost", "LOCALHOST.", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"):
            assert "of a private network" in told(
                ann, f"@HookBot send ci to {inside.url.replace('127.0.0.1', host)}"
            ), host
    assert not inside.heard


def asked(reply: Reply) -> tuple[int, list[str]]:
    """How often HookBot posts where this comes back each time, and what it says in the end."""
    shared = json.dumps({"-1": {"out:ci": {"url": "http://x.example/", "key": "aaaa", "by": "ann"}}})
    step = begin(hook_bot.bot, Event("ci build", "ann", room="#a", place="-1"), "{}", shared)
    posts = 0
    while step.fetch:
        posts += 1
        step = resume(step, reply)
    return posts, step.says


def test_an_address_that_is_refused_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)
    refused = fetch_page(Post("http://inside.example/"))
    assert asked(refused) == (1, [f"I asked ci, but {refused.problem}."])
    assert "of a private network" in refused.problem
    malformed = fetch_page(Post("http://x.example/\x7f", is_open=True))
    assert asked(malformed) == (1, ["I asked ci, but its address is none of HTTP."])
    assert asked(Reply("", 302, problem="it moved"))[0] == 1
    assert asked(Reply("", 503, problem="it is busy"))[0] == len(hook_bot.TRIES_AFTER_S)


def test_one_who_drips_the_head_of_an_answer_holds_nobody_longer_than_the_time() -> None:
    over = threading.Event()

    def drip(door: socket.socket) -> None:
        caller, _ = door.accept()
        with caller, suppress(OSError):
            caller.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not over.wait(0.05):
                caller.sendall(b"x")

    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        thread = threading.Thread(target=drip, args=(door,))
        thread.start()
        reply = fetch_page(Post(f"http://127.0.0.1:{door.getsockname()[1]}/", 0.5, is_open=True))
        over.set()
        thread.join()
    assert reply.problem == "it did not answer within 0.5 seconds"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        *[
            (each, False)
            for each in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0")
        ],
        *[
            (each, False)
            for each in ("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1")
        ],
        *[(each, False) for each in ("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:10.0.0.1")],
    ],
)
def test_which_addresses_everybody_can_reach(address: str, expected: bool) -> None:
    assert is_public(address) is expected


@pytest.mark.parametrize(
    "said",
    [
        *(
            "add list",
            "add Ä",
            "add " + "x" * 33,
            "add a/b",
            "send ci to ftp://x",
            "send ci to http://",
            "send ci to x",
        ),
        *("send ci to http://user:word@host/", "send ci to http://a b", "send ci to http://x/" + "y" * 300),
        *("send ci to http://[::1", "send ci to http://x:99999/", "remove nothing", "nothing here"),
    ],
)
def test_what_makes_no_hook_is_refused(said: str) -> None:
    step = begin(hook_bot.bot, Event(said, "ann", room="#ops", place="-1", owns_room=True))
    assert step.shared is None
    [sentence] = step.says
    assert len(sentence) < 200


def test_there_is_an_end_to_hooks() -> None:
    shared = "{}"
    for number in range(hook_bot.PER_OWNER_MAX + 1):
        place = str(-1 - number // hook_bot.PER_ROOM_MAX)
        step = begin(hook_bot.bot, Event(f"add h{number}", "ann", room="#a", place=place, owns_room=True), "{}", shared)
        shared = step.shared or shared
    assert step.says[0].startswith("A room has at most 10 hooks")
    assert sum(map(len, json.loads(shared).values())) == hook_bot.PER_OWNER_MAX
