"""Messages and runs of messages become one row each, however they are cut into statements."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from chatserver.core.events import BurstSent, MessageSent
from chatserver.store.message_rows import insert_messages
from chatserver.store.schema import migrate

Row = tuple[int, int, int, int, str, str | None]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrate(made)
        yield made


def rows_of(event: MessageSent | BurstSent) -> list[Row]:
    if isinstance(event, MessageSent):
        return [event]
    first_id, time_ms, sender, recipient, texts, tags = event
    return [(first_id + at, time_ms, sender, recipient, text, tags and tags[at]) for at, text in enumerate(texts)]  # type: ignore[misc]  # None or a tag


def some_events(random: Random, first_id: int) -> list[MessageSent | BurstSent]:
    """Singles and runs in any order; now and then an id is left out, or time goes on."""
    events: list[MessageSent | BurstSent] = []
    next_id, time_ms = first_id, 1_795_358_345_123
    tagged = random.choice([0.0, 0.1, 1.0])
    for _ in range(random.randint(1, 30)):
        sender, recipient = random.randint(1, 9), random.choice([-1, 1, 2])
        count = random.choice([0, 0, 0, 2, 15, 64, 90])
        if count:
            tags = [f"x.{next_id + at}" for at in range(count)] if random.random() < tagged else None
            events.append(BurstSent(next_id, time_ms, sender, recipient, [f"text {at}" for at in range(count)], tags))
        else:
            tag = f"tag{next_id}" if random.random() < tagged else None
            events.append(MessageSent(next_id, time_ms, sender, recipient, "日本 | ''", tag))
        next_id += max(1, count) + (random.random() < 0.1)
        time_ms += random.random() < 0.1
    return events


@pytest.mark.parametrize("seed", range(20))
def test_every_message_is_a_row(connection: sqlite3.Connection, seed: int) -> None:
    expected: list[Row] = []
    random = Random(seed)
    for _ in range(5):
        events = some_events(random, len(expected) * 2 + 1)
        added = [row for event in events for row in rows_of(event)]
        expected += added
        chars = sum(len(row[4]) for row in added)
        assert insert_messages(connection, events) == (expected[-1][0], chars)
    stored = connection.execute("SELECT id, time_ms, sender, recipient, text, tag FROM messages ORDER BY id").fetchall()
    assert stored == expected
