"""Files and directories that are one user's alone.

A directory that others can write may hold what they put there: a link to a file of ours that we would cut, a token that
they know. So nothing is opened through a link, and a file is used only where it is a regular one of this user under one
name. What was left open to others is closed to them.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from adapters.storage.errors import JournalError, JournalNotOurs, JournalNotWritable

OWNER_ONLY = 0o600
DIRECTORY_OWNER_ONLY = 0o700
_OTHERS = 0o077
_OTHERS_WRITE = 0o022
_NESTED = ("logs", "paper")
"""The directories of a data directory."""
READ_MOST = 1 << 20


class NotOursError(OSError):
    """A path that is not this user's alone; `strerror` says what it is and what to do."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(errno.EPERM, f"{what}: {remedy}", str(path))
        self.path, self.what, self.remedy = path, what, remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.strerror}"


_LINK = "it is a symbolic link"
_LINK_REMEDY = "put the file that it leads to in its place, or remove the link where that file is not Albra's"
_NAMES_REMEDY = "put a copy in its place: what has one name only is changed by Albra only"


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
            raise NotOursError(path, _LINK, "put the directory that it leads to in its place") from None
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
    file = _opened(path, flags)
    try:
        mode = _own(path, file)
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


def open_to_read(path: Path) -> int:
    """A descriptor of a regular file that only this user can have written; root reads those of others.

    Raises NotOursError, OSError.
    """
    file = _opened(path, os.O_RDONLY)
    try:
        mode = _own(path, file)
    except BaseException:
        os.close(file)
        raise
    if mode & _OTHERS_WRITE:
        os.close(file)
        raise NotOursError(path, "others can write it", "chmod 600")
    return file


def read_plain(path: Path) -> bytes:
    """Any regular file, at most `READ_MOST` bytes: a pipe would be waited for, a device has no end. Raises OSError."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:  # noqa: PTH123 - no path
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise NotOursError(path, "it is not a regular file", "name one")
        return opened.read(READ_MOST)


def read_private(path: Path) -> bytes:
    """Its content, at most `READ_MOST` bytes. Raises as `open_to_read`."""
    file = open_to_read(path)
    try:
        return os.read(file, READ_MOST)
    finally:
        os.close(file)


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
        raise NotOursError(path, _LINK, _LINK_REMEDY)


def require_own(path: Path) -> None:
    """Make the file where it is missing; else look at it without opening it, and close it to others.

    A closed descriptor of a database file ends all locks that this process has on it. Raises NotOursError, OSError.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY))
        return
    if _require_plain(path, found) & _OTHERS:
        path.chmod(OWNER_ONLY)


def complaints(directory: Path) -> list[tuple[Path, str]]:
    """What of a data directory and of what lies in it is not this user's alone; nothing is changed."""
    return [(path, why) for path, at in _within(directory) if (why := _complaint(at))]


def replaceable(directory: Path) -> list[Path]:
    """The directories above it in which others can put another in its place."""
    modes = ((above, above.stat().st_mode) for above in directory.absolute().parents)
    return [above for above, mode in modes if mode & _OTHERS_WRITE and not mode & stat.S_ISVTX]


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
                _require_plain(path, at)
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


def _opened(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, OWNER_ONLY)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotOursError(path, _LINK, _LINK_REMEDY) from None
        if error.errno == errno.EISDIR:
            raise NotOursError(path, "it is not a regular file", "move it away") from None
        if error.errno == errno.ENXIO:
            raise NotOursError(path, "it is a pipe", "move it away") from None
        raise


def _own(path: Path, file: int) -> int:
    return _require_plain(path, os.fstat(file))


def _require_plain(path: Path, found: os.stat_result) -> int:
    """Its mode. Raises NotOursError where it is not a regular file of this user under one name."""
    if stat.S_ISLNK(found.st_mode):
        raise NotOursError(path, _LINK, _LINK_REMEDY)
    if not stat.S_ISREG(found.st_mode):
        raise NotOursError(path, "it is not a regular file", "move it away")
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        raise NotOursError(path, f"it belongs to user {found.st_uid}", "chown it, or move it away")
    if os.geteuid() == 0 and found.st_uid not in (0, path.parent.stat().st_uid):
        raise NotOursError(path, f"it belongs to user {found.st_uid}", "chown it, or move it away")
    if found.st_nlink > 1:
        raise NotOursError(path, f"it stands under {found.st_nlink} names", _NAMES_REMEDY)
    return stat.S_IMODE(found.st_mode)
