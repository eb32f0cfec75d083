"""What waits for a user is sent behind the login: all of it, once, in order, whatever comes or goes meanwhile."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from chatserver.queries import messages
from chatserver.sessions import backlogs
from chatserver.store.history import Message
from tests.model.world import PASSWORD, Session, World

MOST = 5
"""Messages replayed at a login, in these tests."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(messages, "BACKLOG_MAX", MOST)
    made = World(tmp_path)
    yield made
    made.close()
    assert not made.defects


@pytest.fixture
def fay(world: World) -> Session:
    """Vic's friend; vic is not there."""
    fay, vic = world.user("fay"), world.user("vic")
    world.befriend(fay, vic)
    world.hang_up(vic)
    world.pass_time(2)
    fay.frames()
    return fay


def write(world: World, fay: Session, count: int) -> list[int]:
    """Messages to Vic, one by one; their ids."""
    for _ in range(count):
        world.say(fay, "SENDMESSAGE|fay|vic|hi")
    return accepted(fay)


def accepted(fay: Session) -> list[int]:
    return [int(frame.split("|")[2]) for frame in fay.frames() if frame.startswith("OK|SENDMESSAGE")]


def ids(frames: list[str], kind: str = "MISSED") -> list[int]:
    return [int(frame.split("|")[2]) for frame in frames if f"EVENT|{kind}|" in frame]


def come(world: World, line: str = "") -> Session:
    """Vic logs in, and says this in the same breath."""
    vic = world.connect("vic")
    world.say(vic, f"LOGIN|vic|{PASSWORD}" + (f"\n{line}" if line else ""))
    return vic


def leave(world: World, vic: Session) -> None:
    world.hang_up(vic)
    world.pass_time(2)


def test_as_many_as_one_login_replays_leave_no_hole(world: World, fay: Session) -> None:
    sent = write(world, fay, MOST)
    vic = come(world)
    frames = vic.frames()
    assert frames[0].startswith("OK|LOGIN|vic|")
    assert ids(frames) == sent
    live = write(world, fay, 1)
    assert ids(vic.frames(), "MESSAGE") == live
    leave(world, vic)
    assert ids(world.login("vic")) == []


def test_what_another_session_has_just_been_handed_does_not_wait(world: World, fay: Session) -> None:
    vic = come(world)
    sent = write(world, fay, 3)
    assert ids(vic.frames(), "MESSAGE") == sent
    assert ids(come(world).frames()) == []


def test_a_thousand_are_replayed_at_once_and_one_more_waits(
    world: World, fay: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    sent = write(world, fay, 1000)
    vic = come(world)
    assert ids(vic.frames()) == sent
    leave(world, vic)
    sent = write(world, fay, 1001)
    vic = come(world)
    assert ids(vic.frames()) == sent[:1000]
    leave(world, vic)
    assert ids(world.login("vic")) == sent[1000:]


def test_what_is_too_much_for_one_login_comes_with_the_next(world: World, fay: Session) -> None:
    sent = write(world, fay, 2 * MOST + 2)
    for part in (sent[:MOST], sent[MOST : 2 * MOST], sent[2 * MOST :], []):
        vic = come(world)
        assert ids(vic.frames()) == part
        leave(world, vic)


def test_what_was_left_out_still_waits_though_what_came_later_was_delivered(world: World, fay: Session) -> None:
    sent = write(world, fay, MOST + 3)
    vic = come(world)
    assert ids(vic.frames()) == sent[:MOST]
    live = write(world, fay, 2)
    assert ids(vic.frames(), "MESSAGE") == live
    leave(world, vic)
    last = write(world, fay, 1)
    assert ids(world.login("vic")) == sent[MOST:] + last


def test_it_still_waits_where_the_login_itself_left_late(world: World, fay: Session) -> None:
    """The socket took nothing until the backlog had been read: the hole may not be forgotten with the login."""
    sent = write(world, fay, MOST + 3)
    vic = world.connect("vic")
    vic.line.room = 0
    world.say(vic, f"LOGIN|vic|{PASSWORD}")
    vic.line.room = None
    world.settle()
    assert ids(vic.frames()) == sent[:MOST]
    live = write(world, fay, 1)
    assert ids(vic.frames(), "MESSAGE") == live
    leave(world, vic)
    assert ids(world.login("vic")) == sent[MOST:]


def test_the_next_user_of_a_connection_has_no_part_in_the_hole(world: World, fay: Session) -> None:
    sent = write(world, fay, MOST + 1)
    vic = come(world, "LOGOUT")
    assert ids(vic.frames()) == sent[:MOST]
    world.say(vic, f"LOGIN|vic|{PASSWORD}")
    assert ids(vic.frames()) == sent[MOST:]
    leave(world, vic)
    assert ids(world.login("vic")) == []


def test_the_last_message_of_a_gap_is_replayed_and_then_no_more(world: World, fay: Session) -> None:
    """A SYNC of what comes later leaves a gap before it."""
    sent = write(world, fay, 3)
    vic = world.connect("vic")
    vic.line.room = 0
    world.say(vic, f"LOGIN|vic|{PASSWORD}\nSYNC|vic|{sent[2]}")
    write(world, fay, 1)
    world.cut(vic)
    world.pass_time(2)
    vic = come(world)
    assert ids(vic.frames())[:3] == sent
    leave(world, vic)
    assert ids(world.login("vic")) == []


def test_what_is_written_while_it_is_read_comes_behind_it(world: World, fay: Session) -> None:
    sent = write(world, fay, 3)
    vic = world.connect("vic")
    vic.line.incoming += f"LOGIN|vic|{PASSWORD}\nPING|1\n".encode()
    for _ in range(6):
        fay.line.incoming += b"SENDMESSAGE|fay|vic|live\n"
        world.reactor.turn()
    world.settle()
    live = accepted(fay)
    frames = vic.frames()
    assert len(live) == 6
    assert [frame.split("|")[0:2] for frame in frames[:4]] == [["OK", "LOGIN"]] + [["EVENT", "MISSED"]] * 3
    heard = [int(frame.split("|")[2]) for frame in frames if frame.startswith("EVENT|M")]
    assert heard == sent + live
    assert "OK|PING|1" in frames


def test_two_sessions_that_come_together_have_what_the_other_has_not_yet_got(world: World, fay: Session) -> None:
    sent = write(world, fay, 3)
    sessions = [world.connect("vic"), world.connect("vic")]
    for each in sessions:
        each.line.incoming += f"LOGIN|vic|{PASSWORD}\n".encode()
    world.settle()
    first, second = (ids(each.frames()) for each in sessions)
    assert first == sent
    assert second in ([], sent)  # it may have been read before the first was sent


def test_a_client_that_goes_while_it_is_read_has_got_nothing(world: World, fay: Session) -> None:
    sent = write(world, fay, 3)
    vic = world.connect("vic")
    vic.line.incoming += f"LOGIN|vic|{PASSWORD}\n".encode()
    while not vic.line.outgoing:
        world.reactor.turn()
    world.cut(vic)
    assert ids(vic.frames()) == []
    world.pass_time(2)
    assert ids(world.login("vic")) == sent


def test_one_is_read_to_its_end_before_the_next(world: World, fay: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may gather megabytes, and a thousand may come at once."""
    monkeypatch.setattr(backlogs, "SLICE_S", 0.0)
    going_on: set[int] = set()
    most: list[int] = []

    def in_pages(*given: object) -> Generator[None, None, tuple[list[Message], int]]:
        own = len(most)
        for _ in range(3):
            going_on.add(own)
            most.append(len(going_on))
            yield
        going_on.remove(own)
        return [], 0

    write(world, fay, 2)
    monkeypatch.setattr(backlogs, "backlog", in_pages)
    for each in [world.connect("vic") for _ in range(3)]:
        each.line.incoming += f"LOGIN|vic|{PASSWORD}\n".encode()
    world.settle()
    assert most == [1] * 9


def test_many_are_read_a_slice_a_turn(world: World, fay: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page takes the whole slice here: so none is passed over, and they take turns."""
    monkeypatch.setattr(backlogs, "SLICE_S", 0.0)
    sent = write(world, fay, MOST + 1)
    sessions = [world.connect("vic") for _ in range(3)]
    for each in sessions:
        each.line.incoming += f"LOGIN|vic|{PASSWORD}\n".encode()
    world.settle()
    got = [ids(each.frames()) for each in sessions]
    assert got[0] == sent[:MOST]
    for each in sessions:
        leave(world, each)
    got.append(ids(world.login("vic")))
    assert sorted({message for each in got for message in each}) == sent


def test_one_that_cannot_be_read_ends_the_connection_and_goes_on_waiting(
    world: World, fay: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = write(world, fay, 3)
    vic = world.connect("vic")
    vic.line.incoming += f"LOGIN|vic|{PASSWORD}\nPING|1\n".encode()
    with monkeypatch.context() as patch:
        patch.setattr(type(world.disk.history), "received_page", lambda *arguments: 1 // 0)
        world.settle()
    assert vic.line.closed
    assert [frame.split("|")[1] for frame in vic.frames()] == ["LOGIN"]
    assert "a backlog cannot be read" in world.defects.pop()
    assert world.defects == []
    world.pass_time(2)
    assert ids(world.login("vic")) == sent
