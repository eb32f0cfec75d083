"""Writers killed, paused and cut off, primaries killed and standbys promoted, under load, again and again.

    python3 -m tests.cluster_campaign --rounds 10 --seed 1
    python3 -m tests.cluster_campaign --planted

Two nodes share a PostgreSQL with one synchronous standby. Several users write to each other with tags, one message at a
time, and go to whichever node lets them in; what was not answered is sent again. Each round something dies. Behind it
every acknowledged message must exist once, in order, with the id that it was acknowledged with; at the end both files
must be equal, up to the place and the hash of the shared log. The seed fixes what dies and when. `--planted` has nodes
or the engine with a defect each, which must be noticed.
"""

import argparse
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

from bench.ports import free_port
from tests.cluster.node import Node
from tests.cluster.planted import CONTROLS
from tests.cluster.postgres import Instance, ReachedByWires, make_folder
from tests.cluster.test_take_over import contents, same_name, settle
from tests.harness import PASSWORD, befriend
from tests.machine.namespaces import Network, Wire, go_apart, is_apart
from tests.temporary import use_memory
from tests.wire import Client, Ended

SENDERS = ("ann", "bob", "eve")
READER = "zoe"
KINDS = ("kill", "stop", "pause", "quiet", "engine", "cut", "frozen")
WIRE_KINDS = ("mute", "deaf", "apart", "blink")  # where nodes have networks of their own
BLINK_S = (0.1, 2.5)
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
        until_s = time.monotonic() + 80
        try:
            while not self._is_done:
                if time.monotonic() > until_s:
                    raise Broken("no node answers")
                self._look()
                for node in self._nodes:
                    if node.process.poll() is None and node.is_listening:
                        self._visit(node, until_s)
                time.sleep(0.05)
        except Exception as fault:
            self.fault = fault

    @property
    def _is_done(self) -> bool:
        return self._ends.is_set() and self.number in self.answered

    def _look(self) -> None:
        if all(node.process.poll() is not None for node in self._nodes):
            raise Broken(f"all nodes have ended: {' '.join(node.said for node in self._nodes)}".replace("\n", " "))

    def _visit(self, node: Node, until_s: float) -> None:
        """Write to a node for as long as it lets one."""
        try:
            with closing(Client(node.address, self.name)) as client:
                client.expect("HELLO|chatserver|1|…")
                client.send(f"LOGIN|{self.name}|{PASSWORD}")
                is_in = client.answer()[-1].startswith("OK|")
                while is_in and not self._is_done and time.monotonic() < until_s and self._say(client):
                    if not self._ends.is_set():
                        self.number += 1
        except (Ended, OSError):
            pass
        except AssertionError as unexpected:
            if "'BYE|" not in str(unexpected):
                raise

    def _say(self, client: Client) -> bool:
        client.send(f"SENDMESSAGE#{self.number}|{self.name}|{READER}|{self.number}")
        frame = client.answer()[-1].split("|")
        if frame[0] != "OK":
            if frame[2] != "UNAVAILABLE":
                raise Broken(f"{self.name}'s message {self.number} got {frame}")
            return False
        self.answered[self.number] = frame[2]
        return True


class Campaign:
    """The nodes, the engine and the senders; in networks of their own, each node has a wire to the engine."""

    def __init__(self, folder: Path, seed: int, planted: str = "", *, has_wires: bool = False) -> None:
        self._chance = random.Random(seed)
        self._folder = make_folder()
        self._networks = [Network(), Network()] if has_wires else []
        make = ReachedByWires if has_wires else Instance
        self.engine = make(self._folder, free_port()).make().start()
        self._standby = self.engine.make_standby("other").start()
        if planted != "replicates_asynchronously":
            for instance in (self.engine, self._standby):
                instance.replicate_to("other")
        self._spare_port = free_port()
        self._ports = (self.engine.port, self._standby.port, self._spare_port)
        in_nodes = planted if planted and CONTROLS[planted].plant else ""
        self._wires: dict[Node, Wire] = {}
        self.nodes = [self._node(folder / "one.db", in_nodes).listens(), self._node(folder / "two.db", in_nodes)]
        self.nodes[1].stands_by()
        self.gaps: list[float] = []
        everybody = [self.nodes[0].user(name) for name in (*SENDERS, READER)]
        for client in everybody[:-1]:
            befriend(client, everybody[-1])
        self.nodes[0].close_clients()
        self.senders = [Sender(name, self.nodes) for name in SENDERS]

    def _node(self, store: Path, planted: str) -> Node:
        """One more. In a network of its own it has a wire to its clients, and one to the engine, which can be cut."""
        words = "host={0},{0},{0} port={1},{2},{3} user=chat dbname=postgres"
        if not self._networks:
            return Node(store, words.format("127.0.0.1", *self._ports), planted=planted)
        at = len(self._wires)
        network = self._networks[at]
        to_clients = Wire(f"clients{at}", network.pid, f"10.1.{at}.1", f"10.1.{at}.2")
        wire = Wire(f"engine{at}", network.pid, f"10.2.{at}.1", f"10.2.{at}.2")
        host = {"host": to_clients.far}
        node = Node(store, words.format(wire.near, *self._ports), host, planted=planted, inside=network.inside)
        self._wires[node] = wire
        return node

    @property
    def kinds(self) -> Sequence[str]:
        """What can happen here."""
        return (*KINDS, *WIRE_KINDS) if self._networks else KINDS

    def round(self, kind: str) -> None:
        """Something dies in the middle of it."""
        for sender in self.senders:
            sender.begin()
        time.sleep(self._chance.uniform(*LOAD_S))
        writer = next(node for node in self.nodes if node.process.poll() is None and node.is_listening)
        other = next(node for node in self.nodes if node is not writer)
        if kind in ("engine", "cut", "frozen"):
            self._fail_over(kind)
        elif kind == "blink":
            self._blink(writer, other)
        else:
            self._end(kind, writer, other)
        time.sleep(self._chance.uniform(*LOAD_S))
        for sender in self.senders:
            sender.end()
        self._check()

    def _end(self, kind: str, writer: Node, other: Node) -> None:
        began_s = time.monotonic()
        if kind in ("pause", "quiet"):
            self._pause(kind, writer, other)
        elif kind in WIRE_KINDS:
            self._part(kind, writer, other)
        else:
            writer.send(signal.SIGKILL if kind == "kill" else signal.SIGTERM)
            writer.ends()
            other.listens()
        self.gaps.append(time.monotonic() - began_s)
        writer.start()
        writer.says("follows")

    def _pause(self, kind: str, writer: Node, other: Node) -> None:
        """Beyond its lease: `quiet` is where nobody writes, so that only the lease tells that it is another's."""
        for sender in self.senders if kind == "quiet" else ():
            sender.end()
        writer.send(signal.SIGSTOP)
        other.listens()
        writer.send(signal.SIGCONT)
        self._ends_fenced(writer)
        for sender in self.senders if kind == "quiet" else ():
            sender.begin()

    def _part(self, kind: str, writer: Node, other: Node) -> None:
        """The engine does not hear the writer, or is not heard by it, or both, beyond its lease."""
        wire = self._wires[writer]
        wire.lose(towards_near=kind != "deaf", towards_far=kind != "mute")
        other.listens()
        time.sleep(self._chance.uniform(*LOAD_S))
        wire.mend()
        self._ends_fenced(writer)

    def _blink(self, writer: Node, other: Node) -> None:
        """The same for a moment: the writer goes on, unless it was too long a moment."""
        wire = self._wires[writer]
        ways = self._chance.choice([(True, False), (False, True), (True, True)])
        wire.lose(towards_near=ways[0], towards_far=ways[1])
        time.sleep(self._chance.uniform(*BLINK_S))
        wire.mend()
        for sender in self.senders:
            sender.end()
        if other.is_listening:
            self._ends_fenced(writer)
            writer.start()
            writer.says("follows")
        for sender in self.senders:
            sender.begin()

    def _ends_fenced(self, writer: Node) -> None:
        try:
            status = writer.ends()
        except subprocess.TimeoutExpired:
            raise Broken("a writer that was fenced goes on") from None
        if status != 1:
            raise Broken(f"a writer that was fenced did not end with status 1: {writer.said}")

    def _fail_over(self, kind: str) -> None:
        """The primary dies, the standby takes its place, and a new standby comes where the primary was.

        If it was cut off before, the primary has had to wait for it: what is in doubt then is on the primary alone. A
        primary that only stands still comes back beside the one that has taken its place, until it dies.
        """
        if kind == "cut":
            self._standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
            self._standby.execute("SELECT pg_reload_conf()")
            while self.engine.execute("SELECT 1 FROM pg_stat_replication"):
                time.sleep(0.02)
            time.sleep(self._chance.uniform(*LOAD_S))
        dead, self.engine = self.engine, self._standby
        if kind == "frozen":
            dead.freeze()
        else:
            dead.kill()
        self.engine.promote()
        self._standby = self.engine.make_standby("other", self._spare_port).start()
        if kind == "frozen":
            self._go_on()
            dead.thaw()
            time.sleep(self._chance.uniform(*LOAD_S))
            dead.kill()
        shutil.rmtree(dead.data)
        self._spare_port = dead.port

    def _go_on(self) -> None:
        """Wait until everybody's messages are answered again."""
        for sender in self.senders:
            sender.end()
            sender.begin()

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
        for network in self._networks:
            network.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def plant(name: str, seed: int) -> str:
    """Play the rounds that show a planted defect; what was noticed, or why it does not count."""
    kinds, wanted, _ = CONTROLS[name]
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder), seed, name)
        try:
            for kind in kinds:
                campaign.round(kind)
            campaign.compare()
        except AssertionError as broken:
            said = str(broken).strip().replace("\n", " ")
            return said if re.search(wanted, said) else f"NOT FOUND, but something else: {said}"
        finally:
            campaign.close()
    return "NOT FOUND"


def look_for(names: Sequence[str], seed: int) -> int:
    """Plant defects, one after the other; the status of the command is 0 if all are noticed."""
    missed = 0
    for name in names:
        said = plant(name, seed)
        print(f"{name}: {said[:300]}", flush=True)
        missed += said.startswith("NOT FOUND")
    print(f"{len(names) - missed} of {len(names)} planted defects are noticed")
    return 1 if missed else 0


def run_campaign(folder: Path, rounds: int, seed: int) -> int:
    """Play that many; how many messages were acknowledged. Raises Broken."""
    campaign = Campaign(folder, seed, has_wires=is_apart())
    chance = random.Random(seed)
    try:
        for number in range(1, rounds + 1):
            kind = campaign.kinds[number - 1] if number <= len(campaign.kinds) else chance.choice(campaign.kinds)
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
    parser.add_argument(
        "--planted", nargs="*", choices=CONTROLS, metavar="NAME", help="plant defects, and see each found"
    )
    options = parser.parse_args()
    if not go_apart("tests.cluster_campaign"):
        print("no connection is cut: that needs root, and network namespaces", flush=True)
    use_memory()
    if options.planted is not None:
        return look_for(options.planted or list(CONTROLS), options.seed)
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
