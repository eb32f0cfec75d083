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
    """A password to check, and one to hash."""

    old: str
    new: str


@dataclass(slots=True)
class AskDeleteAccount:
    """A password to check."""

    password: str


@dataclass(slots=True)
class AskQuit:
    """The client is going."""


Ask = AskSignUp | AskLogIn | AskResume | AskSetPassword | AskDeleteAccount | AskQuit
Request = Command | Ask | Query | LongQuery | LookUp | Answer | Refused
"""What a line becomes; an `Answer` is ready."""
