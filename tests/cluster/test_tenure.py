"""The time in which a node writes, with an engine that fails at every point."""

import pytest

from chatserver.cluster.engine import Entry, Lease, following
from chatserver.cluster.tenure import DOUBT_S, Tenure
from chatserver.store.shared import NOWHERE, Place
from tests.cluster.fake import FakeEngine, FakeLoop, attendance, watch

LEASE = Lease("our key", "us", "here", 3.0)


class World:
    """A tenure that has just begun; `said` is what its owner was told, in order."""

    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.engine = FakeEngine(self.loop)
        self.engine.key, self.engine.expires_s = LEASE.key, self.loop.now_s + LEASE.seconds
        self.said: list[str] = []
        self.stored: list[Place] = []
        self.watch = watch(self.loop)
        self.tenure = Tenure(self.engine, LEASE, NOWHERE, self.loop, lambda: attendance(NOWHERE), self.watch)
        self.tenure.begin(self)

    def append(self, body: bytes) -> None:
        self.tenure.append(body, self._stored)

    def _stored(self, place: Place) -> None:
        self.stored.append(place)
        self.said.append("stored")

    def doubted(self) -> None:
        self.said.append("doubted")

    def cleared(self) -> None:
        self.said.append("cleared")

    def ended(self, error: Exception) -> None:
        self.said.append(f"ended: {error}")


@pytest.fixture
def world() -> World:
    return World()


def test_an_append_is_told_when_the_engine_has_it(world: World) -> None:
    world.append(b"one")
    world.append(b"two")
    first = following(NOWHERE, b"one")
    assert world.stored == [first, following(first, b"two")]
    assert [entry.body for entry in world.engine.entries] == [b"one", b"two"]


@pytest.mark.parametrize("fault", ["before", "after"])
def test_an_append_whose_answer_was_lost_is_stored_once(world: World, fault: str) -> None:
    world.engine.fails["append"] = [fault]
    world.append(b"one")
    assert world.said == []
    world.loop.pass_time(0.2)
    assert world.said == ["stored"]
    assert [entry.body for entry in world.engine.entries] == [b"one"]


@pytest.mark.parametrize("fault", ["before", "after"])
def test_it_is_found_out_also_when_asking_fails_again_and_again(world: World, fault: str) -> None:
    world.engine.fails = {"append": [fault, "after"], "renew": ["before", "after", "before"]}
    world.append(b"one")
    world.loop.pass_time(2.0)
    assert [entry.body for entry in world.engine.entries] == [b"one"]
    assert world.stored == [following(NOWHERE, b"one")]


def test_an_append_that_fails_again_and_again_is_logged_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.engine.fails["append"] = ["before"] * 20
    world.append(b"one")
    world.loop.pass_time(10.0)
    assert [record.message for record in caplog.records if "is being asked" in record.message] == [
        "whether a turn is in the shared log is not known, and is being asked: the connection was lost"
    ]
    caplog.clear()
    assert world.stored == [following(NOWHERE, b"one")]


def test_the_long_lease_of_a_start_is_made_a_short_one_at_once(world: World) -> None:
    assert world.engine.asked[0] == "renew"
    assert world.engine.expires_s == world.loop.now_s + LEASE.seconds


def test_what_comes_in_doubt_waits_and_keeps_its_order(world: World) -> None:
    world.engine.fails["append"] = ["before"]
    world.append(b"one")
    world.append(b"two")
    assert world.engine.asked.count("append") == 1
    world.loop.pass_time(0.2)
    assert [entry.body for entry in world.engine.entries] == [b"one", b"two"]


def test_a_doubt_is_told_after_a_second_and_its_end_behind_what_was_stored(world: World) -> None:
    world.engine.fails["append"] = ["hangs"]
    world.append(b"one")
    world.loop.pass_time(DOUBT_S - 0.1)
    assert world.said == []
    world.loop.pass_time(0.6)
    assert world.said == ["doubted"]
    world.loop.pass_time(10.0)
    assert world.said == ["doubted"]
    world.engine.hung.pop()(None)
    assert world.said == ["doubted", "stored", "cleared"]


def test_appends_that_follow_each_other_for_a_second_are_no_doubt(world: World) -> None:
    for _ in range(40):
        world.append(b"more")
        world.loop.pass_time(0.1)
    assert set(world.said) == {"stored"}


@pytest.mark.parametrize("fault", ["", "before"])
def test_who_was_fenced_ends_and_tells_nothing(world: World, fault: str) -> None:
    if fault:
        world.engine.fails["append"] = [fault]
    world.engine.append_foreign("another's", Entry(following(NOWHERE, b"theirs"), 1, b"theirs"))
    world.append(b"ours")
    world.loop.pass_time(0.2)
    assert world.stored == []
    assert len(world.said) == 1
    assert world.said[0].startswith("ended: another node writes for this cluster now")
    assert [entry.body for entry in world.engine.entries] == [b"theirs"]


def test_an_entry_that_another_wrote_at_our_place_is_not_taken_for_ours(world: World) -> None:
    """The same words, by another: it is another's lease that counts."""
    world.engine.fails["append"] = ["before"]
    world.append(b"same")
    world.engine.append_foreign("another's", Entry(following(NOWHERE, b"same"), 1, b"same"))
    world.loop.pass_time(0.2)
    assert world.stored == []
    assert "ended" in world.said[0]


def test_the_lease_is_kept_while_nobody_says_anything(world: World) -> None:
    for _ in range(20):
        world.loop.pass_time(1.0)
        assert world.engine.expires_s > world.loop.now_s
    assert world.engine.attended


def test_a_node_that_always_has_something_to_append_attends_all_the_same(world: World) -> None:
    """Else the others take it for away, and what it holds is not waited for."""

    def append_again(place: Place) -> None:
        if len(world.engine.entries) < 400:
            world.loop.call_later(0.01, lambda: None)
            world.tenure.append(b"more", append_again)
            world.loop.now_s += 0.01

    world.tenure.append(b"first", append_again)
    assert len(world.engine.entries) == 400
    assert 4 <= len(world.engine.attended) <= 5


def test_what_a_node_knows_of_its_cluster_is_told(world: World) -> None:
    world.watch.took()
    world.loop.pass_time(2.0)
    told = {name: values for name, _, _, values in world.watch.figures()}
    assert told["cluster_writes"] == {"": 1}
    assert told["cluster_member_behind"] == {"node": 0}
    assert 0 < told["cluster_lease_seconds"][""] <= LEASE.seconds
    world.engine.fails["renew"] = ["before"] * 9
    world.loop.pass_time(4.0)
    told = {name: values for name, _, _, values in world.watch.figures()}
    assert told["cluster_lease_seconds"] == {"": 0}
    assert told["cluster_engine_silent_seconds"][""] >= 3.0


def test_who_has_lost_the_lease_in_silence_ends(world: World) -> None:
    world.engine.key = "another's"
    world.loop.pass_time(1.0)
    assert "ended: another node writes" in world.said[0]


def test_a_lease_that_could_not_be_kept_once_is_kept_the_next_time(world: World) -> None:
    world.engine.fails["renew"] = ["before", "after"]
    world.loop.pass_time(2.5)
    assert world.said == []
    assert world.engine.expires_s > world.loop.now_s


def test_leaving_gives_the_lease_back(world: World) -> None:
    world.append(b"one")
    world.tenure.leave()
    assert world.tenure.is_over
    assert world.engine.expires_s < world.loop.now_s
    world.loop.pass_time(10.0)
    assert world.said == ["stored"]
    assert world.engine.expires_s < world.loop.now_s
