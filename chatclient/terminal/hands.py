"""What a command of a person can do: the part of a session that the commands know."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from chatclient.core.events import Ok, Refused
from chatclient.core.outcomes import Unanswered
from chatclient.keep import Settings
from chatclient.terminal.desk import Desk
from chatclient.terminal.lines import Line
from chatclient.terminal.windows import Look

Shown = Literal["all", "refusals", "nothing"]
"""What is shown of an answer."""


class UsageError(Exception):
    """What was typed lacks something; the text is a sentence, or empty for the command's usage."""


class Hands(Protocol):
    """What a command can do: the part of a session that it knows."""

    desk: Desk
    settings: Settings

    def ask(
        self,
        verb: str,
        *fields: str,
        then: Callable[[Ok], None] | None = None,
        otherwise: Callable[[Refused | Unanswered], None] | None = None,
        shown: Shown = "all",
    ) -> None:
        """Send a verb and show its answer, or refusals alone; go on with `then` if it was taken, `otherwise` if not."""

    def raw(self, frame: str) -> None:
        """Send a line as it is, and show its answer."""

    def say(self, *lines: Line) -> None:
        """Show lines; what is more than a screen is shown from its beginning."""

    def ask_secret(self, prompt: str, then: Callable[[str], None]) -> None:
        """Let the user type something that is not shown."""

    def type_for(self, text: str) -> None:
        """Put a text into the line being typed."""

    def open(self, place: str) -> None:
        """Put a conversation on the screen, with its last messages."""

    def older(self) -> None:
        """Get what was said before the oldest message on the screen."""

    def log_in(self, name: str, password: str | None = None) -> None:
        """Log in, by the token kept for this name if there is one, else by a password."""

    def sign_up(self, name: str, password: str) -> None:
        """Make an account and log in."""

    def log_out(self) -> None:
        """Log out and forget what is kept here."""

    def apply(self) -> None:
        """The settings were changed."""

    def reconnect(self) -> None:
        """Connect now."""

    def redraw(self, *, forget: bool) -> None:
        """Draw the screen anew, or empty."""

    def leave(self) -> None:
        """End the program."""


class Shows(Protocol):
    """The part of a screen that a session needs."""

    numbered: bool

    @property
    def is_stream(self) -> bool:
        """Whether everything goes by in one stream."""

    def show(self, lines: Sequence[Line]) -> None:
        """Print lines into the stream."""

    def look(self) -> Look:
        """How rows of a window are made now."""

    def use(self, *, stream: bool) -> None:
        """Change between windows and the stream."""

    def draw_anew(self, *, forget: bool = False) -> None:
        """Draw everything again, or forget what was there."""
