"""Which message each of a user's last tags stands for, in a few bytes a tag.

A client that numbers its tags (`x7.12`: a stem, a dot, a number) sends one number after the other: such a series is an
array of ids, 8 bytes each. Any other tag is kept as its hash, some 80 bytes with the id. Whoever finds one here looks
at the message itself before believing it. So it is for the tags of two spans. Of those before them is kept which they
may have been, nothing to speak of where they are numbered and 8 bytes elsewhere, and between which ids their messages
lie: there the disk is asked.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

TAGS_MAX = 1_000_000
"""How many of a user's tags are remembered, unless the setting says otherwise."""
SPAN = 10_000
"""Tags of a span: one that is behind the last two is looked for among the messages of its span."""
UNKNOWN = -1
"""In place of an id, where nobody has looked at what is stored."""
DIGITS_MAX = 15  # of a number; a longer one is a tag as any other
NUMBER_END = 10**DIGITS_MAX  # is the first of them
SKIPPED_MAX = 9  # numbers that a series may leave out at a time: for more, a hash takes less


class StoredTags:
    """In the place of a user's tags after a start: they are on the disk, and read when the user sends with one."""

    __slots__ = ()

    def find(self, tag: str) -> int:
        """Nobody knows yet."""
        return UNKNOWN

    def has_any(self, tags: list[str]) -> bool:
        """Whether one of them may have been used."""
        return True


class _Series:
    """The ids of one stem's numbers from `first` on; 0 where a number was left out."""

    __slots__ = ("first", "ids")

    def __init__(self, first: int, ids: Iterable[int]) -> None:
        self.first = first
        self.ids = array("Q", ids)


class _Span:
    """Tags of one stretch of time."""

    __slots__ = ("hashes", "ids", "series")

    def __init__(self) -> None:
        self.series: dict[str, _Series] = {}
        self.hashes: dict[int, None] = {}
        self.ids = array("Q")  # of the hashes, in their order: half of what they would take as values

    def find(self, tag: str, stem: str, number: int) -> int:
        series = self.series.get(stem)
        if series is not None and 0 <= number - series.first < len(series.ids):
            found = series.ids[number - series.first]
            if found:
                return found
        key = _hash(tag)
        return self.ids[list(self.hashes).index(key)] if key in self.hashes else 0

    def has_any(self, tags: list[str], row: tuple[str, int] | None) -> bool:
        if self.hashes and not self.hashes.keys().isdisjoint(map(_hash, tags)):
            return True
        if row is None:
            return bool(self.series) and any(self.find(tag, *numbered(tag)) for tag in tags)
        series = self.series.get(row[0])
        return series is not None and row[1] < series.first + len(series.ids) and row[1] + len(tags) > series.first

    def add(self, tag: str, stem: str, number: int, message: int) -> None:
        series = self.series.get(stem)
        if series is None or number < 0:
            if number > 0 and _hash(f"{stem}.{number - 1}") in self.hashes:
                self.series[stem] = _Series(number, (message,))  # of its second: one used once would take more
            else:
                self._add_hash(tag, message)
            return
        at, end = number - series.first, len(series.ids)
        if 0 <= at < end:
            series.ids[at] = message
        elif end <= at <= end + SKIPPED_MAX:
            series.ids.extend([0] * (at - end))
            series.ids.append(message)
        else:
            self._add_hash(tag, message)

    def _add_hash(self, tag: str, message: int) -> None:
        key = _hash(tag)
        if key in self.hashes:  # used again after its day
            self.ids[list(self.hashes).index(key)] = message
        else:
            self.hashes[key] = None
            self.ids.append(message)

    def add_hashes(self, tags: list[str], first_id: int) -> None:
        """Tags that are all new."""
        self.hashes.update(dict.fromkeys(map(_hash, tags)))
        self.ids.extend(range(first_id, first_id + len(tags)))

    def add_row(self, stem: str, first: int, count: int, message: int) -> None:
        """Numbers in a row, whose messages have ids in a row."""
        series = self.series.get(stem)
        ids = range(message, message + count)
        if series is None:
            self.series[stem] = _Series(first, ids)
        elif series.first + len(series.ids) == first:
            series.ids.extend(ids)
        else:
            for at, each in enumerate(ids, first):
                self.add(f"{stem}.{at}", stem, at, each)


_NOTHING = _Span()
"""Before the first span; nothing is ever put into it."""


class FormerSpan:
    """Tags of an earlier stretch of time: which they may have been, and where their messages are."""

    __slots__ = ("_count", "_hashes", "first_id", "last_id", "series")

    def __init__(self) -> None:
        self.first_id = self.last_id = 0
        self.series: dict[str, tuple[int, int]] = {}  # stem → its lowest and its highest number
        self._hashes = array("q")  # of the others
        self._count = 0

    @classmethod
    def of(cls, span: _Span, first_id: int, last_id: int) -> "FormerSpan":
        """What is kept of a span."""
        former = cls()
        former.first_id, former.last_id = first_id, last_id
        former.series = {stem: (each.first, each.first + len(each.ids) - 1) for stem, each in span.series.items()}
        former._hashes.extend(span.hashes)
        return former.end()

    @property
    def is_full(self) -> bool:
        """Whether it has as many as it should."""
        return self._count >= SPAN

    def add(self, rows: Iterable[tuple[str, int]]) -> None:
        """Add tags and the ids of their messages, in any order; then `end`."""
        for tag, message in rows:
            self.first_id, self.last_id = min(self.first_id or message, message), max(self.last_id, message)
            self._count += 1
            stem, number = numbered(tag)
            if number < 0:
                self._hashes.append(_hash(tag))
            else:
                low, high = self.series.get(stem, (number, number))
                self.series[stem] = min(low, number), max(high, number)

    def end(self) -> "FormerSpan":
        """All are there: itself. A stem with one number takes less as a hash."""
        once = [stem for stem, (low, high) in self.series.items() if low == high]
        self._hashes.extend([_hash(f"{stem}.{self.series.pop(stem)[0]}") for stem in once])
        self._hashes = array("q", sorted(self._hashes))
        return self

    @property
    def has_hashes(self) -> bool:
        """Whether not all of them are numbered."""
        return bool(self._hashes)

    def may_have(self, tag: str, stem: str, number: int) -> bool:
        """Whether a tag may have been one of them."""
        series = self.series.get(stem)
        if number >= 0 and series is not None and series[0] <= number <= series[1]:
            return True
        key = _hash(tag)
        at = bisect_left(self._hashes, key)
        return at < len(self._hashes) and self._hashes[at] == key


class Tags:
    """A user's last tags."""

    __slots__ = ("_before", "_before_id", "_count", "_former", "_former_hashes", "_now", "_now_id", "_stems")

    def __init__(self, former: Iterable[FormerSpan] = ()) -> None:
        """`former` are spans that are over, the oldest first."""
        self._now = _Span()
        self._before = _NOTHING
        self._count = 0  # in the span of now
        self._now_id = self._before_id = 0  # the first message of each of both
        self._keep_former(list(former))

    def find(self, tag: str) -> int:
        """The id of the message that a tag stands for; 0 for none, UNKNOWN where `places` have to be looked at."""
        stem, number = numbered(tag)
        found = self._now.find(tag, stem, number) or self._before.find(tag, stem, number)
        if not found and self._former and self._may_be_former(tag, stem, number):
            return UNKNOWN
        return found

    def places(self, tag: str) -> list[tuple[int, int]]:
        """From which id to which the message of a tag may be found, the last place first; none for a new tag."""
        found = self.find(tag)
        if found != UNKNOWN:
            return [(found, found)] if found else []
        stem, number = numbered(tag)
        return [(each.first_id, each.last_id) for each in reversed(self._former) if each.may_have(tag, stem, number)]

    def has_any(self, tags: list[str]) -> bool:
        """Whether one of them may stand for a message; a series that was broken off says so too often."""
        row = in_a_row(tags)
        if self._now.has_any(tags, row) or self._before.has_any(tags, row):
            return True
        if not self._former or (row is not None and not self._former_hashes and row[1] > self._stems.get(row[0], -1)):
            return False
        return any(self._may_be_former(tag, *numbered(tag)) for tag in tags)

    def _may_be_former(self, tag: str, stem: str, number: int) -> bool:
        if not self._former_hashes and not 0 <= number <= self._stems.get(stem, -1):
            return False
        return any(each.may_have(tag, stem, number) for each in self._former)

    def add(self, tag: str, message: int, most: int = TAGS_MAX) -> None:
        """Keep what a tag stands for, beside the last `most` others."""
        self._make_room(1, most, message)
        self._now.add(tag, *numbered(tag), message)

    def add_all(self, tags: list[str], first_id: int, most: int = TAGS_MAX) -> None:
        """The same for many that are all new, and whose messages have ids in a row."""
        if len(tags) == 1:
            self.add(tags[0], first_id, most)
            return
        self._make_room(len(tags), most, first_id)
        row = in_a_row(tags)
        if row is not None:
            self._now.add_row(*row, len(tags), first_id)
        else:
            self._now.add_hashes(tags, first_id)

    def _make_room(self, count: int, most: int, message: int) -> None:
        if self._count >= min(most, SPAN):
            formers_max = (most - 1) // SPAN  # beside the one before: so the last `most` are always there
            if formers_max and self._before is not _NOTHING:
                former = FormerSpan.of(self._before, self._before_id, self._now_id - 1)
                self._keep_former([*self._former, former][-formers_max:])
            self._before, self._before_id = self._now, self._now_id
            self._now, self._count = _Span(), 0
        if not self._count:
            self._now_id = message
        self._count += count

    def _keep_former(self, former: list[FormerSpan]) -> None:
        self._former = former
        self._former_hashes = any(each.has_hashes for each in former)
        self._stems: dict[str, int] = {}  # of former spans → the highest number: what is above it is new
        for each in former:
            for stem, (_, high) in each.series.items():
                self._stems[stem] = max(high, self._stems.get(stem, 0))


def _hash(tag: str) -> int:
    """Four bits less than Python's: an int of 60 bits takes 32 bytes, one of 64 takes 48."""
    return hash(tag) >> 4


def numbered(tag: str) -> tuple[str, int]:
    """The stem and the number of a tag; -1 for a tag without a number as it would be written."""
    stem, dot, digits = tag.rpartition(".")
    if not dot or not digits.isascii() or not digits.isdigit() or len(digits) > DIGITS_MAX:
        return tag, -1
    return (tag, -1) if digits[0] == "0" and digits != "0" else (stem, int(digits))


class Row(list[str]):
    """Tags that are numbered one after the other, made by who knows that they are."""

    __slots__ = ("first", "stem")

    def __init__(self, stem: str, first: int, count: int) -> None:
        super().__init__([f"{stem}.{at}" for at in range(first, first + count)])
        self.stem = stem
        self.first = first


def in_a_row(tags: list[str]) -> tuple[str, int] | None:
    """The stem and the first number of tags that are numbered one after the other; None if they are not."""
    if type(tags) is Row:
        return tags.stem, tags.first
    stem, first = numbered(tags[0])
    if first >= 0 and tags[-1].startswith(stem) and tags == [f"{stem}.{at}" for at in range(first, first + len(tags))]:
        return stem, first
    return None


def has_double(tags: list[str]) -> bool:
    """Whether one of them is there twice."""
    return type(tags) is not Row and len(set(tags)) < len(tags)
