"""The REST API's answers: limits, time, routes, and the fault plan."""

from collections.abc import Mapping

from adapters.paper.account import Account
from adapters.paper.answer import Answer, Headers
from adapters.paper.binance import market_routes
from adapters.paper.binance.account_routes import ACCOUNT_ROUTES
from adapters.paper.binance.errors import ApiRefusal, missing, said
from adapters.paper.binance.fault_responses import spoiled, stale_or_cut
from adapters.paper.binance.route import Params, Private, Public, Security, client_id_of
from adapters.paper.binance.tickets import whole
from adapters.paper.binance.trade_routes import TRADE_ROUTES
from adapters.paper.binance.wire import encode
from adapters.paper.dialect import Call
from adapters.paper.exchange import Exchange
from adapters.paper.faults import SERVED_KINDS, Fault, Moment, Occasion
from adapters.paper.limits import Ration
from adapters.paper.refusals import Refusal

PRIVATE_ROUTES: dict[tuple[str, str], Private] = TRADE_ROUTES | ACCOUNT_ROUTES
PUBLIC_ROUTES: dict[tuple[str, str], Public] = market_routes.MARKET_ROUTES
RECV_WINDOW_MS = 5000
RECV_WINDOW_MAX_MS = 60_000
AHEAD_MAX_MS = 1000


def answer(exchange: Exchange, call: Call) -> Answer:
    """Answer one request as the venue would, or as the fault plan directs.

    The caller has verified the signature; timestamp and recvWindow are checked here.
    """
    public = PUBLIC_ROUTES.get((call.method, call.path))
    private = None if public else PRIVATE_ROUTES.get((call.method, call.path))
    route = public or private
    if route is None:
        return refusal_answer(ApiRefusal(-5000, f"Path {call.path}, Method {call.method} is invalid", status=404))
    account = exchange.accounts.get(call.api_key) if call.api_key and private else None
    limited = _ration(exchange, route, account, call.params)
    if limited is not None:
        return limited
    headers = usage_headers(exchange.ration, account.name if account else None, order=_orders(route) > 0)
    if exchange.faults.on_requests:
        fault = exchange.faults.strike_request(_occasion(exchange, account, call))
        if fault is not None:
            return _spoiled(exchange, fault, call, headers)
    status, body = _serve(exchange, call)
    return row_answer(status, body, headers)


def places_order(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith(("/order", "/algoOrder"))


def by_hand(exchange: Exchange, call: Call, number: int) -> Answer:
    """Execute a manual order, with a client id that begins with web_."""
    filled = {"timestamp": str(exchange.now_ms), "newOrderRespType": "RESULT", **call.params}
    if places_order(call):
        name = "clientAlgoId" if call.path.endswith("/algoOrder") else "newClientOrderId"
        filled.setdefault(name, f"web_{exchange.next_order_id}{number:04d}")
    made = Call(method=call.method, path=call.path, params=filled, api_key=call.api_key)
    status, body = _serve(exchange, made)
    return row_answer(status, body, ())


def hand_order(params: dict[str, str]) -> Call:
    method, path = params.pop("method", "POST"), params.pop("path", "/fapi/v1/order")
    if path == "/fapi/v1/order":
        params.setdefault("type", "MARKET")
    return Call(method=method, path=path, params=params, api_key=None)


def _ration(exchange: Exchange, route: Private | Public, account: Account | None, params: Params) -> Answer | None:
    """418 while banned, 429 beyond the weight or the order count; None when within."""
    ration, now_ms = exchange.ration, exchange.now_ms
    banned = ration.ban_left_s(now_ms)
    if banned:
        text = f"Way too many requests; IP banned until {ration.banned_until_ms}. Please use the websocket"
        refusal = ApiRefusal(-1003, f"{text} for live updates to avoid bans.", status=418)
        return refusal_answer(refusal, (("Retry-After", str(banned)),))
    weight = route.weight if isinstance(route.weight, int) else route.weight(params)
    if not ration.use_weight(weight, now_ms):
        ration.violate(now_ms, tolerated=exchange.quirks.ban_after_violations, ban_ms=exchange.quirks.ban_ms)
        limit = ration.limits.weight_per_minute
        text = f"Too many requests; current limit of IP is {limit} requests per minute. Please use the"
        refusal = ApiRefusal(-1003, f"{text} websocket for live updates to avoid polling the API.", status=429)
        return refusal_answer(refusal, (("Retry-After", str(ration.weight.left_s(now_ms))),))
    orders = _orders(route)
    if orders and account and not ration.use_orders(account.name, orders, now_ms):
        refusal = ApiRefusal(-1015, "Too many new orders; current limit reached.", status=429)
        return refusal_answer(refusal, usage_headers(ration, account.name, order=True))
    return None


def _serve(exchange: Exchange, call: Call) -> tuple[int, object]:
    """The honest answer: HTTP status and JSON body."""
    params = call.params
    try:
        public = PUBLIC_ROUTES.get((call.method, call.path))
        if public is not None:
            return 200, public.handler(exchange, params)
        private = PRIVATE_ROUTES[(call.method, call.path)]
        account = _authenticated(exchange, call.api_key)
        if private.security is Security.SIGNED:
            _check_time(params, exchange.now_ms)
        return 200, private.handler(exchange, account, params)
    except (Refusal, ApiRefusal) as error:
        refusal = said(error)
        return refusal.status, {"code": refusal.code, "msg": refusal.message}


def _authenticated(exchange: Exchange, api_key: str | None) -> Account:
    if not api_key:
        raise ApiRefusal(-2014, "API-key format invalid.", status=401)
    account = exchange.accounts.get(api_key)
    if account is None or account.revoked:
        raise ApiRefusal(-2015, "Invalid API-key, IP, or permissions for action.", status=401)
    return account


def _spoiled(exchange: Exchange, fault: Fault, call: Call, headers: Headers) -> Answer:
    """Serve the request if the fault's moment permits, then alter the answer and log the fault."""
    account = exchange.accounts.get(call.api_key or "")
    effect: bool | None = False
    status: int = 200
    body: object = None
    served = fault.kind in SERVED_KINDS or fault.moment is Moment.AFTER_EFFECT
    if not served and fault.moment is Moment.LATER:
        effect = None
        exchange.late.append(
            {
                "due_ms": exchange.now_ms + fault.effect_delay_ms,
                "fault": fault.to_dict(),
                "method": call.method,
                "path": call.path,
                "params": dict(call.params),
                "api_key": call.api_key,
            }
        )
    elif served:
        status, body = _serve(exchange, call)
        effect = status == 200 and call.method != "GET"
        if status == 200:
            body = stale_or_cut(exchange, account, fault, call, body)
    record = exchange.log_fault(
        fault,
        account=account.name if account else "",
        subject=f"{call.method} {call.path}",
        client_id=client_id_of(call.params),
        effect=effect,
    )
    return spoiled(fault, record, status, body, headers)


def run_late(exchange: Exchange) -> None:
    """Apply due effects of Moment.LATER whose validity window has not passed."""
    due = [call for call in exchange.late if call["due_ms"] <= exchange.now_ms]
    if not due:
        return
    exchange.late = [call for call in exchange.late if call["due_ms"] > exchange.now_ms]
    for call in due:
        params: Mapping[str, str] = call["params"]
        sent_ms, window_ms = _window_of(params, call["due_ms"])
        done = False
        if call["due_ms"] <= sent_ms + window_ms:
            stamped = dict(params) | {"timestamp": str(exchange.now_ms)}
            status, _ = _serve(
                exchange, Call(method=call["method"], path=call["path"], params=stamped, api_key=call["api_key"])
            )
            done = status == 200
        account = exchange.accounts.get(call["api_key"] or "")
        exchange.log_fault(
            Fault.from_dict(call["fault"]),
            account=account.name if account else "",
            subject=f"late {call['method']} {call['path']}",
            client_id=client_id_of(params),
            effect=done,
        )


def row_answer(status: int, body: object, headers: Headers) -> Answer:
    return Answer(status=status, body=encode(body).encode(), headers=headers)


def refusal_answer(refusal: ApiRefusal, headers: Headers = ()) -> Answer:
    body = {"code": refusal.code, "msg": refusal.message}
    return row_answer(refusal.status, body, headers)


def usage_headers(ration: Ration, account: str | None, *, order: bool) -> Headers:
    """X-MBX-USED-WEIGHT-1M always, the order counts on orders."""
    weight = ("X-MBX-USED-WEIGHT-1M", str(ration.weight.used))
    if not order or account is None:
        return (weight,)
    ten, minute = ration.orders_10s.get(account), ration.orders_1m.get(account)
    return (
        weight,
        ("X-MBX-ORDER-COUNT-10S", str(ten.used if ten else 0)),
        ("X-MBX-ORDER-COUNT-1M", str(minute.used if minute else 0)),
    )


def _orders(route: Private | Public) -> int:
    return route.orders if isinstance(route, Private) else 0


def _occasion(exchange: Exchange, account: Account | None, call: Call) -> Occasion:
    return Occasion(
        now_ms=exchange.now_ms,
        account=account.name if account else "",
        method=call.method,
        path=call.path,
        symbol=call.params.get("symbol", ""),
        client_id=client_id_of(call.params),
        side=call.params.get("side", ""),
    )


def _window_of(params: Params, default_ms: int) -> tuple[int, int]:
    sent_ms, window_ms = whole(params.get("timestamp", "")), whole(params.get("recvWindow", ""))
    return (default_ms if sent_ms is None else sent_ms), (RECV_WINDOW_MS if window_ms is None else window_ms)


def _check_time(params: Params, now_ms: int) -> None:
    """-1021 unless timestamp < now + 1 s and now - timestamp <= recvWindow.

    Source: General Info, "Timing security". recvWindow defaults to 5000 and is at most 60000 (-1131).
    """
    if whole(params.get("timestamp", "")) is None:
        raise missing("timestamp")
    sent_ms, window_ms = _window_of(params, now_ms)
    if window_ms > RECV_WINDOW_MAX_MS:
        raise ApiRefusal(-1131, "recvWindow must be less than 60000")
    if sent_ms >= now_ms + AHEAD_MAX_MS:
        raise ApiRefusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - sent_ms > window_ms:
        raise ApiRefusal(-1021, "Timestamp for this request is outside of the recvWindow.")
