"""A new program takes over from a running server: nobody is refused, nothing acknowledged is lost, nothing doubled."""

import signal
import sqlite3
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench.ports import free_port
from tests.conftest import StartServer
from tests.harness import PASSWORD, Process
from tests.launch.upgrading import LINE, Gone, answer, ask, logged, program, upgrade, writers
from tests.websocket import WebClient
from tests.wire import Client


@pytest.fixture(autouse=True)
def _leave_none_behind() -> Iterator[None]:
    yield
    Gone.end_all()


def texts_of(server: Process) -> dict[str, list[int]]:
    """What each has written, as the file has it."""
    with closing(sqlite3.connect(server.store_path)) as file:
        rows = file.execute('SELECT "from", text FROM v_messages WHERE "to" = ? ORDER BY id', ("sink",)).fetchall()
    return {name: [int(text) for sender, text in rows if sender == name] for name, _ in rows}


def still_serves(server: Process, client: Client) -> None:
    """It goes on for who is there, and for who comes."""
    client.says("PING|here", "OK|PING|here")
    server.connect().says("PING", "OK|PING|…")


def test_two_upgrades_under_load_refuse_nobody_lose_nothing_and_double_nothing(start_server: StartServer) -> None:
    server = start_server(direct_messages="everyone")
    crowd = writers(server, 4)
    for each in crowd:
        each.start()
    first = upgrade(server)
    assert server.wait() == 0
    second = upgrade(server)
    first.wait()
    for each in crowd:  # an answer of the last one
        each.has_come_back(2)
        each.stop.set()
        each.join()
    second.end()
    assert [each.failure for each in crowd] == [""] * len(crowd)
    assert Counter(bye for each in crowd for bye in each.byes) == {"RESTART": 2 * len(crowd)}
    written = texts_of(server)
    for each in crowd:
        assert each.acknowledged > 0
        assert written[each.user][: each.acknowledged] == list(range(1, each.acknowledged + 1))
        assert len(written[each.user]) <= each.acknowledged + 1


def test_a_client_is_told_and_everything_is_there_after_it(start_server: StartServer) -> None:
    server = start_server()
    ann, bob = server.friends("ann", "bob")
    bob.says("LOGOUT|bob", "OK|LOGOUT|…")
    ann.says("SENDMESSAGE|ann|bob|before", "OK|SENDMESSAGE|…")
    now = upgrade(server)
    ann.until("BYE|RESTART|The server is renewed: connect again at once, nothing is lost")
    back = server.connect("ann")
    back.says(f"RESUME|ann|{ann.token}", "OK|RESUME|…")
    again = server.login("bob")
    again.until("EVENT|MISSED|…|before")
    assert server.wait() == 0
    now.end()


def test_sigusr2_does_the_same(start_server: StartServer) -> None:
    server = start_server()
    client = server.user("ann")
    server.terminate(signal.SIGUSR2)
    now = Gone(int(logged(server, r"process (\d+) gets ready")[1]))
    client.until("BYE|RESTART|…")
    server.login("ann")
    assert server.wait() == 0
    now.end()


def test_every_door_is_handed_over(start_tls_server: StartServer) -> None:
    port = free_port()
    server = start_tls_server(metrics_port=port, web="on")
    server.user("ann")
    now = upgrade(server)
    assert server.wait() == 0
    server.login("ann")
    with closing(Client(server.plain_address, "ann", "", 0, None)) as plain:
        plain.expect("HELLO|chatserver|1|…")
    with closing(WebClient(server.web_address, "ann", "", 0, server.trust)) as page:
        page.expect("HELLO|chatserver|1|…")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as ready:
        assert ready.read() == b"ready\n"
    now.end()


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["sys.exit(3)"], "ended before it was ready: the log says why"),
        (["raise SystemExit('no such module')"], "ended before it was ready: the log says why"),
        (["time.sleep(1000)"], "was not ready within 2 s"),
        ([LINE, "line.send(b'?')", "time.sleep(1000)"], "ended before it was ready: the log says why"),
    ],
    ids=["crashes", "says why", "hangs", "speaks otherwise"],
)
def test_a_program_that_does_not_get_ready_changes_nothing(
    start_server: StartServer, tmp_path: Path, lines: list[str], why: str
) -> None:
    server = start_server(upgrade_s=2 if "within 2 s" in why else 60)  # a busy machine starts no program in two seconds
    client = server.user("ann")
    status, said = answer(ask(server, "upgrade", program(tmp_path, *lines)))
    number = int(logged(server, r"process (\d+) gets ready")[1])
    assert (status, said) == (1, f"chatserver admin: Process {number} {why}; this one goes on")
    assert f"upgrade: process {number} {why}; this one goes on" in server.stderr
    still_serves(server, client)
    assert answer(ask(server, "settings", "set", "upgrade_s", "60"))[0] == 0
    now = upgrade(server)  # a try that failed is in the way of no other
    client.until("BYE|RESTART|…")
    now.end()


@pytest.mark.parametrize("end", ["sys.exit(1)", "time.sleep(1000)"], ids=["dies", "hangs"])
def test_a_program_that_takes_over_and_does_not_serve_gives_way_to_the_old_one(
    start_either_server: StartServer, tmp_path: Path, end: str
) -> None:
    server = start_either_server(upgrade_s=60)
    client = server.user("ann")
    may = tmp_path / "may"
    waits = f"while not os.path.exists({str(may)!r}): time.sleep(0.01)"
    asking = ask(server, "upgrade", program(tmp_path, LINE, waits, "line.send(b'R')", "line.recv(1)", end))
    logged(server, "gets ready")
    assert answer(ask(server, "settings", "set", "upgrade_s", "1"))[0] == 0  # for what it does not do; it has started
    may.touch()
    answer(asking)
    client.until("BYE|RESTART|…")
    back = server.login("ann")
    logged(server, r"did not come to serve; this one goes on")
    assert answer(ask(server, "settings", "set", "upgrade_s", "60"))[0] == 0
    now = upgrade(server)
    back.until("BYE|RESTART|…")
    assert server.wait() == 0
    now.end()


def test_a_configuration_that_makes_no_sense_changes_nothing(start_server: StartServer, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("")
    server = start_server("--config", str(file))
    client = server.user("ann")
    file.write_text("nonsense = 1\n")
    status, said = answer(ask(server, "upgrade"))
    assert status == 1
    assert said.endswith("this one goes on")
    logged(server, "there is no setting 'nonsense'")
    still_serves(server, client)


def test_what_cannot_be_is_refused_with_a_sentence(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    client = server.user("ann")
    status, said = answer(ask(server, "upgrade", "nowhere.pyz"))
    assert status == 1
    assert "There is no file" in said
    assert said.endswith("name the new program; this one goes on")
    waiting = ask(server, "upgrade", program(tmp_path, "time.sleep(1000)"))
    logged(server, "gets ready")
    status, said = answer(ask(server, "upgrade"))
    assert status == 1
    assert "gets ready already" in said
    still_serves(server, client)
    server.terminate()
    assert server.wait() == 0
    answer(waiting)


def test_sigterm_ends_both_while_the_new_one_gets_ready(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    client = server.user("ann")
    asking = ask(server, "upgrade", program(tmp_path, "time.sleep(1000)"))
    successor = Gone(int(logged(server, r"process (\d+) gets ready")[1]))
    server.terminate()
    client.until("BYE|SHUTDOWN|…")
    assert server.wait() == 0
    successor.wait()
    status, said = answer(asking)
    assert status == 1
    assert "was given up, as the server ends" in said


def test_sigterm_ends_both_while_the_new_one_opens_the_store(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    stays = program(tmp_path, LINE, "line.send(b'R')", "line.recv(1)", "print('opens', file=sys.stderr, flush=True)")
    Path(stays).write_text(Path(stays).read_text() + "time.sleep(1000)\n")
    successor = upgrade(server, stays)
    logged(server, "opens")
    server.terminate()
    assert server.wait() == 0
    successor.wait()


def test_a_server_killed_in_the_middle_is_taken_over_from(start_server: StartServer) -> None:
    server = start_server()
    client = server.user("ann")
    server.terminate(signal.SIGUSR2)
    now = Gone(int(logged(server, r"process (\d+) gets ready")[1]))
    server.kill()
    client.close()
    server.connect("ann").says(f"LOGIN|ann|{PASSWORD}", "OK|LOGIN|ann|…")
    now.end()
