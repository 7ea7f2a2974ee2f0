"""What people want of a position: one rule a command, recording what was asked for and answering it.

What the venue says is in `rules`; what the position then needs is `follow_up`'s business.
"""

from decimal import ROUND_DOWN, Decimal

from actors.position.draft import Draft
from actors.position.fold import realized
from actors.position.follow_up import ask_comparison
from actors.position.state import ZERO, Order, Position
from messages import commands as c
from messages import events as e
from messages import reports as r
from messages.requests import Reply, SetLeverage
from messages.statement import NOTHING, Statement, word
from messages.types import OrderKind, OrderPurpose, Severity
from messages.wording import Position as Say

SETTLED_FROM_NS = 30_000_000_000
"""What was sent so long ago is not on its way any more: before, the venue may do it after it was written off."""
BY_HAND = Say.SETTLED_BY_HAND()
LEVERAGE_WAITS_NS = 50_000_000_000
"""What has not left after so long is refused by the gateway, which knows it, before its outcome counts as unknown."""


def reply(d: Draft, message: c.Command, text: Statement = NOTHING, *, accepted: bool = True) -> None:
    if message.reply_to:
        d.send(
            message.reply_to,
            Reply(
                correlation_id=d.correlation_id,
                command_id=message.command_id,
                to=message.reply_to,
                accepted=accepted,
                text=text,
                position_id=d.position.position_id,
                changed=bool(d.events),
            ),
        )


def start(d: Draft, message: c.OpenPosition) -> None:
    p = d.position
    if p.version:
        refuse(d, message, Say.BEING_OPENED())
        return
    if message.instrument is None:
        raise ValueError("an opening reaches its position with the instrument filled in by the supervisor")
    d.record(
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
        d.record(e.LeverageIntended, leverage=message.leverage, since_ns=d.now_ns)
        ask_leverage(d)
    reply(d, message)


def adopt(d: Draft, message: c.AdoptPosition) -> None:
    p = d.position
    if p.version:
        refuse(d, message, Say.EXISTS())
        return
    if message.instrument is None:
        raise ValueError("an adoption reaches its position with the instrument filled in by the supervisor")
    d.record(
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
        d.record(
            e.QuantityAdjusted,
            command_id=message.command_id,
            quantity_delta=ZERO,
            price=message.entry_price,
            realized_pnl=ZERO,
            why=d.position.reason,
            evidence=message.evidence,
            fee=fee.amount,
            fee_currency=fee.currency,
            worth=fee.worth,
        )
    if any(price is not None for price in (message.stop_loss, message.take_profit, message.trailing)):
        d.record(
            e.ProtectionRequested,
            command_id=message.command_id,
            stop_loss=message.stop_loss,
            take_profit=message.take_profit,
            trailing=message.trailing,
        )
    _tell_adopted(d, message)
    reply(d, message)


def _tell_adopted(d: Draft, message: c.AdoptPosition) -> None:
    key = d.position.key
    held: dict[str, str | Decimal] = {
        "symbol": key.symbol,
        "side": word(key.side),
        "quantity": message.quantity,
        "price": message.entry_price,
    }
    if message.handed_from is None:
        d.notify(Severity.WARNING, Say.ADOPTED(**held))
    else:
        d.notify(Severity.INFO, Say.ASSIGNED(name=message.handed_from, strategy=key.strategy, **held))


def ask_leverage(d: Draft) -> None:
    p = d.position
    if p.leverage_wanted is None:
        return
    d.send(
        d.gateway,
        SetLeverage(
            correlation_id=d.correlation_id,
            account=p.key.account,
            symbol=p.key.symbol,
            leverage=p.leverage_wanted,
            position_id=p.position_id,
            expires_at_ns=(p.leverage_ns or p.since_ns) + LEVERAGE_WAITS_NS,
        ),
    )
    d.wake("leverage", d.policy.answer_deadline_ms)


def refuse(d: Draft, message: object, why: Statement) -> None:
    """Nothing changes; the refusal is counted, journalled where it tells of a contradiction, and answered."""
    d.refused = why
    if isinstance(message, c.Command):
        reply(d, message, why, accepted=False)
    if isinstance(message, r.AboutOrder) and d.position.order(message.client_order_id) is None:
        unknown = Say.UNKNOWN_ORDER(name=d.position.position_id, order=message.client_order_id)
        d.notify(Severity.CRITICAL, unknown, message.client_order_id)
    if d.position.version:
        d.record(e.MessageRefused, message=type(message).__name__, state=d.position.state, why=why)


def close(d: Draft, message: c.ClosePosition) -> None:
    p = d.position
    goal, why_not = _goal(p, message) if p.version else (ZERO, Say.NOTHING_REQUESTED())
    if why_not:
        refuse(d, message, why_not)
        return
    _request_close(d, message, goal, Say.REDUCED_BY_COMMAND(goal=goal) if goal else Say.CLOSED_BY_COMMAND())
    reply(d, message)


def _goal(p: Position, message: c.ClosePosition) -> tuple[Decimal, Statement]:
    """What shall be left, in whole quantity steps; and why it cannot be, if so.

    A part is taken from what a reduction in progress will leave, so that two of them add up.
    """
    if p.strandable and not p.live_orders(OrderPurpose.ENTRY, OrderPurpose.REDUCE):
        return ZERO, p.reason
    if message.quantity is None and message.percent is None:
        return ZERO, NOTHING
    if p.goal == 0:
        return ZERO, Say.CLOSING_WHOLE()
    if p.live_orders(OrderPurpose.ENTRY) and p.quantity == 0:
        return ZERO, Say.NOTHING_TO_CLOSE()
    base = p.quantity if p.goal is None else min(p.goal, p.quantity)
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


def _request_close(d: Draft, message: c.ClosePosition | c.EmergencyClose, goal: Decimal, why: Statement) -> None:
    d.record(
        e.CloseRequested,
        command_id=message.command_id,
        goal_quantity=goal,
        why=why,
        emergency=isinstance(message, c.EmergencyClose),
        cancel_first=message.shared_leg,
        meaning=message.meaning if isinstance(message, c.ClosePosition) else "",
    )


def close_now(d: Draft, message: c.EmergencyClose) -> None:
    if not d.position.version:
        refuse(d, message, Say.NOTHING_REQUESTED())
        return
    _request_close(d, message, ZERO, Say.EMERGENCY())
    reply(d, message)


def modify(d: Draft, message: c.ModifyPosition) -> None:
    """All of it or nothing: protection, leverage, and an addition after them."""
    p = d.position
    why_not = _unmovable(p, message) or _unaddable(p, message) or _unlevered(p, message)
    if why_not:
        refuse(d, message, why_not)
        return
    if message.moves_protection:
        d.record(
            e.ProtectionRequested,
            command_id=message.command_id,
            stop_loss=_moved(p.stop_loss, message.stop_loss),
            take_profit=_moved(p.take_profit, message.take_profit),
            trailing=_moved(p.trailing, message.trailing),
            meaning=message.meaning,
        )
    if message.leverage is not None and message.leverage != p.leverage:
        d.record(e.LeverageIntended, command_id=message.command_id, leverage=message.leverage, since_ns=d.now_ns)
        ask_leverage(d)
    if message.add is not None:
        d.record(
            e.AdditionRequested,
            command_id=message.command_id,
            quantity=message.add,
            expires_at_ns=message.expires_at_ns,
            meaning=message.meaning,
        )
    reply(d, message)


def _unmovable(p: Position, message: c.ModifyPosition) -> Statement:
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


def _unaddable(p: Position, message: c.ModifyPosition) -> Statement:
    """An addition waits for nothing else: what is under way first comes to its end."""
    if message.add is None:
        return NOTHING
    if message.add <= 0 or (p.instrument and message.add % p.instrument.quantity_step):
        step = p.instrument.quantity_step if p.instrument else ""
        return Say.ADDITION_OFF_STEP(quantity=message.add, step=step)
    if p.quantity <= 0 or p.live_orders(OrderPurpose.ENTRY) or p.addition > 0:
        return Say.ENTRY_UNFINISHED()
    if p.goal is not None:
        return Say.BEING_REDUCED()
    if any(o.purpose.protective and (o.filled or o.triggered) for o in p.unspent_orders):
        return Say.PROTECTION_HAS_FIRED()
    return NOTHING


def _unlevered(p: Position, message: c.ModifyPosition) -> Statement:
    if message.leverage is not None and p.leverage_pending and p.leverage_wanted is not None:
        return Say.LEVERAGE_PENDING(leverage=p.leverage_wanted)
    return NOTHING


def _moved(before: Decimal | None, wanted: Decimal | None) -> Decimal | None:
    if wanted is None:
        return before
    return wanted if wanted > 0 else None


def cancel_entry(d: Draft, message: c.CancelEntry) -> None:
    p = d.position
    if not p.version or p.entry_abandoned or not (p.live_orders(OrderPurpose.ENTRY) or not p.held or p.addition > 0):
        refuse(d, message, Say.NO_ENTRY())
        return
    d.record(e.EntryAbandoned, command_id=message.command_id, why=message.why)
    reply(d, message)


def pause(d: Draft, message: c.PausePosition) -> None:
    if not d.position.paused:
        d.record(e.PositionPaused, command_id=message.command_id)
    reply(d, message)


def resume(d: Draft, message: c.ResumePosition) -> None:
    d.record(e.PositionResumed, command_id=message.command_id)
    reply(d, message)


def settle(d: Draft, message: c.SettlePosition) -> None:
    """The way out of every doubt that the venue does not end. Nothing is invented: the fills that are known count.

    What the venue holds is compared with that at once; a fill that it shows later is booked like any late one.
    Written off is not absent: a reduction that may have been done is not done twice, so its close ends here.
    """
    p = d.position
    unclear = [o for o in p.unspent_orders if o.fills_missing or (o.live and _may_be_stuck(o))]
    if not p.version or not (unclear or p.leverage_pending or p.quantity < 0):
        refuse(d, message, Say.NOTHING_UNKNOWN())
        return
    if any(d.now_ns - o.sent_ns < SETTLED_FROM_NS for o in unclear):
        refuse(d, message, Say.ORDER_TOO_YOUNG(seconds=SETTLED_FROM_NS // 1_000_000_000))
        return
    for order in unclear:
        d.record(e.OrderWrittenOff, client_order_id=order.client_order_id, command_id=message.command_id, why=BY_HAND)
    if p.leverage_pending and p.leverage_wanted is not None:
        d.record(e.LeverageRefused, leverage=p.leverage_wanted, text=BY_HAND, command_id=message.command_id)
    if d.position.quantity < 0:
        excess = -d.position.quantity
        d.record(
            e.QuantityAdjusted,
            command_id=message.command_id,
            quantity_delta=excess,
            price=d.position.entry_price,
            realized_pnl=ZERO,
            why=Say.OVERSOLD_SETTLED(),
            evidence=message.command_id,
            assumed=True,
        )
    names = tuple(Say.ORDER(purpose=o.purpose, order=o.client_order_id) for o in unclear)
    ask_comparison(d)
    d.notify(Severity.WARNING, Say.SETTLED(name=p.position_id, orders=names or Say.NO_ORDER()))
    uncovered = p.exposure - p.quantity
    if uncovered > 0:
        d.notify(Severity.CRITICAL, Say.COVER_LOST(name=p.position_id, quantity=uncovered))
    reduced = any(o.purpose is not OrderPurpose.ENTRY for o in unclear)  # a late fill of its entry is no other reason
    if reduced and p.goal is not None:
        d.record(e.CloseAbandoned, command_id=message.command_id, why=Say.CLOSE_SETTLED())
        d.notify(Severity.WARNING, Say.CLOSE_ENDS(name=p.position_id))
    reply(d, message)


def _may_be_stuck(order: Order) -> bool:
    """Everything that lives and does not simply wait for its price."""
    return order.cancel_intended or not order.resting or order.kind is OrderKind.MARKET


def adjust(d: Draft, message: c.AdjustPosition) -> None:
    p = d.position
    why_not = _unbookable(p, message)
    if why_not:
        refuse(d, message, why_not)
        return
    side = p.key.side.increasing if message.quantity_delta > 0 else p.key.side.reducing
    d.record(
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
        d.notify(Severity.WARNING, _adjusted(p, message))
    reply(d, message)


def _adjusted(p: Position, message: c.AdjustPosition) -> Statement:
    if not message.quantity_delta:
        return Say.ADJUSTED(name=p.position_id, why=message.why)
    return Say.ADJUSTED_BY(name=p.position_id, quantity=message.quantity_delta, why=message.why)


def _unbookable(p: Position, message: c.AdjustPosition) -> Statement:
    """A change that cannot have happened to this position: what went through zero is another one's."""
    changed = message.quantity_delta or message.fee or message.entry_price is not None or message.leverage is not None
    if not changed:
        return Say.EMPTY_ADJUSTMENT()
    for price in (message.price, message.entry_price):
        if price is not None and price <= 0:
            return Say.PRICE_INVALID(price=price)
    if message.quantity_delta < 0 and p.quantity + message.quantity_delta < 0:
        return Say.ADJUSTMENT_TOO_LARGE(quantity=-message.quantity_delta, held=p.quantity)
    return NOTHING
