"""Everybody who came in at the page's door: visitors who fetch files, and links of those who chat.

It hands visitors over to links, and goes round once a second: who takes too long is shown out, who is silent is
asked for a sign of life, and then given up.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from chatserver.fronts.pipe.front import FULL, Pipe
from chatserver.fronts.web.assets import load
from chatserver.fronts.web.http import Request, Response
from chatserver.fronts.web.link import TURN_S as LINKS_S
from chatserver.fronts.web.link import Chatter, Link
from chatserver.fronts.web.share import Share
from chatserver.fronts.web.site import Site, refusal
from chatserver.fronts.web.visitor import TURN_S as VISITORS_S
from chatserver.fronts.web.visitor import Visitor
from chatserver.fronts.web.websocket import Code
from chatserver.net.connection import Connection, Owner, Stream
from chatserver.net.round import Round
from chatserver.sessions.client import Front
from chatserver.settings import Settings

READ_BYTES = 16_384  # at a time: the smallest frame has 6 bytes, and each costs about a microsecond


class Host(Protocol):
    """What the lobby needs of the server."""

    def clock(self) -> float:
        """Monotonic seconds."""

    def turn_began_s(self) -> float:
        """When this turn began, by that clock."""

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call when those who are ready have been heard."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> object:
        """Call from a turn of its own, in so many seconds."""

    def admit(self, front: Front, stream: Stream, address: str, came_from: str) -> Chatter | None:
        """Make a client of somebody who came in from one address, and counts as of another now.

        None if there is no place for that one; else its place is the client's now, and the stream its connection.
        """

    def give_back(self, address: str) -> None:
        """The place of a visitor is free."""


class Lobby:
    """Where those are who came in at one door."""

    def __init__(self, site: Site, front: Front, settings: Settings) -> None:
        """`front` is how those speak who chat."""
        self.site = site
        self._front = front
        self.head_s: float = settings.web_head_s
        self.idle_s: float = settings.web_idle_s
        self.unsent_max = settings.send_bytes_high
        self.goodbye_s: float = settings.goodbye_s
        self._silence_s = settings.web_silence_s
        self._visitors: set[Visitor] = set()
        self._host: Host
        self.share: Share
        self._links_share: Share
        self._links: dict[Link, float | None] = {}  # when it was pinged in this silence

    def attend(self, host: Host) -> None:
        """Learn whom it is for, once there is one."""
        self._host = host
        self._visitors_round = Round(self._show_out, host.call_soon)
        self._links_round = Round(self._look_after, host.call_soon)
        self.share = Share(host, VISITORS_S)
        self._links_share = Share(host, LINKS_S)

    def clock(self) -> float:
        """Monotonic seconds."""
        return self._host.clock()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> object:
        """Call from a turn of its own, in so many seconds."""
        return self._host.call_later(delay_s, callback)

    def expects_many(self, address: str) -> bool:
        """Whether those who come from an address may do so for many others."""
        return self.site.has_proxy(address)

    def welcome(self, connect: Callable[[Owner, int], Connection], address: str, host: str) -> None:
        """Somebody came in, who counts as of an address, from a host."""
        visitor = Visitor(self, address, host)
        self._visitors.add(visitor)
        visitor.connection = connect(visitor, READ_BYTES)

    def left(self, visitor: Visitor) -> None:
        """A visitor has gone."""
        self._visitors.discard(visitor)
        self._host.give_back(visitor.address)

    def upgrade(self, visitor: Visitor, request: Request, answer: Response, rest: bytes) -> None:
        """A visitor becomes a client, if there is a place for the address that it comes from."""
        connection, asker = visitor.connection, self.site.asker(request, visitor.host)
        connection.send(answer.render())
        if connection.closed:
            return
        link = Link(connection, self.clock, self._links_share)
        owner = self._host.admit(self._front, link, asker, visitor.address)
        if owner is None:
            link.send(FULL)
            link.close(Code.TRY_AGAIN_LATER, self.goodbye_s)
            return
        self._visitors.discard(visitor)
        self._links[link] = None
        link.owner = owner
        connection.tell(link)
        connection.resume()
        if rest:
            link.received(rest)
        if connection.peer_ended and not connection.closed:
            link.ended()  # it was told of while requests before this one were waiting for their turn

    def go_round(self) -> None:
        """Once a second."""
        now_s = self.clock()
        self._visitors_round.begin(each for each in self._visitors if each.deadline <= now_s)
        self._links_round.begin(self._links)

    def _show_out(self, visitor: Visitor) -> None:
        if visitor in self._visitors and visitor.deadline <= self.clock():
            visitor.connection.abort()

    def _look_after(self, link: Link) -> None:
        """Ping who is silent, once; give up who stays so."""
        now_s = self.clock()
        if link.closed:
            del self._links[link]
            return
        if link.is_paused:
            link.heard_s = now_s
        pinged_s = self._links[link]
        if pinged_s is None or pinged_s < link.heard_s:
            self._links[link] = None
            if now_s - link.heard_s >= self._silence_s:
                self._links[link] = now_s
                link.ping()
        elif now_s - pinged_s >= self._silence_s:
            link.abort()

    def close(self) -> None:
        """The server goes down: who only fetches goes at once, clients are told that it is not for what they did."""
        for visitor in list(self._visitors):
            visitor.connection.abort()
        for link in self._links:
            link.server_goes = True


def open_lobby(settings: Settings, *, is_local: bool, has_tls: bool) -> tuple[Front, Lobby]:
    """How those speak who come in at the page's door, and where they wait."""
    sentence = "The server has no place left for this address now: try again later"
    full = refusal(HTTPStatus.SERVICE_UNAVAILABLE, sentence).render(closes=True)
    front = Pipe(farewell=b"" if has_tls else full)  # with TLS nothing can be said before the handshake
    peers = settings.web_peers
    site = Site(load(peers), settings.web_origins, settings.web_proxies, peers, is_local=is_local)
    return front, Lobby(site, front, settings)
