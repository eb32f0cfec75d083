"""Messages, what is done to them, and who sees it, as it should be."""

from collections.abc import Iterable

from chatserver.protocol.times import format_time
from tests.model.chat import Change, Chat, Effect, Heard, Message, Room, listed, refused

DAY_MS = 24 * 60 * 60 * 1000
TEXT_CHARS_MAX = 4000
REACTIONS_MAX = 3
REACTIONS_OF_ALL_MAX = 5


class Messages(Chat):
    """What commands do to messages, and what they show of them."""

    def send(self, user: str, to: str, text: str, tag: str) -> Effect:
        verb = f"SENDMESSAGE#{tag}" if tag else "SENDMESSAGE"
        if sent_before := self.was_sent(user, tag):
            return Effect([f"OK|{verb}|{sent_before[0]}|{format_time(sent_before[1])}"])
        recipient: str | Room = to
        code = ""
        if to.startswith("#"):
            recipient = self.own_room(user, to)
            code = recipient if isinstance(recipient, str) else ""
        else:
            code = self.no_other(user, to) or ("" if self.may_write(user, to) else "NOT_FRIENDS")
        code = code or _unfit(text)
        if code:
            return refused(verb, code)
        message = Message(self._next_id(), self.now_ms(), user, recipient, text)
        self.messages.append(message)
        if tag:
            self.tags[user, tag] = (message.id, message.time_ms)
        parties = self.parties(message)
        self.waiting += [(party, message) for party in parties if party != user and not self.sessions[party]]
        answer = f"OK|{verb}|{message.id}|{format_time(message.time_ms)}"
        return Effect([answer], [(party, f"EVENT|MESSAGE|{message.row(user)}") for party in parties])

    def was_sent(self, user: str, tag: str) -> tuple[int, int] | None:
        """Id and time of what the user has sent with a tag within the day."""
        sent = self.tags.get((user, tag)) if tag else None
        return sent if sent and sent[1] > self.now_ms() - DAY_MS else None

    def edit(self, user: str, number: int, text: str) -> Effect:
        message = self._own(user, number)
        code = message if isinstance(message, str) else _unfit(text)
        if isinstance(message, str) or code:
            return refused("EDITMESSAGE", code)
        is_withheld = (message.to, user) in self.blocks
        if is_withheld:
            message.own_text = text
        else:
            message.text, message.own_text = text, ""
        heard = self._changed("EDITED", message, user, is_withheld=is_withheld)
        return Effect([f"OK|EDITMESSAGE|{number}|{format_time(self.now_ms())}"], heard)

    def delete(self, user: str, number: int) -> Effect:
        message = self._own(user, number)
        if isinstance(message, str):
            return refused("DELETEMESSAGE", message)
        message.text = message.own_text = ""
        return Effect([f"OK|DELETEMESSAGE|{number}"], self._changed("DELETED", message, user))

    def react(self, user: str, number: int, emoji: str) -> Effect:
        message = self._visible(user, number)
        if message is None:
            return refused("REACT", "NO_SUCH_MESSAGE")
        reactions = [change for change in self.newest_changes() if change.message is message and change.emoji]
        mine = {change.emoji: change.sign for change in reactions if change.user == user}
        if emoji not in mine and (len(mine) >= REACTIONS_MAX or len(reactions) >= REACTIONS_OF_ALL_MAX):
            return refused("REACT", "NOT_ALLOWED")
        sign = "-" if mine.get(emoji) == "+" else "+"
        return Effect([f"OK|REACT|{number}|{emoji}|{sign}"], self._changed("REACTION", message, user, emoji, sign))

    def history(self, user: str, other: str, limit: int) -> Effect:
        party, code = self._party(user, other)
        if code:
            return refused("HISTORY", code)
        found = self._conversation(user, party)[-limit:]
        marks = [change for change in self.marks_for(user) if change.message in found and change.sign != "-"]
        return _with_marks(marks, listed("HISTORY", [message.row(user) for message in found]))

    def sync(self, user: str, after: int, limit: int) -> Effect:
        mine = [each for each in self.messages if each.id > after and self.was_heard(user, each, each.id)]
        mine = [each for each in mine if not self.is_for_later(user, each)]
        more, shown = len(mine) > limit, mine[:limit]
        upto = shown[-1].id if more else self.last_id
        marks = [
            change
            for change in self.marks_for(user)
            if after < change.id <= upto
            and self.was_heard(user, change.message, change.id)
            and (change.sign != "-" or change.message.id <= after)
        ]
        effect = listed("SYNC", [message.row(user) for message in shown])
        effect.answer[-1] += "|1" if more else "|0"
        return _with_marks(marks, effect)

    def search(self, user: str, word: str) -> Effect:
        found = [each for each in self.messages if user in self.parties(each) and word in each.text]
        return listed("SEARCH", [message.row(user) for message in found[-50:]])

    def mark_read(self, user: str, other: str, number: int, end: int = 0) -> Effect:
        """Up to the conversation's last message, or to another one that was the last."""
        party, code = self._party(user, other)
        if code:
            return refused("MARKREAD", code)
        messages = self._conversation(user, party)
        upto = min(number, max(end, messages[-1].id if messages else 0))
        before = self.read.get((user, party), 0)
        if upto <= before:
            return Effect([f"OK|MARKREAD|{other}|{before}"])
        hearers = {each.sender for each in self._unread(user, party) if each.id <= upto}
        hearers = {hearer for hearer in hearers if not self.are_apart(user, hearer)} | {user}
        self.read[user, party] = upto
        heard = [(hearer, f"EVENT|READ|{user}|{other}|{upto}") for hearer in hearers]
        return Effect([f"OK|MARKREAD|{other}|{upto}"], heard)

    def show_unread(self, user: str) -> Effect:
        parties: list[str | Room] = [*self.users, *(room for room in self.rooms if user in room.members)]
        found = []
        for party in parties:
            messages = self._unread(user, party)
            if messages:
                name = party.name if isinstance(party, Room) else party
                found.append((messages[0].id, f"{name}|{len(messages)}|{messages[0].id}"))
        return listed("SHOWUNREAD", [row for _, row in sorted(found)])

    def _party(self, user: str, name: str) -> tuple[str | Room, str]:
        """Whom or what a conversation is with, and the code of the refusal or nothing."""
        if name.startswith("#"):
            room = self.own_room(user, name)
            return room, room if isinstance(room, str) else ""
        return name, "" if name in self.users else "NO_SUCH_USER"

    def _conversation(self, user: str, party: str | Room) -> list[Message]:
        if isinstance(party, Room):
            return [message for message in self.messages if message.to is party]
        return [message for message in self.messages if {message.sender, message.to} == {user, party}]

    def _unread(self, user: str, party: str | Room) -> list[Message]:
        """Others' messages behind the mark, and in a room, since the membership."""
        stays = [stay.after for stay in self.stays if stay.room is party and stay.user == user and stay.until is None]
        after = max([self.read.get((user, party), 0), *stays])
        return [
            each for each in self._conversation(user, party) if each.sender != user and each.id > after and each.text
        ]

    def _visible(self, user: str, number: int) -> Message | None:
        found = (each for each in self.messages if each.id == number and each.text and user in self.parties(each))
        return next(found, None)

    def _own(self, user: str, number: int) -> Message | str:
        """The message, or the code of the refusal."""
        message = self._visible(user, number)
        if message is None:
            return "NO_SUCH_MESSAGE"
        is_own = message.sender == user and self.now_ms() - message.time_ms <= DAY_MS
        return message if is_own else "NOT_ALLOWED"

    def _changed(
        self, kind: str, message: Message, user: str, emoji: str = "", sign: str = "", is_withheld: bool = False
    ) -> Heard:
        change = Change(self._next_id(), self.now_ms(), kind, message, user, emoji, sign, is_withheld)
        self.changes.append(change)
        hearers: Iterable[str] = self.parties(message)
        if not isinstance(message.to, Room):
            hearers = [party for party in hearers if (party, user) not in self.blocks]
        return [(hearer, change.frame) for hearer in hearers]

    def _next_id(self) -> int:
        self.last_id += 1
        return self.last_id


def _unfit(text: str) -> str:
    """The code of the refusal, or nothing."""
    return "BAD_TEXT" if not text.strip() else "TOO_LONG" if len(text) > TEXT_CHARS_MAX else ""


def _with_marks(marks: list[Change], effect: Effect) -> Effect:
    return Effect([*(change.frame for change in marks), *effect.answer])
