"""What the configuration decides about positions."""

from dataclasses import dataclass

from messages.ids import NO_LIFE
from messages.types import JournalId, Life, TriggerPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the configuration decides about positions."""

    protection_deadline_ms: int = 30_000
    """A position whose stop is refused, or does not execute, for this long is closed."""
    answer_deadline_ms: int = 15_000
    """An order or cancel without any answer for this long is queried."""
    watch_only: bool = False
    """Facts are recorded, no order is intended: nothing is sent."""
    trigger: TriggerPrice = TriggerPrice.MARK
    """The price that triggers protection."""
    entry_good_for_ms: int = 0
    """A resting entry expires at the venue after this long, where the venue supports that; 0: never."""
    journal_id: JournalId = JournalId("")
    """Part of the ids of new orders, if given: after a restore it differs from that of the position's first event."""
    life: Life = NO_LIFE
    """The journal's, of this start; part of the ids of new orders: no earlier start has used it."""
