"""What ccxt's own parsers make of another exchange's rows -> what we say: orders, trades, positions, rules. Pure.

Binance USDⓈ-M is read raw (see `normalize`), and orders are sent nowhere else. What stands here is the first step
towards Bybit and OKX: proven against rows that were recorded there, connected to nothing.

Contracts become base units by the contract size. An inverse contract is quoted in the currency that it is for, its
profit is no straight line of the price, and so it is refused and never half understood. The state of an order is
read from the exchange's own word: ccxt calls "closed" what was filled, what was filled in part and then canceled,
and a stop that has only just fired.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from adapters.exchange.binance.normalize import Stamp
from adapters.exchange.rows import MalformedError, Row, decimal_of, fee_of, nanoseconds_of, row_of, shown, text_of
from adapters.exchange.symbols import from_ccxt
from messages.reports import FillReport, OrderReport, PositionRow
from messages.types import (
    ClientOrderId,
    Instrument,
    OrderStatus,
    PositionSide,
    Side,
    Symbol,
    TradeId,
    VenueOrderId,
)
from messages.wording import Venue

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One exchange's own words. `trades` are the kinds of execution that change a position; others are money only.

    `names` are where an order's client order id stands, the first that is filled counts: ccxt misses the one of a
    resting trigger order of OKX. `most_by_market` and `least_notional` are paths into a market's raw row, for bounds
    that ccxt leaves out.
    """

    names: tuple[str, ...]
    state_field: str
    states: Mapping[str, OrderStatus]
    most_by_market: tuple[str, ...]
    least_notional: tuple[str, ...] = ()
    execution_field: str = ""
    trades: frozenset[str] = frozenset()


BYBIT_WORDS = Words(
    names=("orderLinkId",),
    # bybit-exchange.github.io/docs/v5/enum#orderstatus
    state_field="orderStatus",
    states={
        "New": OrderStatus.WORKING,
        "PartiallyFilled": OrderStatus.WORKING,
        "Untriggered": OrderStatus.WORKING,
        "Triggered": OrderStatus.TRIGGERED,
        "Filled": OrderStatus.FILLED,
        "Cancelled": OrderStatus.CANCELED,
        "PartiallyFilledCanceled": OrderStatus.CANCELED,
        "Deactivated": OrderStatus.CANCELED,
        "Rejected": OrderStatus.REJECTED,
    },
    # …/enum#exectype: BustTrade is a liquidation, AdlTrade a deleveraging; Funding and the rest move money only.
    execution_field="execType",
    trades=frozenset({"Trade", "AdlTrade", "BustTrade", "Settle", "Delivery"}),
    most_by_market=("lotSizeFilter", "maxMktOrderQty"),
    least_notional=("lotSizeFilter", "minNotionalValue"),
)
OKX_WORDS = Words(
    # A child order names its trigger order, too: it is the same order to us.
    names=("algoClOrdId", "clOrdId"),
    # www.okx.com/docs-v5/en/#order-book-trading-trade-get-order-details and …-algo-trading-get-algo-order-details
    state_field="state",
    states={
        "live": OrderStatus.WORKING,
        "partially_filled": OrderStatus.WORKING,
        "pause": OrderStatus.WORKING,
        "partially_effective": OrderStatus.TRIGGERED,
        "effective": OrderStatus.TRIGGERED,
        "filled": OrderStatus.FILLED,
        "canceled": OrderStatus.CANCELED,
        "mmp_canceled": OrderStatus.CANCELED,
        "order_failed": OrderStatus.REJECTED,
    },
    most_by_market=("maxMktSz",),
)
_SIDES: Mapping[str, Side] = {"buy": Side.BUY, "sell": Side.SELL}
_LEGS: Mapping[str, PositionSide] = {"long": PositionSide.LONG, "short": PositionSide.SHORT}


def base_size(market: Row) -> Decimal:
    """Base units in one contract of a linear perpetual. Raises MalformedError for every other market."""
    if market.get("swap") is not True or market.get("linear") is not True:
        raise MalformedError(Venue.NO_LINEAR_PERPETUAL(symbol=str(market.get("id"))))
    size = decimal_of(market, "contractSize")
    if size <= 0:
        raise MalformedError(Venue.ODD_VALUE(field="contractSize", value=size))
    return size


def order_of(order: Row, market: Row, words: Words, stamp: Stamp, *, queried: bool = True) -> OrderReport:
    """One order as ccxt parsed it (`parse_order`)."""
    size = base_size(market)
    raw = row_of(order.get("info"), "info of an order")
    said = text_of(raw, words.state_field)
    status = words.states.get(said)
    if status is None:
        raise MalformedError(Venue.UNDOCUMENTED_STATUS(value=shown(said)))
    return OrderReport(
        account=stamp.account,
        ts_event=nanoseconds_of(order, "lastUpdateTimestamp", "lastTradeTimestamp", "timestamp"),
        ts_init=stamp.ts_init,
        symbol=_symbol(order),
        client_order_id=ClientOrderId(next((str(raw[name]) for name in words.names if raw.get(name)), "")),
        venue_order_id=VenueOrderId(text_of(order, "id")),
        status=status,
        side=_side(order),
        quantity=decimal_of(order, "amount") * size,
        filled_quantity=decimal_of(order, "filled", "0") * size,
        queried=queried,
        conditional=order.get("triggerPrice") not in (None, ""),
    )


def fill_of(trade: Row, market: Row, words: Words, stamp: Stamp, client_order_id: ClientOrderId) -> FillReport | None:
    """One trade as ccxt parsed it (`parse_trade`); None for an execution that moved money and no quantity."""
    size = base_size(market)
    if words.execution_field:
        kind = text_of(row_of(trade.get("info"), "info of a trade"), words.execution_field)
        if kind not in words.trades:
            return None
    symbol, quantity, price = _symbol(trade), decimal_of(trade, "amount") * size, decimal_of(trade, "price")
    fee = row_of(trade["fee"], "fee of a trade") if trade.get("fee") else {}
    cost, currency = fee_of(fee, "cost", "currency", symbol=symbol, traded=quantity * price)
    return FillReport(
        account=stamp.account,
        ts_event=nanoseconds_of(trade, "timestamp"),
        ts_init=stamp.ts_init,
        symbol=symbol,
        client_order_id=client_order_id,
        venue_order_id=VenueOrderId(text_of(trade, "order")),
        trade_id=TradeId(text_of(trade, "id")),
        side=_side(trade),
        quantity=quantity,
        price=price,
        fee=cost,
        fee_currency=currency,
        maker=trade.get("takerOrMaker") == "maker",
    )


def position_of(position: Row, market: Row) -> PositionRow | None:
    """One position as ccxt parsed it (`parse_position`); None for a flat row, which proves nothing by itself."""
    size = base_size(market)
    contracts = decimal_of(position, "contracts", "0")
    if not contracts:
        return None
    leg = _LEGS.get(text_of(position, "side", ""))
    if leg is None:
        raise MalformedError(Venue.ODD_VALUE(field="side of a position", value=shown(position.get("side"))))
    liquidation = decimal_of(position, "liquidationPrice", "0")
    leverage = decimal_of(position, "leverage", "0")
    return PositionRow(
        symbol=_symbol(position),
        side=leg,
        quantity=abs(contracts) * size,
        entry_price=decimal_of(position, "entryPrice"),
        mark_price=decimal_of(position, "markPrice"),
        unrealized_pnl=decimal_of(position, "unrealizedPnl", "0"),
        liquidation_price=liquidation if liquidation > 0 else None,
        leverage=int(leverage) if leverage > 0 else None,
        isolated=position.get("marginMode") == "isolated",
    )


def instrument_of(market: Row, words: Words) -> Instrument:
    """A market's rules (`parse_market`) in base units; what the exchange does not bound is zero."""
    size = base_size(market)
    steps = row_of(market.get("precision"), "precision")
    amount = row_of(row_of(market.get("limits"), "limits").get("amount"), "amount")
    raw = row_of(market.get("info"), "info of a market")
    return Instrument(
        symbol=_symbol(market),
        quantity_step=decimal_of(steps, "amount") * size,
        price_step=decimal_of(steps, "price"),
        min_quantity=decimal_of(amount, "min", "0") * size,
        max_quantity=decimal_of(amount, "max", "0") * size,
        max_market_quantity=_bound(raw, words.most_by_market) * size,
        min_notional=_bound(raw, words.least_notional),
        trading=market.get("active") is True,
        quote=text_of(market, "quote", ""),
    )


def _bound(raw: Row, path: tuple[str, ...]) -> Decimal:
    """The number at this path; zero where there is no path to it."""
    if not path:
        return ZERO
    for name in path[:-1]:
        raw = row_of(raw.get(name), name)
    return decimal_of(raw, path[-1], "0")


def _symbol(row: Row) -> Symbol:
    return from_ccxt(text_of(row, "symbol"))


def _side(row: Row) -> Side:
    side = _SIDES.get(text_of(row, "side"))
    if side is None:
        raise MalformedError(Venue.ODD_VALUE(field="side", value=shown(row.get("side"))))
    return side
