"""Where a client stands, and what can happen to it there: a table of transitions. A missing row is a defect.

A client that waits (for a password to be checked, a long answer, the disk) stays in its phase: that it waits is its
ticket (see `waits`).
"""

from enum import Enum


class Phase(Enum):
    """Where a client stands."""

    BEFORE_LOGIN = "before login"
    LOGGED_IN = "logged in"
    CLOSING = "closing"  # told good-bye: nothing more is read
    CLOSED = "closed"  # the connection is gone


class Change(Enum):
    """What happens to a client."""

    LOG_IN = "log in"
    LOG_OUT = "log out"
    CLOSE = "close"
    LOSE = "lose"  # the connection
    REOPEN = "reopen"  # what was to close it did not hold


_BEFORE_LOGIN, _LOGGED_IN, _CLOSING, _CLOSED = Phase

TRANSITIONS: dict[tuple[Phase, Change], Phase] = {
    (_BEFORE_LOGIN, Change.LOG_IN): _LOGGED_IN,
    (_BEFORE_LOGIN, Change.CLOSE): _CLOSING,
    (_BEFORE_LOGIN, Change.LOSE): _CLOSED,
    (_LOGGED_IN, Change.LOG_OUT): _BEFORE_LOGIN,  # LOGOUT, or a login that did not hold
    (_LOGGED_IN, Change.CLOSE): _CLOSING,
    (_LOGGED_IN, Change.LOSE): _CLOSED,
    (_CLOSING, Change.REOPEN): _LOGGED_IN,
    (_CLOSING, Change.LOSE): _CLOSED,
}


OPEN = (_BEFORE_LOGIN, _LOGGED_IN)
"""Where lines are read."""


def after(phase: Phase, change: Change) -> Phase:
    """The phase that follows. Raises KeyError where this cannot happen."""
    return TRANSITIONS[phase, change]
