"""One supervisor per data directory: the operating system frees the lock when its holder dies, however it dies."""

import errno
import fcntl
import os
from pathlib import Path

from adapters.storage.errors import JournalLocked, JournalNotADirectory, JournalNotWritable

LOCK_NAME = "lock"


class DirectoryLock:
    """An exclusive `flock` on `<directory>/lock`, which holds the pid for people to read."""

    def __init__(self, directory: Path) -> None:
        """Take the lock, creating the directory if need be: what it holds is its owner's only.

        Raises JournalLocked, JournalNotADirectory or JournalNotWritable.
        """
        self.path = directory / LOCK_NAME
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except (FileExistsError, NotADirectoryError) as error:
            raise JournalNotADirectory(directory) from error
        except OSError as error:
            raise JournalNotWritable(directory, error.strerror or str(error)) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = _read_pid(self._file)
            os.close(self._file)
            raise JournalLocked(self.path, pid) from error
        self._say_pid(directory)

    def _say_pid(self, directory: Path) -> None:
        """In place, and not at all on a full disk: the pid is for people, the lock works without it."""
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
        """Free the directory. The file stays: removing it would let two later holders lock two files."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def holder(directory: Path) -> int | None:
    """The pid of the supervisor that runs on this directory, None when none does."""
    try:
        file = os.open(directory / LOCK_NAME, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_pid(file)
    else:
        return None
    finally:
        os.close(file)


def _read_pid(file: int) -> int | None:
    text = os.pread(file, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isdecimal() else None
