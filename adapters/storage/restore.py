"""A journal from a backup becomes the journal of a data directory, under an id of its own.

The supervisor that wrote the backed-up journal may have gone on after the copy was made, or go on still: were both to
name their next orders alike, one would take the other's order for its own. So the copy gets a new id, and remembers
the former one: what it knows of is its own, what was sent under that id since is a stranger's, shown and never touched.
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
"""Beside the journal until it is whole: a restore that was cut short leaves no journal behind."""


def restore(
    source: Path, directory: Path, *, journal_id: Callable[[], JournalId] = schema.random_journal_id
) -> schema.Meta:
    """Copy `source`, a journal file or a directory with one, into the data directory, durably; what it is then.

    Raises a JournalError: JournalMissing, JournalNotADatabase, JournalTooNew or JournalUnreadable for the source;
    JournalLocked where a supervisor runs on the directory, JournalThere where it has a journal, JournalNotWritable.
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
        # One file, whole: no log beside it that could be left behind when the name changes.
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
