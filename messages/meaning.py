"""What a command means, whoever says it and whenever: two commands under one id are one where this is equal."""

from dataclasses import MISSING, fields
from decimal import Decimal
from enum import Enum
from hashlib import blake2b

from messages.commands import Command
from messages.decimals import trimmed

_BESIDES = frozenset(
    {"correlation_id", "causation_id", "command_id", "reply_to", "expires_at_ns", "instrument", "shared_leg", "meaning"}
)
"""Who asks, until when, and what the supervisor fills in."""


def meaning(command: Command) -> str:
    """A digest of its kind and of everything it asks for; `0.010` and `0.01` are one quantity.

    Defaults are left out: a field that a later version adds changes no digest of an earlier one.
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
