"""Noise: several clients at once send good, bad and mangled lines in pieces, and nobody waits for an answer.

Whatever it was, each line gets one answer, in order, the server meets no defect, and
its file holds its State (the fixture checks the last two).
"""

import random
from contextlib import suppress

import pytest

from chatserver.protocol.verbs import VERBS
from tests.harness import PASSWORD, Running
from tests.wire import Client

NAMES = ["anna", "ben", "Cleo"]
LINES_PER_CLIENT = 150
WORDS = [
    *NAMES,
    *NAMES,
    PASSWORD,
    PASSWORD,
    "nobody",
    "",
    " ",
    "1",
    "0",
    "50",
    "away",
    "online",
    "hi",
    "é|日",
    "x" * 300,
]
MANGLES = [b"\xff", b"\x00", b"\r", b"|", b"#", "\u202e".encode(), b"\xe2\x80", b"y" * 8200]


def noisy_line(chance: random.Random, name: str) -> bytes:
    """A line without its end: of a known verb mostly, with its own user's name mostly, now and then mangled."""
    verb = chance.choice([*VERBS, *["SENDMESSAGE", "ADDFRIEND", "ACCEPTFRIEND", "LOGIN"] * 3, "DANCE"])
    if verb in ("QUIT", "DELETEACCOUNT") and chance.random() < 0.9:
        verb = "PING"
    fields = [name if chance.random() < 0.8 else chance.choice(WORDS)]
    fields += [chance.choice(WORDS) for _ in range(chance.choice([0, 1, 1, 2, 2, 3]))]
    tag = chance.choice(["", "", "#t1", f"#{chance.randrange(10**6)}"])
    line = "|".join((verb + tag, *fields)).encode()
    if chance.random() < 0.1:
        at = chance.randrange(len(line))
        line = line[:at] + chance.choice(MANGLES) + line[at:]
    return line


def in_pieces(chance: random.Random, lines: list[bytes]) -> list[bytes]:
    data = b"".join(line + b"\n" for line in lines)
    pieces = []
    while data:
        cut = chance.choice([1, 7, 100, 1000, 10_000])
        pieces.append(data[:cut])
        data = data[cut:]
    return pieces


def check_answers(client: Client, lines: list[bytes]) -> None:
    """One answer a line, with its verb; fewer only where the server has said good-bye."""
    frames = [frame for frame in client.frames_to_the_end() if not frame.startswith("EVENT|")]
    answers = [frame.split("|")[1].partition("#")[0] for frame in frames if frame.startswith(("OK|", "ERR|"))]
    expected = [line.partition(b"|")[0].partition(b"#")[0].decode(errors="replace") for line in lines]
    said_goodbye = frames[-1].startswith("BYE|")
    assert len(answers) == len(expected) or (said_goodbye and len(answers) < len(expected))
    for answer, verb in zip(answers, expected, strict=False):
        assert answer in (verb, "?")


@pytest.mark.usefixtures("busy_clock")
@pytest.mark.parametrize("seed", range(8))
def test_noise(server: Running, seed: int) -> None:
    chance = random.Random(seed)
    watcher = server.user("watcher")
    for name in NAMES:
        watcher.says(f"SIGNUP|{name}|{PASSWORD}")
    clients = [server.connect(name) for name in NAMES * 2]
    sent = [[noisy_line(chance, client.name) for _ in range(LINES_PER_CLIENT)] for client in clients]
    for lines, client in zip(sent, clients, strict=True):
        lines.insert(0, f"LOGIN|{client.name}|{PASSWORD}".encode())
    waiting = [(client, in_pieces(chance, lines)) for client, lines in zip(clients, sent, strict=True)]
    while waiting:
        at = chance.randrange(len(waiting))
        client, pieces = waiting[at]
        try:
            client.send_bytes(pieces.pop(0))
        except (BrokenPipeError, ConnectionResetError):
            pieces.clear()  # it has been told good-bye
        if not pieces:
            del waiting[at]
    vanishing, *staying = clients
    vanishing.close()
    for client, lines in zip(staying, sent[1:], strict=True):
        with suppress(OSError):  # the server may have closed it
            client.end_sending()
        check_answers(client, lines)
    watcher.says("PING|well", "OK|PING|well")
