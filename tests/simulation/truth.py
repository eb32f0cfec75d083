"""The naive model with what a simulated life has beside it: bots, tokens, several sessions that come and go at once.

It can be kept and brought back, because what is not stored in the end has not happened.
"""

import pickle
from collections.abc import Callable, Sequence
from typing import Any

from tests.model.chat import Effect, Heard, Message
from tests.simulation.sanctioned import Moderated

BOT = "EchoBot"


class Truth(Moderated):
    """What is so, as far as has been decided."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__(now_ms)
        self.users.append(BOT)
        self.status[BOT] = ("online", "")
        self.sessions[BOT] = 1
        self.tokens: dict[bytes, str] = {}  # hash → user
        self.unanswered: list[tuple[str, str]] = []  # user and text that the bot has to answer
        self.answers: dict[int, list[Message]] = {}  # message → what the bot has answered to it
        self.changes_made: dict[str, int] = {}  # frame of an edit, deletion or reaction → the message
        self.heard_by: dict[int, list[str]] = {}  # message → who was to hear it when it was sent

    def kept(self) -> bytes:
        """All of it."""
        state = self.__dict__.copy()
        del state["now_ms"]
        return pickle.dumps(state)

    def bring_back(self, kept: bytes) -> None:
        """Be as it was then."""
        self.__dict__.update(pickle.loads(kept))

    def may_write(self, user: str, to: str) -> bool:
        if to == BOT:
            return True
        return (user == BOT and (to, user) not in self.blocks) or super().may_write(user, to)

    def send(self, user: str, to: str, text: str, tag: str) -> Effect:
        before = self.last_id
        effect = super().send(user, to, text, tag)
        if self.last_id > before:
            self.heard_by[self.last_id] = [name for name in self.parties(self.messages[-1]) if name != user]
            if to == BOT and text.startswith("say "):
                self.unanswered.append((user, text.removeprefix("say ")))
        return effect

    def mark_read(self, user: str, other: str, number: int, end: int = 0, authors: Sequence[str] = ()) -> Effect:
        """End and authors were looked up before: the last message may be gone with its author since.

        Whose message was deleted since hears of the mark all the same.
        """
        was_there = end in self.heard_by and all(message.id != end for message in self.messages)
        effect = super().mark_read(user, other, min(number, end), end if was_there else 0)
        if effect.heard:
            frame = effect.heard[0][1]
            gone = [each for each in self.messages if each.id <= number and not each.text and each.sender in authors]
            told = {name for name, _ in effect.heard}
            late = {each.sender for each in gone if user in self.parties(each)} - told
            effect.heard += [(name, frame) for name in sorted(late) if not self.are_apart(user, name)]
        return effect

    def answer(self, user: str, text: str) -> bool:
        """The bot answers a message; whether there is one that it has not answered."""
        asked = (user, text.removeprefix("you said "))
        if asked not in self.unanswered:
            return False
        self.unanswered.remove(asked)
        return True

    def _changed(self, kind: str, *about: Any, **more: Any) -> Heard:
        heard = super()._changed(kind, *about, **more)
        self.changes_made[self.changes[-1].frame] = self.changes[-1].message.id
        return heard

    def say_for_bot(self, bot: str, to: str, text: str, asked: int) -> Effect:
        before = self.last_id
        effect = self.send(bot, to, text, "")
        if self.last_id > before:
            self.answers.setdefault(asked, []).append(self.messages[-1])
        return effect

    def delete(self, user: str, number: int) -> Effect:
        """What the bot has answered goes too; who acts hears of that alone."""
        effect = super().delete(user, number)
        if effect.answer[0].startswith("OK|"):
            for answer in self.answers.pop(number, ()):
                if answer.text and answer in self.messages:
                    answer.text = ""
                    effect.heard += self._changed("DELETED", answer, answer.sender)
                    effect.answer.insert(-1, self.changes[-1].frame)
        return effect

    def delete_account(self, name: str) -> Effect:
        effect = super().delete_account(name)
        self.tokens = {token: user for token, user in self.tokens.items() if user != name}
        self.unanswered = [asked for asked in self.unanswered if asked[0] != name]
        self.changes_made.update({change.frame: change.message.id for change in self.changes})  # a room lost its name
        return effect

    def set_password(self, name: str, token: bytes) -> Effect:
        self.tokens = {each: user for each, user in self.tokens.items() if user != name or each == token}
        return Effect([f"OK|SETPASSWORD|{name}"])
