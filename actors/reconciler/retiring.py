"""The proof that nothing of a damaged position is left at the venue, so that its owner may retire it. Pure.

Its quantity is unknown, so only the venue shows it, and absence is no evidence. As for a position without an explaining
trade (`Policy.absence_ns`), its leg must be flat in enough lists, for long enough, and not together with too many
others. Its orders could still trade, so a list of open orders requested after that time must name none; requests of an
earlier process have taken effect by then, or never will. One more list of positions, requested after that list arrived,
shows that no order traded in between. Afterwards nothing can change: no actor acts for the position.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from actors.reconciler.comparison_input import Key, OpenOrders
from actors.reconciler.observations import Observations, Suspicion
from actors.reconciler.policy import SECOND, Policy
from messages.discrepancy_type import DiscrepancyType
from messages.ids import Names, parse_client_order_id, parse_position_id
from messages.statement import NOTHING, Statement
from messages.types import ClientOrderId, PositionId, PositionMode, Symbol
from messages.wording import Reconciler
from messages.wording.common import also

LOOK_NS = 5 * SECOND
"""Pause (ns) between two readings of a flat leg, until it is proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """The proof so far. Times are monotonic (ns); None: not yet.

    `orders`: its orders in the last list of open orders. `flat_ns`: since when its leg is flat without a known order.
    `free_ns`: when the list arrived that shows no order.
    """

    orders: tuple[ClientOrderId, ...] | None = None
    flat_ns: int | None = None
    free_ns: int | None = None
    proven: bool = False

    @property
    def nearly(self) -> bool:
        """Whether nothing contradicts it and more readings are needed."""
        return self.flat_ns is not None and not self.proven


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often, and for how long (ns), a leg has to be flat."""

    looks: int
    lasting_ns: int

    @classmethod
    def of(cls, policy: Policy, validity_ns: int) -> "Pace":
        """Return the pace. `validity_ns`: how long after sending a request may take effect."""
        looks = policy.required(DiscrepancyType.POSITION_NOT_IN_EXCHANGE)
        return cls(looks=looks, lasting_ns=max(policy.absence_ns, validity_ns))


def key_of(name: PositionId, mode: PositionMode) -> Key | None:
    """Return the finding key of a silent position; None for a text that is no position's id."""
    parsed = parse_position_id(name)
    if parsed is None:
        return None
    side = parsed[0].side if mode is PositionMode.HEDGE else None
    return (DiscrepancyType.STATE_MISMATCH.value, parsed[0].symbol, side, name)


def concerned(
    damaged: Mapping[PositionId, Absence], mode: PositionMode, symbol: Symbol | None
) -> Iterator[tuple[PositionId, Key]]:
    """Yield the damaged positions in the scope of a reading (symbol None: all)."""
    for name in tuple(damaged):
        key = key_of(name, mode)
        if key is not None and symbol in (None, key[1]):
            yield name, key


def observed(  # noqa: PLR0917 - a reading, and the rule that it is held against
    before: Absence,
    key: Key,
    evidence: Observations,
    orders: OpenOrders | None,
    names: Names,
    pace: Pace,
    *,
    begun_ns: int,
    now_ns: int,
) -> Absence:
    """Return the proof after one more reading, begun at `begun_ns` (monotonic; 0: not by us) and complete now."""
    suspicion = evidence.suspicions.get(key)
    listed = orders is not None and orders.is_complete_for(key[1])
    resting = _of(key[3], orders, names) if orders is not None and listed else before.orders
    if suspicion is None or not suspicion.finding.flat or crowded(evidence) or resting:
        return Absence(orders=resting)
    flat_ns = now_ns if before.flat_ns is None else before.flat_ns
    after = replace(before, orders=resting, flat_ns=flat_ns)
    if before.free_ns is not None:
        return replace(after, proven=before.proven or begun_ns >= before.free_ns)
    if orders is not None and listed and _old_enough(suspicion, orders, pace) and begun_ns - flat_ns >= pace.lasting_ns:
        return replace(after, free_ns=now_ns)
    return after


def _old_enough(suspicion: Suspicion, orders: OpenOrders, pace: Pace) -> bool:
    """Judge by the venue's lists and by our own time: a clock may jump."""
    lasted_ns = min(suspicion.lasted_ns, orders.begun_ns - suspicion.first_seen_ns)
    return suspicion.count >= pace.looks and lasted_ns >= pace.lasting_ns


def _of(name: str, orders: OpenOrders, names: Names) -> tuple[ClientOrderId, ...]:
    """Return its orders among those that rest."""
    parsed = parse_position_id(name)
    ordinal = parsed[1] if parsed is not None else None
    ours = (order for order in orders.orders if names.own(order))
    return tuple(o for o in ours if (parts := parse_client_order_id(o)) is not None and parts.ordinal == ordinal)


def crowded(evidence: Observations) -> bool:
    """Return whether too many legs vanished at once: the list may lack this one wrongly."""
    return any(suspicion.mass for suspicion in evidence.suspicions.values())


def missing(absence: Absence, key: Key, evidence: Observations, pace: Pace, now_ns: int) -> Statement:
    """Return what the proof lacks; NOTHING: nothing."""
    if absence.proven:
        return NOTHING
    suspicion = evidence.suspicions.get(key)
    lacking = [Reconciler.ORDER_RESTS(order=order) for order in absence.orders or ()]
    if suspicion is None:
        lacking.insert(0, Reconciler.LEG_UNREAD())
    elif not suspicion.finding.flat:
        lacking.insert(0, Reconciler.LEG_HELD(reported=suspicion.finding.reported))
    elif crowded(evidence):
        lacking.insert(0, Reconciler.MASS_VANISH())
    elif not lacking:
        flat_ns = absence.flat_ns if absence.flat_ns is not None else now_ns
        lasts, needed = (now_ns - flat_ns) // SECOND, pace.lasting_ns // SECOND
        lacking.append(Reconciler.LEG_FLAT(s=lasts, needed=needed))
    return also(lacking)
