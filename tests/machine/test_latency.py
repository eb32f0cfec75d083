"""The command that measures on a slow disk works; what it measures is for a person, and asserted nowhere."""

from contextlib import closing
from pathlib import Path

from tests.machine.disk import DiskServer
from tests.machine.latency import LEAST, measure, table


def test_it_measures_and_prints(tmp_path: Path) -> None:
    with closing(DiskServer(tmp_path / "chat.db")) as server:
        asking, sending, took_s = measure(server, flush_ms=1, clients=3, seconds=0.05)
        assert "Traceback" not in server.stderr
    assert all(len(asker.took_ms) >= LEAST for asker in (*asking, *sending))
    lines = table(asking, sending, 1, took_s)
    assert [line.split()[0] for line in lines[1:5]] == ["PING", "SHOWFRIENDS", "HISTORY", "SENDMESSAGE"]
    assert "from 3 senders: " in lines[5]
