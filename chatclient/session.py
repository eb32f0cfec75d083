"""One sitting at the terminal: between the keys and events that come in, and the lines that are shown.

Knows the carrier and the desk; of the terminal it knows only that lines can be shown on it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chatclient import events as ev
from chatclient import keep, outcomes
from chatclient.carrier import Carrier, Happened, Offline
from chatclient.commands import BadCommand, NotLoggedInError
from chatclient.complete import complete
from chatclient.core import RETRY_LOGIN, Phase
from chatclient.desk import Desk
from chatclient.editor import LineEditor
from chatclient.keys import Key
from chatclient.lines import Line, Piece, line
from chatclient.slash import SLASHES, run_line, usage
from chatclient.statusrow import status_row
from chatclient.views import view

TYPING_EVERY_S = 5.0
_Then = Callable[[ev.Ok], None] | None
_Otherwise = Callable[[], None] | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a command's answer is for: what comes then, whether it is shown, and how the command is used."""

    then: _Then
    otherwise: _Otherwise
    shown: bool
    usage: str
    preface: str  # of a refusal: what it was that the server did not take


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
        self._asked: dict[str, _Asked] = {}  # by tag
        self._usage = ""  # of the command being carried out
        self._secret: tuple[str, Callable[[str], None]] | None = None
        self._leaving = False  # as soon as everything is sent
        self._told_typing_at = 0.0
        self._offline_said = ""
        self._knows_names = False
        self._token_of = ""  # whose kept token is being tried
        self._keeps = True

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
            if isinstance(event, ev.Ok | ev.Refused | outcomes.Sent | outcomes.Unanswered) and event.tag in self._asked:
                self._take_answer(event)
            else:
                self._take_event(event)
        if self._leaving and not self._core.unsent:
            self.done = True

    def status(self) -> tuple[Piece, ...]:
        """The status row."""
        return status_row(self._carrier, self.desk, time.monotonic())

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
        if not self._keeps or not credentials or not credentials.proven or not credentials.token:
            return
        kept = keep.Kept(str(self._carrier.target), credentials.name, credentials.token, self._core.last_id or 0)
        try:
            keep.save(self._folder, kept)
        except OSError as error:
            self.say(line(f"The login cannot be kept in {self._folder}: {error.strerror}", "warn"))

    # The hands of the slash commands

    def ask(
        self, verb: str, *fields: str, then: _Then = None, otherwise: _Otherwise = None, shown: bool = True
    ) -> None:
        """Send a verb; show its answer, and go on with `then` if it was taken, `otherwise` if not."""
        try:
            tag = self._core.command(verb, *fields)
        except NotLoggedInError:
            self.say(line("Log in first: /login NAME, or /signup NAME for a new account", "warn"))
            return
        except BadCommand as error:
            self.say(line(str(error), "warn"))
            return
        preface = f"Not sent to {fields[0]}: “{fields[1]}”. " if verb == "SENDMESSAGE" else ""
        self._asked[tag] = _Asked(then, otherwise, shown, self._usage, preface)
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
        self._token_of = kept.user if kept and password is None else ""
        if password is not None:
            self._core.login(name, password)
        elif kept:
            self._core.resume(kept.user, kept.token, kept.last_id or None)
        else:
            self.ask_secret(f"Password of {name}: ", lambda typed: self.log_in(name, typed))
            return
        self._wake()

    def log_out(self) -> None:
        """Log out and forget the token, even if the server cannot be told just now."""
        if self._core.name:
            self._keeps = False
            self._forget(self._core.name)
        self.ask("LOGOUT")

    def reconnect(self) -> None:
        """Connect now."""
        self._offline_said = ""
        self.take(self._carrier.dial())

    def redraw(self, *, forget: bool) -> None:
        """Draw the screen anew, or empty."""
        self._screen.draw_anew(forget=forget)

    def leave(self) -> None:
        """End once everything is sent; where nothing can be sent now, only when asked again."""
        if not self._core.unsent or self._leaving:
            self.done = True
            return
        self._leaving = True
        if self._core.phase is Phase.OFFLINE:
            unsent = f"{self._core.unsent} of your messages are not sent yet"
            self.say(line(f"{unsent}: once more to leave all the same", "alert"))

    # Within

    def _wake(self) -> None:
        self.take(self._carrier.wake())

    def _entered(self, typed: str) -> None:
        was_leaving = self._leaving
        if self._secret is None:
            self._usage = usage(typed)
            run_line(self, typed)
        else:
            _, then = self._secret
            self._end_secret()
            then(typed)
        if was_leaving:
            self._leaving = False  # the wish to leave holds until something else is typed

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

    def _take_answer(self, answer: ev.Ok | ev.Refused | outcomes.Sent | outcomes.Unanswered) -> None:
        asked = self._asked.pop(answer.tag)
        if isinstance(answer, outcomes.Sent):
            self.say(*self.desk.take(answer))
        elif isinstance(answer, ev.Ok):
            lines = view(self.desk, answer)
            self.say(*(lines if asked.shown else ()))
            if asked.then:
                asked.then(answer)
        else:
            self.say(*([_unhappy(answer, asked.usage, asked.preface)] if asked.shown else ()))
            if asked.otherwise:
                asked.otherwise()

    def _take_event(self, event: Happened) -> None:
        if isinstance(event, Offline) and event.reason == self._offline_said:
            return  # said once; the status row shows that it goes on
        if isinstance(event, Offline):
            self.remember()
        if isinstance(event, Offline | ev.Bye):
            self._offline_said = event.reason if isinstance(event, Offline) else event.text
        if isinstance(event, ev.Ok | ev.Refused | outcomes.Unanswered):
            self.say(*(view(self.desk, event) if isinstance(event, ev.Ok) else [_unhappy(event)]))
            return
        if isinstance(event, outcomes.LoginFailed) and self._retried(event):
            return
        self.say(*self.desk.take(event))
        if isinstance(event, outcomes.LoggedIn):
            self._offline_said = self._token_of = ""
            self._keeps = True
            self._knows_names = event.again
            self.remember()
        if isinstance(event, outcomes.CaughtUp):
            self._look_around()

    def _look_around(self) -> None:
        """Learn the names to complete and how the friends are; a server without rooms need not say so."""
        for verb in ("SHOWFRIENDS",) if self._knows_names else ("SHOWFRIENDS", "SHOWBOTS", "SHOWROOMS"):
            self.ask(verb, shown=False)

    def _forget(self, name: str) -> None:
        try:
            keep.forget(self._folder, str(self._carrier.target), name)
        except OSError as error:
            self.say(line(f"The login kept in {self._folder} cannot be removed: {error.strerror}", "alert"))

    def _retried(self, failure: outcomes.LoginFailed) -> bool:
        """Where a token kept from an earlier run holds no more, ask for the password in its place."""
        name, self._token_of = self._token_of, ""
        if not name or failure.code in RETRY_LOGIN:
            return False
        self._forget(name)
        self.say(line(f"The login kept for {name} holds no more", "warn"))
        self.log_in(name)
        return True


def _unhappy(answer: ev.Refused | outcomes.Unanswered, usage: str = "", preface: str = "") -> Line:
    if isinstance(answer, outcomes.Unanswered):
        return line(f"{answer.verb}: the connection was lost before the answer came. Look, and ask again", "warn")
    if answer.code == "BAD_ARGUMENTS" and usage:
        return line(usage, "warn")  # the server's is the frame's, which the user has not typed
    if answer.code == "UNKNOWN_COMMAND":
        return line(f"This server has no {answer.verb}: it is an older one", "warn")
    return line(f"{preface}{answer.text} ({answer.code})", "warn")
