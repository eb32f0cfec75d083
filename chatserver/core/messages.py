"""Decisions about messages."""

from chatserver.core.commands import SendMessage
from chatserver.core.events import MessageSent
from chatserver.core.outcome import Outcome, Refused, find_own_room, no_such_user
from chatserver.core.state import TAG_LIFE_MS, Limits, Room, State, User
from chatserver.protocol.times import format_time


def send_message(state: State, command: SendMessage) -> Outcome:
    """Write to a friend. This is the path of a message: every line of it is paid for each time."""
    sender = state.users[command.user]
    if command.tag and sender.tags:
        sent = sender.tags.get(command.tag)
        if sent is not None and sent[1] > command.now_ms - TAG_LIFE_MS:
            return (), (str(sent[0]), format_time(sent[1]))
    to = command.to
    recipient: User | Room | None
    if to[:1] == "#":
        found = find_own_room(state, sender.id, to)
        if isinstance(found, Refused):
            return found
        recipient = found
    else:
        recipient = state.by_name.get(to) or state.find(to)
        if recipient is None or (recipient.id not in sender.friends and not _with_bot(state, sender, recipient)):
            return _not_a_friend(sender, recipient, to)
    refused = check_text(state.limits, command.text)
    if refused:
        return refused
    message_id = state.last_message_id + 1
    event = MessageSent(message_id, command.now_ms, sender.id, recipient.id, command.text, command.tag or None)
    return (event,), (str(message_id), format_time(command.now_ms))


def check_text(limits: Limits, text: str) -> Refused | None:
    """Refuse what no message can say."""
    if not text or text.isspace():
        return Refused("BAD_TEXT", "A message needs a text that is not blank: write something")
    if len(text) > limits.message_chars_max or (
        len(text) * 4 > limits.message_bytes_max and len(text.encode()) > limits.message_bytes_max
    ):
        return Refused(
            "TOO_LONG",
            f"A message has at most {limits.message_chars_max} characters and {limits.message_bytes_max} bytes:"
            " split it in two",
        )
    return None


def _with_bot(state: State, sender: User, recipient: User) -> bool:
    """Bots need no friendship to be written to, nor to answer."""
    return recipient.id in state.bots or (sender.id in state.bots and sender.id not in recipient.blocks)


def _not_a_friend(sender: User, recipient: User | None, name: str) -> Refused:
    if recipient is None:
        return no_such_user(name)
    if recipient.id == sender.id:
        return Refused("SELF", "You cannot write to yourself: name somebody else")
    return Refused("NOT_FRIENDS", f"You and {recipient.name} are not friends: send ADDFRIEND first")
