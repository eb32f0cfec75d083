"""How sessions begin and end, and who hears what a user hears: in a simulated world."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatserver.net.workers import Result
from tests.model.world import PASSWORD, Session, World

NEW = "another one"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, login_timeout_s=30, send_bytes_max=70_000, send_bytes_high=65_536)
    yield made
    made.close()
    assert not made.defects


def again(world: World, session: Session) -> Session:
    """One more session of the same user."""
    made = world.connect(session.name)
    world.say(made, f"LOGIN|{session.name}|{PASSWORD}")
    made.token = made.frames()[0].split("|")[3]
    return made


def resume(world: World, name: str, token: str) -> Session:
    made = world.connect(name)
    world.say(made, f"RESUME|{name}|{token}")
    return made


def hears(world: World, *sessions: Session) -> None:
    """All of these hear what one of their users is told, once; what they had to read before is gone."""
    for session in sessions:
        session.frames()
    friend = world.user(f"friend{len(sessions)}of{sessions[0].name}")
    world.say(friend, f"ADDFRIEND|{friend.name}|{sessions[0].name}")
    assert [session.frames() for session in sessions] == [[f"EVENT|FRIENDREQUEST|{friend.name}"]] * len(sessions)


# Logins.


def test_a_login_is_told_what_is_asked_of_its_user(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    world.hang_up(ann)
    world.say(ben, "ADDFRIEND|ben|ann\nCREATEROOM|ben|#den|private")
    world.say(ben, "INVITE|ben|#den|ann")
    ann = world.connect("ann")
    world.say(ann, f"LOGIN|ann|{PASSWORD}")
    frames = ann.frames()
    assert frames[0].startswith("OK|LOGIN|ann|")
    assert frames[1] == "EVENT|FRIENDREQUEST|ben"
    assert [frame for frame in frames[2:] if frame != "EVENT|INVITED|#den|ben"] == []


def test_a_token_brings_its_session_back_and_no_other(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    world.hang_up(ann)
    back = resume(world, "ann", ann.token)
    assert back.frames() == [f"OK|RESUME|ann|{ann.token}"]
    hears(world, back)
    for name, token in (("ann", ben.token), ("ben", ann.token), ("nobody", ann.token), ("ann", "")):
        (frame,) = resume(world, name, token).frames()
        assert frame.split("|")[:2] == ["ERR", "RESUME"]


def test_a_logout_ends_one_session_and_its_token(world: World) -> None:
    ann = world.user("ann")
    other = again(world, ann)
    world.say(ann, "LOGOUT")
    assert ann.frames() == ["OK|LOGOUT|ann"]
    hears(world, other)
    assert ann.frames() == []
    assert resume(world, "ann", ann.token).frames()[0].startswith("ERR|RESUME|BAD_LOGIN")
    assert resume(world, "ann", other.token).frames()[0].startswith("OK|RESUME|")


def test_who_logs_out_has_a_new_time_to_log_in(world: World) -> None:
    ann = world.user("ann")
    world.pass_time(1000)
    world.say(ann, "LOGOUT")
    world.pass_time(29)
    assert ann.frames() == ["OK|LOGOUT|ann"]
    world.pass_time(1)
    world.pass_time(1)
    assert [frame.split("|")[1] for frame in ann.frames()] == ["LOGIN_TIMEOUT"]


def test_many_who_do_not_log_in_in_time_are_told_so_in_several_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatserver.net.round.IN_A_TURN", 2)
    strangers = [world.connect(str(number)) for number in range(5)]
    world.now_s += 31
    told = []
    for _ in range(6):
        world.reactor.turn()
        told.append(sum(len(stranger.frames()) for stranger in strangers))
    assert max(told) == 2
    assert sum(told) == 5


def test_who_does_not_log_in_in_time_is_told_so_and_who_does_stays(world: World) -> None:
    early = world.connect("early")
    world.pass_time(10)
    late = world.connect("late")
    ann = world.user("ann")
    world.pass_time(20)
    world.pass_time(1)
    assert early.frames() == ["BYE|LOGIN_TIMEOUT|You did not log in in time: connect again"]
    assert late.frames() == ann.frames() == []
    world.pass_time(10)
    assert [frame.split("|")[1] for frame in late.frames()] == ["LOGIN_TIMEOUT"]
    world.pass_time(1000)
    world.say(ann, "PING|1")
    assert ann.frames() == ["OK|PING|1"]


@pytest.mark.parametrize("behind", ["PING|1", "QUIT", "LOGIN|ann|no password of hers", "cut"])
def test_a_logout_that_does_not_hold_leaves_the_session_as_it_was(world: World, behind: str) -> None:
    """Unless the client has gone meanwhile."""
    ann = world.user("ann")
    other = again(world, ann)
    world.flusher.hold()
    world.disk.is_full = True
    world.say(ann, "LOGOUT" if behind == "cut" else f"LOGOUT\n{behind}")
    if behind == "cut":
        world.cut(ann)
    world.flusher.let_go()
    world.settle()
    world.disk.is_full = False
    world.pass_time(2)
    told = [frame.split("|")[:3] for frame in ann.frames()]
    if behind != "cut":
        assert told[0] == ["ERR", "LOGOUT", "UNAVAILABLE"]
        assert len(told) == (3 if behind == "QUIT" else 2)
    if behind in ("QUIT", "cut"):
        hears(world, other)
        assert ann.frames() == []
    else:
        hears(world, ann, other)
    world.pass_time(100)
    assert ann.line.closed or behind not in ("QUIT", "cut")


# Logins while the disk is full.


def test_a_login_of_an_outage_holds_when_it_is_over(world: World) -> None:
    ann = world.user("ann")
    world.disk.is_full = True
    world.say(ann, "SETSTATUS|ann|busy")
    other = again(world, ann)
    world.pass_time(5)  # more tries to write fail
    world.say(ann, "SETSTATUS|ann|busy")
    assert [frame.split("|")[:3] for frame in ann.frames()] == [["ERR", "SETSTATUS", "UNAVAILABLE"]] * 2
    world.say(other, "PING|1")
    assert other.frames() == ["OK|PING|1"]
    world.disk.is_full = False
    world.pass_time(2)
    hears(world, other)
    world.restart()
    assert resume(world, "ann", other.token).frames()[0].startswith("OK|RESUME|")


def test_a_login_that_came_while_a_write_was_tried_is_answered_by_the_next_batch(world: World) -> None:
    ann = world.user("ann")
    other = world.connect("ann")
    world.disk.is_full = True
    world.say(ann, "SETSTATUS|ann|busy")
    world.flusher.hold()
    world.disk.is_full = False
    world.pass_time(2)  # the probe is under way
    world.say(other, f"LOGIN|ann|{PASSWORD}\nPING|1")
    assert other.frames() == []
    world.disk.is_full = True
    world.flusher.let_go()
    world.settle()
    assert [frame.split("|")[:3] for frame in other.frames()] == [["ERR", "LOGIN", "UNAVAILABLE"], ["OK", "PING", "1"]]
    world.disk.is_full = False
    world.pass_time(2)
    world.say(other, f"LOGIN|ann|{PASSWORD}")
    assert other.frames()[0].startswith("OK|LOGIN|")
    hears(world, ann, other)


def test_a_token_is_taken_while_the_disk_is_full(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.hang_up(ann)
    ben.frames()
    world.disk.is_full = True
    world.say(ben, "SETSTATUS|ben|busy")
    ben.frames()
    back = resume(world, "ann", ann.token)
    assert back.frames() == [f"OK|RESUME|ann|{ann.token}"]
    assert ben.frames() == ["EVENT|STATUS|ann|online|"]
    world.say(back, "SHOWFRIENDS|ann")
    assert back.frames() == ["ITEM|SHOWFRIENDS|ben|online|", "OK|SHOWFRIENDS|1"]
    world.say(back, "LOGOUT")
    assert back.frames()[0].startswith("ERR|LOGOUT|UNAVAILABLE")
    world.disk.is_full = False
    world.pass_time(2)
    hears(world, back)


def test_a_login_to_an_account_that_is_being_deleted_shares_its_fate(world: World) -> None:
    ann, other = world.user("ann"), world.connect("ann")
    for is_full, told in ((True, "UNAVAILABLE"), (False, "BAD_LOGIN")):
        world.disk.is_full = is_full
        world.flusher.hold()
        world.say(ann, f"DELETEACCOUNT|ann|{PASSWORD}")
        world.say(other, f"LOGIN|ann|{PASSWORD}")
        assert ann.frames() == other.frames() == []
        world.flusher.let_go()
        world.settle()
        assert ann.frames()[0].split("|")[0] == ("ERR" if is_full else "OK")
        assert [frame.split("|")[:3] for frame in other.frames()] == [["ERR", "LOGIN", told]]
        world.disk.is_full = False
        world.pass_time(2)


# Good-byes.


def test_quit_stands_alone_and_what_it_followed_is_answered(world: World) -> None:
    ann = world.user("ann")
    other = again(world, ann)
    world.say(ann, "SETSTATUS|ann|busy\nQUIT\nPING|1")
    assert [frame.split("|")[:2] for frame in ann.frames()] == [["OK", "SETSTATUS"], ["OK", "QUIT"], ["BYE", "QUIT"]]
    hears(world, other)
    world.pass_time(3)
    assert ann.line.closed


def test_a_good_bye_waits_for_what_is_staged_before_it(world: World) -> None:
    ann = world.user("ann")
    world.flusher.hold()
    world.say(ann, "SETSTATUS|ann|busy\nQUIT")
    world.pass_time(100)
    assert ann.frames() == []
    assert not ann.line.closed
    world.flusher.let_go()
    world.settle()
    assert [frame.split("|")[0] for frame in ann.frames()] == ["OK", "OK", "BYE"]


def test_a_client_that_closes_its_side_gets_its_answers_and_no_good_bye(world: World) -> None:
    ann = world.user("ann")
    ann.line.incoming += b"SETSTATUS|ann|busy\nPING|1\n"
    world.hang_up(ann)
    assert [frame.split("|")[:2] for frame in ann.frames()] == [["OK", "SETSTATUS"], ["OK", "PING"]]
    assert ann.line.closed


def test_a_new_password_ends_the_other_sessions_alone(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    others = [again(world, ann), again(world, ann)]
    world.say(ann, f"SETPASSWORD|ann|{PASSWORD}|{NEW}")
    assert ann.frames() == ["OK|SETPASSWORD|ann"]
    for other in others:
        assert [frame.split("|")[:2] for frame in other.frames()] == [["BYE", "KICKED"]]
    hears(world, ann)
    hears(world, ben)
    world.pass_time(10)
    assert all(other.line.closed for other in others)
    assert not ann.line.closed


def test_a_new_password_that_does_not_hold_ends_nobodys_hearing(world: World) -> None:
    """The others had been told good-bye in the batch that failed: they hear again, and each thing once."""
    ann = world.user("ann")
    others = [again(world, ann), again(world, ann)]
    world.disk.is_full = True
    world.say(ann, f"SETPASSWORD|ann|{PASSWORD}|{NEW}")
    assert ann.frames()[0].startswith("ERR|SETPASSWORD|UNAVAILABLE")
    world.disk.is_full = False
    world.pass_time(2)
    assert [other.frames() for other in others] == [[], []]
    hears(world, ann, *others)
    world.say(others[0], "LOGOUT")
    hears(world, ann, others[1])
    assert others[0].frames() == ["OK|LOGOUT|ann"]
    world.pass_time(3600)
    assert not others[1].line.closed


def test_an_account_that_is_deleted_ends_all_its_sessions(world: World) -> None:
    ann = world.user("ann")
    other = again(world, ann)
    world.say(ann, f"DELETEACCOUNT|ann|{PASSWORD}\nPING|1")
    assert [frame.split("|")[:2] for frame in ann.frames()] == [["OK", "DELETEACCOUNT"], ["BYE", "DELETED"]]
    assert [frame.split("|")[:2] for frame in other.frames()] == [["BYE", "DELETED"]]
    world.pass_time(10)
    assert ann.line.closed
    assert other.line.closed


# Those who do not read.


def slow_vic(world: World, turns: int) -> tuple[Session, list[int]]:
    """Vic takes nothing while more comes than may wait; the socket takes all again so many turns later.

    The last message has gathered behind the batch that was too much.
    """
    fay, vic = world.user("fay"), world.user("vic")
    world.befriend(fay, vic)
    world.pass_time(2)
    vic.line.room = 0
    for _ in range(60):
        world.say(fay, f"SENDMESSAGE|fay|vic|{'x' * 1000}")
    world.flusher.hold()
    world.say(fay, "\n".join([f"SENDMESSAGE|fay|vic|{'x' * 3000}"] * 5))
    world.say(fay, "SENDMESSAGE|fay|vic|behind")
    world.flusher.let_go()
    for _ in range(turns):
        world.reactor.turn()
    vic.line.room = None
    world.settle()
    return vic, [int(frame.split("|")[2]) for frame in fay.frames() if frame.startswith("OK|SENDMESSAGE")]


def messages(frames: list[str]) -> set[int]:
    return {int(frame.split("|")[2]) for frame in frames if frame.startswith("EVENT|M")}


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_who_does_not_read_is_told_so_and_loses_nothing(world: World, turns: int) -> None:
    vic, sent = slow_vic(world, turns)
    frames = vic.frames()
    assert frames[-1].startswith("BYE|TOO_SLOW|")
    assert len(frames) < 60
    world.cut(vic)
    world.pass_time(2)
    assert messages(frames) | messages(world.login("vic")) == set(sent)


def test_one_that_has_caught_up_is_not_sent_it_again(world: World) -> None:
    fay, vic = world.user("fay"), world.user("vic")
    world.befriend(fay, vic)
    vic.line.room = 0
    for _ in range(10):
        world.say(fay, "SENDMESSAGE|fay|vic|hi")
    vic.line.room = None
    world.settle()
    assert len(messages(vic.frames())) == 10
    world.cut(vic)  # before the marks are stored
    assert messages(world.login("vic")) == set()


def test_one_that_has_read_a_part_is_sent_the_rest(world: World) -> None:
    fay, vic = world.user("fay"), world.user("vic")
    world.befriend(fay, vic)
    vic.line.room = 0
    for _ in range(10):
        world.say(fay, "SENDMESSAGE|fay|vic|hi")
    vic.line.room = 200
    world.settle()
    whole = messages(vic.line.outgoing.decode().split("\n")[:-1])
    assert 0 < len(whole) < 10
    world.cut(vic)
    world.pass_time(2)
    missed = messages(world.login("vic"))
    assert whole & missed == set()
    assert len(whole | missed) == 10


def test_a_shutdown_says_good_bye_to_all(world: World) -> None:
    ann, nobody = world.user("ann"), world.connect("")
    world.server.stop()
    world.reactor.turn()
    world.reactor.turn()
    for session in (ann, nobody):
        assert [frame.split("|")[:2] for frame in session.frames()] == [["BYE", "SHUTDOWN"]]


# The deadline of a login.


class Threads:
    """Password jobs that are done when the test says so."""

    free = 1

    def __init__(self) -> None:
        self.jobs: list[tuple[Any, Any]] = []

    def submit(self, job: Any, done: Any) -> None:
        self.jobs.append((job, done))

    def work(self) -> None:
        job, done = self.jobs.pop(0)
        done(Result(job(), None))


@pytest.fixture
def threads(world: World, monkeypatch: pytest.MonkeyPatch) -> Threads:
    made = Threads()
    monkeypatch.setattr(world.server._dispatch.logins, "_pool", made)
    return made


def test_a_password_sent_in_time_still_counts_when_its_turn_comes_later(world: World, threads: Threads) -> None:
    late = world.connect("ann")
    world.say(late, f"SIGNUP|ann|{PASSWORD}\nLOGIN|ann|{PASSWORD}")
    threads.work()
    world.settle()
    world.pass_time(100)
    assert late.frames() == ["OK|SIGNUP|ann"]
    threads.work()
    world.settle()
    (frame,) = late.frames()
    assert frame.startswith("OK|LOGIN|ann|")
    world.pass_time(100)
    assert late.frames() == []


def test_who_is_refused_behind_the_deadline_has_no_other_try(world: World, threads: Threads) -> None:
    late = world.connect("ann")
    world.say(late, "LOGIN|ann|wrong horse\nLOGIN|ann|wrong again\nPING")
    world.pass_time(100)
    assert late.frames() == []
    threads.work()
    world.settle()
    assert [frame.split("|")[0:2] for frame in late.frames()] == [["ERR", "LOGIN"], ["BYE", "LOGIN_TIMEOUT"]]
    assert threads.jobs == []


def test_a_new_deadline_begins_with_the_logout(world: World) -> None:
    ann = world.user("ann")
    world.pass_time(100)
    world.say(ann, "LOGOUT")
    world.pass_time(29)
    assert ann.frames() == ["OK|LOGOUT|ann"]
    world.pass_time(2)
    assert [frame.split("|")[1] for frame in ann.frames()] == ["LOGIN_TIMEOUT"]
