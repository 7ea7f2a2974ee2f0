"""Ground truth: what the disk holds and what the venue holds, read from them and from nothing that Albra says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from actors.position.fold import evolve
from actors.position.state import Position, blank
from adapters.paper.account import Account
from adapters.paper.orders import AlgoOrder, Order, Trade
from adapters.paper.venue import PaperVenue
from adapters.storage import record
from adapters.storage.memory import Image, _as_record
from messages import events as e
from messages.base import Event
from messages.ids import parse_client_order_id, parse_position_id
from messages.types import JournalId, OrderPurpose, Side

ZERO = Decimal(0)


@dataclass(slots=True)
class Ledger:
    """Every durable event, folded as it becomes durable."""

    image: Image
    seen: int = 0
    positions: dict[int, Position] = field(default_factory=dict)
    events: dict[int, list[Event]] = field(default_factory=dict)
    intents: dict[str, e.OrderIntended] = field(default_factory=dict)
    sums: dict[int, Decimal] = field(default_factory=dict)
    """Per position: unique fills and adjustments added up, without the machine's own folding."""
    commands: set[str] = field(default_factory=set)

    def read(self) -> list[tuple[int, Event]]:
        """What has become durable since the last time."""
        fresh: list[tuple[int, Event]] = []
        for row in self.image.steps[self.seen :]:
            for event in record.decode_events(_as_record(row)):
                self._take(row[1], event)
                fresh.append((row[1], event))
        self.seen = len(self.image.steps)
        return fresh

    def _take(self, ordinal: int, event: Event) -> None:
        self.events.setdefault(ordinal, []).append(event)
        command_id = getattr(event, "command_id", "")
        if command_id:
            self.commands.add(command_id)
        if parse_position_id(self.image.positions[ordinal].position_id) is None:
            return  # the supervisor and the notifier keep histories of their own
        before = self.positions.get(ordinal) or self._blank(ordinal)
        self.positions[ordinal] = evolve(before, event)
        if isinstance(event, e.OrderIntended):
            self.intents[event.client_order_id] = event
        self.sums[ordinal] = self.sums.get(ordinal, ZERO) + self._change(before, event)

    def _blank(self, ordinal: int) -> Position:
        parsed = parse_position_id(self.image.positions[ordinal].position_id)
        assert parsed is not None
        return blank(parsed[0], ordinal, JournalId(""))

    def _change(self, before: Position, event: Event) -> Decimal:
        match event:
            case e.OrderFilled(quantity=quantity, client_order_id=name):
                return quantity if self.intents[name].purpose is OrderPurpose.ENTRY else -quantity
            case e.QuantityAdjusted(quantity_delta=delta):
                return delta
            case e.PositionAdopted(quantity=quantity):
                return quantity
            case _:
                return ZERO


def position_of(client_order_id: str) -> int | None:
    """The ordinal of the position whose order this is; None for somebody else's."""
    name = parse_client_order_id(client_order_id)
    return name.ordinal if name else None


@dataclass(slots=True)
class Books:
    """The venue's account, indexed by our own ids as it grows."""

    venue: PaperVenue
    orders: dict[str, list[Order]] = field(default_factory=dict)
    algos: dict[str, list[AlgoOrder]] = field(default_factory=dict)
    trades: dict[str, Trade] = field(default_factory=dict)
    legs: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    nets: dict[int, Decimal] = field(default_factory=dict)
    """Per position of ours: what its own orders have bought less what they have sold, in its direction."""
    seen: tuple[int, int, int] = (0, 0, 0)
    touched: set[str] = field(default_factory=set)
    """Symbols that somebody else has traded, so that the venue's net says nothing of ours."""

    @property
    def account(self) -> Account:
        return self.venue.account_named()

    @property
    def behind(self) -> bool:
        """Whether the venue has something that was not read yet."""
        return self.seen != self._sizes()

    def read(self) -> list[tuple[Trade, str, Decimal]]:
        """New trades, each with our client order id (empty: not ours) and the leg's quantity before it."""
        account = self.account
        orders, algos, trades = self.seen
        self.seen = self._sizes()
        for order in islice(account.orders.values(), orders, None):
            if not order.algo_id:  # a child is its parent's effect
                self.orders.setdefault(order.client_order_id, []).append(order)
        for algo in islice(account.algos.values(), algos, None):
            self.algos.setdefault(algo.client_algo_id, []).append(algo)
        return [self._take(trade) for trade in account.trades[trades:]]

    def _sizes(self) -> tuple[int, int, int]:
        account = self.account
        return len(account.orders), len(account.algos), len(account.trades)

    def _take(self, trade: Trade) -> tuple[Trade, str, Decimal]:
        order = self.account.orders[trade.order_id]
        name = self.account.algos[order.algo_id].client_algo_id if order.algo_id else order.client_order_id
        key = (trade.symbol, trade.position_side)
        before = self.legs.get(key, ZERO)
        self.legs[key] = before + (trade.quantity if trade.side == "BUY" else -trade.quantity)
        self.trades[str(trade.trade_id)] = trade
        if position_of(name) is None:
            self.touched.add(trade.symbol)
            name = ""
        return trade, name, before

    def add_net(self, ordinal: int, trade: Trade, *, increasing: Side) -> Decimal:
        signed = trade.quantity if trade.side == increasing.value.upper() else -trade.quantity
        self.nets[ordinal] = self.nets.get(ordinal, ZERO) + signed
        return self.nets[ordinal]

    def count(self, name: str) -> int:
        """How many orders bear this id: one intent has one effect at most."""
        return len(self.orders.get(name, ())) + len(self.algos.get(name, ()))

    def executed(self, name: str) -> Decimal:
        """How much of one intent the venue has executed."""
        plain = sum((order.executed for order in self.orders.get(name, ())), ZERO)
        children = (self.account.orders.get(algo.child_order_id) for algo in self.algos.get(name, ()))
        return plain + sum((child.executed for child in children if child is not None), ZERO)

    def live(self, name: str) -> bool:
        """Whether an order of this id may still trade."""
        if any(not order.closed_ms for order in self.orders.get(name, ())):
            return True
        for algo in self.algos.get(name, ()):
            child = self.account.orders.get(algo.child_order_id)
            if not algo.closed_ms or (child is not None and not child.closed_ms):
                return True
        return False

    def open_stops(self) -> Iterator[AlgoOrder]:
        """Conditional orders of ours that wait for their trigger."""
        return (algo for algo in self.account.open_algos.values() if position_of(algo.client_algo_id) is not None)

    def open_names(self) -> Iterator[str]:
        """Our ids of everything that is live at the venue."""
        for order in self.account.open_orders.values():
            name = self.account.algos[order.algo_id].client_algo_id if order.algo_id else order.client_order_id
            if position_of(name) is not None:
                yield name
        for algo in self.open_stops():
            yield algo.client_algo_id
