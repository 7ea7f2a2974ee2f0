"""Where the running supervisor listens, its token, and which process holds the data directory.

The supervisor keeps `lock` and control.json locked while it lives, and the system frees both however it dies: a file
that is not locked is left over, whatever process has its number by now. The token is new with each start.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from albra.loopback.private_file import READ_MOST, open_to_read, read_private

ADDRESS_FILE = "control.json"
TOKEN_FILE = "control.token"  # noqa: S105 - a file's name
LOCK_FILE = "lock"


class Token:
    """What a request is authorized with. Only `reveal` shows it: str, repr and format give a mask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Token(********)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a token is not pickled: it would travel unmasked")


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAddress:
    """A supervisor's bound address, its process, and where its token is."""

    host: str
    port: int
    pid: int
    token_path: Path

    def token(self) -> Token:
        """Raises OSError where the token cannot be read, or another user may have written it."""
        return Token(read_private(self.token_path).decode("ascii", errors="replace").strip())


def find(storage: Path) -> ControlAddress | None:
    """The address of the supervisor that runs on `storage`; None where none announces itself."""
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
    """The content of control.json; None where its writer is gone or is another user."""
    try:
        file = open_to_read(storage / ADDRESS_FILE)
    except OSError:
        return None
    try:
        if not _locked(file):
            return None
        said = json.loads(os.read(file, READ_MOST))
    except (OSError, ValueError, RecursionError):
        return None
    finally:
        os.close(file)
    return said if isinstance(said, dict) else None


def holder(storage: Path) -> int | None:
    """The pid of the supervisor that runs on `storage`, 0 where the lock does not say, None where none runs."""
    try:
        file = open_to_read(storage / LOCK_FILE)
    except OSError:
        return None
    try:
        return pid_in(file) if _locked(file) else None
    finally:
        os.close(file)


def pid_in(lock: int) -> int:
    """The pid that the lock's descriptor holds; 0 where it holds none."""
    text = os.pread(lock, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isascii() and text.isdecimal() else 0


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
