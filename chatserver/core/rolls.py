"""Decisions about accounts and rooms that an administrator makes in numbers: all of a list, or none.

A refusal names the line of the list. Each entry is looked at as if those before it were there already.
"""

from collections import Counter
from collections.abc import Sequence

from chatserver.core.accounts import check_name
from chatserver.core.commands import MakeRooms, MakeUsers, NewRoom
from chatserver.core.events import Event, RetentionSet, RoomCreated, RoomJoined, SanctionSet, TopicSet, UserSignedUp
from chatserver.core.moderation import find_person
from chatserver.core.outcome import Outcome, Refused, no_such_user, quoted
from chatserver.core.rooms import TOPIC_CHARS_MAX
from chatserver.core.sanctions import EXPIRED, FOREVER_MS
from chatserver.core.state import State
from chatserver.protocol.look_alikes import skeletons
from chatserver.protocol.names import checked_name, name_key


def make_users(state: State, command: MakeUsers) -> Outcome:
    """Accounts, each with a password for once."""
    refused = check_users(state, [(user.line, user.name) for user in command.users])
    if refused:
        return refused
    events: list[Event] = []
    for number, user in enumerate(command.users, state.last_user_id + 1):
        name = checked_name(user.name) or ""
        made = UserSignedUp(number, name, name_key(name), user.password_hash, command.now_ms, state.last_message_id)
        events += (made, SanctionSet(number, EXPIRED, FOREVER_MS, ""))
    return events, (str(len(command.users)),)


def check_users(state: State, names: Sequence[tuple[int, str]]) -> Refused | None:
    """Lines and names: what can be refused before passwords are hashed."""
    keys: dict[str, int] = {}
    looks: dict[str, int] = {}
    for line, name in names:
        refused = check_name(state, name)
        if refused:
            return at_line(line, refused)
        key, forms = name_key(name), skeletons(checked_name(name) or "")
        if key in keys:
            return Refused("NAME_TAKEN", f"line {line}: {name} stands in line {keys[key]} too: take one of them out")
        alike = next((looks[form] for form in sorted(forms) if form in looks), None)
        if alike and state.limits.look_alikes_refused:
            return Refused("NAME_TAKEN", f"line {line}: {name} looks like the name in line {alike}: change one of them")
        keys[key] = line
        looks |= dict.fromkeys((key, *forms), line)
    return None


def make_rooms(state: State, command: MakeRooms) -> Outcome:
    """Rooms with owner, members, topic and days."""
    if len(state.rooms) + len(command.rooms) > state.limits.rooms_max:
        return Refused("NOT_ALLOWED", f"There would be more than {state.limits.rooms_max} rooms: raise rooms_max")
    events: list[Event] = []
    keys: dict[str, int] = {}
    more_of: Counter[int] = Counter()  # user → rooms of the list
    for at, new in enumerate(command.rooms, 1):
        made = _make_room(state, new, state.last_room_id - at, command.now_ms, keys, more_of)
        if isinstance(made, Refused):
            return at_line(new.line, made)
        events += made
    return events, (str(len(command.rooms)),)


def _make_room(
    state: State, new: NewRoom, room: int, now_ms: int, keys: dict[str, int], more_of: Counter[int]
) -> list[Event] | Refused:
    name = checked_name(new.name[1:]) if new.name.startswith("#") else None
    refused = _check_room(state, new, name, keys)
    if refused or name is None:
        return refused or Refused("BAD_NAME", "")
    members = _find_members(state, new, more_of)
    if isinstance(members, Refused):
        return members
    keys[name_key("#" + name)] = new.line
    owner = members[0]
    events: list[Event] = [RoomCreated(room, "#" + name, name_key("#" + name), new.kind, owner, now_ms)]
    events += [RoomJoined(room, member, state.last_message_id, now_ms) for member in members]
    if new.topic:
        events.append(TopicSet(new.topic, room, owner))
    if new.history_days is not None:
        events.append(RetentionSet(new.history_days, room))
    return events


def _check_room(state: State, new: NewRoom, name: str | None, keys: dict[str, int]) -> Refused | None:
    if name is None:
        said = f"not {quoted(new.name)}"
        return Refused("BAD_NAME", f"a room's name is # and 1 to 32 letters, digits, _ - or . , {said}: change it")
    key = name_key("#" + name)
    if key in keys:
        return Refused("NAME_TAKEN", f"#{name} stands in line {keys[key]} too: take one of them out")
    if key in state.rooms_by_key:
        return Refused("NAME_TAKEN", f"There is a room #{name} already: take the line out")
    if len(new.topic) > TOPIC_CHARS_MAX:
        return Refused("TOO_LONG", f"A topic has at most {TOPIC_CHARS_MAX} characters: make it shorter")
    return None


def _find_members(state: State, new: NewRoom, more_of: Counter[int]) -> list[int] | Refused:
    """Ids, the owner's first, each once."""
    owner = find_person(state, new.owner)
    if isinstance(owner, Refused):
        return owner
    found = {owner.id: owner}
    for name in new.members:
        member = state.find(name)
        if member is None:
            return no_such_user(name)
        found[member.id] = member
    if len(found) > state.limits.members_per_room_max:
        most = state.limits.members_per_room_max
        return Refused("NOT_ALLOWED", f"A room has at most {most} members, and this one {len(found)}: name fewer")
    for member in found.values():
        more_of[member.id] += 1
        if len(member.rooms) + more_of[member.id] > state.limits.rooms_per_user_max:
            most = state.limits.rooms_per_user_max
            return Refused("NOT_ALLOWED", f"{member.name} would be in more than {most} rooms: leave that member out")
    return list(found)


def at_line(line: int, refused: Refused) -> Refused:
    """What is wrong, and in which line of the list."""
    return Refused(refused.code, f"line {line}: {refused.text}")
