"""Cancels. Repeating a cancel is safe, so it is repeated until the order has ended.

A cancel is held while the port has not answered its own submit: sent first, it would find nothing. Any report of the
order, by answer or stream, releases it, at once if that report came before the cancel.

After an unclear cancel (no answer, "no such order", a report that the order works) the order is queried; if it still
works, the cancel is repeated.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from actors.gateway import retry
from actors.gateway.context import GatewayContext
from actors.gateway.outcome_resolution import Goal
from actors.gateway.resolutions import Resolutions
from messages.addresses import NOTIFIER
from messages.reports import CancelRejected, NotExecuted, OrderReport, OutcomeUnknown
from messages.requests import CancelOrder, Notify
from messages.statement import NOTHING, Statement
from messages.types import ClientOrderId, OrderStatus, Severity
from messages.wording import Gateway
from messages.wording.common import Common

NOTIFY_AFTER = 5
"""Cancels without effect (about three seconds) before the owner is notified."""


class Stage(StrEnum):
    """The progress of a cancel."""

    HELD = "held"
    OUT = "out"
    UNKNOWN = "doubted"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCancel:
    """A cancel in progress. `attempts`: cancels without effect; `last_error`: the last answer."""

    message: CancelOrder
    stage: Stage
    attempts: int = 0
    last_error: Statement = NOTHING


class PendingCancels:
    """One pending cancel per client order id; adding it again changes nothing."""

    def __init__(self, context: GatewayContext, resolutions: Resolutions) -> None:
        self._context = context
        self._resolutions = resolutions
        self._pending: dict[ClientOrderId, PendingCancel] = {}

    def __contains__(self, name: ClientOrderId) -> bool:
        return name in self._pending

    def add(self, message: CancelOrder, *, hold: bool) -> None:
        """Start a cancel; `hold`: wait for the submit's answer."""
        name = message.client_order_id
        self._context.promise(f"cancel/{name}", message)
        if name in self._pending:
            return
        self._pending[name] = PendingCancel(message=message, stage=Stage.HELD)
        if not hold:
            self.let_go(name)

    def let_go(self, name: ClientOrderId) -> None:
        """Send a held cancel: the order was reported."""
        pending = self._pending.get(name)
        if pending is not None and pending.stage is Stage.HELD:
            self._send(pending)

    def on_due(self, name: ClientOrderId) -> None:
        """Repeat a paused cancel."""
        pending = self._pending.get(name)
        if pending is not None and pending.stage is Stage.PAUSED:
            self._send(pending)

    def close(self, name: ClientOrderId) -> None:
        """Drop the cancel: the order is not live."""
        if self._pending.pop(name, None) is not None:
            self._context.fulfill(f"cancel/{name}")
            self._context.withdraw(f"cancel/{name}")

    def reported(self, report: OrderReport) -> None:
        """Drop the cancel if the order has ended, else send it if it was held."""
        name = report.client_order_id
        if report.status.ended or report.status is OrderStatus.TRIGGERED:
            self._context.completed(f"cancel/{name}")
            self.close(name)
        else:
            self.let_go(name)

    def unclear(self, message: CancelRejected | OutcomeUnknown) -> None:
        """Query the order: the cancel perhaps worked, or found no order."""
        name = message.client_order_id
        self._context.completed(f"cancel/{name}")
        pending = self._pending.get(name)
        if pending is None:
            return
        if isinstance(message, CancelRejected):
            last_error = Common.ANSWERED(code=message.code, text=message.text)
        else:
            last_error = message.cause
        self._pending[name] = replace(pending, stage=Stage.UNKNOWN, last_error=last_error)
        self._resolutions.ask(pending.message, Goal.CONDITION, venue_order_id=pending.message.venue_order_id)

    def not_executed(self, message: NotExecuted) -> None:
        """Repeat the cancel after a pause: the venue did not execute it."""
        self._context.completed(f"cancel/{message.client_order_id}")
        self._again(message.client_order_id, message.cause, message.retry_after_ms)

    def on_resolution_end(self, name: ClientOrderId) -> None:
        """Repeat the cancel: the order was described and has not ended."""
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
        if attempts == NOTIFY_AFTER:
            self._notify(
                pending.message,
                Severity.WARNING,
                _statement(Gateway.CANCEL_LATE, pending.message, attempts, cause),
                "late",
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
        self._notify(message, Severity.CRITICAL, _statement(Gateway.CANCEL_FAILED, message, attempts, cause))

    def _notify(self, message: CancelOrder, severity: Severity, text: Statement, topic: str = "") -> None:
        name = message.client_order_id
        notice = Notify(
            severity=severity,
            text=text,
            account=message.account,
            notice_id=f"cancel/{name}/{topic}" if topic else f"cancel/{name}",
            correlation_id=message.correlation_id,
        )
        self._context.say(notice, NOTIFIER)


def _statement(wording: Gateway, message: CancelOrder, attempts: int, cause: Statement) -> Statement:
    return wording(symbol=message.symbol, order=message.client_order_id, attempts=attempts, cause=cause)
