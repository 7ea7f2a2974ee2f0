"""The responses that a fault produces from the honest answer."""

from dataclasses import replace

from adapters.paper.account import Account, Position
from adapters.paper.answer import Answer, Fate, Headers
from adapters.paper.binance.absurd import absurd, malformed_row
from adapters.paper.binance.wire import encode, order_row, position_v2, position_v3
from adapters.paper.dialect import Call
from adapters.paper.exchange import Exchange
from adapters.paper.faults import PPM, Fault, FaultKind, FaultRecord
from adapters.paper.orders import Order

HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>"

UNWRITTEN = b'{"orderId":0,"symbol":"","status":"NEW"}'  # the source of a truncated answer without effect


def spoiled(fault: Fault, record: FaultRecord, status: int, body: object, headers: Headers) -> Answer:
    """Return the answer under a fault of the transport: hang, reset, empty, HTML, truncated, delayed, another
    status.
    """
    honest = Answer(status=status, body=encode(body).encode(), headers=headers, fault=record)
    match fault.kind:
        case FaultKind.HANG:
            return replace(honest, body=b"", fate=Fate.HANG)
        case FaultKind.RESET:
            return replace(honest, body=b"", fate=Fate.DROP)
        case FaultKind.EMPTY_200:
            return replace(honest, status=200, body=b"")
        case FaultKind.HTML_200:
            return replace(honest, status=200, body=(fault.body or HTML).encode())
        case FaultKind.TRUNCATED_200:
            whole = honest.body if body is not None else UNWRITTEN
            return replace(honest, status=200, body=whole, fate=Fate.TRUNCATE)
        case FaultKind.DELAYED:
            return replace(honest, fate=Fate.DELAY, delay_ms=fault.delay_ms)
        case FaultKind.STATUS:
            return _status_answer(fault, honest)
        case _:
            return honest


def _status_answer(fault: Fault, honest: Answer) -> Answer:
    text = fault.body
    if text is None:
        text = encode({"code": fault.code, "msg": fault.message}) if fault.code else fault.message
    headers = honest.headers
    if fault.retry_after_s:
        headers = (*headers, ("Retry-After", str(fault.retry_after_s)))
    return replace(honest, status=fault.status, body=text.encode(), headers=headers)


def stale_or_cut(exchange: Exchange, account: Account | None, fault: Fault, call: Call, body: object) -> object:
    """Return the body under a fault of content; unchanged for other faults.

    The body is of `age_ms` ago, lacks rows of its list, misreports orders, or has malformed or impossible fields.
    """
    if fault.kind is FaultKind.EMPTY_LIST and isinstance(body, list):
        return []
    if fault.kind is FaultKind.PARTIAL_LIST and isinstance(body, list) and fault.key:
        return [row for row in body if row.get(fault.key) != fault.value]
    if fault.kind is FaultKind.PARTIAL_LIST and isinstance(body, list):
        return body[: len(body) * fault.keep_ppm // PPM]
    if fault.kind is FaultKind.MISREPORTED_CANCELED:
        return _misreported(fault, body)
    if fault.kind is FaultKind.MALFORMED:
        return _malformed(fault, body)
    if fault.kind is FaultKind.ABSURD_NUMBERS:
        return absurd(fault, body)
    if fault.kind is not FaultKind.STALE_READ or account is None:
        return body
    at_ms = exchange.now_ms - fault.age_ms
    if call.path.endswith("/positionRisk"):
        return _positions_at(exchange, account, at_ms, call)
    if call.path.endswith("/openOrders"):
        return _open_orders_at(exchange, account, at_ms, call)
    return body


def _malformed(fault: Fault, body: object) -> object:
    """Return the body with one malformed row, or a malformed body when it is no list."""
    if isinstance(body, dict) and isinstance(body.get("symbols"), list):
        return body | {"symbols": _malformed(fault, body["symbols"])}
    if isinstance(body, dict):
        return malformed_row(fault, body)
    if not isinstance(body, list) or not body:
        return body
    which = fault.row % len(body)
    return [*body[:which], malformed_row(fault, body[which]), *body[which + 1 :]]


def _misreported(fault: Fault, body: object) -> object:
    """Return order rows as canceled and unfilled, for client ids with the fault's prefix."""
    if isinstance(body, list):
        return [_misreported(fault, row) for row in body]
    if not isinstance(body, dict) or not str(body.get("clientOrderId", "")).startswith(fault.client_id):
        return body
    zero = {name: "0" for name in ("executedQty", "cumQty", "cumQuote", "avgPrice") if name in body}
    return body | {"status": "CANCELED"} | zero


def _positions_at(exchange: Exchange, account: Account, at_ms: int, call: Call) -> object:
    """Return the positions of `at_ms`, from each leg's image before its first later change."""
    legs = {key: replace(position) for key, position in account.positions.items()}
    for image in reversed(exchange.history.get(account.name, ())):
        if image[0] <= at_ms:
            break
        _, symbol, side, quantity, cost, entry, isolated_wallet, realized, fees, updated_ms = image
        legs[(symbol, side)] = Position(
            symbol=symbol,
            side=side,
            quantity=quantity,
            cost=cost,
            entry=entry,
            isolated_wallet=isolated_wallet,
            realized=realized,
            fees=fees,
            updated_ms=updated_ms,
        )
    row = position_v3 if call.path.startswith("/fapi/v3/") else position_v2
    symbol = call.params.get("symbol") or ""
    shown = [leg for leg in legs.values() if leg.quantity and (not symbol or leg.symbol == symbol)]
    return [row(account, leg, exchange.markets) for leg in shown]


def _open_orders_at(exchange: Exchange, account: Account, at_ms: int, call: Call) -> object:
    symbol = call.params.get("symbol") or ""
    return [
        order_row(_order_at(account, order, at_ms), exchange.markets[order.symbol].instrument)
        for order in account.orders.values()
        if (not symbol or order.symbol == symbol)
        and order.created_ms <= at_ms
        and (not order.closed_ms or order.closed_ms > at_ms)
    ]


def _order_at(account: Account, order: Order, at_ms: int) -> Order:
    fills = [t for t in account.trades if t.order_id == order.order_id and t.time_ms <= at_ms]
    executed = sum((t.quantity for t in fills), start=order.quantity - order.quantity)
    quote = sum((t.quantity * t.price for t in fills), start=executed - executed)
    status = "PARTIALLY_FILLED" if executed else "NEW"
    return replace(order, executed=executed, cum_quote=quote, status=status)
