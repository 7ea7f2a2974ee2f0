"""A protective order that is to rest elsewhere, and that the venue refuses there time after time.

The order before it rests, or has made room for it on a shared leg. The move is given up then, and its purpose
returns to the price, or callback rate, of that order. Where there is none, or the venue refuses that too, the order is
given up; not the one that guards the position, whose refusal closes it.
"""

from decimal import Decimal

from actors.position.state import LATEST, ZERO, Order, OrderPhase, Position, failures
from messages.types import CorrelationId, OrderPurpose

REFUSED_MOST = 3
"""So often in a row the venue refuses a move before it is given up."""


def way_back(p: Position, purpose: OrderPurpose) -> Decimal | None:
    """Where the orders of this purpose are to rest instead of where the venue refuses them; None: where they are to."""
    wanted = _refused_for_good(p, purpose)
    if wanted is None:
        return None
    resting = [o for o in p.live_orders(purpose) if o.resting and not o.cancel_intended]
    if any(o.setting == wanted for o in resting):
        return None  # a part of it was taken, and the rest may be
    return _covering_most(resting) if resting else _made_room(p, purpose, wanted)


def hopeless(p: Position, purpose: OrderPurpose) -> bool:
    """A move is refused for good, nothing of its purpose is on the book, and there is no way back."""
    if not p.modifying or purpose is p.stop_purpose or p.live_orders(purpose):
        return False
    return _refused_for_good(p, purpose) is not None and way_back(p, purpose) is None


def resting_elsewhere(p: Position, purpose: OrderPurpose) -> Decimal | None:
    """Where the order rests that a refused one was to replace; None where there is none."""
    wanted = p.wanted_price(purpose)
    resting = [o for o in p.live_orders(purpose) if o.resting and not o.cancel_intended and o.setting != wanted]
    return _covering_most(resting) if resting else None


def went_back(p: Position, purpose: OrderPurpose) -> bool:
    """Whether the latest refusals of this purpose began at another price: that move was given up."""
    wanted = p.wanted_price(purpose)
    return any(o.setting != wanted for o in failures(p, purpose, p.protection_ns))


def taken_off_ns(p: Position, purpose: OrderPurpose, since_ns: int) -> int:
    """When the order left the book that made room for those that are refused since; 0 where none did."""
    failed = {o.number for o in failures(p, purpose, since_ns)}
    before = (o for o in reversed(p.orders[-LATEST:]) if o.purpose is purpose and o.number not in failed)
    order = next(before, None)
    if order is None or order.phase is not OrderPhase.CANCELED or not order.cancel_intended or order.filled:
        return 0
    return order.touched_ns if order.touched_ns >= since_ns else 0


def asked_by(p: Position, purpose: OrderPurpose) -> CorrelationId:
    """The command that the refused orders of this purpose belong to; empty where none is known."""
    known = (o.correlation_id for o in failures(p, purpose, p.requested_ns(purpose)) if o.correlation_id)
    return next(known, CorrelationId(""))


def told_before(p: Position, order: Order, *, there: bool = False) -> bool:
    """Whether an order of its purpose came to nothing in the same words, in the same row of refusals.

    With `there`, one that was to rest at the same price.
    """
    run = failures(p, order.purpose, p.requested_ns(order.purpose), before=order.number)
    same = (each for each in run if not there or each.setting == order.setting)
    return order.purpose.protective and any(each.phase_reason == order.phase_reason for each in same)


def _refused_for_good(p: Position, purpose: OrderPurpose) -> Decimal | None:
    """Where it is wanted, if the venue refused it there often enough and no answer is awaited."""
    wanted = p.wanted_price(purpose)
    if wanted is None or any(o.phase is not OrderPhase.WORKING for o in p.live_orders(purpose)):
        return None
    if p.instrument is not None and not p.instrument.trading:
        return None  # what is refused meanwhile says nothing
    return wanted if _denials(p, purpose, wanted) >= REFUSED_MOST else None


def _denials(p: Position, purpose: OrderPurpose, setting: Decimal) -> int:
    """How often in a row it was refused there; an order that was not looked at counts neither way."""
    run = [o for o in failures(p, purpose, p.requested_ns(purpose)) if o.setting == setting]
    return sum(o.denied for o in run)


def _covering_most(resting: list[Order]) -> Decimal | None:
    """Of several prices the one at which most rests, and the newest of these."""
    sums: dict[Decimal | None, Decimal] = {}
    for order in reversed(resting):
        sums[order.setting] = sums.get(order.setting, ZERO) + order.leaves_quantity
    return max(sums, key=sums.__getitem__)


def _made_room(p: Position, purpose: OrderPurpose, wanted: Decimal) -> Decimal | None:
    """Where the order rested that was taken off the book for this move."""
    for order in reversed(p.orders[-LATEST:]):
        if order.purpose is not purpose or order.denied or order.unevaluated or order.phase is OrderPhase.ABSENT:
            continue
        gone = order.phase is OrderPhase.CANCELED and order.cancel_intended and not order.filled
        asked = order.touched_ns >= p.requested_ns(purpose)
        return order.setting if gone and asked and order.setting != wanted else None
    return None
