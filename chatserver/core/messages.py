"""Decisions about messages."""

from chatserver.core.commands import SendBurst, SendMessage
from chatserver.core.events import BurstSent, message_sent
from chatserver.core.outcome import Outcome, Refused, find_own_room, no_such_user
from chatserver.core.state import TAG_LIFE_MS, Limits, State, User
from chatserver.protocol.times import format_time

BAD_TEXT = Refused("BAD_TEXT", "A message needs a text that is not blank: write something")
TOO_LONG = "A message has at most {} characters and {} bytes: split it in two"


def send_message(state: State, command: SendMessage) -> Outcome:
    """Write to somebody. This is the path of a message: every line of it is paid for each time."""
    sender = state.users[command.user]
    tag, now_ms, text, to = command.tag, command.now_ms, command.text, command.to
    if tag and sender.tags:
        sent = sender.tags.get(tag)
        if sent is not None and sent[1] > now_ms - TAG_LIFE_MS:
            return (), (str(sent[0]), format_time(sent[1]))
    friend = state.by_name.get(to)
    if friend is not None and friend.id in sender.friends:
        recipient = friend.id
    else:
        found = find_recipient(state, sender, to)
        if type(found) is Refused:
            return found
        recipient = found
    limits = state.limits
    length = len(text)
    if not length or text.isspace():
        return BAD_TEXT
    if length > limits.message_chars_max or (length > limits.message_bytes_max // 4 and _is_too_long(limits, text)):
        return Refused("TOO_LONG", TOO_LONG.format(limits.message_chars_max, limits.message_bytes_max))
    message_id = state.last_message_id + 1
    event = message_sent((message_id, now_ms, sender.id, recipient, text, tag or None))
    return (event,), (str(message_id), format_time(now_ms))


def send_burst(state: State, command: SendBurst) -> Outcome:
    """The same for many at once, so that what is done for each is little. Of the answer, each is one message's."""
    sender, texts = state.users[command.user], command.texts
    recipient = find_recipient(state, sender, command.to)
    if isinstance(recipient, Refused):
        return recipient
    if not all(texts) or any(map(str.isspace, texts)):
        return BAD_TEXT
    longest = max(map(len, texts))
    limits = state.limits
    if longest > min(limits.message_chars_max, limits.message_bytes_max // 4):
        for text in texts:
            refused = check_text(limits, text)
            if refused is not None:
                return refused
    first_id, now_ms = state.last_message_id + 1, command.now_ms
    stamp = format_time(now_ms)
    answers = [f"{message_id}|{stamp}" for message_id in range(first_id, first_id + len(texts))]
    return (BurstSent(first_id, now_ms, sender.id, recipient, texts),), answers


def check_text(limits: Limits, text: str) -> Refused | None:
    """Refuse what no message can say, as `send_message` does, which spares itself the call."""
    if not text or text.isspace():
        return BAD_TEXT
    if len(text) > limits.message_chars_max or _is_too_long(limits, text):
        return Refused("TOO_LONG", TOO_LONG.format(limits.message_chars_max, limits.message_bytes_max))
    return None


def _is_too_long(limits: Limits, text: str) -> bool:
    return len(text.encode()) > limits.message_bytes_max


def find_recipient(state: State, sender: User, name: str) -> int | Refused:
    """The id of whom a message to that name is for: a room that the sender is in, a bot, or a friend."""
    if name[:1] == "#":
        room = find_own_room(state, sender.id, name)
        return room if isinstance(room, Refused) else room.id
    user = state.find(name)
    if user is not None and (user.id in sender.friends or _with_bot(state, sender, user)):
        return user.id
    return _not_a_friend(sender, user, name)


def _with_bot(state: State, sender: User, recipient: User) -> bool:
    """Bots need no friendship to be written to, nor to answer."""
    return recipient.id in state.bots or (sender.id in state.bots and sender.id not in recipient.blocks)


def _not_a_friend(sender: User, recipient: User | None, name: str) -> Refused:
    if recipient is None:
        return no_such_user(name)
    if recipient.id == sender.id:
        return Refused("SELF", "You cannot write to yourself: name somebody else")
    return Refused("NOT_FRIENDS", f"You and {recipient.name} are not friends: send ADDFRIEND first")
