"""What clients were told is there after a power cut, whatever the page cache knew; a longer campaign is `power.py`."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.machine.disk import DiskServer
from tests.machine.power import cut_power, play_round
from tests.machine.promises import Broken
from tests.machine.record import SAID, read_life
from tests.machine.story import tell


def test_a_slice_of_the_campaign(tmp_path: Path) -> None:
    """Of two lives: in the first one the log is moved to the tables and begun anew; it ends with a flush held up."""
    summary = play_round(tmp_path, 1, ("held",), 7, steps=10)
    assert summary.cuts == 7
    assert summary.promises > 1000


def test_a_loss_is_found_where_nothing_is_flushed(tmp_path: Path) -> None:
    """The control: `--sync normal` promises no more than to survive the end of the process."""
    entries = tell(tmp_path, 1, (), 3, "normal")
    with pytest.raises(Broken, match=r"promised|are gone"):
        cut_power(entries, [(len(entries), "lost")], Random(1), tmp_path)


MESSAGE_TOLD = re.compile(rb"SENDMESSAGE#t\||is this on the disk")


def _repeat(server: DiskServer, token: str) -> None:
    alice = server.connect("alice")
    alice.says(f"RESUME|alice|{token}", "OK|RESUME|…")
    alice.says("SENDMESSAGE#t|alice|bob|is this on the disk?", "OK|SENDMESSAGE#t|…")


def _read_history(server: DiskServer, token: str) -> None:
    alice = server.connect("alice")
    alice.says(f"RESUME|alice|{token}", "OK|RESUME|…")
    alice.says("HISTORY|alice|bob", "ITEM|HISTORY|…|is this on the disk?", "OK|HISTORY|1")


def _read_what_waited(server: DiskServer, token: str) -> None:
    bob = server.connect("bob")
    bob.says(f"RESUME|bob|{token}", "OK|RESUME|…")
    bob.event("MISSED|…|is this on the disk?")


@pytest.mark.parametrize(
    ("name", "come_back"), [("alice", _repeat), ("alice", _read_history), ("bob", _read_what_waited)]
)
def test_what_an_earlier_life_has_written_is_flushed_before_anybody_is_told(
    tmp_path: Path, name: str, come_back: Callable[[DiskServer, str], None]
) -> None:
    """Killed between the write of a commit and its flush, and started again: the message is in the page cache alone."""
    record = tmp_path / "record"
    with closing(DiskServer(tmp_path / "chat.db", record=record)) as server:
        clients = {client.name: client for client in server.friends("alice", "bob")}
        token = clients[name].token
        server.disk.hold()
        clients["alice"].send("SENDMESSAGE#t|alice|bob|is this on the disk?")
        server.kill_while_held()
        server.restart()
        come_back(server, token)
        server.connect().says("PING")  # what was told before its answer has an entry by now
    entries = [*read_life(record, 0), *read_life(record, 1)]
    frames = [at for at, entry in enumerate(entries) if entry.kind == SAID and MESSAGE_TOLD.search(entry.data)]
    assert frames, "nobody was told"
    cut_power(entries, [(frames[-1] + 1, "lost")], Random(1), tmp_path)
