"""Notices to the owner: what they say, how severe they are, and which would only repeat an earlier one."""

from decimal import Decimal

from actors.position.refused_moves import (
    fallback_setting,
    is_unplaceable,
    move_abandoned,
    repeats_failure,
    resting_elsewhere,
)
from actors.position.state import Order, OrderPhase, Position, last_failure_reason
from actors.position.step_builder import StepBuilder
from messages import commands as c
from messages import reports as r
from messages.statement import NOTHING, Statement, word
from messages.types import OrderKind, OrderPurpose, PositionState, RejectReason, Severity
from messages.wording import Position as Say

_REFUSED_BY_LIMIT = {RejectReason.LIMIT_REACHED: Say.ORDER_LIMIT, RejectReason.POSITION_LIMIT: Say.POSITION_LIMIT}
"""Limits that the venue's own text may not name."""


# The position's life -------------------------------------------------------------------------------------


def notify_state(step: StepBuilder, before: PositionState, after: PositionState, because: Statement) -> None:
    """Changes of state that the owner hears of: revived, in doubt, open, closed, canceled."""
    p = step.position
    name = Say.LABEL(symbol=p.key.symbol, side=p.key.side, id=p.position_id)
    if before.terminal:
        step.notify(Severity.CRITICAL, Say.REVIVED(name=name, before=before, after=after, quantity=p.quantity))
    elif after is PositionState.RECONCILING and any(_new_doubt(p, order) for order in p.live_orders()):
        step.notify(Severity.WARNING, Say.ABOUT(name=name, what=because))
    elif after is PositionState.ACTIVE and (
        before is PositionState.OPENING or (before is PositionState.RECONCILING and not step.before.was_active)
    ):
        step.notify(Severity.INFO, Say.OPENED(name=name, quantity=p.quantity, price=p.entry_price.normalize()))
    elif after is PositionState.CLOSED:
        step.notify(Severity.INFO, Say.CLOSED(name=name, amount=p.realized_pnl.normalize(), because=because))
        for order in p.triggered_protection:
            alive = Say.FIRED_AT_VENUE(name=p.position_id, purpose=order.purpose, order=order.client_order_id)
            step.notify(Severity.CRITICAL, alive)
    elif after is PositionState.CANCELLED:
        step.notify(Severity.INFO, Say.CANCELED(name=name, because=because))


def _new_doubt(p: Position, order: Order) -> bool:
    """The order is in doubt, and the attempt before it was not in doubt for the same reason."""
    return order.phase is OrderPhase.DOUBTED and not repeats_failure(p, order)


def notify_oversold(step: StepBuilder) -> None:
    """More was sold than held, since this step."""
    if step.position.exposure < 0 <= step.before.exposure:
        oversold = Say.OVERSOLD(name=step.position.position_id, quantity=-step.position.quantity)
        step.notify(Severity.CRITICAL, oversold)


def notify_adopted(step: StepBuilder, message: c.AdoptPosition) -> None:
    """Adopted from the venue, or handed over by another strategy."""
    key = step.position.key
    adopted: dict[str, str | Decimal] = {
        "symbol": key.symbol,
        "side": word(key.side),
        "quantity": message.quantity,
        "price": message.entry_price,
    }
    if message.handed_from is None:
        step.notify(Severity.WARNING, Say.ADOPTED(**adopted))
    else:
        step.notify(Severity.INFO, Say.ASSIGNED(name=message.handed_from, strategy=key.strategy, **adopted))


def notify_adjusted(step: StepBuilder, message: c.AdjustPosition) -> None:
    """Changed outside."""
    name = step.position.position_id
    if message.quantity_delta:
        adjusted = Say.ADJUSTED_BY(name=name, quantity=message.quantity_delta, why=message.why)
    else:
        adjusted = Say.ADJUSTED(name=name, why=message.why)
    step.notify(Severity.WARNING, adjusted)


# The entry and the leverage ------------------------------------------------------------------------------


def notify_not_opened(step: StepBuilder, why: Statement) -> None:
    """The entry was refused, whole or in part."""
    p = step.position
    not_opened = Say.NOT_OPENED_IN_FULL if p.quantity > 0 else Say.NOT_OPENED
    step.notify(Severity.WARNING, not_opened(name=p.position_id, why=why))


def notify_entry_lost(step: StepBuilder) -> None:
    """The entry never reached the venue, whole or in part."""
    lost = Say.ENTRY_LOST_IN_PART if step.position.quantity > 0 else Say.ENTRY_LOST
    step.notify(Severity.WARNING, lost(name=step.position.position_id))


def notify_leverage_refused(step: StepBuilder, why: Statement) -> None:
    """An opening ends by it; an open position keeps its leverage."""
    p = step.position
    if not p.was_open:
        refused = Say.NOT_OPENED_LEVERAGE(name=p.position_id, why=why)
    elif p.leverage is None:
        refused = Say.LEVERAGE_KEPT(name=p.position_id, why=why)
    else:
        refused = Say.LEVERAGE_KEPT_AT(name=p.position_id, leverage=p.leverage, why=why)
    step.notify(Severity.WARNING, refused)


def notify_amended(step: StepBuilder, order: Order, message: r.OrderReport) -> None:
    """Real world possibility: a human amends a resting order at the venue, and it keeps its id. One notice a change."""
    if order.kind is not OrderKind.LIMIT or not order.live:
        return
    price = order.limit_price if message.limit_price is None else message.limit_price
    if (message.quantity, price) == (order.quantity, order.limit_price) or price is None or order.limit_price is None:
        return
    amended = Say.AMENDED(
        name=step.position.position_id,
        purpose=order.purpose,
        quantity=message.quantity,
        price=price,
        before=order.quantity,
        former=order.limit_price,
    )
    step.notify_once(Severity.WARNING, amended, f"{order.client_order_id}.{message.quantity:f}.{price:f}")


# Fills ---------------------------------------------------------------------------------------------------


def notify_late_fill(step: StepBuilder, message: r.FillReport, presumed: OrderPhase) -> None:
    """Real world possibility: filled after the order was presumed failed."""
    late = Say.LATE_FILL(
        name=step.position.position_id, quantity=message.quantity, price=message.price, presumed=presumed
    )
    step.notify(Severity.CRITICAL, late, message.trade_id)


def notify_impossible_fill(step: StepBuilder, order: Order, filled: Decimal) -> None:
    """The venue reports more filled than was ordered, or less than nothing."""
    impossible = Say.FILL_IMPOSSIBLE(name=step.position.position_id, filled=filled, quantity=order.quantity)
    step.notify(Severity.WARNING, impossible, "absurd")


def notify_missing_trades(step: StepBuilder, quantity: Decimal) -> None:
    """The venue reports an entry as filled, and lists no trades for this quantity of it."""
    name, unprotected = step.position.position_id, step.position.unprotected
    missing = Say.FILL_UNCOVERED if unprotected else Say.FILL_COVERED
    severity = Severity.CRITICAL if unprotected else Severity.WARNING
    step.notify(severity, missing(name=name, quantity=quantity), "unread")


# Reduction and protection --------------------------------------------------------------------------------


def notify_close_refused(step: StepBuilder, why: Statement) -> None:
    """The venue refused a reduction, which is tried again; and how the stop is meanwhile."""
    p = step.position
    if p.deferral_ms:
        seconds = p.deferral_ms // 1000
        refused = Say.CLOSE_REFUSED_DEFERRED(name=p.position_id, why=why, seconds=seconds, stop=_stop(p))
    else:
        refused = Say.CLOSE_REFUSED_AGAIN(name=p.position_id, why=why, stop=_stop(p))
    step.notify(Severity.CRITICAL, refused)


def _stop(p: Position) -> Statement:
    if p.stop_purpose is None:
        return Say.NO_STOP()
    return Say.STOP_MISSING() if p.unprotected else Say.STOP_RESTS()


def notify_protection_refused(step: StepBuilder, order: Order, reason: RejectReason, why: Statement) -> None:
    """The venue refused protection, which is tried again."""
    p = step.position
    if _is_repeated(p, order):
        return
    why = _REFUSED_BY_LIMIT[reason](why=why) if reason in _REFUSED_BY_LIMIT else why
    refused = Say.PROTECTION_REFUSED(name=p.position_id, purpose=order.purpose, why=why, again=_retry(p, order))
    step.notify(_severity(p, order), refused)


def notify_protection_ended(step: StepBuilder, order: Order) -> None:
    """The venue triggered the order and did not execute it, or gave a reason for taking it off the book."""
    p = step.position
    if p.exposure > 0 and not order.cancel_intended and not _is_repeated(p, order):
        step.notify(_severity(p, order), _protection_lost(p, order, order.phase_reason))


def notify_order_lost(step: StepBuilder, order: Order) -> None:
    """A reduction or protection is absent; what the venue answered to its submit is the only hint at why."""
    p = step.position
    why = order.phase_reason or Say.NEVER_REACHED()
    if order.purpose is OrderPurpose.REDUCE:
        step.notify(Severity.CRITICAL, Say.CLOSE_LOST(name=p.position_id, why=why, stop=_stop(p)))
    elif p.goal_quantity != 0 and not (_said_by_timer(p, order) or _is_repeated(p, order)):
        step.notify(_severity(p, order), _protection_lost(p, order, why))


def _severity(p: Position, order: Order) -> Severity:
    return Severity.CRITICAL if order.purpose is p.stop_purpose else Severity.WARNING


def _protection_lost(p: Position, order: Order, why: Statement) -> Statement:
    return Say.PROTECTION_LOST(name=p.position_id, purpose=order.purpose, why=why, again=_retry(p, order))


def _is_repeated(p: Position, order: Order) -> bool:
    """The attempt before failed for the same reason, or the next notice says that no further attempt follows."""
    now = p.orders[order.number - 1]
    if repeats_failure(p, now, same_setting=True):
        return True
    last = fallback_setting(p, now.purpose) is not None or is_unplaceable(p, now.purpose)
    return p.goal_quantity is None and last


def _retry(p: Position, order: Order) -> Statement:
    """The order is tried again; after a refused move, also what rests meanwhile."""
    at = resting_elsewhere(p, order.purpose)
    if at is not None:
        return Say.RETRYING_OLD_RESTS(price=at.normalize())
    return Say.RETRYING_NONE_RESTS() if move_abandoned(p, order.purpose) else Say.RETRYING()


def _said_by_timer(p: Position, order: Order) -> bool:
    """`notify_unprotected` gives the same reason; it does not mention an abandoned move."""
    return p.unprotected and order.purpose is p.stop_purpose and not move_abandoned(p, order.purpose)


def notify_unprotected(step: StepBuilder) -> None:
    """Part of the position lacks its resting stop, for `UNPROTECTED_AFTER_MS` by now (I7)."""
    p = step.position
    if not p.unprotected or p.stop_purpose is None:
        return
    if p.triggered_protection:
        notify_triggered(step, Severity.CRITICAL)
        return
    if p.goal_quantity is not None:
        doing, why = Say.STILL_CLOSING(), last_failure_reason(p, OrderPurpose.REDUCE, p.goal_ns)
    else:
        doing, why = Say.STILL_PLACING(), last_failure_reason(p, p.stop_purpose, p.requested_ns(p.stop_purpose))
    if why:
        unprotected = Say.UNPROTECTED_ANSWER(name=p.position_id, quantity=p.exposure, doing=doing, why=why)
    else:
        unprotected = Say.UNPROTECTED(name=p.position_id, quantity=p.exposure, doing=doing)
    step.notify(Severity.CRITICAL, unprotected)


def notify_triggered(step: StepBuilder, severity: Severity) -> None:
    """Protection was triggered, and the position is still open."""
    p = step.position
    if p.exposure <= 0:
        return
    seconds = step.policy.protection_deadline_ms // 1000
    doing = Say.BEING_CLOSED() if p.goal_quantity == 0 else Say.MARKET_CLOSE_AFTER(seconds=seconds)
    for order in p.triggered_protection:
        facts: dict[str, str | Decimal] = {
            "name": p.position_id,
            "quantity": p.exposure,
            "purpose": word(order.purpose),
            "doing": doing,
        }
        if order.trigger_price is None:
            triggered = Say.FIRED(**facts)
        else:
            triggered = Say.FIRED_AT(**facts, price=order.trigger_price.normalize())
        step.notify(severity, triggered, f"fired:{order.purpose}@{order.setting}")


def notify_stop_overdue(step: StepBuilder, covered: Decimal, seconds: int) -> None:
    """The stop was refused until the deadline: what it does not cover is closed."""
    p = step.position
    name = p.position_id
    why = NOTHING
    if p.stop_purpose is not None:
        why = last_failure_reason(p, p.stop_purpose, p.requested_ns(p.stop_purpose))
    if covered and why:
        overdue = Say.STOP_OVERDUE_IN_PART_ANSWER(name=name, quantity=covered, seconds=seconds, why=why)
    elif covered:
        overdue = Say.STOP_OVERDUE_IN_PART(name=name, quantity=covered, seconds=seconds)
    elif why:
        overdue = Say.STOP_OVERDUE_ANSWER(name=name, seconds=seconds, why=why)
    else:
        overdue = Say.STOP_OVERDUE(name=name, seconds=seconds)
    step.notify(Severity.CRITICAL, overdue)
