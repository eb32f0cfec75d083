"""Up to which place of a cluster's shared log a file goes: one row, written in the transaction of the events.

Only a member's file has the table; a server by itself never makes it. The place is a number and a hash over all that
came before, so that two files which stand at one place with one hash hold the same.
"""

import sqlite3
from typing import NamedTuple

_MAKE = """
CREATE TABLE IF NOT EXISTS cluster (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    cluster TEXT NOT NULL,
    position INTEGER NOT NULL, -- of the last entry of the shared log that this file holds
    hash BLOB NOT NULL -- sha256 over the hash before it and that entry
)
"""


class Place(NamedTuple):
    """A place in the shared log: so many entries, and the hash over all of them."""

    position: int
    hash: bytes


NOWHERE = Place(0, b"")


class SharedPlace:
    """Belongs to the transactions on one connection, as `Postings` does."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.cluster = ""  # its name; empty: this file is no member's
        self.place = NOWHERE  # as it is committed
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'cluster'").fetchone():
            row = connection.execute("SELECT cluster, position, hash FROM cluster").fetchone()
            if row:
                self.cluster, self.place = row[0], Place(row[1], row[2])
        self._noted = self.place
        self.safe = self.place.position  # what survives a power cut here: the file was made durable when it was opened

    def join(self, cluster: str, place: Place, identity: int) -> None:
        """Make the file a member's, in the open transaction."""
        self._connection.execute(_MAKE)
        self._connection.execute("INSERT INTO cluster VALUES (1, ?, ?, ?)", (cluster, *place))
        self._connection.execute("UPDATE meta SET value = ? WHERE name = 'identity'", (identity,))
        self.cluster, self._noted = cluster, place

    def note(self, place: Place) -> None:
        """What the open transaction holds goes up to this place."""
        self._connection.execute("UPDATE cluster SET position = ?, hash = ?", place)
        self._noted = place

    def committed(self) -> None:
        """The transaction has ended well."""
        self.place = self._noted

    def rolled_back(self) -> None:
        """The transaction was undone."""
        self._noted = self.place

    def copied(self) -> None:
        """All that is committed has been moved into the tables and flushed."""
        self.safe = self.place.position


def forget_cluster(connection: sqlite3.Connection) -> None:
    """Make it a file of nobody but its own server. Raises sqlite3.Error."""
    connection.execute("DROP TABLE cluster")
