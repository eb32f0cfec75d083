"""SEARCH, a step at a time: a user's messages from the newest back, and which of them hold all the words.

What the search index does not know yet is looked for through the posting lists (`list_step`); the rest comes from the
index (`index_step`). Without the index, or for words too short for it, all comes through the lists. Either way ids of
candidates are found first, many at a time, and wait in the `Place`; each step then compares as many texts as a
millisecond or so allows.
"""

import json
import sqlite3
from collections.abc import Iterable
from heapq import merge
from itertools import islice
from typing import NamedTuple

from chatserver.store.folding import fold, spell
from chatserver.store.hidden import MESSAGE_NOT_HIDDEN
from chatserver.store.history import COLUMNS, History, Message
from chatserver.store.postings import ID_MAX
from chatserver.store.search import GRAMS_MAX, candidates, grams
from chatserver.store.withheld import with_own_texts

FIRST_PAGE = 100  # candidates found at a time: mostly they hold what is searched for, and more are not wanted
PAGE_MAX = 1_000
STEP_COST = 2_000_000
"""Of comparing texts in a step, some 2 ms: a character costs 1 for each word it is compared with, and as much for each
`CHARS_PER_COST` of the word, because a text can be made that the comparison goes through again and again."""
CHARS_PER_COST = 4
MESSAGE_COST = 5_000  # to read, beside its text
FOLD_COST = 500  # of a character beyond ASCII, to fold and to spell it


class Wanted(NamedTuple):
    """What is searched for, and where: messages of a user and of rooms. Plain values, for any thread."""

    words: tuple[str, ...]
    pieces: tuple[str, ...]  # the grams to look up, the most telling first
    user: int
    rooms: frozenset[int]
    spelled: tuple[str, ...] = ()  # the words with their accents


class Place(NamedTuple):
    """How far a search is. Plain values, for any thread."""

    below: int  # candidates are still to be found under this id
    waiting: tuple[int, ...]  # candidates that have been found and not been looked at, newest first
    limit: int  # how many are found next
    by_index: bool  # those that wait were chosen by grams
    is_narrow: bool  # look up all grams: too much was found by a gram a word

    @property
    def is_over(self) -> bool:
        """There are no more messages."""
        return self.below <= 1 and not self.waiting


class Hit(NamedTuple):
    """A message that holds all the words."""

    message: Message
    is_spelled: bool  # with the accents they were typed with


Step = tuple[list[Hit], Place]
"""Messages that hold all the words, newest first, and where to go on."""


def begin() -> Place:
    """The newest message is looked at first."""
    return Place(ID_MAX + 1, (), FIRST_PAGE, False, False)


def words_of(text: str) -> tuple[str, ...]:
    """The words to search for, folded, the longest first."""
    return tuple(sorted(set(fold(text).split()), key=lambda word: (-len(word), word)))


def spelled_of(text: str) -> tuple[str, ...]:
    """The words as they are spelled, in which a message that is to come first holds them."""
    return tuple({spell(word) for word in text.split()})


def pieces_of(words: Iterable[str]) -> tuple[str, ...]:
    """The grams to look up, as many as are looked up at all: one of every word, then more, those of the longest first.

    Fewer grams find more candidates, which are compared with all words anyway.
    """
    per_word = [sorted(pieces) for pieces in map(grams, words) if pieces]
    longest = max(map(len, per_word), default=0)
    by_turns = (pieces[at] for at in range(longest) for pieces in per_word if at < len(pieces))
    return tuple(islice(by_turns, GRAMS_MAX))


def step(history: History, wanted: Wanted, place: Place) -> Step:
    """One step in the loop, whichever it is."""
    if is_for_index(history, wanted, place):
        return index_step(history.connection, wanted, place)
    return list_step(history, wanted, place)


def is_for_index(history: History, wanted: Wanted, place: Place) -> bool:
    """Tell whether the next step is `index_step`, which may take long and can be done in another thread."""
    return history.search.can_answer(wanted.pieces) and place.below <= history.search.searched_id + 1


def list_step(history: History, wanted: Wanted, place: Place) -> Step:
    """A step among the messages that the index does not know, of which there mostly are few."""
    if not place.waiting:
        floor = history.search.searched_id if history.search.can_answer(wanted.pieces) else 0
        lists = (history.postings.downward(party, 0, floor, place.below) for party in (wanted.user, *wanted.rooms))
        place = _found(place, list(islice(merge(*lists, reverse=True), place.limit)), floor, by_index=False)
    return _compare(history.connection, wanted, place)


def index_step(connection: sqlite3.Connection, wanted: Wanted, place: Place) -> Step:
    """A step among the messages that the index knows. Raises sqlite3.Error.

    It reads the tables through this connection alone, which may be one of its own that only reads, and touches nothing
    that others share; so a worker thread can do it. It sees what was committed last there: that may be less than the
    caller has indexed, so what lies between is compared too. One query of FTS5 goes through whole lists of grams:
    40 ms among ten million messages.
    """
    if not place.waiting:
        place = _look_up(connection, wanted, place)
    return _compare(connection, wanted, place)


def own_texts(connection: sqlite3.Connection, wanted: Wanted, ids: tuple[int, ...]) -> list[Hit]:
    """Which of these messages hold the words in a text that their author alone can see, and that no index knows."""
    messages = with_own_texts(connection, wanted.user, list(_read(connection, ids)))
    found = [message for message in messages if _is_own(message, wanted) and _holds(fold(message.text), wanted.words)]
    return [Hit(message, _holds(spell(message.text), wanted.spelled)) for message in found]


def _look_up(connection: sqlite3.Connection, wanted: Wanted, place: Place) -> Place:
    searched_id = connection.execute("SELECT value FROM meta WHERE name = 'searched_id'").fetchone()[0]
    if place.below > searched_id + 1:
        rows = connection.execute(
            "SELECT id FROM messages WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?",
            (searched_id, place.below, place.limit),
        )
        return _found(place, [row[0] for row in rows], searched_id, by_index=False)
    # A list each is looked through: one a word is quick, and enough for frequent words.
    pieces = wanted.pieces if place.is_narrow else wanted.pieces[: len(wanted.words)]
    found = candidates(connection, pieces, wanted.user, wanted.rooms, place.below, place.limit)
    return _found(place, found, 0, by_index=True)


def _found(place: Place, ids: list[int], floor: int, *, by_index: bool) -> Place:
    """Candidates; if they are fewer than were asked for, there are no more above `floor`."""
    below = ids[-1] if len(ids) == place.limit else floor + 1
    return place._replace(below=below, waiting=tuple(ids), limit=min(2 * place.limit, PAGE_MAX), by_index=by_index)


def _compare(connection: sqlite3.Connection, wanted: Wanted, place: Place) -> Step:
    """Read as many candidates as a step may."""
    hits: list[Hit] = []
    weight = len(wanted.words) + sum(map(len, wanted.words)) // CHARS_PER_COST
    looked_at = cost = last_id = 0
    for message in _read(connection, place.waiting):
        looked_at, last_id = looked_at + 1, message.id
        cost += MESSAGE_COST + len(message.text) * (weight if message.text.isascii() else weight + FOLD_COST)
        if _is_own(message, wanted) and _holds(fold(message.text), wanted.words):
            hits.append(Hit(message, _holds(spell(message.text), wanted.spelled)))
        if cost >= STEP_COST:
            break
    else:
        last_id = place.waiting[-1] if place.waiting else 0
    return hits, _behind(place, last_id, looked_at, len(hits))


def _behind(place: Place, last_id: int, looked_at: int, hits: int) -> Place:
    """Where to go on: with what waits, or, if grams chose too much that was not meant, with more grams."""
    if place.by_index and not place.is_narrow and 2 * hits < looked_at:
        return place._replace(below=last_id, waiting=(), is_narrow=True)
    left = place.waiting[place.waiting.index(last_id) + 1 :] if last_id else ()
    return place._replace(waiting=left)


def _read(connection: sqlite3.Connection, ids: tuple[int, ...]) -> Iterable[Message]:
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value WHERE true{MESSAGE_NOT_HIDDEN}",
        (json.dumps(ids),),
    )
    return map(Message._make, rows)


def _is_own(message: Message, wanted: Wanted) -> bool:
    """The index knows parties by tokens that a text may hold too: look at each."""
    if message.recipient < 0:
        return message.recipient in wanted.rooms
    return wanted.user in (message.sender, message.recipient)


def _holds(folded: str, words: tuple[str, ...]) -> bool:
    return all(word in folded for word in words)
