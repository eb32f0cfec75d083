"""Somebody who is served beside an attack, in a thread: PINGs, and how long each took."""

import time
from threading import Event, Thread
from types import TracebackType
from typing import Self

from tests.harness import PASSWORD
from tests.hostile.doors import Doors
from tests.wire import Client

EVERY_S = 0.01


class Beside:
    """Comes from an address of its own, so that limits of the attacker's are not this one's."""

    def __init__(self, doors: Doors, name: str = "beside") -> None:
        self.took_s: list[float] = []
        self._client = Client(doors.pipe, name, source="127.0.0.2")
        self._client.expect("HELLO|…")
        self._client.says(f"SIGNUP|{name}|{PASSWORD}")
        self._client.says(f"LOGIN|{name}|{PASSWORD}")
        self._is_over = Event()
        self._thread = Thread(target=self._ping)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join()
        self._client.close()

    def _ping(self) -> None:
        while not self._is_over.wait(EVERY_S):
            began_s = time.monotonic()
            self._client.says("PING|", "OK|PING|")
            self.took_s.append(time.monotonic() - began_s)

    def summary(self) -> str:
        """For a person."""
        took = sorted(self.took_s) or [0.0]
        p99 = took[min(len(took) - 1, len(took) * 99 // 100)]
        return f"{len(self.took_s)} PINGs beside it: p99 {p99 * 1000:.1f} ms, longest {took[-1] * 1000:.0f} ms"
