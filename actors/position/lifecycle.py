"""Which of the eleven states a position is in follows from what is known of it; this is that function.

Read top down: the first line that holds decides. Doubt about a live order or the quantity shows as
RECONCILING whatever else is going on, because nobody may rely on the rest until it is settled.
"""

from actors.position.state import OrderPhase, Position
from messages.types import OrderPurpose, PositionState

S = PositionState


def lifecycle(p: Position) -> tuple[PositionState, str]:
    """The state and, in a few words, why."""
    if p.exposure < 0:
        return S.RECONCILING, "more was sold than held"
    doubted = [o for o in p.live_orders() if o.phase is OrderPhase.DOUBTED]
    if doubted:
        return S.RECONCILING, f"outcome of the {doubted[-1].purpose} order is unknown"
    if p.unread:
        return S.RECONCILING, "fills reported by the venue are being read"
    return _exposed(p) if p.quantity > 0 else _flat(p)


def _exposed(p: Position) -> tuple[PositionState, str]:
    if p.goal == 0:
        return S.CLOSING, p.reason or "closing"
    if p.firing:
        stalled = next((o for o in p.fired if o.stalled), None)
        return (
            S.CLOSING,
            f"its {stalled.purpose} is triggered and not executed" if stalled else "a protective order fired",
        )
    if p.goal is not None:
        return S.MODIFYING, f"reducing to {p.goal}"
    if p.addition > 0:
        return S.MODIFYING, f"adding {p.addition.normalize():f}"
    entering = p.live_orders(OrderPurpose.ENTRY)
    if entering and entering[-1].number > (p.entries_from or len(p.orders)):
        return S.MODIFYING, "canceling the rest of the addition"
    if entering:
        return S.OPENING, "entry partly filled"
    if p.paused:
        return S.PAUSED, p.reason if p.strandable else "on hold"
    if p.leverage_pending:
        return S.MODIFYING, f"setting leverage {p.leverage_wanted}"
    if p.modifying:
        return S.MODIFYING, "moving the protection"
    if p.outside:
        return S.MODIFIED, p.reason or "changed outside"
    return S.ACTIVE, p.done


def _flat(p: Position) -> tuple[PositionState, str]:
    if p.live_orders(OrderPurpose.ENTRY):
        abandoned = p.goal is not None or p.held or p.entry_abandoned
        return (S.CLOSING, "canceling the entry") if abandoned else (S.OPENING, "entry sent")
    if any(not o.uncancelable for o in p.live_orders()):
        return S.CLOSING, "taking the remaining orders off the book"
    if p.held:
        return S.CLOSED, _why_flat(p)
    if p.entry_abandoned:
        return S.CANCELLED, p.reason
    entries = p.entries()
    if not entries and not p.leverage_refused and p.goal is None:
        return S.PENDING, "admitted"
    if p.goal is not None:
        return S.CANCELLED, p.reason
    if entries and entries[-1].phase in (OrderPhase.CANCELED, OrderPhase.EXPIRED):
        return S.CANCELLED, f"entry {entries[-1].phase} by the venue"
    if entries and entries[-1].phase is OrderPhase.ABSENT and entries[-1].venue_order_id:
        return S.CANCELLED, p.reason
    return S.FAILED, p.reason or "nothing was filled"


def _why_flat(p: Position) -> str:
    fired = [o.purpose for o in p.unspent_orders if o.purpose.protective and o.filled]
    if p.goal == 0 or (p.outside and not fired):
        return p.reason
    return f"{fired[-1]} filled" if fired else "flat"
