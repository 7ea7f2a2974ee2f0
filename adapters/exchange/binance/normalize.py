"""Maps Binance's REST rows and stream events to reports. Pure.

Every function raises `MalformedError` for an unreadable field; none guesses. Numbers are parsed from strings and stay
exact. Sources: the page of each endpoint and event under developers.binance.com/docs/derivatives/usds-margined-futures.

A conditional order and its child order are one order here: reports carry the parent's client order id and venue order
id (`algoId`), and the child's state and filled quantity. A child in the matching engine is `TRIGGERED`.
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
    "NEW_INSURANCE": OrderStatus.WORKING,
    "NEW_ADL": OrderStatus.WORKING,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
# FINISHED is missing on purpose: it means "filled or canceled in the matching engine", so the child's state decides.
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
"""Client order id prefix -> cause, for orders by which the venue closes a position (Event: Order Update)."""
_SYMBOL = re.compile(r"[A-Z0-9]{1,30}")
"""Names of perpetuals. Delivery contracts have an underscore (`BTCUSDT_261225`); others use other scripts."""
ANY_NAME = re.compile(r"\w{1,30}")
LEVERAGE_MOST = 1000
VALUE_SHARE = Decimal("0.01")
"""The tolerated difference between a position's notional and its quantity times mark price, as a share."""
PLACE = Decimal("1e-8")
"""The decimal place to which the venue rounds notionals and mark prices."""
_POSITION = Venue.ROW_OF(what="positions")


def order_report(row: Row, stamp: Stamp, *, queried: bool = True) -> OrderReport:
    """Map a row of /fapi/v1/order or /fapi/v1/openOrders, or the answer to a submit or cancel."""
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
    """Return the ids of a row's order; no other field has to be readable."""
    return VenueOrderId(id_of(row, "orderId")), ClientOrderId(text_of(row, "clientOrderId"))


def of_foreign_order(row: Row, name: str) -> bool:
    """Return whether the client order id in field `name` proves that the row is not our order's.

    A row without an id may be ours, so it does not count as the absence of our order.
    """
    client_id = row.get(name)
    return isinstance(client_id, str) and bool(client_id) and parse_client_order_id(client_id) is None


def child_id(row: Row) -> VenueOrderId | None:
    """Return the child order that a conditional order (REST row) became in the matching engine, if any."""
    actual = text_of(row, "actualOrderId", "")
    return VenueOrderId(actual) if actual not in ("", "0") else None


def needs_child(row: Row) -> bool:
    """Return whether a conditional order's row needs its child's row to be complete."""
    if child_id(row) is None:
        return False
    return text_of(row, "algoStatus") == "FINISHED" and not _surely_filled(row)


def conditional_report(row: Row, child: Row | None, stamp: Stamp, *, queried: bool = True) -> OrderReport:
    """Map a row of /fapi/v1/algoOrder, with the row of its child order where it has one."""
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
    """Return the order of an ALGO_UPDATE event in the shape of the REST row.

    Fields `aq` (executed) and `ai` (child id) decide: the status FINISHED does not mean filled.
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
    """Map the `o` of ORDER_TRADE_UPDATE, under its own client order id."""
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
    """Return the cause of an order that the venue placed; None for every other order."""
    return next((cause for prefix, cause in _CAUSES.items() if client_order_id.startswith(prefix)), None)


def _limit_of(row: Row, name: str) -> Decimal | None:
    """Return the price of a limit order; None for other kinds."""
    return amount_of(row, name, "0") or None


def stream_fill(order: Row, stamp: Stamp, *, event_time_ns: int) -> FillReport | None:
    """Map the trade in the `o` of ORDER_TRADE_UPDATE; None when the event has no trade.

    Raises MalformedError when more was filled than ordered: nothing else bounds the fills of the venue's own orders.
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
"""`BOTH`, the net of a one-way account, has no leg."""


def trade_report(row: Row, stamp: Stamp, client_order_id: ClientOrderId) -> FillReport:
    """Map a row of /fapi/v1/userTrades, which names its order by the venue's id only."""
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
    """Open positions, and the symbols whose rows are unreadable."""

    rows: tuple[PositionRow, ...]
    unread: tuple[UnreadRow, ...]

    @property
    def symbols(self) -> Sequence[Symbol]:
        return tuple(dict.fromkeys([*(row.symbol for row in self.rows), *(row.symbol for row in self.unread)]))


def position_list(value: object, settings: Mapping[Symbol, SymbolSetting]) -> PositionList:
    """Parse /fapi/v3/positionRisk without flat rows. Leverage comes from `symbol_settings`.

    Rows of every contract kind are returned; the caller decides what is supervised. An unreadable row makes its symbol
    unread, and so do two contradictory rows; an unreadable row without a symbol is unread as `NAMELESS`.
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


def about(symbol: Symbol, found: PositionList) -> PositionList:
    """Return the part of the list about one symbol; a nameless row belongs to the symbol that was asked for.

    Raises MalformedError when only other symbols are named: such an answer does not prove that this symbol is flat.
    """
    concerned = (row for row in found.unread if row.symbol in (symbol, NAMELESS))
    unread = tuple(UnreadRow(symbol=symbol, why=row.why) for row in concerned)[:1]
    if found.symbols and symbol not in found.symbols and not unread:
        raise MalformedError(Venue.OTHER_SYMBOLS(symbol=symbol, symbols=shown(", ".join(found.symbols))))
    rows = () if unread else tuple(row for row in found.rows if row.symbol == symbol)
    return PositionList(rows=rows, unread=unread)


def any_position_row(row: Row) -> tuple[PositionRow, ...]:
    """Map a row of any contract kind, for closing everything; () when flat.

    Closing needs the leg and its quantity; an unreadable price becomes zero.
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
    """Parse /fapi/v1/symbolConfig. An unreadable row is left out: that symbol's setting is unknown."""
    return by_symbol(items_of(value, "symbol settings"), _symbol_setting)


def _symbol_setting(row: Row) -> SymbolSetting:
    mode = text_of(row, "marginType").upper()
    if mode not in ("ISOLATED", "CROSSED", "CROSS"):
        raise MalformedError(Venue.UNDOCUMENTED(field="marginType", value=shown(mode)))
    return SymbolSetting(leverage=integer_of(row, "leverage", 1, LEVERAGE_MOST), isolated=mode == "ISOLATED")


def by_symbol(items: Sequence[object], read: Callable[[Row], Found]) -> dict[Symbol, Found]:
    """Parse rows by symbol. An unreadable row, or two that differ, leave their symbol out."""
    found: dict[Symbol, Found] = {}
    torn: set[Symbol] = set()
    for each in items:
        with suppress(MalformedError):
            row = row_of(each, "a row")
            symbol, entry = symbol_of(row, "symbol"), read(row)
            if found.setdefault(symbol, entry) != entry:
                torn.add(symbol)
    return {symbol: entry for symbol, entry in found.items() if symbol not in torn}


def position_mode(value: object) -> PositionMode:
    """Parse /fapi/v1/positionSide/dual."""
    dual = row_of(value, "position mode").get("dualSidePosition")
    if isinstance(dual, str):
        dual = {"true": True, "false": False}.get(dual.lower())
    if not isinstance(dual, bool):
        raise MalformedError(Venue.ODD_VALUE(field="dualSidePosition", value=shown(dual)))
    return PositionMode.HEDGE if dual else PositionMode.ONE_WAY


def multi_assets(row: Row) -> bool | None:
    """Return whether all assets are one margin (accountConfig); None when the answer lacks the field."""
    joined = row.get("multiAssetsMargin")
    return joined if isinstance(joined, bool) else None


def mark_reports(value: object, stamp: Stamp) -> tuple[MarkReport, ...]:
    """Map a markPriceUpdate event, or the list of them from `!markPrice@arr`."""
    rows = value if isinstance(value, list) else [row_of(value, "mark")]
    return _marks(rows, stamp, time="E", symbol="s", price="p")


def premium_marks(value: object, stamp: Stamp) -> tuple[MarkReport, ...]:
    """Map the list of /fapi/v1/premiumIndex."""
    return _marks(items_of(value, "marks"), stamp, time="time", symbol="symbol", price="markPrice")


def _marks(items: Sequence[object], stamp: Stamp, *, time: str, symbol: str, price: str) -> tuple[MarkReport, ...]:
    """Map mark prices; symbols without a price (in settlement, not yet traded) are left out."""
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
    """Map ACCOUNT_CONFIG_UPDATE; None when a setting besides leverage changed."""
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
    """Map one position of a MARGIN_CALL."""
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
        # Ended before it became an order: nothing was filled.
        return OrderStatus.EXPIRED
    status = _CONDITIONAL_STATUS.get(text)
    if status is None:
        raise MalformedError(Venue.UNDOCUMENTED_CONDITIONAL_STATUS(value=shown(text)))
    return status


def _surely_filled(row: Row) -> bool:
    quantity = amount_of(row, "quantity")
    return quantity > 0 and amount_of(row, "actualQty", "0") >= quantity


def _executed(row: Row, name: str, quantity: Decimal, default: str | None = None) -> Decimal:
    """Return the executed quantity, at most the ordered one; a close-position order names none and sets no bound."""
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
    """Return the leg in hedge mode, the sign of the quantity in one-way mode (`BOTH`)."""
    side = PositionSide.LONG if amount > 0 else PositionSide.SHORT
    if named == "BOTH" or _LEGS.get(named) is side:
        return side
    raise MalformedError(Venue.OTHER_LEG(quantity=amount, leg=shown(named)))


def _trade_id(row: Row, name: str) -> TradeId:
    """Return the trade id, which has to be an integer: the next page begins after it."""
    number = text_of(row, name)
    if not (number.isascii() and number.isdigit()):
        raise MalformedError(Venue.NOT_A_TRADE_ID(field=name, value=shown(number)))
    return TradeId(number)


def _held(row: Row, settings: Mapping[Symbol, SymbolSetting]) -> tuple[PositionRow, ...]:
    """Return the position in a row; () when flat."""
    amount = decimal_of(row, "positionAmt")
    mark = positive_of(row, "markPrice") if amount else ZERO
    _confirm(row, amount, mark)
    return (_position_row(row, amount, mark, settings),) if amount else ()


def _confirm(row: Row, amount: Decimal, mark: Decimal) -> None:
    """Check the quantity against the notional at the mark price. Raises MalformedError when they disagree.

    Source of both fields: the example of "Position Information V3". A row without a notional is not checked.
    """
    if row.get("notional") in (None, ""):
        return
    notional, reckoned = decimal_of(row, "notional"), amount * mark
    if abs(notional - reckoned) > abs(notional) * VALUE_SHARE + (abs(amount) + 1) * PLACE:
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
