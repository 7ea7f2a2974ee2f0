"""Files and directories made one user's alone: what was left open to others is closed to them.

`albra.loopback.private_file` says which files are believed.
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
    """Make it where it is missing, close it to others; what was done about it in words, empty where nothing was.

    Raises NotOursError where it is a link or belongs to another user, else OSError.
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
    """A descriptor of a regular file of this user, closed to others; with O_CREAT it is made where it is missing.

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
    """The error about the file that is meant, which is not always `path`."""
    if isinstance(error, NotOursError):
        return JournalNotOurs(error.path, error.what, error.remedy)
    at = Path(error.filename) if isinstance(error.filename, str) else path
    return JournalNotWritable(at, error.strerror or str(error))


def read_plain(path: Path) -> bytes:
    """Any regular file, at most `READ_MOST` bytes: a pipe would be waited for, a device has no end. Raises OSError."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:  # noqa: PTH123 - no path
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise NotOursError(path, "it is not a regular file", "name one")
        return opened.read(READ_MOST)


def write_private(path: Path, content: bytes) -> int:
    """Whole or not at all, in place of whatever stands there; a descriptor of what stands there now.

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
    """Raises NotOursError where it is a link."""
    if path.is_symlink():
        raise NotOursError(path, LINK, LINK_REMEDY)


def require_own(path: Path) -> None:
    """Make the file where it is missing; else look at it without opening it, and close it to others.

    A closed descriptor of a database file ends all locks that this process has on it. Raises NotOursError, OSError.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY))
        return
    if require_plain(path, found) & _OTHERS:
        path.chmod(OWNER_ONLY)


def complaints(directory: Path) -> list[tuple[Path, str]]:
    """What of a data directory and of what lies in it is not this user's alone; nothing is changed."""
    return [(path, why) for path, at in _within(directory) if (why := _complaint(at))]


def replaceable(directory: Path) -> list[Path]:
    """The directories above it in which others can put another in its place."""
    modes = ((above, above.stat().st_mode) for above in directory.absolute().parents)
    return [above for above, mode in modes if mode & OTHERS_WRITE and not mode & stat.S_ISVTX]


def close_to_others(directory: Path) -> list[str]:
    """Close what of a data directory is this user's and open to others; what was done, and what else is wrong.

    Nothing is opened: a closed descriptor of a database file ends all locks that this process has on it.
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
    """The directory, what lies in it, and what lies in its directories; what a link leads to is not looked at."""
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
