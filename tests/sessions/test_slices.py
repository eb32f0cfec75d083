"""Answers worked out in slices: how much of a turn they get, in which order, and what happens when a client goes."""

from collections.abc import Callable, Generator
from typing import cast

import pytest

from chatserver.fronts.pipe.builders import Phase
from chatserver.queries.requests import Answer
from chatserver.sessions.peer import Peer
from chatserver.sessions.session import Session
from chatserver.sessions.slices import SLICE_S, Result, Slices


class FakePeer:
    """Of a peer, jobs need the session alone."""

    def __init__(self) -> None:
        self.session = Session()
        self.session.log_in(1, "alice", b"")


class World:
    """A host, a clock and a loop; a job's every step costs `cost_s`."""

    def __init__(self, cost_s: float) -> None:
        self.now = 0.0
        self.cost_s = cost_s
        self.soon: list[Callable[[], None]] = []
        self.said: list[str] = []
        self.proceeded: Callable[[], None] = lambda: None
        self.slices = Slices(self, lambda: self.now, self.soon.append)

    def job(self, steps: int, failing: bool = False) -> Generator[None, None, Result]:
        for step in range(steps):
            self.now += self.cost_s
            self.said.append(f"step {step}")
            yield
        if failing:
            raise ValueError("a defect")
        return Answer(("done",))

    def start(self, peer: FakePeer, echo: str, steps: int, failing: bool = False) -> None:
        self.slices.start(cast(Peer, peer), echo, self.job(steps, failing))

    def turn(self) -> None:
        """One turn of the loop."""
        self.slices.turn_ended()
        soon, self.soon[:] = list(self.soon), []
        for callback in soon:
            callback()

    def attempt(self, peer: Peer, echo: str, action: Callable[[], None]) -> None:
        try:
            action()
        except ValueError:
            self.said.append(f"{echo} failed")

    def finish(self, peer: Peer, echo: str, result: Result) -> None:
        assert peer.session.phase is Phase.LOGGED_IN
        self.said.append(echo)

    def proceed(self, peer: Peer) -> None:
        self.said.append("proceed")
        self.proceeded()


def test_a_short_job_is_done_at_once() -> None:
    world, peer = World(cost_s=SLICE_S / 10), FakePeer()
    world.start(peer, "A", 3)
    assert world.said == ["step 0", "step 1", "step 2", "A"]
    assert peer.session.reads
    assert not world.soon


def test_a_long_job_goes_on_in_later_turns_and_its_client_waits() -> None:
    world, peer = World(cost_s=2 * SLICE_S), FakePeer()
    world.start(peer, "A", 3)
    for step in range(3):
        assert world.said == [f"step {at}" for at in range(step + 1)]
        assert not peer.session.reads
        world.turn()
    assert world.said == ["step 0", "step 1", "step 2", "A", "proceed"]
    assert peer.session.reads
    assert not world.soon


def test_all_jobs_of_a_turn_share_its_time() -> None:
    world = World(cost_s=SLICE_S / 2)
    for _ in range(10):
        world.start(FakePeer(), "A", 1)
    spent = world.now
    assert spent <= SLICE_S
    world.turn()
    assert world.now - spent <= SLICE_S


def test_jobs_take_turns() -> None:
    world, first, second = World(cost_s=2 * SLICE_S), FakePeer(), FakePeer()
    world.start(first, "A", 3)
    world.start(second, "B", 1)
    while world.soon:
        world.turn()
    assert [said for said in world.said if said in "AB"] == ["B", "A"]


def test_a_job_that_fails_is_answered_and_its_client_goes_on() -> None:
    world, peer = World(cost_s=2 * SLICE_S), FakePeer()
    world.start(peer, "A", 1, failing=True)
    world.turn()
    assert world.said == ["step 0", "A failed", "proceed"]
    assert peer.session.reads
    assert not world.soon


def test_a_job_that_fails_at_once_fails_its_caller() -> None:
    world, peer = World(cost_s=0), FakePeer()
    with pytest.raises(ValueError, match="a defect"):
        world.start(peer, "A", 0, failing=True)
    assert peer.session.reads


def test_the_loop_is_asked_once_a_turn_however_many_wait() -> None:
    world = World(cost_s=2 * SLICE_S)
    for _ in range(5):
        world.start(FakePeer(), "A", 3)
    while world.soon:
        assert len(world.soon) == 1
        world.turn()
    assert world.said.count("A") == 5


def test_the_next_command_of_a_client_may_be_a_long_one_too() -> None:
    world, peer = World(cost_s=2 * SLICE_S), FakePeer()
    left = ["B", "C"]
    world.proceeded = lambda: world.start(peer, left.pop(0), 1) if left else None
    world.start(peer, "A", 1)
    while world.soon:
        assert len(world.soon) == 1
        world.turn()
    assert [said for said in world.said if said in "ABC"] == ["A", "B", "C"]


def test_nothing_is_done_for_a_client_that_has_gone() -> None:
    world, peer = World(cost_s=2 * SLICE_S), FakePeer()
    world.start(peer, "A", 3)
    peer.session.close()
    world.turn()
    assert world.said == ["step 0"]
    assert not world.soon
