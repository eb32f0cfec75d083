"""Logging in and out at the terminal: by a token that was kept, or by a password that is asked for."""

from functools import partial
from pathlib import Path
from typing import Protocol

from chatclient import keep
from chatclient.core import events as ev
from chatclient.core import outcomes
from chatclient.core.client import RETRY_LOGIN, ClientCore
from chatclient.terminal.account import new_password
from chatclient.terminal.hands import Hands
from chatclient.terminal.lines import line

PASSWORD_TRIES = 3


class Seat(Hands, Protocol):
    """What this needs of the session."""

    def put_back(self, memory: keep.Memory) -> None:
        """Put things as they stood."""

    def wake(self) -> None:
        """Send what there is to send."""


class Logins:
    """Who logs in, how, and what becomes of it."""

    def __init__(self, seat: Seat, core: ClientCore, target: str, folder: Path) -> None:
        """`target` is the server, under which logins are kept in `folder`."""
        self.keeps = True
        self._is_new = False  # the account has just been made
        self._seat = seat
        self._core = core
        self._target = target
        self._folder = folder
        self._tries = 0  # how often a password was asked for
        self._asked_of = ""  # whose password was typed last
        self._tried: tuple[str, str] | None = None  # the name and the password that are being tried
        self._token_of = ""  # whose kept token is being tried

    def begin(self, user: str | None, password: str | None) -> None:
        """Log in if it is known as whom; else say how to begin."""
        kept = keep.load(self._folder, self._target, user)
        if user and password:
            if kept:
                self._seat.put_back(kept.memory)
            self.log_in(user, password)
        elif kept or user:
            self.log_in(kept.user if kept else user or "")
        else:
            self._seat.say(line("Welcome. Type /login NAME, or /signup NAME for a new account; /help tells the rest"))

    def logged_in(self) -> None:
        """It was taken."""
        self._token_of, self._asked_of, self._tried = "", "", None
        self.keeps = True

    def greet(self) -> None:
        """Tell who has just made an account what can be done next."""
        if self._is_new:
            self._is_new = False
            self._seat.say(
                line("This is your account. What you can do now:", "good"),
                line("/bots lists who always answers: try /to DiceBot, then type: roll"),
                line("/add NAME asks somebody to be your friend; /rooms lists rooms, /join #ROOM goes in"),
                line("/help tells the rest"),
            )

    def log_in(self, name: str, password: str | None = None) -> None:
        """Log in by a password, by the token kept for this name, or by a password to be typed."""
        kept = keep.load(self._folder, self._target, name)
        self._token_of = kept.user if kept and password is None else ""
        if password is not None:
            self._tried = name, password
            self._core.login(name, password)
        elif kept:
            self._seat.put_back(kept.memory)
            self._core.resume(kept.user, kept.token, kept.last_id or None)
        else:
            self._tries = 0
            self._ask_password(name)
            return
        self._seat.wake()

    def sign_up(self, name: str, password: str, code: str = "") -> None:
        """Make an account, by an invitation code where the server wants one; log in, and say what can be done next."""

        def go_on(answer: ev.Ok) -> None:
            self._is_new = True
            self.log_in(answer.fields[0], password)

        def ask_code(refusal: ev.Refused | outcomes.Unanswered) -> None:
            if isinstance(refusal, ev.Refused) and refusal.code == "NOT_ALLOWED" and "REDEEM" in refusal.text:
                self._seat.ask_secret("Invitation code: ", lambda typed: self.sign_up(name, password, typed.strip()))

        if code:
            self._seat.ask("REDEEM", name, password, code, then=go_on, otherwise=ask_code)
        else:
            self._seat.ask("SIGNUP", name, password, then=go_on, otherwise=ask_code)

    def log_out(self) -> None:
        """Log out and forget the token, even if the server cannot be told just now."""
        if self._core.name:
            self.keeps = False
            self._forget(self._core.name)
        self._seat.ask("LOGOUT")

    def _forget(self, name: str) -> None:
        try:
            keep.forget(self._folder, self._target, name)
        except OSError as error:
            self._seat.say(line(f"The login kept in {self._folder} cannot be removed: {error.strerror}", "alert"))

    def _ask_password(self, name: str) -> None:
        def log_in(typed: str) -> None:
            self._asked_of = name
            self.log_in(name, typed)

        self._tries += 1
        self._seat.ask_secret(f"Password of {name}: ", log_in)

    def retried(self, failure: outcomes.LoginFailed) -> bool:
        """Ask for a password, where a kept token holds no more, one was mistyped, or one was given for once."""
        name, self._token_of = self._token_of, ""
        if name and failure.code not in RETRY_LOGIN:
            self._forget(name)
            self._seat.say(line(f"The login kept for {name} holds no more", "warn"))
            self.log_in(name)
            return True
        tried, self._tried = self._tried, None
        if failure.code == "PASSWORD_EXPIRED" and tried:
            self._seat.say(line("That password was given to you for once: choose your own", "warn"))
            new_password(self._seat, f"New password for {tried[0]}", partial(self._renew, *tried))
            return True
        name, self._asked_of = self._asked_of, ""
        if name and failure.code == "BAD_LOGIN" and self._tries < PASSWORD_TRIES:
            again = f"once more ({self._tries + 1} of {PASSWORD_TRIES}), or Ctrl-C and /login NAME"
            self._seat.say(line(f"The name and the password do not fit: {again}", "warn"))
            self._ask_password(name)
            return True
        return False

    def _renew(self, name: str, old: str, new: str) -> None:
        self._seat.ask(
            "RAW", f"SETPASSWORD|{name}|{old}|{new}", then=lambda _: self.log_in(name, new), shown="refusals"
        )
