"""Who hears of a change to a message, and the frame: live, and as a mark in HISTORY and SYNC."""

from collections.abc import Collection

from chatserver.core.events import EditWithheld, MessageDeleted, MessageEdited, ReactionChanged
from chatserver.core.state import State
from chatserver.protocol.render import event as frame
from chatserver.protocol.times import format_time

Change = MessageEdited | EditWithheld | MessageDeleted | ReactionChanged


def hearers(state: State, event: Change) -> Collection[int]:
    """Both parties, but for one who blocks the one who acts; or a room's members."""
    if event.recipient < 0:
        return state.rooms[event.recipient].members
    actor = _actor(event)
    parties = (state.users.get(party) for party in (event.sender, event.recipient))  # one may be gone
    return [party.id for party in parties if party and actor not in party.blocks]


def change_frame(state: State, event: Change) -> bytes:
    """The event as those who can see the message read it."""
    sender, recipient = state.name_of(event.sender), state.name_of(event.recipient)
    number = str(event.message)
    if isinstance(event, (MessageEdited, EditWithheld)):
        return frame("EDITED", number, format_time(event.time_ms), sender, recipient, event.text)
    if isinstance(event, MessageDeleted):
        return frame("DELETED", number, sender, recipient)
    to = sender if event.user == event.recipient else recipient
    return frame("REACTION", number, state.name_of(event.user), to, event.emoji, "+" if event.stands else "-")


def _actor(event: Change) -> int:
    return event.user if isinstance(event, ReactionChanged) else event.sender
