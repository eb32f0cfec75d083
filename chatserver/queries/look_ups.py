"""What must be known from the disk before a command can be decided: a table of requests and what to read for each.

The disk has to have caught up first with what is about to be read: two changes of one message are decided in order.
"""

from collections.abc import Callable, Generator
from typing import Any

from chatserver.core.commands import DeleteMessage, EditMessage, Found, MarkRead, React
from chatserver.core.facts import conversation, message_fact
from chatserver.core.outcome import Refused
from chatserver.core.unread_marks import find_party, read_upto
from chatserver.queries.jobs import Chat, Job, until_stored
from chatserver.queries.requests import AskDelete, AskEdit, AskMarkRead, AskReact, LookUp
from chatserver.store import unread
from chatserver.store.postings import ID_MAX


def look_up(chat: Chat, user: int, request: LookUp) -> Job:
    """Make a command of a request."""
    return TABLE[type(request)](chat, user, request)


def _edit(chat: Chat, user: int, request: AskEdit) -> Job:
    found = yield from _found(chat, user, request.message)
    return EditMessage(user, request.message, request.text, chat.stamp(), found)


def _delete(chat: Chat, user: int, request: AskDelete) -> Job:
    found = yield from _found(chat, user, request.message)
    return DeleteMessage(user, request.message, chat.stamp(), found)


def _react(chat: Chat, user: int, request: AskReact) -> Job:
    found = yield from _found(chat, user, request.message)
    return React(user, request.message, request.emoji, chat.stamp(), found)


def _found(chat: Chat, user: int, message: int) -> Generator[Any, Any, Found | None]:
    facts = [message_fact(message)]
    while chat.undurable(facts, message) is not None:  # until no change is on its way: the next is decided on all
        yield from until_stored(chat, facts, message)
    return chat.history.changes.found(message, user)


def _mark_read(chat: Chat, user: int, request: AskMarkRead) -> Job:
    """What decide needs to know of the conversation: its end, and who wrote what the mark passes."""
    party = find_party(chat.state, user, request.other)
    if isinstance(party, Refused):
        return party
    if request.upto <= (chat.state.users[user].read or {}).get(party, 0):
        return MarkRead(user, party, request.upto, 0, ())
    yield from until_stored(chat, [conversation(user, party)], request.upto)
    if party < 0 and party not in chat.state.users[user].rooms:
        return MarkRead(user, party, request.upto, 0, ())  # left meanwhile: the decision says so
    first = read_upto(chat.state, user, party) + 1
    end = yield from _end(chat, user, party, request.upto)
    last = min(request.upto, end)
    authors: set[int] = set()
    while first <= last:
        entries, looked_upto = unread.page(chat.history, user, party, first, last)
        authors.update(entry.sender for entry in entries)
        first = looked_upto + 1
        if first <= last:
            yield
    return MarkRead(user, party, request.upto, end, tuple(sorted(authors)))


def _end(chat: Chat, user: int, party: int, upto: int) -> Generator[None, None, int]:
    """An id if a message of the conversation has it, else that of the conversation's last message (0 if none)."""
    if unread.holds(chat.history, user, party, upto):  # so it mostly is, and then nothing needs to be looked for
        return upto
    page = unread.last_page(chat.history, user, party, ID_MAX)
    while not page.messages and not page.is_last:
        yield
        page = unread.last_page(chat.history, user, party, page.end)
    return page.messages[0].id if page.messages else 0


TABLE: dict[type, Callable[[Chat, int, Any], Job]] = {  # Any: each row takes its own request
    AskMarkRead: _mark_read,
    AskEdit: _edit,
    AskDelete: _delete,
    AskReact: _react,
}
