"""The open loop: what is late is charged from the plan, and a pause between two stretches to nobody."""

from typing import cast

import pytest

from bench import paced
from bench.context import Span
from bench.loop import Connection
from bench.paced import PacedPair, Plan, late
from bench.percentiles import Latencies
from tests.bench.test_counting import FORM, delivered


class Wire:
    """A connection that keeps what is sent on it."""

    closed = False

    def __init__(self) -> None:
        self.sent = b""

    def send(self, data: bytes) -> None:
        self.sent += data


class Clock:
    """Says what it is told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(paced, "perf_counter", clock)
    return clock


def two_pairs() -> list[PacedPair]:
    return [PacedPair(cast(Connection, Wire()), cast(Connection, Wire()), FORM) for _ in range(2)]


def test_messages_leave_when_they_are_due(clock: Clock) -> None:
    pairs = two_pairs()
    plan = Plan(pairs, 10.0, Latencies())
    plan.begin(0.0)
    plan.send_due(0.25)
    assert (plan.sent, [pair.sent for pair in pairs]) == (3, [2, 1])
    assert plan.due == pytest.approx(0.3)
    assert plan.lags.percentiles([100.0]) == [0.25]
    plan.send_due(0.29)
    assert plan.sent == 3


def test_a_latency_counts_from_the_plan(clock: Clock) -> None:
    latencies = Latencies()
    pairs = two_pairs()
    plan = Plan(pairs, 10.0, latencies)
    plan.begin(0.0)
    plan.send_due(0.25)
    clock.now = 0.5
    pairs[0].receiver.on_lines(delivered(0, 1))
    pairs[1].receiver.on_lines(delivered(0))
    assert latencies.percentiles([1.0, 50.0, 100.0]) == pytest.approx([0.3, 0.4, 0.5])


def test_a_pause_between_stretches_is_charged_to_nobody(clock: Clock) -> None:
    latencies = Latencies()
    pairs = two_pairs()
    plan = Plan(pairs, 10.0, latencies)
    plan.begin(0.0)
    plan.send_due(0.25)
    plan.begin(60.0)
    assert plan.due == pytest.approx(60.0)
    plan.send_due(60.15)
    assert [pair.sent for pair in pairs] == [3, 2]
    clock.now = 60.5
    pairs[0].receiver.on_lines(delivered(0, 1, 2))
    pairs[1].receiver.on_lines(delivered(0, 1))
    assert latencies.percentiles([1.0, 100.0]) == pytest.approx([0.4, 0.5])
    assert latencies.count == 2


@pytest.mark.parametrize(
    ("lag_s", "own_cpu_s", "said"),
    [(0.001, 1.0, ""), (0.003, 1.0, "generator saturated: "), (0.003, 0.2, "generator held up, ")],
)
def test_who_leaves_late_says_why(lag_s: float, own_cpu_s: float, said: str) -> None:
    plan = Plan(two_pairs(), 10.0, Latencies())
    plan.lags.add((lag_s, 1))
    notes = late(plan, Span(1.0, 0.5, own_cpu_s))
    assert bool(notes) == bool(said)
    assert all(note.startswith(said) for note in notes)
