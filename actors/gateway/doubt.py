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


class Asking(StrEnum):
    """Which question is at the venue; at most one of a doubt is at any time, so answers need no numbers."""

    NOTHING = "nothing"
    ORDER = "order"
    FILLS = "fills"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """`order.sent_ns` is wall time, as is all times plus `wall_ns`. Absence is provable from `proof_from_ns` on."""

    order: ResolveOrder
    goal: Goal
    begun_ns: int
    proof_from_ns: int
    wall_ns: int
    asking: Asking = Asking.NOTHING
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
    words: Statement = NOTHING
    """What the venue said last in place of an answer."""


Result: TypeAlias = tuple[Doubt | None, tuple[Action, ...]]
"""The doubt, None once it is over, and what to do."""


def topic(doubt: Doubt) -> str:
    return f"doubt/{doubt.order.client_order_id}"


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
    doubt = Doubt(
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
    return (doubt, (Later(topic(doubt), 0),)) if goal is Goal.FILLS else _wait(doubt, now_ns)


def ask_more(doubt: Doubt, goal: Goal, *, now_ns: int, proof_from_ns: int) -> Result:
    """Take another question into a doubt that exists already.

    An answer to a query begun before the new question may be older than what is asked about, so the
    query is repeated. `proof_from_ns` replaces the earlier one, which knew less; what was not found
    before it counts no longer. A question that asks for no more than is being found out changes no timer.
    """
    if goal is Goal.FILLS:
        return replace(doubt, fills_wanted=True), ()
    more = _DEMAND.index(goal) > _DEMAND.index(doubt.goal)
    doubt = replace(
        doubt,
        goal=goal if more else doubt.goal,
        proof_from_ns=proof_from_ns,
        not_found_ns=tuple(at_ns for at_ns in doubt.not_found_ns if at_ns >= proof_from_ns),
        described=False,
        again=doubt.again or doubt.asking is not Asking.NOTHING,
    )
    if not more or doubt.asking is not Asking.NOTHING:
        return doubt, ()
    return _wait(replace(doubt, tries=0, unanswered=0), now_ns)


_DEMAND = (Goal.FILLS, Goal.EXISTENCE, Goal.CONDITION)


def due(doubt: Doubt, *, now_ns: int, reachable: bool) -> Result:
    """Its time has come: ask, unless the venue is out of reach, which costs patience but no try."""
    if doubt.asking is not Asking.NOTHING:
        return doubt, ()
    doubt, alarm = _alarm(doubt, now_ns)
    if not reachable:
        return doubt, (*alarm, Later(topic(doubt), LONGEST_DELAY_NS))
    asking = Asking.FILLS if doubt.goal is Goal.FILLS or doubt.described else Asking.ORDER
    doubt, actions = _ask(doubt, asking, now_ns)
    return doubt, (*alarm, *actions)


def heard(doubt: Doubt, message: AboutOrder, *, now_ns: int) -> Result:
    """Learn from what the venue says of the order, asked or unasked."""
    match message:
        case OrderReport():
            return _described(doubt, message, now_ns)
        case OrderAccepted() | FillReport():
            doubt = replace(doubt, seen=True, not_found_ns=(), venue_order_id=message.venue_order_id)
            satisfied = doubt.goal is Goal.EXISTENCE and doubt.asking is not Asking.FILLS and not doubt.fills_wanted
            return (None, ()) if satisfied else (doubt, ())
        case FillsFetched():
            # Who did not know its venue id has just found the order: without a trade, and there.
            known = message.filled_quantity > 0 or doubt.order.conditional or doubt.venue_order_id is None
            return _fills_read(doubt, now_ns, known=known)
        case OrderNotFound():
            return _not_found(doubt, now_ns)
        case QueryFailed():
            return _failed(doubt, message, now_ns)
        case _:
            return doubt, ()


def _described(doubt: Doubt, report: OrderReport, now_ns: int) -> Result:
    """The venue describes the order. Asked for one that ended or filled at all, its trades are read as well.

    What the stream tells unasked comes with its fills.
    """
    asked = report.queried and doubt.asking is Asking.ORDER
    doubt = replace(doubt, seen=True, not_found_ns=(), venue_order_id=report.venue_order_id)
    if asked:
        doubt = replace(doubt, asking=Asking.NOTHING, tries=0, unanswered=0)
        if doubt.again:
            return _wait(replace(doubt, again=False), now_ns)
    elif doubt.goal is Goal.FILLS or doubt.asking is Asking.FILLS or not _is_enough(doubt, report):
        return doubt, ()
    may_have_filled = report.filled_quantity > 0 or report.status in _MAY_HAVE_FILLED
    if not (doubt.fills_wanted or (asked and may_have_filled)):
        return None, ()
    doubt = replace(doubt, described=True)
    return _ask(doubt, Asking.FILLS, now_ns) if doubt.asking is Asking.NOTHING else (doubt, ())


_MAY_HAVE_FILLED = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.FILLED})


def _is_enough(doubt: Doubt, unasked: OrderReport) -> bool:
    return unasked.status.ended or doubt.goal is Goal.EXISTENCE


def _not_found(doubt: Doubt, now_ns: int) -> Result:
    if doubt.asking is Asking.FILLS:
        # Reading trades starts with the order, and looks for it elsewhere too: where there is none there are none.
        return _fills_read(doubt, now_ns, known=False)
    if doubt.asking is Asking.NOTHING:
        return doubt, ()
    counts = doubt.asked_ns >= doubt.proof_from_ns and not doubt.again
    not_found_ns = (*doubt.not_found_ns, doubt.asked_ns) if counts else doubt.not_found_ns
    # What completes no proof is no progress: where its trades cannot be read, the pause grows all the same.
    unanswered = 0 if len(not_found_ns) <= _needed(doubt) else doubt.unanswered
    doubt = replace(doubt, asking=Asking.NOTHING, again=False, unanswered=unanswered, not_found_ns=not_found_ns)
    if doubt.described or len(not_found_ns) >= _needed(doubt):
        return _ask(doubt, Asking.FILLS, now_ns)
    return _wait(doubt, now_ns)


def _fills_read(doubt: Doubt, now_ns: int, *, known: bool) -> Result:
    """Its trades have been read; `known`: which shows that there is such an order, whatever was not found before."""
    if doubt.asking is not Asking.FILLS:
        return doubt, ()
    doubt = replace(doubt, asking=Asking.NOTHING, fills_wanted=False, tries=0, unanswered=0)
    if doubt.again:
        return _wait(replace(doubt, again=False), now_ns)
    if doubt.goal is Goal.FILLS or doubt.described:
        return None, ()
    if known:
        return _wait(replace(doubt, seen=True, not_found_ns=()), now_ns)
    if len(doubt.not_found_ns) < _needed(doubt):
        return _wait(doubt, now_ns)
    return None, (Say(SUPERVISOR, _absent(doubt, now_ns)),)


def _failed(doubt: Doubt, answer: QueryFailed, now_ns: int) -> Result:
    if doubt.asking is Asking.NOTHING:
        return doubt, ()
    doubt = replace(
        doubt,
        asking=Asking.NOTHING,
        again=False,
        failures=doubt.failures + 1,
        unanswered=doubt.unanswered + 1,
        words=answer.cause,
    )
    return _wait(doubt, now_ns, at_least_ns=answer.retry_after_ms * MS)


def _needed(doubt: Doubt) -> int:
    return NOT_FOUND_NEEDED_ONCE_SEEN if doubt.seen else NOT_FOUND_NEEDED


def _wait(doubt: Doubt, now_ns: int, at_least_ns: int = 0) -> Result:
    """Ever longer, but ready when absence becomes provable, and prompt for the queries that complete a proof.

    A query that failed says nothing of the next: the pause grows with failures in a row, not with all queries.
    """
    delay_ns = backoff(FIRST_DELAY_NS, LONGEST_DELAY_NS, doubt.unanswered or doubt.tries)
    if doubt.proof_from_ns > now_ns:
        delay_ns = min(delay_ns, max(FIRST_DELAY_NS, doubt.proof_from_ns - now_ns))
    elif doubt.tries and not doubt.unanswered and not doubt.seen:
        delay_ns = SPACING_NS
    spacing_ns = SPACING_NS if doubt.not_found_ns else 0
    return doubt, (Later(topic(doubt), max(delay_ns, spacing_ns, at_least_ns)),)


def _ask(doubt: Doubt, asking: Asking, now_ns: int) -> tuple[Doubt, tuple[Action, ...]]:
    order = doubt.order
    doubt = replace(doubt, asking=asking, asked_ns=now_ns, tries=doubt.tries + 1)
    if asking is Asking.ORDER:
        return doubt, (
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
    return doubt, (
        Send(
            FetchFills(
                account=order.account,
                symbol=order.symbol,
                client_order_id=order.client_order_id,
                conditional=order.conditional,
                correlation_id=order.correlation_id,
                causation_id=order.causation_id,
                since_ns=doubt.fills_since_ns,
                venue_order_id=doubt.venue_order_id,
            )
        ),
    )


def _alarm(doubt: Doubt, now_ns: int) -> tuple[Doubt, tuple[Action, ...]]:
    """A doubt that lasts is told to the owner, seldom, until it ends."""
    if now_ns < doubt.alarm_ns or doubt.goal is Goal.FILLS:
        return doubt, ()
    order = doubt.order
    minutes = (now_ns - doubt.begun_ns) // MINUTE
    notice = Notify(
        severity=Severity.CRITICAL,
        text=_unknown_for(doubt, minutes),
        account=order.account,
        notice_id=f"doubt/{order.client_order_id}/{minutes}",
        correlation_id=order.correlation_id,
    )
    return replace(doubt, alarm_ns=now_ns + ALARM_EVERY_NS), (Say(NOTIFIER, notice),)


def _unknown_for(doubt: Doubt, minutes: int) -> Statement:
    symbol, order = doubt.order.symbol, doubt.order.client_order_id
    tries, failures = doubt.tries, doubt.failures
    if not doubt.words:
        return Gateway.OUTCOME_UNKNOWN(symbol=symbol, order=order, minutes=minutes, tries=tries, failures=failures)
    return Gateway.OUTCOME_UNKNOWN_SINCE_ANSWER(
        symbol=symbol, order=order, minutes=minutes, tries=tries, failures=failures, why=doubt.words
    )


def _absent(doubt: Doubt, now_ns: int) -> OrderAbsent:
    order = doubt.order
    asked = ", ".join(_when(doubt, at_ns) for at_ns in doubt.not_found_ns)
    seen = " The venue knew it once and knows it no more." if doubt.seen else ""
    evidence = (
        f"{len(doubt.not_found_ns)} queries begun at {asked} found no such order, none of them before "
        f"{_when(doubt, doubt.proof_from_ns)}, when the request's validity had surely ended; "
        f"its trades, read until {_when(doubt, now_ns)}, show no fill; "
        f"{doubt.failures} further queries had no answer.{seen}"
    )
    return OrderAbsent(
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        correlation_id=order.correlation_id,
        causation_id=order.causation_id,
        evidence=evidence,
        ts_init=now_ns + doubt.wall_ns,
    )


def _when(doubt: Doubt, at_ns: int) -> str:
    wall_ms = (at_ns + doubt.wall_ns) // MS
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="milliseconds")
