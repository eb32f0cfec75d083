"""What every baseline does with a run of lines: parse, look up, render, put. No store, no passwords, no limits.

A peer's `put` is what distinguishes the baselines: the `write` of a transport, a
`sendall`, or the `append` of a list that is sent as one at the end of the turn.
It believes the user name in each command, and takes any name and token.
"""

from collections.abc import Callable, Iterable
from time import time

from chatserver.protocol.times import format_time

HELLO = b"HELLO|chatserver|1|a baseline of the load generator: it stores nothing\n"


class Peer:
    """One connection, as the router sees it."""

    __slots__ = ("name", "out", "put", "rest")

    def __init__(self, put: Callable[[bytes], object] | None = None) -> None:
        self.name = b""
        self.rest = b""
        self.out: list[bytes] = []
        self.put = put or self.out.append

    def take_out(self) -> bytes:
        """What was put since the last time, as one run of bytes; the list stays the same object."""
        joined = b"".join(self.out)
        self.out.clear()
        return joined


class Router:
    """Who is there, who is whose friend, who is in which room; and `touched`, the peers put to in this turn."""

    def __init__(self) -> None:
        self.users: dict[bytes, Peer] = {}
        self.friends: dict[bytes, set[bytes]] = {}
        self.rooms: dict[bytes, dict[Peer, None]] = {}
        self.touched: set[Peer] = set()
        self._id = 0

    def feed(self, peer: Peer, data: bytes) -> None:
        """Take what a socket gave; keep an unfinished line for the next time."""
        lines = (peer.rest + data).split(b"\n")
        peer.rest = lines.pop()
        self.touched.add(peer)
        now = format_time(int(time() * 1000)).encode()  # one time a turn
        users, touched = self.users, self.touched
        for line in lines:
            if not line.startswith(b"SENDMESSAGE|"):
                self._answer(peer, line)
                continue
            _, sender, to, text = line.split(b"|", 3)
            self._id = number = self._id + 1
            frame = b"EVENT|MESSAGE|%d|%s|%s|%s|%s\n" % (number, now, sender, to, text)
            friend = users.get(to)
            if friend is not None:
                friend.put(frame)
                touched.add(friend)
            elif to in self.rooms:
                self._put_all((member for member in self.rooms[to] if member is not peer), frame)
            else:
                peer.put(b"ERR|SENDMESSAGE|NO_SUCH_USER|Nobody of this name is here: a baseline keeps nothing\n")
                continue
            peer.put(b"OK|SENDMESSAGE|%d|%s\n" % (number, now))

    def gone(self, peer: Peer) -> None:
        """The connection has ended."""
        self.touched.discard(peer)
        if self.users.get(peer.name) is peer:
            del self.users[peer.name]
        for members in self.rooms.values():
            members.pop(peer, None)

    def _put_all(self, peers: Iterable[Peer], frame: bytes) -> None:
        touched = self.touched
        for peer in peers:
            peer.put(frame)
            touched.add(peer)

    def _answer(self, peer: Peer, line: bytes) -> None:
        verb, *fields = line.split(b"|")
        handler = ANSWERS.get(verb)
        if handler is None:
            peer.put(b"ERR|%s|UNKNOWN_COMMAND|A baseline knows only what a load needs\n" % verb)
            return
        answer = handler(self, peer, fields)
        peer.put(b"|".join((b"OK", verb, *answer)) + b"\n")


def _sign_up(_: Router, __: Peer, fields: list[bytes]) -> list[bytes]:
    return fields[:1]


def _log_in(router: Router, peer: Peer, fields: list[bytes]) -> list[bytes]:
    peer.name = fields[0]
    router.users[peer.name] = peer
    return [peer.name, b"token"]


def _befriend(router: Router, _: Peer, fields: list[bytes]) -> list[bytes]:
    one, other = fields
    router.friends.setdefault(one, set()).add(other)
    router.friends.setdefault(other, set()).add(one)
    return [other, b"added"]


def _join(router: Router, peer: Peer, fields: list[bytes]) -> list[bytes]:
    router.rooms.setdefault(fields[1], {})[peer] = None
    return [fields[1]]


def _ping(_: Router, __: Peer, fields: list[bytes]) -> list[bytes]:
    return fields


def _set_status(router: Router, _: Peer, fields: list[bytes]) -> list[bytes]:
    name, *status = fields
    friends = (router.users[friend] for friend in router.friends.get(name, ()) if friend in router.users)
    router._put_all(friends, b"EVENT|STATUS|%s|%s\n" % (name, b"|".join(status)))
    return status


ANSWERS: dict[bytes, Callable[[Router, Peer, list[bytes]], list[bytes]]] = {
    b"SIGNUP": _sign_up,
    b"LOGIN": _log_in,
    b"RESUME": _log_in,
    b"ADDFRIEND": _befriend,
    b"ACCEPTFRIEND": _befriend,
    b"CREATEROOM": _join,
    b"JOIN": _join,
    b"PING": _ping,
    b"SETSTATUS": _set_status,
}
