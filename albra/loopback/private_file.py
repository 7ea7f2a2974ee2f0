"""Reads files that only this user can write: only their content is trusted.

In a directory that others can write, a file may be theirs: a link, or a token they know. So links are not followed, and
a file must be a regular one of this user with one name.
"""

import errno
import os
import stat
from pathlib import Path

OWNER_ONLY = 0o600
OTHERS_WRITE = 0o022
READ_MOST = 1 << 20
LINK = "it is a symbolic link"
LINK_REMEDY = "put the file that it leads to in its place, or remove the link where that file is not Albra's"
_NAMES_REMEDY = "put a copy in its place: what has one name only is changed by Albra only"


class NotOursError(OSError):
    """A path that others can write; `strerror` holds the finding and the remedy."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(errno.EPERM, f"{what}: {remedy}", str(path))
        self.path, self.what, self.remedy = path, what, remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.strerror}"


def open_to_read(path: Path) -> int:
    """Open a regular file that only this user can have written; root may read others' files.

    Raises NotOursError, OSError.
    """
    file, mode = open_owned(path, os.O_RDONLY)
    if mode & OTHERS_WRITE:
        os.close(file)
        raise NotOursError(path, "others can write it", "chmod 600")
    return file


def read_private(path: Path) -> bytes:
    """Return a file's content, at most `READ_MOST` bytes. Raises as `open_to_read`."""
    file = open_to_read(path)
    try:
        return os.read(file, READ_MOST)
    finally:
        os.close(file)


def open_owned(path: Path, flags: int) -> tuple[int, int]:
    """Open a regular file of this user with one name; return descriptor and mode. Follows no link and never blocks on a
    pipe.

    Raises NotOursError, OSError.
    """
    try:
        file = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, OWNER_ONLY)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotOursError(path, LINK, LINK_REMEDY) from None
        if error.errno == errno.EISDIR:
            raise NotOursError(path, "it is not a regular file", "move it away") from None
        if error.errno == errno.ENXIO:
            raise NotOursError(path, "it is a pipe", "move it away") from None
        raise
    try:
        return file, require_plain(path, os.fstat(file))
    except BaseException:
        os.close(file)
        raise


def require_plain(path: Path, found: os.stat_result) -> int:
    """Return a file's mode. Raises NotOursError when it is not a regular file of this user with one name."""
    if stat.S_ISLNK(found.st_mode):
        raise NotOursError(path, LINK, LINK_REMEDY)
    if not stat.S_ISREG(found.st_mode):
        raise NotOursError(path, "it is not a regular file", "move it away")
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        raise NotOursError(path, f"it belongs to user {found.st_uid}", "chown it, or move it away")
    if os.geteuid() == 0 and found.st_uid not in (0, path.parent.stat().st_uid):
        raise NotOursError(path, f"it belongs to user {found.st_uid}", "chown it, or move it away")
    if found.st_nlink > 1:
        raise NotOursError(path, f"it stands under {found.st_nlink} names", _NAMES_REMEDY)
    return stat.S_IMODE(found.st_mode)
