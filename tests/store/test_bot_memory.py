"""That the store brings back what bots remember, and forgets what is gone."""

import sqlite3
from pathlib import Path

from chatserver.core.bots import EVERYBODY
from chatserver.core.commands import BotTimer, KeepForBot, SignUp, StartBot
from chatserver.core.decide import decide
from chatserver.core.events import BotStarted
from chatserver.core.evolve import evolve
from chatserver.core.outcome import Refused
from chatserver.core.state import Limits, State, snapshot
from chatserver.store import schema
from chatserver.store.store import Store

NOW_MS = 1_000_000
SIGN_UP_ANN = SignUp("ann", "a hash", NOW_MS)
START_TEA = StartBot("TeaBot", "makes tea", NOW_MS)


def test_the_store_brings_it_back_and_forgets_what_is_gone(tmp_path: Path) -> None:
    state = State()
    store = Store(str(tmp_path / "chat.db"))
    keep = KeepForBot(2, 1, '{"n":1}', '{"ä":1}', (BotTimer("pot", 5, ""), BotTimer("cup", 7, "#tea")))
    change = KeepForBot(2, 1, '{"n":2}', None, (BotTimer("pot", None, ""), BotTimer("cup", 9, "")))
    for command in (SIGN_UP_ANN, START_TEA, keep, change):
        outcome = decide(state, command)
        assert not isinstance(outcome, Refused)
        for event in outcome[0]:
            evolve(state, event)
        store.write([event for event in outcome[0] if not isinstance(event, BotStarted)])
        store.commit()
    loaded = store.load(Limits())
    store.close()
    assert snapshot(loaded) == snapshot(state)
    assert loaded.bot_timers == {1: {(2, "cup"): (9, "")}}
    assert loaded.bot_memory == {1: {2: '{"n":2}'}, EVERYBODY: {2: '{"ä":1}'}}


def test_a_file_from_before_bots_grows(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    connection = sqlite3.connect(path)
    schema.MIGRATIONS[0](connection)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO users (id, name, key, created_ms, delivered_id) VALUES (1, 'ann', 'ann', 5, 0)")
    connection.commit()
    connection.close()
    store = Store(str(path))
    state = store.load(Limits())
    store.close()
    assert list(state.by_name) == ["ann"]
    assert (state.bot_memory, state.bot_timers) == ({}, {})
