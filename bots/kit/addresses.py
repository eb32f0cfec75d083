"""Connections to addresses that everybody can reach, or to any: what a user may name must not lead into this machine.

A name is looked up once, and what was looked at is what is connected to: a second look-up could give another address.
"""

import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from time import monotonic

_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the last four bytes are an IPv4 address


class ClosedAddress(Exception):
    """The name stands for an address that not everybody can reach."""

    def __str__(self) -> str:
        return "its address is of a private network, which this server does not post to"


def is_closed(host: str) -> bool:
    """Whether a host is of a private network by what it says itself; what a name stands for shows when it is used."""
    if host.rstrip(".").lower().rpartition(".")[2] == "localhost":
        return True
    with suppress(OSError):
        host = socket.inet_ntoa(socket.inet_aton(host))  # 127.1 and 0x7f000001 are addresses too
    try:
        return not is_public(host)
    except ValueError:
        return False


def is_public(text: str) -> bool:
    """Whether an address is one that everybody can reach, also the one within it where it carries another."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _within(address)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _within(address: IPv6Address) -> IPv4Address | None:
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])


def connect(host: str, port: int, timeout_s: float | None, *, is_open: bool) -> socket.socket:
    """A connection to a host. Raises ClosedAddress, or OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(row[4][0]) for row in found]
    if not is_open and not all(map(is_public, addresses)):
        raise ClosedAddress
    problem = OSError("no address")
    ends_at = None if timeout_s is None else monotonic() + timeout_s
    for address in addresses:  # all of them within the one time
        try:
            left_s = None if ends_at is None else max(0.001, ends_at - monotonic())
            return socket.create_connection((address, port), left_s)
        except OSError as error:
            problem = error
    raise problem


class HttpTo(HTTPConnection):
    """HTTP over such a connection."""

    is_open = False
    _second: socket.socket | None = None  # the same connection, also while TLS has taken the first

    def connect(self) -> None:
        """Connect to what was looked at."""
        timeout_s = self.timeout if isinstance(self.timeout, int | float) else None
        self.sock = connect(self.host, self.port, timeout_s, is_open=self.is_open)
        self._second = self.sock.dup()

    def break_off(self) -> None:
        """End it from another thread, whatever it waits for: a time-out of a socket begins anew with each byte."""
        if self._second is not None:
            with suppress(OSError):
                self._second.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of both."""
        super().close()
        if self._second is not None:
            self._second.close()


class HttpsTo(HTTPSConnection, HttpTo):
    """The same by TLS: `HTTPSConnection` encrypts what the next class connects, and checks the name."""
