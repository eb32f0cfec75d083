"""What users leave behind has an end: rows, names and gaps, seen in the file of a whole server."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import thread_time
from unicodedata import combining, normalize

import pytest

from chatserver.core.rooms import STAYS_UNTRIMMED
from chatserver.protocol.verbs import VERBS
from tests.model.world import PASSWORD, Session, World

MOST = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    made = World(folder, stays_per_user_max=MOST, ended_rooms_max=MOST)
    yield made
    made.close()
    assert not made.defects


def number(folder: Path, query: str) -> int:
    """What the file says."""
    with closing(sqlite3.connect(folder / "chat.db")) as connection:
        return int(connection.execute(query).fetchone()[0])


def login_again(world: World, session: Session) -> Session:
    again = world.connect(session.name)
    world.say(again, f"LOGIN|{session.name}|{PASSWORD}")
    again.frames()
    return again


def texts(world: World, session: Session) -> list[str]:
    world.say(session, f"SYNC|{session.name}|0")
    return [frame.split("|", 6)[6] for frame in session.frames() if frame.startswith("ITEM|SYNC")]


def come_and_go(world: World, guest: Session, owner: Session, stays: int, *, talk: bool) -> None:
    for at in range(stays):
        world.say(guest, "JOIN|guest|#den")
        if talk:
            world.say(owner, f"SENDMESSAGE|owner|#den|stay {at}")
        world.say(guest, "LEAVE|guest|#den")
    for session in (guest, owner):
        session.frames()


def test_who_comes_and_goes_leaves_no_more_rows_than_there_may_be(world: World, folder: Path) -> None:
    owner, guest = world.user("owner"), world.user("guest")
    world.say(owner, "CREATEROOM|owner|#den")
    come_and_go(world, guest, owner, 3, talk=True)
    come_and_go(world, guest, owner, 5 * STAYS_UNTRIMMED, talk=False)
    assert number(folder, "SELECT count(*) FROM memberships") <= 1 + 3 + MOST + STAYS_UNTRIMMED
    assert texts(world, guest) == ["stay 0", "stay 1", "stay 2"]  # what was said has its own place
    world.say(guest, "EXPORT|guest")
    assert sum(frame.startswith("ITEM|EXPORT|room|#den") for frame in guest.frames()) <= 3 + MOST + STAYS_UNTRIMMED


def test_of_many_stays_in_which_something_was_said_the_last_are_shown(world: World, folder: Path) -> None:
    owner, guest = world.user("owner"), world.user("guest")
    world.say(owner, "CREATEROOM|owner|#den")
    come_and_go(world, guest, owner, 2 * STAYS_UNTRIMMED, talk=True)
    last = 2 * STAYS_UNTRIMMED
    assert texts(world, guest) == [f"stay {at}" for at in range(last - MOST, last)]
    query = "SELECT count(*) FROM memberships WHERE user = (SELECT id FROM users WHERE name = 'guest')"
    assert number(folder, query) == MOST
    world.restart()
    assert texts(world, login_again(world, guest)) == [f"stay {at}" for at in range(last - MOST, last)]


def test_what_was_said_in_stays_that_are_forgotten_goes_with_the_account(world: World, folder: Path) -> None:
    owner, guest = world.user("owner"), world.user("guest")
    for at in range(STAYS_UNTRIMMED + 1):
        world.say(owner, f"CREATEROOM|owner|#den{at}")
        world.say(guest, f"JOIN|guest|#den{at}\nSENDMESSAGE|guest|#den{at}|xylophone\nLEAVE|guest|#den{at}")
    count = "SELECT count(*) FROM messages WHERE text = 'xylophone'"
    assert number(folder, count) == STAYS_UNTRIMMED + 1
    me = number(folder, "SELECT id FROM users WHERE name = 'guest'")
    assert number(folder, f"SELECT count(*) FROM memberships WHERE user = {-me}") == STAYS_UNTRIMMED - MOST
    world.say(guest, f"DELETEACCOUNT|guest|{PASSWORD}")
    for _ in range(1000):
        if not number(folder, "SELECT count(*) FROM removals"):
            break
        world.pass_time(1)
    assert number(folder, count) == 0
    assert number(folder, f"SELECT count(*) FROM memberships WHERE abs(user) = {me}") == 0


def test_rooms_that_end_leave_no_more_names_than_there_may_be(world: World, folder: Path) -> None:
    owner = world.user("owner")
    for at in range(3 * MOST):
        world.say(owner, f"CREATEROOM|owner|#room{at}\nSENDMESSAGE|owner|#room{at}|hello\nLEAVE|owner|#room{at}")
    owner.frames()
    assert number(folder, "SELECT count(*) FROM rooms") == MOST
    world.say(owner, "SYNC|owner|0")
    rooms = [frame.split("|")[5] for frame in owner.frames() if frame.startswith("ITEM|SYNC")]
    assert rooms == ["#?"] * 2 * MOST + [f"#room{at}" for at in range(2 * MOST, 3 * MOST)]
    world.restart()  # where State is compared with the file
    owner = login_again(world, owner)
    world.say(owner, "CREATEROOM|owner|#again")
    assert number(folder, "SELECT min(id) FROM rooms") == -3 * MOST - 1  # ids do not come again


def test_syncs_of_single_messages_leave_no_more_gaps_than_there_may_be(folder: Path) -> None:
    world = World(folder, gaps_per_user_max=5)
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.hang_up(ben)
    for at in range(60):
        world.say(ann, f"SENDMESSAGE|ann|ben|{at}")
    ids = [int(frame.split("|")[2]) for frame in ann.frames() if frame.startswith("OK|SENDMESSAGE")]
    ben = world.connect("ben")
    ben.line.room = 0  # so that the backlog of the login is not handed over
    world.say(ben, f"LOGIN|ben|{PASSWORD}")
    for at in ids[10::4]:
        world.say(ben, f"SYNC|ben|{at}|1")
    ben.line.room = 1 << 20
    world.settle()
    ben.frames()
    world.pass_time(5)
    assert number(folder, "SELECT json_array_length(gaps) FROM users WHERE name = 'ben'") <= 5
    world.close()
    assert not world.defects


def test_the_last_tags_of_a_user_are_safe_to_repeat_also_after_a_restart(folder: Path) -> None:
    world = World(folder, tags_per_user_max=8)
    ann = world.user("ann")
    world.say(ann, "CREATEROOM|ann|#den")
    for at in range(100):
        world.say(ann, f"SENDMESSAGE#t{at}|ann|#den|hello")
    sent = [frame.split("|", 2)[2] for frame in ann.frames() if frame.startswith("OK|SENDMESSAGE")]
    for _ in range(2):
        for at in range(92, 100):
            world.say(ann, f"SENDMESSAGE#t{at}|ann|#den|hello")
        assert [frame.split("|", 2)[2] for frame in ann.frames()] == sent[92:]
        world.restart()  # where State is compared with the file
        ann = login_again(world, ann)
    world.say(ann, "SENDMESSAGE#t0|ann|#den|hello")
    assert ann.frames()[0].split("|", 2)[2] not in sent
    world.close()
    assert not world.defects


# What a line may cost.

MARKS = "a" + "".join(mark * 60 for mark in sorted(map(chr, range(0x300, 0x340)), key=combining, reverse=True))
"""Combining marks in the wrong order: normalising them takes the square of their number."""


@pytest.mark.parametrize("in_room", [False, True], ids=["name", "room"])
def test_no_field_of_any_verb_costs_the_square_of_its_length(folder: Path, *, in_room: bool) -> None:
    world = World(folder)
    start = thread_time()
    normalize("NFKC", MARKS)
    one_s = thread_time() - start
    text = f"#{MARKS}" if in_room else MARKS
    dear: dict[tuple[str, int], float] = {}
    for name, verb in VERBS.items():
        session = world.user(f"u{len(dear)}")
        world.say(session, f"CREATEROOM|{session.name}|#den\nINVITE|{session.name}|#den|HelpBot")
        for at in range(len(verb.fields)):
            fields = [session.name, "#den", *["x"] * 8][: len(verb.fields)]
            fields[at] = f"@{text}" if name == "SENDMESSAGE" and at == 2 else text
            start = thread_time()
            world.say(session, f"{name}|{'|'.join(fields)}\n" * 20)
            dear[name, at] = (thread_time() - start) / 20
    world.close()
    assert {key: took_s for key, took_s in dear.items() if took_s > one_s / 2} == {}
    assert not world.defects


def test_tokens_and_passwords_do_not_cost_it_before_a_login_either(folder: Path) -> None:
    world = World(folder)
    start = thread_time()
    normalize("NFC", MARKS)
    one_s = thread_time() - start
    for line in (
        "SIGNUP|ann|{}",
        "LOGIN|ann|{}",
        "RESUME|ann|{}",
        "SIGNUP|{}|long enough",
        "LOGIN|{}|x",
        "RESUME|{}|x",
    ):
        session = world.connect("ann")
        start = thread_time()
        world.say(session, "\n".join([line.format(MARKS)] * 20))
        assert thread_time() - start < 10 * one_s, line
        assert len(session.frames()) == 20
    world.close()
    assert not world.defects
