"""A disk whose power may go: what was synced stays, of what was not any part may be there and any part not.

Sectors are written whole (SQLite relies on no more); which of them made it, and in which order, is drawn.
A file that was never synced may be missing, one that was removed without a sync of its directory may be
back. The index beside the log (`-shm`) is memory and never survives.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import apsw

from tests.storage.disk import spelled

SECTOR = 512
_names = count()


@dataclass(slots=True)
class _Write:
    offset: int
    data: bytes
    number: int


@dataclass(slots=True)
class _Truncate:
    size: int
    number: int


@dataclass(slots=True)
class _Content:
    """`named` says whether the directory entry is durable; `pending` is what was done since the last sync. All files of
    a disk share one count of what was done.
    """

    synced: bytes = b""
    named: bool = False
    removed: bool = False
    pending: list[_Write | _Truncate] = field(default_factory=list)

    def sync(self) -> None:
        self.synced = _applied(self.synced, self.pending)
        self.pending.clear()
        self.named = True

    def after_loss(self, random: Random, known: int | None) -> bytes | None:
        if (not self.named or self.removed) and random.random() < 0.5:
            return None
        if known is not None:
            return _applied(self.synced, [done for done in self.pending if done.number <= known])
        share = random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        return _applied(self.synced, list(_survivors(self.pending, random, share)))


def _survivors(pending: list[_Write | _Truncate], random: Random, share: float) -> Iterator[_Write | _Truncate]:
    for done in pending:
        if isinstance(done, _Truncate):
            if random.random() < share:
                yield done
            continue
        for start in range(0, len(done.data), SECTOR):
            if random.random() < share:
                yield _Write(done.offset + start, done.data[start : start + SECTOR], done.number)


def _applied(content: bytes, done: list[_Write | _Truncate]) -> bytes:
    result = bytearray(content)
    for each in done:
        if isinstance(each, _Truncate):
            del result[each.size :]
            continue
        result.extend(bytes(max(0, each.offset - len(result))))
        result[each.offset : each.offset + len(each.data)] = each.data
    return bytes(result)


class PowerDisk:
    """`before`, called ahead of every call that changes something, may take an `image` of what power loss leaves."""

    def __init__(self) -> None:
        self.name = f"power{next(_names)}"
        self.before: Callable[[], None] = lambda: None
        self._files: dict[str, _Content] = {}
        self._done = 0

    def next_number(self) -> int:
        """Of something that is done to a file."""
        self._done += 1
        return self._done

    def hold(self, directory: Path) -> None:
        """What lies there is synced: a machine has come back with it."""
        for path in directory.iterdir():
            self._files[str(path)] = _Content(synced=path.read_bytes(), named=True)

    def content(self, path: str) -> _Content:
        found = self._files.get(path)
        if found is None or found.removed:
            found = self._files[path] = _Content()
        return found

    def remove(self, path: str, *, durably: bool) -> None:
        if (found := self._files.get(path)) is not None:
            if durably:
                del self._files[path]
            else:
                found.removed = True

    def sync_directory(self) -> None:
        """What was created or removed stays so."""
        self._files = {path: content for path, content in self._files.items() if not content.removed}
        for content in self._files.values():
            content.named = True

    def image(self, directory: Path, random: Random, *, forgets: int = 0) -> None:
        """Write what a machine would find after its power went now.

        `forgets`: so many of the last things done are gone where they were not synced, and all before them had reached
        the disk by themselves. Zero: of what was not synced any sectors are there, and any are not.
        """
        directory.mkdir()
        for path, content in self._files.items():
            left = content.after_loss(random, self._done - forgets if forgets else None)
            if left is not None:
                (directory / Path(path).name).write_bytes(left)


class _File(apsw.VFSFile):
    def __init__(self, disk: PowerDisk, filename: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", filename or "", flags)
        self._disk = disk
        self._content = disk.content(spelled(filename))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - the names that SQLite calls
        self._disk.before()
        self._content.pending.append(_Write(offset, bytes(data), self._disk.next_number()))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.before()
        self._content.pending.append(_Truncate(newsize, self._disk.next_number()))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """The real file need not be synced: its machine stays up."""
        self._disk.before()
        self._content.sync()


class _Vfs(apsw.VFS):
    def __init__(self, disk: PowerDisk) -> None:
        super().__init__(disk.name, "")
        self._disk = disk

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> Any:  # noqa: N802
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802, FBT001
        self._disk.before()
        self._disk.remove(filename, durably=bool(syncdir))
        super().xDelete(filename, syncdir)


@contextmanager
def power_disk() -> Iterator[PowerDisk]:
    made = PowerDisk()
    vfs = _Vfs(made)
    yield made
    vfs.unregister()
