"""What a service manager is told (sd_notify(3)): ready, reloading, going down, still alive.

Each is a datagram to the socket that the environment names. Without one nothing is sent. It never blocks.
"""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress


class Notify:
    """A way to the service manager, if there is one."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._socket: socket.socket | None = None
        self._address = environment.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
        self.watchdog_s = _watchdog_s(environment) if self._address else 0.0

    def ready(self, status: str) -> None:
        """It serves."""
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """It reads its settings again; `ready` comes behind it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def hand_over(self, process: int) -> None:
        """Another process is this service from now on."""
        self._send(f"MAINPID={process}")

    def stopping(self) -> None:
        """It goes down."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Said from the loop itself, more than twice in each `watchdog_s`: a loop that hangs says nothing."""
        self._send("WATCHDOG=1")

    def close(self) -> None:
        """Say no more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, text: str) -> None:
        if self._socket is not None:
            with suppress(OSError):  # nobody listens any more: a chat does not end for that
                self._socket.sendto(text.encode(), self._address)


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """How often life has to be shown at least; 0 where nobody watches, or watches another process."""
    text, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not text.isdigit() or process not in ("", str(os.getpid())):
        return 0.0
    return int(text) / 1e6
