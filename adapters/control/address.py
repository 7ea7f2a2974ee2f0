"""Where the running supervisor listens: `control.json` and the token, both readable by their owner only.

The server keeps control.json locked while it lives, and the system frees the lock however it dies: what is not locked
is left over, whatever process bears its number by now. The token is minted with each start, in its one place.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.secret import Secret
from adapters.storage.private import open_to_read, private_directory, read_private, write_private

ADDRESS_FILE = "control.json"
TOKEN_FILE = "control.token"  # noqa: S105 - a file's name
_TOKEN_BYTES = 32
_SIZE_MAX = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAddress:
    """A supervisor's bound address, its process, and where its token is."""

    host: str
    port: int
    pid: int
    token_path: Path

    def token(self) -> Secret:
        """Raises OSError where the token cannot be read, or another user may have written it."""
        return Secret(read_private(self.token_path).decode("ascii", errors="replace").strip())


class Announcement:
    """control.json, for as long as the server lives."""

    def __init__(self, path: Path, file: int) -> None:
        """`file` is the descriptor of what stands at `path`, and locked."""
        self._path = path
        self._file = file

    def withdraw(self) -> None:
        """Remove control.json, unless it is another process's by now. A second call does nothing."""
        if self._file < 0:
            return
        with suppress(OSError):
            if os.path.samestat(self._path.stat(), os.fstat(self._file)):
                self._path.unlink()
        os.close(self._file)
        self._file = -1


def mint_token(storage: Path) -> Secret:
    """A new token, in place of what stands there: one that was planted, copied or leaked is worth nothing."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    private_directory(storage)
    os.close(write_private(storage / TOKEN_FILE, f"{token}\n".encode()))
    return Secret(token)


def announce(storage: Path, address: ControlAddress, details: Mapping[str, Any]) -> Announcement:
    """Write control.json, whole or not at all, and hold it."""
    where = {"host": address.host, "port": address.port, "pid": address.pid, "token_path": str(address.token_path)}
    path = storage / ADDRESS_FILE
    file = write_private(path, (json.dumps({**where, **details}) + "\n").encode())
    fcntl.flock(file, fcntl.LOCK_EX)
    return Announcement(path, file)


def find(storage: Path) -> ControlAddress | None:
    """The address of the server that runs, or None where none announces itself."""
    said = announced(storage)
    if said is None:
        return None
    try:
        return ControlAddress(
            host=str(said["host"]),
            port=int(said["port"]),
            pid=int(said["pid"]),
            # Never a path that the file names: it would lead to whatever its writer likes.
            token_path=(storage / TOKEN_FILE).absolute(),
        )
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def announced(storage: Path) -> dict[str, Any] | None:
    """Everything that control.json says, where its writer lives and is this user; None otherwise."""
    try:
        file = open_to_read(storage / ADDRESS_FILE)
    except OSError:
        return None
    try:
        if not _locked(file):
            return None
        said = json.loads(os.read(file, _SIZE_MAX))
    except (OSError, ValueError, RecursionError):
        return None
    finally:
        os.close(file)
    return said if isinstance(said, dict) else None


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
