"""The doors that the settings ask for: the pipe's, the same over TLS, and the page's; and how each is told of."""

import logging
import socket
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

from chatserver.fronts.pipe.front import Pipe
from chatserver.net.connection import Connect, Connection
from chatserver.net.listener import address_of, adopt, listen
from chatserver.sessions.reception import Door
from chatserver.settings import SettingError, Settings

if TYPE_CHECKING:  # `ssl` is imported only by who has a certificate
    from chatserver.net.certificates import Certificate
    from chatserver.net.tls import TlsConnect

log = logging.getLogger(__name__)

Inherited = MutableMapping[str, socket.socket]
"""Sockets by the name of their door that listen already; who uses one takes it out."""

PIPE, TLS, PAGE, HOOKS, METRICS = NAMES = ("pipe", "tls", "page", "hooks", "metrics")
"""What doors are called where their sockets are handed on."""


class DoorError(Exception):
    """A door cannot be opened; the text is a sentence that says what to do."""


@dataclass(frozen=True)
class Tls:
    """What speaks TLS, and the certificate that it shows."""

    connect: "TlsConnect"
    certificate: "Certificate"

    def load_again(self) -> tuple[str, Callable[[], None]]:
        """Load the certificate anew; what was done, and its way back. Raises SettingError where it cannot be used."""
        from chatserver.net.certificates import TlsFileError

        former = self.certificate.context
        try:
            self.certificate.load_again()
        except TlsFileError as error:
            raise SettingError(
                f"the certificate was not loaded again, and the one before is still shown: {error}"
            ) from error
        said = "the certificate was loaded again, and new connections are shown it"
        return said, partial(setattr, self.certificate, "context", former)


@dataclass(frozen=True)
class Doors:
    """The doors, open."""

    plain: Door
    tls: Door | None
    page: Door | None
    hooks: Door | None
    speaks_tls: bool  # the page does so, and hooks
    figures: socket.socket | None = None  # where those who watch over the server ask: no door of the chat

    def __iter__(self) -> Iterator[Door]:
        return (door for door in (self.plain, self.tls, self.page, self.hooks) if door is not None)

    def sockets(self) -> dict[str, socket.socket]:
        """All that listen, by the names by which they are handed on."""
        doors = {PIPE: self.plain, TLS: self.tls, PAGE: self.page, HOOKS: self.hooks}
        named = {name: door.listening for name, door in doors.items() if door is not None}
        return named if self.figures is None else {**named, METRICS: self.figures}

    def close(self) -> None:
        """Nobody is let in."""
        for each in self.sockets().values():
            each.close()

    def lines(self) -> list[str]:
        """Where each is, a line a door, as a script may read it."""
        lines = [f"listening on {_shown(self.plain)}"]
        if self.tls is not None:
            lines.append(f"tls on {_shown(self.tls)}")
        if self.page is not None:
            lines.append(f"page on {_address(self.page.listening, self.speaks_tls)}")
        if self.hooks is not None:
            lines.append(f"hooks on {self.hooks_address}/hooks/")
        return lines

    @property
    def hooks_address(self) -> str:
        """How the addresses of hooks begin; empty if there are none."""
        return _address(self.hooks.listening, self.speaks_tls).rstrip("/") if self.hooks is not None else ""

    def to_type(self) -> str:
        """What brings somebody in by hand."""
        host, port = address_of(self.plain.listening)
        return f"nc {host} {port}" + (
            f"\nor, by TLS:  openssl s_client -quiet -connect {_shown(self.tls)}" if self.tls is not None else ""
        )


def load_tls(settings: Settings) -> Tls | None:
    """What speaks TLS, if there is a certificate. Raises SettingError."""
    certificate, key = settings.tls_certificate, settings.tls_key
    if not certificate and not key:
        if settings.tls_port is not None:
            raise SettingError("tls_port needs a certificate: set tls_certificate and tls_key too, or leave it out")
        return None
    if not certificate or not key:
        raise SettingError("TLS needs both a certificate and its key: set tls_certificate and tls_key, or none")
    from chatserver.net.certificates import Certificate, TlsFileError
    from chatserver.net.tls import TlsConnect

    try:
        shown = Certificate(certificate, key)
    except TlsFileError as error:
        raise SettingError(str(error)) from error
    return Tls(TlsConnect(shown, settings.tls_threads, settings.tls_handshake_s), shown)


def open_doors(settings: Settings, tls: Tls | None, inherited: Inherited) -> Doors:
    """Listen at all of them, or at none; where a door was handed on, there. Raises DoorError."""
    listen_at = partial(_take_or_listen, inherited)
    with ExitStack() as opened:
        host = settings.plain_host or settings.host
        plain = listen_at(PIPE, settings, host, settings.port, "choose another PORT or --host")
        opened.push(plain)
        encrypted = page = None
        if tls is not None:
            port = (settings.port and settings.port + 2) if settings.tls_port is None else settings.tls_port
            listening = listen_at(TLS, settings, settings.host, port, "choose another tls_port")
            opened.push(listening)
            encrypted = Door(listening, Pipe(farewell=b""), tls.connect)
        connect = tls.connect if tls is not None else Connection
        hooks = _hooks_door(settings, connect, opened, inherited)
        figures = listen_for_figures(settings, inherited)
        if figures is not None:
            opened.push(figures)
        page = _page_door(settings, connect, inherited, has_tls=tls is not None)
        opened.pop_all()
    return Doors(Door(plain, Pipe()), encrypted, page, hooks, tls is not None, figures)


def warn(doors: Doors) -> None:
    """Say what strangers could read on its way, and what to do about it."""
    if _is_loopback(doors.plain.listening):
        return
    to_do = (
        "set plain_host=127.0.0.1, so that only TLS is let in from outside"
        if doors.tls is not None
        else "set tls_certificate, tls_key and plain_host=127.0.0.1, or put something that encrypts before it"
    )
    log.warning(
        "on %s all is plain text, which whoever is between can read, passwords too: %s", _shown(doors.plain), to_do
    )


def listen_for_figures(settings: Settings, inherited: Inherited) -> socket.socket | None:
    """The socket of those who watch over the server, if there are to be such. Raises DoorError."""
    port = settings.metrics_port
    if not port:
        return None
    return _take_or_listen(inherited, METRICS, settings, "127.0.0.1", port, "choose another metrics_port")


def _take_or_listen(
    inherited: Inherited, name: str, settings: Settings, host: str, port: int, to_do: str
) -> socket.socket:
    if name in inherited:
        return _take(inherited, name, settings)
    try:
        return listen(host, port, settings.listen_backlog, settings.vanished_s)
    except (OSError, UnicodeError, OverflowError) as error:
        why = getattr(error, "strerror", None) or (
            "there is no such port" if isinstance(error, OverflowError) else "no host has such a name"
        )
        raise DoorError(f"cannot listen on {host} port {port} ({why}): {to_do}") from error


def _take(inherited: Inherited, name: str, settings: Settings) -> socket.socket:
    taken = inherited.pop(name)
    adopt(taken, settings.listen_backlog, settings.vanished_s)
    return taken


def _page_door(settings: Settings, connect: Connect, inherited: Inherited, *, has_tls: bool) -> Door | None:
    """The door for browsers; a port that nobody named may be taken without the chat going without its own."""
    if settings.web == "off":
        return None
    from chatserver.fronts.web.lobby import open_lobby

    implied = settings.port and settings.port + 1
    port = implied if settings.web_port is None else settings.web_port
    try:
        listening = _take_or_listen(
            inherited, PAGE, settings, settings.host, port, "choose another web_port, or web=off"
        )
    except DoorError as error:
        if settings.web_port is not None:
            raise
        log.warning("the page is not served: %s", error)
        return None
    front, lobby = open_lobby(settings, is_local=_is_loopback(listening), has_tls=has_tls)
    return Door(listening, front, connect, lobby)


def _hooks_door(settings: Settings, connect: Connect, opened: ExitStack, inherited: Inherited) -> Door | None:
    """The door where programs post to hooks, if there is to be one."""
    if settings.hooks_port is None:
        return None
    from chatserver.fronts.web.hooks import HookLobby

    to_do = "choose another hooks_port"
    listening = _take_or_listen(inherited, HOOKS, settings, settings.host, settings.hooks_port, to_do)
    opened.push(listening)
    return Door(listening, Pipe(farewell=b""), connect, HookLobby(settings.web_head_s, settings.hook_bytes_max))


def _address(listening: socket.socket, is_tls: bool) -> str:
    scheme = "https" if is_tls else "http"
    host, port = address_of(listening)
    name = "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{port}/"


def _shown(door: Door) -> str:
    host, port = address_of(door.listening)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_loopback(listening: socket.socket) -> bool:
    return ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback
