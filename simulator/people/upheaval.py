"""What the venue does of its own accord, or somebody does to it; what does not last is undone in time, or at peace."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from adapters.paper import settlement
from adapters.paper.account import Account
from adapters.paper.account import Position as Leg
from adapters.paper.binance import events
from adapters.paper.binance.answers import ANSWERS
from adapters.paper.faults import Moment
from adapters.paper.instruments import Instrument
from adapters.paper.orders import AlgoOrder
from simulator.environment.plan import Act
from simulator.environment.truth import Books, Ledger, position_of
from simulator.people.outside import MS
from simulator.troubles.catalog import MAINTENANCE, Scene


@dataclass(slots=True, kw_only=True)
class Upheaval:
    """`does` says what there is."""

    scene: Scene
    books: Books
    ledger: Ledger
    later: Callable[[int, Callable[[], None]], object]
    _undo: dict[str, Callable[[], None]] = field(default_factory=dict)

    @property
    def does(self) -> dict[str, Callable[[Act], None]]:
        return {
            "liquidate": self._liquidate,
            "deleverage": self._deleverage,
            "fund": self._fund,
            MAINTENANCE: self._maintenance,
            "revoke the key": self._revoke,
            "halt": self._halt,
            "change filters": self._coarsen,
            "delist": self._delist,
            "hand mode": self._mode,
            "late word": self._tell_late,
        }

    def make_peace(self) -> None:
        """Whatever was to pass has passed."""
        for name in list(self._undo):
            self._undo.pop(name)()

    def _for_a_while(self, name: str, act: Act, undo: Callable[[], None]) -> None:
        if name in self._undo:
            return  # the first one's end is the end
        self._undo[name] = undo
        self.later(act.for_ms * MS, partial(self._end, name))

    def _end(self, name: str) -> None:
        undo = self._undo.pop(name, None)
        if undo is not None:
            undo()

    def _account(self, act: Act) -> Account:
        return self.scene.venue.account_named(act.account)

    def _leg(self, act: Act) -> Leg | None:
        legs = self._account(act).positions.values()
        return next((leg for leg in legs if leg.symbol == act.symbol and leg.quantity), None)

    def _liquidate(self, act: Act) -> None:
        """The venue closes one leg at the mark, once it has canceled what rests on its symbol."""
        leg = self._leg(act)
        if leg is None:
            return
        exchange, account = self.scene.venue.exchange, self._account(act)
        settlement._cancel_symbol(exchange, account, act.symbol)
        settlement.liquidate(exchange, account, leg, lost=None)

    def _deleverage(self, act: Act) -> None:
        """Half of a leg, on the venue's grid."""
        leg = self._leg(act)
        if leg is None:
            return
        step = self.scene.venue.exchange.markets[act.symbol].instrument.step_size
        quantity = abs(leg.quantity) / 2 // step * step
        if quantity:
            venue = self.scene.venue
            venue.deleverage(act.symbol, quantity, venue.now_ms, account=act.account, side=leg.side)

    def _tell_late(self, act: Act) -> None:
        """The last fill of a stop's child order, of a position that is over; an opposite one has its leg by now.

        Of hedge mode's legs each side has one of its own.
        """
        exchange, account = self.scene.venue.exchange, self._account(act)
        stop = None if account.hedge else self._old_stop(account, act)
        if stop is None:
            return
        child, market = account.orders[stop.child_order_id], exchange.markets[act.symbol]
        trade = next(each for each in reversed(account.trades) if each.order_id == child.order_id)
        resting = account.resting.get((act.symbol, child.position_side))
        row = events.order_trade_update(
            child, market.instrument, resting, exchange.now_ms, execution="TRADE", trade=trade
        )
        exchange.emit(account, row, symbol=act.symbol, client_id=child.client_order_id)

    def _old_stop(self, account: Account, act: Act) -> AlgoOrder | None:
        """It traded to the side to which the position trades that stands there now."""
        side = act.side.increasing.value.upper()
        for algo in reversed(account.algos.values()):
            child = account.orders.get(algo.child_order_id)
            if algo.symbol == act.symbol and algo.side == side and child is not None and child.executed:
                ordinal = position_of(algo.client_algo_id)
                owner = self.ledger.positions.get(ordinal) if ordinal is not None else None
                if owner is not None and owner.state.terminal:
                    return algo
        return None

    def _fund(self, act: Act) -> None:
        """As every eight hours, but now."""
        self.scene.venue.fund(act.symbol, self.scene.network.venue_ms)

    def _maintenance(self, act: Act) -> None:
        fault = replace(ANSWERS["unavailable_503"].at(Moment.BEFORE_EFFECT), name=MAINTENANCE, count=0)
        self.scene.arm(fault, act.for_ms)

    def _revoke(self, act: Act) -> None:
        account = self._account(act)
        account.revoked = True

        def restore() -> None:
            account.revoked = False

        self._for_a_while(f"key of {act.account}", act, restore)

    def _coarsen(self, act: Act) -> None:
        """Ten times the step: what is held may be no multiple of it any more, and less than the least."""
        before = self._instrument(act)
        self._amend(act, replace(before, step_size=before.step_size * 10))

    def _delist(self, act: Act) -> None:
        """Settled and closed for everybody; listed again later, so that the rest of the history has its symbol."""
        before = self._instrument(act)
        if f"rules of {act.symbol}" not in self._undo:
            for account in self.books.accounts:
                self.books.touched.add((account.name, act.symbol))
            venue = self.scene.venue
            venue.delist(act.symbol, venue.now_ms)
            self._for_a_while(f"rules of {act.symbol}", act, lambda: venue.set_instrument(before))

    def _mode(self, act: Act) -> None:
        """The other position mode. The venue refuses that while the account has a position or an order."""
        account = self._account(act)
        if f"mode of {act.account}" in self._undo:
            return
        if self._set_mode(act.account, hedge=not account.hedge):
            before = not account.hedge
            self._for_a_while(f"mode of {act.account}", act, lambda: self._restore_mode(act.account, hedge=before))

    def _restore_mode(self, account: str, *, hedge: bool) -> None:
        done = self._set_mode(account, hedge=hedge)
        assert done, "nothing can have been opened in a mode that the orders do not name"

    def _set_mode(self, account: str, *, hedge: bool) -> bool:
        venue = self.scene.venue
        params = {"dualSidePosition": "true" if hedge else "false"}
        path = "/fapi/v1/positionSide/dual"
        return venue.trade_by_hand("POST", path, params, now_ms=venue.now_ms, account=account).status == 200

    def _halt(self, act: Act) -> None:
        self._amend(act, replace(self._instrument(act), status="BREAK"))

    def _amend(self, act: Act, after: Instrument) -> None:
        before, name = self._instrument(act), f"rules of {act.symbol}"
        if name not in self._undo:
            self.scene.venue.set_instrument(after)
            self._for_a_while(name, act, lambda: self.scene.venue.set_instrument(before))

    def _instrument(self, act: Act) -> Instrument:
        return self.scene.venue.exchange.markets[act.symbol].instrument
