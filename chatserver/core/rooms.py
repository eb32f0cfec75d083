"""Decisions about rooms. To those outside, a private room is not there."""

from itertools import islice

from chatserver.core.commands import (
    CloseRoom,
    CreateRoom,
    HandOver,
    Invite,
    JoinRoom,
    Kick,
    LeaveRoom,
    NameModerator,
    SetRetention,
    SetTopic,
)
from chatserver.core.events import (
    Event,
    InvitationRemoved,
    Invited,
    ModeratorSet,
    OwnerSet,
    RetentionSet,
    RoleChanged,
    RoomCreated,
    RoomEnded,
    RoomForgotten,
    RoomJoined,
    RoomLeft,
    TopicSet,
)
from chatserver.core.outcome import Outcome, Refused, find_own_room, find_room, no_such_user, quoted
from chatserver.core.sanctions import check_mute
from chatserver.core.state import NO_PASSWORD, Room, State, User
from chatserver.protocol.names import checked_name, name_key

TOPIC_CHARS_MAX = 280
STAYS_UNTRIMMED = 64  # stays of a user that end before it is looked whether there are too many, which takes 0.5 ms


def create_room(state: State, command: CreateRoom) -> Outcome:
    """Make a room with its maker as owner and first member."""
    name = checked_name(command.room[1:]) if command.room.startswith("#") else None
    if name is None:
        return Refused("BAD_NAME", "A room's name is # and 1 to 32 letters, digits, _ - or . : choose another")
    name = "#" + name
    if state.find_room(name, command.user) is not None:  # a private one that the user cannot know does not count
        return Refused("NAME_TAKEN", f"There is a room {name} already: JOIN it, or choose another name")
    user = state.users[command.user]
    full = _full(state, user) or _all_rooms_taken(state)
    if full:
        return full
    room = state.last_room_id - 1
    created = RoomCreated(room, name, name_key(name), command.kind, user.id, command.now_ms)
    joined = RoomJoined(room, user.id, state.last_message_id, command.now_ms)
    return (created, joined), (name, command.kind)


def join_room(state: State, command: JoinRoom) -> Outcome:
    """Become a member of a public room, or of a private one with an invitation."""
    user = state.users[command.user]
    found = state.find_room(command.room, user.id)
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
    if other.id in room.members or other.id in room.invited:
        return (), answer
    if other.id in state.bots:
        return _no_place(state, room) or (_join(state, room, other, command.now_ms), answer)
    refused = _too_many_asked(state, room, other)  # looked at before blocks, so that nobody learns of one
    if refused:
        return refused
    if command.user in other.blocks:
        return (), answer
    return (Invited(room.id, other.id, command.user, command.now_ms),), answer


def kick(state: State, command: Kick) -> Outcome:
    """Take somebody out: the owner may, and moderators may take out who is neither."""
    room = find_own_room(state, command.user, command.room)
    if isinstance(room, Refused):
        return room
    if command.user not in room.moderators and room.owner != command.user:
        return _not_the_owner(state, room)
    other = _find_member(state, room, command.name)
    if isinstance(other, Refused):
        return other
    if other.id == command.user:
        return Refused("NOT_ALLOWED", "You cannot kick yourself: use LEAVE")
    if room.owner != command.user and (other.id == room.owner or other.id in room.moderators):
        return _not_the_owner(state, room)
    return (_left(state, room, other.id),), (room.name, other.name)


def set_topic(state: State, command: SetTopic) -> Outcome:
    """Say what the room is about."""
    room = find_own_room(state, command.user, command.room)
    if isinstance(room, Refused):
        return room
    sender = state.users[command.user]
    if sender.sanctions and (muted := check_mute(sender, command.now_ms)):
        return muted
    if len(command.topic) > TOPIC_CHARS_MAX:
        return Refused("TOO_LONG", f"A topic has at most {TOPIC_CHARS_MAX} characters: make it shorter")
    answer = (room.name, command.topic)
    return ((TopicSet(command.topic, room.id, command.user),) if command.topic != room.topic else ()), answer


def hand_over(state: State, command: HandOver) -> Outcome:
    """Make another member the owner."""
    room = _find_for_owner(state, command.user, command.room)
    if isinstance(room, Refused):
        return room
    other = _find_member(state, room, command.name)
    if isinstance(other, Refused):
        return other
    if other.password_hash == NO_PASSWORD:
        return Refused("NOT_ALLOWED", f"{other.name} is a bot, and cannot own a room: name a person")
    answer = (room.name, other.name)
    if other.id == room.owner:
        return (), answer
    events: list[Event] = [ModeratorSet(room.id, other.id, False)] if other.id in room.moderators else []
    events += [OwnerSet(other.id, room.id), RoleChanged(room.id, room.owner, "member")]
    return (*events, RoleChanged(room.id, other.id, "owner")), answer


def name_moderator(state: State, command: NameModerator) -> Outcome:
    """Let a member help, or no more."""
    room = _find_for_owner(state, command.user, command.room)
    if isinstance(room, Refused):
        return room
    other = _find_member(state, room, command.name)
    if isinstance(other, Refused):
        return other
    if other.id == room.owner:
        return Refused("NOT_ALLOWED", f"{other.name} owns {room.name}, and may do all of that: name another")
    role = "moderator" if command.is_moderator else "member"
    answer = (room.name, other.name, role)
    if command.is_moderator == (other.id in room.moderators):
        return (), answer
    return (ModeratorSet(room.id, other.id, command.is_moderator), RoleChanged(room.id, other.id, role)), answer


def close_room(state: State, command: CloseRoom) -> Outcome:
    """End a room, as an administrator may."""
    room = find_any_room(state, command.room)
    if isinstance(room, Refused):
        return room
    events: list[Event] = [_left(state, room, member) for member in room.members]
    events += [InvitationRemoved(room.id, invited) for invited in room.invited]
    return (*events, RoomEnded(command.now_ms, room.id, _forgotten(state, 0))), (room.name,)


def set_retention(state: State, command: SetRetention) -> Outcome:
    """Say how long messages of a room are kept."""
    room = find_any_room(state, command.room)
    if isinstance(room, Refused):
        return room
    return ((RetentionSet(command.days, room.id),) if command.days != room.history_days else ()), (room.name,)


def role_of(room: Room, user: int) -> str:
    """What a member is in a room."""
    return "owner" if user == room.owner else "moderator" if user in room.moderators else "member"


def _find_for_owner(state: State, user: int, name: str) -> Room | Refused:
    """A room whose owner a user is; an administrator (0) may do what the owner may."""
    if not user:
        return find_any_room(state, name)
    room = find_own_room(state, user, name)
    return room if isinstance(room, Refused) or room.owner == user else _not_the_owner(state, room)


def find_any_room(state: State, name: str) -> Room | Refused:
    """The room that an administrator names, private ones too: by its name, or its number where several have that."""
    if name.isascii() and name.isdigit() and len(name) <= 18:
        found = tuple(room for room in (state.rooms.get(-int(name)),) if room)
    else:
        found = state.rooms_by_key.get(name_key(name), ())
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(-room.id) for room in found)
        return Refused(
            "NOT_ALLOWED", f"{len(found)} rooms are called {quoted(name)}: name one by its number, {numbers}"
        )
    return Refused("NO_SUCH_ROOM", f"There is no room {quoted(name)}: room list shows those there are")


def _not_the_owner(state: State, room: Room) -> Refused:
    owner = state.users[room.owner].name
    return Refused("NOT_ALLOWED", f"Only the owner of {room.name} may do this: ask {owner}")


def _find_member(state: State, room: Room, name: str) -> User | Refused:
    other = state.find(name)
    if other is None:
        return no_such_user(name)
    if other.id not in room.members:
        return Refused("NOT_MEMBER", f"{other.name} is not in {room.name}: SHOWMEMBERS lists who is")
    return other


def leave_all(state: State, user: User, now_ms: int) -> list[Event]:
    """What follows in rooms when a user goes for good: also what the user wrote of them goes, topics and names."""
    events: list[Event] = [InvitationRemoved(room, user.id) for room in sorted(user.invited)]
    events += [TopicSet("", room, user.id) for room in sorted(user.topics)]
    ends = 0
    for room in sorted(user.rooms):
        events += _leave(state, state.rooms[room], user.id, now_ms, ends)
        ends += isinstance(events[-1], RoomEnded)
    ended = [event.room for event in events if isinstance(event, RoomEnded)]
    ended += [room for room, last in state.ended_by.items() if last == user.id]
    return [*events, *map(RoomForgotten, ended)]


def _join(state: State, room: Room, user: User, now_ms: int) -> tuple[Event, ...]:
    used = (InvitationRemoved(room.id, user.id),) if user.id in room.invited else ()
    return (*used, RoomJoined(room.id, user.id, state.last_message_id, now_ms))


def _leave(state: State, room: Room, user: int, now_ms: int, ends: int = 0) -> list[Event]:
    """A room that has only bots left, running or not, is as empty as one with nobody."""
    events: list[Event] = [_left(state, room, user)]
    others = [member for member in room.members if member != user]
    people = [member for member in others if state.users[member].password_hash != NO_PASSWORD]
    if people:
        if room.owner == user:
            events.append(OwnerSet(people[0], room.id))
        return events
    events += [_left(state, room, bot) for bot in others]
    events += [InvitationRemoved(room.id, invited) for invited in room.invited]
    return [*events, RoomEnded(now_ms, room.id, _forgotten(state, ends))]


def _left(state: State, room: Room, user: int) -> RoomLeft:
    is_silent = room.received_id <= room.members[user]
    is_time = state.users[user].stays_over % STAYS_UNTRIMMED == STAYS_UNTRIMMED - 1
    kept = state.limits.stays_per_user_max if is_time else 0
    return RoomLeft(state.last_message_id, room.id, user, is_silent, kept)


def _forgotten(state: State, ends: int) -> int:
    """Which of the rooms that have ended is forgotten when one more does, behind `ends` others in this command."""
    if len(state.ended_rooms) + ends < state.limits.ended_rooms_max:
        return 0
    return next(islice(state.ended_rooms, ends, None), 0)


def _full(state: State, user: User) -> Refused | None:
    most = state.limits.rooms_per_user_max
    if len(user.rooms) < most:
        return None
    return Refused("NOT_ALLOWED", f"You are in {most} rooms, which is the most there can be: LEAVE one")


def _all_rooms_taken(state: State) -> Refused | None:
    most = state.limits.rooms_max
    if len(state.rooms) < most:
        return None
    return Refused("NOT_ALLOWED", f"There are {most} rooms, which is the most there can be: JOIN one of them")


def _too_many_asked(state: State, room: Room, other: User) -> Refused | None:
    most = state.limits.members_per_room_max
    if len(room.invited) >= most:
        return Refused("NOT_ALLOWED", f"{most} users are asked into {room.name}, which is the most there can be: wait")
    if len(other.invited) >= state.limits.invitations_max:
        return Refused("NOT_ALLOWED", f"{other.name} has as many invitations as there can be: try again later")
    return None


def _no_place(state: State, room: Room) -> Refused | None:
    most = state.limits.members_per_room_max
    if len(room.members) < most:
        return None
    return Refused("NOT_ALLOWED", f"{room.name} has {most} members, which is the most there can be: try another room")
