"""Who hears of a change to a message, and the frame: live, and as a mark in HISTORY and SYNC."""

from collections.abc import Collection

from chatserver.core.events import MessageDeleted, MessageEdited, ReactionChanged
from chatserver.core.state import State
from chatserver.protocol.render import event as frame
from chatserver.protocol.times import format_time

Change = MessageEdited | MessageDeleted | ReactionChanged


def hearers(state: State, event: Change) -> Collection[int]:
    """Both parties; an account that is gone has no sessions to hear it."""
    return (event.sender, event.recipient)


def change_frame(state: State, event: Change) -> bytes:
    """The event as those who can see the message read it."""
    sender, recipient = state.name_of(event.sender), state.name_of(event.recipient)
    number = str(event.message)
    if isinstance(event, MessageEdited):
        return frame("EDITED", number, format_time(event.time_ms), sender, recipient, event.text)
    if isinstance(event, MessageDeleted):
        return frame("DELETED", number, sender, recipient)
    other = sender if event.user == event.recipient else recipient
    return frame("REACTION", number, state.name_of(event.user), other, event.emoji, "+" if event.stands else "-")
