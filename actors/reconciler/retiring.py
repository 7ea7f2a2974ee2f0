"""When a position whose history is damaged may be retired: once nothing of it is left at the venue. Pure.

It cannot say what it holds, so only the venue can, and absence is no evidence. The rule is the one for a position that
no trade explains (`Policy.absence_ns`): its leg is flat in as many lists, for as long, and not together with too many
others. An order of it could still trade, so a list of open orders that was asked for after that time names none; what
an earlier process sent last has its effect by then, or never. One more list of positions, asked for after that one
came, shows that none of its orders traded in between. From then on nothing can come: no actor acts for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from actors.reconciler.comparison_input import Key, OpenOrders
from actors.reconciler.observations import Observations, Suspicion
from actors.reconciler.policy import SECOND, Policy
from messages.ids import Names, parse_client_order_id, parse_position_id
from messages.reconciliation import DiscrepancyType
from messages.statement import NOTHING, Statement
from messages.types import ClientOrderId, PositionId, PositionMode, Symbol
from messages.wording import Reconciler
from messages.wording.common import also

LOOK_NS = 5 * SECOND
"""Between two looks at a leg that is flat, until that is proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What has been seen of one such position. Times are monotonic; None: not yet.

    `orders`: those of it that the last list of open orders had. `flat_ns`: since when its leg is flat without one that
    is known to rest. `free_ns`: when the list came that proves that none does.
    """

    orders: tuple[ClientOrderId, ...] | None = None
    flat_ns: int | None = None
    free_ns: int | None = None
    proven: bool = False

    @property
    def nearly(self) -> bool:
        """Nothing speaks against it; more looks prove it, or the contrary."""
        return self.flat_ns is not None and not self.proven


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often, and for how long, a leg is seen flat before that counts."""

    looks: int
    lasting_ns: int

    @classmethod
    def of(cls, policy: Policy, validity_ns: int) -> "Pace":
        """`validity_ns`: so long a request that was sent may still have its effect."""
        looks = policy.required(DiscrepancyType.POSITION_NOT_IN_EXCHANGE)
        return cls(looks=looks, lasting_ns=max(policy.absence_ns, validity_ns))


def key_of(name: PositionId, mode: PositionMode) -> Key | None:
    """The question that `compare` asks about a silent position; None for what is no position's id."""
    parsed = parse_position_id(name)
    if parsed is None:
        return None
    side = parsed[0].side if mode is PositionMode.HEDGE else None
    return (DiscrepancyType.STATE_MISMATCH.value, parsed[0].symbol, side, name)


def concerned(
    damaged: Mapping[PositionId, Absence], mode: PositionMode, symbol: Symbol | None
) -> Iterator[tuple[PositionId, Key]]:
    """Those that a reading of this symbol, or of all, tells of."""
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
    """After one more reading, which was begun at `begun_ns` and is complete now; 0: not by us."""
    suspicion = evidence.suspicions.get(key)
    listed = orders is not None and orders.tells_of(key[1])
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
    """By the venue's lists; a clock that jumps is no evidence either, so our own time is held against it too."""
    lasted_ns = min(suspicion.lasted_ns, orders.begun_ns - suspicion.first_seen_ns)
    return suspicion.count >= pace.looks and lasted_ns >= pace.lasting_ns


def _of(name: str, orders: OpenOrders, names: Names) -> tuple[ClientOrderId, ...]:
    """Its own among the orders that rest."""
    parsed = parse_position_id(name)
    ordinal = parsed[1] if parsed is not None else None
    ours = (order for order in orders.orders if names.own(order))
    return tuple(o for o in ours if (parts := parse_client_order_id(o)) is not None and parts.ordinal == ordinal)


def crowded(evidence: Observations) -> bool:
    """The breaker is open: a list that lacks so much may lack this one too."""
    return any(suspicion.mass for suspicion in evidence.suspicions.values())


def missing(absence: Absence, key: Key, evidence: Observations, pace: Pace, now_ns: int) -> Statement:
    """What stands in its way; empty where nothing does."""
    if absence.proven:
        return NOTHING
    suspicion = evidence.suspicions.get(key)
    said = [Reconciler.ORDER_RESTS(order=order) for order in absence.orders or ()]
    if suspicion is None:
        said.insert(0, Reconciler.LEG_UNREAD())
    elif not suspicion.finding.flat:
        said.insert(0, Reconciler.LEG_HELD(reported=suspicion.finding.reported))
    elif crowded(evidence):
        said.insert(0, Reconciler.MASS_VANISH())
    elif not said:
        flat_ns = absence.flat_ns if absence.flat_ns is not None else now_ns
        lasts, needed = (now_ns - flat_ns) // SECOND, pace.lasting_ns // SECOND
        said.append(Reconciler.LEG_FLAT(s=lasts, needed=needed))
    return also(said)
