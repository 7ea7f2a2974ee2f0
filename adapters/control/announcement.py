"""Announces a listening server: `control.json` and the token, both readable by their owner only.

The server locks control.json while it lives; `albra.loopback.discovery` reads both files.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from adapters.secret import Secret
from adapters.storage.private import private_directory, write_private
from albra.loopback.discovery import ADDRESS_FILE, TOKEN_FILE, ControlAddress

_TOKEN_BYTES = 32


class Announcement:
    """control.json, locked while the server lives."""

    def __init__(self, path: Path, file: int) -> None:
        """`file` is the locked descriptor of the file at `path`."""
        self._path = path
        self._file = file

    def withdraw(self) -> None:
        """Remove control.json, unless another process has replaced it. Idempotent."""
        if self._file < 0:
            return
        with suppress(OSError):
            if os.path.samestat(self._path.stat(), os.fstat(self._file)):
                self._path.unlink()
        os.close(self._file)
        self._file = -1


def mint_token(storage: Path) -> Secret:
    """Replace the token file with a new token, so that a planted, copied or leaked one is worthless. Raises OSError."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    private_directory(storage)
    os.close(write_private(storage / TOKEN_FILE, f"{token}\n".encode()))
    return Secret(token)


def announce(storage: Path, address: ControlAddress, details: Mapping[str, Any]) -> Announcement:
    """Write control.json atomically and lock it. Raises OSError."""
    where = {"host": address.host, "port": address.port, "pid": address.pid, "token_path": str(address.token_path)}
    path = storage / ADDRESS_FILE
    file = write_private(path, (json.dumps({**where, **details}) + "\n").encode())
    fcntl.flock(file, fcntl.LOCK_EX)
    return Announcement(path, file)
