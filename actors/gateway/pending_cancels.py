"""Taking orders off the book. A cancel may be repeated safely, so it is, until the order is over.

A cancel keeps its place behind its own submit: while the port has not answered that one, the cancel is
held, because a cancel that arrives first finds nothing and changes nothing. As soon as anything is heard
of the order (an answer of any kind, or the stream) it leaves; at once, where that was heard before it.

What is unclear after a cancel (no answer, "no such order", a report that it still works) is found out by
asking what the order is now; if it still works, the cancel is repeated.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from actors.gateway import retry
from actors.gateway.actions import NOTIFIER
from actors.gateway.context import GatewayContext
from actors.gateway.outcome_resolution import Goal
from actors.gateway.resolutions import Resolutions
from messages.reports import CancelRejected, NotExecuted, OrderReport, OutcomeUnknown
from messages.requests import CancelOrder, Notify
from messages.statement import NOTHING, Statement
from messages.types import ClientOrderId, OrderStatus, Severity
from messages.wording import Gateway
from messages.wording.common import Common

TELL_AFTER = 5
"""Cancels that changed nothing, after three seconds or so: by then the owner wants to know what the venue says."""


class Stage(StrEnum):
    """Where a cancel is."""

    HELD = "held"
    OUT = "out"
    UNKNOWN = "doubted"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCancel:
    """An order that shall go. `attempts` counts the cancels that changed nothing, `last_error` is what was said last."""

    message: CancelOrder
    stage: Stage
    attempts: int = 0
    last_error: Statement = NOTHING


class PendingCancels:
    """One wish per client order id; repeating it changes nothing."""

    def __init__(self, context: GatewayContext, resolutions: Resolutions) -> None:
        self._context = context
        self._resolutions = resolutions
        self._pending: dict[ClientOrderId, PendingCancel] = {}

    def __contains__(self, name: ClientOrderId) -> bool:
        return name in self._pending

    def add(self, message: CancelOrder, *, hold: bool) -> None:
        name = message.client_order_id
        self._context.promise(f"cancel/{name}", message)
        if name in self._pending:
            return
        self._pending[name] = PendingCancel(message=message, stage=Stage.HELD)
        if not hold:
            self.let_go(name)

    def let_go(self, name: ClientOrderId) -> None:
        """Something was heard of the order: a cancel held for that leaves now."""
        pending = self._pending.get(name)
        if pending is not None and pending.stage is Stage.HELD:
            self._send(pending)

    def on_due(self, name: ClientOrderId) -> None:
        pending = self._pending.get(name)
        if pending is not None and pending.stage is Stage.PAUSED:
            self._send(pending)

    def close(self, name: ClientOrderId) -> None:
        """The order is not live, so there is nothing to cancel."""
        if self._pending.pop(name, None) is not None:
            self._context.fulfill(f"cancel/{name}")
            self._context.withdraw(f"cancel/{name}")

    def reported(self, report: OrderReport) -> None:
        name = report.client_order_id
        if report.status.ended or report.status is OrderStatus.TRIGGERED:
            self._context.completed(f"cancel/{name}")
            self.close(name)
        else:
            self.let_go(name)

    def unclear(self, message: CancelRejected | OutcomeUnknown) -> None:
        """The cancel perhaps worked, or found nothing to cancel: look what the order is."""
        name = message.client_order_id
        self._context.completed(f"cancel/{name}")
        pending = self._pending.get(name)
        if pending is None:
            return
        if isinstance(message, CancelRejected):
            said = Common.ANSWERED(code=message.code, text=message.text)
        else:
            said = message.cause
        self._pending[name] = replace(pending, stage=Stage.UNKNOWN, last_error=said)
        self._resolutions.ask(pending.message, Goal.CONDITION, venue_order_id=pending.message.venue_order_id)

    def not_executed(self, message: NotExecuted) -> None:
        self._context.completed(f"cancel/{message.client_order_id}")
        self._again(message.client_order_id, message.cause, message.retry_after_ms)

    def on_resolution_end(self, name: ClientOrderId) -> None:
        """What the order is has been told. Had it ended, the wish would be gone; so it works still."""
        pending = self._pending.get(name)
        if pending is not None and pending.stage is Stage.UNKNOWN:
            self._again(name, pending.last_error or Gateway.STILL_WORKING(), 0)

    def _send(self, pending: PendingCancel) -> None:
        name = pending.message.client_order_id
        self._pending[name] = replace(pending, stage=Stage.OUT)
        self._context.request(f"cancel/{name}", pending.message)

    def _again(self, name: ClientOrderId, cause: Statement, retry_after_ms: int) -> None:
        pending = self._pending.get(name)
        if pending is None:
            return
        attempts = pending.attempts + 1
        if attempts >= retry.CANCEL_ATTEMPTS:
            self._give_up(pending.message, attempts, cause)
            return
        if attempts == TELL_AFTER:
            self._tell(
                pending.message, Severity.WARNING, _said(Gateway.CANCEL_LATE, pending.message, attempts, cause), "late"
            )
        self._context.retries += 1
        paused = replace(pending, stage=Stage.PAUSED, attempts=attempts)
        self._pending[name] = paused
        if self._context.silenced:
            self._send(paused)
        else:
            self._context.later(f"cancel/{name}", retry.delay_ns(attempts, retry_after_ms))

    def _give_up(self, message: CancelOrder, attempts: int, cause: Statement) -> None:
        self.close(message.client_order_id)
        self._tell(message, Severity.CRITICAL, _said(Gateway.CANCEL_FAILED, message, attempts, cause))

    def _tell(self, message: CancelOrder, severity: Severity, text: Statement, topic: str = "") -> None:
        name = message.client_order_id
        notice = Notify(
            severity=severity,
            text=text,
            account=message.account,
            notice_id=f"cancel/{name}/{topic}" if topic else f"cancel/{name}",
            correlation_id=message.correlation_id,
        )
        self._context.say(notice, NOTIFIER)


def _said(wording: Gateway, message: CancelOrder, attempts: int, cause: Statement) -> Statement:
    return wording(symbol=message.symbol, order=message.client_order_id, attempts=attempts, cause=cause)
