"""What commands change: one rule a command, which records the request and replies, or refuses it with the reason."""

from decimal import ROUND_DOWN, Decimal

from actors.position import notices
from actors.position.accounting import realized
from actors.position.next_orders import request_comparison
from actors.position.state import ZERO, Order, Position
from actors.position.step_builder import StepBuilder
from messages import commands as c
from messages import events as e
from messages import reports as r
from messages.requests import Reply, SetLeverage
from messages.statement import NOTHING, Statement
from messages.types import OrderKind, OrderPurpose, Severity
from messages.wording import Position as Say

SETTLE_AFTER_NS = 30_000_000_000
"""An order sent less long ago is not written off: the venue may still execute it."""
BY_HAND = Say.SETTLED_BY_HAND()
LEVERAGE_WAITS_NS = 50_000_000_000
"""The gateway refuses a setting that has waited this long, before `report_rules.LEVERAGE_PATIENCE_NS` ends."""


def reply(step: StepBuilder, message: c.Command, text: Statement = NOTHING, *, accepted: bool = True) -> None:
    """Answer the sender of the command, if it waits for an answer."""
    if message.reply_to:
        step.send(
            message.reply_to,
            Reply(
                correlation_id=step.correlation_id,
                command_id=message.command_id,
                to=message.reply_to,
                accepted=accepted,
                text=text,
                position_id=step.position.position_id,
                changed=bool(step.events),
            ),
        )


def open_position(step: StepBuilder, message: c.OpenPosition) -> None:
    """Request the entry, and its leverage. Refused where the position exists already."""
    p = step.position
    if p.version:
        refuse(step, message, Say.BEING_OPENED())
        return
    if message.instrument is None:
        raise ValueError("an opening reaches its position with the instrument filled in by the supervisor")
    step.record(
        e.PositionRequested,
        command_id=message.command_id,
        key=p.key,
        ordinal=p.ordinal,
        journal_id=p.journal_id,
        instrument=message.instrument,
        quantity=message.quantity,
        limit_price=message.limit_price,
        stop_loss=message.stop_loss,
        take_profit=message.take_profit,
        leverage=message.leverage,
        expires_at_ns=message.expires_at_ns,
        trailing=message.trailing,
        post_only=message.post_only,
    )
    if message.leverage is not None:
        step.record(e.LeverageIntended, leverage=message.leverage, since_ns=step.now_ns)
        send_leverage(step)
    reply(step, message)


def adopt(step: StepBuilder, message: c.AdoptPosition) -> None:
    """Take over a position of the venue or of another strategy, with its fees and protection. Refused if it exists."""
    p = step.position
    if p.version:
        refuse(step, message, Say.EXISTS())
        return
    if message.instrument is None:
        raise ValueError("an adoption reaches its position with the instrument filled in by the supervisor")
    step.record(
        e.PositionAdopted,
        command_id=message.command_id,
        key=p.key,
        ordinal=p.ordinal,
        journal_id=p.journal_id,
        instrument=message.instrument,
        quantity=message.quantity,
        entry_price=message.entry_price,
        leverage=message.leverage,
        evidence=message.evidence,
        fee=message.fee,
        fee_currency=message.fee_currency,
        worth=message.worth,
        meaning=message.meaning,
    )
    for fee in message.fees:
        step.record(
            e.QuantityAdjusted,
            command_id=message.command_id,
            quantity_delta=ZERO,
            price=message.entry_price,
            realized_pnl=ZERO,
            why=step.position.reason,
            evidence=message.evidence,
            fee=fee.amount,
            fee_currency=fee.currency,
            worth=fee.worth,
        )
    if any(price is not None for price in (message.stop_loss, message.take_profit, message.trailing)):
        step.record(
            e.ProtectionRequested,
            command_id=message.command_id,
            stop_loss=message.stop_loss,
            take_profit=message.take_profit,
            trailing=message.trailing,
        )
    notices.notify_adopted(step, message)
    reply(step, message)


def send_leverage(step: StepBuilder) -> None:
    """Ask the venue for the wanted leverage."""
    p = step.position
    if p.leverage_wanted is None:
        return
    step.send(
        step.gateway,
        SetLeverage(
            correlation_id=step.correlation_id,
            account=p.key.account,
            symbol=p.key.symbol,
            leverage=p.leverage_wanted,
            position_id=p.position_id,
            expires_at_ns=(p.leverage_ns or p.since_ns) + LEVERAGE_WAITS_NS,
        ),
    )
    step.wake("leverage", step.policy.answer_deadline_ms)


def refuse(step: StepBuilder, message: object, why: Statement) -> None:
    """Change nothing: journal the refusal and answer a command; a report of an unknown order is CRITICAL."""
    step.refused = why
    if isinstance(message, c.Command):
        reply(step, message, why, accepted=False)
    if isinstance(message, r.AboutOrder) and step.position.order(message.client_order_id) is None:
        unknown = Say.UNKNOWN_ORDER(name=step.position.position_id, order=message.client_order_id)
        step.notify(Severity.CRITICAL, unknown, message.client_order_id)
    if step.position.version:
        step.record(e.MessageRefused, message=type(message).__name__, state=step.position.state, why=why)


def close(step: StepBuilder, message: c.ClosePosition) -> None:
    """Set the goal: zero, or what a part leaves. Refused where the part is off the quantity step, or too large."""
    p = step.position
    goal, error = _goal_quantity(p, message) if p.version else (ZERO, Say.NOTHING_REQUESTED())
    if error:
        refuse(step, message, error)
        return
    _request_close(step, message, goal, Say.REDUCED_BY_COMMAND(goal=goal) if goal else Say.CLOSED_BY_COMMAND())
    reply(step, message)


def _goal_quantity(p: Position, message: c.ClosePosition) -> tuple[Decimal, Statement]:
    """The quantity to leave, in whole quantity steps, and the error, if any.

    A part counts from the goal of a reduction in progress, so that two reductions add up.
    """
    if p.is_dust and not p.live_orders(OrderPurpose.ENTRY, OrderPurpose.REDUCE):
        return ZERO, p.reason
    if message.quantity is None and message.percent is None:
        return ZERO, NOTHING
    if p.goal_quantity == 0:
        return ZERO, Say.CLOSING_WHOLE()
    if p.live_orders(OrderPurpose.ENTRY) and p.quantity == 0:
        return ZERO, Say.NOTHING_TO_CLOSE()
    base = p.quantity if p.goal_quantity is None else min(p.goal_quantity, p.quantity)
    part = message.quantity or ZERO
    if message.percent is not None:
        if not 0 < message.percent <= 100:
            return ZERO, Say.PERCENT_RANGE(percent=message.percent)
        if message.percent == 100:
            return ZERO, NOTHING
        step = p.instrument.quantity_step if p.instrument else Decimal(1)
        part = (base * message.percent / 100 / step).to_integral_value(ROUND_DOWN) * step
    if part <= 0:
        return ZERO, Say.PART_TOO_SMALL(part=part)
    if part > base:
        return ZERO, Say.PART_TOO_LARGE(part=part, base=base)
    if p.instrument and part % p.instrument.quantity_step:
        return ZERO, Say.PART_OFF_STEP(part=part, step=p.instrument.quantity_step)
    return base - part, NOTHING


def _request_close(
    step: StepBuilder, message: c.ClosePosition | c.EmergencyClose, goal: Decimal, why: Statement
) -> None:
    step.record(
        e.CloseRequested,
        command_id=message.command_id,
        goal_quantity=goal,
        why=why,
        emergency=isinstance(message, c.EmergencyClose),
        cancel_first=message.shared_leg,
        meaning=message.meaning if isinstance(message, c.ClosePosition) else "",
    )


def emergency_close(step: StepBuilder, message: c.EmergencyClose) -> None:
    """Close the whole: its reductions overtake other requests, are not deferred, and wait for no comparison."""
    if not step.position.version:
        refuse(step, message, Say.NOTHING_REQUESTED())
        return
    _request_close(step, message, ZERO, Say.EMERGENCY())
    reply(step, message)


def modify(step: StepBuilder, message: c.ModifyPosition) -> None:
    """Change protection and leverage, then add; all of it or nothing."""
    p = step.position
    error = _protection_error(p, message) or _addition_error(p, message) or _leverage_error(p, message)
    if error:
        refuse(step, message, error)
        return
    if message.moves_protection:
        step.record(
            e.ProtectionRequested,
            command_id=message.command_id,
            stop_loss=_new_setting(p.stop_loss, message.stop_loss),
            take_profit=_new_setting(p.take_profit, message.take_profit),
            trailing=_new_setting(p.trailing, message.trailing),
            meaning=message.meaning,
        )
    if message.leverage is not None and message.leverage != p.leverage:
        step.record(e.LeverageIntended, command_id=message.command_id, leverage=message.leverage, since_ns=step.now_ns)
        send_leverage(step)
    if message.add is not None:
        step.record(
            e.AdditionRequested,
            command_id=message.command_id,
            quantity=message.add,
            expires_at_ns=message.expires_at_ns,
            meaning=message.meaning,
        )
    reply(step, message)


def _protection_error(p: Position, message: c.ModifyPosition) -> Statement:
    settings = (message.stop_loss, message.take_profit, message.trailing)
    negative = next((price for price in settings if price is not None and price < 0), None)
    if negative is not None:
        return Say.PRICE_NEGATIVE(price=negative)
    if p.instrument is not None:
        for purpose, price in ((OrderPurpose.STOP, message.stop_loss), (OrderPurpose.TARGET, message.take_profit)):
            if price is not None and price % p.instrument.price_step:
                return Say.PRICE_OFF_STEP(name=purpose, price=price, step=p.instrument.price_step)
    nothing = not message.moves_protection and message.leverage is None and message.add is None
    return Say.NO_CHANGE() if nothing else NOTHING


def _addition_error(p: Position, message: c.ModifyPosition) -> Statement:
    """An addition never waits: it is refused while an entry, an addition, a reduction or protection is at work."""
    if message.add is None:
        return NOTHING
    if message.add <= 0 or (p.instrument and message.add % p.instrument.quantity_step):
        step = p.instrument.quantity_step if p.instrument else ""
        return Say.ADDITION_OFF_STEP(quantity=message.add, step=step)
    if p.quantity <= 0 or p.live_orders(OrderPurpose.ENTRY) or p.addition_leaves > 0:
        return Say.ENTRY_UNFINISHED()
    if p.goal_quantity is not None:
        return Say.BEING_REDUCED()
    if any(o.purpose.protective and (o.filled or o.triggered) for o in p.relevant_orders):
        return Say.PROTECTION_HAS_FIRED()
    return NOTHING


def _leverage_error(p: Position, message: c.ModifyPosition) -> Statement:
    if message.leverage is not None and p.leverage_pending and p.leverage_wanted is not None:
        return Say.LEVERAGE_PENDING(leverage=p.leverage_wanted)
    return NOTHING


def _new_setting(before: Decimal | None, wanted: Decimal | None) -> Decimal | None:
    """In a command None keeps a setting, and zero removes it."""
    if wanted is None:
        return before
    return wanted if wanted > 0 else None


def cancel_entry(step: StepBuilder, message: c.CancelEntry) -> None:
    """Call off what is left of the entry or of an addition. Refused where nothing is."""
    p = step.position
    unfinished = p.live_orders(OrderPurpose.ENTRY) or not p.was_open or p.addition_leaves > 0
    if not p.version or p.entry_abandoned or not unfinished:
        refuse(step, message, Say.NO_ENTRY())
        return
    step.record(e.EntryAbandoned, command_id=message.command_id, why=message.why)
    reply(step, message)


def pause(step: StepBuilder, message: c.PausePosition) -> None:
    """Put the position on hold; a second time changes nothing."""
    if not step.position.paused:
        step.record(e.PositionPaused, command_id=message.command_id)
    reply(step, message)


def resume(step: StepBuilder, message: c.ResumePosition) -> None:
    """End the hold, and accept a change outside."""
    step.record(e.PositionResumed, command_id=message.command_id)
    reply(step, message)


def settle(step: StepBuilder, message: c.SettlePosition) -> None:
    """Write off every doubt that the venue does not end; only the known fills count.

    The reconciler compares that with the venue at once. A fill that appears later is booked like any late one. A
    reduction that was written off may have been executed: it is not sent again, and the close ends here.
    """
    p = step.position
    unclear = [o for o in p.relevant_orders if o.fills_missing or (o.live and _may_be_stuck(o))]
    if not p.version or not (unclear or p.leverage_pending or p.quantity < 0):
        refuse(step, message, Say.NOTHING_UNKNOWN())
        return
    if any(step.now_ns - o.sent_ns < SETTLE_AFTER_NS for o in unclear):
        refuse(step, message, Say.ORDER_TOO_YOUNG(seconds=SETTLE_AFTER_NS // 1_000_000_000))
        return
    for order in unclear:
        step.record(
            e.OrderWrittenOff, client_order_id=order.client_order_id, command_id=message.command_id, why=BY_HAND
        )
    if p.leverage_pending and p.leverage_wanted is not None:
        step.record(e.LeverageRefused, leverage=p.leverage_wanted, text=BY_HAND, command_id=message.command_id)
    if step.position.quantity < 0:
        excess = -step.position.quantity
        step.record(
            e.QuantityAdjusted,
            command_id=message.command_id,
            quantity_delta=excess,
            price=step.position.entry_price,
            realized_pnl=ZERO,
            why=Say.OVERSOLD_SETTLED(),
            evidence=message.command_id,
            assumed=True,
        )
    names = tuple(Say.ORDER(purpose=o.purpose, order=o.client_order_id) for o in unclear)
    request_comparison(step)
    step.notify(Severity.WARNING, Say.SETTLED(name=p.position_id, orders=names or Say.NO_ORDER()))
    uncovered = p.exposure - p.quantity
    if uncovered > 0:
        step.notify(Severity.CRITICAL, Say.COVER_LOST(name=p.position_id, quantity=uncovered))
    reduced = any(o.purpose is not OrderPurpose.ENTRY for o in unclear)  # a close goes on without its entry
    if reduced and p.goal_quantity is not None:
        step.record(e.CloseAbandoned, command_id=message.command_id, why=Say.CLOSE_SETTLED())
        step.notify(Severity.WARNING, Say.CLOSE_ENDS(name=p.position_id))
    reply(step, message)


def _may_be_stuck(order: Order) -> bool:
    """A live order that does more than rest until its price comes."""
    return order.cancel_intended or not order.resting or order.kind is OrderKind.MARKET


def adjust(step: StepBuilder, message: c.AdjustPosition) -> None:
    """Book a change at the venue that no order of ours explains: quantity, entry price, leverage or a fee."""
    p = step.position
    error = _adjustment_error(p, message)
    if error:
        refuse(step, message, error)
        return
    side = p.key.side.increasing if message.quantity_delta > 0 else p.key.side.reducing
    step.record(
        e.QuantityAdjusted,
        command_id=message.command_id,
        quantity_delta=message.quantity_delta,
        price=message.price,
        realized_pnl=realized(p, side, abs(message.quantity_delta), message.price),
        why=message.why,
        evidence=message.evidence,
        entry_price=message.entry_price,
        leverage=message.leverage,
        fee=message.fee,
        fee_currency=message.fee_currency,
        worth=message.worth,
        meaning=message.meaning,
    )
    if not message.handed:
        notices.notify_adjusted(step, message)
    reply(step, message)


def _adjustment_error(p: Position, message: c.AdjustPosition) -> Statement:
    """An adjustment cannot pass through zero: the excess belongs to another position."""
    changed = message.quantity_delta or message.fee or message.entry_price is not None or message.leverage is not None
    if not changed:
        return Say.EMPTY_ADJUSTMENT()
    for price in (message.price, message.entry_price):
        if price is not None and price <= 0:
            return Say.PRICE_INVALID(price=price)
    if message.quantity_delta < 0 and p.quantity + message.quantity_delta < 0:
        return Say.ADJUSTMENT_TOO_LARGE(quantity=-message.quantity_delta, held=p.quantity)
    return NOTHING
