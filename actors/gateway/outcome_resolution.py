"""The resolution of one order whose outcome is unknown.

The order is queried by its client order id, first soon, then at growing intervals, without a limit. Three things end a
resolution:

- the venue describes the order; its fills are read as well, since a canceled order may have filled (fault 11);
- it is proven absent: `NOT_FOUND_NEEDED` spaced queries, each begun after the request's validity window ended, find no
  order, and its trades are empty (I1). A request that the venue itself refused with an unknown code has no window: it
  is not in flight;
- a late answer or a stream event shows that it exists, where only existence was in question.

A failed query proves nothing. A query that finds nothing within the window proves nothing: the request may still be in
flight (Binance, general-info, "Timing security": a request older than `recvWindow` is refused). Times without another
name are monotonic nanoseconds.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

from actors.gateway.actions import MINUTE, MS, SECOND, Action, Later, Say, Send
from messages.addresses import NOTIFIER, SUPERVISOR
from messages.backoff import backoff
from messages.reports import (
    AboutOrder,
    FillReport,
    FillsFetched,
    OrderAbsent,
    OrderAccepted,
    OrderNotFound,
    OrderReport,
    QueryFailed,
)
from messages.requests import FetchFills, Notify, QueryOrder, ResolveOrder
from messages.statement import NOTHING, Statement
from messages.types import OrderStatus, Severity, VenueOrderId
from messages.wording import Gateway

FIRST_DELAY_NS = 250 * MS
LONGEST_DELAY_NS = 10 * SECOND
SPACING_NS = 500 * MS
"""Least time between two queries that count as proof, so that one stale replica does not answer both."""
NOT_FOUND_NEEDED = 2
NOT_FOUND_NEEDED_ONCE_SEEN = 6
"""For an order that was seen: "not found" is then a purged order or a stale answer."""
ALARM_AFTER_NS = 5 * MINUTE
ALARM_EVERY_NS = 30 * MINUTE
FILLS_SINCE_MARGIN_NS = 60 * SECOND
"""Trades are read from this long before the believed send time: clocks differ."""


class Goal(StrEnum):
    """What a resolution has to find out."""

    FILLS = "fills"
    """The trades."""
    EXISTENCE = "existence"
    """Whether the order reached the venue: any sign of it is enough."""
    CONDITION = "condition"
    """The order's current state: only its end, or a query begun after the question, is enough."""


class PendingQuery(StrEnum):
    """The query in flight. A resolution has at most one, so answers need no numbers."""

    NOTHING = "nothing"
    ORDER = "order"
    FILLS = "fills"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The state of one resolution.

    `order.sent_ns` is wall time; a monotonic time plus `wall_ns` is wall time. Queries begun from `proof_from_ns` on
    can prove absence.
    """

    order: ResolveOrder
    goal: Goal
    begun_ns: int
    proof_from_ns: int
    wall_ns: int
    pending_query: PendingQuery = PendingQuery.NOTHING
    asked_ns: int = 0
    again: bool = False
    tries: int = 0
    failures: int = 0
    unanswered: int = 0
    """Failed queries in a row; only these lengthen the pause."""
    not_found_ns: tuple[int, ...] = ()
    seen: bool = False
    described: bool = False
    fills_wanted: bool = False
    fills_since_ns: int = 0
    venue_order_id: VenueOrderId | None = None
    alarm_ns: int = 0
    last_error: Statement = NOTHING
    """The venue's last error."""


Result: TypeAlias = tuple[Resolution | None, tuple[Action, ...]]
"""The resolution (None: it ended) and the actions to perform."""


def topic(resolution: Resolution) -> str:
    """Return the topic of its timer."""
    return f"doubt/{resolution.order.client_order_id}"


def begin(
    order: ResolveOrder,
    goal: Goal,
    *,
    now_ns: int,
    proof_from_ns: int,
    wall_ns: int,
    seen: bool = False,
    venue_order_id: VenueOrderId | None = None,
) -> Result:
    """Start a resolution. `wall_ns`: wall minus monotonic time; `seen`: the venue has reported the order before.

    The first query waits, since the request is mostly still in flight; trades are read at once.
    """
    resolution = Resolution(
        order=order,
        goal=goal,
        begun_ns=now_ns,
        proof_from_ns=proof_from_ns,
        wall_ns=wall_ns,
        fills_wanted=goal is Goal.FILLS,
        fills_since_ns=max(0, order.sent_ns - FILLS_SINCE_MARGIN_NS),
        alarm_ns=now_ns + ALARM_AFTER_NS,
        seen=seen,
        venue_order_id=venue_order_id,
    )
    return (resolution, (Later(topic(resolution), 0),)) if goal is Goal.FILLS else _wait(resolution, now_ns)


def ask_more(resolution: Resolution, goal: Goal, *, now_ns: int, proof_from_ns: int) -> Result:
    """Add a question to a running resolution.

    A query in flight may be older than the question, so it is repeated. `proof_from_ns` replaces the earlier value, and
    earlier "not found" answers before it no longer count. A weaker question changes no timer.
    """
    if goal is Goal.FILLS:
        return replace(resolution, fills_wanted=True), ()
    more = _DEMAND.index(goal) > _DEMAND.index(resolution.goal)
    resolution = replace(
        resolution,
        goal=goal if more else resolution.goal,
        proof_from_ns=proof_from_ns,
        not_found_ns=tuple(at_ns for at_ns in resolution.not_found_ns if at_ns >= proof_from_ns),
        described=False,
        again=resolution.again or resolution.pending_query is not PendingQuery.NOTHING,
    )
    if not more or resolution.pending_query is not PendingQuery.NOTHING:
        return resolution, ()
    return _wait(replace(resolution, tries=0, unanswered=0), now_ns)


_DEMAND = (Goal.FILLS, Goal.EXISTENCE, Goal.CONDITION)


def on_due(resolution: Resolution, *, now_ns: int, reachable: bool) -> Result:
    """Send the next query. An unreachable venue delays it and counts no try."""
    if resolution.pending_query is not PendingQuery.NOTHING:
        return resolution, ()
    resolution, alarm = _alarm(resolution, now_ns)
    if not reachable:
        return resolution, (*alarm, Later(topic(resolution), LONGEST_DELAY_NS))
    pending_query = PendingQuery.FILLS if resolution.goal is Goal.FILLS or resolution.described else PendingQuery.ORDER
    resolution, actions = _ask(resolution, pending_query, now_ns)
    return resolution, (*alarm, *actions)


def on_message(resolution: Resolution, message: AboutOrder, *, now_ns: int) -> Result:
    """Apply a report about the order, requested or not."""
    match message:
        case OrderReport():
            return _described(resolution, message, now_ns)
        case OrderAccepted() | FillReport():
            resolution = replace(resolution, seen=True, not_found_ns=(), venue_order_id=message.venue_order_id)
            satisfied = (
                resolution.goal is Goal.EXISTENCE
                and resolution.pending_query is not PendingQuery.FILLS
                and not resolution.fills_wanted
            )
            return (None, ()) if satisfied else (resolution, ())
        case FillsFetched():
            # Found without a known venue id: the order exists, without a trade.
            known = message.filled_quantity > 0 or resolution.order.conditional or resolution.venue_order_id is None
            return _fills_read(resolution, now_ns, known=known)
        case OrderNotFound():
            return _not_found(resolution, now_ns)
        case QueryFailed():
            return _failed(resolution, message, now_ns)
        case _:
            return resolution, ()


def _described(resolution: Resolution, report: OrderReport, now_ns: int) -> Result:
    """The venue described the order. If a query did, and it ended or filled, read its trades too.

    An unrequested report comes with its fills.
    """
    asked = report.queried and resolution.pending_query is PendingQuery.ORDER
    resolution = replace(resolution, seen=True, not_found_ns=(), venue_order_id=report.venue_order_id)
    if asked:
        resolution = replace(resolution, pending_query=PendingQuery.NOTHING, tries=0, unanswered=0)
        if resolution.again:
            return _wait(replace(resolution, again=False), now_ns)
    elif (
        resolution.goal is Goal.FILLS
        or resolution.pending_query is PendingQuery.FILLS
        or not _is_enough(resolution, report)
    ):
        return resolution, ()
    may_have_filled = report.filled_quantity > 0 or report.status in _MAY_HAVE_FILLED
    if not (resolution.fills_wanted or (asked and may_have_filled)):
        return None, ()
    resolution = replace(resolution, described=True)
    return (
        _ask(resolution, PendingQuery.FILLS, now_ns)
        if resolution.pending_query is PendingQuery.NOTHING
        else (resolution, ())
    )


_MAY_HAVE_FILLED = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.FILLED})


def _is_enough(resolution: Resolution, unasked: OrderReport) -> bool:
    return unasked.status.ended or resolution.goal is Goal.EXISTENCE


def _not_found(resolution: Resolution, now_ns: int) -> Result:
    if resolution.pending_query is PendingQuery.FILLS:
        # Reading trades starts with the order and its substitutes: no order means no trades.
        return _fills_read(resolution, now_ns, known=False)
    if resolution.pending_query is PendingQuery.NOTHING:
        return resolution, ()
    counts = resolution.asked_ns >= resolution.proof_from_ns and not resolution.again
    not_found_ns = (*resolution.not_found_ns, resolution.asked_ns) if counts else resolution.not_found_ns
    # More "not found" than needed is no progress: while trades cannot be read, the pause grows.
    unanswered = 0 if len(not_found_ns) <= _needed(resolution) else resolution.unanswered
    resolution = replace(
        resolution, pending_query=PendingQuery.NOTHING, again=False, unanswered=unanswered, not_found_ns=not_found_ns
    )
    if resolution.described or len(not_found_ns) >= _needed(resolution):
        return _ask(resolution, PendingQuery.FILLS, now_ns)
    return _wait(resolution, now_ns)


def _fills_read(resolution: Resolution, now_ns: int, *, known: bool) -> Result:
    """Its trades were read; `known`: they show that the order exists, whatever was not found before."""
    if resolution.pending_query is not PendingQuery.FILLS:
        return resolution, ()
    resolution = replace(resolution, pending_query=PendingQuery.NOTHING, fills_wanted=False, tries=0, unanswered=0)
    if resolution.again:
        return _wait(replace(resolution, again=False), now_ns)
    if resolution.goal is Goal.FILLS or resolution.described:
        return None, ()
    if known:
        return _wait(replace(resolution, seen=True, not_found_ns=()), now_ns)
    if len(resolution.not_found_ns) < _needed(resolution):
        return _wait(resolution, now_ns)
    return None, (Say(SUPERVISOR, _absent(resolution, now_ns)),)


def _failed(resolution: Resolution, answer: QueryFailed, now_ns: int) -> Result:
    if resolution.pending_query is PendingQuery.NOTHING:
        return resolution, ()
    resolution = replace(
        resolution,
        pending_query=PendingQuery.NOTHING,
        again=False,
        failures=resolution.failures + 1,
        unanswered=resolution.unanswered + 1,
        last_error=answer.cause,
    )
    return _wait(resolution, now_ns, at_least_ns=answer.retry_after_ms * MS)


def _needed(resolution: Resolution) -> int:
    return NOT_FOUND_NEEDED_ONCE_SEEN if resolution.seen else NOT_FOUND_NEEDED


def _wait(resolution: Resolution, now_ns: int, at_least_ns: int = 0) -> Result:
    """Schedule the next query: growing pauses, but prompt when absence becomes provable or a proof is to be completed.

    The pause grows with failures in a row, not with all queries.
    """
    delay_ns = backoff(FIRST_DELAY_NS, LONGEST_DELAY_NS, resolution.unanswered or resolution.tries)
    if resolution.proof_from_ns > now_ns:
        delay_ns = min(delay_ns, max(FIRST_DELAY_NS, resolution.proof_from_ns - now_ns))
    elif resolution.tries and not resolution.unanswered and not resolution.seen:
        delay_ns = SPACING_NS
    spacing_ns = SPACING_NS if resolution.not_found_ns else 0
    return resolution, (Later(topic(resolution), max(delay_ns, spacing_ns, at_least_ns)),)


def _ask(resolution: Resolution, pending_query: PendingQuery, now_ns: int) -> tuple[Resolution, tuple[Action, ...]]:
    order = resolution.order
    resolution = replace(resolution, pending_query=pending_query, asked_ns=now_ns, tries=resolution.tries + 1)
    if pending_query is PendingQuery.ORDER:
        return resolution, (
            Send(
                QueryOrder(
                    account=order.account,
                    symbol=order.symbol,
                    client_order_id=order.client_order_id,
                    conditional=order.conditional,
                    correlation_id=order.correlation_id,
                    causation_id=order.causation_id,
                )
            ),
        )
    return resolution, (
        Send(
            FetchFills(
                account=order.account,
                symbol=order.symbol,
                client_order_id=order.client_order_id,
                conditional=order.conditional,
                correlation_id=order.correlation_id,
                causation_id=order.causation_id,
                since_ns=resolution.fills_since_ns,
                venue_order_id=resolution.venue_order_id,
            )
        ),
    )


def _alarm(resolution: Resolution, now_ns: int) -> tuple[Resolution, tuple[Action, ...]]:
    """Notify the owner of a resolution that lasts, at long intervals."""
    if now_ns < resolution.alarm_ns or resolution.goal is Goal.FILLS:
        return resolution, ()
    order = resolution.order
    minutes = (now_ns - resolution.begun_ns) // MINUTE
    notice = Notify(
        severity=Severity.CRITICAL,
        text=_unknown_for(resolution, minutes),
        account=order.account,
        notice_id=f"doubt/{order.client_order_id}/{minutes}",
        correlation_id=order.correlation_id,
    )
    return replace(resolution, alarm_ns=now_ns + ALARM_EVERY_NS), (Say(NOTIFIER, notice),)


def _unknown_for(resolution: Resolution, minutes: int) -> Statement:
    symbol, order = resolution.order.symbol, resolution.order.client_order_id
    tries, failures = resolution.tries, resolution.failures
    if not resolution.last_error:
        return Gateway.OUTCOME_UNKNOWN(symbol=symbol, order=order, minutes=minutes, tries=tries, failures=failures)
    return Gateway.OUTCOME_UNKNOWN_SINCE_ANSWER(
        symbol=symbol, order=order, minutes=minutes, tries=tries, failures=failures, why=resolution.last_error
    )


def _absent(resolution: Resolution, now_ns: int) -> OrderAbsent:
    order = resolution.order
    asked = ", ".join(_when(resolution, at_ns) for at_ns in resolution.not_found_ns)
    seen = " The venue knew it once and knows it no more." if resolution.seen else ""
    evidence = (
        f"{len(resolution.not_found_ns)} queries begun at {asked} found no such order, none of them before "
        f"{_when(resolution, resolution.proof_from_ns)}, when the request's validity had surely ended; "
        f"its trades, read until {_when(resolution, now_ns)}, show no fill; "
        f"{resolution.failures} further queries had no answer.{seen}"
    )
    return OrderAbsent(
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        correlation_id=order.correlation_id,
        causation_id=order.causation_id,
        evidence=evidence,
        ts_init=now_ns + resolution.wall_ns,
    )


def _when(resolution: Resolution, at_ns: int) -> str:
    wall_ms = (at_ns + resolution.wall_ns) // MS
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds")
