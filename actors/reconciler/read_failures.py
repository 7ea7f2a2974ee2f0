"""Unreadable positions: a durable condition, notified once and ended once.

Meanwhile the account or symbol is not compared; nothing else would show it, since a failed read is no evidence (I2).
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
    """Counts the results of readings, of an account or of one symbol."""

    def __init__(self, clock: Clock, memory: ReconcilerMemory, builder: StepBuilder) -> None:
        self._clock = clock
        self._memory = memory
        self._builder = builder

    def failed(self, account_state: AccountState, symbol: Symbol | None, report: FetchFailed) -> None:
        """Count a failed reading; notify when it lasts. A venue that asks for silence is the gateway's notice."""
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
        """Reset: the reading succeeded."""
        account_state.unread.pop(symbol, None)
        if (account_state.account, symbol) in self._memory.ledger.blind:
            self._builder.record(PositionsReadAgain, account=account_state.account, symbol=symbol)
            text = Reconciler.READ_AGAIN_AT(place=_place(account_state, symbol))
            self._notify(Severity.WARNING, text, account_state)

    def forget(self, account_state: AccountState) -> None:
        """Drop all counts: the venue is down, which is notified elsewhere."""
        account_state.unread.clear()

    def _notify(self, severity: Severity, text: Statement, account_state: AccountState) -> None:
        """The notice id contains the ledger version, so each occurrence is notified once."""
        self._builder.notify(
            severity, text, account_state.account, f"{account_state.account}.positions.{self._memory.ledger.version}"
        )


def _differing(account_state: AccountState, symbol: Symbol | None) -> Finding | None:
    """Return the difference that positions alone show on this symbol; its cause needs trades."""
    suspected = (suspicion.finding for suspicion in account_state.evidence.suspicions.values())
    return next((found for found in suspected if found.symbol == symbol and found.type in QUANTITY), None)


def _place(account_state: AccountState, symbol: Symbol | None) -> Statement | str:
    return account_state.account if symbol is None else Reconciler.LEG(account=account_state.account, symbol=symbol)
