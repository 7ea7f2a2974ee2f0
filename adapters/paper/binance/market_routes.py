"""Public endpoints: clock, rules, prices, and a synthetic book.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api
"""

from collections.abc import Callable
from decimal import Decimal

from adapters.paper.binance.errors import ApiRefusal
from adapters.paper.binance.route import Params, Public, without_symbol
from adapters.paper.binance.tickets import required, whole
from adapters.paper.binance.wire import money
from adapters.paper.exchange import Exchange
from adapters.paper.instruments import Instrument
from adapters.paper.limits import RateLimits
from adapters.paper.matching import LEVELS_MAX
from adapters.paper.prices import Market
from adapters.paper.stream_event import Row
from messages.decimals import plain

_FOREVER_MS = 4_133_404_800_000  # the delivery date that marks a perpetual
_ONBOARD_MS = 1_569_398_400_000
_KLINE_MS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": 86_400_000}


def ping(_: Exchange, __: Params) -> object:
    return {}


def time(exchange: Exchange, _: Params) -> object:
    return {"serverTime": exchange.now_ms}


def exchange_info(exchange: Exchange, _: Params) -> object:
    """Rules of every instrument, delisted ones excepted."""
    limits = exchange.limits
    return {
        "timezone": "UTC",
        "serverTime": exchange.now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": _rate_limits(limits),
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [
            _symbol_row(market.instrument)
            for market in exchange.markets.values()
            if market.instrument.status != "DELISTED"
        ],
    }


def _rate_limits(limits: RateLimits) -> list[Row]:
    rows = (
        ("REQUEST_WEIGHT", "MINUTE", 1, limits.weight_per_minute),
        ("ORDERS", "SECOND", 10, limits.orders_per_10_seconds),
        ("ORDERS", "MINUTE", 1, limits.orders_per_minute),
    )
    return [
        {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
        for kind, interval, number, limit in rows
    ]


def _symbol_row(instrument: Instrument) -> Row:
    order_types = ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"]
    return {
        "symbol": instrument.symbol,
        "pair": instrument.symbol,
        "contractType": instrument.contract_type,
        "deliveryDate": _FOREVER_MS,
        "onboardDate": _ONBOARD_MS,
        "status": instrument.status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.quote,
        "pricePrecision": instrument.price_places,
        "quantityPrecision": instrument.quantity_places,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"],
        "settlePlan": 0,
        "triggerProtect": format(instrument.trigger_protect, ".4f"),
        "liquidationFee": plain(instrument.liquidation_fee),
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10_000,
        "filters": _filters(instrument),
        "orderTypes": [*order_types, "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def _filters(instrument: Instrument) -> list[Row]:
    step, least = plain(instrument.step_size), plain(instrument.step_size)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": plain(instrument.min_price or instrument.tick_size),
            "maxPrice": plain(instrument.max_price),
            "tickSize": plain(instrument.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": least,
            "maxQty": plain(instrument.max_quantity),
            "stepSize": step,
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": least,
            "maxQty": plain(instrument.market_max_quantity),
            "stepSize": step,
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": instrument.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": instrument.max_algo_orders},
        {"filterType": "MIN_NOTIONAL", "notional": plain(instrument.min_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": format(instrument.multiplier_up, ".4f"),
            "multiplierDown": format(instrument.multiplier_down, ".4f"),
            "multiplierDecimal": "4",
        },
    ]


def ticker_price(exchange: Exchange, params: Params) -> object:
    return _one_or_all(exchange, params, _price_row)


def _price_row(exchange: Exchange, market: Market) -> Row:
    instrument = market.instrument
    price = format(market.last, instrument.price_format)
    return {"symbol": instrument.symbol, "price": price, "time": exchange.now_ms}


def book_ticker(exchange: Exchange, params: Params) -> object:
    return _one_or_all(exchange, params, _book_row)


def _book_row(exchange: Exchange, market: Market) -> Row:
    instrument = market.instrument
    level = format(instrument.level_quantity, instrument.quantity_format)
    return {
        "symbol": instrument.symbol,
        "bidPrice": format(market.bid, instrument.price_format),
        "bidQty": level,
        "askPrice": format(market.ask, instrument.price_format),
        "askQty": level,
        "time": exchange.now_ms,
        "lastUpdateId": exchange.now_ms,
    }


def premium_index(exchange: Exchange, params: Params) -> object:
    return _one_or_all(exchange, params, _premium_row)


def _premium_row(exchange: Exchange, market: Market) -> Row:
    mark = money(market.mark)
    return {
        "symbol": market.instrument.symbol,
        "markPrice": mark,
        "indexPrice": mark,
        "estimatedSettlePrice": mark,
        "lastFundingRate": money(market.funding_rate),
        "interestRate": "0.00010000",
        "nextFundingTime": market.next_funding_ms,
        "time": exchange.now_ms,
    }


def funding_rate(exchange: Exchange, params: Params) -> object:
    """The last funding of one or every symbol; this model keeps no longer history."""
    chosen = [exchange.market_of(params["symbol"])] if params.get("symbol") else exchange.markets.values()
    return [
        {
            "symbol": market.instrument.symbol,
            "fundingTime": market.next_funding_ms - market.instrument.funding_interval_ms,
            "fundingRate": money(market.funding_rate),
            "markPrice": money(market.mark),
            "rateType": "Regular",
        }
        for market in chosen
    ]


def depth(exchange: Exchange, params: Params) -> object:
    """The synthetic ladder that market orders are matched against."""
    market = exchange.market_of(required(params, "symbol"))
    instrument = market.instrument
    limit = min(_limit(params), LEVELS_MAX)
    level = format(instrument.level_quantity, instrument.quantity_format)

    def side(best: Decimal, step: Decimal) -> list[list[str]]:
        return [[format(best + step * i, instrument.price_format), level] for i in range(limit)]

    return {
        "lastUpdateId": exchange.now_ms,
        "E": exchange.now_ms,
        "T": exchange.now_ms,
        "bids": side(market.bid, -instrument.tick_size),
        "asks": side(market.ask, instrument.tick_size),
    }


def ticker_24hr(exchange: Exchange, params: Params) -> object:
    return _one_or_all(exchange, params, _day_row)


def _day_row(exchange: Exchange, market: Market) -> Row:
    """A day that opened at the instrument's first price; volumes are not modeled."""
    instrument = market.instrument
    price_format = instrument.price_format
    last, start = market.last, instrument.start_price
    return {
        "symbol": instrument.symbol,
        "priceChange": format(last - start, price_format),
        "priceChangePercent": format((last - start) / start * 100, ".3f"),
        "weightedAvgPrice": format(last, price_format),
        "lastPrice": format(last, price_format),
        "lastQty": format(instrument.step_size, instrument.quantity_format),
        "openPrice": format(start, price_format),
        "highPrice": format(max(last, start), price_format),
        "lowPrice": format(min(last, start), price_format),
        "volume": "0",
        "quoteVolume": "0",
        "openTime": exchange.now_ms - 86_400_000,
        "closeTime": exchange.now_ms,
        "firstId": 0,
        "lastId": 0,
        "count": 0,
    }


def klines(exchange: Exchange, params: Params) -> object:
    """Flat candles at the present price: enough for a chart not to fail, no history is modeled."""
    market = exchange.market_of(required(params, "symbol"))
    length = _KLINE_MS.get(required(params, "interval"))
    if length is None:
        raise ApiRefusal(-1120, "Invalid interval.")
    price = format(market.last, market.instrument.price_format)
    limit = min(_limit(params), 1500)
    first = exchange.now_ms - exchange.now_ms % length - length * (limit - 1)
    return [
        [first + i * length, price, price, price, price, "0", first + (i + 1) * length - 1, "0", 0, "0", "0", "0"]
        for i in range(limit)
    ]


def _one_or_all(exchange: Exchange, params: Params, row: Callable[[Exchange, Market], Row]) -> object:
    symbol = params.get("symbol")
    if symbol:
        return row(exchange, exchange.market_of(symbol))
    return [row(exchange, market) for market in exchange.markets.values()]


def _limit(params: Params) -> int:
    """`limit`, 500 when absent or not a number (a weight is asked for before the form is checked)."""
    return whole(params.get("limit", "")) or 500


def _depth_weight(params: Params) -> int:
    limit = _limit(params)
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20


MARKET_ROUTES: dict[tuple[str, str], Public] = {
    ("GET", "/fapi/v1/ping"): Public(handler=ping),
    ("GET", "/fapi/v1/time"): Public(handler=time),
    ("GET", "/fapi/v1/exchangeInfo"): Public(handler=exchange_info),
    ("GET", "/fapi/v1/ticker/price"): Public(handler=ticker_price, weight=without_symbol(1, 2)),
    ("GET", "/fapi/v2/ticker/price"): Public(handler=ticker_price, weight=without_symbol(1, 2)),
    ("GET", "/fapi/v1/ticker/bookTicker"): Public(handler=book_ticker, weight=without_symbol(2, 5)),
    ("GET", "/fapi/v1/ticker/24hr"): Public(handler=ticker_24hr, weight=without_symbol(1, 40)),
    ("GET", "/fapi/v1/premiumIndex"): Public(handler=premium_index, weight=without_symbol(1, 10)),
    ("GET", "/fapi/v1/fundingRate"): Public(handler=funding_rate),
    ("GET", "/fapi/v1/depth"): Public(handler=depth, weight=_depth_weight),
    ("GET", "/fapi/v1/klines"): Public(handler=klines, weight=5),
}
