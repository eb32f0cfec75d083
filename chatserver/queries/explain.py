"""EXPLAIN: what became of one message, in rows for a person.

What one user may not know of another is not told here either: whoever is invisible or apart by a block looks
like somebody who has not logged in yet.
"""

from collections.abc import Callable, Iterable

from chatserver.core.id_ranges import Delivery
from chatserver.core.outcome import Refused
from chatserver.core.state import State, User, apart
from chatserver.protocol.times import format_time
from chatserver.store.history import Message

Row = tuple[str, ...]
Deliveries = Callable[[User, int], Delivery | None]
"""When a message to a user was handed to a session; None if it waits."""

NO_SUCH_MESSAGE = Refused(
    "NO_SUCH_MESSAGE", "You have sent and received no message with this id: HISTORY and SYNC show ids"
)


def explain(state: State, deliveries: Deliveries, user: User, message: Message | None) -> list[Row] | Refused:
    """Rows of what, who, and a sentence. The sender learns of every receiver, a receiver of themselves alone."""
    if message is None or not _concerns(state, user, message):
        return NO_SUCH_MESSAGE
    stored = f"written at {format_time(message.time_ms)}, and on the server's disk"
    rows: list[Row] = [("stored", state.name_of(message.sender), stored)]
    if not message.text:
        return [*rows, ("deleted", state.name_of(message.sender), "taken back by who wrote it: its text is gone")]
    if message.recipient > 0 and message.recipient not in state.users:
        return [*rows, ("gone", state.name_of(message.recipient), "the account has been deleted")]
    for receiver in _receivers(state, message):
        if user.id in (message.sender, receiver.id):
            rows += _fate(state, deliveries, user, receiver, message)
    return rows


def _concerns(state: State, user: User, message: Message) -> bool:
    if message.recipient > 0:
        return user.id in (message.sender, message.recipient)
    return message.recipient in user.rooms


def _receivers(state: State, message: Message) -> Iterable[User]:
    """Those for whom it was, and who are still there; of a room, the members since before it was written."""
    if message.recipient > 0:
        return [state.users[message.recipient]]
    members = state.rooms[message.recipient].members.items()
    receivers = [state.users[member] for member, after in members if after < message.id and member != message.sender]
    return sorted(receivers, key=lambda receiver: receiver.key)


def _fate(state: State, deliveries: Deliveries, asker: User, receiver: User, message: Message) -> list[Row]:
    name = receiver.name
    if receiver.id in state.bots:
        return [("delivered", name, "bots get their messages at once")]
    is_own = asker is receiver
    is_told = is_own or not apart(asker, receiver)
    delivery = deliveries(receiver, message.id) if is_told else None
    party = message.sender if message.recipient > 0 else message.recipient
    read_id = (receiver.read or {}).get(party, 0) if is_told else 0
    rows: list[Row] = []
    if delivery and (is_own or delivery.was_seen):
        rows.append(("delivered", name, _handed_over(name, delivery, is_own)))
    elif read_id < message.id:
        rows.append(("waiting", name, f"no session of {name} has been handed it in full yet"))
    if read_id >= message.id:
        rows.append(("read", name, f"{name} has marked this conversation as read up to here or further"))
    return rows


def _handed_over(name: str, delivery: Delivery, is_own: bool) -> str:
    """Since when a session is open is for its own user alone, who may have been invisible until a moment ago."""
    if not delivery.time_ms:
        return "handed to a session; when and to which is not remembered any more"
    session = f"the session that {name} opened at {format_time(delivery.session_since_ms)}" if is_own else "a session"
    return f"handed to {session}, within the second before {format_time(delivery.time_ms)}"
