"""What friends are told of who comes and goes: at once, and then at most once a second."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from chatserver.core.events import Event, FriendAdded, FriendRemoved, SessionClosed, SessionOpened, StatusSet
from chatserver.core.evolve import evolve
from chatserver.core.state import State, User, seen_as
from chatserver.turn.batch import Batch
from chatserver.turn.presence import Presence
from chatserver.turn.records import Heard
from tests.bots.fakes import FakeLoop

ANN, BOB, EVE = 1, 2, 3


@dataclass
class World:
    """Ann is watched by her friend Bob, who is online, and maybe by Eve, who is not yet."""

    loop: FakeLoop = field(default_factory=FakeLoop)
    state: State = field(default_factory=State)
    hearers: dict[int, object] = field(default_factory=dict)
    batch: Batch = field(default_factory=lambda: Batch(1, 0))
    told: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.presence = Presence(self, self.loop, 1.0)
        for user, name in ((ANN, "ann"), (BOB, "bob"), (EVE, "eve")):
            self.state.add(User(user, name, name, ""))
        self.befriend(ANN, BOB)
        self.befriend(ANN, EVE)
        self.hearers[BOB] = object()

    def tell(self, users: Iterable[int], record: Heard, origin: None) -> None:
        self.told += [(user, record[0].decode().removeprefix("EVENT|STATUS|").strip()) for user in users]

    def befriend(self, one: int, other: int) -> None:
        evolve(self.state, FriendAdded(one, other, 0))
        self.presence.befriended(one, other)

    def change(self, event: Event, user: int = ANN) -> None:
        """As a turn does it: note, make it so, and tell if friends see a difference."""
        before = seen_as(self.state.users[user])
        self.presence.note(user)
        evolve(self.state, event)
        if seen_as(self.state.users[user]) != before:
            self.presence.changed(user)

    def come(self) -> None:
        self.change(SessionOpened(ANN))

    def go(self) -> None:
        self.change(SessionClosed(ANN))

    def status(self, status: str, text: str = "") -> None:
        self.change(StatusSet(status, text, ANN))

    def hears(self, *expected: tuple[int, str]) -> None:
        """What was told since the last look; the turn is over, and has held."""
        told, self.told = self.told, []
        assert sorted(told) == sorted(expected)
        self.hold()

    def hold(self) -> None:
        """What gathered is stored."""
        self.batch = Batch(self.batch.position + 1, 0)

    def fail(self) -> None:
        """What gathered cannot be stored."""
        batch = self.batch
        self.hold()
        batch.revert()
        self.presence.tell_truth()


@pytest.fixture
def world() -> World:
    return World()


def test_the_first_change_is_told_at_once(world: World) -> None:
    world.come()
    world.hears((BOB, "ann|online|"))
    world.loop.pass_time(60)
    world.hears()


def test_what_follows_within_the_second_is_told_when_it_is_over(world: World) -> None:
    world.come()
    world.hears((BOB, "ann|online|"))
    world.status("away", "tea")
    world.status("busy", "work")
    world.loop.pass_time(0.99)
    world.hears()
    world.loop.pass_time(0.01)
    world.hears((BOB, "ann|busy|work"))


def test_a_flapping_client_costs_one_event_a_second(world: World) -> None:
    world.come()
    for _ in range(100):
        world.go()
        world.loop.pass_time(0.3)
        world.come()
        world.loop.pass_time(0.4)
        world.hold()
    assert 30 < len(world.told) <= 71  # of 201, in 70 seconds
    world.loop.pass_time(1)
    assert world.told[-1] == (BOB, "ann|online|")


def test_back_to_what_was_told_is_not_told_again(world: World) -> None:
    world.come()
    world.hears((BOB, "ann|online|"))
    world.go()
    world.come()
    world.loop.pass_time(5)
    world.hears()
    world.go()
    world.hears((BOB, "ann|offline|"))


def test_after_a_quiet_second_the_next_change_is_told_at_once(world: World) -> None:
    world.come()
    world.loop.pass_time(1)
    world.status("away")
    world.hears((BOB, "ann|online|"), (BOB, "ann|away|"))


def test_what_was_held_back_begins_a_second_of_its_own(world: World) -> None:
    world.come()
    world.status("away")
    world.loop.pass_time(1)
    world.hears((BOB, "ann|online|"), (BOB, "ann|away|"))
    world.status("busy")
    world.loop.pass_time(0.9)
    world.hears()
    world.loop.pass_time(0.1)
    world.hears((BOB, "ann|busy|"))


def test_one_that_nobody_is_there_to_hear_begins_no_second(world: World) -> None:
    del world.hearers[BOB]
    world.come()
    world.hears()
    world.hearers[BOB] = object()
    world.status("away")
    world.hears((BOB, "ann|away|"))


def test_invisible_is_offline_and_told_so(world: World) -> None:
    world.come()
    world.status("invisible", "hidden")
    world.loop.pass_time(1)
    world.hears((BOB, "ann|online|"), (BOB, "ann|offline|"))
    world.status("invisible", "still hidden")
    world.go()
    world.come()
    world.loop.pass_time(5)
    world.hears()


def test_who_asked_in_between_hears_how_it_ended_and_nobody_else(world: World) -> None:
    world.come()
    world.hears((BOB, "ann|online|"))
    world.status("away")
    world.hearers[EVE] = object()
    world.presence.shown(EVE)
    world.status("online")
    world.loop.pass_time(1)
    world.hears((EVE, "ann|online|"))


def test_a_friend_of_that_second_knows_what_the_friendship_told(world: World) -> None:
    evolve(world.state, FriendRemoved(ANN, EVE))
    world.hearers[EVE] = object()
    world.come()
    world.status("away")
    world.befriend(EVE, ANN)
    world.hears((BOB, "ann|online|"))
    world.loop.pass_time(1)
    world.hears((BOB, "ann|away|"))
    world.status("busy")
    world.loop.pass_time(1)
    world.hears((BOB, "ann|busy|"), (EVE, "ann|busy|"))


def test_one_who_is_gone_is_not_told_of(world: World) -> None:
    world.come()
    world.status("away")
    evolve(world.state, FriendRemoved(ANN, BOB))
    evolve(world.state, FriendRemoved(ANN, EVE))
    world.state.remove(world.state.users[ANN])
    world.loop.pass_time(1)
    world.hears((BOB, "ann|online|"))


# Turns that cannot be stored: what they told was not sent, and sessions are what they are.


def test_what_a_failed_turn_told_is_told_again_where_it_is_true(world: World) -> None:
    world.come()
    world.hears((BOB, "ann|online|"))
    world.loop.pass_time(3)
    world.go()
    world.told.clear()
    world.fail()
    world.hears((BOB, "ann|offline|"))


def test_what_a_failed_turn_told_is_forgotten_where_it_is_not_true(world: World) -> None:
    world.come()
    world.hears((BOB, "ann|online|"))
    world.loop.pass_time(3)
    world.status("away")
    world.told.clear()
    evolve(world.state, StatusSet("online", "", ANN))  # State as the disk has it
    world.fail()
    world.loop.pass_time(3)
    world.hears()


def test_what_was_held_back_when_a_turn_failed_is_told_at_its_time_once(world: World) -> None:
    world.come()
    world.hears((BOB, "ann|online|"))
    world.status("away")
    world.fail()
    world.hears()
    world.loop.pass_time(1)
    world.hears((BOB, "ann|away|"))
    world.loop.pass_time(3)
    world.hears()


def test_a_second_that_ended_in_a_failed_turn_ends_again(world: World) -> None:
    world.come()
    world.hears((BOB, "ann|online|"))
    world.status("away")
    world.hold()
    world.loop.pass_time(1)
    world.told.clear()
    world.fail()
    world.hears((BOB, "ann|away|"))


def test_no_second_tells_every_change(world: World) -> None:
    world.presence = Presence(world, world.loop, 0)
    world.come()
    world.go()
    world.come()
    world.hears((BOB, "ann|online|"), (BOB, "ann|offline|"), (BOB, "ann|online|"))


def test_a_failed_turn_that_changed_nothing_tells_nothing_though_a_friend_has_asked_meanwhile(world: World) -> None:
    world.come()
    world.hears((BOB, "ann|online|"))
    world.presence.shown(BOB)
    world.presence.befriended(BOB, ANN)
    world.loop.pass_time(2)
    world.status("busy")
    world.told.clear()  # the turn is not sent
    evolve(world.state, StatusSet("online", "", ANN))  # State from the disk
    world.fail()
    world.loop.pass_time(60)
    world.hears()
