"""A listener at a real door: who is let in, who is turned away, and what happens when there is no descriptor left."""

import errno
import os
import select
import socket
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from chatserver.net.listener import PAUSE_S, PORT_MAX, Listener, address_of, listen
from tests.net.loops import Loop

HOME = "127.0.0.1"
VANISHED_S = 60
FAREWELL = b"BYE|FULL\n"
NO_DESCRIPTOR = [errno.EMFILE, errno.ENFILE]


class Door(socket.socket):
    """A listening socket of which the next calls of `accept` fail as the test says."""

    def __init__(self, real: socket.socket) -> None:
        super().__init__(real.family, real.type, real.proto, real.detach())
        self.setblocking(False)
        self.failures: list[OSError] = []

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            raise self.failures.pop(0)
        connected, address = super().accept()
        return connected, address or (HOME, 1)


class Hall(Loop):
    """A listener and whom it has let in."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door
        self.is_full = False
        self.asked: list[str] = []  # addresses for which a place was sought
        self.inside: list[tuple[socket.socket, str]] = []
        self.clients: list[socket.socket] = []
        self.listener = Listener(self.reactor, self.door, self.welcome, self.has_place, FAREWELL)

    def welcome(self, connected: socket.socket, address: str) -> None:
        self.inside.append((connected, address))

    def has_place(self, address: str) -> bool:
        self.asked.append(address)
        return not self.is_full

    def client(self) -> socket.socket:
        """One more at the door."""
        client = socket.socket(self.door.family)
        self.clients.append(client)
        client.settimeout(10)
        client.connect(self.door.getsockname())
        return client

    def close(self) -> None:
        self.listener.close()
        for client in [*self.clients, *(connected for connected, _ in self.inside)]:
            client.close()
        super().close()


def read_all(client: socket.socket) -> bytes:
    """What a client is told until its connection ends."""
    read = b""
    while data := client.recv(100):
        read += data
    return read


def open_descriptors() -> int:
    return len(os.listdir("/dev/fd"))


@pytest.fixture
def door() -> Iterator[Door]:
    """A door of the system itself: who has connected stands before it at once, as TCP does not promise."""
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as real:
        real.bind(f"{folder}/door")
        real.listen(100)
        yield Door(real)


@pytest.fixture
def hall(door: Door, caplog: pytest.LogCaptureFixture) -> Iterator[Hall]:
    """A listener; no event handler may have failed."""
    made = Hall(door)
    yield made
    made.close()
    assert not [record for record in caplog.get_records("call") if record.exc_info], caplog.text


def test_who_comes_is_let_in_with_the_address_and_does_not_block(hall: Hall) -> None:
    client = hall.client()
    hall.turn()
    ((connected, address),) = hall.inside
    assert address == HOME
    assert hall.asked == [HOME]
    assert not connected.getblocking()
    client.send(b"x")
    connected.setblocking(True)
    assert connected.recv(10) == b"x"
    assert hall.is_idle()


def test_only_so_many_are_let_in_a_turn(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatserver.net.listener.ACCEPTS_PER_TURN", 3)
    for _ in range(5):
        hall.client()
    hall.turn()
    assert len(hall.inside) == 3
    hall.turn()
    assert len(hall.inside) == 5


def test_who_finds_no_place_is_told_and_closed(hall: Hall) -> None:
    hall.is_full = True
    before = open_descriptors()
    client = hall.client()
    hall.turn()
    assert read_all(client) == FAREWELL
    assert hall.inside == []
    assert open_descriptors() == before + 1  # the client's own
    hall.is_full = False
    hall.client()
    hall.turn()
    assert len(hall.inside) == 1


def test_one_who_finds_no_place_and_has_gone_harms_nobody(hall: Hall) -> None:
    hall.is_full = True
    before = open_descriptors()
    client = hall.client()
    client.close()
    last = hall.client()
    hall.turn()
    assert read_all(last) == FAREWELL
    assert open_descriptors() == before + 1


@pytest.mark.parametrize(("host", "address"), [("::1", "::"), ("127.0.0.1", "127.0.0.1")])
def test_an_address_is_that_of_one_house(host: str, address: str) -> None:
    try:
        hall = Hall(Door(listen("::", 0, 1, VANISHED_S)))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with socket.create_connection((host, hall.door.getsockname()[1]), timeout=10):
        select.select([hall.door], [], [])
        hall.turn()
    assert [each for _, each in hall.inside] == [address]
    hall.close()


def test_one_that_has_gone_before_its_turn_is_passed_over(hall: Hall) -> None:
    hall.client()
    hall.door.failures = [ConnectionAbortedError(errno.ECONNABORTED, "")]
    hall.turn()
    assert len(hall.inside) == 1


@pytest.mark.parametrize("failure", [BlockingIOError(errno.EAGAIN, ""), InterruptedError(errno.EINTR, "")])
def test_nobody_there_after_all_is_no_failure(hall: Hall, failure: OSError, caplog: pytest.LogCaptureFixture) -> None:
    hall.client()
    hall.door.failures = [failure]
    hall.turn()
    assert hall.inside == []
    hall.turn()
    assert len(hall.inside) == 1
    assert not caplog.records


# No descriptor left.


@pytest.mark.parametrize("number", NO_DESCRIPTOR, ids=["process", "system"])
def test_without_a_descriptor_the_one_at_the_door_is_told_each_time(
    hall: Hall, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    before = open_descriptors()
    for times in (1, 2, 3):
        client = hall.client()
        hall.door.failures = [OSError(number, "Too many open files")]
        hall.turn()
        assert read_all(client) == FAREWELL
        assert hall.inside == []
        assert len(caplog.records) == times
        assert "(Too many open files)" in caplog.messages[-1]
        assert open_descriptors() == before + times  # the client's own
        hall.pass_time(PAUSE_S)


@pytest.mark.parametrize("number", [*NO_DESCRIPTOR, errno.ENOBUFS])
def test_after_a_failure_nobody_is_let_in_for_a_while_and_the_loop_sleeps(hall: Hall, number: int) -> None:
    hall.client()
    hall.door.failures = [OSError(number, "")]
    hall.turn()
    hall.client()
    assert hall.is_idle()
    hall.pass_time(PAUSE_S - 0.01)
    assert hall.is_idle()
    assert hall.inside == []
    hall.pass_time(0.01)
    hall.turn()
    assert len(hall.inside) == (2 if number == errno.ENOBUFS else 1)  # then nobody was sent away


def test_with_nobody_at_the_door_any_more_the_spare_descriptor_is_kept(hall: Hall) -> None:
    before = open_descriptors()
    client = hall.client()
    hall.door.failures = [OSError(errno.EMFILE, ""), BlockingIOError(errno.EAGAIN, "")]
    hall.turn()
    assert open_descriptors() == before + 1
    hall.pass_time(PAUSE_S)
    hall.door.failures = [OSError(errno.EMFILE, "")]
    hall.turn()
    assert read_all(client) == FAREWELL


def test_without_a_spare_descriptor_those_at_the_door_wait(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("chatserver.net.listener.os.open", refuse_to_open)
        first = hall.client()
        hall.door.failures = [OSError(errno.EMFILE, "")]
        hall.turn()
        assert read_all(first) == FAREWELL
    hall.client()
    hall.pass_time(PAUSE_S)
    hall.door.failures = [OSError(errno.EMFILE, "")]
    hall.turn()
    assert hall.inside == []
    hall.pass_time(PAUSE_S)
    hall.turn()
    assert len(hall.inside) == 1


def refuse_to_open(path: str, flags: int) -> int:
    raise OSError(errno.EMFILE, "Too many open files")


# Closing.


def test_once_closed_it_lets_nobody_in_and_keeps_no_descriptor(door: Door) -> None:
    before = open_descriptors()
    hall = Hall(door)
    hall.client()
    client = socket.socket(socket.AF_UNIX)
    hall.clients.append(client)
    address = door.getsockname()
    hall.listener.close()
    assert hall.is_empty()
    hall.turn()
    assert hall.inside == []
    with pytest.raises(OSError, match="refused"):
        client.connect(address)
    hall.close()  # and again, which is harmless
    assert open_descriptors() == before - 1  # the door itself


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOBUFS])
def test_it_can_be_closed_while_nobody_is_let_in(hall: Hall, number: int) -> None:
    hall.client()
    hall.door.failures = [OSError(number, "")]
    hall.turn()
    hall.listener.close()
    hall.pass_time(PAUSE_S)
    hall.turn()
    assert hall.inside == []
    assert hall.is_idle()


def test_it_can_be_closed_after_it_has_gone_on(hall: Hall) -> None:
    hall.door.failures = [OSError(errno.ENOBUFS, "")]
    hall.client()
    hall.turn()
    hall.pass_time(PAUSE_S)
    hall.turn()
    assert len(hall.inside) == 1
    hall.listener.close()
    assert hall.is_empty()


def test_it_can_be_closed_without_a_spare_descriptor(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatserver.net.listener.os.open", refuse_to_open)
    hall.client()
    hall.door.failures = [OSError(errno.EMFILE, "")]
    hall.turn()
    hall.listener.close()
    hall.pass_time(PAUSE_S)


# The socket.


def test_the_socket_does_not_block_and_its_clients_get_its_options() -> None:
    with listen("127.0.0.1", 0, 1, VANISHED_S) as listening:
        assert not listening.getblocking()
        assert listening.family == socket.AF_INET
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        with socket.create_connection(listening.getsockname(), timeout=10):
            connected, _ = listening.accept()
            with connected:
                assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has its own times for silent peers")
@pytest.mark.parametrize("vanished_s", [5, 60, 3600])
def test_a_peer_that_has_vanished_is_asked_in_time_and_not_waited_for_any_longer(vanished_s: int) -> None:
    with (
        listen("127.0.0.1", 0, 1, vanished_s) as listening,
        socket.create_connection(listening.getsockname(), timeout=10),
        listening.accept()[0] as connected,
    ):
        names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        idle_s, interval_s, probes, timeout_ms = (connected.getsockopt(socket.IPPROTO_TCP, name) for name in names)
        assert idle_s + probes * interval_s == vanished_s  # nothing was sent to it
        assert timeout_ms == vanished_s * 1000  # something was, and waits for its word
        assert probes > 1


def test_a_port_that_is_taken_is_an_error_and_leaves_no_socket() -> None:
    with listen("127.0.0.1", 0, 1, VANISHED_S) as listening:
        before = open_descriptors()
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", listening.getsockname()[1], 1, VANISHED_S)
        assert open_descriptors() == before


def test_an_address_of_nowhere_is_an_error() -> None:
    with pytest.raises(OSError, match=r".+"):
        listen("256.0.0.1", 0, 1, VANISHED_S)


def test_a_port_that_there_cannot_be_is_no_other_one() -> None:
    with pytest.raises(OverflowError):
        listen("127.0.0.1", PORT_MAX + 1, 1, VANISHED_S)


class Bound:
    """A socket that is bound to an address of which this machine may have none."""

    def __init__(self, address: Any) -> None:
        self._address = address

    def getsockname(self) -> Any:
        return self._address


@pytest.mark.parametrize(
    ("bound", "shown"),
    [
        (("127.0.0.1", 5000), ("127.0.0.1", 5000)),
        (("::1", 5000, 0, 0), ("::1", 5000)),
        (("fe80::1", 5000, 0, 1), (f"fe80::1%{socket.if_indextoname(1)}", 5000)),
    ],
)
def test_a_link_local_address_is_told_with_its_scope(bound: Any, shown: tuple[str, int]) -> None:
    """Without it nobody could connect there."""
    assert address_of(Bound(bound)) == shown  # type: ignore[arg-type]  # all that is asked of a socket here
