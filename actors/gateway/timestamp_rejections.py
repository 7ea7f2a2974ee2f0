"""Reducing orders that the venue refuses for their time: not executed, sent again, and refused again. Pure.

Nothing else tells of it. The venue answers, so it is not down; it asks for no silence; and whoever reads that a
close is being sent again takes it for done. So the owner is told when it lasts, once, and told of its end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from actors.gateway.venue_health import duration_of
from messages.requests import Notify, SubmitOrder
from messages.statement import Statement
from messages.types import AccountId, ClientOrderId, Severity
from messages.wording import Gateway

TELL_AFTER = 3
"""Refusals of one order in a row: after the first the clock is measured, and a measurement may be a bad one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampRejections:
    """`in_a_row`: per order, how often without another answer in between. `since_ns`: the first of them.

    `told`: the owner knows.
    """

    in_a_row: Mapping[ClientOrderId, int] = field(default_factory=lambda: MappingProxyType({}))
    since_ns: int = 0
    told: bool = False


def on_rejection(
    before: TimestampRejections, order: SubmitOrder, cause: Statement, now_ns: int
) -> tuple[TimestampRejections, Notify | None]:
    """Once more; and what the owner must be told now."""
    times = before.in_a_row.get(order.client_order_id, 0) + 1
    begun = before if before.in_a_row or before.told else replace(before, since_ns=now_ns)
    after = replace(begun, in_a_row=MappingProxyType({**before.in_a_row, order.client_order_id: times}))
    if before.told or times < TELL_AFTER:
        return after, None
    notice = Notify(
        severity=Severity.CRITICAL,
        text=Gateway.UNTIMELY(account=order.account, symbol=order.symbol, times=times, cause=cause),
        account=order.account,
        notice_id=f"untimely/{order.account}/{after.since_ns}",
    )
    return replace(after, told=True), notice


def on_other_answer(before: TimestampRejections, name: ClientOrderId) -> TimestampRejections:
    """That order had another answer, or needs none any more."""
    if name not in before.in_a_row:
        return before
    left = {each: times for each, times in before.in_a_row.items() if each != name}
    return replace(before, in_a_row=MappingProxyType(left))


def on_time_accepted(
    before: TimestampRejections, account: AccountId, waits: Callable[[ClientOrderId], bool], now_ns: int
) -> tuple[TimestampRejections, Notify | None]:
    """The venue took the time of something: over, unless an order still `waits` that it refused for that.

    An order that is given up is followed by another one, which is refused likewise: that is no end of it.
    """
    waiting = {name: times for name, times in before.in_a_row.items() if waits(name)}
    if waiting:
        return replace(before, in_a_row=MappingProxyType(waiting)), None
    if not before.told:
        return TimestampRejections(), None
    notice = Notify(
        severity=Severity.WARNING,
        text=Gateway.TIMELY_AGAIN(account=account, age=duration_of(now_ns - before.since_ns)),
        account=account,
        notice_id=f"untimely/{account}/{before.since_ns}/over",
    )
    return TimestampRejections(), notice
