"""Orders of things that a slow disk makes possible: batches in flight, others that gather, readers that do not read."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bots import Bot, Fetch, Reply, Talk
from chatserver.bothost.host import FAULT
from chatserver.store.errors import StoreBroken
from tests.model.world import PASSWORD, Session, World

NEW = "another one"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()
    assert not made.defects


def heads(session: Session, fields: int = 3) -> list[str]:
    return ["|".join(frame.split("|")[:fields]) for frame in session.frames()]


def ids(frames: list[str], word: str) -> list[int]:
    return [int(frame.split("|")[2]) for frame in frames if frame.startswith(f"EVENT|{word}|")]


def told_ids(sender: Session) -> list[int]:
    return [int(frame.split("|")[2]) for frame in sender.frames() if frame.startswith("OK|SENDMESSAGE|")]


def room_of(world: World, owner: Session, *others: Session) -> None:
    world.say(owner, f"CREATEROOM|{owner.name}|#den")
    for other in others:
        world.say(other, f"JOIN|{other.name}|#den")
    for session in (owner, *others):
        session.frames()


# Credit.


def test_what_was_dropped_is_not_counted_by_what_gathers_behind_it(tmp_path: Path) -> None:
    """TOO_SLOW drops what waits, while messages and answers have gathered in the open batch."""
    world = World(tmp_path, send_bytes_max=50_000, send_bytes_high=10_000)
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    ben.line.room = 0
    sent = []
    for _ in range(11):
        world.say(ann, "SENDMESSAGE|ann|ben|" + "y" * 4000)
        sent += told_ids(ann)
    world.flusher.hold()
    world.say(ann, "SENDMESSAGE|ann|ben|" + "\nSENDMESSAGE|ann|ben|".join(["z" * 4000] * 3))
    world.say(ann, "SENDMESSAGE|ann|ben|last")
    world.say(ben, "SETSTATUS|ben|busy|reading")
    world.flusher.let_go()
    world.settle()
    sent += told_ids(ann)
    ben.line.room = None
    world.settle()
    got = ben.frames()
    world.hang_up(ben)
    world.pass_time(20)
    assert [frame.split("|")[1] for frame in got] == ["MESSAGE"] * (len(got) - 1) + ["TOO_SLOW"]
    assert ids(got, "MESSAGE") == sent[: len(got) - 1]
    missed = ids(world.login("ben"), "MISSED")
    assert sorted({*ids(got, "MESSAGE"), *missed}) == sent
    world.close()


def test_a_slow_reader_of_a_long_backlog_gets_the_rest_at_the_next_login(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.hang_up(ben)
    for _ in range(12):
        world.say(ann, "\n".join(["SENDMESSAGE|ann|ben|waits"] * 100))
    ann.frames()
    ben = world.connect("ben")
    ben.line.room = 0
    world.say(ben, f"LOGIN|ben|{PASSWORD}")
    world.say(ann, "SENDMESSAGE|ann|ben|live")
    ben.line.room = None
    world.settle()
    got = ben.frames()
    assert len(ids(got, "MISSED")) == 1000
    assert len(ids(got, "MESSAGE")) == 1
    world.hang_up(ben)
    world.pass_time(2)
    assert len(ids(world.login("ben"), "MISSED")) == 200


# Chores.


def always_a_batch(world: World, sender: Session, line: str, turns: int, flush_s: float = 0.0019) -> None:
    """Whenever a batch is stored the next has gathered, as on a slow disk; where the log rests, it is given enough."""
    world.flusher.hold()
    world.say(sender, line)
    for _ in range(turns):
        world.say(sender, line)
        world.flusher.let_go()
        world.flusher.hold()
        world.now_s += flush_s
        world.settle()
        while world.server.turn.log.is_idle:
            world.say(sender, line)


@pytest.mark.parametrize("flush_s", [0.0019, 0.02])
def test_a_log_that_always_has_a_batch_in_hand_is_still_moved_into_the_tables(
    world: World, flush_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[bool] = []
    checkpoint = world.disk.checkpoint
    monkeypatch.setattr(world.disk, "checkpoint", lambda: moved.append(True) or checkpoint())  # type: ignore[func-returns-value]
    monkeypatch.setattr("chatserver.store.store.CHECKPOINT_BYTES_MIN", 500_000)
    ann, cat = world.user("ann"), world.user("cat")
    world.befriend(ann, cat)
    always_a_batch(world, ann, "SENDMESSAGE|ann|cat|always one more", 150, flush_s)
    world.flusher.let_go()
    assert len(moved) > 1


def test_a_store_that_always_has_a_batch_in_hand_still_does_its_chores(world: World) -> None:
    ann, ben, cat = world.user("ann"), world.user("ben"), world.user("cat")
    world.befriend(ann, cat)
    world.flusher.hold()
    world.say(ben, f"DELETEACCOUNT|ben|{PASSWORD}")
    always_a_batch(world, ann, "SENDMESSAGE|ann|cat|always one more", 500)
    assert not world.disk.removal.waits
    world.flusher.let_go()


# Turns.


def test_answers_that_need_no_store_count_towards_what_may_wait(tmp_path: Path) -> None:
    """HELP, a long PING, a refusal: a flood of them before a login was limited by the number of its lines alone."""
    world = World(tmp_path, send_bytes_high=20_000)
    ann = world.connect("ann")
    pieces: list[int] = []
    take = ann.line.send

    def send(data: bytes) -> int:
        pieces.append(len(data))
        return take(data)

    ann.line.send = send  # type: ignore[method-assign]
    for line in (b"HELP\n", b"PING|" + b"x" * 1000 + b"\n"):
        world.pass_time(2)
        ann.line.incoming += line * 60
        world.settle()
    answers = ann.frames()
    assert [answer[:7] for answer in answers if answer.startswith("OK|")] == ["OK|HELP"] * 60 + ["OK|PING"] * 60
    assert max(pieces) < 30_000
    world.close()


def test_the_loop_sleeps_while_a_client_over_its_limit_waits_for_the_disk(tmp_path: Path) -> None:
    world = World(tmp_path, send_bytes_high=80_000)
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    ben.line.room = 0
    for _ in range(10):
        world.say(ann, "SENDMESSAGE|ann|ben|" + "y" * 4000)
    world.flusher.hold()
    world.say(ann, "SETSTATUS|ann|busy|writing")
    ben.line.incoming += b"SHOWFRIENDS|ben\nSHOWFRIENDS|ben\nPING|1\n"
    turns = 0
    world._selector.is_quiet = False
    while not world._selector.is_quiet and turns < 100:
        world.reactor.turn()
        turns += 1
    world.flusher.let_go()
    world.settle()
    ben.line.room = None
    world.settle()
    assert heads(ben, 2)[-1] == "OK|PING"
    assert turns < 100
    world.close()


# Order.


def test_what_is_answered_at_once_is_not_overtaken_by_what_is_stored_in_the_same_turn(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    world.flusher.hold()
    world.say(ann, "CREATEROOM|ann|#den")
    world.flusher.let_go()
    ben.line.incoming += b"PING|1\nSHOWROOMS|ben\nPING|2\n"
    world.settle()
    assert heads(ben, 2) == ["OK|PING", "ITEM|SHOWROOMS", "OK|SHOWROOMS", "OK|PING"]


def test_what_is_answered_at_once_is_not_overtaken_by_what_fails_in_the_same_turn(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    world.flusher.hold()
    world.disk.is_full = True
    world.say(ann, "SETSTATUS|ann|busy|writing")
    world.disk.is_full = False
    world.flusher.let_go()
    ben.line.incoming += b"PING|1\nSETSTATUS|ben|busy|writing\n"
    world.settle()
    assert heads(ben, 2) == ["OK|PING", "ERR|SETSTATUS"]
    world.pass_time(3)


def test_a_session_that_goes_on_after_all_has_lost_no_line(world: World) -> None:
    ann, again = world.user("ann"), world.connect("ann")
    world.say(again, f"LOGIN|ann|{PASSWORD}")
    again.frames()
    world.flusher.hold()
    world.disk.is_full = True
    world.say(ann, f"SETPASSWORD|ann|{PASSWORD}|{NEW}")
    world.say(again, "PING|while the disk has it")
    world.flusher.let_go()
    world.settle()
    world.disk.is_full = False
    world.pass_time(3)
    world.say(again, "PING|later")
    assert heads(again) == ["OK|PING|while the disk has it", "OK|PING|later"]


def test_a_message_is_not_edited_once_it_is_deleted(world: World) -> None:
    """Both wait for the same batch; the second is decided on what the first has done."""
    ann, again, ben = world.user("ann"), world.connect("ann"), world.user("ben")
    world.say(again, f"LOGIN|ann|{PASSWORD}")
    world.befriend(ann, ben)
    world.say(ann, "SENDMESSAGE|ann|ben|hello")
    ann.frames(), ben.frames(), again.frames()
    world.flusher.hold()
    world.say(ben, "REACT|ben|1|x")
    world.say(ann, "DELETEMESSAGE|ann|1")
    world.say(again, "EDITMESSAGE|ann|1|back again")
    world.flusher.let_go()
    world.settle()
    assert [head for head in heads(ann, 2) if head[:2] == "OK"] == ["OK|DELETEMESSAGE"]
    assert "ERR|EDITMESSAGE|NO_SUCH_MESSAGE" in heads(again)


# What is told before it is stored.


def test_that_a_room_has_ended_is_not_shown_before_it_is_stored(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    room_of(world, ann)
    world.flusher.hold()
    world.say(ann, "LEAVE|ann|#den")
    world.say(ben, "SHOWROOMS|ben")
    told = ben.frames()
    world.flusher.let_go()
    world.settle()
    assert told == []
    assert heads(ben, 2) == ["OK|SHOWROOMS"]


def test_that_a_room_has_ended_is_no_reason_to_refuse_before_it_is_stored(world: World) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    room_of(world, ann)
    world.flusher.hold()
    world.say(ann, "LEAVE|ann|#den")
    world.say(ben, "SHOWMEMBERS|ben|#den")
    told = ben.frames()
    world.flusher.let_go()
    world.settle()
    assert told == []


@pytest.mark.parametrize("line", ["HISTORY|ann|#den", "SYNC|ann|0", "SEARCH|ann|hello", "EXPORT|ann", "EXPLAIN|ann|1"])
def test_that_an_account_is_gone_is_not_shown_before_it_is_stored(world: World, line: str) -> None:
    ann, ben = world.user("ann"), world.user("ben")
    room_of(world, ann, ben)
    world.say(ben, "SENDMESSAGE|ben|#den|hello\nLEAVE|ben|#den")
    ann.frames()
    world.pass_time(2)
    world.say(ann, line)
    before = ann.frames()
    world.flusher.hold()
    world.say(ben, f"DELETEACCOUNT|ben|{PASSWORD}")
    world.say(ann, line)
    told = ann.frames()
    world.flusher.let_go()
    world.settle()
    assert told in ([], before)


def test_what_somebody_wrote_who_is_not_deleted_after_all_is_not_lost(world: World) -> None:
    """While the deletion is being stored these messages are hidden, and a backlog would count them as shown."""
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.cut(ann)
    sent: list[int] = []
    for _ in range(10):
        world.say(ben, "\n".join(["SENDMESSAGE|ben|ann|" + "y" * 4000] * 10))
        sent += told_ids(ben)
    ann = world.connect("ann")
    world.flusher.hold()
    world.say(ann, f"LOGIN|ann|{PASSWORD}")
    world.disk.is_full = True
    world.say(ben, f"DELETEACCOUNT|ben|{PASSWORD}")
    world.flusher.let_go()
    world.settle()
    world.disk.is_full = False
    world.pass_time(3)
    got = ids(ann.frames(), "MISSED")
    world.hang_up(ann)
    world.pass_time(2)
    assert got + ids(world.login("ann"), "MISSED") == sent


def test_chores_do_not_keep_a_server_from_ending(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(world.reactor, "stop", lambda: ended.append(True))
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.say(ben, "\n".join(["SENDMESSAGE|ben|ann|" + "y" * 4000] * 200))
    world.say(ben, f"DELETEACCOUNT|ben|{PASSWORD}")
    world.flusher.hold()
    world.pass_time(0.1)  # nobody says anything: a chore is begun
    world.server.stop()
    world.settle()
    assert not ended
    world.flusher.let_go()
    world.flusher.hold()
    world.pass_time(0.1)
    assert ended
    assert world.disk.removal.waits
    world.flusher.let_go()


def test_a_store_that_cannot_be_read_while_it_recovers_ends_the_server(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = world.user("ann")
    world.disk.is_full = True
    world.say(ann, "SETSTATUS|ann|busy|writing")

    def broken() -> None:
        raise StoreBroken("the tests' disk is gone")

    monkeypatch.setattr(world.disk, "roll_back", broken)
    world.pass_time(2)
    failure, world.server.failure = world.server.failure, ""  # for the world's own end
    monkeypatch.undo()
    world.disk.is_full = False
    assert "is gone" in failure


def test_that_a_friend_has_gone_is_not_shown_before_it_is_stored(tmp_path: Path) -> None:
    """A change within a second of another is not told at once, and SHOWFRIENDS must not tell it either."""
    world = World(tmp_path, presence_ms=1000)
    ann, ben = world.user("ann"), world.user("ben")
    world.befriend(ann, ben)
    world.pass_time(5)
    world.say(ben, "SETSTATUS|ben|busy|writing")
    ann.frames()
    world.flusher.hold()
    world.say(ben, "LOGOUT|ben")
    world.say(ann, "SHOWFRIENDS|ann")
    told = ann.frames()
    world.flusher.let_go()
    world.settle()
    assert told == []
    assert ann.frames()[0] == "ITEM|SHOWFRIENDS|ben|offline|"
    world.close()


class _Pages:
    """The web: pages come when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Callable[[Reply], None]]] = []

    def get(self, bot: str, wanted: Fetch, done: Callable[[Reply], None]) -> None:
        self.asked.append((wanted.url, done))

    def close(self) -> None:
        """Nothing is open."""

    def come(self) -> None:
        asked, self.asked = self.asked, []
        for url, done in asked:
            done(Reply(url, body=b"sunny"))


def _report(words: str) -> Talk:
    first = yield Fetch(f"http://x/{words}")
    yield "one"
    second = yield Fetch("http://x/second")
    if words == "fail":
        raise ValueError
    assert first
    assert second
    return f"two {first.url} {second.url}"


@pytest.mark.parametrize("words", ["go", "fail"])
@pytest.mark.parametrize("in_flight", [1, 2])
def test_what_a_bot_answers_to_a_page_is_said_once_the_disk_can_be_written(
    tmp_path: Path, in_flight: int, words: str
) -> None:
    """The step after a page was undone with its batch, and its handler cannot go on twice."""
    bot = Bot("WebBot", help="fetches")
    bot.on("<words>", help="it")(_report)
    world, pages = World(tmp_path, bots=[bot]), _Pages()
    ann = world.user("ann")
    world.server._bots._pages = pages
    world.say(ann, f"SENDMESSAGE|ann|WebBot|{words}")
    if in_flight == 2:
        world.flusher.hold()
    world.disk.is_full = True
    pages.come()
    world.settle()
    if in_flight == 2:
        pages.come()
        world.settle()
    world.flusher.let_go()
    world.settle()
    world.disk.is_full = False
    world.pass_time(3)
    for _ in range(2):
        pages.come()
        world.settle()
    said = [frame.split("|")[6] for frame in ann.frames() if frame.startswith("EVENT|MESSAGE|")]
    expected = "two http://x/go http://x/second" if words == "go" else FAULT
    assert said == ["one", expected]
    world.close()


def test_a_slow_reader_over_its_rate_has_one_timer(tmp_path: Path) -> None:
    world = World(tmp_path, commands_per_s=20)
    ann = world.connect("ann")
    ann.line.incoming += b"HELP\n" * 500
    timers = len(world.reactor._timers)
    for _ in range(50):
        ann.line.room = 20
        world.pass_time(0.05)
        ann.line.room = None
        world.settle()
    assert ann.line.outgoing
    assert len(world.reactor._timers) <= timers + 1
    world.close()
