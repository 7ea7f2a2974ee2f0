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
from messages.statement import verbatim
from messages.types import OrderKind, OrderPurpose, Severity

SETTLED_FROM_NS = 30_000_000_000
"""What was sent so long ago is not on its way any more: before, the venue may do it after it was written off."""
BY_HAND = "settled by hand"
LEVERAGE_WAITS_NS = 50_000_000_000
"""What has not left after so long is refused by the gateway, which knows it, before its outcome counts as unknown."""
NEVER_ASKED = "nothing has been asked of this position yet"


def reply(d: Draft, message: c.Command, text: str = "", *, accepted: bool = True) -> None:
    if message.reply_to:
        d.send(
            message.reply_to,
            Reply(
                correlation_id=d.correlation_id,
                command_id=message.command_id,
                to=message.reply_to,
                accepted=accepted,
                text=verbatim(text),
                position_id=d.position.position_id,
                changed=bool(d.events),
            ),
        )


def start(d: Draft, message: c.OpenPosition) -> None:
    p = d.position
    if p.version:
        refuse(d, message, "it is being opened already")
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
        refuse(d, message, "it exists already")
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
    what = f"{p.key.symbol} {p.key.side} {message.quantity} at {message.entry_price}"
    if message.handed_from is None:
        d.notify(Severity.WARNING, f"Adopted {what}: it existed at the venue.")
    else:
        d.notify(Severity.INFO, f"{message.handed_from} is {p.key.strategy}'s now: {what}")
    reply(d, message)


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


def refuse(d: Draft, message: object, why: str) -> None:
    """Nothing changes; the refusal is counted, journalled where it tells of a contradiction, and answered."""
    d.refused = why
    if isinstance(message, c.Command):
        reply(d, message, why, accepted=False)
    if isinstance(message, r.AboutOrder) and d.position.order(message.client_order_id) is None:
        name = d.position.position_id
        unknown = f"the venue reports an order that the journal does not know: {message.client_order_id}"
        d.notify(Severity.CRITICAL, f"{name}: {unknown}")
    if d.position.version:
        d.record(e.MessageRefused, message=type(message).__name__, state=d.position.state, why=why)


def close(d: Draft, message: c.ClosePosition) -> None:
    p = d.position
    goal, why_not = _goal(p, message) if p.version else (ZERO, NEVER_ASKED)
    if why_not:
        refuse(d, message, why_not)
        return
    _request_close(d, message, goal, "closed by command" if goal == 0 else f"reduced to {goal} by command")
    reply(d, message)


def _goal(p: Position, message: c.ClosePosition) -> tuple[Decimal, str]:
    """What shall be left, in whole quantity steps; and why it cannot be, if so.

    A part is taken from what a reduction in progress will leave, so that two of them add up.
    """
    if p.strandable and not p.live_orders(OrderPurpose.ENTRY, OrderPurpose.REDUCE):
        return ZERO, p.reason
    if message.quantity is None and message.percent is None:
        return ZERO, ""
    if p.goal == 0:
        return ZERO, "the whole of it is being closed already"
    if p.live_orders(OrderPurpose.ENTRY) and p.quantity == 0:
        return ZERO, "nothing is filled yet; close the whole to cancel the entry"
    base = p.quantity if p.goal is None else min(p.goal, p.quantity)
    part = message.quantity
    if message.percent is not None:
        if not 0 < message.percent <= 100:
            return ZERO, f"{message.percent} percent is not in (0, 100]"
        if message.percent == 100:
            return ZERO, ""
        step = p.instrument.quantity_step if p.instrument else Decimal(1)
        part = (base * message.percent / 100 / step).to_integral_value(ROUND_DOWN) * step
    if part is None or part <= 0:
        return ZERO, f"the part to close is {part}: smaller than one step of the symbol"
    if part > base:
        return ZERO, f"cannot close {part} of {base}"
    if p.instrument and part % p.instrument.quantity_step:
        return ZERO, f"{part} is not a multiple of {p.instrument.quantity_step}"
    return base - part, ""


def _request_close(d: Draft, message: c.ClosePosition | c.EmergencyClose, goal: Decimal, why: str) -> None:
    d.record(
        e.CloseRequested,
        command_id=message.command_id,
        goal_quantity=goal,
        why=why,
        emergency=isinstance(message, c.EmergencyClose),
        cancel_first=message.shared_leg,
    )


def close_now(d: Draft, message: c.EmergencyClose) -> None:
    if not d.position.version:
        refuse(d, message, NEVER_ASKED)
        return
    _request_close(d, message, ZERO, "emergency close")
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
        )
    reply(d, message)


def _unmovable(p: Position, message: c.ModifyPosition) -> str:
    settings = (("stop", message.stop_loss), ("target", message.take_profit), ("trailing stop", message.trailing))
    negative = next((price for _, price in settings if price is not None and price < 0), None)
    if negative is not None:
        return f"{negative} is no price; zero removes the order"
    if p.instrument is not None:
        for name, price in settings[:2]:
            if price is not None and price % p.instrument.price_step:
                return f"the {name} price {price} is not a multiple of {p.instrument.price_step}"
    nothing = not message.moves_protection and message.leverage is None and message.add is None
    return "nothing to change was named" if nothing else ""


def _unaddable(p: Position, message: c.ModifyPosition) -> str:
    """An addition waits for nothing else: what is under way first comes to its end."""
    if message.add is None:
        return ""
    if message.add <= 0 or (p.instrument and message.add % p.instrument.quantity_step):
        step = p.instrument.quantity_step if p.instrument else ""
        return f"an addition of {message.add} is not a positive multiple of {step}"
    if p.quantity <= 0 or p.live_orders(OrderPurpose.ENTRY) or p.addition > 0:
        return "its entry is not done yet; add to it then"
    if p.goal is not None:
        return "it is being reduced; add to it then"
    if any(o.purpose.protective and (o.filled or o.triggered) for o in p.unspent_orders):
        return "a protective order of it has fired; open another position"
    return ""


def _unlevered(p: Position, message: c.ModifyPosition) -> str:
    if message.leverage is not None and p.leverage_pending:
        return f"leverage {p.leverage_wanted} is being set already"
    return ""


def _moved(before: Decimal | None, wanted: Decimal | None) -> Decimal | None:
    if wanted is None:
        return before
    return wanted if wanted > 0 else None


def cancel_entry(d: Draft, message: c.CancelEntry) -> None:
    p = d.position
    if not p.version or p.entry_abandoned or not (p.live_orders(OrderPurpose.ENTRY) or not p.held or p.addition > 0):
        refuse(d, message, "no entry is working")
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
        refuse(d, message, "nothing of it is unknown")
        return
    if any(d.now_ns - o.sent_ns < SETTLED_FROM_NS for o in unclear):
        refuse(d, message, f"an order of it is younger than {SETTLED_FROM_NS // 1_000_000_000} s and may yet be told")
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
            why=f"more sold than held, {BY_HAND}",
            evidence=message.command_id,
            assumed=True,
        )
    names = ", ".join(f"{o.purpose} {o.client_order_id}" for o in unclear)
    ask_comparison(d)
    d.notify(Severity.WARNING, f"{p.position_id} settled by hand: {names or 'no order'} written off.")
    uncovered = p.exposure - p.quantity
    if uncovered > 0:
        d.notify(Severity.CRITICAL, f"{p.position_id}: {uncovered:f} that the venue says to hold is no longer covered.")
    reduced = any(o.purpose is not OrderPurpose.ENTRY for o in unclear)  # a late fill of its entry is no other reason
    if reduced and p.goal is not None:
        d.record(e.CloseAbandoned, command_id=message.command_id, why=f"its close was {BY_HAND}")
        text = f"{p.position_id}: its close ends with that; close what is left once it is compared."
        d.notify(Severity.WARNING, text)
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
    )
    by = f" by {message.quantity_delta}" if message.quantity_delta else ""
    if not message.handed:
        d.notify(Severity.WARNING, f"{p.position_id} changed outside of Albra{by}: {message.why}")
    reply(d, message)


def _unbookable(p: Position, message: c.AdjustPosition) -> str:
    """A change that cannot have happened to this position: what went through zero is another one's."""
    changed = message.quantity_delta or message.fee or message.entry_price is not None or message.leverage is not None
    if not changed:
        return "a change of nothing"
    for price in (message.price, message.entry_price):
        if price is not None and price <= 0:
            return f"{price} is no price"
    if message.quantity_delta < 0 and p.quantity + message.quantity_delta < 0:
        return f"cannot take {-message.quantity_delta} from {p.quantity}"
    return ""
