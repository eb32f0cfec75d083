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


class StoreError(Exception):
    """The store cannot be opened; the text is a sentence for the operator."""


class StoreUnavailable(Exception):
    """A write failed and nothing of it holds; later it may work (disk full, I/O error, a foreign lock)."""


class StoreBroken(Exception):
    """A flush to the disk failed: what is on it is unknown, and the process must not go on."""


def classify(error: sqlite3.Error) -> Exception:
    """The exception to raise in place of SQLite's; a defect of ours stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _FSYNC_CODES:
        return StoreBroken(f"the disk did not confirm a write ({error}): check the disk, then start again")
    if code & 0xFF in _PASSING_CODES:
        return StoreUnavailable(str(error))
    return error
