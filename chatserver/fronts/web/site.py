"""What a request gets: a file of the page, a refusal, or the way to the chat. It knows no socket.

Whom it believes: a browser tells by `Origin` which page asks, and by `Host` which name it was given for this server.
A page of another site may not ask at all; and a server of this machine alone is asked under a name of this machine,
else it is a stranger's name that was made to point here (DNS rebinding).
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network

from chatserver.fronts.web.assets import Asset
from chatserver.fronts.web.http import Problem, Request, Response
from chatserver.fronts.web.websocket import accept
from chatserver.net.addresses import address_group, plain_address

Network = IPv4Network | IPv6Network

SOCKET_PATH = "/ws"
SUBPROTOCOL = "pipechat.1"
VERSION = "13"
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")
"""16 bytes in base64."""
_ZERO = re.compile(r"q=0(\.0{0,3})?")
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def _policy(peers: Sequence[str]) -> str:
    """Where the page may load from, and connect to: its own server, and the WebSockets of its peers."""
    sockets = "".join(f" {re.sub('^http', 'ws', peer)}" for peer in peers)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            f"connect-src 'self'{sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


SAFE: Mapping[str, str] = {
    "Content-Security-Policy": _policy(()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""The headers of every answer; those of the page's files name its peers too."""


class Site:
    """The page, and the rules of who may see it."""

    def __init__(
        self,
        assets: Mapping[str, Asset],
        origins: Sequence[str],
        proxies: Sequence[Network],
        peers: Sequence[str] = (),
        *,
        is_local: bool,
    ) -> None:
        """`origins` are other addresses of this page; `proxies` tell whom they ask for.

        `peers` are the pages of other machines: those may chat here, and this one there. `is_local`: only this machine
        can reach the server.
        """
        self._assets = assets
        self._origins = origins
        self._proxies = proxies
        self._peers = peers
        self._headers = {**SAFE, "Content-Security-Policy": _policy(peers)}
        self._hosts = {*LOCAL_NAMES, *(_name_of(_authority_of(origin)) for origin in origins)} if is_local else None

    def asks_for_others(self, host: str) -> bool:
        """Whether an address is a proxy's."""
        return any(plain_address(host) in proxy for proxy in self._proxies)

    def has_proxy(self, group: str) -> bool:
        """Whether one of the proxies counts as this address (`net/addresses.address_group`)."""
        return any(address_group(str(proxy[0])) == group or plain_address(group) in proxy for proxy in self._proxies)

    def asker(self, request: Request, host: str) -> str:
        """The address that a request comes from: a proxy tells it last, behind all that its own client told."""
        hop = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if hop and self.asks_for_others(host):
            with suppress(ValueError):
                return address_group(hop)
        return address_group(host)

    def answer(self, request: Request) -> Response:
        """What a request gets; behind SWITCHING_PROTOCOLS the client goes on with WebSocket. Raises Problem."""
        self._refuse_strangers(request)
        if request.method not in ("GET", "HEAD"):
            return refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD are understood here", Allow="GET, HEAD")
        if request.path == SOCKET_PATH:
            return _handshake(request)
        asset = self._assets.get(request.path)
        if asset is None:
            return refusal(HTTPStatus.NOT_FOUND, "There is nothing here: the page is at /")
        return _file(request, asset, self._headers)

    def _refuse_strangers(self, request: Request) -> None:
        if self._hosts is not None and _name_of(request.host) not in self._hosts:
            sentence = "This server is not known by that name: open it as localhost, or list the name in web_origins"
            raise Problem(HTTPStatus.FORBIDDEN, sentence)
        origin = request.headers.get("origin", "").lower()
        if not origin or _authority_of(origin) == request.host or origin in self._origins:
            return
        if origin not in self._peers or request.path != SOCKET_PATH:
            raise Problem(HTTPStatus.FORBIDDEN, "Pages of other sites may not ask here: see web_origins")


def refusal(status: HTTPStatus, sentence: str, **headers: str) -> Response:
    """A sentence as an answer."""
    return Response(status, {**SAFE, "Content-Type": "text/plain; charset=utf-8", **headers}, f"{sentence}.\n".encode())


def _file(request: Request, asset: Asset, safe: Mapping[str, str]) -> Response:
    body = asset.body(gzipped=_takes_gzip(request))
    headers = {**safe, "Cache-Control": asset.caching, "ETag": body.tag, "Vary": "Accept-Encoding"}
    known = [tag.removeprefix("w/") for tag in request.words("if-none-match")]
    if "*" in known or body.tag in known:
        return Response(HTTPStatus.NOT_MODIFIED, headers)
    headers["Content-Type"] = asset.kind
    if body.encoding:
        headers["Content-Encoding"] = body.encoding
    return Response(HTTPStatus.OK, headers, body.data)


def _takes_gzip(request: Request) -> bool:
    taken: dict[str, bool] = {}
    for word in request.words("accept-encoding"):
        coding, _, weight = word.partition(";")
        taken[coding.strip()] = _ZERO.fullmatch(weight.strip()) is None
    return taken.get("gzip", taken.get("*", False))


def _handshake(request: Request) -> Response:
    """The begin of a WebSocket (RFC 6455, section 4.2). Raises Problem."""
    if request.method != "GET":
        return refusal(HTTPStatus.METHOD_NOT_ALLOWED, "A WebSocket begins with GET", Allow="GET")
    asks = "websocket" in request.words("upgrade") and "upgrade" in request.words("connection")
    if not asks or not request.keeps_alive or request.headers.get("sec-websocket-version") != VERSION:
        more = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": VERSION}
        return refusal(HTTPStatus.UPGRADE_REQUIRED, f"Here is a WebSocket, version {VERSION}", **more)
    key = request.headers.get("sec-websocket-key", "")
    if not _KEY.fullmatch(key):
        raise Problem(HTTPStatus.BAD_REQUEST, "The Sec-WebSocket-Key is no key of a WebSocket")
    offered = request.words("sec-websocket-protocol")
    if offered and SUBPROTOCOL not in offered:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The subprotocol that is spoken here is {SUBPROTOCOL}")
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept(key)}
    if offered:
        headers["Sec-WebSocket-Protocol"] = SUBPROTOCOL
    return Response(HTTPStatus.SWITCHING_PROTOCOLS, headers)


def _authority_of(origin: str) -> str:
    scheme, mark, authority = origin.partition("://")
    return authority if mark and scheme in ("http", "https") else ""


def _name_of(host: str) -> str:
    """A Host without its port; IPv6 in brackets."""
    name, colon, port = host.rpartition(":")
    return name if colon and (port.isdigit() or not port) else host
