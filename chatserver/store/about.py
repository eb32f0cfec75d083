"""What the tables say about one user beside what State holds: when things were made. For EXPORT."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from chatserver.store.history import History

REPORTS_MAX = 1000  # up to 4 KB each

TimedParty = tuple[int, int]
"""A user or room, and a time."""


class About(NamedTuple):
    """Times of one account, in milliseconds; parties are ids."""

    created_ms: int
    logins: list[tuple[int, int]]  # created, last used
    friends: list[TimedParty]
    asked: list[TimedParty]
    askers: list[TimedParty]
    blocks: list[TimedParty]
    stays: list[tuple[int, int, bool]]  # room, since, whether it goes on
    invitations: list[tuple[int, int, int]]  # room, who asked, when
    reports: Sequence[tuple[int, int, str]] = ()  # message, when, why: the last ones that the user has made


def about(history: History, user: int) -> About:
    """Ask the tables about a user. The askers whom the user blocks are not among them, as in SHOWREQUESTS."""

    def rows(statement: str) -> list[Any]:  # Any: what the statement says
        return history.connection.execute(statement, {"user": user}).fetchall()

    return About(
        rows("SELECT created_ms FROM users WHERE id = :user")[0][0],
        [(made, used) for made, used in rows("SELECT created_ms, used_ms FROM tokens WHERE user = :user")],
        _timed(
            rows(
                "SELECT friend, since_ms FROM friendships WHERE user = :user"
                " UNION ALL SELECT user, since_ms FROM friendships WHERE friend = :user"
            )
        ),
        _timed(rows("SELECT asked, time_ms FROM friend_requests WHERE asker = :user")),
        _timed(rows("SELECT asker, time_ms FROM friend_requests WHERE asked = :user AND NOT hidden")),
        _timed(rows("SELECT blocked, since_ms FROM blocks WHERE user = :user")),
        [
            (room, since, bool(goes_on))
            for room, since, goes_on in rows(
                "SELECT room, joined_ms, until_id IS NULL FROM memberships WHERE user = :user ORDER BY number"
            )
        ],
        [(room, by, at) for room, by, at in rows("SELECT room, inviter, time_ms FROM invitations WHERE user = :user")],
        tuple(
            reversed(
                rows(
                    f"SELECT message, time_ms, why FROM reports WHERE user = :user ORDER BY id DESC LIMIT {REPORTS_MAX}"
                )
            )
        ),
    )


def _timed(rows: list[tuple[int, ...]]) -> list[TimedParty]:
    return [(party, at) for party, at in rows]
