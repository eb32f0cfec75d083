"""SHOWUNREAD and SHOWCONVERSATIONS: a user's conversations one by one, each looked at a page at a time.

A party is whom a conversation is with: another user, or a room (below zero).
"""

from collections.abc import Callable, Generator
from typing import NamedTuple

from chatserver.core.facts import conversation, heard_by
from chatserver.core.state import apart
from chatserver.core.unread_marks import read_upto
from chatserver.protocol.times import format_time
from chatserver.queries.jobs import FINDS, Chat, Job, until_stored
from chatserver.queries.requests import Answer, ShowConversations, ShowUnread
from chatserver.store import unread
from chatserver.store.history import History


def show_unread(chat: Chat, user: int, query: ShowUnread) -> Job:
    """Where others have written behind the mark."""
    yield from until_stored(chat, heard_by(chat.state.users[user]))
    yield FINDS
    newest_id = chat.stored_message_id
    authors = yield from _known(chat, user, newest_id, (unread.correspondents,), unread.authors_page)
    me = chat.state.users[user]
    found: list[tuple[int, str, int]] = []
    for party in sorted({*authors, *me.rooms, *(me.read or {})}):
        if party < 0 and party not in chat.state.users[user].rooms:
            continue  # left meanwhile
        count, first_id = yield from _from_others(chat, user, party, newest_id)
        if count:
            found.append((first_id, chat.state.name_of(party), count))
        yield
    return Answer((), [(name, str(count), str(first_id)) for first_id, name, count in sorted(found)])


class _Conversation(NamedTuple):
    last_id: int
    last_ms: int
    party: int
    unread: int
    first_unread: int
    read_by_other: int


def show_conversations(chat: Chat, user: int, query: ShowConversations) -> Job:
    """Every conversation that holds a message and can still be opened, the one with the newest message first."""
    yield from until_stored(chat, heard_by(chat.state.users[user]))
    yield FINDS
    newest_id = chat.stored_message_id
    known = (unread.correspondents, unread.addressees)
    others = yield from _known(chat, user, newest_id, known, unread.parties_page)
    found: list[_Conversation] = []
    for party in sorted({*others, *chat.state.users[user].rooms}):
        last = (yield from _last(chat, user, party, newest_id)) if _is_open(chat, user, party) else None
        if last is not None and _is_open(chat, user, party):
            read_by_other = _read_by(chat, party, user)
            count, first_id = yield from _from_others(chat, user, party, newest_id)
            found.append(_Conversation(*last, party, count, first_id, read_by_other))
        yield
    found.sort(key=lambda each: each.last_id, reverse=True)
    return Answer((), [_row(chat, each) for each in found if _is_open(chat, user, each.party)])


def _row(chat: Chat, each: _Conversation) -> tuple[str, ...]:
    numbers = (str(each.unread), str(each.first_unread), str(each.read_by_other))
    return (chat.state.name_of(each.party), str(each.last_id), format_time(each.last_ms), *numbers)


def _is_open(chat: Chat, user: int, party: int) -> bool:
    """Whether HISTORY can read it: not with an account that is deleted, nor in a room that was left."""
    return party in (chat.state.users if party > 0 else chat.state.users[user].rooms)


def _read_by(chat: Chat, party: int, user: int) -> int:
    """How far the other one has read, as it is stored; a room has many, and a block keeps it away."""
    if party < 0 or apart(chat.state.users[user], chat.state.users[party]):
        return 0
    return unread.stored_mark(chat.history, party, user)


def _last(chat: Chat, user: int, party: int, upto: int) -> Generator[None, None, tuple[int, int] | None]:
    """Id and time of the last message, deleted ones included: they have a place in it."""
    below = upto + 1
    while True:
        page = chat.history.said_page(*conversation(user, party), 1, below)
        if page.messages or page.is_last:
            last = page.messages[0] if page.messages else None
            return (last.id, last.time_ms) if last else None
        below = page.end
        yield


Known = Callable[[History, int, int], list[int]]
"""Some whom it is noted that a user has written with: the next with ids above one."""
Unnoted = Callable[[History, int, int, int], tuple[set[int], int]]
"""The same of messages between two ids, of which it is not noted yet, and up to which id that is."""


def _known(
    chat: Chat, user: int, upto: int, lists: tuple[Known, ...], page: Unnoted
) -> Generator[None, None, set[int]]:
    """With whom a user has ever written, of messages up to an id."""
    heard_id, found = chat.history.heard_id, set[int]()
    for known in lists:
        last = 0
        while more := known(chat.history, user, last):
            found.update(more)
            last = more[-1]
            yield
    while heard_id < upto:
        others, heard_id = page(chat.history, user, heard_id + 1, upto)
        found |= others
        yield
    return found


def _from_others(chat: Chat, user: int, party: int, upto: int) -> Generator[None, None, tuple[int, int]]:
    """How many messages others wrote in a conversation behind the user's mark, up to an id, and the first's id."""
    after, count, first_id = read_upto(chat.state, user, party), 0, 0
    while after < upto:
        entries, after = unread.page(chat.history, user, party, after + 1, upto)
        others = [entry.id for entry in entries if entry.sender != user]
        count += len(others)
        first_id = first_id or (others[0] if others else 0)
        if after < upto:
            yield
    return count, first_id
