"""What a slash command can do: the part of a session that `actions` know."""

from collections.abc import Callable
from typing import Protocol

from chatclient.desk import Desk
from chatclient.events import Ok
from chatclient.lines import Line


class UsageError(Exception):
    """What was typed lacks something; the text is a sentence, or empty for the command's usage."""


class Hands(Protocol):
    """What a command can do."""

    desk: Desk

    def ask(
        self,
        verb: str,
        *fields: str,
        then: Callable[[Ok], None] | None = None,
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        """Send a verb; show its answer, and go on with `then` if it was taken, `otherwise` if not."""

    def raw(self, frame: str) -> None:
        """Send a line as it is, and show its answer."""

    def say(self, *lines: Line) -> None:
        """Show lines."""

    def ask_secret(self, prompt: str, then: Callable[[str], None]) -> None:
        """Let the user type something that is not shown."""

    def log_in(self, name: str, password: str | None = None) -> None:
        """Log in, by the token kept for this name if there is one, else by a password."""

    def log_out(self) -> None:
        """Log out and forget the token."""

    def reconnect(self) -> None:
        """Connect now."""

    def redraw(self, *, forget: bool) -> None:
        """Draw the screen anew, or empty."""

    def leave(self) -> None:
        """End the program."""

    tells_typing: bool
