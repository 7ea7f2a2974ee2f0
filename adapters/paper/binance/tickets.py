"""The reading of an order's parameters, with the venue's own refusals."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from adapters.paper.binance.errors import ApiRefusal, invalid_client_id, missing, unneeded, wrong_position_side
from adapters.paper.instruments import ZERO
from adapters.paper.orders import Ticket

CLIENT_ID = re.compile(r"^[\.A-Z\:/a-z0-9_-]{1,36}$")
"""New Order, `newClientOrderId`: the pattern the venue publishes."""

_DECIMAL = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$")

TYPES = ("LIMIT", "MARKET")
ALGO_TYPES = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD")
ALGO_TIMES_IN_FORCE = (*TIMES_IN_FORCE, "GTE_GTC")
GTD_LEAST_MS = 600_000
LONG_DIGITS = 19


def read_order(params: Mapping[str, str], *, hedge: bool, now_ms: int) -> Ticket:
    """The ticket of POST /fapi/v1/order; raises Refusal.

    Source: "New Order", table of mandatory parameters by type. Conditional types have moved to the Algo
    Service and are refused with -4120 (change log of 2025-11-06).
    """
    kind = required(params, "type")
    if kind in ALGO_TYPES:
        raise ApiRefusal(
            -4120,
            "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
        )
    if kind not in TYPES:
        raise ApiRefusal(-1116, "Invalid orderType.")
    if params.get("closePosition", "false").lower() == "true":
        raise ApiRefusal(-4136, f"Target strategy invalid for orderType {kind},closePosition true")
    time_in_force = "GTC"
    if kind == "LIMIT":
        time_in_force = required(params, "timeInForce")
        if time_in_force not in TIMES_IN_FORCE:
            raise ApiRefusal(-1115, "Invalid timeInForce.")
    elif params.get("timeInForce"):
        raise unneeded("timeInForce")
    if kind == "MARKET" and params.get("price"):
        raise unneeded("price")
    quantity = number(params, "quantity")
    price = number(params, "price") if kind == "LIMIT" else ZERO
    return _ticket(
        params,
        hedge=hedge,
        now_ms=now_ms,
        kind=kind,
        time_in_force=time_in_force,
        quantity=quantity,
        price=price,
        client_key="newClientOrderId",
    )


def read_algo_order(params: Mapping[str, str], *, hedge: bool, now_ms: int) -> Ticket:
    """The ticket of POST /fapi/v1/algoOrder; raises Refusal. Source: "New Algo Order"."""
    if required(params, "algoType") != "CONDITIONAL":
        raise missing("algoType")
    kind = required(params, "type")
    if kind not in ALGO_TYPES:
        raise ApiRefusal(-1116, "Invalid orderType.")
    close_position = flag(params, "closePosition")
    if close_position:
        if kind not in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
            raise ApiRefusal(-4136, f"Target strategy invalid for orderType {kind},closePosition true")
        for name in ("quantity", "reduceOnly"):
            if params.get(name):
                raise unneeded(name)
    time_in_force = params.get("timeInForce") or "GTC"
    if time_in_force not in ALGO_TIMES_IN_FORCE:
        raise ApiRefusal(-1115, "Invalid timeInForce.")
    trailing = kind == "TRAILING_STOP_MARKET"
    ticket = _ticket(
        params,
        hedge=hedge,
        now_ms=now_ms,
        kind=kind,
        time_in_force="GTE_GTC" if close_position else time_in_force,
        quantity=ZERO if close_position else number(params, "quantity"),
        price=number(params, "price") if kind in ("STOP", "TAKE_PROFIT") else ZERO,
        client_key="clientAlgoId",
        trigger_price=ZERO if trailing else number(params, "triggerPrice"),
        callback_rate=number(params, "callbackRate") if trailing else ZERO,
    )
    closing_side = {"LONG": "SELL", "SHORT": "BUY"}.get(ticket.position_side)
    if close_position and closing_side is not None and ticket.side != closing_side:
        raise wrong_position_side()
    if trailing and not Decimal("0.1") <= ticket.callback_rate <= 20:
        raise ApiRefusal(-2007, "Invalid callBack rate.")
    return ticket


def _ticket(
    params: Mapping[str, str],
    *,
    hedge: bool,
    now_ms: int,
    kind: str,
    time_in_force: str,
    quantity: Decimal,
    price: Decimal,
    client_key: str,
    trigger_price: Decimal = ZERO,
    callback_rate: Decimal = ZERO,
) -> Ticket:
    side = required(params, "side")
    if side not in ("BUY", "SELL"):
        raise ApiRefusal(-1117, "Invalid side.")
    position_side = params.get("positionSide") or "BOTH"
    if position_side not in ("BOTH", "LONG", "SHORT"):
        raise ApiRefusal(-4060, "Invalid position side.")
    if hedge == (position_side == "BOTH"):
        raise wrong_position_side()
    if hedge and params.get("reduceOnly"):
        raise unneeded("reduceOnly")
    client_id = params.get(client_key) or ""
    if client_id and not CLIENT_ID.match(client_id):
        raise invalid_client_id()
    working_type = params.get("workingType") or "CONTRACT_PRICE"
    if working_type not in ("MARK_PRICE", "CONTRACT_PRICE"):
        raise ApiRefusal(-4031, "Invalid working type")
    return Ticket(
        symbol=required(params, "symbol"),
        side=side,
        position_side=position_side,
        type=kind,
        time_in_force=time_in_force,
        quantity=quantity,
        price=price,
        reduce_only=flag(params, "reduceOnly"),
        client_id=client_id,
        good_till_ms=_good_till(params, time_in_force, now_ms),
        working_type=working_type,
        price_protect=flag(params, "priceProtect"),
        close_position=flag(params, "closePosition"),
        self_trade=params.get("selfTradePreventionMode") or "EXPIRE_MAKER",
        price_match=params.get("priceMatch") or "NONE",
        trigger_price=trigger_price,
        activate_price=number(params, "activatePrice") if params.get("activatePrice") else ZERO,
        callback_rate=callback_rate,
        final_result=params.get("newOrderRespType") == "RESULT",
    )


def _good_till(params: Mapping[str, str], time_in_force: str, now_ms: int) -> int:
    """New Order, `goodTillDate`: later than now + 600 s, below 253402300799000; seconds count only."""
    if time_in_force != "GTD":
        return 0
    stamp = integer(params, "goodTillDate")
    if not now_ms + GTD_LEAST_MS < stamp < 253_402_300_799_000:
        text = (
            "The goodTillDate timestamp must be greater than the current time plus 600 seconds "
            "and smaller than 253402300799000"
        )
        raise ApiRefusal(-5040, text)
    return stamp - stamp % 1000


def required(params: Mapping[str, str], name: str) -> str:
    value = params.get(name)
    if not value:
        raise missing(name)
    return value


def number(params: Mapping[str, str], name: str) -> Decimal:
    """A non-negative decimal parameter; raises Refusal -1102 or -1100."""
    text = required(params, name)
    if not _DECIMAL.match(text):
        # The official SDK writes small floats as 1e-05, and the venue is known to read them.
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0 or "e" not in text.lower():
            legal = r"'^([0-9]{1,20})(\.[0-9]{1,20})?$'"
            raise ApiRefusal(-1100, f"Illegal characters found in parameter '{name}'; legal range is {legal}.")
        return value
    return Decimal(text)


def integer(params: Mapping[str, str], name: str) -> int:
    """A non-negative integer parameter; raises Refusal -1102."""
    value = whole(required(params, name))
    if value is None:
        raise missing(name)
    return value


def whole(text: str) -> int | None:
    """A non-negative integer of at most 19 digits, as a LONG has; None when it is none."""
    return int(text) if len(text) <= LONG_DIGITS and text.isascii() and text.isdecimal() else None


def flag(params: Mapping[str, str], name: str) -> bool:
    """A BOOLEAN parameter, `true` or `false` in any case; absent is false; raises Refusal -1102."""
    text = (params.get(name) or "false").lower()
    if text not in ("true", "false"):
        raise missing(name)
    return text == "true"
