"""Answers to what may take long: generators that yield after each page they have looked at (see `slices`).

State and the store may change between two pages: each looks at them anew.
"""

from collections.abc import Callable
from typing import Any

from chatserver.core.commands import MarkRead
from chatserver.core.outcome import Refused
from chatserver.core.reading_marks import find_party, read_upto
from chatserver.core.state import User
from chatserver.explaining import explain
from chatserver.exporting import about_rows, deed_row
from chatserver.reading import message_row
from chatserver.session import Answer, AskMarkRead, Explain, Export, LongQuery, Search, ShowUnread
from chatserver.slices import Job
from chatserver.store import unread
from chatserver.store.about import about
from chatserver.store.finding import FIRST_PAGE, PAGE_MAX, page_below
from chatserver.store.history import ID_MAX, Message
from chatserver.store.search import grams
from chatserver.turn import Turn

FOUND_MAX = 50
SEARCH_CHARS_MAX = 1000
EXPORT_PAGE = 500  # messages read at a time
EXPORT_BYTES_MAX = 4 << 20  # of messages in one answer, which is what a SYNC may come to


def job(turn: Turn, user: int, query: LongQuery) -> Job:
    """Work out the answer to a query of a user who is logged in."""
    return TABLE[type(query)](turn, turn.state.users[user], query)


def _mark_read(turn: Turn, user: User, query: AskMarkRead) -> Job:
    """What decide needs to know of the conversation: its end, and who wrote what the mark passes."""
    party = find_party(turn.state, user.id, query.other)
    if isinstance(party, Refused):
        return party
    end = unread.last_id(turn.history(), user.id, party)
    first, last = read_upto(turn.state, user.id, party) + 1, min(query.upto, end)
    authors: set[int] = set()
    while first <= last:
        page = unread.page(turn.history(), user.id, party, first, last)
        authors.update(entry.sender for entry in page)
        if len(page) < unread.PAGE:
            break
        first = page[-1].id + 1
        yield
    return MarkRead(user.id, party, query.upto, end, tuple(sorted(authors)))


def _show_unread(turn: Turn, user: User, query: ShowUnread) -> Job:
    history, me = turn.history(), user.id
    indexed_id, marks = history.indexed_id, dict(user.read or {})
    authors, heard_id = unread.correspondents(history, me), history.heard_id
    while heard_id < indexed_id:
        page_authors, heard_id = unread.authors_page(turn.history(), me, heard_id + 1, indexed_id)
        authors |= page_authors
        yield
    for party in (*authors, *user.rooms):
        marks[party] = read_upto(turn.state, me, party)
    tail = unread.received_since(history, me, indexed_id, marks)
    found: list[tuple[int, str, int]] = []
    for party in sorted(marks.keys() | tail.keys()):
        first, count, first_id = marks.get(party, 0) + 1, 0, 0
        while first <= indexed_id:
            page = unread.indexed_page(turn.history(), me, party, first, indexed_id)
            others = [entry.id for entry in page if entry.sender != me]
            count += len(others)
            first_id = first_id or (others[0] if others else 0)
            if len(page) < unread.PAGE:
                break
            first = page[-1].id + 1
            yield
        behind = tail.get(party, [])
        if count or behind:
            found.append((first_id or behind[0], turn.state.name_of(party), count + len(behind)))
        yield
    return Answer((), [(name, str(count), str(first_id)) for first_id, name, count in sorted(found)])


def _search(turn: Turn, user: User, query: Search) -> Job:
    words = sorted(set(query.words.casefold().split()), key=len, reverse=True)
    if not words or len(query.words) > SEARCH_CHARS_MAX:
        return Refused("BAD_TEXT", f"Name words to search for, {SEARCH_CHARS_MAX} characters at most")
    pieces = _rarest_first(words)
    found: list[Message] = []
    below, limit = ID_MAX + 1, FIRST_PAGE
    while below > 1 and len(found) < FOUND_MAX:
        candidates, below = page_below(turn.history(), user.id, user.rooms, pieces, below, limit)
        limit = min(2 * limit, PAGE_MAX)
        for message in candidates:
            folded = message.text.casefold()
            if all(word in folded for word in words):
                found.append(message)
        yield
    return Answer((), [message_row(turn.state, message) for message in reversed(found[:FOUND_MAX])])


def _rarest_first(words: list[str]) -> list[str]:
    """The grams to look up: some of every word, those of the longest word first."""
    per_word = [sorted(grams(word)) for word in words]
    longest = max(map(len, per_word))
    return [pieces[at] for at in range(longest) for pieces in per_word if at < len(pieces)]


def _explain(turn: Turn, user: User, query: Explain) -> Job:
    message = turn.history().message(query.message)
    rows = explain(turn.state, turn.handover, user, message)
    return rows if isinstance(rows, Refused) else Answer((), rows)
    yield


def _export(turn: Turn, user: User, query: Export) -> Job:
    after = query.after
    rows = [] if after else about_rows(turn.state, user, about(turn.history(), user.id))
    deeds = 0 if after == 0 else None
    while deeds is not None:
        page = turn.history().changes.by(user.id, deeds, EXPORT_PAGE)
        rows += map(deed_row, page)
        deeds = page[-1].id if len(page) == EXPORT_PAGE else None
        yield
    left = EXPORT_BYTES_MAX
    while left > 0:
        messages = turn.history().after(user.id, after, EXPORT_PAGE)
        for message in messages:
            rows.append(("message", *message_row(turn.state, message)))
            after = message.id
            left -= 100 + 4 * len(message.text)
            if left <= 0:
                return Answer(("1",), rows)
        if len(messages) < EXPORT_PAGE:
            break
        yield
    return Answer(("0",), rows)


TABLE: dict[type, Callable[[Turn, User, Any], Job]] = {  # Any: each row takes its own query
    AskMarkRead: _mark_read,
    ShowUnread: _show_unread,
    Search: _search,
    Explain: _explain,
    Export: _export,
}
