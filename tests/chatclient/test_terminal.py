"""The client in a real terminal, against a scripted peer: what stands on the screen."""

import json
import queue
import re
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from chatclient.terminal.textwidth import width
from tests.chatclient.fake import FakeServer, Peer
from tests.chatclient.tty import Terminal

TIME = "2026-11-24T12:00:00.000Z"


class Puppet:
    """A peer that logs alice in, answers the questions of every start, and then says what the test tells it."""

    def __init__(self, *, login: bool = True) -> None:
        self._login = login
        self._told: queue.Queue[Callable[[Peer], None] | None] = queue.Queue()

    def __call__(self, peer: Peer) -> None:
        if self._login:
            peer.log_in()
            peer.say(f"OK|{peer.expect('SHOWFRIENDS')}|0")
            peer.say(f"ITEM|{(head := peer.expect('SHOWBOTS'))}|WeatherBot|tells the weather", f"OK|{head}|1")
            peer.say(f"ERR|{peer.expect('SHOWROOMS')}|UNKNOWN_COMMAND|There is no SHOWROOMS")
            peer.say(f"ERR|{peer.expect('SHOWCONVERSATIONS')}|UNKNOWN_COMMAND|There is no SHOWCONVERSATIONS")
            peer.say(f"OK|{peer.expect('SHOWUNREAD')}|0")
            peer.say("EVENT|NOTICE|all set")
        else:
            peer.greet()
        while (act := self._told.get(timeout=20)) is not None:
            act(peer)

    def say(self, *lines: str) -> None:
        """Let the server say something."""
        self._told.put(lambda peer: peer.say(*lines))

    def answer(self, verb: str, *lines: str) -> None:
        """Let the server wait for a command, and answer it; `{}` is its echo."""

        def act(peer: Peer) -> None:
            while (echo := peer.hear().partition("|")[0]).partition("#")[0] != verb:
                assert echo.partition("#")[0] in ("HISTORY", "MARKREAD"), f"{echo} in place of {verb}"
                peer.say(f"OK|{echo}|0")  # what a client asks by itself
            peer.say(*(line.replace("{}", echo) for line in lines))

        self._told.put(act)

    def end(self) -> None:
        """Hang up."""
        self._told.put(None)


Sitting = Callable[..., AbstractContextManager[Terminal]]


@pytest.fixture
def sitting(home: dict[str, str], password_file: Path) -> Sitting:
    """Seats alice at a terminal, with a puppet for a server."""

    @contextmanager
    def seat(puppet: Puppet, **environment: str) -> Iterator[Terminal]:
        with FakeServer(puppet) as server:
            arguments = (f"127.0.0.1:{server.port}", "--user=alice", f"--password-file={password_file}", "--stream")
            with Terminal(*arguments, environment={**home, **environment}) as tty:
                tty.wait("● online", "all set")
                yield tty

    return seat


def test_the_typed_line_is_never_clobbered(sitting: Sitting) -> None:
    puppet = Puppet()
    with sitting(puppet) as tty:
        tty.wait("You are alice", "● online", "all set")
        tty.type("/to bob\r")
        tty.wait("bob>")
        tty.type("half a 日本 sentence\x1b[D\x1b[D")
        for number in range(1, 40):
            puppet.say(f"EVENT|MESSAGE|{number}|{TIME}|carol|alice|message number {number}")
        rows = tty.wait("carol: message number 39", "unread: 2:carol 39")
        assert rows[-1] == "bob> half a 日本 sentence"
        assert rows[-2].startswith("● online  alice @ 127.0.0.1:")
        assert tty.screen.cursor.x == width(rows[-1]) - 2
        tty.type("X")
        assert tty.wait("sentenXce")[-1].startswith("bob> half a")
        puppet.answer("SENDMESSAGE", f"OK|{{}}|40|{TIME}")
        tty.type("\r")
        rows = tty.wait("12:00 → bob: half a")
        assert rows[-1] == "bob>"
        puppet.end()
        tty.type("\x04")
        assert tty.end() == 0


def test_keys_edit_complete_and_recall(sitting: Sitting) -> None:
    puppet = Puppet()
    with sitting(puppet) as tty:
        tty.type("/fri\t")
        tty.wait("> /friends")
        tty.type("\x15/to wea\t\r")
        tty.wait("WeatherBot>")
        tty.type("/r\t\t")
        tty.wait("/raw  /react  /read  /reject  /remove  /report  /requests  /rooms")
        tty.type("\x15one two\x17three\x01X\x05Y")
        tty.wait("WeatherBot> Xone threeY")
        puppet.answer("SENDMESSAGE", f"OK|{{}}|1|{TIME}")
        tty.type("\r")
        tty.wait("→ WeatherBot: Xone threeY")
        tty.type("\x1b[A\x1b[A")
        tty.wait("WeatherBot> /to WeatherBot")
        puppet.end()
        tty.type("\x15/quit\r")
        assert tty.end() == 0


def test_a_resize_draws_everything_anew(sitting: Sitting) -> None:
    puppet = Puppet()
    with sitting(puppet) as tty:
        tty.type("what is being typed")
        puppet.say(f"EVENT|MESSAGE|1|{TIME}|bob|alice|" + "a long message of many words " * 4)
        tty.wait("bob: a long message", "of many words", "> what is being typed")
        tty.resize(40, 10)
        puppet.say(f"EVENT|MESSAGE|2|{TIME}|bob|alice|after it")
        rows = tty.wait("bob: after it", narrower=40)
        assert rows[-1] == "> what is being typed"
        assert sum("> what" in row for row in rows) == 1
        for columns, rows_max in ((20, 2), (2, 1), (1, 5)):
            tty.resize(columns, rows_max)
            tty.type("!")
        tty.resize(100, 30)
        puppet.say(f"EVENT|MESSAGE|3|{TIME}|bob|alice|wide again")
        rows = tty.wait("bob: wide again", "You are alice", "> what is being typed!!!")
        assert sum("● online" in row for row in rows) == 1
        puppet.end()
        tty.type("\x15\x04")
        assert tty.end() == 0


def test_an_account_from_signup_to_logout(home: dict[str, str], tmp_path: Path) -> None:
    """The password is never on the screen; the token is kept for the user alone, and removed."""
    puppet = Puppet(login=False)
    puppet.answer("SIGNUP", "OK|{}|alice")
    puppet.answer("LOGIN", "OK|{}|alice|the token")
    puppet.answer("SYNC", "OK|{}|0|0")
    puppet.answer("SYNC", "OK|{}|0|0")
    puppet.answer("SHOWFRIENDS", "OK|{}|0")
    puppet.answer("SHOWBOTS", "OK|{}|0")
    puppet.answer("SHOWROOMS", "OK|{}|0")
    puppet.answer("SHOWCONVERSATIONS", "OK|{}|0", "EVENT|NOTICE|all set")
    with FakeServer(puppet) as server, Terminal(f"127.0.0.1:{server.port}", environment=home) as tty:
        tty.wait("Type /login NAME, or /signup NAME", "● connected  nobody")
        tty.type("/signup alice\r")
        tty.wait("New password for alice:")
        tty.type("correct horse\r")
        tty.wait("The same again:")
        tty.type("correct horse\r")
        tty.wait("You are alice", "● online", "all set")
        (kept,) = (tmp_path / "state" / "chatclient").iterdir()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
        assert json.loads(kept.read_text())["token"] == "the token"
        puppet.answer("LOGOUT", "OK|{}|alice")
        tty.type("/logout\r")
        tty.wait("alice is logged out")
        assert not kept.exists()
        tty.type("\x1b[A\x1b[A")
        tty.wait("> /signup alice")
        puppet.end()
        tty.type("\x15\x04")
        assert tty.end() == 0
    assert b"correct horse" not in tty.raw


def test_the_next_start_needs_no_password(home: dict[str, str], password_file: Path) -> None:
    first, second = Puppet(), Puppet()
    with FakeServer(first, second) as server:
        address = f"127.0.0.1:{server.port}"
        with Terminal(address, "--user=alice", f"--password-file={password_file}", environment=home) as tty:
            tty.wait("● online", "all set")
            tty.type("\x04")
            assert tty.end() == 0
            first.end()
        with Terminal(address, environment=home) as tty:
            tty.wait("You are alice", "● online", "all set")
            second.end()
            tty.type("\x04")
            assert tty.end() == 0


def test_a_dumb_terminal_gets_no_escape_sequence(sitting: Sitting) -> None:
    puppet = Puppet()
    with sitting(puppet, TERM="dumb") as tty:
        tty.wait("[● online")
        tty.type("half a line")
        puppet.say(f"EVENT|MESSAGE|1|{TIME}|bob|alice|hi")
        rows = tty.wait("12:00 bob: hi", "half a line")
        assert rows[-1].endswith("> half a line")
        puppet.end()
        tty.type("\x15\x04")
        assert tty.end() == 0
    assert b"\x1b" not in tty.raw


def test_no_color_leaves_the_editor_and_takes_the_colours(sitting: Sitting) -> None:
    puppet = Puppet()
    with sitting(puppet, NO_COLOR="1") as tty:
        puppet.say(f"EVENT|MESSAGE|1|{TIME}|bob|alice|hi")
        tty.wait("bob: hi")
        puppet.end()
        tty.type("\x04")
        assert tty.end() == 0
    assert b"\x1b[J" in tty.raw
    assert re.search(rb"\x1b\[[0-9;]*m", tty.raw) is None


def test_what_the_server_lacks_is_said_kindly(sitting: Sitting) -> None:
    puppet = Puppet()
    with sitting(puppet) as tty:
        puppet.answer("JOIN", "ERR|{}|UNKNOWN_COMMAND|There is no JOIN")
        tty.type("/join lobby\r")
        tty.wait("This server has no JOIN")
        puppet.answer("SETSTATUS", "ERR|{}|BAD_ARGUMENTS|SETSTATUS|username|online, away, busy or invisible|[text]")
        tty.type("/status sleeping\r")
        tty.wait("Usage: /status [STATUS [TEXT]]")
        puppet.end()
        tty.type("\x04")
        assert tty.end() == 0


def test_leaving_waits_for_the_answer_to_a_message(sitting: Sitting) -> None:
    puppet = Puppet()
    with sitting(puppet) as tty:
        tty.type("/msg bob last words\r/quit\r")
        tty.wait("1 unsent")
        puppet.answer("SENDMESSAGE", f"OK|{{}}|1|{TIME}")
        puppet.end()
        assert tty.end() == 0


def test_messages_not_sent_yet_are_not_left_behind_by_mistake(sitting: Sitting) -> None:
    puppet = Puppet()
    with sitting(puppet) as tty:
        puppet.end()
        tty.wait("○ offline, next try in", "closed the connection")
        tty.type("/msg bob written offline\r/quit\r")
        tty.wait("1 unsent", "1 of your messages are not sent yet")
        tty.type("/quit\r")
        assert tty.end() == 0


def test_a_kept_login_that_holds_no_more_asks_for_the_password(
    home: dict[str, str], password_file: Path, tmp_path: Path
) -> None:
    first = Puppet()

    def second(peer: Peer) -> None:
        peer.greet()
        peer.say(f"ERR|{peer.expect('RESUME', 'alice', 'token-of-alice')}|BAD_LOGIN|This token is not valid")
        peer.say(f"OK|{peer.expect('LOGIN', 'alice', 'a new password')}|alice|a new token")
        peer.hear_end()

    with FakeServer(first, second) as server:
        address = f"127.0.0.1:{server.port}"
        with Terminal(address, "--user=alice", f"--password-file={password_file}", environment=home) as tty:
            tty.wait("all set")
            tty.type("\x04")
            assert tty.end() == 0
            first.end()
        with Terminal(address, environment=home) as tty:
            tty.wait("The login kept for alice holds no more", "Password of alice:")
            assert not list((tmp_path / "state" / "chatclient").iterdir())
            tty.type("a new password\r")
            tty.wait("You are alice")
            tty.type("\x04")
            assert tty.end() == 0


def test_a_logout_while_offline_forgets_the_login_at_once(sitting: Sitting, tmp_path: Path) -> None:
    puppet = Puppet()
    with sitting(puppet) as tty:
        puppet.end()
        tty.wait("○ offline")
        tty.type("/logout\r\x04")
        assert tty.end() == 0
    assert not list((tmp_path / "state" / "chatclient").iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_sitting_in_order(sitting: Sitting, number: signal.Signals) -> None:
    puppet = Puppet()
    with sitting(puppet) as tty:
        puppet.end()
        tty.process.send_signal(number)
        assert tty.end() == 0
    assert tty.raw.endswith(b"\x1b[?2004l")


def test_a_terminal_that_is_closed_ends_the_client(sitting: Sitting) -> None:
    puppet = Puppet()
    with sitting(puppet) as tty:
        puppet.end()
        assert tty.hang_up() == 0


def test_ctrl_z_gives_the_terminal_back_and_takes_it_again(sitting: Sitting) -> None:
    """Here nobody would wake the client, so the system lets it go on at once; in a shell it stops between the two."""
    puppet = Puppet()
    with sitting(puppet) as tty:
        tty.type("typed before\x1a and after")
        tty.wait("> typed before and after", "You are alice")
        assert tty.raw.rfind(b"\x1b[?2004l") < tty.raw.rfind(b"\x1b[?2004h")
        assert tty.raw.count(b"\x1b[?2004h") == 2
        puppet.end()
        tty.type("\x15\x04")
        assert tty.end() == 0


@pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x1b[2J\xff" * 3000])
def test_a_stranger_ends_the_start_in_one_sentence(home: dict[str, str], data: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.say_bytes(data)
        peer.hear_end()

    with FakeServer(script) as server, Terminal(f"127.0.0.1:{server.port}", environment=home) as tty:
        assert tty.end() == 3
    assert tty.raw.startswith(b"chatclient: This is no chat server")
    assert tty.raw.count(b"\n") == 1


def test_a_locale_without_unicode_is_said_in_one_sentence(home: dict[str, str]) -> None:
    environment = {**home, "LC_ALL": "de_DE.ISO-8859-1", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    with Terminal("127.0.0.1:1", environment=environment) as tty:
        assert tty.end() == 2
    assert tty.raw.startswith(b"chatclient: ")
    assert tty.raw.count(b"\n") == 1
