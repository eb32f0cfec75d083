"""Floods from one attacker, at every door: nobody else waits, and nothing of them stays in memory."""

import json
import socket

import pytest

from tests.harness import PASSWORD
from tests.hostile.conftest import OpenDoors
from tests.hostile.doors import call, reset, to_the_end

MANY = 300
NESTED = b'{"a":[' + b"[]," * 20_000 + b"[]]}"
MB = 1 << 20


def post(body: bytes) -> bytes:
    """What a program posts to a hook that is none."""
    kinds = f"Content-Type: application/json\r\nContent-Length: {len(body)}"
    return f"POST /hooks/nonsense HTTP/1.1\r\nHost: x\r\n{kinds}\r\n\r\n".encode() + body


def test_costly_posts_to_hooks_that_end_at_once(open_doors: OpenDoors) -> None:
    doors = open_doors()
    posted = post(NESTED)
    callers = [call(doors.hooks) for _ in range(MANY)]
    for caller in callers:
        caller.sendall(posted[:-1])
    for caller in callers:
        caller.sendall(posted[-1:])
    for caller in callers:
        assert to_the_end(caller).startswith(b"HTTP/1.1 404 ")
        caller.close()


def test_what_callers_have_sent_goes_with_them(open_doors: OpenDoors) -> None:
    """60 KB of each of two thousand, of the hooks' callers and of the owner's."""
    doors = open_doors()
    command = json.dumps({"words": ["a" * 60_000]}).encode() + b"\n"
    before = doors.memory_bytes
    for _ in range(1000):
        with doors.call_admin() as owner:
            owner.sendall(command)
            assert b"BAD_COMMAND" in to_the_end(owner)
        with call(doors.hooks) as caller:
            caller.sendall(post(b"[" * 60_000))
            assert to_the_end(caller).startswith(b"HTTP/1.1 404 ")
    assert doors.memory_bytes - before < 30 * MB


def test_figures_asked_for_again_and_again(open_doors: OpenDoors) -> None:
    doors = open_doors()
    for _ in range(10):
        callers = [call(doors.metrics) for _ in range(60)]
        for caller in callers:
            caller.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for caller in callers:
            assert to_the_end(caller).startswith(b"HTTP/1.1 ")
            caller.close()


@pytest.mark.parametrize("how", ["reset", "half-closed"])
def test_hundreds_that_go_at_once(open_doors: OpenDoors, how: str) -> None:
    doors = open_doors()
    callers = [call(doors.pipe) for _ in range(MANY)]
    for caller in callers:
        caller.sendall(b"HELP\n" * 20)
    for caller in callers:
        if how == "reset":
            reset(caller)
        else:
            caller.shutdown(socket.SHUT_WR)
    for caller in callers:
        if how == "half-closed":
            assert to_the_end(caller).count(b"\nOK|HELP|") == 20
            caller.close()


def test_a_page_asked_for_ahead_by_hundreds_who_say_no_more(open_doors: OpenDoors) -> None:
    doors = open_doors()
    callers = [call(doors.server.web_address) for _ in range(100)]
    for caller in callers:
        caller.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        caller.shutdown(socket.SHUT_WR)
    for caller in callers:
        assert to_the_end(caller).count(b"HTTP/1.1 200 ") == 20
        caller.close()


def test_long_messages_to_hundreds_of_sessions(open_doors: OpenDoors) -> None:
    """All at once they are hundreds of megabytes, which the kernel takes as many milliseconds to copy."""
    doors = open_doors(sync="normal")
    ann, ben = doors.server.friends("ann", "ben")
    sessions = [doors.server.login("ben") for _ in range(MANY)]
    for _ in range(5):
        ann.send(*[f"SENDMESSAGE|ann|ben|{'y' * 3900}"] * 256)
        for _ in range(256):
            ann.answers("OK|SENDMESSAGE|…")
    ben.says("PING|read all", "OK|PING|read all")
    for session in sessions:
        session.close()


def test_logins_that_go_before_they_are_answered(open_doors: OpenDoors) -> None:
    doors = open_doors()
    doors.server.user("ann")
    for _ in range(20):
        callers = [call(doors.pipe) for _ in range(20)]
        for caller in callers:
            caller.sendall(f"LOGIN|ann|{PASSWORD}\n".encode() * 3)
            reset(caller)


def test_an_administrators_verb_from_who_is_none(open_doors: OpenDoors) -> None:
    doors = open_doors()
    ann = doors.server.user("ann")
    for words in ("'a' " * 2000, "\\" * 8000, '"' + "x" * 8000, "user list " * 700):
        ann.send(*[f"ADMIN|ann|{words}"] * 100)
        for _ in range(100):
            ann.answers("ERR|ADMIN|NOT_ALLOWED|…")
