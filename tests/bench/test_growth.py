"""Growth: every measure at every size, on a store that grows, and sentences that say what grew."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bench import BenchError
from bench.growth import MESSAGES, QUESTIONS, TOO_SHORT, Growth, growth, sizes_of
from bench.progress import Progress
from bench.result import Result
from bench.servers import ServerOptions

METRICS: dict[str, float] = {
    "start_s": 0.25,
    "rss_bytes": 5e6,
    "server_cpu_us_per_query": 7.0,
    "server_cpu_us_per_message": 2.0,
}


@pytest.mark.parametrize(("chosen", "said"), [({}, "nothing on the path"), ({"queries": 1}, TOO_SHORT)])
def test_all_is_measured_at_every_size_and_messages_on_a_copy(
    chosen: dict[str, int], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores: dict[str, set[Path]] = {}

    def pretend(name: str, _: Mapping[str, object], options: ServerOptions, __: Progress) -> Result:
        stores.setdefault(name, set()).add(Path(options.store).parent)
        return Result(name, "chatserver", metrics=METRICS)

    monkeypatch.setattr("bench.growth.run_scenario", pretend)
    found = growth([100, 200, 300], [40], chosen, ServerOptions(), Progress(quiet=True))
    assert found.sizes == {"messages": [100, 200, 300], "users": [40]}
    assert found.figures["messages"]["start, ms"] == [250.0] * 3
    assert found.figures["users"]["memory, MB"] == [5.0]
    assert all(found.figures["messages"][name] == [2.0] * 3 for name in MESSAGES)
    assert all(found.figures["messages"][name] == [7.0] * 3 for name in QUESTIONS)
    assert not stores["pairs"] & stores["history"]
    (note,) = found.notes  # of one size of users alone nothing can be said
    assert said in note
    assert "| SEARCH | 7 | 7 | 7 | 1.00 times |" in found.as_tables()


def test_a_measurement_with_faults_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Result("history", "chatserver", metrics=METRICS, faults=["2 were lost"])
    monkeypatch.setattr("bench.growth.run_scenario", lambda *_: failed)
    with pytest.raises(BenchError, match="history with 100 messages is no measurement: 2 were lost"):
        growth([100], [], {}, ServerOptions(), Progress(quiet=True))


def test_what_grows_is_said_and_the_path_of_a_message_first() -> None:
    on_path = next(iter(MESSAGES))
    lines: dict[str, list[float | None]] = {
        on_path: [1.0, 3.0],
        "SEARCH": [1.0, 8.0],
        "SYNC": [1.0, 1.4],
        "EXPORT": [None, 9.0],
    }
    said = Growth(sizes={"messages": [10, 1000]}, figures={"messages": lines}).verdict()
    assert said == [
        f"from 10 to 1,000 messages: on the path of a message grows {on_path} (3.0 times); "
        "what grows: SEARCH (8.0 times)"
    ]


@pytest.mark.parametrize("text", ["many", "200,100", "100,100", "1", "2000"])
def test_sizes_that_make_no_sense_are_refused(text: str) -> None:
    assert sizes_of("100,1000", 1000) == [100, 1000]
    assert sizes_of("", 1000) == []
    with pytest.raises(BenchError, match="sizes "):
        sizes_of(text, 1000)
