"""What must be known from the disk before a command can be decided: a table of requests and what to read for each.

The disk has to have caught up first with what is about to be read: two changes of one message are decided in order.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any

from chatserver.core.commands import (
    DeleteMessage,
    EditMessage,
    Found,
    MarkRead,
    React,
    Report,
    SendAgain,
    SendMessage,
)
from chatserver.core.facts import GONE, conversation, message_fact
from chatserver.core.outcome import Refused
from chatserver.core.state import TAG_LIFE_MS
from chatserver.core.tags import SPAN, FormerSpan, StoredTags, Tags
from chatserver.core.unread_marks import find_party, read_upto
from chatserver.queries.jobs import Chat, Job, until_stored
from chatserver.queries.requests import AskDelete, AskEdit, AskMarkRead, AskReact, AskReport, LookUp
from chatserver.store import tagged, unread
from chatserver.store.folding import letters
from chatserver.store.postings import ID_MAX

ADDED_AT_A_TIME = 1_000  # tags, some ms of them
LETTERS_MAX = 10_000  # of texts changed in a batch, then further changes wait for the next: the index takes some 10 ms


def look_up(chat: Chat, user: int, request: LookUp) -> Job:
    """Make a command of a request."""
    return TABLE[type(request)](chat, user, request)


def look_up_tag(chat: Chat, user: int, command: SendMessage) -> Job:
    """Find out what a tag stands for, which may have been used: what is in memory of it is a hint alone."""
    while True:
        tags, read = chat.state.users[user].tags, None
        known: Tags | None
        if isinstance(tags, StoredTags):
            known = read = yield from _read_tags(chat, user)
            if chat.state.users[user].tags is not tags:
                continue  # another session was quicker, or all was read from the disk again
        else:
            known = tags
        places = known.places(command.tag) if known else []
        if places and chat.undurable((), places[0][1]) is not None:
            yield from until_stored(chat, (), places[0][1])
            continue
        sent = yield from _sent(chat, user, command.tag, places)
        is_known = chat.state.users[user].tags is tags and (not known or known.places(command.tag) == places)
        if sent or is_known:  # else another session has sent with it while this one looked
            return SendAgain(user, command.to, command.text, command.tag, chat.stamp(), sent, read)


def _sent(
    chat: Chat, user: int, tag: str, places: Sequence[tuple[int, int]]
) -> Generator[None, None, tuple[int, int] | None]:
    """Id and time of a user's last message with a tag in these places; None if there is none."""
    for first, last in places:
        while last:
            found, last = tagged.sent(chat.history, user, tag, first, last)
            if found:
                return found
            if last:
                yield
    return None


def _read_tags(chat: Chat, user: int) -> Generator[None, None, Tags]:
    """A user's last tags: of those of a span what they stand for, of those of the day before it what they may be."""
    most, since_ms = chat.state.limits.tags_per_user_max, chat.stamp() - TAG_LIFE_MS
    span = min(most, SPAN)
    last: list[tuple[str, int]] = []
    former: list[FormerSpan] = []  # the newest first
    below = ID_MAX
    while below and (len(last) < span or len(former) * SPAN < most - span):
        rows, below = tagged.page(chat.history, user, below)
        if len(last) >= span:
            if rows and rows[0][2] <= since_ms:
                break
            if not former or former[-1].is_full:
                former[-1:] = [*map(FormerSpan.end, former[-1:]), FormerSpan()]
            former[-1].add((tag, message) for tag, message, _ in rows)
        else:
            last += [(tag, message) for tag, message, _ in rows]
        if below:
            yield
    former[-1:] = map(FormerSpan.end, former[-1:])
    tags = Tags(reversed(former))
    for at, (tag, message) in enumerate(reversed(last[:most]), 1):
        tags.add(tag, message, most)
        if at % ADDED_AT_A_TIME == 0:
            yield
    return tags


def _edit(chat: Chat, user: int, request: AskEdit) -> Job:
    found = yield from _changeable(chat, user, request.message, request.text)
    return EditMessage(user, request.message, request.text, chat.stamp(), found)


def _delete(chat: Chat, user: int, request: AskDelete) -> Job:
    found = yield from _changeable(chat, user, request.message, "")
    return DeleteMessage(user, request.message, chat.stamp(), found)


def _react(chat: Chat, user: int, request: AskReact) -> Job:
    found = yield from _found(chat, user, request.message)
    return React(user, request.message, request.emoji, chat.stamp(), found)


def _report(chat: Chat, user: int, request: AskReport) -> Job:
    found = yield from _found(chat, user, request.message)
    message = chat.history.message(request.message) if found is not None else None
    return Report(user, request.message, request.why, chat.stamp(), found, message.text if message else "")


def _changeable(chat: Chat, user: int, message: int, text: str) -> Generator[Any, Any, Found | None]:
    """Storing a change has the search index forget one text and learn the other, which nobody else is to wait for."""
    while chat.batch.letters >= LETTERS_MAX:
        yield chat.batch
    found = yield from _found(chat, user, message)
    before = chat.history.message(message) if found is not None else None
    if before is not None:
        chat.batch.letters += letters(before.text) + letters(text)
    return found


def _found(chat: Chat, user: int, message: int) -> Generator[Any, Any, Found | None]:
    facts = [message_fact(message), GONE]  # what an account wrote goes with it
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
    AskReport: _report,
}
