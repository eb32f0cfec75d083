"""The search index: grams, and that it always finds what a look at every message finds."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from unicodedata import combining, normalize

import pytest

from chatserver.core.events import AccountDeleted, MessageDeleted, MessageEdited, MessageSent, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store import search, search_pages
from chatserver.store.history import Message
from chatserver.store.search import SLICE_LETTERS, SLICE_MESSAGES, grams
from chatserver.store.search_pages import Wanted
from chatserver.store.store import Store

LETTERS = ["a", "b", "Ab", "ß", "É", "İ", "日", "本", "ก", "가", "😀", " ", "  ", "\u3000", "'", '"', "-", "*", "x1"]


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A single message is indexed too."""
    monkeypatch.setattr(search, "PENDING_MIN", 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "chat.db"), "normal")
    store.load(Limits())
    store.write([UserSignedUp(number, f"u{number}", f"u{number}", "x", 0, 0) for number in range(1, 6)])
    store.commit()
    try:
        yield store
    finally:
        store.close()


def index_all(store: Store) -> None:
    while store.keep_house():
        pass


def messages_of(random: Random, first: int, count: int) -> list[MessageSent]:
    """Random texts among five users and two rooms."""
    made = []
    for number in range(first, first + count):
        sender, other = random.sample(range(1, 6), 2)
        recipient = random.choice([other, other, -1, -2])
        text = "".join(random.choices(LETTERS, k=random.randint(1, 30))) or "a"
        made.append(MessageSent(number, number, sender, recipient, text, None))
    return made


def plain(text: str) -> str:
    """The naive way to take case and accents away."""
    return "".join(each for each in normalize("NFKD", text.casefold()) if not combining(each))


def find(store: Store, user: int, rooms: set[int], words: list[str], limit: int = 3) -> list[int]:
    """Ids of all that a search goes through and finds, newest first."""
    pieces = tuple(sorted(set().union(*(grams(word) for word in words))))
    wanted = Wanted(tuple(words), pieces, user, frozenset(rooms))
    found: list[int] = []
    place = search_pages.begin()._replace(limit=limit)
    while not place.is_over:
        hits, place = search_pages.step(store.history, wanted, place)
        found += [hit.message.id for hit in hits]
    return found


def holds(text: str, words: list[str]) -> bool:
    return all(word in plain(text) for word in words)


def expected(messages: list[MessageSent], user: int, rooms: set[int], words: list[str]) -> list[int]:
    """The naive way."""
    return [
        message.id
        for message in reversed(messages)
        if (message.recipient in rooms or (message.recipient > 0 and user in (message.sender, message.recipient)))
        and holds(message.text, words)
    ]


def some_words(random: Random, messages: list[MessageSent]) -> list[str]:
    """Parts of a text that there is."""
    text = plain(random.choice(messages).text).split()
    words = []
    for word in random.choices(text or ["a"], k=random.randint(1, 2)):
        start = random.randrange(len(word))
        words.append(word[start : start + random.randint(1, 6)])
    return words


def test_grams_of_alphabets_are_three_long_and_of_dense_scripts_one_and_two() -> None:
    assert grams("chat is") == {"cha", "hat"}
    assert grams("日本語") == {"日", "本", "語", "日本", "本語"}
    assert grams("abc日x") == {"abc", "日"}
    assert grams("hi") == set()
    assert grams("naïve") == {"naï", "aïv", "ïve"}


@pytest.mark.parametrize("seed", range(50))
def test_a_part_of_a_word_has_no_gram_that_the_whole_lacks(seed: int) -> None:
    random = Random(seed)
    text = "".join(random.choices(LETTERS, k=40)).casefold()
    for word in text.split():
        start = random.randrange(len(word))
        assert grams(word[start : start + random.randint(1, 9)]) <= grams(text)


@pytest.mark.parametrize("seed", range(4))
def test_the_index_finds_what_a_look_at_every_message_finds(store: Store, seed: int) -> None:
    """Messages stand in all three parts: in the search index, in the other indexes alone, and in none."""
    random = Random(seed)
    messages = messages_of(random, 1, 300)
    store.write(messages[:200])
    store.commit()
    index_all(store)
    store.write(messages[200:250])
    store.commit()
    store.write([])
    store._connection.execute("BEGIN")
    store.history.postings.fill(100)
    store._connection.execute("COMMIT")
    store.write(messages[250:])
    store.commit()
    assert (store.history.search.searched_id, store.history.postings.indexed_id) == (200, 250)
    hits = 0
    for _ in range(60):
        words = some_words(random, messages)
        for user, rooms in ((1, {-1}), (2, {-1, -2}), (3, set[int]())):
            found = find(store, user, rooms, words)
            assert found == expected(messages, user, rooms, words), words
            hits += len(found)
    assert hits > 100


def test_an_index_of_an_earlier_form_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "old.db")
    with monkeypatch.context() as before:
        before.setattr(search, "fold", str.casefold)
        before.setattr(search, "_FORM", 0)
        with closing(Store(path, "normal")) as old:
            old.load(Limits())
            old.write([MessageSent(at, 1, 1, 2, f"café {at}", None) for at in range(1, 4)])
            old.commit()
            index_all(old)
            assert find(old, 1, set(), ["cafe"]) == []
    with closing(Store(path, "normal")) as store:
        store.load(Limits())
        assert store.history.search.searched_id == 0
        index_all(store)
        assert store.history.search.searched_id == 3
        assert find(store, 1, set(), ["cafe"]) == [3, 2, 1]
    with closing(Store(path, "normal")) as again:
        assert again.history.search.searched_id == 3


def test_nobody_finds_what_is_not_theirs_by_typing_what_stands_in_the_index(store: Store) -> None:
    store.write([MessageSent(1, 1, 2, 3, "user1 room1 secret", None), MessageSent(2, 2, 2, -1, "user1 secret", None)])
    store.commit()
    index_all(store)
    assert find(store, 1, set(), ["secret"]) == []
    assert find(store, 1, set(), ["user1"]) == []
    assert find(store, 1, {-1}, ["user1"]) == [2]


def test_more_rooms_than_are_looked_up(store: Store) -> None:
    store.write([MessageSent(number, 1, 2, -number, "the same text", None) for number in range(1, 301)])
    store.commit()
    index_all(store)
    assert find(store, 1, {-number for number in range(1, 201)}, ["same"]) == list(range(200, 0, -1))


def test_a_deleted_account_s_messages_leave_the_index(store: Store) -> None:
    messages = [MessageSent(at, at, 1 + at % 2, 2 - at % 2, f"shibboleth number{at}", None) for at in range(1, 401)]
    store.write(messages)
    store.commit()
    index_all(store)
    index = "SELECT count(*) FROM search_index WHERE search_index MATCH ?"
    count = store._connection.execute(index, ('"shi"',)).fetchone()[0]
    assert count == 400
    store.write([AccountDeleted(9, 400, 1)])
    store.commit()
    assert find(store, 2, set(), ["shibboleth"]) == list(range(399, 0, -2))
    index_all(store)
    assert store._connection.execute(index, ('"shi"',)).fetchone()[0] == 200
    assert find(store, 2, set(), ["shibboleth"]) == list(range(399, 0, -2))


def test_when_a_text_has_gone_its_grams_go_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    store = Store(str(path), "normal")
    store.load(Limits())
    store.write([UserSignedUp(number, f"u{number}", f"u{number}", "x", 0, 0) for number in (1, 2)])
    store.write([MessageSent(1, 1, 1, 2, "ÿÿÿÿ", None)])
    store.write([MessageSent(at, at, 2, 1, f"another {at}", None) for at in range(2, 600)])
    store.commit()
    index_all(store)
    store.close()
    piece = "ÿÿÿ".encode()
    assert piece in path.read_bytes()
    store = Store(str(path), "normal")
    store.load(Limits())
    store.write([AccountDeleted(9, 599, 1)])
    store.commit()
    index_all(store)
    store.close()
    assert piece not in path.read_bytes()


def test_a_text_that_changes_is_found_by_its_new_words_alone(store: Store) -> None:
    store.write([MessageSent(1, 1, 1, 2, "the first text", None), MessageSent(2, 2, 1, 2, "another", None)])
    store.commit()
    index_all(store)
    store._connection.execute("UPDATE messages SET text = 'the second text' WHERE id = 1")
    assert find(store, 1, set(), ["second"]) == [1]
    matching = store._connection.execute("SELECT rowid FROM search_index WHERE search_index MATCH '\"irs\"'").fetchall()
    assert matching == []


def test_an_edit_does_not_write_the_index_anew(tmp_path: Path) -> None:
    """It writes a few rows, however much there is to search; a text that is taken back has all written again."""
    with closing(Store(str(tmp_path / "chat.db"), "normal")) as store:
        store.load(Limits())
        store.write([UserSignedUp(number, f"u{number}", f"u{number}", "x", 0, 0) for number in (1, 2)])
        words = Random(1)
        texts = [" ".join(f"{words.randrange(10**9):x}" for _ in range(8)) for _ in range(3000)]
        store.write([MessageSent(at, at, 1, 2, text, None) for at, text in enumerate(texts, 1)])
        store.commit()
        index_all(store)
        written = []
        for change in (MessageEdited(3001, 5, 1, 2, 9, "another text"), MessageDeleted(3002, 6, 1, 2, 9)):
            before = store._connection.total_changes
            store.write([change])
            store.commit()
            index_all(store)
            written.append(store._connection.total_changes - before)
    assert written[0] < 30
    assert written[1] > 100


def test_a_turn_that_fails_leaves_the_index_as_it_was(store: Store) -> None:
    store.write([MessageSent(1, 1, 1, 2, "the first text", None)])
    store.commit()
    index_all(store)
    store.write([AccountDeleted(9, 1, 1)])
    store.roll_back()
    assert find(store, 2, set(), ["first"]) == [1]
    assert store.history.search.searched_id == 1


def test_indexing_goes_on_in_slices_and_after_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.db")
    store = Store(path, "normal")
    store.load(Limits())
    store.write([MessageSent(at, at, 1, 2, "word", None) for at in range(1, 2 * SLICE_MESSAGES + 1)])
    store.commit()
    while not store.history.search.searched_id:
        assert store.keep_house()
    assert store.history.search.searched_id == SLICE_MESSAGES
    store.close()
    store = Store(path, "normal")
    store.load(Limits())
    assert store.history.search.searched_id == SLICE_MESSAGES
    index_all(store)
    assert store.history.search.searched_id == 2 * SLICE_MESSAGES
    assert len(find(store, 1, set(), ["word"], limit=500)) == 2 * SLICE_MESSAGES
    store.close()


def test_a_slice_ends_by_what_its_texts_unfold_to(store: Store) -> None:
    sign = "\ufdfa"  # one character, compared as fifteen
    per_message = SLICE_LETTERS // len(sign.encode()) // 2
    store.write([MessageSent(at, at, 1, 2, sign * per_message, None) for at in range(1, SLICE_MESSAGES + 1)])
    store.commit()
    while not store.history.search.searched_id:
        assert store.keep_house()
    assert store.history.search.searched_id == 1


def test_a_message_that_unfolds_to_more_than_a_slice_is_indexed_by_itself(store: Store) -> None:
    long = "\ufdfa" * SLICE_LETTERS
    texts = ["short", long, "short", "short"]
    store.write([MessageSent(at, at, 1, 2, text, None) for at, text in enumerate(texts, 1)])
    store.write([MessageSent(at, at, 1, 2, "short", None) for at in range(5, SLICE_MESSAGES + 1)])
    store.commit()
    reached = []
    while store.keep_house():
        reached.append(store.history.search.searched_id)
    assert sorted(set(reached))[:4] == [0, 1, 2, SLICE_MESSAGES]


def test_a_slice_ends_by_what_its_texts_are_too_where_they_fold_to_nothing(store: Store) -> None:
    text = "a" + "\u0301" * (SLICE_LETTERS // 2)
    store.write([MessageSent(at, at, 1, 2, text, None) for at in range(1, SLICE_MESSAGES + 1)])
    store.commit()
    while not store.history.search.searched_id:
        assert store.keep_house()
    assert store.history.search.searched_id == 1


def test_words_of_several_scripts_have_the_pieces_of_each() -> None:
    assert grams("ab\u0e01\u0e02cde\u0e03fg") == {"\u0e01", "\u0e02", "\u0e03", "\u0e01\u0e02", "cde"}


def test_other_programs_can_still_write_to_the_file(tmp_path: Path) -> None:
    """They lack the function that the index needs: what keeps it true belongs to the server's connection alone."""
    path = str(tmp_path / "chat.db")
    store = Store(path, "normal")
    store.load(Limits())
    store.write([MessageSent(1, 1, 1, 2, "some words", None)])
    store.commit()
    index_all(store)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DELETE FROM messages WHERE id = 1")
    assert find(store, 1, set(), ["words"]) == []
    store.close()


def test_without_fts5_all_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatserver.store.search._TABLE", "CREATE VIRTUAL TABLE search_index USING none_such(grams)")
    random = Random(7)
    messages = messages_of(random, 1, 100)
    store = Store(str(tmp_path / "chat.db"), "normal")
    store.load(Limits())
    store.write(messages)
    store.commit()
    index_all(store)
    assert store.history.search.searched_id == 0
    for _ in range(30):
        words = some_words(random, messages)
        assert find(store, 1, {-2}, words) == expected(messages, 1, {-2}, words)
    store.close()


def test_a_message_is_a_message(store: Store) -> None:
    store.write([MessageSent(1, 5, 1, 2, "text", None)])
    assert store.history.message(1) is None  # it is not on the disk yet
    store.commit()
    assert store.history.message(1) == Message(1, 5, 1, 2, "text")
    assert store.history.message(2) is None
