"""What a user's last tags stand for: as a naive dict has it, and small."""

import tracemalloc
from random import Random

import pytest

from chatserver.core import tags as module
from chatserver.core.tags import SKIPPED_MAX, UNKNOWN, FormerSpan, Row, StoredTags, Tags, has_double, in_a_row, numbered

TAGS = [
    "t",
    "",
    ".",
    "x.",
    ".1",
    "x.1",
    "x.01",
    "x.1.2",
    "x",
    "-5",
    "x.-5",
    "x.\u0663",
    f"x.{10**15}",
    "x.999999999999999",
]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("x7.12", ("x7", 12)),
        ("a.b.0", ("a.b", 0)),
        (".5", ("", 5)),
        *((tag, (tag, -1)) for tag in ("x", "12", "x.", "x.01", "x.00", "x.1a", "x.-1", f"x.{10**15}")),
        *((tag, (tag, -1)) for tag in ("x.\u0663", "x.²", "x.1²", "x.①", "x.㉈")),
    ],
)
def test_a_numbered_tag_ends_in_a_dot_and_a_number_as_it_is_written(tag: str, expected: tuple[str, int]) -> None:
    assert numbered(tag) == expected


def test_a_row_rises_by_one_and_has_one_stem() -> None:
    assert in_a_row(["x.9", "x.10", "x.11"]) == ("x", 9)
    for tags in (["x.9", "x.11"], ["x.9", "y.10"], ["x.9", "x.9"], ["9", "10"], ["x.2", "x.1"]):
        assert in_a_row(tags) is None


def test_a_row_that_was_made_is_one() -> None:
    row = Row("x", 8, 3)
    assert row == ["x.8", "x.9", "x.10"]
    assert in_a_row(row) == in_a_row(list(row)) == ("x", 8)
    assert not has_double(row)
    assert has_double(["x.8", "y", "x.8"])


@pytest.mark.parametrize("seed", range(24))
def test_whatever_is_added_is_found_as_it_was_added_last(seed: int) -> None:
    chance, tags, expected, message = Random(seed), Tags(), dict[str, int](), 0
    for _ in range(200):
        count = chance.choice([1, 1, 1, 2, 5, 70])
        stem, first = chance.choice(["a", "b", "a.b", ""]), chance.choice([0, 1, 5, 60, 64, 65, 66, 200, 10**14])
        added = [f"{stem}.{first + at * chance.choice([1, 1, 1, 1, 2])}" for at in range(count)]
        if chance.random() < 0.3:
            added = [chance.choice([*TAGS, f"t{chance.randrange(99)}"]) for _ in range(count)]
        added = list(dict.fromkeys(added))
        if any(tag in expected for tag in added):
            assert tags.has_any(added)
            added = added[:1]  # a burst with it is run line by line
        row = in_a_row(added) if added else None
        if row is not None and chance.random() < 0.5:
            added = Row(*row, len(added))
        if len(added) == 1:
            tags.add(added[0], message + 1)
        else:
            tags.add_all(added, message + 1)
        for tag in added:
            message += 1
            expected[tag] = message
    for tag, found in expected.items():
        assert tags.find(tag) == found
    for tag in ("never", "a.100000", "zz.1"):
        assert tags.find(tag) == expected.get(tag, 0)


def test_what_goes_on_is_new() -> None:
    tags = Tags()
    tags.add_all(["x.1", "x.2"], 1)
    assert not tags.has_any(["x.3", "x.4"])
    assert not tags.has_any(["y", "z"])
    assert tags.has_any(["x.2", "x.3"])
    assert tags.has_any(["y", "x.1"])


@pytest.mark.parametrize("form", ["x.{}", "t{}", "{}.1"])
def test_the_last_ones_are_kept_and_at_most_twice_as_many(form: str) -> None:
    tags = Tags()
    for at in range(1, 1001):
        tags.add(form.format(at), at, 80)
        for back in range(80):
            assert tags.find(form.format(at - back)) == max(0, at - back)
    assert sum(bool(tags.find(form.format(at))) for at in range(1, 1001)) <= 160


def test_in_a_burst_too() -> None:
    tags = Tags()
    for first in range(1, 10_001, 50):
        tags.add_all([f"x.{first + at}" for at in range(50)], first, 100)
        assert all(tags.find(f"x.{first + 49 - back}") == max(0, first + 49 - back) for back in range(100))
    assert not tags.find("x.1")


def test_a_number_that_is_far_ahead_takes_no_more_than_another_tag() -> None:
    tags = Tags()
    tags.add("x.1", 1)
    tags.add("x.2", 2)
    tags.add(f"x.{10**14}", 3)
    tags.add(f"x.{3 + SKIPPED_MAX}", 4)
    assert [tags.find(f"x.{number}") for number in (10**14, 3 + SKIPPED_MAX, 3)] == [3, 4, 0]


@pytest.mark.parametrize(
    ("form", "bytes_max"), [("x7.{}", 12), ("x7.{}0", 90), ("x7.{}00", 120), ("t{}", 120), ("{}.1", 120)]
)
def test_a_tag_takes_little_memory_whatever_its_form(form: str, bytes_max: int) -> None:
    tags = Tags()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for at in range(10_000):
        tags.add(form.format(at), 10**9 + at)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken / 10_000 < bytes_max


def test_a_stem_that_is_used_once_takes_no_more_in_a_burst() -> None:
    tags = Tags()
    for at in range(1, 100):
        tags.add_all([f"{at}.1"], at)
    assert not tags._now.series
    assert tags.find("99.1") == 99


def test_after_a_start_nobody_knows() -> None:
    stored = StoredTags()
    assert stored.find("t") == UNKNOWN != 0
    assert stored.has_any(["t"])


# Those behind the last two spans.


@pytest.fixture
def span(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many tags are a span."""
    monkeypatch.setattr(module, "SPAN", 10)
    return 10


@pytest.mark.parametrize("seed", range(12))
def test_all_as_many_as_the_limit_says_have_a_place_and_new_ones_none(span: int, seed: int) -> None:
    chance, tags, sent = Random(seed), Tags(), dict[str, int]()
    for _ in range(120):
        stem, count = chance.choice(["a", "b", "t"]), chance.choice([1, 1, 2, 7])
        first = sum(tag.startswith(stem) for tag in sent)
        form = f"{stem}{{}}" if stem == "t" else f"{stem}.{{}}"
        added = [form.format(first + at) for at in range(count)]
        assert not tags.has_any(added)
        assert [tags.places(tag) for tag in added] == [[]] * count
        message = len(sent) + 1
        tags.add_all(added, message, 80)
        sent |= {tag: at for at, tag in enumerate(added, message)}
        for tag, at in sent.items():
            if at > len(sent) - 80:
                assert any(low <= at <= high for low, high in tags.places(tag)), tag
                assert tags.has_any([tag, "new"])
                assert tags.find(tag) in ((at,) if at > len(sent) - span else (at, UNKNOWN))
    assert all(high - low < 3 * span for tag in sent for low, high in tags.places(tag))
    assert sum(bool(tags.places(tag)) for tag in sent) < 80 + 8 * span  # a burst is in one span


def test_what_is_read_of_a_span_in_any_order_is_known() -> None:
    former = FormerSpan()
    former.add([("x.9", 7), ("t", 9), ("once.4", 3)])
    former.add([("x.5", 5)])
    tags = Tags([former.end()])
    assert [tags.places(tag) for tag in ("x.5", "x.7", "x.9", "t", "once.4")] == [[(3, 9)]] * 5
    assert [tags.places(tag) for tag in ("x.4", "x.10", "u", "once.5", "x")] == [[]] * 5
    assert tags.has_any(["x.9", "x.10"])
    assert not tags.has_any(["x.10", "x.11"])


def test_a_million_numbered_tags_take_next_to_nothing_and_others_eight_bytes() -> None:
    def taken(form: str, count: int) -> float:
        tags = Tags()
        tracemalloc.start()
        for first in range(0, count, 1000):
            tags.add_all([form.format(first + at) for at in range(1000)], first + 1)
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert tags.find(form.format(5)) == UNKNOWN
        return size

    assert taken("x.{}", 60_000) - taken("x.{}", 40_000) < 5_000
    assert taken("t{}", 60_000) - taken("t{}", 40_000) < 9 * 20_000
