"""REST rows exactly as Binance shapes them: numbers as strings, times as integers in milliseconds.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures (the page of each endpoint),
checked against the response models of the official SDK.
"""

from collections.abc import Mapping
from decimal import Decimal
from json import JSONEncoder

from adapters.paper.account import (
    Account,
    Income,
    Position,
    Resting,
    liquidation_price,
    margin_of,
    order_margin_of,
)
from adapters.paper.instruments import ZERO, Instrument
from adapters.paper.orders import AlgoOrder, Order, Trade
from adapters.paper.prices import Market
from adapters.paper.stream_event import Row
from messages.decimals import plain

encode = JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def money(amount: Decimal) -> str:
    """USDT with the eight decimals of the venue."""
    return format(amount, ".8f") if amount else "0.00000000"


def quote_text(price: Decimal, instrument: Instrument) -> str:
    """An average price: four decimals finer than the tick."""
    return format(price, instrument.average_format) if price else "0.00000"


def order_row(order: Order, instrument: Instrument) -> Row:
    """GET /fapi/v1/order and its lists."""
    return {
        "orderId": order.order_id,
        "symbol": order.symbol,
        "status": order.status,
        "clientOrderId": order.client_order_id,
        "price": format(order.price, instrument.price_format),
        "avgPrice": quote_text(order.average, instrument),
        "origQty": format(order.quantity, instrument.quantity_format),
        "executedQty": format(order.executed, instrument.quantity_format),
        "cumQuote": money(order.cum_quote),
        "timeInForce": order.time_in_force,
        "type": order.type,
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_position,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": format(order.stop_price, instrument.price_format),
        "workingType": order.working_type,
        "priceProtect": order.price_protect,
        "origType": order.orig_type,
        "priceMatch": order.price_match,
        "selfTradePreventionMode": order.self_trade,
        "goodTillDate": order.good_till_ms,
        "time": order.created_ms,
        "updateTime": order.updated_ms,
    }


def order_answer(order: Order, instrument: Instrument, *, acknowledged_only: bool = False) -> Row:
    """POST, PUT and DELETE /fapi/v1/order. Acknowledged only: the order as it stood when accepted."""
    row = order_row(order, instrument)
    del row["time"]
    if acknowledged_only:
        row["status"] = "NEW"
        row["avgPrice"] = row["cumQuote"] = "0.00000"
        row["executedQty"] = format(ZERO, instrument.quantity_format)
    row["cumQty"] = row["executedQty"]
    return row


def algo_answer(algo: AlgoOrder, instrument: Instrument) -> Row:
    """POST /fapi/v1/algoOrder."""
    price_format = instrument.price_format
    row: Row = {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_algo_id,
        "algoType": "CONDITIONAL",
        "orderType": algo.type,
        "symbol": algo.symbol,
        "side": algo.side,
        "positionSide": algo.position_side,
        "timeInForce": algo.time_in_force,
        "quantity": format(algo.quantity, instrument.quantity_format),
        "algoStatus": algo.status,
        "triggerPrice": format(algo.trigger_price, price_format),
        "price": format(algo.price, price_format),
        "icebergQuantity": None,
        "selfTradePreventionMode": algo.self_trade,
        "workingType": algo.working_type,
        "priceMatch": algo.price_match,
        "closePosition": algo.close_position,
        "priceProtect": algo.price_protect,
        "reduceOnly": algo.reduce_only,
        "createTime": algo.created_ms,
        "updateTime": algo.updated_ms,
        "triggerTime": algo.trigger_ms,
        "goodTillDate": algo.good_till_ms,
    }
    if algo.type == "TRAILING_STOP_MARKET":
        row["activatePrice"] = format(algo.activate_price, price_format)
        row["callbackRate"] = plain(algo.callback_rate)
    return row


def algo_row(algo: AlgoOrder, child: Order | None, instrument: Instrument) -> Row:
    """GET /fapi/v1/algoOrder and its lists: with the child order once triggered."""
    row = algo_answer(algo, instrument)
    row["actualOrderId"] = str(child.order_id) if child else ""
    row["actualPrice"] = quote_text(child.average, instrument) if child else "0.00000"
    if child:
        row["actualType"] = child.type
        row["actualQty"] = format(child.executed, instrument.quantity_format)
    row["tpTriggerPrice"] = row["tpPrice"] = row["slTriggerPrice"] = row["slPrice"] = "0.000"
    row["tpOrderType"] = ""
    return row


def trade_row(trade: Trade, instrument: Instrument) -> Row:
    """GET /fapi/v1/userTrades."""
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "side": trade.side,
        "price": format(trade.price, instrument.price_format),
        "qty": format(trade.quantity, instrument.quantity_format),
        "realizedPnl": money(trade.realized),
        "quoteQty": money(trade.price * trade.quantity),
        "commission": money(trade.commission),
        "commissionAsset": "USDT",
        "time": trade.time_ms,
        "positionSide": trade.position_side,
        "buyer": trade.side == "BUY",
        "maker": trade.maker,
    }


def income_row(income: Income) -> Row:
    """GET /fapi/v1/income."""
    return {
        "symbol": income.symbol,
        "incomeType": income.kind,
        "income": money(income.amount),
        "asset": "USDT",
        "info": income.text,
        "time": income.time_ms,
        "tranId": income.transaction_id,
        "tradeId": str(income.trade_id) if income.trade_id else "",
    }


def _isolated_margin(position: Position, market: Market, *, isolated: bool) -> Decimal:
    return position.isolated_wallet + position.unrealized(market.mark) if isolated else ZERO


def position_v3(account: Account, position: Position, markets: Mapping[str, Market]) -> Row:
    """GET /fapi/v3/positionRisk: no leverage and no margin type, which symbolConfig tells."""
    market = markets[position.symbol]
    instrument = market.instrument
    settings = account.settings_of(position.symbol)
    notional = position.quantity * market.mark
    initial = abs(notional) / settings.leverage
    key = (position.symbol, position.side)
    resting = account.resting.get(key) or Resting()
    return {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": format(position.quantity, instrument.quantity_format),
        "entryPrice": quote_text(position.entry, instrument),
        "breakEvenPrice": quote_text(position.break_even(), instrument),
        "markPrice": money(market.mark),
        "unRealizedProfit": money(position.unrealized(market.mark)),
        "liquidationPrice": quote_text(liquidation_price(account, position, markets), instrument),
        "isolatedMargin": money(_isolated_margin(position, market, isolated=settings.isolated)),
        "notional": money(notional),
        "marginAsset": "USDT",
        "isolatedWallet": money(position.isolated_wallet),
        "initialMargin": money(initial),
        "maintMargin": money(instrument.maintenance_margin(abs(notional))),
        "positionInitialMargin": money(initial),
        "openOrderInitialMargin": money(order_margin_of(account, key, market, resting.bids, resting.asks)),
        "adl": 1 if position.quantity else 0,
        "bidNotional": money(resting.bids),
        "askNotional": money(resting.asks),
        "updateTime": position.updated_ms,
    }


def position_v2(account: Account, position: Position, markets: Mapping[str, Market]) -> Row:
    """GET /fapi/v2/positionRisk: every symbol, flat ones included, with leverage and margin type."""
    market = markets[position.symbol]
    instrument = market.instrument
    settings = account.settings_of(position.symbol)
    return {
        "symbol": position.symbol,
        "positionAmt": format(position.quantity, instrument.quantity_format),
        "entryPrice": quote_text(position.entry, instrument),
        "breakEvenPrice": quote_text(position.break_even(), instrument),
        "markPrice": money(market.mark),
        "unRealizedProfit": money(position.unrealized(market.mark)),
        "liquidationPrice": quote_text(liquidation_price(account, position, markets), instrument),
        "leverage": str(settings.leverage),
        "maxNotionalValue": plain(instrument.max_notional(settings.leverage)),
        "marginType": "isolated" if settings.isolated else "cross",
        "isolatedMargin": money(_isolated_margin(position, market, isolated=settings.isolated)),
        "isAutoAddMargin": "false",
        "positionSide": position.side,
        "notional": money(position.quantity * market.mark),
        "isolatedWallet": money(position.isolated_wallet),
        "updateTime": position.updated_ms,
    }


def account_row(
    account: Account,
    markets: Mapping[str, Market],
    now_ms: int,
    *,
    version: int,
    positions: list[Position] | None = None,
) -> Row:
    """GET /fapi/v2/account and /fapi/v3/account; without `positions` the held ones."""
    sums = margin_of(account, markets)
    initial = sums.position_margin + sums.order_margin
    totals: Row = {
        "totalInitialMargin": money(initial),
        "totalMaintMargin": money(sums.maintenance),
        "totalWalletBalance": money(sums.wallet),
        "totalUnrealizedProfit": money(sums.unrealized),
        "totalMarginBalance": money(sums.wallet + sums.unrealized),
        "totalPositionInitialMargin": money(sums.position_margin),
        "totalOpenOrderInitialMargin": money(sums.order_margin),
        "totalCrossWalletBalance": money(sums.cross_wallet),
        "totalCrossUnPnl": money(sums.cross_unrealized),
        "availableBalance": money(sums.available),
        "maxWithdrawAmount": money(sums.available),
    }
    asset: Row = {
        "asset": "USDT",
        "walletBalance": totals["totalWalletBalance"],
        "unrealizedProfit": totals["totalUnrealizedProfit"],
        "marginBalance": totals["totalMarginBalance"],
        "maintMargin": totals["totalMaintMargin"],
        "initialMargin": totals["totalInitialMargin"],
        "positionInitialMargin": totals["totalPositionInitialMargin"],
        "openOrderInitialMargin": totals["totalOpenOrderInitialMargin"],
        "crossWalletBalance": totals["totalCrossWalletBalance"],
        "crossUnPnl": totals["totalCrossUnPnl"],
        "availableBalance": totals["availableBalance"],
        "maxWithdrawAmount": totals["maxWithdrawAmount"],
        "updateTime": now_ms,
    }
    held = held_positions(account) if positions is None else positions
    rows = [_account_position(account, position, markets, version=version) for position in held]
    if version == 2:
        asset["marginAvailable"] = True
        totals |= {
            "feeTier": 0,
            "feeBurn": False,
            "canTrade": True,
            "canDeposit": True,
            "canWithdraw": True,
            "updateTime": 0,
            "multiAssetsMargin": account.multi_assets,
            "tradeGroupId": -1,
        }
    return totals | {"assets": [asset], "positions": rows}


def held_positions(account: Account) -> list[Position]:
    """Return the legs that v3 lists: with a position or open orders."""
    shown = [position for position in account.positions.values() if position.quantity]
    for key, resting in account.resting.items():
        if resting.bids or resting.asks:
            held = account.positions.get(key)
            if held is None or not held.quantity:
                shown.append(held or Position(symbol=key[0], side=key[1]))
    return shown


def _account_position(account: Account, position: Position, markets: Mapping[str, Market], *, version: int) -> Row:
    market = markets[position.symbol]
    settings = account.settings_of(position.symbol)
    notional = position.quantity * market.mark
    initial = money(abs(notional) / settings.leverage)
    row: Row = {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": format(position.quantity, market.instrument.quantity_format),
        "unrealizedProfit": money(position.unrealized(market.mark)),
        "initialMargin": initial,
        "maintMargin": money(market.instrument.maintenance_margin(abs(notional))),
        "isolatedWallet": money(position.isolated_wallet),
        "notional": money(notional),
        "updateTime": position.updated_ms,
    }
    if version == 3:
        row["isolatedMargin"] = money(_isolated_margin(position, market, isolated=settings.isolated))
        return row
    return row | {
        "positionInitialMargin": initial,
        "openOrderInitialMargin": "0",
        "leverage": str(settings.leverage),
        "isolated": settings.isolated,
        "entryPrice": quote_text(position.entry, market.instrument),
        "breakEvenPrice": quote_text(position.break_even(), market.instrument),
        "maxNotional": plain(market.instrument.max_notional(settings.leverage)),
        "bidNotional": "0",
        "askNotional": "0",
    }


def balance_row(account: Account, markets: Mapping[str, Market], now_ms: int) -> Row:
    """GET /fapi/v2/balance and /fapi/v3/balance."""
    sums = margin_of(account, markets)
    return {
        "accountAlias": account.name,
        "asset": "USDT",
        "balance": money(sums.wallet),
        "crossWalletBalance": money(sums.cross_wallet),
        "crossUnPnl": money(sums.cross_unrealized),
        "availableBalance": money(sums.available),
        "maxWithdrawAmount": money(sums.available),
        "marginAvailable": True,
        "updateTime": now_ms,
    }
