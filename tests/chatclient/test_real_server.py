"""The clients against the real server: what they send is taken, and a restart loses and doubles nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

from chatclient import Client, RefusedError
from chatclient.core import events as ev
from chatclient.core.outcomes import Sent
from tests.chatclient.anchored import AnchoredServer
from tests.chatclient.cutting import CuttingProxy
from tests.chatclient.tty import Terminal
from tests.harness import PASSWORD

RESTARTS = 12
MESSAGES_A_LIFE = 25
CUTS = 8


@pytest.fixture
def anchored(tmp_path: Path) -> Iterator[AnchoredServer]:
    server = AnchoredServer(tmp_path / "chat.db")
    try:
        yield server
    finally:
        server.close()
    assert "Traceback" not in server.stderr, server.stderr


def heard(client: Client) -> list[str]:
    """The texts of the messages that have come, in their order."""
    return [event.text for event in client.events(0) if isinstance(event, ev.Message)]


@pytest.mark.timeout(300)  # twelve starts of a server, on a machine that may be busy
def test_an_hour_of_restarts_loses_and_doubles_nothing(anchored: AnchoredServer) -> None:
    """Two users write without waiting while the server is stopped or killed and started again, time after time."""
    anchored.make_friends("alice", "bob")
    with anchored.client("alice") as alice, anchored.client("bob") as bob:
        pairs = [(alice, "bob"), (bob, "alice")]
        written: dict[str, list[str]] = {"alice": [], "bob": []}
        ids: list[int] = []
        for life in range(RESTARTS):
            tags = []
            for number in range(MESSAGES_A_LIFE):
                for client, to in pairs:
                    written[to].append(f"life {life}, message {number}")
                    tags.append((client, client.post(to, written[to][-1])))
                if number == MESSAGES_A_LIFE // 2:
                    anchored.restart(kill=life % 2 == 0)
            answers = [client.result(tag) for client, tag in tags]
            ids += [answer.id for answer in answers if isinstance(answer, Sent)]
        for client, to in pairs:
            client.send(to, "the end")
            written[to].append("the end")
        for client, _ in pairs:
            client.call("PING")  # what was sent before its answer has been heard now
        assert heard(alice) == written["alice"]
        assert heard(bob) == written["bob"]
        assert len(set(ids)) == len(ids) == 2 * RESTARTS * MESSAGES_A_LIFE
        assert len(stored(alice, "bob")) == len(ids) + 2


def test_a_line_cut_at_any_byte_loses_and_doubles_nothing(anchored: AnchoredServer) -> None:
    """The server takes what it handed to a socket as delivered; what the line lost of it, SYNC brings."""
    anchored.make_friends("alice", "bob")
    budgets = (900 + 257 * number % 1100 for number in count())
    with CuttingProxy(anchored.port, budgets) as line, Client("127.0.0.1", line.port) as alice:
        alice.login("alice", PASSWORD)
        with anchored.client("bob") as bob:
            to_alice: list[str] = []
            to_bob: list[str] = []
            while line.cuts < CUTS:
                to_alice.append(f"to alice {len(to_alice)}")
                to_bob.append(f"to bob {len(to_bob)}")
                tag = bob.post("alice", to_alice[-1])
                alice.send("bob", to_bob[-1])
                bob.result(tag)
            alice.send("bob", "the end")
            alice.call("PING")
            bob.call("PING")
            assert heard(alice) == to_alice
            assert heard(bob) == [*to_bob, "the end"]


def stored(client: Client, friend: str) -> list[str]:
    """All that the server has of a conversation, page by page."""
    texts: list[str] = []
    before = ""
    while rows := client.call("HISTORY", friend, "500", before).rows:
        texts = [row[4] for row in rows] + texts
        before = rows[0][0]
    return texts


def test_what_was_missed_and_what_another_session_said_is_caught_up(anchored: AnchoredServer) -> None:
    anchored.make_friends("alice", "bob")
    with anchored.client("alice") as alice, anchored.client("bob") as bob, anchored.client("alice") as other:
        bob.send("alice", "one")
        alice.call("PING")
        other.call("PING")
        assert heard(alice) == heard(other) == ["one"]
        anchored.restart()
        bob.send("alice", "two")
        other.send("bob", "from the other session")
        alice.call("PING")
        missed = [event for event in alice.events(0) if isinstance(event, ev.Message)]
        assert [(event.sender, event.text) for event in missed] == [("bob", "two"), ("alice", "from the other session")]


def test_a_first_login_begins_after_what_is_old_and_before_what_is_missed(anchored: AnchoredServer) -> None:
    anchored.make_friends("alice", "bob")
    with anchored.client("bob") as bob:
        with anchored.client("alice") as alice:
            for number in range(5):
                bob.send("alice", f"old {number}")
            alice.call("PING")
        bob.send("alice", "missed")
        with anchored.client("alice") as alice:
            assert heard(alice) == ["missed"]
            anchored.restart()
            bob.send("alice", "new")
            alice.call("PING")
            assert heard(alice) == ["new"]


def test_more_than_a_backlog_is_missed_and_comes_in_its_order(anchored: AnchoredServer) -> None:
    anchored.make_friends("alice", "bob")
    with anchored.client("bob") as bob:
        for tag in [bob.post("alice", f"message {number}") for number in range(1300)]:
            bob.result(tag)
        with anchored.client("alice") as alice:
            assert heard(alice) == [f"message {number}" for number in range(1300)]


def test_a_refusal_and_an_answer_of_rows(anchored: AnchoredServer) -> None:
    anchored.make_friends("alice", "bob")
    with anchored.client("alice") as alice, Client("127.0.0.1", anchored.port) as stranger:
        assert alice.call("SHOWFRIENDS").rows == (("bob", "offline", ""),)
        with pytest.raises(RefusedError, match="NO_SUCH_USER"):
            alice.send("nobody", "hi")
        with pytest.raises(RefusedError, match="BAD_LOGIN"):
            stranger.login("alice", "a wrong password")
        assert stranger.signup("carol", PASSWORD).fields == ("carol",)
        token = stranger.login("carol", PASSWORD)
        stranger.logout()
        with pytest.raises(RefusedError, match="BAD_LOGIN"):
            stranger.resume("carol", token)


def test_the_shell_can_do_what_a_person_at_nc_can(
    anchored: AnchoredServer, home: dict[str, str], password_file: Path
) -> None:
    def shell(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "chatclient", f"127.0.0.1:{anchored.port}", *arguments],
            input=stdin,
            env={**os.environ, **home},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def log_in(name: str) -> str:
        return f"SIGNUP|{name}|{PASSWORD}\nLOGIN|{name}|{PASSWORD}\n"

    first = shell(stdin=log_in("bob"))
    assert (first.returncode, first.stderr) == (0, "")
    second = shell(stdin=f"{log_in('alice')}ADDFRIEND|alice|bob\n")
    assert second.stdout.splitlines()[-1] == "OK|ADDFRIEND|bob|requested"
    third = shell("--user=bob", f"--password-file={password_file}", stdin="ACCEPTFRIEND|bob|alice\n")
    assert third.stdout.splitlines()[1:] == ["EVENT|FRIENDREQUEST|alice", "OK|ACCEPTFRIEND|alice"]
    sent = shell("--user=alice", f"--password-file={password_file}", "--send", "bob", "hi | there")
    assert (sent.returncode, sent.stdout, sent.stderr) == (0, "", "")
    history = shell("--user=bob", f"--password-file={password_file}", stdin="HISTORY|bob|alice\nNONSENSE\n")
    assert "|alice|bob|hi | there\n" in history.stdout
    assert history.returncode == 1


def test_the_terminal_comes_back_after_a_restart_and_misses_nothing(
    anchored: AnchoredServer, home: dict[str, str], password_file: Path
) -> None:
    anchored.make_friends("alice", "bob")
    arguments = (f"127.0.0.1:{anchored.port}", "--user=alice", f"--password-file={password_file}", "--stream")
    with anchored.client("bob") as bob, Terminal(*arguments, environment=home) as tty:
        tty.wait("You are alice", "● online")
        bob.send("alice", "before")
        tty.wait("bob: before")
        tty.type("/to bob\rbeing typed")
        tty.wait("bob> being typed")
        anchored.terminate()
        assert anchored.wait() == 0
        tty.wait("○ offline", "bob> being typed")
        tty.type(" while away\r")
        tty.wait("1 unsent")
        anchored.restart()
        rows = tty.wait("Back online as alice", "→ bob: being typed while away", absent="unsent")
        assert rows[-1] == "bob>"
        bob.send("alice", "after")
        rows = tty.wait("bob: after", "● online")
        bob.call("PING")
        assert heard(bob) == ["being typed while away"]
        tty.type("/history\r")
        tty.wait("(1) bob: before", "(2) → bob: being typed while away", "(3) bob: after")
        tty.type("\x04")
        assert tty.end() == 0
    with ExitStack() as stack:  # the token and the last message seen were kept
        bob = stack.enter_context(anchored.client("bob"))
        bob.send("alice", "between two starts")
        tty = stack.enter_context(Terminal(arguments[0], "--stream", environment=home))
        tty.wait("You are alice", "— while you were away —", "bob: between two starts", "— now —")
        tty.type("\x04")
        assert tty.end() == 0


def test_a_room_in_the_terminal(anchored: AnchoredServer, home: dict[str, str], password_file: Path) -> None:
    anchored.make_friends("alice", "bob")
    arguments = (f"127.0.0.1:{anchored.port}", "--user=alice", f"--password-file={password_file}", "--stream")
    with anchored.client("bob") as bob, Terminal(*arguments, environment=home) as tty:
        tty.wait("You are alice", "● online")
        tty.type("/create lobby\rhello room\r")
        tty.wait("The public room #lobby is made", "#lobby alice: hello room", "#lobby>")
        assert bob.call("JOIN", "#lobby").fields == ("#lobby",)
        bob.send("#lobby", "hi Alice")
        tty.wait("bob joined #lobby", "#lobby bob: hi Alice")
        assert tty.raw.count(b"\a") == 1
        tty.type("/to bob\r/topic #lobby a | b\r/members #lobby\r")
        tty.wait("The topic of #lobby is set", "bob  online · member")
        bob.send("#lobby", "are you there?")
        tty.wait("unread: 1:#lobby 1", "bob>")
        tty.type("/to\r/kick bob\r")
        tty.wait("bob is out of #lobby", "#lobby>", absent="unread:")
        tty.type("/msg nobody hi\r/join nowhere\r")
        tty.wait("Not sent to nobody: “hi”. There is no user", "There is no room", "#lobby>")
        tty.type("/leave\r")
        tty.wait("You left #lobby", absent="#lobby>")
        tty.type("\x04")
        assert tty.end() == 0


def test_what_is_read_searched_and_typed(anchored: AnchoredServer, home: dict[str, str], password_file: Path) -> None:
    anchored.make_friends("alice", "bob")
    arguments = (f"127.0.0.1:{anchored.port}", "--user=alice", f"--password-file={password_file}", "--stream")
    with anchored.client("bob") as bob, Terminal(*arguments, environment=home) as tty:
        tty.wait("● online")
        first = bob.send("alice", "the needle")
        bob.send("alice", "the haystack")
        tty.wait("bob: the haystack", "unread: 1:bob 2")
        tty.type("/unread\r/search NEEDLE\r")
        tty.wait("bob  2 unread", f"({first.id}) bob: the needle")
        tty.type("/to bob\r/read\r")
        tty.wait("is read up to message")
        assert awaited(bob, ev.Read).reader == "alice"
        bob.call("TYPING", "alice")
        tty.wait("bob typing…")
        tty.type("/typing on\rx")
        assert awaited(bob, ev.Typing) == ev.Typing("alice", "bob")
        tty.type("\x15thanks\r")
        tty.wait("→ bob: thanks")
        tty.type("/explain\r")
        tty.wait("  stored", "  delivered")
        tty.type("\x04")
        assert tty.end() == 0


Kind = TypeVar("Kind")


def awaited(client: Client, kind: type[Kind]) -> Kind:
    """The next event of a kind."""
    return next(event for event in client.events(10) if isinstance(event, kind))
