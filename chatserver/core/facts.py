"""What an event changes, and what a question could show of it: so a question waits for that alone to be stored.

A fact is named by a key. A party (a user's id, a room's below zero) stands for what is told of it: status, friends,
members, topic. A pair stands for messages: two users, the lower id first, for what they wrote to each other; a party
and 0 for all that it sent and received outside rooms, or what was said in the room, as posting lists are named; 0 and
an id for one message. That somebody or a room is gone is a fact of its own.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from chatserver.core import events as happened
from chatserver.core.audience_changes import Change
from chatserver.core.state import State, User

Fact = int | tuple[int, int]
GONE: Fact = 0
"""Which rooms have ended and which accounts were deleted: what an answer leaves out, or shows of them from memory."""


def conversation(user: int, party: int) -> tuple[int, int]:
    """The messages between two users, or of a room."""
    if party < 0:
        return party, 0
    return (user, party) if user < party else (party, user)


def message_fact(message: int) -> tuple[int, int]:
    """One message, as far as it may be changed."""
    return 0, message


def message_facts(sender: int, recipient: int) -> tuple[tuple[int, int], ...]:
    """The lists that a message stands in."""
    if recipient < 0:
        return ((recipient, 0),)
    return conversation(sender, recipient), (sender, 0), (recipient, 0)


def changed_facts(events: Iterable[happened.Event]) -> set[Fact]:
    """What some events have changed."""
    return set(chain.from_iterable(TABLE[type(event)](event) for event in events))


def heard_by(user: User) -> list[Fact]:
    """All messages that a user sent, received or can read in rooms, and who and where the user is."""
    return [user.id, (user.id, 0), *((room, 0) for room in user.rooms)]


def friends_of(user: User) -> list[Fact]:
    """What SHOWFRIENDS shows."""
    return [user.id, *user.friends]


def rooms_for(state: State, user: User) -> list[Fact]:
    """What SHOWROOMS shows."""
    return [user.id, GONE, *state.rooms]


def members_for(state: State, user: User, room: int) -> list[Fact]:
    """What SHOWMEMBERS shows."""
    return [user.id, room, *state.rooms[room].members]


def _of(*names: str) -> Callable[[Any], Iterable[Fact]]:
    """The parties that these fields of an event name."""
    return lambda event: [getattr(event, name) for name in names]


def _message(event: happened.MessageSent | happened.BurstSent) -> Iterable[Fact]:
    return message_facts(event.sender, event.recipient)


def _change(event: Change) -> Iterable[Fact]:
    return (*message_facts(event.sender, event.recipient), message_fact(event.message))


def _nothing(event: happened.Event) -> Iterable[Fact]:
    """No answer shows it, or it is not stored."""
    return ()


TABLE: dict[type, Callable[[Any], Iterable[Fact]]] = {  # Any: each row takes its own type of event
    happened.MessageSent: _message,
    happened.BurstSent: _message,
    happened.TagsRead: _nothing,
    happened.BotAnswered: lambda event: [message_fact(event.message)],
    happened.MessageEdited: _change,
    happened.EditWithheld: _change,
    happened.MessageDeleted: _change,
    happened.ReactionChanged: _change,
    happened.UserSignedUp: _of("user"),
    happened.PasswordSet: _nothing,
    happened.TokenIssued: _of("user"),
    happened.TokenUsed: _nothing,
    happened.TokenRevoked: _nothing,
    happened.StatusSet: _of("user"),
    happened.FriendRequested: _of("asker", "asked"),
    happened.RequestRemoved: _of("asker", "asked"),
    happened.RequestHidden: _of("asker", "asked"),
    happened.FriendAdded: _of("user", "friend"),
    happened.FriendRemoved: _of("user", "friend"),
    happened.AccountDeleted: lambda event: [event.user, GONE],
    happened.Delivered: _nothing,
    happened.UserBlocked: _of("user", "blocked"),
    happened.UserUnblocked: _of("user", "blocked"),
    happened.RoomCreated: _of("room", "owner"),
    happened.RoomJoined: _of("room", "user"),
    happened.RoomLeft: _of("room", "user"),
    happened.OwnerSet: _of("room", "owner"),
    happened.TopicSet: _of("room"),
    happened.RetentionSet: _of("room"),
    happened.Invited: _of("room", "user"),
    happened.InvitationRemoved: _of("room", "user"),
    happened.RoomForgotten: lambda event: [event.room, GONE],
    happened.RoomEnded: lambda event: [event.room, GONE],
    happened.ReadMarked: _of("user"),
    happened.BotRemembered: _of("user"),
    happened.BotTimerSet: _of("user"),
    happened.BotTimerRemoved: _of("user"),
    happened.Typed: _nothing,
    happened.BotStarted: _nothing,
    happened.BotStopped: _nothing,
    happened.SessionOpened: _nothing,
    happened.SessionClosed: _nothing,
    happened.OtherSessionsEnded: _nothing,
    happened.PresenceChanged: _nothing,
    happened.ModeratorSet: _of("room", "user"),
    happened.RoleChanged: _nothing,
    happened.MessageReported: _of("user"),
    happened.ReportClosed: _nothing,
    happened.SanctionSet: _of("user"),
    happened.SanctionEnded: _of("user"),
    happened.UserRemoved: _nothing,
    happened.AddressBanned: _nothing,
    happened.BanEnded: _nothing,
    happened.InviteSet: _nothing,
    happened.InviteEnded: _nothing,
    happened.Announced: _nothing,
    happened.NoticeEnded: _nothing,
    happened.DeedNoted: _nothing,
}
