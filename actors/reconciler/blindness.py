"""That an account's positions cannot be read at all: a condition of its own, durable, told once and called off once.

Nothing is compared meanwhile, and nothing else would say so: each reading that fails is evidence of nothing (I2).
"""

from actors.ports import Clock
from actors.reconciler.draft import Draft
from actors.reconciler.policy import SECOND
from actors.reconciler.watch import Memory, Tries, Watch
from messages.reconciliation import PositionsReadAgain, PositionsUnread
from messages.types import Severity


class Blindness:
    """Fed with what became of each reading of a whole account."""

    def __init__(self, clock: Clock, memory: Memory, draft: Draft) -> None:
        self._clock = clock
        self._memory = memory
        self._draft = draft

    def failed(self, watch: Watch, cause: str) -> None:
        now_ns = self._clock.monotonic_ns()
        watch.positions.fail(cause, now_ns)
        blind_ns = watch.positions.lasting_ns(now_ns)
        if not blind_ns or watch.account in self._memory.ledger.blind:
            return
        self._draft.record(PositionsUnread, account=watch.account, why=cause)
        text = (
            f"{watch.account}: the list of positions cannot be read for {blind_ns // SECOND} s ({cause}). "
            f"What is held is not compared with the venue meanwhile: look there."
        )
        self._notify(Severity.CRITICAL if watch.exposed else Severity.WARNING, text, watch)

    def over(self, watch: Watch) -> None:
        """All positions were read."""
        watch.positions = Tries()
        if watch.account in self._memory.ledger.blind:
            self._draft.record(PositionsReadAgain, account=watch.account)
            self._notify(Severity.WARNING, f"{watch.account}: the list of positions can be read again.", watch)

    def _notify(self, severity: Severity, text: str, watch: Watch) -> None:
        """Named after the event that was just recorded, so that each time is told, and told once."""
        self._draft.notify(severity, text, watch.account, f"{watch.account}.positions.{self._memory.ledger.version}")
