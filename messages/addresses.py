"""The addresses of actors and of adapters' services."""

from messages.types import AccountId, Address

SUPERVISOR = Address("supervisor")
RECONCILER = Address("reconciler")
JOURNAL = Address("journal")
NOTIFIER = Address("notifier")
TELEGRAM = Address("telegram")
CONTROL = Address("control")
"""The control API, which gets the answers to its callers."""


def gateway_address(account: AccountId) -> Address:
    return Address(f"gateway/{account}")


def position_address(ordinal: int) -> Address:
    return Address(f"position/{ordinal}")


def is_gateway(address: str) -> bool:
    """Return whether an account's gateway has this address."""
    return address.startswith("gateway/")


def ordinal_of(address: str) -> int | None:
    """Return the ordinal of the position with this address; None for the address of anything else."""
    kind, _, ordinal = address.partition("/")
    return int(ordinal) if kind == "position" and ordinal.isdecimal() else None
