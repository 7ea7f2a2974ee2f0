"""What we ask -> which Binance request that is. Pure.

Endpoints are called by their own names and not through ccxt's unified methods: those cut a quantity
down to the step without a word, and an order of another size than the one written down before it
was sent is not that order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from adapters.exchange.venue import Call, IncompleteOrderError
from messages.decimals import trimmed
from messages.requests import CancelOrder, OrderRequest, SubmitOpening, SubmitOrder
from messages.types import ClientOrderId, MarginMode, OrderKind, PositionMode, Symbol, TriggerPrice, VenueOrderId
from messages.wording import Venue

TRADES_PER_PAGE = 1000
FUNDINGS_PER_PAGE = 1000
WEEK_MS = 7 * 24 * 3600 * 1000
_HOUR_MS = 3_600_000
MAX_WEEKS = 13
_EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    start_ms: int
    end_ms: int


EXCHANGE_INFO = Call(method="GET", path="/fapi/v1/exchangeInfo", private=False)
MARKS = Call(method="GET", path="/fapi/v1/premiumIndex", private=False)
POSITION_MODE = Call(method="GET", path="/fapi/v1/positionSide/dual")
KEY_PROBE = POSITION_MODE
ACCOUNT_CONFIG = Call(method="GET", path="/fapi/v1/accountConfig")
SYMBOL_CONFIG = Call(method="GET", path="/fapi/v1/symbolConfig")
OPEN_ORDERS = Call(method="GET", path="/fapi/v1/openOrders")
OPEN_CONDITIONALS = Call(method="GET", path="/fapi/v1/openAlgoOrders")
ACCOUNT = Call(method="GET", path="/fapi/v3/account")

_TYPES: Mapping[OrderKind, str] = {
    OrderKind.MARKET: "MARKET",
    OrderKind.LIMIT: "LIMIT",
    OrderKind.STOP_MARKET: "STOP_MARKET",
    OrderKind.TARGET_MARKET: "TAKE_PROFIT_MARKET",
    OrderKind.TRAILING_STOP_MARKET: "TRAILING_STOP_MARKET",
}
_WORKING_TYPES: Mapping[TriggerPrice, str] = {
    TriggerPrice.MARK: "MARK_PRICE",
    TriggerPrice.LAST: "CONTRACT_PRICE",
}


def submit(message: SubmitOrder, mode: PositionMode) -> Call:
    """The one request of an order. Raises IncompleteOrderError.

    Reducing is a property of the message's type: in one-way mode it is `reduceOnly`; in hedge mode,
    which knows no such flag (-4062), the leg's name does the same, since an order against a leg
    cannot turn it around.
    """
    params = {
        "symbol": str(message.symbol),
        "side": message.side.value.upper(),
        "type": _TYPES[message.kind],
        "quantity": trimmed(message.quantity),
        "newOrderRespType": "RESULT",
    }
    if mode is PositionMode.HEDGE:
        params["positionSide"] = message.position_side.value.upper()
    elif not isinstance(message, SubmitOpening):
        params["reduceOnly"] = "true"
    if message.kind is OrderKind.LIMIT:
        params["price"] = trimmed(_required(message.limit_price, "limit_price"))
        params |= _time_in_force(message)
    if not message.kind.conditional:
        params["newClientOrderId"] = message.client_order_id
        return Call(method="POST", path="/fapi/v1/order", params=params)
    params["algoType"] = "CONDITIONAL"
    params["clientAlgoId"] = message.client_order_id
    if message.kind is OrderKind.TRAILING_STOP_MARKET:
        params["callbackRate"] = trimmed(_required(message.callback_rate, "callback_rate"))
    else:
        params["triggerPrice"] = trimmed(_required(message.trigger_price, "trigger_price"))
    params["workingType"] = _WORKING_TYPES[message.trigger]
    return Call(method="POST", path="/fapi/v1/algoOrder", params=params)


def _time_in_force(message: SubmitOrder) -> dict[str, str]:
    """Good till a date that the venue keeps; "seconds count only" (New Order, `goodTillDate`).

    GTX, which rests or is refused (-5022), takes the place of a date: an order has one time in force.
    """
    if message.post_only:
        return {"timeInForce": "GTX"}
    if not message.good_till_ns:
        return {"timeInForce": "GTC"}
    return {"timeInForce": "GTD", "goodTillDate": str(message.good_till_ns // 1_000_000_000 * 1000)}


def cancel(message: CancelOrder) -> Call:
    """By our own id, which is never reused; so the venue's id is not needed."""
    if message.conditional:
        return Call(method="DELETE", path="/fapi/v1/algoOrder", params={"clientAlgoId": message.client_order_id})
    return Call(
        method="DELETE",
        path="/fapi/v1/order",
        params={"symbol": message.symbol, "origClientOrderId": message.client_order_id},
    )


def cancel_by_venue_id(symbol: Symbol, venue_order_id: VenueOrderId) -> Call:
    return Call(method="DELETE", path="/fapi/v1/order", params={"symbol": symbol, "orderId": venue_order_id})


def query(message: OrderRequest) -> Call:
    if message.conditional:
        return Call(method="GET", path="/fapi/v1/algoOrder", params={"clientAlgoId": message.client_order_id})
    return query_by_client_id(message.symbol, message.client_order_id)


def query_by_client_id(symbol: Symbol, client_order_id: ClientOrderId) -> Call:
    return Call(method="GET", path="/fapi/v1/order", params={"symbol": symbol, "origClientOrderId": client_order_id})


def query_by_venue_id(symbol: Symbol, venue_order_id: VenueOrderId) -> Call:
    return Call(method="GET", path="/fapi/v1/order", params={"symbol": symbol, "orderId": venue_order_id})


def conditionals_of(symbol: Symbol, now_ms: int) -> Call:
    """The conditional orders of a symbol in the last week, triggered and finished ones included."""
    return Call(
        method="GET",
        path="/fapi/v1/allAlgoOrders",
        params={"symbol": symbol, "startTime": str(now_ms - WEEK_MS + 60_000), "limit": "1000"},
    )


def trade_windows(since_ms: int, now_ms: int) -> tuple[Window | None, ...]:
    """The spans of time to read an order's trades in.

    Without times the venue answers with the last seven days, and no span may be longer; trades are
    kept for three months. So a young order needs no times, and an old one a span per week.
    """
    if since_ms <= 0 or now_ms - since_ms < WEEK_MS - _HOUR_MS:
        return (None,)
    start_ms = max(since_ms - _HOUR_MS, now_ms - MAX_WEEKS * WEEK_MS)
    starts = range(start_ms, now_ms + 1, WEEK_MS)
    return tuple(Window(start_ms=start, end_ms=min(start + WEEK_MS - 1, now_ms + _HOUR_MS)) for start in starts)


def trades(
    symbol: Symbol, venue_order_id: VenueOrderId, window: Window | None = None, from_id: int | None = None
) -> Call:
    """A page of an order's trades, oldest first. `fromId` and times exclude each other."""
    params = {"symbol": str(symbol), "orderId": str(venue_order_id), "limit": str(TRADES_PER_PAGE)}
    if window is not None:
        params |= {"startTime": str(window.start_ms), "endTime": str(window.end_ms)}
    elif from_id is not None:
        params["fromId"] = str(from_id)
    return Call(method="GET", path="/fapi/v1/userTrades", params=params)


def trades_of(symbol: Symbol, window: Window | None = None, from_id: int | None = None) -> Call:
    """A page of a symbol's trades, of all its orders, oldest first within a window or from an id on."""
    params = {"symbol": str(symbol), "limit": str(TRADES_PER_PAGE)}
    if from_id is not None:
        params["fromId"] = str(from_id)
    elif window is not None:
        params |= {"startTime": str(window.start_ms), "endTime": str(window.end_ms)}
    return Call(method="GET", path="/fapi/v1/userTrades", params=params)


def orders_of(symbol: Symbol, window: Window) -> Call:
    """The orders of a symbol that were created within a window, at most the latest thousand."""
    params = {"symbol": str(symbol), "limit": "1000"}
    params |= {"startTime": str(window.start_ms), "endTime": str(window.end_ms)}
    return Call(method="GET", path="/fapi/v1/allOrders", params=params)


def fundings(start_ms: int) -> Call:
    """A page of the funding payments of every symbol since then, oldest first."""
    params = {"incomeType": "FUNDING_FEE", "startTime": str(start_ms), "limit": str(FUNDINGS_PER_PAGE)}
    return Call(method="GET", path="/fapi/v1/income", params=params)


def cancel_all(symbol: Symbol, *, conditional: bool) -> Call:
    path = "/fapi/v1/algoOpenOrders" if conditional else "/fapi/v1/allOpenOrders"
    return Call(method="DELETE", path=path, params={"symbol": symbol})


def cancel_algo(algo_id: str) -> Call:
    """By the venue's id of a conditional order, ours or not."""
    return Call(method="DELETE", path="/fapi/v1/algoOrder", params={"algoId": algo_id})


def positions(symbol: Symbol | None) -> Call:
    return Call(method="GET", path="/fapi/v3/positionRisk", params={"symbol": symbol} if symbol else _EMPTY)


def of_symbol(listing: Call, symbol: Symbol | None) -> Call:
    """A list of open orders, of one symbol where it is named: that weighs 1 in place of 40."""
    return Call(method=listing.method, path=listing.path, params={"symbol": symbol}) if symbol else listing


def set_position_mode(mode: PositionMode) -> Call:
    """The venue refuses it while a position or an order is open (-4067, -4068)."""
    dual = "true" if mode is PositionMode.HEDGE else "false"
    return Call(method="POST", path="/fapi/v1/positionSide/dual", params={"dualSidePosition": dual})


def margin_mode(symbol: Symbol, mode: MarginMode) -> Call:
    """The venue refuses it while a position or an order of the symbol is open (-4048, -4047)."""
    kind = "ISOLATED" if mode is MarginMode.ISOLATED else "CROSSED"
    return Call(method="POST", path="/fapi/v1/marginType", params={"symbol": symbol, "marginType": kind})


def leverage(symbol: Symbol, times: int) -> Call:
    return Call(method="POST", path="/fapi/v1/leverage", params={"symbol": symbol, "leverage": str(times)})


def _required(price: Decimal | None, name: str) -> Decimal:
    if price is None:
        raise IncompleteOrderError(Venue.FIELD_REQUIRED(field=name))
    return price
