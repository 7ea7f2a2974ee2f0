"""That positions cannot be read: a condition of its own, durable, told once and called off once.

Of an account nothing is compared meanwhile, of a symbol nothing becomes certain, and nothing else would say so: each
reading that fails is evidence of nothing (I2).
"""

from actors.ports import Clock
from actors.reconciler.draft import Draft
from actors.reconciler.facts import Finding
from actors.reconciler.policy import QUANTITY, SECOND
from actors.reconciler.watch import Memory, Tries, Watch
from messages.reconciliation import PositionsReadAgain, PositionsUnread
from messages.reports import FetchFailed
from messages.statement import Statement
from messages.types import Severity, Symbol
from messages.wording import Reconciler


class Blindness:
    """Fed with what became of each reading, of an account or of one symbol."""

    def __init__(self, clock: Clock, memory: Memory, draft: Draft) -> None:
        self._clock = clock
        self._memory = memory
        self._draft = draft

    def failed(self, watch: Watch, symbol: Symbol | None, report: FetchFailed) -> None:
        """A venue that wants silence is told of by the gateway."""
        if report.retry_after_ms:
            return
        now_ns = self._clock.monotonic_ns()
        tries = watch.unread.setdefault(symbol, Tries())
        tries.fail(report.cause, now_ns)
        blind_ns = tries.lasting_ns(now_ns)
        if not blind_ns or (watch.account, symbol) in self._memory.ledger.blind:
            return
        self._draft.record(PositionsUnread, account=watch.account, symbol=symbol, why=report.cause)
        place, seconds = _place(watch, symbol), blind_ns // SECOND
        differing = _differing(watch, symbol)
        text = Reconciler.BLIND(place=place, seconds=seconds, cause=report.cause)
        if differing is not None:
            text = Reconciler.BLIND_DIFFERING(
                place=place,
                believed=differing.believed,
                reported=differing.reported,
                seconds=seconds,
                cause=report.cause,
            )
        held = differing is not None or any(view.quantity for view in watch.live(symbol))
        self._notify(Severity.CRITICAL if held else Severity.WARNING, text, watch)

    def over(self, watch: Watch, symbol: Symbol | None) -> None:
        """It was read."""
        watch.unread.pop(symbol, None)
        if (watch.account, symbol) in self._memory.ledger.blind:
            self._draft.record(PositionsReadAgain, account=watch.account, symbol=symbol)
            text = Reconciler.READ_AGAIN_AT(place=_place(watch, symbol))
            self._notify(Severity.WARNING, text, watch)

    def forget(self, watch: Watch) -> None:
        """The venue is away, which others tell; what failed before is another story."""
        watch.unread.clear()

    def _notify(self, severity: Severity, text: Statement, watch: Watch) -> None:
        """Named after the event that was just recorded, so that each time is told, and told once."""
        self._draft.notify(severity, text, watch.account, f"{watch.account}.positions.{self._memory.ledger.version}")


def _differing(watch: Watch, symbol: Symbol | None) -> Finding | None:
    """What the list of positions alone shows of this symbol; why it is so takes its trades."""
    suspected = (suspicion.finding for suspicion in watch.evidence.suspicions.values())
    return next((found for found in suspected if found.symbol == symbol and found.type in QUANTITY), None)


def _place(watch: Watch, symbol: Symbol | None) -> Statement | str:
    return watch.account if symbol is None else Reconciler.LEG(account=watch.account, symbol=symbol)
