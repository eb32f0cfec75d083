"""Who hears of an event, and the frame they get. It runs after evolve.

The server hands a frame to every session of the users named but the one whose command
caused it. A frame is rendered once here, however many will read it.
"""

from collections.abc import Callable, Collection
from typing import Any

from chatserver.core import audience_changes
from chatserver.core.events import (
    Announced,
    BurstSent,
    EditWithheld,
    Event,
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    Invited,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    ReactionChanged,
    ReadMarked,
    RoleChanged,
    RoomJoined,
    RoomLeft,
    TopicSet,
    Typed,
)
from chatserver.core.state import State, apart, seen_as
from chatserver.protocol.render import event as frame
from chatserver.protocol.times import format_time

Delivery = tuple[Collection[int], bytes]
"""Ids of users, and the frame for all their sessions."""


def deliver(state: State, event: Event) -> Collection[Delivery]:
    """Say who hears of an event."""
    row = TABLE.get(type(event))
    return row(state, event) if row else ()


def _message_sent(state: State, event: MessageSent) -> Collection[Delivery]:
    message_id, time_ms, by, to, text, _ = event  # at once: a named field costs 25 ns
    sender, stamp = state.users[by], format_time(time_ms)
    if to > 0:
        recipient = state.users[to]
        line = f"EVENT|MESSAGE|{message_id}|{stamp}|{sender.name}|{recipient.name}|{text}\n"
        return (((to, by), line.encode()),)
    room = state.rooms[to]
    line = f"EVENT|MESSAGE|{message_id}|{stamp}|{sender.name}|{room.name}|{text}\n"
    return ((room.members, line.encode()),)


def _burst_sent(state: State, event: BurstSent) -> Collection[Delivery]:
    first_id, time_ms, by, to, texts, _ = event
    shared = f"{format_time(time_ms)}|{state.users[by].name}|{state.name_of(to)}"
    lines = [f"EVENT|MESSAGE|{message_id}|{shared}|{text}\n" for message_id, text in enumerate(texts, first_id)]
    return (((to, by) if to > 0 else state.rooms[to].members, "".join(lines).encode()),)


def _friend_requested(state: State, event: FriendRequested) -> Collection[Delivery]:
    return (((event.asked,), frame("FRIENDREQUEST", state.users[event.asker].name)),)


def _friend_added(state: State, event: FriendAdded) -> Collection[Delivery]:
    user, friend = state.users[event.user], state.users[event.friend]
    return (
        ((user.id,), frame("FRIENDADDED", friend.name, *seen_as(friend))),
        ((friend.id,), frame("FRIENDADDED", user.name, *seen_as(user))),
    )


def _friend_removed(state: State, event: FriendRemoved) -> Collection[Delivery]:
    return (
        ((event.user,), frame("FRIENDREMOVED", state.users[event.friend].name)),
        ((event.friend,), frame("FRIENDREMOVED", state.users[event.user].name)),
    )


def _message_changed(state: State, event: audience_changes.Change) -> Collection[Delivery]:
    return ((audience_changes.hearers(state, event), audience_changes.change_frame(state, event)),)


def _room_joined(state: State, event: RoomJoined) -> Collection[Delivery]:
    room = state.rooms[event.room]
    return ((room.members, frame("JOINED", room.name, state.users[event.user].name)),)


def _room_left(state: State, event: RoomLeft) -> Collection[Delivery]:
    room = state.rooms[event.room]
    return (((*room.members, event.user), frame("LEFT", room.name, state.users[event.user].name)),)


def _topic_set(state: State, event: TopicSet) -> Collection[Delivery]:
    room = state.rooms[event.room]
    return ((room.members, frame("TOPIC", room.name, state.users[event.user].name, event.topic)),)


def _role_changed(state: State, event: RoleChanged) -> Collection[Delivery]:
    room = state.rooms[event.room]
    return ((room.members, frame("ROLE", room.name, state.users[event.user].name, event.role)),)


def _announced(state: State, event: Announced) -> Collection[Delivery]:
    present = [user.id for user in state.users.values() if user.sessions]
    return ((present, frame("NOTICE", event.text)),)


def _invited(state: State, event: Invited) -> Collection[Delivery]:
    return (((event.user,), frame("INVITED", state.rooms[event.room].name, state.users[event.by].name)),)


def _read_marked(state: State, event: ReadMarked) -> Collection[Delivery]:
    reader = state.users[event.user]
    authors = [author for author in event.authors if author in state.users and not apart(reader, state.users[author])]
    return (((*authors, reader.id), frame("READ", reader.name, state.name_of(event.party), str(event.upto))),)


def _typed(state: State, event: Typed) -> Collection[Delivery]:
    user, party = state.users[event.user], event.party
    others = (party,) if party > 0 else state.rooms[party].members
    hearers = [other for other in others if other != user.id and not apart(user, state.users[other])]
    return ((hearers, frame("TYPING", user.name, state.name_of(party))),)


TABLE: dict[type, Callable[[State, Any], Collection[Delivery]]] = {  # Any: each row takes its own type of event
    MessageSent: _message_sent,
    BurstSent: _burst_sent,
    FriendRequested: _friend_requested,
    FriendAdded: _friend_added,
    FriendRemoved: _friend_removed,
    RoomJoined: _room_joined,
    RoomLeft: _room_left,
    TopicSet: _topic_set,
    RoleChanged: _role_changed,
    Announced: _announced,
    Invited: _invited,
    ReadMarked: _read_marked,
    Typed: _typed,
    MessageEdited: _message_changed,
    EditWithheld: _message_changed,
    MessageDeleted: _message_changed,
    ReactionChanged: _message_changed,
}
"""Events that are not here are heard by nobody, or later: `chatserver/turn/presence.py` tells who comes and goes."""
