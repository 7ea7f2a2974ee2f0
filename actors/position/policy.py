"""What the configuration decides about positions."""

from dataclasses import dataclass

from messages.ids import NO_LIFE
from messages.types import JournalId, Life, TriggerPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the configuration decides about positions.

    `protection_deadline_ms`: an open position whose stop is still refused after this long is closed.
    `answer_deadline_ms`: an order or cancel without any answer for this long is asked after.
    `trigger`: which price sets off stops and targets. `entry_good_for_ms`: a resting entry ends by itself after this
    long (0: never), where the venue can do that.
    `journal_id` names new orders where it is given: after a restore a position has another than it began with.
    `life` is the journal's of this start: none of its ids was given by an earlier one, however much that one forgot.
    `watch_only`: what is told is recorded; nothing is intended, so nothing is sent.
    """

    protection_deadline_ms: int = 30_000
    answer_deadline_ms: int = 15_000
    watch_only: bool = False
    trigger: TriggerPrice = TriggerPrice.MARK
    entry_good_for_ms: int = 0
    journal_id: JournalId = JournalId("")
    life: Life = NO_LIFE
