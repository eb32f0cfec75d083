"""Answers to what may take long: generators that yield after each page they have looked at (see `slices`).

State and the store may change between two pages: each looks at them anew.
"""

from collections.abc import Callable, Generator
from heapq import nlargest
from typing import Any

from chatserver.core.audience_changes import change_frame
from chatserver.core.commands import MarkRead
from chatserver.core.outcome import Refused
from chatserver.core.unread_marks import find_party, read_upto
from chatserver.queries.answers import Row, message_row
from chatserver.queries.explain import explain
from chatserver.queries.export import about_rows, deed_row
from chatserver.queries.requests import (
    Answer,
    AskMarkRead,
    Explain,
    Export,
    LongQuery,
    Search,
    ShowHistory,
    ShowSync,
    ShowUnread,
)
from chatserver.sessions.slices import Job
from chatserver.store import search_pages, unread
from chatserver.store.about import about
from chatserver.store.changes import MARKS_MAX, weight
from chatserver.store.history import Message
from chatserver.store.postings import ID_MAX, list_keys
from chatserver.store.search_pages import Wanted
from chatserver.turn.turn import Turn

FOUND_MAX = 50
SEARCH_CHARS_MAX = 1000
ROWS_PER_STEP = 200
EXPORT_PAGE = 200  # messages and deeds read at a time
EXPORT_BYTES_MAX = 4 << 20  # of one answer, and a page more: what a SYNC may come to too


def job(turn: Turn, user: int, query: LongQuery) -> Job:
    """Work out the answer to a query of a user who is logged in."""
    return TABLE[type(query)](turn, user, query)


def _history(turn: Turn, user: int, query: ShowHistory) -> Job:
    party = find_party(turn.state, user, query.other)
    if isinstance(party, Refused):
        return party
    key = list_keys(user, party)[0]
    while True:
        memory, found = turn.history(), list[Message]()
        below, is_last = query.before, False
        while not is_last and len(found) < query.limit:
            messages, below, is_last, _ = turn.history().said_page(*key, query.limit - len(found), below)
            found += messages
            yield
        found.reverse()
        marks = yield from _marks_of(turn, [message.id for message in found])
        rows = yield from _message_rows(turn, found)
        if turn.history() is memory:
            return Answer((), rows, marks=marks)
        # A turn was undone: what it wrote may be among these, and its ids are given out again.


def _sync(turn: Turn, user: int, query: ShowSync) -> Job:
    while True:
        memory, upto = turn.history(), turn.state.last_message_id
        found, after = list[Message](), query.after
        while after < upto and len(found) <= query.limit:
            page = turn.history().heard_page(user, after, upto, query.limit + 1 - len(found))
            found += page.messages
            after = upto if page.is_last else page.end
            yield
        more, found = len(found) > query.limit, found[: query.limit]
        passed = found[-1].id if more else max(upto, query.after)
        marks = yield from _marks_after(turn, user, query.after, passed)
        rows = yield from _message_rows(turn, found)
        if turn.history() is memory:
            return Answer(("1" if more else "0",), rows, (query.after, passed), marks)


def _message_rows(turn: Turn, found: list[Message]) -> Generator[None, None, list[Row]]:
    rows: list[Row] = []
    for at in range(0, len(found), ROWS_PER_STEP):
        rows += [message_row(turn.state, message) for message in found[at : at + ROWS_PER_STEP]]
        yield
    return rows


def _marks_of(turn: Turn, messages: list[int]) -> Generator[None, None, bytes]:
    """What stands of these messages' changes; of more than `MARKS_MAX` reactions the newest."""
    deeds: list[int] = []
    reactions: list[int] = []
    while messages:
        more_deeds, more_reactions, passed = turn.history().changes.ids_page(messages)
        deeds += more_deeds
        reactions = nlargest(MARKS_MAX, reactions + more_reactions)
        messages = messages[passed:]
        yield
    ids, frames = sorted(deeds + reactions), list[bytes]()
    while ids:
        changes, passed = turn.history().changes.page(ids)
        frames += [change_frame(turn.state, change) for change in changes]
        ids = ids[passed:]
        yield
    return b"".join(frames)


def _marks_after(turn: Turn, user: int, after: int, upto: int) -> Generator[None, None, bytes]:
    """The changes behind one id and up to another; if they are too many for one answer, the newest."""
    frames: list[bytes] = []
    left, is_last = MARKS_MAX, upto <= after
    while not is_last:
        changes, below, is_last = turn.history().changes.after_page(user, after, upto)
        upto = below - 1
        for change in changes:
            left -= weight(change)
            if left < 0:
                is_last = True
                break
            frames.append(change_frame(turn.state, change))
        yield
    return b"".join(reversed(frames))


def _mark_read(turn: Turn, user: int, query: AskMarkRead) -> Job:
    """What decide needs to know of the conversation: its end, and who wrote what the mark passes."""
    party = find_party(turn.state, user, query.other)
    if isinstance(party, Refused):
        return party
    if query.upto <= (turn.state.users[user].read or {}).get(party, 0):
        return MarkRead(user, party, query.upto, 0, ())
    first = read_upto(turn.state, user, party) + 1
    end = yield from _end(turn, user, party, query.upto)
    last = min(query.upto, end)
    authors: set[int] = set()
    while first <= last:
        entries, looked_upto = unread.page(turn.history(), user, party, first, last)
        authors.update(entry.sender for entry in entries)
        first = looked_upto + 1
        if first <= last:
            yield
    return MarkRead(user, party, query.upto, end, tuple(sorted(authors)))


def _end(turn: Turn, user: int, party: int, upto: int) -> Generator[None, None, int]:
    """An id if a message of the conversation has it, else that of the conversation's last message (0 if none)."""
    if unread.holds(turn.history(), user, party, upto):  # so it mostly is, and then nothing needs to be looked for
        return upto
    page = unread.last_page(turn.history(), user, party, ID_MAX)
    while not page.messages and not page.is_last:
        yield
        page = unread.last_page(turn.history(), user, party, page.end)
    return page.messages[0].id if page.messages else 0


def _show_unread(turn: Turn, user: int, query: ShowUnread) -> Job:
    newest_id = turn.state.last_message_id
    authors = yield from _authors(turn, user, newest_id)
    me = turn.state.users[user]
    found: list[tuple[int, str, int]] = []
    for party in sorted({*authors, *me.rooms, *(me.read or {})}):
        if party < 0 and party not in turn.state.users[user].rooms:
            continue  # left meanwhile
        mark = read_upto(turn.state, user, party)
        count, first_id = yield from _from_others(turn, user, party, mark, newest_id)
        if count:
            found.append((first_id, turn.state.name_of(party), count))
        yield
    return Answer((), [(name, str(count), str(first_id)) for first_id, name, count in sorted(found)])


def _authors(turn: Turn, user: int, upto: int) -> Generator[None, None, set[int]]:
    """Who has ever written to a user, of messages up to an id."""
    heard_id, authors = turn.history().heard_id, set[int]()
    while more := unread.correspondents(turn.history(), user, max(authors, default=0)):
        authors.update(more)
        yield
    while heard_id < upto:
        others, heard_id = unread.authors_page(turn.history(), user, heard_id + 1, upto)
        authors |= others
        yield
    return authors


def _from_others(turn: Turn, user: int, party: int, after: int, upto: int) -> Generator[None, None, tuple[int, int]]:
    """How many messages others wrote in a conversation behind an id, up to another, and the first's id."""
    count = first_id = 0
    while after < upto:
        entries, after = unread.page(turn.history(), user, party, after + 1, upto)
        others = [entry.id for entry in entries if entry.sender != user]
        count += len(others)
        first_id = first_id or (others[0] if others else 0)
        if after < upto:
            yield
    return count, first_id


def _search(turn: Turn, user: int, query: Search) -> Job:
    words = search_pages.words_of(query.words) if len(query.words) <= SEARCH_CHARS_MAX else ()
    if not words:
        return Refused("BAD_TEXT", f"Name words to search for, {SEARCH_CHARS_MAX} characters at most")
    pieces = search_pages.pieces_of(words)
    found: list[Message] = []
    place = search_pages.begin()
    while not place.is_over and len(found) < FOUND_MAX:
        wanted = Wanted(words, pieces, user, frozenset(turn.state.users[user].rooms))
        hits, place = search_pages.step(turn.history(), wanted, place)
        found += hits
        yield
    return Answer((), [message_row(turn.state, message) for message in reversed(found[:FOUND_MAX])])


def _explain(turn: Turn, user: int, query: Explain) -> Job:
    message = turn.history().message(query.message)
    rows = explain(turn.state, turn.handover, turn.state.users[user], message)
    return rows if isinstance(rows, Refused) else Answer((), rows)
    yield  # never reached: it makes this a job like the others


def _export(turn: Turn, user: int, query: Export) -> Job:
    after = query.after
    rows = [] if after else about_rows(turn.state, turn.state.users[user], about(turn.history(), user))
    left = EXPORT_BYTES_MAX
    while left > 0:
        page = turn.history().heard_page(user, after, ID_MAX, EXPORT_PAGE)
        deeds = turn.history().changes.by(user, after, EXPORT_PAGE)
        after = min(ID_MAX if page.is_last else page.end, deeds[-1].id if len(deeds) == EXPORT_PAGE else ID_MAX)
        written = [message for message in page.messages if message.id <= after and message.text]  # not the deleted ones
        rows += [("message", *message_row(turn.state, message)) for message in written]
        rows += [deed_row(deed) for deed in deeds if deed.id <= after]
        if after == ID_MAX:
            return Answer(("0",), rows)
        left -= sum(100 + 4 * len(message.text) for message in written) + 100 * len(deeds)
        yield
    return Answer((str(after),), rows)


TABLE: dict[type, Callable[[Turn, int, Any], Job]] = {  # Any: each row takes its own query
    ShowHistory: _history,
    ShowSync: _sync,
    AskMarkRead: _mark_read,
    ShowUnread: _show_unread,
    Search: _search,
    Explain: _explain,
    Export: _export,
}
