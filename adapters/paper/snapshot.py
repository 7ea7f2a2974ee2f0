"""The whole venue as a JSON-able document, and back.

Records are written field by field from their declarations, so that a new field cannot be forgotten;
decimals become strings, so that nothing passes through a float.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import fields
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints

from adapters.paper.account import Account, AccountSetup, Income, Position, Resting, Settings
from adapters.paper.dialect import Dialect
from adapters.paper.exchange import FAULT_LOG_MAX, FIRST_TRADE_ID, HISTORY_MAX, Exchange
from adapters.paper.faults import FaultKind, FaultPlan, FaultRecord, FaultState
from adapters.paper.instruments import Bracket, Instrument
from adapters.paper.limits import RateLimits, Ration, Window
from adapters.paper.orders import AlgoOrder, Order, Trade
from adapters.paper.prices import Market
from adapters.paper.rng import SplitMix64
from adapters.paper.stream_event import StreamEvent

FORMAT = 1

_R = TypeVar("_R")
_COUNTERS = ("next_order_id", "next_algo_id", "next_transaction_id")
_FUNDS = ("fees_collected", "insurance_fund")


_Codec = tuple[tuple[str, Callable[[Any], Any] | None], ...]
_codecs: dict[Any, _Codec] = {}


def _codec(kind: Any) -> _Codec:
    """Per field of a flat record: its name and what reads it back (None: as it is)."""
    found = _codecs.get(kind)
    if found is None:
        hints = get_type_hints(kind)
        readers: dict[Any, Callable[[Any], Any]] = {Decimal: Decimal}
        found = tuple((each.name, readers.get(hints[each.name])) for each in fields(kind) if each.init)
        _codecs[kind] = found
    return found


def dump(record: Any) -> dict[str, Any]:
    """A record of scalars as a dict; decimals as strings."""
    row: dict[str, Any] = {}
    for name, reader in _codec(type(record)):
        value = getattr(record, name)
        row[name] = str(value) if reader is not None else value
    return row


def load(kind: type[_R], row: dict[str, Any]) -> _R:
    """The inverse of `dump`; raises KeyError or TypeError when the document does not fit."""
    values = {name: reader(row[name]) if reader else row[name] for name, reader in _codec(kind)}
    return kind(**values)


def write(exchange: Exchange) -> dict[str, Any]:
    """Everything that decides the venue's future answers, undelivered events included."""
    return {
        "format": FORMAT,
        "seed": exchange.seed,
        "now_ms": exchange.now_ms,
        "counters": {name: getattr(exchange, name) for name in _COUNTERS},
        "trade_ids": dict(exchange.trade_ids),
        "funds": {name: str(getattr(exchange, name)) for name in _FUNDS},
        "markets": [_market_row(market) for market in exchange.markets.values()],
        "accounts": [_account_row(account) for account in exchange.accounts.values()],
        "ration": _ration_row(exchange.ration),
        "faults": _fault_row(exchange.faults),
        "fault_log": [dump(record) for record in exchange.fault_log],
        "late": [dict(call) for call in exchange.late],
        "outbox": [dump(event) for event in exchange.outbox],
        "held_back": [dump(event) for event in exchange.held_back],
        "touched": sorted(exchange.touched),
        "history": {name: [[str(x) for x in image] for image in past] for name, past in exchange.history.items()},
    }


def read(document: dict[str, Any], dialect: Dialect) -> Exchange:
    """The venue that `write` described. Raises ValueError for another format."""
    if document.get("format") != FORMAT:
        raise ValueError(f"paper venue: snapshot format {document.get('format')!r}, expected {FORMAT}")
    markets = [_market(row) for row in document["markets"]]
    accounts = [_account(row) for row in document["accounts"]]
    exchange = Exchange(
        seed=document["seed"],
        instruments=tuple(market.instrument for market in markets),
        accounts=tuple(_setup(account) for account in accounts),
        now_ms=document["now_ms"],
        faults=FaultPlan.from_dict(document["faults"]["plan"]),
        volatility_ppm=0,
        limits=RateLimits(**document["ration"]["limits"]),
        dialect=dialect,
    )
    exchange.markets = {market.instrument.symbol: market for market in markets}
    exchange.accounts = {account.api_key: account for account in accounts}
    for name in _COUNTERS:
        setattr(exchange, name, document["counters"][name])
    # Before each symbol counted by itself, one number went through all of them.
    shared = document["counters"].get("next_trade_id", FIRST_TRADE_ID)
    exchange.trade_ids = dict.fromkeys(exchange.markets, shared) | document.get("trade_ids", {})
    for name in _FUNDS:
        setattr(exchange, name, Decimal(document["funds"][name]))
    exchange.ration = _ration(document["ration"])
    exchange.faults = _faults(document["faults"])
    exchange.fault_log = deque((_record(row) for row in document["fault_log"]), maxlen=FAULT_LOG_MAX)
    exchange.late = [dict(call) for call in document["late"]]
    exchange.outbox = [load(StreamEvent, row) for row in document["outbox"]]
    exchange.held_back = [load(StreamEvent, row) for row in document["held_back"]]
    exchange.touched = set(document["touched"])
    exchange.history = {
        name: deque((_image(row) for row in past), maxlen=HISTORY_MAX) for name, past in document["history"].items()
    }
    return exchange


def _market_row(market: Market) -> dict[str, Any]:
    instrument = dump_instrument(market.instrument)
    return {
        "instrument": instrument,
        "last": str(market.last),
        "mark": str(market.mark),
        "random": market.random.state,
        "volatility_ppm": market.volatility_ppm,
        "walked_ms": market.walked_ms,
        "funding_rate": str(market.funding_rate),
        "next_funding_ms": market.next_funding_ms,
    }


def _market(row: dict[str, Any]) -> Market:
    return Market(
        instrument=load_instrument(row["instrument"]),
        last=Decimal(row["last"]),
        mark=Decimal(row["mark"]),
        random=SplitMix64(row["random"]),
        volatility_ppm=row["volatility_ppm"],
        walked_ms=row["walked_ms"],
        funding_rate=Decimal(row["funding_rate"]),
        next_funding_ms=row["next_funding_ms"],
    )


def dump_instrument(instrument: Instrument) -> dict[str, Any]:
    """An instrument with its brackets as a dict."""
    return dump(instrument) | {"brackets": [dump(bracket) for bracket in instrument.brackets]}


def load_instrument(row: dict[str, Any]) -> Instrument:
    """The inverse of `dump_instrument`."""
    return load(Instrument, row | {"brackets": tuple(load(Bracket, each) for each in row["brackets"])})


_LEDGERS = ("trades", "incomes")
_SCALARS = tuple(
    name
    for name in (each.name for each in fields(Account))
    if name
    not in (
        "wallet",
        "settings",
        "positions",
        "resting",
        "orders",
        "open_orders",
        "orders_by_client",
        "algos",
        "open_algos",
        "algos_by_client",
        "countdowns",
        *_LEDGERS,
    )
)


def _account_row(account: Account) -> dict[str, Any]:
    return {
        "scalars": {name: getattr(account, name) for name in _SCALARS},
        "wallet": str(account.wallet),
        "settings": {symbol: dump(each) for symbol, each in account.settings.items()},
        "positions": _dump_all(account.positions.values()),
        "resting": [[*key, dump(each)] for key, each in account.resting.items()],
        "orders": _dump_all(account.orders.values()),
        "algos": _dump_all(account.algos.values()),
        # Open books are kept in their own order, which decides who fills first.
        "open_orders": list(account.open_orders),
        "open_algos": list(account.open_algos),
        "trades": _dump_all(account.trades),
        "incomes": _dump_all(account.incomes),
        "countdowns": dict(account.countdowns),
    }


def _account(row: dict[str, Any]) -> Account:
    account = Account(wallet=Decimal(row["wallet"]), **row["scalars"])
    account.settings = {symbol: load(Settings, each) for symbol, each in row["settings"].items()}
    account.positions = {(p.symbol, p.side): p for p in (load(Position, each) for each in row["positions"])}
    account.resting = {(symbol, side): load(Resting, each) for symbol, side, each in row["resting"]}
    account.orders = {order.order_id: order for order in (load(Order, each) for each in row["orders"])}
    account.algos = {algo.algo_id: algo for algo in (load(AlgoOrder, each) for each in row["algos"])}
    account.open_orders = {order_id: account.orders[order_id] for order_id in row["open_orders"]}
    account.open_algos = {algo_id: account.algos[algo_id] for algo_id in row["open_algos"]}
    account.orders_by_client = {order.client_order_id: order for order in account.orders.values()}
    account.algos_by_client = {algo.client_algo_id: algo for algo in account.algos.values()}
    account.trades = [load(Trade, each) for each in row["trades"]]
    account.incomes = [load(Income, each) for each in row["incomes"]]
    account.countdowns = dict(row["countdowns"])
    return account


def _setup(account: Account) -> AccountSetup:
    return AccountSetup(name=account.name, api_key=account.api_key, api_secret=account.api_secret)


def _dump_all(records: Iterable[Any]) -> list[dict[str, Any]]:
    return [dump(record) for record in records]


def _ration_row(ration: Ration) -> dict[str, Any]:
    return {
        "limits": dump(ration.limits),
        "weight": dump(ration.weight),
        "violations": dump(ration.violations),
        "orders_10s": {name: dump(window) for name, window in ration.orders_10s.items()},
        "orders_1m": {name: dump(window) for name, window in ration.orders_1m.items()},
        "banned_until_ms": ration.banned_until_ms,
        "bans": ration.bans,
    }


def _ration(row: dict[str, Any]) -> Ration:
    return Ration(
        limits=load(RateLimits, row["limits"]),
        weight=load(Window, row["weight"]),
        violations=load(Window, row["violations"]),
        orders_10s={name: load(Window, each) for name, each in row["orders_10s"].items()},
        orders_1m={name: load(Window, each) for name, each in row["orders_1m"].items()},
        banned_until_ms=row["banned_until_ms"],
        bans=row["bans"],
    )


def _fault_row(state: FaultState) -> dict[str, Any]:
    return {
        "plan": state.plan.to_dict(),
        "met": list(state.met),
        "struck": list(state.struck),
        "random": state.random_state,
    }


def _faults(row: dict[str, Any]) -> FaultState:
    state = FaultState(FaultPlan.from_dict(row["plan"]), met=list(row["met"]), struck=list(row["struck"]))
    state.random_state = row["random"]
    return state


def _record(row: dict[str, Any]) -> FaultRecord:
    return FaultRecord(**(row | {"kind": FaultKind(row["kind"])}))


def _image(row: list[str]) -> Any:
    stamp, symbol, side, *numbers, updated = row
    return (int(stamp), symbol, side, *(Decimal(each) for each in numbers), int(updated))
