"""A thousand wrong passwords at once, hashed at their full cost: all are refused, and the others are served."""

import socket
from collections.abc import Callable

from tests.hostile.campaigns.beside import Beside
from tests.hostile.doors import Doors
from tests.wire import WAIT_S

TOLD = 10
SETTINGS: dict[str, int | str] = {
    "password_hash_cost": 14,
    "connections_max": 100_000,
    "login_timeout_s": 3600,
    "passwords_per_address_max": 1_000_000,
}


def run(doors: Doors, sockets: int, tell: Callable[[str], None]) -> list[str]:
    """What is not as it must be."""
    wrong: list[str] = []
    with Beside(doors) as beside:
        callers = [socket.create_connection(doors.pipe, timeout=10 * WAIT_S) for _ in range(sockets)]
        for at, caller in enumerate(callers):
            caller.sendall(f"LOGIN|{'beside' if at % 2 else 'nobody'}|a wrong horse\n".encode())
        for at, caller in enumerate(callers, 1):
            with caller, caller.makefile("rb") as said:
                said.readline()
                answer = said.readline()
                if not answer.startswith((b"ERR|LOGIN|BAD_LOGIN|", b"ERR|LOGIN|THROTTLED|")):
                    wrong.append(f"a wrong password is answered {answer!r}")
            if at % TOLD == 0:
                tell(f"{at} of {sockets} are refused")
    tell(beside.summary())
    return wrong
