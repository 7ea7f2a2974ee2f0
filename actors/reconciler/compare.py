"""Compares believed with reported positions: pure, exact; what cannot be compared yet is skipped.

Invariants, each a test of the same name:
1. What matches yields nothing: exactly, but for the rounding of a float, which is far below one quantity step.
2. A leg that was touched after the snapshot began, or whose orders are in flight, is skipped, not judged.
3. One-way accounts are compared net per symbol over all strategies; hedge accounts per leg.
4. What is not ours is never a discrepancy: foreign orders are ignored.
5. Entry prices are compared only where one position had the leg to itself since it was flat.
6. A leg with a silent position (quarantined or damaged) is neither judged nor adopted: it is a finding of its own. So
   is a symbol with an unreadable row. A row without a symbol may be about each leg that no other row reports.
7. A position that sold more than it held took from its neighbors, though the leg may add up: that is one finding.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from actors.reconciler.comparison_input import ZERO, Comparison, ComparisonInput, Finding, Leg, Place, signed
from actors.reconciler.orders import order_findings
from actors.reconciler.policy import Thresholds
from messages.discrepancy_type import DiscrepancyType
from messages.ids import parse_position_id
from messages.reconciliation import SymbolSetting
from messages.reports import OrderView, PositionRow, PositionView
from messages.statement import NOTHING, Statement, word
from messages.types import (
    NAMELESS,
    MarginMode,
    PositionId,
    PositionMode,
    PositionSide,
    PositionState,
    Severity,
    Symbol,
)
from messages.wording import Reconciler

T = DiscrepancyType
ONE = Decimal(1)
# Module globals: enumeration lookups cost more, and one comparison makes 10,000.
_ACTIVE, _LONG = PositionState.ACTIVE, PositionSide.LONG
_IN_FLIGHT = frozenset({"sent", "doubted"})
_PASSING = frozenset({PositionState.PENDING, PositionState.MODIFYING, PositionState.RECONCILING, PositionState.CLOSING})


def compare(inputs: ComparisonInput) -> Comparison:
    """Return all differences. The same input gives the same findings in the same order."""
    hedge = inputs.mode is PositionMode.HEDGE
    scope = inputs.report.symbol
    rows, doubled = _reported(inputs.report.positions, hedge=hedge)
    unread = _unread_symbols(inputs, rows)
    glanced, others = _agreeing(inputs, {} if doubled or unread or inputs.silent else rows, hedge=hedge)
    reported = {} if len(glanced) == len(rows) else {_leg(at): row for at, row in rows.items() if at not in glanced}
    believed = {_leg(at): views for at, views in others.items()}
    findings: list[Finding] = [_mode_finding(symbol) for symbol in sorted(doubled)]
    judged: list[Leg] = [(view.symbol, view.side if hedge else None) for view in glanced.values()]
    skipped: list[Leg] = []
    held = len(glanced)
    silent = _silent_legs(inputs, hedge=hedge) if inputs.silent else {}
    nameless = bool(silent) and any(row.symbol == NAMELESS for row in inputs.report.unread)
    for leg, names in silent.items():
        legible = leg[0] not in unread and not nameless
        findings.extend(_silent_finding(inputs, leg, name, reported.get(leg), legible=legible) for name in names)
    findings.extend(_unread_finding(inputs, symbol, why) for symbol, why in sorted(unread.items()))
    unreadable = silent.keys() | {(symbol, side) for symbol in unread for side in (None, *PositionSide)}
    for leg in unreadable:
        reported.pop(leg, None)
        believed.pop(leg, None)
    for leg, views in believed.items():
        row = reported.pop(leg, None)
        if leg[0] in doubled or not _comparable(inputs, leg, views, row, findings):
            skipped.append(leg)
            continue
        judged.append(leg)
        held += _compare_leg(inputs, leg, views, row, findings)
    for leg, row in reported.items():
        if leg[0] not in doubled:
            judged.append(leg)
            findings.append(_quantity_finding(inputs, leg, (), row, ZERO, row.quantity * row.side.sign))
    if inputs.orders is not None:
        findings.extend(order_findings(inputs, inputs.orders))
    return Comparison(
        findings=tuple(findings),
        judged=frozenset(judged),
        skipped=frozenset(skipped),
        held=held,
        orders_read=inputs.orders is not None and not inputs.orders.unread,
        scope=scope,
        silent=frozenset(unreadable),
    )


def _unread_symbols(inputs: ComparisonInput, rows: Mapping[Place, PositionRow]) -> Mapping[Symbol, Statement]:
    """Return unreadable symbols with the reason. A row without a symbol may be any leg that no other row reports."""
    unread = {row.symbol: row.why for row in inputs.report.unread}
    why = unread.pop(NAMELESS, None)
    if why is not None:
        hedge = inputs.mode is PositionMode.HEDGE
        held = [view for view in inputs.views if view.quantity]
        unreported = [v.symbol for v in held if ((v.symbol, v.side) if hedge else v.symbol) not in rows]
        unread = dict.fromkeys(unreported, why) | unread
    return unread


def _silent_legs(inputs: ComparisonInput, *, hedge: bool) -> dict[Leg, list[PositionId]]:
    """Invariant 6."""
    found: dict[Leg, list[PositionId]] = {}
    for name in inputs.silent:
        parsed = parse_position_id(name)
        if parsed is not None and inputs.report.symbol in (None, parsed[0].symbol):
            found.setdefault((parsed[0].symbol, parsed[0].side if hedge else None), []).append(name)
    return found


def _silent_finding(
    inputs: ComparisonInput, leg: Leg, name: PositionId, row: PositionRow | None, *, legible: bool
) -> Finding:
    """`legible`: no unreadable row may concern its leg."""
    actual = ZERO if row is None else row.quantity * row.side.sign
    damaged = name in inputs.damaged
    return Finding(
        type=T.STATE_MISMATCH,
        symbol=leg[0],
        side=leg[1],
        severity=Severity.CRITICAL,
        believed=Reconciler.SILENT(why=inputs.silent[name]),
        reported=signed(actual) if row is not None or legible else Reconciler.UNREADABLE(),
        positions=(name,),
        target=name,
        certain=False,
        flat=not actual and legible,
        damaged=damaged,
        why=NOTHING if damaged else Reconciler.QUARANTINED(),
    )


def _unread_finding(inputs: ComparisonInput, symbol: Symbol, why: Statement) -> Finding:
    """Its key is independent of the row's defect, so a change of the defect is the same finding."""
    views = [view for view in inputs.views if view.symbol == symbol]
    return Finding(
        type=T.STATE_MISMATCH,
        symbol=symbol,
        side=None,
        severity=Severity.CRITICAL if any(view.quantity for view in views) else Severity.WARNING,
        believed=signed(sum((view.quantity * view.side.sign for view in views), ZERO)),
        reported=Reconciler.UNREADABLE(),
        positions=tuple(view.position_id for view in views),
        target="row",
        certain=False,
        why=Reconciler.ROW_UNREAD(why=why),
    )


def _leg(place: Place) -> Leg:
    return place if isinstance(place, tuple) else (place, None)


def _agreeing(
    inputs: ComparisonInput, rows: Mapping[Place, PositionRow], *, hedge: bool
) -> tuple[dict[Place, PositionView], dict[Place, list[PositionView]]]:
    """Return the legs of one position that agree at a glance, and all others with their positions."""
    agreeing: dict[Place, PositionView] = {}
    others: dict[Place, list[PositionView]] = {}
    scope, begun_ns, settings = inputs.report.symbol, inputs.report.begun_ns, inputs.settings
    isolated = None if inputs.margin_mode is None else inputs.margin_mode is MarginMode.ISOLATED
    for view in inputs.views:
        symbol = view.symbol
        if scope is not None and symbol != scope:
            continue
        place: Place = (symbol, view.side) if hedge else symbol
        if others and place in others:
            others[place].append(view)
        elif place in agreeing:
            others[place] = [agreeing.pop(place), view]
        else:
            row = rows.get(place)
            if (
                row is not None
                and (isolated is None or row.isolated is isolated)
                and _agrees(view, row, begun_ns, settings)
            ):
                agreeing[place] = view
            else:
                others[place] = [view]
    return agreeing, others


def _agrees(view: PositionView, row: PositionRow, begun_ns: int, settings: Mapping[Symbol, SymbolSetting]) -> bool:
    """Whether a position at rest equals its row in everything that is compared: the common case, hence fast."""
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
    """Return the rows by leg, and the symbols with two rows where a one-way account can have one."""
    found: dict[Place, PositionRow]
    if hedge:
        found = {(row.symbol, row.side): row for row in rows if row.quantity}
    else:
        found = {row.symbol: row for row in rows if row.quantity}
    if len(found) == len(rows):
        return found, frozenset()
    counts = Counter(row.symbol for row in rows if row.quantity)
    return found, frozenset(symbol for symbol, count in counts.items() if count > (2 if hedge else 1))


def _comparable(
    inputs: ComparisonInput, leg: Leg, views: Sequence[PositionView], row: PositionRow | None, findings: list[Finding]
) -> bool:
    """Invariant 2. What is in flight for too long is a finding instead."""
    begun_ns = inputs.report.begun_ns
    oversold = False
    for view in views:
        if view.touched_ns >= begun_ns:
            return False
        oversold = oversold or view.quantity < 0
        if _doubtful(view) or (view.orders and any(_in_flight(order) for order in view.orders)):
            if inputs.now_ns - view.touched_ns > inputs.thresholds.stuck_ns:
                findings.append(_in_doubt(leg, view, views, row))
            return False
    for view in views:
        passing = view.state in _PASSING or (view.state is PositionState.OPENING and not view.orders)
        if passing and not oversold and inputs.now_ns - view.touched_ns > inputs.thresholds.stuck_ns:
            findings.append(_stuck(leg, view, Reconciler.STUCK()))
    return True


def _doubtful(view: PositionView) -> bool:
    """A negative quantity is compared although in doubt: no order report will resolve it."""
    if view.quantity >= 0:
        return view.in_doubt
    return view.unread or any(order.phase == "doubted" for order in view.orders)


def _in_flight(order: OrderView) -> bool:
    """Whether the order's effect may be at one side only; a market order does not rest."""
    if order.purpose.protective:
        return False
    return order.phase in _IN_FLIGHT or order.price is None


def _in_doubt(leg: Leg, view: PositionView, views: Sequence[PositionView], row: PositionRow | None) -> Finding:
    """Report the difference although an outcome is unknown: the venue's quantity is evidence by itself."""
    stuck = _stuck(leg, view, Reconciler.OUTCOME_UNKNOWN())
    believed = sum(((each.quantity + each.reported_quantity) * each.side.sign for each in views), ZERO)
    actual = ZERO if row is None else row.quantity * row.side.sign
    if believed == actual:
        return stuck
    stuck.difference = actual - believed
    stuck.believed, stuck.reported = Reconciler.EACH(each=(signed(believed), stuck.believed)), signed(actual)
    guarded = view.stop_loss is not None or view.trailing is not None
    if guarded and stuck.difference * view.side.sign > 0:
        stuck.severity = Severity.CRITICAL
        stuck.why = Reconciler.UNCOVERED()
    else:
        stuck.why = Reconciler.OUTCOME_UNKNOWN()
    return stuck


def _stuck(leg: Leg, view: PositionView, reported: Statement) -> Finding:
    return Finding(
        type=T.STATE_MISMATCH,
        symbol=leg[0],
        side=leg[1],
        severity=Severity.WARNING,
        believed=Reconciler.STATE(state=view.state, why=view.reason) if view.reason else word(view.state),
        reported=reported,
        positions=(view.position_id,),
        target=view.position_id,
    )


def _compare_leg(
    inputs: ComparisonInput, leg: Leg, views: Sequence[PositionView], row: PositionRow | None, findings: list[Finding]
) -> bool:
    """Append the leg's differences; return whether a quantity is believed on it."""
    if len(views) == 1:
        view = views[0]
        believed = view.quantity if view.side is _LONG else -view.quantity
    else:
        believed = sum((view.quantity * view.side.sign for view in views), ZERO)
    actual = ZERO if row is None else row.quantity if row.side is _LONG else -row.quantity
    if (len(views) > 1 and any(view.quantity < 0 for view in views)) or (len(views) == 1 and views[0].quantity < 0):
        findings.append(_oversold_finding(leg, views, row, actual - believed))
    elif believed != actual and abs(actual - believed) >= _rounding(inputs, leg[0]):
        findings.append(_quantity_finding(inputs, leg, views, row, believed, actual))
    elif row is not None:
        _compare_price(inputs, leg, views, row, findings)
    if row is not None:
        _compare_settings(inputs, leg, views, row, findings)
    return bool(believed)


def _rounding(inputs: ComparisonInput, symbol: Symbol) -> Decimal:
    """Return less than a tradable quantity. A whole step would be too much: it may have become coarser meanwhile."""
    instrument = inputs.instruments.get(symbol)
    return instrument.quantity_step / 1000 if instrument is not None else Decimal("1e-12")


def _quantity_finding(  # noqa: PLR0917 - both sides of one leg
    inputs: ComparisonInput,
    leg: Leg,
    views: Sequence[PositionView],
    row: PositionRow | None,
    believed: Decimal,
    actual: Decimal,
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
        severity=_severity(inputs.thresholds, kind, notional, share),
        believed=signed(believed),
        reported=signed(actual),
        difference=difference,
        notional=notional,
        share=share,
        mark_price=mark,
        positions=(views[0].position_id,) if len(views) == 1 else tuple(view.position_id for view in views),
        reported_entry=row.entry_price if row is not None else ZERO,
        leverage=row.leverage if row is not None else None,
    )


def _oversold_finding(leg: Leg, views: Sequence[PositionView], row: PositionRow | None, difference: Decimal) -> Finding:
    """Invariant 7. The misbelieved exposure is the excess sold, which a neighbor has less than it believes."""
    excess = sum((-view.quantity for view in views if view.quantity < 0), ZERO)
    mark = _mark(views, row)
    actual = ZERO if row is None else row.quantity * row.side.sign
    return Finding(
        type=T.OVERSOLD,
        symbol=leg[0],
        side=leg[1],
        severity=Severity.CRITICAL,
        believed=Reconciler.EACH(each=tuple(map(_holder, views))),
        reported=signed(actual),
        difference=difference,
        notional=excess * mark,
        share=min(ONE, excess / max(excess, *(abs(view.quantity) for view in views))),
        mark_price=mark,
        positions=tuple(view.position_id for view in views),
    )


def _holder(view: PositionView) -> Statement:
    return Reconciler.HOLDER(strategy=view.strategy, held=signed(view.quantity * view.side.sign))


def _mark(views: Sequence[PositionView], row: PositionRow | None) -> Decimal:
    """Return the venue's mark, else its entry price, else ours; zero without any."""
    if row is not None and (row.mark_price > 0 or row.entry_price > 0):
        return row.mark_price if row.mark_price > 0 else row.entry_price
    return next((view.entry_price for view in views if view.entry_price > 0), ZERO)


def _severity(thresholds: Thresholds, kind: DiscrepancyType, notional: Decimal, share: Decimal) -> Severity:
    """Return the severity by misbelieved exposure."""
    if kind is T.SIDE_MISMATCH or (notional >= thresholds.critical_notional and share >= thresholds.critical_share):
        return Severity.CRITICAL
    return Severity.WARNING if notional >= thresholds.warning_notional else Severity.INFO


def _compare_price(
    inputs: ComparisonInput, leg: Leg, views: Sequence[PositionView], row: PositionRow, findings: list[Finding]
) -> None:
    """Invariant 5: after one of two strategies has left, the venue still averages over what it sold."""
    holders = [view for view in views if view.quantity]
    if len(holders) != 1 or row.entry_price <= 0 or leg in inputs.shared:
        return
    view = holders[0]
    apart = abs(view.entry_price - row.entry_price)
    if apart <= inputs.thresholds.price * row.entry_price:
        return
    notional = apart * view.quantity
    findings.append(
        Finding(
            type=T.PRICE_MISMATCH,
            symbol=leg[0],
            side=leg[1],
            severity=_severity(inputs.thresholds, T.PRICE_MISMATCH, notional, apart / row.entry_price),
            believed=Reconciler.ENTRY_PRICE(price=view.entry_price),
            reported=Reconciler.ENTRY_PRICE(price=row.entry_price),
            notional=notional,
            share=apart / row.entry_price,
            mark_price=row.mark_price,
            positions=(view.position_id,),
            reported_entry=row.entry_price,
        )
    )


def _compare_settings(
    inputs: ComparisonInput, leg: Leg, views: Sequence[PositionView], row: PositionRow, findings: list[Finding]
) -> None:
    setting = inputs.settings.get(leg[0])
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
                believed=Reconciler.LEVERAGE(leverage=believed),
                reported=Reconciler.LEVERAGE(leverage=row.leverage),
                mark_price=row.mark_price,
                positions=tuple(view.position_id for view in views),
                leverage=row.leverage,
                wanted_leverage=believed,
                isolated=row.isolated,
            )
        )
    isolated = _wanted_isolated(inputs, leg[0])
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


def _wanted_isolated(inputs: ComparisonInput, symbol: Symbol) -> bool | None:
    """Return the configured margin mode, else the first one seen on the symbol."""
    if inputs.margin_mode is not None:
        return inputs.margin_mode is MarginMode.ISOLATED
    setting = inputs.settings.get(symbol)
    return None if setting is None else setting.isolated


def _margin(*, isolated: bool) -> Statement:
    return word(MarginMode.ISOLATED if isolated else MarginMode.CROSS)


def _mode_finding(symbol: Symbol) -> Finding:
    return Finding(
        type=T.POSITION_MODE_MISMATCH,
        symbol=symbol,
        side=None,
        severity=Severity.CRITICAL,
        believed=word(PositionMode.ONE_WAY),
        reported=Reconciler.BOTH_SIDES(),
    )
