"""Members of a room who never read, before a flood: they take bounded memory together, and the others are served.

The same flood goes to as many who do read before, so that there is a usual to compare with.
"""

import selectors
from collections.abc import Callable
from threading import Event, Thread

from tests.harness import PASSWORD
from tests.hostile.campaigns.beside import Beside
from tests.hostile.doors import Doors
from tests.wire import Client

MIB = 1 << 20
MOST_BYTES = 64 * MIB  # that all of them take together
USUAL_ROUNDS, ROUNDS, MESSAGES = 8, 40, 50
LOOK_S = 0.1
SETTINGS: dict[str, int | str] = {"sync": "normal", "connections_max": 100_000, "sign_ups_per_minute": 0}


def run(doors: Doors, sockets: int, tell: Callable[[str], None]) -> list[str]:
    """What is not as it must be."""
    wrong: list[str] = []
    writer = _user(doors, "writer")
    writer.says("CREATEROOM|writer|#all")
    members = [_user(doors, f"s{at}", "#all") for at in range(sockets)]
    with Beside(doors, "usual") as usual, _Reading(members):
        for _ in range(USUAL_ROUNDS):
            _flood(writer)
    tell(f"{sockets} are in the room and read: {usual.summary()}")
    before, most = doors.memory_bytes, 0
    tell(f"they read no more; {before >> 20} MiB in the server")
    with Beside(doors) as beside:
        for at in range(ROUNDS):
            _flood(writer)
            most = max(most, doors.memory_bytes - before)
            if at % 5 == 4:
                tell(f"{(at + 1) * MESSAGES} messages: {doors.memory_bytes >> 20} MiB, {doors.descriptors} descriptors")
    tell(f"{most >> 20} MiB more than before, at most; {beside.summary()}")
    if most > MOST_BYTES:
        wrong.append(f"those who never read take {most >> 20} MiB")
    for each in (writer, *members):
        each.close()
    return wrong


def _flood(writer: Client) -> None:
    writer.send(*[f"SENDMESSAGE|writer|#all|{'x' * 3000}"] * MESSAGES)
    for _ in range(MESSAGES):
        writer.answers("OK|SENDMESSAGE|…")


class _Reading:
    """Clients whose bytes are taken, and not looked at, by a thread."""

    def __init__(self, clients: list[Client]) -> None:
        self._selector = selectors.DefaultSelector()
        for each in clients:
            self._selector.register(each.socket, selectors.EVENT_READ)
        self._is_over = Event()
        self._thread = Thread(target=self._read)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._selector.close()

    def _read(self) -> None:
        room = bytearray(1 << 20)
        while (ready := self._selector.select(LOOK_S)) or not self._is_over.is_set():
            for key, _ in ready:
                key.fileobj.recv_into(room)  # type: ignore[union-attr]


def _user(doors: Doors, name: str, room: str = "") -> Client:
    client = Client(doors.pipe, name, receive_bytes=4096)
    client.expect("HELLO|…")
    client.says(f"SIGNUP|{name}|{PASSWORD}")
    client.says(f"LOGIN|{name}|{PASSWORD}")
    if room:
        client.says(f"JOIN|{name}|{room}")
    return client
