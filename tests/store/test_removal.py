"""What a deleted account wrote: hidden at once, removed in bounded steps, and at the end in none of the files."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from chatserver.core.commands import Found
from chatserver.core.events import (
    AccountDeleted,
    BotAnswered,
    BotRemembered,
    BotTimerSet,
    BurstSent,
    Event,
    MessageEdited,
    MessageSent,
    PasswordSet,
    ReactionChanged,
    ReadMarked,
    RoomCreated,
    RoomJoined,
    RoomLeft,
    UserSignedUp,
)
from chatserver.core.state import NO_PASSWORD, Limits
from chatserver.store import removal, search, unread
from chatserver.store import store as store_module
from chatserver.store.postings import ID_MAX
from chatserver.store.removal import REMOVED_COST, STEP_COST
from chatserver.store.store import Store
from tests.store import reading

ANN, BEN, CAT, BOT = 1, 2, 3, 4
ROOM, OTHER_ROOM = -1, -2
TEXT = "xylophone"
MESSAGES = 900
LAST_ID = MESSAGES + 3

NAMES: list[Event] = [
    UserSignedUp(at, name, name, "hash", 0, 0) for at, name in ((ANN, "ann"), (BEN, "ben"), (CAT, "cat"), (BOT, "bot"))
]
ROOMS: list[Event] = [
    *(RoomCreated(room, f"#{-room}", f"#{-room}", "public", BEN, 0) for room in (ROOM, OTHER_ROOM)),
    *(RoomJoined(room, user, 0, 0) for room in (ROOM, OTHER_ROOM) for user in (BEN, CAT)),
    RoomJoined(ROOM, ANN, 1, 0),
    RoomLeft(400, ROOM, ANN),
    RoomJoined(ROOM, ANN, 400, 0),
]
DELETION: list[Event] = [RoomLeft(LAST_ID, ROOM, ANN), AccountDeleted(9, LAST_ID, ANN)]


def said() -> list[MessageSent]:
    """Ann writes to two users and in a room, and is answered."""
    ways = [(ANN, BEN), (BEN, ANN), (ANN, ROOM), (BEN, ROOM), (ANN, CAT), (CAT, BEN)]
    return [
        MessageSent(
            at, at, *ways[at % 6], f"{TEXT} {at}" if ways[at % 6][0] == ANN else f"hello {at}", "t" * (at % 3) or None
        )
        for at in range(1, MESSAGES + 1)
    ]


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (search, unread):
        monkeypatch.setattr(module, "PENDING_MIN", 1)
    monkeypatch.setattr(store_module, "UNLISTED_IDLE", 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path / "chat.db")) as made:
        write_all(made)
        keep_house(made)
        yield made


def open_store(path: Path) -> Store:
    made = Store(str(path), "normal")
    made.load(Limits())
    return made


def write_all(store: Store) -> None:
    store.write(NAMES)
    store.write(ROOMS)
    store.write(said())
    one, two = next(each.id for each in said() if each.sender == BEN), 2  # 2: Ann in the room
    store.write([ReactionChanged(MESSAGES + 1, one, BEN, ANN, 5, ANN, "x", True)])
    store.write([ReactionChanged(MESSAGES + 2, two, ANN, ROOM, 5, BEN, "y", True)])
    store.write([MessageEdited(MESSAGES + 3, two, ANN, ROOM, 5, f"{TEXT} edited")])
    store.write([ReadMarked(ANN, BEN, 5, ()), ReadMarked(BEN, ANN, 5, ())])
    store.write([BotRemembered(BOT, ANN, f'"{TEXT}"'), BotTimerSet(BOT, ANN, TEXT, 9, "")])
    store.commit()


def keep_house(store: Store) -> None:
    while store.keep_house():
        pass


def delete(store: Store) -> None:
    store.write(DELETION)
    store.commit()


def count(store: Store, what: str) -> int:
    found: int = store._connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
    return found


def check_hidden(store: Store) -> None:
    """Nothing of Ann's is in any answer; what others wrote is."""
    history = store.history
    for message in said():
        stored = history.message(message.id)
        assert (stored is None) == (message.sender == ANN)
        assert (history.changes.found(message.id, BEN) is None) == (message.sender == ANN)
    for user in (BEN, CAT):
        others = [each for each in said() if each.sender != ANN and user in (each.sender, each.recipient, CAT + BEN)]
        assert {each.sender for each in reading.after(history, user, 0, ID_MAX)} <= {BEN, CAT}
        assert {each.id for each in others} <= {each.id for each in reading.after(history, user, 0, ID_MAX)}
        assert {each.sender for each in history.received(user, [(1, ID_MAX)], 999)} <= {BEN, CAT}
        assert ANN not in unread.correspondents(history, user, 0)
        assert ANN not in unread.authors_page(history, user, 1, ID_MAX)[0]
        assert {entry.sender for entry in unread.page(history, user, ANN, 1, ID_MAX)[0]} <= {user}
        assert history.changes.after_page(user, 0, ID_MAX).changes == []
    assert {each.sender for each in reading.of_room(history, ROOM, 999, ID_MAX)} == {BEN}
    assert {entry.sender for entry in unread.page(history, CAT, ROOM, 1, ID_MAX)[0]} == {BEN}
    assert history.changes.ids_page([*range(1, MESSAGES + 1)])[:2] == ([], [])
    assert history.changes.page([MESSAGES + 1, MESSAGES + 2, MESSAGES + 3]) == ([], 3)
    assert history.changes.by(BEN, 0, 99) == []
    assert history.changes.found(1, BEN) == Found(1, BEN, ANN, {}, 0)


def test_from_the_deletion_on_nothing_is_seen_and_at_the_end_nothing_is_there(store: Store) -> None:
    own = sum(each.sender == ANN for each in said())
    assert count(store, f"messages WHERE sender = {ANN}") == own
    store.write(DELETION)
    check_hidden(store)
    store.commit()
    assert count(store, f"messages WHERE sender = {ANN}") == own
    steps = 0
    while store.removal.waits:
        check_hidden(store)
        store.keep_house()
        steps += 1
    assert steps > 10
    check_hidden(store)
    assert count(store, f"messages WHERE sender = {ANN}") == 0
    assert count(store, "messages") == MESSAGES - own


def test_what_bots_answered_goes_too(store: Store) -> None:
    """They repeat what they were asked; what they told others, or in a room, stays."""
    store.write([PasswordSet(NO_PASSWORD, BOT)])
    ways = [(BOT, ANN), (BOT, BEN), (BOT, ROOM), (ANN, BOT)]
    store.write([MessageSent(LAST_ID + at, 5, *way, f"you asked {TEXT}", None) for at, way in enumerate(ways, 1)])
    store.write([RoomLeft(LAST_ID + 4, ROOM, ANN), AccountDeleted(9, LAST_ID + 4, ANN)])
    store.commit()
    keep_house(store)
    left = store._connection.execute("SELECT id FROM messages WHERE sender = ? ORDER BY id", (BOT,)).fetchall()
    assert left == [(LAST_ID + 2,), (LAST_ID + 3,)]
    assert count(store, f"postings WHERE {ANN} IN (party, other)") == 0


def test_what_bots_answered_in_a_room_is_hidden_at_once_and_goes(store: Store) -> None:
    asked, answer, other, others_answer = range(LAST_ID + 1, LAST_ID + 5)
    for author, message in ((ANN, asked), (BEN, other)):
        store.write([MessageSent(message, 5, author, ROOM, "!say so", None)])
        store.write([MessageSent(message + 1, 5, BOT, ROOM, "so it is", None)])
        store.write([BotAnswered(message + 1, message, author)])
    store.commit()
    answers = [answer, others_answer]
    assert [store.history.message(each) is None for each in answers] == [False, False]
    store.write([RoomLeft(LAST_ID + 4, ROOM, ANN), AccountDeleted(9, LAST_ID + 4, ANN)])
    store.commit()
    while True:
        assert [store.history.message(each) is None for each in answers] == [True, False]
        rows = reading.of_room(store.history, ROOM, 999, ID_MAX)
        assert [each.id for each in rows if each.id > LAST_ID] == [other, others_answer]
        entries, _ = unread.page(store.history, CAT, ROOM, asked, ID_MAX)
        assert [entry.id for entry in entries] == [other, others_answer]
        if not store.keep_house():
            break
    assert count(store, f"messages WHERE id = {answer}") == 0
    assert count(store, "answers") == 1


def test_a_deletion_that_does_not_hold_hides_nothing(store: Store) -> None:
    store.write(DELETION)
    store.roll_back()
    assert not store.removal.waits
    assert len(reading.after(store.history, ANN, 0, ID_MAX)) > MESSAGES / 2


WHO_WITH_WHOM = [
    f"postings WHERE party = 0 AND other = {ANN}",
    f"postings WHERE {ANN} IN (party, other)",
    f"correspondents WHERE {ANN} IN (user, author)",
    f"memberships WHERE user = {ANN}",
    f"read_marks WHERE user = {ANN}",
    f"changes WHERE {ANN} IN (sender, user)",
    f"bot_memory WHERE user = {ANN}",
    f"bot_timers WHERE user = {ANN}",
    f"tokens WHERE user = {ANN}",
    "removals",
]


@pytest.mark.parametrize("listed", [True, False], ids=["listed before", "in memory alone"])
def test_who_wrote_with_whom_goes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: bool) -> None:
    path = tmp_path / "chat.db"
    with closing(open_store(path)) as store:
        write_all(store)
        if listed:
            keep_house(store)
            assert all(count(store, what) for what in WHO_WITH_WHOM[:2])
        else:
            monkeypatch.setattr(store_module, "UNLISTED_IDLE", 10**6)
            monkeypatch.setattr(unread, "PENDING_MIN", 10**6)
        delete(store)
        keep_house(store)
        assert [what for what in WHO_WITH_WHOM if count(store, what)] == []
    monkeypatch.undo()
    with closing(open_store(path)) as store:  # what others wrote to Ann is not listed for her again
        store.write([BurstSent(LAST_ID + 1, 5, BEN, CAT, ["more"] * 999)])
        store.commit()
        store.catch_up(lambda done: None)
        keep_house(store)
        assert store.history.postings.indexed_id == LAST_ID + 999
        assert store.history.heard_id == LAST_ID + 999
        assert [what for what in WHO_WITH_WHOM if count(store, what)] == []


@pytest.mark.parametrize("kept", [0, 1, 7, 25, 60])
def test_a_restart_at_any_step_goes_on(tmp_path: Path, kept: int) -> None:
    """A kill leaves what the last commit has left."""
    path = tmp_path / "chat.db"
    with closing(open_store(path)) as store:
        write_all(store)
        keep_house(store)
        delete(store)
        for _ in range(kept):
            store.keep_house()
    with closing(open_store(path)) as store:
        state = store.load(Limits())
        assert list(state.users) == [BEN, CAT, BOT]
        assert not state.bot_memory
        assert not state.bot_timers
        assert (state.last_message_id, state.users[BEN].read) == (LAST_ID, {ANN: 5})
        check_hidden(store)
        keep_house(store)
        check_hidden(store)
        assert [what for what in WHO_WITH_WHOM if count(store, what)] == []


def test_a_step_that_fails_is_done_again(store: Store) -> None:
    delete(store)
    while store.removal.waits:
        store._connection.execute("BEGIN")
        store.removal.step()
        store.roll_back()
        check_hidden(store)
        store.keep_house()
    assert [what for what in WHO_WITH_WHOM if count(store, what)] == []


def test_at_the_end_the_texts_are_in_none_of_the_files(store: Store, tmp_path: Path) -> None:
    def files_hold(text: str) -> bool:
        return any(text.encode() in each.read_bytes() for each in tmp_path.iterdir())

    assert files_hold(TEXT)
    delete(store)
    keep_house(store)
    assert not files_hold(TEXT)
    assert not files_hold(TEXT[:3])  # as the search index has it
    assert files_hold("hello")


@pytest.mark.parametrize("seed", range(4))
def test_nothing_stays_in_the_slack_of_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Where rows of all lengths go, SQLite moves those that are still to go."""
    random = Random(seed)
    lengths = [(random.randrange(200), random.randrange(20)) for _ in range(MESSAGES)]
    messages = [
        each._replace(text=each.text + "z" * text, tag="t" * tag or None)
        for each, (text, tag) in zip(said(), lengths, strict=True)
    ]
    monkeypatch.setitem(globals(), "said", lambda: messages)
    with closing(open_store(tmp_path / "chat.db")) as store:
        write_all(store)
        keep_house(store)
        delete(store)
        keep_house(store)
        assert not any(TEXT.encode() in each.read_bytes() for each in tmp_path.iterdir())


def test_the_log_is_emptied_later_where_somebody_reads(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "chat.db-wal"
    delete(store)
    while store.removal.waits:
        store.keep_house()
    with closing(open_reader(tmp_path / "chat.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        keep_house(store)
        assert log.stat().st_size > 0
        assert store.removal.log_waits
    keep_house(store)
    assert log.stat().st_size < 20_000  # that it has been emptied
    assert not store.removal.log_waits
    assert count(store, "meta WHERE name = 'log_purge' AND value = 0") == 1


def test_a_restart_does_not_forget_that_the_log_is_to_be_emptied(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "chat.db")) as store:
        write_all(store)
        delete(store)
        while store.removal.waits:
            store.keep_house()
    with closing(open_store(tmp_path / "chat.db")) as store:
        assert store.removal.log_waits
        keep_house(store)
        assert not store.removal.log_waits


def open_reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)


def removed_in_steps(store: Store) -> list[tuple[int, int]]:
    """Messages and characters that each step takes away."""
    query = "SELECT count(*), ifnull(sum(length(text)), 0) FROM messages"
    before = store._connection.execute(query).fetchone()
    steps = []
    while store.removal.waits:
        store.keep_house()
        after = store._connection.execute(query).fetchone()
        steps.append((before[0] - after[0], before[1] - after[1]))
        before = after
    return steps


@pytest.mark.parametrize("chars", [1, 75, 1000, 4000])
def test_a_step_is_bounded_by_what_it_costs(store: Store, chars: int) -> None:
    """Not by how many rows it takes: of long texts it takes few."""
    store.write([BurstSent(LAST_ID + 1, 5, ANN, BEN, ["é" * chars] * 300)])
    store.write([BurstSent(LAST_ID + 301, 5, ANN, ROOM, ["é" * chars] * 300)])
    store.write([RoomLeft(LAST_ID + 600, ROOM, ANN), AccountDeleted(9, LAST_ID + 600, ANN)])
    store.commit()
    steps = removed_in_steps(store)
    assert sum(rows for rows, _ in steps) == 600 + sum(each.sender == ANN for each in said())
    blanks = len("é".encode()) * chars
    for rows, taken in steps:
        assert (rows - 1) * REMOVED_COST + taken <= STEP_COST + blanks + REMOVED_COST
    assert max(rows for rows, _ in steps) <= STEP_COST // REMOVED_COST


def test_a_step_is_bounded_by_the_letters_that_texts_unfold_to(store: Store) -> None:
    """Of a sign that stands for fifteen the search index has to forget as many."""
    sign = "\ufdfa"
    store.write([BurstSent(LAST_ID + 1, 5, ANN, BEN, [sign * (STEP_COST // 30)] * 20)])
    store.write([AccountDeleted(9, LAST_ID + 20, ANN)])
    store.commit()
    query = f"messages WHERE text LIKE '{sign}%'"
    left = [count(store, query)]
    while store.removal.waits:
        store.keep_house()
        left.append(count(store, query))
    assert (left[0], left[-1]) == (20, 0)
    assert max(before - after for before, after in pairwise(left)) == 2


def test_messages_of_others_cost_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step looks at no more rows than it may, also where none of them is the account's."""
    monkeypatch.setattr(removal, "STEP_COST", 500)
    looked_at: list[int] = []
    progress = 0

    def tick() -> int:
        nonlocal progress
        progress += 1
        return 0

    store.write([BurstSent(LAST_ID + 1, 5, BEN, ROOM, ["z" * 4000] * 3000)])
    delete_at = LAST_ID + 3000
    store.write([RoomLeft(delete_at, ROOM, ANN), AccountDeleted(9, delete_at, ANN)])
    store.commit()
    store._connection.set_progress_handler(tick, 100)
    while store.removal.waits:
        store._connection.execute("BEGIN")
        progress = 0
        store.removal.step()
        looked_at.append(progress)
        store._connection.execute("COMMIT")
    store._connection.set_progress_handler(None, 0)
    assert len(looked_at) > 3000 * 4000 / 400 / 500 / 2
    assert max(looked_at) < 200  # times 100 instructions of SQLite


def test_what_there_is_beside_messages_goes_in_steps_too(store: Store) -> None:
    stays: list[Event] = []
    for at in range(1000):
        stays += [RoomJoined(OTHER_ROOM, ANN, at, 0), RoomLeft(at, OTHER_ROOM, ANN)]
    store.write(stays)
    store.write([ReadMarked(ANN, 100 + at, 1, ()) for at in range(1000)])
    store.write([ReactionChanged(LAST_ID + at, 1, BEN, ANN, 5, ANN, f"e{at}", True) for at in range(1, 1000)])
    delete_at = LAST_ID + 1000
    store.write([RoomLeft(delete_at, ROOM, ANN), AccountDeleted(9, delete_at, ANN)])
    store.commit()
    while store.removal.waits:
        before = store._connection.total_changes
        store._connection.execute("BEGIN")
        store.removal.step()
        store._connection.execute("COMMIT")
        assert store._connection.total_changes - before <= 700  # the search index counts its own rows too
    assert [what for what in WHO_WITH_WHOM if count(store, what)] == []


def test_a_busy_server_removes_too(store: Store) -> None:
    """A step with the commit of a turn, now and then."""
    delete(store)
    for at in range(LAST_ID + 1, LAST_ID + 1000):
        store.has_chore(busy=True)
        store.write([MessageSent(at, at, BEN, CAT, "hi", None)])
        store.seal()
        store.commit()
        store.committed()
        if not store.removal.waits:
            break
    assert count(store, f"messages WHERE sender = {ANN}") == 0
    assert count(store, "removals") == 0


def test_several_accounts_go_one_after_the_other(store: Store) -> None:
    store.write(DELETION)
    store.write([RoomLeft(LAST_ID, room, CAT) for room in (ROOM, OTHER_ROOM)])
    store.write([AccountDeleted(9, LAST_ID, CAT)])
    store.commit()
    assert {each.sender for each in reading.after(store.history, BEN, 0, ID_MAX)} == {BEN}
    keep_house(store)
    assert {each.sender for each in reading.after(store.history, BEN, 0, ID_MAX)} == {BEN}
    assert count(store, f"messages WHERE sender != {BEN}") == 0
    assert count(store, f"postings WHERE party IN ({ANN}, {CAT}) OR other IN ({ANN}, {CAT})") == 0
