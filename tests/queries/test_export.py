"""The rows of EXPORT, where a running server does not easily get."""

from chatserver.core.bots import EVERYBODY
from chatserver.core.state import NO_PASSWORD, State, User
from chatserver.protocol.frames import FRAME_BYTES_MAX, is_clean
from chatserver.queries.export import MEMORY_CHARS, about_rows
from chatserver.store.about import About

NOTHING = About(0, [], [], [], [], [], [], [])


def state_of_a_bot_that_remembers(memory: str) -> State:
    state = State()
    state.add(User(1, "alice", "alice", "hash"))
    state.add(User(2, "B" * 32, "b" * 32, NO_PASSWORD))
    state.bots[2] = "remembers"
    state.bot_memory = {1: {2: memory}, EVERYBODY: {2: "{}"}}
    return state


def test_what_a_bot_remembers_may_be_longer_than_a_frame() -> None:
    memory = "\U0001f600\u2028" * 5000
    state = state_of_a_bot_that_remembers(memory)
    rows = [row for row in about_rows(state, state.users[1], NOTHING) if row[0] == "bot memory"]
    assert "".join(row[2] for row in rows) == memory.replace("\u2028", " ")
    assert len(rows) == -(-len(memory) // MEMORY_CHARS)
    assert all(len("|".join(row).encode()) < FRAME_BYTES_MAX - 100 for row in rows)
    assert all(is_clean(field) for row in rows for field in row)


def test_what_a_bot_remembers_of_all_is_the_bot_s() -> None:
    state = state_of_a_bot_that_remembers("{}")
    assert ("bot memory of all", "B" * 32, "{}") in about_rows(state, state.users[2], NOTHING)
    assert "bot memory of all" not in [row[0] for row in about_rows(state, state.users[1], NOTHING)]
