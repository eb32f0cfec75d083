"""Answers to what may take long: generators that yield after each page they have looked at (see `jobs`).

State and the store may change between two pages: each looks at them anew.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from chatserver.core.facts import heard_by, message_fact
from chatserver.core.outcome import Refused
from chatserver.queries.conversations import show_conversations, show_unread
from chatserver.queries.explain import explain
from chatserver.queries.export import about_rows, deed_row
from chatserver.queries.jobs import FINDS, TEXTS, Chat, Elsewhere, Job, until_stored
from chatserver.queries.messages import message_row, show_history, show_sync
from chatserver.queries.requests import (
    Answer,
    Explain,
    Export,
    LongQuery,
    Search,
    ShowConversations,
    ShowHistory,
    ShowSync,
    ShowUnread,
)
from chatserver.store import search_pages
from chatserver.store.about import about
from chatserver.store.history import Message
from chatserver.store.postings import ID_MAX
from chatserver.store.search_pages import Wanted
from chatserver.store.withheld import own_edits_after, with_own_texts

FOUND_MAX = 50
SEARCH_CHARS_MAX = 1000
EDITS_PAGE = 20  # of the user's own that others do not see, compared at a time
EXPORT_PAGE = 200  # messages and deeds read at a time
EXPORT_BYTES_MAX = 4 << 20  # of one answer, and a page more: what a SYNC may come to too


def job(chat: Chat, user: int, query: LongQuery) -> Job:
    """Work out the answer to a query of a user who is logged in."""
    return TABLE[type(query)](chat, user, query)


def _search(chat: Chat, user: int, query: Search) -> Job:
    words = search_pages.words_of(query.words) if len(query.words) <= SEARCH_CHARS_MAX else ()
    if not words:
        return Refused("BAD_TEXT", f"Name words to search for, {SEARCH_CHARS_MAX} characters at most")
    yield from until_stored(chat, heard_by(chat.state.users[user]))
    yield FINDS
    pieces, spelled = search_pages.pieces_of(words), search_pages.spelled_of(query.words)
    found: list[Message] = []  # as they are spelled
    alike: list[Message] = []  # but for accents: they fill the places that are left
    place = search_pages.begin()
    edited = sorted({edit.message for edit in own_edits_after(chat.history.connection, user, 0, ID_MAX)})
    while not place.is_over and len(found) < FOUND_MAX:
        wanted = Wanted(words, pieces, user, frozenset(chat.state.users[user].rooms), spelled)
        connection = chat.long_reading
        if connection is not None and search_pages.is_for_index(chat.history, wanted, place):
            hits, place = yield Elsewhere(partial(search_pages.index_step, connection, wanted, place))
        else:
            hits, place = search_pages.step(chat.history, wanted, place)
            yield
        hits = [hit for hit in hits if hit.message.id not in edited]  # whose text is another one to their author
        found += [hit.message for hit in hits if hit.is_spelled]
        alike = (alike + [hit.message for hit in hits if not hit.is_spelled])[:FOUND_MAX]
    for at in range(0, len(edited), EDITS_PAGE):
        wanted = Wanted(words, pieces, user, frozenset(chat.state.users[user].rooms), spelled)
        own = search_pages.own_texts(chat.history.connection, wanted, tuple(edited[at : at + EDITS_PAGE]))
        found += [hit.message for hit in own if hit.is_spelled]
        alike += [hit.message for hit in own if not hit.is_spelled]
        yield
    newest = [sorted(messages, key=lambda message: message.id, reverse=True) for messages in (found, alike)]
    shown = sorted([*newest[0], *newest[1]][:FOUND_MAX], key=lambda message: message.id)
    return Answer((), [message_row(chat.state, message) for message in shown])


def _explain(chat: Chat, user: int, query: Explain) -> Job:
    yield from until_stored(chat, [user, message_fact(query.message)], query.message)
    message = chat.history.message(query.message)
    rows = explain(chat.state, chat.delivery, chat.state.users[user], message)
    return rows if isinstance(rows, Refused) else Answer((), rows)


def _export(chat: Chat, user: int, query: Export) -> Job:
    yield from until_stored(chat, heard_by(chat.state.users[user]))
    yield TEXTS
    after = query.after
    rows = [] if after else about_rows(chat.state, chat.state.users[user], about(chat.history, user))
    left, connection = EXPORT_BYTES_MAX, chat.history.connection
    while left > 0:
        page = chat.history.heard_page(user, after, ID_MAX, EXPORT_PAGE)
        deeds = chat.history.changes.by(user, after, EXPORT_PAGE)
        after = min(ID_MAX if page.is_last else page.end, deeds[-1].id if len(deeds) == EXPORT_PAGE else ID_MAX)
        written = [message for message in page.messages if message.id <= after and message.text]  # not the deleted ones
        rows += [
            ("message", *message_row(chat.state, message)) for message in with_own_texts(connection, user, written)
        ]
        rows += [deed_row(deed) for deed in deeds if deed.id <= after]
        if after == ID_MAX:
            return Answer(("0",), rows)
        left -= sum(100 + 4 * len(message.text) for message in written) + 100 * len(deeds)
        yield
    return Answer((str(after),), rows)


TABLE: dict[type, Callable[[Chat, int, Any], Job]] = {  # Any: each row takes its own query
    ShowHistory: show_history,
    ShowSync: show_sync,
    ShowUnread: show_unread,
    ShowConversations: show_conversations,
    Search: _search,
    Explain: _explain,
    Export: _export,
}
