"""Pages of history: bounded by what they cost, and together all that was said."""

from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from chatserver.core.events import (
    AccountDeleted,
    BurstSent,
    Event,
    MessageDeleted,
    MessageSent,
    RoomJoined,
    RoomLeft,
    UserSignedUp,
)
from chatserver.core.state import Limits
from chatserver.store import history as history_module
from chatserver.store.history import ID_COST, LOOKED_UP_MAX, MESSAGE_COST, STEP_COST, Message
from chatserver.store.postings import ID_MAX
from chatserver.store.store import Store
from tests.store import reading

ANN, BEN, CAT = 1, 2, 3
ROOM = -1


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store(":memory:")) as made:
        made.load(Limits())
        made.write([UserSignedUp(at, f"u{at}", f"u{at}", "hash", 0, 0) for at in (ANN, BEN, CAT)])
        yield made


def test_a_message_is_found_by_its_id(store: Store) -> None:
    store.write([MessageSent(7, 5, ANN, BEN, "text", "tag")])
    assert store.history.message(7) == Message(7, 5, ANN, BEN, "text")
    assert store.history.message(8) is None


@pytest.mark.parametrize("chars", [1, 100, 4000])
def test_a_page_costs_no_more_than_a_step(store: Store, chars: int) -> None:
    store.write([BurstSent(1, 5, ANN, BEN, ["x" * chars] * 300)])
    for page in (
        store.history.heard_page(BEN, 0, ID_MAX, 500),
        store.history.said_page(ANN, BEN, 500, ID_MAX),
        store.history.received_page(BEN, [(1, ID_MAX)], 500),
    ):
        assert not page.is_last
        size = MESSAGE_COST + 2 * chars
        assert STEP_COST <= page.cost < STEP_COST + size + ID_COST * 300
        assert (len(page.messages) - 1) * size < STEP_COST <= len(page.messages) * size + ID_COST * 300
        assert page.end == page.messages[-1].id


def test_a_page_holds_no_more_than_is_wanted(store: Store) -> None:
    store.write([BurstSent(1, 5, ANN, BEN, ["hi"] * 30)])
    assert [each.id for each in store.history.heard_page(BEN, 0, ID_MAX, 3).messages] == [1, 2, 3]
    assert [each.id for each in store.history.heard_page(BEN, 3, 5, 3).messages] == [4, 5]
    assert [each.id for each in store.history.said_page(ANN, BEN, 3, 9).messages] == [8, 7, 6]
    page = store.history.heard_page(BEN, 30, ID_MAX, 3)
    assert (page.messages, page.end, page.is_last) == ([], 0, True)


def test_ids_that_lead_to_nothing_cost_too(store: Store) -> None:
    store.write([MessageSent(1, 5, ANN, ROOM, "first", None), BurstSent(2, 5, BEN, ROOM, ["hi"] * 9000)])
    store.write([AccountDeleted(9, 9001, BEN)])
    page = store.history.said_page(ROOM, 0, 1, ID_MAX)
    looked_at = 9001 - page.end + 1
    assert (page.messages, page.is_last) == ([], False)
    assert STEP_COST // ID_COST <= looked_at < STEP_COST // ID_COST + LOOKED_UP_MAX
    assert [each.id for each in reading.of_room(store.history, ROOM, 1, ID_MAX)] == [1]


def test_ranges_of_ids_that_hold_nothing_cost_too(store: Store) -> None:
    store.write([BurstSent(1, 5, BEN, CAT, ["hi"] * 3000), MessageSent(3001, 5, BEN, ANN, "hi", None)])
    ranges = [(at, at) for at in range(1, 3002)]
    page = store.history.received_page(ANN, ranges, 9)
    assert (page.messages, page.end, page.is_last) == ([], STEP_COST // MESSAGE_COST, False)
    assert [each.id for each in reading.received(store.history, ANN, ranges, 9)] == [3001]


@pytest.mark.parametrize("cost", [STEP_COST, 3 * MESSAGE_COST, 1])
def test_all_pages_together_are_what_a_user_heard(store: Store, monkeypatch: pytest.MonkeyPatch, cost: int) -> None:
    monkeypatch.setattr(history_module, "STEP_COST", cost)
    random = Random(4)
    ways = [random.choice([(ANN, BEN), (BEN, ANN), (CAT, BEN), (BEN, ROOM), (ANN, ROOM)]) for _ in range(400)]
    stays: list[Event] = [RoomJoined(ROOM, ANN, 20, 0), RoomLeft(100, ROOM, ANN), RoomJoined(ROOM, ANN, 200, 0)]
    said = [MessageSent(at, 5, *way, f"text {at}", None) for at, way in enumerate(ways, 1)]
    store.write([RoomJoined(ROOM, BEN, 0, 0), *stays])
    store.write(said)
    store.write([MessageDeleted(401, 30, *ways[29], 6)])

    def is_heard(message: MessageSent) -> bool:
        if message.recipient == ROOM:
            return 20 < message.id <= 100 or message.id > 200
        return ANN in (message.sender, message.recipient)

    heard = [each.id for each in said if is_heard(each)]
    assert [each.id for each in reading.after(store.history, ANN, 0, 999)] == heard
    assert [each.id for each in reading.after(store.history, ANN, 50, 60)] == [each for each in heard if each > 50][:60]
    ranges = [(10, 40), (90, 260)]
    others = [
        each.id
        for each in said
        if is_heard(each) and each.sender != ANN and each.id != 30 and (10 <= each.id <= 40 or 90 <= each.id <= 260)
    ]
    assert [each.id for each in reading.received(store.history, ANN, ranges, 999)] == others
    assert [each.id for each in reading.received(store.history, ANN, ranges, 20)] == others[:20]
    assert [each.id for each in store.history.received(ANN, ranges, 20)] == others[:20]
    talk = [each.id for each in said if {each.sender, each.recipient} == {ANN, BEN} and each.id < 300]
    assert [each.id for each in reading.between(store.history, BEN, ANN, 50, 300)] == talk[-50:]
