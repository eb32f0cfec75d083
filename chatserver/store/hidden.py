"""Whose messages nobody may see any more, although some are still in the tables.

When an account is deleted, its rows are removed bit by bit afterwards (`removal`); until that is done its id stands in
the table `removals`. Every query over messages and changes leaves these users out.
"""

import sqlite3

NOT_HIDDEN = " AND {} NOT IN (SELECT user FROM removals)"
"""For queries that know the tables alone."""


class Hidden:
    """The ids in `removals`, kept in memory: mostly there is none, and a query then costs nothing more."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.users = {user for (user,) in connection.execute("SELECT user FROM removals")}

    def but(self, *columns: str) -> str:
        """What to put behind a WHERE clause: none of these columns names a hidden user."""
        if not self.users:
            return ""
        users = ",".join(map(str, sorted(self.users)))
        return "".join(f" AND {column} NOT IN ({users})" for column in columns)
