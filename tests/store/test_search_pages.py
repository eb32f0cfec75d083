"""SEARCH in steps: bounded by what they compare, in the loop or through a connection of their own."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chatserver.core.events import AccountDeleted, BurstSent, MessageEdited, MessageSent, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store import search, search_pages
from chatserver.store.search_pages import (
    CHARS_PER_COST,
    MESSAGE_COST,
    PAGE_MAX,
    STEP_COST,
    Place,
    Wanted,
    pieces_of,
    words_of,
)
from chatserver.store.store import Store

ANN, BEN = 1, 2
ROOM = -1
BELOW_ALL = search_pages.begin().below


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PENDING_MIN", 1)


@pytest.fixture(params=["with FTS5", "without"])
def store(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "without":
        monkeypatch.setattr(search, "_TABLE", "CREATE VIRTUAL TABLE search_index USING none_such(grams)")
    with closing(open_store(tmp_path)) as made:
        yield made


@pytest.fixture
def indexed(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path)) as made:
        yield made


def open_store(folder: Path) -> Store:
    made = Store(str(folder / "chat.db"), "normal")
    made.load(Limits())
    made.write([UserSignedUp(number, f"u{number}", f"u{number}", "x", 0, 0) for number in (ANN, BEN)])
    made.commit()
    return made


def keep_house(store: Store) -> None:
    while store.keep_house():
        pass


def wanted(text: str, *rooms: int) -> Wanted:
    words = words_of(text)
    return Wanted(words, pieces_of(words), ANN, frozenset(rooms))


def steps(store: Store, what: Wanted, place: Place | None = None) -> Iterator[tuple[list[int], Place]]:
    """The ids that each step finds, and where it ends."""
    place = place or search_pages.begin()
    while not place.is_over:
        hits, place = search_pages.step(store.history, what, place)
        yield [hit.message.id for hit in hits], place


def find(store: Store, what: Wanted) -> list[int]:
    return [found for hits, _ in steps(store, what) for found in hits]


def test_words_the_longest_first_and_each_once() -> None:
    assert words_of(" b  aAa B cc aaa ") == ("aaa", "cc", "b")
    assert words_of(" \t ") == ()


def test_grams_of_every_word_first_and_no_more_than_are_looked_up() -> None:
    assert pieces_of(("abcde", "xyz", "hi")) == ("abc", "xyz", "bcd", "cde")
    assert pieces_of(("hi", "no")) == ()
    many = pieces_of(tuple(f"word{at:03}" for at in range(100)))
    assert len(many) == search.GRAMS_MAX
    assert pieces_of((*many, "x" * 900)) == many


MANY_WORDS = " ".join(f"{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(330))
LONG_WORDS = " ".join("a" * at + "b" + "a" * (95 - at) for at in range(10))


@pytest.mark.parametrize("is_indexed", [True, False], ids=["indexed", "new"])
@pytest.mark.parametrize("words", ["hello", MANY_WORDS, LONG_WORDS], ids=["one word", "many", "long ones"])
@pytest.mark.parametrize("chars", [10, 4000])
def test_a_step_compares_no_more_than_it_may(
    store: Store, monkeypatch: pytest.MonkeyPatch, words: str, chars: int, is_indexed: bool
) -> None:
    text = f"{words} hello".rjust(chars, "q")
    store.write([BurstSent(1, 5, ANN, BEN, [text] * 300), BurstSent(301, 5, BEN, ROOM, [text] * 300)])
    store.commit()
    if is_indexed:
        keep_house(store)
    what = wanted(words + " zz", ROOM)
    weight = len(what.words) + sum(map(len, what.words)) // CHARS_PER_COST
    compared: list[str] = []

    def keep(text: str) -> str:
        compared.append(text)
        return text

    monkeypatch.setattr(search_pages, "fold", keep)
    total = 0
    for hits, _ in steps(store, what):
        assert hits == []
        assert (len(compared) - 1) * (MESSAGE_COST + len(text) * weight) < STEP_COST
        total += len(compared)
        compared.clear()
    assert total == 600


def test_texts_are_read_as_far_as_a_step_goes(indexed: Store) -> None:
    """Whatever waits, SQLite reads no more rows than are compared."""
    store = indexed
    store.write([BurstSent(1, 5, ANN, BEN, ["é" * 4000] * 1000)])
    store.commit()
    what, place = wanted(MANY_WORDS), search_pages.begin()._replace(limit=PAGE_MAX)
    _, place = search_pages.step(store.history, what, place)
    assert len(place.waiting) > 900
    instructions = 0

    def tick() -> int:
        nonlocal instructions
        instructions += 1
        return 0

    store._connection.set_progress_handler(tick, 1)
    before = len(place.waiting)
    _, place = search_pages.step(store.history, what, place)
    store._connection.set_progress_handler(None, 0)
    assert 0 < before - len(place.waiting) < 5
    assert instructions < 200


@pytest.mark.parametrize("seed", range(3))
def test_all_is_found_however_it_is_cut_into_steps(store: Store, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    random = Random(seed)
    texts = ["".join(random.choices(["tea", "Cake", " ", "日", "x"], k=12)) for _ in range(400)]
    ways = [random.choice([(ANN, BEN), (BEN, ANN), (BEN, 3), (BEN, ROOM), (BEN, -2)]) for _ in texts]
    messages = [MessageSent(at, 5, *way, text, None) for at, (way, text) in enumerate(zip(ways, texts, strict=True), 1)]
    store.write(messages[:300])
    store.commit()
    keep_house(store)
    store.write(messages[300:])
    store.commit()
    monkeypatch.setattr(search_pages, "FIRST_PAGE", random.choice([1, 7]))
    monkeypatch.setattr(search_pages, "STEP_COST", random.choice([1, 3 * MESSAGE_COST]))
    for text in ("tea", "x tea", "日", "cake日", "no", "teac x", "t"):
        own = [each for each in messages if ANN in each[2:4] or each.recipient == ROOM]
        expected = [each.id for each in own if all(word in each.text.casefold() for word in text.split())]
        assert find(store, wanted(text, ROOM)) == expected[::-1]


def test_few_grams_are_looked_up_until_the_index_gives_what_was_not_meant(
    indexed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[int] = []
    candidates = search.candidates

    def count(connection: sqlite3.Connection, pieces: Sequence[str], *rest: Any) -> list[int]:
        looked_up.append(len(pieces))
        return candidates(connection, pieces, *rest)

    monkeypatch.setattr(search_pages, "candidates", count)
    monkeypatch.setattr(search_pages, "FIRST_PAGE", 2)
    indexed.write([BurstSent(1, 5, ANN, BEN, ["treasure"] * 5)])
    indexed.commit()
    keep_house(indexed)
    indexed.write([BurstSent(6, 5, ANN, BEN, ["not indexed yet"] * 3)])
    indexed.commit()
    assert find(indexed, wanted("treasure")) == [5, 4, 3, 2, 1]
    assert set(looked_up) == {1}
    looked_up.clear()
    indexed.write([BurstSent(9, 5, ANN, BEN, ["a gram alike: nasum asu"] * 40)])
    indexed.commit()
    keep_house(indexed)
    assert find(indexed, wanted("treasure")) == [5, 4, 3, 2, 1]
    assert looked_up == [1, 6]


def reader_of(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{folder / 'chat.db'}?mode=ro", uri=True, isolation_level=None)


def find_through(connection: sqlite3.Connection, what: Wanted, below: int) -> list[int]:
    found: list[int] = []
    place = search_pages.begin()._replace(below=below)
    while not place.is_over:
        hits, place = search_pages.index_step(connection, what, place)
        found += [hit.message.id for hit in hits]
    return found


def test_a_connection_of_its_own_sees_what_was_committed(indexed: Store, tmp_path: Path) -> None:
    """Also what the index had not in the last commit, and nothing of an account that is being removed."""
    indexed.write([MessageSent(at, 5, ANN + at % 2, BEN - at % 2, f"treasure {at}", None) for at in range(1, 300)])
    indexed.commit()
    keep_house(indexed)
    assert indexed.history.search.searched_id == 299
    with closing(reader_of(tmp_path)) as reader:
        indexed.write([MessageSent(at, 5, BEN, ANN, f"treasure {at}", None) for at in range(300, 900)])
        indexed.commit()
        assert find_through(reader, wanted("treasure"), 900) == list(range(899, 0, -1))
        indexed.write([MessageEdited(900, 1, BEN, ANN, 5, "a chest")])
        assert find_through(reader, wanted("chest"), 900) == []
        indexed.commit()
        assert find_through(reader, wanted("chest"), 900) == [1]
        assert find_through(reader, wanted("treasure"), 3) == [2]
        indexed.write([AccountDeleted(9, 900, BEN)])
        indexed.commit()
        assert find_through(reader, wanted("treasure"), 900) == list(range(298, 0, -2))
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM messages")


def test_the_index_is_asked_for_what_it_knows_alone(indexed: Store) -> None:
    indexed.write([BurstSent(1, 5, ANN, BEN, ["treasure"] * 9)])
    indexed.commit()
    place = search_pages.begin()
    assert not search_pages.is_for_index(indexed.history, wanted("treasure"), place)
    keep_house(indexed)
    assert not search_pages.is_for_index(indexed.history, wanted("treasure"), place)  # newer ones may have come
    assert search_pages.is_for_index(indexed.history, wanted("treasure"), place._replace(below=10))
    assert not search_pages.is_for_index(indexed.history, wanted("no"), place._replace(below=10))
