"""What the chat should do, in dicts and lists: the answer to each command, and who hears what.

It looks at everything again each time, keeps no index, and knows nothing of turns, sockets or the store. A user
name is its own key. Presence is left out of what is heard: `test_model` checks what it must come to.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from chatserver.protocol.times import format_time

DAY_MS = 24 * 60 * 60 * 1000
REACTIONS_MAX = 3
REACTIONS_OF_ALL_MAX = 5


@dataclass
class Effect:
    """What a command gives: the frames of its answer, and what all other sessions of users hear."""

    answer: list[str]
    heard: list[tuple[str, str]] = field(default_factory=list)


@dataclass(eq=False)
class Room:
    name: str
    kind: str
    owner: str
    members: list[str] = field(default_factory=list)  # longest-standing first
    invited: dict[str, str] = field(default_factory=dict)  # user → who asked
    ended: bool = False


@dataclass
class Stay:
    """Somebody in a room, from behind one id up to another; None while it goes on."""

    room: Room
    user: str
    after: int
    until: int | None = None


@dataclass(eq=False)
class Message:
    id: int
    time_ms: int
    sender: str
    to: str | Room
    text: str  # empty once deleted

    @property
    def to_name(self) -> str:
        return self.to.name if isinstance(self.to, Room) else self.to

    @property
    def row(self) -> str:
        return f"{self.id}|{format_time(self.time_ms)}|{self.sender}|{self.to_name}|{self.text}"


@dataclass
class Change:
    id: int
    time_ms: int
    kind: str  # EDITED, DELETED or REACTION
    message: Message
    user: str
    emoji: str = ""
    sign: str = ""

    @property
    def key(self) -> tuple[int, str, str]:
        """The newest change of each key counts."""
        return self.message.id, self.user, self.emoji

    @property
    def frame(self) -> str:
        message = self.message
        parties = f"{message.sender}|{message.to_name}"
        if self.kind == "EDITED":
            return f"EVENT|EDITED|{message.id}|{format_time(self.time_ms)}|{parties}|{message.text}"
        if self.kind == "DELETED":
            return f"EVENT|DELETED|{message.id}|{parties}"
        to = message.sender if self.user == message.to else message.to_name
        return f"EVENT|REACTION|{message.id}|{self.user}|{to}|{self.emoji}|{self.sign}"


class Model:
    """All of the chat."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.users: list[str] = []
        self.gone: set[str] = set()
        self.status: dict[str, tuple[str, str]] = {}
        self.sessions: dict[str, int] = {}
        self.friends: set[frozenset[str]] = set()
        self.requests: dict[tuple[str, str], bool] = {}  # asker, asked → whether a block hides it
        self.blocks: set[tuple[str, str]] = set()
        self.rooms: list[Room] = []
        self.stays: list[Stay] = []
        self.messages: list[Message] = []
        self.changes: list[Change] = []
        self.waiting: list[tuple[str, Message]] = []  # for whom, what: nobody was there to hear it
        self.tags: dict[tuple[str, str], tuple[int, int]] = {}
        self.last_id = 0

    # What can be seen

    def seen(self, name: str) -> str:
        """Status and text as a friend sees them."""
        status, text = self.status[name]
        return f"{status}|{text}" if self.sessions[name] and status != "invisible" else "offline|"

    def are_friends(self, one: str, other: str) -> bool:
        return frozenset((one, other)) in self.friends

    def room(self, name: str) -> Room | None:
        return next((room for room in self.rooms if room.name == name and not room.ended), None)

    def parties(self, message: Message) -> list[str]:
        """Who can see a message now."""
        if isinstance(message.to, Room):
            return list(message.to.members)
        return [message.sender, message.to]

    def was_heard(self, user: str, message: Message, at: int) -> bool:
        """Tell whether what got an id was for this user at that time: of rooms, only during a stay."""
        if not isinstance(message.to, Room):
            return user in (message.sender, message.to)
        return any(
            stay.after < at and (stay.until is None or at <= stay.until)
            for stay in self.stays
            if stay.room is message.to and stay.user == user
        )

    def newest_changes(self) -> list[Change]:
        newest: dict[tuple[int, str, str], Change] = {}
        for change in self.changes:
            newest[change.key] = change
        deleted = {change.message.id for change in newest.values() if change.kind == "DELETED"}
        found = [change for change in newest.values() if change.kind == "DELETED" or change.message.id not in deleted]
        return sorted(found, key=lambda change: change.id)

    # Accounts

    def sign_up(self, name: str) -> Effect:
        if name in self.users or name in self.gone:
            return _refused("SIGNUP", "NAME_TAKEN")
        self.users.append(name)
        self.status[name] = ("online", "")
        self.sessions[name] = 0
        return Effect([f"OK|SIGNUP|{name}"])

    def log_in(self, name: str) -> Effect:
        """The backlog stands in the answer, behind its first frame."""
        if name not in self.users:
            return _refused("LOGIN", "BAD_LOGIN")
        self.sessions[name] += 1
        asked = sorted(asker for (asker, other), hidden in self.requests.items() if other == name and not hidden)
        rooms = sorted((room.name, room.invited[name]) for room in self.rooms if name in room.invited)
        missed = sorted((message.id, message) for user, message in self.waiting if user == name and message.text)
        self.waiting = [entry for entry in self.waiting if entry[0] != name]
        backlog = [f"EVENT|FRIENDREQUEST|{asker}" for asker in asked]
        backlog += [f"EVENT|INVITED|{room}|{by}" for room, by in rooms]
        backlog += [f"EVENT|MISSED|{message.row}" for _, message in missed]
        return Effect([f"OK|LOGIN|{name}|", *backlog])

    def leave(self, name: str) -> None:
        self.sessions[name] -= 1

    def delete_account(self, name: str) -> Effect:
        heard: list[tuple[str, str]] = []
        for room in self.rooms:
            room.invited.pop(name, None)
            if name in room.members:
                heard += self._left(room, name)
        for other in self.users:
            if self.are_friends(name, other) and other != name:
                heard += [(name, f"EVENT|FRIENDREMOVED|{other}"), (other, f"EVENT|FRIENDREMOVED|{name}")]
        heard.append((name, "BYE|DELETED|"))
        self.users.remove(name)
        self.gone.add(name)
        self.friends = {pair for pair in self.friends if name not in pair}
        self.requests = {pair: hidden for pair, hidden in self.requests.items() if name not in pair}
        self.blocks = {pair for pair in self.blocks if name not in pair}
        self.messages = [message for message in self.messages if message.sender != name]
        self.changes = [change for change in self.changes if name not in (change.user, change.message.sender)]
        self.waiting = [entry for entry in self.waiting if name not in (entry[0], entry[1].sender)]
        self.stays = [stay for stay in self.stays if stay.user != name]
        return Effect([f"OK|DELETEACCOUNT|{name}", "BYE|DELETED|"], heard)

    def set_status(self, name: str, status: str, text: str) -> Effect:
        self.status[name] = (status, text)
        return Effect([f"OK|SETSTATUS|{status}|{text}"])

    # Friends

    def add_friend(self, user: str, other: str) -> Effect:
        code = self._no_other(user, other)
        if not code and self.are_friends(user, other):
            code = "ALREADY_FRIENDS"
        if not code and (user, other) in self.blocks:
            code = "NOT_ALLOWED"
        if code:
            return _refused("ADDFRIEND", code)
        if self.requests.get((other, user)) is False:
            return Effect([f"OK|ADDFRIEND|{other}|added"], self._become_friends(user, other))
        if (user, other) in self.requests:
            return _refused("ADDFRIEND", "ALREADY_REQUESTED")
        hidden = self.requests[user, other] = (other, user) in self.blocks
        return Effect([f"OK|ADDFRIEND|{other}|requested"], [] if hidden else [(other, f"EVENT|FRIENDREQUEST|{user}")])

    def accept(self, user: str, other: str) -> Effect:
        if other not in self.users:
            return _refused("ACCEPTFRIEND", "NO_SUCH_USER")
        if self.requests.get((other, user)) is not False:
            return _refused("ACCEPTFRIEND", "NO_SUCH_REQUEST")
        return Effect([f"OK|ACCEPTFRIEND|{other}"], self._become_friends(user, other))

    def delete_friend(self, user: str, other: str) -> Effect:
        if other not in self.users:
            return _refused("DELETEFRIEND", "NO_SUCH_USER")
        heard: list[tuple[str, str]] = []
        if self.are_friends(user, other):
            heard = self._part(user, other)
        elif self.requests.pop((user, other), None) is None:
            return _refused("DELETEFRIEND", "NOT_FRIENDS")
        return Effect([f"OK|DELETEFRIEND|{other}"], heard)

    def block(self, user: str, other: str) -> Effect:
        code = self._no_other(user, other)
        if code:
            return _refused("BLOCK", code)
        heard = self._part(user, other) if self.are_friends(user, other) else []
        self.requests.pop((user, other), None)
        if (other, user) in self.requests:
            self.requests[other, user] = True
        self.blocks.add((user, other))
        return Effect([f"OK|BLOCK|{other}"], heard)

    def unblock(self, user: str, other: str) -> Effect:
        code = self._no_other(user, other)
        if code:
            return _refused("UNBLOCK", code)
        if (user, other) in self.blocks:
            self.blocks.remove((user, other))
            self.requests.pop((other, user), None)
        return Effect([f"OK|UNBLOCK|{other}"])

    def show_friends(self, user: str) -> Effect:
        friends = sorted(other for other in self.users if other != user and self.are_friends(user, other))
        return _rows("SHOWFRIENDS", [f"{friend}|{self.seen(friend)}" for friend in friends])

    def show_requests(self, user: str) -> Effect:
        came = sorted(f"in|{asker}" for (asker, asked), hidden in self.requests.items() if asked == user and not hidden)
        return _rows("SHOWREQUESTS", came + sorted(f"out|{asked}" for asker, asked in self.requests if asker == user))

    def _become_friends(self, user: str, other: str) -> list[tuple[str, str]]:
        del self.requests[other, user]
        self.friends.add(frozenset((user, other)))
        return [(one, f"EVENT|FRIENDADDED|{new}|{self.seen(new)}") for one, new in ((user, other), (other, user))]

    def _part(self, user: str, other: str) -> list[tuple[str, str]]:
        self.friends.remove(frozenset((user, other)))
        return [(user, f"EVENT|FRIENDREMOVED|{other}"), (other, f"EVENT|FRIENDREMOVED|{user}")]

    def _no_other(self, user: str, other: str) -> str:
        return "NO_SUCH_USER" if other not in self.users else "SELF" if user == other else ""

    # Rooms

    def create_room(self, user: str, name: str, kind: str) -> Effect:
        if self.room(name):
            return _refused("CREATEROOM", "NAME_TAKEN")
        room = Room(name, kind, user)
        self.rooms.append(room)
        return Effect([f"OK|CREATEROOM|{name}|{kind}"], self._joined(room, user))

    def join(self, user: str, name: str) -> Effect:
        room = self.room(name)
        if room is None or (room.kind == "private" and user not in room.members and user not in room.invited):
            return _refused("JOIN", "NO_SUCH_ROOM")
        heard = [] if user in room.members else self._joined(room, user)
        return Effect([f"OK|JOIN|{name}"], heard)

    def leave_room(self, user: str, name: str) -> Effect:
        room = self.own_room(user, name)
        if isinstance(room, str):
            return _refused("LEAVE", room)
        return Effect([f"OK|LEAVE|{name}"], self._left(room, user))

    def invite(self, user: str, name: str, other: str) -> Effect:
        room = self.own_room(user, name)
        if isinstance(room, str):
            return _refused("INVITE", room)
        if other not in self.users:
            return _refused("INVITE", "NO_SUCH_USER")
        effect = Effect([f"OK|INVITE|{name}|{other}"])
        if other not in room.members and other not in room.invited and (other, user) not in self.blocks:
            room.invited[other] = user
            effect.heard = [(other, f"EVENT|INVITED|{name}|{user}")]
        return effect

    def kick(self, user: str, name: str, other: str) -> Effect:
        room = self.own_room(user, name)
        if isinstance(room, str):
            return _refused("KICK", room)
        if room.owner != user:
            return _refused("KICK", "NOT_ALLOWED")
        if other not in self.users:
            return _refused("KICK", "NO_SUCH_USER")
        if other == user or other not in room.members:
            return _refused("KICK", "NOT_ALLOWED" if other == user else "NOT_MEMBER")
        return Effect([f"OK|KICK|{name}|{other}"], self._left(room, other))

    def show_rooms(self, user: str) -> Effect:
        rooms = [room for room in self.rooms if not room.ended and (room.kind == "public" or user in room.members)]
        rows = [f"{r.name}|{r.kind}|{len(r.members)}|{'joined' if user in r.members else '-'}|" for r in rooms]
        return _rows("SHOWROOMS", sorted(rows))

    def show_members(self, user: str, name: str) -> Effect:
        room = self.own_room(user, name)
        if isinstance(room, str):
            return _refused("SHOWMEMBERS", room)
        rows = []
        for member in sorted(room.members):
            apart = (user, member) in self.blocks or (member, user) in self.blocks
            status = "offline" if apart else self.seen(member).partition("|")[0]
            rows.append(f"{member}|{status}|{'owner' if member == room.owner else 'member'}")
        return _rows("SHOWMEMBERS", rows)

    def own_room(self, user: str, name: str) -> Room | str:
        """The room, or the code of the refusal."""
        room = self.room(name)
        if room is not None and user in room.members:
            return room
        return "NO_SUCH_ROOM" if room is None or room.kind == "private" else "NOT_MEMBER"

    def _joined(self, room: Room, user: str) -> list[tuple[str, str]]:
        room.invited.pop(user, None)
        room.members.append(user)
        self.stays.append(Stay(room, user, self.last_id))
        return [(member, f"EVENT|JOINED|{room.name}|{user}") for member in room.members]

    def _left(self, room: Room, user: str) -> list[tuple[str, str]]:
        heard = [(member, f"EVENT|LEFT|{room.name}|{user}") for member in room.members]
        room.members.remove(user)
        for stay in self.stays:
            if stay.room is room and stay.user == user and stay.until is None:
                stay.until = self.last_id
        if not room.members:
            room.ended = True
            room.invited.clear()
        elif room.owner == user:
            room.owner = room.members[0]
        return heard

    # Messages

    def send(self, user: str, to: str, text: str, tag: str) -> Effect:
        verb = f"SENDMESSAGE#{tag}" if tag else "SENDMESSAGE"
        sent_before = self.tags.get((user, tag))
        if tag and sent_before and sent_before[1] > self.now_ms() - DAY_MS:
            return Effect([f"OK|{verb}|{sent_before[0]}|{format_time(sent_before[1])}"])
        recipient: str | Room = to
        code = ""
        if to.startswith("#"):
            recipient = self.own_room(user, to)
            code = recipient if isinstance(recipient, str) else ""
        else:
            code = self._no_other(user, to) or ("" if self.are_friends(user, to) else "NOT_FRIENDS")
        if not code and not text.strip():
            code = "BAD_TEXT"
        if code:
            return _refused(verb, code)
        message = Message(self._next_id(), self.now_ms(), user, recipient, text)
        self.messages.append(message)
        if tag:
            self.tags[user, tag] = (message.id, message.time_ms)
        parties = self.parties(message)
        self.waiting += [(party, message) for party in parties if party != user and not self.sessions[party]]
        answer = f"OK|{verb}|{message.id}|{format_time(message.time_ms)}"
        return Effect([answer], [(party, f"EVENT|MESSAGE|{message.row}") for party in parties])

    def edit(self, user: str, number: int, text: str) -> Effect:
        message = self._own(user, number)
        code = message if isinstance(message, str) else "" if text.strip() else "BAD_TEXT"
        if isinstance(message, str) or code:
            return _refused("EDITMESSAGE", code)
        message.text = text
        stamp = format_time(self.now_ms())
        return Effect([f"OK|EDITMESSAGE|{number}|{stamp}"], self._changed("EDITED", message, user))

    def delete(self, user: str, number: int) -> Effect:
        message = self._own(user, number)
        if isinstance(message, str):
            return _refused("DELETEMESSAGE", message)
        message.text = ""
        return Effect([f"OK|DELETEMESSAGE|{number}"], self._changed("DELETED", message, user))

    def react(self, user: str, number: int, emoji: str) -> Effect:
        message = self._visible(user, number)
        if message is None:
            return _refused("REACT", "NO_SUCH_MESSAGE")
        reactions = [change for change in self.newest_changes() if change.message is message and change.emoji]
        mine = {change.emoji: change.sign for change in reactions if change.user == user}
        if emoji not in mine and (len(mine) >= REACTIONS_MAX or len(reactions) >= REACTIONS_OF_ALL_MAX):
            return _refused("REACT", "NOT_ALLOWED")
        sign = "-" if mine.get(emoji) == "+" else "+"
        return Effect([f"OK|REACT|{number}|{emoji}|{sign}"], self._changed("REACTION", message, user, emoji, sign))

    def history(self, user: str, other: str, limit: int) -> Effect:
        if other.startswith("#"):
            room = self.own_room(user, other)
            if isinstance(room, str):
                return _refused("HISTORY", room)
            found = [message for message in self.messages if message.to is room]
        elif other not in self.users:
            return _refused("HISTORY", "NO_SUCH_USER")
        else:
            found = [message for message in self.messages if {message.sender, message.to} == {user, other}]
        found = found[-limit:]
        marks = [change for change in self.newest_changes() if change.message in found and change.sign != "-"]
        return _with_marks(marks, _rows("HISTORY", [message.row for message in found]))

    def sync(self, user: str, after: int, limit: int) -> Effect:
        mine = [each for each in self.messages if each.id > after and self.was_heard(user, each, each.id)]
        more, shown = len(mine) > limit, mine[:limit]
        upto = shown[-1].id if more else self.last_id
        marks = [
            change
            for change in self.newest_changes()
            if after < change.id <= upto
            and self.was_heard(user, change.message, change.id)
            and (change.sign != "-" or change.message.id <= after)
        ]
        effect = _rows("SYNC", [message.row for message in shown])
        effect.answer[-1] += "|1" if more else "|0"
        return _with_marks(marks, effect)

    def search(self, user: str, word: str) -> Effect:
        found = [each for each in self.messages if user in self.parties(each) and word in each.text]
        return _rows("SEARCH", [message.row for message in found[-50:]])

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
        self, kind: str, message: Message, user: str, emoji: str = "", sign: str = ""
    ) -> list[tuple[str, str]]:
        change = Change(self._next_id(), self.now_ms(), kind, message, user, emoji, sign)
        self.changes.append(change)
        hearers: Iterable[str] = self.parties(message)
        if not isinstance(message.to, Room):
            hearers = [party for party in hearers if (party, user) not in self.blocks]
        return [(hearer, change.frame) for hearer in hearers]

    def _next_id(self) -> int:
        self.last_id += 1
        return self.last_id


def _refused(verb: str, code: str) -> Effect:
    return Effect([f"ERR|{verb}|{code}|"])


def _rows(verb: str, rows: list[str]) -> Effect:
    return Effect([*(f"ITEM|{verb}|{row}" for row in rows), f"OK|{verb}|{len(rows)}"])


def _with_marks(marks: list[Change], effect: Effect) -> Effect:
    return Effect([*(change.frame for change in marks), *effect.answer])
