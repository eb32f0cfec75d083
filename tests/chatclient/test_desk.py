"""What a user sees of what happens, and of the answers."""

import time

import pytest

from chatclient import events as ev
from chatclient import outcomes
from chatclient.carrier import Happened, Offline
from chatclient.desk import _SHOWN, TYPING_S, Desk
from chatclient.lines import Line, Palette, Piece, line, paint_cut
from chatclient.textwidth import width
from chatclient.views import view

TIME = "2026-11-24T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def desk() -> Desk:
    desk = Desk(clock=lambda: 100.0)
    desk.take(outcomes.LoggedIn("alice", "token", again=False))
    desk.take(ev.Message(1, TIME, "alice", "bob", "the day has its divider now"))
    return desk


def texts(lines: list[Line]) -> list[str]:
    return ["".join(piece.text for piece in shown.head) + shown.body for shown in lines]


def take(desk: Desk, event: Happened) -> list[str]:
    return texts(desk.take(event))


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (ev.Message(2, TIME, "bob", "alice", "hi"), ["12:00 bob: hi"]),
        (ev.Message(2, TIME, "alice", "bob", "hi"), ["12:00 → bob: hi"]),
        (ev.Message(2, TIME, "carol", "#dev", "hi"), ["12:00 #dev carol: hi"]),
        (ev.Message(2, TIME, "bob", "alice", "hi", "missed"), ["— while you were away —", "12:00 bob: hi"]),
        (ev.Message(2, "no time", "bob", "alice", "hi"), ["— an unknown day —", "--:-- bob: hi"]),
        (outcomes.Sent("t", 2, TIME, "bob", "hi"), ["12:00 → bob: hi"]),
        (outcomes.LoggedIn("alice", "t", again=True), ["Back online as alice"]),
        (outcomes.LoggedOut("alice"), ["alice is logged out"]),
        (outcomes.LoginFailed("BAD_LOGIN", "No"), ["Not logged in: No (BAD_LOGIN). Type /login NAME"]),
        (outcomes.CaughtUp(), []),
        (ev.FriendRequest("bob"), ["bob asks to be your friend: /accept bob or /reject it"]),
        (ev.FriendAdded("bob", "away", "lunch"), ["bob is your friend now (away: lunch)"]),
        (ev.FriendRemoved("bob"), ["bob is your friend no more"]),
        (ev.StatusChanged("bob", "busy", ""), ["bob is busy"]),
        (ev.Read("bob", "alice", 1), ["bob has read what you wrote"]),
        (ev.Read("bob", "#dev", 1), ["bob has read what you wrote in #dev"]),
        (ev.Read("alice", "bob", 1), []),
        (ev.Typing("bob", "alice"), []),
        (ev.Invited("#dev", "bob"), ["bob invites you to #dev: /join #dev"]),
        (ev.Joined("#dev", "bob"), ["bob joined #dev"]),
        (ev.Left("#dev", "bob"), ["bob left #dev"]),
        (ev.Topic("#dev", "bob", ""), ["bob set the topic of #dev: (none)"]),
        (ev.Notice("restart at noon"), ["Notice: restart at noon"]),
        (ev.Edited(1, TIME, "bob", "alice", "hello"), ["bob corrected (1) in bob: hello"]),
        (ev.Deleted(1, "bob", "alice"), ["bob took back message (1)"]),
        (ev.Reaction(1, "bob", "alice", "👍", "+"), ["bob +👍 on (1)"]),
        (ev.OtherEvent("WAVES", ("bob", "x")), ["WAVES: bob | x"]),
        (ev.Bye("SHUTDOWN", "back soon"), ["The server says good-bye: back soon"]),
        (ev.Garbage("no frame"), ["no frame"]),
        (Offline("No server listens", 1.0), ["No server listens"]),
        (Offline("The time to log in is over", None), ["The time to log in is over. Type /connect to try again"]),
    ],
)
def test_what_is_shown_of_an_event(desk: Desk, event: Happened, shown: list[str]) -> None:
    assert take(desk, event) == shown


def test_every_event_that_happens_to_a_user_is_shown_somewhere() -> None:
    of_the_session = {ev.Ok, ev.Refused, ev.Item, outcomes.Unanswered}
    silent = {ev.Hello, ev.Stranger, outcomes.LoginDelayed, *of_the_session}  # the carrier says Offline with the reason
    kinds = set(ev.Happening.__args__) | set(outcomes.Event.__args__) | {Offline}
    assert kinds - silent == set(_SHOWN)


def test_nothing_that_is_shown_can_move_the_cursor(desk: Desk) -> None:
    evil = "\x1b[2J\x9b\u202e\tx\r\n"
    shown = desk.take(ev.Message(2, TIME, evil, "alice", evil)) + desk.take(ev.StatusChanged(evil, evil, evil))
    assert all(character not in "".join(texts(shown)) for character in "\x1b\x9b\u202e\t\r\n")


def test_what_is_said_elsewhere_is_unread_until_its_conversation_is_opened(desk: Desk) -> None:
    desk.open("bob")
    for number, (sender, to) in enumerate([("carol", "alice"), ("carol", "alice"), ("dave", "#dev"), ("bob", "alice")]):
        desk.take(ev.Message(number + 2, TIME, sender, to, "hi"))
    assert desk.unread == {"carol": 2, "#dev": 1}
    desk.open("CAROL")
    assert (desk.place, desk.unread) == ("carol", {"#dev": 1})
    desk.take(ev.Read("alice", "#dev", 9))
    assert desk.unread == {}


@pytest.mark.parametrize(
    ("message", "rings"),
    [
        (ev.Message(2, TIME, "bob", "alice", "hi"), True),
        (ev.Message(2, TIME, "bob", "#dev", "hi all"), False),
        (ev.Message(2, TIME, "bob", "#dev", "hi Alice"), True),
        (ev.Message(2, TIME, "alice", "bob", "hi"), False),
        (ev.Message(2, TIME, "bob", "alice", "hi", "missed"), False),
        (ev.FriendRequest("bob"), True),
    ],
)
def test_the_bell_rings_when_somebody_speaks_to_the_user(desk: Desk, message: Happened, rings: bool) -> None:
    assert any(shown.bell for shown in desk.take(message)) is rings
    desk.bell = False
    assert not any(shown.bell for shown in desk.take(message))


def test_who_is_typing_is_forgotten_after_a_while_and_with_the_message() -> None:
    now = [0.0]
    desk = Desk(clock=lambda: now[0], me="alice", place="bob")
    desk.take(ev.Typing("bob", "alice"))
    desk.take(ev.Typing("carol", "alice"))
    assert desk.typing_here() == ["bob"]
    desk.take(ev.Message(1, TIME, "bob", "alice", "hi"))
    assert desk.typing_here() == []
    desk.take(ev.Typing("bob", "alice"))
    now[0] += TYPING_S
    assert desk.typing_here() == []


MESSAGE_ROW = ("7", TIME, "bob", "alice", "hi | there")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (ev.Ok("SHOWFRIENDS", "t", ("1",), (("bob", "away", "lunch"),)), ["  bob  away: lunch"]),
        (ev.Ok("SHOWREQUESTS", "t", ("1",), (("in", "bob"),)), ["  bob asks you: /accept bob or /reject bob"]),
        (ev.Ok("HISTORY", "t", ("1",), (MESSAGE_ROW,)), ["12:00 (7) bob: hi | there"]),
        (ev.Ok("SEARCH", "t", ("0",)), ["There are no messages"]),
        (ev.Ok("SETSTATUS", "t", ("busy", "do | not")), ["You are busy: do | not"]),
        (ev.Ok("ADDFRIEND", "t", ("bob", "requested")), ["bob has been asked"]),
        (ev.Ok("ADDFRIEND", "t", ("WeatherBot", "added")), ["WeatherBot is your friend now: /to WeatherBot"]),
        (ev.Ok("SHOWBOTS", "t", ("1",), (("EchoBot", "says it again"),)), ["  EchoBot  says it again"]),
        (
            ev.Ok("SHOWROOMS", "t", ("1",), (("#dev", "public", "3", "joined", "a|b"),)),
            ["  #dev  public, 3 in it, you too · a|b"],
        ),
        (ev.Ok("SHOWMEMBERS", "t", ("1",), (("bob", "online", "owner"),)), ["  bob  online · owner"]),
        (ev.Ok("SHOWUNREAD", "t", ("1",), (("bob", "2", "5"),)), ["  bob  2 unread"]),
        (ev.Ok("EXPLAIN", "t", ("1",), (("stored", "alice", "alice wrote it"),)), ["  stored    alice wrote it"]),
        (ev.Ok("MARKREAD", "t", ("bob", "5")), ["bob is read up to message 5"]),
        (ev.Ok("JOIN", "t", ("#dev",)), ["You are in #dev"]),
        (ev.Ok("HELP", "t", ("1",), (("PING", "see", "PING|[text]"),)), ["  PING|[text]  see"]),
        (ev.Ok("PING", "t", ("",)), ["The server answers"]),
        (ev.Ok("DANCE", "t", ("slowly",), (("a", "b"),)), ["a | b", "OK DANCE slowly"]),
        (ev.Ok("JOIN", "t", ()), ["You are in ?"]),
        (ev.Ok("SIGNUP", "t", ("bob",)), ["The account bob is made: /login bob"]),
    ],
)
def test_how_an_answer_reads(desk: Desk, answer: ev.Ok, shown: list[str]) -> None:
    assert texts(view(desk, answer)) == shown


def test_a_new_day_gets_a_divider(desk: Desk) -> None:
    assert (
        take(desk, ev.Message(2, "2026-11-25T00:00:01.000Z", "bob", "alice", "hi"))[0]
        == "— Wednesday 25 November 2026 —"
    )


def test_names_have_steady_colours_and_none_where_none_are_wanted() -> None:
    colours = {Palette(colour=True).paint("x", f"name:{name}") for name in ("alice", "bob", "carol", "dave", "eve")}
    assert len(colours) > 2
    assert Palette(colour=True).paint("x", "name:Alice") == Palette(colour=True).paint("x", "name:alice")
    assert Palette(colour=False).paint("x", "name:alice") == "x"


@pytest.mark.parametrize(
    ("environment", "colour"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(environment: dict[str, str], colour: bool) -> None:
    assert Palette.from_environment(environment).colour is colour


@pytest.mark.parametrize("columns", [5, 10, 20, 80])
def test_no_row_is_wider_than_the_terminal(columns: int) -> None:
    shown = line(
        "日本語 text that is long enough to be wrapped " * 3, "dim", (Piece("12:00 "), Piece("bob", "name:bob"))
    )
    rows = Palette(colour=False).rows(shown, columns)
    assert max(map(width, rows)) <= columns
    assert width(paint_cut(Palette(colour=False), shown.head, columns)) <= columns
