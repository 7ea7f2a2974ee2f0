"""Believed against reported: pure, exact, and silent about what cannot be compared yet.

Invariants, each a test of the same name:
1. What matches within one quantity step yields nothing.
2. A leg that was touched after the snapshot began, or whose orders are in flight, is skipped, not judged.
3. One-way accounts are compared net per symbol over all strategies; hedge accounts per leg.
4. What is not ours is never a discrepancy: foreign orders are not looked at.
5. Entry prices are compared only where one position had the leg to itself since it was flat.
6. A leg that a silent position stands on (quarantined, or damaged) is neither judged nor adopted: it is told.
7. A position that sold more than it held took from its neighbors, though the leg may add up: that is one finding.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from actors.reconciler.policy import QUANTITY, Thresholds
from messages.ids import parse_client_order_id, parse_position_id
from messages.reconciliation import DiscrepancyType, SymbolSetting
from messages.reports import OpenOrdersReport, OrderReport, OrderView, PositionRow, PositionsReport, PositionView
from messages.types import (
    AccountId,
    ClientOrderId,
    Instrument,
    JournalId,
    MarginMode,
    OrderPurpose,
    PositionId,
    PositionMode,
    PositionSide,
    PositionState,
    Severity,
    Symbol,
)

T = DiscrepancyType
ZERO = Decimal(0)
ONE = Decimal(1)
# Looked up 10,000 times in one comparison, each time through the enumeration's own machinery, which costs more.
_ACTIVE, _LONG = PositionState.ACTIVE, PositionSide.LONG
_IN_FLIGHT = frozenset({"sent", "doubted"})
_PASSING = frozenset({PositionState.PENDING, PositionState.MODIFYING, PositionState.RECONCILING, PositionState.CLOSING})

Leg = tuple[Symbol, PositionSide | None]
"""Side None: the net of a one-way account."""
Place = Symbol | tuple[Symbol, PositionSide]
"""A leg as it is looked up: where one-way accounts net, a tuple of the symbol and nothing costs as much as the rest."""
Key = tuple[str, Symbol, PositionSide | None, str]
"""What makes two findings the same question: family of types, leg, and the order that is concerned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrders:
    """Every open order of an account, as read from `begun_ns` on."""

    begun_ns: int
    orders: Mapping[ClientOrderId, OrderReport]

    @classmethod
    def of(cls, report: OpenOrdersReport) -> "OpenOrders":
        return cls(begun_ns=report.begun_ns, orders={order.client_order_id: order for order in report.orders})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Both sides of one account. `views` are its live positions; `shared` legs had several holders since flat.

    `ended` are ordinals of positions that are known to be over: an order of any other may still protect something.
    `silent` positions exist, and cannot say what they hold; each with the reason. `margin_mode` is the configured one.
    """

    account: AccountId
    mode: PositionMode
    journal_id: JournalId
    now_ns: int
    report: PositionsReport
    views: Sequence[PositionView]
    instruments: Mapping[Symbol, Instrument]
    thresholds: Thresholds
    orders: OpenOrders | None = None
    settings: Mapping[Symbol, SymbolSetting] = field(default_factory=dict)
    shared: frozenset[Leg] = frozenset()
    ended: Collection[int] = ()
    silent: Mapping[PositionId, str] = field(default_factory=dict)
    margin_mode: MarginMode | None = None


@dataclass(slots=True, kw_only=True)  # not frozen: 10,000 at once, and freezing costs a quarter of a µs per field
class Finding:
    """One difference. `difference` is reported less believed, long positive, in base units."""

    type: DiscrepancyType
    symbol: Symbol
    side: PositionSide | None
    severity: Severity
    believed: str
    reported: str
    difference: Decimal = ZERO
    notional: Decimal = ZERO
    share: Decimal = ZERO
    mark_price: Decimal = ZERO
    positions: tuple[PositionId, ...] = ()
    target: str = ""
    reported_entry: Decimal = ZERO
    leverage: int | None = None
    conditional: bool = False
    isolated: bool = False
    certain: bool = True

    @property
    def key(self) -> Key:
        return ("QUANTITY" if self.type in QUANTITY else self.type.value, self.symbol, self.side, self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`judged` legs were compared, whatever came of it; `skipped` and `silent` ones say nothing; `held` is how many
    had exposure.
    """

    findings: tuple[Finding, ...]
    judged: frozenset[Leg]
    skipped: frozenset[Leg]
    held: int
    orders_read: bool
    scope: Symbol | None = None
    silent: frozenset[Leg] = frozenset()


def compare(facts: Facts) -> Comparison:
    """Everything that differs. Pure: the same facts give the same findings, in the same order."""
    hedge = facts.mode is PositionMode.HEDGE
    scope = facts.report.symbol
    rows, doubled = _reported(facts.report.positions, hedge=hedge)
    glanced, others = _agreeing(facts, {} if doubled or facts.silent else rows, hedge=hedge)
    reported = {} if len(glanced) == len(rows) else {_leg(at): row for at, row in rows.items() if at not in glanced}
    believed = {_leg(at): views for at, views in others.items()}
    findings: list[Finding] = [_mode_finding(symbol) for symbol in sorted(doubled)]
    judged: list[Leg] = [(view.symbol, view.side if hedge else None) for view in glanced.values()]
    skipped: list[Leg] = []
    held = len(glanced)
    silent = _silent_legs(facts, hedge=hedge) if facts.silent else {}
    for leg, names in silent.items():
        findings.extend(_silent_finding(facts, leg, name, reported.get(leg)) for name in names)
        reported.pop(leg, None)
        believed.pop(leg, None)
    for leg, views in believed.items():
        row = reported.pop(leg, None)
        if leg[0] in doubled or not _comparable(facts, leg, views, findings):
            skipped.append(leg)
            continue
        judged.append(leg)
        held += _compare_leg(facts, leg, views, row, findings)
    for leg, row in reported.items():
        if leg[0] not in doubled:
            judged.append(leg)
            findings.append(_quantity_finding(facts, leg, (), row, ZERO, row.quantity * row.side.sign))
    if facts.orders is not None:
        findings.extend(_order_findings(facts, facts.orders))
    return Comparison(
        findings=tuple(findings),
        judged=frozenset(judged),
        skipped=frozenset(skipped),
        held=held,
        orders_read=facts.orders is not None,
        scope=scope,
        silent=frozenset(silent),
    )


def _silent_legs(facts: Facts, *, hedge: bool) -> dict[Leg, list[PositionId]]:
    """Invariant 6."""
    found: dict[Leg, list[PositionId]] = {}
    for name in facts.silent:
        parsed = parse_position_id(name)
        if parsed is not None and facts.report.symbol in (None, parsed[0].symbol):
            found.setdefault((parsed[0].symbol, parsed[0].side if hedge else None), []).append(name)
    return found


def _silent_finding(facts: Facts, leg: Leg, name: PositionId, row: PositionRow | None) -> Finding:
    actual = ZERO if row is None else row.quantity * row.side.sign
    return Finding(
        type=T.STATE_MISMATCH,
        symbol=leg[0],
        side=leg[1],
        severity=Severity.CRITICAL,
        believed=f"silent: {facts.silent[name]}",
        reported=_signed(actual),
        positions=(name,),
        target=name,
        certain=False,
    )


def _leg(place: Place) -> Leg:
    return place if isinstance(place, tuple) else (place, None)


def _agreeing(
    facts: Facts, rows: Mapping[Place, PositionRow], *, hedge: bool
) -> tuple[dict[Place, PositionView], dict[Place, tuple[PositionView, ...]]]:
    """Legs of one position that agree at a glance, and all others with what is believed of them."""
    agreeing: dict[Place, PositionView] = {}
    others: dict[Place, tuple[PositionView, ...]] = {}
    scope, begun_ns, settings = facts.report.symbol, facts.report.begun_ns, facts.settings
    isolated = None if facts.margin_mode is None else facts.margin_mode is MarginMode.ISOLATED
    for view in facts.views:
        symbol = view.symbol
        if scope is not None and symbol != scope:
            continue
        place: Place = (symbol, view.side) if hedge else symbol
        if others and place in others:
            others[place] = (*others[place], view)
        elif place in agreeing:
            others[place] = (agreeing.pop(place), view)
        else:
            row = rows.get(place)
            if (
                row is not None
                and (isolated is None or row.isolated is isolated)
                and _agrees(view, row, begun_ns, settings)
            ):
                agreeing[place] = view
            else:
                others[place] = (view,)
    return agreeing, others


def _agrees(view: PositionView, row: PositionRow, begun_ns: int, settings: Mapping[Symbol, SymbolSetting]) -> bool:
    """At rest, and equal in everything that is compared: what most positions are, most of the time."""
    if (
        view.quantity != row.quantity
        or view.entry_price != row.entry_price
        or view.side is not row.side
        or view.touched_ns >= begun_ns
        or view.state is not _ACTIVE
        or view.in_doubt
        or (view.orders and any(_in_flight(order) for order in view.orders))
    ):
        return False
    setting = settings.get(view.symbol) if settings else None
    if setting is not None and setting.isolated is not row.isolated:
        return False
    return view.leverage == row.leverage if view.leverage is not None else setting is None


def _reported(rows: Sequence[PositionRow], *, hedge: bool) -> tuple[dict[Place, PositionRow], frozenset[Symbol]]:
    """Rows by leg, and the symbols that have two where a one-way account can have one."""
    found: dict[Place, PositionRow]
    if hedge:
        found = {(row.symbol, row.side): row for row in rows if row.quantity}
    else:
        found = {row.symbol: row for row in rows if row.quantity}
    if len(found) == len(rows):
        return found, frozenset()
    counts = Counter(row.symbol for row in rows if row.quantity)
    return found, frozenset(symbol for symbol, count in counts.items() if count > (2 if hedge else 1))


def _comparable(facts: Facts, leg: Leg, views: Sequence[PositionView], findings: list[Finding]) -> bool:
    """Invariant 2. What has been in flight for too long is a finding of its own instead."""
    begun_ns = facts.report.begun_ns
    oversold = False
    for view in views:
        if view.touched_ns >= begun_ns:
            return False
        oversold = oversold or view.quantity < 0
        if _doubtful(view) or (view.orders and any(_in_flight(order) for order in view.orders)):
            if facts.now_ns - view.touched_ns > facts.thresholds.stuck_ns:
                findings.append(_stuck(leg, view, "an outcome is not known"))
            return False
    for view in views:
        passing = view.state in _PASSING or (view.state is PositionState.OPENING and not view.orders)
        if passing and not oversold and facts.now_ns - view.touched_ns > facts.thresholds.stuck_ns:
            findings.append(_stuck(leg, view, "nothing is under way that would change it"))
    return True


def _doubtful(view: PositionView) -> bool:
    """Less than nothing is a doubt that no order will clear up: that is compared."""
    if view.quantity >= 0:
        return view.in_doubt
    return view.unread or any(order.phase == "doubted" for order in view.orders)


def _in_flight(order: OrderView) -> bool:
    """Its effect may be at the venue and not here, or the other way round: a market order does not rest."""
    if order.purpose.protective:
        return False
    return order.phase in _IN_FLIGHT or order.price is None


def _stuck(leg: Leg, view: PositionView, reported: str) -> Finding:
    return Finding(
        type=T.STATE_MISMATCH,
        symbol=leg[0],
        side=leg[1],
        severity=Severity.WARNING,
        believed=f"{view.state} ({view.reason})" if view.reason else str(view.state),
        reported=reported,
        positions=(view.position_id,),
        target=view.position_id,
    )


def _compare_leg(
    facts: Facts, leg: Leg, views: Sequence[PositionView], row: PositionRow | None, findings: list[Finding]
) -> bool:
    """Append what differs on this leg; whether there is exposure on our side of it."""
    if len(views) == 1:
        view = views[0]
        believed = view.quantity if view.side is _LONG else -view.quantity
    else:
        believed = sum((view.quantity * view.side.sign for view in views), ZERO)
    actual = ZERO if row is None else row.quantity if row.side is _LONG else -row.quantity
    if (len(views) > 1 and any(view.quantity < 0 for view in views)) or (len(views) == 1 and views[0].quantity < 0):
        findings.append(_oversold_finding(leg, views, row, actual - believed))
    elif believed != actual and abs(actual - believed) >= _step(facts, leg[0]):
        findings.append(_quantity_finding(facts, leg, views, row, believed, actual))
    elif row is not None:
        _compare_price(facts, leg, views, row, findings)
    if row is not None:
        _compare_settings(facts, leg, views, row, findings)
    return bool(believed)


def _step(facts: Facts, symbol: Symbol) -> Decimal:
    instrument = facts.instruments.get(symbol)
    return instrument.quantity_step if instrument is not None else Decimal("1e-12")


def _quantity_finding(  # noqa: PLR0917 - both sides of one leg
    facts: Facts, leg: Leg, views: Sequence[PositionView], row: PositionRow | None, believed: Decimal, actual: Decimal
) -> Finding:
    kind = T.SIZE_MISMATCH
    if not believed:
        kind = T.POSITION_NOT_IN_SYSTEM
    elif not actual:
        kind = T.POSITION_NOT_IN_EXCHANGE
    elif (believed > 0) is not (actual > 0):
        kind = T.SIDE_MISMATCH
    difference = actual - believed
    wrong = abs(difference)
    mark = _mark(views, row)
    notional = wrong * mark
    share = min(ONE, wrong / max(abs(actual), abs(believed)))
    return Finding(
        type=kind,
        symbol=leg[0],
        side=leg[1],
        severity=_severity(facts.thresholds, kind, notional, share),
        believed=_signed(believed),
        reported=_signed(actual),
        difference=difference,
        notional=notional,
        share=share,
        mark_price=mark,
        positions=(views[0].position_id,) if len(views) == 1 else tuple(view.position_id for view in views),
        reported_entry=row.entry_price if row is not None else ZERO,
        leverage=row.leverage if row is not None else None,
    )


def _oversold_finding(leg: Leg, views: Sequence[PositionView], row: PositionRow | None, difference: Decimal) -> Finding:
    """Invariant 7. The misbelieved exposure is what was sold too much: a neighbor has so much less than he thinks."""
    excess = sum((-view.quantity for view in views if view.quantity < 0), ZERO)
    mark = _mark(views, row)
    actual = ZERO if row is None else row.quantity * row.side.sign
    return Finding(
        type=T.OVERSOLD,
        symbol=leg[0],
        side=leg[1],
        severity=Severity.CRITICAL,
        believed=", ".join(f"{view.strategy} {_signed(view.quantity * view.side.sign)}" for view in views),
        reported=_signed(actual),
        difference=difference,
        notional=excess * mark,
        share=min(ONE, excess / max(excess, *(abs(view.quantity) for view in views))),
        mark_price=mark,
        positions=tuple(view.position_id for view in views),
    )


def _mark(views: Sequence[PositionView], row: PositionRow | None) -> Decimal:
    """A price that exists: the venue's mark, else its entry price, else ours. Zero where nobody knows one."""
    if row is not None and (row.mark_price > 0 or row.entry_price > 0):
        return row.mark_price if row.mark_price > 0 else row.entry_price
    return next((view.entry_price for view in views if view.entry_price > 0), ZERO)


def _signed(quantity: Decimal) -> str:
    if not quantity:
        return "flat"
    return f"long {plain(quantity)}" if quantity > 0 else f"short {plain(-quantity)}"


def plain(number: Decimal) -> str:
    """Without an exponent; formatting with `f` costs three times as much, and nearly always says the same."""
    text = str(number)
    return format(number, "f") if "E" in text else text


def _severity(thresholds: Thresholds, kind: DiscrepancyType, notional: Decimal, share: Decimal) -> Severity:
    """By consequence: how much is held, or thought to be held, that is not."""
    if kind is T.SIDE_MISMATCH or (notional >= thresholds.critical_notional and share >= thresholds.critical_share):
        return Severity.CRITICAL
    return Severity.WARNING if notional >= thresholds.warning_notional else Severity.INFO


def _compare_price(
    facts: Facts, leg: Leg, views: Sequence[PositionView], row: PositionRow, findings: list[Finding]
) -> None:
    """Invariant 5: after one of two strategies left, the venue still averages over what it has sold."""
    holders = [view for view in views if view.quantity]
    if len(holders) != 1 or row.entry_price <= 0 or leg in facts.shared:
        return
    view = holders[0]
    apart = abs(view.entry_price - row.entry_price)
    if apart <= facts.thresholds.price * row.entry_price:
        return
    notional = apart * view.quantity
    findings.append(
        Finding(
            type=T.PRICE_MISMATCH,
            symbol=leg[0],
            side=leg[1],
            severity=_severity(facts.thresholds, T.PRICE_MISMATCH, notional, apart / row.entry_price),
            believed=f"{view.entry_price:f}",
            reported=f"{row.entry_price:f}",
            notional=notional,
            share=apart / row.entry_price,
            mark_price=row.mark_price,
            positions=(view.position_id,),
            reported_entry=row.entry_price,
        )
    )


def _compare_settings(
    facts: Facts, leg: Leg, views: Sequence[PositionView], row: PositionRow, findings: list[Finding]
) -> None:
    setting = facts.settings.get(leg[0])
    asked = views[0].leverage
    if asked is None and len(views) > 1:
        asked = next((view.leverage for view in views if view.leverage is not None), None)
    believed = asked if asked is not None else setting.leverage if setting else None
    if believed is not None and row.leverage is not None and believed != row.leverage:
        findings.append(
            Finding(
                type=T.LEVERAGE_MISMATCH,
                symbol=leg[0],
                side=leg[1],
                severity=Severity.WARNING,
                believed=f"{believed}x",
                reported=f"{row.leverage}x",
                mark_price=row.mark_price,
                positions=tuple(view.position_id for view in views),
                leverage=row.leverage,
                isolated=row.isolated,
            )
        )
    isolated = _wanted_isolated(facts, leg[0])
    if isolated is not None and isolated is not row.isolated:
        findings.append(
            Finding(
                type=T.MARGIN_MODE_MISMATCH,
                symbol=leg[0],
                side=leg[1],
                severity=Severity.WARNING,
                believed=_margin(isolated=isolated),
                reported=_margin(isolated=row.isolated),
                positions=tuple(view.position_id for view in views),
                leverage=row.leverage,
                isolated=row.isolated,
            )
        )


def _wanted_isolated(facts: Facts, symbol: Symbol) -> bool | None:
    """What is configured for the account, or else what was seen first of the symbol."""
    if facts.margin_mode is not None:
        return facts.margin_mode is MarginMode.ISOLATED
    setting = facts.settings.get(symbol)
    return None if setting is None else setting.isolated


def _margin(*, isolated: bool) -> str:
    return "isolated" if isolated else "cross"


def _mode_finding(symbol: Symbol) -> Finding:
    return Finding(
        type=T.POSITION_MODE_MISMATCH,
        symbol=symbol,
        side=None,
        severity=Severity.CRITICAL,
        believed="one_way",
        reported="hedge: both sides are held",
    )


def _order_findings(facts: Facts, orders: OpenOrders) -> Iterable[Finding]:
    """Own orders that nobody owns, and protection that is not what its position believes."""
    scope = facts.report.symbol
    views = {
        view.ordinal: view
        for view in facts.views
        if scope in (None, view.symbol) and view.position_id not in facts.silent
    }
    silent = {parsed[1] for name in facts.silent if (parsed := parse_position_id(name)) is not None}
    for name, found in orders.orders.items():
        parts = parse_client_order_id(name)
        if parts is None or parts.journal_id != facts.journal_id or scope not in (None, found.symbol):
            continue
        if parts.ordinal in silent:
            continue
        leaves = found.quantity - found.filled_quantity
        view = views.get(parts.ordinal)
        if view is not None and view.touched_ns >= orders.begun_ns:
            continue
        order = next((o for o in view.orders if o.client_order_id == name), None) if view else None
        if view is None or order is None:
            yield _orphan(found, view, certain=view is not None or parts.ordinal in facts.ended)
        elif order.purpose.protective and leaves != order.quantity - order.filled_quantity:
            yield _protection(facts, view, order.purpose, order, T.PROTECTION_MISMATCH, plain(leaves))
    for view in views.values():
        if view.quantity > 0 and view.touched_ns < orders.begun_ns and not view.in_doubt:
            yield from _unprotected(facts, orders, view)


def _orphan(order: OrderReport, view: PositionView | None, *, certain: bool) -> Finding:
    return Finding(
        type=T.ORPHAN_ORDER,
        symbol=order.symbol,
        side=None,
        severity=Severity.WARNING,
        believed="no such order" if view else "its position is over" if certain else "a position that is not known",
        reported="open at the venue",
        positions=(view.position_id,) if view else (),
        target=order.client_order_id,
        conditional=order.conditional,
        certain=certain,
    )


def _unprotected(facts: Facts, orders: OpenOrders, view: PositionView) -> Iterable[Finding]:
    """What should limit a loss or take a profit, and is not at the venue: fixed, or following the price."""
    for order in view.orders:
        if order.purpose.protective and order.phase == "working" and order.client_order_id not in orders.orders:
            yield _protection(facts, view, order.purpose, order, T.PROTECTION_MISSING, "not on the book")
    if view.goal_quantity is not None or facts.now_ns - view.touched_ns <= facts.thresholds.stuck_ns:
        return
    instrument = facts.instruments.get(view.symbol)
    if instrument is not None and view.quantity < instrument.min_quantity:
        return  # dust: no order is small enough to protect it, which was told when it became so
    live = {order.purpose for order in view.orders}
    for purpose, wanted in _wanted(view):
        if wanted is not None and purpose not in live:
            yield _protection(facts, view, purpose, None, T.PROTECTION_MISSING, "not on the book")


def _wanted(view: PositionView) -> tuple[tuple[OrderPurpose, Decimal | None], ...]:
    return (
        (OrderPurpose.STOP, view.stop_loss),
        (OrderPurpose.TRAILING, view.trailing),
        (OrderPurpose.TARGET, view.take_profit),
    )


_CALLED = {OrderPurpose.STOP: "a stop", OrderPurpose.TRAILING: "a trailing stop", OrderPurpose.TARGET: "a target"}


def _protection(  # noqa: PLR0917 - one order, as both sides have it
    facts: Facts,
    view: PositionView,
    purpose: OrderPurpose,
    order: OrderView | None,
    kind: DiscrepancyType,
    reported: str,
) -> Finding:
    """A missing target loses a profit, a missing stop a fortune."""
    side = view.side if facts.mode is PositionMode.HEDGE else None
    wanted = order.quantity - order.filled_quantity if order else view.quantity
    return Finding(
        type=kind,
        symbol=view.symbol,
        side=side,
        severity=Severity.WARNING if purpose is OrderPurpose.TARGET else Severity.CRITICAL,
        believed=f"{_CALLED[purpose]} for {plain(wanted)}",
        reported=reported,
        positions=(view.position_id,),
        target=order.client_order_id if order else f"{view.position_id}/{purpose}",
        conditional=True,
    )
