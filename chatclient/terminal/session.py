"""One sitting at the terminal: between the keys and events that come in, and what is shown.

Knows the carrier and the desk; of the terminal it knows only that lines can be shown on it, and how large it is.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chatclient import keep
from chatclient.core import events as ev
from chatclient.core import outcomes
from chatclient.core.client import Phase
from chatclient.core.commands import BadCommand, NotLoggedInError
from chatclient.net.carrier import Carrier, Happened, Offline
from chatclient.terminal import recall
from chatclient.terminal.actions import next_unread, open_window, turn_window
from chatclient.terminal.bars import paste_hint, status_row, title_row
from chatclient.terminal.conversations import Conversations
from chatclient.terminal.desk import Desk
from chatclient.terminal.editor import LINE_CHARS_MAX, LineEditor, complete
from chatclient.terminal.hands import Shown, Shows, UsageError
from chatclient.terminal.keys import Key
from chatclient.terminal.lines import Line, line
from chatclient.terminal.logins import Logins
from chatclient.terminal.screen import View
from chatclient.terminal.slash import SLASHES, is_about_account, run_line, usage
from chatclient.terminal.views import view
from chatclient.terminal.windows import quoted
from chatclient.terminal.words import refusal

TYPING_EVERY_S = 5.0
_SECRET = re.compile(r"\s*/(?:raw|(?:login|signup)\s+\S+\s|(?:passwd|deleteaccount)\s)", re.IGNORECASE)
"""A line that may hold a password, though none is to be typed there."""
_Then = Callable[[ev.Ok], None] | None
_Otherwise = Callable[[ev.Refused | outcomes.Unanswered], None] | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a command's answer is for: what comes then, whether it is shown, and what it was about."""

    then: _Then
    otherwise: _Otherwise
    shown: Shown
    place: str  # where it was asked
    name: str
    usage: str
    preface: str  # of a refusal: what it was that the server did not take


class Session:
    """What the user does and what the server says, brought together. It is the `Hands` of the slash commands."""

    def __init__(self, carrier: Carrier, screen: Shows, folder: Path, *, stream: bool = False) -> None:
        """`stream`: one stream is wanted this time, whatever is kept."""
        self.desk = Desk()
        self.editor = LineEditor()
        self.settings = keep.Settings()
        self.done = False
        self._carrier = carrier
        self._core = carrier.core
        self._screen = screen
        self._folder = folder
        self._wants_stream = stream
        self._stream_chosen = False  # what the setting was when it was last obeyed
        self._asked: dict[str, _Asked] = {}  # by tag
        self._typed = ""  # the line being carried out
        self._secret: tuple[str, Callable[[str], None]] | None = None
        self._leaving = False  # as soon as everything is sent
        self._told_typing_at = 0.0
        self._offline_said = ""
        self._logins = Logins(self, carrier.core, str(carrier.target), folder)
        self._conversations = Conversations(self, carrier.core, screen)
        self.begin = self._logins.begin
        self.open = self._conversations.open
        self.older = self._conversations.older
        self.log_in = self._logins.log_in
        self.sign_up = self._logins.sign_up
        self.log_out = self._logins.log_out

    # What the loop calls

    def press(self, key: Key) -> None:
        """Take a key."""
        act = _KEYS.get(key.name)
        if self._secret or self.editor.search is not None or not act:
            self._edit(key)
        else:
            try:
                act(self)
            except UsageError as error:
                self.say(line(str(error), "dim"))

    def _edit(self, key: Key) -> None:
        searches = self.editor.search is not None
        if key.name == "tab" and not self.editor.masked and not searches:
            self._complete()
        elif key.name == "interrupt" and not searches and (self._secret or not self.editor.text):
            self._interrupt()
        elif key.name == "end-of-input" and not self.editor.text:
            self.leave()
        elif key.name == "end-of-input":
            self.editor.press(Key("delete"))
        elif key.name == "paste" and len(key.text) > LINE_CHARS_MAX:
            too_much = f"That paste has {len(key.text):,} characters, more than a message takes"
            self.say(line(f"{too_much}: nothing of it was taken. Put it into a file, or send it in parts", "warn"))
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
        self._conversations.mark_read()
        if self._leaving and not self._core.unsent:
            self.done = True

    def focus(self, has_focus: bool) -> None:
        """The terminal has the focus, or has it no more."""
        self._conversations.has_focus = has_focus
        self._conversations.mark_read()

    def view(self) -> View:
        """What is to be seen now."""
        search = self.editor.search
        hint = paste_hint(self.editor.text) if search is None and not self._secret else ""
        prompt = self._secret[0] if self._secret else f"{self.desk.place}> "
        return View(
            title_row(self.desk),
            self.desk.window.page,
            status_row(self._carrier, self.desk, time.monotonic(), hint),
            prompt if search is None else f"search “{search}”: ",
            self.editor,
        )

    @property
    def is_changing(self) -> bool:
        """Whether something changes or is due as time goes by."""
        return self._core.phase is Phase.OFFLINE or bool(self.desk.typing) or self._conversations.reads

    def remember(self) -> None:
        """Keep how things stand, for the next start."""
        credentials = self._core.credentials
        if not self._logins.keeps or not credentials or not credentials.proven or not credentials.token:
            return
        target, last_id = str(self._carrier.target), self._core.last_id or 0
        kept = keep.Kept(
            target,
            credentials.name,
            credentials.token,
            last_id,
            recall.memory_of(self.desk, self.editor, self.settings, typing=not self._secret),
        )
        try:
            keep.save(self._folder, kept)
        except OSError as error:
            self.say(line(f"The login cannot be kept in {self._folder}: {error.strerror}", "warn"))

    # The hands of the slash commands

    def ask(
        self, verb: str, *fields: str, then: _Then = None, otherwise: _Otherwise = None, shown: Shown = "all"
    ) -> None:
        """Send a verb; show its answer, and go on with `then` if it was taken, `otherwise` if not."""
        try:
            tag = self._core.command(verb, *fields)
        except NotLoggedInError:
            self.say(line("Log in first: /login NAME, or /signup NAME for a new account", "warn"))
            return
        except BadCommand as error:
            self.say(line(str(error), "warn"))
            self.type_for(self._typed if verb in ("SENDMESSAGE", "EDITMESSAGE") else "")
            return
        preface = f"Not sent to {fields[0]}: {quoted(fields[1])}. " if verb == "SENDMESSAGE" else ""
        name = fields[0] if fields and verb not in ("SIGNUP", "RAW", "SETPASSWORD", "DELETEACCOUNT") else ""
        self._asked[tag] = _Asked(then, otherwise, shown, self.desk.place, name, usage(self._typed), preface)
        self.wake()

    def raw(self, frame: str) -> None:
        """Send a line as it is, and show its answer."""
        try:
            self._core.raw(frame)
        except BadCommand as error:
            self.say(line(str(error), "warn"))
            return
        self.wake()

    def say(self, *lines: Line) -> None:
        """Show lines; what is more than a screen is shown from its beginning."""
        self._say_in(self.desk.place, *lines)

    def _say_in(self, place: str, *lines: Line) -> None:
        """Show lines in a window; in the open one if that is gone."""
        self.desk.note(*lines, place=place if place in self.desk.windows else None)
        self._screen.show(lines)
        look = self._screen.look()
        is_more = sum(len(look.palette.rows(each, look.columns)) for each in lines) > look.height
        if is_more and not self._screen.is_stream and place == self.desk.place:
            self.desk.window.show_from(lines[0], look)

    @property
    def has_secret(self) -> bool:
        """Whether a secret is being typed."""
        return self._secret is not None

    def ask_secret(self, prompt: str, then: Callable[[str], None]) -> None:
        """Let the user type something that is not shown."""
        if not self._secret and self.editor.text:
            self.desk.window.draft = self.editor.text  # it comes back when the secret is typed
        self._secret = (prompt, then)
        self.editor.clear()
        self.editor.masked = True

    def type_for(self, text: str) -> None:
        """Put a text into the line being typed, unless something stands there."""
        if text and not self.editor.text:
            self.editor.set(text)

    def apply(self) -> None:
        """The settings were changed."""
        self.desk.bell = self.settings.bell
        self._screen.numbered = self.settings.numbers
        if self.settings.stream is not self._stream_chosen:
            self._stream_chosen = self.settings.stream
            self._screen.use(stream=self.settings.stream)
        self.remember()

    def reconnect(self) -> None:
        """Connect now."""
        self._offline_said = ""
        self.take(self._carrier.dial())

    def redraw(self, *, forget: bool) -> None:
        """Draw the screen anew, or empty."""
        if forget:
            self.desk.window.forget()
        self._screen.draw_anew(forget=forget)

    def leave(self) -> None:
        """End once everything is sent; where nothing can be sent now, only when asked again."""
        self._conversations.mark_read(at_once=True)
        if not self._core.unsent or self._leaving:
            self.done = True
            return
        self._leaving = True
        if self._core.phase is Phase.OFFLINE:
            unsent = f"{self._core.unsent} of your messages are not sent yet"
            self.say(line(f"{unsent}: once more to leave all the same", "alert"))

    def page(self, pages: int) -> None:
        """Scroll by so many pages, up if below zero; at the top what is older is asked for."""
        look = self._screen.look()
        if self.desk.window.scroll(pages * max(look.height - 1, 1), look) and pages < 0 and self.desk.place:
            self.older()

    # Within

    def put_back(self, memory: keep.Memory) -> None:
        """Put things as they stood when the user left."""
        self.settings = memory.settings
        if self._wants_stream:
            self._stream_chosen = self.settings.stream  # for this time alone
        recall.put_back(memory, self.desk, self.editor)
        self.apply()

    def wake(self) -> None:
        """Send what there is to send."""
        self.take(self._carrier.wake())

    def _entered(self, typed: str) -> None:
        was_leaving = self._leaving
        if self._secret is None:
            self._typed = typed
            self.desk.window.to_end()
            if _SECRET.match(typed):
                self.editor.forget(typed)
            run_line(self, typed)
            self._typed = ""
            self.remember()
        else:
            _, then = self._secret
            self._end_secret()
            then(typed)
        if was_leaving:
            self._leaving = False  # the wish to leave holds until something else is typed

    def _end_secret(self) -> None:
        self._secret = None
        self.editor.masked = False
        self.type_for(self.desk.window.draft)
        self.desk.window.draft = ""

    def _interrupt(self) -> None:
        self.editor.clear()
        if self._secret is None:
            self.say(line("Ctrl-D or /quit leaves", "dim"))
        else:
            self._end_secret()

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
        if self.settings.typing and talks and now - self._told_typing_at >= TYPING_EVERY_S:
            self._told_typing_at = now
            self.ask("TYPING", self.desk.place, shown="nothing")

    def _take_answer(self, answer: ev.Ok | ev.Refused | outcomes.Sent | outcomes.Unanswered) -> None:
        asked = self._asked.pop(answer.tag)
        if isinstance(answer, outcomes.Sent):
            self._screen.show(self.desk.take(answer))
        elif isinstance(answer, ev.Ok):
            lines = view(self.desk, answer)
            self._say_in(asked.place, *(lines if asked.shown == "all" else ()))
            if asked.then:
                asked.then(answer)
        else:
            if asked.otherwise:
                asked.otherwise(answer)
            if asked.shown != "nothing":
                self._say_in(asked.place, refusal(answer, asked.name, asked.usage, asked.preface))

    def _take_event(self, event: Happened) -> None:
        if isinstance(event, Offline) and event.reason == self._offline_said:
            return  # said once; the status row shows that it goes on
        if isinstance(event, Offline):
            self.remember()
        if isinstance(event, Offline | ev.Bye):
            self._offline_said = event.reason if isinstance(event, Offline) else event.text
        if isinstance(event, ev.Ok | ev.Refused | outcomes.Unanswered):
            self.say(*(view(self.desk, event) if isinstance(event, ev.Ok) else [refusal(event)]))
            return
        if isinstance(event, outcomes.LoginFailed) and self._logins.retried(event):
            return
        self._screen.show(self.desk.take(event))
        if isinstance(event, outcomes.LoggedIn):
            self._offline_said = ""
            self._logins.logged_in()
            self._conversations.knows_names = event.again
            for window in self.desk.windows.values():
                window.read_id = 0  # what was being told when the connection was lost is told again
            self.remember()
        if isinstance(event, outcomes.CaughtUp):
            self._conversations.look_around()
            self._logins.greet()
        if isinstance(event, outcomes.LoggedOut):  # what one typed is not for who logs in next
            self.editor.history = [typed for typed in self.editor.history if is_about_account(typed)]
            self.editor.clear()


def _open_number(number: int, session: Session) -> None:
    open_window(session, str(number))


_KEYS: dict[str, Callable[[Session], object]] = {
    "next-unread": next_unread,
    "next-window": lambda session: turn_window(session, 1),
    "previous-window": lambda session: turn_window(session, -1),
    "page-up": lambda session: session.page(-1),
    "page-down": lambda session: session.page(1),
    **{f"window-{number}": partial(_open_number, number) for number in range(10)},
}
"""Keys that are not the editor's."""
