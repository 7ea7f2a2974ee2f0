"""Parses /fapi/v1/exchangeInfo: the perpetuals with their filters, and the other contracts. Pure."""

from collections.abc import Mapping
from contextlib import suppress

from adapters.exchange.binance.normalize import ANY_NAME, by_symbol, symbol_of
from adapters.exchange.rows import MalformedError, Row, amount_of, items_of, positive_of, row_of, text_of
from messages.types import Instrument, OtherContract
from messages.wording import Venue

PERPETUAL = "PERPETUAL"
_KIND_MOST = 40


def instruments(value: object) -> tuple[Instrument, ...]:
    """Return the perpetuals of /fapi/v1/exchangeInfo by name. An unreadable row is left out and affects no other
    symbol.
    """
    items = items_of(row_of(value, "exchangeInfo").get("symbols"), "symbols")
    found = by_symbol([each for each in items if _is_perpetual(each)], _instrument)
    if not found:
        raise MalformedError(Venue.NO_PERPETUAL())
    return tuple(found[symbol] for symbol in sorted(found))


def _is_perpetual(row: object) -> bool:
    return isinstance(row, Mapping) and row.get("contractType") == PERPETUAL


def others(value: object) -> tuple[OtherContract, ...]:
    """Return the contracts that `instruments` leaves out, by name: of another kind, or unreadable."""
    known = {each.symbol for each in instruments(value)}
    found = {}
    for each in items_of(row_of(value, "exchangeInfo").get("symbols"), "symbols"):
        with suppress(MalformedError):
            row = row_of(each, Venue.ROW_OF(what="symbols"))
            symbol = symbol_of(row, "symbol", ANY_NAME)
            if symbol not in known:
                found[symbol] = OtherContract(symbol=symbol, kind=text_of(row, "contractType", "")[:_KIND_MOST])
    return tuple(found[symbol] for symbol in sorted(found))


def all_usable(value: object) -> bool:
    """Return whether every row is readable as a perpetual or as a contract of another kind."""
    known = {each.symbol for each in instruments(value)}
    rows = items_of(row_of(value, "exchangeInfo").get("symbols"), "symbols")
    return all(isinstance(row, Mapping) and (_is_another(row) or row.get("symbol") in known) for row in rows)


def _is_another(row: Row) -> bool:
    kind = row.get("contractType")
    return isinstance(kind, str) and kind not in ("", PERPETUAL)


def _instrument(row: Row) -> Instrument:
    filters = {}
    for each in items_of(row.get("filters"), "filters"):
        with suppress(MalformedError):
            rule = row_of(each, "a filter")
            filters[text_of(rule, "filterType")] = rule
    lot, market_lot = filters.get("LOT_SIZE", {}), filters.get("MARKET_LOT_SIZE", {})
    prices, percent = filters.get("PRICE_FILTER", {}), filters.get("PERCENT_PRICE", {})
    return Instrument(
        symbol=symbol_of(row, "symbol"),
        quantity_step=positive_of(lot, "stepSize"),
        price_step=positive_of(prices, "tickSize"),
        min_quantity=amount_of(lot, "minQty"),
        max_quantity=amount_of(lot, "maxQty"),
        max_market_quantity=amount_of(market_lot, "maxQty", "0"),
        min_notional=amount_of(filters.get("MIN_NOTIONAL", {}), "notional", "0"),
        trading=text_of(row, "status") == "TRADING",
        min_price=amount_of(prices, "minPrice", "0"),
        max_price=amount_of(prices, "maxPrice", "0"),
        price_up=amount_of(percent, "multiplierUp", "0"),
        price_down=amount_of(percent, "multiplierDown", "0"),
        quote=text_of(row, "quoteAsset", ""),
    )
