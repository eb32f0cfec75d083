"""Copies of a store: made in small steps while it is in use, and checked before they count.

It runs in threads of its own, on connections of its own, and knows nothing of the server. A copy is what was stored
when it began: a snapshot that is held while it is read, so that writing goes on and does not begin it anew.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from chatserver.store.check import check_store
from chatserver.store.errors import StoreError
from chatserver.store.identity import Mark

STEP_PAGES = 64  # half a MiB, some 0.3 ms
_PARTS = ("-wal", "-shm", "-journal", "-mark", ".admin")  # beside the file: SQLite's, up to which id, the owner's door
REST_S = 0.002  # between steps: others use the disk too


def is_part_of(store: str, path: str) -> bool:
    """Whether a path is that of a file beside a store which is a part of it, also where there is none at the moment."""
    places = (os.path.realpath(store), _in_real_folder(store))
    return any(_in_real_folder(path) == place + end for place in places for end in _PARTS)


def _in_real_folder(path: str) -> str:
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


class BackupError(Exception):
    """A copy could not be made, or a file is not whole; the text is a sentence for the operator."""


def copy_store(store: str, wanted: str, keep: int, stamp: str) -> str:
    """Copy a store into a new file, or into a folder under a name with a stamp; say what was done. Raises BackupError.

    In a folder the newest `keep` copies stay (0: all).
    """
    if not wanted:
        raise BackupError("a copy needs a name: name a file that is not there yet, or a folder")
    folder = Path(wanted) if os.path.isdir(wanted) else None
    if keep and folder is None:
        raise BackupError(f"--keep goes with a folder, and {wanted} is none: name a folder of copies")
    stem = Path(store).stem
    name = f"{stem}-{stamp.replace(':', '-')}.db"
    target = folder / name if folder else Path(wanted)
    if os.path.lexists(target):
        raise BackupError(f"{target} is there already: name a file that is not, or a folder")
    partial = target.with_name(target.name + ".partial")
    try:
        _copy(store, partial)
        messages = _checked(str(partial))
        os.link(partial, target)  # unlike a rename it never replaces what has come there meanwhile
        _flush(target.parent)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BackupError(
            f"{target} could not be made ({why}): look at its folder, and at the room on its disk"
        ) from error
    finally:
        for left in (partial, *(partial.with_name(partial.name + end) for end in ("-journal", "-wal", "-shm"))):
            with suppress(OSError):
                left.unlink()
    gone = _keep_newest(folder, stem, keep) if folder and keep else 0
    removed = f"; {gone} older copies are removed" if gone else ""
    return f"{target} holds all up to message {messages}, {target.stat().st_size} bytes, checked and whole{removed}"


def _copy(store: str, partial: Path) -> None:
    with suppress(FileNotFoundError):
        partial.unlink()  # of an earlier try that was cut off
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(store, isolation_level=None)) as source, closing(sqlite3.connect(partial)) as copy:
        source.execute("PRAGMA query_only = ON")
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from here on the snapshot is held
        source.backup(copy, pages=STEP_PAGES, sleep=REST_S)
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, which can be copied on as it is
    _sync(str(partial))


def _flush(folder: Path) -> None:
    _sync(str(folder))


def _sync(path: str) -> None:
    """Have a file, or a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep_newest(folder: Path, stem: str, keep: int) -> int:
    """Remove all but the newest copies that were made here; how many went. Names rise with time."""
    old = sorted(folder.glob(f"{stem}-????-??-??T??-??-??.???Z.db"))[:-keep]
    for path in old:
        path.unlink()
    return len(old)


def restore(copy: str, store: str, stamp: str) -> str:
    """Put a copy in the place of a store that no server uses; say what was done. Raises BackupError.

    What was there stays beside it under another name, and in its place until the copy takes that in one step: a power
    cut in between leaves the one or the other.
    """
    if os.path.realpath(copy) == os.path.realpath(store):
        raise BackupError(f"{copy} is the store itself: name a copy of it")
    messages = _checked(copy)
    kept = f"{store}.before-{stamp.replace(':', '-')}"
    fresh = f"{store}.restored"
    try:
        with _alone(store):
            shutil.copyfile(copy, fresh)
            os.chmod(fresh, 0o600)
            _sync(fresh)
            _keep(store, kept)
            _forget_name(store)
            os.replace(fresh, store)
            _flush(Path(store).absolute().parent)
    except OSError as error:
        _put_back(store, kept)
        raise BackupError(
            f"{store} could not be restored ({error.strerror}): what was there is {kept}, or as it was"
        ) from error
    finally:
        with suppress(OSError):
            os.unlink(fresh)
    return f"{store} holds all up to message {messages} of {copy}; what was there before is {kept}"


def _keep(store: str, kept: str) -> None:
    """Give a store a second name, with all that its log holds: beside another file that log would be that one's."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    try:
        os.link(store, kept)
    except OSError:  # there are disks without second names
        shutil.copyfile(store, kept)
        _sync(kept)
    for end in ("-wal", "-shm"):  # there still where the store is damaged
        with suppress(FileNotFoundError):
            os.rename(store + end, kept + end)


def _put_back(store: str, kept: str) -> None:
    """Take the second name away again where the store is still there: two names of one file invite two logs."""
    with suppress(OSError):
        if os.path.samefile(store, kept):
            for end in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.rename(kept + end, store + end)
            os.unlink(kept)


def _forget_name(store: str) -> None:
    """Have the next start begin a new epoch, also where no id was given out since the copy: other things may differ."""
    mark = Mark.read(store)
    if mark is not None:  # without one it does so by itself
        Mark(store, mark.name._replace(epoch=mark.name.epoch + 1), mark.last_id).close()


@contextmanager
def _alone(store: str) -> Iterator[None]:
    """Keep servers from a store meanwhile. Raises BackupError where one uses it."""
    descriptor = os.open(store, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise BackupError(f"{store} is in use by a server: stop it first") from error
    finally:
        os.close(descriptor)


def _checked(path: str) -> int:
    """The last message's id of a copy. Raises BackupError where it cannot be one."""
    if any(os.path.exists(path + end) for end in ("-wal", "-shm")):
        raise BackupError(f"{path} is a store with a log beside it, and no copy: make one with admin backup")
    try:
        check_store(path)
        with closing(sqlite3.connect(f"file:{_quoted(Path(path))}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT ifnull(max(id), 0) FROM messages").fetchone()[0])
    except (StoreError, sqlite3.Error) as error:
        raise BackupError(f"{path} is no copy that can be used. {error}") from error


def table_sizes(path: str) -> list[tuple[str, int]]:
    """The bytes of each table and index of a file, the largest first. Raises sqlite3.Error where SQLite cannot tell."""
    query = "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = TRUE GROUP BY name ORDER BY 2 DESC, 1"
    with closing(sqlite3.connect(f"file:{_quoted(Path(path))}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def _quoted(path: Path) -> str:
    """A path as a URI has it."""
    return path.absolute().as_uri().removeprefix("file://")
