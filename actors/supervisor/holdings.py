"""The live positions of one account with running sums and groups, so that no check scans all positions. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from messages.reports import PositionView
from messages.types import OrderPurpose, PositionSide, PositionState, Symbol

ZERO = Decimal(0)
Views = dict[int, PositionView]
_Group = tuple[str, Symbol, object]
_NONE: Views = {}


@dataclass(slots=True)
class Sum:
    """The holdings of one symbol in base units. `quantity`: valued at the mark; `resting`: limit entries at their
    price.

    `valued`: `quantity` at entry prices; `resting` and `valued` are in the quote currency.
    """

    quantity: Decimal = ZERO
    resting: Decimal = ZERO
    valued: Decimal = ZERO

    def add(self, view: PositionView, sign: int) -> None:
        """Add (`sign` 1) or remove (-1) a view."""
        quantity, resting = abs(view.quantity) + view.to_come, ZERO
        for order in view.orders:
            if order.purpose is OrderPurpose.ENTRY:
                leaves = order.quantity - order.filled_quantity
                quantity += ZERO if order.price else leaves
                resting += leaves * (order.price or ZERO)
        self.quantity += sign * quantity
        self.resting += sign * resting
        self.valued += sign * quantity * view.entry_price

    def at(self, mark: Decimal | None) -> Decimal:
        """Return the notional at this mark price, or at entry prices without one (quote currency)."""
        return self.resting + (self.quantity * mark if mark else self.valued)


class Holdings:
    """Views by ordinal and in the groups that checks need."""

    def __init__(self, views: Collection[PositionView] = ()) -> None:
        self.views: Views = {}
        self._groups: dict[_Group, Views] = {}
        self._sums: dict[Symbol, Sum] = {}
        self._leverages: dict[Symbol, dict[int | None, Views]] = {}
        for view in views:
            self.put(view)

    def put(self, view: PositionView) -> None:
        """Replace the view of a live position."""
        self.drop(view.ordinal)
        self.views[view.ordinal] = view
        for group in _groups_of(view):
            self._groups.setdefault(group, {})[view.ordinal] = view
        self._leverages.setdefault(view.symbol, {}).setdefault(view.leverage, {})[view.ordinal] = view
        self._sums.setdefault(view.symbol, Sum()).add(view, 1)

    def drop(self, ordinal: int) -> None:
        """Remove the view of a position."""
        view = self.views.pop(ordinal, None)
        if view is None:
            return
        for group in _groups_of(view):
            _leave(self._groups, group, ordinal)
        _leave(self._leverages[view.symbol], view.leverage, ordinal)
        self._sums[view.symbol].add(view, -1)
        if not self.of(view.symbol):  # also drops rounding remainders
            del self._sums[view.symbol], self._leverages[view.symbol]

    def of(self, symbol: Symbol) -> Collection[PositionView]:
        """Return the views of a symbol."""
        return self._groups.get(("symbol", symbol, None), _NONE).values()

    def held(self, symbol: Symbol, side: PositionSide) -> bool:
        """Return whether any position of the leg holds a quantity."""
        return ("held", symbol, side) in self._groups

    def moving(self, symbol: Symbol, side: PositionSide) -> Collection[PositionView]:
        """Return the leg's positions whose stops may be for another quantity than they hold."""
        return self._groups.get(("moving", symbol, side), _NONE).values()

    def leveraged(self, symbol: Symbol) -> Iterator[tuple[int | None, PositionView]]:
        """Yield each wanted leverage of the symbol with at most two positions that want it."""
        for leverage, views in self._leverages.get(symbol, {}).items():
            yield from ((leverage, view) for view, _ in zip(views.values(), range(2), strict=False))

    def sums(self, symbol: Symbol | None = None) -> Iterator[tuple[Symbol, Sum]]:
        """Yield the sums of one symbol, or of all."""
        if symbol is None:
            yield from self._sums.items()
        elif symbol in self._sums:
            yield symbol, self._sums[symbol]


def is_reduced(view: PositionView) -> bool:
    """Return whether the position is closing, reducing, or has a stop larger than its quantity."""
    too_large = any(o.purpose.protective and o.quantity - o.filled_quantity > view.quantity for o in view.orders)
    return view.goal_quantity is not None or view.state is PositionState.CLOSING or too_large


def protects_twice(view: PositionView) -> bool:
    """Return whether its stops rest twice: alone on its leg it places the new stop before it cancels the old one."""
    return any(_resting(view, purpose) > view.quantity for purpose in OrderPurpose if purpose.protective)


def _resting(view: PositionView, purpose: OrderPurpose) -> Decimal:
    return sum((o.quantity - o.filled_quantity for o in view.orders if o.purpose is purpose), ZERO)


def _groups_of(view: PositionView) -> Iterator[_Group]:
    yield "symbol", view.symbol, None
    if view.quantity:
        yield "held", view.symbol, view.side
    if is_reduced(view) or protects_twice(view):
        yield "moving", view.symbol, view.side


def _leave(groups: dict[_Group, Views] | dict[int | None, Views], name: object, ordinal: int) -> None:
    """Remove a member; drop the group with its last one."""
    group: Views = groups[name]  # type: ignore[index]
    del group[ordinal]
    if not group:
        del groups[name]  # type: ignore[arg-type]
