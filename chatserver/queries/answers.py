"""Answers that State alone can give, and what each of them shows.

A short one is given at once. A long one is a job, which looks at State anew in each of its steps.
"""

from collections.abc import Callable, Collection, Generator
from typing import Any, NamedTuple

from chatserver.core import facts
from chatserver.core.facts import Fact
from chatserver.core.listings import Blocks, Bots, Friends, Gathered, Listing, Members, Requests, Rooms, rows_of
from chatserver.core.outcome import Refused, find_own_room
from chatserver.core.state import State, User
from chatserver.queries.jobs import Chat, Shown
from chatserver.queries.requests import (
    Answer,
    ShowBlocks,
    ShowBots,
    ShowFriends,
    ShowMembers,
    ShowRequests,
    ShowRooms,
)

ROWS_AT_ONCE = 500  # each costs 1 to 3 µs
ROWS_A_STEP = 100


class _Question(NamedTuple):
    """What a query asks for. Any: each row of the table takes its own query."""

    listing: Callable[[State, User, Any], Listing | Refused]
    facts: Callable[[State, User, Any], Collection[Fact]]  # that it shows
    presence: bool = False  # whether it tells how friends are


def is_long(state: State, user: int, query: object) -> bool:
    """Tell whether a query of a user who is logged in would hold up the others."""
    found = TABLE[type(query)].listing(state, state.users[user], query)
    return not isinstance(found, Refused) and len(found.ids()) > ROWS_AT_ONCE


def answer(state: State, user: int, query: object) -> Shown:
    """Answer one."""
    found = TABLE[type(query)].listing(state, state.users[user], query)
    return _shown(state, user, query, found if isinstance(found, Refused) else Answer((), rows_of(found)))


def job(chat: Chat, user: int, query: object) -> Generator[None, None, Shown]:
    """Answer a long one in steps."""
    listing = TABLE[type(query)].listing
    gathered, found = Gathered(), listing(chat.state, chat.state.users[user], query)
    numbers = [] if isinstance(found, Refused) else list(found.ids())
    for at in range(0, len(numbers), ROWS_A_STEP):
        found = listing(chat.state, chat.state.users[user], query)
        if isinstance(found, Refused):
            break
        gathered.take(found, numbers[at : at + ROWS_A_STEP])
        yield
    gathered.sort()
    yield
    found = listing(chat.state, chat.state.users[user], query)
    done = found if isinstance(found, Refused) else Answer((), gathered.finish(found))
    return _shown(chat.state, user, query, done)


def _shown(state: State, user: int, query: object, answer: Answer | Refused) -> Shown:
    question = TABLE[type(query)]
    return Shown(answer, question.facts(state, state.users[user], query), question.presence)


def _members(state: State, user: User, query: ShowMembers) -> Listing | Refused:
    room = find_own_room(state, user.id, query.room)
    return room if isinstance(room, Refused) else Members(state, user, room)


def _facts_of_members(state: State, user: User, query: ShowMembers) -> Collection[Fact]:
    room = find_own_room(state, user.id, query.room)
    return facts.rooms_for(state, user) if isinstance(room, Refused) else facts.members_for(state, user, room.id)


TABLE: dict[type, _Question] = {
    ShowFriends: _Question(
        lambda state, user, query: Friends(state, user),
        lambda state, user, query: facts.friends_of(user),
        presence=True,
    ),
    ShowRequests: _Question(lambda state, user, query: Requests(state, user), lambda state, user, query: [user.id]),
    ShowBots: _Question(lambda state, user, query: Bots(state, user), lambda state, user, query: list(state.bots)),
    ShowBlocks: _Question(lambda state, user, query: Blocks(state, user), lambda state, user, query: [user.id]),
    ShowRooms: _Question(
        lambda state, user, query: Rooms(state, user), lambda state, user, query: facts.rooms_for(state, user)
    ),
    ShowMembers: _Question(_members, _facts_of_members, presence=True),
}
