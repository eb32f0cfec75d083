"""What a user sees of what happens, and of the answers."""

import time

import pytest

from chatclient.core import events as ev
from chatclient.core import outcomes
from chatclient.net.carrier import Happened, Offline
from chatclient.terminal.desk import _SHOWN, RESTORED, TYPING_S, Desk
from chatclient.terminal.lines import Line, Palette, Piece, line, paint_cut
from chatclient.terminal.textwidth import width
from chatclient.terminal.views import view

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
        (outcomes.LoginFailed("BAD_LOGIN", "No"), ["Not logged in: No. Type /login NAME"]),
        (outcomes.CaughtUp(), []),
        (outcomes.Restored(), [RESTORED]),
        (ev.FriendRequest("bob"), ["bob asks to be your friend: /accept bob or /reject it"]),
        (ev.FriendAdded("bob", "away", "lunch"), ["bob is your friend now (away: lunch): /to bob"]),
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
        (ev.Edited(1, TIME, "bob", "alice", "hello"), ["bob corrected “the day has its divider now” to hello"]),
        (ev.Deleted(1, "bob", "alice"), ["bob took back “the day has its divider now”"]),
        (ev.Reaction(1, "bob", "alice", "👍", "+"), ["bob puts 👍 to “the day has its divider now”"]),
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
        (ev.Ok("SEARCH", "t", ("0",)), ["No message holds all these words"]),
        (ev.Ok("SETSTATUS", "t", ("busy", "do | not")), ["You are busy: do | not"]),
        (ev.Ok("ADDFRIEND", "t", ("bob", "requested")), ["bob has been asked: you can write once bob says yes"]),
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
        (ev.Ok("SIGNUP", "t", ("bob",)), ["The account bob is made"]),
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


def test_what_comes_from_the_server_stands_where_its_number_belongs_and_names_the_user(desk: Desk) -> None:
    """Also around what has been said since: a gap is closed, nothing is doubled, and marks wait for their message."""
    desk.take(ev.Message(20, TIME, "bob", "#dev", "live"))
    desk.take(ev.Reaction(12, "bob", "#dev", "👍", "+"))
    rows = [(str(number), TIME, "bob", "#dev", f"{number} for alice") for number in (11, 12)]
    desk.loaded("#dev", [*rows, ("20", TIME, "bob", "#dev", "live"), ("x", "y")], is_all=False)
    desk.loaded("#dev", [("5", TIME, "bob", "#dev", "the first")], is_all=True)
    window = desk.at("#dev")
    assert [said.message.id for said in window] == [5, 11, 12, 20]
    assert [said.mentions for said in window] == [False, True, True, False]
    assert window.said(12).reactions == {"👍": ["bob"]}
    assert window.is_whole


def test_a_window_opened_by_another_spelling_gets_the_server_s(desk: Desk) -> None:
    desk.open("CAROL")
    desk.take(ev.Message(2, TIME, "carol", "alice", "hi"))
    assert (desk.place, desk.places(), desk.unread) == ("carol", ["bob", "carol"], {})


@pytest.mark.parametrize(
    ("text", "is_mention"),
    [
        ("hi Alice!", True),
        ("ALICE", True),
        ("@alice: hm", True),
        ("malice", False),
        ("alice-spring", False),
        ("alices", False),
        ("the rose garden", True),
        ("roses", False),
    ],
)
def test_a_mention_is_a_whole_word(desk: Desk, text: str, is_mention: bool) -> None:
    desk.words = ["rose"]
    assert desk.mentions_me(text) is is_mention


def test_of_many_members_names_alone_are_shown(desk: Desk) -> None:
    rows = tuple((f"u{number}", "online" if number < 2 else "offline", "member") for number in range(20))
    shown = texts(view(desk, ev.Ok("SHOWMEMBERS", "t", ("20",), rows)))
    assert shown[0] == "  2 online: u0, u1"
    assert shown[1].startswith("  18 offline: u2, u3")
    desk.unfolded = True
    assert len(view(desk, ev.Ok("SHOWMEMBERS", "t", ("20",), rows))) == 20


def test_the_conversations_of_the_server_become_windows(desk: Desk) -> None:
    rows = (("carol", "9", TIME, "2", "8", "0"), ("#dev", "7", TIME, "0", "0", "0"), ("bob", "3", TIME, "0", "0", "3"))
    view(desk, ev.Ok("SHOWCONVERSATIONS", "t", ("3",), rows))
    assert desk.unread == {"carol": 2}
    assert desk.at("carol").new_after == 7
    assert desk.at("bob").readers == {"bob"}
    assert desk.places() == ["bob", "carol"]  # where windows are known already, a quiet conversation gets none


def test_a_reaction_of_ones_own_is_told_where_the_message_is_off_the_screen(desk: Desk) -> None:
    desk.open("bob")
    for number in range(2, 30):
        take(desk, ev.Message(number, TIME, "bob", "alice", f"line {number}"))
    desk.take(ev.Reaction(29, "alice", "bob", "👍", "+"))
    desk.take(ev.Reaction(1, "alice", "bob", "👍", "+"))
    notes = [entry for entry in desk.window.entries if isinstance(entry, Line)]
    assert texts(notes) == ["alice puts 👍 to “the day has its divider now”"]
