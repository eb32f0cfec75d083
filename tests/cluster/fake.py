"""An engine in memory, which can fail, fence, hang, and lose the answer before or after it has stored; and a loop."""

from collections.abc import Callable

from chatserver.cluster.engine import Attendance, EngineError, Entry, Head, Lease, Member
from chatserver.cluster.steps import Resume, Steps
from chatserver.cluster.watch import Watch
from chatserver.store.shared import NOWHERE, Place

CLUSTER = "a cluster"


class FakeLoop:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._timers: list[tuple[float, Callable[[], None]]] = []

    def clock(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> object:
        self._timers.append((self.now_s + delay_s, callback))
        return None

    def pass_time(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        while due := sorted((each for each in self._timers if each[0] <= until_s), key=lambda each: each[0]):
            self._timers.remove(due[0])
            self.now_s = max(self.now_s, due[0][0])
            due[0][1]()
        self.now_s = until_s


class FakeEngine:
    """`fails` says how the next questions by a name go wrong, one after the other."""

    def __init__(self, loop: FakeLoop) -> None:
        self._loop = loop
        self.entries: list[Entry] = []
        self.end = NOWHERE
        self.key, self.expires_s, self.epoch = "", 0.0, 0
        self.identity = 0
        self.attended: list[Attendance] = []
        self.asked: list[str] = []
        self.fails: dict[str, list[str]] = {}  # question → "before", "after" or "hangs"
        self.hung: list[Resume] = []
        self.is_name_taken = False
        self.forgotten = 0

    def append_foreign(self, lease_key: str, entry: Entry) -> None:
        """Somebody else took the lease and wrote."""
        self.key = lease_key
        self.entries.append(entry)
        self.end = entry.place

    def head(self) -> Steps[Head | None]:
        yield from self._ask("head")
        expired = self.expires_s < self._loop.now_s
        return Head(CLUSTER, self.identity, True, self.end, self.epoch, "holder", "address", expired)

    def take(self, lease: Lease) -> Steps[Place | None]:
        fault = yield from self._ask("take")
        if self.expires_s >= self._loop.now_s and self.key != lease.key:
            return None
        self.key, self.epoch = lease.key, self.epoch + 1
        return self._kept(lease, fault)

    def renew(self, lease: Lease) -> Steps[Place | None]:
        fault = yield from self._ask("renew")
        return self._kept(lease, fault) if self.key == lease.key else None

    def release(self, lease: Lease) -> Steps[None]:
        yield from self._ask("release")
        self.expires_s = 0.0

    def append(self, lease: Lease, after: Place, entry: Entry) -> Steps[bool]:
        fault = yield from self._ask("append")
        if self.key != lease.key or self.end != after:
            return False
        self.entries.append(entry)
        self.end = entry.place
        self._kept(lease, fault)
        return True

    def read(self, after: int, entries_max: int) -> Steps[list[Entry]]:
        yield from self._ask("read")
        return [entry for entry in self.entries if entry.place.position > after][:entries_max]

    def attend(self, attendance: Attendance) -> Steps[bool]:
        yield from self._ask("attend")
        self.attended.append(attendance)
        return not self.is_name_taken

    def members(self) -> Steps[list[Member]]:
        yield from self._ask("members")
        said = {each.node: Member(each.node, each.position, each.safe, each.format, 0.0) for each in self.attended}
        return list(said.values())

    def forget(self, keep_s: float, upto: int) -> Steps[int]:
        yield from self._ask("forget")
        self.forgotten = max(self.forgotten, upto)
        return 0

    def _ask(self, name: str) -> Steps[str]:
        self.asked.append(name)
        fault = self.fails[name].pop(0) if self.fails.get(name) else ""
        if fault == "hangs":
            yield self.hung.append
        if fault == "before":
            raise EngineError("the connection was lost")
        return fault

    def _kept(self, lease: Lease, fault: str) -> Place:
        self.expires_s = self._loop.now_s + lease.seconds
        if fault == "after":
            raise EngineError("the connection was lost")
        return self.end


def watch(loop: FakeLoop, here: Callable[[], Place] = lambda: NOWHERE) -> Watch:
    return Watch("node", here, loop.clock)


def attendance(place: Place) -> Attendance:
    return Attendance("node", "run", place.position, place.position, 1)
