"""Account endpoints: positions, balances, settings, incomes, and the user-data stream's key.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api and
…/trade/rest-api (settings).
"""

from decimal import Decimal

from adapters.paper.account import Account, Position, margin_of
from adapters.paper.binance import events
from adapters.paper.binance.errors import ApiRefusal, missing
from adapters.paper.binance.route import Params, Private, Security
from adapters.paper.binance.tickets import flag, integer, number, required
from adapters.paper.binance.wire import account_row, balance_row, held_positions, income_row, position_v2, position_v3
from adapters.paper.exchange import Exchange
from adapters.paper.instruments import EIGHT_PLACES, ZERO, Instrument
from adapters.paper.rng import SplitMix64, seed_for
from adapters.paper.stream_event import Row
from messages.decimals import plain

LISTEN_KEY_MS = 60 * 60_000
WEEK_MS = 7 * 86_400_000
SUCCESS = {"code": 200, "msg": "success"}
_KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def positions_v3(exchange: Exchange, account: Account, params: Params) -> object:
    """Only legs with a position or open orders ("Position Information V3")."""
    symbol = _optional_symbol(exchange, params)
    shown = [p for p in held_positions(account) if not symbol or p.symbol == symbol]
    return [position_v3(account, position, exchange.markets) for position in shown]


def positions_v2(exchange: Exchange, account: Account, params: Params) -> object:
    """Every symbol's legs, flat ones included ("Position Information V2")."""
    symbol = _optional_symbol(exchange, params)
    chosen = [symbol] if symbol else list(exchange.markets)
    return [
        position_v2(account, _leg(account, each, side), exchange.markets) for each in chosen for side in _sides(account)
    ]


def account_v3(exchange: Exchange, account: Account, _: Params) -> object:
    return account_row(account, exchange.markets, exchange.now_ms, version=3)


def account_v2(exchange: Exchange, account: Account, _: Params) -> object:
    """Every symbol's legs, flat ones included ("Account Information V2")."""
    every = [_leg(account, symbol, side) for symbol in exchange.markets for side in _sides(account)]
    return account_row(account, exchange.markets, exchange.now_ms, version=2, positions=every)


def balance(exchange: Exchange, account: Account, _: Params) -> object:
    return [balance_row(account, exchange.markets, exchange.now_ms)]


def set_leverage(exchange: Exchange, account: Account, params: Params) -> object:
    """-4028 beyond the symbol's brackets, -4161 when lowered on an open isolated position, -2027 when the
    position is too large for it, -2028 when the margin does not suffice.
    """
    symbol = required(params, "symbol")
    market = exchange.market_of(symbol)
    leverage = integer(params, "leverage")
    if not 1 <= leverage <= market.instrument.brackets[0].leverage:
        raise ApiRefusal(-4028, f"Leverage {leverage} is not valid")
    settings = account.settings_of(symbol)
    before = settings.leverage
    held = [p for p in account.positions.values() if p.symbol == symbol and p.quantity]
    if settings.isolated and held and leverage < before:
        text = "Leverage reduction is not supported in Isolated Margin Mode with open positions."
        raise ApiRefusal(-4161, text)
    cap = market.instrument.max_notional(leverage)
    if any(abs(position.quantity * market.mark) > cap for position in held):
        raise ApiRefusal(-2027, "Exceeded the maximum allowable position at current leverage.")
    _check_leverage_margin(exchange, account, symbol, leverage)
    settings.leverage = leverage
    if leverage != before:
        row = events.leverage_update(symbol, leverage, exchange.now_ms)
        exchange.emit(account, row, symbol=symbol, client_id="")
    return {"leverage": leverage, "maxNotionalValue": _whole(cap), "symbol": symbol}


def _check_leverage_margin(exchange: Exchange, account: Account, symbol: str, leverage: int) -> None:
    settings = account.settings_of(symbol)
    before = settings.leverage
    if leverage >= before:
        return
    settings.leverage = leverage
    sums = margin_of(account, exchange.markets)
    settings.leverage = before
    bound = sums.order_margin + sums.position_margin
    if bound > sums.cross_wallet + sums.unrealized:
        raise ApiRefusal(-2028, "Leverage is smaller than permitted: insufficient margin balance.")


def set_margin_type(exchange: Exchange, account: Account, params: Params) -> object:
    """-4046 unchanged, -4047 with open orders, -4048 with a position."""
    symbol = required(params, "symbol")
    exchange.market_of(symbol)
    wanted = required(params, "marginType")
    if wanted not in ("ISOLATED", "CROSSED"):
        raise ApiRefusal(-4049, "Add margin only support for isolated position.")
    settings = account.settings_of(symbol)
    isolated = wanted == "ISOLATED"
    if settings.isolated == isolated:
        raise ApiRefusal(-4046, "No need to change margin type.")
    if any(order.symbol == symbol for order in account.open_orders.values()):
        raise ApiRefusal(-4047, "Margin type cannot be changed if there exists open orders.")
    if any(p.symbol == symbol and p.quantity for p in account.positions.values()):
        raise ApiRefusal(-4048, "Margin type cannot be changed if there exists position.")
    if isolated and account.multi_assets:
        raise ApiRefusal(-4168, "Unable to adjust to isolated-margin mode under the Multi-Assets mode.")
    settings.isolated = isolated
    legs = tuple(_leg(account, symbol, side) for side in _sides(account))
    exchange.emit_account(account, legs, reason="MARGIN_TYPE_CHANGE")
    return SUCCESS


def get_position_mode(_: Exchange, account: Account, __: Params) -> object:
    return {"dualSidePosition": account.hedge}


def set_position_mode(_: Exchange, account: Account, params: Params) -> object:
    """-4059 unchanged, -4067 with open orders, -4068 with positions."""
    required(params, "dualSidePosition")
    hedge = flag(params, "dualSidePosition")
    if hedge == account.hedge:
        raise ApiRefusal(-4059, "No need to change position side.")
    if account.open_orders or account.open_algos:
        raise ApiRefusal(-4067, "Position side cannot be changed if there exists open orders.")
    if any(position.quantity for position in account.positions.values()):
        raise ApiRefusal(-4068, "Position side cannot be changed if there exists position.")
    account.hedge = hedge
    account.positions.clear()
    account.resting.clear()
    return SUCCESS


def get_multi_assets(_: Exchange, account: Account, __: Params) -> object:
    return {"multiAssetsMargin": account.multi_assets}


def set_multi_assets(exchange: Exchange, account: Account, params: Params) -> object:
    """-4171 unchanged, -4167 with isolated symbols."""
    required(params, "multiAssetsMargin")
    joined = flag(params, "multiAssetsMargin")
    if joined == account.multi_assets:
        text = "Adjusted asset mode is currently set and does not need to be adjusted repeatedly."
        raise ApiRefusal(-4171, text)
    if joined and any(settings.isolated for settings in account.settings.values()):
        text = "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under isolated-margin mode."
        raise ApiRefusal(-4167, text)
    account.multi_assets = joined
    row = events.multi_assets_update(joined, exchange.now_ms)
    exchange.emit(account, row, symbol="", client_id="")
    return SUCCESS


def move_position_margin(exchange: Exchange, account: Account, params: Params) -> object:
    """Add (1) or take (2) isolated margin ("Modify Isolated Position Margin")."""
    symbol = required(params, "symbol")
    market = exchange.market_of(symbol)
    kind, amount = integer(params, "type"), number(params, "amount")
    position = account.positions.get((symbol, params.get("positionSide") or "BOTH"))
    if not account.settings_of(symbol).isolated:
        raise ApiRefusal(-4049, "Add margin only support for isolated position.")
    if position is None or not position.quantity:
        raise ApiRefusal(-4050, "Cross balance insufficient.")
    if kind not in (1, 2) or amount <= ZERO:
        raise missing("type")
    if kind == 1:
        if amount > margin_of(account, exchange.markets).available:
            raise ApiRefusal(-4050, "Cross balance insufficient.")
        position.isolated_wallet += amount
    else:
        needed = abs(position.quantity * market.mark) / account.settings_of(symbol).leverage
        spare = position.isolated_wallet + min(position.unrealized(market.mark), ZERO) - needed
        if amount > spare:
            raise ApiRefusal(-4051, "Isolated balance insufficient.")
        position.isolated_wallet -= amount
    exchange.emit_account(account, (position,), reason="MARGIN_TRANSFER")
    exact = amount.quantize(EIGHT_PLACES).normalize()
    whole = int(exact) if exact == exact.to_integral_value() else str(exact)
    return {"amount": whole, "code": 200, "msg": "Successfully modify position margin.", "type": kind}


def leverage_brackets(exchange: Exchange, _: Account, params: Params) -> object:
    """Ratios are JSON numbers on the venue; here they are exact decimals written as numbers."""
    symbol = _optional_symbol(exchange, params)
    chosen = [exchange.markets[symbol]] if symbol else list(exchange.markets.values())
    return [
        {"symbol": each.instrument.symbol, "notionalCoef": 1, "brackets": _brackets(each.instrument)} for each in chosen
    ]


def _brackets(instrument: Instrument) -> list[Row]:
    return [
        {
            "bracket": row.number,
            "initialLeverage": row.leverage,
            "notionalCap": int(row.cap),
            "notionalFloor": int(row.floor),
            "maintMarginRatio": _json_number(row.maintenance_rate),
            "cum": _json_number(row.cumulative),
        }
        for row in instrument.brackets
    ]


def symbol_config(exchange: Exchange, account: Account, params: Params) -> object:
    symbol = _optional_symbol(exchange, params)
    chosen = [symbol] if symbol else list(exchange.markets)
    return [_config_row(exchange, account, each) for each in chosen]


def _config_row(exchange: Exchange, account: Account, symbol: str) -> Row:
    settings = account.settings_of(symbol)
    return {
        "symbol": symbol,
        "marginType": "ISOLATED" if settings.isolated else "CROSSED",
        "isAutoAddMargin": False,
        "leverage": settings.leverage,
        "maxNotionalValue": _whole(exchange.markets[symbol].instrument.max_notional(settings.leverage)),
    }


def account_config(exchange: Exchange, account: Account, _: Params) -> object:
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": account.hedge,
        "updateTime": exchange.now_ms,
        "multiAssetsMargin": account.multi_assets,
        "tradeGroupId": -1,
    }


def commission_rate(exchange: Exchange, _: Account, params: Params) -> object:
    instrument = exchange.market_of(required(params, "symbol")).instrument
    return {
        "symbol": instrument.symbol,
        "makerCommissionRate": plain(instrument.maker_fee),
        "takerCommissionRate": plain(instrument.taker_fee),
        "rpiCommissionRate": "0.00005",
    }


def income(exchange: Exchange, account: Account, params: Params) -> object:
    """Oldest first, the last seven days unless a period is given; 100 rows unless a limit is."""
    symbol = _optional_symbol(exchange, params)
    kind = params.get("incomeType") or ""
    start = integer(params, "startTime") if params.get("startTime") else exchange.now_ms - WEEK_MS
    end = integer(params, "endTime") if params.get("endTime") else exchange.now_ms
    limit = min(integer(params, "limit"), 1000) if params.get("limit") else 100
    chosen = [
        each
        for each in account.incomes
        if start <= each.time_ms <= end and (not symbol or each.symbol == symbol) and (not kind or each.kind == kind)
    ]
    chosen = chosen[:limit] if params.get("startTime") else chosen[-limit:]
    return [income_row(each) for each in chosen]


def adl_quantile(exchange: Exchange, account: Account, params: Params) -> object:
    symbol = _optional_symbol(exchange, params)
    chosen = {p.symbol for p in account.positions.values() if p.quantity and (not symbol or p.symbol == symbol)}
    leg, net = (1, 0) if account.hedge else (0, 1)
    quantile = {"LONG": leg, "SHORT": leg, "BOTH": net, "HEDGE": 0}
    return [{"symbol": each, "adlQuantile": quantile} for each in sorted(chosen)]


def order_rate_limit(exchange: Exchange, _: Account, __: Params) -> object:
    limits = exchange.limits
    return [
        {
            "rateLimitType": "ORDERS",
            "interval": "SECOND",
            "intervalNum": 10,
            "limit": limits.orders_per_10_seconds,
        },
        {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": limits.orders_per_minute},
    ]


def start_stream(exchange: Exchange, account: Account, _: Params) -> object:
    """An active key is returned again and extended by 60 minutes ("Start User Data Stream")."""
    if not account.listen_key:
        account.listen_keys_minted += 1
        seed = seed_for(exchange.seed, f"{account.name}:{account.listen_keys_minted}")
        source = SplitMix64(seed)
        letters = (_KEY_LETTERS[source.below(len(_KEY_LETTERS))] for _ in range(64))
        account.listen_key = "".join(letters)
    account.listen_key_until_ms = exchange.now_ms + LISTEN_KEY_MS
    return {"listenKey": account.listen_key}


def keep_stream(exchange: Exchange, account: Account, _: Params) -> object:
    """-1125 when there is none: expired or never started."""
    if not account.listen_key:
        raise ApiRefusal(-1125, "This listenKey does not exist.")
    account.listen_key_until_ms = exchange.now_ms + LISTEN_KEY_MS
    return {"listenKey": account.listen_key}


def close_stream(_: Exchange, account: Account, __: Params) -> object:
    account.listen_key, account.listen_key_until_ms = "", 0
    return {}


def _sides(account: Account) -> tuple[str, ...]:
    return ("LONG", "SHORT") if account.hedge else ("BOTH",)


def _leg(account: Account, symbol: str, side: str) -> Position:
    """The leg, or a flat one that is not entered into the account."""
    return account.positions.get((symbol, side)) or Position(symbol=symbol, side=side)


def _optional_symbol(exchange: Exchange, params: Params) -> str:
    symbol = params.get("symbol") or ""
    if symbol:
        exchange.market_of(symbol)
    return symbol


def _whole(amount: Decimal) -> str:
    return plain(amount.quantize(Decimal(1)))


def _json_number(amount: Decimal) -> int | float:
    """A ratio as JSON number; the one place where the venue's wire is not a string."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


ACCOUNT_ROUTES: dict[tuple[str, str], Private] = {
    ("GET", "/fapi/v3/positionRisk"): Private(handler=positions_v3, weight=5),
    ("GET", "/fapi/v2/positionRisk"): Private(handler=positions_v2, weight=5),
    ("GET", "/fapi/v3/account"): Private(handler=account_v3, weight=5),
    ("GET", "/fapi/v2/account"): Private(handler=account_v2, weight=5),
    ("GET", "/fapi/v3/balance"): Private(handler=balance, weight=5),
    ("GET", "/fapi/v2/balance"): Private(handler=balance, weight=5),
    ("POST", "/fapi/v1/leverage"): Private(handler=set_leverage),
    ("POST", "/fapi/v1/marginType"): Private(handler=set_margin_type),
    ("GET", "/fapi/v1/positionSide/dual"): Private(handler=get_position_mode, weight=30),
    ("POST", "/fapi/v1/positionSide/dual"): Private(handler=set_position_mode),
    ("GET", "/fapi/v1/multiAssetsMargin"): Private(handler=get_multi_assets, weight=30),
    ("POST", "/fapi/v1/multiAssetsMargin"): Private(handler=set_multi_assets),
    ("POST", "/fapi/v1/positionMargin"): Private(handler=move_position_margin),
    ("GET", "/fapi/v1/leverageBracket"): Private(handler=leverage_brackets),
    ("GET", "/fapi/v1/symbolConfig"): Private(handler=symbol_config, weight=5),
    ("GET", "/fapi/v1/accountConfig"): Private(handler=account_config, weight=5),
    ("GET", "/fapi/v1/commissionRate"): Private(handler=commission_rate, weight=20),
    ("GET", "/fapi/v1/income"): Private(handler=income, weight=30),
    ("GET", "/fapi/v1/adlQuantile"): Private(handler=adl_quantile, weight=5),
    ("GET", "/fapi/v1/rateLimit/order"): Private(handler=order_rate_limit),
    ("POST", "/fapi/v1/listenKey"): Private(handler=start_stream, security=Security.KEY),
    ("PUT", "/fapi/v1/listenKey"): Private(handler=keep_stream, security=Security.KEY),
    ("DELETE", "/fapi/v1/listenKey"): Private(handler=close_stream, security=Security.KEY),
}
