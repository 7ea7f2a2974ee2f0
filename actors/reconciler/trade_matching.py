"""Foreign trades that explain a difference, so that real fills are booked before synthesized ones. Pure."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from actors.supervisor.forced_trades import is_forced
from messages.events import ForcedTradeShared
from messages.ids import Names
from messages.reports import FillReport
from messages.statement import Statement, verbatim
from messages.types import PositionSide, Side, TradeId
from messages.wording import Reconciler

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The effect of one foreign order on one leg, one per fee currency. Quantity in base units, long positive."""

    order: Statement
    quantity: Decimal
    price: Decimal
    fills: tuple[FillReport, ...]

    @property
    def order_id(self) -> str:
        """Its client order id, or its venue order id if it has none."""
        return self.fills[0].client_order_id or self.fills[0].venue_order_id

    @property
    def traded(self) -> Statement:
        """Its order, quantity and price as a statement."""
        return Reconciler.TRADED(order=self.order, quantity=self.quantity, price=self.price)

    @property
    def trades(self) -> tuple[TradeId, ...]:
        """The keys of its trades."""
        return tuple(trade_key(fill) for fill in self.fills)

    @property
    def fee(self) -> Decimal:
        """The fees in `fee_currency`; those in another currency are another booking."""
        return sum((fill.fee for fill in self.fills), ZERO)

    @property
    def fee_currency(self) -> str:
        """The currency of `fee`."""
        return self.fills[0].fee_currency

    @property
    def ts_event(self) -> int:
        """The venue's time (ns) of its last trade."""
        return self.fills[-1].ts_event

    @property
    def forced(self) -> bool:
        """Whether the venue forced it; the supervisor splits such trades."""
        return is_forced(self.fills[0])


def own(trades: Iterable[FillReport], names: Names) -> tuple[FillReport, ...]:
    """Return the trades of our own orders, which their positions book."""
    return tuple(t for t in trades if names.own(t.client_order_id))


def explain(
    difference: Decimal,
    trades: Sequence[FillReport],
    *,
    side: PositionSide | None,
    names: Names,
    booked: Container[TradeId],
    since_ns: int = 0,
) -> tuple[Booking, ...]:
    """Return the foreign trades that add up to the difference, by order, oldest first; empty: none do.

    All since `since_ns` (the leg's last agreement) are tried first, then the latest that suffice. `side`: the leg of a
    hedge account, whose other leg's trades are ignored.
    """
    foreign = _foreign(trades, side, names, booked)
    recent = [t for t in foreign if t.ts_event >= since_ns]
    if recent and _sum(recent) == difference:
        return _by_order(recent)
    total = ZERO
    for index in range(len(foreign) - 1, -1, -1):
        total += signed(foreign[index])
        if total == difference:
            return _by_order(foreign[index:])
    return ()


def proven(
    difference: Decimal,
    trades: Sequence[FillReport],
    *,
    side: PositionSide | None,
    names: Names,
    booked: Container[TradeId],
    since_ns: int,
) -> bool:
    """Return whether all foreign trades since the leg's last agreement add up to the difference.

    Fills are positive evidence, so no further observation is needed.
    """
    recent = [t for t in _foreign(trades, side, names, booked) if t.ts_event >= since_ns > 0]
    return bool(recent) and _sum(recent) == difference


def trade_key(trade: FillReport | ForcedTradeShared) -> TradeId:
    """Return the key of a trade over all accounts and symbols: venues number trades per symbol."""
    return TradeId(f"{trade.account}/{trade.symbol}/{trade.trade_id}")


def _foreign(
    trades: Sequence[FillReport], side: PositionSide | None, names: Names, booked: Container[TradeId]
) -> list[FillReport]:
    return [t for t in trades if not names.own(t.client_order_id) and trade_key(t) not in booked and _of_leg(t, side)]


def signed(trade: FillReport) -> Decimal:
    """Return the quantity, bought positive."""
    return trade.quantity if trade.side is Side.BUY else -trade.quantity


def average_price(bookings: Sequence[Booking]) -> Decimal:
    """Return the price of the bookings' net: the average of those in its direction, which the others cancel."""
    net = sum((b.quantity for b in bookings), ZERO)
    way = [b for b in bookings if (b.quantity > 0) is (net > 0)]
    if len({b.price for b in way}) == 1:
        return way[0].price
    return sum((abs(b.quantity) * b.price for b in way), ZERO) / sum((abs(b.quantity) for b in way), ZERO)


def _of_leg(trade: FillReport, side: PositionSide | None) -> bool:
    return side is None or trade.position_side in (None, side)


def _sum(trades: Iterable[FillReport]) -> Decimal:
    return sum((signed(t) for t in trades), ZERO)


def _by_order(trades: Sequence[FillReport]) -> tuple[Booking, ...]:
    groups: dict[tuple[str, str], list[FillReport]] = {}
    for trade in trades:
        groups.setdefault((trade.venue_order_id, trade.fee_currency), []).append(trade)
    return tuple(
        Booking(
            order=_order(group[0]),
            quantity=_sum(group),
            price=_average(group),
            fills=tuple(group),
        )
        for group in groups.values()
    )


def _order(trade: FillReport) -> Statement:
    """Name a foreign order by its client order id, else by its venue order id."""
    if trade.client_order_id:
        return verbatim(trade.client_order_id)
    return Reconciler.VENUE_ORDER(order=trade.venue_order_id)


def _average(trades: Sequence[FillReport]) -> Decimal:
    if len({t.price for t in trades}) == 1:
        return trades[0].price
    return sum((t.quantity * t.price for t in trades), ZERO) / sum((t.quantity for t in trades), ZERO)
