"""Which store a file is: its name, the mark beside it, and the epoch that begins where the file is an earlier copy."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.core.events import FriendAdded, MessageSent, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store import schema
from chatserver.store.errors import StoreError
from chatserver.store.identity import IDS_UNKNOWN, IDS_UNMARKED, Mark, StoreName, new_epoch
from chatserver.store.store import Store
from tests.store import reading

ANN, BEN = 1, 2


def open_store(path: Path) -> tuple[Store, int]:
    """The store, and the last id that its State knows of."""
    store = Store(str(path), "normal")
    return store, store.load(Limits()).last_message_id


def say(store: Store, first: int, count: int) -> None:
    store.write([MessageSent(number, 5, ANN, BEN, f"text {number}", None) for number in range(first, first + count)])
    store.commit()
    store.note_ids(first + count - 1)


def test_ids_are_noted_beside_the_file_with_the_commit_that_stores_them(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    store, last_id = open_store(path)
    store.write([MessageSent(last_id + 1, 5, ANN, BEN, "one", None)])
    store.seal(last_id + 7)
    mark = Mark.read(str(path))
    assert mark is not None
    assert mark.last_id == last_id
    store.roll_back()
    store.touch()
    store.commit()
    assert Mark.read(str(path)) == mark  # what was rolled back is not stored
    store.write([MessageSent(last_id + 1, 5, ANN, BEN, "one", None)])
    store.seal(last_id + 7)
    store.commit()
    assert Mark.read(str(path)) == mark._replace(last_id=last_id + 7)
    store.close()


def copy_of(path: Path) -> Path:
    """A backup, as README.md has it."""
    copy = path.with_name("backup.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    return copy


def put_back(path: Path, copy: Path) -> None:
    for old in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        old.unlink(missing_ok=True)
    shutil.copy(copy, path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture
def name(path: Path) -> StoreName:
    """Of a file with seven messages, closed."""
    store, _ = open_store(path)
    with closing(store):
        store.write([UserSignedUp(at, each, each, "hash", 0, 0) for at, each in ((ANN, "ann"), (BEN, "ben"))])
        store.write([FriendAdded(ANN, BEN, 0)])
        say(store, 1, 7)
        return store.name


def test_a_store_keeps_its_name_and_counts_on(path: Path, name: StoreName) -> None:
    for _ in range(2):
        store, last_id = open_store(path)
        with closing(store):
            assert (store.name, last_id) == (name, 7)
    assert name.epoch == 1
    assert path.with_name("chat.db-mark").stat().st_mode & 0o777 == 0o600


def test_another_store_has_another_identity(path: Path, name: StoreName) -> None:
    with closing(Store(str(path.with_name("other.db")))) as other:
        assert other.name.identity != name.identity
    with closing(Store(":memory:")) as other:
        assert other.name.identity != name.identity


def test_ids_go_on_above_all_that_were_given_out_after_a_copy_was_made(path: Path, name: StoreName) -> None:
    copy = copy_of(path)
    store, _ = open_store(path)
    with closing(store):
        say(store, 8, 20)
    put_back(path, copy)
    store, last_id = open_store(path)
    with closing(store):
        assert last_id == 27 + IDS_UNMARKED
        assert store.name.identity == name.identity
        assert store.name.epoch > name.epoch
        say(store, last_id + 1, 2)
        while store.keep_house():
            pass
        assert [each.id for each in reading.after(store.history, ANN, 5, 9)] == [6, 7, last_id + 1, last_id + 2]
        epoch = store.name.epoch
    put_back(path, copy)
    store, again = open_store(path)
    with closing(store):
        assert again > last_id + 2
        assert store.name.epoch > epoch, "the same copy put back twice is not the same story"


def test_a_copy_of_which_there_is_no_mark_goes_on_far_above(path: Path, name: StoreName) -> None:
    elsewhere = path.with_name("elsewhere.db")
    shutil.copy(copy_of(path), elsewhere)
    store, last_id = open_store(elsewhere)
    with closing(store):
        assert last_id == 7 + IDS_UNKNOWN
        assert (store.name.identity, store.name.epoch > name.epoch) == (name.identity, True)
    store, again = open_store(elsewhere)
    with closing(store):
        assert again == last_id


@pytest.mark.parametrize("damage", [b"", b"pipechat", b"pipechat x 1 7\n", b"\xff" * 40])
def test_a_damaged_mark_counts_as_none(path: Path, name: StoreName, damage: bytes) -> None:
    path.with_name("chat.db-mark").write_bytes(damage)
    store, last_id = open_store(path)
    with closing(store):
        assert last_id == 7 + IDS_UNKNOWN


def test_an_epoch_that_was_begun_by_hand_is_enough_but_ids_go_on_above_the_mark(path: Path, name: StoreName) -> None:
    copy = copy_of(path)
    store, _ = open_store(path)
    with closing(store):
        say(store, 8, 30)
        store.note_ids(3_000_000)
    put_back(path, copy)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        begun = new_epoch(connection)
        assert begun.epoch > name.epoch
    store, last_id = open_store(path)
    with closing(store):
        assert store.name == begun
        assert last_id == 3_000_000 + IDS_UNMARKED


def test_a_mark_that_lags_behind_the_file_is_no_sign_of_a_copy(path: Path, name: StoreName) -> None:
    mark = path.with_name("chat.db-mark")
    before = mark.read_bytes()
    store, _ = open_store(path)
    with closing(store):
        say(store, 8, 5)
    mark.write_bytes(before)
    store, last_id = open_store(path)
    with closing(store):
        assert (store.name, last_id) == (name, 12)


def test_a_mark_that_cannot_be_written_is_a_sentence(path: Path) -> None:
    path.with_name("chat.db-mark").mkdir()
    with pytest.raises(StoreError, match=r"chat\.db-mark cannot be written"):
        Store(str(path))


def test_an_old_backup_of_an_earlier_version_gives_no_id_out_twice(path: Path, name: StoreName) -> None:
    copy = copy_of(path)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("UPDATE meta SET value = 0 WHERE name = 'marked'")
        connection.execute("UPDATE meta SET value = 7 WHERE name = 'identity'")
    store, _ = open_store(path)
    with closing(store):
        say(store, 8, 20)
    put_back(path, copy)
    store, last_id = open_store(path)
    with closing(store):
        assert last_id == 27 + IDS_UNMARKED


def test_the_mark_is_found_by_another_link_too(path: Path, name: StoreName) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    store, last_id = open_store(link)
    with closing(store):
        assert (store.name, last_id) == (name, 7)


def test_all_identities_are_as_long() -> None:
    """Else one HELLO in sixteen is shorter than the others, and a seed of the simulation leads to two lives."""
    drawn = set[str]()
    for _ in range(300):
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE TABLE meta (name, value)")
            schema._identity(connection)
            (found,) = connection.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
            drawn.add(f"{found:x}")
    assert len(drawn) == 300
    assert {len(digits) for digits in drawn} == {15}
