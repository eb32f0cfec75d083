"""What a power cut leaves of files: the tool itself, which must be able to lose what it may lose, and nothing else."""

from random import Random

import pytest

from tests.machine.image import MOODS, SECTOR_BYTES, Image
from tests.machine.record import Entry

ONE, TWO = b"1" * 4 * SECTOR_BYTES, b"2" * 4 * SECTOR_BYTES


def followed(*entries: tuple[str, str, int, bytes]) -> Image:
    """An image of a record with these entries, each without its life."""
    image = Image()
    for entry in entries:
        image.follow(Entry(0, *entry))
    return image


def flush(name: str, number: int) -> tuple[tuple[str, str, int, bytes], tuple[str, str, int, bytes]]:
    return ("B", name, number, b""), ("E", name, number, b"")


MADE = (("C", "", 0, b""), *flush("/", 0))


def possible(image: Image, mood: str) -> set[bytes]:
    """What a file may be after many cuts; b"none" where it is not there."""
    return {image.after_cut(Random(seed), mood).get("", b"none") for seed in range(500)}


@pytest.mark.parametrize("mood", MOODS)
def test_what_was_flushed_is_there(mood: str) -> None:
    image = followed(*MADE, ("W", "", 0, ONE), *flush("", 1))
    assert possible(image, mood) == {ONE}


def test_what_was_not_flushed_may_be_lost_kept_torn_or_garbled() -> None:
    image = followed(*MADE, ("W", "", 0, ONE), *flush("", 1), ("W", "", 0, TWO))
    assert possible(image, "lost") == {ONE}
    assert possible(image, "kept") == {TWO}
    torn = {TWO[:length] + ONE[length:] for length in range(0, len(ONE) + 1, SECTOR_BYTES)}
    assert possible(image, "torn") == torn
    mixed = possible(image, "mixed")
    assert torn < mixed | {TWO}
    assert any(set(content) > set(b"12") for content in mixed), "nothing is garbled"


def test_a_flush_that_has_not_ended_or_began_before_a_write_says_nothing_of_it() -> None:
    begun, ended = flush("", 1)
    assert possible(followed(*MADE, ("W", "", 0, ONE), begun), "lost") == {b""}
    assert possible(followed(*MADE, begun, ("W", "", 0, ONE), ended), "lost") == {b""}


def test_a_flush_of_one_file_says_nothing_of_another() -> None:
    image = followed(*MADE, ("C", "-wal", 0, b""), *flush("/", 1), ("W", "-wal", 0, ONE), *flush("", 2))
    assert image.after_cut(Random(1), "lost") == {"": b"", "-wal": b""}


def test_writes_are_lost_each_by_itself() -> None:
    image = followed(*MADE, ("W", "", 0, b"1"), ("W", "", 1, b"2"), ("T", "", 1, b""))
    assert possible(image, "mixed") >= {b"", b"1", b"12", b"\x002", b"\x00"}


def test_a_name_that_the_folder_was_not_flushed_for_may_be_missing_or_still_there() -> None:
    new = followed(("C", "", 0, b""), ("W", "", 0, ONE), *flush("", 0))
    assert possible(new, "lost") == {b"none"}
    assert possible(new, "torn") == {b"none", ONE}
    gone = followed(*MADE, ("W", "", 0, ONE), *flush("", 1), ("U", "", 0, b""))
    assert possible(gone, "lost") == {ONE}
    assert possible(gone, "kept") == {b"none"}


def test_what_a_kill_kept_out_of_the_record_is_found() -> None:
    image = followed(*MADE, ("W", "", 0, ONE), ("C", "-journal", 0, b""))
    actual = {"": ONE[:-1] + b"x", "-wal": TWO}
    for entry in image.correct(1, actual):
        image.follow(entry)
    assert image.cached() == actual
    assert not image.correct(1, actual)
