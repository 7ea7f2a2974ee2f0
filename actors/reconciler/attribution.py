"""Attribution: splits the net difference of a leg between its positions. Pure.

Invariants, each a test of the same name:
1. What is shared out, what is to be adopted and what stays unattributed add up to the difference, exactly.
2. An increase is never an automatic strategy's: it is the manual position's, or becomes one.
3. A reduction is the manual position's first; the rest goes to the others by policy, and stays unattributed under
   `ask`.
4. Where all of a side is gone there is nothing to choose: every position of that side is flat.
5. No position is made smaller than nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from actors.shares import within
from messages.reports import PositionView
from messages.statement import NOTHING, Statement
from messages.types import MANUAL, Attribution, PositionId, PositionSide
from messages.wording import Reconciler

ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)  # not frozen: see comparison_input.Finding
class Share:
    """One position's part. `delta` is in the position's own direction: positive enlarges it. Base units."""

    position_id: PositionId
    ordinal: int
    side: PositionSide
    before: Decimal
    delta: Decimal

    @property
    def signed(self) -> Decimal:
        """The part, long positive."""
        return self.delta * self.side.sign


@dataclass(slots=True, kw_only=True)
class Plan:
    """The split. `adopt` (signed, long positive): a new manual position. `unattributed` (signed): for the owner to
    assign.
    """

    shares: tuple[Share, ...] = ()
    adopt: Decimal = ZERO
    unattributed: Decimal = ZERO
    why: Statement = NOTHING


def attribute(views: Sequence[PositionView], difference: Decimal, step: Decimal, policy: Attribution) -> Plan:
    """Split `difference` (signed, long positive) of one leg between its live positions. `step`: the quantity step."""
    sign = 1 if difference > 0 else -1
    if len(views) == 1 and views[0].side.sign != sign and views[0].quantity >= abs(difference):
        return Plan(shares=(share_of(views[0], -abs(difference)),)) if difference else Plan()
    against = [view for view in views if view.side.sign != sign and view.quantity > 0]
    held = sum((view.quantity for view in against), ZERO)
    reduction = min(abs(difference), held)
    taken, why = _reduce(against, reduction, held, step, policy)
    if why:
        return Plan(unattributed=difference, why=why)
    left = abs(difference) - reduction
    if not left:
        return Plan(shares=taken)
    manual = next((view for view in views if view.side.sign == sign and view.strategy == MANUAL), None)
    if manual is not None:
        return Plan(shares=(*taken, share_of(manual, left)))
    return Plan(shares=taken, adopt=left * sign)


def _reduce(
    views: Sequence[PositionView], amount: Decimal, held: Decimal, step: Decimal, policy: Attribution
) -> tuple[tuple[Share, ...], Statement]:
    if not amount:
        return (), NOTHING
    if len(views) == 1:
        return (share_of(views[0], -amount),), NOTHING
    if amount == held:
        return tuple(share_of(view, -view.quantity) for view in views), NOTHING
    manual = [view for view in views if view.strategy == MANUAL]
    others = sorted((view for view in views if view.strategy != MANUAL), key=lambda view: -view.ordinal)
    shares, left = _newest_first(manual, amount)
    if not left:
        return shares, NOTHING
    if len(others) == 1:
        return (*shares, share_of(others[0], -left)), NOTHING
    if policy is Attribution.ASK:
        return (), Reconciler.TAKEN_FROM(quantity=left, names=holders(others))
    if policy is Attribution.NEWEST_FIRST:
        return (*shares, *_newest_first(others, left)[0]), NOTHING
    return (*shares, *_pro_rata(others, left, step)), NOTHING


def holders(views: Iterable[PositionView]) -> tuple[Statement, ...]:
    """Return each strategy with its quantity (base units)."""
    return tuple(Reconciler.HOLDER(strategy=view.strategy, held=view.quantity) for view in views)


def _newest_first(views: Iterable[PositionView], amount: Decimal) -> tuple[tuple[Share, ...], Decimal]:
    shares = []
    for view in views:
        part = min(amount, view.quantity)
        if part:
            shares.append(share_of(view, -part))
            amount -= part
    return tuple(shares), amount


def _pro_rata(views: Sequence[PositionView], amount: Decimal, step: Decimal) -> tuple[Share, ...]:
    """Pro rata, see `actors.shares`."""
    parts = within(amount, {view.ordinal: view.quantity for view in sorted(views, key=lambda v: v.ordinal)}, step)
    return tuple(share_of(view, -parts[view.ordinal]) for view in views if view.ordinal in parts)


def share_of(view: PositionView, delta: Decimal) -> Share:
    return Share(position_id=view.position_id, ordinal=view.ordinal, side=view.side, before=view.quantity, delta=delta)
