"""A connection to PostgreSQL in the server's own loop: one question at a time, never waiting for the socket.

libpq speaks the protocol; its calls that do not wait are what `psycopg.pq` has of it. The link connects when it is
asked something and has no connection, to each host in turn; one that breaks gives the question an EngineError.
A name is looked up by libpq, which waits for that: an address in the connection string spares it.

A host that is silent is left for the next one, also where its machine still confirms what it is sent: a frozen engine
must not hold a cluster whose standby has taken its place.
"""

import os
import select
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from chatserver.cluster.engine import EngineError
from chatserver.cluster.steps import Resume

if TYPE_CHECKING:  # it comes with the extra `cluster`, and is imported by who uses that alone
    from psycopg.pq.abc import PGconn, PGresult

READ, WRITE = 1, 2
CONNECT_S = 2.0  # for each host; the next one is tried then
ANSWER_S = 5.0  # of silence, until an answer is no longer waited for

KEPT_ALIVE = {
    "connect_timeout": "2",
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
    "target_session_attrs": "read-write",
    "application_name": "pipechat",
    "options": "-c lock_timeout=4s",
}
"""Unless the operator says otherwise: a machine that is gone is noticed in about 5 s, and of a link that was dropped
nothing stays behind in the engine, waiting in line for a row that a commit without its standby holds."""

LOCKED = "55P03"  # SQL's code for a lock that was not to be had in time
MISMATCH = "42804"  # the same for a type that is not the one expected

Parameter = bytes | str | int | float
Row = tuple[Any, ...]
"""Any: each column has its own type."""


class Loop(Protocol):
    """What is needed of the reactor."""

    def register(self, file: Any, interest: int, on_ready: Callable[[int], None]) -> None:
        """Call when a socket is ready."""

    def modify(self, file: Any, interest: int, on_ready: Callable[[int], None]) -> None:
        """Change what to wait for."""

    def unregister(self, file: Any) -> None:
        """Wait for it no more."""

    @property
    def clock(self) -> Callable[[], float]:
        """Monotonic time in seconds."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> "Timer":
        """Call after so many seconds."""


class Timer(Protocol):
    """A call to come."""

    def cancel(self) -> None:
        """Forget it."""


class _Descriptor:
    """libpq's socket, which is another for each host that it tries.

    A second number for it: libpq closes its own without a word, and the loop would be left with one that is no socket,
    or somebody else's.
    """

    def __init__(self, number: int) -> None:
        self._number = os.dup(number)

    def fileno(self) -> int:
        return self._number

    def close(self) -> None:
        os.close(self._number)


def places_of(conninfo: str) -> list[dict[str, str]]:
    """What to connect to: one table of libpq's words for each host. Raises ValueError where it cannot be read."""
    from psycopg import pq

    try:
        words = {each.keyword.decode(): (each.val or b"").decode() for each in pq.Conninfo.parse(conninfo.encode())}
    except Exception as error:  # psycopg's own, which is imported with it
        raise ValueError(str(error).strip().replace("\n", " ")) from None
    given = {word: value for word, value in words.items() if value}
    words = {**KEPT_ALIVE, **given}
    if "options" in given:  # of two that say the same, the later one holds
        words["options"] = f"{KEPT_ALIVE['options']} {given['options']}"
    lists = {word: words[word].split(",") for word in ("host", "hostaddr", "port") if words.get(word)}
    many = max((len(lists[word]) for word in ("host", "hostaddr") if word in lists), default=1)
    places = []
    for at in range(many):
        chosen = {word: each[at] if len(each) == many else each[0] for word, each in lists.items()}
        places.append({**words, **chosen})
    return places


class Link:
    """One connection, made anew when it is needed."""

    def __init__(self, conninfo: str, loop: Loop) -> None:
        """Raises ValueError where the connection string cannot be read."""
        self._loop = loop
        self._places = places_of(conninfo)
        self._at = 0  # the host that was good last
        self._connection: PGconn | None = None
        self._is_connected = False
        self._socket: _Descriptor | None = None
        self._interest = 0
        self._timer: Timer | None = None
        self._patience: Timer | None = None  # looks whether an answer is late
        self._heard_s = 0.0  # when something came last, or was asked
        self._tries = 0
        self._faults: list[str] = []
        self._question: tuple[bytes, Sequence[Parameter]] | None = None
        self._resume: Resume | None = None
        self._results: list[PGresult] = []  # of the question, so far
        self._warning = ""  # said by the engine since the question was sent

    def wait(self, within_s: float) -> bool:
        """Hold the loop until the engine has said something; False where it does not in time, or is not connected."""
        if not self._is_connected or self._socket is None:
            return False
        wanted = [self._socket]
        ready = select.select(wanted, wanted if self._interest & WRITE else [], [], max(0.0, within_s))
        if not any(ready):
            return False
        self.on_ready(0)
        return True

    def ask(self, statement: str, *parameters: Parameter) -> Callable[[Resume], None]:
        """A question for `steps`: its answer is a list of rows, or an EngineError.

        A warning from the engine makes it one as well: a commit that nobody else has yet comes with a warning.
        """

        def question(resume: Resume) -> None:
            assert self._resume is None, "the link is asked one thing at a time"
            self._question, self._resume = (statement.encode(), parameters), resume
            if self._is_connected:
                self._send()
            else:
                self._tries, self._faults = 0, []
                self._connect()

        return question

    def close(self) -> None:
        """Let go of the connection; a question that is under way is never answered."""
        self._resume = self._question = None
        self._drop()

    # Connecting.

    def _connect(self) -> None:
        from psycopg import pq

        if self._tries == len(self._places):
            self._fail("; ".join(dict.fromkeys(self._faults)))
            return
        place = self._places[(self._at + self._tries) % len(self._places)]
        self._tries += 1
        self._connection = pq.PGconn.connect_start(_conninfo(place))
        where = ":".join(filter(None, (place.get("host") or place.get("hostaddr"), place.get("port")))) or "the engine"
        self._timer = self._loop.call_later(CONNECT_S, lambda: self._try_next(f"{where} does not answer"))
        self._poll(0)

    def _poll(self, ready: int) -> None:
        from psycopg.pq import ConnStatus, PollingStatus

        connection = self._connection
        assert connection is not None
        self._unwatch()  # libpq may take another socket in this step
        status = PollingStatus.FAILED if connection.status == ConnStatus.BAD else connection.connect_poll()
        if status == PollingStatus.OK:
            self._connected(connection)
        elif status == PollingStatus.FAILED:
            self._try_next(_words(connection.error_message))
        else:
            self._watch(READ if status == PollingStatus.READING else WRITE, self._poll)

    def _connected(self, connection: "PGconn") -> None:
        self._cancel_timer()
        self._at = (self._at + self._tries - 1) % len(self._places)
        self._is_connected = True
        connection.nonblocking = 1
        connection.notice_handler = self._noticed
        self._watch(READ, self.on_ready)
        if self._question is not None:
            self._send()

    def _try_next(self, fault: str) -> None:
        self._faults.append(fault)
        self._drop()
        self._connect()

    # Asking.

    def _send(self) -> None:
        assert self._connection is not None
        assert self._question is not None
        self._warning, self._results, self._heard_s = "", [], self._loop.clock()
        if self._patience is None:
            self._patience = self._loop.call_later(ANSWER_S, self._look_patience)
        statement, parameters = self._question
        values = [each if isinstance(each, bytes) else str(each).encode() for each in parameters]
        formats = [int(isinstance(each, bytes)) for each in parameters]
        try:
            self._connection.send_query_params(statement, values, param_formats=formats, result_format=1)
            self._flush()
        except Exception as error:  # psycopg's own
            self._lost(_words(error))

    def _flush(self) -> None:
        assert self._connection is not None
        left = self._connection.flush()
        self._watch(READ | WRITE if left else READ, self.on_ready)

    def _look_patience(self) -> None:
        self._patience = None
        if self._resume is None or not self._is_connected:
            return
        left_s = self._heard_s + ANSWER_S - self._loop.clock()
        if left_s > 0:
            self._patience = self._loop.call_later(left_s, self._look_patience)
        else:
            self._at += 1
            self._lost(f"it has not answered for {ANSWER_S:.0f} s")

    def on_ready(self, ready: int) -> None:
        """The socket can be read, or written."""
        connection = self._connection
        assert connection is not None
        self._heard_s = self._loop.clock()
        try:
            if self._interest & WRITE:
                self._flush()
            connection.consume_input()
            if self._resume is None:
                self._look_idle(connection)
                return
            while not connection.is_busy():
                result = connection.get_result()
                if result is None:
                    break
                self._results.append(result)
            else:
                return
        except Exception as error:  # psycopg's own: the connection is gone
            self._lost(_words(error))
            return
        results, self._results = self._results, []
        self._answered(results)

    def _look_idle(self, connection: "PGconn") -> None:
        """What comes unasked is a word of parting; the next question connects anew."""
        from psycopg.pq import ConnStatus

        if connection.status == ConnStatus.BAD:
            self._drop()

    def _noticed(self, notice: "PGresult") -> None:
        from psycopg.pq import DiagnosticField

        if (notice.error_field(DiagnosticField.SEVERITY_NONLOCALIZED) or b"") == b"WARNING":
            self._warning = _words(notice.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"a warning")

    def _answered(self, results: Sequence["PGresult"]) -> None:
        from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus

        resume, self._resume, self._question = self._resume, None, None
        assert resume is not None
        assert self._connection is not None
        faults = [each for each in results if each.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)]
        answer: Any
        foreign = {each.ftype(column) for each in results for column in range(each.nfields)} - _READERS.keys()
        if foreign:
            answer = EngineError(f"its tables are not as this program makes them (types {sorted(foreign)})", MISMATCH)
        elif faults:
            state = (faults[0].error_field(DiagnosticField.SQLSTATE) or b"").decode()
            answer = EngineError(_words(faults[0].error_field(DiagnosticField.MESSAGE_PRIMARY) or b"no reason"), state)
        elif self._warning:
            answer = EngineError(self._warning)
        else:
            answer = [row for result in results for row in _rows(result)]
        if self._connection.status == ConnStatus.BAD or (faults and _is_elsewhere(answer.state)):
            self._at += answer.state == LOCKED
            self._drop()
        resume(answer)

    def _lost(self, fault: str) -> None:
        self._drop()
        self._fail(fault)

    def _fail(self, fault: str) -> None:
        resume, self._resume, self._question = self._resume, None, None
        if resume is not None:
            resume(EngineError(fault or "the connection was lost"))

    # The socket in the loop.

    def _watch(self, interest: int, on_ready: Callable[[int], None]) -> None:
        assert self._connection is not None
        if self._socket is None:
            self._socket = _Descriptor(self._connection.socket)
            self._loop.register(self._socket, interest, on_ready)
        elif interest != self._interest:
            self._loop.modify(self._socket, interest, on_ready)
        self._interest = interest

    def _unwatch(self) -> None:
        if self._socket is not None:
            self._loop.unregister(self._socket)
            self._socket.close()
            self._socket = None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drop(self) -> None:
        self._cancel_timer()
        self._unwatch()
        if self._connection is not None:
            self._connection.finish()
        self._connection = None
        self._is_connected = False


def _conninfo(place: Mapping[str, str]) -> bytes:
    quoted = [f"{word}='{value.translate(_QUOTED)}'" for word, value in place.items()]
    return " ".join(quoted).encode()


_QUOTED = str.maketrans({"'": "\\'", "\\": "\\\\"})


def _words(message: object) -> str:
    """A message of libpq's as a part of one line."""
    text = message.decode(errors="replace") if isinstance(message, bytes) else str(message)
    return " ".join(text.split())


def _is_elsewhere(state: str) -> bool:
    """Whether another host has to be looked for: this one only reads, goes down, or waits for a commit that hangs."""
    return state in ("25006", LOCKED) or state.startswith("57P")


def _number(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


_READERS: dict[int, Callable[[bytes], Any]] = {
    16: lambda value: value == b"\x01",
    17: bytes,
    20: _number,
    21: _number,
    23: _number,
    25: bytes.decode,
    701: lambda value: struct.unpack("!d", value)[0],
    1043: bytes.decode,
}
"""PostgreSQL's types that our statements return, in its binary form."""


def _rows(result: "PGresult") -> list[Row]:
    readers = [_READERS[result.ftype(column)] for column in range(result.nfields)]
    return [
        tuple(
            None if (value := result.get_value(row, column)) is None else reader(value)
            for column, reader in enumerate(readers)
        )
        for row in range(result.ntuples)
    ]
