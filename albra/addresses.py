"""The mailboxes of one supervisor process; those of positions and gateways follow from what they are about."""

from messages.types import Address

SUPERVISOR = Address("supervisor")
JOURNAL = Address("journal")
CONTROL = Address("control")
NOTIFIER = Address("notifier")
TELEGRAM = Address("telegram")
