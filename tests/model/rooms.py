"""Rooms, as they should be."""

from tests.model.chat import Chat, Effect, Heard, Room, Stay, listed, refused


class Rooms(Chat):
    """What commands do to rooms and to who is in them."""

    def create_room(self, user: str, name: str, kind: str) -> Effect:
        if self.room(user, name):
            return refused("CREATEROOM", "NAME_TAKEN")
        room = Room(name, kind, user)
        self.rooms.append(room)
        return Effect([f"OK|CREATEROOM|{name}|{kind}"], self._joined(room, user))

    def join(self, user: str, name: str) -> Effect:
        room = self.room(user, name)
        if room is None or (room.kind == "private" and user not in room.members and user not in room.invited):
            return refused("JOIN", "NO_SUCH_ROOM")
        heard = [] if user in room.members else self._joined(room, user)
        return Effect([f"OK|JOIN|{name}"], heard)

    def leave_room(self, user: str, name: str) -> Effect:
        room = self.own_room(user, name)
        if isinstance(room, str):
            return refused("LEAVE", room)
        return Effect([f"OK|LEAVE|{name}"], self.left(room, user))

    def invite(self, user: str, name: str, other: str) -> Effect:
        room = self.own_room(user, name)
        if isinstance(room, str):
            return refused("INVITE", room)
        if other not in self.users:
            return refused("INVITE", "NO_SUCH_USER")
        effect = Effect([f"OK|INVITE|{name}|{other}"])
        if other not in room.members and other not in room.invited and (other, user) not in self.blocks:
            room.invited[other] = user
            effect.heard = [(other, f"EVENT|INVITED|{name}|{user}")]
        return effect

    def kick(self, user: str, name: str, other: str) -> Effect:
        room = self.own_room(user, name)
        if isinstance(room, str):
            return refused("KICK", room)
        if room.owner != user:
            return refused("KICK", "NOT_ALLOWED")
        if other not in self.users:
            return refused("KICK", "NO_SUCH_USER")
        if other == user or other not in room.members:
            return refused("KICK", "NOT_ALLOWED" if other == user else "NOT_MEMBER")
        return Effect([f"OK|KICK|{name}|{other}"], self.left(room, other))

    def show_rooms(self, user: str) -> Effect:
        rooms = [room for room in self.rooms if not room.ended and (room.kind == "public" or user in room.members)]
        rooms = [room for room in rooms if self.room(user, room.name) is room]
        rows = [f"{r.name}|{r.kind}|{len(r.members)}|{'joined' if user in r.members else '-'}|" for r in rooms]
        return listed("SHOWROOMS", sorted(rows))

    def show_members(self, user: str, name: str) -> Effect:
        room = self.own_room(user, name)
        if isinstance(room, str):
            return refused("SHOWMEMBERS", room)
        rows = []
        for member in sorted(room.members):
            status = "offline" if self.are_apart(user, member) else self.seen(member).partition("|")[0]
            rows.append(f"{member}|{status}|{'owner' if member == room.owner else 'member'}")
        return listed("SHOWMEMBERS", rows)

    def _joined(self, room: Room, user: str) -> Heard:
        room.invited.pop(user, None)
        room.members.append(user)
        self.stays.append(Stay(room, user, self.last_id))
        return [(member, f"EVENT|JOINED|{room.name}|{user}") for member in room.members]

    def left(self, room: Room, user: str) -> Heard:
        heard = [(member, f"EVENT|LEFT|{room.name}|{user}") for member in room.members]
        room.members.remove(user)
        self.read.pop((user, room), None)
        for stay in self.stays:
            if stay.room is room and stay.user == user and stay.until is None:
                stay.until = self.last_id
        if not room.members:
            room.ended = True
            room.invited.clear()
        elif room.owner == user:
            room.owner = room.members[0]
        return heard
