"""What clients that only ask, wait for, while others send and each flush of the disk takes long.

    python3 -m tests.machine.latency --flush-ms 20 --clients 18 --seconds 5

Each of the senders has one message on its way at a time, to a friend. Meanwhile three clients that send nothing ask
by turns: PING, SHOWFRIENDS, and the HISTORY of two users who are idle. Nothing of it is asserted: the table is for a
person.
"""

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from statistics import quantiles
from threading import Barrier, Event, Thread
from time import perf_counter

from tests.harness import Running, befriend
from tests.machine.disk import DiskServer
from tests.wire import Client

IDLE_FRIENDS = 8
IDLE_MESSAGES = 30
LEAST = 2  # answers of each, however short it goes on: fewer have no middle
PROBE_PAUSE_S = 0.003  # between an answer and the next question, so that they fall into every part of a flush


@dataclass(slots=True, eq=False)
class Asker:
    """One client that asks one thing after the other, and how long each answer took, in ms."""

    what: str
    client: Client
    lines: Sequence[str]
    pause_s: float = 0.0
    took_ms: list[float] = field(default_factory=list)

    def run(self, start: Barrier, over: Event) -> None:
        """Ask until it is over."""
        start.wait()
        at = 0
        while at < LEAST or not over.is_set():
            over.wait(self.pause_s)
            begin = perf_counter()
            self.client.send(self.lines[at % len(self.lines)])
            frame = self.client.answer()[-1]
            self.took_ms.append(1000 * (perf_counter() - begin))
            assert frame.startswith("OK|"), frame
            self.client.events.clear()
            at += 1


def senders(server: Running, count: int) -> list[Asker]:
    """Users who send, in pairs of friends; where the number is odd, the last one writes to the first."""
    clients = [server.user(f"sender{at}") for at in range(count)]
    askers = []
    for at, client in enumerate(clients):
        friend = clients[at ^ 1 if at ^ 1 < count else 0]
        if at < at ^ 1:
            befriend(client, friend)
        askers.append(Asker("send", client, [f"SENDMESSAGE|{client.name}|{friend.name}|how do you do?"]))
    for client in clients:
        client.says("PING")
        client.events.clear()
    return askers


def send_all(sending: Sequence[Asker], start: Barrier, over: Event) -> None:
    """Drive all senders in one thread: as many threads would keep each other from answering in time."""
    begun: dict[Asker, float] = {}

    def send(sender: Asker) -> None:
        begun[sender] = perf_counter()
        sender.client.send(sender.lines[0])

    with DefaultSelector() as selector:
        for sender in sending:
            selector.register(sender.client.socket, EVENT_READ, sender)
        start.wait()
        for sender in sending:
            send(sender)
        while not over.is_set() or min(len(sender.took_ms) for sender in sending) < LEAST:
            for key, _ in selector.select(0.1):
                sender = key.data
                if b"OK|SENDMESSAGE|" in sender.client.socket.recv(65536):
                    sender.took_ms.append(1000 * (perf_counter() - begun[sender]))
                    send(sender)


def probes(server: Running) -> list[Asker]:
    """Users who send nothing and whose friends are online and idle."""
    asker, other, *_ = server.friends("asker", "other", *(f"idle{at}" for at in range(IDLE_FRIENDS)))
    for at in range(IDLE_MESSAGES):
        asker.says(f"SENDMESSAGE|asker|other|message {at}")
    other.says("PING")
    reader = server.login("asker")
    lister = server.login("asker")
    for client in (reader, lister):
        client.says("PING")
    return [
        Asker("PING", server.login("other"), ["PING"], PROBE_PAUSE_S),
        Asker("SHOWFRIENDS", lister, ["SHOWFRIENDS|asker"], PROBE_PAUSE_S),
        Asker("HISTORY", reader, ["HISTORY|asker|other|20"], PROBE_PAUSE_S),
    ]


def measure(server: DiskServer, flush_ms: int, clients: int, seconds: float) -> tuple[list[Asker], list[Asker], float]:
    """The probes and the senders with what they measured, and how long it went on, in seconds."""
    asking, sending = probes(server), senders(server, clients)
    start, over = Barrier(len(asking) + 2), Event()
    threads = [Thread(target=asker.run, args=(start, over)) for asker in asking]
    threads.append(Thread(target=send_all, args=(sending, start, over)))
    server.disk.slow(flush_ms)
    for thread in threads:
        thread.start()
    start.wait()
    begin = perf_counter()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join()
    return asking, sending, perf_counter() - begin


def table(asking: Sequence[Asker], sending: Sequence[Asker], flush_ms: int, took_s: float) -> list[str]:
    """The lines to print."""
    sent_ms = [each for asker in sending for each in asker.took_ms]
    rows = [*((asker.what, asker.took_ms) for asker in asking), ("SENDMESSAGE", sent_ms)]
    lines = [f"{'ms':12} {'p50':>7} {'p95':>7} {'max':>7} {'count':>7}"]
    for what, took_ms in rows:
        cuts = quantiles(took_ms, n=100)
        lines.append(f"{what:12} {cuts[49]:7.1f} {cuts[94]:7.1f} {max(took_ms):7.1f} {len(took_ms):7}")
    rate = len(sent_ms) / took_s
    lines.append(
        f"{rate:.0f} messages a second from {len(sending)} senders",
    )
    if flush_ms:
        allowed = len(sending) * 1000 / flush_ms
        lines[-1] += f": {rate / allowed:.0%} of the {allowed:.0f} that the flush allows"
        lines.append(f"a send takes {quantiles(sent_ms, n=100)[49] / flush_ms:.1f} flushes (p50)")
    return lines


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.machine.latency", description="answers on a slow disk")
    parser.add_argument("--flush-ms", type=int, default=20, help="how much longer a flush takes (default 20)")
    parser.add_argument("--clients", type=int, default=18, help="who send, two or more (default 18)")
    parser.add_argument("--seconds", type=float, default=5.0, help="for how long (default 5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, closing(DiskServer(Path(folder) / "chat.db")) as server:
        asking, sending, took_s = measure(server, options.flush_ms, options.clients, options.seconds)
    print("\n".join(table(asking, sending, options.flush_ms, took_s)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
