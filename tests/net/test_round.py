"""Many are looked after in several turns, and nobody twice or never."""

import pytest

from chatserver.net.round import IN_A_TURN, Round


class Turns:
    """What is put off to the next turn, and those who were looked after."""

    def __init__(self) -> None:
        self.soon: list[object] = []
        self.looked: list[int] = []
        self.round: Round[int] = Round(self.look, self.soon.append)

    def look(self, one: int) -> None:
        self.looked.append(one)
        if one < 0:
            raise ValueError(one)

    def turn(self) -> None:
        due, self.soon[:] = list(self.soon), []
        for call in due:
            call()  # type: ignore[operator]


def test_few_are_looked_after_at_once() -> None:
    turns = Turns()
    turns.round.begin(range(IN_A_TURN))
    assert turns.looked == list(range(IN_A_TURN))
    assert not turns.soon


def test_many_are_looked_after_in_several_turns() -> None:
    turns = Turns()
    turns.round.begin(range(2 * IN_A_TURN + 1))
    counts = [len(turns.looked)]
    while turns.soon:
        turns.turn()
        counts.append(len(turns.looked))
    assert counts == [IN_A_TURN, 2 * IN_A_TURN, 2 * IN_A_TURN + 1]
    assert turns.looked == list(range(2 * IN_A_TURN + 1))


def test_a_round_that_is_on_its_way_is_not_begun_again() -> None:
    turns = Turns()
    turns.round.begin(range(IN_A_TURN + 1))
    turns.round.begin([1000])
    assert len(turns.soon) == 1
    turns.turn()
    assert turns.looked == list(range(IN_A_TURN + 1))
    turns.round.begin([1000])
    assert turns.looked[-1] == 1000


def test_a_defect_with_one_is_not_the_others() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="-1"):
        turns.round.begin([1, -1, 2])
    turns.turn()
    assert turns.looked == [1, -1, 2]
