"""Compares open orders: orphans, and missing or differently sized protection. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from actors.reconciler.comparison_input import ComparisonInput, Finding, OpenOrders
from messages.discrepancy_type import DiscrepancyType
from messages.ids import parse_client_order_id, parse_position_id
from messages.reports import OrderReport, OrderView, PositionView
from messages.statement import Statement
from messages.types import (
    OrderPurpose,
    OrderStatus,
    PositionMode,
    Severity,
)
from messages.wording import Reconciler

T = DiscrepancyType


def order_findings(inputs: ComparisonInput, orders: OpenOrders) -> Iterable[Finding]:
    """Yield own orders without a position, and protection that differs from belief."""
    scope = inputs.report.symbol
    views = {
        view.ordinal: view
        for view in inputs.views
        if scope in (None, view.symbol) and view.position_id not in inputs.silent
    }
    silent = {parsed[1] for name in inputs.silent if (parsed := parse_position_id(name)) is not None}
    for name, found in orders.orders.items():
        parts = parse_client_order_id(name)
        if parts is None or parts.journal_id != inputs.journal_id or scope not in (None, found.symbol):
            continue
        if parts.ordinal in silent:
            continue
        if parts.ordinal in inputs.ended and found.status is OrderStatus.TRIGGERED:
            continue  # the venue no longer cancels it; its position is resolving it
        leaves = found.quantity - found.filled_quantity
        view = views.get(parts.ordinal)
        if view is not None and view.touched_ns >= orders.begun_ns:
            continue
        order = next((o for o in view.orders if o.client_order_id == name), None) if view else None
        if view is None or order is None:
            yield _orphan(found, view, certain=view is not None or parts.ordinal in inputs.ended)
        elif order.purpose.protective and leaves != order.quantity - order.filled_quantity:
            reported = Reconciler.QUANTITY(quantity=leaves)
            yield _protection(inputs, view, order.purpose, order, T.PROTECTION_MISMATCH, reported)
    for view in views.values():
        if view.quantity > 0 and view.touched_ns < orders.begun_ns and not view.in_doubt:
            yield from _unprotected(inputs, orders, view)


def _orphan(order: OrderReport, view: PositionView | None, *, certain: bool) -> Finding:
    owner = Reconciler.POSITION_OVER if certain else Reconciler.POSITION_UNKNOWN
    return Finding(
        type=T.ORPHAN_ORDER,
        symbol=order.symbol,
        side=None,
        severity=Severity.WARNING,
        believed=Reconciler.NO_SUCH_ORDER() if view else owner(),
        reported=Reconciler.OPEN_ORDER(),
        positions=(view.position_id,) if view else (),
        target=order.client_order_id,
        conditional=order.conditional,
        certain=certain,
    )


def _unprotected(inputs: ComparisonInput, orders: OpenOrders, view: PositionView) -> Iterable[Finding]:
    """Yield missing stops, targets and trailing stops."""
    for order in view.orders:
        listed = order.client_order_id in orders.orders or not orders.is_complete_for(view.symbol)
        if order.purpose.protective and order.phase == "working" and not listed:
            yield _protection(inputs, view, order.purpose, order, T.PROTECTION_MISSING, Reconciler.NOT_ON_BOOK())
    if view.goal_quantity is not None or inputs.now_ns - view.touched_ns <= inputs.thresholds.stuck_ns:
        return
    instrument = inputs.instruments.get(view.symbol)
    if instrument is not None and view.quantity < max(instrument.min_quantity, instrument.quantity_step):
        return  # dust: no order is small enough, and the position has notified that
    live = {order.purpose for order in view.orders}
    for purpose, wanted in _wanted(view):
        if wanted is not None and purpose not in live:
            yield _protection(inputs, view, purpose, None, T.PROTECTION_MISSING, Reconciler.NOT_ON_BOOK())


def _wanted(view: PositionView) -> tuple[tuple[OrderPurpose, Decimal | None], ...]:
    return (
        (OrderPurpose.STOP, view.stop_loss),
        (OrderPurpose.TRAILING, view.trailing),
        (OrderPurpose.TARGET, view.take_profit),
    )


_CALLED: Mapping[OrderPurpose, Reconciler] = {
    OrderPurpose.STOP: Reconciler.STOP,
    OrderPurpose.TRAILING: Reconciler.TRAILING,
    OrderPurpose.TARGET: Reconciler.TARGET,
}


def _protection(  # noqa: PLR0917 - one order, as both sides have it
    inputs: ComparisonInput,
    view: PositionView,
    purpose: OrderPurpose,
    order: OrderView | None,
    kind: DiscrepancyType,
    reported: Statement,
) -> Finding:
    """A missing target is a WARNING, a missing stop CRITICAL."""
    side = view.side if inputs.mode is PositionMode.HEDGE else None
    wanted = order.quantity - order.filled_quantity if order else view.quantity
    return Finding(
        type=kind,
        symbol=view.symbol,
        side=side,
        severity=Severity.WARNING if purpose is OrderPurpose.TARGET else Severity.CRITICAL,
        believed=_CALLED[purpose](quantity=wanted),
        reported=reported,
        positions=(view.position_id,),
        target=order.client_order_id if order else f"{view.position_id}/{purpose}",
        conditional=True,
    )
