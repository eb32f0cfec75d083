"""Which refusal comes first, and that answers keep the order of their commands however they arrive."""

import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, Running, shown

# The first reason that holds


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("DANCE#|alice", "BAD_FRAME"),  # also an unknown command
        ("SENDMESSAGE#", "BAD_FRAME"),  # also not logged in, also without arguments
        ("LOGIN#bad tag", "BAD_FRAME"),
        ("DANCE|alice", "UNKNOWN_COMMAND"),  # also not logged in
        ("SENDMESSAGE", "NOT_LOGGED_IN"),  # also without arguments
        ("HISTORY|alice|bob|0", "NOT_LOGGED_IN"),
        ("LOGOUT|a|b|c", "NOT_LOGGED_IN"),
        ("LOGIN|alice", "BAD_ARGUMENTS"),
        ("SIGNUP|_|x|y", "BAD_ARGUMENTS"),  # also BAD_NAME and BAD_PASSWORD
        ("SIGNUP|_|x", "BAD_NAME"),
    ],
)
def test_before_login(server: Running, line: str, code: str) -> None:
    server.connect().refused(line, code)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("SENDMESSAGE#é|bob", "BAD_FRAME"),
        ("DANCE|bob", "UNKNOWN_COMMAND"),
        ("SENDMESSAGE|bob|alice", "BAD_ARGUMENTS"),  # also NOT_YOU
        ("HISTORY|bob|nobody|0", "BAD_ARGUMENTS"),  # also NOT_YOU and NO_SUCH_USER
        ("SYNC|bob|x", "BAD_ARGUMENTS"),
        ("SETSTATUS|bob|sleeping", "BAD_ARGUMENTS"),
        ("LOGOUT|bob|x", "BAD_ARGUMENTS"),
        ("LOGIN|alice", "BAD_ARGUMENTS"),  # also ALREADY_LOGGED_IN
        ("RESUME|alice|token|x", "BAD_ARGUMENTS"),
        ("ADDFRIEND|bob|nobody", "NOT_YOU"),  # also NO_SUCH_USER
        ("ADDFRIEND|bob|alice", "NOT_YOU"),
        ("ADDFRIEND||alice", "NOT_YOU"),
        ("ADDFRIEND|nobody|alice", "NOT_YOU"),
        ("SENDMESSAGE|bob|alice| ", "NOT_YOU"),  # also BAD_TEXT
        ("SETPASSWORD|bob|wrong|x", "NOT_YOU"),  # also BAD_LOGIN and BAD_PASSWORD
        ("DELETEACCOUNT|bob|wrong", "NOT_YOU"),
        ("LOGIN|nobody|x", "ALREADY_LOGGED_IN"),
    ],
)
def test_after_login(server: Running, line: str, code: str) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.refused(line, code)
    bob.no_event()
    alice.says("SHOWFRIENDS|alice", "ITEM|SHOWFRIENDS|bob|online|", "OK|SHOWFRIENDS|1")


# Lines that are no frames


@pytest.mark.parametrize(
    "raw",
    [
        b"PING|\xff",
        b"\x00",
        b"PING|\x1b[2J",
        b"PING|a\rb",
        "PING|\u202e".encode(),
        "PING|\u2028".encode(),
        b"PING\r\r",
        b"x" * 8192,
    ],
    ids=shown,
)
def test_what_is_no_frame_is_answered_in_its_place_and_the_connection_goes_on(server: Running, raw: bytes) -> None:
    client = server.connect()
    client.send_bytes(b"PING|before\n" + raw + b"\nPING|after\n")
    client.expect("OK|PING|before", "ERR|?|BAD_FRAME|…", "OK|PING|after")
    client.no_event()


def test_what_is_no_frame_is_answered_behind_a_hash_that_is_running(server: Running) -> None:
    client = server.connect()
    client.send_bytes(f"SIGNUP|alice|{PASSWORD}\n".encode() + b"\xff\n" + b"z" * 10_000 + b"\nPING\n")
    client.expect("OK|SIGNUP|alice", "ERR|?|BAD_FRAME|…", "ERR|?|BAD_FRAME|…", "OK|PING|")


def test_an_overlong_line_is_answered_once_before_it_ends(server: Running) -> None:
    client = server.connect()
    client.send_bytes(b"x" * 8192)
    client.expect("ERR|?|BAD_FRAME|…")
    for _ in range(20):
        client.send_bytes(b"x" * 8192)
    client.send_bytes(b"\nPING\n")
    client.expect("OK|PING|")


def test_a_line_at_the_limit(server: Running) -> None:
    client = server.connect()
    room = 8192 - len("HELP|\r\n")
    client.send_bytes(b"HELP|" + b"x" * room + b"\r\n" + b"HELP|" + b"x" * (room + 1) + b"\r\n")
    client.expect("ERR|HELP|UNKNOWN_COMMAND|…", "ERR|?|BAD_FRAME|…")


def test_empty_lines_are_ignored_and_blanks_are_not(server: Running) -> None:
    client = server.connect()
    client.send_bytes(b"\n\r\n\n \n\t\nPING\r\n")
    client.expect("ERR|?|UNKNOWN_COMMAND|…", "ERR|?|UNKNOWN_COMMAND|…", "OK|PING|")


@pytest.mark.parametrize(
    ("typed", "echo"),
    [
        ("dance", "DANCE"),
        ("x" * 32, "X" * 32),
        ("x" * 33, "?"),
        ("PING ", "?"),
        (" PING", "?"),
        ("PING2", "?"),
        ("été", "?"),
        ("ſignup", "?"),
        ("|PING", "?"),
        ("dance#t", "DANCE#t"),
    ],
)
def test_an_unknown_command_is_echoed_if_it_could_be_one(server: Running, typed: str, echo: str) -> None:
    client = server.connect()
    client.send(typed)
    client.expect(f"ERR|{echo}|UNKNOWN_COMMAND|…")


@pytest.mark.parametrize(
    ("typed", "nearest"), [("LOGN|a|b", "LOGIN"), ("sendmesage", "SENDMESSAGE"), ("ADDFREIND", "ADDFRIEND")]
)
def test_an_unknown_command_names_the_nearest(server: Running, typed: str, nearest: str) -> None:
    assert nearest in server.connect().refused(typed, "UNKNOWN_COMMAND")


# Pipelining


def test_answers_keep_the_order_of_their_commands_across_hashing(server: Running) -> None:
    client = server.connect()
    client.send(
        "PING|1",
        f"SIGNUP|alice|{PASSWORD}",
        f"SIGNUP|bob|{PASSWORD}",
        "SHOWFRIENDS|alice",
        "LOGIN|alice|wrong horse",
        f"LOGIN|alice|{PASSWORD}",
        "ADDFRIEND|alice|bob",
        f"SETPASSWORD|alice|{PASSWORD}|battery staple",
        "PING|2",
        "LOGOUT",
        f"LOGIN|alice|{PASSWORD}",
        "LOGIN|alice|battery staple",
        "SHOWREQUESTS|alice",
        "DELETEACCOUNT|alice|battery staple",
        "PING|behind",
    )
    client.expect(
        "OK|PING|1",
        "OK|SIGNUP|alice",
        "OK|SIGNUP|bob",
        "ERR|SHOWFRIENDS|NOT_LOGGED_IN|…",
        "ERR|LOGIN|BAD_LOGIN|…",
        "OK|LOGIN|alice|…",
        "OK|ADDFRIEND|bob|requested",
        "OK|SETPASSWORD|alice",
        "OK|PING|2",
        "OK|LOGOUT|alice",
        "ERR|LOGIN|BAD_LOGIN|…",
        "OK|LOGIN|alice|…",
        "ITEM|SHOWREQUESTS|out|bob",
        "OK|SHOWREQUESTS|1",
        "OK|DELETEACCOUNT|alice",
        "BYE|DELETED|…",
    )
    client.expect_end()


def test_thousands_of_commands_ahead(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    for start in range(0, 5000, 500):
        alice.send(*(f"SENDMESSAGE#t{at}|alice|bob|{at}" for at in range(start, start + 500)))
    for at in range(5000):
        alice.expect(f"OK|SENDMESSAGE#t{at}|…")
    for at in range(5000):
        bob.expect(f"EVENT|MESSAGE|…|alice|bob|{at}")


def test_one_that_floods_does_not_keep_the_others_waiting(server: Running) -> None:
    """The flood is far larger than what a socket holds: a server that served it to its end would not answer."""
    flooder, other = server.connect(), server.connect()
    flooder.socket.settimeout(0)
    flood = b"PING|x\n" * 100_000
    while flood:
        try:
            flood = flood[flooder.socket.send(flood) :]
        except BlockingIOError:
            break
    other.says("PING|still there?", "OK|PING|still there?")


# The end of the client's side


def test_what_was_received_before_the_end_is_answered_and_an_unfinished_line_dropped(server: Running) -> None:
    client = server.connect()
    client.send_bytes(b"PING|1\nDANCE\nPING|2\nPING|unfinished")
    client.end_sending()
    client.expect("OK|PING|1", "ERR|DANCE|UNKNOWN_COMMAND|…", "OK|PING|2")
    client.expect_end()


def test_the_end_waits_for_the_hash(server: Running) -> None:
    client = server.connect()
    client.send(f"SIGNUP|alice|{PASSWORD}", f"LOGIN|alice|{PASSWORD}", "SHOWFRIENDS|alice")
    client.end_sending()
    client.expect("OK|SIGNUP|alice", "OK|LOGIN|alice|…", "OK|SHOWFRIENDS|0")
    client.expect_end()


def test_the_end_waits_for_a_long_pipeline(server: Running) -> None:
    alice, bob = server.friends("alice", "bob")
    alice.send(*(f"SENDMESSAGE|alice|bob|{at}" for at in range(2000)))
    alice.end_sending()
    for _ in range(2000):
        alice.expect("OK|SENDMESSAGE|…")
    alice.expect_end()
    for at in range(2000):
        bob.event(f"MESSAGE|…|{at}")
    bob.event("STATUS|alice|offline|")


def test_a_client_that_says_nothing_and_leaves(server: Running) -> None:
    client = server.connect()
    client.end_sending()
    client.expect_end()


# One transcript, cut in any way

TRANSCRIPT = (
    f"""PING|first
signup|Alice|{PASSWORD}
SIGNUP#tag|Zoë|{PASSWORD}
SIGNUP|alice|{PASSWORD}
LOGIN|alice|wrong horse
SHOWFRIENDS|alice

LOGIN|alice|{PASSWORD}
ADDFRIEND|alice|zoë
ADDFRIEND|alice|zoë
SHOWREQUESTS|alice
SETSTATUS|alice|away|a|b
SENDMESSAGE|alice|Zoë|hi
DANCE#t1|alice
SENDMESSAGE#bad tag|x
 \t
HISTORY|alice|zoë|501
LOGOUT
LOGIN|zoe\u0308|{PASSWORD}
ACCEPTFRIEND|zoë|alice
SENDMESSAGE#k1|zoë|alice|日本|語
SENDMESSAGE#k1|zoë|alice|日本|語
HISTORY|zoë|alice
SYNC|zoë|0|10
""".encode()
    + (
        b"PING|\xff\n"
        + b"PING|crlf\r\n"
        + b"y" * 9000
        + b"\n"
        + b"PING|\x07\n"
        + b"HELP|QUIT\nPING|last\nQUIT|now\nPING|behind\n"
    )
)


def _whole(data: bytes) -> list[int]:
    return []


def _byte_by_byte(data: bytes) -> list[int]:
    return list(range(1, len(data)))


def _at_random(data: bytes) -> list[int]:
    chance = random.Random(len(data))
    return sorted(chance.sample(range(1, len(data)), 120))


def _within_line_ends(data: bytes) -> list[int]:
    return [at for at, byte in enumerate(data) if byte == ord("\n")]


def _pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    for start, end in pairwise([0, *cuts, len(data)]):
        yield data[start:end]


def _play(server: Running, cuts: list[int]) -> list[str]:
    """Send the transcript in pieces; all that was answered, ids and tokens and times taken out."""
    client = server.connect()
    for piece in _pieces(TRANSCRIPT, cuts):
        client.send_bytes(piece)
    frames = client.until("BYE|…")
    frames = [re.sub(r"(OK\|LOGIN\|[^|]*)\|.*", r"\1", frame) for frame in frames]
    return [re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]*Z", "TIME", frame) for frame in frames]


@pytest.mark.parametrize("cut", [_byte_by_byte, _at_random, _within_line_ends])
def test_a_transcript_cut_in_any_way_gets_the_same_answers(
    start_server: StartServer, cut: Callable[[bytes], list[int]]
) -> None:
    whole = _play(start_server(), _whole(TRANSCRIPT))
    assert whole[-2] == "OK|QUIT"
    assert sum(frame.startswith("ERR|?|BAD_FRAME|") for frame in whole) == 4
    assert _play(start_server(), cut(TRANSCRIPT)) == whole
