"""Writers killed, stopped and paused, primaries killed and standbys promoted, under load, again and again.

    python3 -m tests.cluster_campaign --rounds 10 --seed 1

Two nodes share a PostgreSQL with one synchronous standby. Several users write to each other with tags, one message at a
time, and go to whichever node lets them in; what was not answered is sent again. Each round something dies. Behind it
every acknowledged message must exist once, in order, with the id that it was acknowledged with; at the end both files
must be equal, up to the place and the hash of the shared log. The seed fixes what dies and when.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Thread

from tests.cluster.node import Node
from tests.cluster.postgres import Instance, free_port, make_folder
from tests.cluster.test_take_over import contents, same_name, settle
from tests.harness import PASSWORD, befriend
from tests.temporary import use_memory
from tests.wire import Client, Ended

SENDERS = ("ann", "bob", "eve")
READER = "zoe"
KINDS = ("kill", "stop", "pause", "engine")
LOAD_S = (0.3, 1.5)


class Broken(AssertionError):
    """A promise that was not kept."""


class Sender:
    """One user, who writes numbered messages until told to pause; the same number again until it is answered."""

    def __init__(self, name: str, nodes: list[Node]) -> None:
        self.name = name
        self.number = 0
        self.answered: dict[int, str] = {}
        self._nodes = nodes
        self._ends = Event()
        self._thread = Thread(target=self._write, daemon=True)
        self.fault: Exception | None = None

    def begin(self) -> None:
        self._ends.clear()
        self._thread = Thread(target=self._write, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait until the message that is under way is answered."""
        self._ends.set()
        self._thread.join(90)
        if self.fault or self._thread.is_alive():
            raise Broken(f"{self.name} could not go on: {self.fault or 'no answer'}")

    def _write(self) -> None:
        client: Client | None = None
        until_s = time.monotonic() + 80
        try:
            while not self._ends.is_set() or self.number not in self.answered:
                if time.monotonic() > until_s:
                    raise Broken("no node answers")
                try:
                    client = client or self._come_in()
                    if client is None:
                        time.sleep(0.05)
                    elif self._say(client) and not self._ends.is_set():
                        self.number += 1
                except (Ended, OSError):
                    client = None
                except AssertionError as unexpected:
                    if "'BYE|" not in str(unexpected):
                        raise
                    client = None
        except Exception as fault:
            self.fault = fault
        finally:
            if client is not None:
                client.close()

    def _come_in(self) -> Client | None:
        for node in self._nodes:
            if node.process.poll() is None and node.is_listening:
                client = Client(node.address, self.name)
                client.expect("HELLO|chatserver|1|…")
                client.send(f"LOGIN|{self.name}|{PASSWORD}")
                if client.answer()[-1].startswith("OK|"):
                    return client
                client.close()
        return None

    def _say(self, client: Client) -> bool:
        client.send(f"SENDMESSAGE#{self.number}|{self.name}|{READER}|{self.number}")
        frame = client.answer()[-1].split("|")
        if frame[0] != "OK":
            if frame[2] != "UNAVAILABLE":
                raise Broken(f"{self.name}'s message {self.number} got {frame}")
            time.sleep(0.1)
            return False
        self.answered[self.number] = frame[2]
        return True


class Campaign:
    """The nodes, the engine and the senders."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self._folder = make_folder()
        self.engine = Instance(self._folder, free_port()).make().start()
        self.engine.execute("ALTER SYSTEM SET synchronous_standby_names = 'other'")  # the standby gets it too
        self._standby = self.engine.make_standby("other").start()
        self.engine.execute("SELECT pg_reload_conf()")
        self._ports = (self.engine.port, self._standby.port)
        conninfo = "host=127.0.0.1,127.0.0.1 port={},{} user=chat dbname=postgres".format(*self._ports)
        self.nodes = [Node(folder / "one.db", conninfo).listens(), Node(folder / "two.db", conninfo).stands_by()]
        self.gaps: list[float] = []
        everybody = [self.nodes[0].user(name) for name in (*SENDERS, READER)]
        for client in everybody[:-1]:
            befriend(client, everybody[-1])
        self.nodes[0].close_clients()
        self.senders = [Sender(name, self.nodes) for name in SENDERS]

    def round(self, kind: str) -> None:
        """Something dies in the middle of it."""
        for sender in self.senders:
            sender.begin()
        time.sleep(self._chance.uniform(*LOAD_S))
        writer = next(node for node in self.nodes if node.process.poll() is None and node.is_listening)
        other = next(node for node in self.nodes if node is not writer)
        if kind == "engine":
            self._fail_over()
        else:
            self._end(kind, writer, other)
        time.sleep(self._chance.uniform(*LOAD_S))
        for sender in self.senders:
            sender.end()
        self._check()

    def _end(self, kind: str, writer: Node, other: Node) -> None:
        began_s = time.monotonic()
        if kind == "pause":
            writer.send(signal.SIGSTOP)
            other.listens()
            writer.send(signal.SIGCONT)
            if writer.ends() != 1:
                raise Broken(f"a writer that was fenced did not end with status 1: {writer.said}")
        else:
            writer.send(signal.SIGKILL if kind == "kill" else signal.SIGTERM)
            writer.ends()
            other.listens()
        self.gaps.append(time.monotonic() - began_s)
        writer.start()
        writer.says("follows")

    def _fail_over(self) -> None:
        """The primary dies, the standby takes its place, and a new standby comes where the primary was."""
        dead, self.engine = self.engine, self._standby
        dead.kill()
        self.engine.promote()
        shutil.rmtree(dead.data)
        self._standby = self.engine.make_standby("other", dead.port).start()

    def _check(self) -> None:
        (writer,) = [node for node in self.nodes if node.is_listening and node.process.poll() is None]
        client = writer.login(READER)
        stored: dict[str, list[tuple[str, str]]] = {name: [] for name in SENDERS}
        after, more = "0", "1"
        while more == "1":
            client.send(f"SYNC|{READER}|{after}")
            *rows, last = client.answer()
            more = last.split("|")[3]
            for row in rows:
                number, _, author, _, text = row.split("|", 6)[2:]
                stored[author].append((text, number))
                after = number
        writer.close_clients()
        for sender in self.senders:
            wanted = [(str(number), sender.answered[number]) for number in sorted(sender.answered)]
            if stored[sender.name] != wanted:
                lost = [each for each in wanted if each not in stored[sender.name]]
                raise Broken(
                    f"{sender.name}: {len(wanted)} acknowledged, {len(stored[sender.name])} there, lost {lost}"
                )

    def compare(self) -> None:
        """Both files hold the same at the end."""
        settle(self.engine, 2)
        for node in self.nodes:
            node.kill()
        one, two = (node.store for node in self.nodes)
        differing = [name for name, rows in contents(one).items() if rows != contents(two)[name]]
        if differing or same_name(one) != same_name(two):
            raise Broken(f"the files differ in {differing or 'their name'}")

    def close(self) -> None:
        """End all of it."""
        for node in self.nodes:
            node.close()
        self._standby.close()
        self.engine.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def run_campaign(folder: Path, rounds: int, seed: int) -> int:
    """Play that many; how many messages were acknowledged. Raises Broken."""
    campaign = Campaign(folder, seed)
    chance = random.Random(seed)
    try:
        for number in range(1, rounds + 1):
            kind = KINDS[(number - 1) % len(KINDS)] if number <= len(KINDS) else chance.choice(KINDS)
            campaign.round(kind)
            acknowledged = sum(len(sender.answered) for sender in campaign.senders)
            print(f"round {number} of {rounds} ({kind}): {acknowledged} acknowledged so far, none lost", flush=True)
        campaign.compare()
        return acknowledged
    finally:
        campaign.close()


def main() -> int:
    """The command. Its status is 0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.cluster_campaign", description="fail-overs under load")
    parser.add_argument("--rounds", type=int, default=10, help="how often something dies (default 10)")
    parser.add_argument("--seed", type=int, default=1, help="fixes what dies and when (default 1)")
    options = parser.parse_args()
    use_memory()
    with tempfile.TemporaryDirectory() as folder:
        try:
            acknowledged = run_campaign(Path(folder), options.rounds, options.seed)
        except AssertionError as broken:
            print(f"BROKEN: {broken}", file=sys.stderr)
            return 1
    print(
        f"{options.rounds} rounds: {acknowledged} acknowledged, none lost, none doubled, all in order; files are equal"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
