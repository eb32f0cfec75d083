"""More people than a test can sign up: written straight into a store whose server does not run."""

import sqlite3
from contextlib import closing
from pathlib import Path


def fill_room(store: Path, room: str, count: int) -> None:
    """`count` users more, user0 and so on, all of them in that room."""
    with closing(sqlite3.connect(store)) as connection, connection:
        ((room_id,),) = connection.execute("SELECT id FROM rooms WHERE name = ?", (room,))
        ((last,),) = connection.execute("SELECT max(id) FROM users")
        people = [(last + 1 + at, f"user{at}") for at in range(count)]
        connection.executemany(
            "INSERT INTO users (id, name, key, created_ms, delivered_id) VALUES (?, ?, ?, 1, 0)",
            [(number, name, name) for number, name in people],
        )
        connection.executemany(
            "INSERT INTO memberships (room, user, after_id, joined_ms) VALUES (?, ?, 0, 1)",
            [(room_id, number) for number, _ in people],
        )
