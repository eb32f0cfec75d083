"""Decisions about messages that are there already: another text, none any more, an emoji to it.

What the store knows of the message arrives in the command: State keeps no messages.
"""

from chatserver.core.commands import DeleteMessage, EditMessage, Found, React
from chatserver.core.events import EditWithheld, MessageDeleted, MessageEdited, ReactionChanged
from chatserver.core.messages import check_text
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.sanctions import check_mute
from chatserver.core.state import State
from chatserver.protocol.times import format_time

CHANGEABLE_MS = 24 * 60 * 60 * 1000
"""How long one's own message can be edited or deleted."""


def edit_message(state: State, command: EditMessage) -> Outcome:
    """Give one's own message another text, which does not reach somebody who blocks the author."""
    found = _own(state, command)
    if isinstance(found, Refused):
        return found
    refused = check_mute(state.users[command.user], command.now_ms) or check_text(state.limits, command.text)
    if refused:
        return refused
    other = state.users.get(found.recipient)
    kind = EditWithheld if other is not None and command.user in other.blocks else MessageEdited
    edited = kind(_next_id(state), command.id, *found[1:3], command.now_ms, command.text)
    return (edited,), (str(command.id), format_time(command.now_ms))


def delete_message(state: State, command: DeleteMessage) -> Outcome:
    """Take one's own message back, and with it what bots have answered to it: they may have repeated it."""
    found = _own(state, command)
    if isinstance(found, Refused):
        return found
    gone = [(command.id, found.sender, found.recipient), *found.answers]
    events = [MessageDeleted(number, *message, command.now_ms) for number, message in enumerate(gone, _next_id(state))]
    return events, (str(command.id),)


def react(state: State, command: React) -> Outcome:
    """Put an emoji to a message, or take it away where it stands."""
    found = visible(state, command.user, command.id, command.found)
    if isinstance(found, Refused):
        return found
    emoji = _as_it_stands(found, command.emoji)
    stands = not found.emojis.get(emoji, False)
    refused = check_mute(state.users[command.user], command.now_ms)
    if refused is None and emoji not in found.emojis:
        refused = _one_too_many(state, found)
    if refused:
        return refused
    changed = ReactionChanged(
        _next_id(state), command.id, *found[1:3], command.now_ms, command.user, emoji, stands
    )  # fmt: skip
    return (changed,), (str(command.id), emoji, "+" if stands else "-")


def can_see(state: State, user: int, sender: int, recipient: int) -> bool:
    """Tell whether a message is in one of this user's conversations."""
    if recipient > 0:
        return user in (sender, recipient)
    room = state.rooms.get(recipient)
    return room is not None and user in room.members


def _own(state: State, command: EditMessage | DeleteMessage) -> Found | Refused:
    found = visible(state, command.user, command.id, command.found)
    if isinstance(found, Refused):
        return found
    if found.sender != command.user:
        return Refused("NOT_ALLOWED", f"Message {command.id} is not yours: only who wrote it can change it")
    if command.now_ms - found.time_ms > CHANGEABLE_MS:
        return Refused("NOT_ALLOWED", f"Message {command.id} is older than a day and stays as it is: write a new one")
    return found


def visible(state: State, user: int, message_id: int, found: Found | None) -> Found | Refused:
    """What is known of a message, for who can read it."""
    if found is None or not can_see(state, user, found.sender, found.recipient):
        return Refused("NO_SUCH_MESSAGE", f"You have no message {message_id}: HISTORY and SYNC show their ids")
    return found


def _as_it_stands(found: Found, emoji: str) -> str:
    """The emoji as the message has it already, where only variation selectors differ: `❤` and `❤\ufe0f` are one."""
    known = (*sorted(found.emojis, key=found.emojis.__getitem__, reverse=True), *sorted(found.others))
    return next((each for each in known if _shape(each) == _shape(emoji)), emoji)


def _shape(emoji: str) -> str:
    return emoji.replace("\ufe0e", "").replace("\ufe0f", "")


def _one_too_many(state: State, found: Found) -> Refused | None:
    """Those taken back count: clients that were away hear of them too."""
    limits = state.limits
    if len(found.emojis) >= limits.reactions_per_message_max:
        return Refused(
            "NOT_ALLOWED",
            f"You have used {limits.reactions_per_message_max} emojis for this message, which is the most:"
            " use one of them",
        )
    if found.reactions >= limits.reactions_of_all_max:
        return Refused(
            "NOT_ALLOWED",
            f"This message has {limits.reactions_of_all_max} reactions, which is the most: write a message",
        )
    return None


def _next_id(state: State) -> int:
    """Changes are numbered with the messages, so that SYNC finds both behind one id."""
    return state.last_message_id + 1
