"""The paper account on disk: a snapshot and the log of every input since.

The venue's model is deterministic, so its state is its inputs: a record costs one append of some
200 bytes, where a whole account per order would cost milliseconds that grow with its history.
Every input of the model is recorded, reads and clock ticks too, because they move counters
and the seeded prices; only what an answer acknowledges is synced before that answer leaves.

Layout of the directory: `identity.json` (minted once), `snapshot.json` (atomic: written aside,
synced, renamed), `inputs-<n>.log` (records since snapshot n), `lock`.

A record is one line: crc32 in hexadecimal, a space, a JSON array. A torn last line was never
acknowledged and is cut off; a broken line before it is damage and refuses the start.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from adapters.storage.private import open_private, private_directory
from albra.loopback.private_file import open_to_read

Record = Sequence[Any]

RECORDS_PER_SNAPSHOT = 2_000
"""Bounds the replay at start: 2,000 orders are replayed in 0.4 s."""

SNAPSHOT_BYTES_PER_RECORD = 1_024
"""A long history makes snapshots dear (20 ms per MB), so they become rarer in proportion."""


class StorageInUseError(OSError):
    """Another server holds this directory."""


class StorageDamagedError(Exception):
    """The account on disk is damaged; the text names file and record."""


def identity_at(directory: Path) -> str:
    """Identity of the paper venue stored there, minted on first use.

    A journal binds itself to this, not to host and port, which change with every start.
    """
    path = directory / "identity.json"
    try:
        return str(json.loads(_content(path))["identity"])
    except FileNotFoundError:
        private_directory(directory)
    except (ValueError, KeyError, TypeError) as error:
        raise StorageDamagedError(f"{path} is not a paper venue's identity: {error}") from error
    identity = f"paper-{secrets.token_hex(8)}"
    _write_atomically(path, json.dumps({"identity": identity}).encode())
    return identity


class InputLog:
    """Append-only record of the venue's inputs, with one snapshot to start from.

    Not thread-safe but for `sync`, which may run on another thread than `append`.
    """

    def __init__(self, directory: Path) -> None:
        """Open or create the directory; `StorageInUseError` when another process holds it."""
        private_directory(directory)
        self._directory = directory
        self._lock = _locked(directory / "lock")
        try:
            self.identity = identity_at(directory)
        except BaseException:
            os.close(self._lock)  # no log holds what could not be opened
            raise
        self._sequence = 0
        self._file = -1
        self._records = 0
        self._records_due = RECORDS_PER_SNAPSHOT

    def recover(self) -> tuple[dict[str, Any] | None, list[Record]]:
        """The last snapshot (None at the very first start) and every input after it, in order."""
        path = self._directory / "snapshot.json"
        try:
            stored = json.loads(_content(path))
            sequence, state = int(stored["sequence"]), cast(dict[str, Any], stored["state"])
        except FileNotFoundError:
            return None, []
        except (ValueError, KeyError, TypeError) as error:
            raise StorageDamagedError(f"{path} is unreadable: {error}") from error
        records: list[Record] = []
        self._sequence = sequence
        # A crash between opening a new log and renaming its snapshot leaves two logs in a row.
        while (log := self._log_path(self._sequence)).exists():
            records += _records_of(log)
            self._sequence += 1
        return state, records

    def begin(self, state: dict[str, Any]) -> None:
        """Write a snapshot and start the log that follows it; older logs are removed."""
        sequence = self._sequence + 1
        fresh = open_private(self._log_path(sequence), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.ftruncate(fresh, 0)
        document = json.dumps({"sequence": sequence, "state": state}, separators=(",", ":"))
        _write_atomically(self._directory / "snapshot.json", document.encode())
        stale, self._file, self._sequence = self._file, fresh, sequence
        self._records = 0
        self._records_due = max(RECORDS_PER_SNAPSHOT, len(document) // SNAPSHOT_BYTES_PER_RECORD)
        if stale >= 0:
            os.close(stale)
        for log in self._directory.glob("inputs-*.log"):
            if log != self._log_path(sequence):
                log.unlink()

    def append(self, record: Record) -> None:
        """Write the record to the kernel: it survives this process, but not a power loss."""
        body = json.dumps(record, separators=(",", ":")).encode()
        line = b"%08x %s\n" % (zlib.crc32(body), body)
        written = os.write(self._file, line)
        if written != len(line):
            raise OSError(f"short write to {self._log_path(self._sequence)}: {written} of {len(line)} bytes")
        self._records += 1

    def full(self) -> bool:
        """Return whether a snapshot is due."""
        return self._records >= self._records_due

    def descriptor(self) -> int:
        """A duplicate of the log's file descriptor, for `sync` on another thread."""
        return os.dup(self._file)

    def close(self) -> None:
        """Release the directory; nothing is synced here."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        os.close(self._lock)

    def _log_path(self, sequence: int) -> Path:
        return self._directory / f"inputs-{sequence}.log"


def sync(descriptor: int) -> None:
    """Make what was appended so far survive a power loss, and close the duplicate."""
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def _records_of(path: Path) -> Iterator[Record]:
    lines = _content(path).split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        checksum, _, body = line.partition(b" ")
        if checksum != b"%08x" % zlib.crc32(body):
            if number == len(lines) - 1:
                return
            raise StorageDamagedError(f"{path}, line {number}: the checksum does not match")
        yield json.loads(body)


def _content(path: Path) -> bytes:
    """Return the content of a file that only this user can write. Raises OSError."""
    with os.fdopen(open_to_read(path), "rb") as file:
        return file.read()


def _locked(path: Path) -> int:
    descriptor = open_private(path, os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StorageInUseError(
            error.errno, f"the paper account in {path.parent} is in use by another process"
        ) from error
    return descriptor


def _write_atomically(path: Path, content: bytes) -> None:
    aside = path.with_suffix(".tmp")
    descriptor = open_private(aside, os.O_CREAT | os.O_WRONLY)
    try:
        os.ftruncate(descriptor, 0)
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    aside.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
