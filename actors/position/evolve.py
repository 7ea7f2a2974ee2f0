"""`evolve(position, event) -> position`: the only way in which a position changes. `fold` repeats it."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from actors.copying import replace, stamp
from actors.funding import add_change, add_payment
from actors.money import result_in_limits
from actors.position.accounting import add_amount, add_converted, netted
from actors.position.state import (
    COMMANDS_REMEMBERED,
    PROTECTIVE,
    ZERO,
    Order,
    OrderPhase,
    Position,
    covers,
    protection_rests,
)
from messages import events as e
from messages.base import Event
from messages.statement import NOTHING, Statement, word
from messages.types import (
    ClientOrderId,
    CommandId,
    OrderPurpose,
    OrderStatus,
    PositionState,
    RejectReason,
    Track,
)
from messages.wording import Position as Say
from messages.wording.common import Common

_ENDED_AS: Mapping[OrderStatus, OrderPhase] = {
    OrderStatus.FILLED: OrderPhase.FILLED,
    OrderStatus.CANCELED: OrderPhase.CANCELED,
    OrderStatus.EXPIRED: OrderPhase.EXPIRED,
    OrderStatus.REJECTED: OrderPhase.REFUSED,
}


def evolve(position: Position, event: Event) -> Position:
    """The position after this event. Raises KeyError for an event that is not part of a position's history."""
    changed = _EVOLVE[type(event)](position, event)
    version, touched_ns = position.version + 1, position.touched_ns
    if type(event) not in _ASIDE:
        touched_ns = max(touched_ns, event.ts_init)
    if changed is position:
        return replace(position, version=version, touched_ns=touched_ns)
    # The new value has no other holder yet: a second copy would double the cost of folding.
    return stamp(changed, version=version, touched_ns=touched_ns)


_ASIDE = frozenset({e.PositionPaused, e.PositionResumed, e.StateChanged, e.MessageRefused, e.QuantityVerified})
"""They change neither the quantity nor an order, and so leave `touched_ns` as it is."""


def fold(position: Position, events: Iterable[Event]) -> Position:
    """The position after these events, in their order."""
    for event in events:
        position = evolve(position, event)
    return position


def _requested(p: Position, ev: e.PositionRequested) -> Position:
    return replace(
        p,
        key=ev.key,
        ordinal=ev.ordinal,
        journal_id=ev.journal_id,
        instrument=ev.instrument,
        requested=ev.quantity,
        limit_price=ev.limit_price,
        post_only=ev.post_only,
        stop_loss=ev.stop_loss,
        take_profit=ev.take_profit,
        leverage=ev.leverage,
        expires_at_ns=ev.expires_at_ns,
        trailing=ev.trailing,
        since_ns=ev.ts_init,
        commands=_remember(p, ev.command_id),
    )


def _adopted(p: Position, ev: e.PositionAdopted) -> Position:
    return replace(
        p,
        key=ev.key,
        ordinal=ev.ordinal,
        journal_id=ev.journal_id,
        instrument=ev.instrument,
        quantity=ev.quantity,
        entry_price=ev.entry_price,
        leverage=ev.leverage,
        fees=add_amount(p.fees, ev.fee_currency, ev.fee) if ev.fee else p.fees,
        converted=add_converted(p.converted, ev.fee_currency, ev.fee, ev.worth),
        result_in_limits=p.result_in_limits + result_in_limits(ev),
        was_open=True,
        entry_finished=True,
        opened_ns=ev.ts_init,
        track=_moved(p, ev, ev.quantity),
        since_ns=ev.ts_init,
        commands=_remember(p, ev.command_id),
        reason=Say.FROM_VENUE(),
        last_outcome=Say.FROM_VENUE(),
    )


def _order_intended(p: Position, ev: e.OrderIntended) -> Position:
    order = Order(
        client_order_id=ev.client_order_id,
        number=ev.number,
        purpose=ev.purpose,
        kind=ev.kind,
        side=ev.side,
        quantity=ev.quantity,
        limit_price=ev.limit_price,
        trigger_price=ev.trigger_price,
        callback_rate=ev.callback_rate,
        phase=OrderPhase.SENT,
        sent_ns=ev.ts_init,
        touched_ns=ev.ts_init,
        correlation_id=ev.correlation_id,
    )
    return replace(p, orders=(*p.orders, order), relevant_numbers=_relevant(p, order))


def _order_acknowledged(p: Position, ev: e.OrderAcknowledged) -> Position:
    order = _find(p, ev.client_order_id)
    phase = OrderPhase.WORKING if order.phase in _SHOWN_LIVE else order.phase
    order = replace(
        order,
        phase=phase,
        venue_order_id=ev.venue_order_id,
        touched_ns=ev.ts_init,
        phase_reason=NOTHING,
        answered_by_venue=False,
    )
    return _undeferred(_put(p, order))


def _undeferred(p: Position) -> Position:
    """Restore the usual pause: something changed since the venue had nothing to reduce."""
    return replace(p, deferral_ms=0) if p.deferral_ms else p


_REVIVABLE = frozenset({OrderPhase.SENT, OrderPhase.DOUBTED, OrderPhase.ABSENT, OrderPhase.REFUSED})
"""An acknowledgment or fill makes these live again: the venue has the order, whatever was concluded."""
_SHOWN_LIVE = _REVIVABLE | {OrderPhase.CANCELED, OrderPhase.EXPIRED}
"""An acknowledgment makes these live again as well: it is recorded only where a later reading shows them live."""


_UNEVALUATED = frozenset({RejectReason.NEVER_SENT, RejectReason.EXPIRED, RejectReason.NOT_EXECUTED})
"""Refusals that do not judge the order: the next one may be accepted."""


def _order_refused(p: Position, ev: e.OrderRefused) -> Position:
    order = _find(p, ev.client_order_id)
    words = answer(ev.code, ev.text or word(ev.reason))
    unheard = ev.reason in _UNEVALUATED
    p = _put(
        p, replace(order, phase=OrderPhase.REFUSED, touched_ns=ev.ts_init, phase_reason=words, unevaluated=unheard)
    )
    if order.purpose is OrderPurpose.REDUCE and ev.reason is not RejectReason.REDUCE_ONLY:
        p = _undeferred(p)
    return _after_failure(p, order, Say.ORDER_REFUSED(purpose=order.purpose, why=words))


def _order_proven_absent(p: Position, ev: e.OrderProvenAbsent) -> Position:
    order = _find(p, ev.client_order_id)
    p = _put(p, replace(order, phase=OrderPhase.ABSENT, reported=order.filled, touched_ns=ev.ts_init))
    if ev.words:
        return _after_failure(p, order, Say.ORDER_REFUSED(purpose=order.purpose, why=ev.words))
    fate = Say.FORGOTTEN() if order.venue_order_id else Say.NEVER_REACHED()
    return _after_failure(p, order, Say.ORDER_ENDED(purpose=order.purpose, fate=fate))


def answer(code: str, text: Statement) -> Statement:
    """An answer of the venue: its code, if it gave one, and its text."""
    return Common.ANSWERED(code=code, text=text) if code else text


def _after_failure(p: Position, order: Order, why: Statement) -> Position:
    """A failed part finishes the entry, and is the reason, unless a close was requested before."""
    if order.purpose is not OrderPurpose.ENTRY:
        return _protection_checked(p)
    if p.entry_abandoned:
        return replace(p, entry_finished=True)
    return replace(p, entry_finished=True, reason=p.reason if p.goal_quantity is not None else why, last_outcome=why)


def _protection_checked(p: Position) -> Position:
    return replace(p, protection_in_place=p.protection_in_place and protection_rests(p))


def _order_doubted(p: Position, ev: e.OrderDoubted) -> Position:
    order = _find(p, ev.client_order_id)
    doubted = replace(
        order, phase=OrderPhase.DOUBTED, touched_ns=ev.ts_init, phase_reason=ev.cause, answered_by_venue=ev.answered
    )
    return _put(p, doubted)


def _order_written_off(p: Position, ev: e.OrderWrittenOff) -> Position:
    """The known fills are all, until the venue reports more."""
    order = _find(p, ev.client_order_id)
    phase = (OrderPhase.CANCELED if order.filled else OrderPhase.ABSENT) if order.live else order.phase
    order = replace(order, phase=phase, reported=order.filled, touched_ns=ev.ts_init, phase_reason=ev.why)
    unverified_ns = p.unverified_ns if order.purpose is OrderPurpose.ENTRY else ev.ts_init
    p = replace(_put(p, order), commands=_remember(p, ev.command_id), unverified_ns=unverified_ns)
    return _after_failure(p, order, Say.ORDER_WRITTEN_OFF(purpose=order.purpose, why=ev.why))


def _order_triggered(p: Position, ev: e.OrderTriggered) -> Position:
    order = replace(_find(p, ev.client_order_id), triggered=True, triggered_ns=ev.since_ns)
    return _protection_checked(_put(p, order)) if ev.since_ns else _put(p, order)


def _order_stalled(p: Position, ev: e.OrderStalled) -> Position:
    """The entry is finished: the position is to be closed."""
    return replace(_put(p, replace(_find(p, ev.client_order_id), stalled=True)), entry_finished=True)


def _quantity_verified(p: Position, _: e.QuantityVerified) -> Position:
    return replace(p, unverified_ns=0)


def _order_uncancelable(p: Position, ev: e.OrderUncancelable) -> Position:
    return _put(p, replace(_find(p, ev.client_order_id), uncancelable=True))


def _order_filled(p: Position, ev: e.OrderFilled) -> Position:
    order = _find(p, ev.client_order_id)
    filled = order.filled + ev.quantity
    if filled >= order.quantity:
        phase = OrderPhase.FILLED
    else:
        phase = OrderPhase.WORKING if order.phase in _REVIVABLE else order.phase
    order = replace(
        order,
        phase=phase,
        filled=filled,
        trades=(*order.trades, ev.trade_id),
        triggered=order.kind.conditional,
        touched_ns=ev.ts_init,
    )
    quantity, entry_price = netted(p, order.side, ev.quantity, ev.price)
    p = _put(p, order)
    return replace(
        p,
        quantity=quantity,
        entry_price=entry_price,
        realized_pnl=p.realized_pnl + ev.realized_pnl,
        fees=add_amount(p.fees, ev.fee_currency, ev.fee),
        converted=add_converted(p.converted, ev.fee_currency, ev.fee, ev.worth),
        result_in_limits=p.result_in_limits + result_in_limits(ev),
        was_open=True,
        opened_ns=p.opened_ns or ev.ts_event or ev.ts_init,
        track=_moved(p, ev, ev.quantity * (1 if order.side is p.key.side.increasing else -1)),
        last_outcome=Say.ADDED(quantity=p.added_quantity.normalize()) if p.added_quantity else p.last_outcome,
        entry_finished=p.entry_finished or order.purpose is not OrderPurpose.ENTRY,
        protection_in_place=False,
        deferral_ms=0,
    )


def _order_ended(p: Position, ev: e.OrderEnded) -> Position:
    order = _find(p, ev.client_order_id)
    phase = _ENDED_AS[ev.status]
    reported = max(order.reported, ev.filled_quantity)
    order = replace(
        order, phase=phase, reported=reported, touched_ns=ev.ts_init, phase_reason=ev.text or word(ev.status)
    )
    p = _undeferred(_put(p, order))
    if phase is OrderPhase.FILLED:
        return _protection_checked(p)
    if ev.text:
        ended = Say.ORDER_ENDED_ANSWER(purpose=order.purpose, fate=ev.status, why=ev.text)
    else:
        ended = Say.ORDER_ENDED(purpose=order.purpose, fate=ev.status)
    return _after_failure(p, order, ended)


def _fills_missed(p: Position, ev: e.FillsMissed) -> Position:
    order = _find(p, ev.client_order_id)
    return _put(p, replace(order, reported=max(order.reported, ev.filled_quantity)))


def _rules_updated(p: Position, ev: e.RulesUpdated) -> Position:
    resumed = p.instrument is not None and ev.instrument.trading and not p.instrument.trading
    if not resumed:
        return replace(p, instrument=ev.instrument)
    # What was refused while nothing could trade says nothing about the next order.
    return replace(p, instrument=ev.instrument, protection_ns=ev.ts_init, goal_ns=ev.ts_init, deferral_ms=0)


def _leg_updated(p: Position, ev: e.LegUpdated) -> Position:
    return replace(p, shared_leg=ev.shared)


def _cancel_intended(p: Position, ev: e.CancelIntended) -> Position:
    order = _find(p, ev.client_order_id)
    return _put(p, replace(order, cancel_intended=True, touched_ns=ev.ts_init, cancel_ns=ev.ts_init))


def _cancel_refused(p: Position, ev: e.CancelRefused) -> Position:
    return _put(p, replace(_find(p, ev.client_order_id), cancel_error=ev.words))


def _close_requested(p: Position, ev: e.CloseRequested) -> Position:
    return replace(
        p,
        goal_quantity=ev.goal_quantity,
        cancel_first=ev.cancel_first,
        emergency=p.emergency or ev.emergency,
        entry_finished=True,
        goal_ns=ev.ts_init,
        deferral_ms=0,
        reason=ev.why,
        commands=_remember(p, ev.command_id),
    )


def _goal_reached(p: Position, ev: e.GoalReached) -> Position:
    return replace(
        p, goal_quantity=None, cancel_first=False, last_outcome=Say.REDUCED(quantity=ev.goal_quantity.normalize())
    )


def _addition_requested(p: Position, ev: e.AdditionRequested) -> Position:
    """The addition comes on top of what was intended before, at market."""
    intended = sum((o.quantity for o in p.entries()), ZERO)
    return replace(
        p,
        requested=intended + ev.quantity,
        limit_price=None,
        expires_at_ns=ev.expires_at_ns,
        entries_from=len(p.orders),
        entry_finished=False,
        entry_abandoned=False,
        commands=_remember(p, ev.command_id),
    )


def _entry_abandoned(p: Position, ev: e.EntryAbandoned) -> Position:
    commands = _remember(p, ev.command_id)
    return replace(p, entry_abandoned=True, entry_finished=True, reason=ev.why, last_outcome=ev.why, commands=commands)


def _close_abandoned(p: Position, ev: e.CloseAbandoned) -> Position:
    """Reset the refusals: protection is requested for the whole quantity again."""
    commands = _remember(p, ev.command_id)
    p = replace(p, goal_quantity=None, cancel_first=False, emergency=False, deferral_ms=0, commands=commands)
    return replace(p, protection_ns=ev.ts_init, reason=ev.why, last_outcome=ev.why)


def _stranded(p: Position, ev: e.PositionStranded) -> Position:
    return replace(
        p, goal_quantity=None, cancel_first=False, emergency=False, paused=True, modifying=False, reason=ev.why
    )


def _funding_booked(p: Position, ev: e.FundingBooked) -> Position:
    return replace(
        p,
        funding=add_amount(p.funding, ev.currency, ev.amount),
        converted_funding=add_converted(p.converted_funding, ev.currency, ev.amount, ev.worth),
        result_in_limits=p.result_in_limits + result_in_limits(ev),
        funded_ns=max(p.funded_ns, ev.ts_event),
        track=add_payment(p.known_track, ev.ts_event, ev.currency, ev.amount, ev.ts_init),
    )


def _leverage_intended(p: Position, ev: e.LeverageIntended) -> Position:
    return replace(
        p,
        leverage_pending=True,
        leverage_wanted=ev.leverage,
        leverage_ns=ev.since_ns,
        leverage_error=NOTHING,
        commands=_remember(p, ev.command_id),
    )


def _leverage_applied(p: Position, ev: e.LeverageApplied) -> Position:
    done = Say.LEVERAGE_SET(leverage=ev.leverage) if p.was_open else p.last_outcome
    return replace(p, leverage_pending=False, leverage_wanted=None, leverage=ev.leverage, last_outcome=done)


def _leverage_doubted(p: Position, ev: e.LeverageDoubted) -> Position:
    return replace(p, leverage_error=ev.text)


def _leverage_refused(p: Position, ev: e.LeverageRefused) -> Position:
    """An opening ends; an open position keeps its leverage."""
    why = Say.LEVERAGE_REFUSED(why=ev.text)
    commands = _remember(p, ev.command_id)
    p = replace(p, leverage_pending=False, leverage_wanted=None, reason=why, commands=commands)
    if p.was_open:
        return replace(p, last_outcome=why, entry_finished=p.entry_finished or p.addition_leaves > 0)
    return replace(p, leverage_refused=True)


def _protection_requested(p: Position, ev: e.ProtectionRequested) -> Position:
    if ev.why:
        return _move_abandoned(p, ev)
    return replace(
        p,
        stop_loss=ev.stop_loss,
        take_profit=ev.take_profit,
        trailing=ev.trailing,
        modifying=True,
        protection_in_place=False,
        protection_ns=ev.ts_init,
        abandoned_moves=(),
        commands=_remember(p, ev.command_id),
    )


def _move_abandoned(p: Position, ev: e.ProtectionRequested) -> Position:
    """Abandon a refused move; the rest of its request goes on.

    Its refusals count no more, the latest included; but while the position is unprotected, those of the stop still
    count for the protection deadline.
    """
    wanted = replace(p, stop_loss=ev.stop_loss, take_profit=ev.take_profit, trailing=ev.trailing)
    back = [each for each in PROTECTIVE if p.wanted_price(each) != wanted.wanted_price(each)]
    counted = [each for each in back if each is wanted.stop_purpose and wanted.unprotected]
    since = {**dict(p.abandoned_moves), **{each: ev.ts_init + 1 for each in back if each not in counted}}
    return replace(
        wanted,
        modifying=not all(covers(wanted, each) for each in PROTECTIVE),
        protection_in_place=False,
        abandoned_moves=tuple(since.items()),
        last_outcome=ev.why,
    )


def _quantity_adjusted(p: Position, ev: e.QuantityAdjusted) -> Position:
    """A fee alone changes nothing that the owner has to accept."""
    leverage = p.leverage if ev.leverage is None else ev.leverage
    changed = bool(ev.quantity_delta) or ev.entry_price is not None or ev.leverage is not None
    p = replace(
        p,
        leverage=leverage,
        changed_outside=p.changed_outside or changed,
        reason=ev.why if changed else p.reason,
        commands=_remember(p, ev.command_id),
        result_in_limits=p.result_in_limits + result_in_limits(ev),
    )
    if ev.quantity_delta:
        p = _requantified(p, ev)
    if ev.assumed:
        upto = len(p.orders) if ev.quantity_delta > 0 else p.assumed_upto
        p = replace(p, assumed=p.assumed + ev.quantity_delta, assumed_price=ev.price, assumed_upto=upto)
    if ev.fee:
        p = replace(
            p,
            fees=add_amount(p.fees, ev.fee_currency, ev.fee),
            converted=add_converted(p.converted, ev.fee_currency, ev.fee, ev.worth),
        )
    return p if ev.entry_price is None else replace(p, entry_price=ev.entry_price)


def _requantified(p: Position, ev: e.QuantityAdjusted) -> Position:
    side = p.key.side.increasing if ev.quantity_delta > 0 else p.key.side.reducing
    quantity, entry_price = netted(p, side, abs(ev.quantity_delta), ev.price)
    return replace(
        p,
        quantity=quantity,
        entry_price=entry_price,
        realized_pnl=p.realized_pnl + ev.realized_pnl,
        was_open=True,
        track=_moved(p, ev, ev.quantity_delta),
        entry_finished=True,
        goal_quantity=p.goal_quantity and max(ZERO, p.goal_quantity + ev.quantity_delta),  # a reduction keeps its size
        protection_in_place=False,
        deferral_ms=0,
    )


def _state_changed(p: Position, ev: e.StateChanged) -> Position:
    settled = ev.after in (PositionState.ACTIVE, PositionState.CLOSED)
    return replace(
        p,
        reason=ev.because if settled else p.reason,
        state=ev.after,
        previous=ev.before,
        since_ns=ev.ts_init,
        transitions=p.transitions + 1,
        was_active=p.was_active or ev.after is PositionState.ACTIVE,
    )


def _moved(p: Position, ev: Event, change: Decimal) -> Track:
    return add_change(p.known_track, ev.ts_event or ev.ts_init, change, ev.ts_init)


def _remember(p: Position, command_id: CommandId) -> tuple[CommandId, ...]:
    return (*p.commands, command_id)[-COMMANDS_REMEMBERED:] if command_id else p.commands


def _find(p: Position, client_order_id: str) -> Order:
    order = p.order(ClientOrderId(client_order_id))
    if order is None:
        raise LookupError(f"{p.position_id} has no order {client_order_id}")
    return order


def _put(p: Position, order: Order) -> Position:
    """Orders are numbered from 1 in the order of their intents."""
    index = order.number - 1
    return replace(p, orders=(*p.orders[:index], order, *p.orders[index + 1 :]), relevant_numbers=_relevant(p, order))


def _relevant(p: Position, changed: Order) -> tuple[int, ...]:
    """The numbers of the relevant orders after this change; a late report makes an order relevant again."""
    known = p.relevant_numbers if p.relevant_numbers is not None else tuple(o.number for o in p.orders if o.relevant)
    if (changed.number in known) is changed.relevant:
        return known
    others = (number for number in known if number != changed.number)
    return tuple(sorted((*others, changed.number))) if changed.relevant else tuple(others)


_EVOLVE: Mapping[type, Callable[[Position, Any], Position]] = {
    e.PositionRequested: _requested,
    e.PositionAdopted: _adopted,
    e.LeverageIntended: _leverage_intended,
    e.LeverageApplied: _leverage_applied,
    e.LeverageDoubted: _leverage_doubted,
    e.LeverageRefused: _leverage_refused,
    e.AdditionRequested: _addition_requested,
    e.EntryAbandoned: _entry_abandoned,
    e.CloseAbandoned: _close_abandoned,
    e.PositionStranded: _stranded,
    e.FundingBooked: _funding_booked,
    e.RulesUpdated: _rules_updated,
    e.LegUpdated: _leg_updated,
    e.OrderIntended: _order_intended,
    e.OrderAcknowledged: _order_acknowledged,
    e.OrderTriggered: _order_triggered,
    e.OrderStalled: _order_stalled,
    e.OrderUncancelable: _order_uncancelable,
    e.CancelRefused: _cancel_refused,
    e.QuantityVerified: _quantity_verified,
    e.OrderWrittenOff: _order_written_off,
    e.OrderRefused: _order_refused,
    e.OrderDoubted: _order_doubted,
    e.OrderProvenAbsent: _order_proven_absent,
    e.OrderFilled: _order_filled,
    e.OrderEnded: _order_ended,
    e.FillsMissed: _fills_missed,
    e.CancelIntended: _cancel_intended,
    e.CloseRequested: _close_requested,
    e.GoalReached: _goal_reached,
    e.ReductionDeferred: lambda p, ev: replace(p, deferral_ms=ev.pause_ms),
    e.ProtectionRequested: _protection_requested,
    e.ProtectionPlaced: lambda p, _: replace(
        p,
        protection_in_place=True,
        modifying=False,
        last_outcome=Say.PROTECTION_CHANGED() if p.modifying else p.last_outcome,
    ),
    e.ProtectionFailed: lambda p, _: p,
    e.PositionPaused: lambda p, ev: replace(p, paused=True, commands=_remember(p, ev.command_id)),
    e.PositionResumed: lambda p, ev: replace(
        p, paused=False, changed_outside=False, last_outcome=Say.RESUMED(), commands=_remember(p, ev.command_id)
    ),
    e.QuantityAdjusted: _quantity_adjusted,
    e.StateChanged: _state_changed,
    e.MessageRefused: lambda p, _: p,
}
