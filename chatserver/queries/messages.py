"""HISTORY, SYNC and the backlog of a login, from what is stored, a page at a time."""

from collections.abc import Generator
from heapq import nlargest
from typing import TypeVar

from chatserver.core.audience_changes import Change, change_frame
from chatserver.core.events import ReactionChanged
from chatserver.core.facts import conversation, heard_by
from chatserver.core.id_ranges import undelivered
from chatserver.core.outcome import Refused
from chatserver.core.state import State
from chatserver.core.unread_marks import find_party
from chatserver.protocol.times import format_time
from chatserver.queries.jobs import TEXTS, Chat, Job, until_stored
from chatserver.queries.requests import Answer, ShowHistory, ShowSync
from chatserver.store.changes import MARKS_MAX, weight
from chatserver.store.history import Message
from chatserver.store.withheld import own_edits_after, own_edits_of, with_own_texts

Row = tuple[str, ...]
Value = TypeVar("Value")
Pages = Generator[None, None, Value]
"""What is worked out a page at a time."""

ROWS_PER_STEP = 200
BACKLOG_MAX = 1000  # messages replayed at a login (PROTOCOL.md, "Backlog")


def message_row(state: State, message: Message) -> Row:
    """id, time, from, to, text."""
    return (
        str(message.id),
        format_time(message.time_ms),
        state.name_of(message.sender),
        state.name_of(message.recipient),
        message.text,
    )


def show_history(chat: Chat, user: int, query: ShowHistory) -> Job:
    """The last messages of a conversation, or the first behind an id, and what stands of what was done to them."""
    party = find_party(chat.state, user, query.other)
    if isinstance(party, Refused):
        return party
    yield from until_stored(chat, [user, party, conversation(user, party)])
    yield TEXTS
    party = find_party(chat.state, user, query.other)
    if isinstance(party, Refused):
        return party  # it has become so while this waited
    talk = conversation(user, party)
    found = yield from (_first if query.after is not None else _last)(chat, talk, query)
    marks = yield from _marks_of(chat, user, [message.id for message in found])
    rows = yield from _rows(chat, user, found)
    return Answer((), rows, marks)


def _last(chat: Chat, talk: tuple[int, int], query: ShowHistory) -> Pages[list[Message]]:
    found, below, is_last = list[Message](), query.before, False
    while not is_last and len(found) < query.limit:
        messages, below, is_last, _ = chat.history.said_page(*talk, query.limit - len(found), below)
        found += messages
        yield
    found.reverse()
    return found


def _first(chat: Chat, talk: tuple[int, int], query: ShowHistory) -> Pages[list[Message]]:
    found, after, is_last = list[Message](), query.after or 0, False
    while not is_last and len(found) < query.limit:
        messages, after, is_last, _ = chat.history.said_after_page(*talk, query.limit - len(found), after, query.before)
        found += messages
        yield
    return found


def show_sync(chat: Chat, user: int, query: ShowSync) -> Job:
    """The first messages after an id, and all that was done after it, up to where the answer ends."""
    yield from until_stored(chat, heard_by(chat.state.users[user]))
    yield TEXTS
    upto, after = chat.stored_message_id, query.after
    found = list[Message]()
    while after < upto and len(found) <= query.limit:  # one more, which tells that there are more
        page = chat.history.heard_page(user, after, upto, query.limit + 1 - len(found))
        found += page.messages
        after = upto if page.is_last else page.end
        yield
    more, found = len(found) > query.limit, found[: query.limit]
    passed = found[-1].id if more else max(upto, query.after)
    marks = yield from _marks_after(chat, user, query.after, passed)
    rows = yield from _rows(chat, user, found)
    return Answer(("1" if more else "0",), rows, marks, query.after, passed)


def backlog(chat: Chat, user: int, upto: int) -> Pages[tuple[list[Message], int]]:
    """The messages up to an id that no session of a user has got, and from which id on others are left (0: none)."""
    found = list[Message]()
    me = chat.state.users.get(user)
    ranges = undelivered(me.delivered_id, me.gaps, upto) if me else ()
    while ranges and len(found) <= BACKLOG_MAX:
        page = chat.history.received_page(user, ranges, BACKLOG_MAX + 1 - len(found))
        found += page.messages
        if page.is_last:
            break
        ranges = tuple((max(first, page.end + 1), last) for first, last in ranges if last > page.end)
        yield
    return found[:BACKLOG_MAX], found[BACKLOG_MAX].id if len(found) > BACKLOG_MAX else 0


def _rows(chat: Chat, user: int, found: list[Message]) -> Pages[list[Row]]:
    rows: list[Row] = []
    for at in range(0, len(found), ROWS_PER_STEP):
        seen = with_own_texts(chat.history.connection, user, found[at : at + ROWS_PER_STEP])
        rows += [message_row(chat.state, message) for message in seen]
        yield
    return rows


def _marks_of(chat: Chat, user: int, messages: list[int]) -> Pages[list[bytes]]:
    """What stands of these messages' changes; of more than `MARKS_MAX` reactions the newest."""
    own = own_edits_of(chat.history.connection, user, messages)
    deeds: list[int] = []
    reactions: list[int] = []
    while messages:
        more_deeds, more_reactions, passed = chat.history.changes.ids_page(messages)
        deeds += more_deeds
        reactions = nlargest(MARKS_MAX, reactions + more_reactions)
        messages = messages[passed:]
        yield
    ids, frames = sorted(deeds + reactions), list[bytes]()
    while ids:
        changes, passed = chat.history.changes.page(ids)
        frames += [change_frame(chat.state, change) for change in changes if not _is_kept_away(chat, user, change)]
        ids = ids[passed:]
        yield
    return frames + [change_frame(chat.state, edit) for edit in own]


def _marks_after(chat: Chat, user: int, after: int, upto: int) -> Pages[list[bytes]]:
    """The changes behind one id and up to another; if they are too many for one answer, the newest."""
    frames: list[bytes] = []
    own = own_edits_after(chat.history.connection, user, after, upto)
    left, is_last = MARKS_MAX, upto <= after
    while not is_last:
        changes, below, is_last = chat.history.changes.after_page(user, after, upto)
        upto = below - 1
        for change in changes:
            left -= weight(change)
            if left < 0:
                is_last = True
                break
            if not _is_kept_away(chat, user, change):
                frames.append(change_frame(chat.state, change))
        yield
    frames.reverse()
    return frames + [change_frame(chat.state, edit) for edit in own]


def _is_kept_away(chat: Chat, user: int, change: Change) -> bool:
    """Tell whether a block keeps a reaction away; what is done in a room that both are in is seen by all there."""
    if not isinstance(change, ReactionChanged) or change.recipient < 0:
        return False
    me = chat.state.users.get(user)
    return me is not None and change.user in me.blocks
