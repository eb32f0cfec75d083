"""Which messages were seen, and where to begin."""

import pytest

from chatclient.core.catchup import LastIdSearch, SeenIds


def test_an_id_is_new_once() -> None:
    seen = SeenIds(5)
    assert [seen.is_new(number) for number in (5, 6, 6, 8, 7)] == [False, True, False, True, True]


def test_the_floor_stays_while_there_is_a_gap_and_rises_when_it_is_closed() -> None:
    seen = SeenIds(5)
    seen.is_new(9)
    assert seen.floor == 5
    seen.gap_closed()
    assert seen.floor == 9
    seen.is_new(10)
    assert seen.floor == 10
    seen.gap_open()
    seen.is_new(20)
    assert seen.floor == 10


def test_a_page_makes_everything_up_to_its_end_known() -> None:
    seen = SeenIds(5)
    seen.is_new(9)
    seen.raise_floor(8)
    assert [seen.is_new(number) for number in (7, 8, 9, 10)] == [False, False, False, True]


@pytest.mark.parametrize(
    "ids",
    [[], [1], [7], [1, 2, 3], [1000], [5, 900_000], list(range(3, 400, 7)), [1, 10**17], list(range(1, 2000))],
)
def test_the_last_id_is_found_in_few_questions(ids: list[int]) -> None:
    search, questions = LastIdSearch(), 0
    while search.found is None:
        after = [number for number in ids if number > search.after]
        search.answer(after[0] if after else None, len(after) > 1)
        questions += 1
        assert questions <= 2 * max(ids, default=0).bit_length() + 3
    assert search.found == max(ids, default=0)


def test_messages_said_during_the_search_do_not_lead_it_astray() -> None:
    """They arrive as events; the search must end, at or below them and not below what was there before."""
    ids, search, questions = [3, 40], LastIdSearch(), 0
    while search.found is None:
        after = [number for number in ids if number > search.after]
        search.answer(after[0] if after else None, len(after) > 1)
        questions += 1
        ids.append(ids[-1] + 3)
        assert questions < 100
    assert search.found >= 40
