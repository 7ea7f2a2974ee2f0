"""Accounts: wallet, positions, leverage and margin, in exact Decimals.

A position keeps its exact signed cost beside the entry price it shows: money is computed from the cost, so
that once flat the realized profit is to the last digit what was paid and received.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from adapters.paper.instruments import EIGHT_PLACES, ZERO
from adapters.paper.orders import AlgoOrder, Order, Trade
from adapters.paper.prices import Market

Key = tuple[str, str]
"""Symbol and position side (BOTH in one-way mode, else LONG or SHORT)."""

DEFAULT_LEVERAGE = 20
HISTORY_KEPT = 5_000
"""Terminal orders, conditional orders, trades and incomes kept per account."""
BATCH = 500
Record = TypeVar("Record", Order, AlgoOrder)
TWELVE_PLACES = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSetup:
    """An account as the venue opens it. `balance` in the quote currency."""

    name: str = "main"
    api_key: str = "paper-key"
    api_secret: str = "paper-secret"  # noqa: S105  the paper venue's public default
    balance: Decimal = Decimal(100_000)
    hedge: bool = False
    leverage: int = DEFAULT_LEVERAGE


DEFAULT_ACCOUNTS: tuple[AccountSetup, ...] = (AccountSetup(),)


@dataclass(slots=True, kw_only=True)
class Position:
    """One leg. `quantity` is signed, base units; `cost` = quantity x average entry, signed."""

    symbol: str
    side: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    entry: Decimal = ZERO
    isolated_wallet: Decimal = ZERO
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    updated_ms: int = 0

    def unrealized(self, mark: Decimal) -> Decimal:
        return self.quantity * mark - self.cost

    def break_even(self) -> Decimal:
        """Entry price moved by the fees this position has paid ("bep")."""
        if not self.quantity:
            return ZERO
        return (self.cost + self.fees) / self.quantity

    def take(self, signed: Decimal, price: Decimal) -> Decimal:
        """Apply a fill of `signed` base units at `price`; returns the profit it realizes, 8 decimals.

        A fill beyond the position closes it and opens the rest on the other side (one-way mode).
        """
        quantity = self.quantity
        if quantity * signed >= 0:
            self._add(signed, price)
            return ZERO
        closing = -signed if abs(signed) <= abs(quantity) else quantity
        proceeds = closing * price
        whole = closing == quantity
        removed = self.cost if whole else (self.cost * closing / quantity).quantize(EIGHT_PLACES)
        realized = (proceeds - removed).quantize(EIGHT_PLACES)
        self.cost -= proceeds - realized
        self.quantity = quantity - closing
        self.realized += realized
        if not self.quantity:
            self.cost = self.entry = self.fees = ZERO
        if rest := signed + closing:
            self._add(rest, price)
        return realized

    def _add(self, signed: Decimal, price: Decimal) -> None:
        self.quantity += signed
        self.cost += signed * price
        self.entry = (self.cost / self.quantity).quantize(TWELVE_PLACES) if self.quantity else ZERO


@dataclass(slots=True, kw_only=True)
class Settings:
    """A user's settings of one symbol."""

    leverage: int = DEFAULT_LEVERAGE
    isolated: bool = False


@dataclass(slots=True, kw_only=True)
class Resting:
    """Notional of the open orders of one leg that could increase it."""

    bids: Decimal = ZERO
    asks: Decimal = ZERO


@dataclass(slots=True, kw_only=True)
class Income:
    """One change of the wallet, so that they sum to it exactly."""

    transaction_id: int
    symbol: str
    kind: str
    amount: Decimal
    text: str
    time_ms: int
    trade_id: int = 0


@dataclass(slots=True, kw_only=True)
class Account:
    """A user's account at the venue. `wallet` in the quote currency, isolated parts included."""

    name: str
    api_key: str
    api_secret: str
    wallet: Decimal
    hedge: bool = False
    leverage: int = DEFAULT_LEVERAGE
    multi_assets: bool = False
    revoked: bool = False
    margin_called: bool = False
    listen_key: str = ""
    listen_key_until_ms: int = 0
    listen_keys_minted: int = 0
    settings: dict[str, Settings] = field(default_factory=dict)
    positions: dict[Key, Position] = field(default_factory=dict)
    resting: dict[Key, Resting] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    open_orders: dict[int, Order] = field(default_factory=dict)
    orders_by_client: dict[str, Order] = field(default_factory=dict)
    algos: dict[int, AlgoOrder] = field(default_factory=dict)
    open_algos: dict[int, AlgoOrder] = field(default_factory=dict)
    algos_by_client: dict[str, AlgoOrder] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    incomes: list[Income] = field(default_factory=list)
    countdowns: dict[str, int] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop the oldest terminal records, in batches, so that memory stays bounded over months.

        A venue keeps history by age (three days to three months), this one by number. The first income row holds the
        sum of the dropped ones, so that the wallet stays the sum of its rows.
        """
        for order in _oldest(self.orders):
            if order.order_id not in self.open_orders and order.algo_id not in self.open_algos:
                del self.orders[order.order_id]
                if self.orders_by_client.get(order.client_order_id) is order:
                    del self.orders_by_client[order.client_order_id]
        for algo in _oldest(self.algos):
            if algo.algo_id not in self.open_algos and algo.child_order_id not in self.open_orders:
                del self.algos[algo.algo_id]
                if self.algos_by_client.get(algo.client_algo_id) is algo:
                    del self.algos_by_client[algo.client_algo_id]
        if len(self.trades) > HISTORY_KEPT + BATCH:
            del self.trades[:BATCH]
        if len(self.incomes) > HISTORY_KEPT + BATCH:
            gone = sum((income.amount for income in self.incomes[1:BATCH]), ZERO)
            self.incomes[:BATCH] = [replace(self.incomes[0], amount=self.incomes[0].amount + gone)]

    def settings_of(self, symbol: str) -> Settings:
        found = self.settings.get(symbol)
        if found is None:
            found = self.settings[symbol] = Settings(leverage=self.leverage)
        return found

    def position_of(self, key: Key) -> Position:
        found = self.positions.get(key)
        if found is None:
            found = self.positions[key] = Position(symbol=key[0], side=key[1])
        return found

    def resting_of(self, key: Key) -> Resting:
        found = self.resting.get(key)
        if found is None:
            found = self.resting[key] = Resting()
        return found


def _oldest(book: dict[int, Record]) -> list[Record]:
    """Return one batch to drop, when more are kept than the limit."""
    return list(islice(book.values(), BATCH)) if len(book) > HISTORY_KEPT + BATCH else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """The account's sums, in the quote currency. `available` is what cross margin can still take."""

    wallet: Decimal
    cross_wallet: Decimal
    cross_unrealized: Decimal
    unrealized: Decimal
    position_margin: Decimal
    order_margin: Decimal
    maintenance: Decimal
    cross_maintenance: Decimal
    available: Decimal


def margin_of(account: Account, markets: Mapping[str, Market]) -> Margin:
    """Sum positions and orders up.

    Source: "Margin balance" and "Account Information V3" (only cross positions draw on the available
    balance; an isolated position's margin has left it).
    """
    isolated_wallets = cross_unrealized = unrealized = ZERO
    position_margin = cross_position_margin = order_margin = maintenance = cross_maintenance = ZERO
    for (symbol, _), position in account.positions.items():
        if not position.quantity:
            continue
        market = markets[symbol]
        settings = account.settings_of(symbol)
        gain = position.unrealized(market.mark)
        notional = abs(position.quantity * market.mark)
        needed = market.instrument.maintenance_margin(notional)
        unrealized += gain
        maintenance += needed
        position_margin += notional / settings.leverage
        if settings.isolated:
            isolated_wallets += position.isolated_wallet
        else:
            cross_unrealized += gain
            cross_maintenance += needed
            cross_position_margin += notional / settings.leverage
    for key, resting in account.resting.items():
        if resting.bids or resting.asks:
            order_margin += order_margin_of(account, key, markets[key[0]], resting.bids, resting.asks)
    cross_wallet = account.wallet - isolated_wallets
    available = cross_wallet + cross_unrealized - cross_position_margin - order_margin
    return Margin(
        wallet=account.wallet,
        cross_wallet=cross_wallet,
        cross_unrealized=cross_unrealized,
        unrealized=unrealized,
        position_margin=position_margin,
        order_margin=order_margin,
        maintenance=maintenance,
        cross_maintenance=cross_maintenance,
        available=max(available, ZERO),
    )


def order_margin_of(account: Account, key: Key, market: Market, bids: Decimal, asks: Decimal) -> Decimal:
    """Initial margin that a leg's open orders bind beyond its position, in the quote currency.

    The larger of what the leg would be with all bids or with all asks filled counts, since both cannot add
    to it. Source: binance.com/en/support/faq "How to Calculate Cost Required to Open a Position".
    """
    position = account.positions.get(key)
    held = position.quantity * market.mark if position else ZERO
    worst = max(abs(held + bids), abs(held - asks))
    beyond = worst - abs(held)
    return beyond / account.settings_of(key[0]).leverage if beyond > ZERO else ZERO


def liquidation_price(account: Account, position: Position, markets: Mapping[str, Market]) -> Decimal:
    """Mark price at which this position alone would bring the margin down to maintenance; 0 when none.

    Source: binance.com/en/support/faq "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts".
    """
    if not position.quantity:
        return ZERO
    market = markets[position.symbol]
    row = market.instrument.bracket_of(abs(position.quantity * market.mark))
    if account.settings_of(position.symbol).isolated:
        collateral = position.isolated_wallet
    else:
        sums = margin_of(account, markets)
        own_maintenance = market.instrument.maintenance_margin(abs(position.quantity * market.mark))
        others_gain = sums.cross_unrealized - position.unrealized(market.mark)
        collateral = sums.cross_wallet + others_gain - (sums.cross_maintenance - own_maintenance)
    size = position.quantity
    denominator = abs(size) * row.maintenance_rate - size
    price = (collateral + row.cumulative - position.cost) / denominator if denominator else ZERO
    return max(price, ZERO)
