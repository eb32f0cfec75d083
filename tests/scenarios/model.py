"""What the chat should do, as a naive model of sets and lists: the answer to each command, and who hears what.

It keeps no index and knows nothing of sockets, stores or turns; `test_model` plays it beside a server.
"""

from dataclasses import dataclass, field

Heard = list[tuple[str, str]]
"""Who hears what: a user's name and an event without `EVENT|`, for all sessions of the user but the acting one."""


@dataclass
class Effect:
    """What one command should give: its answer's frames (with `…`), and the events of it."""

    answer: list[str]
    heard: Heard = field(default_factory=list)


@dataclass
class Message:
    """One message, its id and time as the server gave them."""

    stamp: str  # `id|time`
    sender: str
    to: str
    text: str

    @property
    def row(self) -> str:
        return f"{self.stamp}|{self.sender}|{self.to}|{self.text}"


class Model:
    """All of the chat. Names of users are plain and in lower case, so that a name is its own key."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.friends: set[frozenset[str]] = set()
        self.requests: set[tuple[str, str]] = set()  # asker, asked
        self.status = dict.fromkeys(names, ("online", ""))
        self.sessions = dict.fromkeys(names, 0)
        self.messages: list[Message] = []
        self.missed: dict[str, list[Message]] = {name: [] for name in names}
        self.tags: dict[tuple[str, str], Message] = {}

    def seen(self, name: str) -> str:
        """Status and text as a friend sees them."""
        status, text = self.status[name]
        return f"{status}|{text}" if self.sessions[name] and status != "invisible" else "offline|"

    def friends_of(self, name: str) -> list[str]:
        return sorted(other for other in self.names if frozenset((name, other)) in self.friends and other != name)

    # Friends

    def add(self, user: str, other: str) -> Effect:
        if other not in self.names:
            return _refused("ADDFRIEND", "NO_SUCH_USER")
        if user == other:
            return _refused("ADDFRIEND", "SELF")
        if frozenset((user, other)) in self.friends:
            return _refused("ADDFRIEND", "ALREADY_FRIENDS")
        if (user, other) in self.requests:
            return _refused("ADDFRIEND", "ALREADY_REQUESTED")
        if (other, user) in self.requests:
            return Effect([f"OK|ADDFRIEND|{other}|added"], self._become_friends(user, other))
        self.requests.add((user, other))
        return Effect([f"OK|ADDFRIEND|{other}|requested"], [(other, f"FRIENDREQUEST|{user}")])

    def accept(self, user: str, other: str) -> Effect:
        if other not in self.names:
            return _refused("ACCEPTFRIEND", "NO_SUCH_USER")
        if (other, user) not in self.requests:
            return _refused("ACCEPTFRIEND", "NO_SUCH_REQUEST")
        return Effect([f"OK|ACCEPTFRIEND|{other}"], self._become_friends(user, other))

    def reject(self, user: str, other: str) -> Effect:
        if other not in self.names:
            return _refused("REJECTFRIEND", "NO_SUCH_USER")
        if (other, user) not in self.requests:
            return _refused("REJECTFRIEND", "NO_SUCH_REQUEST")
        self.requests.remove((other, user))
        return Effect([f"OK|REJECTFRIEND|{other}"])

    def delete(self, user: str, other: str) -> Effect:
        if other not in self.names:
            return _refused("DELETEFRIEND", "NO_SUCH_USER")
        pair = frozenset((user, other))
        if pair in self.friends:
            self.friends.remove(pair)
            return Effect(
                [f"OK|DELETEFRIEND|{other}"], [(user, f"FRIENDREMOVED|{other}"), (other, f"FRIENDREMOVED|{user}")]
            )
        if (user, other) in self.requests:
            self.requests.remove((user, other))
            return Effect([f"OK|DELETEFRIEND|{other}"])
        return _refused("DELETEFRIEND", "NOT_FRIENDS")

    def show_friends(self, user: str) -> Effect:
        return _rows("SHOWFRIENDS", [f"{friend}|{self.seen(friend)}" for friend in self.friends_of(user)])

    def show_requests(self, user: str) -> Effect:
        rows = sorted(f"in|{asker}" for asker, asked in self.requests if asked == user)
        rows += sorted(f"out|{asked}" for asker, asked in self.requests if asker == user)
        return _rows("SHOWREQUESTS", rows)

    def _become_friends(self, user: str, other: str) -> Heard:
        self.requests.discard((other, user))
        self.friends.add(frozenset((user, other)))
        return [(user, f"FRIENDADDED|{other}|{self.seen(other)}"), (other, f"FRIENDADDED|{user}|{self.seen(user)}")]

    # Messages

    def send(self, user: str, other: str, text: str, tag: str) -> Effect:
        verb = f"SENDMESSAGE#{tag}" if tag else "SENDMESSAGE"
        if tag and (user, tag) in self.tags:
            return Effect([f"OK|{verb}|{self.tags[user, tag].stamp}"])
        if other not in self.names:
            return _refused(verb, "NO_SUCH_USER")
        if user == other:
            return _refused(verb, "SELF")
        if frozenset((user, other)) not in self.friends:
            return _refused(verb, "NOT_FRIENDS")
        if not text.strip():
            return _refused(verb, "BAD_TEXT")
        if len(text) > 4000:
            return _refused(verb, "TOO_LONG")
        return Effect([f"OK|{verb}|…|…Z"], [(name, f"MESSAGE|…|{user}|{other}|{text}") for name in (user, other)])

    def sent(self, user: str, other: str, text: str, tag: str, stamp: str) -> None:
        """The server has taken a message, and this is its id and time."""
        message = Message(stamp, user, other, text)
        self.messages.append(message)
        if tag:
            self.tags[user, tag] = message
        if not self.sessions[other]:
            self.missed[other].append(message)

    def history(self, user: str, other: str, limit: int) -> Effect:
        if other not in self.names:
            return _refused("HISTORY", "NO_SUCH_USER")
        between = [each.row for each in self.messages if {each.sender, each.to} == {user, other}]
        return _rows("HISTORY", between[-limit:])

    def sync(self, user: str, after: int, limit: int) -> Effect:
        mine = [each for each in self.messages if user in (each.sender, each.to)]
        rows = [each.row for each in mine if int(each.stamp.partition("|")[0]) > after]
        effect = _rows("SYNC", rows[:limit])
        effect.answer[-1] += "|1" if len(rows) > limit else "|0"
        return effect

    # Presence

    def set_status(self, user: str, status: str, text: str) -> Effect:
        before = self.seen(user)
        self.status[user] = (status, text)
        return Effect([f"OK|SETSTATUS|{status}|{text}"], self._status_news(user, before))

    def opened(self, user: str) -> tuple[list[str], Heard]:
        """One more session: the backlog it gets, and what friends hear."""
        before = self.seen(user)
        self.sessions[user] += 1
        backlog = sorted(f"FRIENDREQUEST|{asker}" for asker, asked in self.requests if asked == user)
        backlog += [f"MISSED|{message.row}" for message in self.missed[user]]
        self.missed[user].clear()
        return backlog, self._status_news(user, before)

    def closed(self, user: str) -> Heard:
        """One session less: what friends hear."""
        before = self.seen(user)
        self.sessions[user] -= 1
        return self._status_news(user, before)

    def _status_news(self, user: str, before: str) -> Heard:
        if self.seen(user) == before:
            return []
        return [(friend, f"STATUS|{user}|{self.seen(user)}") for friend in self.friends_of(user)]


def _refused(verb: str, code: str) -> Effect:
    return Effect([f"ERR|{verb}|{code}|…"])


def _rows(verb: str, rows: list[str]) -> Effect:
    return Effect([*(f"ITEM|{verb}|{row}" for row in rows), f"OK|{verb}|{len(rows)}"])
