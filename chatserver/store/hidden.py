"""Whose messages nobody may see any more, although some are still in the tables.

When an account is deleted, its rows are removed bit by bit afterwards (`removal`); until that is done its id stands in
the table `removals`. Every query over messages and changes leaves these users out.
"""

import sqlite3

NOT_HIDDEN = " AND {} NOT IN (SELECT user FROM removals)"
"""For queries that know the tables alone."""
_NOT_OF = " AND m.sender NOT IN ({0}) AND NOT EXISTS (SELECT 1 FROM answers WHERE answer = m.id AND asker IN ({0}))"
MESSAGE_NOT_HIDDEN = _NOT_OF.format("SELECT user FROM removals")
"""The same of messages `m`; what a bot has answered to somebody is hidden as well."""


class Hidden:
    """The ids in `removals`, kept in memory: mostly there is none, and a query then costs nothing more."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.users = {user for (user,) in connection.execute("SELECT user FROM removals")}

    def but(self, *columns: str) -> str:
        """What to put behind a WHERE clause: none of these columns names a hidden user."""
        return "".join(f" AND {column} NOT IN ({self._listed})" for column in columns) if self.users else ""

    def but_messages(self) -> str:
        """The same of messages `m`: none of them is a hidden user's, or a bot's answer to one."""
        return _NOT_OF.format(self._listed) if self.users else ""

    @property
    def _listed(self) -> str:
        return ",".join(map(str, sorted(self.users)))
