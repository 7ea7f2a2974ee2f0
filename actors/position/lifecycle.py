"""The state of a position as a function of all that is known of it.

The first condition that holds decides. Doubt comes first, as nothing else is certain until it ends.
"""

from actors.position.state import OrderPhase, Position
from messages.statement import Statement
from messages.types import OrderPurpose, PositionState
from messages.wording import Position as Say

S = PositionState


def lifecycle(p: Position) -> tuple[PositionState, Statement]:
    """The state, and the reason for it."""
    if p.exposure < 0:
        return S.RECONCILING, Say.MORE_SOLD()
    in_doubt = [o for o in p.live_orders() if o.phase is OrderPhase.DOUBTED]
    if in_doubt:
        return S.RECONCILING, Say.OUTCOME_UNKNOWN(purpose=in_doubt[-1].purpose)
    if p.fills_missing:
        return S.RECONCILING, Say.FILLS_UNREAD()
    return _exposed(p) if p.quantity > 0 else _flat(p)


def _exposed(p: Position) -> tuple[PositionState, Statement]:
    if p.goal_quantity == 0:
        return S.CLOSING, p.reason or Say.CLOSING()
    if p.triggered_protection:
        stalled = next((o for o in p.triggered_protection if o.stalled), None)
        return S.CLOSING, Say.PROTECTION_STALLED(purpose=stalled.purpose) if stalled else Say.PROTECTION_FIRED()
    if p.goal_quantity is not None:
        return S.MODIFYING, Say.REDUCING(quantity=p.goal_quantity)
    if p.addition_leaves > 0:
        return S.MODIFYING, Say.ADDING(quantity=p.addition_leaves.normalize())
    entering = p.live_orders(OrderPurpose.ENTRY)
    if entering and entering[-1].number > (p.entries_from or len(p.orders)):
        return S.MODIFYING, Say.CANCELING_ADDITION()
    if entering:
        return S.OPENING, Say.ENTRY_PARTLY_FILLED()
    if p.paused:
        return S.PAUSED, p.reason if p.is_dust else Say.ON_HOLD()
    if p.leverage_pending and p.leverage_wanted is not None:
        return S.MODIFYING, Say.SETTING_LEVERAGE(leverage=p.leverage_wanted)
    if p.modifying:
        return S.MODIFYING, Say.MOVING_PROTECTION()
    if p.changed_outside:
        return S.MODIFIED, p.reason or Say.CHANGED_OUTSIDE()
    return S.ACTIVE, p.last_outcome


def _flat(p: Position) -> tuple[PositionState, Statement]:
    if p.live_orders(OrderPurpose.ENTRY):
        abandoned = p.goal_quantity is not None or p.was_open or p.entry_abandoned
        return (S.CLOSING, Say.CANCELING_ENTRY()) if abandoned else (S.OPENING, Say.ENTRY_SENT())
    if any(not o.uncancelable for o in p.live_orders()):
        return S.CLOSING, Say.CANCELING_REST()
    if p.was_open:
        return S.CLOSED, _closed_by(p)
    if p.entry_abandoned:
        return S.CANCELLED, p.reason
    entries = p.entries()
    if not entries and not p.leverage_refused and p.goal_quantity is None:
        return S.PENDING, Say.ADMITTED()
    if p.goal_quantity is not None:
        return S.CANCELLED, p.reason
    if entries and entries[-1].phase in (OrderPhase.CANCELED, OrderPhase.EXPIRED):
        return S.CANCELLED, Say.ENTRY_ENDED(phase=entries[-1].phase)
    if entries and entries[-1].phase is OrderPhase.ABSENT and entries[-1].venue_order_id:
        return S.CANCELLED, p.reason
    return S.FAILED, p.reason or Say.NOTHING_FILLED()


def _closed_by(p: Position) -> Statement:
    executed = [o.purpose for o in p.relevant_orders if o.purpose.protective and o.filled]
    if p.goal_quantity == 0 or (p.changed_outside and not executed):
        return p.reason
    return Say.FILLED(purpose=executed[-1]) if executed else Say.FLAT()
