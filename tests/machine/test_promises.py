"""The checker itself: it must know what was promised, and notice each kind of promise that is not kept."""

import pytest

from tests.harness import PASSWORD, Running
from tests.machine.keeping import check_kept
from tests.machine.promises import Broken, Promises
from tests.machine.record import HEARD, SAID, Entry

TIME = "2026-11-22T14:39:05.123Z"


def heard(*talk: str) -> Promises:
    """Promises of a talk on one connection: lines that begin with `> ` came from the client."""
    promises = Promises()
    follow(promises, *talk)
    return promises


def follow(promises: Promises, *talk: str) -> None:
    for line in talk:
        kind, text = (HEARD, line[2:]) if line.startswith("> ") else (SAID, line)
        for piece in (f"{text}\n"[:5], f"{text}\n"[5:]):  # it comes in pieces
            promises.follow(Entry(0, kind, "40000", 0, piece.encode()))


def test_a_text_may_be_newer_than_was_promised_and_not_older() -> None:
    promises = heard("> SENDMESSAGE|alice|bob|one", f"OK|SENDMESSAGE|7|{TIME}", "> EDITMESSAGE|alice|7|two")
    assert promises.facts["text", "7"].allowed == ["one", "two"]
    follow(promises, f"OK|EDITMESSAGE|7|{TIME}", "> DELETEMESSAGE|alice|7")
    assert promises.facts["text", "7"].allowed == ["two", ""]


def test_what_was_refused_or_not_answered_is_no_promise() -> None:
    promises = heard("> SETTOPIC|alice|#den|a", "ERR|SETTOPIC|NOT_MEMBER|two words", "> SETTOPIC|alice|#den|b")
    assert not promises.facts["topic", "#den"].is_promised
    assert promises.count == 0


@pytest.mark.parametrize("frame", ["EVENT|MESSAGE", "EVENT|MISSED", "ITEM|HISTORY", "ITEM|SYNC#t"])
def test_what_was_shown_is_a_promise(frame: str) -> None:
    promises = heard(f"{frame}|7|{TIME}|alice|bob|a | b")
    assert promises.messages == {"7": (TIME, "alice", "bob")}
    assert promises.facts["text", "7"].allowed == ["a | b"]


@pytest.mark.parametrize(
    "frame",
    [
        f"EVENT|MESSAGE|7|{TIME}|alice|bob|other",
        f"EVENT|MESSAGE|7|{TIME}|carol|bob|hi",
        "OK|PING|",
        f"OK|SENDMESSAGE#t|8|{TIME}",
    ],
)
def test_a_frame_that_contradicts_an_earlier_one_is_noticed(frame: str) -> None:
    promises = heard("> SENDMESSAGE#t|alice|bob|hi", f"OK|SENDMESSAGE#t|7|{TIME}", "> SENDMESSAGE#t|alice|bob|hi")
    with pytest.raises(Broken):
        follow(promises, frame)


OTHERWISE = [
    ("> SETSTATUS|alice|away|tea", "OK|SETSTATUS|away|tea"),
    ("> CREATEROOM|alice|#den", "OK|CREATEROOM|#den|public"),
    ("> SETTOPIC|alice|#hall|roses", "OK|SETTOPIC|#hall|roses"),
    ("> ADDFRIEND|alice|carol", "OK|ADDFRIEND|carol|requested"),
    ("> BLOCK|alice|carol", "OK|BLOCK|carol"),
    ("> MARKREAD|alice|bob|1", "OK|MARKREAD|bob|1"),
    ("> REACT|alice|1|x", "OK|REACT|1|x|+"),
    ("> LOGIN|alice|a secret", "OK|LOGIN|alice|a-token"),
    ("> SIGNUP|carol|a secret", "OK|SIGNUP|carol"),
    ("> SENDMESSAGE#t|alice|bob|hi", "OK|SENDMESSAGE#t|1|{time}"),
    ("> SENDMESSAGE|alice|bob|hi", f"OK|SENDMESSAGE|1|{TIME}"),
    ("> SENDMESSAGE|alice|bob|ho", "OK|SENDMESSAGE|1|{time}"),
    ("> SENDMESSAGE|alice|bob|hi", "OK|SENDMESSAGE|2|{time}"),
    ("> EDITMESSAGE|alice|1|ho", "OK|EDITMESSAGE|1|{time}"),
    ("> DELETEMESSAGE|alice|1", "OK|DELETEMESSAGE|1"),
]
"""What a server has said that now knows nothing of it."""


@pytest.mark.parametrize("talk", [(), *OTHERWISE], ids=lambda talk: talk[0][2:20] if talk else "all is kept")
def test_what_is_not_kept_is_noticed(server: Running, talk: tuple[str, ...]) -> None:
    alice, _ = server.friends("alice", "bob")
    alice.says("CREATEROOM|alice|#hall")
    time = alice.says("SENDMESSAGE|alice|bob|hi")[0].split("|")[3]
    promises = heard(
        *(line for name in ("alice", "bob") for line in (f"> SIGNUP|{name}|{PASSWORD}", f"OK|SIGNUP|{name}")),
        *("> SENDMESSAGE|alice|bob|hi", f"OK|SENDMESSAGE|1|{time}"),
    )
    if not talk:
        check_kept(server, promises)
        return
    with pytest.raises(Broken):
        _follow_and_check(server, promises, *(line.format(time=time) for line in talk))


def _follow_and_check(server: Running, promises: Promises, *talk: str) -> None:
    """Where a talk contradicts an earlier one, that is noticed at once."""
    follow(promises, *talk)
    check_kept(server, promises)
