"""Pages: kept, shared, in bounded threads, and never waited for beyond the time-out."""

import pytest

from bots import Fetch, Reply
from chatserver.bothost import pages as bot_pages
from chatserver.bothost.pages import TOO_MANY, WAITING_MAX, PageLimits, Pages
from tests.bots.fakes import FakeLoop, FakePool


class World:
    """Pages with a loop, a pool and a web of the test's own."""

    def __init__(self, threads: int = 8, **limits: float) -> None:
        self.loop = FakeLoop()
        self.pool = FakePool(threads)
        self.asked: list[Fetch] = []
        self.body = b"page"
        chosen = PageLimits(**{"threads_per_bot": 2, **limits})  # type: ignore[arg-type]  # ints and floats by name
        self.pages = Pages(self.loop, self.pool, chosen, self.fetch)

    def fetch(self, wanted: Fetch) -> Reply:
        self.asked.append(wanted)
        if wanted.url.endswith("broken"):
            raise MemoryError
        return Reply(wanted.url, body=self.body)

    def get(self, url: str, bot: str = "A", **options: float) -> list[Reply]:
        """Ask; the list holds the reply once it has come."""
        came: list[Reply] = []
        self.pages.get(bot, Fetch(f"http://x/{url}", **options), came.append)  # type: ignore[arg-type]
        return came


def test_a_page_comes_once_its_job_has_ended() -> None:
    world = World()
    came = world.get("a")
    assert came == []
    world.pool.end()
    assert [reply.body for reply in came] == [b"page"]
    assert world.loop.timers[0].cancelled


def test_a_page_is_kept_as_long_as_was_asked() -> None:
    world = World()
    world.get("a", keep_s=600)
    world.pool.end()
    world.loop.pass_time(599)
    assert len(world.get("a")) == 1
    world.loop.pass_time(1)
    assert world.get("a") == []
    assert len(world.pool.jobs) == 1


def test_a_failure_is_not_kept() -> None:
    world = World()
    came = world.get("broken", keep_s=600)
    world.pool.end()
    assert came[0].problem == "its answer could not be read"
    assert world.get("broken", keep_s=600) == []


def test_those_who_ask_for_the_same_at_once_share_one_job() -> None:
    world = World()
    first, second, other = world.get("a"), world.get("a", bot="B"), world.get("b")
    assert len(world.pool.jobs) == 2
    world.pool.end()
    assert (len(first), len(second), len(other)) == (1, 1, 0)


def test_one_who_waits_too_long_is_told_though_the_thread_hangs() -> None:
    world = World()
    came = world.get("a", timeout_s=3)
    world.loop.pass_time(2.9)
    assert came == []
    world.loop.pass_time(0.1)
    assert [reply.problem for reply in came] == ["it did not answer within 3 seconds"]
    world.pool.end()
    assert len(came) == 1


def test_after_a_hanging_page_the_next_asks_anew() -> None:
    world = World()
    world.get("a", timeout_s=3)
    world.loop.pass_time(3)
    came = world.get("a", timeout_s=3)
    assert len(world.pool.jobs) == 2
    world.pool.end(1)
    assert came[0].ok
    world.pool.end()
    assert len(came) == 1


def test_a_bot_has_a_share_of_the_threads_and_others_go_past_it() -> None:
    world = World()
    mine = [world.get(str(number)) for number in range(4)]
    assert len(world.pool.jobs) == 2
    other = world.get("other", bot="B")
    assert len(world.pool.jobs) == 3
    world.pool.end(2)
    assert other[0].ok
    world.pool.end()
    world.pool.end()
    assert [len(came) for came in mine] == [1, 1, 0, 0]
    assert [job.url for job in world.asked] == ["http://x/other", "http://x/0", "http://x/1"]
    assert len(world.pool.jobs) == 2


def test_whoever_waits_for_a_thread_is_told_in_time_too() -> None:
    world = World(threads=1)
    world.get("a", timeout_s=9)
    came = world.get("b", timeout_s=2)
    world.loop.pass_time(2)
    assert [reply.problem for reply in came] == ["it did not answer within 2 seconds"]
    world.pool.end()
    assert world.pool.jobs == []


def test_there_is_an_end_to_waiting() -> None:
    world = World(threads=1)
    for number in range(WAITING_MAX + 1):
        world.get(str(number), timeout_s=5)
    assert [reply.problem for reply in world.get("one more")] == [TOO_MANY]
    world.loop.pass_time(5)
    assert world.get("one more") == []


def test_wishes_are_cut_to_the_limits() -> None:
    world = World(timeout_s=2.0, bytes_max=100, keep_s=60.0)
    world.get("a", timeout_s=999, bytes_max=10**9, keep_s=999)
    world.pool.end()
    world.loop.pass_time(59)
    assert len(world.get("a")) == 1
    world.loop.pass_time(1)
    assert world.get("a") == []
    assert world.asked == [Fetch("http://x/a", 2.0, 100, 60.0)]


def test_kept_pages_have_a_size_in_all() -> None:
    world = World()
    world.body = b"x" * (bot_pages.KEPT_BYTES_MAX // 3)
    for name in ("a", "b", "c"):
        world.get(name, keep_s=600)
        world.pool.end()
    assert len(world.get("a")) == 1  # asked for again, so b is now the one that was not for the longest
    world.get("d", keep_s=600)
    world.pool.end()
    assert [len(world.get(name)) for name in "acd"] == [1, 1, 1]
    assert world.get("b") == []


def test_kept_pages_have_a_number_also_where_they_are_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_pages, "KEPT_MAX", 3)
    world = World()
    world.body = b""
    for name in "abcd":
        world.get(name, keep_s=600)
        world.pool.end()
    assert [len(world.get(name)) for name in "bcd"] == [1, 1, 1]
    assert world.get("a") == []


def test_what_waits_and_what_is_kept_is_a_setting() -> None:
    world = World(threads=1, waiting_max=1, kept_bytes_max=10)
    world.get("a")
    world.get("b")
    assert [reply.problem for reply in world.get("c")] == [TOO_MANY]
    world.body = b"x" * 11
    world.pool.end()
    world.pool.end()
    assert world.get("a", keep_s=600) == []
    world.pool.end()
    assert world.get("a", keep_s=600) == []
