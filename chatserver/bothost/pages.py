"""Pages from the web for bots: fetched in worker threads, shared, kept for a while, and never waited for too long.

One service that hangs costs its own askers their time-out and nobody else anything: a bot has at most
so many threads at a time, and whoever waits is answered when the time is over, whether a thread is
still stuck (in a name look-up, say) or not.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field, replace
from functools import partial

from bots import Fetch, Post, Reply
from bots.kit.effects import late
from bots.kit.fetching import Fetcher, fetch_page
from chatserver.bothost.surroundings import Done, Loop, Pool, Timer
from chatserver.net.workers import Result

KEPT_BYTES_MAX = 16 << 20
"""Bodies kept in memory, of all bots; the page that was not asked for the longest makes place."""
KEPT_MAX = 10_000
"""Pages kept, whatever their size: bodies may be empty, and a page takes a kilobyte beside its body."""
WAITING_MAX = 1000
"""Pages that wait for a thread, of all bots; the next is refused at once."""
CLOSE_S = 1.0
TOO_MANY = "too many others are waiting for it just now"


@dataclass(frozen=True, slots=True)
class PageLimits:
    """What a bot's own wishes are cut to. Times in seconds."""

    timeout_s: float = 10.0
    bytes_max: int = 1_000_000
    keep_s: float = 3600.0
    threads_per_bot: int = 4
    waiting_max: int = WAITING_MAX
    kept_bytes_max: int = KEPT_BYTES_MAX


@dataclass(slots=True, eq=False)
class _Waiter:
    done: Done
    timer: Timer


@dataclass(slots=True, eq=False)
class _Job:
    bot: str
    fetch: Fetch
    waiters: list[_Waiter] = field(default_factory=list)


class Pages:
    """Gets pages; every answer comes as a call in the loop, some before `get` returns."""

    def __init__(self, loop: Loop, pool: Pool, limits: PageLimits, fetcher: Fetcher = fetch_page) -> None:
        self._loop = loop
        self._pool = pool
        self._limits = limits
        self._fetcher = fetcher
        self._jobs: dict[Fetch, _Job] = {}  # under way or waiting
        self._waiting: deque[_Job] = deque()
        self._threads: dict[str, int] = {}  # bot → its jobs under way
        self._kept: OrderedDict[str, tuple[float, Reply]] = OrderedDict()  # URL → until when, and what
        self._kept_bytes = 0

    def close(self) -> None:
        """Let the threads end; one that hangs is not waited for."""
        self._pool.close(CLOSE_S)

    def get(self, bot: str, wanted: Fetch, done: Done) -> None:
        """Fetch a page for a bot, or give the one that is kept; `done` is called once, whatever happens."""
        if isinstance(wanted, Post) and wanted.delay_s:
            self._loop.call_later(wanted.delay_s, partial(self.get, bot, replace(wanted, delay_s=0.0), done))
            return
        kept = None if isinstance(wanted, Post) else self._kept.get(wanted.url)
        if kept and kept[0] > self._loop.clock():
            self._kept.move_to_end(wanted.url)
            done(kept[1])
            return
        fetch = self._within_limits(wanted)
        job = self._jobs.get(fetch)
        if job is None:
            if len(self._waiting) >= self._limits.waiting_max:
                self._waiting = deque(waiting for waiting in self._waiting if waiting.waiters)
            if len(self._waiting) >= self._limits.waiting_max:
                done(Reply(fetch.url, 0, problem=TOO_MANY))
                return
            job = self._jobs[fetch] = _Job(bot, fetch)
            self._waiting.append(job)
        self._wait(job, done)
        self._start()

    def _within_limits(self, wanted: Fetch) -> Fetch:
        limits = self._limits
        return replace(
            wanted,
            timeout_s=min(wanted.timeout_s, limits.timeout_s),
            bytes_max=min(wanted.bytes_max, limits.bytes_max),
            keep_s=min(wanted.keep_s, limits.keep_s),
        )

    def _wait(self, job: _Job, done: Done) -> None:
        waiter = _Waiter(done, self._loop.call_later(job.fetch.timeout_s, lambda: self._give_up(job, waiter)))
        job.waiters.append(waiter)

    def _give_up(self, job: _Job, waiter: _Waiter) -> None:
        job.waiters.remove(waiter)
        if not job.waiters and self._jobs.get(job.fetch) is job:
            del self._jobs[job.fetch]  # who asks from now on does not join what hangs
        waiter.done(late(job.fetch))

    def _start(self) -> None:
        """Give threads to those that wait, in their order, but for bots that have all of theirs."""
        for _ in range(len(self._waiting)):
            if self._pool.free <= 0:
                return
            job = self._waiting.popleft()
            if not job.waiters:
                continue
            if self._threads.get(job.bot, 0) >= self._limits.threads_per_bot:
                self._waiting.append(job)
                continue
            self._threads[job.bot] = self._threads.get(job.bot, 0) + 1
            self._pool.submit(partial(self._fetcher, job.fetch), partial(self._finish, job))

    def _finish(self, job: _Job, outcome: Result[Reply]) -> None:
        self._threads[job.bot] -= 1
        reply = outcome.value or Reply(job.fetch.url, 0, problem="its answer could not be read")
        if reply.ok and job.fetch.keep_s:
            self._keep(job.fetch, reply)
        if self._jobs.get(job.fetch) is job:
            del self._jobs[job.fetch]
        waiters, job.waiters = job.waiters, []
        for waiter in waiters:
            waiter.timer.cancel()
            waiter.done(reply)
        self._start()

    def _keep(self, fetch: Fetch, reply: Reply) -> None:
        old = self._kept.pop(fetch.url, None)
        self._kept_bytes += len(reply.body) - (len(old[1].body) if old else 0)
        self._kept[fetch.url] = (self._loop.clock() + fetch.keep_s, reply)
        while self._kept_bytes > self._limits.kept_bytes_max or len(self._kept) > KEPT_MAX:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped.body)
