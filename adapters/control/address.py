"""Where the running supervisor listens: `control.json` and the token, both readable by their owner only."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ADDRESS_FILE = "control.json"
TOKEN_FILE = "control.token"  # noqa: S105 - a file's name
_OWNER_ONLY = 0o600
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAddress:
    """A supervisor's bound address, its process, and where its token is."""

    host: str
    port: int
    pid: int
    token_path: Path

    def token(self) -> str:
        """Raises OSError where the token cannot be read."""
        return self.token_path.read_text(encoding="ascii").strip()


def provide_token(storage: Path) -> str:
    """The token of this data directory, minted when there is none: callers keep theirs over restarts."""
    path = storage / TOKEN_FILE
    try:
        path.chmod(_OWNER_ONLY)
        token = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = ""
    if token:
        return token
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    _write(path, token + "\n")
    return token


def announce(storage: Path, address: ControlAddress, details: Mapping[str, Any]) -> None:
    """Write control.json, whole or not at all."""
    where = {"host": address.host, "port": address.port, "pid": address.pid, "token_path": str(address.token_path)}
    _write(storage / ADDRESS_FILE, json.dumps({**where, **details}) + "\n")


def withdraw(storage: Path, pid: int) -> None:
    """Remove control.json, unless it is another process's by now."""
    address = find(storage)
    if address is not None and address.pid == pid:
        (storage / ADDRESS_FILE).unlink(missing_ok=True)


def find(storage: Path) -> ControlAddress | None:
    """The announced address, or None where there is none that can be read."""
    try:
        raw = json.loads((storage / ADDRESS_FILE).read_text(encoding="utf-8"))
        return ControlAddress(
            host=str(raw["host"]), port=int(raw["port"]), pid=int(raw["pid"]), token_path=Path(raw["token_path"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def announced(storage: Path) -> Mapping[str, Any] | None:
    """Everything control.json says, or None where there is none that can be read. It is the owner's alone."""
    try:
        raw = json.loads((storage / ADDRESS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return raw if isinstance(raw, dict) and isinstance(raw.get("pid"), int) else None


def alive(pid: int) -> bool:
    """Whether a process of this number runs; one of another user counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
