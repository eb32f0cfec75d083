"""FloodGate: how many answers a user gets, and how often it is told to slow down."""

from chatserver.bothost.floods import PLACES_KEPT, FloodGate, Verdict

ANSWER, TELL, PASS = Verdict.ANSWER, Verdict.TELL, Verdict.PASS


class Clock:
    now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_is_answered_then_told_once_then_passed_over() -> None:
    gate = FloodGate(2, 4, Clock())
    assert [gate.judge("ann") for _ in range(8)] == [ANSWER] * 4 + [TELL] + [PASS] * 3


def test_others_are_not_touched() -> None:
    gate = FloodGate(2, 4, Clock())
    for _ in range(10):
        gate.judge("ann")
    assert gate.judge("bob") is ANSWER


def test_answers_come_back_with_time() -> None:
    clock = Clock()
    gate = FloodGate(2, 4, clock)
    for _ in range(6):
        gate.judge("ann")
    clock.now_s += 0.9
    assert gate.judge("ann") is PASS
    clock.now_s += 0.1
    assert [gate.judge("ann") for _ in range(4)] == [ANSWER, ANSWER, TELL, PASS]
    clock.now_s += 1000
    assert [gate.judge("ann") for _ in range(5)] == [ANSWER] * 4 + [TELL]


def test_a_steady_flood_gets_no_more_than_its_rate() -> None:
    clock = Clock()
    gate = FloodGate(2, 4, clock)
    verdicts = []
    for _ in range(10_000):  # a hundred seconds, a hundred a second
        verdicts.append(gate.judge("ann"))
        clock.now_s += 0.01
    assert 190 <= verdicts.count(ANSWER) <= 2 * 100 + 4
    assert verdicts.count(TELL) <= 100


def test_one_who_writes_slower_than_the_rate_is_always_answered() -> None:
    clock = Clock()
    gate = FloodGate(2, 4, clock)
    for _ in range(1000):
        assert gate.judge("ann") is ANSWER
        clock.now_s += 0.51


def test_no_limit() -> None:
    gate = FloodGate(0, 1, Clock())
    assert {gate.judge("ann") for _ in range(1000)} == {ANSWER}


def test_buckets_that_are_full_again_are_forgotten() -> None:
    clock = Clock()
    gate = FloodGate(1, 2, clock)
    for number in range(2 * PLACES_KEPT):
        gate.judge(number)
    clock.now_s += 2
    gate.judge("ann")
    assert len(gate._buckets) == 1
