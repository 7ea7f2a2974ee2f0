"""What Binance writes -> what we say: REST rows and stream events to reports. Pure.

Every function raises `MalformedError` for what it cannot read; none guesses. Numbers come from
strings and stay exact. Sources: the page of each endpoint and event under
developers.binance.com/docs/derivatives/usds-margined-futures.

A conditional order and the child order it becomes are one order to everybody outside: its reports
carry the parent's client order id and the parent's venue order id (`algoId`), the child's state and
the child's filled quantity. A child that works in the engine is `TRIGGERED`.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from adapters.exchange.rows import MalformedError, Row, decimal_of, nanoseconds_of, row_of, rows_of, text_of
from messages.ids import parse_client_order_id
from messages.reports import (
    BalanceReport,
    FillReport,
    FundingReport,
    LeverageChanged,
    MarginCall,
    MarkReport,
    OrderReport,
    PositionRow,
    UnreadRow,
)
from messages.types import (
    AccountId,
    ClientOrderId,
    Instrument,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
    Symbol,
    TradeId,
    VenueOrderId,
)

ZERO = Decimal(0)

_ORDER_STATUS: Mapping[str, OrderStatus] = {
    "NEW": OrderStatus.WORKING,
    "PENDING_NEW": OrderStatus.WORKING,
    "PARTIALLY_FILLED": OrderStatus.WORKING,
    # Liquidation orders begin with these.
    "NEW_INSURANCE": OrderStatus.WORKING,
    "NEW_ADL": OrderStatus.WORKING,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
# FINISHED is missing on purpose: it means "filled or canceled in the matching engine", so the child tells.
_CONDITIONAL_STATUS: Mapping[str, OrderStatus] = {
    "NEW": OrderStatus.WORKING,
    "TRIGGERING": OrderStatus.TRIGGERED,
    "TRIGGERED": OrderStatus.TRIGGERED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
}
_SIDE: Mapping[str, Side] = {"BUY": Side.BUY, "SELL": Side.SELL}
_SYMBOL = re.compile(r"[A-Z0-9]+")
"""Names of perpetuals. A delivery contract's has an underscore (`BTCUSDT_261225`), others are in other scripts."""
_ANY_NAME = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Whose report it is and when we learned of it."""

    account: AccountId
    ts_init: int


def order_report(row: Row, stamp: Stamp, *, queried: bool = True) -> OrderReport:
    """One row of /fapi/v1/order or /fapi/v1/openOrders, or the answer to a submit or cancel."""
    return OrderReport(
        account=stamp.account,
        ts_event=nanoseconds_of(row, "updateTime", "time"),
        ts_init=stamp.ts_init,
        symbol=symbol_of(row, "symbol"),
        client_order_id=ClientOrderId(text_of(row, "clientOrderId")),
        venue_order_id=VenueOrderId(text_of(row, "orderId")),
        status=_order_status(text_of(row, "status")),
        side=_side(row, "side"),
        quantity=decimal_of(row, "origQty"),
        filled_quantity=decimal_of(row, "executedQty"),
        queried=queried,
    )


def order_name(row: Row) -> tuple[VenueOrderId, ClientOrderId]:
    """Which order a row of the same lists is about, whatever else it says."""
    return VenueOrderId(text_of(row, "orderId")), ClientOrderId(text_of(row, "clientOrderId"))


def somebody_elses(row: Row, name: str) -> bool:
    """Whether the client order id under `name` says that this row is not about an order of ours.

    One that names nobody may be about ours: what cannot be read of it must not pass for the absence of an order.
    """
    told = row.get(name)
    return isinstance(told, str) and bool(told) and parse_client_order_id(told) is None


def child_id(row: Row) -> VenueOrderId | None:
    """The child that a conditional order (REST row) has become in the matching engine, if any."""
    actual = text_of(row, "actualOrderId", "")
    return VenueOrderId(actual) if actual not in ("", "0") else None


def needs_child(row: Row) -> bool:
    """Whether the row of a conditional order says too little without its child's."""
    if child_id(row) is None:
        return False
    return text_of(row, "algoStatus") == "FINISHED" and not _surely_filled(row)


def conditional_report(row: Row, child: Row | None, stamp: Stamp, *, queried: bool = True) -> OrderReport:
    """One row of /fapi/v1/algoOrder, with the row of its child order where it has one."""
    own_quantity = decimal_of(row, "quantity")
    if child is not None:
        status = _order_status(text_of(child, "status"))
        status = OrderStatus.TRIGGERED if status is OrderStatus.WORKING else status
        filled = decimal_of(child, "executedQty")
    else:
        status = _conditional_status(row)
        filled = decimal_of(row, "actualQty", "0")
    return OrderReport(
        account=stamp.account,
        ts_event=max(nanoseconds_of(row, "updateTime", "createTime"), nanoseconds_of(child or {}, "updateTime")),
        ts_init=stamp.ts_init,
        symbol=symbol_of(row, "symbol"),
        client_order_id=ClientOrderId(text_of(row, "clientAlgoId")),
        venue_order_id=VenueOrderId(text_of(row, "algoId")),
        status=status,
        side=_side(row, "side"),
        quantity=own_quantity,
        filled_quantity=filled,
        queried=queried,
        conditional=True,
    )


def conditional_row(event: Row) -> Row:
    """The order of an ALGO_UPDATE event in the shape of the REST row.

    Raw `aq` (executed) and `ai` (child id) are what counts: the status FINISHED alone says "filled"
    to a casual reader even where nothing was.
    """
    order = row_of(event.get("o"), "o of ALGO_UPDATE")
    return {
        "algoId": order.get("aid"),
        "clientAlgoId": order.get("caid"),
        "symbol": order.get("s"),
        "side": order.get("S"),
        "quantity": order.get("q"),
        "algoStatus": order.get("X"),
        "actualOrderId": order.get("ai") or "",
        "actualQty": order.get("aq"),
        "failure": order.get("rm") or "",
        "updateTime": event.get("T") or event.get("E"),
    }


def stream_order(order: Row, stamp: Stamp, *, event_time_ns: int) -> OrderReport:
    """The `o` of ORDER_TRADE_UPDATE, under its own client order id."""
    return OrderReport(
        account=stamp.account,
        ts_event=nanoseconds_of(order, "T") or event_time_ns,
        ts_init=stamp.ts_init,
        symbol=symbol_of(order, "s"),
        client_order_id=ClientOrderId(text_of(order, "c")),
        venue_order_id=VenueOrderId(text_of(order, "i")),
        status=_order_status(text_of(order, "X")),
        side=_side(order, "S"),
        quantity=decimal_of(order, "q"),
        filled_quantity=decimal_of(order, "z"),
    )


def stream_fill(order: Row, stamp: Stamp, *, event_time_ns: int) -> FillReport | None:
    """The trade in the `o` of ORDER_TRADE_UPDATE; None where the event is about no trade."""
    quantity = decimal_of(order, "l", "0")
    if text_of(order, "x") not in ("TRADE", "CALCULATED") or quantity <= 0:
        return None
    return FillReport(
        account=stamp.account,
        ts_event=nanoseconds_of(order, "T") or event_time_ns,
        ts_init=stamp.ts_init,
        symbol=symbol_of(order, "s"),
        client_order_id=ClientOrderId(text_of(order, "c")),
        venue_order_id=VenueOrderId(text_of(order, "i")),
        trade_id=TradeId(text_of(order, "t")),
        side=_side(order, "S"),
        quantity=quantity,
        price=decimal_of(order, "L"),
        fee=decimal_of(order, "n", "0"),
        fee_currency=text_of(order, "N", ""),
        maker=order.get("m") is True,
        position_side=_LEGS.get(text_of(order, "ps", "")),
    )


_LEGS: Mapping[str, PositionSide] = {"LONG": PositionSide.LONG, "SHORT": PositionSide.SHORT}
"""`BOTH` is the net of a one-way account."""


def trade_report(row: Row, stamp: Stamp, client_order_id: ClientOrderId) -> FillReport:
    """One row of /fapi/v1/userTrades, which names its order by the venue's id only."""
    return FillReport(
        account=stamp.account,
        ts_event=nanoseconds_of(row, "time"),
        ts_init=stamp.ts_init,
        symbol=symbol_of(row, "symbol"),
        client_order_id=client_order_id,
        venue_order_id=VenueOrderId(text_of(row, "orderId")),
        trade_id=TradeId(text_of(row, "id")),
        side=_side(row, "side"),
        quantity=decimal_of(row, "qty"),
        price=decimal_of(row, "price"),
        fee=decimal_of(row, "commission", "0"),
        fee_currency=text_of(row, "commissionAsset", ""),
        maker=row.get("maker") is True,
        position_side=_LEGS.get(text_of(row, "positionSide", "")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionList:
    """Rows that are not flat, and those that cannot be read."""

    rows: tuple[PositionRow, ...]
    unread: tuple[UnreadRow, ...]

    @property
    def symbols(self) -> Sequence[Symbol]:
        return tuple(dict.fromkeys([*(row.symbol for row in self.rows), *(row.symbol for row in self.unread)]))


def position_list(value: object, settings: Mapping[Symbol, "SymbolSetting"]) -> PositionList:
    """The list of /fapi/v3/positionRisk without flat rows. Leverage is not in it: see `symbol_settings`.

    What a human holds in something else than a perpetual is left out: it keeps nobody from reading the others. Nor
    does a row that names its symbol, and cannot be read otherwise; one that names none voids the list.
    """
    rows: list[PositionRow] = []
    unread: list[UnreadRow] = []
    for row in perpetuals(rows_of(value, "positions")):
        symbol = symbol_of(row, "symbol")
        try:
            if decimal_of(row, "positionAmt") != 0:
                rows.append(_position_row(row, settings, _SYMBOL))
        except MalformedError as error:
            unread.append(UnreadRow(symbol=symbol, why=str(error)))
    return PositionList(rows=tuple(rows), unread=tuple(unread))


def about(symbol: Symbol, told: PositionList) -> PositionList:
    """What of the list answers a question about one symbol. Raises MalformedError where only others are told of:

    such an answer is to another question, and no proof that this symbol is flat.
    """
    if told.symbols and symbol not in told.symbols:
        raise MalformedError(f"asked for {symbol}, told of {', '.join(told.symbols)}")
    return PositionList(
        rows=tuple(row for row in told.rows if row.symbol == symbol),
        unread=tuple(row for row in told.unread if row.symbol == symbol),
    )


def any_position_row(row: Row) -> tuple[PositionRow, ...]:
    """A row of the same list whatever it is a position in, for whoever wants to close everything; none if flat."""
    return (_position_row(row, {}, _ANY_NAME),) if decimal_of(row, "positionAmt") != 0 else ()


def perpetuals(rows: Sequence[Row]) -> Sequence[Row]:
    """Those of the rows that are about a perpetual, or do not say what they are about: that is for a reader to find."""
    return [row for row in rows if not of_another_kind(row.get("symbol"))]


def of_another_kind(name: object) -> bool:
    return isinstance(name, str) and _ANY_NAME.fullmatch(name) is not None and _SYMBOL.fullmatch(name) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSetting:
    leverage: int
    isolated: bool


def symbol_settings(value: object) -> dict[Symbol, SymbolSetting]:
    """The list of /fapi/v1/symbolConfig. A row we cannot read is left out: that symbol's setting is not known."""
    found = {}
    for row in rows_of(value, "symbol settings"):
        with suppress(MalformedError):
            isolated = text_of(row, "marginType", "").upper() == "ISOLATED"
            found[symbol_of(row, "symbol")] = SymbolSetting(leverage=_integer(row, "leverage"), isolated=isolated)
    return found


def balance_report(value: object, stamp: Stamp, request_id: str) -> BalanceReport:
    """/fapi/v3/account: totals of the single-asset mode, in USDT."""
    row = row_of(value, "account")
    return BalanceReport(
        account=stamp.account,
        ts_init=stamp.ts_init,
        request_id=request_id,
        currency="USDT",
        wallet=decimal_of(row, "totalWalletBalance"),
        available=decimal_of(row, "availableBalance"),
        unrealized_pnl=decimal_of(row, "totalUnrealizedProfit"),
    )


def funding_reports(value: object, stamp: Stamp) -> tuple[FundingReport, ...]:
    """FUNDING_FEE rows of /fapi/v1/income, oldest first; the legs of one symbol at one time are one payment.

    A payment of which a row cannot be read is left out as a whole: half of it would be booked as another one later.
    """
    found: dict[tuple[int, Symbol, str], list[tuple[str, Decimal]]] = {}
    torn: set[tuple[int, object]] = set()
    for row in perpetuals(rows_of(value, "incomes")):
        time_ns = nanoseconds_of(row, "time")
        try:
            if text_of(row, "incomeType") == "FUNDING_FEE":
                key = (time_ns, symbol_of(row, "symbol"), text_of(row, "asset"))
                found.setdefault(key, []).append((text_of(row, "tranId"), decimal_of(row, "income")))
        except MalformedError:
            torn.add((time_ns, row.get("symbol")))
    return tuple(
        FundingReport(
            account=stamp.account,
            ts_event=time_ns,
            ts_init=stamp.ts_init,
            symbol=symbol,
            amount=sum((income for _, income in rows), ZERO),
            currency=currency,
            payment_id=",".join(sorted(number for number, _ in rows)),
        )
        for (time_ns, symbol, currency), rows in sorted(found.items())
        if (time_ns, symbol) not in torn
    )


def position_mode(value: object) -> PositionMode:
    """/fapi/v1/positionSide/dual."""
    dual = row_of(value, "position mode").get("dualSidePosition")
    if isinstance(dual, str):
        dual = {"true": True, "false": False}.get(dual.lower())
    if not isinstance(dual, bool):
        raise MalformedError(f"dualSidePosition is {dual!r}")
    return PositionMode.HEDGE if dual else PositionMode.ONE_WAY


def instruments(value: object) -> tuple[Instrument, ...]:
    """The perpetuals of /fapi/v1/exchangeInfo, by name. A row we cannot read is left out: one symbol stops no other."""
    found = []
    for row in rows_of(row_of(value, "exchangeInfo").get("symbols"), "symbols"):
        try:
            if text_of(row, "contractType") == "PERPETUAL" and _SYMBOL.fullmatch(text_of(row, "symbol")):
                found.append(_instrument(row))
        except MalformedError:
            continue
    if not found:
        raise MalformedError("exchangeInfo names no perpetual")
    return tuple(sorted(found, key=lambda instrument: instrument.symbol))


def mark_reports(value: object, stamp: Stamp) -> tuple[MarkReport, ...]:
    """A markPriceUpdate event, or the list of them that `!markPrice@arr` sends."""
    rows = rows_of(value, "marks") if isinstance(value, list) else [row_of(value, "mark")]
    return _marks(rows, stamp, time="E", symbol="s", price="p")


def premium_marks(value: object, stamp: Stamp) -> tuple[MarkReport, ...]:
    """The list of /fapi/v1/premiumIndex."""
    return _marks(rows_of(value, "marks"), stamp, time="time", symbol="symbol", price="markPrice")


def _marks(rows: Sequence[Row], stamp: Stamp, *, time: str, symbol: str, price: str) -> tuple[MarkReport, ...]:
    """Without the symbols that have no price: one that is being settled or not yet traded stops no other."""
    found = []
    for row in rows:
        with suppress(MalformedError):
            found.append(
                MarkReport(
                    account=stamp.account,
                    ts_event=nanoseconds_of(row, time),
                    ts_init=stamp.ts_init,
                    symbol=symbol_of(row, symbol),
                    mark_price=decimal_of(row, price),
                )
            )
    return tuple(found)


def leverage_changed(event: Row, stamp: Stamp) -> LeverageChanged | None:
    """ACCOUNT_CONFIG_UPDATE; None where another setting than leverage was changed."""
    changed = event.get("ac")
    if changed is None:
        return None
    row = row_of(changed, "ac")
    return LeverageChanged(
        account=stamp.account,
        ts_event=nanoseconds_of(event, "T", "E"),
        ts_init=stamp.ts_init,
        symbol=symbol_of(row, "s"),
        leverage=_integer(row, "l"),
    )


def margin_call(event: Row, row: Row, stamp: Stamp) -> MarginCall:
    """One of the positions at risk that a MARGIN_CALL names."""
    return MarginCall(
        account=stamp.account,
        ts_event=nanoseconds_of(event, "E"),
        ts_init=stamp.ts_init,
        symbol=symbol_of(row, "s"),
        side=_position_side(text_of(row, "ps"), decimal_of(row, "pa")),
        text=(
            f"quantity {row.get('pa')}, mark price {row.get('mp')}, unrealized {row.get('up')}, "
            f"maintenance margin {row.get('mm')}"
        ),
    )


def symbol_of(row: Row, name: str, pattern: re.Pattern[str] = _SYMBOL) -> Symbol:
    symbol = text_of(row, name)
    if not pattern.fullmatch(symbol):
        raise MalformedError(f"{name} is {symbol!r}, not a symbol")
    return Symbol(symbol)


def _order_status(text: str) -> OrderStatus:
    status = _ORDER_STATUS.get(text)
    if status is None:
        raise MalformedError(f"an order's status is {text!r}, which is not documented")
    return status


def _conditional_status(row: Row) -> OrderStatus:
    text = text_of(row, "algoStatus")
    if text == "FINISHED":
        if _surely_filled(row):
            return OrderStatus.FILLED
        if child_id(row) is not None:
            raise MalformedError("a finished conditional order is told by its child, which was not read")
        # Finished without ever becoming an order: nothing was filled.
        return OrderStatus.EXPIRED
    status = _CONDITIONAL_STATUS.get(text)
    if status is None:
        raise MalformedError(f"a conditional order's status is {text!r}, which is not documented")
    return status


def _surely_filled(row: Row) -> bool:
    quantity = decimal_of(row, "quantity")
    return quantity > 0 and decimal_of(row, "actualQty", "0") >= quantity


def _side(row: Row, name: str) -> Side:
    side = _SIDE.get(text_of(row, name))
    if side is None:
        raise MalformedError(f"{name} is {row.get(name)!r}, not a side")
    return side


def _position_side(named: str, amount: Decimal) -> PositionSide:
    """In hedge mode the leg's name; in one-way mode (`BOTH`) the sign of the quantity."""
    if named in ("LONG", "SHORT"):
        return PositionSide(named.lower())
    return PositionSide.LONG if amount > 0 else PositionSide.SHORT


def _position_row(row: Row, settings: Mapping[Symbol, SymbolSetting], names: re.Pattern[str]) -> PositionRow:
    symbol = symbol_of(row, "symbol", names)
    amount = decimal_of(row, "positionAmt")
    liquidation = decimal_of(row, "liquidationPrice", "0")
    setting = settings.get(symbol)
    return PositionRow(
        symbol=symbol,
        side=_position_side(text_of(row, "positionSide"), amount),
        quantity=abs(amount),
        entry_price=decimal_of(row, "entryPrice"),
        mark_price=decimal_of(row, "markPrice"),
        unrealized_pnl=decimal_of(row, "unRealizedProfit"),
        liquidation_price=liquidation if liquidation > 0 else None,
        leverage=None if setting is None else setting.leverage,
        isolated=setting.isolated if setting is not None else decimal_of(row, "isolatedWallet", "0") != 0,
    )


def _instrument(row: Row) -> Instrument:
    filters = {text_of(each, "filterType"): each for each in rows_of(row.get("filters"), "filters")}
    lot, market_lot = filters.get("LOT_SIZE", {}), filters.get("MARKET_LOT_SIZE", {})
    prices, percent = filters.get("PRICE_FILTER", {}), filters.get("PERCENT_PRICE", {})
    return Instrument(
        symbol=symbol_of(row, "symbol"),
        quantity_step=decimal_of(lot, "stepSize"),
        price_step=decimal_of(prices, "tickSize"),
        min_quantity=decimal_of(lot, "minQty"),
        max_quantity=decimal_of(lot, "maxQty"),
        max_market_quantity=decimal_of(market_lot, "maxQty", "0"),
        min_notional=decimal_of(filters.get("MIN_NOTIONAL", {}), "notional", "0"),
        trading=text_of(row, "status") == "TRADING",
        min_price=decimal_of(prices, "minPrice", "0"),
        max_price=decimal_of(prices, "maxPrice", "0"),
        price_up=decimal_of(percent, "multiplierUp", "0"),
        price_down=decimal_of(percent, "multiplierDown", "0"),
        quote=text_of(row, "quoteAsset", ""),
    )


def _integer(row: Row, name: str) -> int:
    number = decimal_of(row, name)
    if number != number.to_integral_value():
        raise MalformedError(f"{name} is {number}, not a whole number")
    return int(number)
