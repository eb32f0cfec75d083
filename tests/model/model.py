"""What the chat should do: the answer to each command, and who hears what.

It knows nothing of turns, sockets or the store. Presence is left out of what is heard: `play` checks what it must
come to.
"""

from tests.model.chat import Effect, Heard, refused
from tests.model.friends import Friends
from tests.model.messages import Messages
from tests.model.rooms import Rooms


class Model(Friends, Rooms, Messages):
    """All of the chat, with its accounts."""

    def sign_up(self, name: str) -> Effect:
        if name in self.users or name in self.gone:
            return refused("SIGNUP", "NAME_TAKEN")
        self.users.append(name)
        self.status[name] = ("online", "")
        self.sessions[name] = 0
        return Effect([f"OK|SIGNUP|{name}"])

    def log_in(self, name: str) -> Effect:
        """The backlog stands in the answer, behind its first frame."""
        if name not in self.users:
            return refused("LOGIN", "BAD_LOGIN")
        self.sessions[name] += 1
        asked = sorted(asker for (asker, other), hidden in self.requests.items() if other == name and not hidden)
        rooms = sorted((room.name, room.invited[name]) for room in self.rooms if name in room.invited)
        missed = sorted((message.id, message) for user, message in self.waiting if user == name and message.text)
        missed = [entry for entry in missed if not self.is_for_later(name, entry[1])]
        self.waiting = [entry for entry in self.waiting if entry[0] != name]
        backlog = [f"EVENT|FRIENDREQUEST|{asker}" for asker in asked]
        backlog += [f"EVENT|INVITED|{room}|{by}" for room, by in rooms]
        backlog += [f"EVENT|MISSED|{message.row(name)}" for _, message in missed]
        return Effect([f"OK|LOGIN|{name}|", *backlog])

    def leave(self, name: str) -> None:
        self.sessions[name] -= 1

    def delete_account(self, name: str) -> Effect:
        heard: Heard = []
        for room in self.rooms:
            room.invited.pop(name, None)
            if name in room.members:
                heard += self.left(room, name)
            if room.ended and room.owner == name:
                room.name = "#?"  # it goes with the one who left last
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
        self.read = {key: upto for key, upto in self.read.items() if key[0] != name}
        return Effect([f"OK|DELETEACCOUNT|{name}", "BYE|DELETED|"], heard, is_ordered=False)

    def set_status(self, name: str, status: str, text: str) -> Effect:
        self.status[name] = (status, text)
        return Effect([f"OK|SETSTATUS|{status}|{text}"])
