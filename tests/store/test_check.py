"""Whether a file is whole: a sentence for each way in which it may not be, and nothing in it is changed."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatserver.core.events import FriendAdded, MessageSent, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store.check import check_store
from chatserver.store.errors import StoreError
from chatserver.store.opening import PAGE_BYTES
from chatserver.store.schema import MIGRATIONS, VERSION
from chatserver.store.store import Store

ANN, BEN = 1, 2
TEXT = "a text of some length " * 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of two users and 500 messages, whose server has ended."""
    made = tmp_path / "chat.db"
    with closing(Store(str(made), "normal")) as store:
        store.load(Limits())
        store.write([UserSignedUp(at, name, name, "hash", 0, 0) for at, name in ((ANN, "ann"), (BEN, "ben"))])
        store.write([FriendAdded(ANN, BEN, 0)])
        store.write([MessageSent(at, 5, ANN, BEN, TEXT, None) for at in range(1, 501)])
        store.commit()
        store.note_ids(500)
    return made


def refused(path: Path) -> str:
    """The sentence; the files are as they were."""
    before = {each: each.read_bytes() for each in path.parent.iterdir() if each.is_file() and "-shm" not in each.name}
    with pytest.raises(StoreError) as error:
        check_store(str(path))
    assert {each: each.read_bytes() for each in before} == before
    sentence = str(error.value)
    assert ": " in sentence
    assert sentence.isprintable()
    return sentence


def test_a_whole_file_is_one_in_use_too(path: Path) -> None:
    said = "is whole: 2 users, bots included, 0 rooms, all up to id 500"
    assert check_store(str(path)).endswith(said)
    with closing(Store(str(path), "normal")) as store:
        store.load(Limits())
        assert check_store(str(path)).endswith(said)
        store.write([MessageSent(501, 5, ANN, BEN, TEXT, None)])
        assert check_store(str(path)).endswith(said)
        store.commit()
        assert check_store(str(path)).endswith("id 501")


def break_pages(path: Path) -> None:
    with path.open("r+b") as file:
        for page in (5, 8, 12, 17, 20):
            file.seek(page * PAGE_BYTES)
            file.write(b"\x5a" * 4000)


def cut_file(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(6 * PAGE_BYTES)


def make_text(path: Path) -> None:
    path.write_text("this is no database, " * 100)


def make_foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def lose_a_user(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM users WHERE id = 2")
        connection.commit()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (break_pages, "is not whole"),
        (cut_file, "is not whole"),
        (make_text, "is not whole"),
        (make_foreign, "belongs to another program"),
        (make_newer, "newer version"),
        (make_empty, "is empty"),
        (make_folder, "there is no file"),
        (lose_a_user, "cannot load"),
        (Path.unlink, "there is no file"),
    ],
)
def test_what_is_not_whole_is_a_sentence(path: Path, damage: Callable[[Path], None], sentence: str) -> None:
    damage(path)
    assert sentence in refused(path)


@pytest.mark.parametrize("left", [0, 32, 0.5])
def test_a_log_that_was_cut_is_seen_by_the_mark(path: Path, left: float, tmp_path: Path) -> None:
    """As SQLite reads it, the file is whole up to the last commit that the log still has."""
    with closing(Store(str(path), "normal")) as store:
        store.load(Limits())
        store.write([MessageSent(at, 5, ANN, BEN, TEXT, None) for at in range(501, 700)])
        store.commit()
        store.note_ids(699)
        crashed = tmp_path / "crashed"
        crashed.mkdir()
        for end in ("", "-wal", "-mark"):
            shutil.copy(f"{path}{end}", crashed)
    log = crashed / "chat.db-wal"
    log.write_bytes(log.read_bytes()[: int(left if left != 0.5 else log.stat().st_size * left)])
    sentence = refused(crashed / "chat.db")
    assert "all up to id 500 and clients were told of ids up to 699" in sentence


def test_a_file_of_an_older_format_is_whole_too(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for step in MIGRATIONS[:3]:
            step(connection)
        connection.execute("PRAGMA user_version = 3")
    assert check_store(str(path)).endswith(f"is whole, of format 3: a server brings it up to {VERSION} when it starts")
