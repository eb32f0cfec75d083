"""Keys take turns; items of one key keep their order."""

from chatserver.sessions.fair_queue import FairQueue


def filled(*items: str) -> FairQueue[str]:
    """The first letter of each item is its key."""
    queue: FairQueue[str] = FairQueue()
    for item in items:
        queue.put(item[0], item)
    return queue


def all_of(queue: FairQueue[str]) -> list[str]:
    taken = []
    while queue:
        taken.append(queue.take())
    return taken


def test_one_key_is_first_in_first_out() -> None:
    assert all_of(filled("a1", "a2", "a3")) == ["a1", "a2", "a3"]


def test_a_key_with_few_items_does_not_wait_for_one_with_many() -> None:
    assert all_of(filled("a1", "a2", "a3", "a4", "b1", "c1", "b2")) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


def test_who_comes_again_has_the_turn_behind_all_others() -> None:
    queue = filled("a1", "b1", "b2")
    assert queue.take() == "a1"
    queue.put("a", "a2")
    assert all_of(queue) == ["b1", "a2", "b2"]


def test_it_says_how_many_wait_of_each() -> None:
    queue = filled("a1", "a2", "b1")
    assert [queue.count(key) for key in "abc"] == [2, 1, 0]
    assert len(queue) == 2
    all_of(queue)
    assert [queue.count(key) for key in "abc"] == [0, 0, 0]
