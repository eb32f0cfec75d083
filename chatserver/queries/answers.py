"""Answers to queries: State's rows, and what the store remembers, made ready for the wire."""

from collections.abc import Callable, Iterable
from typing import Any

from chatserver.core import bots, queries
from chatserver.core.audience_changes import Change, change_frame
from chatserver.core.outcome import Refused, find_own_room, no_such_user
from chatserver.core.state import State
from chatserver.protocol.times import format_time
from chatserver.queries.requests import (
    Answer,
    ShowBlocks,
    ShowBots,
    ShowFriends,
    ShowHistory,
    ShowMembers,
    ShowRequests,
    ShowRooms,
    ShowSync,
)
from chatserver.store.history import History, Message

Row = tuple[str, ...]


def message_row(state: State, message: Message) -> Row:
    """id, time, from, to, text."""
    return (
        str(message.id),
        format_time(message.time_ms),
        state.name_of(message.sender),
        state.name_of(message.recipient),
        message.text,
    )


def answer(state: State, history: History, user: int, query: object) -> Answer | Refused:
    """Answer a query of a user who is logged in."""
    return TABLE[type(query)](state, history, user, query)


def _friends(state: State, history: History, user: int, query: ShowFriends) -> Answer:
    return Answer((), queries.friends(state, state.users[user]))


def _requests(state: State, history: History, user: int, query: ShowRequests) -> Answer:
    return Answer((), queries.requests(state, state.users[user]))


def _bots(state: State, history: History, user: int, query: ShowBots) -> Answer:
    return Answer((), bots.list_bots(state))


def _blocks(state: State, history: History, user: int, query: ShowBlocks) -> Answer:
    return Answer((), queries.blocks(state, state.users[user]))


def _rooms(state: State, history: History, user: int, query: ShowRooms) -> Answer:
    return Answer((), queries.rooms(state, state.users[user]))


def _members(state: State, history: History, user: int, query: ShowMembers) -> Answer | Refused:
    room = find_own_room(state, user, query.room)
    return room if isinstance(room, Refused) else Answer((), queries.members(state, state.users[user], room))


def _history(state: State, history: History, user: int, query: ShowHistory) -> Answer | Refused:
    if query.other.startswith("#"):
        room = find_own_room(state, user, query.other)
        if isinstance(room, Refused):
            return room
        return _with_marks(state, history, history.of_room(room.id, query.limit, query.before))
    other = state.find(query.other)
    if other is None:
        return no_such_user(query.other)
    return _with_marks(state, history, history.between(user, other.id, query.limit, query.before))


def _with_marks(state: State, history: History, found: list[Message]) -> Answer:
    marks = _marks(state, history.changes.of([message.id for message in found]))
    return Answer((), _message_rows(state, found), marks=marks)


def _sync(state: State, history: History, user: int, query: ShowSync) -> Answer:
    found = history.after(user, query.after, query.limit + 1)
    more, found = len(found) > query.limit, found[: query.limit]
    passed = found[-1].id if more else state.last_message_id
    marks = _marks(state, history.changes.after(user, query.after, passed))
    return Answer(("1" if more else "0",), _message_rows(state, found), (query.after, passed), marks)


def _message_rows(state: State, messages: Iterable[Message]) -> list[Row]:
    return [message_row(state, message) for message in messages]


def _marks(state: State, changes: Iterable[Change]) -> bytes:
    return b"".join([change_frame(state, change) for change in changes])


TABLE: dict[type, Callable[[State, History, int, Any], Answer | Refused]] = {  # Any: each row takes its own query
    ShowFriends: _friends,
    ShowRequests: _requests,
    ShowBots: _bots,
    ShowBlocks: _blocks,
    ShowRooms: _rooms,
    ShowMembers: _members,
    ShowHistory: _history,
    ShowSync: _sync,
}
