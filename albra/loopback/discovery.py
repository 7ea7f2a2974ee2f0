"""The running supervisor's address, token and process.

The supervisor keeps `lock` and control.json locked while it lives, and the system frees both at its death: an unlocked
file is left over, whatever process has its pid by now. Every start mints a new token.
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
    """The token of requests. Only `reveal` returns it: str, repr and format give a mask."""

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
        """Return the token. Raises OSError when it is unreadable, or another user may have written it."""
        return Token(read_private(self.token_path).decode("ascii", errors="replace").strip())


def find(storage: Path) -> ControlAddress | None:
    """Return the address of the supervisor that runs on `storage`; None when none is announced."""
    said = announced(storage)
    if said is None:
        return None
    try:
        return ControlAddress(
            host=str(said["host"]),
            port=int(said["port"]),
            pid=int(said["pid"]),
            # The file's own path entry is not used: it could lead anywhere.
            token_path=(storage / TOKEN_FILE).absolute(),
        )
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def announced(storage: Path) -> dict[str, Any] | None:
    """Return the content of control.json; None when its writer is gone or another user."""
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
    """Return the pid of the supervisor on `storage`, 0 when the lock has none, None when none runs."""
    try:
        file = open_to_read(storage / LOCK_FILE)
    except OSError:
        return None
    try:
        return pid_in(file) if _locked(file) else None
    finally:
        os.close(file)


def pid_in(lock: int) -> int:
    """Return the pid in the lock's descriptor; 0 for none."""
    text = os.pread(lock, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isascii() and text.isdecimal() else 0


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
