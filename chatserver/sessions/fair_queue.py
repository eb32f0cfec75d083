"""A queue that gives each key its turn: whoever has many items waiting keeps nobody with few of them waiting."""

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Items of one key come out in the order in which they went in, those of different keys by turns."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, deque[Item]] = {}  # the key whose turn is next first; none of them empty

    def __len__(self) -> int:
        """How many keys have something waiting."""
        return len(self._waiting)

    def count(self, key: Hashable) -> int:
        """How many items of a key wait."""
        return len(self._waiting.get(key, ()))

    def put(self, key: Hashable, item: Item) -> None:
        """Put an item behind those of the same key."""
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = deque()
        waiting.append(item)

    def take(self) -> Item:
        """The next item; its key has the next turn behind all others."""
        key = next(iter(self._waiting))
        waiting = self._waiting.pop(key)
        item = waiting.popleft()
        if waiting:
            self._waiting[key] = waiting
        return item
