"""What can go wrong with a store, in three kinds that are answered differently."""

import sqlite3

# A failed fsync may have lost pages that the kernel now calls clean: trying again would lie.
_FSYNC_CODES = frozenset((sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC))
_PASSING_CODES = frozenset(
    (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    )
)


# What a disk that cannot read a page (EIO) comes to in SQLite, too.
_DAMAGED_CODES = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))


class StoreError(Exception):
    """The store cannot be opened; the text is a sentence for the operator."""


class StoreUnavailable(Exception):
    """A write failed and nothing of it holds, or a read did. Later it may work: disk full, I/O error or lock."""


class StoreBroken(Exception):
    """A flush to the disk failed: what is on it is unknown, and the process must not go on."""


def classify(error: sqlite3.Error) -> Exception:
    """The exception to raise in place of SQLite's; a defect of ours stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _FSYNC_CODES:
        return StoreBroken(f"the disk did not confirm a write ({error}): check the disk, then start again")
    if code & 0xFF in _PASSING_CODES:
        return StoreUnavailable(str(error))
    if code & 0xFF in _DAMAGED_CODES:
        return StoreUnavailable(f"{error}: check the disk, and the file with python3 -m chatserver check")
    return error
