"""Whether what was done at the venue has changed anything for a position. What has not did not befall it.

A human closes a leg that is empty, a price moves and reaches no stop, a setting is what it was already: nothing of that
is a trouble that somebody has survived, so the coverage table does not count it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from actors.position.state import Position
from actors.runtime.simulated import VirtualClock
from adapters.paper.account import Account
from adapters.paper.instruments import Instrument
from adapters.paper.orders import AlgoOrder
from simulator.environment.plan import SYMBOLS, Act
from simulator.environment.truth import Books, position_of
from simulator.troubles.catalog import LATE_FILL, TROUBLE_OF_ACT
from simulator.troubles.situation import Situations

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the venue has of a position and for it, at one instant."""

    leg: Decimal
    """Everything on its leg, long positive."""
    share: bool
    """Some of that is its own."""
    orders: frozenset[tuple[str, str, Decimal]]
    """Its own that are open: name, status, how much is executed."""
    stops: tuple[AlgoOrder, ...]
    """Its own that wait for a price against it."""
    others: int
    """Open orders of somebody else on its symbol."""
    elsewhere: Decimal
    """What its account holds of symbols that nobody trades here."""
    rules: Instrument
    leverage: int
    isolated: bool
    hedge: bool
    revoked: bool
    wallet: Decimal
    wall_ahead_ns: int
    """By how much the wall clock is ahead of the time that passes."""
    told: int
    """Events of its account that are to leave."""
    asked: int
    """Weight that its address has used in this minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Asked before something is done at the venue, and after."""

    books: Books
    situations: Situations
    clock: VirtualClock

    def standings(self) -> dict[int, Standing]:
        """Of every position that is not over."""
        return {position.ordinal: self._standing(position) for position in self.situations.live()}

    def met(self, act: Act, before: Mapping[int, Standing]) -> Iterator[Position]:
        """The positions for which the act has changed what its trouble is about."""
        changed = _CHANGED.get(TROUBLE_OF_ACT.get(act.do, ""))
        if changed is None:
            return
        for position in self.situations.live():
            concerned = act.do not in _OF_SYMBOL or position.key.symbol == act.symbol
            if concerned and changed(before[position.ordinal], self._standing(position)):
                yield position

    def _standing(self, p: Position) -> Standing:
        account = next(each for each in self.books.accounts if each.name == p.key.account)
        exchange, settings = self.books.venue.exchange, account.settings_of(p.key.symbol)
        _, symbol, side = self.books.leg_of(p.key)
        leg = account.positions.get((symbol, side))
        algos = [algo for algo in account.open_algos.values() if position_of(algo.client_algo_id) == p.ordinal]
        return Standing(
            leg=leg.quantity if leg else ZERO,
            share=bool(p.quantity or self.books.nets.get(p.ordinal)),
            orders=frozenset(_open_orders(account, p.ordinal))
            | {(algo.client_algo_id, algo.status, ZERO) for algo in algos},
            stops=tuple(algo for algo in algos if algo.status == "NEW" and "TAKE_PROFIT" not in algo.type),
            others=sum(
                order.symbol == symbol and position_of(_name_of(account, order.order_id)) is None
                for order in account.open_orders.values()
            ),
            elsewhere=sum((each.quantity for each in account.positions.values() if each.symbol not in SYMBOLS), ZERO),
            rules=exchange.markets[symbol].instrument,
            leverage=settings.leverage,
            isolated=settings.isolated,
            hedge=account.hedge,
            revoked=account.revoked,
            wallet=account.wallet,
            wall_ahead_ns=self.clock.time_ns() - self.clock.monotonic_ns(),
            told=sum(event.account == account.name for event in exchange.outbox),
            asked=exchange.ration.weight.used,
        )


def _open_orders(account: Account, ordinal: int) -> Iterator[tuple[str, str, Decimal]]:
    for order in account.open_orders.values():
        name = _name_of(account, order.order_id)
        if position_of(name) == ordinal:
            yield name, order.status, order.executed


def _name_of(account: Account, order_id: int) -> str:
    """A child bears the name of its conditional order."""
    order = account.orders[order_id]
    return account.algos[order.algo_id].client_algo_id if order.algo_id else order.client_order_id


def _exposure(before: Standing, after: Standing) -> bool:
    """Something of it was taken, or an order of it with what others had."""
    return (before.share and before.leg != after.leg) or before.orders != after.orders


def _fired(before: Standing, _after: Standing) -> bool:
    return any(algo.trigger_ms for algo in before.stops)


def _funded(before: Standing, after: Standing) -> bool:
    return before.share and bool(before.leg) and before.wallet != after.wallet


Changed = Callable[[Standing, Standing], bool]
_OF_SYMBOL = frozenset({"fund", "late word"})
"""Seen by what is the account's or everybody's, the wallet and the events, and for one symbol all the same."""
_CHANGED: Mapping[str, Changed] = {
    "hand order": lambda before, after: after.others > before.others,
    "hand trade": lambda before, after: before.leg != after.leg,
    "hand reduce": _exposure,
    "hand close": _exposure,
    "hand flip": _exposure,
    "liquidated": _exposure,
    "deleveraged": _exposure,
    "hand cancel": lambda before, after: before.orders != after.orders,
    "price through stop": _fired,
    "leverage changed": lambda before, after: before.leverage != after.leverage,
    "margin changed": lambda before, after: before.isolated != after.isolated,
    "mode changed": lambda before, after: before.hedge != after.hedge,
    "clock jumped": lambda before, after: before.wall_ahead_ns != after.wall_ahead_ns,
    "key revoked": lambda before, after: before.revoked != after.revoked,
    "halted": lambda before, after: before.rules != after.rules,
    "filters changed": lambda before, after: before.rules != after.rules,
    "delisted": lambda before, after: before.rules != after.rules,
    "funding": _funded,
    "unknown symbol": lambda before, after: before.elsewhere != after.elsewhere,
    "others near the limit": lambda before, after: after.asked > before.asked,
    LATE_FILL: lambda before, after: after.told > before.told,
}
