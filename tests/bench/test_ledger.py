"""The ledger takes the path of the server, and leaves in the store what the server would leave there."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench.ledger import ORDER, Ledger, keep_ledger, table
from bench.ledger.turns import STAGES, Turns
from bench.progress import Progress
from bench.servers import ServerOptions
from chatserver.fronts.pipe.front import Pipe
from chatserver.store.store import UNLISTED_IDLE

PAIRS = 2


@pytest.mark.parametrize("store", [":memory:", "file"])
def test_the_ledger_has_every_stage(store: str) -> None:
    ledger = keep_ledger(PAIRS, 3, ServerOptions(store=store), Progress(quiet=True), whole=False)
    assert tuple(ledger.stages) == ORDER
    assert ledger.rest is None


@pytest.mark.parametrize(("window", "not_taken"), [(1, "read_burst"), (3, "read")])
def test_messages_that_come_together_are_one_command(
    window: int, not_taken: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Pipe, not_taken, None)  # a call of it would fail
    store = tmp_path / "chat.db"
    with Turns(PAIRS, window, str(store), "normal") as turns:
        assert set(turns.run()) == set(STAGES)
        turns.run()
    with closing(sqlite3.connect(store)) as connection:
        written = connection.execute("SELECT id, sender, recipient FROM messages ORDER BY id").fetchall()
    turn = [(1, 2)] * window + [(3, 4)] * window
    assert written == [(message_id, *route) for message_id, route in enumerate(turn + turn, 1)]


def test_what_is_done_later_is_done(tmp_path: Path) -> None:
    store = tmp_path / "chat.db"
    with Turns(PAIRS, 3, str(store), "normal") as turns:
        turns.later(2)
    with closing(sqlite3.connect(store)) as connection:
        written, listed = connection.execute(
            "SELECT max(id), (SELECT value FROM meta WHERE name = 'indexed_id') FROM messages"
        ).fetchone()
    assert listed == written >= 2 * UNLISTED_IDLE


def test_what_no_stage_explains_is_told() -> None:
    told = table([Ledger(64, ":memory:", dict.fromkeys(ORDER, 0.5), whole=10.0)])
    assert "window 64, in memory" in told
    assert f"| **not in a stage** | {10 - len(ORDER) / 2:.2f} |" in told
