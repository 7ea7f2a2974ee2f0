"""The journal's file: tables, opening, and binding.

`step` is append-only: one row is one step of one position. `position` lists the positions and which are terminal.
`snapshot` keeps the latest of each. A change of tables is a new FORMAT with its own migration; messages evolve by the
rules of `messages.codec`.
"""

import os
import secrets
import string
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import apsw

from adapters.storage import JOURNAL_FILE
from adapters.storage.errors import (
    JournalBoundElsewhere,
    JournalError,
    JournalMissing,
    JournalNotADatabase,
    JournalNotWritable,
    JournalTooNew,
    JournalUnreadable,
)
from adapters.storage.private import refuse_link, require_own, unusable
from albra.loopback.private_file import NotOursError
from messages.types import AccountId, JournalId, Life

_T = TypeVar("_T")
FILE_NAME = JOURNAL_FILE
FORMAT = 1
_APPLICATION_ID = 0x416C6272  # "Albr": identifies our file
_BUSY_TIMEOUT_MS = 3_000
"""Another program may lock the file. Shorter than the control API's wait, so that a caller gets the reason."""
# Folding the log back into the file costs an fsync of both; 16 MiB makes that rare and keeps recovery short.
CHECKPOINT_PAGES = 4_096

_TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE binding(account TEXT PRIMARY KEY, identity TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE step(
    seq INTEGER PRIMARY KEY, ordinal INTEGER NOT NULL, version INTEGER NOT NULL, ts INTEGER NOT NULL,
    payload BLOB NOT NULL, checksum BLOB NOT NULL);
CREATE INDEX step_by_position ON step(ordinal, seq);
CREATE TABLE position(
    ordinal INTEGER PRIMARY KEY, position_id TEXT NOT NULL, terminal INTEGER NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE snapshot(
    ordinal INTEGER PRIMARY KEY, version INTEGER NOT NULL, payload BLOB NOT NULL, checksum BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """`bindings`: account -> identity of the venue account that its positions live at. `created` is wall time, ns.

    `former`: the ids of the journals that this one was restored from, each with its highest ordinal then.
    """

    journal_id: JournalId
    created: int
    bindings: tuple[tuple[AccountId, str], ...]
    former: tuple[tuple[JournalId, int], ...] = ()


def random_journal_id() -> JournalId:
    return JournalId(_random(8))


def random_life() -> Life:
    return Life(_random(6))


def _random(length: int) -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def connect(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """Open a writing connection to an existing journal or a new empty file.

    Raises JournalError with what is wrong.
    """
    return _guarded(path, lambda: _connect(path, vfs))


def connect_read_only(path: Path) -> apsw.Connection:
    """Open a connection beside a running supervisor, or to a stopped one's journal. Raises as `connect`."""
    try:
        if not path.exists():
            raise JournalMissing(path)
        if not path.is_file():
            raise JournalNotADatabase(path, "it is not a regular file")
        for suffix in ("-wal", "-journal"):  # SQLite follows no links, and its error does not name the file
            refuse_link(path.with_name(path.name + suffix))
    except NotOursError as error:
        raise unusable(path, error) from error
    except OSError as error:
        raise JournalUnreadable(path, error.strerror or str(error)) from error

    def opened() -> apsw.Connection:
        connection = _readable(path)
        connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
        if _is_empty(connection):
            connection.close(True)
            raise JournalNotADatabase(path, "it is empty")
        _require_ours(path, connection)
        return connection

    return _guarded(path, opened)


def _readable(path: Path) -> apsw.Connection:
    """Open read-only; on a read-only volume SQLite cannot create its index, and the file is immutable there."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        _is_empty(connection)
    except apsw.CantOpenError:
        connection.close(True)
        log = path.with_name(path.name + "-wal")
        if os.access(path.parent, os.W_OK) or (log.exists() and log.stat().st_size):
            raise
        uri = f"file:{quote(str(path.absolute()))}?immutable=1"
        return apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    return connection


def create_if_new(path: Path, connection: apsw.Connection, journal_id: Callable[[], JournalId], now_ns: int) -> None:
    """Create the tables in an empty file, in one transaction. Raises JournalError."""

    def create() -> None:
        if not _is_empty(connection):
            return
        with connection:
            connection.execute(_TABLES)
            rows = [("journal_id", journal_id()), ("created", str(now_ns))]
            connection.executemany("INSERT INTO meta(name, value) VALUES(?, ?)", rows)
            connection.pragma("application_id", _APPLICATION_ID)
            connection.pragma("user_version", FORMAT)
        # Written to the file itself: a flipped bit in the log must not make the journal look new.
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        sync_directory(path.parent)

    _guarded(path, create)


def open_bound(
    directory: Path,
    bindings: Mapping[AccountId, str],
    journal_id: Callable[[], JournalId],
    now_ns: int,
    vfs: str | None = None,
) -> apsw.Connection:
    """Connect, create if new, and bind; an exception leaves nothing open."""
    path = directory / FILE_NAME
    if vfs is None:
        _keep_private(path)
    connection = connect(path, vfs=vfs)
    try:
        create_if_new(path, connection, journal_id, now_ns)
        bind(path, connection, bindings)
    except BaseException:
        with suppress(apsw.Error):
            connection.close(True)
        raise
    return connection


def _keep_private(path: Path) -> None:
    """Restrict the file and its companions before opening. Raises JournalNotOurs, JournalNotWritable.

    An index that others could open may still be open there, and a lock on it would block all writes: it is recreated.
    """
    index, log, rollback = (path.with_name(path.name + suffix) for suffix in ("-shm", "-wal", "-journal"))
    try:
        require_own(path)
        for beside in (log, rollback):
            if beside.is_symlink() or beside.exists():
                require_own(beside)
        if index.is_symlink() or (index.exists() and index.stat().st_mode & 0o077):
            index.unlink()
    except OSError as error:
        raise unusable(path, error) from error


def read_meta(connection: apsw.Connection) -> Meta:
    named = {str(name): str(value) for name, value in connection.execute("SELECT name, value FROM meta")}
    rows = connection.execute("SELECT account, identity FROM binding ORDER BY account")
    return Meta(
        journal_id=JournalId(named["journal_id"]),
        created=int(named["created"]),
        bindings=tuple((AccountId(str(account)), str(identity)) for account, identity in rows),
        former=tuple(_former(entry) for entry in named.get("former", "").split()),
    )


def rename(connection: apsw.Connection, journal_id: JournalId, highest_ordinal: int) -> None:
    """Give a restored journal a new id, and record the former one."""
    meta = read_meta(connection)
    former = " ".join(f"{name}:{highest}" for name, highest in (*meta.former, (meta.journal_id, highest_ordinal)))
    with connection:
        rows = [("journal_id", journal_id), ("former", former)]
        connection.executemany("INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)", rows)


def _former(entry: str) -> tuple[JournalId, int]:
    name, _, highest = entry.partition(":")
    return JournalId(name), int(highest)


def bind(path: Path, connection: apsw.Connection, expected: Mapping[AccountId, str]) -> None:
    """Bind new accounts to this journal; known ones must have their recorded identity.

    Raises JournalBoundElsewhere, and binds nothing then.
    """
    bound = dict(read_meta(connection).bindings)
    for account, identity in expected.items():
        if bound.get(account, identity) != identity:
            raise JournalBoundElsewhere(path, account, bound[account], identity)
    new = [(account, identity) for account, identity in expected.items() if account not in bound]
    if new:

        def insert() -> None:
            with connection:
                connection.executemany("INSERT INTO binding(account, identity) VALUES(?, ?)", new)

        _guarded(path, insert)


def rebind(path: Path, account: AccountId, bound: str, expected: str) -> None:
    """Replace an account's identity `bound`; does nothing when it has changed meanwhile. Raises JournalError."""
    connection = connect(path)

    def update() -> None:
        with connection:
            query = "UPDATE binding SET identity = ? WHERE account = ? AND identity = ?"
            connection.execute(query, (expected, account, bound))

    try:
        _guarded(path, update)
    finally:
        connection.close(True)


def _connect(path: Path, vfs: str | None) -> apsw.Connection:
    connection = apsw.Connection(str(path), vfs=vfs)
    try:
        connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
        _require_ours(path, connection)
        connection.pragma("journal_mode", "wal")
        # Every commit is synced; the two pragmas below require it of disks that only pretend to sync (macOS).
        connection.pragma("synchronous", "full")
        connection.pragma("fullfsync", True)
        connection.pragma("checkpoint_fullfsync", True)
        connection.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
    except BaseException:
        connection.close(True)
        raise
    return connection


def _require_ours(path: Path, connection: apsw.Connection) -> None:
    if _is_empty(connection):
        return
    if connection.pragma("application_id") != _APPLICATION_ID:
        raise JournalNotADatabase(path, "it is a database of something else")
    found = int(str(connection.pragma("user_version")))
    if found > FORMAT:
        raise JournalTooNew(path, found, FORMAT)


def _is_empty(connection: apsw.Connection) -> bool:
    return connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)


def _guarded(path: Path, action: Callable[[], _T]) -> _T:
    """Convert SQLite's exceptions to a JournalError with a remedy."""
    try:
        return action()
    except JournalError:
        raise
    except apsw.NotADBError as error:
        raise JournalNotADatabase(path, "it is no database file") from error
    except (apsw.CorruptError, apsw.IOError) as error:
        raise JournalUnreadable(path, str(error)) from error
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.FullError, apsw.PermissionsError) as error:
        raise JournalNotWritable(path, str(error)) from error
    except apsw.Error as error:
        raise JournalUnreadable(path, str(error)) from error


def sync_directory(directory: Path) -> None:
    """Sync the directory: only then is a new file's name durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
