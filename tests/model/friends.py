"""Friendships, requests and blocks, as they should be."""

from tests.model.chat import Chat, Effect, Heard, listed, refused


class Friends(Chat):
    """What commands do between two users."""

    def add_friend(self, user: str, other: str) -> Effect:
        code = self.no_other(user, other)
        if not code and self.are_friends(user, other):
            code = "ALREADY_FRIENDS"
        if not code and (user, other) in self.blocks:
            code = "NOT_ALLOWED"
        if code:
            return refused("ADDFRIEND", code)
        if self.requests.get((other, user)) is False:
            return Effect([f"OK|ADDFRIEND|{other}|added"], self._become_friends(user, other))
        if (user, other) in self.requests:
            return refused("ADDFRIEND", "ALREADY_REQUESTED")
        hidden = self.requests[user, other] = (other, user) in self.blocks
        return Effect([f"OK|ADDFRIEND|{other}|requested"], [] if hidden else [(other, f"EVENT|FRIENDREQUEST|{user}")])

    def accept(self, user: str, other: str) -> Effect:
        if other not in self.users:
            return refused("ACCEPTFRIEND", "NO_SUCH_USER")
        if self.requests.get((other, user)) is not False:
            return refused("ACCEPTFRIEND", "NO_SUCH_REQUEST")
        return Effect([f"OK|ACCEPTFRIEND|{other}"], self._become_friends(user, other))

    def reject(self, user: str, other: str) -> Effect:
        if other not in self.users:
            return refused("REJECTFRIEND", "NO_SUCH_USER")
        if self.requests.get((other, user)) is not False:
            return refused("REJECTFRIEND", "NO_SUCH_REQUEST")
        del self.requests[other, user]
        return Effect([f"OK|REJECTFRIEND|{other}"])

    def delete_friend(self, user: str, other: str) -> Effect:
        if other not in self.users:
            return refused("DELETEFRIEND", "NO_SUCH_USER")
        heard: Heard = []
        if self.are_friends(user, other):
            heard = self._part(user, other)
        elif self.requests.pop((user, other), None) is None:
            return refused("DELETEFRIEND", "NOT_FRIENDS")
        return Effect([f"OK|DELETEFRIEND|{other}"], heard)

    def block(self, user: str, other: str) -> Effect:
        code = self.no_other(user, other)
        if code:
            return refused("BLOCK", code)
        heard = self._part(user, other) if self.are_friends(user, other) else []
        self.requests.pop((user, other), None)
        if (other, user) in self.requests:
            self.requests[other, user] = True
        self.blocks.add((user, other))
        for room in self.rooms:
            if room.invited.get(user) == other:
                del room.invited[user]
        return Effect([f"OK|BLOCK|{other}"], heard)

    def unblock(self, user: str, other: str) -> Effect:
        code = self.no_other(user, other)
        if code:
            return refused("UNBLOCK", code)
        if (user, other) in self.blocks:
            self.blocks.remove((user, other))
            self.requests.pop((other, user), None)
        return Effect([f"OK|UNBLOCK|{other}"])

    def show_friends(self, user: str) -> Effect:
        friends = sorted(other for other in self.users if other != user and self.are_friends(user, other))
        return listed("SHOWFRIENDS", [f"{friend}|{self.seen(friend)}" for friend in friends])

    def show_requests(self, user: str) -> Effect:
        came = sorted(f"in|{asker}" for (asker, asked), hidden in self.requests.items() if asked == user and not hidden)
        return listed("SHOWREQUESTS", came + sorted(f"out|{asked}" for asker, asked in self.requests if asker == user))

    def _become_friends(self, user: str, other: str) -> Heard:
        del self.requests[other, user]
        self.friends.add(frozenset((user, other)))
        return [(one, f"EVENT|FRIENDADDED|{new}|{self.seen(new)}") for one, new in ((user, other), (other, user))]

    def _part(self, user: str, other: str) -> Heard:
        self.friends.remove(frozenset((user, other)))
        return [(user, f"EVENT|FRIENDREMOVED|{other}"), (other, f"EVENT|FRIENDREMOVED|{user}")]
