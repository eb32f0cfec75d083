"""A loop whose clock stands still until a test moves it, and that never sleeps: its turns are the test's to make."""

import selectors

from chatserver.net.reactor import Reactor


class Sleepless(selectors.DefaultSelector):
    """A selector that notes how long it is told to sleep, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.told_s: list[float | None] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.told_s.append(timeout)
        return super().select(0)


class Loop:
    """A reactor over a real selector."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.selector = Sleepless()
        self.reactor = Reactor(self.selector, lambda: self.now_s)

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.reactor.turn()

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on, and a turn see it."""
        self.now_s += seconds
        self.turn()

    def is_idle(self) -> bool:
        """No socket that it waits for is ready: it would sleep until a timer is due."""
        return not self.selector.select(0)

    def is_empty(self) -> bool:
        """It waits for no socket but the one that wakes it, and for no timer."""
        self.turn()
        return len(self.selector.get_map()) == 1 and self.selector.told_s[-1] is None

    def close(self) -> None:
        self.reactor.close()
