"""The loop: one selector turn after another, timers, what is done before each sleep, a wake-up for other threads.

It knows neither bytes nor chat. Everything but `post` belongs to the thread that runs it. A turn is:
sockets that are ready, what was posted or put off, timers that are due, then the calls of `before_sleep` in
their order. There a turn's work is handed to the log, and what need not wait for it is sent.
"""

import heapq
import logging
import selectors
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from time import monotonic

log = logging.getLogger(__name__)

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE
Callback = Callable[[], None]
SLOW_TURN_S = 0.050
TIMERS_MAX = 200  # run in a turn: thousands of connections may have come, and have to go, at the same moment
DEFECT = "a defect in an event handler; the loop goes on"


class Timer:
    """A call that is to come, until it is cancelled."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callback) -> None:
        self.callback: Callback | None = callback

    def cancel(self) -> None:
        """Forget the call; harmless when it has been made."""
        self.callback = None


class Reactor:
    """One event loop; clock and selector are passed in so that a simulated world can stand in for them."""

    def __init__(self, selector: selectors.BaseSelector | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._selector = selector or selectors.DefaultSelector()
        self.clock = clock
        self.before_sleep: list[Callback] = []
        self.began_s = clock()  # this turn, by the clock
        self.outlived_by: list[socket.socket] | None = None  # where connections, once closed, leave their sockets open
        self._soon: deque[Callback] = deque()
        self._posted: deque[Callback] = deque()  # append and popleft are atomic, so other threads may append
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = count()  # keeps timers of one instant in the order they were made
        self._running = False
        self._may_sleep = True  # else it looks at what was posted before it does
        self._waker, self._wakened = socket.socketpair()
        self._waker.setblocking(False)
        self._wakened.setblocking(False)
        self.register(self._wakened, READ, self._drain_wakened)

    def register(self, file: socket.socket, interest: int, on_ready: Callable[[int], None]) -> None:
        """Call `on_ready` with the events (READ, WRITE) that a socket is ready for, each turn that it is."""
        self._selector.register(file, interest, on_ready)

    def modify(self, file: socket.socket, interest: int, on_ready: Callable[[int], None]) -> None:
        """Change what to wait for; it costs a system call."""
        self._selector.modify(file, interest, on_ready)

    def unregister(self, file: socket.socket) -> None:
        """Wait for this socket no more."""
        self._selector.unregister(file)

    def call_soon(self, callback: Callback) -> None:
        """Call in the next turn, which then does not sleep."""
        self._soon.append(callback)

    def call_later(self, delay_s: float, callback: Callback) -> Timer:
        """Call once the monotonic clock has gone on by so many seconds."""
        timer = Timer(callback)
        heapq.heappush(self._timers, (self.clock() + delay_s, next(self._numbers), timer))
        return timer

    def post(self, callback: Callback) -> None:
        """Call in the next turn, from any thread. A loop that is at work needs no waking, which is a system call."""
        self._posted.append(callback)
        if self._may_sleep:
            self.wake()

    def wake(self) -> None:
        """End the sleep; safe in any thread and in a signal handler."""
        try:
            self._waker.send(b"\0")
        except (BlockingIOError, InterruptedError):
            pass  # it is awake already
        except OSError:
            pass  # closed: nobody sleeps any more

    def run(self) -> None:
        """Turn until `stop`."""
        self._running = True
        while self._running:
            self.turn()

    def stop(self) -> None:
        """End `run` after this turn."""
        self._running = False

    def turn(self) -> None:
        """One turn, which sleeps until there is something to do."""
        self._may_sleep = True  # before looking at what was posted: whoever posts behind that look wakes the loop
        selected = self._selector.select(self._sleep_s())
        self._may_sleep = False
        began_s = self.began_s = self.clock()
        for key, ready in selected:
            try:  # as `_guarded` does, which costs a call: this is once a read
                key.data(ready)
            except Exception:
                log.exception(DEFECT)
        self._run_posted()
        self._run_timers()
        for callback in self.before_sleep:
            _guarded(callback)
        took_s = self.clock() - began_s
        if took_s > SLOW_TURN_S:
            log.warning("a turn held everybody up for %d ms, with %d sockets ready", took_s * 1000, len(selected))

    def close(self) -> None:
        """Let go of the selector and the wake-up sockets."""
        self._selector.close()
        self._waker.close()
        self._wakened.close()

    def _sleep_s(self) -> float | None:
        if self._soon or self._posted:
            return 0
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return max(0, self._timers[0][0] - self.clock()) if self._timers else None

    def _run_posted(self) -> None:
        """Run what there is now; what that puts off again waits for the next turn."""
        for calls in (self._posted, self._soon):
            for _ in range(len(calls)):
                _guarded(calls.popleft())

    def _run_timers(self) -> None:
        if not self._timers:
            return
        now = self.clock()
        for _ in range(TIMERS_MAX):
            if not self._timers or self._timers[0][0] > now:
                break
            timer = heapq.heappop(self._timers)[2]
            callback, timer.callback = timer.callback, None
            if callback is not None:
                _guarded(callback)

    def _drain_wakened(self, ready: int) -> None:
        """One look is enough: what is left makes the socket ready again. A second would cost 3 µs each flush."""
        with suppress(BlockingIOError, InterruptedError):
            self._wakened.recv(4096)


def _guarded(callback: Callback) -> None:
    """One callback's defect is logged and does not end the loop for everybody."""
    try:
        callback()
    except Exception:
        log.exception(DEFECT)
