"""Texts that cost much to compare, written, changed and removed: nobody else waits."""

import select
import sqlite3
import time
from contextlib import closing

import pytest

from chatserver.store.search import PENDING_MIN
from tests.harness import PASSWORD, Process
from tests.hostile.conftest import OpenDoors
from tests.wire import WAIT_S

MESSAGES = 320
TEXTS = {
    "a sign that unfolds to fifteen": "\ufdfa" * 2400,
    "marks out of order": "a" + "\u0301\u0316" * 1800,
    "many letters": "".join(chr(0x400 + at * 7 % 0x12F) for at in range(3700)),
}


def wait_for_the_index(server: Process) -> None:
    """Until it knows most of them, which it comes to when nobody asks anything."""
    ends_s = time.monotonic() + WAIT_S
    with closing(sqlite3.connect(f"file:{server.store_path}?mode=ro", uri=True)) as file:
        while file.execute("SELECT value FROM meta WHERE name = 'searched_id'").fetchone()[0] < MESSAGES - PENDING_MIN:
            assert time.monotonic() < ends_s, "nothing is indexed"
            select.select([], [], [], 0.1)  # to look is not to keep it busy


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_long_texts_are_indexed_changed_and_removed(open_doors: OpenDoors, text: str) -> None:
    doors = open_doors(sync="normal")
    ann, ben = doors.server.friends("ann", "ben")
    ids = []
    for _ in range(MESSAGES // 40):
        ann.send(*[f"SENDMESSAGE|ann|ben|{text}"] * 40)
        ids += [ann.answers("OK|SENDMESSAGE|…")[0].split("|")[2] for _ in range(40)]
    wait_for_the_index(doors.server)
    ben.send(f"SEARCH|ben|{text[:60]}", f"SEARCH|ben|{text[:900]}", *["PING|"] * 2)
    for _ in range(2):
        assert len(ben.answer()) in (1, 51)  # refused if it has no letters
    indexed = ids[: MESSAGES - PENDING_MIN]
    ann.send(*(f"EDITMESSAGE|ann|{each}|{text[:-1]}" for each in indexed))
    for _ in indexed:
        ann.answers("OK|EDITMESSAGE|…")
    ann.send(*(f"DELETEMESSAGE|ann|{each}" for each in indexed[::2]))
    for _ in indexed[::2]:
        ann.answers("OK|DELETEMESSAGE|…")
    ann.says(f"DELETEACCOUNT|ann|{PASSWORD}")
    with doors.call_admin() as owner:
        owner.sendall(b'{"words": ["check"]}\n')
        assert b'"ok": true' in owner.makefile("rb").readline()
