"""A disk between SQLite and the real one: it counts calls, and fails where a test says so.

APSW lets Python stand in for files and for the calls that name them; the shared index beside the log
(`-shm`) is mapped by SQLite itself and is not seen here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import apsw

_names = count()
OPERATIONS = (
    "xOpen",
    "xRead",
    "xWrite",
    "xSync",
    "xTruncate",
    "xFileSize",
    "xLock",
    "xUnlock",
    "xAccess",
    "xDelete",
)


class ShortWriteError(Exception):
    """Raised by a fault: half of the data is written, then the disk is full."""


class Disk:
    """`calls` names each operation as (`xSync`, `-wal`); `fault`, asked with that, raises what shall fail.

    Not `patient`: syncs are counted and not done, for tests that count them by the thousand.
    """

    def __init__(self) -> None:
        self.name = f"disk{next(_names)}"
        self.calls: list[tuple[str, str]] = []
        self.fault: Callable[[str, str], None] = lambda _operation, _file: None
        self.opened: Callable[[str], object] = lambda _file: None
        self.patient = True

    def note(self, operation: str, file: str) -> None:
        self.calls.append((operation, file))
        self.fault(operation, file)

    def syncs(self, file: str) -> int:
        return self.calls.count(("xSync", file))


def kind_of(name: str) -> str:
    return next((kind for kind in ("-wal", "-journal") if name.endswith(kind)), "main")


def spelled(filename: str | apsw.URIFilename | None) -> str:
    return filename.filename() if isinstance(filename, apsw.URIFilename) else str(filename or "")


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, filename: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        self._kind = kind_of(spelled(filename))
        disk.note("xOpen", self._kind)
        super().__init__("", filename or "", flags)
        disk.opened(self._kind)

    def excepthook(self, etype: Any, evalue: Any, etraceback: Any) -> bool:
        """SQLite has no use for some errors (at a close, say); they are meant, and nobody's bug."""
        return True

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - the names that SQLite calls
        self._disk.note("xRead", self._kind)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        try:
            self._disk.note("xWrite", self._kind)
        except ShortWriteError:
            super().xWrite(bytes(data[: len(data) // 2]), offset)
            raise apsw.FullError("no space left on device") from None
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.note("xSync", self._kind)
        if self._disk.patient:
            super().xSync(flags)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.note("xTruncate", self._kind)
        super().xTruncate(newsize)

    def xFileSize(self) -> int:  # noqa: N802
        self._disk.note("xFileSize", self._kind)
        return super().xFileSize()

    def xLock(self, level: int) -> None:  # noqa: N802
        self._disk.note("xLock", self._kind)
        super().xLock(level)

    def xUnlock(self, level: int) -> None:  # noqa: N802
        super().xUnlock(level)  # a lock that could not be given back would outlive the fault
        self._disk.note("xUnlock", self._kind)


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        super().__init__(disk.name, "")
        self._disk = disk

    def excepthook(self, etype: Any, evalue: Any, etraceback: Any) -> bool:
        """See the file's."""
        return True

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(self._disk, name, flags)

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802
        self._disk.note("xAccess", kind_of(pathname))
        return super().xAccess(pathname, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802, FBT001
        self._disk.note("xDelete", kind_of(filename))
        super().xDelete(filename, syncdir)


@contextmanager
def disk() -> Iterator[Disk]:
    made = Disk()
    vfs = _Vfs(made)
    yield made
    vfs.unregister()
