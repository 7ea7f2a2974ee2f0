"""That positions cannot be read: a condition of its own, durable, told once and called off once.

Of an account nothing is compared meanwhile, of a symbol nothing becomes certain, and nothing else would say so: each
reading that fails is evidence of nothing (I2).
"""

from actors.ports import Clock
from actors.reconciler.account_state import AccountState, ReconcilerMemory, Tries
from actors.reconciler.comparison_input import Finding
from actors.reconciler.policy import QUANTITY, SECOND
from actors.reconciler.step_builder import StepBuilder
from messages.reconciliation import PositionsReadAgain, PositionsUnread
from messages.reports import FetchFailed
from messages.statement import Statement
from messages.types import Severity, Symbol
from messages.wording import Reconciler


class ReadFailures:
    """Fed with what became of each reading, of an account or of one symbol."""

    def __init__(self, clock: Clock, memory: ReconcilerMemory, builder: StepBuilder) -> None:
        self._clock = clock
        self._memory = memory
        self._builder = builder

    def failed(self, account_state: AccountState, symbol: Symbol | None, report: FetchFailed) -> None:
        """A venue that wants silence is told of by the gateway."""
        if report.retry_after_ms:
            return
        now_ns = self._clock.monotonic_ns()
        tries = account_state.unread.setdefault(symbol, Tries())
        tries.fail(report.cause, now_ns)
        blind_ns = tries.lasting_ns(now_ns)
        if not blind_ns or (account_state.account, symbol) in self._memory.ledger.blind:
            return
        self._builder.record(PositionsUnread, account=account_state.account, symbol=symbol, why=report.cause)
        place, seconds = _place(account_state, symbol), blind_ns // SECOND
        differing = _differing(account_state, symbol)
        text = Reconciler.BLIND(place=place, seconds=seconds, cause=report.cause)
        if differing is not None:
            text = Reconciler.BLIND_DIFFERING(
                place=place,
                believed=differing.believed,
                reported=differing.reported,
                seconds=seconds,
                cause=report.cause,
            )
        held = differing is not None or any(view.quantity for view in account_state.live(symbol))
        self._notify(Severity.CRITICAL if held else Severity.WARNING, text, account_state)

    def over(self, account_state: AccountState, symbol: Symbol | None) -> None:
        """It was read."""
        account_state.unread.pop(symbol, None)
        if (account_state.account, symbol) in self._memory.ledger.blind:
            self._builder.record(PositionsReadAgain, account=account_state.account, symbol=symbol)
            text = Reconciler.READ_AGAIN_AT(place=_place(account_state, symbol))
            self._notify(Severity.WARNING, text, account_state)

    def forget(self, account_state: AccountState) -> None:
        """The venue is away, which others tell; what failed before is another story."""
        account_state.unread.clear()

    def _notify(self, severity: Severity, text: Statement, account_state: AccountState) -> None:
        """Named after the event that was just recorded, so that each time is told, and told once."""
        self._builder.notify(
            severity, text, account_state.account, f"{account_state.account}.positions.{self._memory.ledger.version}"
        )


def _differing(account_state: AccountState, symbol: Symbol | None) -> Finding | None:
    """What the list of positions alone shows of this symbol; why it is so takes its trades."""
    suspected = (suspicion.finding for suspicion in account_state.evidence.suspicions.values())
    return next((found for found in suspected if found.symbol == symbol and found.type in QUANTITY), None)


def _place(account_state: AccountState, symbol: Symbol | None) -> Statement | str:
    return account_state.account if symbol is None else Reconciler.LEG(account=account_state.account, symbol=symbol)
