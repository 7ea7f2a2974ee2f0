"""Rows and events that are not what they should be (row 34): a field that is absurd, of another type, or missing."""

import json
from collections.abc import Mapping
from dataclasses import replace
from random import Random

from adapters.paper.faults import Fault, FaultKind

NUMBERS: tuple[object, ...] = ("1e20", "-1", "-250000", "NaN", "", "many", None, True, [], 1e40)
TEXTS: tuple[object, ...] = (None, 7.5, "", [], {}, True)
"""No name at all. Another name would be a lie, which nothing in the row gives away."""
AMOUNTS = ("0", "-1", "1", "0.5", "-0.02", "7", "-250")
"""Of a position: each could be. What the row says of its value gives the lie away."""
LISTS: Mapping[str, tuple[str, ...]] = {
    "/positionRisk": ("positionAmt", "entryPrice", "markPrice", "symbol", "positionSide", "unRealizedProfit", ""),
    "/openOrders": ("origQty", "executedQty", "status", "side", "symbol", "clientOrderId", "orderId", ""),
    "/openAlgoOrders": ("quantity", "algoStatus", "side", "symbol", "clientAlgoId", "algoId", ""),
}
"""Of the whole account: these are looked through row by row. An empty field is the whole row."""
OTHERS: Mapping[str, tuple[str, ...]] = {
    "/userTrades": ("qty", "price", "commission", "id", "orderId", "side", "time", ""),
    "/allOrders": ("orderId", ""),
    "/order": ("origQty", "executedQty", "status", "side", "symbol", "orderId"),
    "/algoOrder": ("quantity", "algoStatus", "side", "symbol", "algoId"),
    "/income": ("income", "asset", "tranId", "time", "symbol", ""),
    "/exchangeInfo": ("filters", "status", "symbol", ""),
    "/symbolConfig": ("leverage", "marginType", "symbol", ""),
    "/account": ("totalWalletBalance", "availableBalance"),
    "/premiumIndex": ("markPrice", "symbol", ""),
}
EVENTS: Mapping[str, tuple[str, ...]] = {
    "ORDER_TRADE_UPDATE": ("q", "z", "l", "L", "n", "X", "S", "s", "c", "i", "t", ""),
    "ALGO_UPDATE": ("q", "aq", "X", "S", "s", "caid", "aid", ""),
}
_NAMES = """
symbol positionSide status side clientOrderId orderId algoStatus clientAlgoId algoId id time asset tranId filters
marginType X S s c i t caid aid
"""
_TEXTS = frozenset(_NAMES.split())
_COSTS = ("n", "commission", "income")


def drawn(random: Random) -> Fault:
    """Now and then, or each time for a while."""
    nth, count = random.choice((1, 1, random.randrange(1, 5))), random.choice((0, 1, 2, 5))
    which = random.randrange(4)
    table = EVENTS if which == 0 else OTHERS if which == 1 else LISTS
    place = random.choice(tuple(table))
    key = random.choice(table[place])
    fault = Fault(kind=FaultKind.MALFORMED, row=random.randrange(6), key=key, value=_value(random, key))
    if which == 0:
        return replace(fault, kind=FaultKind.EVENT_MALFORMED, event=place, nth=nth, count=count)
    return replace(fault, method="GET", path=place, nth=nth, count=count)


def untrue(random: Random) -> Fault:
    """A quantity that could be, and is not: in each list of positions for a while."""
    value, row = json.dumps(random.choice(AMOUNTS)), random.randrange(6)
    return Fault(
        kind=FaultKind.MALFORMED, method="GET", path="/positionRisk", row=row, key="positionAmt", value=value, count=0
    )


def everywhere(number: int) -> list[Fault]:
    """One for each list, of a kind that the number chooses."""
    random = Random(f"albra malformed {number}")
    faults = []
    for path, keys in LISTS.items():
        key = random.choice(keys)
        row, value = random.randrange(6), _value(random, key)
        faults.append(Fault(kind=FaultKind.MALFORMED, method="GET", path=path, row=row, key=key, value=value, count=3))
    return faults


def _value(random: Random, key: str) -> str:
    """As JSON; empty where the field is missing."""
    if not key:
        return random.choice(("null", "[]", "{}", '"row"'))
    value = random.choice(TEXTS if key in _TEXTS else NUMBERS)
    if key in _COSTS and value == "-1":
        value = "-250000"  # a small amount could be, and nothing in the row gives it away
    if key == "income" and value == "-250000":
        value = "many"  # what held it gives it away, and the list is read again after minutes
    return random.choice(("", json.dumps(value), json.dumps(value)))
