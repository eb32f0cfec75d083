"""What a bot's faults lead to, so that one user, or one text, cannot take a bot from the others.

A text that has failed twice is not tried again. A user with whom a bot fails again and again waits a while. A bot that
fails with one user after another is switched off.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

TEXT_FAULTS_MAX = 2
TEXTS_KEPT = 64  # of those that failed, the newest
USER_FAULTS_MAX = 5  # in a row
PAUSE_S = 600.0
USERS_MAX = 5  # whose faults follow one another, with nothing that worked in between

SET_ASIDE = "Sorry, I have failed with just that before, and do not try it again. Say help for what I can do."
PAUSED = "Sorry, I fail with what you send again and again, and pass it over for some minutes."
SWITCHED_OFF = "Sorry, I am switched off: I failed too often. Whoever runs this server finds the reason in its log."


@dataclass(frozen=True, slots=True)
class _Known:
    """What has failed; replaced, not changed, so that a turn that fails can put back what was there before it."""

    texts: Mapping[str, int] = field(default_factory=dict)  # text → how often, the newest last
    users: Mapping[int, int] = field(default_factory=dict)  # user → faults in a row
    paused_until: Mapping[int, float] = field(default_factory=dict)
    is_off: bool = False


class Faults:
    """The faults of one bot."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic seconds."""
        self._clock = clock
        self.known = _Known()

    @property
    def is_off(self) -> bool:
        """Whether the bot is switched off."""
        return self.known.is_off

    def refusal(self, user: int, text: str | None) -> str | None:
        """What a user reads in place of an answer; None if the bot is to answer. No text: a timer, or a page."""
        if self.known.is_off:
            return SWITCHED_OFF
        if self._clock() < self.known.paused_until.get(user, 0.0):
            return PAUSED
        return SET_ASIDE if text and self.known.texts.get(text, 0) >= TEXT_FAULTS_MAX else None

    def failed(self, user: int, text: str | None) -> str:
        """A step failed. Returns what follows from it, for the log; empty if nothing does."""
        known, now_s = self.known, self._clock()
        texts, users = dict(known.texts), {**known.users, user: known.users.get(user, 0) + 1}
        paused_until = {each: until_s for each, until_s in known.paused_until.items() if until_s > now_s}
        follows = ""
        if text:
            texts[text] = texts.pop(text, 0) + 1
            texts = dict(list(texts.items())[-TEXTS_KEPT:])
            follows = "the same text will not be tried again" if texts[text] == TEXT_FAULTS_MAX else ""
        if users[user] >= USER_FAULTS_MAX:
            users[user] = 0
            paused_until[user] = now_s + PAUSE_S
            follows = f"it failed {USER_FAULTS_MAX} times in a row with one user, passed over for {PAUSE_S:.0f} s"
        is_off = known.is_off or len(users) >= USERS_MAX
        if is_off:
            follows = f"it failed with {USERS_MAX} users, one after another, and is switched off until it is enabled"
        self.known = _Known(texts, users, paused_until, is_off)
        return follows

    def worked(self) -> None:
        """A step went well: faults in a row begin anew."""
        self.known = replace(self.known, users={})

    def reset(self) -> None:
        """Begin again: the bot was mended, or somebody wants to see."""
        self.known = _Known()
