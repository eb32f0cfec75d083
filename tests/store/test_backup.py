"""Copies of a store: whole, checked, and never in the place of something else."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from chatserver.core.events import MessageSent, UserSignedUp
from chatserver.core.state import Limits
from chatserver.store import backup
from chatserver.store.backup import BackupError, copy_store, is_part_of, restore
from chatserver.store.check import check_store
from chatserver.store.store import Store

STAMP = "2026-12-02T12:00:01.000Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(str(tmp_path / "chat.db"), "normal")) as made:
        made.load(Limits())
        made.write([UserSignedUp(at, f"u{at}", f"u{at}", "hash", 1, 0) for at in (1, 2)])
        made.write([MessageSent(at, 1, 1, 2, "text" * 100, None) for at in range(1, 500)])
        made.commit()
        yield made


def test_what_is_a_part_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "chat.db").symlink_to(tmp_path / "real" / "other.db")
    store = str(tmp_path / "chat.db")
    for part in (
        "chat.db.admin",
        "chat.db-mark",
        "real/other.db-wal",
        "linked/other.db-journal",
        "real/../chat.db-shm",
    ):
        assert is_part_of(store, str(tmp_path / part)), part
    for other in ("chat.db.bak", "chat.db", "real/chat.db-wal", "chat.db-wal/in", ""):
        assert not is_part_of(store, str(tmp_path / other)), other


def test_a_copy_has_what_was_stored_when_it_began(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In as many steps as it takes; what is written and not stored is not in it."""
    monkeypatch.setattr(backup, "STEP_PAGES", 1)
    monkeypatch.setattr(backup, "REST_S", 0.0)
    store.write([MessageSent(500, 1, 1, 2, "not yet stored", None)])
    said = copy_store(str(tmp_path / "chat.db"), str(tmp_path / "copy.db"), 0, STAMP)
    assert "up to message 499" in said
    assert os.stat(tmp_path / "copy.db").st_mode & 0o777 == 0o600
    assert "is whole" in check_store(str(tmp_path / "copy.db"))
    assert not list(tmp_path.glob("*.partial*"))


def test_a_folder_keeps_the_newest(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "chat-notes.db").write_text("not a copy")
    for at in range(4):
        said = copy_store(str(tmp_path / "chat.db"), str(folder), 2, f"2026-12-02T12:00:0{at + 1}.000Z")
    assert "1 older copies are removed" in said
    assert sorted(path.name for path in folder.iterdir()) == [
        "chat-2026-12-02T12-00-03.000Z.db",
        "chat-2026-12-02T12-00-04.000Z.db",
        "chat-notes.db",
    ]


@pytest.mark.parametrize("name", ["chat.db", "link.db", "there.db", "no/copy.db"])
def test_where_no_copy_can_be_nothing_changes(store: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / "there.db").write_text("mine")
    (tmp_path / "link.db").symlink_to(tmp_path / "nowhere")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(BackupError, match=r": (name|look)"):
        copy_store(str(tmp_path / "chat.db"), str(tmp_path / name), 0, STAMP)
    with pytest.raises(BackupError, match="folder"):
        copy_store(str(tmp_path / "chat.db"), str(tmp_path / "new.db"), 3, STAMP)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "there.db").read_text() == "mine"


def test_a_disk_that_is_full_leaves_nothing_behind(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: str, partial: Path) -> None:
        partial.write_bytes(b"a part")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(backup, "_copy", full)
    with pytest.raises(BackupError, match="disk is full"):
        copy_store(str(tmp_path / "chat.db"), str(tmp_path / "copy.db"), 0, STAMP)
    assert not list(tmp_path.glob("copy*"))


@pytest.mark.parametrize("harm", ["cut", "scribbled", "foreign", "newer", "no file", "no database"])
def test_what_is_no_whole_copy_is_not_put_back(store: Store, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "copy.db"
    copy_store(str(tmp_path / "chat.db"), str(path), 0, STAMP)
    data = bytearray(path.read_bytes())
    if harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "scribbled":
        data[len(data) // 2 : len(data) // 2 + 5000] = b"\xff" * 5000
        path.write_bytes(data)
    elif harm == "no file":
        path.unlink()
    elif harm == "no database":
        path.write_text("once upon a time " * 100)
    else:
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA user_version = 999" if harm == "newer" else "PRAGMA application_id = 7")
    before = path.read_bytes() if path.exists() else b""
    store.close()
    stored = (tmp_path / "chat.db").read_bytes()
    with pytest.raises(BackupError, match=": "):
        restore(str(path), str(tmp_path / "chat.db"), STAMP)
    assert (tmp_path / "chat.db").read_bytes() == stored
    assert (path.read_bytes() if path.exists() else b"") == before


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("step", ["link", "copyfile", "replace", ""])
def test_a_restore_that_is_broken_off_leaves_the_store_that_was_there_or_the_copy(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, links: bool
) -> None:
    """Also what only the log of a server that was killed held."""
    copy_store(str(tmp_path / "chat.db"), str(tmp_path / "copy.db"), 0, STAMP)
    store.write([MessageSent(500, 1, 1, 2, "behind the copy", None)])
    store.commit()
    killed = tmp_path / "killed"
    killed.mkdir()
    for end in ("", "-wal"):
        shutil.copyfile(tmp_path / f"chat.db{end}", killed / f"chat.db{end}")
    assert (killed / "chat.db-wal").stat().st_size

    def broken_off(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    if not links:
        monkeypatch.setattr(os, "link", broken_off)
    if step:
        monkeypatch.setattr(shutil if step == "copyfile" else os, step, broken_off)
    fails = step in ("copyfile", "replace")
    with pytest.raises(BackupError) if fails else nullcontext():
        restore(str(tmp_path / "copy.db"), str(killed / "chat.db"), STAMP)
    monkeypatch.undo()
    assert last_message(killed / "chat.db") == (500 if fails else 499)
    kept = list(killed.glob("chat.db.before-*"))
    is_kept = not fails or (step == "replace" and not links)  # a second name goes again, a copy may stay
    assert [last_message(path) for path in kept] == ([500] if is_kept else [])
    assert not list(killed.glob("*.restored"))


def last_message(path: Path) -> int:
    with closing(sqlite3.connect(path)) as file:
        found: int = file.execute("SELECT max(id) FROM messages").fetchone()[0]
        return found


def test_a_link_to_the_store_is_no_copy_of_it(store: Store, tmp_path: Path) -> None:
    store.close()
    (tmp_path / "copy.db").symlink_to(tmp_path / "chat.db")
    with pytest.raises(BackupError, match="is the store itself"):
        restore(str(tmp_path / "copy.db"), str(tmp_path / "chat.db"), STAMP)


def test_a_restore_begins_an_epoch_though_no_id_was_given_out_since(store: Store, tmp_path: Path) -> None:
    path, before = str(tmp_path / "chat.db"), store.name
    copy_store(path, str(tmp_path / "copy.db"), 0, STAMP)
    store.close()
    restore(str(tmp_path / "copy.db"), path, STAMP)
    with closing(Store(path)) as restored:
        assert restored.name.identity == before.identity
        assert restored.name.epoch > before.epoch
        assert restored.load(Limits()).last_message_id > 499
