"""The paper venue: a deterministic, Decimal-exact model of a perpetual-futures venue without any I/O.

It reads no clock and draws from no global randomness: time comes with each call, prices and faults from
its seed. The same calls give the same answers, events and snapshots, byte for byte.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar, Self

from adapters.paper import conditional, matching, settlement, snapshot
from adapters.paper.account import DEFAULT_ACCOUNTS, Account, AccountSetup
from adapters.paper.answer import Answer
from adapters.paper.dialect import Call, Dialect
from adapters.paper.exchange import Exchange, open_account
from adapters.paper.faults import (
    NO_FAULTS,
    FaultPlan,
    FaultRecord,
    FaultState,
)
from adapters.paper.instruments import DEFAULT_INSTRUMENTS, Instrument
from adapters.paper.limits import USUAL_LIMITS, RateLimits
from adapters.paper.prices import Market, walk
from adapters.paper.stream_event import MarketEvent, StreamEvent
from messages.types import FillCause

CHANGEABLE: dict[str, Callable[[str], Any]] = {
    "status": str,
    "max_orders": int,
    "max_algo_orders": int,
    **dict.fromkeys(
        ("tick_size", "step_size", "max_quantity", "market_max_quantity", "min_notional", "min_price", "max_price"),
        Decimal,
    ),
    **dict.fromkeys(("multiplier_up", "multiplier_down"), Decimal),
}
"""Rule -> parser, for rules that may change while a symbol is listed."""
DEFAULT_VOLATILITY_PPM = 50


class PaperModel:
    """A venue with its accounts; a subclass names its dialect. Not thread-safe; one caller at a time.

    `volatility_ppm` is the standard deviation of one second's price change in millionths; 0 holds prices
    where they are set. `limits` are the request limits that are enforced and published.
    """

    dialect: ClassVar[Dialect]

    def __init__(
        self,
        *,
        seed: int,
        instruments: tuple[Instrument, ...] = DEFAULT_INSTRUMENTS,
        accounts: tuple[AccountSetup, ...] = DEFAULT_ACCOUNTS,
        now_ms: int,
        faults: FaultPlan = NO_FAULTS,
        volatility_ppm: int = DEFAULT_VOLATILITY_PPM,
        limits: RateLimits = USUAL_LIMITS,
    ) -> None:
        self._exchange = Exchange(
            seed=seed,
            instruments=instruments,
            accounts=accounts,
            now_ms=now_ms,
            faults=faults,
            volatility_ppm=volatility_ppm,
            limits=limits,
            dialect=self.dialect,
        )
        self._hand_count = 0
        self._funded = False
        """Whether a funding since the last price change requires a margin check."""

    # --- the API --------------------------------------------------------------------------------------

    def request(self, method: str, path: str, params: Mapping[str, str], *, api_key: str | None, now_ms: int) -> Answer:
        """Answer one REST request as the venue would, or as the fault plan directs. Never raises for bad input.

        The caller has verified the signature (`secret_of`); timestamp and recvWindow are checked here.
        """
        self._move_clock(now_ms)
        call = Call(method=method, path=path, params=params, api_key=api_key)
        return self.dialect.requests.answer(self._exchange, call)

    def advance(self, now_ms: int) -> None:
        """Let time pass: prices move, orders trigger and expire, funding is paid, accounts are liquidated."""
        exchange = self._exchange
        self._move_clock(now_ms)
        self.dialect.requests.run_late(exchange)
        self._expire()
        moved, self._funded = self._funded, False
        for market in exchange.markets.values():
            if market.walked_ms + 1000 <= exchange.now_ms:
                exchange.touched.add(market.instrument.symbol)
            if walk(market, exchange.now_ms):
                moved = True
                self._react(market)
        conditional.continue_triggering(exchange)
        if moved:
            settlement.watch_margins(exchange)
        exchange.release_held_back()

    def drain_events(self) -> list[StreamEvent]:
        """User-data events since the last call, in the venue's order."""
        drained = self._exchange.outbox
        self._exchange.outbox = []
        return drained

    def drain_market(self) -> list[MarketEvent]:
        """Mark prices and best quotes of every symbol whose second has passed."""
        exchange = self._exchange
        drained: list[MarketEvent] = []
        for symbol in sorted(exchange.touched):
            market = exchange.markets[symbol]
            mark = self.dialect.events.mark_price_update(market, exchange.now_ms)
            book = self.dialect.events.book_ticker(market, exchange.now_ms, exchange.now_ms)
            drained += (MarketEvent(symbol=symbol, event=mark), MarketEvent(symbol=symbol, event=book))
        exchange.touched.clear()
        return drained

    def set_price(self, symbol: str, price: Decimal, now_ms: int, *, mark: Decimal | None = None) -> None:
        """Set the last price, and the mark price too unless given apart; orders react at once.

        Raises Refusal for an unknown symbol. A walking price walks on from there.
        """
        exchange = self._exchange
        self._move_clock(now_ms)
        market = exchange.market_of(symbol)
        market.last = price
        market.mark = price if mark is None else mark
        self._react(market)
        settlement.watch_margins(exchange)

    def trade_by_hand(
        self, method: str, path: str, params: Mapping[str, str], *, now_ms: int, account: str = ""
    ) -> Answer:
        """Execute a manual request without limits and faults, with ids of the venue's site.

        `account` names it; the first one when empty.
        """
        exchange = self._exchange
        self._move_clock(now_ms)
        chosen = self._account_named(account)
        call = Call(method=method, path=path, params=params, api_key=chosen.api_key)
        self._hand_count += self.dialect.requests.places_order(call)
        return self.dialect.requests.by_hand(exchange, call, self._hand_count)

    def snapshot(self) -> dict[str, Any]:
        """The whole state as a JSON-able document of strings, integers and lists."""
        return snapshot.write(self._exchange) | {"hand_count": self._hand_count}

    @classmethod
    def restore(cls, document: dict[str, Any], **_: object) -> Self:
        """The venue of a snapshot; it goes on exactly as the original would. Raises ValueError or KeyError."""
        venue = cls(seed=0, instruments=(), now_ms=0)
        venue._take_over(snapshot.read(document, cls.dialect), hand_count=document["hand_count"])
        return venue

    # --- what transports and tests ask ----------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        return self._exchange.now_ms

    @property
    def default_api_key(self) -> str:
        """The first account's key."""
        return next(iter(self._exchange.accounts))

    def secret_of(self, api_key: str) -> str | None:
        """The secret that signs this key's requests; None for an unknown or revoked key."""
        account = self._exchange.accounts.get(api_key)
        return None if account is None or account.revoked else account.api_secret

    def account_of_listen_key(self, listen_key: str) -> str | None:
        """The name of the account whose events this key carries; None when unknown or expired."""
        if not listen_key:
            return None
        for account in self._exchange.accounts.values():
            if account.listen_key == listen_key and account.listen_key_until_ms > self._exchange.now_ms:
                return account.name
        return None

    def expire_listen_key(self, listen_key: str, now_ms: int) -> None:
        """Let a key expire now, with its event."""
        self._move_clock(now_ms)
        for account in self._exchange.accounts.values():
            if account.listen_key == listen_key:
                self._exchange.expire_listen_key(account)

    def set_faults(self, plan: FaultPlan) -> None:
        """Replace the plan; counters start anew, the log of what struck is kept."""
        self._exchange.faults = FaultState(plan)

    @property
    def fault_log(self) -> tuple[FaultRecord, ...]:
        """Every fault that struck, oldest first, with whether the request took effect."""
        return tuple(self._exchange.fault_log)

    @property
    def exchange(self) -> Exchange:
        """Return the model itself, for tests that compare with the truth. Read only."""
        return self._exchange

    def account_named(self, name: str = "") -> Account:
        """The account's own record, the first one for an empty name; raises KeyError."""
        return self._account_named(name)

    # --- what the venue and the world do by themselves ------------------------------------------------

    def set_limits(self, limits: RateLimits) -> None:
        """Set the limits enforced and published from now on; earlier usage counts."""
        self._exchange.ration.limits = limits

    def set_volatility(self, volatility_ppm: int, symbol: str = "") -> None:
        """Set the volatility of one symbol, or of all."""
        for market in self._exchange.markets.values():
            if symbol in ("", market.instrument.symbol):
                market.volatility_ppm = volatility_ppm

    def set_instrument(self, instrument: Instrument) -> None:
        """List a symbol or change its rules: filters, fees, status (TRADING, BREAK, CLOSE, DELISTED)."""
        exchange = self._exchange
        known = exchange.markets.get(instrument.symbol)
        if known is None:
            exchange.add_market(instrument)
        else:
            known.instrument = instrument.with_digits_of(known.instrument)

    def open_account(self, name: str, now_ms: int) -> None:
        """One more account, flat and funded like the first, with keys that name it; nothing where there is one."""
        self._move_clock(now_ms)
        if any(account.name == name for account in self._exchange.accounts.values()):
            return
        setup = AccountSetup(name=name, api_key=f"paper-key-{name}", api_secret=f"paper-secret-{name}")
        self._exchange.accounts[setup.api_key] = open_account(setup)

    def keys_of(self, name: str) -> tuple[str, str]:
        """Key and secret of an account, the first one when the name is empty. Raises LookupError."""
        account = self._account_named(name)
        return account.api_key, account.api_secret

    def change_rules(self, symbol: str, changes: Mapping[str, str], now_ms: int) -> None:
        """Other filters or another status of a symbol, by the names of `Instrument`; what is open stays as it is.

        Raises Refusal for an unknown symbol, ValueError for a rule that there is not.
        """
        self._move_clock(now_ms)
        market = self._exchange.market_of(symbol)
        if unknown := set(changes) - set(CHANGEABLE):
            raise ValueError(f"no rules of a symbol: {', '.join(sorted(unknown))}")
        values = {name: CHANGEABLE[name](value) for name, value in changes.items()}
        market.instrument = replace(market.instrument, **values)

    def delist(self, symbol: str, now_ms: int) -> None:
        """Settle every position of a symbol at the mark, cancel its orders and close it."""
        self._move_clock(now_ms)
        settlement.delist(self._exchange, symbol)
        self._exchange.close_symbol(symbol)

    def deleverage(self, symbol: str, quantity: Decimal, now_ms: int, *, account: str = "", side: str = "BOTH") -> None:
        """Auto-deleverage a leg by `quantity` base units at the mark."""
        self._move_clock(now_ms)
        chosen = self._account_named(account)
        position = chosen.positions[(symbol, side)]
        settlement.close_by_venue(self._exchange, chosen, position, cause=FillCause.DELEVERAGING, quantity=quantity)

    def transfer(self, amount: Decimal, now_ms: int, *, account: str = "") -> None:
        """Deposit (positive) or withdraw."""
        self._move_clock(now_ms)
        chosen = self._account_named(account)
        self._exchange.book(chosen, "TRANSFER", amount, "")
        reason = "DEPOSIT" if amount > 0 else "WITHDRAW"
        self._exchange.emit_account(chosen, (), reason=reason, change=amount)

    def set_funding_rate(self, symbol: str, rate: Decimal) -> None:
        """The rate of the next fundings of a symbol, per interval."""
        self._exchange.market_of(symbol).funding_rate = rate

    def fund(self, symbol: str, now_ms: int) -> None:
        """A funding of a symbol now, beside those that are due."""
        self._move_clock(now_ms)
        settlement.fund(self._exchange, self._exchange.market_of(symbol), now_ms)

    def revoke_key(self, api_key: str) -> None:
        """From now on the key is refused."""
        self._exchange.accounts[api_key].revoked = True

    def rotate_key(self, api_key: str, new_key: str, new_secret: str) -> None:
        """The account has another key; the former one is refused."""
        account = self._exchange.accounts[api_key]
        account.api_key, account.api_secret = new_key, new_secret
        self._exchange.accounts = {each.api_key: each for each in self._exchange.accounts.values()}

    def _take_over(self, exchange: Exchange, *, hand_count: int) -> None:
        self._exchange = exchange
        self._hand_count = hand_count

    # --- inside ---------------------------------------------------------------------------------------

    def _account_named(self, name: str) -> Account:
        accounts = self._exchange.accounts.values()
        if not name:
            return next(iter(accounts))
        for account in accounts:
            if account.name == name:
                return account
        raise KeyError(name)

    def _move_clock(self, now_ms: int) -> None:
        """Time never runs backwards; a key that has run out goes with its event.

        A funding is paid by what was held when it was due, before anything of a later moment.
        """
        exchange = self._exchange
        if now_ms > exchange.now_ms:
            exchange.now_ms = now_ms
            for market in exchange.markets.values():
                while now_ms >= market.next_funding_ms:
                    settlement.fund(exchange, market, market.next_funding_ms)
                    market.next_funding_ms += market.instrument.funding_interval_ms
                    self._funded = True
            for account in exchange.accounts.values():
                if account.listen_key and account.listen_key_until_ms <= now_ms:
                    exchange.expire_listen_key(account)

    def _react(self, market: Market) -> None:
        self._exchange.touched.add(market.instrument.symbol)
        matching.match_resting(self._exchange, market)
        conditional.trigger(self._exchange, market)

    def _expire(self) -> None:
        """Good-till-date orders and countdowns that have run out."""
        exchange = self._exchange
        now_ms = exchange.now_ms
        for account in exchange.accounts.values():
            for order in [o for o in account.open_orders.values() if 0 < o.good_till_ms <= now_ms]:
                exchange.close(account, order, status="EXPIRED", execution="EXPIRED", reason="6")
            for algo in [a for a in account.open_algos.values() if 0 < a.good_till_ms <= now_ms]:
                if algo.status == "NEW":
                    exchange.close_algo(account, algo, status="EXPIRED")
            for symbol in [s for s, due in account.countdowns.items() if due <= now_ms]:
                del account.countdowns[symbol]
                for order in [o for o in account.open_orders.values() if o.symbol == symbol]:
                    matching.cancel(exchange, account, order)
