"""Answers worked out in slices: how much of a turn they get, in which order, and what happens when a client goes."""

from collections.abc import Callable, Generator
from typing import Any, cast

import pytest

from chatserver.core.outcome import Refused
from chatserver.fronts.pipe.front import Pipe
from chatserver.net.connection import Connection
from chatserver.net.workers import Pool, Result
from chatserver.queries.jobs import Elsewhere, Outcome, Room
from chatserver.queries.requests import Answer
from chatserver.sessions.client import Client
from chatserver.sessions.jobs import SLICE_S, Jobs
from chatserver.sessions.waits import Waits
from chatserver.turn.batch import Batch

ROOM = Room("a test's", 2)


class World:
    """A host, a clock, a loop and a thread; a job's every step costs `cost_s`."""

    free = 1

    def __init__(self, cost_s: float) -> None:
        self.now = 0.0
        self.cost_s = cost_s
        self.soon: list[Callable[[], None]] = []
        self.said: list[str] = []
        self.gathering: set[str] = set()
        self.most = 0
        self.proceeded: Callable[[], None] = lambda: None
        self.threads: list[tuple[Callable[[], Any], Callable[[Result[Any]], None]]] = []
        self.waits = Waits(self, self.soon.append)
        self.jobs = Jobs(self, self.waits, cast(Pool, self), lambda: self.now, self.soon.append)

    def client(self) -> Client:
        """One that is logged in."""
        client = Client(cast(Any, self), Pipe(), "")
        client.receiver.connection = cast(Connection, None)
        client.log_in(1, "alice", b"")
        return client

    def job(self, steps: int, failing: bool = False, awaited: object = None) -> Generator[Any, Any, Outcome]:
        got = None
        for step in range(steps):
            self.now += self.cost_s
            self.said.append(f"step {step}")
            got = yield awaited if step == 0 else None
            if got is not None:
                self.said.append(f"got {got}")
        if failing:
            raise ValueError("a defect")
        return Answer(("done",))

    def start(self, client: Client, echo: str, steps: int, failing: bool = False, awaited: object = None) -> None:
        self.jobs.start(client, echo, self.job(steps, failing, awaited))

    def turn(self) -> None:
        """One turn of the loop."""
        self.jobs.turn_ended()
        soon, self.soon[:] = list(self.soon), []
        for callback in soon:
            callback()

    def settle(self) -> None:
        while self.soon:
            self.turn()

    # The host, and the threads

    def attempt(self, client: Client, echo: str, action: Callable[[], None]) -> None:
        try:
            action()
        except ValueError:
            self.said.append(f"{echo} failed")

    def finish(self, client: Client, echo: str, result: Answer | Refused | object) -> None:
        assert client.reads
        self.said.append(echo)

    def run_lines(self, client: Client) -> None:
        self.said.append("proceed")
        self.proceeded()

    def client_lost(self, client: Client) -> None:
        """Nobody is told."""

    def submit(self, job: Callable[[], Any], done: Callable[[Result[Any]], None]) -> None:
        self.free -= 1
        self.threads.append((job, done))

    def let_threads_work(self) -> None:
        threads, self.threads = self.threads, []
        for job, done in threads:
            self.free += 1
            done(Result(job(), None))


def test_a_short_job_is_done_at_once() -> None:
    world = World(cost_s=SLICE_S / 10)
    client = world.client()
    world.start(client, "A", 3)
    assert world.said == ["step 0", "step 1", "step 2", "A"]
    assert client.reads
    assert not world.soon


def test_a_long_job_goes_on_in_later_turns_and_its_client_waits() -> None:
    world = World(cost_s=2 * SLICE_S)
    client = world.client()
    world.start(client, "A", 3)
    for step in range(3):
        assert world.said == [f"step {at}" for at in range(step + 1)]
        assert not client.reads
        world.turn()
    world.turn()  # an end has a call of its own
    assert world.said == ["step 0", "step 1", "step 2", "A", "proceed"]
    assert client.reads
    assert not world.soon


def test_all_jobs_of_a_turn_share_its_time() -> None:
    world = World(cost_s=SLICE_S / 2)
    for _ in range(10):
        world.start(world.client(), "A", 1)
    spent = world.now
    assert spent <= SLICE_S
    world.turn()
    assert world.now - spent <= SLICE_S


def test_jobs_take_turns() -> None:
    world = World(cost_s=2 * SLICE_S)
    first, second = world.client(), world.client()
    world.start(first, "A", 3)
    world.start(second, "B", 1)
    while world.soon:
        world.turn()
    assert [said for said in world.said if said in "AB"] == ["B", "A"]


def gather(world: World, name: str, failing: bool = False) -> Generator[Any, Any, Outcome]:
    """A job that takes room, and has something for two turns."""
    yield ROOM
    for _ in range(2):
        world.gathering.add(name)
        world.most = max(world.most, len(world.gathering))
        world.now += SLICE_S
        yield
    world.gathering.remove(name)
    if failing:
        raise ValueError("a defect")
    return Answer((name,))


@pytest.mark.parametrize("failing", [False, True])
def test_no_more_gather_something_than_there_is_room_for(*, failing: bool) -> None:
    world = World(cost_s=0.0)
    for at in range(9):
        world.jobs.start(world.client(), f"{at}", gather(world, f"{at}", failing))
    world.settle()
    assert world.most == ROOM.places
    ends = [f"{at} failed" if failing else f"{at}" for at in range(9)]
    assert sorted(said for said in world.said if said[0].isdigit()) == ends


def test_users_get_room_by_turns() -> None:
    world = World(cost_s=0.0)
    for at in range(9):
        world.jobs.start(world.client(), f"{at}", gather(world, f"{at}"))
    other = world.client()
    other.user = 2
    world.jobs.start(other, "other", gather(world, "other"))
    world.settle()
    ended = [said for said in world.said if said != "proceed"]
    assert ended.index("other") <= 2 * ROOM.places


def test_who_goes_leaves_its_room_and_its_place_in_the_queue() -> None:
    world = World(cost_s=0.0)
    clients = [world.client() for _ in range(6)]
    for at, client in enumerate(clients):
        world.jobs.start(client, f"{at}", gather(world, f"{at}"))
    while world.most < ROOM.places:
        world.turn()
    for client in clients[:5]:
        client.ticket = None
    world.settle()
    assert "5" in world.said
    assert not {"0", "1", "2", "3", "4"} & set(world.said)


def test_a_job_that_fails_is_answered_and_its_client_goes_on() -> None:
    world = World(cost_s=2 * SLICE_S)
    client = world.client()
    world.start(client, "A", 1, failing=True)
    world.settle()
    assert world.said == ["step 0", "A failed", "proceed"]
    assert client.reads
    assert not world.soon


def test_a_job_that_fails_at_once_fails_its_caller() -> None:
    world = World(cost_s=0)
    client = world.client()
    with pytest.raises(ValueError, match="a defect"):
        world.start(client, "A", 0, failing=True)
    assert client.reads


def test_the_loop_is_asked_once_a_turn_however_many_wait() -> None:
    world = World(cost_s=2 * SLICE_S)
    for _ in range(5):
        world.start(world.client(), "A", 3)
    while world.soon:
        assert sum(call == world.jobs._work for call in world.soon) <= 1
        world.turn()
    assert world.said.count("A") == 5


def test_the_next_command_of_a_client_may_be_a_long_one_too() -> None:
    world = World(cost_s=2 * SLICE_S)
    client = world.client()
    left = ["B", "C"]
    world.proceeded = lambda: world.start(client, left.pop(0), 1) if left else None
    world.start(client, "A", 1)
    world.settle()
    assert [said for said in world.said if said in "ABC"] == ["A", "B", "C"]


def test_nothing_is_done_for_a_client_that_has_gone() -> None:
    world = World(cost_s=2 * SLICE_S)
    client = world.client()
    world.start(client, "A", 3)
    client.close()
    world.turn()
    assert world.said == ["step 0"]
    assert not world.soon


def test_a_job_that_waits_for_a_batch_goes_on_when_that_is_over() -> None:
    world, batch = World(cost_s=0), Batch(1, 0)
    client = world.client()
    world.start(client, "A", 3, awaited=batch)
    world.settle()
    assert world.said == ["step 0"]
    assert not client.reads
    batch.end()
    world.settle()
    assert world.said == ["step 0", "step 1", "step 2", "A", "proceed"]
    assert client.reads


def test_work_for_a_thread_brings_its_value_and_no_more_are_given_than_there_are() -> None:
    world = World(cost_s=0)
    clients = [world.client() for _ in range(3)]
    for at, client in enumerate(clients):
        world.start(client, "ABC"[at], 1, awaited=Elsewhere(lambda at=at: at))  # type: ignore[misc]
    assert len(world.threads) == 1
    clients[1].close()
    while world.threads:
        world.let_threads_work()
        world.settle()
    assert [said for said in world.said if not said.startswith("step")] == [
        *("got 0", "A", "proceed"),
        *("got 2", "C", "proceed"),
    ]


def test_what_a_thread_brings_for_somebody_who_has_gone_is_dropped() -> None:
    world = World(cost_s=0)
    client = world.client()
    world.start(client, "A", 1, awaited=Elsewhere(lambda: 5))
    client.close()
    world.let_threads_work()
    world.settle()
    assert world.said == ["step 0"]
