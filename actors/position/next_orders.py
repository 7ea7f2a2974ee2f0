"""What a position needs next, from what is known of it: entry, reduction, protection, cleaning up.

Every function is idempotent: called again with nothing new it intends nothing new. That is what makes
any order of reports, restarts and repeated messages safe: there is no "next step" to lose.
"""

from decimal import Decimal

from actors.position.refused_moves import asked_by, hopeless, taken_off_ns, way_back
from actors.position.state import (
    PROTECTIVE,
    ZERO,
    Order,
    OrderPhase,
    Position,
    Refusals,
    covering,
    last_words,
    protection_rests,
    refusals,
)
from actors.position.step_builder import StepBuilder
from messages import events as e
from messages.commands import Reconcile
from messages.ids import client_order_id
from messages.requests import (
    SubmitEmergency,
    SubmitOpening,
    SubmitOrder,
    SubmitProtection,
    SubmitReducing,
)
from messages.statement import NOTHING, Statement
from messages.types import Address, CommandId, OrderKind, OrderPurpose, Severity
from messages.wording import Position as Say

MS = 1_000_000
RETRY_FIRST_MS = 500
RETRY_MOST_MS = 30_000
STALLED_AFTER_MS = 1_800
"""A triggered order without a child or fill for so long is stuck: I7 allows 2 s without cover before that is told."""
CANCELED_WITHIN_MS = 5_000
"""A cancel of a stalled order that comes to nothing for so long has been repeated a few times."""
COMPARED_WITHIN_MS = 30_000
"""A venue that does not show what is held for so long is not waited for where no neighbor can lose by that."""
RECONCILER = Address("reconciler")

_PROTECTION = (
    (OrderPurpose.STOP, OrderKind.STOP_MARKET),
    (OrderPurpose.TARGET, OrderKind.TARGET_MARKET),
    (OrderPurpose.TRAILING, OrderKind.TRAILING_STOP_MARKET),
)


def follow_up(step: StepBuilder) -> None:
    """Order matters: nothing opens before what reduces, and protection comes before cleaning up."""
    if step.position.instrument is None:
        return
    _finish_goal(step)
    _strand(step)
    _unstick(step)
    _let_go(step)
    _reduce(step)
    _abandon_entry(step)
    _protect(step)
    _clean_up(step)
    _enter(step)


def _finish_goal(step: StepBuilder) -> None:
    p = step.position
    if not p.goal_quantity or p.live_orders(OrderPurpose.REDUCE, OrderPurpose.ENTRY):
        return
    more = p.quantity - p.goal_quantity
    if p.in_steps(more) > 0 or (more > 0 and p.is_dust):
        return  # dust is stranded instead, which ends the reduction with a notice
    step.record(e.GoalReached, goal_quantity=max(p.goal_quantity, p.quantity))
    if more > 0:
        said = {"quantity": p.quantity.normalize(), "goal": p.goal_quantity.normalize()}
        step.notify(Severity.WARNING, Say.REDUCED_IN_STEPS(name=p.position_id, **said))


def _strand(step: StepBuilder) -> None:
    """What no order can close or protect is told once and left alone, instead of being refused for ever."""
    p = step.position
    if not p.is_dust or (p.paused and p.goal_quantity is None) or p.in_doubt or p.instrument is None:
        return
    if p.live_orders(OrderPurpose.ENTRY, OrderPurpose.REDUCE) or p.addition_leaves > 0:
        return
    step.record(e.PositionStranded, quantity=p.quantity, why=Say.DUST(quantity=p.quantity, least=p.least))
    step.notify(Severity.WARNING, Say.DUST_LEFT(name=p.position_id, quantity=p.quantity, least=p.least))


def _enter(step: StepBuilder) -> None:
    """Send the entry; where it exceeds the market maximum, part by part, each after the one before is filled.

    What was intended counts, not what was seen filled: an order reported filled whose trades are still to be
    read must not be sent a second time.
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


def _unstick(step: StepBuilder) -> None:
    """What was triggered and is not executed covers nothing, and may never: after a while the market does its work.

    Should it be executed after all, it only reduces; beside a neighbor, who would lose by that, only what is shown to
    be stalled counts.
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
            return  # no close would be taken
        purpose, seconds = first.purpose, deadline_ms // 1000
        why = Say.NOT_EXECUTED(purpose=purpose, seconds=seconds)
        step.record(e.CloseRequested, command_id=CommandId(""), goal_quantity=ZERO, why=why, cancel_first=True)
        step.notify(Severity.CRITICAL, Say.MARKET_CLOSE(name=p.position_id, purpose=purpose, seconds=seconds))
    for order in step.position.triggered_protection:
        _cancel(step, order, Say.CANCEL_STALLED())


def _let_go(step: StepBuilder) -> None:
    """A stalled order that the venue keeps in hand would be waited for for ever: its cancel has a deadline.

    What is open beside a neighbor is reduced after that, and both may sell then: as late as protection allows.
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


def _stands_in_the_way(step: StepBuilder, order: Order) -> bool:
    """Whether a reduction waits for its end. Alone on the leg both only reduce, and a stuck one is passed."""
    if step.position.shared_leg:
        return not order.uncancelable
    return not (order.stalled or _overdue(step, order))


def _overdue(step: StepBuilder, order: Order) -> bool:
    """It is triggered for too long to be waited for."""
    lasted_ns = step.now_ns - order.triggered_since_ns
    return order.triggered and lasted_ns >= step.policy.protection_deadline_ms * MS


def _tradable(p: Position) -> bool:
    """While the symbol is halted no close would be taken."""
    return p.instrument is None or p.instrument.trading


def _abandon_entry(step: StepBuilder) -> None:
    """A reduction, or a stop that fired, makes what is left of the entry pointless.

    An order without an answer is canceled too: it may still wait in the gateway, where the cancel meets it. A
    market order that the venue has is over before a cancel arrives.
    """
    p = step.position
    stopped = any((o.filled or o.stalled) and o.purpose.protective for o in p.relevant_orders)
    if p.goal_quantity is None and not stopped and not p.entry_abandoned:
        return
    for order in p.live_orders(OrderPurpose.ENTRY):
        if order.phase is not OrderPhase.WORKING or order.kind is OrderKind.LIMIT:
            _cancel(step, order, Say.CANCEL_UNWANTED_ENTRY() if p.entry_abandoned else Say.CLOSING())


def _reduce(step: StepBuilder) -> None:
    """One order at a time. One whose outcome is unknown holds back what it may have closed, and no more than that:

    reducing passes through doubt, yet never twice for the same quantity.
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
    in_the_way = [o for o in p.live_orders(*PROTECTIVE) if _stands_in_the_way(step, o)]
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
    """What was settled by hand may be less than is believed: the venue shows that before any of it is sold.

    Alone on its leg a reduction takes no more than the venue holds, and waits so long only. Beside a neighbor it would
    take of him, and waits on; an emergency does not.
    """
    p = step.position
    if not p.unverified_ns:
        return False
    left_ms = COMPARED_WITHIN_MS - (step.now_ns - max(p.goal_ns, p.unverified_ns)) // MS
    if left_ms <= 0 and (p.emergency or not p.shared_leg):
        return False
    step.wake("compared", left_ms if left_ms > 0 else COMPARED_WITHIN_MS)
    if any(isinstance(event, e.CloseRequested) for event in step.events):
        ask_comparison(step)
    return True


def ask_comparison(step: StepBuilder) -> None:
    """A check of its symbol, now; it answers nothing, and tells the position what the venue's list shows."""
    p = step.position
    name = CommandId(f"{p.position_id}#{p.version}@{step.now_ns}.compared")
    step.send(RECONCILER, Reconcile(command_id=name, symbol=p.key.symbol))


def compare_again(step: StepBuilder) -> None:
    """Its close still waits for the comparison, beside a neighbor: that is told, and asked for again."""
    p = step.position
    waits = p.goal_quantity is not None and p.exposure > p.goal_quantity and p.unverified_ns
    if not waits or not p.shared_leg or p.emergency:
        return
    step.notify(Severity.CRITICAL, Say.CLOSE_WAITS(name=p.position_id), "compared")
    ask_comparison(step)


def _protect(step: StepBuilder) -> None:
    p = step.position
    if p.exposure <= 0 or p.goal_quantity == 0 or p.triggered_protection:
        return
    if p.is_dust:
        _leave_no_more_than_dust(step)
        return
    if p.missing_reductions or (p.goal_quantity is not None and (p.cancel_first or p.shared_leg)):
        return  # a protective order just did its work, or leaves room to a reduction on a shared leg
    covered = _covered(p)
    if covered is not None and _protection_overdue(step):
        seconds = step.policy.protection_deadline_ms // 1000
        step.record(
            e.CloseRequested,
            command_id=CommandId(""),
            goal_quantity=covered,
            why=Say.STOP_REFUSED(seconds=seconds),
            cancel_first=not covered,  # what covers the rest stays; together they are for no more than is held
        )
        step.notify(Severity.CRITICAL, _stop_overdue(p, covered, seconds))
        _reduce(step)
        return
    for purpose, kind in _PROTECTION:
        _protect_by(step, purpose, kind)
    p = step.position
    if not p.protection_in_place and (p.wants_protection or p.modifying) and protection_rests(p):
        step.record(e.ProtectionPlaced)


def _stop_overdue(p: Position, covered: Decimal, seconds: int) -> Statement:
    name = p.position_id
    words = last_words(p, p.stop_purpose, p.requested_ns(p.stop_purpose)) if p.stop_purpose is not None else NOTHING
    if covered and words:
        return Say.STOP_OVERDUE_IN_PART_ANSWER(name=name, quantity=covered, seconds=seconds, why=words)
    if covered:
        return Say.STOP_OVERDUE_IN_PART(name=name, quantity=covered, seconds=seconds)
    if words:
        return Say.STOP_OVERDUE_ANSWER(name=name, seconds=seconds, why=words)
    return Say.STOP_OVERDUE(name=name, seconds=seconds)


def _leave_no_more_than_dust(step: StepBuilder) -> None:
    """An order for more than is held would take of a neighbor; alone on its leg it only reduces, and stays."""
    p = step.position
    for order in p.live_orders(*PROTECTIVE):
        if p.shared_leg and order.leaves_quantity > p.quantity:
            _cancel(step, order, Say.CANCEL_REPLACED_ON_SHARED_LEG())


def _covered(p: Position) -> Decimal | None:
    """How much the stops cover that are on the book or on their way; None where that is all that can be covered."""
    guard = p.stop_purpose
    covered = sum((o.leaves_quantity for o in p.live_orders(guard)), ZERO) if guard is not None else p.exposure
    return covered if p.in_steps(p.exposure - covered) > 0 else None


def _protection_overdue(step: StepBuilder) -> bool:
    """The time counts from the first refusal, or from when the stop left the book to make room; a timer ends it."""
    p = step.position
    if p.stop_purpose is None or not _tradable(p):
        return False  # it is tried again until it trades
    since_ns = max(p.requested_ns(p.stop_purpose), p.goal_ns)
    failed = refusals(p, p.stop_purpose, since_ns)
    if not failed.count:
        return False
    begun_ns = min(failed.first_ns, taken_off_ns(p, p.stop_purpose, since_ns) or failed.first_ns)
    left_ms = step.policy.protection_deadline_ms - (step.now_ns - begun_ns) // MS
    if left_ms > 0:
        step.wake("overdue", left_ms)
    return left_ms <= 0


def _protect_by(step: StepBuilder, purpose: OrderPurpose, kind: OrderKind) -> None:
    """Have orders of this purpose at the wanted price for the whole quantity: one, or where it is above the market
    maximum, as many as that takes.

    Alone on its leg the new ones rest before the old ones go: should all of them fire, "reduce only" ends at flat.
    Beside a neighbor it would not, see `_make_room`.
    """
    p = step.position
    price = p.wanted_price(purpose)
    live = p.live_orders(purpose)
    if any(o.phase is not OrderPhase.WORKING for o in live):
        return  # its answer decides
    kept = covering(p, purpose, (o for o in live if not o.cancel_intended)) if price is not None else ()
    missing = p.in_steps(p.exposure - sum((o.leaves_quantity for o in kept), ZERO))
    if price is not None and missing:
        back = way_back(p, purpose)
        if back is not None:
            _move_back(step, purpose, price, back)
            return
        if hopeless(p, purpose):
            _give_up(step, purpose, price)
            return
        failed = refusals(p, purpose, p.requested_ns(purpose), price)
        if failed.count:
            for order in _surplus(live, kept, missing):
                _cancel(step, order, Say.CANCEL_REPLACED())
        wait_ms = _retry_in_ms(failed, step.now_ns)
        if wait_ms:
            step.wake(f"protect:{purpose}", wait_ms)
            return
        if p.shared_leg and _make_room(step, live, kept, missing):
            return
        for part in _split(missing, _most(p)) if p.shared_leg else _parts(p, kept, missing):
            _intend(step, purpose, kind, part, price)
        return
    for order in live:
        if order not in kept:
            _cancel(step, order, Say.CANCEL_REPLACED() if kept else Say.CANCEL_UNWANTED())


def _move_back(step: StepBuilder, purpose: OrderPurpose, wanted: Decimal, back: Decimal) -> None:
    """The venue refuses the move for good: its command is over, and what rests, or rested last, is wanted again."""
    p = step.position
    stays = any(o.resting and o.setting == back for o in p.live_orders(purpose))
    words = last_words(p, purpose, p.requested_ns(purpose))
    moved = Say.MOVE_REFUSED if stays else Say.MOVED_BACK
    why = moved(purpose=purpose, price=back.normalize(), wanted=wanted.normalize(), why=words)
    _want(step, purpose, back, why)
    bare = step.position.unprotected and purpose is step.position.stop_purpose
    step.notify(Severity.CRITICAL if bare else Severity.WARNING, Say.ABOUT(name=p.position_id, what=why))


def _give_up(step: StepBuilder, purpose: OrderPurpose, wanted: Decimal) -> None:
    """The venue refuses it for good, and nothing of it rests: it is not wanted any more."""
    p = step.position
    words = last_words(p, purpose, p.requested_ns(purpose))
    why = Say.GIVEN_UP(purpose=purpose, price=wanted.normalize(), why=words)
    _want(step, purpose, None, why)
    step.notify(Severity.WARNING, Say.ABOUT(name=p.position_id, what=why))


def _want(step: StepBuilder, purpose: OrderPurpose, setting: Decimal | None, why: Statement) -> None:
    """Instead of what the venue refused; None: nothing of this purpose."""
    p = step.position
    asked = {OrderPurpose.STOP: p.stop_loss, OrderPurpose.TARGET: p.take_profit, OrderPurpose.TRAILING: p.trailing}
    asked[purpose] = setting
    step.correlation_id = step.correlation_id or asked_by(p, purpose)  # a timer that a restart set knows no command
    step.record(
        e.ProtectionRequested,
        command_id=CommandId(""),
        stop_loss=asked[OrderPurpose.STOP],
        take_profit=asked[OrderPurpose.TARGET],
        trailing=asked[OrderPurpose.TRAILING],
        why=why,
    )


def _surplus(live: tuple[Order, ...], kept: tuple[Order, ...], missing: Decimal) -> list[Order]:
    """Of what was to be replaced, all that is not needed to cover what is missing until it is.

    A close in many fills leaves an order of each size behind, since the new one rests before the old one goes; venues
    count conditional orders, and one that takes no more of them would leave the crowd as it is for ever.
    """
    stale = sorted(
        (o for o in live if o not in kept and not o.cancel_intended), key=lambda o: o.leaves_quantity, reverse=True
    )
    while stale and missing > 0:
        missing -= stale.pop(0).leaves_quantity
    return stale


def _make_room(step: StepBuilder, live: tuple[Order, ...], kept: tuple[Order, ...], missing: Decimal) -> bool:
    """Whether something has to go, and be known to have gone, before what is missing may be placed.

    On a shared leg (I8) orders of one purpose are never for more than is held, not for a moment: whoever dies in it
    leaves both to fire, and the excess is a neighbor's. What grew is added to what rests, which stays. Only a crowd of
    small ones, or a part that is too small for an order, takes the smallest of them along.
    """
    p = step.position
    most = _most(p)
    crowd = len(kept) + len(_split(missing, most)) > len(_split(p.quantity, most)) + 1
    too_small = p.instrument is not None and missing < p.instrument.min_quantity
    if kept and (crowd or too_small):
        smallest = min(kept, key=lambda o: o.leaves_quantity)
        kept = tuple(o for o in kept if o is not smallest)
    leaving = [order for order in live if order not in kept]
    for order in leaving:
        _cancel(step, order, Say.CANCEL_REPLACED_ON_SHARED_LEG())
    return bool(leaving)


def _most(p: Position) -> Decimal:
    """The most that the venue takes in one order by market; all of it where it names no such bound."""
    return (p.instrument.max_market_quantity if p.instrument is not None else ZERO) or p.exposure


def _parts(p: Position, kept: tuple[Order, ...], missing: Decimal) -> list[Decimal]:
    """The quantities of the orders to place: one for everything where the venue takes one.

    Where it does not, what is missing is added to what rests. A position that grew by crumbs would have a crowd of
    orders so, and venues count them: then everything is placed anew, in as few as it takes.
    """
    most, whole = _most(p), p.in_steps(p.exposure)
    if whole <= most:
        return [whole]
    fewest, added = _split(whole, most), _split(missing, most)
    return added if len(kept) + len(added) <= len(fewest) + 1 else fewest


def _split(quantity: Decimal, most: Decimal) -> list[Decimal]:
    """The whole in parts of at most so much each."""
    full, rest = divmod(quantity, most)
    return [most] * int(full) + ([rest] if rest else [])


def _clean_up(step: StepBuilder) -> None:
    """Flat: nothing of ours may stay on the book, and nothing may still leave for it.

    An order without an answer may wait in the gateway, during a ban say, while another does its work. Once it leaves
    it takes from a neighbor on the same leg; the cancel meets it before.
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
    """Record the intent and have it sent: the journal holds the first back until the second is durable.

    `setting` is a protective order's trigger price, or its callback rate.
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
    """Milliseconds until the next try: 0.5, 1, 2 … at most 30 seconds after the n-th failure in a row, or deferred."""
    if not run.count:
        return 0
    pause_ms: int = deferral_ms or min(RETRY_FIRST_MS * (1 << min(run.count - 1, 16)), RETRY_MOST_MS)
    return max(0, -((now_ns - run.last_ns) // 1_000_000 - pause_ms))
