"""A protective order that is to rest elsewhere, and that the venue refuses there time after time.

The order before it rests, or has made room for it on a shared leg. The move is given up then, and its purpose
returns to the price, or callback rate, of that order.
"""

from decimal import Decimal

from actors.position.state import LATEST, ZERO, Order, OrderPhase, Position, failures
from messages.types import CorrelationId, OrderPurpose

REFUSED_MOST = 3
"""So often in a row the venue refuses a move before it is given up."""


def way_back(p: Position, purpose: OrderPurpose) -> Decimal | None:
    """Where the orders of this purpose are to rest instead of where the venue refuses them; None: where they are to."""
    wanted, live = p.wanted_price(purpose), p.live_orders(purpose)
    if wanted is None or any(o.phase is not OrderPhase.WORKING for o in live):
        return None
    if p.instrument is not None and not p.instrument.trading:
        return None  # what is refused meanwhile says nothing
    if _denials(p, purpose, wanted) < REFUSED_MOST:
        return None
    resting = [o for o in live if o.resting and not o.cancel_intended]
    if any(o.setting == wanted for o in resting):
        return None  # a part of it was taken, and the rest may be
    return _covering_most(resting) if resting else _made_room(p, purpose, wanted)


def asked_by(p: Position, purpose: OrderPurpose) -> CorrelationId:
    """The command that the refused orders of this purpose belong to; empty where none is known."""
    known = (o.correlation_id for o in failures(p, purpose, p.asked_ns(purpose)) if o.correlation_id)
    return next(known, CorrelationId(""))


def told_before(p: Position, order: Order) -> bool:
    """Whether an order of its purpose came to nothing in the same words, in the same row of refusals."""
    run = failures(p, order.purpose, p.asked_ns(order.purpose), before=order.number)
    return order.purpose.protective and any(each.words == order.words for each in run)


def _denials(p: Position, purpose: OrderPurpose, setting: Decimal) -> int:
    """How often in a row it was refused there; an order that was not looked at counts neither way."""
    run = [o for o in failures(p, purpose, p.asked_ns(purpose)) if o.setting == setting]
    return sum(o.denied for o in run)


def _covering_most(resting: list[Order]) -> Decimal | None:
    """Of several prices the one at which most rests, and the newest of these."""
    sums: dict[Decimal | None, Decimal] = {}
    for order in reversed(resting):
        sums[order.setting] = sums.get(order.setting, ZERO) + order.leaves
    return max(sums, key=sums.__getitem__)


def _made_room(p: Position, purpose: OrderPurpose, wanted: Decimal) -> Decimal | None:
    """Where the order rested that was taken off the book for this move."""
    for order in reversed(p.orders[-LATEST:]):
        if order.purpose is not purpose or order.denied or order.unheard or order.phase is OrderPhase.ABSENT:
            continue
        gone = order.phase is OrderPhase.CANCELED and order.cancel_intended and not order.filled
        asked = order.touched_ns >= p.asked_ns(purpose)
        return order.setting if gone and asked and order.setting != wanted else None
    return None
