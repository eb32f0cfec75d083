"""What a command does: the events that follow from it and the answer, or a refusal.

Pure: it reads State and the command, changes neither, and knows no clock.
"""

from collections.abc import Callable
from typing import Any

from chatserver.core import accounts, blocks, bots, changes, friends, messages, rooms, typing, unread_marks
from chatserver.core.commands import (
    AcceptFriend,
    AddFriend,
    Block,
    CloseSession,
    Command,
    CreateRoom,
    DeleteAccount,
    DeleteFriend,
    DeleteMessage,
    EditMessage,
    Invite,
    JoinRoom,
    KeepForBot,
    KeepTokens,
    Kick,
    LeaveRoom,
    LogIn,
    LogOut,
    MarkRead,
    React,
    Rehash,
    RejectFriend,
    Resume,
    SendBurst,
    SendMessage,
    SetPassword,
    SetStatus,
    SetTopic,
    ShowTyping,
    SignUp,
    StartBot,
    Unblock,
)
from chatserver.core.outcome import Outcome
from chatserver.core.state import State


def decide(state: State, command: Command) -> Outcome:
    """Decide on one command."""
    return TABLE[type(command)](state, command)


TABLE: dict[type, Callable[[State, Any], Outcome]] = {  # Any: each row takes its own type of command
    SendMessage: messages.send_message,
    SendBurst: messages.send_burst,
    SignUp: accounts.sign_up,
    LogIn: accounts.log_in,
    Resume: accounts.resume,
    LogOut: accounts.log_out,
    CloseSession: accounts.close_session,
    KeepTokens: accounts.keep_tokens,
    SetPassword: accounts.set_password,
    Rehash: accounts.rehash,
    DeleteAccount: accounts.delete_account,
    SetStatus: accounts.set_status,
    AddFriend: friends.add_friend,
    AcceptFriend: friends.accept_friend,
    RejectFriend: friends.reject_friend,
    DeleteFriend: friends.delete_friend,
    StartBot: bots.start_bot,
    KeepForBot: bots.keep_for_bot,
    Block: blocks.block,
    Unblock: blocks.unblock,
    CreateRoom: rooms.create_room,
    JoinRoom: rooms.join_room,
    LeaveRoom: rooms.leave_room,
    Invite: rooms.invite,
    Kick: rooms.kick,
    SetTopic: rooms.set_topic,
    MarkRead: unread_marks.mark_read,
    ShowTyping: typing.show_typing,
    EditMessage: changes.edit_message,
    DeleteMessage: changes.delete_message,
    React: changes.react,
}
