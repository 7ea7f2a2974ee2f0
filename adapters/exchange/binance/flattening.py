"""The role `adapters.exchange.venue.Flattening` for Binance USDⓈ-M."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from adapters.exchange.binance import calls
from adapters.exchange.binance.instruments import instruments
from adapters.exchange.binance.normalize import ANY_NAME, any_position_row, position_mode, symbol_of
from adapters.exchange.rows import MalformedError, Row, decimal_of, id_of, items_of, row_of, shown, text_of
from adapters.exchange.session import Session
from adapters.exchange.venue import Call, Read, RestingOrder, Survey
from messages.reports import PositionRow
from messages.requests import SubmitEmergency
from messages.types import Instrument, PositionMode, Symbol

POSITIONS, POSITION = "positions", "a position"
T = TypeVar("T")


class BinanceFlattening:
    def __init__(self, _session: Session) -> None:
        """No account state is needed before the close."""

    async def position_mode(self, read: Read) -> PositionMode | None:
        value = await read(calls.POSITION_MODE, "the position mode")
        return None if value is None else position_mode(value)

    async def instruments(self, read: Read) -> Mapping[Symbol, Instrument]:
        found = await read(calls.EXCHANGE_INFO, "the trading rules")
        return {} if found is None else {each.symbol: each for each in instruments(found)}

    async def survey(self, read: Read) -> Survey:
        """Read positions from the position list and from the account: either may be empty by mistake."""
        no_orders: list[str] = []
        no_positions: list[str] = []

        async def rows(call: Call, what: str, blind: list[str]) -> Sequence[object]:
            value = await read(call, what)
            try:
                return items_of(value, what)
            except MalformedError:
                blind.append(what)
                return ()

        conditional, regular, held, account = await asyncio.gather(
            rows(calls.OPEN_CONDITIONALS, "conditional orders", no_orders),
            rows(calls.OPEN_ORDERS, "open orders", no_orders),
            rows(calls.positions(None), POSITIONS, no_positions),
            read(calls.ACCOUNT, "the account"),
        )
        positions = _readable(held, any_position_row, POSITION, no_positions)
        orders = _readable(conditional, lambda row: [_resting(row, conditional=True)], "an order", no_orders)
        orders += _readable(regular, lambda row: [_resting(row, conditional=False)], "an order", no_orders)
        try:
            book = row_of(account, "the account")
            legs = {(row.symbol, row.side) for row in positions}
            listed = _readable(items_of(book.get("positions"), POSITIONS), account_position, POSITION, no_positions)
            positions += [row for row in listed if (row.symbol, row.side) not in legs]
            if decimal_of(book, "totalOpenOrderInitialMargin", "0") and not orders:
                no_orders.append("open orders (the account holds margin for some)")
        except MalformedError:
            no_positions.append("the account")
        return Survey(
            positions=tuple(positions),
            orders=tuple(orders),
            blind=(*no_orders, *no_positions),
            blind_to_positions=bool(no_positions),
        )

    def cancel_all(self, symbol: Symbol, _orders: Sequence[RestingOrder], *, conditional: bool) -> Sequence[Call]:
        """One request takes every order of a symbol; a target that is left could block the close (-4118)."""
        return (calls.cancel_all(symbol, conditional=conditional),)

    def cancel(self, order: RestingOrder) -> Call:
        return calls.cancel_algo(order.venue_order_id)

    def close(self, order: SubmitEmergency, mode: PositionMode) -> Call:
        return calls.submit(order, mode)

    def filled(self, row: Row) -> tuple[Decimal, Decimal] | None:
        try:
            filled, price = decimal_of(row, "executedQty", "0"), decimal_of(row, "avgPrice", "0")
        except MalformedError:
            return None
        return (filled, price) if filled and price else None


def _resting(row: Row, *, conditional: bool) -> RestingOrder:
    side = text_of(row, "side")
    leg = text_of(row, "positionSide", "BOTH")
    # In hedge mode, which knows no reduce-only, a sale on the long leg can only reduce it.
    reduces = row.get("reduceOnly") is True or row.get("closePosition") is True
    reduces = reduces or (leg, side) in (("LONG", "SELL"), ("SHORT", "BUY"))
    return RestingOrder(
        symbol=symbol_of(row, "symbol", ANY_NAME),
        venue_order_id=id_of(row, "algoId" if conditional else "orderId"),
        conditional=conditional,
        reduces=reduces,
    )


def account_position(row: Row) -> list[PositionRow]:
    """Parse a row of `positions` in /fapi/v3/account, which has fewer fields than the position list; a flat row gives
    [].
    """
    return [replace(leg, mark_price=_notional(row) / leg.quantity) for leg in any_position_row(row)]


def _notional(row: Row) -> Decimal:
    """Return the notional that sorts the closes; zero when unreadable."""
    try:
        return abs(decimal_of(row, "notional", "0"))
    except MalformedError:
        return Decimal(0)


def _readable(items: Sequence[object], read: Callable[[Row], Iterable[T]], what: str, blind: list[str]) -> list[T]:
    """Return the readable rows; an unreadable one is added to `blind` and does not keep the others open."""
    found: list[T] = []
    for each in items:
        try:
            found.extend(read(row_of(each, what)))
        except MalformedError as error:
            name = shown(each.get("symbol")) if isinstance(each, Mapping) else "no symbol"
            blind.append(f"{what} of {name} ({error})")
    return found
