"""Percentiles, bounds, tables and drawings: figures in, the right words out."""

import io
import json
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench import BenchError
from bench.context import Parameters, Span
from bench.expectations import parse_expectations
from bench.percentiles import Latencies
from bench.plot import Content, draw, plot
from bench.process import parse_strace
from bench.progress import Progress
from bench.result import Result, shown
from bench.story import STEPS, placed
from bench.svg import decades, spread, ticks, width_of
from bench.sweep import Sweep, parse_over
from tests.harness import ROOT

STRACE = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.62    0.014381           3      4200           sendto
 38.38    0.008957           4      2100        12 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.023338           3      6300        12 total
"""


def latencies(*entries: tuple[float, int]) -> Latencies:
    found = Latencies()
    for entry in entries:
        found.add(entry)
    return found


def test_percentiles_are_by_nearest_rank() -> None:
    hundred = latencies(*((number / 1000, 1) for number in range(100, 0, -1)))
    assert hundred.percentiles([50, 90, 99, 99.9, 100]) == [0.050, 0.090, 0.099, 0.100, 0.100]
    assert latencies((0.5, 1)).percentiles([50, 99.9]) == [0.5, 0.5]


def test_an_entry_counts_as_often_as_it_stands_for() -> None:
    found = latencies((0.001, 98), (0.5, 2))
    assert found.count == 100
    assert found.metrics() == pytest.approx({"p50_ms": 1, "p90_ms": 1, "p99_ms": 500, "p999_ms": 500, "max_ms": 500})


def test_where_nothing_was_timed_there_is_no_percentile() -> None:
    assert latencies().metrics() == {}
    found = latencies((1.0, 1))
    found.clear()
    assert found.count == 0


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("p99_ms=5,lost=0", []),
        ("p99_ms=4.9", ["p99_ms is 4.950, expected at most 4.900"]),
        ("delivered_per_s=900", []),
        (
            "delivered_per_s=1001, p99_ms>=5",
            ["delivered_per_s is 1,000, expected at least 1,001", "p99_ms is 4.950, expected at least 5"],
        ),
        ("delivered_per_s<=999", ["delivered_per_s is 1,000, expected at most 999"]),
        ("", []),
    ],
)
def test_bounds_are_kept_or_named(text: str, broken: list[str]) -> None:
    metrics = {"p99_ms": 4.95, "lost": 0.0, "delivered_per_s": 1000.0}
    sentences = [each.broken_by(metrics) for each in parse_expectations(text)]
    assert [sentence for sentence in sentences if sentence] == broken


@pytest.mark.parametrize("text", ["p99_ms", "p99_ms=fast", "=5", "p99_ms=5;lost=0"])
def test_what_is_no_bound_gets_a_sentence(text: str) -> None:
    with pytest.raises(BenchError, match="--assert takes name=number"):
        parse_expectations(text)


def test_a_bound_on_an_unknown_metric_names_the_known_ones() -> None:
    (expected,) = parse_expectations("p98_ms=1")
    with pytest.raises(BenchError, match=r"names p98_ms.*it has: p99_ms, lost"):
        expected.check(["p99_ms", "lost"])
    expected.check(["p9*_ms"])


def test_a_bound_on_what_could_not_be_measured_is_broken() -> None:
    assert "was not measured" in parse_expectations("rss_bytes=1")[0].broken_by({"lost": 0.0})


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"pairs": 0}, "pairs is at least 1"),
        ({"size": 7}, "size is at least 8"),
        ({"size": 5000}, "size is at most 4,000"),
    ],
)
def test_parameters_no_run_can_be_made_of_are_refused(chosen: dict[str, int], sentence: str) -> None:
    with pytest.raises(BenchError, match=sentence):
        Parameters(**chosen)  # type: ignore[arg-type]  # these are all whole numbers


def test_a_generator_at_its_limit_says_so_unless_the_server_is_there_too() -> None:
    assert "generator saturated" in Span(2.0, 1.0, 1.98).saturation()[0]
    assert "unknown" in Span(2.0, None, 1.98).saturation()[0]
    assert Span(2.0, 1.99, 1.98).saturation() == []
    assert Span(2.0, 1.0, 1.0).saturation() == []


def test_a_span_gives_the_cost_of_a_message() -> None:
    assert Span(2.0, 1.0, 0.5).metrics(100_000) == pytest.approx(
        {"generator_cpu_percent": 25, "server_cpu_percent": 50, "server_cpu_us_per_message": 10}
    )
    assert Span(2.0, None, 0.5).metrics(10) == {"generator_cpu_percent": 25}


def test_strace_is_read_without_its_total() -> None:
    assert parse_strace(STRACE) == {"sendto": 4200, "recvfrom": 2100}


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "3"), (12345.0, "12,345"), (1234.5, "1,234"), (12.345, "12.35"), (0.1234, "0.123")]
)
def test_a_figure_has_the_digits_it_deserves(value: float, text: str) -> None:
    assert shown(value) == text


def result(**metrics: float) -> Result:
    return Result("pairs", "bare", {"window": 1}, metrics, ["a note"], {"cores": 2})


def test_a_result_is_told_in_three_ways() -> None:
    found = result(p99_ms=1.5, lost=0.0, sent=10.0)
    assert json.loads(found.as_json())["metrics"] == {"p99_ms": 1.5, "lost": 0, "sent": 10}
    assert found.as_line() == "pairs bare: p99_ms=1.500 lost=0 (a note)"
    assert "  ! a note" in found.as_table().splitlines()
    assert "  used: window 1" in found.as_table().splitlines()


def test_axes_have_round_steps() -> None:
    assert ticks(9.3) == [0, 2, 4, 6, 8, 10]
    assert ticks(0) == [0, 1]
    assert decades(0.3, 8) == pytest.approx([0.2, 0.5, 1, 2, 5, 10])


def comparison() -> dict[str, object]:
    rows = {
        name: {"server_cpu_us_per_message": [cost, cost + 1]} for name, cost in (("chatserver-full", 3), ("a<b", 9))
    }
    return {"kind": "compare", "figures": {"pairs-w1": rows, "fanout": rows}}


def swept(over: str) -> dict[str, object]:
    results = [result(p50_ms=1.0, p99_ms=value, server_cpu_us_per_message=value) for value in (2.0, 30.0)]
    return {"kind": "sweep", **vars(Sweep("paced", over, [10.0, 1000.0], [])), "results": list(map(vars, results))}


def crowded() -> dict[str, object]:
    found = {"message_p50_ms": 3.0, "message_p99_ms": 28.0, "server_cpu_percent": 47.0}
    worst = {**found, "message_p99_ms": None, "server_cpu_percent": 99.0}  # some never came
    sizes = [1000.0, 5000.0, 10_000.0]
    return {**swept("users"), "scenario": "crowd", "values": sizes} | {
        "results": [{"metrics": metrics} for metrics in (found, found, worst)]
    }


def grown() -> dict[str, object]:
    lines = {"level": [1.0, 1.0, 1.0], "level too": [1.01, 1.02, 1.03], "up, ms": [0.5, 8.0, 900.0], "gone": [None] * 3}
    return {
        "kind": "growth",
        "sizes": {"messages": [10, 200, 10**6], "users": [40, 50, 60]},
        "figures": dict.fromkeys(("messages", "users"), lines),
    }


CONTENTS: dict[str, Any] = {
    "bars": comparison(),
    "latency": swept("rate"),
    "cost": swept("connections"),
    "crowd": crowded(),
    "growth": grown(),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_drawings_are_sound_xml_and_show_the_figures(content: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text(json.dumps(content))
    (written,) = plot([file], tmp_path)
    drawing = ElementTree.parse(written).getroot()
    words = {text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")}
    expected = {
        "compare": {"a<b", "3.50", "9.50", "pipechat, all on disk before its OK", "one message at a time"},
        "growth": {"level too", "1,000,000", "up, ms"},
        "sweep": {"1,000"},
        "crowd": {"99 of 100", "of one core", "10,000"},
    }
    assert expected["crowd" if content.get("scenario") == "crowd" else str(content["kind"])] <= words
    assert any("lower is better" in word for word in words if word)
    assert "prefers-color-scheme:dark" in written.read_text()


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_no_label_of_a_drawing_covers_another_or_is_cut_off(content: Content) -> None:
    drawing = ElementTree.fromstring(draw(content))
    boxes = [box_of(text) for text in drawing.iter("{http://www.w3.org/2000/svg}text") if text.text]
    width, height = int(drawing.attrib["width"]), int(drawing.attrib["height"])
    assert len(boxes) > 4
    assert all(left >= 0 and top >= 0 and right <= width and bottom <= height for left, top, right, bottom in boxes)
    for one, other in combinations(boxes, 2):
        beside = one[2] <= other[0] or other[2] <= one[0]
        assert beside or one[3] <= other[1] or other[3] <= one[1], (one, other)


def box_of(text: ElementTree.Element) -> tuple[float, float, float, float]:
    """About what a text covers: left, top, right, bottom."""
    size = int(text.attrib["font-size"])
    width = width_of(text.text or "", size)
    left = float(text.attrib["x"]) - width * {"start": 0, "middle": 0.5, "end": 1}[text.attrib["text-anchor"]]
    return left, float(text.attrib["y"]) - 0.8 * size, left + width, float(text.attrib["y"]) + 0.2 * size


def test_of_three_contenders_there_is_a_drawing_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    rows = {name: {"server_cpu_us_per_message": [1.0]} for name in ("chatserver-full", "bare", "ngircd", "threads")}
    file.write_text(json.dumps({"kind": "compare", "figures": {"pairs-w1": rows, "pairs-w64-tags": {"bare": {}}}}))
    three = plot([file], tmp_path)[1].read_text()
    assert "ngircd (C)" in three
    assert "thread" not in three
    assert "tags" not in three


def test_labels_that_would_meet_are_moved_apart() -> None:
    assert spread([50, 10, 51, 52], 10, 0, 70) == [50, 10, 60, 70]
    assert spread([68, 69], 10, 0, 70) == [60, 70]
    assert spread([], 10, 0, 70) == []


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "other"}'])
def test_a_file_that_holds_no_figures_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text(text)
    with pytest.raises(BenchError, match=r"found\.json"):
        plot([file], tmp_path)


def test_a_sweep_without_the_metric_has_nothing_to_draw() -> None:
    with pytest.raises(BenchError, match="nothing to draw"):
        draw({"kind": "sweep", "scenario": "bots", "over": "rate", "values": [1.0], "results": [{"metrics": {}}]})


@pytest.mark.parametrize("text", ["bot=1,2", "rate=fast", "window", "nothing=1"])
def test_what_cannot_be_varied_is_refused(text: str) -> None:
    with pytest.raises(BenchError, match="--over takes"):
        parse_over("bots", text)


def test_the_page_of_results_has_a_place_for_every_step() -> None:
    page = (ROOT / "bench" / "RESULTS.md").read_text()
    for name in STEPS:
        assert f"\n{name} told\n" in placed(page, name, f"{name} told")


def test_a_table_replaces_the_one_before() -> None:
    page = "a\n<!-- begin:x -->\nold\n<!-- end:x -->\nb"
    assert placed(page, "x", "new") == "a\n<!-- begin:x -->\nnew\n<!-- end:x -->\nb"
    with pytest.raises(BenchError, match="no <!-- begin:y -->"):
        placed(page, "y", "new")


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def test_the_bar_is_drawn_on_a_terminal_alone() -> None:
    terminal, pipe, quiet = Terminal(), io.StringIO(), Terminal()
    for progress in (Progress(stream=terminal), Progress(stream=pipe), Progress(quiet=True, stream=quiet)):
        progress.step("half way", 0.5)
        progress.step("done", 1.0)
        progress.clear()
    assert "half way [############............]  50%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert pipe.getvalue() == quiet.getvalue() == ""
