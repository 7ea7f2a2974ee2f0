"""Errors of opening a journal. Each text names the event, its object and the remedy."""
# ruff: noqa: N818 - they name the state that was found, and begin with its object

import errno
from pathlib import Path

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def explained(error: Exception, directory: Path) -> str:
    """Return a helpful text for an error that prevents a start, also for a bare system error number."""
    if not isinstance(error, OSError) or error.errno not in (*_NO_ROOM, errno.EROFS):
        return str(error)
    what = "is full" if error.errno in _NO_ROOM else "is read-only"
    of = f" ({error.filename})" if error.filename else ""
    return (
        f"the disk under {directory} {what}{of}: free some space or name another storage.path. "
        "Open positions are closed without the journal by `albra flatten --break-glass`."
    )


class JournalError(Exception):
    """The base of all; `path` is the file or directory concerned."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.path = path


class JournalMissing(JournalError):
    def __init__(self, path: Path) -> None:
        super().__init__(path, f"There is no journal at {path}.", "Check the path, or start `albra run` once.")


class JournalThere(JournalError):
    def __init__(self, path: Path) -> None:
        what = f"There is a journal at {path} already."
        super().__init__(path, what, "Move it away (with its -wal), or name another storage.path; none is overwritten.")


class JournalLocked(JournalError):
    """Another process holds the lock; `pid` is None when the lock file has none."""

    def __init__(self, path: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid is not None else "another process"
        what = f"A supervisor is running on this data already: {holder} holds {path}."
        super().__init__(path, what, "Stop that one first, or give this one a storage.path of its own.")
        self.pid = pid


class JournalBoundElsewhere(JournalError):
    """The journal is bound to another venue or account than the configured one."""

    def __init__(self, path: Path, account: str, bound: str, expected: str) -> None:
        what = f"The journal {path} keeps account {account!r} at {bound}; the configuration says {expected}."
        remedy = "Restore the configuration, or use another storage.path for the other account."
        if bound.rpartition("#")[0] == expected.rpartition("#")[0]:
            remedy += " Where it is another key of the same account, run `albra journal rekey`."
        super().__init__(path, what, remedy)
        self.account = account
        self.bound = bound
        self.expected = expected


class JournalNotADirectory(JournalError):
    def __init__(self, path: Path) -> None:
        super().__init__(path, f"storage.path {path} is not a directory.", "Move that file away, or name another path.")


class JournalNotWritable(JournalError):
    def __init__(self, path: Path, reason: str) -> None:
        what = f"{path} cannot be written: {reason}."
        super().__init__(path, what, "Check owner, permissions and free space of storage.path.")


class JournalNotOurs(JournalError):
    """A file or directory that others can write, so its content is not trusted."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(path, f"{path} is not used: {what}.", f"To go on: {remedy}.")


class JournalTooNew(JournalError):
    def __init__(self, path: Path, found: int, known: int) -> None:
        what = f"The journal {path} has format {found}; this Albra knows up to {known}."
        super().__init__(path, what, "Run the Albra that wrote it, or a newer one.")


class JournalNotADatabase(JournalError):
    def __init__(self, path: Path, reason: str) -> None:
        what = f"{path} is not an Albra journal: {reason}."
        super().__init__(path, what, "Move it away and restore a backup; do not start anew over open positions.")


class JournalUnreadable(JournalError):
    def __init__(self, path: Path, reason: str) -> None:
        what = f"The journal {path} cannot be read: {reason}."
        super().__init__(path, what, "Check the disk; run `albra journal verify`; restore a backup if need be.")
