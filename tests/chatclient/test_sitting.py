"""A person at the terminal client with the real server: windows, memory, reading, and words a person can use."""

import json
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from chatclient import Client
from chatclient.core.events import Read
from chatclient.terminal.conversations import READING_EVERY_S
from tests.chatclient.anchored import AnchoredServer
from tests.chatclient.tty import Terminal
from tests.harness import PASSWORD

PAGE_UP, PAGE_DOWN, NEXT_UNREAD = "\x1b[5~", "\x1b[6~", "\x1ba"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AnchoredServer]:
    server = AnchoredServer(tmp_path / "chat.db")
    try:
        yield server
    finally:
        server.close()
    assert "Traceback" not in server.stderr, server.stderr


Seat = Callable[..., AbstractContextManager[Terminal]]


@pytest.fixture
def seat(server: AnchoredServer, home: dict[str, str], password_file: Path) -> Seat:
    """Seats a user at a terminal; what is kept from one sitting is there at the next."""

    @contextmanager
    def sit(user: str = "alice", *arguments: str, rows: int = 24, password: bool = True) -> Iterator[Terminal]:
        words = [f"--user={user}", *([f"--password-file={password_file}"] if password else []), *arguments]
        with Terminal(f"127.0.0.1:{server.port}", *words, environment=home, rows=rows) as tty:
            if password:
                tty.wait("● online")
            yield tty

    return sit


def leave(tty: Terminal) -> None:
    tty.type("\x15\x04")
    assert tty.end() == 0
    assert b"Traceback" not in tty.raw


def administer(server: AnchoredServer, *words: str) -> dict[str, str]:
    """The one row that the owner of the machine is answered with."""
    command = [sys.executable, "-m", "chatserver", "admin", "--store", str(server.store_path), "--json", *words]
    answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    row: dict[str, str] = json.loads(answer)["rows"][0]
    return row


def unread(client: Client) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in client.call("SHOWUNREAD").rows}


# Windows


def test_one_conversation_is_on_the_screen_and_the_others_are_told(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob", "carol")
    with server.client("bob") as bob, server.client("carol") as carol, seat() as tty:
        tty.type("/to bob\r")
        tty.wait("bob>", " bob   online")
        bob.send("alice", "hello from bob")
        carol.send("alice", "hello from carol")
        rows = tty.wait("bob: hello from bob", "unread: 2:carol 1")
        assert not any("hello from carol" in row for row in rows)
        tty.type(NEXT_UNREAD)
        rows = tty.wait("carol: hello from carol", "carol>", "— new —", absent="unread:")
        assert not any("hello from bob" in row for row in rows)
        tty.type("\x1b1")
        tty.wait("bob: hello from bob", "bob>", absent="hello from carol")
        tty.type("\x0e")
        tty.wait("carol>")
        tty.type("\x10\x10")
        tty.wait("pipechat")
        tty.type("/win 2\r")
        tty.wait("carol>")
        tty.type("/win\r")
        tty.wait("0  pipechat", "1  bob", "2  carol")
        tty.type("/close\r")
        tty.wait("bob>", absent="2:carol")
        carol.send("alice", "once more")
        tty.wait("2:carol 1")
        leave(tty)


def test_what_is_written_in_one_window_stays_there_as_a_draft(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob", "carol")
    with seat() as tty:
        tty.type("/to bob\r")
        tty.wait("bob>")
        tty.type("half a thought")
        tty.wait("bob> half a thought")
        tty.type("\x0e\x0e")  # over the window of no conversation, and back
        tty.wait("bob> half a thought")
        tty.type("\x0e")
        assert tty.wait("pipechat", absent="half a thought")[-1] == ">"
        leave(tty)
    with seat(password=False) as tty:
        tty.type("\x1b1")
        tty.wait("bob> half a thought")
        leave(tty)


def test_a_muted_conversation_is_silent_and_not_next(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob", "carol")
    with server.client("bob") as bob, server.client("carol") as carol, seat() as tty:
        tty.type("/mute bob\r/to carol\r")
        tty.wait("carol>")
        bob.send("alice", "psst")
        tty.wait("1:bob 1")
        assert b"\a" not in tty.raw
        tty.type(NEXT_UNREAD)
        tty.wait("Nothing is unread")
        carol.send("alice", "hello")
        tty.wait("carol: hello")
        assert b"\a" in tty.raw
        leave(tty)
    with seat(password=False) as tty:
        tty.type("/to bob\r")  # before the login is through
        tty.wait(" bob ", "muted")
        leave(tty)


def test_older_messages_come_as_one_scrolls_to_the_very_first(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with server.client("bob") as bob:
        for tag in [bob.post("alice", f"message {number}!") for number in range(230)]:
            bob.result(tag)
        with seat(rows=40) as tty:
            tty.type("/to bob\r")
            tty.wait("bob: message 229!", "bob>")
            first = 200
            while first:
                tty.type(PAGE_UP)
                above = max(first - 30, 0)
                tty.wait(f"bob: message {above}!", "PageDown for what is newer")
                first = above
            tty.type_until(PAGE_UP, "— here the conversation begins —")  # the answer may still be on its way
            tty.wait("bob: message 0!")
            bob.send("alice", "meanwhile")
            bob.call("PING")
            tty.type("x")
            rows = tty.wait("bob> x", "bob: message 0!")
            assert not any("meanwhile" in row for row in rows)
            for _ in range(10):
                tty.type(PAGE_DOWN)
            tty.wait("bob: meanwhile", absent="PageDown for what")
            tty.type("\x15/history bob 2 before 3\r")
            tty.wait("(1) bob: message 0!", "(2) bob: message 1!")
            leave(tty)


def test_the_stream_can_be_chosen_and_left(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with server.client("bob") as bob, seat() as tty:
        tty.type("/set stream on\r")
        tty.wait("stream is on")
        bob.send("alice", "hello")
        tty.wait("bob: hello", "unread: 1:bob 1")
        tty.type("/to bob\rhi\r")
        tty.wait("→ bob: hi")
        tty.type("/set stream off\r")
        tty.wait(" bob   online", "alice: hi", absent="→ bob")
        leave(tty)


# Memory


def test_the_next_start_shows_the_conversation_that_was_open(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob", "carol")
    with server.client("bob") as bob, server.client("carol") as carol:
        with seat() as tty:
            tty.type("/to carol\r/to bob\rfirst words\r")
            tty.wait("alice: first words")
            tty.type("/status busy writing\r")
            tty.wait("You are busy: writing")
            tty.type("not sent")
            tty.wait("bob> not sent")
            tty.process.send_signal(signal.SIGTERM)
            assert tty.end() == 0
        bob.send("alice", "while you were out")
        carol.send("alice", "me too")
        with seat(password=False) as tty:
            tty.wait("alice: first words", "bob: while you were out", "bob> not sent")
            tty.wait("unread: 1:carol 1", "alice (busy: writing)")
            tty.type("\x15\x1b[A\x1b[A")
            tty.wait("bob> first words")
            tty.type("\x15\x12CAROL")
            tty.wait("search “CAROL”: /to carol")
            tty.type("\r")
            tty.wait("bob> /to carol")
            tty.type("\r")
            tty.wait("carol: me too")
            leave(tty)


def test_no_secret_is_kept(server: AnchoredServer, seat: Seat, tmp_path: Path) -> None:
    server.make_friends("alice", "bob")
    with seat() as tty:
        tty.type("/passwd\r")
        tty.wait("Old password:")
        tty.type(f"{PASSWORD}\r")
        tty.wait("New password:")
        tty.type("another secret\r")
        tty.wait("The same again:")
        tty.type("another secret\r")
        tty.wait("The password is changed")
        tty.type("/login alice a secret\r/signup alice secret\r/PASSWD secret\r\x03/deleteaccount secret\r\x03")
        tty.type("/help\r")
        tty.wait("keys")
        tty.type("/raw setpassword|alice|another secret|third secret\r")
        tty.wait("There is a command for that")
        leave(tty)
    (kept,) = (tmp_path / "state" / "chatclient").iterdir()
    assert "secret" not in kept.read_text()
    assert "/help" in kept.read_text()
    assert "/passwd" in kept.read_text()
    assert PASSWORD.encode() not in tty.raw


def test_what_one_typed_is_not_for_who_logs_in_next(server: AnchoredServer, seat: Seat, tmp_path: Path) -> None:
    server.make_friends("alice", "bob")
    with seat() as tty:
        tty.type("/to bob\rwords of alice\r")
        tty.wait("alice: words of alice")
        tty.type("/msg bob more of them\r/mention roses\r/logout\r")
        tty.wait("alice is logged out")
        tty.type("/login bob\r")
        tty.wait("Password of bob:")
        tty.type(f"{PASSWORD}\r")
        tty.wait("You are bob", "● online")
        tty.type("\x12words")
        assert tty.wait("search “words”:")[-1] == "search “words”:"
        tty.type("\x1b\x1b[A")
        leave(tty)
    (kept,) = (tmp_path / "state" / "chatclient").iterdir()
    assert "bob" in kept.read_text()
    assert not any(word in kept.read_text() for word in ("words of", "more of", "roses"))


def test_nothing_typed_is_kept_where_that_is_not_wanted(server: AnchoredServer, seat: Seat, tmp_path: Path) -> None:
    server.make_friends("alice", "bob")
    with seat() as tty:
        tty.type("/set memory off\r/to bob\rwords of mine\r")
        tty.wait("alice: words of mine")
        leave(tty)
    (kept,) = (tmp_path / "state" / "chatclient").iterdir()
    assert "words of mine" not in kept.read_text()


# Reading


def test_what_was_on_the_screen_is_marked_as_read_while_the_terminal_has_the_focus(
    server: AnchoredServer, seat: Seat
) -> None:
    server.make_friends("alice", "bob")
    with server.client("bob") as bob, server.client("alice") as other, seat() as tty:
        bob.send("alice", "elsewhere")
        tty.wait("unread: 1:bob 1")
        assert unread(other) == {"bob": 1}
        tty.type("/to bob\r")
        tty.wait("bob: elsewhere", "bob>")
        read_by_now(other, bob)
        tty.type("\x1b[O")
        bob.send("alice", "behind your back")
        tty.wait("behind your back")
        assert unread(other) == {"bob": 1}
        tty.type("\x1b[I")
        read_by_now(other, bob)
        bob.send("alice", "seen for a moment")
        tty.wait("seen for a moment")
        tty.type("\x1b0")  # to another window at once: it has been seen all the same
        tty.wait("pipechat")
        read_by_now(other, bob)
        tty.type("\x1b1/set reading off\r")
        tty.wait("reading is off")
        bob.send("alice", "unseen")
        tty.wait("bob: unseen")
        assert unread(other) == {"bob": 1}
        leave(tty)


def read_by_now(reader: Client, writer: Client) -> None:
    """Wait until the writer is told of it, and see that nothing is unread."""
    for event in writer.events(20):
        if isinstance(event, Read):
            assert unread(reader) == {}
            return
    raise AssertionError("nobody read it")


def test_a_lively_conversation_is_not_answered_with_a_command_a_message(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with server.client("bob") as bob, seat() as tty:
        tty.type("/to bob\r")
        tty.wait("bob>")
        began = time.monotonic()
        for number in range(60):
            bob.send("alice", f"message {number}")
        tty.wait("bob: message 59")
        last = bob.send("alice", "the last")
        marks: list[Read] = []
        while not marks or marks[-1].id < last.id:
            event = bob.next_event(30)
            marks += [event] if isinstance(event, Read) else []
        assert len(marks) <= 2 + (time.monotonic() - began) / READING_EVERY_S  # and the last one comes by itself
        leave(tty)


# Words


def test_a_name_that_nobody_has_is_said_at_once(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    server.user("dave").close()
    with seat() as tty:
        tty.type("/to bob\r/to nobody\r")
        rows = tty.wait("There is no user 'nobody'", "bob>")
        assert rows[-1] == "bob>"
        tty.type("/to #nowhere\r")
        tty.wait("There is no room '#nowhere': /rooms lists", "bob>")
        tty.type("/to dave\r")
        tty.wait("dave>", "You and dave are not friends yet: /add dave")
        tty.type("hello?\r")
        tty.wait("Not sent to dave: “hello?”", "type /add dave first")
        tty.type("/to Numbers Game\r")
        tty.wait("NumbersGame>", "bot")
        tty.type("/foo\r")
        tty.wait("There is no /foo", "a text that begins with")
        leave(tty)


def test_messages_are_changed_by_their_own_words(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with server.client("bob") as bob, seat() as tty:
        tty.type("/to bob\r")
        tty.wait("bob>")
        sent = bob.send("alice", "helo there")
        tty.type("my mistaek\r")
        tty.wait("bob: helo there", "alice: my mistaek")
        bob.call("EDITMESSAGE", str(sent.id), "hello there")
        tty.wait("bob: hello there (edited)", absent="helo")
        tty.type("/react 👍\r")
        tty.wait("👍 alice")
        tty.type("/edit\r")
        tty.wait("bob> /edit (2) my mistaek")
        tty.type("\x7f\x7f\x7fake\r")
        tty.wait("alice: my mistake (edited)")
        bob.call("REACT", "2", "❤")
        tty.wait("❤ bob")
        tty.type("/react 👍\r/delete\r")
        tty.wait("alice took this message back", absent="👍")
        assert "helo" not in "".join(tty.lines())
        tty.type("/numbers on\r")
        tty.wait("(1) bob: hello there")
        leave(tty)


def test_a_change_that_is_off_the_screen_is_told_with_the_words(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with server.client("bob") as bob, seat() as tty:
        tty.type("/to bob\r")
        sent = bob.send("alice", "the very first of them")
        for number in range(30):
            bob.send("alice", f"and more {number}")
        tty.wait("and more 29", absent="the very first")
        bob.call("EDITMESSAGE", str(sent.id), "the first")
        tty.wait("bob corrected “the very first of them” to the first")
        bob.call("DELETEMESSAGE", str(sent.id))
        tty.wait("bob took back “the first”")
        leave(tty)


def test_mentions_are_whole_words_and_more_of_them_can_be_named(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with server.client("bob") as bob, seat() as tty:
        tty.type("/create ops\r/to bob\r")
        tty.wait("bob>")
        bob.call("JOIN", "#ops")
        bob.send("#ops", "malice and alice-spring")
        tty.wait("1:#ops 1")
        assert b"\a" not in tty.raw
        bob.send("#ops", "well, Alice?")
        tty.wait("1:#ops 2 @1")
        assert b"\a" in tty.raw
        tty.type("/mention deploy\r")
        tty.wait("your name, deploy")
        bob.send("#ops", "time to deploy.")
        tty.wait("1:#ops 3 @2")
        tty.type(NEXT_UNREAD)
        tty.wait("bob: time to deploy.")
        row = next(at for at, text in enumerate(tty.screen.display) if "Alice?" in text)
        column = tty.screen.display[row].index("Alice?")
        assert tty.screen.buffer[row][column].fg == "brown"  # which is what 33 is called there
        leave(tty)


def test_a_room_shows_what_it_is_about_and_who_is_there(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob", *(f"user{number:02}" for number in range(14)))
    with server.client("bob") as bob:
        bob.call("CREATEROOM", "#ops")
        bob.call("SETTOPIC", "#ops", "what runs where")
        bob.send("#ops", "said before")
        for number in range(14):
            with server.client(f"user{number:02}") as user:
                user.call("JOIN", "#ops")
        with seat() as tty:
            tty.type("/join ops\r")
            tty.wait("#ops is about: what runs where", " #ops   what runs where", "bob: said before", "#ops>")
            tty.type("/me waves\r")
            tty.wait("* alice waves")
            tty.type("/members\r")
            rows = tty.wait("2 online: alice, bob (owner)", "14 offline: user00, user01", "16 in all")
            assert not any(row.strip().startswith("user05") for row in rows)
            tty.type("/topic -\r")
            tty.wait("The topic of #ops is gone", absent=" #ops   what runs where")
            tty.type("/topic\r")
            tty.wait("#ops has no topic")
            leave(tty)


def test_help_is_shown_from_its_beginning(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with seat() as tty:
        tty.type("/help all\r")
        tty.wait("/to [NAME or #ROOM]", "PageDown")
        for _ in range(6):
            tty.type(PAGE_DOWN)
        tty.wait("/quit", absent="PageDown for")
        tty.type("/help\r")
        tty.wait("rooms     /rooms /create", "keys")
        leave(tty)


# Passwords


def test_a_wrong_password_is_asked_again_three_times(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with seat(password=False) as tty:
        tty.wait("Password of alice:")
        tty.type("wrong horse\r")
        tty.wait("do not fit: once more (2 of 3)", "Password of alice:")
        tty.type("\x1b[200~" + PASSWORD + "\n\x1b[201~\r")  # as a password manager pastes it
        tty.wait("You are alice", "● online")
        tty.type("/logout\r")
        tty.wait("alice is logged out")
        tty.type("/login alice\r")
        for told in ("alice is logged out", "once more (2 of 3)", "once more (3 of 3)"):
            tty.wait(told, "Password of alice:")
            tty.type("wrong horse\r")
        tty.wait("Not logged in", "Type /login NAME", absent="Password of alice:")
        tty.type("\x1b[A")
        tty.wait("> /login alice")
        leave(tty)
    assert b"wrong horse" not in tty.raw


def test_a_new_account_goes_on_by_itself(server: AnchoredServer, home: dict[str, str]) -> None:
    server.make_friends("alice")
    with Terminal(f"127.0.0.1:{server.port}", environment=home) as tty:
        tty.wait("/signup NAME")
        tty.type("/signup erin\r")
        tty.wait("A password has 8 to 256 characters", "New password for erin:")
        tty.type("short\r")
        tty.wait("this one has 5", "New password for erin:")
        tty.type("long enough\r")
        tty.wait("The same again:")
        tty.type("long enough\r")
        tty.wait("You are erin", "This is your account. What you can do now:", "/bots")
        tty.type("/signup alice\r")
        tty.wait("You are erin: /logout first")
        leave(tty)


def test_where_one_is_invited_the_code_is_asked_for(tmp_path: Path, home: dict[str, str]) -> None:
    server = AnchoredServer(tmp_path / "invited.db", {"signup": "invite"})
    try:
        code = administer(server, "invite", "create")["code"]
        with Terminal(f"127.0.0.1:{server.port}", environment=home) as tty:
            tty.wait("/signup NAME")
            tty.type("/signup erin\r")
            tty.wait("New password for erin:")
            tty.type("long enough\r")
            tty.wait("The same again:")
            tty.type("long enough\r")
            tty.wait("with an invitation code", "Invitation code:", absent="REDEEM")
            tty.type("a wrong one\r")
            tty.wait("still good\nOne signs up", "Invitation code:", absent="•")
            tty.type(f"{code}\r")
            tty.wait("You are erin", "This is your account")
            leave(tty)
    finally:
        server.close()


def test_a_password_that_was_given_for_once_is_changed_at_the_login(
    server: AnchoredServer, home: dict[str, str]
) -> None:
    server.make_friends("alice")
    given = administer(server, "user", "passwd", "alice")["password"]
    with Terminal(f"127.0.0.1:{server.port}", "--user=alice", environment=home) as tty:
        tty.wait("Password of alice:")
        tty.type(f"{given}\r")
        tty.wait("given to you for once", "New password for alice:", absent="SETPASSWORD")
        tty.type("long enough\r")
        tty.wait("The same again:")
        tty.type("long enough\r")
        tty.wait("You are alice", "● online")
        leave(tty)
    assert b"long enough" not in tty.raw
    with Client("127.0.0.1", server.port) as again:
        again.login("alice", "long enough")


def test_what_is_being_typed_never_becomes_part_of_a_password(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with seat() as tty:
        tty.type("/to bob\r")
        tty.wait("bob>")
        tty.type("/passwd\rhalf a ")
        tty.wait("Old password: •••")
        tty.type("\x03")
        tty.wait("bob>", absent="Old password")
        tty.type("half a sentence")
        tty.wait("bob> half a sentence")
        tty.process.send_signal(signal.SIGTERM)
        assert tty.end() == 0
    with server.client("alice") as other:
        other.call("SETPASSWORD", PASSWORD, "another one")  # so that the kept login holds no more
    with seat(password=False) as tty:
        tty.wait("The login kept for alice holds no more", "Password of alice:")
        tty.type("another one\r")
        tty.wait("● online", "bob> half a sentence")
        leave(tty)


# Terminals


def test_a_paste_of_any_size_is_one_paste(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with server.client("alice") as other, seat() as tty:
        tty.type("/to bob\r")
        tty.wait("bob>")
        tty.type("\x1b[200~" + "secret line of a log\n" * 6000 + "/block bob\nx\n\x1b[201~")
        tty.wait("That paste has 126,0", "nothing of it was", "bob>")
        tty.type("\x1b[200~one\n  two\nthree\n\x1b[201~")
        tty.wait("bob> one␤  two␤three", "1 message of 3 lines? Enter sends")
        tty.type("\r")
        tty.wait("alice: one", "              two", "             three", absent="Enter sends")
        assert [row[4] for row in other.call("HISTORY", "bob").rows] == ["one␤  two␤three"]
        assert other.call("SHOWBLOCKS").rows == ()
        leave(tty)


def test_what_comes_from_elsewhere_does_not_cut_a_paste(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with server.client("bob") as bob, seat() as tty:
        tty.type("/to bob\r")
        tty.wait("bob>")
        tty.type("\x1b[200~/block bob")
        bob.send("alice", "meanwhile")
        times = tty.type_until("\nx", "bob: meanwhile")
        tty.type("\n\x1b[201~")
        tty.wait("bob> /block bob" + "␤x" * times)
        leave(tty)


def test_a_paste_whose_end_never_comes_does_not_take_the_keyboard(server: AnchoredServer, seat: Seat) -> None:
    server.make_friends("alice", "bob")
    with seat() as tty:
        tty.type("/to bob\r")
        tty.wait("bob>")
        tty.type("\x1b[200~half a paste")
        tty.wait("bob> half a paste")
        tty.type("\x03")
        assert tty.wait("bob>", absent="half a paste")[-1] == "bob>"
        tty.type("\x1b[200~")
        tty.type("hello?\r")
        tty.wait("bob> hello?")
        leave(tty)


@pytest.mark.parametrize("stop", [signal.SIGSTOP, signal.SIGTSTP])
def test_after_any_stop_the_terminal_is_taken_again(server: AnchoredServer, seat: Seat, stop: signal.Signals) -> None:
    server.make_friends("alice", "bob")
    with seat() as tty:
        tty.type("/to bob\rhalf typed")
        tty.wait("bob> half typed")
        tty.process.send_signal(stop)
        if stop == signal.SIGSTOP:
            os.waitpid(tty.process.pid, os.WUNTRACED)
        mode = termios.tcgetattr(tty._master)
        mode[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(tty._master, termios.TCSANOW, mode)  # as a shell does
        tty.process.send_signal(signal.SIGCONT)
        tty.wait("bob> half typed")
        tty.type("!")
        tty.wait("bob> half typed!")
        leave(tty)
