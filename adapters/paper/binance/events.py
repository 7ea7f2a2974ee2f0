"""User-data and market events exactly as the streams carry them.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams
"""

from decimal import Decimal
from typing import cast

from adapters.paper.account import Account, Position, Resting
from adapters.paper.binance.absurd import absurd, malformed_row
from adapters.paper.binance.errors import said
from adapters.paper.binance.wire import money, quote_text
from adapters.paper.faults import Fault, FaultKind
from adapters.paper.instruments import ZERO, Instrument
from adapters.paper.orders import AlgoOrder, Order, Trade
from adapters.paper.prices import Market
from adapters.paper.refusals import Reason, Refusal
from adapters.paper.stream_event import Row
from messages.types import FillCause


def order_trade_update(
    order: Order,
    instrument: Instrument,
    resting: Resting | None,
    now_ms: int,
    *,
    execution: str,
    trade: Trade | None = None,
    reason: str = "0",
) -> Row:
    """ORDER_TRADE_UPDATE. `execution` is the "x" field: NEW, TRADE, CANCELED, EXPIRED, AMENDMENT, CALCULATED."""
    price_format, quantity_format = instrument.price_format, instrument.quantity_format
    inner: Row = {
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": format(order.quantity, quantity_format),
        "p": format(order.price, price_format),
        "ap": quote_text(order.average, instrument),
        "sp": format(order.stop_price, price_format),
        "x": execution,
        "X": order.status,
        "i": order.order_id,
        "l": format(trade.quantity, quantity_format) if trade else "0",
        "z": format(order.executed, quantity_format),
        "L": format(trade.price, price_format) if trade else "0",
        "n": money(trade.commission) if trade else "0",
        "N": "USDT",
        "T": now_ms,
        "t": trade.trade_id if trade else 0,
        "b": money(resting.bids) if resting else "0",
        "a": money(resting.asks) if resting else "0",
        "m": trade.maker if trade else False,
        "R": order.reduce_only,
        "wt": order.working_type,
        "ot": order.orig_type,
        "ps": order.position_side,
        "cp": order.close_position,
        "rp": money(trade.realized) if trade else "0",
        "pP": order.price_protect,
        "si": 0,
        "ss": 0,
        "V": order.self_trade,
        "pm": order.price_match,
        "gtd": order.good_till_ms,
        "er": reason,
    }
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": now_ms, "o": inner}


def trade_lite(order: Order, trade: Trade, instrument: Instrument, now_ms: int) -> Row:
    """TRADE_LITE: the reduced fill notice that comes before the full ones."""
    return {
        "e": "TRADE_LITE",
        "E": now_ms,
        "T": now_ms,
        "s": order.symbol,
        "q": format(order.quantity, instrument.quantity_format),
        "p": format(order.price, instrument.price_format),
        "m": trade.maker,
        "c": order.client_order_id,
        "S": order.side,
        "L": format(trade.price, instrument.price_format),
        "l": format(trade.quantity, instrument.quantity_format),
        "t": trade.trade_id,
        "i": order.order_id,
    }


def account_update(
    account: Account,
    positions: tuple[Position, ...],
    now_ms: int,
    *,
    reason: str,
    change: Decimal,
    markets: dict[str, Market],
) -> Row:
    """ACCOUNT_UPDATE. "bc" is the balance change except PnL and commission, hence 0 for orders."""
    isolated = sum((p.isolated_wallet for p in account.positions.values() if p.isolated_wallet), ZERO)
    balance: Row = {
        "a": "USDT",
        "wb": money(account.wallet),
        "cw": money(account.wallet - isolated),
        "bc": money(change),
    }
    rows = [_position_row(account, position, markets[position.symbol]) for position in positions]
    body: Row = {"m": reason, "B": [balance], "P": rows}
    return {"e": "ACCOUNT_UPDATE", "E": now_ms, "T": now_ms, "a": body}


def _position_row(account: Account, position: Position, market: Market) -> Row:
    instrument = market.instrument
    return {
        "s": position.symbol,
        "pa": format(position.quantity, instrument.quantity_format),
        "ep": quote_text(position.entry, instrument),
        "bep": quote_text(position.break_even(), instrument),
        "cr": money(position.realized),
        "up": money(position.unrealized(market.mark)),
        "mt": "isolated" if account.settings_of(position.symbol).isolated else "cross",
        "iw": money(position.isolated_wallet),
        "ps": position.side,
        "ma": "USDT",
    }


def algo_update(algo: AlgoOrder, child: Order | None, instrument: Instrument, now_ms: int) -> Row:
    """ALGO_UPDATE: the conditional order's own state and, once triggered, its child in the engine."""
    price_format, quantity_format = instrument.price_format, instrument.quantity_format
    inner: Row = {
        "caid": algo.client_algo_id,
        "aid": algo.algo_id,
        "at": "CONDITIONAL",
        "o": algo.type,
        "s": algo.symbol,
        "S": algo.side,
        "ps": algo.position_side,
        "f": algo.time_in_force,
        "q": format(algo.quantity, quantity_format),
        "X": algo.status,
        "ai": str(child.order_id) if child else "",
        "ap": quote_text(child.average, instrument) if child else "0.00000",
        "aq": format(child.executed, quantity_format) if child else "0.00000",
        "act": child.type if child else "0",
        "tp": format(algo.trigger_price, price_format),
        "p": format(algo.price, price_format),
        "V": algo.self_trade,
        "wt": algo.working_type,
        "pm": algo.price_match,
        "cp": algo.close_position,
        "pP": algo.price_protect,
        "R": algo.reduce_only,
        "tt": algo.trigger_ms,
        "gtd": algo.good_till_ms,
        "rm": algo.failure,
        "ia": algo.activated,
    }
    return {"e": "ALGO_UPDATE", "T": now_ms, "E": now_ms, "o": inner}


def leverage_update(symbol: str, leverage: int, now_ms: int) -> Row:
    """ACCOUNT_CONFIG_UPDATE of a leverage change."""
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now_ms, "T": now_ms, "ac": {"s": symbol, "l": leverage}}


def multi_assets_update(joined: bool, now_ms: int) -> Row:  # noqa: FBT001  one flag is the whole message
    """ACCOUNT_CONFIG_UPDATE of the multi-assets mode."""
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now_ms, "T": now_ms, "ai": {"j": joined}}


def listen_key_expired(listen_key: str, now_ms: int) -> Row:
    return {"e": "listenKeyExpired", "E": now_ms, "listenKey": listen_key}


def margin_call(account: Account, positions: tuple[Position, ...], markets: dict[str, Market], now_ms: int) -> Row:
    """MARGIN_CALL. "cw" is pushed with cross positions only; amounts in USDT."""
    rows: list[Row] = []
    isolated_total = ZERO
    for position in positions:
        market = markets[position.symbol]
        isolated = account.settings_of(position.symbol).isolated
        notional = abs(position.quantity * market.mark)
        isolated_total += position.isolated_wallet
        rows.append(
            {
                "s": position.symbol,
                "ps": position.side,
                "pa": format(position.quantity, market.instrument.quantity_format),
                "mt": "ISOLATED" if isolated else "CROSSED",
                "iw": money(position.isolated_wallet),
                "mp": money(market.mark),
                "up": money(position.unrealized(market.mark)),
                "mm": money(market.instrument.maintenance_margin(notional)),
            }
        )
    return {"e": "MARGIN_CALL", "E": now_ms, "cw": money(account.wallet - isolated_total), "p": rows}


def mark_price_update(market: Market, now_ms: int) -> Row:
    """Mark price (markPriceUpdate) of the public streams; index and settle price equal the mark in this model."""
    mark = money(market.mark)
    return {
        "e": "markPriceUpdate",
        "E": now_ms,
        "s": market.instrument.symbol,
        "p": mark,
        "ap": mark,
        "i": mark,
        "P": mark,
        "r": money(market.funding_rate),
        "T": market.next_funding_ms,
        "st": 0,
    }


def book_ticker(market: Market, now_ms: int, update_id: int) -> Row:
    """Best bid and ask (bookTicker) of the public streams, of the synthetic book."""
    instrument = market.instrument
    level = format(instrument.level_quantity, instrument.quantity_format)
    return {
        "e": "bookTicker",
        "u": update_id,
        "E": now_ms,
        "T": now_ms,
        "s": instrument.symbol,
        "b": format(market.bid, instrument.price_format),
        "B": level,
        "a": format(market.ask, instrument.price_format),
        "A": level,
    }


def kind_of(event: Row) -> str:
    return str(event["e"])


def spoiled_event(fault: Fault, event: Row) -> Row:
    """Return the event with impossible numbers or an unreadable field."""
    if fault.kind is FaultKind.EVENT_ABSURD:
        return cast("Row", absurd(fault, event))
    return {**event, "o": malformed_row(fault, event.get("o"))}


_FORCED: dict[FillCause, str] = {
    FillCause.LIQUIDATION: "autoclose-",
    FillCause.DELEVERAGING: "adl_autoclose-",
    FillCause.SETTLEMENT: "settlement_autoclose-",
}
"""Cause -> client order id prefix of orders by which the venue closes a position ("Event: Order Update")."""


def forced_order_id(cause: FillCause, order_id: int) -> str:
    return f"{_FORCED[cause]}{order_id}"


def trigger_refused(refusal: Refusal) -> str:
    """The `rm` of a conditional order that the engine refused."""
    return "Reduce Only reject" if refusal.reason is Reason.NOTHING_TO_REDUCE else said(refusal).message
