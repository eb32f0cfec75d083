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


def _search_form(connection: sqlite3.Connection) -> None:
    """Earlier versions indexed texts as they were typed: `store/search` makes the index anew."""
    connection.execute("INSERT INTO meta VALUES ('search_form', 0)")


_WITHHELD = """
-- Edits of messages whose recipient blocks the author, who alone reads them: see chatserver/store/withheld.py.
CREATE TABLE withheld_edits (
    message INTEGER PRIMARY KEY,
    id INTEGER NOT NULL,
    author INTEGER NOT NULL,
    recipient INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX withheld_from ON withheld_edits (author, id);
CREATE INDEX withheld_ids ON withheld_edits (id);
"""


def _withheld(connection: sqlite3.Connection) -> None:
    for statement in _WITHHELD.split(";\n"):
        connection.execute(statement)


def _addressees(connection: sqlite3.Connection) -> None:
    """SHOWCONVERSATIONS also asks to whom a user has written."""
    connection.execute("CREATE INDEX correspondents_by_author ON correspondents (author, user)")


_OPERATED = """
-- What somebody may not do until a time: suspended, muted, password expired; of bots: disabled.
CREATE TABLE sanctions (
    user INTEGER NOT NULL,
    kind TEXT NOT NULL,
    until_ms INTEGER NOT NULL, -- the end of the year 9999 where nobody has set an end
    reason TEXT NOT NULL,
    PRIMARY KEY (user, kind)
) WITHOUT ROWID;
CREATE TABLE bans (
    network TEXT PRIMARY KEY,
    until_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    time_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE invites (
    code TEXT PRIMARY KEY,
    uses INTEGER NOT NULL, -- sign-ups that are left
    until_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE notices (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    until_ms INTEGER NOT NULL
);
CREATE TABLE moderators (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) WITHOUT ROWID;
CREATE TABLE reports (
    id INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    user INTEGER NOT NULL, -- who reports
    message INTEGER NOT NULL,
    author INTEGER NOT NULL,
    party INTEGER NOT NULL, -- the message's recipient
    text TEXT NOT NULL, -- of the message, when it was reported
    why TEXT NOT NULL,
    closed_ms INTEGER
);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    deed TEXT NOT NULL
);
-- For people who read the file: names in the place of numbers, times that can be read.
CREATE VIEW v_parties AS
    SELECT id, name FROM users UNION ALL SELECT id, name FROM rooms;
CREATE VIEW v_messages AS
    SELECT m.id, strftime('%Y-%m-%dT%H:%M:%fZ', m.time_ms / 1000.0, 'unixepoch') AS time,
        s.name AS "from", r.name AS "to", m.text
    FROM messages m LEFT JOIN users s ON s.id = m.sender LEFT JOIN v_parties r ON r.id = m.recipient;
CREATE VIEW v_members AS
    SELECT r.name AS room, u.name AS user,
        CASE WHEN r.owner = u.id THEN 'owner' WHEN o.user IS NOT NULL THEN 'moderator' ELSE 'member' END AS role,
        strftime('%Y-%m-%dT%H:%M:%fZ', m.joined_ms / 1000.0, 'unixepoch') AS since
    FROM memberships m JOIN rooms r ON r.id = m.room JOIN users u ON u.id = m.user
        LEFT JOIN moderators o ON o.room = m.room AND o.user = m.user
    WHERE m.until_id IS NULL AND r.ended_ms IS NULL AND u.deleted_ms IS NULL;
CREATE VIEW v_friends AS
    SELECT a.name AS user, b.name AS friend, strftime('%Y-%m-%dT%H:%M:%fZ', f.since_ms / 1000.0, 'unixepoch') AS since
    FROM friendships f JOIN users a ON a.id = f.user JOIN users b ON b.id = f.friend;
CREATE VIEW v_audit AS
    SELECT id, strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time, actor, deed FROM audit;
"""


def _operated(connection: sqlite3.Connection) -> None:
    for statement in _OPERATED.split(";\n"):
        connection.execute(statement)


def _identity(connection: sqlite3.Connection) -> None:
    """See `store/identity`; marked is 1 once there is a mark beside the file. All identities have 15 digits.

    The simulation's short writes would cut a HELLO of another length elsewhere: one seed would be two lives.
    """
    connection.execute(
        "INSERT INTO meta VALUES ('epoch', 1), ('marked', 0),"
        " ('identity', (random() & 0x7ffffffffffffff) | 0x800000000000000)"
    )


_COPIES = """
ALTER TABLE rooms ADD COLUMN topic_by INTEGER NOT NULL DEFAULT 0;
UPDATE rooms SET topic_by = owner;
-- What bots have answered to which message of whom (0: to none): it may repeat its words, and goes with them.
CREATE TABLE answers (
    answer INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    asker INTEGER NOT NULL
);
CREATE INDEX answers_to ON answers (message);
CREATE INDEX answers_for ON answers (asker);
"""


def _copies(connection: sqlite3.Connection) -> None:
    for statement in _COPIES.split(";\n"):
        connection.execute(statement)


def _tagged(connection: sqlite3.Connection) -> None:
    """A start finds the tags of the last day by time."""
    connection.execute("CREATE INDEX tagged_messages ON messages (time_ms) WHERE tag IS NOT NULL")


def _open_reports(connection: sqlite3.Connection) -> None:
    """Most reports are closed; administrators ask for those that are not, and EXPORT for a user's own."""
    connection.execute("CREATE INDEX open_reports ON reports (id) WHERE closed_ms IS NULL")
    connection.execute("CREATE INDEX reports_of_user ON reports (user)")


def _tags_by_user(connection: sqlite3.Connection) -> None:
    """A user's tagged messages have a list in `postings` (0 and the user): here those of the last day, if listed."""
    lists: dict[int, list[int]] = {}
    rows = connection.execute(
        "SELECT sender, id FROM messages INDEXED BY tagged_messages WHERE tag IS NOT NULL"
        " AND time_ms > (SELECT max(time_ms) FROM messages INDEXED BY tagged_messages WHERE tag IS NOT NULL) - 86400000"
        " AND id <= (SELECT value FROM meta WHERE name = 'indexed_id') ORDER BY id"
    )
    for sender, message_id in rows:
        lists.setdefault(sender, []).extend((message_id, 1))
    connection.executemany(
        "INSERT INTO postings (party, other, first_id, ranges) VALUES (0, ?, ?, ?)",
        [
            (sender, ranges[at], str(ranges[at : at + 1000]))
            for sender, ranges in lists.items()
            for at in range(0, len(ranges), 1000)
        ],
    )
    connection.execute("DROP INDEX tagged_messages")


def _blanked(connection: sqlite3.Connection) -> None:
    """What a deleted account wrote is blanked before it goes."""
    connection.execute("ALTER TABLE removals ADD COLUMN blanked INTEGER NOT NULL DEFAULT 0")


def _retention(connection: sqlite3.Connection) -> None:
    """Rooms may keep messages for days of their own, also once they have ended: see chatserver/store/retention.py."""
    connection.execute(
        "CREATE TABLE room_retention ("
        " room INTEGER PRIMARY KEY,"
        " days INTEGER, -- 0: for good; NULL: as the setting history_days says\n"
        " gone_id INTEGER NOT NULL DEFAULT 0) -- no message of the room up to here is left"
    )


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _version_1,
    _version_2,
    _version_3,
    _reading,
    _changes,
    _postings,
    _removals,
    _search_form,
    _withheld,
    _addressees,
    _operated,
    _identity,
    _copies,
    _tagged,
    _open_reports,
    _tags_by_user,
    _blanked,
    _retention,
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
