"""Every sentence for people, by source: code to English. Catalogs translate them.

A released code, and the names of its places, never change, since journals hold both; the English may change. One table
per package: `position`, `gateway`, `venue` (the adapter of an exchange), `reconciler`, `supervisor`, `storage`,
`notifier`; `duration`; and `status`, whose values are figures.
"""

from messages.wording.common import Common
from messages.wording.duration import Duration
from messages.wording.gateway import Gateway
from messages.wording.notifier import Notifier
from messages.wording.position import Position
from messages.wording.reconciler import Reconciler
from messages.wording.status import Status
from messages.wording.storage import Storage
from messages.wording.supervisor import Supervisor
from messages.wording.venue import Venue

__all__ = [
    "Common",
    "Duration",
    "Gateway",
    "Notifier",
    "Position",
    "Reconciler",
    "Status",
    "Storage",
    "Supervisor",
    "Venue",
]
