"""Sockets that say a byte a second and never log in: each is closed on its deadline, and others log in meanwhile."""

import select
import socket
import time
from collections.abc import Callable

from tests.harness import PASSWORD
from tests.hostile.campaigns.beside import Beside
from tests.hostile.doors import Doors
from tests.wire import Client

LOGIN_S = 10
LATE_S = 30.0  # behind the deadline; and as long as it takes to connect all of them
SETTINGS: dict[str, int | str] = {"login_timeout_s": LOGIN_S, "connections_max": 100_000, "listen_backlog": 4096}


def run(doors: Doors, sockets: int, tell: Callable[[str], None]) -> list[str]:
    """What is not as it must be."""
    wrong: list[str] = []
    logins = 0
    with Beside(doors) as beside:
        began_s = time.monotonic()
        open_now = {_connect(doors): None for _ in range(sockets)}
        connected_s = time.monotonic() - began_s
        tell(f"{sockets} sockets are open after {connected_s:.1f} s; {doors.memory_bytes >> 20} MiB in the server")
        ends_s = time.monotonic() + LOGIN_S + LATE_S
        while open_now and time.monotonic() < ends_s:
            round_s = time.monotonic()
            for each in list(open_now):
                if not _drip(each):
                    del open_now[each]
                    each.close()
            logins += _logs_in(doors)
            tell(f"{time.monotonic() - began_s:4.0f} s: {len(open_now)} open, {logins} logins from elsewhere")
            select.select([], [], [], max(0.0, 1.0 - (time.monotonic() - round_s)))
        if open_now:
            wrong.append(f"{len(open_now)} of {sockets} sockets are open {LATE_S:.0f} s behind their deadline")
        for each in open_now:
            each.close()
    if not logins:
        wrong.append("nobody could log in")
    tell(beside.summary())
    return wrong


def _connect(doors: Doors) -> socket.socket:
    made = socket.create_connection(doors.pipe, timeout=60)
    made.setblocking(False)
    return made


def _drip(each: socket.socket) -> bool:
    """Say one byte; whether the server still listens."""
    try:
        while data := each.recv(4096):
            if b"\nBYE|" in b"\n" + data:
                return False
    except BlockingIOError:
        pass
    except OSError:
        return False
    else:
        return False
    try:
        return each.send(b"P") == 1
    except OSError:
        return False


def _logs_in(doors: Doors) -> bool:
    with Client(doors.pipe, source="127.0.0.2") as client:
        client.expect("HELLO|…")
        client.says(f"LOGIN|beside|{PASSWORD}", "OK|LOGIN|…")
    return True
