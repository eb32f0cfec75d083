"""Numbered messages: how a stream is rendered, recognised, and checked for what is lost, doubled or out of order.

The generator must be cheaper than the servers it loads, so both directions work on
whole runs of lines with a few calls of C: a run is rendered by one `join` over a
list of ready numbers, and read by one `split` at what lies between two numbers.
Only a run that is not exactly what was expected is taken line by line.
"""

from dataclasses import dataclass

CYCLE = 16384
"""The numbers go round after so many: far more than are ever in flight, few enough to stay in the cache."""

DIGITS = 6
NUMBERS = [b"%06d" % number for number in range(CYCLE)]
TEXT_BYTES_MIN = DIGITS + 2


def numbers(start: int, count: int) -> list[bytes]:
    """The `count` numbers from `start` on, going round."""
    at = start % CYCLE
    if at + count <= CYCLE:
        return NUMBERS[at : at + count]
    return NUMBERS[at:] + numbers(0, count - (CYCLE - at))


@dataclass(frozen=True, slots=True)
class Form:
    """What stands around the number of a message, on its way to the server (`send`) and from it (`event`)."""

    send_head: bytes  # before the number, in what the sender sends
    tail: bytes  # behind the number, in both directions, without a line end
    event_head: bytes  # how every delivered line begins
    event_before: bytes  # what stands right before the number there: from, to
    line_end: bytes = b"\n"  # of the server's lines
    stem: bytes = b""  # of the tags that every send carries; none without

    def render(self, start: int, count: int) -> bytes:
        """The lines that send `count` messages, numbered from `start` on."""
        if self.stem:
            verb, _, route = self.send_head.partition(b"|")
            wanted = enumerate(numbers(start, count), start)
            line = b"%s#%s.%%d|%s%%s%s\n" % (verb, self.stem, route, self.tail)
            return b"".join([line % each for each in wanted])
        if count == 1:
            return b"%s%s%s\n" % (self.send_head, NUMBERS[start % CYCLE], self.tail)
        between = self.tail + b"\n" + self.send_head
        return self.send_head + between.join(numbers(start, count)) + self.tail + b"\n"


def padding(size: int) -> bytes:
    """The tail that makes a text of `size` bytes."""
    return b" " + b"x" * max(1, size - DIGITS - 1)


class Receipt:
    """What one receiver got of one stream. `expected` is the next number; it goes on counting past the cycle."""

    __slots__ = (
        "_before",
        "_end",
        "_form",
        "_separator",
        "delivered",
        "doubled",
        "exact",
        "expected",
        "late",
        "missing",
        "other",
        "out_of_order",
    )

    def __init__(self, form: Form, expected: int = 0) -> None:
        self._form = form
        self._before = form.event_before
        self._end = form.tail + form.line_end
        self._separator = self._end + form.event_head
        self.expected = expected
        self.exact = True  # whether the last run of lines was just what was expected
        self.delivered = 0
        self.doubled = 0
        self.out_of_order = 0
        self.missing: set[int] = set()
        self.late: list[int] = []  # that were missing, and have come; whoever times them takes them out
        self.other: list[bytes] = []

    def take(self, block: bytes) -> int:
        """Check a run of whole lines; return how many messages in it came for the first time."""
        form = self._form
        if block.endswith(self._before + NUMBERS[self.expected % CYCLE] + self._end) and block.count(b"\n") == 1:
            return self._exactly(1)  # one line, as with one message in flight: half the price of the general way
        if block.startswith(form.event_head) and block.endswith(self._end):
            pieces = block.split(self._separator)
            pieces[-1] = pieces[-1][: -len(self._end)]
            count = len(pieces)
            if (
                not self.missing
                and [piece[-DIGITS:] for piece in pieces] == numbers(self.expected, count)
                and block.count(form.event_before) == count
            ):
                return self._exactly(count)
        self.exact = False
        return self._take_line_by_line(block)

    def _exactly(self, count: int) -> int:
        self.exact = not self.missing
        self.expected += count
        self.delivered += count
        return count

    def _take_line_by_line(self, block: bytes) -> int:
        before = self.delivered
        for line in block.splitlines():
            number = self._number(line)
            if number is None:
                self.other.append(line)
            else:
                self.take_number(number)
        return self.delivered - before

    def _number(self, line: bytes) -> int | None:
        """The number in a delivered line; None if the line is not of this stream."""
        form = self._form
        if not (line.startswith(form.event_head) and line.endswith(form.tail)):
            return None
        _, found, digits = line[: -len(form.tail)].rpartition(form.event_before)
        return int(digits) if found and len(digits) == DIGITS and digits.isdigit() else None

    def take_number(self, number: int) -> None:
        """Take one message by its number."""
        ahead = (number - self.expected) % CYCLE
        if ahead < CYCLE // 2:
            self.missing.update(range(self.expected, self.expected + ahead))
            self.expected += ahead + 1
            self.delivered += 1
            return
        late = self.expected + ahead - CYCLE
        if late in self.missing:
            self.missing.remove(late)
            self.late.append(late)
            self.out_of_order += 1
            self.delivered += 1
        else:
            self.doubled += 1


class Acknowledgements:
    """Counts what a sender hears about its own messages: accepted, refused, and why."""

    __slots__ = ("_between", "_ok", "accepted", "other", "refused", "sentences")

    def __init__(self, verb: bytes = b"SENDMESSAGE", stem: bytes = b"") -> None:
        """`stem` is that of the tags which the commands carry, if they do."""
        self._ok = b"OK|" + verb + (b"#" + stem + b"." if stem else b"|")
        self._between = b"\n" + self._ok
        self.accepted = 0
        self.refused = 0
        self.sentences: dict[str, int] = {}
        self.other: list[bytes] = []

    def take(self, block: bytes) -> int:
        """Take a run of whole lines; return how many commands it answers."""
        count = block.count(b"\n")
        if block.startswith(self._ok) and block.count(self._between) == count - 1:
            self.accepted += count
            return count
        return self._take_line_by_line(block)

    def _take_line_by_line(self, block: bytes) -> int:
        answered = 0
        for line in block.splitlines():
            if line.startswith(self._ok):
                self.accepted += 1
            elif line.startswith((b"ERR|", b"BYE|")):
                self._refuse(line)
            else:
                self.other.append(line)
                continue
            answered += 1
        return answered

    def _refuse(self, line: bytes) -> None:
        self.refused += line.startswith(b"ERR|")
        sentence = line.decode(errors="replace")
        self.sentences[sentence] = self.sentences.get(sentence, 0) + 1
