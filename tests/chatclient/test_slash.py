"""The slash commands: what each one asks of the server."""

from collections.abc import Callable

import pytest

from chatclient.core import events as ev
from chatclient.core.outcomes import Unanswered
from chatclient.keep import Settings
from chatclient.terminal.desk import Desk
from chatclient.terminal.hands import Shown
from chatclient.terminal.lines import Line
from chatclient.terminal.slash import ELSEWHERE, SLASHES, run_line

TIME = "2026-11-24T12:00:00.000Z"


class Recorded:
    """Hands that write down what they are told to do."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.settings = Settings()
        self.done: list[tuple[str, ...]] = []
        self.said: list[str] = []
        self.secrets: list[str] = []
        self.then: Callable[[ev.Ok], None] | None = None
        self.otherwise: Callable[[ev.Refused | Unanswered], None] | None = None

    def ask(
        self,
        verb: str,
        *fields: str,
        then: Callable[[ev.Ok], None] | None = None,
        otherwise: Callable[[ev.Refused | Unanswered], None] | None = None,
        shown: Shown = "all",
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

    def sign_up(self, name: str, password: str) -> None:
        self.done.append(("sign up", name, password))

    def type_for(self, text: str) -> None:
        self.done.append(("type", text))

    def open(self, place: str) -> None:
        self.desk.open(place)

    def older(self) -> None:
        self.done.append(("older",))

    def apply(self) -> None:
        pass

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
    hands.desk.meet("NumbersGame")
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
        ("/handover #lobby carol", ("HANDOVER", "#lobby", "carol")),
        ("/moderator #lobby carol off", ("MODERATOR", "#lobby", "carol", "off")),
        ("/report 7 buy | now", ("REPORT", "7", "buy | now")),
        ("/report (7) spam", ("REPORT", "7", "spam")),
        ("/admin who", ("ADMIN", "who")),
        ("/admin", ("ADMIN", "help")),
        ("/topic #lobby a | b", ("SETTOPIC", "#lobby", "a | b")),
        ("/topic #lobby", ("SHOWROOMS",)),
        ("/raw PING|x", ("raw", "PING|x")),
        ("/logout", ("log out",)),
        ("/connect", ("reconnect",)),
        ("/clear", ("redraw", "True")),
        ("/QUIT", ("leave",)),
        ("/history bob 5 before 70", ("HISTORY", "bob", "5", "70")),
        ("/history before (70)", ("HISTORY", "bob", "20", "70")),
        ("/msg numbers game play 5", ("SENDMESSAGE", "NumbersGame", "play 5")),
        ("/msg @NumbersGame  play  5", ("SENDMESSAGE", "NumbersGame", "play  5")),
        ("/remove Numbers Game", ("DELETEFRIEND", "NumbersGame")),
        ("/invite #lobby Numbers Game", ("INVITE", "#lobby", "NumbersGame")),
        ("/history Numbers Game 5", ("HISTORY", "NumbersGame", "5")),
        ("/me waves  at you", ("SENDMESSAGE", "bob", "/me waves  at you")),
        ("/topic #lobby -", ("SETTOPIC", "#lobby", "")),
        ("/add\u00a0carol", ("ADDFRIEND", "carol")),
        ("/history\u00a0bob\u202f5", ("HISTORY", "bob", "5")),
        ("/msg\u00a0bob a\u00a0b", ("SENDMESSAGE", "bob", "a\u00a0b")),
        ("/edit", ("type", "/edit (6) hi")),
        ("/edit (6)", ("type", "/edit (6) hi")),
        ("/older", ("older",)),
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
        ("/status", "You are online"),
        ("/delete it", "Usage: /delete"),
        ("/react", "Usage: /react"),
        ("/create", "Usage: /create"),
        ("/join", "Usage: /join"),
        ("/leave", "Which room?"),
        ("/invite #lobby", "Usage: /invite"),
        ("/raw", "Usage: /raw"),
        ("/raw login|alice|secret", "There is a command for that"),
        ("/raw LOGIN#x|alice|secret", "There is a command for that"),
        ("/login carol", "You are alice: /logout first"),
        ("/signup carol", "You are alice: /logout first"),
        ("/raw setpassword|alice|old|new", "There is a command for that"),
        ("/typing maybe", "Usage: /typing"),
        ("/set nonsense on", "There is no setting nonsense"),
        ("/win 7", "There is no window 7"),
        ("/mention -tea", "tea does not count"),
        ("/help nosuch", "There is no command and no topic nosuch"),
        ("/help hist", "did you mean /help history?"),
        ("/help ADDFRIEND", "ADDFRIEND is a word of the wire"),
        ("/to", "Nothing is unread"),
        ("/hlep", "did you mean /help?"),
        ("/away", "did you mean /status away?"),
        ("/part #go", "did you mean /leave?"),
        ("/zzz", "a text that begins with / is typed //"),
        ("/", "a text that begins with / is typed //"),
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
    assert "#LOBBY" not in hands.desk.windows
    run_line(hands, "/topic on rooms")
    assert hands.done[-1] == ("SETTOPIC", "#lobby", "on rooms")
    run_line(hands, "/leave")
    hands.then(ev.Ok("LEAVE", "t", ("#lobby",)))
    assert (hands.desk.place, hands.desk.rooms) == ("bob", set())


def test_a_room_that_lets_nobody_in_is_not_left_open(hands: Recorded) -> None:
    run_line(hands, "/join secret")
    assert hands.otherwise is not None
    hands.otherwise(ev.Refused("JOIN", "t", "NO_SUCH_ROOM", "There is none: look"))
    assert (hands.desk.place, hands.desk.rooms) == ("bob", set())


def test_an_answer_that_comes_late_does_not_move_the_user(hands: Recorded) -> None:
    run_line(hands, "/join lobby")
    hands.desk.open("bob")
    assert hands.then is not None
    hands.then(ev.Ok("JOIN", "t", ("#lobby",)))
    assert (hands.desk.place, hands.desk.rooms) == ("bob", {"#lobby"})


def test_a_new_account_is_made_and_logged_in(hands: Recorded) -> None:
    hands.desk.me = ""
    hands.secrets = ["secret one", "secret one"]
    run_line(hands, "/signup dave")
    assert hands.done == [("sign up", "dave", "secret one")]
    assert hands.said == ["A password has 8 to 256 characters, none of them |. Ctrl-C gives up"]


@pytest.mark.parametrize("typed", ["/login dave secret one", "/signup dave secret one"])
def test_a_password_behind_the_name_is_not_taken(hands: Recorded, typed: str) -> None:
    hands.desk.me = ""
    run_line(hands, typed)
    assert (hands.done, hands.said) == ([], ["Type the name alone: the password is asked for, and not shown"])


def test_a_new_password_is_asked_for_until_it_fits_and_is_typed_twice(hands: Recorded) -> None:
    hands.desk.me = ""
    hands.secrets = ["short", "with a | in it", "secret one", "secret two", "secret one", "secret one"]
    run_line(hands, "/signup dave")
    assert hands.done == [("sign up", "dave", "secret one")]
    assert hands.said[1].endswith("this one has 5")
    assert "These were not the same: once more" in hands.said


def test_a_password_is_changed(hands: Recorded) -> None:
    hands.secrets = ["old one", "new password", "new password"]
    run_line(hands, "/passwd")
    assert hands.done == [("SETPASSWORD", "old one", "new password")]


def test_the_next_unread_conversation_is_opened(hands: Recorded) -> None:
    hands.desk.take(ev.Message(8, TIME, "carol", "alice", "hi"))
    run_line(hands, "/to")
    assert hands.desk.place == "carol"


def test_switches(hands: Recorded) -> None:
    run_line(hands, "/typing on")
    run_line(hands, "/bell off")
    run_line(hands, "/numbers")
    run_line(hands, "/set reading off")
    assert hands.settings == Settings(typing=True, bell=False, numbers=True, reading=False)
    run_line(hands, "/set")
    assert [said.split()[0] for said in hands.said[-6:]] == list(Settings.ABOUT)


def test_help_is_a_screen_of_topics_and_then_goes_on(hands: Recorded) -> None:
    run_line(hands, "/help")
    assert len(hands.said) < 15
    assert all(f"/{name}" in " ".join(hands.said).split() for name in SLASHES)
    hands.said.clear()
    run_line(hands, "/help rooms")
    assert [said.split()[0] for said in hands.said][:3] == ["/rooms", "/create", "/join"]
    hands.said.clear()
    run_line(hands, "/help keys")
    assert "Alt-A" in hands.said[1]
    hands.said.clear()
    run_line(hands, "/help all")
    assert len(hands.said) == len(SLASHES)
    hands.said.clear()
    run_line(hands, "/help /msg")
    assert len(hands.said) == 1
    assert "/msg NAME TEXT" in hands.said[0]


def test_what_other_clients_call_it_is_a_command_of_ours() -> None:
    for ours in ELSEWHERE.values():
        assert ours.split()[0] in SLASHES
