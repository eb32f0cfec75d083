"""All that the pages of a history come to."""

from collections.abc import Callable

from chatserver.core.id_ranges import IdRange
from chatserver.store.history import History, Message, Page
from chatserver.store.postings import ID_MAX


def between(history: History, user: int, other: int, limit: int, before: int) -> list[Message]:
    """The last messages between two users under an id, oldest first."""
    return _downward(
        lambda left, below: history.said_page(min(user, other), max(user, other), left, below), limit, before
    )


def of_room(history: History, room: int, limit: int, before: int) -> list[Message]:
    """The last messages in a room under an id, oldest first."""
    return _downward(lambda left, below: history.said_page(room, 0, left, below), limit, before)


def after(history: History, user: int, after: int, limit: int) -> list[Message]:
    """The first messages that a user sent or received behind an id."""
    found: list[Message] = []
    while len(found) < limit:
        page = history.heard_page(user, after, ID_MAX, limit - len(found))
        found += page.messages
        after = page.end
        if page.is_last:
            break
    return found


def received(history: History, user: int, ranges: list[IdRange], limit: int) -> list[Message]:
    """What a user was sent in the ranges of ids."""
    found: list[Message] = []
    while len(found) < limit:
        page = history.received_page(user, ranges, limit - len(found))
        found += page.messages
        if page.is_last:
            break
        ranges = [(max(first, page.end + 1), last) for first, last in ranges if last > page.end]
    return found


def _downward(next_page: Callable[[int, int], Page], limit: int, below: int) -> list[Message]:
    found: list[Message] = []
    while len(found) < limit:
        page = next_page(limit - len(found), below)
        found += page.messages
        below = page.end
        if page.is_last:
            break
    return found[::-1]
