"""Decisions about blocks: what one user keeps away from another."""

from chatserver.core.commands import Block, Unblock
from chatserver.core.events import (
    Event,
    FriendRemoved,
    InvitationRemoved,
    RequestHidden,
    RequestRemoved,
    UserBlocked,
    UserUnblocked,
)
from chatserver.core.outcome import Outcome, Refused, find_other
from chatserver.core.state import State, User


def block(state: State, command: Block) -> Outcome:
    """End what there is between two users, and let nothing new come from the other."""
    user = state.users[command.user]
    other = find_other(state, command.user, command.name, "block")
    if isinstance(other, Refused):
        return other
    if other.id in user.blocks:
        return (), (other.name,)
    most = state.limits.blocks_max
    if len(user.blocks) >= most:
        return Refused("NOT_ALLOWED", f"You block {most} users, which is the most there can be: UNBLOCK one")
    events: list[Event] = []
    if other.id in user.friends:
        events.append(FriendRemoved(user.id, other.id))
    if other.id in user.asked:
        events.append(RequestRemoved(user.id, other.id))
    if other.id in user.askers:  # the one who asked still sees the request, and learns nothing
        events += (RequestRemoved(other.id, user.id), RequestHidden(other.id, user.id, command.now_ms))
    events += [InvitationRemoved(room, user.id) for room in _invitations_by(state, user, other.id)]
    return (*events, UserBlocked(user.id, other.id, command.now_ms)), (other.name,)


def unblock(state: State, command: Unblock) -> Outcome:
    """End a block; a request that it has kept away is forgotten."""
    user = state.users[command.user]
    other = find_other(state, command.user, command.name, "unblock")
    if isinstance(other, Refused):
        return other
    if other.id not in user.blocks:
        return (), (other.name,)
    hidden = (RequestRemoved(other.id, user.id),) if user.id in other.asked else ()
    return (*hidden, UserUnblocked(user.id, other.id)), (other.name,)


def _invitations_by(state: State, user: User, other: int) -> list[int]:
    """The rooms that a user is asked into by this other one."""
    return sorted(room for room in user.invited if state.rooms[room].invited[user.id] == other)
