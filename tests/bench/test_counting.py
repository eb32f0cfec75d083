"""The generator finds what a faulty server loses, doubles and mixes up, and no more than that."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import perf_counter
from types import SimpleNamespace
from typing import cast

import pytest

from bench.baselines.router import Router
from bench.closed_loop import drain, totals
from bench.context import Bench, Parameters
from bench.floods import Texts, make_floods, run_floods, share
from bench.loop import Loop
from bench.numbered import CYCLE, NUMBERS, Acknowledgements, Form, Receipt, numbers, padding
from bench.paced import PacedPair, Plan
from bench.people import Crowd
from bench.percentiles import Latencies
from bench.progress import Progress
from bench.scenarios.pairs import couples, make_pairs
from bench.servers import Server
from bench.streams import Arrivals, FanOut
from tests.bench.faulty import FaultyRouter, running

WAIT_S = 20.0
FORM = Form(b"SENDMESSAGE|ann|bob|", padding(20), b"EVENT|MESSAGE|", b"|ann|bob|")


def delivered(*wanted: int) -> bytes:
    """The lines in which a server delivers messages of these numbers."""
    return b"".join(
        b"EVENT|MESSAGE|%d|2026-11-24T13:00:00.000Z|ann|bob|%s%s\n" % (at + 1, NUMBERS[number % CYCLE], FORM.tail)
        for at, number in enumerate(wanted)
    )


def receipt_of(*blocks: bytes) -> Receipt:
    receipt = Receipt(FORM)
    for block in blocks:
        receipt.take(block)
    return receipt


def verdict(receipt: Receipt) -> tuple[int, set[int], int, int]:
    return receipt.delivered, receipt.missing, receipt.doubled, receipt.out_of_order


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((0, 1, 2, 3), (4, set(), 0, 0)),
        ((0, 1, 3), (3, {2}, 0, 0)),
        ((0, 1, 1, 2), (3, set(), 1, 0)),
        ((0, 2, 1, 3), (4, set(), 0, 1)),
        ((0, 0, 3, 1), (3, {2}, 1, 1)),
    ],
)
def test_a_receipt_tells_lost_doubled_and_out_of_order(
    order: tuple[int, ...], expected: tuple[int, set[int], int, int]
) -> None:
    assert verdict(receipt_of(delivered(*order))) == expected
    assert verdict(receipt_of(*(delivered(number) for number in order))) == expected


def test_a_receipt_counts_on_past_the_cycle_of_numbers() -> None:
    receipt = receipt_of(*(delivered(*range(at, at + 1024)) for at in range(0, 2 * CYCLE, 1024)))
    assert verdict(receipt) == (2 * CYCLE, set(), 0, 0)
    assert receipt.expected == 2 * CYCLE


@pytest.mark.parametrize(
    "line",
    [
        delivered(0).replace(b"|ann|", b"|eve|"),
        delivered(0).replace(b"xxx\n", b"xx\n"),
        b"ERR|SENDMESSAGE|NOT_FRIENDS|no\n",
    ],
)
def test_what_is_not_of_the_stream_is_no_delivery(line: bytes) -> None:
    receipt = receipt_of(line + delivered(0))
    assert receipt.delivered == 1
    assert receipt.other == [line.rstrip(b"\n")]


def test_a_foreign_line_in_the_middle_of_a_run_is_seen() -> None:
    foreign = b"EVENT|STATUS|ann|away|\n"
    receipt = receipt_of(delivered(0) + foreign + delivered(1, 2))
    assert receipt.delivered == 3
    assert receipt.other == [foreign.rstrip(b"\n")]
    assert not receipt.exact


def test_rendered_lines_carry_the_numbers_in_a_row() -> None:
    lines = FORM.render(CYCLE - 2, 4).splitlines()
    assert [line.split(b"|")[3][:6] for line in lines] == [b"016382", b"016383", b"000000", b"000001"]
    assert len(lines[0].split(b"|")[3]) == 20
    assert FORM.render(7, 1) == FORM.render(6, 2).split(b"\n")[1] + b"\n"
    assert numbers(CYCLE - 1, 2) == [b"016383", b"000000"]


def test_answers_are_counted_by_kind() -> None:
    heard = Acknowledgements()
    assert heard.take(b"OK|SENDMESSAGE|1|t\nOK|SENDMESSAGE|2|t\n") == 2
    assert heard.take(b"OK|SENDMESSAGE|3|t\nEVENT|NOTICE|hi\nERR|SENDMESSAGE|NOT_FRIENDS|no\n") == 2
    assert (heard.accepted, heard.refused) == (3, 1)
    assert heard.sentences == {"ERR|SENDMESSAGE|NOT_FRIENDS|no": 1}


@contextmanager
def bench_on(router: Router, **parameters: int) -> Iterator[Bench]:
    """A run against a router in a thread of this process."""
    with running(router) as address, closing(Loop()) as loop:
        progress = Progress(quiet=True)
        chosen = Parameters(**parameters, drain=0.2)  # type: ignore[arg-type]  # these are all whole numbers
        server = Server(address, None, "router")
        yield Bench(chosen, server, loop, Crowd(loop, server, 1, progress), progress)


@pytest.mark.parametrize("window", [1, 8])
def test_a_faithful_router_is_found_faithful(window: int) -> None:
    with bench_on(Router(), pairs=3) as bench:
        counts = pairs_counts(bench, window)
    assert counts["sent"] == counts["delivered"] == counts["acknowledged"]
    assert counts["lost"] == counts["doubled"] == counts["out_of_order"] == counts["refused"] == 0


def test_a_faulty_router_is_found_out() -> None:
    with bench_on(FaultyRouter(), pairs=3) as bench:
        counts = pairs_counts(bench, window=8)
    assert (counts["lost"], counts["doubled"], counts["out_of_order"]) == (3, 3, 3)
    assert counts["delivered"] == counts["sent"] - 3


def pairs_counts(bench: Bench, window: int) -> dict[str, float]:
    """Let pairs write at least 50 messages each."""
    latencies = Latencies()
    pairs = make_pairs(bench, couples(bench), window, latencies)
    for pair in pairs:
        pair.start()
    assert bench.loop.run_until(lambda: all(pair.sent >= 50 for pair in pairs), WAIT_S)
    for pair in pairs:
        pair.stop()
    drain(bench, pairs)
    assert latencies.count >= 150
    return totals(bench, pairs)


def test_a_room_of_a_faulty_router_is_found_out_for_every_member() -> None:
    with bench_on(FaultyRouter()) as bench:
        sender, *members = bench.people.arrive(5)
        bench.people.gather("#bench", sender.name, [member.name for member in members])
        form = bench.people.form(sender.name, "#bench", 64)
        receivers = [member.connection for member in members]
        stream = FanOut(sender.connection, receivers, form, 8, Latencies())
        stream.start()
        assert bench.loop.run_until(lambda: stream.sent >= 50, WAIT_S)
        stream.stop()
        drain(bench, [stream])
        counts = totals(bench, [stream])
    assert (counts["lost"], counts["doubled"], counts["out_of_order"]) == (4, 4, 4)


def test_a_flood_sends_its_number_and_stops() -> None:
    with bench_on(Router(), pairs=2) as bench:
        found = couples(bench)
        routes = [(bench.people.dialogues[one.name], other.name) for one, other in found]
        floods = make_floods(routes, Texts(1, 64), 101, 8)
        assert run_floods(bench, floods, "", WAIT_S)
    assert [flood.acknowledgements.accepted for flood in floods] == share(101, 2) == [51, 50]


def test_texts_are_the_same_for_one_seed_and_of_the_wanted_size() -> None:
    assert Texts(3, 64).tails == Texts(3, 64).tails != Texts(4, 64).tails
    lines = Texts(3, 64).render(b"head|", 0, 100).splitlines()
    assert {line[:11] for line in lines} == {b"head|%06d" % number for number in range(100)}
    assert max(len(line) for line in lines) <= len(b"head|") + 64


def test_what_comes_late_is_timed_when_it_comes_and_what_never_comes_not_at_all() -> None:
    departures, latencies = [(3, 0.0), (6, 1.0)], Latencies()
    receipt, arrivals = Receipt(FORM), Arrivals(departures, latencies)
    for when, came in ((2.0, (0, 2)), (3.0, (5,)), (9.0, (1, 4))):
        receipt.take(delivered(*came))
        arrivals.arrived(receipt, when)
    assert latencies.entries() == [(2.0, 1), (2.0, 2), (8.0, 1), (9.0, 1)]
    assert receipt.missing == {3}


def test_what_nobody_sent_has_no_time() -> None:
    latencies = Latencies()
    receipt, arrivals = Receipt(FORM), Arrivals([(1, 0.0)], latencies)
    receipt.take(delivered(0, 1, 2))
    arrivals.arrived(receipt, 1.0)
    assert latencies.entries() == [(1.0, 1)]


def test_a_plan_times_what_is_late_when_it_comes() -> None:
    latencies = Latencies()
    receiver = SimpleNamespace(on_lines=None)
    pair = SimpleNamespace(receiver=receiver, receipt=Receipt(FORM))
    plan = Plan([cast(PacedPair, pair)], 1.0, latencies)
    plan.begin(perf_counter() - 10.0)
    for came in ((0, 2), (1,)):
        receiver.on_lines(delivered(*came))
    assert sorted(round(seconds) for seconds, _ in latencies.entries()) == [8, 9, 10]
    receiver.on_lines(delivered(4))
    assert latencies.count == 4
