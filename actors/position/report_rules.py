"""What reports and timers change: one rule a message, `on_<message>`, which records facts.

`next_orders` decides what follows from the facts, `lifecycle` which state they amount to, `notices` what the owner
hears. "Real world possibility" marks an oddity of venues.
"""

from decimal import Decimal

from actors.funding import booked_of, held_at
from actors.position import notices
from actors.position.accounting import realized
from actors.position.command_rules import refuse, send_leverage
from actors.position.evolve import answer
from actors.position.next_orders import MS, RETRY_MOST_MS, STALLED_AFTER_MS, repeat_comparison
from actors.position.state import LATEST, PROTECTIVE, ZERO, Order, OrderPhase, Position, refusals
from actors.position.step_builder import StepBuilder
from messages import events as e
from messages import reports as r
from messages.backoff import backoff
from messages.statement import NOTHING, Statement, word
from messages.types import CommandId, OrderKind, OrderPurpose, OrderStatus, RejectReason, Severity
from messages.wording import Position as Say

FILLS_GRACE_MS = 400
"""The stream usually brings a fill within this time; only then are trades read."""
FILLS_RETRY_MS = 2_000
STALLED_RETRY_MS = 10_000
"""Between two queries of a stalled order, which may stay so for days."""
TRADES_MISSING_AFTER_NS = 10_000_000_000
"""Trades that stay unreadable for this long need a human."""
LEVERAGE_PATIENCE_NS = 60_000_000_000
"""A leverage whose outcome stays unknown for this long counts as refused; the reconciler finds what it became."""
LEVERAGE_PAUSE_MOST_MS = 15_000
DEFERRED_AFTER = 8
"""Refusals in a row after which the usual pause has reached its maximum."""
DEFERRED_MOST_MS = 300_000
SUSPECTS_MOST = 4
"""Failed orders that one refusal has queried."""

_PRESUMED_FAILED = (OrderPhase.REFUSED, OrderPhase.ABSENT)
"""Ends that are conclusions of ours: the venue may prove them wrong."""
_UNACKNOWLEDGED = (OrderPhase.SENT, OrderPhase.DOUBTED, *_PRESUMED_FAILED)
"""Real world possibility: presumed lost or refused, acknowledged late."""


# Leverage ------------------------------------------------------------------------------------------------


def on_setting_applied(step: StepBuilder, message: r.SettingApplied) -> None:
    """Record the leverage, if it is the one being set."""
    if step.position.leverage_pending and message.leverage == step.position.leverage_wanted:
        step.record(e.LeverageApplied, leverage=message.leverage, ts_event=message.ts_event)


def on_setting_refused(step: StepBuilder, message: r.SettingRefused) -> None:
    """An unknown outcome is asked for again until the patience ends: setting leverage twice is setting it once."""
    if not step.position.leverage_pending:
        return
    lasted_ns = step.now_ns - (step.position.leverage_ns or step.position.since_ns)
    if not message.unknown or lasted_ns >= LEVERAGE_PATIENCE_NS:
        _refuse_leverage(step, message.leverage, message.text)
        return
    if message.text != step.position.leverage_error:
        step.record(e.LeverageDoubted, leverage=message.leverage, text=message.text)
    pause_ms = min(max(lasted_ns // MS, 1_000), LEVERAGE_PAUSE_MOST_MS)
    step.wake("leverage", max(message.retry_after_ms, pause_ms))


def _refuse_leverage(step: StepBuilder, leverage: int, text: Statement) -> None:
    step.record(e.LeverageRefused, leverage=leverage, text=text)
    notices.notify_leverage_refused(step, text)


# Answers to a submit -------------------------------------------------------------------------------------


def on_order_accepted(step: StepBuilder, message: r.OrderAccepted) -> None:
    """Record the acknowledgment, unless it is known."""
    order = known_order(step, message)
    if order is not None and order.phase in _UNACKNOWLEDGED:
        _acknowledge(step, order, message)


def _acknowledge(step: StepBuilder, order: Order, message: r.OrderAccepted | r.OrderReport) -> None:
    step.record(
        e.OrderAcknowledged,
        client_order_id=order.client_order_id,
        venue_order_id=message.venue_order_id,
        ts_event=message.ts_event,
    )
    if order.cancel_intended:
        step.cancel(order)  # the first cancel may have met nothing; canceling twice is canceling once


def on_order_rejected(step: StepBuilder, message: r.OrderRejected) -> None:
    """Record the refusal, and what follows from it. Refused where it contradicts a fill or an acknowledgment."""
    order = known_order(step, message)
    if order is None:
        return
    if order.phase not in (OrderPhase.SENT, OrderPhase.DOUBTED) or order.filled:
        # Real world possibility: a fill overtook the answer, or a second answer contradicts the first.
        if order.live:
            why = Say.ANSWER_CONTRADICTED(order=order.client_order_id, phase=order.phase, filled=order.filled)
            refuse(step, message, why)
            step.resolve(order)
        return
    step.record(
        e.OrderRefused,
        client_order_id=order.client_order_id,
        reason=message.reason,
        code=message.code,
        text=message.text,
        ts_event=message.ts_event,
    )
    _record_refusal(step, order, message.reason, message.text or word(message.reason), message.code)


def _record_refusal(step: StepBuilder, order: Order, reason: RejectReason, text: Statement, code: str = "") -> None:
    """What follows from a refusal, by the purpose of the order."""
    p = step.position
    why = answer(code, text)
    if order.purpose is OrderPurpose.ENTRY:
        if not order.cancel_intended:
            notices.notify_not_opened(step, why)
    elif order.purpose is OrderPurpose.REDUCE:
        _record_refused_reduction(step, order, reason, why)
    elif reason is RejectReason.WOULD_TRIGGER and p.quantity > 0 and p.goal_quantity != 0:
        # The price has passed the trigger: the position is closed now. The other protective order goes first, as on
        # a shared leg, because the refusal does not say whether the leg is shared.
        _request_close(step, ZERO, _trigger_passed(order))
    elif reason is not RejectReason.NEVER_SENT and p.quantity > 0:
        step.record(
            e.ProtectionFailed,
            client_order_id=order.client_order_id,
            attempt=refusals(p, order.purpose, p.requested_ns(order.purpose)).count,
            text=text,
        )
        notices.notify_protection_refused(step, order, reason, why)


def _record_refused_reduction(step: StepBuilder, order: Order, reason: RejectReason, why: Statement) -> None:
    p = step.position
    if reason is RejectReason.REDUCE_ONLY:
        # Real world possibility: a stop, or a reduction that was presumed failed, closed the position a moment ago.
        # Those orders are queried; the reduction is never sent without its flag.
        for other in _possible_reductions(p, order):
            step.resolve(other)
        _defer_reduction(step)
    in_the_way = any(not each.uncancelable for each in p.live_orders(*PROTECTIVE))
    if reason is RejectReason.BLOCKED and p.goal_quantity is not None and in_the_way:
        # Real world possibility: resting orders count against what may still be reduced. They are canceled first.
        _request_close(step, p.goal_quantity, p.reason)
    if reason is not RejectReason.NEVER_SENT:
        notices.notify_close_refused(step, why)


def _request_close(step: StepBuilder, goal_quantity: Decimal, why: Statement) -> None:
    step.record(e.CloseRequested, command_id=CommandId(""), goal_quantity=goal_quantity, why=why, cancel_first=True)


def _trigger_passed(order: Order) -> Statement:
    """A trailing stop has no trigger price to name."""
    if order.trigger_price is None:
        return Say.TRIGGERED_AT_ONCE(purpose=order.purpose)
    return Say.PRICE_PASSED(purpose=order.purpose, price=order.trigger_price)


def _defer_reduction(step: StepBuilder) -> None:
    """Double the pause between reductions that the venue refuses time after time because it holds nothing to reduce.

    Trying never ends: the reconciler reads the leg on each of these refusals. A fill, an adjustment, another answer or
    a command restores the usual pause. An emergency is not deferred.
    """
    p = step.position
    if p.emergency or refusals(p, OrderPurpose.REDUCE, p.goal_ns).count < DEFERRED_AFTER:
        return
    pause_ms = backoff(max(p.deferral_ms, RETRY_MOST_MS), DEFERRED_MOST_MS, 1)
    if pause_ms != p.deferral_ms:
        step.record(e.ReductionDeferred, pause_ms=pause_ms)


def _possible_reductions(p: Position, refused: Order) -> list[Order]:
    """Orders that may have reduced the position unseen: every live one, and a few of the failed ones, in turn."""
    reducing = (o for o in p.orders[-LATEST:] if o.purpose is not OrderPurpose.ENTRY and o.number != refused.number)
    failed = [o for o in reducing if o.phase in _PRESUMED_FAILED]
    if not failed:
        return list(p.live_orders())
    attempt = refusals(p, OrderPurpose.REDUCE, p.goal_ns).count
    turn = SUSPECTS_MOST * (attempt - 1) % len(failed)
    return [*p.live_orders(), *(failed * 2)[turn : turn + min(SUSPECTS_MOST, len(failed))]]


def on_outcome_unknown(step: StepBuilder, message: r.OutcomeUnknown) -> None:
    """An unknown cancel leaves its order as it was: the gateway finds out what became of it."""
    order = known_order(step, message)
    if order is None:
        return
    if message.cancel:
        if message.answered and order.live and order.cancel_intended and order.cancel_error != message.cause:
            step.record(e.CancelRefused, client_order_id=order.client_order_id, words=message.cause)
    elif order.phase is OrderPhase.SENT:
        step.record(
            e.OrderDoubted,
            client_order_id=order.client_order_id,
            cause=message.cause,
            answered=message.answered,
        )


def on_order_absent(step: StepBuilder, message: r.OrderAbsent) -> None:
    """Record that a live order is not at the venue, and notify where that matters."""
    order = known_order(step, message)
    if order is None or not order.live:
        return
    # Real world possibility: acknowledged once, and unknown now, because the venue forgets unfilled orders after
    # some days. Absence is a conclusion of ours, so a later report of the order revives it.
    why = order.phase_reason if order.answered_by_venue else NOTHING
    step.record(e.OrderProvenAbsent, client_order_id=order.client_order_id, evidence=message.evidence, words=why)
    if order.venue_order_id:
        return
    if order.purpose is not OrderPurpose.ENTRY:
        if not order.cancel_intended and step.position.quantity > 0:
            notices.notify_order_lost(step, order)
    elif why:
        notices.notify_not_opened(step, why)
    else:
        notices.notify_entry_lost(step)


# What became of an order ---------------------------------------------------------------------------------


def on_order_report(step: StepBuilder, message: r.OrderReport) -> None:
    """Record what the report has new: end, acknowledgment, trigger, stall, fills."""
    order = known_order(step, message)
    if order is None or _is_impossible(step, order, message.filled_quantity, message.quantity):
        return
    if message.status.ended:
        _end_order(step, order, message)
        return
    if _reopens(order, message):
        _reopen(step, order, message)
        return
    if order.phase in _UNACKNOWLEDGED:
        _acknowledge(step, order, message)
        order = step.position.orders[order.number - 1]
    if message.status is OrderStatus.TRIGGERED and order.live and not order.triggered:
        step.record(
            e.OrderTriggered, client_order_id=order.client_order_id, since_ns=step.now_ns, ts_event=message.ts_event
        )
        step.wake("fills", FILLS_GRACE_MS)
        step.wake("stalled", STALLED_AFTER_MS)
    elif _is_stalled(order, message):
        step.record(e.OrderStalled, client_order_id=order.client_order_id, ts_event=message.ts_event)
    notices.notify_amended(step, order, message)
    if message.filled_quantity > max(order.reported, order.filled):
        step.record(e.FillsMissed, client_order_id=order.client_order_id, filled_quantity=message.filled_quantity)
        step.wake("fills", FILLS_GRACE_MS)


def _is_stalled(order: Order, message: r.OrderReport) -> bool:
    """A query begun `STALLED_AFTER_MS` after the trigger finds the order still triggered, and no fill is missing."""
    return (
        message.status is OrderStatus.TRIGGERED
        and message.queried
        and order.live
        and not order.stalled
        and message.filled_quantity <= order.filled
        and message.begun_ns - order.triggered_since_ns >= STALLED_AFTER_MS * MS
    )


def _reopens(order: Order, message: r.OrderReport) -> bool:
    """Real world possibility: reported as ended, and live in a reading that began after that report (fault 11).

    Late events of the stream, and readings begun earlier, show an order as it was: they contradict nothing.
    """
    return order.phase in (OrderPhase.CANCELED, OrderPhase.EXPIRED) and message.begun_ns > order.touched_ns


def _reopen(step: StepBuilder, order: Order, message: r.OrderReport) -> None:
    """A list of open orders has the order queried; the answer to the query counts.

    The entry of a terminal position is canceled: its end was announced, and its key and its part of the limits may
    belong to another position by now.
    """
    if not message.queried:
        step.resolve(order)
        return
    terminal = step.position.state.terminal
    _acknowledge(step, order, message)
    if terminal and order.purpose is OrderPurpose.ENTRY:
        step.record(e.EntryAbandoned, command_id=CommandId(""), why=Say.ENTRY_AFTER_END())


def _end_order(step: StepBuilder, order: Order, message: r.OrderReport) -> None:
    if not order.live and message.filled_quantity <= max(order.reported, order.filled):
        return  # a repetition
    step.record(
        e.OrderEnded,
        client_order_id=order.client_order_id,
        status=message.status,
        filled_quantity=message.filled_quantity,
        text=message.text,
        ts_event=message.ts_event,
    )
    after = step.position.orders[order.number - 1]
    if after.fills_missing:
        step.wake("fills", FILLS_GRACE_MS)
    elif after.reported < order.quantity and (order.triggered or not order.kind.conditional):
        step.fetch_fills(order)  # Real world possibility: reported canceled with nothing filled, and yet filled.
    if message.status is OrderStatus.REJECTED and not after.reported:
        _record_refusal(step, order, RejectReason.OTHER, message.text or Say.REJECTED_LATER())
    elif order.purpose.protective and (order.triggered or message.text) and not after.reported:
        notices.notify_protection_ended(step, after)


def on_fill_report(step: StepBuilder, message: r.FillReport) -> None:
    """Book a trade, once, of whatever order, live or ended."""
    order = known_order(step, message)
    if order is None or message.trade_id in order.trades or message.quantity <= 0:
        return
    if _is_impossible(step, order, order.filled + message.quantity):
        return
    p = step.position
    if order.phase in _PRESUMED_FAILED:
        notices.notify_late_fill(step, message, order.phase)
        step.resolve(order)
    step.record(
        e.OrderFilled,
        client_order_id=order.client_order_id,
        trade_id=message.trade_id,
        quantity=message.quantity,
        price=message.price,
        fee=message.fee,
        fee_currency=message.fee_currency,
        worth=message.worth,
        realized_pnl=realized(p, order.side, message.quantity, message.price),
        ts_event=message.ts_event,
    )
    if order.purpose is OrderPurpose.ENTRY and order.number <= p.assumed_upto:
        _reverse_assumed(step, message)


def _reverse_assumed(step: StepBuilder, fill: r.FillReport) -> None:
    """Take back what was booked by hand in place of this fill: it would count twice."""
    p = step.position
    quantity = min(p.assumed, fill.quantity)
    if quantity <= 0:
        return
    step.record(
        e.QuantityAdjusted,
        command_id=CommandId(f"known-{fill.client_order_id}-{fill.trade_id}"),
        quantity_delta=-quantity,
        price=p.assumed_price,
        realized_pnl=realized(p, p.key.side.reducing, quantity, p.assumed_price),
        why=Say.FILL_KNOWN(),
        evidence=f"trade {fill.trade_id} of {fill.client_order_id}",
        assumed=True,
    )


def _is_impossible(step: StepBuilder, order: Order, filled: Decimal, reported_quantity: Decimal = ZERO) -> bool:
    """Refuse a report of more filled than ordered, or of less than nothing: book nothing, and ask again.

    `reported_quantity` is the order's quantity by the report: a human may have amended it, within the symbol's rules.
    """
    rules = step.position.instrument
    amended = min(reported_quantity, rules.max_quantity) if rules is not None else ZERO
    if 0 <= filled <= max(order.quantity, order.reported, amended):
        return False
    step.refused = Say.FILLED_IMPOSSIBLY(order=order.client_order_id, quantity=filled)
    notices.notify_impossible_fill(step, order, filled)
    step.wake("fills", FILLS_RETRY_MS)
    step.wake(f"answer:{order.number}", step.policy.answer_deadline_ms)
    return True


def on_fills_fetched(step: StepBuilder, message: r.FillsFetched) -> None:
    """All trades of an order were read: fetch them again where their sum is below what the venue reports."""
    order = known_order(step, message)
    if order is None or _is_impossible(step, order, message.filled_quantity):
        return
    if message.filled_quantity > max(order.reported, order.filled):
        step.record(e.FillsMissed, client_order_id=order.client_order_id, filled_quantity=message.filled_quantity)
    after = step.position.orders[order.number - 1]
    if after.fills_missing:
        step.wake("fills", FILLS_RETRY_MS)
        if after.purpose is OrderPurpose.ENTRY and step.position.stop_purpose is not None:
            notices.notify_missing_trades(step, after.reported - after.filled)


def on_sweep(step: StepBuilder, message: r.Sweep) -> None:
    """Query every live order that the book does not show, unless it changed after the reading began."""
    for order in step.position.live_orders():
        if order.touched_ns < message.begun_ns and (
            order.client_order_id not in message.open_orders or order.phase is not OrderPhase.WORKING
        ):
            step.resolve(order)


# The leg, the symbol, funding ----------------------------------------------------------------------------


def on_funding_share(step: StepBuilder, message: r.FundingShare) -> None:
    """Book what the position lacks of its share. A share computed before its last booking is stale, and ignored."""
    p = step.position
    before = booked_of(p.known_track, message.ts_event, message.currency)
    held = held_at(p.known_track, p.quantity, message.ts_event)
    if before == message.booked != message.amount and (held or before):
        step.record(
            e.FundingBooked,
            amount=message.amount - before,
            currency=message.currency,
            worth=message.worth,
            ts_event=message.ts_event,
        )


def on_rules_changed(step: StepBuilder, message: r.RulesChanged) -> None:
    """Record new rules of the symbol."""
    if step.position.version and message.instrument != step.position.instrument:
        step.record(e.RulesUpdated, instrument=message.instrument)


def on_leg_changed(step: StepBuilder, message: r.LegChanged) -> None:
    """Record whether another position is on the leg."""
    if step.position.version and message.shared is not step.position.shared_leg:
        step.record(e.LegUpdated, shared=message.shared)


def on_leg_held(step: StepBuilder, message: r.LegHeld) -> None:
    """The venue holds as much as the one entry in doubt can explain: count it as filled, so that it is protected.

    Its trades are still to be read. The fill is taken back if the entry proves absent. The same quantity as believed
    verifies a position whose reduction was written off.
    """
    p = step.position
    if p.touched_ns >= message.begun_ns:
        return
    if 0 < p.unverified_ns < message.begun_ns and message.quantity == p.quantity:
        step.record(e.QuantityVerified, quantity=message.quantity, begun_ns=message.begun_ns)
        return
    in_doubt = [o for o in p.live_orders(OrderPurpose.ENTRY) if o.phase is OrderPhase.DOUBTED]
    if p.shared_leg or len(in_doubt) != 1 or p.missing_reductions:
        return
    entry, more = in_doubt[0], message.quantity - p.exposure
    filled = max(entry.reported, entry.filled) + more
    if more > 0 and filled <= entry.quantity:
        step.record(e.FillsMissed, client_order_id=entry.client_order_id, filled_quantity=filled)
        step.wake("fills", FILLS_RETRY_MS)


# Timers and restart --------------------------------------------------------------------------------------


def on_woken(step: StepBuilder, message: r.Woken) -> None:
    """The timers "close", "protect", "overdue" and "fired" have no facts to record: `next_orders` reads the clock."""
    topic, _, number = message.topic.partition(":")
    if topic == "fills":
        _ask_for_fills(step)
    elif topic == "answer":
        _ask_for_answer(step, int(number))
    elif topic == "leverage":
        _ask_for_leverage(step)
    elif topic == "unprotected":
        notices.notify_unprotected(step)
    elif topic == "stalled" and not step.position.unprotected:  # else "unprotected" says so
        notices.notify_triggered(step, Severity.WARNING)
    elif topic == "compared":
        repeat_comparison(step)


def _ask_for_fills(step: StepBuilder) -> None:
    p = step.position
    missing = [o for o in p.relevant_orders if o.fills_missing or (o.triggered and o.live)]
    for order in missing:
        step.fetch_fills(order)
        if order.live:
            step.resolve(order)  # a triggered order may end with less than its quantity, which no fill shows
    if missing:
        step.wake("fills", STALLED_RETRY_MS if all(o.stalled for o in missing) else FILLS_RETRY_MS)
    if p.fills_missing and step.now_ns - p.since_ns >= TRADES_MISSING_AFTER_NS:
        step.notify(Severity.WARNING, Say.FILLS_UNREADABLE(name=p.position_id), "fills")


def _ask_for_leverage(step: StepBuilder) -> None:
    p = step.position
    if not p.leverage_pending or p.leverage_wanted is None:
        return
    if step.now_ns - (p.leverage_ns or p.since_ns) < LEVERAGE_PATIENCE_NS:
        send_leverage(step)
        return
    seconds = LEVERAGE_PATIENCE_NS // 1_000_000_000
    if p.leverage_error:
        unknown = Say.LEVERAGE_UNKNOWN_ANSWER(seconds=seconds, why=p.leverage_error)
    else:
        unknown = Say.LEVERAGE_UNKNOWN(seconds=seconds)
    _refuse_leverage(step, p.leverage_wanted, unknown)


def _ask_for_answer(step: StepBuilder, number: int) -> None:
    """No answer to a submit or cancel until its deadline: cancel again, and query the order.

    Only the gateway knows whether a submit has left. One that waits there is no doubt, and is asked for again.
    """
    order = step.position.orders[number - 1]
    sent = order.phase is OrderPhase.SENT
    if sent:
        step.wake(f"answer:{number}", step.policy.answer_deadline_ms)
    if order.live and order.cancel_intended:
        step.cancel(order)  # canceling twice is canceling once
    if order.live and not _may_rest(order):
        step.resolve(order, unanswered=sent)


def _may_rest(order: Order) -> bool:
    """The order may stay as it is for long. A market order that works for long was filled, and its report is lost."""
    return order.phase is OrderPhase.WORKING and not order.cancel_intended and order.kind is not OrderKind.MARKET


def on_recovered(step: StepBuilder, _: r.Recovered) -> None:
    """After a restart: query every intent without an outcome, repeat cancels and settings.

    An order that rested on the book is left to the account's first sweep, one reading for all of them: `on_sweep`
    queries the orders that it does not list.
    """
    for order in step.position.live_orders():
        if order.phase is OrderPhase.SENT:
            step.record(e.OrderDoubted, client_order_id=order.client_order_id, cause=Say.RESTARTED())
        if order.cancel_intended:
            step.cancel(order)
        if not _sweep_suffices(step, order):
            step.resolve(order)
    if step.position.fills_missing or step.position.triggered_protection:
        step.wake("fills", 0)
    if step.position.leverage_pending:
        send_leverage(step)


def _sweep_suffices(step: StepBuilder, order: Order) -> bool:
    """The sweep ignores orders that changed after it began, so one from the future (a clock set back) is queried."""
    return _may_rest(order) and not order.triggered and order.touched_ns < step.now_ns


def known_order(step: StepBuilder, message: r.AboutOrder) -> Order | None:
    """The order of this report; None, and the report refused, where it is not of this position."""
    order = step.position.order(message.client_order_id)
    if order is None:
        refuse(step, message, Say.ORDER_NOT_OURS(order=message.client_order_id))
    return order
