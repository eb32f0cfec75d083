"""What the model makes of each command that the server has decided."""

from collections.abc import Callable
from typing import Any

from chatserver.core import commands as c
from tests.model.chat import Effect
from tests.simulation.truth import Truth

Effects = Callable[[Truth, str, Any, "Names"], Effect]


class Names:
    """Users and rooms by their ids, as the server had them when it decided."""

    def __init__(self, state: Any) -> None:
        self._state = state

    def of(self, party: int) -> str:
        """The name of a user or a room, also of one that has gone since."""
        return str(self._state.name_of(party))


def _burst(truth: Truth, user: str, command: Any, names: Names) -> Effect:
    """All of them, which have been taken."""
    places = [name for name, count in command.to for _ in range(count)]
    tags = command.tags or [""] * len(places)
    effects = [truth.send(user, *each) for each in zip(places, command.texts, tags, strict=True)]
    return Effect(
        [frame for effect in effects for frame in effect.answer],
        [heard for effect in effects for heard in effect.heard],
    )


def _mark(truth: Truth, user: str, command: Any, names: Names) -> Effect:
    """End and authors of a conversation are as they were when the server looked them up."""
    authors = [names.of(author) for author in command.authors]
    return truth.mark_read(user, names.of(command.party), command.upto, command.end, authors)


TABLE: dict[type, Effects] = {
    c.SignUp: lambda truth, user, command, names: truth.sign_up(command.name),
    c.SetPassword: lambda truth, user, command, names: truth.set_password(user, command.token_hash),
    c.DeleteAccount: lambda truth, user, command, names: truth.delete_account(user),
    c.SetStatus: lambda truth, user, command, names: truth.set_status(user, command.status, command.text),
    c.AddFriend: lambda truth, user, command, names: truth.add_friend(user, command.friend),
    c.AcceptFriend: lambda truth, user, command, names: truth.accept(user, command.friend),
    c.RejectFriend: lambda truth, user, command, names: truth.reject(user, command.friend),
    c.DeleteFriend: lambda truth, user, command, names: truth.delete_friend(user, command.friend),
    c.Block: lambda truth, user, command, names: truth.block(user, command.name),
    c.Unblock: lambda truth, user, command, names: truth.unblock(user, command.name),
    c.CreateRoom: lambda truth, user, command, names: truth.create_room(user, command.room, command.kind),
    c.JoinRoom: lambda truth, user, command, names: truth.join(user, command.room),
    c.LeaveRoom: lambda truth, user, command, names: truth.leave_room(user, command.room),
    c.Invite: lambda truth, user, command, names: truth.invite(user, command.room, command.name),
    c.Kick: lambda truth, user, command, names: truth.kick(user, command.room, command.name),
    c.SendMessage: lambda truth, user, command, names: truth.send(user, command.to, command.text, command.tag),
    c.SendAgain: lambda truth, user, command, names: truth.send(user, command.to, command.text, command.tag),
    c.AnswerForBot: lambda truth, user, command, names: truth.say_for_bot(
        user, str(command.to), command.text, command.message
    ),
    c.SendBurst: _burst,
    c.EditMessage: lambda truth, user, command, names: truth.edit(user, command.id, command.text),
    c.DeleteMessage: lambda truth, user, command, names: truth.delete(user, command.id),
    c.React: lambda truth, user, command, names: truth.react(user, command.id, command.emoji),
    c.MarkRead: _mark,
    c.Sanction: lambda truth, user, command, names: truth.sanction(command.name, command.kind),
    c.Pardon: lambda truth, user, command, names: truth.pardon(command.name, command.kind),
    c.EndSessions: lambda truth, user, command, names: Effect(["OK|"]),
    c.Ban: lambda truth, user, command, names: truth.ban(),
    c.Unban: lambda truth, user, command, names: truth.unban(),
    c.Report: lambda truth, user, command, names: truth.report(user, command.id),
}
"""Logins and their ends are the oracle's own."""
