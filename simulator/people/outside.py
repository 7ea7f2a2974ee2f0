"""What people and the venue do beside Albra: prices, trades by hand, settings changed, money moved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from actors.runtime.simulated import VirtualClock
from adapters.paper.account import Account
from adapters.paper.account import Position as Leg
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from simulator.environment.plan import LOTS, SYMBOLS, Act
from simulator.environment.truth import Books, position_of
from simulator.people.edge import away

MS = 1_000_000
ELSEWHERE = next(each for each in DEFAULT_INSTRUMENTS if each.symbol not in SYMBOLS)


@dataclass(slots=True, kw_only=True)
class Outside:
    """`does` says what there is; nothing here goes through the process."""

    venue: PaperVenue
    books: Books
    clock: VirtualClock
    venue_ms: Callable[[], int]
    hedged: frozenset[str]
    does: Mapping[str, Callable[[Act], None]] = field(init=False)

    def __post_init__(self) -> None:
        self.does = {
            "move price": self._move_price,
            "jump the clock": lambda act: self.clock.jump_wall(act.offset_ppm * MS),
            "hand trade": self._trade,
            "hand order": self._order,
            "hand reduce": self._reduce,
            "hand flip": self._flip,
            "hand close": self._close,
            "hand cancel": self._cancel,
            "hand leverage": self._leverage,
            "hand margin": self._margin,
            "clear and hand margin": self._clear,
            "hand trade elsewhere": self._trade_elsewhere,
            "others ask": self._ask,
        }

    def _move_price(self, act: Act) -> None:
        last = self.venue.exchange.markets[act.symbol].last
        self.venue.set_price(act.symbol, away(act.symbol, last, act.offset_ppm), self.venue_ms())

    # A human at the venue's own site ------------------------------------------------------------------------

    def _trade(self, act: Act) -> None:
        self._market(act, act.side.increasing.value.upper(), LOTS[act.symbol] * act.lots, act.side.value.upper())

    def _order(self, act: Act) -> None:
        """One that rests far from the price: nobody's position, and somebody else's order."""
        last = self.venue.exchange.markets[act.symbol].last
        price = away(act.symbol, last, -act.side.sign * 40_000)
        params = {"symbol": act.symbol, "side": act.side.increasing.value.upper(), "type": "LIMIT"}
        params |= {"quantity": str(LOTS[act.symbol]), "price": str(price), "timeInForce": "GTC"}
        if act.account in self.hedged:
            params["positionSide"] = act.side.value.upper()
        self._by_hand("POST", "/fapi/v1/order", params, act.account)

    def _reduce(self, act: Act) -> None:
        self._against(act, Decimal("0.5"))

    def _close(self, act: Act) -> None:
        self._against(act, Decimal(1))

    def _flip(self, act: Act) -> None:
        """In hedge mode a leg cannot flip: it closes."""
        self._against(act, Decimal(1 if act.account in self.hedged else 2))

    def _against(self, act: Act, share: Decimal) -> None:
        """Trade against what is held, by a share of it; nothing where nothing is held."""
        leg = self._leg(act)
        if leg is None:
            return
        step = self.venue.exchange.markets[act.symbol].instrument.step_size
        quantity = abs(leg.quantity) * share // step * step
        if quantity:
            self._market(act, "SELL" if leg.quantity > 0 else "BUY", quantity, leg.side)

    def _leg(self, act: Act) -> Leg | None:
        account = self._account(act)
        return next((p for p in account.positions.values() if p.symbol == act.symbol and p.quantity), None)

    def _market(self, act: Act, side: str, quantity: Decimal, position_side: str) -> None:
        self.books.touched.add((act.account, act.symbol))
        params = {"symbol": act.symbol, "side": side, "type": "MARKET", "quantity": str(quantity)}
        if act.account in self.hedged:
            params["positionSide"] = position_side
        self._by_hand("POST", "/fapi/v1/order", params, act.account)

    def _cancel(self, act: Act) -> None:
        """The first stop of ours, or that of the named slot's symbol; on the named account, if it has any."""
        for account in sorted(self.books.accounts, key=lambda each: each.name != act.account):
            open_algos = [each for each in account.open_algos.values() if act.slot < 0 or each.symbol == act.symbol]
            names = sorted(each.client_algo_id for each in open_algos if position_of(each.client_algo_id) is not None)
            if names:
                self._by_hand("DELETE", "/fapi/v1/algoOrder", {"clientAlgoId": names[0]}, account.name)
                return

    def _leverage(self, act: Act) -> None:
        params = {"symbol": act.symbol, "leverage": str(act.leverage)}
        self._by_hand("POST", "/fapi/v1/leverage", params, act.account)

    def _margin(self, act: Act) -> None:
        """Refused by the venue while anything is open on the symbol."""
        isolated = self._account(act).settings_of(act.symbol).isolated
        params = {"symbol": act.symbol, "marginType": "CROSSED" if isolated else "ISOLATED"}
        self._by_hand("POST", "/fapi/v1/marginType", params, act.account)

    def _clear(self, act: Act) -> None:
        """Somebody takes everything off the symbol so that the venue lets him change its margin mode."""
        if self._sell_off(act):
            self._margin(act)

    def take_off(self, act: Act) -> None:
        """Everything, conditional orders too."""
        self._by_hand("DELETE", "/fapi/v1/algoOpenOrders", {"symbol": act.symbol}, act.account)
        self._sell_off(act)

    def _sell_off(self, act: Act) -> bool:
        """Whether all of it is gone."""
        self._by_hand("DELETE", "/fapi/v1/allOpenOrders", {"symbol": act.symbol}, act.account)
        while (leg := self._leg(act)) is not None:
            held = leg.quantity
            self._market(act, "SELL" if held > 0 else "BUY", abs(held), leg.side)
            if leg.quantity == held:
                return False  # the venue takes no such order now
        return True

    def _trade_elsewhere(self, act: Act) -> None:
        """On a symbol that was listed when everybody had read the rules, and that nobody of ours trades."""
        if ELSEWHERE.symbol not in self.venue.exchange.markets:
            self.venue.set_instrument(ELSEWHERE)
        there = replace(act, symbol=ELSEWHERE.symbol)
        self._market(there, act.side.increasing.value.upper(), LOTS[there.symbol], act.side.value.upper())

    def _ask(self, act: Act) -> None:
        """Another program behind the same address brings what is used of this minute to so many percent."""
        ration, now_ms = self.venue.exchange.ration, self.venue_ms()
        self.books.others_ms = now_ms
        used = ration.weight.add(0, now_ms)
        ration.weight.add(max(0, ration.limits.weight_per_minute * act.percent // 100 - used), now_ms)

    def _by_hand(self, method: str, path: str, params: dict[str, str], account: str) -> None:
        self.venue.trade_by_hand(method, path, params, now_ms=self.venue_ms(), account=account)

    def _account(self, act: Act) -> Account:
        return self.venue.account_named(act.account)
