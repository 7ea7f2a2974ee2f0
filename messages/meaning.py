"""A command's meaning: two commands under one id are the same when their meanings are equal."""

from dataclasses import MISSING, fields
from decimal import Decimal
from enum import Enum
from hashlib import blake2b

from messages.commands import Command
from messages.decimals import trimmed

_BESIDES = frozenset(
    {"correlation_id", "causation_id", "command_id", "reply_to", "expires_at_ns", "instrument", "shared_leg", "meaning"}
)
"""Fields that are no part of the meaning: caller, expiry, and what the supervisor fills in."""


def meaning(command: Command) -> str:
    """Return a digest of the command's kind and arguments; `0.010` and `0.01` are equal.

    Defaults are left out, so that a field of a later version changes no earlier digest.
    """
    said = [type(command).__name__]
    for field in fields(command):
        value = getattr(command, field.name)
        if field.name not in _BESIDES and (field.default is MISSING or value != field.default):
            said.append(f"{field.name}={_plain(value)}")
    return blake2b("\0".join(said).encode(), digest_size=12).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return trimmed(value)
    return str(value.value) if isinstance(value, Enum) else str(value)
