"""A disk between SQLite and the real one: it counts syncs, and fails where a test says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import apsw

_names = count()


class Disk:
    """`calls` names each operation as (`xSync`, `-wal`); `fault`, asked with that, raises what shall fail."""

    def __init__(self) -> None:
        self.name = f"disk{next(_names)}"
        self.calls: list[tuple[str, str]] = []
        self.fault: Callable[[str, str], None] = lambda _operation, _file: None
        self.opened: Callable[[str], object] = lambda _file: None

    def note(self, operation: str, file: str) -> None:
        self.calls.append((operation, file))
        self.fault(operation, file)

    def syncs(self, file: str) -> int:
        return self.calls.count(("xSync", file))


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, filename: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", filename or "", flags)
        spelled = filename.filename() if isinstance(filename, apsw.URIFilename) else str(filename)
        self._disk = disk
        self._kind = "-wal" if spelled.endswith("-wal") else "main"
        disk.opened(self._kind)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - the name that SQLite calls
        self._disk.note("xWrite", self._kind)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.note("xSync", self._kind)
        super().xSync(flags)


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        super().__init__(disk.name, "")
        self._disk = disk

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(self._disk, name, flags)


@contextmanager
def disk() -> Iterator[Disk]:
    made = Disk()
    vfs = _Vfs(made)
    yield made
    vfs.unregister()
