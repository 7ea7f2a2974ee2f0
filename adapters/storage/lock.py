"""One supervisor per data directory: the operating system frees the lock when the holding process dies."""

import errno
import fcntl
import os
import time
from pathlib import Path

from adapters.storage.errors import JournalLocked, JournalNotADirectory, JournalNotWritable
from adapters.storage.private import open_private, private_directory, unusable
from albra.loopback.discovery import LOCK_FILE, pid_in

_PAUSE_S = 0.02
WAIT_S = 10 * _PAUSE_S
"""A process that only tests the lock holds it for a moment."""


class DirectoryLock:
    """An exclusive `flock` on `<directory>/lock`; the file holds the pid for people."""

    def __init__(self, directory: Path, wait_s: float = WAIT_S) -> None:
        """Take the lock, creating the directory with owner-only access if missing.

        Another holder has `wait_s` seconds to release it. `remark` reports the closing of a directory that was open to
        others. Raises JournalLocked, JournalNotADirectory, JournalNotOurs or JournalNotWritable.
        """
        self.path = directory / LOCK_FILE
        try:
            self.remark = private_directory(directory)
            self._file = open_private(self.path, os.O_RDWR | os.O_CREAT)
        except (FileExistsError, NotADirectoryError) as error:
            raise JournalNotADirectory(directory) from error
        except OSError as error:
            raise unusable(directory, error) from error
        if not _taken(self._file, time.monotonic() + wait_s):
            pid = pid_in(self._file)
            os.close(self._file)
            raise JournalLocked(self.path, pid or None)
        self._say_pid(directory)

    def _say_pid(self, directory: Path) -> None:
        """Write the pid in place; on a full disk skip it, since the lock works without it."""
        pid = f"{os.getpid()}\n".encode()
        try:
            os.pwrite(self._file, pid, 0)
            os.ftruncate(self._file, len(pid))
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                return
            os.close(self._file)
            raise JournalNotWritable(directory, error.strerror or str(error)) from error

    def release(self) -> None:
        """Free the directory. The file stays: after a removal two later holders could lock two files."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _taken(file: int, until_s: float) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until_s:
                return False
            time.sleep(_PAUSE_S)
        else:
            return True
