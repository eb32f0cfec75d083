"""Answers that State alone can give: rows of fields, sorted by name key."""

from collections.abc import Iterable

from chatserver.core.state import State, User, seen_as

Rows = list[tuple[str, ...]]


def friends(state: State, user: User) -> Rows:
    """SHOWFRIENDS: name, status, text."""
    return [(friend.name, *seen_as(friend)) for friend in _by_key(state, user.friends)]


def requests(state: State, user: User) -> Rows:
    """SHOWREQUESTS: those that came in, then those that went out."""
    return requests_in(state, user) + [("out", asked.name) for asked in _by_key(state, user.asked)]


def requests_in(state: State, user: User) -> Rows:
    """Those that came in alone."""
    return [("in", asker.name) for asker in _by_key(state, user.askers)]


def _by_key(state: State, users: Iterable[int]) -> list[User]:
    return sorted((state.users[user] for user in users), key=lambda user: user.key)
