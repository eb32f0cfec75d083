"""What clients say: mostly what makes sense where they stand, now and then what does not."""

from collections.abc import Callable, Mapping, Sequence

from tests.model.world import PASSWORD
from tests.simulation.callers import Caller
from tests.simulation.choices import Choices
from tests.simulation.truth import BOT, Truth

NAMES = ("anna", "ben", "cleo", "dan")
ROOMS = ("#den", "#den", "#attic")
EMOJIS = ("👍", "1", "2")
STATUSES = ("online", "away", "busy", "invisible")


class Lines:
    """Makes lines; each message has a text of its own, so that it is known again."""

    def __init__(self, choices: Choices, truth: Callable[[], Truth], tokens: Mapping[str, list[str]]) -> None:
        """`tokens` are all that users were ever given, those that are no good any more too."""
        self._choices = choices
        self._tokens = tokens
        self._truth = truth
        self._number = 0
        self._tagged: list[tuple[str, str]] = []  # user and line: what may be sent again

    def of_stranger(self, caller: Caller) -> str:
        """What somebody says who is not logged in."""
        pick = self._choices.pick
        kind = pick(("in", "in", "in", "again", "again", "wrong", "up", "ping", "early"))
        if kind == "again" and (tokens := self._tokens[caller.name]):
            return f"RESUME|{caller.name}|{pick(tokens[::-1])}"
        if kind == "wrong":
            return f"LOGIN|{caller.name}|wrong password"
        if kind == "up":
            return f"SIGNUP|{pick((*NAMES, 'eve'))}|{PASSWORD}"
        if kind == "ping":
            return "PING|anybody there?"
        return f"SHOWFRIENDS|{caller.name}" if kind == "early" else f"LOGIN|{caller.name}|{PASSWORD}"

    def of_user(self, caller: Caller) -> list[str]:
        """One line, or several that are sent together."""
        make = self._choices.pick(_MAKERS)
        return make(self, caller.name)

    def send(self, name: str) -> list[str]:
        return [f"SENDMESSAGE|{name}|{self._place(name)}|{self._text()}"]

    def send_tagged(self, name: str) -> list[str]:
        mine = [line for user, line in self._tagged if user == name]
        if mine and self._choices.below(3) == 1:
            return [mine[-1 - self._choices.below(len(mine))]]
        self._number += 1
        line = f"SENDMESSAGE#t{self._number}|{name}|{self._place(name)}|{self._text()}"
        self._tagged.append((name, line))
        return [line]

    def send_many(self, name: str) -> list[str]:
        """To one or to several, without tags, or with tags of which one may have been used."""
        to, count = self._place(name), 2 + self._choices.below(4)
        if not self._choices.below(2):
            return [f"SENDMESSAGE|{name}|{to}|{self._text()}" for _ in range(count)]
        lines = [f"SENDMESSAGE#x.{self._number + at}|{name}|{to}|{self._text()}" for at in range(1, count + 1)]
        self._number += count
        if self._choices.below(3) == 1:
            lines[-1] = lines[-1].replace(f"|{to}|", f"|{self._place(name)}|", 1)
        if self._choices.below(3) == 1:
            lines.insert(self._choices.below(count), (self.send_tagged(name) or lines)[0])
        self._tagged += [(name, line) for line in lines]
        return lines

    def send_nothing(self, name: str) -> list[str]:
        to = self._place(name)
        return [f"SENDMESSAGE|{name}|{to}|{text}" for text in (self._text(), " ", self._text())]

    def to_bot(self, name: str) -> list[str]:
        return [f"SENDMESSAGE|{name}|{BOT}|say {self._text()}"]

    def edit(self, name: str) -> list[str]:
        return [f"EDITMESSAGE|{name}|{self._message(name)}|{self._text()}"]

    def delete(self, name: str) -> list[str]:
        return [f"DELETEMESSAGE|{name}|{self._message(name)}"]

    def react(self, name: str) -> list[str]:
        return [f"REACT|{name}|{self._message('')}|{self._choices.pick(EMOJIS)}"]

    def history(self, name: str) -> list[str]:
        return [f"HISTORY|{name}|{self._place(name)}|{self._choices.pick((9, 1, 30))}"]

    def sync(self, name: str) -> list[str]:
        after = max(0, self._truth().last_id - self._choices.pick((5, 0, 30)))
        return [f"SYNC|{name}|{after}|{self._choices.pick((500, 1, 3))}"]

    def ask(self, name: str) -> list[str]:
        verb = self._choices.pick(("SHOWFRIENDS", "SHOWREQUESTS", "SHOWROOMS", "SHOWUNREAD", "SHOWMEMBERS", "SEARCH"))
        more = {"SHOWMEMBERS": "|#den", "SEARCH": "|text"}.get(verb, "")
        return [f"{verb}|{name}{more}"]

    def mark(self, name: str) -> list[str]:
        return [f"MARKREAD|{name}|{self._place(name)}|{self._message('')}"]

    def befriend(self, name: str) -> list[str]:
        askers = sorted(asker for asker, asked in self._truth().requests if asked == name)
        if askers and self._choices.below(3):
            return [f"{self._choices.pick(('ACCEPTFRIEND', 'REJECTFRIEND'))}|{name}|{self._choices.pick(askers)}"]
        return [f"ADDFRIEND|{name}|{self._choices.pick(NAMES)}"]

    def part(self, name: str) -> list[str]:
        verb = self._choices.pick(("UNBLOCK", "DELETEFRIEND", "BLOCK", "UNBLOCK"))
        return [f"{verb}|{name}|{self._choices.pick(NAMES)}"]

    def rooms(self, name: str) -> list[str]:
        verb = self._choices.pick(("JOIN", "CREATEROOM", "LEAVE", "INVITE", "KICK"))
        room = self._choices.pick(ROOMS)
        if verb == "CREATEROOM":
            return [f"CREATEROOM|{name}|{room}|{self._choices.pick(('public', 'private'))}"]
        other = f"|{self._choices.pick(NAMES)}" if verb in ("INVITE", "KICK") else ""
        return [f"{verb}|{name}|{room}{other}"]

    def status(self, name: str) -> list[str]:
        return [f"SETSTATUS|{name}|{self._choices.pick(STATUSES)}|"]

    def ping(self, name: str) -> list[str]:
        return [f"PING|{self._text()}"]

    def log_out(self, name: str) -> list[str]:
        return ["LOGOUT", *self._choices.pick(((), (f"SHOWFRIENDS|{name}",), (f"LOGIN|{name}|{PASSWORD}",)))]

    def quit(self, name: str) -> list[str]:
        return [*self._choices.pick(((), (f"PING|{self._text()}",))), "QUIT"]

    def set_password(self, name: str) -> list[str]:
        return [f"SETPASSWORD|{name}|{PASSWORD}|{PASSWORD}"]

    def report(self, name: str) -> list[str]:
        """One, or more than one may make in an hour."""
        return [f"REPORT|{name}|{self._message('')}|look at this"] * (12 if self._choices.below(4) == 1 else 1)

    def delete_account(self, name: str) -> list[str]:
        if self._choices.below(4):
            return [f"DELETEACCOUNT|{name}|{PASSWORD}"]
        return self.ping(name)

    def _text(self) -> str:
        self._number += 1
        return f"text {self._number}"

    def _place(self, name: str) -> str:
        truth = self._truth()
        near = [other for other in NAMES if truth.are_friends(name, other) and other != name]
        near += [room.name for room in truth.rooms if name in room.members and not room.ended]
        return (
            self._choices.pick(near) if near and self._choices.below(6) != 1 else self._choices.pick((*NAMES, "#den"))
        )

    def _message(self, author: str) -> int:
        found: Sequence[int] = [each.id for each in self._truth().messages if not author or each.sender == author]
        return found[-1 - self._choices.below(min(len(found), 6))] if found else 999_999


_MAKERS: tuple[Callable[[Lines, str], list[str]], ...] = (
    *[Lines.send] * 12,
    *[Lines.send_tagged] * 5,
    *[Lines.send_many] * 5,
    *[Lines.to_bot] * 3,
    *[Lines.edit] * 3,
    *[Lines.delete] * 2,
    *[Lines.react] * 4,
    *[Lines.history] * 4,
    *[Lines.sync] * 5,
    *[Lines.ask] * 5,
    *[Lines.mark] * 2,
    *[Lines.befriend] * 5,
    *[Lines.part] * 2,
    *[Lines.rooms] * 6,
    *[Lines.status] * 3,
    *[Lines.ping] * 2,
    *[Lines.log_out] * 3,
    Lines.quit,
    Lines.set_password,
    Lines.delete_account,
    Lines.send_nothing,
    *[Lines.report] * 2,
)
