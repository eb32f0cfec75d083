"""Decisions about bots: users that the server itself speaks for, without a password and always online."""

from chatserver.core.commands import KeepForBot, StartBot, StopBot
from chatserver.core.events import (
    BotRemembered,
    BotStarted,
    BotStopped,
    BotTimerRemoved,
    BotTimerSet,
    Event,
    UserSignedUp,
)
from chatserver.core.outcome import Outcome, Refused
from chatserver.core.state import NO_PASSWORD, State
from chatserver.protocol.names import name_key

EVERYBODY = 0
"""In the place of a user: what a bot remembers of all. No user has this id."""


def start_bot(state: State, command: StartBot) -> Outcome:
    """Let a bot run; make its account the first time. A name that a person has or had stays theirs."""
    key = name_key(command.name)
    user = state.by_key.get(key)
    if user is not None and user.password_hash == NO_PASSWORD:
        return (BotStarted(user.id, command.help),), (user.name,)
    if user is not None or key in state.reserved:
        return Refused("NAME_TAKEN", f"There is or was a user called {command.name}: give the bot another name")
    made = state.last_user_id + 1
    signed_up = UserSignedUp(made, command.name, key, NO_PASSWORD, command.now_ms, state.last_message_id)
    return (signed_up, BotStarted(made, command.help)), (command.name,)


def stop_bot(state: State, command: StopBot) -> Outcome:
    """Let a bot run no more, if it does."""
    return ((BotStopped(command.bot),) if command.bot in state.bots else ()), ()


def keep_for_bot(state: State, command: KeepForBot) -> Outcome:
    """Keep what a bot remembers, and when it wants to be woken."""
    bot, user = command.bot, command.user
    events: list[Event] = []
    if command.state is not None:
        events.append(BotRemembered(bot, user, command.state))
    if command.shared is not None:
        events.append(BotRemembered(bot, EVERYBODY, command.shared))
    timers = state.bot_timers.get(user, {})
    for name, due_ms, room in command.timers:
        if due_ms is not None:
            events.append(BotTimerSet(bot, user, name, due_ms, room))
        elif (bot, name) in timers:
            events.append(BotTimerRemoved(bot, user, name))
    return events, ()
