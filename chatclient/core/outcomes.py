"""What a session comes to, as typed values: logged in, caught up, sent, or not. The frames are in `events`."""

from dataclasses import dataclass, field

from chatclient.core import events as ev


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The login holds; `token` logs in again. `again` tells a reconnect from a first login."""

    name: str
    token: str = field(repr=False)
    again: bool


@dataclass(frozen=True, slots=True)
class LoginFailed:
    """The server refused the login for good."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class LoginDelayed:
    """The server cannot log this user in just now: reconnect later."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The token is worthless now, and the connection that of nobody."""

    name: str


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Everything said up to now has been handed out as events."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has stored a message of this client's."""

    tag: str
    id: int
    time: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The connection was lost before a command was answered: it may have taken effect or not."""

    verb: str
    tag: str


@dataclass(frozen=True, slots=True)
class Restored:
    """The server's store was put back from a backup while there was no connection: some of what was said is gone."""


Event = ev.Frame | Restored | LoggedIn | LoginFailed | LoginDelayed | LoggedOut | CaughtUp | Sent | Unanswered
