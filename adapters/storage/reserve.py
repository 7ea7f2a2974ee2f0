"""Preallocated disk space for steps that close positions when the disk is full.

Only the file's blocks matter. They are freed in pieces, since the program that filled the disk may take freed space: it
then takes one piece, not all.
"""

import os
from collections.abc import Callable
from pathlib import Path

from adapters.storage.private import open_private

FILE_NAME = "reserve"
RESERVE_BYTES = 8 << 20
"""Some ten thousand closing steps of a few hundred bytes each; the log is then checkpointed early."""
PIECES = 8
_ZEROS = b"\0" * 65_536


def free_bytes(directory: Path) -> int:
    """Return the bytes an unprivileged user can still write in the directory."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


class Reserve:
    """A preallocated file under `directory`. `free` returns the space left on its disk, in bytes.

    Never raises: an unavailable reserve is an empty one.
    """

    def __init__(self, directory: Path, size: int = RESERVE_BYTES, *, free: Callable[[Path], int] = free_bytes) -> None:
        self.path = directory / FILE_NAME
        self.size = size
        self._directory = directory
        self._free = free

    @property
    def held(self) -> int:
        """Return the reserved bytes."""
        try:
            return min(self.path.lstat().st_size, self.size)
        except OSError:
            return 0

    @property
    def free(self) -> int:
        """Return free bytes beside the reserve; 0 when unknown."""
        try:
            return self._free(self._directory)
        except OSError:
            return 0

    def fill(self) -> bool:
        """Refill the reserve when that leaves a quarter of its size free. Return whether it is full."""
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
            _cut(file, held)  # the next start would take a part for the whole
            return False
        finally:
            os.close(file)
        return True

    def make_room(self) -> None:
        """Free space for a start's files (control, logs) on a full disk: without a start nothing can be closed."""
        if self.free < self.size // PIECES:
            self.give()

    def give(self) -> bool:
        """Free one piece; False when the reserve is empty."""
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
    """Allocate blocks, not a hole; where the file system cannot reserve them, write them."""
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
