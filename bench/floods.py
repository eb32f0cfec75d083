"""Floods: a sender who writes a given number of messages as fast as they are acknowledged, whoever reads them.

For filling a store, and for burying those who do not read. The texts are words, so
that there is something to search for.
"""

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from bench.context import Bench
from bench.loop import Connection
from bench.numbered import Acknowledgements, numbers
from bench.people import Dialogue

WORDS = 5000
TEXTS = 4096


class Texts:
    """Texts of words, frequent ones and rare ones (the n-th is n times rarer than the first), the same for one seed."""

    def __init__(self, seed: int, size: int) -> None:
        random = Random(seed)
        self.words = _words(random)
        weights = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))
        self.tails = [_text(random, self.words, weights, size) for _ in range(TEXTS)]

    def render(self, head: bytes, start: int, count: int) -> bytes:
        """The lines that send `count` messages, each with its number and a text."""
        tails = self.tails
        wanted = enumerate(numbers(start, count), start)
        return b"".join([head + number + tails[at % TEXTS] for at, number in wanted])


def _words(random: Random) -> list[str]:
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
    found: dict[str, None] = {}
    while len(found) < WORDS:
        found["".join(random.choices(syllables, k=random.choice((2, 3, 3, 4))))] = None
    return list(found)


def _text(random: Random, words: list[str], weights: list[float], size: int) -> bytes:
    chosen = " ".join(random.choices(words, cum_weights=weights, k=size // 5 + 1))
    return f" {chosen[: max(1, size - 7)]}\n".encode()


def make_floods(routes: Sequence[tuple[Dialogue, str]], texts: Texts, total: int, window: int) -> "list[Flood]":
    """Floods from logged-in users to others, who share `total` messages."""
    return [
        Flood(sender.connection, f"SENDMESSAGE|{sender.name}|{to}|".encode(), texts, part, window)
        for (sender, to), part in zip(routes, share(total, len(routes)), strict=True)
    ]


class Flood:
    """One sender's part of it: `total` messages, `window` of them not yet acknowledged."""

    receivers = 1
    delivered = 0

    def __init__(self, sender: Connection, head: bytes, texts: Texts, total: int, window: int) -> None:
        self.sender = sender
        self.acknowledgements = Acknowledgements()
        self.sent = 0
        self._head = head
        self._texts = texts
        self.total = total
        self._window = window
        sender.on_lines = self._heard

    def start(self) -> None:
        """Fill the window."""
        self._send(self._window)

    @property
    def settled(self) -> bool:
        """Whether all is sent and answered."""
        heard = self.acknowledgements
        return (self.sent >= self.total and heard.accepted + heard.refused >= self.sent) or self.sender.closed

    def _heard(self, block: bytes) -> None:
        self._send(self.acknowledgements.take(block))

    def _send(self, count: int) -> None:
        count = min(count, self.total - self.sent)
        if count > 0:
            self.sender.send(self._texts.render(self._head, self.sent, count))
            self.sent += count


def share(total: int, parts: int) -> list[int]:
    """Cut a number into so many nearly equal parts."""
    return [total // parts + (at < total % parts) for at in range(parts)]


def run_floods(bench: Bench, floods: Sequence[Flood], label: str, seconds_max: float) -> bool:
    """Let all floods run to their end, with the bar moving; tell whether they came to it in time."""
    total = sum(flood.total for flood in floods) or 1
    for flood in floods:
        flood.start()
    pending = list(floods)

    def done() -> bool:
        bench.progress.step(label, sum(flood.acknowledgements.accepted for flood in floods) / total)
        while pending and pending[-1].settled:
            pending.pop()
        return not pending

    return bench.loop.run_until(done, seconds_max)
