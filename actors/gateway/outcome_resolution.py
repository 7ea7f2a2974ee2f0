"""Finding out what became of one order whose outcome nobody knows.

The order is asked after by its client order id: soon, then ever more slowly, and never given up.
What ends a doubt, and nothing else does:

- the venue describes the order: its fills are read too, since a canceled order may have filled (fault 11);
- it is proven absent: `NOT_FOUND_NEEDED` queries, each begun after the request's validity window had surely
  passed and spaced from one another, know no such order, and reading its trades shows none (I1). A request that the
  venue itself refused, in words that no table has, has no window to wait for: nothing of it is on its way;
- evidence arrives by itself (a late answer, a stream event), where existence was all that was in doubt.

A failed query proves nothing. A query that finds nothing within the window proves nothing either: the
request may still be on its way (Binance, general-info, "Timing security": a request is refused once it
is older than `recvWindow`). Times without another name are monotonic nanoseconds.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

from actors.gateway.actions import MINUTE, MS, NOTIFIER, SECOND, SUPERVISOR, Action, Later, Say, Send
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
"""Between two queries that count as proof: one stale replica must not be asked twice in a moment."""
NOT_FOUND_NEEDED = 2
NOT_FOUND_NEEDED_ONCE_SEEN = 6
"""An order that was seen and is not found is a venue that forgets, or a stale answer: more patience."""
ALARM_AFTER_NS = 5 * MINUTE
ALARM_EVERY_NS = 30 * MINUTE
FILLS_SINCE_MARGIN_NS = 60 * SECOND
"""Clocks differ: trades are read from this long before we think that the order was sent."""


class Goal(StrEnum):
    """How much has to be known."""

    FILLS = "fills"
    """Only the trades were asked for."""
    EXISTENCE = "existence"
    """Whether it reached the venue at all: any sign of it is enough."""
    CONDITION = "condition"
    """What it is now: only a query begun after the question, or its end, is enough."""


class PendingQuery(StrEnum):
    """Which question is at the venue; at most one of a doubt is at any time, so answers need no numbers."""

    NOTHING = "nothing"
    ORDER = "order"
    FILLS = "fills"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """`order.sent_ns` is wall time, as is all times plus `wall_ns`. Absence is provable from `proof_from_ns` on."""

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
    """Failures in a row: only these say that the venue needs time."""
    not_found_ns: tuple[int, ...] = ()
    seen: bool = False
    described: bool = False
    fills_wanted: bool = False
    fills_since_ns: int = 0
    venue_order_id: VenueOrderId | None = None
    alarm_ns: int = 0
    last_error: Statement = NOTHING
    """What the venue said last in place of an answer."""


Result: TypeAlias = tuple[Resolution | None, tuple[Action, ...]]
"""The doubt, None once it is over, and what to do."""


def topic(resolution: Resolution) -> str:
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
    """Start a doubt. `wall_ns` is wall time minus monotonic time; `seen`: the venue once knew the order.

    A first query at once would mostly meet the request still on its way; trades asked for are read at once.
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
    """Take another question into a doubt that exists already.

    An answer to a query begun before the new question may be older than what is asked about, so the
    query is repeated. `proof_from_ns` replaces the earlier one, which knew less; what was not found
    before it counts no longer. A question that asks for no more than is being found out changes no timer.
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
    """Its time has come: ask, unless the venue is out of reach, which costs patience but no try."""
    if resolution.pending_query is not PendingQuery.NOTHING:
        return resolution, ()
    resolution, alarm = _alarm(resolution, now_ns)
    if not reachable:
        return resolution, (*alarm, Later(topic(resolution), LONGEST_DELAY_NS))
    pending_query = PendingQuery.FILLS if resolution.goal is Goal.FILLS or resolution.described else PendingQuery.ORDER
    resolution, actions = _ask(resolution, pending_query, now_ns)
    return resolution, (*alarm, *actions)


def on_message(resolution: Resolution, message: AboutOrder, *, now_ns: int) -> Result:
    """Learn from what the venue says of the order, asked or unasked."""
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
            # Who did not know its venue id has just found the order: without a trade, and there.
            known = message.filled_quantity > 0 or resolution.order.conditional or resolution.venue_order_id is None
            return _fills_read(resolution, now_ns, known=known)
        case OrderNotFound():
            return _not_found(resolution, now_ns)
        case QueryFailed():
            return _failed(resolution, message, now_ns)
        case _:
            return resolution, ()


def _described(resolution: Resolution, report: OrderReport, now_ns: int) -> Result:
    """The venue describes the order. Asked for one that ended or filled at all, its trades are read as well.

    What the stream tells unasked comes with its fills.
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
        # Reading trades starts with the order, and looks for it elsewhere too: where there is none there are none.
        return _fills_read(resolution, now_ns, known=False)
    if resolution.pending_query is PendingQuery.NOTHING:
        return resolution, ()
    counts = resolution.asked_ns >= resolution.proof_from_ns and not resolution.again
    not_found_ns = (*resolution.not_found_ns, resolution.asked_ns) if counts else resolution.not_found_ns
    # What completes no proof is no progress: where its trades cannot be read, the pause grows all the same.
    unanswered = 0 if len(not_found_ns) <= _needed(resolution) else resolution.unanswered
    resolution = replace(
        resolution, pending_query=PendingQuery.NOTHING, again=False, unanswered=unanswered, not_found_ns=not_found_ns
    )
    if resolution.described or len(not_found_ns) >= _needed(resolution):
        return _ask(resolution, PendingQuery.FILLS, now_ns)
    return _wait(resolution, now_ns)


def _fills_read(resolution: Resolution, now_ns: int, *, known: bool) -> Result:
    """Its trades have been read; `known`: which shows that there is such an order, whatever was not found before."""
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
    """Ever longer, but ready when absence becomes provable, and prompt for the queries that complete a proof.

    A query that failed says nothing of the next: the pause grows with failures in a row, not with all queries.
    """
    delay_ns = min(FIRST_DELAY_NS << min(resolution.unanswered or resolution.tries, 16), LONGEST_DELAY_NS)
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
    """A doubt that lasts is told to the owner, seldom, until it ends."""
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
