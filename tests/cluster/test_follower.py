"""Standing by, with an engine in memory and a real file: what is applied, and when the lease is taken."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatserver.cluster.codec import encode
from chatserver.cluster.engine import ClusterError, Entry, Lease, following
from chatserver.cluster.follower import Follower
from chatserver.cluster.steps import Steps, drive
from chatserver.core.events import Event, MessageSent, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store.shared import NOWHERE, Place
from chatserver.store.store import Store
from tests.cluster.fake import CLUSTER, FakeEngine, FakeLoop, attendance, watch

LEASE = Lease("our key", "us", "here", 3.0)


class World:
    """A follower of somebody who writes; `ended` is how it went on."""

    def __init__(self, path: Path) -> None:
        self.loop = FakeLoop()
        self.engine = FakeEngine(self.loop)
        self.engine.key = "theirs"
        self.store = Store(str(path), "normal", in_cluster=True)
        self.store.load(Limits())
        self.store.join(CLUSTER, NOWHERE, 5)
        self.place: Place | None = None
        self.ended: list[Exception | None] = []
        self._next_id = 0
        self.watch = watch(self.loop, lambda: self.store.shared.place)

    def follow(self, keep_s: float = 3600.0) -> None:
        follower = Follower(
            self.engine, self.store, LEASE, lambda: attendance(self.store.shared.place), self.loop, keep_s, self.watch
        )

        def steps() -> Steps[None]:
            self.place = yield from follower.follow()

        drive(steps(), self.ended.append)

    def write(self, *events: Event) -> Entry:
        """What the writer appends."""
        body = encode(events)
        entry = Entry(following(self.engine.end, body), 1, body)
        self.engine.append_foreign("theirs", entry)
        self.engine.expires_s = self.loop.now_s + 3.0
        return entry

    def say(self) -> None:
        self._next_id += 1
        self.write(MessageSent(self._next_id, 1, 1, 2, f"message {self._next_id}", None))

    def texts(self) -> list[str]:
        rows = self.store.history.connection.execute("SELECT text FROM messages ORDER BY id")
        return [text for (text,) in rows]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "chat.db")
    made.write(*[UserSignedUp(number, f"user{number}", f"user{number}", "hash", 1, 0) for number in (1, 2)])
    yield made
    made.store.close()


def test_what_is_written_is_applied_with_its_place(world: World) -> None:
    world.follow()
    world.say()
    world.say()
    world.loop.pass_time(0.2)
    assert world.texts() == ["message 1", "message 2"]
    assert world.store.shared.place == world.engine.end
    assert world.place is None


def test_nothing_is_applied_before_a_commit_of_its_own(world: World) -> None:
    """An engine without its standbys shows what may be gone when another takes its place."""
    world.follow()
    world.engine.fails["attend"] = ["before", "before"]
    world.say()
    world.loop.pass_time(0.3)
    assert "read" in world.engine.asked
    assert world.texts() == []
    world.loop.pass_time(2.0)
    assert world.texts() == ["message 1"]


def test_an_entry_that_was_there_only_before_the_commit_is_not_applied(world: World) -> None:
    world.follow()
    world.loop.pass_time(0.2)
    end = world.engine.end
    world.engine.fails["attend"] = ["before"]
    world.say()
    world.loop.pass_time(0.2)
    world.engine.entries.pop()
    world.engine.end = end
    world.write(MessageSent(1, 1, 2, 1, "another", None))
    world.loop.pass_time(2.0)
    assert world.texts() == ["another"]


def test_the_lease_is_taken_when_it_has_run_out_and_not_before(world: World) -> None:
    world.follow()
    world.loop.pass_time(2.8)
    assert world.place is None
    world.loop.pass_time(0.5)
    assert world.place == world.engine.end
    assert world.engine.key == LEASE.key


def test_what_was_written_at_the_last_moment_is_there_before_the_lease_is_used(world: World) -> None:
    world.follow()
    world.loop.pass_time(0.3)
    world.say()
    world.engine.expires_s = world.loop.now_s - 1
    world.loop.pass_time(0.3)
    assert world.place == world.engine.end
    assert world.texts() == ["message 1"]


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("question", ["take", "renew"])
def test_a_take_over_whose_answer_was_lost_is_tried_again(world: World, question: str, fault: str) -> None:
    world.engine.fails[question] = [fault]
    world.follow()
    world.loop.pass_time(10.0)
    assert world.place == world.engine.end


def test_questions_that_fail_are_asked_again(world: World) -> None:
    world.engine.fails = {name: ["before", "after"] for name in ("head", "read", "attend", "renew")}
    world.follow()
    world.say()
    world.loop.pass_time(20.0)
    assert world.texts() == ["message 1"]
    assert world.place == world.engine.end


def test_a_body_that_was_changed_stops_it(world: World) -> None:
    world.engine.entries[0] = world.engine.entries[0]._replace(body=b"[]")
    world.follow()
    assert isinstance(world.ended[0], ClusterError)
    assert "different things" in str(world.ended[0])
    assert world.store.shared.place == NOWHERE


def test_an_unknown_format_stops_it_with_a_sentence(world: World) -> None:
    world.engine.entries[0] = world.engine.entries[0]._replace(format=7)
    world.follow()
    assert "format 7" in str(world.ended[0])


def test_a_log_that_ends_before_its_own_file_stops_it(world: World) -> None:
    world.follow()
    world.loop.pass_time(0.2)
    world.engine.end = NOWHERE
    world.loop.pass_time(0.2)
    assert "goes up to entry 1, and the shared log ends at entry 0" in str(world.ended[0])


def test_the_log_is_kept_for_a_copy_that_is_carried_over(world: World) -> None:
    """Also where all nodes have it: a node that is about to join has not been seen yet."""
    world.follow(60.0)
    world.engine.expires_s = world.loop.now_s + 1000
    world.loop.pass_time(50.0)
    assert "forget" not in world.engine.asked
    world.say()
    world.engine.expires_s = world.loop.now_s + 1000
    world.loop.pass_time(50.0)
    assert world.engine.forgotten == 1
    world.loop.pass_time(30.0)
    assert world.engine.forgotten == 2


def test_a_place_survives_with_the_events(world: World, tmp_path: Path) -> None:
    world.follow()
    world.say()
    world.loop.pass_time(0.2)
    world.store.close()
    again = Store(str(tmp_path / "chat.db"), "normal", in_cluster=True)
    assert again.shared.place == world.engine.end
    assert again.shared.cluster == CLUSTER
    again.close()
