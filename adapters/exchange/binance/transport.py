"""Sends requests to Binance USDⓈ-M through ccxt, and names its stream addresses."""

from collections.abc import Mapping
from typing import Any

from adapters.exchange import addresses
from adapters.exchange.binance.hosts import HOSTS
from adapters.exchange.settings import ExchangeSettings
from adapters.exchange.venue import Call

SERVER_TIME = Call(method="GET", path="/fapi/v1/time", private=False)
PRIVATE_EVENTS = (
    "ORDER_TRADE_UPDATE", "ALGO_UPDATE", "ACCOUNT_UPDATE", "ACCOUNT_CONFIG_UPDATE", "MARGIN_CALL",
    "CONDITIONAL_ORDER_TRIGGER_REJECT", "listenKeyExpired",
)  # fmt: skip
_APIS: Mapping[str, str] = {
    "/fapi/v1/": "fapiPrivate",
    "/fapi/v2/": "fapiPrivateV2",
    "/fapi/v3/": "fapiPrivateV3",
    "/sapi/v1/": "sapi",
}


def server_ms(value: object) -> int | None:
    """Return the time of the answer to `SERVER_TIME`, in ms since the epoch; None when it has none."""
    time_ms = value.get("serverTime") if isinstance(value, dict) else None
    return time_ms if isinstance(time_ms, int) else None


async def send(exchange: Any, call: Call) -> None:
    prefix, path = call.path[:9], call.path[9:]
    api = _APIS[prefix] if call.private else "fapiPublic"
    await exchange.request(path, [api], call.method, dict(call.params))


def private_url(exchange: Any, listen_key: str, form: int = 0) -> str:
    """Return the address of the account's events in one of three forms; one may work where another is mute:

    the library's; with the events named, as the venue's notice on split addresses has it; with the key as a path.
    """
    url: str = exchange.get_private_ws_url("linear", listen_key)
    match form % 3:
        case 1:
            return f"{url}&events={'/'.join(PRIVATE_EVENTS)}"
        case 2:
            return f"{url.partition('?')[0]}/{listen_key}"
        case _:
            return url


def build(settings: ExchangeSettings) -> Any:
    import ccxt.pro  # 0.4 s warm, 100 MiB: only where an exchange is really spoken to

    base = ccxt.pro.binanceusdm()
    config: dict[str, Any] = {
        "apiKey": settings.api_key.reveal(),
        "secret": settings.api_secret.reveal(),
        "timeout": settings.timeout_ms,
        "timeout_on_exit": 0,
        # The gateway keeps the budgets: ccxt's limiter would queue an emergency close behind everything.
        "enableRateLimit": False,
        "streaming": {"keepAlive": settings.stream_ping_ms},
        "options": {
            "fetchCurrencies": False,
            "maxRetriesOnFailure": 0,
            "recvWindow": settings.recv_window_ms,
            "setMarginMode": {"throwMarginModeAlreadySet": False},
            "fetchOpenOrders": {"warnWithoutSymbol": False},
            "watchPositions": {"fetchPositionsSnapshot": False, "awaitPositionsSnapshot": False},
        },
    }
    config |= addresses.proxies(settings.proxy)
    table = base.urls[HOSTS.tables[settings.environment]]
    config["urls"] = {"api": addresses.endpoints(table, settings.base_url, settings.stream_url)}
    # The futures codes are mapped by host name only; another host needs them by hand.
    config["exceptions"] = {"exact": base.exceptions["linear"]["exact"]}
    exchange = ccxt.pro.binanceusdm(config)
    exchange.number = str
    return exchange
