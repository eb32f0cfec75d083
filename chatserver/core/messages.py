"""Decisions about messages."""

from itertools import accumulate

from chatserver.core.commands import AnswerForBot, SendAgain, SendBurst, SendMessage
from chatserver.core.events import BotAnswered, BurstSent, TagsRead, message_sent
from chatserver.core.outcome import Outcome, Refused, find_own_room, no_such_user
from chatserver.core.sanctions import check_mute
from chatserver.core.state import TAG_LIFE_MS, Limits, State, User, apart
from chatserver.core.tags import has_double
from chatserver.protocol.times import format_time
from chatserver.protocol.visible import any_blank, is_blank

BAD_TEXT = Refused("BAD_TEXT", "A message needs a text that can be seen: write something")
LOOK_UP = Refused("LOOK_UP", "A tag that may have been used has to be looked up: see queries/look_ups")
"""Says to whoever runs the command that it takes a `SendAgain`; no user reads it."""
TOO_LONG = "A message has at most {} characters and {} bytes: split it in two"


def send_message(state: State, command: SendMessage | SendAgain, *, is_new: bool = False) -> Outcome:
    """Write to somebody. This is the path of a message: every line of it is paid for each time.

    `is_new` says that its tag does not stand for another message.
    """
    sender = state.users[command.user]
    tag, now_ms, text, to = command.tag, command.now_ms, command.text, command.to
    if tag and not is_new and sender.tags is not None and sender.tags.find(tag):
        return LOOK_UP
    if sender.sanctions and (muted := check_mute(sender, now_ms)):
        return muted
    friend = state.by_name.get(to) if type(to) is str else None
    if friend is not None and friend.id in sender.friends:
        recipient = friend.id
    else:
        found = find_recipient(state, sender, to)
        if type(found) is Refused:
            return found
        recipient = found
    limits = state.limits
    length = len(text)
    if not length or text.isspace() or (not text.isascii() and is_blank(text)):
        return BAD_TEXT
    if length > limits.message_chars_max or (length > limits.message_bytes_max // 4 and _is_too_long(limits, text)):
        return Refused("TOO_LONG", TOO_LONG.format(limits.message_chars_max, limits.message_bytes_max))
    message_id = state.last_message_id + 1
    event = message_sent((message_id, now_ms, sender.id, recipient, text, tag or None))
    return (event,), (str(message_id), format_time(now_ms))


def send_again(state: State, command: SendAgain) -> Outcome:
    """The same, where it is known what became of the tag."""
    sent = command.sent
    read = () if command.read is None else (TagsRead(command.user, command.read),)
    if sent is not None and sent[1] > command.now_ms - TAG_LIFE_MS:
        return read, (str(sent[0]), format_time(sent[1]))
    outcome = send_message(state, command, is_new=True)
    return outcome if type(outcome) is Refused else ((*read, *outcome[0]), outcome[1])


def send_burst(state: State, command: SendBurst) -> Outcome:
    """The same for many at once, so that what is done for each is little. Of the answer, each is one message's."""
    sender, texts, tags = state.users[command.user], command.texts, command.tags
    if tags and (has_double(tags) or (sender.tags is not None and sender.tags.has_any(tags))):
        return LOOK_UP
    if sender.sanctions and (muted := check_mute(sender, command.now_ms)):
        return muted
    recipients = [find_recipient(state, sender, name) for name, _ in command.to]
    for recipient in recipients:
        if type(recipient) is Refused:
            return recipient
    if any_blank(texts):
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
    if len(recipients) == 1:
        return (BurstSent(first_id, now_ms, sender.id, recipients[0], texts, tags),), answers  # type: ignore[arg-type]
    ends = list(accumulate(count for _, count in command.to))
    events = [
        BurstSent(first_id + at, now_ms, sender.id, recipient, texts[at:end], tags and tags[at:end])  # type: ignore[arg-type]
        for recipient, at, end in zip(recipients, (0, *ends), ends, strict=False)
    ]
    return events, answers


def answer_for_bot(state: State, command: AnswerForBot) -> Outcome:
    """The same in a bot's name; what it says goes with the message that it answers, and with who was answered."""
    said = SendMessage(command.user, command.to, command.text, "", command.now_ms)
    outcome = send_message(state, said)
    if isinstance(outcome, Refused):
        return outcome
    answered = BotAnswered(state.last_message_id + 1, command.message, command.asker)
    return (*outcome[0], answered), outcome[1]


def check_text(limits: Limits, text: str) -> Refused | None:
    """Refuse what no message can say, as `send_message` does, which spares itself the call."""
    if is_blank(text):
        return BAD_TEXT
    if len(text) > limits.message_chars_max or _is_too_long(limits, text):
        return Refused("TOO_LONG", TOO_LONG.format(limits.message_chars_max, limits.message_bytes_max))
    return None


def _is_too_long(limits: Limits, text: str) -> bool:
    return len(text.encode()) > limits.message_bytes_max


def find_recipient(state: State, sender: User, name: str | int) -> int | Refused:
    """The id of whom a message to that name is for: a room that the sender is in, a bot, or a friend."""
    if isinstance(name, int):
        return (
            name if name in sender.rooms else Refused("NOT_MEMBER", "You are not in this room any more: JOIN it first")
        )
    if name[:1] == "#":
        room = find_own_room(state, sender.id, name)
        return room if isinstance(room, Refused) else room.id
    user = state.find(name)
    if user is not None and (
        user.id in sender.friends or _with_bot(state, sender, user) or _with_anybody(state, sender, user)
    ):
        return user.id
    return _not_a_friend(sender, user, name)


def _with_bot(state: State, sender: User, recipient: User) -> bool:
    """Bots need no friendship to be written to, nor to answer."""
    return recipient.id in state.bots or (sender.id in state.bots and sender.id not in recipient.blocks)


def _with_anybody(state: State, sender: User, recipient: User) -> bool:
    """Where the policy says so, all may write to each other but those who are kept apart."""
    return state.limits.direct_messages == "everyone" and sender is not recipient and not apart(sender, recipient)


def _not_a_friend(sender: User, recipient: User | None, name: str) -> Refused:
    if recipient is None:
        return no_such_user(name)
    if recipient.id == sender.id:
        return Refused("SELF", "You cannot write to yourself: name somebody else")
    if recipient.id in sender.asked:
        return Refused("NOT_FRIENDS", f"{recipient.name} has not said yes to your friend request: wait for an answer")
    if recipient.id in sender.askers:
        return Refused("NOT_FRIENDS", f"{recipient.name} asks to be your friend: send ACCEPTFRIEND first")
    return Refused("NOT_FRIENDS", f"You and {recipient.name} are not friends: send ADDFRIEND first")
