"""The repair of a discrepancy: effects, or the reason why the owner has to decide. Pure.

No repair opens a position at the venue, changes leverage there unless the policy is UPDATE_EXCHANGE, or touches a
foreign order. Command ids are functions of what the commands book, so a repeated repair books once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from actors.money import added
from actors.reconciler.attribution import Plan, Share, attribute, holders, share_of
from actors.reconciler.comparison_input import Finding, OpenOrders, why_uncertain
from actors.reconciler.policy import QUANTITY
from actors.reconciler.trade_matching import Booking, average_price, trade_key
from messages.addresses import RECONCILER, SUPERVISOR, gateway_address, position_address
from messages.commands import AdjustPosition, AdoptPosition, Command
from messages.decimals import plain, trimmed
from messages.discrepancy_type import Action, DiscrepancyType
from messages.journal import Effect
from messages.reconciliation import Discrepancy, SymbolSetting
from messages.reports import FillReport, LegHeld, PositionView, Sweep
from messages.requests import CancelOrder, SetLeverage
from messages.statement import NOTHING, Statement
from messages.types import (
    MANUAL,
    Attribution,
    ClientOrderId,
    CommandId,
    CorrelationId,
    Fee,
    PositionSide,
    TradeId,
)
from messages.wording import Reconciler
from messages.wording.common import also

ZERO = Decimal(0)
A, T = Action, DiscrepancyType
CLOSING = frozenset({A.UPDATE_EXCHANGE, A.CLOSE_POSITION})
"""Actions that reduce the venue's position: the excess is adopted, then closed."""


@dataclass(slots=True, kw_only=True)  # not frozen: see comparison_input.Finding
class Case:
    """One discrepancy now. `views`: live positions of its leg; `bookings`: trades that explain it.

    `orders`: open orders, if they were read. `begun_ns` (wall): when its positions were requested. `step`: quantity
    step.
    """

    record: Discrepancy
    finding: Finding
    views: tuple[PositionView, ...]
    step: Decimal
    attribution: Attribution
    bookings: tuple[Booking, ...] = ()
    orders: OpenOrders | None = None
    mass: bool = False
    begun_ns: int = 0


@dataclass(slots=True, kw_only=True)
class Repair:
    """`effects` leave after the attempt is durable; `escalate`: why there are none (NOTHING: there are).

    `trades` are booked by it; `setting`: the symbol's believed setting from now on.
    """

    what: Statement = NOTHING
    effects: tuple[Effect, ...] = ()
    trades: tuple[TradeId, ...] = ()
    setting: SymbolSetting | None = None
    escalate: Statement = NOTHING


def repair(case: Case) -> Repair:
    """Return the repair by type and action; a pair without one escalates."""
    action = case.record.action
    if action is A.MANUAL_INTERVENTION:
        return Repair(escalate=Reconciler.MANUAL())
    if case.mass and not case.bookings:
        return Repair(escalate=Reconciler.MASS_VANISH())
    if case.finding.type in QUANTITY:
        return _quantity(case)
    return REPAIRS.get(case.finding.type, by_hand)(case)


def by_hand(case: Case) -> Repair:
    """Of a type without a repair of its own: reading again is all that can be done here."""
    if case.record.action is A.RETRY:
        return Repair(what=Reconciler.READ_AGAIN())
    return Repair(escalate=Reconciler.BY_HAND(action=case.record.action))


def _quantity(case: Case) -> Repair:
    if case.record.action is A.RETRY:
        return Repair(what=Reconciler.READ_AGAIN())
    finding = case.finding
    if finding.type is T.OVERSOLD:
        return _oversold(case)
    if case.bookings:
        forced = tuple(fill for booking in case.bookings if booking.forced for fill in booking.fills)
        if forced:
            return _pass_forced(forced)
    plan = attribute(case.views, finding.difference, case.step, case.attribution)
    if plan.why:
        return Repair(escalate=_ask_owner(case, plan))
    if case.record.action is not A.UPDATE_SYSTEM and any(share.delta < 0 for share in plan.shares):
        return Repair(escalate=Reconciler.NO_REOPENING(action=case.record.action))
    if _price(case) <= 0:
        return Repair(escalate=Reconciler.NO_PRICE())
    commands = _commands(case, plan)
    if len(commands) == 1:
        return Repair(
            what=_what(commands[0]), effects=(Effect(to=SUPERVISOR, message=commands[0]),), trades=_booked_by(case)
        )
    return Repair(
        what=also([_what(command) for command in commands]),
        effects=tuple([Effect(to=SUPERVISOR, message=command) for command in commands]),
        trades=_booked_by(case),
    )


def _booked_by(case: Case) -> tuple[TradeId, ...]:
    return tuple(trade for booking in case.bookings for trade in booking.trades) if case.bookings else ()


def _oversold(case: Case) -> Repair:
    """Set the oversold position to zero and reduce its neighbors by the excess, both at the price of its fills.

    So the net is unchanged, and the loss stays where it arose.
    """
    if case.record.action is A.RETRY:
        return Repair(what=Reconciler.READ_AGAIN())
    if case.record.action is not A.UPDATE_SYSTEM:
        return Repair(escalate=Reconciler.NO_GIVING_BACK(action=case.record.action))
    over = [view for view in case.views if view.quantity < 0]
    rest = [view for view in case.views if view.quantity > 0]
    back = tuple(share_of(view, -view.quantity) for view in over)
    price = sum((-view.quantity * view.entry_price for view in over), ZERO) / sum((-v.quantity for v in over), ZERO)
    left = case.finding.difference - sum((share.signed for share in back), ZERO)
    plan = _borne(rest, left, case, over)
    if plan.why:
        return Repair(escalate=_ask_owner(case, plan))
    why = Reconciler.TAKEN_BACK(name=tuple(view.position_id for view in over), price=price)
    commands = [
        replace(_adjusted(case, share), price=price, why=why, evidence=f"{case.record.discrepancy_id}: {why}")
        for share in (*plan.shares, *back)
    ]
    adopted = [_adopted(case, plan)] if plan.adopt else []
    return Repair(
        what=also([_what(command) for command in (*commands, *adopted)]),
        effects=tuple(Effect(to=SUPERVISOR, message=command) for command in (*commands, *adopted)),
    )


def _borne(rest: Sequence[PositionView], left: Decimal, case: Case, over: Sequence[PositionView]) -> Plan:
    """Split the excess by policy; under `ask` only to positions that are closing anyway or manual."""
    if case.attribution is not Attribution.ASK or not left:
        return attribute(rest, left, case.step, case.attribution)
    willing = [view for view in rest if view.strategy == MANUAL or view.goal_quantity == 0]
    if sum((view.quantity for view in willing), ZERO) >= abs(left) and all(v.side.sign * left < 0 for v in willing):
        return attribute(willing, left, case.step, Attribution.PRO_RATA)
    sold = tuple(Reconciler.HOLDER(strategy=view.strategy, held=-view.quantity) for view in over)
    return Plan(unattributed=left, why=Reconciler.OVERSOLD(sold=sold, names=holders(rest)))


def _ask_owner(case: Case, plan: Plan) -> Statement:
    """Ask the owner, who answers with the record's id."""
    return Reconciler.WHOSE(why=plan.why, record=case.record.discrepancy_id)


def _pass_forced(forced: Sequence[FillReport]) -> Repair:
    """Pass forced trades to the supervisor, which splits them; the rest of the difference is read again."""
    orders = tuple(dict.fromkeys(fill.client_order_id for fill in forced))
    return Repair(
        what=Reconciler.SHARE_FORCED(orders=orders),
        effects=tuple(Effect(to=SUPERVISOR, message=fill) for fill in forced),
        trades=tuple(trade_key(fill) for fill in forced),
    )


def _commands(case: Case, plan: Plan) -> tuple[AdjustPosition | AdoptPosition, ...]:
    if len(plan.shares) == 1 and not plan.adopt:
        share = plan.shares[0]
        if not case.bookings:
            return (_adjusted(case, share),)
        by_hand = any(view.ordinal == share.ordinal and view.strategy == MANUAL for view in case.views)
        if _one_by_one(share, case.bookings, by_hand=by_hand):
            return tuple(_booked(case, share, booking) for booking in case.bookings)
    commands: list[AdjustPosition | AdoptPosition] = [_adjusted(case, share) for share in plan.shares]
    if plan.adopt:
        commands.append(_adopted(case, plan))
    return _with_fees(case, commands)


def _with_fees(
    case: Case, commands: Sequence[AdjustPosition | AdoptPosition]
) -> tuple[AdjustPosition | AdoptPosition, ...]:
    """Split the trades' fees like their quantities; each further currency gets an adjustment of its own."""
    taken = added((), ((booking.fee_currency, booking.fee) for booking in case.bookings))
    if not taken:
        return tuple(commands)
    (currency, fee), *others = taken
    moved = [abs(each.quantity_delta if isinstance(each, AdjustPosition) else each.quantity) for each in commands]
    parts = [fee * share / sum(moved, ZERO) for share in moved]
    parts[-1] = fee - sum(parts[:-1], ZERO)
    shared = [replace(each, fee=part, fee_currency=currency) for each, part in zip(commands, parts, strict=True)]
    first = next((each for each in shared if isinstance(each, AdjustPosition)), None)
    if first is None:
        fees = tuple(Fee(amount=amount, currency=other) for other, amount in others)
        return tuple(replace(each, fees=fees) for each in shared if isinstance(each, AdoptPosition))
    beside = [
        replace(
            first,
            command_id=CommandId(f"{first.command_id}-{other}"),
            quantity_delta=ZERO,
            fee=amount,
            fee_currency=other,
        )
        for other, amount in others
    ]
    return (*shared, *beside)


def _one_by_one(share: Share, bookings: Sequence[Booking], *, by_hand: bool) -> bool:
    """Return whether each order can be booked separately, without a negative quantity on the way.

    An automatic strategy must not book foreign trades that cancel out; those are netted first.
    """
    quantity = share.before
    for booking in bookings:
        delta = booking.quantity * share.side.sign
        quantity += delta
        if quantity < 0 or (delta * share.delta < 0 and not by_hand):
            return False
    return True


def _booked(case: Case, share: Share, booking: Booking) -> AdjustPosition:
    """Book one foreign order at its real price."""
    trades = ", ".join([fill.trade_id for fill in booking.fills])
    return AdjustPosition(
        **_about(case, f"{share.ordinal}-{booking.fills[-1].trade_id}"),
        position_id=share.position_id,
        quantity_delta=booking.quantity * share.side.sign,
        price=booking.price,
        why=_cause(booking),
        evidence=f"{case.record.discrepancy_id}: {booking.order}, trades {trades}",
        fee=booking.fee,
        fee_currency=booking.fee_currency,
    )


def _cause(booking: Booking) -> Statement:
    return Reconciler.TRADED_OUTSIDE(order=booking.order)


def _adjusted(case: Case, share: Share) -> AdjustPosition:
    return AdjustPosition(
        **_about(case, f"{share.ordinal}-{trimmed(share.before)}-{trimmed(share.delta)}"),
        position_id=share.position_id,
        quantity_delta=share.delta,
        price=_price(case, share),
        why=_why(case),
        evidence=_evidence(case),
    )


def _adopted(case: Case, plan: Plan) -> AdoptPosition:
    side = PositionSide.LONG if plan.adopt > 0 else PositionSide.SHORT
    alone = case.finding.type in (T.POSITION_NOT_IN_SYSTEM, T.SIDE_MISMATCH)
    entry = case.finding.reported_entry if alone and case.finding.reported_entry > 0 else _price(case)
    return AdoptPosition(
        **_about(case, f"adopt-{trimmed(plan.adopt)}"),
        account=case.record.account,
        symbol=case.record.symbol,
        side=side,
        strategy=MANUAL,
        quantity=abs(plan.adopt),
        entry_price=entry,
        leverage=case.finding.leverage,
        evidence=_evidence(case),
    )


def _about(case: Case, what: str) -> dict[str, Any]:
    name = case.record.discrepancy_id
    return {
        "command_id": CommandId(f"reconcile-{name}-{what}"),
        "correlation_id": CorrelationId(f"reconcile-{name}"),
        "causation_id": name,
        "reply_to": RECONCILER,
    }


def _price(case: Case, share: Share | None = None) -> Decimal:
    """Return the trades' price; for an increase the price that the venue's average implies; else its mark. Never
    invented.
    """
    if case.bookings:  # they add up to the difference, which is not zero
        return average_price(case.bookings)
    finding = case.finding
    if share is not None and share.delta > 0 and len(case.views) == 1 and finding.reported_entry > 0:
        view = case.views[0]
        after = view.quantity + share.delta
        implied = (finding.reported_entry * after - view.entry_price * view.quantity) / share.delta
        if implied > 0:
            return implied
    return finding.mark_price


def _why(case: Case) -> Statement:
    if not case.bookings:
        return Reconciler.SYNTHESIZED(reported=case.finding.reported, believed=case.finding.believed)
    causes = tuple({booking.order_id: _cause(booking) for booking in case.bookings}.values())
    return causes[0] if len(causes) == 1 else Reconciler.EACH(each=causes)


def _evidence(case: Case) -> str:
    name, finding = case.record.discrepancy_id, case.finding
    if case.bookings:
        trades = "; ".join(booking.traded for booking in case.bookings)
        return f"{name}: {trades}"
    return f"{name}: seen {case.record.observations} times; no trade explains it; mark {plain(finding.mark_price)}"


def _what(command: Command) -> Statement:
    if isinstance(command, AdoptPosition):
        return Reconciler.ADOPT(
            side=command.side, quantity=command.quantity, price=command.entry_price, strategy=command.strategy
        )
    assert isinstance(command, AdjustPosition)
    return Reconciler.ADJUST(position=command.position_id, quantity=command.quantity_delta, price=command.price)


def _entry_price(case: Case) -> Repair:
    if case.record.action is A.RETRY:
        return Repair(what=Reconciler.READ_AGAIN())
    if case.record.action is not A.UPDATE_SYSTEM:
        return Repair(escalate=Reconciler.ENTRY_PRICE_FIXED())
    price = case.finding.reported_entry
    effects = tuple(
        _correction(case, view, f"{view.ordinal}-price-{trimmed(price)}", price=price)
        for view in case.views
        if view.quantity
    )
    return Repair(what=Reconciler.BELIEVE_ENTRY_PRICE(price=price), effects=effects)


def _leverage(case: Case) -> Repair:
    finding, action = case.finding, case.record.action
    if action is A.RETRY:
        return Repair(what=Reconciler.READ_AGAIN())
    if action is A.UPDATE_EXCHANGE:
        return _set_leverage(case)
    if action is not A.UPDATE_SYSTEM or finding.leverage is None:
        return Repair(escalate=Reconciler.NO_LEVERAGE_ACTION(action=action))
    effects = tuple(
        _correction(case, view, f"{view.ordinal}-leverage-{finding.leverage}", leverage=finding.leverage)
        for view in case.views
        if view.leverage not in (None, finding.leverage)
    )
    what = Reconciler.BELIEVE_LEVERAGE(leverage=finding.reported)
    return Repair(what=what, effects=effects, setting=_setting(case))


def _set_leverage(case: Case) -> Repair:
    """Set leverage at the venue; only for UPDATE_EXCHANGE."""
    wanted = case.finding.wanted_leverage
    position = next((view for view in case.views if view.leverage == wanted), case.views[0] if case.views else None)
    if position is None or wanted is None:
        return Repair(escalate=Reconciler.LEVERAGE_NOT_ASKED())
    request = SetLeverage(
        correlation_id=CorrelationId(f"reconcile-{case.record.discrepancy_id}"),
        account=case.record.account,
        symbol=case.record.symbol,
        leverage=wanted,
        position_id=position.position_id,
    )
    effect = Effect(to=gateway_address(case.record.account), message=request)
    return Repair(what=Reconciler.SET_LEVERAGE(leverage=wanted), effects=(effect,))


def _correction(
    case: Case, view: PositionView, name: str, *, price: Decimal | None = None, leverage: int | None = None
) -> Effect:
    finding = case.finding
    command = AdjustPosition(
        **_about(case, name),
        position_id=view.position_id,
        quantity_delta=ZERO,
        price=view.entry_price if view.entry_price > 0 else Decimal(1),
        why=Reconciler.CORRECTED(type=finding.type, believed=finding.believed, reported=finding.reported),
        evidence=f"{case.record.discrepancy_id}: seen {case.record.observations} times",
        entry_price=price,
        leverage=leverage,
    )
    return Effect(to=SUPERVISOR, message=command)


def _setting(case: Case) -> SymbolSetting:
    return SymbolSetting(
        account=case.record.account,
        symbol=case.record.symbol,
        leverage=case.finding.leverage,
        isolated=case.finding.isolated,
    )


def _margin_mode(case: Case) -> Repair:
    if case.record.action is A.UPDATE_SYSTEM:
        return Repair(what=Reconciler.BELIEVE_MARGIN_MODE(mode=case.finding.reported), setting=_setting(case))
    if case.record.action is A.RETRY:
        return Repair(what=Reconciler.READ_AGAIN())
    return Repair(escalate=Reconciler.MARGIN_MODE_FIXED())


def _position_mode(_: Case) -> Repair:
    return Repair(escalate=Reconciler.POSITION_MODE_FIXED())


def _query_orders(case: Case) -> Repair:
    """Send the open orders to the positions, which query every order that is not among them."""
    if not case.finding.certain:
        return Repair(escalate=why_uncertain(case.finding, case.record.discrepancy_id))
    if case.record.action not in (A.RETRY, A.UPDATE_SYSTEM, A.UPDATE_EXCHANGE):
        return Repair(escalate=Reconciler.NO_STATE_ACTION(action=case.record.action))
    if case.finding.difference:
        return _report_held(case)
    if case.orders is None:
        return Repair(escalate=Reconciler.ORDERS_UNREAD())
    sweep = Sweep(
        correlation_id=CorrelationId(f"reconcile-{case.record.discrepancy_id}"),
        account=case.record.account,
        begun_ns=case.orders.begun_ns,
        open_orders=frozenset(case.orders.orders),
    )
    ordinals = [view.ordinal for view in case.views if view.position_id in case.finding.positions]
    effects = tuple(Effect(to=position_address(ordinal), message=sweep) for ordinal in ordinals)
    return Repair(what=Reconciler.QUERY_ORDERS(), effects=effects)


def _report_held(case: Case) -> Repair:
    """Report the leg's quantity to the position, which attributes the difference to its unresolved entry and protects
    it.
    """
    if len(case.views) > 1:
        return Repair(escalate=Reconciler.WHOSE_IN_DOUBT())
    view = case.views[0]
    held = LegHeld(
        correlation_id=CorrelationId(f"reconcile-{case.record.discrepancy_id}"),
        position_id=view.position_id,
        quantity=view.quantity + view.reported_quantity + case.finding.difference * view.side.sign,
        begun_ns=case.begun_ns,
    )
    effect = Effect(to=position_address(view.ordinal), message=held)
    what = Reconciler.TELL_HELD(name=view.position_id, quantity=case.finding.reported)
    return Repair(what=what, effects=(effect,))


def _cancel(case: Case) -> Repair:
    """Cancel our own order by its own id."""
    if case.record.action not in (A.UPDATE_EXCHANGE, A.CLOSE_POSITION):
        return Repair(escalate=Reconciler.ORDER_LEFT(action=case.record.action))
    if not case.finding.certain:
        return Repair(escalate=Reconciler.OWNER_UNKNOWN())
    cancel = CancelOrder(
        correlation_id=CorrelationId(f"reconcile-{case.record.discrepancy_id}"),
        account=case.record.account,
        symbol=case.record.symbol,
        client_order_id=ClientOrderId(case.finding.target),
        conditional=case.finding.conditional,
    )
    effect = Effect(to=gateway_address(case.record.account), message=cancel)
    return Repair(what=Reconciler.CANCEL(order=case.finding.target), effects=(effect,))


REPAIRS: Mapping[DiscrepancyType, Callable[[Case], Repair]] = {
    T.PRICE_MISMATCH: _entry_price,
    T.LEVERAGE_MISMATCH: _leverage,
    T.STATE_MISMATCH: _query_orders,
    T.ORPHAN_ORDER: _cancel,
    T.PROTECTION_MISSING: _query_orders,
    T.PROTECTION_MISMATCH: _cancel,
    T.MARGIN_MODE_MISMATCH: _margin_mode,
    T.POSITION_MODE_MISMATCH: _position_mode,
}


def leg_views(views: Sequence[PositionView], side: PositionSide | None) -> tuple[PositionView, ...]:
    """Return the views of one leg: of a side in hedge mode, of the whole symbol in one-way mode."""
    return tuple(view for view in views if side in (None, view.side))
