"""Members of a room who never read, before a flood: they take bounded memory together, and the others are served."""

from collections.abc import Callable

from tests.harness import PASSWORD
from tests.hostile.campaigns.beside import Beside
from tests.hostile.doors import Doors
from tests.wire import Client

MIB = 1 << 20
TOTAL_BYTES = 64 * MIB
BOOKS_BYTES = 64 * MIB  # for clients, accounts and all else that is no waiting frame
ROUNDS, MESSAGES = 40, 50
SETTINGS: dict[str, int | str] = {
    "sync": "normal",
    "connections_max": 100_000,
    "send_bytes_total_max": TOTAL_BYTES,
    "sign_ups_per_minute": 0,
}


def run(doors: Doors, sockets: int, tell: Callable[[str], None]) -> list[str]:
    """What is not as it must be."""
    wrong: list[str] = []
    writer = _user(doors, "writer")
    writer.says("CREATEROOM|writer|#all")
    sleepers = [_user(doors, f"s{at}", "#all") for at in range(sockets)]
    before = doors.memory_bytes
    tell(f"{sockets} are in the room and read no more; {before >> 20} MiB in the server")
    most = 0
    with Beside(doors) as beside:
        for at in range(ROUNDS):
            writer.send(*[f"SENDMESSAGE|writer|#all|{'x' * 3000}"] * MESSAGES)
            for _ in range(MESSAGES):
                writer.answers("OK|SENDMESSAGE|…")
            most = max(most, doors.memory_bytes - before)
            if at % 5 == 4:
                tell(f"{(at + 1) * MESSAGES} messages: {doors.memory_bytes >> 20} MiB, {doors.descriptors} descriptors")
    tell(f"{most >> 20} MiB more than before, at most; {beside.summary()}")
    if most > TOTAL_BYTES + BOOKS_BYTES:
        wrong.append(f"those who never read take {most >> 20} MiB")
    for each in (writer, *sleepers):
        each.close()
    return wrong


def _user(doors: Doors, name: str, room: str = "") -> Client:
    client = Client(doors.pipe, name, receive_bytes=4096)
    client.expect("HELLO|…")
    client.says(f"SIGNUP|{name}|{PASSWORD}")
    client.says(f"LOGIN|{name}|{PASSWORD}")
    if room:
        client.says(f"JOIN|{name}|{room}")
    return client
