"""What the pipe makes of lines, without a server."""

from typing import Any, cast

import pytest

from chatserver.core.commands import SendBurst, SendMessage
from chatserver.core.outcome import Refused
from chatserver.fronts.pipe.front import BURST_MAX, Pipe
from chatserver.sessions.asks import AskLogIn
from chatserver.sessions.client import Client
from chatserver.sessions.phases import Phase

NOW_MS = 5


def client(name: str = "") -> Client:
    """One that is logged in as that, or not yet."""
    made = Client(cast(Any, None), Pipe(), "")
    if name:
        made.log_in(1, name, b"")
    return made


def read(who: Client, line: str) -> tuple[str, object]:
    return who.front.read(who, line, NOW_MS)


def test_a_line_is_what_its_phase_allows() -> None:
    who = client()
    assert read(who, "login#t|anna|secret") == ("LOGIN#t", AskLogIn("anna", "secret"))
    echo, refused = read(who, "SENDMESSAGE|anna|ben|hi")
    assert echo == "SENDMESSAGE"
    assert isinstance(refused, Refused)
    assert refused.code == "NOT_LOGGED_IN"
    who.log_in(1, "anna", b"")
    assert read(who, "SENDMESSAGE|anna|ben|hi | ho") == ("SENDMESSAGE", SendMessage(1, "ben", "hi | ho", "", NOW_MS))
    assert isinstance(read(who, "LOGIN|anna|secret")[1], Refused)
    who.log_out()
    assert read(who, "LOGIN|anna|secret")[1] == AskLogIn("anna", "secret")


@pytest.mark.parametrize("phase", [Phase.CLOSING, Phase.CLOSED])
def test_nothing_can_be_said_where_nothing_is_read(phase: Phase) -> None:
    who = client("anna")
    who.close()
    assert who.rows == {}
    assert who.sends == ""


def test_messages_to_one_party_are_a_burst() -> None:
    lines = ["SENDMESSAGE|anna|ben|hi", "SENDMESSAGE|anna|ben|ho | ho", "PING", "SENDMESSAGE|anna|ben|no"]
    assert client("anna").front.read_burst(client("anna"), lines, 9, NOW_MS) == SendBurst(
        1, [("ben", 2)], ["hi", "ho | ho"], 5
    )


def test_messages_with_tags_to_several_parties_are_a_burst_too() -> None:
    said = ["SENDMESSAGE#a|anna|ben|hi", "SENDMESSAGE#b|anna|#den|ho | ho", "SENDMESSAGE#c|anna|#den|"]
    expected = SendBurst(1, [("ben", 1), ("#den", 2)], ("hi", "ho | ho", ""), 5, ["a", "b", "c"])
    for more in ([], ["PING"], ["SENDMESSAGE|anna|ben|no tag"], ["SENDMESSAGE#d|anna"], ["SENDMESSAGE##|anna|ben|hi"]):
        assert client("anna").front.read_burst(client("anna"), said + more, 9, NOW_MS) == expected


def test_messages_without_tags_to_several_parties_are_a_burst_too() -> None:
    said = ["SENDMESSAGE|anna|ben|hi", "SENDMESSAGE|anna|#den|ho", "SENDMESSAGE|anna|ben|hi", "PING"]
    expected = SendBurst(1, [("ben", 1), ("#den", 1), ("ben", 1)], ("hi", "ho", "hi"), 5)
    assert client("anna").front.read_burst(client("anna"), said, 9, NOW_MS) == expected


@pytest.mark.parametrize(
    "lines",
    [
        ["SENDMESSAGE#t|anna|ben|hi", "SENDMESSAGE|anna|ben|hi"],
        ["SENDMESSAGE|anna|ben|hi", "SENDMESSAGE#t|anna|ben|hi"],
        ["SENDMESSAGE#t|anna|ben|hi", "SENDMESSAGE#a b|anna|ben|hi"],
        ["SENDMESSAGE#|anna|ben|hi", "SENDMESSAGE#|anna|ben|hi"],
        ["SENDMESSAGE#t|anna|ben|hi", "SENDMESSAGE#u|anna|ben"],
        ["SENDMESSAGE#t|anna|ben|hi", "SENDMESSAGE#u|Anna|ben|hi"],
        ["SENDMESSAGEX|anna|ben|hi", "SENDMESSAGEX|anna|ben|hi"],
        ["SENDMESSAGE", "SENDMESSAGE"],
        ["SENDMESSAGE|ben|anna|hi", "SENDMESSAGE|ben|anna|hi"],
        ["PING", "PING"],
    ],
)
def test_others_are_not(lines: list[str]) -> None:
    who = client("anna")
    assert who.front.read_burst(who, lines, 9, NOW_MS) is None


def test_nobody_who_is_not_logged_in_sends_bursts() -> None:
    who = client()
    assert who.front.read_burst(who, ["SENDMESSAGE||ben|hi"] * 2, 9, NOW_MS) is None


def test_a_burst_is_no_longer_than_it_may_be() -> None:
    who = client("anna")
    for most, expected in ((10**6, BURST_MAX), (7, 7)):
        command = who.front.read_burst(who, ["SENDMESSAGE|anna|ben|hi"] * 1000, most, NOW_MS)
        assert command is not None
        assert len(command.texts) == expected
