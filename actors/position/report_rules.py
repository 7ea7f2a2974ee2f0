"""What the venue and the timers tell: one rule a message, recording facts and nothing more.

What people want is in `wishes`. What the position then needs is `follow_up`'s business, and which state it is in
is `lifecycle`'s.
Venue oddities are marked "Real world possibility".
"""

from decimal import Decimal

from actors.funding import booked_of, held_at
from actors.position.command_rules import ask_leverage, refuse
from actors.position.evolve import answer, realized
from actors.position.next_orders import RETRY_MOST_MS, STALLED_AFTER_MS, compare_again
from actors.position.refused_moves import hopeless, resting_elsewhere, told_before, way_back, went_back
from actors.position.state import LATEST, PROTECTIVE, ZERO, Order, OrderPhase, Position, last_words, refusals
from actors.position.step_builder import StepBuilder
from messages import events as e
from messages import reports as r
from messages.statement import NOTHING, Statement, word
from messages.types import CommandId, OrderKind, OrderPurpose, OrderStatus, RejectReason, Severity
from messages.wording import Position as Say

_FAILED = (OrderPhase.REFUSED, OrderPhase.ABSENT)
"""Ends that we were told of; the venue may know better."""
FILLS_GRACE_MS = 400
"""The stream usually brings a fill within this time; only then are trades read."""
FILLS_RETRY_MS = 2_000
STALLED_RETRY_MS = 10_000
"""Between two looks at a triggered order that nothing has come of: it may be so for days."""
STUCK_AFTER_NS = 10_000_000_000
"""Trades that cannot be read for so long are worth a human's look."""
LEVERAGE_PATIENCE_NS = 60_000_000_000
"""A setting whose outcome stays unknown for so long is given up; the reconciler finds what it became."""
LEVERAGE_PAUSE_MOST_MS = 15_000
UNPROTECTED_AFTER_MS = 1_800
"""I7 allows 2 s from the first fill to the resting stop; after that the owner must know."""


def setting_applied(step: StepBuilder, message: r.SettingApplied) -> None:
    if step.position.leverage_pending and message.leverage == step.position.leverage_wanted:
        step.record(e.LeverageApplied, leverage=message.leverage, ts_event=message.ts_event)


def setting_refused(step: StepBuilder, message: r.SettingRefused) -> None:
    if not step.position.leverage_pending:
        return
    since_ns = step.position.leverage_ns or step.position.since_ns
    if message.unknown and step.now_ns - since_ns < LEVERAGE_PATIENCE_NS:  # setting leverage twice is setting it once
        if message.text != step.position.leverage_error:
            step.record(e.LeverageDoubted, leverage=message.leverage, text=message.text)
        spent_ms = (step.now_ns - since_ns) // 1_000_000
        step.wake("leverage", max(message.retry_after_ms, min(max(spent_ms, 1_000), LEVERAGE_PAUSE_MOST_MS)))
        return
    _leverage_refused(step, message.leverage, message.text)


def _leverage_refused(step: StepBuilder, leverage: int, text: Statement) -> None:
    step.record(e.LeverageRefused, leverage=leverage, text=text)
    p = step.position
    if not p.was_open:
        told = Say.NOT_OPENED_LEVERAGE(name=p.position_id, why=text)
    elif p.leverage is None:
        told = Say.LEVERAGE_KEPT(name=p.position_id, why=text)
    else:
        told = Say.LEVERAGE_KEPT_AT(name=p.position_id, leverage=p.leverage, why=text)
    step.notify(Severity.WARNING, told)


def accepted(step: StepBuilder, message: r.OrderAccepted) -> None:
    order = known_order(step, message)
    if order is None or order.phase not in (
        OrderPhase.SENT,
        OrderPhase.DOUBTED,
        OrderPhase.ABSENT,  # Real world possibility: presumed lost, acknowledged late.
        OrderPhase.REFUSED,
    ):
        return
    _acknowledge(step, order, message)


def _acknowledge(step: StepBuilder, order: Order, message: r.OrderAccepted | r.OrderReport) -> None:
    step.record(
        e.OrderAcknowledged,
        client_order_id=order.client_order_id,
        venue_order_id=message.venue_order_id,
        ts_event=message.ts_event,
    )
    if order.cancel_intended:
        step.cancel(order)  # it may have met nothing before; canceling twice is canceling once


def rejected(step: StepBuilder, message: r.OrderRejected) -> None:
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
    after_refusal(step, order, message.reason, message.text or word(message.reason), message.code)


def after_refusal(step: StepBuilder, order: Order, reason: RejectReason, text: Statement, code: str = "") -> None:
    """The facts a refusal brings with it, by the purpose of the order."""
    p = step.position
    words = answer(code, text)
    if order.purpose is OrderPurpose.ENTRY:
        if not order.cancel_intended:
            _tell_not_opened(step, words)
    elif order.purpose is OrderPurpose.REDUCE:
        if reason is RejectReason.REDUCE_ONLY:
            # Real world possibility: a stop closed it a moment ago, or a reduction that we were told had failed.
            # Ask after every order that may have; never resend without the flag.
            for other in _suspects(p, order):
                step.resolve(other)
            _defer(step)
        if (
            reason is RejectReason.BLOCKED
            and p.goal_quantity is not None
            and any(not o.uncancelable for o in p.live_orders(*PROTECTIVE))
        ):
            # Real world possibility: resting orders count against what may still be reduced. They go first.
            step.record(
                e.CloseRequested,
                command_id=CommandId(""),
                goal_quantity=p.goal_quantity,
                why=p.reason,
                cancel_first=True,
            )
        if reason is not RejectReason.NEVER_SENT:
            step.notify(Severity.CRITICAL, _close_refused(step.position, words))
    elif reason is RejectReason.WOULD_TRIGGER and p.quantity > 0 and p.goal_quantity != 0:
        # The price is already through: what the order was for is due now. Nobody says here whether the leg is
        # shared, so the other protective order goes first, as if it were.
        step.record(
            e.CloseRequested,
            command_id=CommandId(""),
            goal_quantity=ZERO,
            why=_passed(order),
            cancel_first=True,
        )
    elif reason is not RejectReason.NEVER_SENT and p.quantity > 0:
        step.record(
            e.ProtectionFailed,
            client_order_id=order.client_order_id,
            attempt=refusals(p, order.purpose, p.requested_ns(order.purpose)).count,
            text=text,
        )
        if _no_news(p, order):
            return
        severity = Severity.CRITICAL if order.purpose is p.stop_purpose else Severity.WARNING
        words = _LIMITS[reason](why=words) if reason in _LIMITS else words
        told = Say.PROTECTION_REFUSED(name=p.position_id, purpose=order.purpose, why=words, again=_again(p, order))
        step.notify(severity, told)


def _passed(order: Order) -> Statement:
    """A trailing stop has no price of its own."""
    if order.trigger_price is None:
        return Say.TRIGGERED_AT_ONCE(purpose=order.purpose)
    return Say.PRICE_PASSED(purpose=order.purpose, price=order.trigger_price)


def _no_news(p: Position, order: Order) -> bool:
    """The owner has read these words of the try before, or reads next that no other follows."""
    now = p.orders[order.number - 1]
    if told_before(p, now, there=True):
        return True
    return p.goal_quantity is None and (way_back(p, now.purpose) is not None or hopeless(p, now.purpose))


def _again(p: Position, order: Order) -> Statement:
    """It is tried again, and what a refused move leaves on the book meanwhile."""
    at = resting_elsewhere(p, order.purpose)
    if at is not None:
        return Say.RETRYING_OLD_RESTS(price=at.normalize())
    return Say.RETRYING_NONE_RESTS() if went_back(p, order.purpose) else Say.RETRYING()


_LIMITS = {RejectReason.LIMIT_REACHED: Say.ORDER_LIMIT, RejectReason.POSITION_LIMIT: Say.POSITION_LIMIT}
"""What a refusal means, where the venue's words may not say it."""


def _close_refused(p: Position, words: Statement) -> Statement:
    if p.deferral_ms:
        seconds = p.deferral_ms // 1000
        return Say.CLOSE_REFUSED_DEFERRED(name=p.position_id, why=words, seconds=seconds, stop=_stop(p))
    return Say.CLOSE_REFUSED_AGAIN(name=p.position_id, why=words, stop=_stop(p))


def _stop(p: Position) -> Statement:
    if p.stop_purpose is None:
        return Say.NO_STOP()
    return Say.STOP_MISSING() if p.unprotected else Say.STOP_RESTS()


DEFERRED_AFTER = 8
"""Refusals in a row after which the usual pause is as long as it gets, and more of them tell nothing new."""
DEFERRED_MOST_MS = 300_000


def _defer(step: StepBuilder) -> None:
    """Somebody else has taken the leg, it seems, and nothing says so yet: every try is one more order in the history.

    Longer and longer pauses, and never the end of trying: the reconciler reads the leg on each of these refusals, and a
    human may answer. Whatever changes (a fill, an adjustment, another answer, a command) brings the usual pauses back.
    An emergency is not deferred.
    """
    p = step.position
    if p.emergency or refusals(p, OrderPurpose.REDUCE, p.goal_ns).count < DEFERRED_AFTER:
        return
    pause_ms = min(2 * max(p.deferral_ms, RETRY_MOST_MS), DEFERRED_MOST_MS)
    if pause_ms != p.deferral_ms:
        step.record(e.ReductionDeferred, pause_ms=pause_ms)


SUSPECTS_MOST = 4


def _suspects(p: Position, refused: Order) -> list[Order]:
    """Orders that may have reduced the position behind our back: all that live, and in turn those that failed."""
    reducing = (o for o in p.orders[-LATEST:] if o.purpose is not OrderPurpose.ENTRY and o.number != refused.number)
    failed = [o for o in reducing if o.phase in _FAILED]
    if not failed:
        return list(p.live_orders())
    attempt = refusals(p, OrderPurpose.REDUCE, p.goal_ns).count
    turn = SUSPECTS_MOST * (attempt - 1) % len(failed)
    return [*p.live_orders(), *(failed * 2)[turn : turn + min(SUSPECTS_MOST, len(failed))]]


def _tell_not_opened(step: StepBuilder, why: Statement) -> None:
    p = step.position
    told = Say.NOT_OPENED_IN_FULL if p.quantity > 0 else Say.NOT_OPENED
    step.notify(Severity.WARNING, told(name=p.position_id, why=why))


def funded(step: StepBuilder, message: r.FundingShare) -> None:
    """Money, never quantity: what it lacks of its share. A share that was found without its last booking is stale."""
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


def rules_changed(step: StepBuilder, message: r.RulesChanged) -> None:
    if step.position.version and message.instrument != step.position.instrument:
        step.record(e.RulesUpdated, instrument=message.instrument)


def leg_changed(step: StepBuilder, message: r.LegChanged) -> None:
    if step.position.version and message.shared is not step.position.shared_leg:
        step.record(e.LegUpdated, shared=message.shared)


def held(step: StepBuilder, message: r.LegHeld) -> None:
    """An entry whose outcome nobody tells, and as much held at the venue as it can explain: it is covered from now on.

    Its trades are still to be read. Should the entry prove absent after all, this is taken back.
    """
    p = step.position
    if 0 < p.unverified_ns < message.begun_ns and p.touched_ns < message.begun_ns and message.quantity == p.quantity:
        step.record(e.QuantityVerified, quantity=message.quantity, begun_ns=message.begun_ns)
        return
    doubted_ = [o for o in p.live_orders(OrderPurpose.ENTRY) if o.phase is OrderPhase.DOUBTED]
    more = message.quantity - p.exposure
    if p.shared_leg or len(doubted_) != 1 or p.touched_ns >= message.begun_ns or p.missing_reductions:
        return
    told = max(doubted_[0].reported, doubted_[0].filled) + more
    if more > 0 and told <= doubted_[0].quantity:
        step.record(e.FillsMissed, client_order_id=doubted_[0].client_order_id, filled_quantity=told)
        step.wake("fills", FILLS_RETRY_MS)


def doubted(step: StepBuilder, message: r.OutcomeUnknown) -> None:
    order = known_order(step, message)
    if order is not None and message.cancel and message.answered and order.live and order.cancel_intended:
        if order.cancel_error != message.cause:
            step.record(e.CancelRefused, client_order_id=order.client_order_id, words=message.cause)
        return
    if order is None or message.cancel or order.phase is not OrderPhase.SENT:
        return  # a doubtful cancel leaves the order what it was; the gateway asks after it
    step.record(e.OrderDoubted, client_order_id=order.client_order_id, cause=message.cause, answered=message.answered)


def reported(step: StepBuilder, message: r.OrderReport) -> None:
    order = known_order(step, message)
    if order is None or _absurd(step, order, message.filled_quantity, message.quantity):
        return
    if message.status.ended:
        _ended(step, order, message)
        return
    if _taken_back(order, message):
        _live_after_all(step, order, message)
        return
    if order.phase in (OrderPhase.SENT, OrderPhase.DOUBTED, OrderPhase.ABSENT, OrderPhase.REFUSED):
        _acknowledge(step, order, message)
        order = step.position.orders[order.number - 1]
    if message.status is OrderStatus.TRIGGERED and order.live and not order.triggered:
        step.record(
            e.OrderTriggered, client_order_id=order.client_order_id, since_ns=step.now_ns, ts_event=message.ts_event
        )
        step.wake("fills", FILLS_GRACE_MS)
        step.wake("stalled", STALLED_AFTER_MS)
    elif _shown_stalled(order, message):
        step.record(e.OrderStalled, client_order_id=order.client_order_id, ts_event=message.ts_event)
    _tell_amended(step, order, message)
    if message.filled_quantity > max(order.reported, order.filled):
        step.record(e.FillsMissed, client_order_id=order.client_order_id, filled_quantity=message.filled_quantity)
        step.wake("fills", FILLS_GRACE_MS)


def _tell_amended(step: StepBuilder, order: Order, message: r.OrderReport) -> None:
    """Real world possibility: a human moves a resting order at the venue, and it keeps its id. Told once a move."""
    if order.kind is not OrderKind.LIMIT or not order.live:
        return
    price = order.limit_price if message.limit_price is None else message.limit_price
    if (message.quantity, price) == (order.quantity, order.limit_price) or price is None or order.limit_price is None:
        return
    told = Say.AMENDED(
        name=step.position.position_id,
        purpose=order.purpose,
        quantity=message.quantity,
        price=price,
        before=order.quantity,
        former=order.limit_price,
    )
    step.notify_once(Severity.WARNING, told, f"{order.client_order_id}.{message.quantity:f}.{price:f}")


def _shown_stalled(order: Order, message: r.OrderReport) -> bool:
    """A question asked long after it was triggered finds it at work still, and all of its fills are known."""
    return (
        message.status is OrderStatus.TRIGGERED
        and message.queried
        and order.live
        and not order.stalled
        and message.filled_quantity <= order.filled
        and message.begun_ns - order.triggered_since_ns >= STALLED_AFTER_MS * 1_000_000
    )


def _taken_back(order: Order, message: r.OrderReport) -> bool:
    """Real world possibility: said to be canceled, and live in a reading that began after that was said (fault 11).

    What the stream tells late, and what was asked before, shows an order as it was and contradicts nothing.
    """
    return order.phase in (OrderPhase.CANCELED, OrderPhase.EXPIRED) and message.begun_ns > order.touched_ns


def _live_after_all(step: StepBuilder, order: Order, message: r.OrderReport) -> None:
    """One reading against another: the list of open orders has the order itself asked after, and that answer decides.

    An entry of a position that is over is called off: its owner was told so, and its key and its part of the limits
    may be another's by now.
    """
    if not message.queried:
        step.resolve(order)
        return
    over = step.position.state.terminal
    _acknowledge(step, order, message)
    if over and order.purpose is OrderPurpose.ENTRY:
        step.record(e.EntryAbandoned, command_id=CommandId(""), why=Say.ENTRY_AFTER_END())


def _ended(step: StepBuilder, order: Order, message: r.OrderReport) -> None:
    if not order.live and message.filled_quantity <= max(order.reported, order.filled):
        return  # told twice
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
        after_refusal(step, order, RejectReason.OTHER, message.text or Say.REJECTED_LATER())
    elif order.purpose.protective and (order.triggered or message.text) and not after.reported:
        _tell_unexecuted(step, after)


def _tell_unexecuted(step: StepBuilder, order: Order) -> None:
    """It was triggered, and the venue did not execute it; or it says why it took it off the book."""
    p = step.position
    if p.exposure <= 0 or order.cancel_intended or _no_news(p, order):
        return
    severity = Severity.CRITICAL if order.purpose is p.stop_purpose else Severity.WARNING
    step.notify(severity, _protection_lost(p, order, order.phase_reason))


def _protection_lost(p: Position, order: Order, words: Statement) -> Statement:
    return Say.PROTECTION_LOST(name=p.position_id, purpose=order.purpose, why=words, again=_again(p, order))


def absent(step: StepBuilder, message: r.OrderAbsent) -> None:
    order = known_order(step, message)
    if order is None or not order.live:
        return
    # Real world possibility: acknowledged once, and unknown now, because the venue forgets unfilled orders after
    # some days. That is a conclusion of ours too, so a later word of the venue revives the order.
    words = order.phase_reason if order.answered_by_venue else NOTHING
    step.record(e.OrderProvenAbsent, client_order_id=order.client_order_id, evidence=message.evidence, words=words)
    if order.purpose is OrderPurpose.ENTRY and not order.venue_order_id:
        if words:
            _tell_not_opened(step, words)
            return
        lost = Say.ENTRY_LOST_IN_PART if step.position.quantity > 0 else Say.ENTRY_LOST
        step.notify(Severity.WARNING, lost(name=step.position.position_id))
    elif not order.venue_order_id and not order.cancel_intended and step.position.quantity > 0:
        _tell_lost(step, order)


def _tell_lost(step: StepBuilder, order: Order) -> None:
    """A close or protection of which the answer said neither yes nor no: what it said is the only hint at why."""
    p = step.position
    words = order.phase_reason or Say.NEVER_REACHED()
    if order.purpose is OrderPurpose.REDUCE:
        step.notify(Severity.CRITICAL, Say.CLOSE_LOST(name=p.position_id, why=words, stop=_stop(p)))
    elif p.goal_quantity != 0 and not (_told_bare(p, order) or _no_news(p, order)):
        severity = Severity.CRITICAL if order.purpose is p.stop_purpose else Severity.WARNING
        step.notify(severity, _protection_lost(p, order, words))


def _told_bare(p: Position, order: Order) -> bool:
    """That nothing covers it is told with these words by a timer, which says nothing of a way back."""
    return p.unprotected and order.purpose is p.stop_purpose and not went_back(p, order.purpose)


def filled(step: StepBuilder, message: r.FillReport) -> None:
    order = known_order(step, message)
    if order is None or message.trade_id in order.trades:
        return
    if message.quantity <= 0 or _absurd(step, order, order.filled + message.quantity):
        return
    p = step.position
    if not order.live:
        # Real world possibility: filled after a cancel, or after we presumed the order failed.
        presumed = order.phase
        if presumed in _FAILED:
            late = Say.LATE_FILL(name=p.position_id, quantity=message.quantity, price=message.price, presumed=presumed)
            step.notify(Severity.CRITICAL, late, message.trade_id)
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
        _take_back(step, message)


def _take_back(step: StepBuilder, fill: r.FillReport) -> None:
    """What was booked by hand in place of this fill: counted twice, it would be held twice."""
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


def _absurd(step: StepBuilder, order: Order, filled: Decimal, ordered: Decimal = ZERO) -> bool:
    """Whether the venue says what cannot be: more filled than was ordered, or less than nothing.

    `ordered` is what its own word of the order names: a human may have made it larger there, within the symbol's rules.
    """
    rules = step.position.instrument
    amended = min(ordered, rules.max_quantity) if rules is not None else ZERO
    if 0 <= filled <= max(order.quantity, order.reported, amended):
        return False
    _disbelieve(step, order, filled)
    return True


def _disbelieve(step: StepBuilder, order: Order, filled: Decimal) -> None:
    """What is malformed tells nothing: it is not booked, and asked for again."""
    step.refused = Say.FILLED_IMPOSSIBLY(order=order.client_order_id, quantity=filled)
    told = Say.FILL_IMPOSSIBLE(name=step.position.position_id, filled=filled, quantity=order.quantity)
    step.notify(Severity.WARNING, told, "absurd")
    step.wake("fills", FILLS_RETRY_MS)
    step.wake(f"answer:{order.number}", step.policy.answer_deadline_ms)


def fills_fetched(step: StepBuilder, message: r.FillsFetched) -> None:
    order = known_order(step, message)
    if order is None or _absurd(step, order, message.filled_quantity):
        return
    if message.filled_quantity > max(order.reported, order.filled):
        step.record(e.FillsMissed, client_order_id=order.client_order_id, filled_quantity=message.filled_quantity)
    after = step.position.order(order.client_order_id)
    if after is not None and after.fills_missing:
        step.wake("fills", FILLS_RETRY_MS)
        if after.purpose is OrderPurpose.ENTRY and step.position.stop_purpose is not None:
            _tell_unread(step, after.reported - after.filled)


def _tell_unread(step: StepBuilder, quantity: Decimal) -> None:
    name, bare = step.position.position_id, step.position.unprotected
    told = Say.FILL_UNCOVERED if bare else Say.FILL_COVERED
    step.notify(Severity.CRITICAL if bare else Severity.WARNING, told(name=name, quantity=quantity), "unread")


def swept(step: StepBuilder, message: r.Sweep) -> None:
    """Ask after every order that should be on the book and was not, unless it changed since the reading began."""
    for order in step.position.live_orders():
        if order.touched_ns < message.begun_ns and (
            order.client_order_id not in message.open_orders or order.phase is not OrderPhase.WORKING
        ):
            step.resolve(order)


def woken(step: StepBuilder, message: r.Woken) -> None:
    topic, _, number = message.topic.partition(":")
    if topic == "fills":
        missing = [o for o in step.position.relevant_orders if o.fills_missing or (o.triggered and o.live)]
        for order in missing:
            step.fetch_fills(order)
            if order.live:
                step.resolve(order)  # it fired: that it ended with less than its quantity is told by nothing else
        if missing:
            step.wake("fills", STALLED_RETRY_MS if all(o.stalled for o in missing) else FILLS_RETRY_MS)
        _tell_stuck(step)
    elif topic == "answer":
        _ask_after(step, int(number))
    elif topic == "leverage":
        _leverage_due(step)
    elif topic == "unprotected":
        _tell_unprotected(step)
    elif topic == "stalled" and not step.position.unprotected:  # where it is, that is told
        _tell_fired(step, Severity.WARNING)
    elif topic == "compared":
        compare_again(step)
    # "close", "protect", "overdue" and "fired" need no facts: follow_up looks at the time.


def _leverage_due(step: StepBuilder) -> None:
    p = step.position
    if not p.leverage_pending or p.leverage_wanted is None:
        return
    if step.now_ns - (p.leverage_ns or p.since_ns) < LEVERAGE_PATIENCE_NS:
        ask_leverage(step)
    else:
        seconds, said = LEVERAGE_PATIENCE_NS // 1_000_000_000, p.leverage_error
        if said:
            unknown = Say.LEVERAGE_UNKNOWN_ANSWER(seconds=seconds, why=said)
        else:
            unknown = Say.LEVERAGE_UNKNOWN(seconds=seconds)
        _leverage_refused(step, p.leverage_wanted, unknown)


def _tell_stuck(step: StepBuilder) -> None:
    p = step.position
    if p.fills_missing and step.now_ns - p.since_ns >= STUCK_AFTER_NS:
        step.notify(Severity.WARNING, Say.FILLS_UNREADABLE(name=p.position_id), "fills")


def _ask_after(step: StepBuilder, number: int) -> None:
    """No answer to a submit or cancel for too long.

    Whether it has left the gateway knows: one that waits there is no doubt, and is asked after again.
    """
    order = step.position.orders[number - 1]
    sent = order.phase is OrderPhase.SENT
    if sent:
        step.wake(f"answer:{number}", step.policy.answer_deadline_ms)
    if order.live and order.cancel_intended:
        step.cancel(order)  # canceling twice is canceling once
    if order.live and (order.phase is not OrderPhase.WORKING or order.cancel_intended or not _rests(order)):
        # A market order that works this long has been filled, and nobody told us.
        step.resolve(order, unanswered=sent)


def _rests(order: Order) -> bool:
    return order.kind is not OrderKind.MARKET


def _tell_unprotected(step: StepBuilder) -> None:
    p = step.position
    if not p.unprotected or p.stop_purpose is None:
        return
    if p.triggered_protection:
        _tell_fired(step, Severity.CRITICAL)
        return
    if p.goal_quantity is not None:
        doing, words = Say.STILL_CLOSING(), last_words(p, OrderPurpose.REDUCE, p.goal_ns)
    else:
        doing, words = Say.STILL_PLACING(), last_words(p, p.stop_purpose, p.requested_ns(p.stop_purpose))
    if words:
        bare = Say.UNPROTECTED_ANSWER(name=p.position_id, quantity=p.exposure, doing=doing, why=words)
    else:
        bare = Say.UNPROTECTED(name=p.position_id, quantity=p.exposure, doing=doing)
    step.notify(Severity.CRITICAL, bare)


def _tell_fired(step: StepBuilder, severity: Severity) -> None:
    p = step.position
    if p.exposure <= 0:
        return
    seconds = step.policy.protection_deadline_ms // 1000
    doing = Say.BEING_CLOSED() if p.goal_quantity == 0 else Say.MARKET_CLOSE_AFTER(seconds=seconds)
    for order in p.triggered_protection:
        told: dict[str, str | Decimal] = {
            "name": p.position_id,
            "quantity": p.exposure,
            "purpose": word(order.purpose),
            "doing": doing,
        }
        if order.trigger_price is None:
            fired = Say.FIRED(**told)
        else:
            fired = Say.FIRED_AT(**told, price=order.trigger_price.normalize())
        step.notify(severity, fired, f"fired:{order.purpose}@{order.setting}")


def recovered(step: StepBuilder, _: r.Recovered) -> None:
    """After a restart: every intent without an outcome is asked after, cancels and settings are repeated.

    An order last known to rest on the book is left to the account's first sweep, one reading for all of them:
    whichever it does not list is asked after then (`swept`), and what it says of the others is news like any.
    """
    for order in step.position.live_orders():
        if order.phase is OrderPhase.SENT:
            step.record(e.OrderDoubted, client_order_id=order.client_order_id, cause=Say.RESTARTED())
        if order.cancel_intended:
            step.cancel(order)
        if not _left_to_the_sweep(step, order):
            step.resolve(order)
    if step.position.fills_missing or step.position.triggered_protection:
        step.wake("fills", 0)
    if step.position.leverage_pending:
        ask_leverage(step)


def _left_to_the_sweep(step: StepBuilder, order: Order) -> bool:
    """A sweep passes over what changed after it was begun: a clock that was set back meanwhile is not waited out."""
    settled = order.phase is OrderPhase.WORKING and not (order.cancel_intended or order.triggered)
    return settled and _rests(order) and order.touched_ns < step.now_ns


def known_order(step: StepBuilder, message: r.AboutOrder) -> Order | None:
    order = step.position.order(message.client_order_id)
    if order is None:
        refuse(step, message, Say.ORDER_NOT_OURS(order=message.client_order_id))
    return order
