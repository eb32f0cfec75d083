"""The rows of EXPORT: their forms and their order, and where a running server does not easily get."""

from chatserver.core.bots import EVERYBODY
from chatserver.core.state import NO_PASSWORD, Room, State, User
from chatserver.protocol.frames import FRAME_BYTES_MAX, is_clean
from chatserver.queries.export import MEMORY_CHARS, about_rows, deed_row
from chatserver.store.about import About
from chatserver.store.changes import Deed

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


def test_all_about_a_user_stands_in_one_order_with_names_and_times() -> None:
    state = State()
    for number, name in enumerate(("Alice", "bob", "Carol", "dora"), 1):
        state.add(User(number, name, name.lower(), "hash"))
    state.rooms[-1] = Room(-1, "#den", "#den", "public", 2)
    alice = state.users[1]
    alice.status, alice.status_text = "away", "tea"
    alice.read = {2: 7, -1: 9}
    at_ms, at = 1_796_212_800_123, "2026-12-02T12:00:00.123Z"
    about = About(
        at_ms,
        logins=[(at_ms, at_ms + 1000)],
        friends=[(3, at_ms), (2, at_ms)],
        asked=[(4, at_ms)],
        askers=[(2, at_ms)],
        blocks=[(3, at_ms)],
        stays=[(-1, at_ms, False), (-1, at_ms, True)],
        invitations=[(-1, 2, at_ms)],
    )
    assert about_rows(state, alice, about) == [
        ("account", "Alice", at),
        ("status", "away", "tea"),
        ("login", at, "2026-12-02T12:00:01.123Z"),
        ("friend", "Carol", at),
        ("friend", "bob", at),
        ("request out", "dora", at),
        ("request in", "bob", at),
        ("block", "Carol", at),
        ("room", "#den", at, "left"),
        ("room", "#den", at, "member"),
        ("invitation", "#den", "bob", at),
        ("read", "#den", "9"),
        ("read", "bob", "7"),
    ]


def test_a_deed_names_its_message_and_where_it_is_a_reaction_the_emoji() -> None:
    at_ms, at = 1_796_212_800_123, "2026-12-02T12:00:00.123Z"
    assert deed_row(Deed(9, "edited", 7, "", at_ms)) == ("edited", "7", at)
    assert deed_row(Deed(9, "unreacted", 7, "!", at_ms)) == ("unreacted", "7", "!", at)
