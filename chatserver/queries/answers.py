"""Answers to queries: State's rows, and what the store remembers, made ready for the wire."""

from collections.abc import Callable
from typing import Any

from chatserver.core import bots, queries
from chatserver.core.outcome import Refused, find_own_room
from chatserver.core.state import State
from chatserver.protocol.times import format_time
from chatserver.queries.requests import (
    Answer,
    ShowBlocks,
    ShowBots,
    ShowFriends,
    ShowMembers,
    ShowRequests,
    ShowRooms,
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


TABLE: dict[type, Callable[[State, History, int, Any], Answer | Refused]] = {  # Any: each row takes its own query
    ShowFriends: _friends,
    ShowRequests: _requests,
    ShowBots: _bots,
    ShowBlocks: _blocks,
    ShowRooms: _rooms,
    ShowMembers: _members,
}
