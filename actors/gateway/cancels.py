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
from actors.gateway.desk import Desk
from actors.gateway.doubt import Goal
from actors.gateway.doubts import Doubts
from messages.addresses import NOTIFIER
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
    DOUBTED = "doubted"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order that shall go. `attempts` counts the cancels that changed nothing, `words` is what was said last."""

    message: CancelOrder
    stage: Stage
    attempts: int = 0
    words: Statement = NOTHING


class Cancels:
    """One wish per client order id; repeating it changes nothing."""

    def __init__(self, desk: Desk, doubts: Doubts) -> None:
        self._desk = desk
        self._doubts = doubts
        self._wishes: dict[ClientOrderId, Wish] = {}

    def __contains__(self, name: ClientOrderId) -> bool:
        return name in self._wishes

    def wish(self, message: CancelOrder, *, hold: bool) -> None:
        name = message.client_order_id
        self._desk.promise(f"cancel/{name}", message)
        if name in self._wishes:
            return
        self._wishes[name] = Wish(message=message, stage=Stage.HELD)
        if not hold:
            self.let_go(name)

    def let_go(self, name: ClientOrderId) -> None:
        """Something was heard of the order: a cancel held for that leaves now."""
        wish = self._wishes.get(name)
        if wish is not None and wish.stage is Stage.HELD:
            self._send(wish)

    def due(self, name: ClientOrderId) -> None:
        wish = self._wishes.get(name)
        if wish is not None and wish.stage is Stage.PAUSED:
            self._send(wish)

    def over(self, name: ClientOrderId) -> None:
        """The order is not live, so there is nothing to cancel."""
        if self._wishes.pop(name, None) is not None:
            self._desk.fulfill(f"cancel/{name}")
            self._desk.withdraw(f"cancel/{name}")

    def reported(self, report: OrderReport) -> None:
        name = report.client_order_id
        if report.status.ended or report.status is OrderStatus.TRIGGERED:
            self._desk.landed(f"cancel/{name}")
            self.over(name)
        else:
            self.let_go(name)

    def unclear(self, message: CancelRejected | OutcomeUnknown) -> None:
        """The cancel perhaps worked, or found nothing to cancel: look what the order is."""
        name = message.client_order_id
        self._desk.landed(f"cancel/{name}")
        wish = self._wishes.get(name)
        if wish is None:
            return
        if isinstance(message, CancelRejected):
            said = Common.ANSWERED(code=message.code, text=message.text)
        else:
            said = message.cause
        self._wishes[name] = replace(wish, stage=Stage.DOUBTED, words=said)
        self._doubts.ask(wish.message, Goal.CONDITION, venue_order_id=wish.message.venue_order_id)

    def not_executed(self, message: NotExecuted) -> None:
        self._desk.landed(f"cancel/{message.client_order_id}")
        self._again(message.client_order_id, message.cause, message.retry_after_ms)

    def doubt_over(self, name: ClientOrderId) -> None:
        """What the order is has been told. Had it ended, the wish would be gone; so it works still."""
        wish = self._wishes.get(name)
        if wish is not None and wish.stage is Stage.DOUBTED:
            self._again(name, wish.words or Gateway.STILL_WORKING(), 0)

    def _send(self, wish: Wish) -> None:
        name = wish.message.client_order_id
        self._wishes[name] = replace(wish, stage=Stage.OUT)
        self._desk.request(f"cancel/{name}", wish.message)

    def _again(self, name: ClientOrderId, cause: Statement, retry_after_ms: int) -> None:
        wish = self._wishes.get(name)
        if wish is None:
            return
        attempts = wish.attempts + 1
        if attempts >= retry.CANCEL_ATTEMPTS:
            self._give_up(wish.message, attempts, cause)
            return
        if attempts == TELL_AFTER:
            self._tell(
                wish.message, Severity.WARNING, _said(Gateway.CANCEL_LATE, wish.message, attempts, cause), "late"
            )
        self._desk.retries += 1
        paused = replace(wish, stage=Stage.PAUSED, attempts=attempts)
        self._wishes[name] = paused
        if self._desk.silenced:
            self._send(paused)
        else:
            self._desk.later(f"cancel/{name}", retry.delay_ns(attempts, retry_after_ms))

    def _give_up(self, message: CancelOrder, attempts: int, cause: Statement) -> None:
        self.over(message.client_order_id)
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
        self._desk.say(notice, NOTIFIER)


def _said(wording: Gateway, message: CancelOrder, attempts: int, cause: Statement) -> Statement:
    return wording(symbol=message.symbol, order=message.client_order_id, attempts=attempts, cause=cause)
