"""What is deleted is in no file any more, copies included: the bytes of the store's files are looked through."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.harness import PASSWORD, Process, Running, befriend
from tests.inside import InThread
from tests.wire import WAIT_S, Client

MARK = "MARK-"


def marks(server: Process | InThread) -> set[str]:
    """The words with the mark that stand in the store's files, the log of the server included."""
    found: set[str] = set()
    for path in filter(Path.is_file, server.store_path.parent.glob(f"{server.store_path.stem}*")):
        for part in path.read_bytes().split(MARK.encode())[1:]:
            found.add(part[:12].decode(errors="replace"))
    return found


def wait_until_gone(server: Process) -> None:
    ends = time.monotonic() + WAIT_S
    while left := marks(server):
        assert time.monotonic() < ends, left
        time.sleep(0.05)


def sent(client: Client, to: str, text: str) -> str:
    (answer,) = client.says(f"SENDMESSAGE|{client.name}|{to}|{text}", "OK|SENDMESSAGE|…|…Z")
    return answer.split("|")[2]


@pytest.fixture
def server(start_server: StartServer) -> Process:
    return start_server(bot_messages_per_s=0)


def write_everywhere(server: Running) -> tuple[Client, Client]:
    """Uwe's words, in each place that keeps some."""
    uwe, vera = server.user("Uwe"), server.user("vera")
    befriend(uwe, vera)
    uwe.says("SENDMESSAGE#MARK-TAG|Uwe|vera|MARK-DIRECT")
    uwe.says(f"EDITMESSAGE|Uwe|{sent(uwe, 'vera', 'MARK-EDITED')}|MARK-AGAIN")
    uwe.says(f"REACT|Uwe|{sent(vera, 'Uwe', 'hello')}|MARK-REACT")
    uwe.says("SETSTATUS|Uwe|busy|MARK-STATUS")
    uwe.says("CREATEROOM|Uwe|#MARK-ENDED|private")
    uwe.says("SETTOPIC|Uwe|#MARK-ENDED|MARK-TOPIC-1")
    uwe.says("LEAVE|Uwe|#MARK-ENDED")
    uwe.says("CREATEROOM|Uwe|#MARK-ENDING|private")
    vera.says("CREATEROOM|vera|#shared")
    vera.says("INVITE|vera|#shared|DiceBot")
    uwe.says("JOIN|Uwe|#shared")
    uwe.says("SETTOPIC|Uwe|#shared|MARK-TOPIC-2")
    sent(uwe, "#shared", "MARK-ROOM")
    sent(uwe, "#shared", "@DiceBot choose MARK-HEADS or MARK-TAILS")
    uwe.until("EVENT|MESSAGE|…|DiceBot|#shared|…MARK-…")
    sent(uwe, "DiceBot", "choose MARK-LEFT or MARK-RIGHT")
    uwe.until("EVENT|MESSAGE|…|DiceBot|Uwe|…MARK-…")
    sent(uwe, "ReminderBot", "remind me in 5 days to buy MARK-BREAD")
    uwe.until("EVENT|MESSAGE|…|ReminderBot|Uwe|…MARK-…")
    vera.says("BLOCK|vera|Uwe")
    uwe.says(f"EDITMESSAGE|Uwe|{sent(uwe, '#shared', 'x')}|MARK-EDIT")
    return uwe, vera


def test_of_a_deleted_account_no_word_is_left(server: Process) -> None:
    uwe, vera = write_everywhere(server)
    assert len(marks(server)) > 10
    uwe.says(f"DELETEACCOUNT|Uwe|{PASSWORD}", "OK|DELETEACCOUNT|Uwe")
    wait_until_gone(server)
    assert [row[4] for row in vera.rows("SHOWROOMS|vera") if row[0] == "#shared"] == [""]
    assert MARK not in str(vera.rows("SYNC|vera|0"))
    server.restart()
    assert not marks(server)
    assert server.login("vera").rows("SHOWROOMS|vera") == [["#shared", "public", "2", "joined", ""]]


def test_of_a_deleted_account_no_word_is_left_after_a_crash(server: Process) -> None:
    uwe, _ = write_everywhere(server)
    uwe.says(f"DELETEACCOUNT|Uwe|{PASSWORD}", "OK|DELETEACCOUNT|Uwe")
    server.restart(kill=True)
    wait_until_gone(server)


def writing(client: Client) -> Iterator[None]:
    """Somebody who writes all the time."""
    while True:
        sent(client, "bob", "and on")
        yield


@pytest.mark.parametrize("is_busy", [False, True])
def test_of_a_deleted_message_no_word_is_left(server: Process, is_busy: bool) -> None:
    """Soon, however busy the server is."""
    alice, bob = server.friends("alice", "bob")
    first, second = sent(alice, "bob", "MARK-FIRST"), sent(alice, "bob", "MARK-SECOND")
    alice.says(f"EDITMESSAGE|alice|{second}|edited")
    alice.says(f"DELETEMESSAGE|alice|{first}")
    others = writing(alice)
    ends = time.monotonic() + WAIT_S
    while marks(server):
        assert time.monotonic() < ends, marks(server)
        if is_busy:
            next(others)
    assert bob.rows("SHOWFRIENDS|bob")


@pytest.mark.parametrize("place", ["DiceBot", "#den"])
def test_what_a_bot_has_answered_goes_with_the_message(server: Process, place: str) -> None:
    alice = server.user("alice")
    alice.says("CREATEROOM|alice|#den")
    alice.says("INVITE|alice|#den|DiceBot")
    other = sent(alice, place, "@DiceBot choose one or two")
    kept = alice.until("EVENT|MESSAGE|…|DiceBot|…")[-1].split("|")[2]
    asked = sent(alice, place, "@DiceBot choose MARK-LEFT or MARK-RIGHT")
    answered = alice.until("EVENT|MESSAGE|…|DiceBot|…MARK-…")[-1].split("|")[2]
    second = server.login("alice")
    alice.says(f"DELETEMESSAGE|alice|{asked}", f"OK|DELETEMESSAGE|{asked}")
    alice.event(f"DELETED|{answered}|DiceBot|…")
    second.event(f"DELETED|{asked}|alice|{place}")
    second.event(f"DELETED|{answered}|DiceBot|…")
    texts = {row[0]: row[4] for row in alice.rows(f"HISTORY|alice|{place}")}
    assert [texts[each] for each in (asked, answered)] == ["", ""]
    assert texts[other]
    assert texts[kept]
    wait_until_gone(server)
    server.restart()
    alice = server.login("alice")
    alice.refused(f"DELETEMESSAGE|alice|{asked}", "NO_SUCH_MESSAGE")
    alice.says(f"DELETEMESSAGE|alice|{other}", f"OK|DELETEMESSAGE|{other}")
    alice.event(f"DELETED|{kept}|DiceBot|…")
