"""What the pipe makes of lines, without a server."""

from itertools import takewhile
from random import Random
from typing import Any, cast

import pytest

from chatserver.core.commands import SendBurst, SendMessage
from chatserver.core.outcome import Refused
from chatserver.core.tags import Row, in_a_row
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


def as_said(command: SendBurst | None) -> tuple[list[str], list[str], list[str]]:
    """Tags, parties and texts, however they are kept."""
    assert command is not None
    parties = [name for name, count in command.to for _ in range(count)]
    return list(command.tags or ()), parties, list(command.texts)


@pytest.mark.parametrize("stem", ["x7", "a.b", "", "-", "x" * 28])
@pytest.mark.parametrize("first", [0, 7, 97, 998])
def test_tags_in_a_row_are_known_as_such(stem: str, first: int) -> None:
    tags, texts = [f"{stem}.{at}" for at in range(first, first + 4)], ["hi", "", "|", "ho | ho"]
    said = [f"SENDMESSAGE#{tag}|anna|ben|{text}" for tag, text in zip(tags, texts, strict=True)]
    command = client("anna").front.read_burst(client("anna"), said, 9, NOW_MS)
    good = [tag for tag in tags if len(tag) <= 32]  # a longer one is no tag
    assert as_said(command) == (good, ["ben"] * len(good), texts[: len(good)])
    assert command is not None
    assert type(command.tags) is (Row if good == tags else list)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_nearly_a_row_says_the_same(seed: int) -> None:
    """What is known of a row is only how it was said, and whoever says it so in other words is understood as well."""
    chance = Random(seed)
    first = chance.choice([0, 8, 9, 97, 10**15 - 3, 10**15 - 9])
    heads = [[f"x.{at}", "anna", "ben", chance.choice(["hi", "", "x.1", "|"])] for at in range(first, first + 6)]
    for _ in range(chance.randrange(3)):
        row = chance.choice(heads)
        at = chance.randrange(3)
        row[at] = chance.choice([["x.09", "x.٣", "y.1", "x.1.2", "x", "x.7"], ["anna", "ben"], ["ben", "carl", ""]][at])
    said = [f"SENDMESSAGE#{'|'.join(row)}" for row in heads]
    command = client("anna").front.read_burst(client("anna"), said, 9, NOW_MS)
    good = list(takewhile(lambda row: row[1] == "anna" and row[0].isascii(), heads))
    if len(good) < 2:
        assert command is None
    else:
        tags, _, parties, texts = map(list, zip(*good, strict=True))
        assert as_said(command) == (tags, parties, texts)
        assert command is not None
        assert in_a_row(command.tags or []) == in_a_row(tags)


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
