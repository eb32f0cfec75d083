"""What the store says of the unread: pages of a bounded size, and who has ever written to a user."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from chatserver.core.events import AccountDeleted, BurstSent, MessageDeleted, MessageSent, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store import unread
from chatserver.store.postings import ID_MAX
from chatserver.store.store import Store
from chatserver.store.unread import PAGE, Entry

ANN, BEN, CAT = 1, 2, 3
ROOM = -1


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store(":memory:")) as made:
        made.load(Limits())
        made.write([UserSignedUp(at, f"u{at}", f"u{at}", "hash", 0, 0) for at in (ANN, BEN, CAT)])
        yield made


def pages(store: Store, user: int, party: int) -> list[list[Entry]]:
    """All of a conversation."""
    found, upto = [], 0
    while upto < ID_MAX:
        entries, upto = unread.page(store.history, user, party, upto + 1, ID_MAX)
        found.append(entries)
    return found


def test_a_page_looks_at_no_more_messages_than_it_may(store: Store) -> None:
    store.write([BurstSent(1, 5, BEN, ANN, ["hi"] * 30), BurstSent(31, 5, BEN, ANN, ["hi"] * (2 * PAGE))])
    store.write([MessageDeleted(2 * PAGE + 40, at, BEN, ANN, 9) for at in range(11, 20)])
    store.history.postings.fill(100)
    found = pages(store, ANN, BEN)
    assert [len(each) for each in found] == [PAGE - 9, PAGE, 30]
    ids = [entry.id for each in found for entry in each]
    assert ids == [*range(1, 11), *range(20, 2 * PAGE + 31)]


def test_what_is_hidden_costs_no_more_than_a_page_either(store: Store) -> None:
    """A page may be empty: then it says how far it has looked."""
    store.write([BurstSent(1, 5, BEN, ROOM, ["hi"] * PAGE), MessageSent(PAGE + 1, 5, CAT, ROOM, "hi", None)])
    store.write([AccountDeleted(9, PAGE + 1, BEN)])
    assert unread.page(store.history, ANN, ROOM, 1, ID_MAX) == ([], PAGE)
    assert unread.page(store.history, ANN, ROOM, PAGE + 1, ID_MAX) == ([Entry(PAGE + 1, CAT, 1)], ID_MAX)
    last = unread.last_page(store.history, ANN, ROOM, PAGE + 1)
    while not last.messages and not last.is_last:
        last = unread.last_page(store.history, ANN, ROOM, last.end)
    assert not last.messages


def test_whether_an_id_is_of_a_conversation(store: Store) -> None:
    ways = [(ANN, BEN), (BEN, ANN), (CAT, ANN), (BEN, ROOM)]
    store.write([MessageSent(at, 5, *way, "hi", None) for at, way in enumerate(ways, 1)])
    asked = [(ANN, BEN), (BEN, ANN), (ANN, CAT), (CAT, ROOM)]
    held = [[at for at in range(1, 7) if unread.holds(store.history, *who, at)] for who in asked]
    assert held == [[1, 2], [1, 2], [3], [4]]
    assert [unread.last_page(store.history, *who, ID_MAX).messages[0].id for who in asked] == [2, 2, 3, 4]
    assert unread.last_page(store.history, BEN, CAT, ID_MAX).is_last


def all_correspondents(store: Store, user: int) -> list[int]:
    found: list[int] = []
    while more := unread.correspondents(store.history, user, found[-1] if found else 0):
        found += more
    return found


def test_who_has_written_is_told_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "AUTHORS", 2)
    store.write([MessageSent(at, 5, 10 + at % 7, ANN, "hi", None) for at in range(1, 300)])
    assert unread.fill_correspondents(store.history, 100, 299)
    assert store.history.heard_id == 100
    assert not unread.fill_correspondents(store.history, 100, 299)  # so few are left to those who ask
    assert all_correspondents(store, ANN) == list(range(10, 17))
    assert len(unread.correspondents(store.history, ANN, 0)) == 2


def test_authors_of_what_is_not_noted_yet(store: Store) -> None:
    store.write([BurstSent(1, 5, BEN, ANN, ["hi"] * PAGE)])
    store.write([MessageSent(PAGE + 1, 5, CAT, ANN, "hi", None), MessageSent(PAGE + 2, 5, ANN, 9, "hi", None)])
    assert unread.authors_page(store.history, ANN, 1, PAGE + 2) == ({BEN}, PAGE)
    assert unread.authors_page(store.history, ANN, PAGE + 1, PAGE + 2) == ({CAT}, PAGE + 2)


def test_a_deleted_account_is_noted_for_nobody(store: Store) -> None:
    store.write([MessageSent(at, 5, *(((BEN, ANN), (ANN, BEN))[at % 2]), "hi", None) for at in range(1, 300)])
    store.write([AccountDeleted(9, 299, BEN)])
    while store.removal.waits:
        store.removal.step()
    assert unread.fill_correspondents(store.history, 1000, 299)
    assert store._connection.execute("SELECT count(*) FROM correspondents").fetchone() == (0,)


def test_to_whom_a_user_has_written_is_told_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "AUTHORS", 3)
    store.write([MessageSent(at, 5, ANN, 10 + at % 7, "hi", None) for at in range(1, 300)])
    assert unread.addressees(store.history, ANN, 0) == []
    assert unread.parties_page(store.history, ANN, 1, 299) == (set(range(10, 17)), 299)
    assert unread.fill_correspondents(store.history, 1000, 299)
    assert unread.addressees(store.history, ANN, 0) == [10, 11, 12]
    assert unread.addressees(store.history, ANN, 12) == [13, 14, 15]
    assert unread.correspondents(store.history, ANN, 0) == []
