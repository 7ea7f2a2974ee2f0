"""Every sentence of ours, by who says it: code to English. The only home of what people read; catalogs translate it.

A code stays what it is once it was released, and so do the names of its places: journals hold both. The English may
change. One table a room: `position`, `gateway`, `venue` (the adapter of an exchange), `reconciler`, `supervisor`,
`storage`, `notifier`; `duration`; and `status`, whose values are figures.
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
