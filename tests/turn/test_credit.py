"""Which messages count as delivered: credit of each kind, whoever is logged in when the bytes leave."""

import pytest

from chatserver.core.events import Delivered, StatusSet
from chatserver.core.id_ranges import Delivery
from chatserver.core.state import Limits, State, User
from chatserver.turn import credit as credit_module
from chatserver.turn.credit import PASSED_MAX, REMEMBERED_PER_USER, UNCONFIRMED_MAX, CreditBook
from chatserver.turn.receiver import Book, Receiver
from chatserver.turn.records import Credit, Hole, Opening, Passed
from tests.core.given import ANN, BOB, PEOPLE, given
from tests.turn.fakes import FakeConnection, receiver

SINCE_MS = 900
GAPS_MAX = Limits().gaps_per_user_max


class World:
    """A book, four users, and one client at which Ann is logged in."""

    def __init__(self) -> None:
        self.state: State = given(PEOPLE)
        self.now_ms = 1000
        self.book = CreditBook(lambda: self.state, lambda: self.now_ms)
        self.client, self.connection = self.login(ANN)

    @property
    def ann(self) -> User:
        return self.state.users[ANN]

    def login(self, user: int) -> tuple[Receiver, FakeConnection]:
        made, connection = receiver()
        self.book.give(made, Opening(user, SINCE_MS, 0))
        return made, connection

    def give(self, *credits: Credit) -> None:
        for credit in credits:
            self.book.give(self.client, credit)

    def marks(self, user: int = ANN) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Up to which id all is delivered, but for the gaps."""
        self.book.settle()
        found = self.state.users[user]
        return found.delivered_id, found.gaps


@pytest.fixture
def world() -> World:
    return World()


# Each kind.


def test_a_message_counts_with_all_before_it(world: World) -> None:
    world.give(3, 5)
    assert world.ann.delivered_id == 0  # nothing is worked out before somebody asks
    assert world.marks() == (5, ())
    world.give(4)
    assert world.marks() == (5, ())


def test_before_a_login_nothing_counts(world: World) -> None:
    world.client, _ = receiver()
    world.give(5, Passed(0, 9), Hole(2, 3))
    assert world.marks() == (0, ())
    assert world.client.hole is None
    assert world.client.passed == []
    assert world.book.handed == {}


def test_a_sync_counts_its_range_and_leaves_what_is_before_it(world: World) -> None:
    world.give(2, Passed(5, 9))
    assert world.marks() == (9, ((3, 5),))
    world.give(Passed(3, 5))
    assert world.marks() == (9, ((3, 3),))
    world.give(Passed(2, 3))
    assert world.marks() == (9, ())


def test_rows_of_one_answer_are_one_range(world: World) -> None:
    world.give(*(Passed(0, at) for at in range(1, 500)))
    assert world.client.passed == [Passed(0, 499)]
    world.give(Passed(600, 601))
    assert len(world.client.passed) == 2
    assert world.marks() == (601, ((500, 600),))


def test_so_many_ranges_are_worked_out_before_they_are_too_many(world: World) -> None:
    for at in range(PASSED_MAX):
        world.give(Passed(10 * at, 10 * at + 1))
    assert len(world.client.passed) == PASSED_MAX
    assert world.ann.delivered_id == 0
    world.give(Passed(10 * PASSED_MAX, 10 * PASSED_MAX + 1))
    assert world.client.passed == []
    assert world.ann.delivered_id == 10 * PASSED_MAX + 1


def test_a_sync_that_would_leave_too_many_gaps_does_not_count(world: World) -> None:
    for at in range(GAPS_MAX):
        world.give(Passed(2 * at + 1, 2 * at + 2))
    assert len(world.marks()[1]) == GAPS_MAX
    before = world.marks()
    world.give(Passed(2 * GAPS_MAX + 5, 2 * GAPS_MAX + 6))
    assert world.marks() == before
    world.give(Passed(2 * GAPS_MAX, 2 * GAPS_MAX + 8))  # one that leaves no more of them does
    assert world.marks()[0] == 2 * GAPS_MAX + 8
    world.give(2 * GAPS_MAX + 9)  # and so do messages
    assert world.marks() == (2 * GAPS_MAX + 9, ())


def test_a_hole_is_left_out_whatever_comes_behind_it(world: World) -> None:
    world.give(Hole(4, 8), 3)
    assert world.marks() == (3, ())
    world.give(9)
    assert world.marks() == (9, ((4, 8),))
    world.give(20)
    assert world.marks() == (20, ((4, 8),))
    world.give(Passed(5, 7))
    assert world.marks() == (20, ((4, 5), (8, 8)))


def test_the_last_message_of_a_gap_closes_it(world: World) -> None:
    world.give(Passed(5, 9))
    assert world.marks() == (9, ((1, 5),))
    world.give(4)
    assert world.marks() == (9, ((5, 5),))
    world.give(5)
    assert world.marks() == (9, ())


# Logins and logouts between.


def test_what_left_before_a_logout_is_the_earlier_users(world: World) -> None:
    world.give(5, Passed(7, 9), Opening(0, 0, 0), 20, Passed(0, 30))
    assert world.marks() == (9, ((6, 7),))
    assert world.client.user == 0


def test_what_leaves_behind_a_login_is_the_new_users(world: World) -> None:
    world.give(5, Opening(0, 0, 0), Opening(BOB, SINCE_MS, 0), 7)
    assert world.marks() == (5, ())
    assert world.marks(BOB) == (7, ())


def test_a_login_ends_the_hole_of_the_one_before(world: World) -> None:
    world.give(Hole(4, 8), 3, Opening(BOB, SINCE_MS, 0), 9)
    assert world.marks() == (3, ())
    assert world.marks(BOB) == (9, ())


def test_of_two_sessions_the_one_that_is_further_counts(world: World) -> None:
    other, _ = world.login(ANN)
    world.give(9)
    world.book.give(other, 5)
    assert world.marks() == (9, ())


def test_the_marks_of_some_are_settled_without_the_others(world: World) -> None:
    ben, _ = world.login(BOB)
    second, _ = world.login(ANN)
    world.give(3)
    world.book.give(second, 5)
    world.book.give(ben, 9)
    world.book.settle([ANN])
    assert (world.ann.delivered_id, world.state.users[BOB].delivered_id) == (5, 0)
    assert world.book.handed == {ben: 9}


def test_an_account_that_is_gone_has_no_marks(world: World) -> None:
    world.give(5)
    world.state.remove(world.ann)
    world.book.settle()
    assert list(world.book.take()) == []
    assert world.book.handed == {}


# Slow readers.


def test_a_slow_reader_is_given_what_has_left(world: World) -> None:
    world.client.book = Book()
    world.client.book.add([(b"12345678", 1, None), (b"12345678", 2, None)])
    world.connection.room = 9
    world.connection.send(b"1234567812345678")
    world.book.progressed(world.client)
    assert world.marks() == (1, ())
    world.connection.take(None)
    world.book.progressed(world.client)
    assert world.marks() == (2, ())


def test_one_that_is_not_slow_has_nothing_to_be_looked_up(world: World) -> None:
    world.book.progressed(world.client)
    assert world.marks() == (0, ())


# What is stored.


def test_marks_are_taken_once_and_only_where_they_have_moved(world: World) -> None:
    world.give(5)
    world.book.settle()
    world.give(6)
    world.book.settle()
    assert list(world.book.take()) == [Delivered(6, (), ANN)]
    assert list(world.book.take()) == []
    world.give(6)
    world.book.settle()
    assert list(world.book.take()) == []


def test_marks_that_could_not_be_stored_are_kept_and_stand_in_the_new_state(world: World) -> None:
    world.give(5)
    world.book.settle()
    lost = list(world.book.take())
    world.state = given(PEOPLE)  # as the disk has it
    world.book.give_back([StatusSet("busy", "", ANN), *lost])
    assert world.ann.delivered_id == 5
    assert list(world.book.take()) == lost


def test_of_several_that_were_lost_the_latest_counts(world: World) -> None:
    """One was in flight, one gathered behind it, and one was not yet in any batch."""
    world.state = given(PEOPLE)
    world.book.give_back([Delivered(1, (), ANN), Delivered(1, (), BOB), Delivered(2, (), ANN)])
    assert (world.marks(), world.marks(BOB)) == ((2, ()), (1, ()))
    world.give(3)
    world.book.settle()
    world.state = given(PEOPLE)
    world.book.give_back([Delivered(2, (), ANN)])
    assert world.marks() == (3, ())
    assert sorted(world.book.take()) == [Delivered(1, (), BOB), Delivered(3, (), ANN)]


# When it was.


def test_a_delivery_says_when_it_was_first_and_to_which_session(world: World) -> None:
    assert world.book.delivery(world.ann, 5) is None
    world.give(5)
    assert world.book.delivery(world.ann, 5) == Delivery(1000, SINCE_MS, True)
    world.now_ms = 2000
    world.give(6)
    assert world.book.delivery(world.ann, 5) == Delivery(1000, SINCE_MS, True)
    assert world.book.delivery(world.ann, 6) == Delivery(2000, SINCE_MS, True)
    assert world.book.delivery(world.ann, 7) is None


def test_one_in_a_gap_waits(world: World) -> None:
    world.give(Passed(5, 9))
    found = [world.book.delivery(world.ann, message) is not None for message in range(4, 12)]
    assert found == [False, False, True, True, True, True, False, False]


def test_an_invisible_user_was_not_seen_to_get_it(world: World) -> None:
    world.ann.status = "invisible"
    world.give(5)
    found = world.book.delivery(world.ann, 5)
    assert found is not None
    assert not found.was_seen


def test_what_is_long_ago_is_not_remembered(world: World) -> None:
    for at in range(1, REMEMBERED_PER_USER + 2):
        world.give(at)
        world.book.settle()
    assert world.book.delivery(world.ann, 1) == Delivery(0, 0, True)
    assert world.book.delivery(world.ann, 2) == Delivery(1000, SINCE_MS, True)


def test_of_many_users_the_one_that_got_nothing_for_longest_is_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credit_module, "REMEMBERED_USERS", 2)
    for user, message in ((ANN, 1), (BOB, 1), (ANN, 2), (3, 1)):
        client, _ = world.login(user)
        world.book.give(client, message)
        world.book.settle()
    remembered = [world.book.delivery(world.state.users[user], 1) for user in (ANN, BOB, 3)]
    assert [found.time_ms if found else None for found in remembered] == [1000, 0, 1000]


# Peers that vanish.


def vanish(world: World, client: Receiver, *others: Receiver) -> None:
    world.book.lost(client, others)


def test_what_a_vanished_peer_never_confirmed_waits_again(world: World) -> None:
    world.give(3)
    assert world.marks() == (3, ())
    world.connection.word = 10, 30
    world.give(5)
    assert world.marks() == (5, ())
    world.give(7)
    vanish(world, world.client)
    assert world.marks() == (7, ((4, 7),))
    assert world.book.delivery(world.ann, 3) is not None
    assert world.book.delivery(world.ann, 5) is None


def test_what_it_has_confirmed_meanwhile_does_not(world: World) -> None:
    world.connection.word = 10, 30
    world.give(3)
    world.marks()
    world.connection.word = 30, 50
    world.give(5)
    world.marks()
    vanish(world, world.client)
    assert world.marks() == (5, ((4, 5),))


@pytest.mark.parametrize("word", [None, (0, 0), (60, 60)])
def test_one_that_has_confirmed_all_or_went_in_another_way_leaves_nothing(
    world: World, word: tuple[int, int] | None
) -> None:
    world.connection.word = 10, 30
    world.give(3)
    world.marks()
    world.connection.word = word
    vanish(world, world.client)
    assert world.marks() == (3, ())


def test_a_session_that_was_there_was_handed_it_too(world: World) -> None:
    other, _ = world.login(ANN)
    world.connection.word = 10, 30
    world.give(3)
    world.marks()
    vanish(world, world.client, other)
    assert world.marks() == (3, ())


def test_unless_it_vanishes_likewise(world: World) -> None:
    other, connection = world.login(ANN)
    world.connection.word = connection.word = 10, 30
    world.give(3)
    world.book.give(other, 3)
    world.marks()
    vanish(world, world.client, other)
    vanish(world, other)
    assert world.marks() == (3, ((1, 3),))


def test_one_that_came_later_was_not_and_what_it_is_handed_next_does_not_count_for_it(world: World) -> None:
    world.connection.word = 10, 30
    world.give(3)
    world.marks()
    world.book.give(later := receiver()[0], Opening(ANN, world.now_ms + 1, 0))
    vanish(world, world.client, later)
    world.book.give(later, 5)
    assert world.marks() == (5, ((1, 3),))


def test_what_was_for_the_user_before_a_login_is_not_the_next_ones(world: World) -> None:
    world.connection.word = 10, 30
    world.give(3)
    world.marks()
    world.give(Opening(BOB, SINCE_MS, 0))
    vanish(world, world.client)
    assert world.marks(BOB) == (0, ())
    assert world.marks(ANN) == (3, ())


def test_not_every_step_is_kept_of_one_that_confirms_nothing(world: World) -> None:
    for at in range(1, 3 * UNCONFIRMED_MAX):
        world.connection.word = 0, at
        world.give(at)
        world.marks()
    assert len(world.client.unconfirmed) == UNCONFIRMED_MAX
    assert world.client.unconfirmed[-1].end == 3 * UNCONFIRMED_MAX - 1
    vanish(world, world.client)
    assert world.ann.gaps == ((1, 3 * UNCONFIRMED_MAX - 1),)
