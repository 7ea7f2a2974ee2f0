"""Restricts files and directories to one user.

`albra.loopback.private_file` decides which files are trusted.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from adapters.storage.errors import JournalError, JournalNotOurs, JournalNotWritable
from albra.loopback.private_file import (
    LINK,
    LINK_REMEDY,
    OTHERS_WRITE,
    OWNER_ONLY,
    READ_MOST,
    NotOursError,
    open_owned,
    require_plain,
)

DIRECTORY_OWNER_ONLY = 0o700
_OTHERS = 0o077
_NESTED = ("logs", "paper")
"""The directories of a data directory."""


def private_directory(path: Path) -> str:
    """Create or restrict a directory; return what was changed, empty when nothing was.

    Raises NotOursError for a link or another user's directory, else OSError.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=DIRECTORY_OWNER_ONLY, parents=True, exist_ok=True)
    try:
        directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        if path.is_symlink():
            raise NotOursError(path, LINK, "put the directory that it leads to in its place") from None
        raise
    try:
        found = os.fstat(directory)
        if found.st_uid != os.geteuid():
            what = f"the directory belongs to user {found.st_uid}, and Albra runs as user {os.geteuid()}"
            raise NotOursError(path, what, "chown it, or name another one")
        mode = stat.S_IMODE(found.st_mode)
        if not mode & _OTHERS:
            return ""
        os.fchmod(directory, DIRECTORY_OWNER_ONLY)
        return f"{path} was open to others (mode {mode:04o}) and is closed to them now (0700)"
    finally:
        os.close(directory)


def open_private(path: Path, flags: int) -> int:
    """Open a regular file of this user, restricted to it; O_CREAT creates it.

    Never blocks: a pipe is refused. Raises NotOursError, OSError.
    """
    assert not flags & os.O_TRUNC, "whose it is, is not known before it is open"
    file, mode = open_owned(path, flags)
    try:
        if mode & _OTHERS:
            os.fchmod(file, OWNER_ONLY)
    except BaseException:
        os.close(file)
        raise
    return file


def unusable(path: Path, error: OSError) -> JournalError:
    """Return the error for the file concerned, which may differ from `path`."""
    if isinstance(error, NotOursError):
        return JournalNotOurs(error.path, error.what, error.remedy)
    at = Path(error.filename) if isinstance(error.filename, str) else path
    return JournalNotWritable(at, error.strerror or str(error))


def read_plain(path: Path) -> bytes:
    """Read a regular file, at most `READ_MOST` bytes; pipes and devices are refused. Raises OSError."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:  # noqa: PTH123 - no path
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise NotOursError(path, "it is not a regular file", "name one")
        return opened.read(READ_MOST)


def write_private(path: Path, content: bytes) -> int:
    """Replace a file atomically; return a descriptor of the new file.

    Raises OSError.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(draft, flags, OWNER_ONLY)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(file, view) :]
        draft.replace(path)
    except BaseException:
        os.close(file)
        draft.unlink(missing_ok=True)
        raise
    return file


def refuse_link(path: Path) -> None:
    """Raise NotOursError for a link."""
    if path.is_symlink():
        raise NotOursError(path, LINK, LINK_REMEDY)


def require_own(path: Path) -> None:
    """Create the file, or check it without opening it, and restrict it to this user.

    Closing any descriptor of a database file would end all its locks of this process. Raises NotOursError, OSError.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY))
        return
    if require_plain(path, found) & _OTHERS:
        path.chmod(OWNER_ONLY)


def complaints(directory: Path) -> list[tuple[Path, str]]:
    """Return what others can access in a data directory; changes nothing."""
    return [(path, why) for path, at in _within(directory) if (why := _complaint(at))]


def replaceable(directory: Path) -> list[Path]:
    """Return the parent directories in which others can replace a path component."""
    modes = ((above, above.stat().st_mode) for above in directory.absolute().parents)
    return [above for above, mode in modes if mode & OTHERS_WRITE and not mode & stat.S_ISVTX]


def close_to_others(directory: Path) -> list[str]:
    """Restrict what this user owns in a data directory; return changes and remaining problems.

    Opens nothing: closing any descriptor of a database file would end all its locks of this process.
    """
    remarks = []
    for path, at in _within(directory):
        if not (why := _complaint(at)):
            continue
        try:
            if not stat.S_ISDIR(at.st_mode):
                require_plain(path, at)
            elif at.st_uid != os.geteuid():
                raise NotOursError(path, why, "chown it")
            mode = stat.S_IMODE(at.st_mode)
            path.chmod(mode & ~_OTHERS)
        except OSError:
            remarks.append(f"{path} {why}: see `albra doctor`")
        else:
            remarks.append(f"{path} was open to others (mode {mode:04o}) and is closed to them now")
    return remarks


def _within(directory: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the directory, its entries, and those of its subdirectories; links are not followed."""
    if not directory.is_dir():
        return []
    found = [(directory, directory.stat())]
    for path in sorted(directory.iterdir()):
        found.append((path, path.lstat()))
        if path.name in _NESTED and path.is_dir() and not path.is_symlink():
            found += [(each, each.lstat()) for each in sorted(path.iterdir())]
    return found


def _complaint(at: os.stat_result) -> str:
    if stat.S_ISLNK(at.st_mode):
        return "is a symbolic link"
    if at.st_uid != os.geteuid():
        return f"belongs to user {at.st_uid}"
    mode = stat.S_IMODE(at.st_mode)
    return f"is open to others (mode {mode:04o})" if mode & _OTHERS else ""
