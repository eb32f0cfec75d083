"""The tables, how a file grows from an older version to this one, and what is refused.

A person can read them with any SQLite tool while the server runs. Times are
milliseconds since 1970, users are ids.
"""

import sqlite3
from collections.abc import Callable

from chatserver.store.errors import StoreError

APPLICATION_ID = 0x70697063  # "pipc": tells our files from other programs' SQLite files

_VERSION_1 = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    status TEXT NOT NULL DEFAULT 'online',
    status_text TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    deleted_ms INTEGER,
    delivered_id INTEGER NOT NULL,
    gaps TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE tokens (
    token_hash BLOB PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users (id),
    used_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
);
CREATE INDEX tokens_of_user ON tokens (user);
CREATE TABLE friendships (
    user INTEGER NOT NULL REFERENCES users (id),
    friend INTEGER NOT NULL REFERENCES users (id),
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (user, friend),
    CHECK (user < friend)
) WITHOUT ROWID;
CREATE TABLE friend_requests (
    asker INTEGER NOT NULL REFERENCES users (id),
    asked INTEGER NOT NULL REFERENCES users (id),
    time_ms INTEGER NOT NULL,
    PRIMARY KEY (asker, asked)
) WITHOUT ROWID;
-- Written in the order of ids, with no index beside it: the end of one tree is all a message touches.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    recipient INTEGER NOT NULL,
    text TEXT NOT NULL,
    tag TEXT
);
-- What HISTORY and SYNC look into, filled when there is time, up to meta.indexed_id.
CREATE TABLE conversation_index (
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (low, high, id)
) WITHOUT ROWID;
CREATE TABLE user_index (
    user INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (user, id)
) WITHOUT ROWID;
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES ('indexed_id', 0), ('last_message_id', 0), ('probe', 0);
"""


_VERSION_2 = """
CREATE TABLE bot_memory (
    user INTEGER NOT NULL, -- 0: what the bot remembers of all
    bot INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (user, bot)
) WITHOUT ROWID;
CREATE TABLE bot_timers (
    user INTEGER NOT NULL,
    bot INTEGER NOT NULL,
    name TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    room TEXT NOT NULL,
    PRIMARY KEY (user, bot, name)
) WITHOUT ROWID;
"""


_CHANGES = """
-- What was done to messages, the newest of each kind alone. ids and the ids of messages are one sequence.
CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    kind TEXT NOT NULL, -- edited, deleted, reacted, or unreacted: a reaction that was taken back
    user INTEGER NOT NULL, -- who did it
    time_ms INTEGER NOT NULL,
    emoji TEXT NOT NULL DEFAULT '',
    sender INTEGER NOT NULL, -- of the message, so that SYNC finds the changes of a user
    recipient INTEGER NOT NULL
);
CREATE UNIQUE INDEX changes_of_message ON changes (message, user, emoji);
CREATE INDEX changes_from ON changes (sender);
CREATE INDEX changes_to ON changes (recipient);
CREATE INDEX changes_by ON changes (user);
"""


def _version_1(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_1.split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _version_2(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_2.split(";\n"):
        connection.execute(statement)


_VERSION_3 = """
-- hidden is 1 where the one who is asked blocks the asker
ALTER TABLE friend_requests ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
CREATE TABLE blocks (
    user INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (user, blocked)
) WITHOUT ROWID;
-- Ids of rooms are below zero, so that a message's recipient tells which it is.
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner INTEGER NOT NULL,
    topic TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    ended_ms INTEGER
);
-- One row a stay: messages with after_id < id <= until_id are for the member. Rows stand in the order of joining.
CREATE TABLE memberships (
    number INTEGER PRIMARY KEY,
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    after_id INTEGER NOT NULL,
    until_id INTEGER,
    joined_ms INTEGER NOT NULL
);
CREATE INDEX memberships_of_user ON memberships (user, room);
CREATE TABLE invitations (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    inviter INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) WITHOUT ROWID;
"""


def _version_3(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_3.split(";\n"):
        connection.execute(statement)


_READING = """
CREATE TABLE read_marks (
    user INTEGER NOT NULL,
    party INTEGER NOT NULL, -- whom the conversation is with: a user, or a room (below zero)
    upto INTEGER NOT NULL,
    PRIMARY KEY (user, party)
) WITHOUT ROWID;
-- Who has ever written to a user, of messages up to meta.heard_id.
CREATE TABLE correspondents (
    user INTEGER NOT NULL,
    author INTEGER NOT NULL,
    PRIMARY KEY (user, author)
) WITHOUT ROWID;
INSERT INTO meta VALUES ('heard_id', 0), ('searched_id', 0), ('search_purge', 0);
"""


def _reading(connection: sqlite3.Connection) -> None:
    for statement in _READING.split(";\n"):
        connection.execute(statement)


def _changes(connection: sqlite3.Connection) -> None:
    for statement in _CHANGES.split(";\n"):
        connection.execute(statement)


_POSTINGS = """
DROP TABLE conversation_index;
DROP TABLE user_index;
-- Which messages are in which conversation: see chatserver/store/postings.py. ranges is JSON.
CREATE TABLE postings (
    party INTEGER NOT NULL,
    other INTEGER NOT NULL,
    first_id INTEGER NOT NULL,
    ranges TEXT NOT NULL,
    PRIMARY KEY (party, other, first_id)
) WITHOUT ROWID;
UPDATE meta SET value = 0 WHERE name = 'indexed_id';
"""


def _postings(connection: sqlite3.Connection) -> None:
    for statement in _POSTINGS.split(";\n"):
        connection.execute(statement)


_REMOVALS = """
-- Deleted accounts whose rows are still to be removed: see chatserver/store/removal.py.
CREATE TABLE removals (
    user INTEGER PRIMARY KEY,
    last_id INTEGER NOT NULL, -- the user wrote nothing behind it
    party INTEGER NOT NULL, -- whose list is gone through: the user's own, then those of rooms, at last 0
    after_id INTEGER NOT NULL -- how far
);
INSERT INTO meta VALUES ('log_purge', 0);
-- Earlier versions removed the messages at once, but not all that told who wrote with whom.
INSERT INTO removals
    SELECT id, (SELECT ifnull(max(id), 0) FROM messages), id, 0 FROM users WHERE deleted_ms IS NOT NULL;
"""


def _removals(connection: sqlite3.Connection) -> None:
    for statement in _REMOVALS.split(";\n"):
        connection.execute(statement)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _version_1,
    _version_2,
    _version_3,
    _reading,
    _changes,
    _postings,
    _removals,
)
"""Step k brings a file from version k to k + 1. Steps are never changed once released, only added."""

VERSION = len(MIGRATIONS)


def check_file(connection: sqlite3.Connection, path: str) -> None:
    """Refuse a file that is not ours, or of a newer version, before anything in it is changed. Raises StoreError."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and application != APPLICATION_ID:
        raise StoreError(f"{path} belongs to another program: name another file with --store")
    version = _version(connection)
    if version > VERSION:
        raise StoreError(
            f"{path} was written by a newer version (format {version}, this one knows {VERSION}):"
            " use that version, or name another file with --store"
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file up to this version, all steps in one transaction."""
    version = _version(connection)
    if version == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    for step in MIGRATIONS[version:]:
        step(connection)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
