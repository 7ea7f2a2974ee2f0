"""Space put by for the day the disk is full: closing must be able to write when nothing else can.

The file holds nothing; its blocks are what matters. They are given back in pieces, because whoever filled
the disk may take what becomes free: a piece lost to him leaves the others.
"""

import os
from collections.abc import Callable
from pathlib import Path

from adapters.storage.private import open_private

FILE_NAME = "reserve"
RESERVE_BYTES = 8 << 20
"""Some ten thousand steps of closing, each a few hundred bytes of the file; the log is folded in early then."""
PIECES = 8
_ZEROS = b"\0" * 65_536


def free_bytes(directory: Path) -> int:
    """What an ordinary user may still write there."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


class Reserve:
    """A preallocated file under `directory`. `free` tells the space left on its disk, in bytes.

    Never raises: a reserve that cannot be kept is an empty one.
    """

    def __init__(self, directory: Path, size: int = RESERVE_BYTES, *, free: Callable[[Path], int] = free_bytes) -> None:
        self.path = directory / FILE_NAME
        self.size = size
        self._directory = directory
        self._free = free

    @property
    def held(self) -> int:
        """Bytes put by."""
        try:
            return min(self.path.lstat().st_size, self.size)
        except OSError:
            return 0

    @property
    def free(self) -> int:
        """Bytes that the disk has left beside the reserve; 0 where it does not tell."""
        try:
            return self._free(self._directory)
        except OSError:
            return 0

    def fill(self) -> bool:
        """Put by what is missing, when that leaves a quarter as much to work with. True when all of it is there."""
        held = self.held
        if held >= self.size:
            return True
        if self.free < self.size - held + self.size // 4:
            return False
        try:
            file = open_private(self.path, os.O_RDWR | os.O_CREAT)
        except OSError:
            return False
        try:
            _allocate(file, self.size)
        except OSError:
            _cut(file, held)  # a part would look like the whole next time
            return False
        finally:
            os.close(file)
        return True

    def make_room(self) -> None:
        """Let a start have its few files (control, logs) on a full disk: who cannot start cannot close."""
        if self.free < self.size // PIECES:
            self.give()

    def give(self) -> bool:
        """Let go of one piece; False when nothing was left to let go of."""
        held = self.held
        if held <= 0:
            return False
        try:
            file = open_private(self.path, os.O_RDWR)
        except OSError:
            return False
        try:
            return _cut(file, max(0, held - self.size // PIECES))
        finally:
            os.close(file)


def _allocate(file: int, size: int) -> None:
    """Blocks, not a hole: where the file system cannot promise them they are written."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
        return
    for offset in range(0, size, len(_ZEROS)):
        os.pwrite(file, _ZEROS[: size - offset], offset)


def _cut(file: int, size: int) -> bool:
    try:
        os.ftruncate(file, size)
    except OSError:
        return False
    return True
