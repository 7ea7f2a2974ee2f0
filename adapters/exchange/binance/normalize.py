"""What Binance writes -> what we say: REST rows and stream events to reports. Pure.

Every function raises `MalformedError` for what it cannot read; none guesses. Numbers come from
strings and stay exact. Sources: the page of each endpoint and event under
developers.binance.com/docs/derivatives/usds-margined-futures.

A conditional order and the child order it becomes are one order on this side: its reports
carry the parent's client order id and the parent's venue order id (`algoId`), the child's state and
the child's filled quantity. A child that works in the engine is `TRIGGERED`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from adapters.exchange.rows import (
    MalformedError,
    Row,
    amount_of,
    decimal_of,
    fee_of,
    id_of,
    instant_of,
    integer_of,
    items_of,
    nanoseconds_of,
    positive_of,
    row_of,
    shown,
    take,
    text_of,
)
from adapters.exchange.symbol_settings import SymbolSetting
from adapters.exchange.venue import Stamp
from messages.ids import parse_client_order_id
from messages.reports import (
    FillReport,
    LeverageChanged,
    MarginCall,
    MarkReport,
    OrderReport,
    PositionRow,
    UnreadRow,
)
from messages.statement import Statement, verbatim
from messages.types import (
    NAMELESS,
    ClientOrderId,
    FillCause,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
    Symbol,
    TradeId,
    VenueOrderId,
)
from messages.wording import Venue

ZERO = Decimal(0)
Found = TypeVar("Found")

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
_CAUSES: Mapping[str, FillCause] = {
    "autoclose-": FillCause.LIQUIDATION,
    "adl_autoclose": FillCause.DELEVERAGING,
    "settlement_autoclose-": FillCause.SETTLEMENT,
    "delivery_autoclose-": FillCause.SETTLEMENT,
}
"""How the ids begin of the orders by which the venue closes a position itself (Event: Order Update)."""
_SYMBOL = re.compile(r"[A-Z0-9]{1,30}")
"""Names of perpetuals. A delivery contract's has an underscore (`BTCUSDT_261225`), others are in other scripts."""
ANY_NAME = re.compile(r"\w{1,30}")
LEVERAGE_MOST = 1000
VALUE_SHARE = Decimal("0.01")
"""By which a position's value may differ from its quantity at its mark price."""
PLACE = Decimal("1e-8")
"""To which values and mark prices are rounded."""
_POSITION = Venue.ROW_OF(what="positions")


def order_report(row: Row, stamp: Stamp, *, queried: bool = True) -> OrderReport:
    """One row of /fapi/v1/order or /fapi/v1/openOrders, or the answer to a submit or cancel."""
    return OrderReport(
        account=stamp.account,
        ts_event=nanoseconds_of(row, "updateTime", "time"),
        ts_init=stamp.ts_init,
        symbol=symbol_of(row, "symbol"),
        client_order_id=ClientOrderId(id_of(row, "clientOrderId")),
        venue_order_id=VenueOrderId(id_of(row, "orderId")),
        status=_order_status(text_of(row, "status")),
        side=_side(row, "side"),
        quantity=amount_of(row, "origQty"),
        filled_quantity=_executed(row, "executedQty", amount_of(row, "origQty")),
        queried=queried,
        limit_price=_limit_of(row, "price"),
    )


def order_name(row: Row) -> tuple[VenueOrderId, ClientOrderId]:
    """Which order a row of the same lists is about, whatever else it says."""
    return VenueOrderId(id_of(row, "orderId")), ClientOrderId(text_of(row, "clientOrderId"))


def of_foreign_order(row: Row, name: str) -> bool:
    """Whether the client order id under `name` says that this row is not about an order of ours.

    One without a name may be about ours: what cannot be read of it must not pass for the absence of an order.
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
    own_quantity = amount_of(row, "quantity")
    if child is not None:
        status = _order_status(text_of(child, "status"))
        status = OrderStatus.TRIGGERED if status is OrderStatus.WORKING else status
        filled = _executed(child, "executedQty", own_quantity)
    else:
        status = _conditional_status(row)
        filled = _executed(row, "actualQty", own_quantity, "0")
    return OrderReport(
        account=stamp.account,
        ts_event=max(nanoseconds_of(row, "updateTime", "createTime"), nanoseconds_of(child or {}, "updateTime")),
        ts_init=stamp.ts_init,
        symbol=symbol_of(row, "symbol"),
        client_order_id=ClientOrderId(id_of(row, "clientAlgoId")),
        venue_order_id=VenueOrderId(id_of(row, "algoId")),
        status=status,
        side=_side(row, "side"),
        quantity=own_quantity,
        filled_quantity=filled,
        queried=queried,
        conditional=True,
        text=verbatim(text_of(row, "failure", "")),
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
        client_order_id=ClientOrderId(id_of(order, "c")),
        venue_order_id=VenueOrderId(id_of(order, "i")),
        status=_order_status(text_of(order, "X")),
        side=_side(order, "S"),
        quantity=amount_of(order, "q"),
        filled_quantity=_executed(order, "z", amount_of(order, "q")),
        limit_price=_limit_of(order, "p"),
    )


def cause_of(client_order_id: str) -> FillCause | None:
    """Of an order of the venue's own; None for every other."""
    return next((cause for prefix, cause in _CAUSES.items() if client_order_id.startswith(prefix)), None)


def _limit_of(row: Row, name: str) -> Decimal | None:
    """The price of a limit order; None for every other, which has none."""
    return amount_of(row, name, "0") or None


def stream_fill(order: Row, stamp: Stamp, *, event_time_ns: int) -> FillReport | None:
    """The trade in the `o` of ORDER_TRADE_UPDATE; None where the event is about no trade.

    Raises MalformedError for more than was ordered: of the venue's own orders nothing else tells how much can be.
    """
    quantity = _executed(order, "l", amount_of(order, "q", "0"), "0")
    if text_of(order, "x") not in ("TRADE", "CALCULATED") or not quantity:
        return None
    symbol, price = symbol_of(order, "s"), positive_of(order, "L")
    fee, fee_currency = fee_of(order, "n", "N", symbol=symbol, traded=quantity * price)
    return FillReport(
        account=stamp.account,
        ts_event=nanoseconds_of(order, "T") or event_time_ns,
        ts_init=stamp.ts_init,
        symbol=symbol,
        client_order_id=ClientOrderId(id_of(order, "c")),
        venue_order_id=VenueOrderId(id_of(order, "i")),
        trade_id=_trade_id(order, "t"),
        side=_side(order, "S"),
        quantity=quantity,
        price=price,
        fee=fee,
        fee_currency=fee_currency,
        maker=order.get("m") is True,
        position_side=_LEGS.get(text_of(order, "ps", "")),
        cause=cause_of(id_of(order, "c")),
    )


_LEGS: Mapping[str, PositionSide] = {"LONG": PositionSide.LONG, "SHORT": PositionSide.SHORT}
"""`BOTH` is the net of a one-way account."""


def trade_report(row: Row, stamp: Stamp, client_order_id: ClientOrderId) -> FillReport:
    """One row of /fapi/v1/userTrades, which names its order by the venue's id only."""
    symbol, quantity, price = symbol_of(row, "symbol"), positive_of(row, "qty"), positive_of(row, "price")
    fee, fee_currency = fee_of(row, "commission", "commissionAsset", symbol=symbol, traded=quantity * price)
    return FillReport(
        account=stamp.account,
        ts_event=instant_of(row, "time"),
        ts_init=stamp.ts_init,
        symbol=symbol,
        client_order_id=client_order_id,
        venue_order_id=VenueOrderId(id_of(row, "orderId")),
        trade_id=_trade_id(row, "id"),
        side=_side(row, "side"),
        quantity=quantity,
        price=price,
        fee=fee,
        fee_currency=fee_currency,
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


def position_list(value: object, settings: Mapping[Symbol, SymbolSetting]) -> PositionList:
    """The list of /fapi/v3/positionRisk without flat rows. Leverage is not in it: see `symbol_settings`.

    Whatever it is a position in: what is supervised is decided elsewhere. A row that cannot be read makes its symbol
    unread, and so do two that contradict each other; one that names no symbol is unread under the name `NAMELESS`.
    """
    rows: dict[tuple[Symbol, PositionSide], PositionRow] = {}
    unread: dict[Symbol, UnreadRow] = {}
    for each in items_of(value, "positions"):
        symbol = NAMELESS
        try:
            row = row_of(each, _POSITION)
            symbol = symbol_of(row, "symbol", ANY_NAME)
            held = any_position_row(row) if of_another_kind(symbol) else _held(row, settings)
            for found in held:
                take(rows, (symbol, found.side), found)
        except MalformedError as error:
            unread.setdefault(symbol, UnreadRow(symbol=symbol, why=error.cause))
    return PositionList(
        rows=tuple(row for row in rows.values() if row.symbol not in unread), unread=tuple(unread.values())
    )


def about(symbol: Symbol, told: PositionList) -> PositionList:
    """What of the list answers a question about one symbol; a row without a name is about the one that was asked for.

    Raises MalformedError where only others are named: such an answer is to another question, and no proof that this
    symbol is flat.
    """
    unread = tuple(UnreadRow(symbol=symbol, why=row.why) for row in told.unread if row.symbol in (symbol, NAMELESS))[:1]
    if told.symbols and symbol not in told.symbols and not unread:
        raise MalformedError(Venue.OTHER_SYMBOLS(symbol=symbol, symbols=shown(", ".join(told.symbols))))
    rows = () if unread else tuple(row for row in told.rows if row.symbol == symbol)
    return PositionList(rows=rows, unread=unread)


def any_position_row(row: Row) -> tuple[PositionRow, ...]:
    """A row of the same list whatever it is a position in, for closing everything; none if flat.

    Closing needs the leg and its quantity: prices that cannot be read are zero.
    """
    amount = decimal_of(row, "positionAmt")
    if not amount:
        return ()
    leg = PositionRow(
        symbol=symbol_of(row, "symbol", ANY_NAME),
        side=_position_side(text_of(row, "positionSide"), amount),
        quantity=abs(amount),
        entry_price=_or_zero(row, "entryPrice"),
        mark_price=_or_zero(row, "markPrice"),
        unrealized_pnl=ZERO,
    )
    return (leg,)


def _or_zero(row: Row, name: str) -> Decimal:
    try:
        return amount_of(row, name, "0")
    except MalformedError:
        return ZERO


def of_another_kind(name: object) -> bool:
    return isinstance(name, str) and ANY_NAME.fullmatch(name) is not None and _SYMBOL.fullmatch(name) is None


def symbol_settings(value: object) -> dict[Symbol, SymbolSetting]:
    """The list of /fapi/v1/symbolConfig. A row we cannot read is left out: that symbol's setting is not known."""
    return by_symbol(items_of(value, "symbol settings"), _symbol_setting)


def _symbol_setting(row: Row) -> SymbolSetting:
    mode = text_of(row, "marginType").upper()
    if mode not in ("ISOLATED", "CROSSED", "CROSS"):
        raise MalformedError(Venue.UNDOCUMENTED(field="marginType", value=shown(mode)))
    return SymbolSetting(leverage=integer_of(row, "leverage", 1, LEVERAGE_MOST), isolated=mode == "ISOLATED")


def by_symbol(items: Sequence[object], read: Callable[[Row], Found]) -> dict[Symbol, Found]:
    """What each row says of its symbol. One that cannot be read says nothing; two that differ say nothing either."""
    found: dict[Symbol, Found] = {}
    torn: set[Symbol] = set()
    for each in items:
        with suppress(MalformedError):
            row = row_of(each, "a row")
            symbol, told = symbol_of(row, "symbol"), read(row)
            if found.setdefault(symbol, told) != told:
                torn.add(symbol)
    return {symbol: told for symbol, told in found.items() if symbol not in torn}


def position_mode(value: object) -> PositionMode:
    """/fapi/v1/positionSide/dual."""
    dual = row_of(value, "position mode").get("dualSidePosition")
    if isinstance(dual, str):
        dual = {"true": True, "false": False}.get(dual.lower())
    if not isinstance(dual, bool):
        raise MalformedError(Venue.ODD_VALUE(field="dualSidePosition", value=shown(dual)))
    return PositionMode.HEDGE if dual else PositionMode.ONE_WAY


def multi_assets(row: Row) -> bool | None:
    """Whether all assets are one margin (accountConfig); None where the answer does not say."""
    joined = row.get("multiAssetsMargin")
    return joined if isinstance(joined, bool) else None


def mark_reports(value: object, stamp: Stamp) -> tuple[MarkReport, ...]:
    """A markPriceUpdate event, or the list of them that `!markPrice@arr` sends."""
    rows = value if isinstance(value, list) else [row_of(value, "mark")]
    return _marks(rows, stamp, time="E", symbol="s", price="p")


def premium_marks(value: object, stamp: Stamp) -> tuple[MarkReport, ...]:
    """The list of /fapi/v1/premiumIndex."""
    return _marks(items_of(value, "marks"), stamp, time="time", symbol="symbol", price="markPrice")


def _marks(items: Sequence[object], stamp: Stamp, *, time: str, symbol: str, price: str) -> tuple[MarkReport, ...]:
    """Without the symbols that have no price: one that is being settled or not yet traded stops no other."""
    found = []
    for each in items:
        with suppress(MalformedError):
            row = row_of(each, "a mark")
            found.append(
                MarkReport(
                    account=stamp.account,
                    ts_event=nanoseconds_of(row, time),
                    ts_init=stamp.ts_init,
                    symbol=symbol_of(row, symbol),
                    mark_price=positive_of(row, price),
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
        leverage=integer_of(row, "l", 1, LEVERAGE_MOST),
    )


def margin_call(event: Row, row: Row, stamp: Stamp) -> MarginCall:
    """One of the positions at risk that a MARGIN_CALL names."""
    return MarginCall(
        account=stamp.account,
        ts_event=nanoseconds_of(event, "E"),
        ts_init=stamp.ts_init,
        symbol=symbol_of(row, "s"),
        side=_position_side(text_of(row, "ps"), decimal_of(row, "pa")),
        text=_at_risk(row),
    )


def _at_risk(row: Row) -> Statement:
    return Venue.AT_RISK(
        quantity=decimal_of(row, "pa"),
        price=decimal_of(row, "mp"),
        gain=decimal_of(row, "up"),
        margin=decimal_of(row, "mm"),
    )


def symbol_of(row: Row, name: str, pattern: re.Pattern[str] = _SYMBOL) -> Symbol:
    symbol = text_of(row, name)
    if not pattern.fullmatch(symbol):
        raise MalformedError(Venue.NOT_A_SYMBOL(field=name, value=shown(symbol)))
    return Symbol(symbol)


def _order_status(text: str) -> OrderStatus:
    status = _ORDER_STATUS.get(text)
    if status is None:
        raise MalformedError(Venue.UNDOCUMENTED_STATUS(value=shown(text)))
    return status


def _conditional_status(row: Row) -> OrderStatus:
    text = text_of(row, "algoStatus")
    if text == "FINISHED":
        if _surely_filled(row):
            return OrderStatus.FILLED
        if child_id(row) is not None:
            raise MalformedError(Venue.CHILD_UNREAD())
        # Finished without ever becoming an order: nothing was filled.
        return OrderStatus.EXPIRED
    status = _CONDITIONAL_STATUS.get(text)
    if status is None:
        raise MalformedError(Venue.UNDOCUMENTED_CONDITIONAL_STATUS(value=shown(text)))
    return status


def _surely_filled(row: Row) -> bool:
    quantity = amount_of(row, "quantity")
    return quantity > 0 and amount_of(row, "actualQty", "0") >= quantity


def _executed(row: Row, name: str, quantity: Decimal, default: str | None = None) -> Decimal:
    """At most what was ordered; an order that closes a whole position names no quantity, and so sets no bound."""
    filled = amount_of(row, name, default)
    if quantity and filled > quantity:
        raise MalformedError(Venue.OVERFILLED(field=name, value=shown(row.get(name)), quantity=quantity))
    return filled


def _side(row: Row, name: str) -> Side:
    side = _SIDE.get(text_of(row, name))
    if side is None:
        raise MalformedError(Venue.NOT_A_SIDE(field=name, value=shown(row.get(name))))
    return side


def _position_side(named: str, amount: Decimal) -> PositionSide:
    """In hedge mode the leg's name; in one-way mode (`BOTH`) the sign of the quantity."""
    side = PositionSide.LONG if amount > 0 else PositionSide.SHORT
    if named == "BOTH" or _LEGS.get(named) is side:
        return side
    raise MalformedError(Venue.OTHER_LEG(quantity=amount, leg=shown(named)))


def _trade_id(row: Row, name: str) -> TradeId:
    """A number at this venue, and the next page begins after it."""
    number = text_of(row, name)
    if not (number.isascii() and number.isdigit()):
        raise MalformedError(Venue.NOT_A_TRADE_ID(field=name, value=shown(number)))
    return TradeId(number)


def _held(row: Row, settings: Mapping[Symbol, SymbolSetting]) -> tuple[PositionRow, ...]:
    """What a row of the list holds; nothing if flat."""
    amount = decimal_of(row, "positionAmt")
    mark = positive_of(row, "markPrice") if amount else ZERO
    _confirm(row, amount, mark)
    return (_position_row(row, amount, mark, settings),) if amount else ()


def _confirm(row: Row, amount: Decimal, mark: Decimal) -> None:
    """The row tells its quantity twice: as such, and by its signed value at the mark price. The two must agree.

    Source of both: the example of "Position Information V3". A row without a value cannot be checked.
    """
    if row.get("notional") in (None, ""):
        return
    told, reckoned = decimal_of(row, "notional"), amount * mark
    if abs(told - reckoned) > abs(told) * VALUE_SHARE + (abs(amount) + 1) * PLACE:
        quantity, price, value = (shown(row.get(name)) for name in ("positionAmt", "markPrice", "notional"))
        raise MalformedError(Venue.NOTIONAL_CONTRADICTS(quantity=quantity, price=price, value=value))


def _position_row(row: Row, amount: Decimal, mark: Decimal, settings: Mapping[Symbol, SymbolSetting]) -> PositionRow:
    symbol = symbol_of(row, "symbol")
    liquidation = decimal_of(row, "liquidationPrice", "0")
    setting = settings.get(symbol)
    return PositionRow(
        symbol=symbol,
        side=_position_side(text_of(row, "positionSide"), amount),
        quantity=abs(amount),
        entry_price=positive_of(row, "entryPrice"),
        mark_price=mark,
        unrealized_pnl=decimal_of(row, "unRealizedProfit"),
        liquidation_price=liquidation if liquidation > 0 else None,
        leverage=None if setting is None else setting.leverage,
        isolated=setting.isolated if setting is not None else decimal_of(row, "isolatedWallet", "0") != 0,
    )
