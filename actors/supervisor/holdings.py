"""What the live positions of one account come to, kept as they change: no question looks at all of them. Pure."""

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
    """Of one symbol, in base units: `quantity` counts at a price of the moment, `resting` is worth what it asks for.

    `valued` is `quantity` at entry prices.
    """

    quantity: Decimal = ZERO
    resting: Decimal = ZERO
    valued: Decimal = ZERO

    def add(self, view: PositionView, sign: int) -> None:
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
        """Its notional at this mark price; at entry prices where there is none."""
        return self.resting + (self.quantity * mark if mark else self.valued)


class Holdings:
    """By ordinal, and in the groups that openings are held against."""

    def __init__(self, views: Collection[PositionView] = ()) -> None:
        self.views: Views = {}
        self._groups: dict[_Group, Views] = {}
        self._sums: dict[Symbol, Sum] = {}
        self._leverages: dict[Symbol, dict[int | None, Views]] = {}
        for view in views:
            self.put(view)

    def put(self, view: PositionView) -> None:
        """A newer view of a position that is not over."""
        self.drop(view.ordinal)
        self.views[view.ordinal] = view
        for group in _groups_of(view):
            self._groups.setdefault(group, {})[view.ordinal] = view
        self._leverages.setdefault(view.symbol, {}).setdefault(view.leverage, {})[view.ordinal] = view
        self._sums.setdefault(view.symbol, Sum()).add(view, 1)

    def drop(self, ordinal: int) -> None:
        """It is over, or a newer view follows."""
        view = self.views.pop(ordinal, None)
        if view is None:
            return
        for group in _groups_of(view):
            _leave(self._groups, group, ordinal)
        _leave(self._leverages[view.symbol], view.leverage, ordinal)
        self._sums[view.symbol].add(view, -1)
        if not self.of(view.symbol):  # nor is anything left of what was rounded
            del self._sums[view.symbol], self._leverages[view.symbol]

    def of(self, symbol: Symbol) -> Collection[PositionView]:
        return self._groups.get(("symbol", symbol, None), _NONE).values()

    def held(self, symbol: Symbol, side: PositionSide) -> bool:
        """Whether one of the leg holds something."""
        return ("held", symbol, side) in self._groups

    def moving(self, symbol: Symbol, side: PositionSide) -> Collection[PositionView]:
        """Those of the leg whose stops are, or may be, for another quantity than is held."""
        return self._groups.get(("moving", symbol, side), _NONE).values()

    def leveraged(self, symbol: Symbol) -> Iterator[tuple[int | None, PositionView]]:
        """Each leverage that is wanted of the symbol, with two of those that want it, at most."""
        for leverage, views in self._leverages.get(symbol, {}).items():
            yield from ((leverage, view) for view, _ in zip(views.values(), range(2), strict=False))

    def sums(self, symbol: Symbol | None = None) -> Iterator[tuple[Symbol, Sum]]:
        """Of one symbol, or of all."""
        if symbol is None:
            yield from self._sums.items()
        elif symbol in self._sums:
            yield symbol, self._sums[symbol]


def is_reduced(view: PositionView) -> bool:
    too_large = any(o.purpose.protective and o.quantity - o.filled_quantity > view.quantity for o in view.orders)
    return view.goal_quantity is not None or view.state is PositionState.CLOSING or too_large


def protects_twice(view: PositionView) -> bool:
    """Alone on its leg a position places the new stop before the old one goes."""
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
    """Of a group of which this was the last member nothing is left."""
    group: Views = groups[name]  # type: ignore[index]
    del group[ordinal]
    if not group:
        del groups[name]  # type: ignore[arg-type]
