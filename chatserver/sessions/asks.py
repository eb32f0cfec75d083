"""What a line can ask for that is about the session itself: it needs a password or a token, or ends the session."""

from dataclasses import dataclass

from chatserver.core.commands import Command
from chatserver.core.outcome import Refused
from chatserver.queries.requests import Answer, LongQuery, LookUp, Query


@dataclass(slots=True)
class AskSignUp:
    """A password to hash for a new account."""

    name: str
    password: str
    code: str = ""


@dataclass(slots=True)
class AskLogIn:
    """A password to check."""

    name: str
    password: str


@dataclass(slots=True)
class AskResume:
    """A token to look up."""

    name: str
    token: str


@dataclass(slots=True)
class AskSetPassword:
    """A password to check, and one to hash; also before login, for who was given one for that alone."""

    name: str
    old: str
    new: str


@dataclass(slots=True)
class AskDeleteAccount:
    """A password to check."""

    password: str


@dataclass(slots=True)
class AskAdmin:
    """A command for the administration of the server."""

    words: str


@dataclass(slots=True)
class AskQuit:
    """The client is going."""


@dataclass(slots=True)
class TurnAway:
    """No client of this protocol: a sentence to refuse it with, before the good-bye."""

    sentence: str


Ask = AskSignUp | AskLogIn | AskResume | AskSetPassword | AskDeleteAccount | AskAdmin | AskQuit | TurnAway
Request = Command | Ask | Query | LongQuery | LookUp | Answer | Refused
"""What a line becomes; an `Answer` is ready."""
