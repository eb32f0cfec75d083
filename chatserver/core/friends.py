"""Decisions about friendships and the requests that lead to them."""

from chatserver.core.commands import AcceptFriend, AddFriend, DeleteFriend, RejectFriend
from chatserver.core.events import FriendAdded, FriendRemoved, FriendRequested, RequestHidden, RequestRemoved
from chatserver.core.outcome import Outcome, Refused, find_other, no_such_user
from chatserver.core.state import State, User


def add_friend(state: State, command: AddFriend) -> Outcome:
    """Ask for a friendship; where the other has asked already, that is a yes."""
    user = state.users[command.user]
    friend = find_other(state, command.user, command.friend, "befriend")
    if isinstance(friend, Refused):
        return friend
    if friend.id in user.friends:
        return Refused("ALREADY_FRIENDS", f"You and {friend.name} are friends already: just write")
    if friend.id in user.blocks:
        return Refused("NOT_ALLOWED", f"You block {friend.name}: UNBLOCK first")
    if friend.id in user.askers:
        return _become_friends(state, user, friend, command.now_ms, (friend.name, "added"))
    if friend.id in state.bots:
        added = FriendAdded(user.id, friend.id, command.now_ms)
        return _full(state, user) or ((added,), (friend.name, "added"))
    if friend.id in user.asked:
        return Refused("ALREADY_REQUESTED", f"You have asked {friend.name} already: wait for an answer")
    if len(friend.askers) >= state.limits.friends_max:  # looked at before blocks, so that nobody learns of one
        return Refused("NOT_ALLOWED", f"{friend.name} has as many open requests as there can be: try again later")
    kind = RequestHidden if user.id in friend.blocks else FriendRequested
    asked = kind(user.id, friend.id, command.now_ms)
    return _full(state, user) or ((asked,), (friend.name, "requested"))


def accept_friend(state: State, command: AcceptFriend) -> Outcome:
    """Say yes to a request."""
    user = state.users[command.user]
    friend = state.find(command.friend)
    if friend is None:
        return no_such_user(command.friend)
    if friend.id not in user.askers:
        return _no_request(friend)
    return _become_friends(state, user, friend, command.now_ms, (friend.name,))


def reject_friend(state: State, command: RejectFriend) -> Outcome:
    """Say no to a request; the asker may ask again."""
    friend = state.find(command.friend)
    if friend is None:
        return no_such_user(command.friend)
    if friend.id not in state.users[command.user].askers:
        return _no_request(friend)
    return (RequestRemoved(friend.id, command.user),), (friend.name,)


def delete_friend(state: State, command: DeleteFriend) -> Outcome:
    """End a friendship, or take back a request."""
    user = state.users[command.user]
    friend = state.find(command.friend)
    if friend is None:
        return no_such_user(command.friend)
    if friend.id in user.friends:
        return (FriendRemoved(user.id, friend.id),), (friend.name,)
    if friend.id in user.asked:
        return (RequestRemoved(user.id, friend.id),), (friend.name,)
    return Refused("NOT_FRIENDS", f"You and {friend.name} are not friends, and you have not asked: nothing to end")


def _become_friends(state: State, user: User, friend: User, now_ms: int, answer: tuple[str, ...]) -> Outcome:
    full = _full(state, user)
    return full or ((RequestRemoved(friend.id, user.id), FriendAdded(user.id, friend.id, now_ms)), answer)


def _full(state: State, user: User) -> Refused | None:
    most = state.limits.friends_max
    if len(user.friends) + len(user.asked) < most:
        return None
    return Refused("NOT_ALLOWED", f"You have {most} friends and requests, which is the most there can be: delete one")


def _no_request(friend: User) -> Refused:
    return Refused("NO_SUCH_REQUEST", f"{friend.name} has not asked you: SHOWREQUESTS lists who has")
