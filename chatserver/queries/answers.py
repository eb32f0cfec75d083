"""Answers that State alone can give, and what each of them shows."""

from collections.abc import Callable, Collection
from typing import Any

from chatserver.core import bots, facts, queries
from chatserver.core.facts import Fact
from chatserver.core.outcome import Refused, find_own_room
from chatserver.core.state import State
from chatserver.queries.requests import (
    Answer,
    ShowBlocks,
    ShowBots,
    ShowFriends,
    ShowMembers,
    ShowRequests,
    ShowRooms,
)

Shown = tuple[Answer | Refused, Collection[Fact]]
"""The answer, and the facts that it shows: it may leave once these are stored."""


def answer(state: State, user: int, query: object) -> Shown:
    """Answer a query of a user who is logged in."""
    return TABLE[type(query)](state, user, query)


def _friends(state: State, user: int, query: ShowFriends) -> Shown:
    me = state.users[user]
    return Answer((), queries.friends(state, me)), facts.friends_of(me)


def _requests(state: State, user: int, query: ShowRequests) -> Shown:
    return Answer((), queries.requests(state, state.users[user])), [user]


def _bots(state: State, user: int, query: ShowBots) -> Shown:
    return Answer((), bots.list_bots(state)), list(state.bots)


def _blocks(state: State, user: int, query: ShowBlocks) -> Shown:
    return Answer((), queries.blocks(state, state.users[user])), [user]


def _rooms(state: State, user: int, query: ShowRooms) -> Shown:
    me = state.users[user]
    return Answer((), queries.rooms(state, me)), facts.rooms_for(state, me)


def _members(state: State, user: int, query: ShowMembers) -> Shown:
    room = find_own_room(state, user, query.room)
    if isinstance(room, Refused):
        return room, facts.rooms_for(state, state.users[user])
    return Answer((), queries.members(state, state.users[user], room)), facts.members_for(
        state, state.users[user], room.id
    )


TABLE: dict[type, Callable[[State, int, Any], Shown]] = {  # Any: each row takes its own query
    ShowFriends: _friends,
    ShowRequests: _requests,
    ShowBots: _bots,
    ShowBlocks: _blocks,
    ShowRooms: _rooms,
    ShowMembers: _members,
}
