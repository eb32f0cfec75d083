"""The slash commands: what each one asks of the server."""

from collections.abc import Callable

import pytest

from chatclient import events as ev
from chatclient.desk import Desk
from chatclient.lines import Line
from chatclient.slash import SLASHES, run_line

TIME = "2026-11-24T12:00:00.000Z"


class Recorded:
    """Hands that write down what they are told to do."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.tells_typing = False
        self.done: list[tuple[str, ...]] = []
        self.said: list[str] = []
        self.secrets: list[str] = []
        self.then: Callable[[ev.Ok], None] | None = None
        self.otherwise: Callable[[], None] | None = None

    def ask(
        self,
        verb: str,
        *fields: str,
        then: Callable[[ev.Ok], None] | None = None,
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        self.done.append((verb, *fields))
        self.then, self.otherwise = then, otherwise

    def raw(self, frame: str) -> None:
        self.done.append(("raw", frame))

    def say(self, *lines: Line) -> None:
        self.said += ["".join(piece.text for piece in shown.head) + shown.body for shown in lines]

    def ask_secret(self, prompt: str, then: Callable[[str], None]) -> None:
        then(self.secrets.pop(0))

    def log_in(self, name: str, password: str | None = None) -> None:
        self.done.append(("log in", name, password or ""))

    def log_out(self) -> None:
        self.done.append(("log out",))

    def reconnect(self) -> None:
        self.done.append(("reconnect",))

    def redraw(self, *, forget: bool) -> None:
        self.done.append(("redraw", str(forget)))

    def leave(self) -> None:
        self.done.append(("leave",))


@pytest.fixture
def hands() -> Recorded:
    """In a conversation with bob, who said message 7 after the user's message 6."""
    hands = Recorded()
    hands.desk.me = "alice"
    hands.desk.take(ev.Message(6, TIME, "alice", "bob", "hi"))
    hands.desk.take(ev.Message(7, TIME, "bob", "alice", "hi"))
    hands.desk.open("bob")
    return hands


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("hello | you", ("SENDMESSAGE", "bob", "hello | you")),
        ("  two spaces stay", ("SENDMESSAGE", "bob", "  two spaces stay")),
        ("//starts with a slash", ("SENDMESSAGE", "bob", "/starts with a slash")),
        ("/msg BOB hi  there", ("SENDMESSAGE", "bob", "hi  there")),
        ("/add Weather Bot", ("ADDFRIEND", "Weather Bot")),
        ("/accept carol", ("ACCEPTFRIEND", "carol")),
        ("/reject carol", ("REJECTFRIEND", "carol")),
        ("/remove carol", ("DELETEFRIEND", "carol")),
        ("/block carol", ("BLOCK", "carol")),
        ("/unblock carol", ("UNBLOCK", "carol")),
        ("/blocks", ("SHOWBLOCKS",)),
        ("/friends", ("SHOWFRIENDS",)),
        ("/requests", ("SHOWREQUESTS",)),
        ("/bots", ("SHOWBOTS",)),
        ("/rooms", ("SHOWROOMS",)),
        ("/unread", ("SHOWUNREAD",)),
        ("/ping", ("PING",)),
        ("/status AWAY at lunch", ("SETSTATUS", "away", "at lunch")),
        ("/status online", ("SETSTATUS", "online", "")),
        ("/history", ("HISTORY", "bob", "20")),
        ("/history Weather Bot 5", ("HISTORY", "Weather Bot", "5")),
        ("/history 5", ("HISTORY", "bob", "5")),
        ("/search needle hay", ("SEARCH", "needle hay")),
        ("/edit hello", ("EDITMESSAGE", "6", "hello")),
        ("/edit (3) hello", ("EDITMESSAGE", "3", "hello")),
        ("/delete", ("DELETEMESSAGE", "6")),
        ("/delete 3", ("DELETEMESSAGE", "3")),
        ("/react 👍", ("REACT", "7", "👍")),
        ("/react 👍 (3)", ("REACT", "3", "👍")),
        ("/explain", ("EXPLAIN", "6")),
        ("/explain (3)", ("EXPLAIN", "3")),
        ("/read", ("MARKREAD", "bob", "7")),
        ("/create lobby", ("CREATEROOM", "#lobby")),
        ("/create #lobby PRIVATE", ("CREATEROOM", "#lobby", "private")),
        ("/join lobby", ("JOIN", "#lobby")),
        ("/leave #lobby", ("LEAVE", "#lobby")),
        ("/members #lobby", ("SHOWMEMBERS", "#lobby")),
        ("/invite #lobby carol", ("INVITE", "#lobby", "carol")),
        ("/kick #lobby carol", ("KICK", "#lobby", "carol")),
        ("/topic #lobby a | b", ("SETTOPIC", "#lobby", "a | b")),
        ("/topic #lobby", ("SETTOPIC", "#lobby", "")),
        ("/raw PING|x", ("raw", "PING|x")),
        ("/logout", ("log out",)),
        ("/connect", ("reconnect",)),
        ("/clear", ("redraw", "True")),
        ("/QUIT", ("leave",)),
        ("/help NOSUCHVERB", ("HELP", "NOSUCHVERB")),
    ],
)
def test_what_a_line_asks_for(hands: Recorded, typed: str, asked: tuple[str, ...]) -> None:
    run_line(hands, typed)
    assert (hands.done, hands.said) == ([asked], [])


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("/msg bob", "Usage: /msg NAME TEXT"),
        ("/add", "Usage: /add NAME"),
        ("/status", "Usage: /status"),
        ("/edit", "Usage: /edit"),
        ("/edit (3)", "Usage: /edit"),
        ("/delete it", "Usage: /delete"),
        ("/react", "Usage: /react"),
        ("/create", "Usage: /create"),
        ("/join", "Usage: /join"),
        ("/leave", "Which room?"),
        ("/invite #lobby", "Usage: /invite"),
        ("/raw", "Usage: /raw"),
        ("/raw login|alice|secret", "Use /signup, /login and /logout"),
        ("/raw LOGIN#x|alice|secret", "Use /signup, /login and /logout"),
        ("/login carol", "You are alice: /logout first"),
        ("/typing maybe", "Usage: /typing"),
        ("/to", "Nothing is unread"),
        ("/hlep", "did you mean /help?"),
        ("/zzz", "There is no /zzz See /help"),
        ("/read carol", "Nothing of carol"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_asked(hands: Recorded, typed: str, says: str) -> None:
    run_line(hands, typed)
    assert hands.done == []
    assert len(hands.said) == 1
    assert says in hands.said[0]


@pytest.mark.parametrize("typed", ["", "   "])
def test_an_empty_line_does_nothing(hands: Recorded, typed: str) -> None:
    run_line(hands, typed)
    assert (hands.done, hands.said) == ([], [])


def test_without_a_conversation_a_text_goes_nowhere(hands: Recorded) -> None:
    hands.desk.place = ""
    for typed in ("hello", "/history", "/delete"):
        run_line(hands, typed)
    assert hands.done == []
    assert ["whom" in said.lower() for said in hands.said] == [True, True, True]


def test_a_room_is_opened_by_joining_it_and_closed_by_leaving(hands: Recorded) -> None:
    run_line(hands, "/join #LOBBY")
    assert hands.desk.place == "#LOBBY"  # what is typed before the answer comes must not go to bob
    assert hands.then is not None
    hands.then(ev.Ok("JOIN", "t", ("#lobby",)))
    assert (hands.desk.place, hands.desk.rooms) == ("#lobby", {"#lobby"})
    run_line(hands, "/topic on rooms")
    assert hands.done[-1] == ("SETTOPIC", "#lobby", "on rooms")
    run_line(hands, "/leave")
    hands.then(ev.Ok("LEAVE", "t", ("#lobby",)))
    assert (hands.desk.place, hands.desk.rooms) == ("", set())


def test_a_room_that_lets_nobody_in_is_not_left_open(hands: Recorded) -> None:
    run_line(hands, "/join secret")
    assert hands.otherwise is not None
    hands.otherwise()
    assert (hands.desk.place, hands.desk.rooms) == ("bob", set())


def test_an_answer_that_comes_late_does_not_move_the_user(hands: Recorded) -> None:
    run_line(hands, "/join lobby")
    hands.desk.open("bob")
    assert hands.then is not None
    hands.then(ev.Ok("JOIN", "t", ("#lobby",)))
    assert (hands.desk.place, hands.desk.rooms) == ("bob", {"#lobby"})


def test_a_new_account_is_made_and_logged_in(hands: Recorded) -> None:
    hands.secrets = ["secret one", "secret one"]
    run_line(hands, "/signup dave")
    assert hands.done == [("SIGNUP", "dave", "secret one")]
    assert hands.then is not None
    hands.then(ev.Ok("SIGNUP", "t", ("dave",)))
    assert hands.done[1:] == [("log in", "dave", "secret one")]


def test_a_new_password_mistyped_makes_no_account(hands: Recorded) -> None:
    hands.secrets = ["secret one", "secret two"]
    run_line(hands, "/signup dave")
    assert hands.done == []


def test_a_password_is_changed(hands: Recorded) -> None:
    hands.secrets = ["old one", "new one"]
    run_line(hands, "/passwd")
    assert hands.done == [("SETPASSWORD", "old one", "new one")]


def test_the_next_unread_conversation_is_opened(hands: Recorded) -> None:
    hands.desk.take(ev.Message(8, TIME, "carol", "alice", "hi"))
    run_line(hands, "/to")
    assert hands.desk.place == "carol"


def test_switches(hands: Recorded) -> None:
    run_line(hands, "/typing on")
    run_line(hands, "/bell off")
    assert (hands.tells_typing, hands.desk.bell) == (True, False)


def test_help_lists_every_command_and_explains_one(hands: Recorded) -> None:
    run_line(hands, "/help")
    assert len(hands.said) == len(SLASHES)
    hands.said.clear()
    run_line(hands, "/help /msg")
    assert len(hands.said) == 1
    assert "/msg NAME TEXT" in hands.said[0]
