"""What requests cost at Binance USDⓈ-M, and the limits that it publishes. Pure.

Weights per endpoint as its documentation states them ("Request Weight" of each page under
developers.binance.com/docs/derivatives/usds-margined-futures, and the same in the docstrings of its official
SDK): a new order, conditional or not, weighs nothing and counts as one order; canceling and querying one order
weigh 1, both lists of open orders 40 without a symbol, userTrades, allOrders, allAlgoOrders, positionRisk,
symbolConfig and account 5, premiumIndex of all symbols 10, positionSide/dual and income 30, all else used here 1.

Weight is counted by address, orders by account ("LIMITS" of general-info).
"""

from collections.abc import Mapping
from contextlib import suppress

from adapters.exchange.rate_limits import MINUTE_MS
from adapters.exchange.rows import MalformedError, integer_of, items_of, row_of
from adapters.exchange.venue import Call
from messages import reconciliation, requests
from messages.types import RateKind, RateLimit, RateUse, RequestCost

COSTS: tuple[RequestCost, ...] = (
    *(
        RequestCost(request=submit.__name__, weight=0, orders=1)
        for submit in (
            requests.SubmitOpening,
            requests.SubmitReducing,
            requests.SubmitEmergency,
            requests.SubmitProtection,
        )
    ),
    # The answer to the cancel of a conditional order names it only: it is read after, with its child.
    RequestCost(request=requests.CancelOrder.__name__, weight=3),
    # With the child of a conditional order.
    RequestCost(request=requests.QueryOrder.__name__, weight=2),
    # Trades are found by the venue's id of their order, which is asked for where it is not known.
    RequestCost(request=requests.FetchFills.__name__, weight=6),
    RequestCost(request=requests.SetLeverage.__name__, weight=1),
    # The settings of all symbols, which it reads now and then, show in the next header.
    RequestCost(request=requests.FetchPositions.__name__, weight=5),
    RequestCost(request=requests.FetchOpenOrders.__name__, weight=80, of_symbol=2),
    RequestCost(request=requests.FetchBalance.__name__, weight=5),
    RequestCost(request=reconciliation.FetchTrades.__name__, weight=15),
)
"""The usual maximum cost of each port request; the next response header shows any excess."""

_WEIGHTS: Mapping[tuple[str, str], tuple[int, int]] = {
    ("POST", "/fapi/v1/order"): (0, 0),
    ("POST", "/fapi/v1/algoOrder"): (0, 0),
    ("GET", "/fapi/v1/openOrders"): (1, 40),
    ("GET", "/fapi/v1/openAlgoOrders"): (1, 40),
    ("GET", "/fapi/v1/premiumIndex"): (1, 10),
    **dict.fromkeys((("GET", "/fapi/v1/positionSide/dual"), ("GET", "/fapi/v1/income")), (30, 30)),
    **dict.fromkeys(
        (
            ("GET", path)
            for path in (
                "/fapi/v1/userTrades", "/fapi/v1/allOrders", "/fapi/v1/allAlgoOrders", "/fapi/v3/positionRisk",
                "/fapi/v1/symbolConfig", "/fapi/v3/account", "/fapi/v1/accountConfig",
            )
        ),
        (5, 5),
    ),
}  # fmt: skip
"""(method, path) -> weight with a symbol, and without. Unlisted requests weigh 1."""
CONNECTING = 21
"""Weight of connecting: configuration, symbol settings, marks, listen key."""
FUNDINGS = 30
LOOKUP = 5
SETTING = 1
SETTINGS = 5
"""Weight of reading all symbols' settings besides the positions."""
USUAL_WEIGHT_PER_MINUTE = 2_400
"""Per address, as published (exchangeInfo); a connection reads the current value."""
TEN_SECONDS_MS = 10_000
_UNITS_MS = {"SECOND": 1_000, "MINUTE": MINUTE_MS, "HOUR": 3_600_000, "DAY": 86_400_000}
_KINDS = {"REQUEST_WEIGHT": RateKind.WEIGHT, "ORDERS": RateKind.ORDERS}
_HEADERS: Mapping[str, tuple[RateKind, int]] = {
    "x-mbx-used-weight-1m": (RateKind.WEIGHT, MINUTE_MS),
    "x-mbx-order-count-10s": (RateKind.ORDERS, TEN_SECONDS_MS),
    "x-mbx-order-count-1m": (RateKind.ORDERS, MINUTE_MS),
}
MAX_DIGITS = 9
MOST = 10**MAX_DIGITS


def rate_limits(exchange_info: object) -> tuple[RateLimit, ...]:
    """Return the limits of an exchangeInfo; rows of unknown kinds are skipped."""
    try:
        items = items_of(row_of(exchange_info, "exchangeInfo").get("rateLimits"), "rateLimits")
    except MalformedError:
        return ()
    limits = []
    for each in items:
        with suppress(MalformedError):
            row = row_of(each, "a limit")
            kind, unit_ms = _KINDS.get(str(row.get("rateLimitType"))), _UNITS_MS.get(str(row.get("interval")))
            number, limit = integer_of(row, "intervalNum", 1, MOST), integer_of(row, "limit", 1, MOST)
            if kind and unit_ms:
                limits.append(RateLimit(kind=kind, interval_ms=unit_ms * number, limit=limit))
    return tuple(limits)


def weight_of(call: Call) -> int:
    """Return the weight of one request."""
    of_symbol, of_all = _WEIGHTS.get((call.method, call.path), (1, 1))
    return of_symbol if "symbol" in call.params else of_all


def uses(headers: Mapping[str, str]) -> tuple[RateUse, ...]:
    """Return the usage in a response's headers; () when they have none or are unreadable."""
    return tuple(
        RateUse(kind=kind, interval_ms=interval_ms, used=int(text))
        for name, text in headers.items()
        for kind, interval_ms in (_HEADERS.get(name.lower(), (None, 0)),)
        if kind is not None and text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    )
