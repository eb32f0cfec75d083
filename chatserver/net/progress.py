"""How far the bytes of a connection have come: what the peer's machine has confirmed of what the kernel was given.

A kernel takes bytes for a peer that has long vanished. What it was given and nobody has confirmed has not arrived.
"""

import fcntl
import socket
import struct
import termios

_INFO_BYTES = 128  # of struct tcp_info, up to and with tcpi_bytes_acked
_ACKED_AT = 120
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)  # Linux tells


def progress(connected: socket.socket) -> tuple[int, int] | None:
    """Confirmed and given bytes, reckoned from the same begin; None where the system does not tell."""
    try:
        (waits,) = struct.unpack("i", fcntl.ioctl(connected, termios.TIOCOUTQ, bytes(4)))
        if not waits:
            return 0, 0  # the usual case, for one system call: all that was given is confirmed
        if _TCP_INFO is None:
            return None
        info = connected.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _INFO_BYTES)
    except (OSError, TypeError, ValueError):  # no socket of TCP, none at all, or a closed one
        return None
    if len(info) < _INFO_BYTES:
        return None
    (acked,) = struct.unpack_from("Q", info, _ACKED_AT)
    return acked, acked + waits
