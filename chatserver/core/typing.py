"""Decisions about who is told that somebody types. Nothing of it is stored."""

from chatserver.core.commands import ShowTyping
from chatserver.core.events import Typed
from chatserver.core.messages import find_recipient
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import TYPING_TOLD_MS, State


def show_typing(state: State, command: ShowTyping) -> Outcome:
    """Tell the other side, unless that has been done a moment ago; the answer is the same."""
    recipient = find_recipient(state, state.users[command.user], command.to)
    if isinstance(recipient, Refused):
        return recipient
    answer = (state.name_of(recipient),)
    told_ms = state.typing.get((command.user, recipient))
    if told_ms is not None and 0 <= command.now_ms - told_ms < TYPING_TOLD_MS:
        return (), answer
    return (Typed(command.user, recipient, command.now_ms),), answer
