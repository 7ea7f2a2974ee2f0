"""Rejections of reducing orders for their timestamp: not executed, sent again, rejected again. Pure.

Nothing else shows this: the venue responds and asks for no silence, and a close that is retried looks done. The owner
is notified once when it lasts, and once at its end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from actors.gateway.venue_health import duration_of
from messages.requests import Notify, SubmitOrder
from messages.statement import Statement
from messages.types import AccountId, ClientOrderId, Severity
from messages.wording import Gateway

NOTIFY_AFTER = 3
"""Rejections of one order in a row: the first triggers a clock measurement, which may be a bad one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampRejections:
    """`in_a_row`: rejections per order without another answer; `since_ns` (monotonic): the first; `notified`: the owner
    was.
    """

    in_a_row: Mapping[ClientOrderId, int] = field(default_factory=lambda: MappingProxyType({}))
    since_ns: int = 0
    notified: bool = False


def on_rejection(
    before: TimestampRejections, order: SubmitOrder, cause: Statement, now_ns: int
) -> tuple[TimestampRejections, Notify | None]:
    """Count a rejection; returns also the notice that is due, if any."""
    times = before.in_a_row.get(order.client_order_id, 0) + 1
    begun = before if before.in_a_row or before.notified else replace(before, since_ns=now_ns)
    after = replace(begun, in_a_row=MappingProxyType({**before.in_a_row, order.client_order_id: times}))
    if before.notified or times < NOTIFY_AFTER:
        return after, None
    notice = Notify(
        severity=Severity.CRITICAL,
        text=Gateway.UNTIMELY(account=order.account, symbol=order.symbol, times=times, cause=cause),
        account=order.account,
        notice_id=f"untimely/{order.account}/{after.since_ns}",
    )
    return replace(after, notified=True), notice


def on_other_answer(before: TimestampRejections, name: ClientOrderId) -> TimestampRejections:
    """Drop the order's count: it had another answer, or needs none."""
    if name not in before.in_a_row:
        return before
    left = {each: times for each, times in before.in_a_row.items() if each != name}
    return replace(before, in_a_row=MappingProxyType(left))


def on_time_accepted(
    before: TimestampRejections, account: AccountId, waits: Callable[[ClientOrderId], bool], now_ns: int
) -> tuple[TimestampRejections, Notify | None]:
    """The venue accepted our time: reset, unless an order with rejections still `waits`. Returns also the notice of the
    end.

    A refused order is followed by another that is rejected too, so its refusal ends nothing.
    """
    waiting = {name: times for name, times in before.in_a_row.items() if waits(name)}
    if waiting:
        return replace(before, in_a_row=MappingProxyType(waiting)), None
    if not before.notified:
        return TimestampRejections(), None
    notice = Notify(
        severity=Severity.WARNING,
        text=Gateway.TIMELY_AGAIN(account=account, age=duration_of(now_ns - before.since_ns)),
        account=account,
        notice_id=f"untimely/{account}/{before.since_ns}/over",
    )
    return TimestampRejections(), notice
