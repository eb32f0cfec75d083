"""The naive model with what administrators keep users from, and with what users tell them."""

from collections.abc import Callable

from tests.model.chat import Effect, Message, refused
from tests.model.model import Model

HOUR_MS = 3_600_000
REPORTS_MAX = 10


class Moderated(Model):
    """The model, with what administrators keep users from."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__(now_ms)
        self.muted: set[str] = set()
        self.suspended: set[str] = set()
        self.banned = 0  # which ban holds, counted from 1; 0: none
        self.bans = 0
        self.reports: list[tuple[str, int]] = []  # who, and when

    def sanction(self, name: str, kind: str) -> Effect:
        """Keep somebody from writing, or out."""
        if name not in self.users:
            return refused("", "NO_SUCH_USER")
        (self.muted if kind == "muted" else self.suspended).add(name)
        return Effect(["OK|"])

    def pardon(self, name: str, kind: str) -> Effect:
        """Do so no more."""
        kept = self.muted if kind == "muted" else self.suspended
        if name not in kept:
            return refused("", "NO_SUCH_USER" if name not in self.users else "NOT_ALLOWED")
        kept.remove(name)
        return Effect(["OK|"])

    def ban(self) -> Effect:
        """Keep out who comes from elsewhere."""
        self.bans += 1
        self.banned = self.bans
        return Effect(["OK|"])

    def unban(self) -> Effect:
        """Let them in again."""
        was, self.banned = self.banned, 0
        return Effect(["OK|"]) if was else refused("", "NOT_ALLOWED")

    def report(self, user: str, number: int) -> Effect:
        """Tell the administrators of a message."""
        message = self._visible(user, number)
        now_ms = self.now_ms()
        last = [at for who, at in self.reports if who == user][-REPORTS_MAX:]
        if message is None:
            return refused("REPORT", "NO_SUCH_MESSAGE")
        if message.sender == user:
            return refused("REPORT", "SELF")
        if sum(0 <= now_ms - at < HOUR_MS for at in last) >= REPORTS_MAX:
            return refused("REPORT", "THROTTLED")
        self.reports.append((user, now_ms))
        return Effect([f"OK|REPORT|{number}"])

    def delete_account(self, name: str) -> Effect:
        self.muted.discard(name)
        self.suspended.discard(name)
        return super().delete_account(name)

    def edit(self, user: str, number: int, text: str) -> Effect:
        if user in self.muted and isinstance(self._own(user, number), Message):
            return refused("EDITMESSAGE", "MUTED")
        return super().edit(user, number, text)

    def react(self, user: str, number: int, emoji: str) -> Effect:
        if user in self.muted and self._visible(user, number) is not None:
            return refused("REACT", "MUTED")
        return super().react(user, number, emoji)

    def send(self, user: str, to: str, text: str, tag: str) -> Effect:
        if user in self.muted and not self.was_sent(user, tag):
            return refused(f"SENDMESSAGE#{tag}" if tag else "SENDMESSAGE", "MUTED")
        return super().send(user, to, text, tag)
