"""Decisions about rooms. To those outside, a private room is not there."""

from chatserver.core.commands import CreateRoom, Invite, JoinRoom, Kick, LeaveRoom, SetTopic
from chatserver.core.events import (
    Event,
    InvitationRemoved,
    Invited,
    OwnerSet,
    RoomCreated,
    RoomEnded,
    RoomJoined,
    RoomLeft,
    TopicSet,
)
from chatserver.core.outcome import Outcome, Refused, find_own_room, find_room, no_such_user
from chatserver.core.state import NO_PASSWORD, Room, State, User
from chatserver.protocol.names import checked_name, name_key

TOPIC_CHARS_MAX = 280


def create_room(state: State, command: CreateRoom) -> Outcome:
    """Make a room with its maker as owner and first member."""
    name = checked_name(command.room[1:]) if command.room.startswith("#") else None
    if name is None:
        return Refused("BAD_NAME", "A room's name is # and 1 to 32 letters, digits, _ - or . : choose another")
    name = "#" + name
    if name_key(name) in state.rooms_by_key:
        return Refused("NAME_TAKEN", f"There is a room {name} already: JOIN it, or choose another name")
    user = state.users[command.user]
    full = _full(state, user)
    if full:
        return full
    room = state.last_room_id - 1
    created = RoomCreated(room, name, name_key(name), command.kind, user.id, command.now_ms)
    joined = RoomJoined(room, user.id, state.last_message_id, command.now_ms)
    return (created, joined), (name, command.kind)


def join_room(state: State, command: JoinRoom) -> Outcome:
    """Become a member of a public room, or of a private one with an invitation."""
    user = state.users[command.user]
    found = state.find_room(command.room)
    if found is not None and user.id in found.invited:
        room: Room | Refused = found
    else:
        room = find_room(state, user.id, command.room)
    if isinstance(room, Refused):
        return room
    if user.id in room.members:
        return (), (room.name,)
    refused = _full(state, user) or _no_place(state, room)
    return refused or (_join(state, room, user, command.now_ms), (room.name,))


def leave_room(state: State, command: LeaveRoom) -> Outcome:
    """Be a member no more; the room is handed on, or ends."""
    room = find_own_room(state, command.user, command.room)
    if isinstance(room, Refused):
        return room
    return _leave(state, room, command.user, command.now_ms), (room.name,)


def invite(state: State, command: Invite) -> Outcome:
    """Ask somebody in; a bot comes at once, and whoever blocks the asker hears nothing."""
    room = find_own_room(state, command.user, command.room)
    if isinstance(room, Refused):
        return room
    other = state.find(command.name)
    if other is None:
        return no_such_user(command.name)
    answer = (room.name, other.name)
    if other.id in room.members or other.id in room.invited or command.user in other.blocks:
        return (), answer
    if other.id in state.bots:
        return _no_place(state, room) or (_join(state, room, other, command.now_ms), answer)
    return (Invited(room.id, other.id, command.user, command.now_ms),), answer


def kick(state: State, command: Kick) -> Outcome:
    """Take somebody out, which the owner alone may do."""
    room = find_own_room(state, command.user, command.room)
    if isinstance(room, Refused):
        return room
    if room.owner != command.user:
        owner = state.users[room.owner].name
        return Refused("NOT_ALLOWED", f"Only the owner of {room.name} may do this: ask {owner}")
    other = state.find(command.name)
    if other is None:
        return no_such_user(command.name)
    if other.id == command.user:
        return Refused("NOT_ALLOWED", "You cannot kick yourself: use LEAVE")
    if other.id not in room.members:
        return Refused("NOT_MEMBER", f"{other.name} is not in {room.name}: SHOWMEMBERS lists who is")
    return (RoomLeft(state.last_message_id, room.id, other.id),), (room.name, other.name)


def set_topic(state: State, command: SetTopic) -> Outcome:
    """Say what the room is about."""
    room = find_own_room(state, command.user, command.room)
    if isinstance(room, Refused):
        return room
    if len(command.topic) > TOPIC_CHARS_MAX:
        return Refused("TOO_LONG", f"A topic has at most {TOPIC_CHARS_MAX} characters: make it shorter")
    answer = (room.name, command.topic)
    return ((TopicSet(command.topic, room.id, command.user),) if command.topic != room.topic else ()), answer


def leave_all(state: State, user: User, now_ms: int) -> list[Event]:
    """What follows in rooms when a user goes for good."""
    events: list[Event] = [InvitationRemoved(room, user.id) for room in sorted(user.invited)]
    for room in sorted(user.rooms):
        events += _leave(state, state.rooms[room], user.id, now_ms)
    return events


def _join(state: State, room: Room, user: User, now_ms: int) -> tuple[Event, ...]:
    used = (InvitationRemoved(room.id, user.id),) if user.id in room.invited else ()
    return (*used, RoomJoined(room.id, user.id, state.last_message_id, now_ms))


def _leave(state: State, room: Room, user: int, now_ms: int) -> list[Event]:
    """A room that has only bots left, running or not, is as empty as one with nobody."""
    upto = state.last_message_id
    events: list[Event] = [RoomLeft(upto, room.id, user)]
    others = [member for member in room.members if member != user]
    people = [member for member in others if state.users[member].password_hash != NO_PASSWORD]
    if people:
        if room.owner == user:
            events.append(OwnerSet(people[0], room.id))
        return events
    events += [RoomLeft(upto, room.id, bot) for bot in others]
    events += [InvitationRemoved(room.id, invited) for invited in room.invited]
    return [*events, RoomEnded(now_ms, room.id)]


def _full(state: State, user: User) -> Refused | None:
    most = state.limits.rooms_per_user_max
    if len(user.rooms) < most:
        return None
    return Refused("NOT_ALLOWED", f"You are in {most} rooms, which is the most there can be: LEAVE one")


def _no_place(state: State, room: Room) -> Refused | None:
    most = state.limits.members_per_room_max
    if len(room.members) < most:
        return None
    return Refused("NOT_ALLOWED", f"{room.name} has {most} members, which is the most there can be: try another room")
