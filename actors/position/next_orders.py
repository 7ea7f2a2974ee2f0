"""Which orders a position needs next, by all that is known of it: entry, reduction, protection, cancels.

Every function is idempotent: without new facts a second call intends nothing. So any order of reports, restarts and
repeated messages is safe.
"""

from decimal import Decimal

from actors.position import notices
from actors.position.refused_moves import fallback_setting, is_unplaceable, removed_ns, requested_by
from actors.position.state import (
    PROTECTIVE,
    ZERO,
    Order,
    OrderPhase,
    Position,
    Refusals,
    covering,
    last_failure_reason,
    protection_rests,
    refusals,
)
from actors.position.step_builder import StepBuilder
from messages import events as e
from messages.addresses import RECONCILER
from messages.backoff import backoff
from messages.commands import Reconcile
from messages.ids import client_order_id
from messages.requests import (
    SubmitEmergency,
    SubmitOpening,
    SubmitOrder,
    SubmitProtection,
    SubmitReducing,
)
from messages.statement import Statement
from messages.types import CommandId, OrderKind, OrderPurpose, Severity
from messages.wording import Position as Say

MS = 1_000_000
RETRY_FIRST_MS = 500
RETRY_MOST_MS = 30_000
STALLED_AFTER_MS = 1_800
"""A triggered order without a child order or fill for this long is stalled; I7 allows 2 s without a notice."""
CANCELED_WITHIN_MS = 5_000
"""A stalled order whose cancel had no effect for this long, repeated a few times, is uncancelable."""
COMPARED_WITHIN_MS = 30_000
"""A reduction waits this long for the venue to show what it holds; longer only on a shared leg."""

_PROTECTION = (
    (OrderPurpose.STOP, OrderKind.STOP_MARKET),
    (OrderPurpose.TARGET, OrderKind.TARGET_MARKET),
    (OrderPurpose.TRAILING, OrderKind.TRAILING_STOP_MARKET),
)


def intend_orders(step: StepBuilder) -> None:
    """Intend what is needed now. The order matters: reductions precede openings, protection precedes cancels."""
    if step.position.instrument is None:
        return
    _end_reduction(step)
    _set_dust_aside(step)
    _replace_triggered(step)
    _mark_uncancelable(step)
    _reduce(step)
    _abandon_entry(step)
    _protect(step)
    _clean_up(step)
    _enter(step)


def _end_reduction(step: StepBuilder) -> None:
    p = step.position
    if not p.goal_quantity or p.live_orders(OrderPurpose.REDUCE, OrderPurpose.ENTRY):
        return
    more = p.quantity - p.goal_quantity
    if p.in_steps(more) > 0 or (more > 0 and p.is_dust):
        return  # `_set_dust_aside` ends the reduction, with its notice
    step.record(e.GoalReached, goal_quantity=max(p.goal_quantity, p.quantity))
    if more > 0:
        said = {"quantity": p.quantity.normalize(), "goal": p.goal_quantity.normalize()}
        step.notify(Severity.WARNING, Say.REDUCED_IN_STEPS(name=p.position_id, **said))


def _set_dust_aside(step: StepBuilder) -> None:
    """Put a position on hold that is too small for any order, with one notice: the venue would refuse every order."""
    p = step.position
    if not p.is_dust or (p.paused and p.goal_quantity is None) or p.in_doubt or p.instrument is None:
        return
    if p.live_orders(OrderPurpose.ENTRY, OrderPurpose.REDUCE) or p.addition_leaves > 0:
        return
    step.record(e.PositionStranded, quantity=p.quantity, why=Say.DUST(quantity=p.quantity, least=p.minimum_quantity))
    step.notify(Severity.WARNING, Say.DUST_LEFT(name=p.position_id, quantity=p.quantity, least=p.minimum_quantity))


def _enter(step: StepBuilder) -> None:
    """Send the entry, in parts where it exceeds the venue's maximum, each after the part before it is filled.

    Intended quantities count, not fills: the trades of a filled order may still be unread.
    """
    p = step.position
    if p.entry_finished or p.goal_quantity is not None or p.leverage_refused or p.in_doubt or p.triggered_protection:
        return
    entries = p.entries()
    remaining = p.requested - sum((o.quantity for o in entries), ZERO)
    waiting = any(o.number > (p.entries_from or 0) for o in entries) and entries[-1].phase is not OrderPhase.FILLED
    if remaining <= 0 or waiting:
        return
    if p.expires_at_ns and step.now_ns >= p.expires_at_ns:
        why = Say.ENTRY_EXPIRED()
        if p.leverage_pending and p.leverage_error:
            why = Say.ENTRY_EXPIRED_LEVERAGE(why=p.leverage_error)
        step.record(e.CloseRequested, command_id=CommandId(""), goal_quantity=p.quantity, why=why)
        return
    if p.leverage_pending:
        return
    kind = OrderKind.MARKET if p.limit_price is None else OrderKind.LIMIT
    _intend(step, OrderPurpose.ENTRY, kind, _at_most(p, kind, remaining))


def _at_most(p: Position, kind: OrderKind, quantity: Decimal) -> Decimal:
    if p.instrument is None:
        return quantity
    most = p.instrument.max_quantity if kind is OrderKind.LIMIT else p.instrument.max_market_quantity
    return min(quantity, most) if most else quantity


def _replace_triggered(step: StepBuilder) -> None:
    """Close at market what triggered protection has not closed by its deadline, and cancel that protection.

    A late execution only reduces. On a shared leg it would reduce another position, so only a stalled order counts
    there.
    """
    p = step.position
    fired = [order for order in p.triggered_protection if order.stalled or not p.shared_leg]
    if not fired:
        return
    if p.exposure > 0 and p.goal_quantity != 0:
        first = min(fired, key=lambda o: o.triggered_since_ns)
        deadline_ms = step.policy.protection_deadline_ms
        left_ms = deadline_ms - (step.now_ns - first.triggered_since_ns) // MS
        if left_ms > 0:
            step.wake("fired", left_ms)
            return
        if not _tradable(p) or p.is_dust:
            return  # the venue would refuse a close
        purpose, seconds = first.purpose, deadline_ms // 1000
        why = Say.NOT_EXECUTED(purpose=purpose, seconds=seconds)
        step.record(e.CloseRequested, command_id=CommandId(""), goal_quantity=ZERO, why=why, cancel_first=True)
        step.notify(Severity.CRITICAL, Say.MARKET_CLOSE(name=p.position_id, purpose=purpose, seconds=seconds))
    for order in step.position.triggered_protection:
        _cancel(step, order, Say.CANCEL_STALLED())


def _mark_uncancelable(step: StepBuilder) -> None:
    """A stalled order whose cancel has no effect is not waited for any longer.

    On a shared leg a reduction follows, and both orders may execute: the wait lasts until the protection deadline.
    """
    p = step.position
    for order in p.triggered_protection:
        if not (order.stalled and order.cancel_intended) or order.uncancelable:
            continue
        due_ns = order.cancel_ns + CANCELED_WITHIN_MS * MS
        if p.exposure > 0 and p.shared_leg and not p.emergency:
            due_ns = max(due_ns, order.triggered_since_ns + step.policy.protection_deadline_ms * MS)
        if step.now_ns >= due_ns:
            step.record(e.OrderUncancelable, client_order_id=order.client_order_id)
        else:
            step.wake("fired", -((step.now_ns - due_ns) // MS))


def _blocks_reduction(step: StepBuilder, order: Order) -> bool:
    """A reduction waits for the end of this order; alone on its leg not for a stalled one, as both only reduce."""
    if step.position.shared_leg:
        return not order.uncancelable
    return not (order.stalled or _overdue(step, order))


def _overdue(step: StepBuilder, order: Order) -> bool:
    """It was triggered longer ago than the protection deadline."""
    lasted_ns = step.now_ns - order.triggered_since_ns
    return order.triggered and lasted_ns >= step.policy.protection_deadline_ms * MS


def _tradable(p: Position) -> bool:
    """The venue takes orders of this symbol."""
    return p.instrument is None or p.instrument.trading


def _abandon_entry(step: StepBuilder) -> None:
    """Cancel what is left of the entry after a reduction or triggered protection.

    The cancel of an unanswered order may meet it in the gateway. A working market order ends before a cancel arrives.
    """
    p = step.position
    stopped = any((o.filled or o.stalled) and o.purpose.protective for o in p.relevant_orders)
    if p.goal_quantity is None and not stopped and not p.entry_abandoned:
        return
    for order in p.live_orders(OrderPurpose.ENTRY):
        if order.phase is not OrderPhase.WORKING or order.kind is OrderKind.LIMIT:
            _cancel(step, order, Say.CANCEL_UNWANTED_ENTRY() if p.entry_abandoned else Say.CLOSING())


def _reduce(step: StepBuilder) -> None:
    """Send one reduction at a time. Doubt does not stop reducing, but a quantity is never reduced twice: an order
    with an unknown outcome keeps back its own leaves quantity.
    """
    p = step.position
    live = p.live_orders(OrderPurpose.REDUCE)
    if p.goal_quantity is None or any(o.phase is not OrderPhase.DOUBTED for o in live):
        return
    excess = p.in_steps(
        p.exposure - p.missing_reductions - p.goal_quantity - sum((o.leaves_quantity for o in live), ZERO)
    )
    if excess <= 0 or _waits_for_comparison(step):
        return
    in_the_way = [o for o in p.live_orders(*PROTECTIVE) if _blocks_reduction(step, o)]
    if p.cancel_first and in_the_way:
        for order in in_the_way:
            _cancel(step, order, Say.CANCEL_FOR_CLOSE())
        return
    wait_ms = _retry_in_ms(refusals(p, OrderPurpose.REDUCE, p.goal_ns), step.now_ns, p.deferral_ms)
    if wait_ms:
        step.wake("close", wait_ms)
        return
    _intend(step, OrderPurpose.REDUCE, OrderKind.MARKET, _at_most(p, OrderKind.MARKET, excess))


def _waits_for_comparison(step: StepBuilder) -> bool:
    """A reduction that was written off may have been executed: the venue shows what it holds before the next one.

    Alone on its leg a reduction cannot exceed what the venue holds, so the wait has a limit. On a shared leg it would
    reduce another position: only an emergency ends the wait.
    """
    p = step.position
    if not p.unverified_ns:
        return False
    left_ms = COMPARED_WITHIN_MS - (step.now_ns - max(p.goal_ns, p.unverified_ns)) // MS
    if left_ms <= 0 and (p.emergency or not p.shared_leg):
        return False
    step.wake("compared", left_ms if left_ms > 0 else COMPARED_WITHIN_MS)
    if any(isinstance(event, e.CloseRequested) for event in step.events):
        request_comparison(step)
    return True


def request_comparison(step: StepBuilder) -> None:
    """Have the reconciler read this symbol now; its answer is a `LegHeld`."""
    p = step.position
    name = CommandId(f"{p.position_id}#{p.version}@{step.now_ns}.compared")
    step.send(RECONCILER, Reconcile(command_id=name, symbol=p.key.symbol))


def repeat_comparison(step: StepBuilder) -> None:
    """The close still waits for the comparison, on a shared leg: notify, and request it again."""
    p = step.position
    waits = p.goal_quantity is not None and p.exposure > p.goal_quantity and p.unverified_ns
    if not waits or not p.shared_leg or p.emergency:
        return
    step.notify(Severity.CRITICAL, Say.CLOSE_WAITS(name=p.position_id), "compared")
    request_comparison(step)


def _protect(step: StepBuilder) -> None:
    p = step.position
    if p.exposure <= 0 or p.goal_quantity == 0 or p.triggered_protection:
        return
    if p.is_dust:
        _cancel_more_than_dust(step)
        return
    if p.missing_reductions or (p.goal_quantity is not None and (p.cancel_first or p.shared_leg)):
        return  # protection was just executed, or makes room for a reduction on a shared leg
    covered = _covered_in_part(p)
    if covered is not None and _protection_overdue(step):
        seconds = step.policy.protection_deadline_ms // 1000
        step.record(
            e.CloseRequested,
            command_id=CommandId(""),
            goal_quantity=covered,
            why=Say.STOP_REFUSED(seconds=seconds),
            cancel_first=not covered,  # the stops of the covered part stay: with the close they total the quantity
        )
        notices.notify_stop_overdue(step, covered, seconds)
        _reduce(step)
        return
    for purpose, kind in _PROTECTION:
        _protect_by(step, purpose, kind)
    p = step.position
    if not p.protection_in_place and (p.wants_protection or p.modifying) and protection_rests(p):
        step.record(e.ProtectionPlaced)


def _cancel_more_than_dust(step: StepBuilder) -> None:
    """On a shared leg protection for more than the dust would reduce another position; alone it stays."""
    p = step.position
    for order in p.live_orders(*PROTECTIVE):
        if p.shared_leg and order.leaves_quantity > p.quantity:
            _cancel(step, order, Say.CANCEL_REPLACED_ON_SHARED_LEG())


def _covered_in_part(p: Position) -> Decimal | None:
    """The quantity that live stops cover, where that is not all that orders can cover; else None."""
    if p.stop_purpose is None:
        return None
    covered = sum((o.leaves_quantity for o in p.live_orders(p.stop_purpose)), ZERO)
    return covered if p.in_steps(p.exposure - covered) > 0 else None


def _protection_overdue(step: StepBuilder) -> bool:
    """The stop fails for longer than the deadline: since its first refusal, or since the one before left the book."""
    p = step.position
    if p.stop_purpose is None or not _tradable(p):
        return False  # retried until the symbol trades
    since_ns = max(p.requested_ns(p.stop_purpose), p.goal_ns)
    failed = refusals(p, p.stop_purpose, since_ns)
    if not failed.count:
        return False
    begun_ns = min(failed.first_ns, removed_ns(p, p.stop_purpose, since_ns) or failed.first_ns)
    left_ms = step.policy.protection_deadline_ms - (step.now_ns - begun_ns) // MS
    if left_ms > 0:
        step.wake("overdue", left_ms)
    return left_ms <= 0


def _protect_by(step: StepBuilder, purpose: OrderPurpose, kind: OrderKind) -> None:
    """Have orders of this purpose rest at the wanted setting for the whole quantity: one, or several where one would
    exceed the venue's maximum.

    Alone on its leg the new ones rest before the old ones are canceled: "reduce only" ends at flat if all execute. On
    a shared leg it does not, see `_make_room`.
    """
    p = step.position
    price = p.wanted_price(purpose)
    live = p.live_orders(purpose)
    if any(o.phase is not OrderPhase.WORKING for o in live):
        return  # the outcome of that order decides
    kept = covering(p, purpose, (o for o in live if not o.cancel_intended)) if price is not None else ()
    missing = p.in_steps(p.exposure - sum((o.leaves_quantity for o in kept), ZERO))
    if price is not None and missing:
        back = fallback_setting(p, purpose)
        if back is not None:
            _abandon_move(step, purpose, price, back)
            return
        if is_unplaceable(p, purpose):
            _abandon_protection(step, purpose, price)
            return
        failed = refusals(p, purpose, p.requested_ns(purpose), price)
        if failed.count:
            for order in _dispensable(live, kept, missing):
                _cancel(step, order, Say.CANCEL_REPLACED())
        wait_ms = _retry_in_ms(failed, step.now_ns)
        if wait_ms:
            step.wake(f"protect:{purpose}", wait_ms)
            return
        if p.shared_leg and _make_room(step, live, kept, missing):
            return
        for part in _split(missing, _order_maximum(p)) if p.shared_leg else _parts(p, kept, missing):
            _intend(step, purpose, kind, part, price)
        return
    for order in live:
        if order not in kept:
            _cancel(step, order, Say.CANCEL_REPLACED() if kept else Say.CANCEL_UNWANTED())


def _abandon_move(step: StepBuilder, purpose: OrderPurpose, wanted: Decimal, back: Decimal) -> None:
    """The venue keeps refusing the move: want the setting of the order that rests, or rested last."""
    p = step.position
    stays = any(o.resting and o.setting == back for o in p.live_orders(purpose))
    words = last_failure_reason(p, purpose, p.requested_ns(purpose))
    moved = Say.MOVE_REFUSED if stays else Say.MOVED_BACK
    why = moved(purpose=purpose, price=back.normalize(), wanted=wanted.normalize(), why=words)
    _request_protection(step, purpose, back, why)
    bare = step.position.unprotected and purpose is step.position.stop_purpose
    step.notify(Severity.CRITICAL if bare else Severity.WARNING, Say.ABOUT(name=p.position_id, what=why))


def _abandon_protection(step: StepBuilder, purpose: OrderPurpose, wanted: Decimal) -> None:
    """The venue keeps refusing protection of this purpose, and none rests: want none."""
    p = step.position
    words = last_failure_reason(p, purpose, p.requested_ns(purpose))
    why = Say.GIVEN_UP(purpose=purpose, price=wanted.normalize(), why=words)
    _request_protection(step, purpose, None, why)
    step.notify(Severity.WARNING, Say.ABOUT(name=p.position_id, what=why))


def _request_protection(step: StepBuilder, purpose: OrderPurpose, setting: Decimal | None, why: Statement) -> None:
    """Replace the refused setting of this purpose by this one; None: want no such order."""
    p = step.position
    asked = {OrderPurpose.STOP: p.stop_loss, OrderPurpose.TARGET: p.take_profit, OrderPurpose.TRAILING: p.trailing}
    asked[purpose] = setting
    step.correlation_id = step.correlation_id or requested_by(p, purpose)  # a timer set by a restart has none
    step.record(
        e.ProtectionRequested,
        command_id=CommandId(""),
        stop_loss=asked[OrderPurpose.STOP],
        take_profit=asked[OrderPurpose.TARGET],
        trailing=asked[OrderPurpose.TRAILING],
        why=why,
    )


def _dispensable(live: tuple[Order, ...], kept: tuple[Order, ...], missing: Decimal) -> list[Order]:
    """The orders to replace that are not needed to cover the missing quantity meanwhile: the smallest ones.

    A close in many fills leaves one order of each size behind. Venues limit the number of conditional orders: where
    the limit refuses the new order, these are canceled first.
    """
    stale = sorted(
        (o for o in live if o not in kept and not o.cancel_intended), key=lambda o: o.leaves_quantity, reverse=True
    )
    while stale and missing > 0:
        missing -= stale.pop(0).leaves_quantity
    return stale


def _make_room(step: StepBuilder, live: tuple[Order, ...], kept: tuple[Order, ...], missing: Decimal) -> bool:
    """Cancel what has to end before the missing quantity may be placed on a shared leg; False where nothing has to.

    Orders of one purpose never total more than the position holds (I8): after a crash both would execute, the excess at
    the expense of another position. An increase is added to the orders that rest. Where they become too many, or the
    increase is too small for an order, the smallest of them is replaced with it.
    """
    p = step.position
    most = _order_maximum(p)
    crowd = len(kept) + len(_split(missing, most)) > len(_split(p.quantity, most)) + 1
    too_small = p.instrument is not None and missing < p.instrument.min_quantity
    if kept and (crowd or too_small):
        smallest = min(kept, key=lambda o: o.leaves_quantity)
        kept = tuple(o for o in kept if o is not smallest)
    leaving = [order for order in live if order not in kept]
    for order in leaving:
        _cancel(step, order, Say.CANCEL_REPLACED_ON_SHARED_LEG())
    return bool(leaving)


def _order_maximum(p: Position) -> Decimal:
    """The venue's maximum for one market order; the exposure where it has none."""
    return (p.instrument.max_market_quantity if p.instrument is not None else ZERO) or p.exposure


def _parts(p: Position, kept: tuple[Order, ...], missing: Decimal) -> list[Decimal]:
    """The quantities of the orders to place: one for the whole exposure where the venue takes that.

    Otherwise the missing quantity is added to what rests, unless the orders would become more than one above the
    fewest possible: then every stop is placed again.
    """
    most, whole = _order_maximum(p), p.in_steps(p.exposure)
    if whole <= most:
        return [whole]
    fewest, added = _split(whole, most), _split(missing, most)
    return added if len(kept) + len(added) <= len(fewest) + 1 else fewest


def _split(quantity: Decimal, most: Decimal) -> list[Decimal]:
    """The quantity in parts of at most `most` each."""
    full, rest = divmod(quantity, most)
    return [most] * int(full) + ([rest] if rest else [])


def _clean_up(step: StepBuilder) -> None:
    """Flat: cancel every reduction and protection that rests or may still be sent.

    An unanswered order may wait in the gateway, during a ban for example. Sent later, it would reduce another position
    on the leg; the cancel meets it before.
    """
    p = step.position
    if p.exposure > 0 or p.live_orders(OrderPurpose.ENTRY):
        return
    for order in p.live_orders(OrderPurpose.REDUCE, *PROTECTIVE):
        _cancel(step, order, Say.CANCEL_FLAT())


def _cancel(step: StepBuilder, order: Order, why: Statement) -> None:
    if order.cancel_intended or (order.triggered and not order.stalled):
        return
    step.record(e.CancelIntended, client_order_id=order.client_order_id, why=why)
    step.cancel(order)


_SUBMIT: dict[OrderPurpose, type[SubmitOrder]] = {
    OrderPurpose.ENTRY: SubmitOpening,
    OrderPurpose.REDUCE: SubmitReducing,
    OrderPurpose.STOP: SubmitProtection,
    OrderPurpose.TARGET: SubmitProtection,
    OrderPurpose.TRAILING: SubmitProtection,
}


def _intend(
    step: StepBuilder, purpose: OrderPurpose, kind: OrderKind, quantity: Decimal, setting: Decimal | None = None
) -> None:
    """Record the intent and send the order: it leaves once the intent is durable.

    `setting` is the trigger price of a protective order, or its callback rate.
    """
    p = step.position
    opening = purpose is OrderPurpose.ENTRY
    number = len(p.orders) + 1
    name = client_order_id(step.policy.journal_id or p.journal_id, p.ordinal, number, step.policy.life)
    side = p.key.side.increasing if opening else p.key.side.reducing
    trails = kind is OrderKind.TRAILING_STOP_MARKET
    step.record(
        e.OrderIntended,
        client_order_id=name,
        number=number,
        purpose=purpose,
        kind=kind,
        side=side,
        quantity=quantity,
        limit_price=p.limit_price if opening else None,
        trigger_price=None if trails else setting,
        callback_rate=setting if trails else None,
    )
    order = step.position.orders[-1]
    submit = SubmitEmergency if purpose is OrderPurpose.REDUCE and p.emergency else _SUBMIT[purpose]
    step.send(
        step.gateway,
        submit(
            **step.about(order),
            side=side,
            position_side=p.key.side,
            kind=kind,
            quantity=quantity,
            limit_price=order.limit_price,
            trigger_price=order.trigger_price,
            trigger=step.policy.trigger,
            callback_rate=order.callback_rate,
            good_till_ns=_good_till_ns(step, kind),
            post_only=opening and kind is OrderKind.LIMIT and p.post_only,
            expires_at_ns=p.expires_at_ns if opening else 0,
        ),
    )
    step.wake(f"answer:{number}", step.policy.answer_deadline_ms)


def _good_till_ns(step: StepBuilder, kind: OrderKind) -> int:
    for_ms = step.policy.entry_good_for_ms
    return step.now_ns + for_ms * 1_000_000 if for_ms and kind is OrderKind.LIMIT else 0


def _retry_in_ms(run: Refusals, now_ns: int, deferral_ms: int = 0) -> int:
    """Milliseconds until the next attempt: 0.5, 1, 2 … 30 s after the n-th failure in a row, or `deferral_ms`."""
    if not run.count:
        return 0
    pause_ms = deferral_ms or backoff(RETRY_FIRST_MS, RETRY_MOST_MS, run.count - 1)
    return max(0, -((now_ns - run.last_ns) // 1_000_000 - pause_ms))
