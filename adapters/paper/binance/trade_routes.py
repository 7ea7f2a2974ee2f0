"""Order endpoints: plain orders, conditional orders, fills.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api
"""

import json

from adapters.paper import conditional, matching
from adapters.paper.account import Account
from adapters.paper.binance.errors import ApiRefusal, missing, no_such_order, said, unknown_order_sent
from adapters.paper.binance.route import Params, Private, without_symbol
from adapters.paper.binance.tickets import integer, number, read_algo_order, read_order, required
from adapters.paper.binance.wire import algo_answer, algo_row, order_answer, order_row, trade_row
from adapters.paper.exchange import Exchange
from adapters.paper.instruments import ZERO
from adapters.paper.orders import AlgoOrder, Order
from adapters.paper.refusals import Refusal
from adapters.paper.stream_event import Row

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
UNFILLED_KEPT_MS = 3 * DAY_MS
KEPT_MS = 90 * DAY_MS
BATCH_MAX = 5
CANCEL_BATCH_MAX = 10


def new_order(exchange: Exchange, account: Account, params: Params) -> object:
    """ACK shows the order as accepted, RESULT its fills ("New Order", `newOrderRespType`)."""
    ticket = read_order(params, hedge=account.hedge, now_ms=exchange.now_ms)
    order = matching.place(exchange, account, ticket)
    final = ticket.final_result and (
        order.type == "MARKET" or order.time_in_force in ("IOC", "FOK") or exchange.quirks.limit_result_is_final
    )
    return order_answer(order, exchange.markets[order.symbol].instrument, acknowledged_only=not final)


def test_order(exchange: Exchange, account: Account, params: Params) -> object:
    """Form and filters are checked; nothing is sent to the engine."""
    ticket = read_order(params, hedge=account.hedge, now_ms=exchange.now_ms)
    matching.check_filters(exchange.market_of(ticket.symbol), ticket)
    return {}


def get_order(exchange: Exchange, account: Account, params: Params) -> object:
    order = _find(exchange, account, params)
    if order is None:
        raise no_such_order()
    return _row(exchange, order)


def get_open_order(exchange: Exchange, account: Account, params: Params) -> object:
    """A filled or canceled order "does not exist" here ("Query Current Open Order")."""
    order = _find(exchange, account, params)
    if order is None or order.closed_ms:
        raise no_such_order()
    return _row(exchange, order)


def open_orders(exchange: Exchange, account: Account, params: Params) -> object:
    symbol = _optional_symbol(exchange, params)
    rows = account.open_orders.values()
    return [_row(exchange, order) for order in rows if not symbol or order.symbol == symbol]


def all_orders(exchange: Exchange, account: Account, params: Params) -> object:
    symbol = required(params, "symbol")
    exchange.market_of(symbol)
    orders = [o for o in account.orders.values() if o.symbol == symbol and _kept(o, exchange.now_ms)]
    if params.get("orderId"):
        least = integer(params, "orderId")
        return [_row(exchange, o) for o in orders if o.order_id >= least][: _limit(params)]
    start, end = _period(params, exchange.now_ms)
    return [_row(exchange, o) for o in orders if start <= o.created_ms <= end][-_limit(params) :]


def cancel_order(exchange: Exchange, account: Account, params: Params) -> object:
    order = _find(exchange, account, params)
    if order is None or order.closed_ms:
        raise unknown_order_sent()
    matching.cancel(exchange, account, order)
    return order_answer(order, exchange.markets[order.symbol].instrument)


def cancel_all(exchange: Exchange, account: Account, params: Params) -> object:
    symbol = required(params, "symbol")
    exchange.market_of(symbol)
    for order in [o for o in account.open_orders.values() if o.symbol == symbol]:
        matching.cancel(exchange, account, order)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def amend_order(exchange: Exchange, account: Account, params: Params) -> object:
    """-5047: `reduceOnly` may be repeated, never added ("Modify Order")."""
    order = _find(exchange, account, params)
    if order is None or order.closed_ms:
        raise no_such_order()
    if params.get("reduceOnly", "false").lower() == "true" and not order.reduce_only:
        raise ApiRefusal(-5047, "The original order is not a reduce-only order.")
    if params.get("side") and params["side"] != order.side:
        raise ApiRefusal(-1117, "Invalid side.")
    matching.amend(exchange, account, order, number(params, "price"), number(params, "quantity"))
    return order_answer(order, exchange.markets[order.symbol].instrument) | {"modifyId": order.amendments}


def new_orders(exchange: Exchange, account: Account, params: Params) -> object:
    """Up to five orders, each answered by itself ("Place Multiple Orders")."""
    answers: list[object] = []
    for row in _json_list(params, "batchOrders", most=BATCH_MAX):
        if not isinstance(row, dict):
            raise missing("batchOrders")
        single = {str(name): _text(value) for name, value in row.items()}
        single.setdefault("newOrderRespType", "ACK")
        answers.append(_attempt(exchange, account, single, new=True))
    return answers


def cancel_orders(exchange: Exchange, account: Account, params: Params) -> object:
    """Up to ten ids of one symbol, each answered by itself ("Cancel Multiple Orders")."""
    symbol = required(params, "symbol")
    by_id = bool(params.get("orderIdList"))
    chosen = _json_list(params, "orderIdList" if by_id else "origClientOrderIdList", most=CANCEL_BATCH_MAX)
    name = "orderId" if by_id else "origClientOrderId"
    return [_attempt(exchange, account, {"symbol": symbol, name: str(each)}, new=False) for each in chosen]


def _attempt(exchange: Exchange, account: Account, params: Params, *, new: bool) -> object:
    try:
        return (new_order if new else cancel_order)(exchange, account, params)
    except (Refusal, ApiRefusal) as error:
        refusal = said(error)
        return {"code": refusal.code, "msg": refusal.message}


def countdown_cancel_all(exchange: Exchange, account: Account, params: Params) -> object:
    """0 stops the countdown; each call replaces the last ("Auto-Cancel All Open Orders")."""
    symbol = required(params, "symbol")
    exchange.market_of(symbol)
    countdown = integer(params, "countdownTime")
    if countdown:
        account.countdowns[symbol] = exchange.now_ms + countdown
    else:
        account.countdowns.pop(symbol, None)
    return {"symbol": symbol, "countdownTime": str(countdown)}


def user_trades(exchange: Exchange, account: Account, params: Params) -> object:
    """Oldest first. `fromId` excludes a period; the default period is the last seven days."""
    symbol = required(params, "symbol")
    instrument = exchange.market_of(symbol).instrument
    chosen = [trade for trade in account.trades if trade.symbol == symbol]
    if params.get("orderId"):
        order_id = integer(params, "orderId")
        chosen = [trade for trade in chosen if trade.order_id == order_id]
    if params.get("fromId"):
        if params.get("startTime") or params.get("endTime"):
            raise ApiRefusal(-1128, "Combination of optional parameters invalid.")
        least = integer(params, "fromId")
        chosen = [trade for trade in chosen if trade.trade_id >= least][: _limit(params)]
    else:
        start, end = _period(params, exchange.now_ms)
        chosen = [trade for trade in chosen if start <= trade.time_ms <= end]
        chosen = chosen[: _limit(params)] if params.get("startTime") else chosen[-_limit(params) :]
    return [trade_row(trade, instrument) for trade in chosen]


def new_algo_order(exchange: Exchange, account: Account, params: Params) -> object:
    ticket = read_algo_order(params, hedge=account.hedge, now_ms=exchange.now_ms)
    algo = conditional.place(exchange, account, ticket)
    return algo_answer(algo, exchange.markets[algo.symbol].instrument)


def get_algo_order(exchange: Exchange, account: Account, params: Params) -> object:
    algo = _find_algo(exchange, account, params)
    if algo is None:
        raise no_such_order()
    return _algo_row(exchange, account, algo)


def cancel_algo_order(exchange: Exchange, account: Account, params: Params) -> object:
    algo = _find_algo(exchange, account, params)
    if algo is None or algo.status not in ("NEW", "TRIGGERING"):
        raise unknown_order_sent()
    conditional.cancel(exchange, account, algo)
    return {"algoId": algo.algo_id, "clientAlgoId": algo.client_algo_id, "code": "200", "msg": "success"}


def open_algo_orders(exchange: Exchange, account: Account, params: Params) -> object:
    symbol = _optional_symbol(exchange, params)
    rows = account.open_algos.values()
    return [_algo_row(exchange, account, algo) for algo in rows if not symbol or algo.symbol == symbol]


def all_algo_orders(exchange: Exchange, account: Account, params: Params) -> object:
    symbol = required(params, "symbol")
    exchange.market_of(symbol)
    algos = [a for a in account.algos.values() if a.symbol == symbol and _algo_kept(account, a, exchange.now_ms)]
    if params.get("algoId"):
        least = integer(params, "algoId")
        return [_algo_row(exchange, account, a) for a in algos if a.algo_id >= least][: _limit(params)]
    start, end = _period(params, exchange.now_ms)
    return [_algo_row(exchange, account, a) for a in algos if start <= a.created_ms <= end][-_limit(params) :]


def cancel_all_algos(exchange: Exchange, account: Account, params: Params) -> object:
    symbol = required(params, "symbol")
    exchange.market_of(symbol)
    for algo in [a for a in account.open_algos.values() if a.symbol == symbol and a.status == "NEW"]:
        conditional.cancel(exchange, account, algo)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def _row(exchange: Exchange, order: Order) -> Row:
    return order_row(order, exchange.markets[order.symbol].instrument)


def _algo_row(exchange: Exchange, account: Account, algo: AlgoOrder) -> Row:
    return algo_row(algo, account.orders.get(algo.child_order_id), exchange.markets[algo.symbol].instrument)


def _find(exchange: Exchange, account: Account, params: Params) -> Order | None:
    """By `orderId`, which prevails, or `origClientOrderId` (the latest order that bore it)."""
    symbol = required(params, "symbol")
    exchange.market_of(symbol)
    if params.get("orderId"):
        order = account.orders.get(integer(params, "orderId"))
    elif params.get("origClientOrderId"):
        order = account.orders_by_client.get(params["origClientOrderId"])
    else:
        raise missing("orderId")
    if order is None or order.symbol != symbol or not _kept(order, exchange.now_ms):
        return None
    return order


def _find_algo(exchange: Exchange, account: Account, params: Params) -> AlgoOrder | None:
    if params.get("algoId"):
        algo = account.algos.get(integer(params, "algoId"))
    elif params.get("clientAlgoId"):
        algo = account.algos_by_client.get(params["clientAlgoId"])
    else:
        raise missing("algoId")
    return algo if algo is not None and _algo_kept(account, algo, exchange.now_ms) else None


def _kept(order: Order, now_ms: int) -> bool:
    """Return whether "Query Order" still finds the order: three days for canceled or expired ones without a fill,
    ninety for others.
    """
    age = now_ms - order.created_ms
    gone = order.status in ("CANCELED", "EXPIRED") and order.executed == ZERO
    return not order.closed_ms or age <= (UNFILLED_KEPT_MS if gone else KEPT_MS)


def _algo_kept(account: Account, algo: AlgoOrder, now_ms: int) -> bool:
    child = account.orders.get(algo.child_order_id)
    filled = child is not None and child.executed > ZERO
    gone = algo.status in ("CANCELED", "EXPIRED") and not filled
    age = now_ms - algo.created_ms
    return not algo.closed_ms or age <= (UNFILLED_KEPT_MS if gone else KEPT_MS)


def _optional_symbol(exchange: Exchange, params: Params) -> str:
    symbol = params.get("symbol") or ""
    if symbol:
        exchange.market_of(symbol)
    return symbol


def _limit(params: Params) -> int:
    """Default 500, at most 1000; a larger one is cut."""
    return min(integer(params, "limit"), 1000) or 500 if params.get("limit") else 500


def _period(params: Params, now_ms: int) -> tuple[int, int]:
    """Seven days at most; the missing end follows from the given one."""
    start = integer(params, "startTime") if params.get("startTime") else None
    end = integer(params, "endTime") if params.get("endTime") else None
    if start is not None and end is not None:
        if end < start:
            raise ApiRefusal(-1023, "Start time is greater than end time.")
        if end - start > WEEK_MS:
            raise ApiRefusal(-4165, "Maximum time interval is 7 days.")
    if start is None:
        end = now_ms if end is None else end
        return end - WEEK_MS, end
    return start, start + WEEK_MS if end is None else end


def _json_list(params: Params, name: str, *, most: int) -> list[object]:
    try:
        rows = json.loads(required(params, name))
    except (ValueError, RecursionError):
        raise missing(name) from None
    if not isinstance(rows, list) or not 0 < len(rows) <= most:
        raise ApiRefusal(-4082, "Invalid number of batch place orders.")
    return rows


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def force_orders(exchange: Exchange, account: Account, params: Params) -> object:
    """Liquidations (LIQUIDATION) and deleveragings (ADL) of the account ("User's Force Orders")."""
    symbol = _optional_symbol(exchange, params)
    prefixes = {"LIQUIDATION": ("autoclose-",), "ADL": ("adl_autoclose",)}.get(
        params.get("autoCloseType", ""), ("autoclose-", "adl_autoclose")
    )
    start, end = _period(params, exchange.now_ms)
    return [
        _row(exchange, order)
        for order in account.orders.values()
        if order.client_order_id.startswith(prefixes)
        and (not symbol or order.symbol == symbol)
        and start <= order.created_ms <= end
    ][-_limit(params) :]


TRADE_ROUTES: dict[tuple[str, str], Private] = {
    ("POST", "/fapi/v1/order"): Private(handler=new_order, weight=0, orders=1),
    ("POST", "/fapi/v1/order/test"): Private(handler=test_order),
    ("GET", "/fapi/v1/order"): Private(handler=get_order),
    ("PUT", "/fapi/v1/order"): Private(handler=amend_order, weight=0, orders=1),
    ("DELETE", "/fapi/v1/order"): Private(handler=cancel_order),
    ("DELETE", "/fapi/v1/allOpenOrders"): Private(handler=cancel_all),
    ("GET", "/fapi/v1/openOrder"): Private(handler=get_open_order),
    ("GET", "/fapi/v1/openOrders"): Private(handler=open_orders, weight=without_symbol(1, 40)),
    ("GET", "/fapi/v1/allOrders"): Private(handler=all_orders, weight=5),
    ("POST", "/fapi/v1/batchOrders"): Private(handler=new_orders, weight=5, orders=5),
    ("DELETE", "/fapi/v1/batchOrders"): Private(handler=cancel_orders),
    ("POST", "/fapi/v1/countdownCancelAll"): Private(handler=countdown_cancel_all, weight=10),
    ("GET", "/fapi/v1/forceOrders"): Private(handler=force_orders, weight=without_symbol(20, 50)),
    ("GET", "/fapi/v1/userTrades"): Private(handler=user_trades, weight=5),
    ("POST", "/fapi/v1/algoOrder"): Private(handler=new_algo_order, weight=0, orders=1),
    ("GET", "/fapi/v1/algoOrder"): Private(handler=get_algo_order),
    ("DELETE", "/fapi/v1/algoOrder"): Private(handler=cancel_algo_order),
    ("GET", "/fapi/v1/openAlgoOrders"): Private(handler=open_algo_orders, weight=without_symbol(1, 40)),
    ("GET", "/fapi/v1/allAlgoOrders"): Private(handler=all_algo_orders, weight=5),
    ("DELETE", "/fapi/v1/algoOpenOrders"): Private(handler=cancel_all_algos),
}
