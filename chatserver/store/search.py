"""The index that SEARCH looks into: which short pieces of text stand in which message.

A message is indexed under its grams (see `grams`) and under who may find it. FTS5 keeps the lists
and intersects them; it gives candidates, whose texts are then looked at. The index is filled in idle turns,
never on the path of a message. Where SQLite has no FTS5 there is none, and `searched_id` stays 0.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence

from chatserver.store.folding import fold

SLICE_MESSAGES = 200  # indexed at a time, if their texts are short: about 5 ms
SLICE_LETTERS = 8_000  # as they are compared (`folding.letters`); a message with more is indexed by itself
PENDING_MIN = 200  # ids; fewer wait for more, and cost a search nothing: a flush to the disk for each would cost more
MERGED_PAGES = 32  # of the index, rewritten at a time, some 3 ms
GRAMS_MAX = 12  # looked up for one search; the candidates are compared with all of its words anyway
ROOMS_MAX = 100  # looked up for one search; whoever is in more gets candidates of everybody, and they are checked

# Scripts with short words or without spaces between them (Thai to Hangul, Khmer, all from U+2000 up), and emoji.
_DENSE = "\u0e00-\u11ff\u1780-\u17ff\u2000-\U0010ffff"
_IS_DENSE = re.compile(f"[{_DENSE}]")
_PAIRS = re.compile(f"(?=([{_DENSE}]{{2}}))")
_TRIPLES = re.compile(f"(?=([^{_DENSE}]{{3}}))")

_FORM = 1  # of what is indexed; an index of another form is made anew

_TOKEN_SIGNS = "".join(chr(code) for code in range(0x21, 0x7F) if not chr(code).isalnum())
_TOKENIZE = ("ascii tokenchars '" + _TOKEN_SIGNS.replace("'", "''") + "'").replace('"', '""')
_TABLE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_index USING fts5"
    f"(grams, content = '', detail = none, columnsize = 0, tokenize = \"{_TOKENIZE}\")"
)
# FTS5 would merge what it has written whenever it likes, 60 ms at a time: `SearchIndex` does so, bit by bit.
_MERGE_NOTHING = "INSERT INTO search_index (search_index, rank) VALUES ('automerge', 0), ('crisismerge', 1000)"
_IS_INDEXED = "old.id <= (SELECT value FROM meta WHERE name = 'searched_id')"
_FORGET = (
    "INSERT INTO search_index (search_index, rowid, grams)"
    " VALUES ('delete', old.id, search_grams(old.sender, old.recipient, old.text));"
)
_PURGE = "UPDATE meta SET value = 1 WHERE name = 'search_purge'"
# Triggers of this connection alone: they hold whichever statement takes a text away or changes it, and other
# programs, which lack the function, can still write to the file.
_TRIGGERS = (
    f"CREATE TEMP TRIGGER search_forgets AFTER DELETE ON main.messages WHEN {_IS_INDEXED} BEGIN {_FORGET}"
    f" {_PURGE}; END",
    f"CREATE TEMP TRIGGER search_follows AFTER UPDATE OF text ON main.messages WHEN {_IS_INDEXED} BEGIN {_FORGET}"
    " INSERT INTO search_index (rowid, grams)"
    " VALUES (new.id, search_grams(new.sender, new.recipient, new.text));"
    # What an edit replaces goes with the next purge: to rewrite the index for each would be megabytes an edit.
    f" {_PURGE} AND new.text = ''; END",
)


def grams(folded: str) -> set[str]:
    """The pieces of a text (folded) to look it up by: whatever holds a text as a part has all of them.

    Three characters of words in alphabets; one and two of scripts where so much is a word.
    None crosses a space, which stands in no word that is searched for.
    """
    found: set[str] = set()
    for word in folded.split():
        if word.isascii() or not _IS_DENSE.search(word):
            found.update([word[at : at + 3] for at in range(len(word) - 2)])
        else:
            found.update(_IS_DENSE.findall(word), _PAIRS.findall(word), _TRIPLES.findall(word))
    return found


def _document(sender: int, recipient: int, text: str) -> str:
    return _folded_document(sender, recipient, fold(text))


def _folded_document(sender: int, recipient: int, folded: str) -> str:
    """A message as the index gets it. Names of parties are longer than any gram, so they cannot be mixed up."""
    parties = (_party(sender), _party(recipient)) if recipient > 0 else (_party(recipient),)
    return " ".join((*parties, *grams(folded)))


def _party(party: int) -> str:
    return f"user{party}" if party > 0 else f"room{-party}"


def prepare(connection: sqlite3.Connection) -> None:
    """Make the index if it is not there and FTS5 is, and have it follow what happens to messages."""
    try:
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'search_index'").fetchone():
            connection.execute("SELECT rowid FROM search_index WHERE search_index MATCH 'x' LIMIT 0")
            if connection.execute("SELECT value FROM meta WHERE name = 'search_form'").fetchone()[0] != _FORM:
                connection.execute("DROP TABLE search_index")
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'search_index'").fetchone():
            connection.execute(_TABLE)
            connection.execute(_MERGE_NOTHING)
            connection.execute("UPDATE meta SET value = 0 WHERE name = 'searched_id'")
            connection.execute("UPDATE meta SET value = ? WHERE name = 'search_form'", (_FORM,))
    except sqlite3.OperationalError as error:
        if "no such module" not in str(error):
            raise
        return
    connection.create_function("search_grams", 3, _document, deterministic=True)
    connection.execute("PRAGMA temp_store = MEMORY")
    for trigger in _TRIGGERS:
        connection.execute(trigger)


def is_there(connection: sqlite3.Connection) -> bool:
    """Tell whether the file has an index, and SQLite the FTS5 to look into it."""
    try:
        connection.execute("SELECT rowid FROM search_index WHERE search_index MATCH 'x' LIMIT 0")
    except sqlite3.OperationalError:
        return False
    return True


class SearchIndex:
    """What is indexed, up to which id, and how to add to it and look into it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._may_merge = True
        self._is_there = is_there(connection)

    @property
    def searched_id(self) -> int:
        """Up to which id messages are indexed, as this connection sees it."""
        return int(self._connection.execute("SELECT value FROM meta WHERE name = 'searched_id'").fetchone()[0])

    def can_answer(self, pieces: Sequence[str]) -> bool:
        """Tell whether the index can give candidates for these grams."""
        return self._is_there and bool(pieces)

    def keep_up(self, upto: int) -> bool:
        """Index some messages with ids up to one, inside the open transaction; tell whether there was anything."""
        if not self._is_there:
            return False
        self.merge_some()
        if not self._may_merge and upto - self.searched_id >= PENDING_MIN:
            self._fill(upto)
            self._may_merge = True
        return self._may_merge or self._purge()

    def merge_some(self) -> bool:
        """Merge a little of what was written apart, inside the open transaction; tell whether there was anything."""
        if self._may_merge:
            self._may_merge = self._is_there and self._merge(MERGED_PAGES)
        return self._may_merge

    def follow(self) -> None:
        """Messages were removed: what that wrote apart may be merged."""
        self._may_merge = True

    def _fill(self, upto: int) -> None:
        rows = self._connection.execute(
            "SELECT id, sender, recipient, text FROM messages WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
            (self.searched_id, upto, SLICE_MESSAGES),
        ).fetchall()
        documents: list[tuple[int, str]] = []
        letters = 0
        for message_id, sender, recipient, text in rows:
            folded = fold(text)
            letters += max(len(text), len(folded))
            if documents and letters > SLICE_LETTERS:
                break
            documents.append((message_id, _folded_document(sender, recipient, folded)))
        self._connection.executemany("INSERT INTO search_index (rowid, grams) VALUES (?, ?)", documents)
        searched_id = documents[-1][0] if documents else upto
        self._connection.execute("UPDATE meta SET value = ? WHERE name = 'searched_id'", (searched_id,))

    def _purge(self) -> bool:
        """FTS5 notes deletions beside what it has; rewriting all of it, bit by bit, leaves no trace of a text."""
        stage = self._connection.execute("SELECT value FROM meta WHERE name = 'search_purge'").fetchone()[0]
        if not stage:
            return False
        # Below zero: begin to merge all there is into one.
        goes_on = self._merge(-MERGED_PAGES if stage == 1 else MERGED_PAGES)
        self._connection.execute("UPDATE meta SET value = ? WHERE name = 'search_purge'", (2 if goes_on else 0,))
        return True

    def _merge(self, pages: int) -> bool:
        """Merge some of what was written apart; tell whether there was anything."""
        before = self._connection.total_changes
        self._connection.execute("INSERT INTO search_index (search_index, rank) VALUES ('merge', ?)", (pages,))
        return self._connection.total_changes - before >= 2  # FTS5's way to say so


def candidates(
    connection: sqlite3.Connection, pieces: Sequence[str], user: int, rooms: Iterable[int], below: int, limit: int
) -> list[int]:
    """The last ids under `below` of the messages of a user, or of rooms, that have all the grams; newest first.

    FTS5 goes through each list once, a few ms for a million messages; to go on below an id is to pass over all
    that is above it again, so a caller who wants many asks for more at a time.
    """
    rooms = list(rooms)
    mine = [user, *rooms] if len(rooms) <= ROOMS_MAX else []
    wanted = " AND ".join(_quoted(piece) for piece in pieces[:GRAMS_MAX])
    if mine:
        wanted = f"({' OR '.join(_quoted(_party(party)) for party in mine)}) AND {wanted}"
    rows = connection.execute(
        "SELECT rowid FROM search_index WHERE search_index MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
        (wanted, below, limit),
    )
    return [row[0] for row in rows]


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'
