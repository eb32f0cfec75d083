"""kill -9 under load, again and again on one store: nothing acknowledged may be lost, doubled or out of order.

    python3 -m tests.kill_campaign --rounds 100 --seed 1

Each round several users send messages ahead of the answers, some of them tagged, one reader
listens, and the server is killed after a random number of answers. It is then
started on the same file, and the file must hold: every message that was
acknowledged (with the id and the time of its answer) or that the reader saw; of
those still unanswered at most the first ones, in their order; nothing twice. Then
whatever was unanswered is sent again (without a tag, if it is not there), and so are some
that were answered with their tags, which must get their first answer. The seed fixes the loads and the moments; what
the machine makes of them differs from run to run.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Thread
from time import sleep
from typing import NoReturn

from tests.harness import Process, befriend, command_line
from tests.wire import Client, Ended

SENDERS = ("sender0", "sender1", "sender2", "sender3")
UNTAGGED = SENDERS[2:]  # their messages are taken in runs
READER = "reader"
WINDOW = 64  # messages ahead of their answers, for each sender
ACKNOWLEDGED_MAX = 4000  # the latest moment to kill, in answers of all senders in this round
TURN_S = 0.004  # about what a turn under this load takes
RESENT_PER_SENDER = 10

Stamp = tuple[str, str]  # a message's id and time, as the wire shows them


class Broken(AssertionError):
    """A promise of the server's that was not kept."""


@dataclass(slots=True)
class Summary:
    """What a campaign went through."""

    rounds: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    unanswered_kept: int = 0
    resent: int = 0


@dataclass(slots=True)
class Sender:
    """One user's own book: what it sent, and what was answered."""

    name: str
    next_number: int = 0
    unanswered: list[int] = field(default_factory=list)
    answered: dict[int, Stamp] = field(default_factory=dict)
    checked_id: str = "0"
    checked_number: int = -1  # the last message known to be in the store

    @property
    def is_tagged(self) -> bool:
        return self.name not in UNTAGGED

    def verb(self, number: int) -> str:
        return f"SENDMESSAGE#{self.name}.{number}" if self.is_tagged else "SENDMESSAGE"

    def line(self, number: int) -> str:
        return f"{self.verb(number)}|{self.name}|{READER}|{number}"

    def take(self, frame: str) -> int:
        """Book the answer to the oldest unanswered message."""
        number = self.unanswered.pop(0)
        kind, echo, *stamp = frame.split("|")
        if (kind, echo) != ("OK", self.verb(number)):
            raise Broken(f"{self.name}'s message {number} got {frame!r}")
        self.answered[number] = (stamp[0], stamp[1])
        return number


class Moment:
    """Counts answers, and wakes who waits for the moment to kill."""

    def __init__(self, answers: int) -> None:
        self._wanted = answers
        self._seen = 0
        self._over = False
        self._change = Condition()

    def answered(self) -> None:
        with self._change:
            self._seen += 1
            if self._seen >= self._wanted:
                self._change.notify_all()

    def give_up(self) -> None:
        """A client ended early: there is nothing more to wait for."""
        with self._change:
            self._over = True
            self._change.notify_all()

    def wait(self, seconds_max: float = 30.0) -> None:
        with self._change:
            if not self._change.wait_for(lambda: self._over or self._seen >= self._wanted, seconds_max):
                raise Broken(f"only {self._seen} of {self._wanted} answers came in {seconds_max:g} s")


class Load:
    """The threads of one round: each sender with its window full, and the reader."""

    def __init__(self, clients: dict[str, Client], senders: list[Sender], moment: Moment) -> None:
        self.seen: list[Stamp] = []  # what the reader was told
        self.faults: list[Exception] = []
        self._moment = moment
        self._threads = [Thread(target=self._guarded, args=(self._send, clients[each.name], each)) for each in senders]
        self._threads.append(Thread(target=self._guarded, args=(self._read, clients[READER])))
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until every client has seen its connection end. Raises what went wrong in any of them."""
        for thread in self._threads:
            thread.join()
        for fault in self.faults:
            raise fault

    def _guarded(self, job: Callable[..., NoReturn], *arguments: object) -> None:
        try:
            job(*arguments)
        except (Ended, OSError):  # the kill
            pass
        except Exception as fault:
            self.faults.append(fault)
        finally:
            self._moment.give_up()

    def _send(self, client: Client, sender: Sender) -> NoReturn:
        while True:
            lines = []
            while len(sender.unanswered) < WINDOW:
                lines.append(sender.line(sender.next_number))
                sender.unanswered.append(sender.next_number)
                sender.next_number += 1
            client.send(*lines)
            for _ in range(WINDOW // 2):
                sender.take(client.answer()[-1])
                self._moment.answered()

    def _read(self, client: Client) -> NoReturn:
        while True:
            kind, name, *fields = client.frame().split("|")
            if (kind, name) == ("EVENT", "MESSAGE"):
                self.seen.append((fields[0], fields[1]))


class Campaign:
    """The rounds on one store, and what must be true of it after each."""

    def __init__(self, store: Path, seed: int, sync: str = "full") -> None:
        self.summary = Summary()
        self._chance = random.Random(seed)
        self._server = Process(command_line(store, {}, "--sync", sync), store)
        self._senders = [Sender(name) for name in SENDERS]
        self._last_reader_id = "0"
        for client in self._server_clients_signed_up():
            client.close()

    def close(self) -> None:
        self._server.close()

    def round(self) -> None:
        """Load, kill, start again, check, send again what was unanswered."""
        seen = self._load_and_kill()
        self._server.restart()
        reader = self._server.login(READER)
        self._check_reader(reader, seen)
        for sender in self._senders:
            client = self._server.login(sender.name)
            self._check_store(client, sender)
            self._send_again(client, sender)
        self._server.close_clients()
        self.summary.rounds += 1

    def check_all(self) -> None:
        """Once more over the whole history: every message once, in order, as it was answered."""
        for sender in self._senders:
            sender.checked_id, sender.checked_number = "0", -1
            self._check_store(self._server.login(sender.name), sender)
            if sender.checked_number != sender.next_number - 1:
                raise Broken(f"{sender.name} sent {sender.next_number} messages, {sender.checked_number + 1} are there")
        self._server.close_clients()

    def _server_clients_signed_up(self) -> list[Client]:
        reader = self._server.user(READER)
        clients = [self._server.user(name) for name in SENDERS]
        for client in clients:
            befriend(client, reader)
        return [reader, *clients]

    def _load_and_kill(self) -> list[Stamp]:
        clients = {name: self._server.login(name) for name in (READER, *SENDERS)}
        answers = self._chance.choice([1, 10, 100, 1000, ACKNOWLEDGED_MAX])
        moment = Moment(self._chance.randint(1, answers))
        load = Load(clients, self._senders, moment)
        try:
            moment.wait()
            sleep(self._chance.uniform(0, TURN_S))  # so that it hits any place of a turn, commits too
        finally:
            self._server.kill()
            load.join()
            self._server.close_clients()
        return load.seen

    def _check_reader(self, reader: Client, seen: list[Stamp]) -> None:
        """What one was told of is on disk, and was told once and in order."""
        ids = [int(number) for number, _ in seen]
        if ids != sorted(set(ids)):
            raise Broken("the reader was told a message twice or out of order")
        stored = {(row[0], row[1]) for row in self._rows_after(reader, self._last_reader_id)}
        lost = [stamp for stamp in seen if stamp not in stored]
        if lost:
            raise Broken(f"{len(lost)} messages that the reader saw are gone, the first with id {lost[0][0]}")
        self._last_reader_id = str(max([int(self._last_reader_id), *(int(number) for number, _ in stored)]))

    def _check_store(self, client: Client, sender: Sender) -> None:
        """The sender's messages since the last check: the next numbers without a gap, as far as they were answered."""
        for number, time, writer, _, text in self._rows_after(client, sender.checked_id):
            if writer != sender.name or int(text) != sender.checked_number + 1:
                raise Broken(f"{sender.name}: behind message {sender.checked_number} stands {text} of {writer}")
            sender.checked_number, sender.checked_id = int(text), number
            stamp = sender.answered.get(int(text), (number, time))
            if stamp != (number, time):
                raise Broken(f"{sender.name}'s message {text} was answered as {stamp}, stored as {(number, time)}")
        last_answered = max(sender.answered, default=-1)
        if sender.checked_number < last_answered:
            raise Broken(f"{sender.name}: acknowledged up to {last_answered}, stored up to {sender.checked_number}")
        self.summary.unanswered_kept += sum(number <= sender.checked_number for number in sender.unanswered)

    def _send_again(self, client: Client, sender: Sender) -> None:
        """Answered ones get their first answer; unanswered ones are sent now, or get the answer that was lost.

        Without tags, those that are stored must not be sent again.
        """
        again = sorted(sender.answered) if sender.is_tagged else []
        for number in self._chance.sample(again, min(RESENT_PER_SENDER, len(again))):
            (frame,) = client.says(sender.line(number))
            if tuple(frame.split("|")[2:]) != sender.answered[number]:
                raise Broken(f"{sender.name}'s message {number}, sent again, got {frame!r}")
            self.summary.resent += 1
        self.summary.unanswered += len(sender.unanswered)
        if not sender.is_tagged:
            sender.unanswered = [number for number in sender.unanswered if number > sender.checked_number]
        self.summary.resent += len(sender.unanswered)
        client.send(*map(sender.line, sender.unanswered))
        while sender.unanswered:
            sender.take(client.answer()[-1])
        self.summary.acknowledged = sum(len(each.answered) for each in self._senders)

    @staticmethod
    def _rows_after(client: Client, after: str) -> list[list[str]]:
        """All that `SYNC` gives, page by page."""
        rows: list[list[str]] = []
        more = "1"
        while more == "1":
            client.send(f"SYNC|{client.name}|{after}")
            *page, last = client.answer()
            rows += [row.split("|", 6)[2:] for row in page]
            more = last.split("|")[3]
            after = rows[-1][0] if rows else after
        return rows


def run_campaign(store: Path, rounds: int, seed: int, say: Callable[[str], None], sync: str = "full") -> Summary:
    """Play that many rounds on a new store. Raises Broken with the promise that was not kept."""
    campaign = Campaign(store, seed, sync)
    try:
        for number in range(1, rounds + 1):
            campaign.round()
            say(f"round {number} of {rounds}: {campaign.summary.acknowledged} acknowledged so far, none lost")
        campaign.check_all()
    finally:
        campaign.close()
    return campaign.summary


def main() -> int:
    """The command. Its status is 0 if every promise was kept."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.kill_campaign", description="kill -9 under load")
    parser.add_argument("--rounds", type=int, default=100, help="how often the server is killed (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="fixes the loads and the moments (default 1)")
    parser.add_argument("--sync", choices=["full", "normal"], default="full", help="as the server's (default full)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            summary = run_campaign(Path(folder) / "chat.db", options.rounds, options.seed, print, options.sync)
        except AssertionError as broken:
            print(f"BROKEN: {broken}", file=sys.stderr)
            return 1
    print(
        f"{summary.rounds} kills: {summary.acknowledged} messages acknowledged, none lost, none doubled, all in order; "
        f"{summary.unanswered} were unanswered at the kill ({summary.unanswered_kept} of them stored); "
        f"{summary.resent} sent again, those that were answered with their first answer"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
