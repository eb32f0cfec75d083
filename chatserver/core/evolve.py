"""The only code that changes State: one function an event, for every event that decide ever made."""

from collections.abc import Callable
from typing import Any

from chatserver.core.events import (
    AccountDeleted,
    AddressBanned,
    Announced,
    BanEnded,
    BotAnswered,
    BotRemembered,
    BotStarted,
    BotStopped,
    BotTimerRemoved,
    BotTimerSet,
    BurstSent,
    DeedNoted,
    Delivered,
    EditWithheld,
    Event,
    FriendAdded,
    FriendRemoved,
    FriendRequested,
    InvitationRemoved,
    Invited,
    InviteEnded,
    InviteSet,
    MessageDeleted,
    MessageEdited,
    MessageReported,
    MessageSent,
    ModeratorSet,
    NoticeEnded,
    OtherSessionsEnded,
    OwnerSet,
    PasswordSet,
    PresenceChanged,
    ReactionChanged,
    ReadMarked,
    ReportClosed,
    RequestHidden,
    RequestRemoved,
    RetentionSet,
    RoleChanged,
    RoomCreated,
    RoomEnded,
    RoomForgotten,
    RoomJoined,
    RoomLeft,
    SanctionEnded,
    SanctionSet,
    SessionClosed,
    SessionOpened,
    StatusSet,
    TagsRead,
    TokenIssued,
    TokenRevoked,
    TokenUsed,
    TopicSet,
    Typed,
    UserBlocked,
    UserRemoved,
    UserSignedUp,
    UserUnblocked,
)
from chatserver.core.state import (
    REPORTS_KEPT,
    TYPING_TOLD_MAX,
    TYPING_TOLD_MS,
    Room,
    State,
    Token,
    User,
)
from chatserver.core.tags import Tags


def evolve(state: State, event: Event) -> None:
    """Apply one event to State, in place."""
    TABLE[type(event)](state, event)


def _message_sent(state: State, event: MessageSent) -> None:
    message_id, _, sender, recipient, _, tag = event  # at once: a named field costs 25 ns
    receiver = state.users[recipient] if recipient > 0 else state.rooms[recipient]
    state.last_message_id = receiver.received_id = message_id
    if tag is not None:
        _tags(state, sender).add(tag, message_id, state.limits.tags_per_user_max)


def _burst_sent(state: State, event: BurstSent) -> None:
    recipient = event.recipient
    receiver = state.users[recipient] if recipient > 0 else state.rooms[recipient]
    state.last_message_id = receiver.received_id = event.first_id + len(event.texts) - 1
    if event.tags:
        _tags(state, event.sender).add_all(event.tags, event.first_id, state.limits.tags_per_user_max)


def _tags(state: State, user: int) -> Tags:
    """Where a user's tags are kept. Before one is used, what is stored of them was read (`TagsRead`)."""
    sender = state.users[user]
    if type(sender.tags) is not Tags:
        sender.tags = Tags()
    return sender.tags


def _tags_read(state: State, event: TagsRead) -> None:
    state.users[event.user].tags = event.tags


def _message_changed(state: State, event: MessageEdited | EditWithheld | MessageDeleted | ReactionChanged) -> None:
    state.last_message_id = event.id
    room = state.rooms.get(event.recipient)
    if room is not None:
        room.received_id = event.id


def _user_signed_up(state: State, event: UserSignedUp) -> None:
    state.add(User(event.user, event.name, event.key, event.password_hash, delivered_id=event.delivered_id))


def _password_set(state: State, event: PasswordSet) -> None:
    state.users[event.user].password_hash = event.password_hash


def _token_issued(state: State, event: TokenIssued) -> None:
    state.tokens[event.token_hash] = Token(event.user, event.time_ms)
    user = state.users[event.user]
    user.tokens = (*user.tokens, event.token_hash)


def _token_used(state: State, event: TokenUsed) -> None:
    token = state.tokens.get(event.token_hash)
    if token is not None:
        token.used_ms = event.time_ms


def _token_revoked(state: State, event: TokenRevoked) -> None:
    token = state.tokens.pop(event.token_hash, None)
    if token is not None:
        user = state.users[token.user]
        user.tokens = tuple(kept for kept in user.tokens if kept != event.token_hash)


def _status_set(state: State, event: StatusSet) -> None:
    user = state.users[event.user]
    user.status, user.status_text = event.status, event.text


def _friend_requested(state: State, event: FriendRequested) -> None:
    asker, asked = state.users[event.asker], state.users[event.asked]
    asker.asked |= {asked.id}
    asked.askers |= {asker.id}


def _request_removed(state: State, event: RequestRemoved) -> None:
    asker, asked = state.users[event.asker], state.users[event.asked]
    asker.asked -= {asked.id}
    asked.askers -= {asker.id}


def _friend_added(state: State, event: FriendAdded) -> None:
    state.users[event.user].friends.add(event.friend)
    state.users[event.friend].friends.add(event.user)


def _friend_removed(state: State, event: FriendRemoved) -> None:
    state.users[event.user].friends.discard(event.friend)
    state.users[event.friend].friends.discard(event.user)


def _account_deleted(state: State, event: AccountDeleted) -> None:
    user = state.users[event.user]
    for token_hash in user.tokens:
        del state.tokens[token_hash]
    state.remove(user)
    state.bot_timers.pop(user.id, None)
    state.bot_memory.pop(user.id, None)


def _bot_started(state: State, event: BotStarted) -> None:
    state.bots[event.user] = event.help
    state.users[event.user].sessions = 1  # always online


def _bot_stopped(state: State, event: BotStopped) -> None:
    del state.bots[event.user]
    state.users[event.user].sessions = 0


def _bot_remembered(state: State, event: BotRemembered) -> None:
    state.bot_memory.setdefault(event.user, {})[event.bot] = event.state


def _bot_timer_set(state: State, event: BotTimerSet) -> None:
    state.bot_timers.setdefault(event.user, {})[event.bot, event.name] = (event.due_ms, event.room)


def _bot_timer_removed(state: State, event: BotTimerRemoved) -> None:
    state.bot_timers.get(event.user, {}).pop((event.bot, event.name), None)


def _user_blocked(state: State, event: UserBlocked) -> None:
    state.users[event.user].blocks |= {event.blocked}
    state.users[event.blocked].blocked_by |= {event.user}


def _user_unblocked(state: State, event: UserUnblocked) -> None:
    state.users[event.user].blocks -= {event.blocked}
    state.users[event.blocked].blocked_by -= {event.user}


def _request_hidden(state: State, event: RequestHidden) -> None:
    state.users[event.asker].asked |= {event.asked}


def _room_created(state: State, event: RoomCreated) -> None:
    room = Room(event.room, event.name, event.key, event.kind, event.owner)
    state.add_room(room)
    state.last_room_id = room.id


def _room_joined(state: State, event: RoomJoined) -> None:
    state.rooms[event.room].members[event.user] = event.after_id
    state.users[event.user].rooms |= {event.room}


def _room_left(state: State, event: RoomLeft) -> None:
    room, user = state.rooms[event.room], state.users[event.user]
    del room.members[user.id]
    room.moderators -= {user.id}
    user.rooms -= {room.id}
    user.stays_over += 1
    if user.read is not None:
        user.read.pop(room.id, None)
    user.received_id = max(user.received_id, room.received_id)  # what it missed in there is still for it
    timers = state.bot_timers.get(user.id, {})
    for key, (due_ms, place) in timers.items():  # who has left does not speak there through a bot
        if place == room.name:
            timers[key] = (due_ms, "")


def _owner_set(state: State, event: OwnerSet) -> None:
    room = state.rooms[event.room]
    room.owner = event.owner
    room.moderators -= {event.owner}


def _topic_set(state: State, event: TopicSet) -> None:
    room = state.rooms[event.room]
    _forget_topic(state, room)
    room.topic, room.topic_by = event.topic, event.user if event.topic else 0
    if event.topic:
        state.users[event.user].topics |= {room.id}


def _retention_set(state: State, event: RetentionSet) -> None:
    state.rooms[event.room].history_days = event.days


def _forget_topic(state: State, room: Room) -> None:
    before = state.users.get(room.topic_by)
    if before is not None:
        before.topics -= {room.id}


def _invited(state: State, event: Invited) -> None:
    state.rooms[event.room].invited[event.user] = event.by
    state.users[event.user].invited |= {event.room}


def _invitation_removed(state: State, event: InvitationRemoved) -> None:
    del state.rooms[event.room].invited[event.user]
    state.users[event.user].invited -= {event.room}


def _room_ended(state: State, event: RoomEnded) -> None:
    room = state.rooms[event.room]
    _forget_topic(state, room)
    state.end_room(room)
    state.forget_room(event.forgotten)


def _room_forgotten(state: State, event: RoomForgotten) -> None:
    state.forget_room(event.room)


def _moderator_set(state: State, event: ModeratorSet) -> None:
    room = state.rooms[event.room]
    if event.is_moderator:
        room.moderators |= {event.user}
    else:
        room.moderators -= {event.user}


def _message_reported(state: State, event: MessageReported) -> None:
    """The times of a user's last reports are kept for the limit alone."""
    state.last_report_id = event.report
    state.reported[event.user] = (*state.reported.get(event.user, ()), event.time_ms)[-REPORTS_KEPT:]


def _sanction_set(state: State, event: SanctionSet) -> None:
    user = state.users[event.user]
    user.sanctions = {**(user.sanctions or {}), event.kind: (event.until_ms, event.reason)}


def _sanction_ended(state: State, event: SanctionEnded) -> None:
    user = state.users[event.user]
    left = {kind: sanction for kind, sanction in (user.sanctions or {}).items() if kind != event.kind}
    user.sanctions = left or None


def _address_banned(state: State, event: AddressBanned) -> None:
    state.keep_out(event.network, event.until_ms, event.reason)


def _ban_ended(state: State, event: BanEnded) -> None:
    state.let_in(event.network)


def _invite_set(state: State, event: InviteSet) -> None:
    state.invites[event.code] = (event.uses, event.until_ms)


def _invite_ended(state: State, event: InviteEnded) -> None:
    state.invites.pop(event.code, None)


def _announced(state: State, event: Announced) -> None:
    state.notices[event.notice] = (event.text, event.until_ms)


def _notice_ended(state: State, event: NoticeEnded) -> None:
    state.notices.pop(event.notice, None)


def _delivered(state: State, event: Delivered) -> None:
    user = state.users.get(event.user)  # may have been deleted since the mark was made
    if user is not None:
        user.delivered_id, user.gaps = event.upto, event.gaps


def _read_marked(state: State, event: ReadMarked) -> None:
    user = state.users[event.user]
    if user.read is None:
        user.read = {}
    user.read[event.party] = event.upto


def _typed(state: State, event: Typed) -> None:
    """Keep what was told last, in the order of telling; what is too old to matter goes."""
    told = state.typing
    told.pop((event.user, event.party), None)
    told[event.user, event.party] = event.time_ms
    while len(told) > TYPING_TOLD_MAX or next(iter(told.values())) <= event.time_ms - TYPING_TOLD_MS:
        del told[next(iter(told))]


def _session_opened(state: State, event: SessionOpened) -> None:
    state.users[event.user].sessions += 1


def _session_closed(state: State, event: SessionClosed) -> None:
    state.users[event.user].sessions -= 1


def _nothing(state: State, event: Event) -> None:
    """The event tells others; State holds what it says already."""


TABLE: dict[type, Callable[[State, Any], None]] = {  # Any: each row takes its own type of event
    MessageSent: _message_sent,
    BurstSent: _burst_sent,
    TagsRead: _tags_read,
    UserSignedUp: _user_signed_up,
    PasswordSet: _password_set,
    TokenIssued: _token_issued,
    TokenUsed: _token_used,
    TokenRevoked: _token_revoked,
    StatusSet: _status_set,
    FriendRequested: _friend_requested,
    RequestRemoved: _request_removed,
    FriendAdded: _friend_added,
    FriendRemoved: _friend_removed,
    AccountDeleted: _account_deleted,
    Delivered: _delivered,
    UserBlocked: _user_blocked,
    UserUnblocked: _user_unblocked,
    RequestHidden: _request_hidden,
    RoomCreated: _room_created,
    RoomJoined: _room_joined,
    RoomLeft: _room_left,
    OwnerSet: _owner_set,
    TopicSet: _topic_set,
    RetentionSet: _retention_set,
    Invited: _invited,
    InvitationRemoved: _invitation_removed,
    RoomEnded: _room_ended,
    RoomForgotten: _room_forgotten,
    ReadMarked: _read_marked,
    Typed: _typed,
    BotStarted: _bot_started,
    BotStopped: _bot_stopped,
    BotRemembered: _bot_remembered,
    BotTimerSet: _bot_timer_set,
    BotTimerRemoved: _bot_timer_removed,
    SessionOpened: _session_opened,
    SessionClosed: _session_closed,
    OtherSessionsEnded: _nothing,
    BotAnswered: _nothing,
    PresenceChanged: _nothing,
    MessageEdited: _message_changed,
    EditWithheld: _message_changed,
    MessageDeleted: _message_changed,
    ReactionChanged: _message_changed,
    ModeratorSet: _moderator_set,
    RoleChanged: _nothing,
    MessageReported: _message_reported,
    ReportClosed: _nothing,
    SanctionSet: _sanction_set,
    SanctionEnded: _sanction_ended,
    UserRemoved: _nothing,
    AddressBanned: _address_banned,
    BanEnded: _ban_ended,
    InviteSet: _invite_set,
    InviteEnded: _invite_ended,
    Announced: _announced,
    NoticeEnded: _notice_ended,
    DeedNoted: _nothing,
}
