"""A protective order that is to rest at a new setting, which the venue refuses time after time.

The order before it rests, or has made room for it on a shared leg. The move is abandoned then, and the setting of that
order is wanted again. Where there is none, or the venue refuses that too, the protection is abandoned; not the stop,
whose refusal closes the position.

A setting is a trigger price, or a trailing stop's callback rate.
"""

from decimal import Decimal

from actors.position.state import LATEST, ZERO, Order, OrderPhase, Position, failures
from messages.types import CorrelationId, OrderPurpose

REFUSED_MOST = 3
"""Refusals in a row after which a move is abandoned."""


def fallback_setting(p: Position, purpose: OrderPurpose) -> Decimal | None:
    """The setting to want instead of the one that stays refused; None where the wanted one stands."""
    wanted = _refused_setting(p, purpose)
    if wanted is None:
        return None
    resting = _resting(p, purpose)
    if any(o.setting == wanted for o in resting):
        return None  # the venue took a part of it, and may take the rest
    return _covering_most(resting) if resting else _made_room(p, purpose, wanted)


def is_unplaceable(p: Position, purpose: OrderPurpose) -> bool:
    """A move stays refused, nothing of its purpose is on the book, and there is no setting to fall back to."""
    if not p.modifying or purpose is p.stop_purpose or p.live_orders(purpose):
        return False
    return _refused_setting(p, purpose) is not None and fallback_setting(p, purpose) is None


def resting_elsewhere(p: Position, purpose: OrderPurpose) -> Decimal | None:
    """The setting of the resting order that a refused one was to replace; None where there is none."""
    wanted = p.wanted_price(purpose)
    resting = [o for o in _resting(p, purpose) if o.setting != wanted]
    return _covering_most(resting) if resting else None


def move_abandoned(p: Position, purpose: OrderPurpose) -> bool:
    """The latest run of refusals of this purpose began at another setting."""
    wanted = p.wanted_price(purpose)
    return any(o.setting != wanted for o in failures(p, purpose, p.protection_ns))


def removed_ns(p: Position, purpose: OrderPurpose, since_ns: int) -> int:
    """When the order was canceled that made room for those refused since; 0 where there is none."""
    failed = {o.number for o in failures(p, purpose, since_ns)}
    before = (o for o in reversed(p.orders[-LATEST:]) if o.purpose is purpose and o.number not in failed)
    order = next(before, None)
    if order is None or not _canceled_by_us(order):
        return 0
    return order.touched_ns if order.touched_ns >= since_ns else 0


def requested_by(p: Position, purpose: OrderPurpose) -> CorrelationId:
    """The correlation id of the refused orders of this purpose; empty where none is known."""
    known = (o.correlation_id for o in failures(p, purpose, p.requested_ns(purpose)) if o.correlation_id)
    return next(known, CorrelationId(""))


def repeats_failure(p: Position, order: Order, *, same_setting: bool = False) -> bool:
    """An earlier protective order of this run of failures failed for the same reason; perhaps at the same setting."""
    run = failures(p, order.purpose, p.requested_ns(order.purpose), before=order.number)
    earlier = (each for each in run if not same_setting or each.setting == order.setting)
    return order.purpose.protective and any(each.phase_reason == order.phase_reason for each in earlier)


def _refused_setting(p: Position, purpose: OrderPurpose) -> Decimal | None:
    """The wanted setting, where the venue refused it `REFUSED_MOST` times in a row and no answer is awaited."""
    wanted = p.wanted_price(purpose)
    if wanted is None or any(o.phase is not OrderPhase.WORKING for o in p.live_orders(purpose)):
        return None
    if p.instrument is not None and not p.instrument.trading:
        return None  # every order is refused while the symbol is halted
    run = [o for o in failures(p, purpose, p.requested_ns(purpose)) if o.setting == wanted]
    return wanted if sum(o.denied for o in run) >= REFUSED_MOST else None


def _resting(p: Position, purpose: OrderPurpose) -> list[Order]:
    return [o for o in p.live_orders(purpose) if o.resting and not o.cancel_intended]


def _covering_most(resting: list[Order]) -> Decimal | None:
    """Of several settings the one at which most rests, the newest of equals."""
    sums: dict[Decimal | None, Decimal] = {}
    for order in reversed(resting):
        sums[order.setting] = sums.get(order.setting, ZERO) + order.leaves_quantity
    return max(sums, key=sums.__getitem__)


def _made_room(p: Position, purpose: OrderPurpose, wanted: Decimal) -> Decimal | None:
    """The setting of the order that was canceled for this move."""
    for order in reversed(p.orders[-LATEST:]):
        if order.purpose is not purpose or order.denied or order.unevaluated or order.phase is OrderPhase.ABSENT:
            continue
        asked = order.touched_ns >= p.requested_ns(purpose)
        return order.setting if _canceled_by_us(order) and asked and order.setting != wanted else None
    return None


def _canceled_by_us(order: Order) -> bool:
    return order.phase is OrderPhase.CANCELED and order.cancel_intended and not order.filled
