"""One sitting at the terminal: between the keys and events that come in, and the lines that are shown.

Knows the carrier and the desk; of the terminal it knows only that lines can be shown on it.
"""

import time
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Protocol

from chatclient import core, keep
from chatclient import events as ev
from chatclient.carrier import Carrier, Happened, Offline
from chatclient.commands import BadCommand, NotLoggedInError
from chatclient.complete import complete
from chatclient.core import Phase
from chatclient.desk import Desk
from chatclient.editor import LineEditor
from chatclient.keys import Key
from chatclient.lines import Line, Piece, line
from chatclient.slash import SLASHES, run_line
from chatclient.views import view

TYPING_EVERY_S = 5.0
_Then = Callable[[ev.Ok], None] | None


class Shows(Protocol):
    """The part of a screen that a session needs."""

    def show(self, lines: Sequence[Line]) -> None:
        """Print lines."""

    def draw_anew(self, *, forget: bool = False) -> None:
        """Draw everything again, or forget what was there."""


class Session:
    """What the user does and what the server says, brought together. It is the `Hands` of the slash commands."""

    def __init__(self, carrier: Carrier, screen: Shows, folder: Path) -> None:
        self.desk = Desk()
        self.editor = LineEditor()
        self.tells_typing = False
        self.done = False
        self._carrier = carrier
        self._core = carrier.core
        self._screen = screen
        self._folder = folder
        self._asked: dict[str, tuple[_Then, bool]] = {}  # by tag: what comes then, and whether its answer is shown
        self._secret: tuple[str, Callable[[str], None]] | None = None
        self._warned = False  # the user has been told that /quit would lose messages
        self._told_typing_at = 0.0
        self._offline_said = ""
        self._knows_names = False

    # What the loop calls

    def press(self, key: Key) -> None:
        """Take a key."""
        if key.name == "tab" and not self.editor.masked:
            self._complete()
        elif key.name == "interrupt" and (self._secret or not self.editor.text):
            self._interrupt()
        elif key.name == "end-of-input" and not self.editor.text:
            self.leave()
        elif key.name == "end-of-input":
            self.editor.press(Key("delete"))
        elif (typed := self.editor.press(key)) is not None:
            self._entered(typed)
        elif key.name == "text":
            self._tell_typing()

    def take(self, happened: Sequence[Happened]) -> None:
        """Take what the carrier says."""
        for event in happened:
            if isinstance(event, ev.Ok | ev.Refused | core.Sent | core.Unanswered) and event.tag in self._asked:
                self._take_answer(event)
            else:
                self._take_event(event)

    def status(self) -> tuple[Piece, ...]:
        """The status row: the connection first, then who, what is unread, who is typing."""
        phase, retry_at = self._core.phase, self._carrier.retry_at
        if phase is Phase.READY or (phase is Phase.ANONYMOUS and self._core.name is None):
            state = Piece(f"● {phase.value}", "good")
        elif phase is Phase.OFFLINE and retry_at is not None:
            state = Piece(f"○ offline, next try in {max(0, ceil(retry_at - time.monotonic()))} s", "alert")
        else:
            state = Piece(f"○ {phase.value}", "alert" if phase is Phase.OFFLINE else "warn")
        who = f"  {self.desk.me or 'nobody'} @ {self._carrier.target}"
        counts = ", ".join(f"{place} {count}" for place, count in self.desk.unread.items())
        unsent, typing = self._core.unsent, ", ".join(self.desk.typing_here())
        return (
            state,
            Piece(who, "dim"),
            Piece(f"  unread: {counts}" if counts else "", "warn"),
            Piece(f"  {unsent} unsent" if unsent else "", "alert"),
            Piece(f"  {typing} typing…" if typing else "", "dim"),
        )

    def prompt(self) -> str:
        """The prompt names the conversation, or what is asked for."""
        return self._secret[0] if self._secret else f"{self.desk.place}> "

    @property
    def is_changing(self) -> bool:
        """Whether the status row changes as time goes by."""
        return self._core.phase is Phase.OFFLINE or bool(self.desk.typing)

    def begin(self, user: str | None, password: str | None) -> None:
        """Log in if it is known as whom; else say how to begin."""
        kept = keep.load(self._folder, str(self._carrier.target), user)
        if user and password:
            self.log_in(user, password)
        elif kept or user:
            self.log_in(kept.user if kept else user or "")
        else:
            self.say(line("Welcome. Type /login NAME, or /signup NAME for a new account; /help lists the rest"))

    def remember(self) -> None:
        """Keep how far this user has read, for the next start."""
        credentials = self._core.credentials
        if not credentials or not credentials.proven or not credentials.token:
            return
        kept = keep.Kept(str(self._carrier.target), credentials.name, credentials.token, self._core.last_id or 0)
        try:
            keep.save(self._folder, kept)
        except OSError as error:
            self.say(line(f"The login cannot be kept in {self._folder}: {error.strerror}", "warn"))

    # The hands of the slash commands

    def ask(self, verb: str, *fields: str, then: _Then = None, shown: bool = True) -> None:
        """Send a verb; show its answer, and go on with `then` if it was taken."""
        try:
            tag = self._core.command(verb, *fields)
        except NotLoggedInError:
            self.say(line("Log in first: /login NAME, or /signup NAME for a new account", "warn"))
            return
        except BadCommand as error:
            self.say(line(str(error), "warn"))
            return
        self._asked[tag] = (then, shown)
        self._wake()

    def raw(self, frame: str) -> None:
        """Send a line as it is, and show its answer."""
        try:
            self._core.raw(frame)
        except BadCommand as error:
            self.say(line(str(error), "warn"))
            return
        self._wake()

    def say(self, *lines: Line) -> None:
        """Show lines."""
        self._screen.show(lines)

    def ask_secret(self, prompt: str, then: Callable[[str], None]) -> None:
        """Let the user type something that is not shown."""
        self._secret = (prompt, then)
        self.editor.masked = True

    def log_in(self, name: str, password: str | None = None) -> None:
        """Log in by a password, by the token kept for this name, or by a password to be typed."""
        kept = keep.load(self._folder, str(self._carrier.target), name)
        if password is not None:
            self._core.login(name, password)
        elif kept:
            self._core.resume(kept.user, kept.token, kept.last_id or None)
        else:
            self.ask_secret(f"Password of {name}: ", lambda typed: self.log_in(name, typed))
            return
        self._wake()

    def log_out(self) -> None:
        """Log out and forget the token."""
        self.ask("LOGOUT")

    def reconnect(self) -> None:
        """Connect now."""
        self._offline_said = ""
        self.take(self._carrier.dial())

    def redraw(self, *, forget: bool) -> None:
        """Draw the screen anew, or empty."""
        self._screen.draw_anew(forget=forget)

    def leave(self) -> None:
        """End, unless messages would be lost: then only when asked again."""
        if self._core.unsent and not self._warned:
            self._warned = True
            self.say(
                line(f"{self._core.unsent} of your messages are not sent yet: again to leave all the same", "alert")
            )
            return
        self.done = True

    # Within

    def _wake(self) -> None:
        self.take(self._carrier.wake())

    def _entered(self, typed: str) -> None:
        warned = self._warned
        if self._secret is None:
            run_line(self, typed)
        else:
            _, then = self._secret
            self._end_secret()
            then(typed)
        if warned:
            self._warned = False  # the warning holds for the next line alone

    def _end_secret(self) -> None:
        self._secret = None
        self.editor.masked = False

    def _interrupt(self) -> None:
        if self._secret is None:
            self.say(line("Ctrl-D or /quit leaves", "dim"))
        self._end_secret()
        self.editor.clear()

    def _complete(self) -> None:
        found = complete(self.editor.before_cursor, (f"/{name}" for name in SLASHES), self.desk.names.values())
        if found is None:
            return
        typed = self.editor.before_cursor[found.start :]
        self.editor.replace_before_cursor(found.start, found.text)
        if len(found.choices) > 1 and found.text == typed:
            self.say(line("  ".join(found.choices), "dim"))

    def _tell_typing(self) -> None:
        talks = self.desk.place and self._core.phase is Phase.READY and not self.editor.text.startswith("/")
        now = time.monotonic()
        if self.tells_typing and talks and now - self._told_typing_at >= TYPING_EVERY_S:
            self._told_typing_at = now
            self.ask("TYPING", self.desk.place, shown=False)

    def _take_answer(self, answer: ev.Ok | ev.Refused | core.Sent | core.Unanswered) -> None:
        then, shown = self._asked.pop(answer.tag)
        if isinstance(answer, core.Sent):
            self.say(*self.desk.take(answer))
        elif isinstance(answer, ev.Ok):
            lines = view(self.desk, answer)
            self.say(*(lines if shown else ()))
            if then:
                then(answer)
        elif shown:
            self.say(_unhappy(answer))

    def _take_event(self, event: Happened) -> None:
        if isinstance(event, Offline) and event.reason == self._offline_said:
            return  # said once; the status row shows that it goes on
        if isinstance(event, Offline | ev.Bye):
            self._offline_said = event.reason if isinstance(event, Offline) else event.text
        if isinstance(event, ev.Ok | ev.Refused | core.Unanswered):
            self.say(*(view(self.desk, event) if isinstance(event, ev.Ok) else [_unhappy(event)]))
            return
        if isinstance(event, core.LoggedOut | core.LoginFailed):
            self._forget(event)
        self.say(*self.desk.take(event))
        if isinstance(event, core.LoggedIn):
            self._offline_said = ""
            self._knows_names = event.again
            self.remember()
        if isinstance(event, core.CaughtUp):
            self._look_around()

    def _look_around(self) -> None:
        """Learn the names to complete and how the friends are; a server without rooms need not say so."""
        for verb in ("SHOWFRIENDS",) if self._knows_names else ("SHOWFRIENDS", "SHOWBOTS", "SHOWROOMS"):
            self.ask(verb, shown=False)

    def _forget(self, event: core.LoggedOut | core.LoginFailed) -> None:
        name = event.name if isinstance(event, core.LoggedOut) else self.desk.me
        if name:
            keep.forget(self._folder, str(self._carrier.target), name)


def _unhappy(answer: ev.Refused | core.Unanswered) -> Line:
    if isinstance(answer, ev.Refused):
        if answer.code == "UNKNOWN_COMMAND":
            return line(f"This server has no {answer.verb}: it is an older one", "warn")
        return line(f"{answer.text} ({answer.code})", "warn")
    return line(f"{answer.verb}: the connection was lost before the answer came. Look, and ask again", "warn")
