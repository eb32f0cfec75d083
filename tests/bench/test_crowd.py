"""The crowd: a town has heavy tails and is the same for one seed; a client misses nothing and counts everything."""

import re
from statistics import median

import pytest

from bench.crowd.day import HABITS, SHARES, Day
from bench.crowd.person import MESSAGE, Person, Score
from bench.crowd.town import ROOM_MEMBERS_MIN, found_town, room_sizes
from bench.floods import Texts
from bench.loop import Connection


class Line(Connection):
    """A connection that keeps what is sent, and is no socket."""

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False

    def send(self, data: bytes) -> None:
        self.sent += data.splitlines()

    def close(self) -> None:
        self.closed = True


def person_at(line: Line, score: Score) -> Person:
    person = Person("ana", score, "stem", last_id=7)
    person.friends = ["ben"]
    person.sit_down(line)
    return person


def test_a_town_is_the_same_for_one_seed_and_another_for_another() -> None:
    assert found_town(1, 50) == found_town(1, 50)
    assert found_town(1, 50).friendships != found_town(2, 50).friendships


@pytest.mark.parametrize("people", [2, 3, 10, 400])
def test_everybody_has_a_friend_and_no_room_holds_anybody_twice(people: int) -> None:
    town = found_town(3, people)
    assert min(map(len, town.friends())) >= 1
    assert len(set(town.friendships)) == len(town.friendships)
    assert all(one < other for one, other in town.friendships)
    assert all(len(set(members)) == len(members) >= min(people, ROOM_MEMBERS_MIN) for members in town.rooms)
    assert sum(map(len, town.memberships())) == sum(map(len, town.rooms))


def test_a_few_have_many_friends_and_a_few_rooms_are_large() -> None:
    friends = [len(each) for each in found_town(1, 1000).friends()]
    assert max(friends) > 10 * median(friends)
    sizes = room_sizes(1000)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 100
    assert median(sizes) < 5


def test_a_latency_runs_from_the_plan_to_the_answer_and_to_the_arrival() -> None:
    score, line = Score(planned=[100.0]), Line()
    person = person_at(line, score)
    person.say("ben", 0, b" hello\n", planned=0.0)
    assert line.sent == [b"SENDMESSAGE#stem.1|ana|ben|0 hello"]
    line.on_lines(b"OK|SENDMESSAGE#stem.1|8|now\nEVENT|MESSAGE|9|now|ben|ana|0 hi\n")
    assert {name: each.count for name, each in score.latencies.items()} == {"send": 1, MESSAGE: 1}
    assert score.delivered == 1
    assert person.accepted == {"ben": 1}


def test_after_a_loss_it_catches_up_from_the_last_id_and_repeats_what_was_not_answered() -> None:
    score, first, second = Score(planned=[0.0] * 9), Line(), Line()
    person = person_at(first, score)
    first.on_lines(b"EVENT|MESSAGE|11|now|ben|ana|0 hi\n")
    person.say("ben", 1, b" hello\n", planned=0.0)
    person.go_away()
    assert first.closed
    assert not person.is_here
    person.come_back(second, "RESUME|ana|token", planned=0.0)
    assert second.sent == [
        b"RESUME|ana|token",
        b"SYNC|ana|11|500",
        b"SHOWCONVERSATIONS|ana",
        b"SENDMESSAGE#stem.1|ana|ben|1 hello",
    ]
    assert not person.is_settled
    second.on_lines(b"OK|RESUME|ana|token\nEVENT|MISSED|12|now|ben|ana|2 you there?\n")
    second.on_lines(b"ITEM|SYNC|12|now|ben|ana|2 you there?\nITEM|SYNC|13|now|ana|ben|1 hello\nOK|SYNC|2|1\n")
    assert second.sent[-1] == b"SYNC|ana|13|500"
    second.on_lines(b"OK|SHOWCONVERSATIONS|0\nOK|SENDMESSAGE#stem.1|13|now\nOK|SYNC|0|0\n")
    assert person.is_settled
    assert (score.delivered, score.doubled) == (2, 0)
    assert score.latencies.keys() == {MESSAGE, "reconnect", "sync", "conversations"}, "the repeated send is not timed"
    second.on_lines(b"EVENT|MESSAGE|12|now|ben|ana|2 you there?\n")
    assert score.doubled == 1


def test_a_refusal_is_counted_and_answers_what_was_asked() -> None:
    score, line = Score(), Line()
    person = person_at(line, score)
    person.ask("status", "SETSTATUS|ana|asleep", 0.0)
    line.on_lines(b"ERR|SETSTATUS|BAD_ARGUMENTS|usage\n")
    assert person.is_settled
    assert score.refusals == {"SETSTATUS|BAD_ARGUMENTS|usage": 1}
    assert not score.latencies


def test_every_habit_has_its_share() -> None:
    assert SHARES.keys() == HABITS.keys()


def test_a_day_does_everything_that_people_do_and_goes_on_where_it_stopped() -> None:
    score, lines = Score(), [Line()]
    person = person_at(lines[0], score)
    person.rooms, person.room_weights = ["#garden"], [1.0]
    person.last_own = person.last_heard = 5
    day = Day([person], [1.0], 1.0, score, Texts(1, 20), "DiceBot", seed=4)

    def connect() -> Line:
        lines.append(Line())
        return lines[-1]

    day.connect, day.login = connect, "RESUME|{}|token".format
    begun = day.due
    day.begin(begun)
    day.send_due(begun + 400)
    verbs = {re.split(rb"[#|]", each)[0].decode() for line in lines for each in line.sent}
    often = {"SENDMESSAGE", "TYPING", "HISTORY", "SEARCH", "REACT", "EDITMESSAGE", "SETSTATUS"}
    assert verbs == often | {"RESUME", "SYNC", "SHOWCONVERSATIONS"}
    assert 300 < len(score.planned) < 500
    day.home(begun + 400)
    assert person.is_here
    due = day.due
    day.begin(begun + 1400)
    assert day.due == pytest.approx(due + 1000)
