"""A user's messages from the newest back, page by page: candidates for SEARCH.

What the search index does not know yet is read through the posting lists; the rest comes from the search
index. Without it, or for words too short for it, all is read.
"""

from collections.abc import Collection, Iterable, Sequence
from heapq import merge
from itertools import islice

from chatserver.store.history import History, Message

FIRST_PAGE = 100  # messages read at a time: mostly they hold what is searched for, and more are not wanted
PAGE_MAX = 1_000  # some 3 ms, if the texts are short

Page = tuple[list[Message], int]
"""Candidates, newest first, and the id that all of them and all that was passed over lie above or at."""


def page_below(
    history: History, user: int, rooms: Collection[int], pieces: Sequence[str], below: int, limit: int
) -> Page:
    """The next candidates, `limit` at most, with ids under `below`; the last page ends at 1 or less."""
    through_index = history.search.can_answer(pieces)
    floor = history.search.searched_id if through_index else 0
    if below > floor + 1:
        return _read_page(history, user, rooms, floor, below, limit)
    ids = history.search.candidates(pieces, user, rooms, below, limit)
    return _own(history.messages(iter(ids), limit), user, rooms), ids[-1] if len(ids) == limit else 1


def _read_page(history: History, user: int, rooms: Collection[int], floor: int, below: int, limit: int) -> Page:
    ids = merge(*(history.postings.downward(party, 0, floor, below) for party in (user, *rooms)), reverse=True)
    found = list(islice(history.messages(ids, limit), limit))
    return found, found[-1].id if len(found) == limit else floor + 1


def _own(messages: Iterable[Message], user: int, rooms: Collection[int]) -> list[Message]:
    """The index knows parties by tokens that a text may hold too: look at each."""
    return [
        message
        for message in messages
        if (message.recipient in rooms if message.recipient < 0 else user in (message.sender, message.recipient))
    ]
