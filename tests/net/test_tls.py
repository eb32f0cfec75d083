"""TLS on a connection: handshakes and records in any pieces, slow readers, and every way to end."""

import selectors
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from chatserver.net.certificates import tls_context
from chatserver.net.connection import LINGER_S
from chatserver.net.reactor import Reactor
from chatserver.net.tls import CIPHERTEXT_BYTES_MAX, RECORD_BYTES, TlsConnection
from chatserver.net.workers import Result
from chatserver.turn.receiver import Book

READ_BYTES = 65_536
GOODBYE_S = 10.0
HANDSHAKE_S = 5.0
FRAMES = [f"{at} {'x' * 1000}\n".encode() for at in range(300)]
"""More than the kernel takes at once, in frames that are no part of a record's size."""


class Owner:
    """Keeps what a connection tells."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.told: list[str] = []
        self.reaction: Callable[[], None] = lambda: None

    def received(self, data: bytes) -> None:
        self.heard.append(data)
        self.reaction()

    def ended(self) -> None:
        self.told.append("ended")

    def drained(self) -> None:
        self.told.append("drained")
        self.reaction()

    def lost(self) -> None:
        self.told.append("lost")


def _do(job: Callable[[], object], done: Callable[[Result[object]], None]) -> None:
    try:
        result = Result(job(), None)
    except Exception as error:
        result = Result[object](None, error)
    done(result)


class Pair:
    """A connection in a loop that the test turns, and a client whose ciphertext the test carries."""

    def __init__(self, certificate: tuple[Path, Path], version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        self.now_s = 0.0
        self.steps_wait = False
        self.steps: list[Callable[[], None]] = []
        self.selector = selectors.DefaultSelector()
        self.reactor = Reactor(self.selector, lambda: self.now_s)
        self.owner = Owner()
        self.kernel, self.wire = socket.socketpair()  # the connection's end, and the client's
        self.kernel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        for end in (self.kernel, self.wire):
            end.setblocking(False)
        context = tls_context(*map(str, certificate))
        self.connection = TlsConnection(
            self.reactor, self.kernel, self.owner, READ_BYTES, context, HANDSHAKE_S, self.elsewhere
        )
        trust = ssl.create_default_context(cafile=certificate[0])
        trust.minimum_version = trust.maximum_version = version
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = trust.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self.read = b""
        self.end_announced = False  # the server has said so inside TLS

    def elsewhere(self, job: Callable[[], object], done: Callable[[Result[object]], None]) -> None:
        """A handshake's step is done at once, or when the test says so."""
        self.steps.append(partial(_do, job, done))
        if not self.steps_wait:
            self.steps.pop()()

    def turn(self) -> None:
        self.reactor.call_soon(lambda: None)  # so that it does not sleep
        self.reactor.turn()

    def ciphertext(self) -> bytes:
        """What the client has to send."""
        return self._outgoing.read()

    def carry(self, ciphertext: bytes, step: int = READ_BYTES) -> None:
        """Bring it to the connection in pieces, each of which it reads before the next comes."""
        for at in range(0, len(ciphertext), step):
            self.wire.send(ciphertext[at : at + step])
            self.turn()

    def say(self, data: bytes, step: int = READ_BYTES) -> None:
        self.client.write(data)
        self.carry(self.ciphertext(), step)

    def hear(self) -> bool:
        """Let the client read all that the kernel has now, without a turn of the loop; tell whether that was any."""
        ciphertext = b""
        with suppress(BlockingIOError):
            while data := self.wire.recv(READ_BYTES):
                ciphertext += data
        self._incoming.write(ciphertext)
        try:
            while piece := self.client.read(RECORD_BYTES):
                self.read += piece
            self.end_announced = True
        except ssl.SSLZeroReturnError:
            self.end_announced = True
        except ssl.SSLWantReadError:
            pass
        return bool(ciphertext)

    def hear_all(self) -> None:
        """Read, and let the connection send, until there is nothing more."""
        while self.hear():
            self.turn()

    def shake_hands(self, step: int = READ_BYTES) -> None:
        while True:
            try:
                self.client.do_handshake()
            except ssl.SSLWantReadError:
                self.carry(self.ciphertext(), step)
                self._incoming.write(self.wire.recv(READ_BYTES))
            else:
                self.carry(self.ciphertext(), step)
                return

    def shake_hands_but_for_the_last_word(self) -> None:
        """The client is done; what it has to say about that goes with what it says next."""
        with pytest.raises(ssl.SSLWantReadError):
            self.client.do_handshake()
        self.carry(self.ciphertext())
        self._incoming.write(self.wire.recv(READ_BYTES))
        self.client.do_handshake()

    def close(self) -> None:
        self.connection.abort()
        self.wire.close()
        self.reactor.close()


@pytest.fixture
def pair(certificate: tuple[Path, Path]) -> Iterator[Pair]:
    made = Pair(certificate)
    yield made
    made.close()


@pytest.fixture
def talking(pair: Pair) -> Pair:
    """The handshake is done."""
    pair.shake_hands()
    pair.hear()
    return pair


@pytest.fixture
def slow(talking: Pair) -> Pair:
    """The client has been sent more than the kernel takes, and has read nothing of it."""
    assert not talking.connection.send(b"".join(FRAMES))
    assert talking.connection.unsent
    return talking


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("step", [1, 7, READ_BYTES])
def test_in_whatever_pieces_it_comes(certificate: tuple[Path, Path], version: ssl.TLSVersion, step: int) -> None:
    pair = Pair(certificate, version)
    assert not pair.connection.send(b"HELLO\n")
    pair.shake_hands(step)
    assert pair.owner.told == ["drained"]
    pair.say(b"one\n", step)
    pair.say(b"two\nthree\n", step)
    assert pair.connection.send(b"answer\n")
    pair.hear()
    assert pair.read == b"HELLO\nanswer\n"
    assert pair.owner.heard == [b"one\n", b"two\nthree\n"]
    pair.close()


def test_while_a_handshake_waits_the_loop_sleeps(pair: Pair) -> None:
    pair.connection.send(b"HELLO\n")
    assert not pair.selector.select(0)
    assert pair.connection.unsent == 6


@pytest.mark.parametrize("waiting", [b"", b"HELLO\n"])
def test_a_handshake_waits_for_the_kernel(pair: Pair, waiting: bytes) -> None:
    if waiting:
        pair.connection.send(waiting)
    filled = 0
    with suppress(BlockingIOError):
        while True:
            filled += pair.kernel.send(bytes(512))
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.do_handshake()
    pair.carry(pair.ciphertext())
    while filled:
        filled -= len(pair.wire.recv(filled))
    pair.turn()
    pair._incoming.write(pair.wire.recv(READ_BYTES))
    assert not pair.selector.select(0)
    pair.shake_hands()
    pair.hear()
    assert pair.read == waiting


def test_much_that_waits_for_a_handshake(pair: Pair) -> None:
    pair.connection.send(b"".join(FRAMES))
    pair.shake_hands()
    pair.hear_all()
    assert pair.read == b"".join(FRAMES)


def test_all_records_of_one_read_are_told_at_once(talking: Pair) -> None:
    """No selector would report what had been read and not decrypted."""
    for at in range(500):
        talking.client.write(b"%d\n" % at)
    talking.client.write(b"x" * 2 * RECORD_BYTES)
    talking.carry(talking.ciphertext())
    assert talking.owner.heard == [b"".join(b"%d\n" % at for at in range(500)) + b"x" * 2 * RECORD_BYTES]


def test_what_comes_with_the_end_of_the_handshake_is_read_too(pair: Pair) -> None:
    pair.shake_hands_but_for_the_last_word()
    pair.say(b"at once\n")
    assert pair.owner.heard == [b"at once\n"]


def test_sent_is_what_a_client_can_read_without_another_turn(slow: Pair) -> None:
    everything = b"".join(FRAMES)
    while slow.connection.unsent:
        slow.hear()
        assert len(slow.read) == len(everything) - slow.connection.unsent
        assert "drained" not in slow.owner.told
        slow.turn()
    slow.hear()
    assert slow.read == everything
    assert slow.owner.told == ["drained"]
    assert not slow.selector.select(0)


def test_what_is_said_to_a_slow_reader_waits_for_its_turn(slow: Pair) -> None:
    waiting = slow.connection.unsent
    assert not slow.connection.send(b"more\n")
    assert slow.connection.unsent == waiting + 5
    slow.hear_all()
    assert slow.read == b"".join([*FRAMES, b"more\n"])


@pytest.mark.parametrize("turns_before", [0, 1, 5, 20])
def test_dropped_is_what_is_not_encrypted_from_the_begin_of_a_frame(slow: Pair, turns_before: int) -> None:
    slow.connection.send(b"more\n")
    for _ in range(turns_before):
        slow.hear()
        slow.turn()
    book = Book()
    book.add([(frame, 0, None) for frame in (*FRAMES, b"more\n")])
    slow.connection.drop_unsent(book.rest_of_frame(slow.connection.unsent, slow.connection.committed))
    assert 0 < slow.connection.unsent <= RECORD_BYTES + len(FRAMES[-1])
    slow.connection.send(b"BYE\n")
    slow.connection.close_when_sent(GOODBYE_S)
    slow.hear_all()
    *frames, last = slow.read.splitlines(keepends=True)
    assert last == b"BYE\n"
    assert frames == FRAMES[: len(frames)]
    assert len(frames) < len(FRAMES)
    assert slow.end_announced


def test_dropped_before_the_handshake_is_everything(pair: Pair) -> None:
    pair.connection.send(b"HELLO\n")
    pair.connection.drop_unsent(0)
    assert pair.connection.unsent == 0
    pair.shake_hands()
    pair.connection.send(b"BYE\n")
    pair.hear()
    assert pair.read == b"BYE\n"


def test_a_pause_leaves_records_where_they_are(talking: Pair) -> None:
    talking.connection.pause()
    talking.say(b"wait\n")
    assert talking.owner.heard == []
    talking.connection.send(b"but this goes out\n")
    talking.hear()
    assert talking.read == b"but this goes out\n"
    talking.connection.resume()
    talking.turn()
    assert talking.owner.heard == [b"wait\n"]


def test_a_close_is_announced_and_waits_for_the_peer(talking: Pair) -> None:
    talking.connection.send(b"BYE\n")
    talking.connection.close_when_sent(GOODBYE_S)
    talking.hear()
    assert (talking.read, talking.end_announced, talking.wire.recv(1)) == (b"BYE\n", True, b"")
    talking.say(b"not heard any more\n")
    assert (talking.owner.heard, talking.owner.told) == ([], [])
    talking.wire.close()
    talking.turn()
    assert talking.owner.told == ["lost"]


def test_a_close_waits_for_a_slow_reader_and_not_for_ever(slow: Pair) -> None:
    slow.connection.close_when_sent(GOODBYE_S)
    slow.turn()
    assert slow.owner.told == []
    slow.hear_all()
    assert (slow.read, slow.end_announced) == (b"".join(FRAMES), True)
    slow.now_s = LINGER_S
    slow.turn()
    assert slow.owner.told == ["lost"]


def test_a_close_does_not_wait_for_a_handshake(pair: Pair) -> None:
    pair.connection.send(b"HELLO\nBYE\n")
    pair.connection.close_when_sent(GOODBYE_S)
    assert pair.owner.told == ["lost"]


@pytest.mark.parametrize("announced", [True, False])
def test_a_client_that_ends_its_side_is_still_answered(talking: Pair, announced: bool) -> None:
    talking.client.write(b"the last\n")
    if announced:
        with pytest.raises(ssl.SSLWantReadError):
            talking.client.unwrap()
    talking.carry(talking.ciphertext())
    if not announced:
        talking.wire.shutdown(socket.SHUT_WR)
        talking.turn()
    assert (talking.owner.heard, talking.owner.told) == ([b"the last\n"], ["ended"])
    assert talking.connection.peer_ended
    assert not talking.selector.select(0)
    talking.connection.send(b"answer\n")
    talking.connection.close_when_sent(GOODBYE_S)
    talking.hear()
    assert (talking.read, talking.end_announced) == (b"answer\n", True)
    assert talking.owner.told == ["ended", "lost"]


def test_a_peer_that_is_gone_is_lost_once(slow: Pair) -> None:
    slow.wire.close()
    slow.turn()
    assert slow.owner.told.count("lost") == 1
    assert not slow.connection.send(b"anybody?\n")
    slow.connection.close_when_sent(GOODBYE_S)
    assert slow.owner.told.count("lost") == 1


def test_nothing_more_is_told_once_the_owner_has_closed(pair: Pair) -> None:
    pair.connection.send(b"HELLO\n")
    pair.owner.reaction = pair.connection.abort
    pair.shake_hands_but_for_the_last_word()
    pair.say(b"to nobody\n")
    assert (pair.owner.heard, pair.owner.told) == ([], ["drained", "lost"])


def test_no_end_is_told_once_the_owner_has_closed(talking: Pair) -> None:
    talking.owner.reaction = talking.connection.abort
    talking.client.write(b"the last\n")
    with pytest.raises(ssl.SSLWantReadError):
        talking.client.unwrap()
    talking.carry(talking.ciphertext())
    assert (talking.owner.heard, talking.owner.told) == ([b"the last\n"], ["lost"])


def test_a_peer_that_goes_in_the_handshake(pair: Pair) -> None:
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.do_handshake()
    pair.carry(pair.ciphertext()[:100])
    pair.wire.close()
    pair.turn()
    assert pair.owner.told == ["ended"]  # the owner then closes it, which needs no waiting


@pytest.mark.parametrize("said", [b"PING|hi\n", b"GET / HTTP/1.1\r\n\r\n", bytes(100), b"\xff" * 20_000])
def test_what_is_no_tls_is_closed(pair: Pair, said: bytes) -> None:
    pair.connection.send(b"HELLO\n")
    pair.carry(said)
    assert (pair.owner.heard, pair.owner.told) == ([], ["lost"])
    assert b"HELLO" not in pair.wire.recv(READ_BYTES)


def test_a_forged_record_is_not_heard(talking: Pair) -> None:
    talking.client.write(b"true\n")
    record = bytearray(talking.ciphertext())
    record[-1] ^= 1
    talking.carry(bytes(record))
    assert (talking.owner.heard, talking.owner.told) == ([], ["lost"])
    with pytest.raises(ssl.SSLError, match="bad record mac"):
        talking.hear()


def test_a_client_for_which_tls_itself_has_too_much_to_say(slow: Pair) -> None:
    """As one does that asks for a renegotiation again and again, and never reads that there is none."""
    slow.connection._outgoing.write(bytes(CIPHERTEXT_BYTES_MAX))
    slow.say(b"x\n")
    assert slow.owner.told == ["lost"]


# Handshakes: a deadline, and their work elsewhere.


@pytest.mark.parametrize("steps", [0, 1])
def test_a_handshake_has_its_time_and_bytes_do_not_extend_it(pair: Pair, steps: int) -> None:
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.do_handshake()
    hello = pair.ciphertext()
    if steps:
        pair.carry(hello)
        pair._incoming.write(pair.wire.recv(READ_BYTES))
        pair.client.do_handshake()
        hello = pair.ciphertext()
    for at in range(10):
        pair.now_s += HANDSHAKE_S / 10
        assert pair.owner.told == []
        pair.carry(hello[at : at + 1])
    assert pair.owner.told == ["lost"]


def test_who_is_in_has_no_deadline_here(talking: Pair) -> None:
    talking.now_s += 2 * HANDSHAKE_S
    talking.turn()
    talking.say(b"still here\n")
    assert (talking.owner.heard, talking.owner.told) == ([b"still here\n"], [])


def test_a_record_that_comes_byte_by_byte_is_one_step(pair: Pair) -> None:
    pair.steps_wait = True
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.do_handshake()
    hello = pair.ciphertext()
    pair.carry(hello[:-1], step=1)
    assert pair.steps == []
    pair.carry(hello[-1:])
    assert len(pair.steps) == 1


def test_while_a_step_is_worked_out_nothing_is_read_and_what_is_said_waits(pair: Pair) -> None:
    pair.steps_wait = True
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.do_handshake()
    pair.carry(pair.ciphertext())
    pair.wire.send(b"more than is read now")
    assert not pair.connection.send(b"HELLO\n")
    pair.connection.pause()
    pair.connection.resume()
    for _ in range(3):
        assert not pair.selector.select(0)  # it does not spin either
        pair.turn()
    with pytest.raises(BlockingIOError):
        pair.wire.recv(READ_BYTES)
    pair.steps.pop()()
    assert pair.wire.recv(READ_BYTES)


def test_all_is_well_where_each_step_takes_its_time(pair: Pair) -> None:
    pair.steps_wait = True
    pair.connection.send(b"HELLO\n")
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.do_handshake()
    pair.carry(pair.ciphertext())
    pair.steps.pop()()
    pair._incoming.write(pair.wire.recv(READ_BYTES))
    pair.client.do_handshake()
    pair.client.write(b"with the last word\n")
    pair.carry(pair.ciphertext())
    assert pair.owner.heard == []
    pair.steps.pop()()
    pair.hear()
    assert (pair.owner.heard, pair.read) == ([b"with the last word\n"], b"HELLO\n")
    pair.say(b"and more\n")
    assert pair.owner.heard[1:] == [b"and more\n"]


def test_a_step_for_one_that_has_gone_is_not_worked_out(pair: Pair) -> None:
    pair.steps_wait = True
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.do_handshake()
    pair.carry(pair.ciphertext())
    pair.connection.abort()
    pair.steps.pop()()
    assert pair.owner.told == ["lost"]
    assert pair.connection._outgoing.pending == 0
