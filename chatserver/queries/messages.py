"""HISTORY, SYNC and the backlog of a login, from what is stored, a page at a time."""

from collections.abc import Generator
from typing import TypeVar

from chatserver.core.audience_changes import Change, change_frame
from chatserver.core.facts import conversation, heard_by
from chatserver.core.id_ranges import undelivered
from chatserver.core.outcome import Refused
from chatserver.core.state import State
from chatserver.core.unread_marks import find_party
from chatserver.protocol.times import format_time
from chatserver.queries.jobs import Chat, Job, until_stored
from chatserver.queries.requests import Answer, ShowHistory, ShowSync
from chatserver.store.history import Message

Row = tuple[str, ...]
Value = TypeVar("Value")
Pages = Generator[None, None, Value]
"""What is worked out a page at a time."""

PAGE = 100  # messages read at a time, of 7,600 bytes at most: about a millisecond
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
    """The last messages of a conversation, and what stands of what was done to them."""
    party = find_party(chat.state, user, query.other)
    if isinstance(party, Refused):
        return party
    yield from until_stored(chat, [user, party, conversation(user, party)])
    found: list[Message] = []
    before = query.before
    while len(found) < query.limit:
        wanted = min(PAGE, query.limit - len(found))
        page = _page_below(chat, user, party, wanted, before)
        found[:0] = page
        if len(page) < wanted:
            break
        before = page[0].id
        yield
    marks = chat.history.changes.of([message.id for message in found])
    return (yield from _answer(chat, (), found, marks))


def _page_below(chat: Chat, user: int, party: int, limit: int, before: int) -> list[Message]:
    history = chat.history
    return history.of_room(party, limit, before) if party < 0 else history.between(user, party, limit, before)


def show_sync(chat: Chat, user: int, query: ShowSync) -> Job:
    """The first messages after an id, and all that was done after it, up to where the answer ends."""
    yield from until_stored(chat, heard_by(chat.state.users[user]))
    upto, after = chat.stored_message_id, query.after
    found: list[Message] = []
    while len(found) <= query.limit:  # one more, which tells that there are more
        wanted = min(PAGE, query.limit + 1 - len(found))
        page = chat.history.after(user, after, wanted, upto)
        found += page
        if len(page) < wanted:
            break
        after = page[-1].id
        yield
    more, found = len(found) > query.limit, found[: query.limit]
    passed = found[-1].id if more else max(upto, query.after)
    marks = chat.history.changes.after(user, query.after, passed)
    answer = yield from _answer(chat, ("1" if more else "0",), found, marks)
    answer.after, answer.passed = query.after, passed
    return answer


def backlog(chat: Chat, user: int, upto: int) -> Pages[tuple[list[Message], int]]:
    """The messages up to an id that no session of a user has got, and from which id on others are left (0: none)."""
    found: list[Message] = []
    me = chat.state.users.get(user)
    ranges = undelivered(me.delivered_id, me.gaps, upto) if me else ()
    while ranges and len(found) <= BACKLOG_MAX:
        page = chat.history.received(user, ranges, PAGE)
        found += page
        if len(page) < PAGE:
            break
        ranges = tuple((max(first, page[-1].id + 1), last) for first, last in ranges if last > page[-1].id)
        yield
    return found[:BACKLOG_MAX], found[BACKLOG_MAX].id if len(found) > BACKLOG_MAX else 0


def _answer(chat: Chat, fields: Row, found: list[Message], marks: list[Change]) -> Pages[Answer]:
    """Names are put in the place of ids, some of them in each slice."""
    yield
    rows: list[Row] = []
    for at in range(0, len(found), PAGE):
        rows += [message_row(chat.state, message) for message in found[at : at + PAGE]]
        yield
    frames: list[bytes] = []
    for at in range(0, len(marks), PAGE):
        frames += [change_frame(chat.state, change) for change in marks[at : at + PAGE]]
        yield
    return Answer(fields, rows, frames)
