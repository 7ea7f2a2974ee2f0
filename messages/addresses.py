"""Where messages go: the address of each actor, and of what an adapter serves."""

from messages.types import AccountId, Address

SUPERVISOR = Address("supervisor")
RECONCILER = Address("reconciler")
JOURNAL = Address("journal")
NOTIFIER = Address("notifier")
TELEGRAM = Address("telegram")
CONTROL = Address("control")
"""The control API; answers to its callers go there."""


def gateway_address(account: AccountId) -> Address:
    return Address(f"gateway/{account}")


def position_address(ordinal: int) -> Address:
    return Address(f"position/{ordinal}")
