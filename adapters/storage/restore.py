"""Restores a backup as a data directory's journal, under a new id.

The supervisor that wrote the backup may have continued after it. Were both to derive client order ids from one id, each
could take the other's order for its own. So the copy gets a new id and remembers the former one: orders it knows are
its own; later orders under the former id are foreign, shown and never touched.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import apsw

from adapters.storage import rows, schema
from adapters.storage.errors import JournalError, JournalThere, JournalUnreadable
from adapters.storage.lock import DirectoryLock
from adapters.storage.private import require_own
from messages.types import JournalId

UNFINISHED = ".restoring"
"""The copy's name until it is whole, so that an interrupted restore leaves no journal."""


def restore(
    source: Path, directory: Path, *, journal_id: Callable[[], JournalId] = schema.random_journal_id
) -> schema.Meta:
    """Copy `source`, a journal file or its directory, into the data directory, durably; return the new metadata.

    Raises JournalMissing, JournalNotADatabase, JournalTooNew or JournalUnreadable for the source; JournalLocked when a
    supervisor runs on the directory, JournalThere when it has a journal, JournalNotWritable.
    """
    source = source / schema.FILE_NAME if os.path.isdir(source) else source  # noqa: PTH112 - never raises
    backup = schema.connect_read_only(source)
    try:
        lock = DirectoryLock(directory)
        try:
            return _into(directory, backup, source, journal_id())
        finally:
            lock.release()
    finally:
        backup.close(True)


def _into(directory: Path, backup: apsw.Connection, source: Path, journal_id: JournalId) -> schema.Meta:
    path = directory / schema.FILE_NAME
    unfinished = path.with_name(path.name + UNFINISHED)
    if path.exists():
        raise JournalThere(path)
    for left in (unfinished, *_companions(unfinished)):
        left.unlink(missing_ok=True)
    require_own(unfinished)
    copy = apsw.Connection(str(unfinished))
    try:
        with copy.backup("main", backup, "main") as copying:
            copying.step()
        # One whole file without a log, which a rename could leave behind.
        copy.pragma("journal_mode", "delete")
        copy.pragma("synchronous", "full")
        schema.rename(copy, journal_id, rows.highest(copy, "SELECT max(ordinal) FROM position"))
        meta = schema.read_meta(copy)
    except (apsw.Error, ValueError, KeyError, TypeError, OSError, OverflowError) as error:
        _discard(copy, unfinished)
        raise JournalUnreadable(source, str(error)) from error
    except JournalError:
        _discard(copy, unfinished)
        raise
    copy.close(True)
    unfinished.rename(path)
    schema.sync_directory(directory)
    return meta


def _discard(connection: apsw.Connection, path: Path) -> None:
    with suppress(apsw.Error):
        connection.close(True)
    for left in (path, *_companions(path)):
        left.unlink(missing_ok=True)


def _companions(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal"))
