"""The engine's questions in PostgreSQL's SQL: three small tables, and a row that decides who may append.

`pipechat_head` has one row, whose lock brings appends and take-overs into one order. The clock that ends a lease is
the engine's, and says only who may try; what keeps two writers apart is that an append names the lease and the end.
"""

from typing import Any

from chatserver.cluster.engine import Attendance, Entry, Head, Lease, Member
from chatserver.cluster.link import Link
from chatserver.cluster.steps import Steps
from chatserver.store.shared import Place

VERSION = 1
"""Of the tables."""
ENTRIES_REMOVED = 5_000  # at a time
LOCK = 0x70697063  # of the transaction that makes the tables

TABLES = (
    """
CREATE TABLE IF NOT EXISTS pipechat_head (
    one bool PRIMARY KEY DEFAULT true CHECK (one),
    version int NOT NULL,
    cluster text NOT NULL,
    identity bigint NOT NULL,
    began_empty bool NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    epoch bigint NOT NULL,
    lease text NOT NULL,
    holder text NOT NULL,
    address text NOT NULL,
    expires timestamptz NOT NULL
) WITH (fillfactor = 10)
""",
    """
CREATE TABLE IF NOT EXISTS pipechat_log (
    seq bigint PRIMARY KEY,
    epoch bigint NOT NULL,
    format int NOT NULL,
    hash bytea NOT NULL,
    body bytea NOT NULL
)
""",
    """
ALTER TABLE pipechat_log ALTER COLUMN body SET STORAGE EXTERNAL
""",
    """
CREATE TABLE IF NOT EXISTS pipechat_member (
    node text PRIMARY KEY,
    run text NOT NULL,
    position bigint NOT NULL,
    safe_seq bigint NOT NULL,
    format int NOT NULL,
    seen timestamptz NOT NULL
)
""",
)

_UNTIL = "now() + make_interval(secs => {}::float8)"
_HEAD = (
    "SELECT version, cluster, identity, began_empty, seq, hash, epoch, holder, address, expires < now()"
    " FROM pipechat_head"
)
_FOUND = (
    "INSERT INTO pipechat_head"
    " (version, cluster, identity, began_empty, seq, hash, epoch, lease, holder, address, expires)"
    " VALUES ($1::int, $2::text, $3::bigint, $4::bool, 0, $5::bytea, 0, '', '', '', '-infinity')"
    " ON CONFLICT DO NOTHING"
)
_TAKE = (
    "UPDATE pipechat_head SET epoch = epoch + 1, lease = $2::text, holder = $3::text, address = $4::text,"
    f" expires = {_UNTIL.format('$5')} WHERE cluster = $1::text AND (expires < now() OR lease = $2::text)"
    " RETURNING seq, hash"
)
_RENEW = (
    f"UPDATE pipechat_head SET expires = {_UNTIL.format('$3')} WHERE cluster = $1::text AND lease = $2::text"
    " RETURNING seq, hash"
)
_RELEASE = "UPDATE pipechat_head SET expires = '-infinity' WHERE cluster = $1::text AND lease = $2::text"
_APPEND = (
    f"WITH h AS (UPDATE pipechat_head SET seq = seq + 1, hash = $4::bytea, expires = {_UNTIL.format('$3')}"
    " WHERE cluster = $1::text AND lease = $2::text AND seq = $5::bigint RETURNING seq, epoch)"
    " INSERT INTO pipechat_log (seq, epoch, format, hash, body)"
    " SELECT seq, epoch, $6::int, $4::bytea, $7::bytea FROM h RETURNING seq"
)
_READ = "SELECT seq, hash, format, body FROM pipechat_log WHERE seq > $1::bigint ORDER BY seq LIMIT $2::bigint"
_SAID = (
    "INSERT INTO pipechat_member (node, run, position, safe_seq, format, seen)"
    " VALUES ($1::text, $2::text, $3::bigint, $4::bigint, $5::int, now())"
    " ON CONFLICT (node) DO UPDATE SET run = excluded.run, position = excluded.position,"
    " safe_seq = excluded.safe_seq, format = excluded.format, seen = excluded.seen"
    "{} RETURNING format"
)
_CLAIM, _ATTEND = _SAID.format(""), _SAID.format(" WHERE pipechat_member.run = excluded.run")
_FORGET = (
    "DELETE FROM pipechat_log WHERE seq IN (SELECT seq FROM pipechat_log WHERE seq <= $2::bigint AND seq <="
    " (SELECT CASE WHEN count(*) > 1 THEN min(safe_seq) END FROM pipechat_member"
    f" WHERE seen > now() - make_interval(secs => $1::float8)) ORDER BY seq LIMIT {ENTRIES_REMOVED})"
    " RETURNING seq"
)
_SETTINGS = (
    "SELECT current_setting('fsync'), current_setting('synchronous_commit'),"
    " current_setting('synchronous_standby_names'), extract(epoch FROM clock_timestamp())::float8,"
    " to_regclass('pipechat_head') IS NOT NULL AND to_regclass('pipechat_log') IS NOT NULL"
    " AND to_regclass('pipechat_member') IS NOT NULL"
)
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = current_user"
_MEMBERS = (
    "SELECT node, position, safe_seq, format, extract(epoch FROM now() - seen)::float8 FROM pipechat_member"
    " ORDER BY node"
)


class WrongVersion(Exception):
    """The tables are of another version."""


class Postgres:
    """An `Engine`. `cluster` is the name that was found in the tables, or given to them."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.cluster = ""

    def settings(self) -> Steps[tuple[str, str, str, float, bool]]:
        """fsync, synchronous_commit, synchronous_standby_names, the engine's clock, whether the tables are there."""
        rows = yield self.link.ask(_SETTINGS)
        found: tuple[str, str, str, float, bool] = rows[0]
        return found

    def make_tables(self) -> Steps[None]:
        """Make those that are not there. Two nodes may do so at once: the first of them does."""
        yield self.link.ask("SELECT 1 FROM pg_advisory_lock($1::bigint)", LOCK)
        try:
            for statement in TABLES:
                yield self.link.ask(statement)
        finally:
            yield self.link.ask("SELECT pg_advisory_unlock($1::bigint)", LOCK)

    def found(self, cluster: str, identity: int, first: Place, *, began_empty: bool) -> Steps[None]:
        """Begin a log, unless there is one."""
        yield self.link.ask(_FOUND, VERSION, cluster, identity, "true" if began_empty else "false", first.hash)

    def head(self) -> Steps[Head | None]:
        """The end of the log; None where none was begun. Raises WrongVersion."""
        rows = yield self.link.ask(_HEAD)
        if not rows:
            return None
        version, cluster, identity, began_empty, seq, digest, epoch, holder, address, expired = rows[0]
        if version != VERSION:
            raise WrongVersion(str(version))
        return Head(cluster, identity, began_empty, Place(seq, digest), epoch, holder, address, expired)

    def take(self, lease: Lease) -> Steps[Place | None]:
        """See `Engine`, as for those below."""
        rows = yield self.link.ask(_TAKE, self.cluster, lease.key, lease.holder, lease.address, lease.seconds)
        return _place(rows)

    def renew(self, lease: Lease) -> Steps[Place | None]:
        rows = yield self.link.ask(_RENEW, self.cluster, lease.key, lease.seconds)
        return _place(rows)

    def release(self, lease: Lease) -> Steps[None]:
        yield self.link.ask(_RELEASE, self.cluster, lease.key)

    def append(self, lease: Lease, after: Place, entry: Entry) -> Steps[bool]:
        rows = yield self.link.ask(
            _APPEND,
            self.cluster,
            lease.key,
            lease.seconds,
            entry.place.hash,
            after.position,
            entry.format,
            entry.body,
        )
        return bool(rows)

    def read(self, after: int, entries_max: int) -> Steps[list[Entry]]:
        rows = yield self.link.ask(_READ, after, entries_max)
        return [Entry(Place(seq, digest), format_, body) for seq, digest, format_, body in rows]

    def claim(self, attendance: Attendance) -> Steps[None]:
        """Go by a node's name from now on; an earlier process by that name notices when it attends."""
        yield self.link.ask(_CLAIM, *_said(attendance))

    def attend(self, attendance: Attendance) -> Steps[bool]:
        rows = yield self.link.ask(_ATTEND, *_said(attendance))
        return bool(rows)

    def members(self) -> Steps[list[Member]]:
        rows = yield self.link.ask(_MEMBERS)
        return [Member(*row) for row in rows]

    def waiting(self) -> Steps[int]:
        """How many commits of this user wait for a standby."""
        rows = yield self.link.ask(_WAITING)
        return int(rows[0][0])

    def forget(self, keep_s: float, upto: int) -> Steps[int]:
        rows = yield self.link.ask(_FORGET, keep_s, upto)
        return len(rows)


def _said(attendance: Attendance) -> tuple[str, str, int, int, int]:
    return attendance.node, attendance.run, attendance.position, attendance.safe, attendance.format


def _place(rows: list[tuple[Any, ...]]) -> Place | None:
    return Place(rows[0][0], rows[0][1]) if rows else None
