"""Ground truth: what the disk holds and what the venue holds, read from them and from nothing that Albra says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from actors.position.evolve import evolve
from actors.position.state import Position, blank
from adapters.paper.account import Account
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.exchange import Exchange
from adapters.paper.orders import AlgoOrder, Order, Trade
from adapters.storage import record
from adapters.storage.memory import Image, _as_record
from messages import events as e
from messages.base import Event, Message
from messages.ids import parse_client_order_id, parse_position_id
from messages.journal import OWN_COMMANDS
from messages.reconciliation import DiscrepancyEnded, DiscrepancyEscalated, DiscrepancyGone
from messages.requests import CommandDecided
from messages.types import JournalId, Key, OrderPurpose, Side

ZERO = Decimal(0)
RECONCILERS, NOTIFIERS = -1, -2
"""The ordinals of their histories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What went with the journal's last steps. `kept` are all events that are left, in their order."""

    steps: int
    events: tuple[tuple[int, Event], ...]
    kept: tuple[tuple[int, Event], ...]
    intents: frozenset[str]
    """Names of orders that no durable intent names any more."""
    commands: frozenset[str]
    """Ids of which something was durable: what they stood for is not known any more."""
    ordinals: frozenset[int]
    """Of positions of which nothing is left."""
    keys: Mapping[int, Key]
    """By ordinal: positions that are not what they were."""


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
    written_off: set[str] = field(default_factory=set)
    """Orders of which their owner has said that what is known of them is all."""
    damaged: dict[int, Position] = field(default_factory=dict)
    """As they were when their record was damaged: they are nobody's business but the owner's now."""

    def read(self) -> list[tuple[int, Event]]:
        """What has become durable since the last time."""
        fresh: list[tuple[int, Event]] = []
        for row in self.image.steps[self.seen :]:
            if row[1] == OWN_COMMANDS:
                continue  # it has no events, and may be spoiled
            for event in record.decode_events(_as_record(row)):
                self._take(row[1], event)
                fresh.append((row[1], event))
        self.seen = len(self.image.steps)
        return fresh

    def lose(self, steps: int, effects: tuple[Message, ...]) -> Loss:
        """So many steps are gone from the image, whose `effects` are given; the rest is folded from the beginning."""
        events, intents, positions = self.events, self.intents, self.positions
        self.seen, self.commands, self.written_off = 0, set(), set()
        self.positions, self.events, self.intents, self.sums = {}, {}, {}, {}
        kept = tuple(self.read())
        lost = [(n, event) for n, known in events.items() for event in known[len(self.events.get(n, ())) :]]
        said = (_command_of(each) for each in (*(event for _, event in lost), *effects))
        return Loss(
            steps=steps,
            events=tuple(lost),
            kept=kept,
            intents=frozenset(intents.keys() - self.intents.keys()),
            commands=frozenset(name.partition("#")[0] for name in said if name),
            ordinals=frozenset(positions.keys() - self.positions.keys()),
            keys={n: positions[n].key for n, _ in lost if n in positions},
        )

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
        elif isinstance(event, e.OrderWrittenOff):
            self.written_off.add(event.client_order_id)
        self.sums[ordinal] = self.sums.get(ordinal, ZERO) + self._change(before, event)

    def legs(self, books: "Books") -> "dict[Leg, Decimal]":
        """What is believed of each of the venue's legs, long positive: the sum over its positions."""
        believed: dict[Leg, Decimal] = {}
        for position in self.positions.values():
            leg = books.leg_of(position.key)
            believed[leg] = believed.get(leg, ZERO) + position.quantity * position.key.side.sign
        for ordinal, position in self.damaged.items():
            # Nobody believes anything of it. Its share is what its own orders have left and what was booked on it, and
            # where others have traded the leg, whatever is there: that is told, and neither judged nor adopted.
            leg = books.leg_of(position.key)
            booked = (each.quantity_delta for each in self.events[ordinal] if isinstance(each, e.QuantityAdjusted))
            left = (books.nets.get(ordinal, ZERO) + sum(booked, ZERO)) * position.key.side.sign
            told = leg[:2] in books.touched
            believed[leg] = books.legs.get(leg, ZERO) if told else believed.get(leg, ZERO) + left
        return believed

    def netted_away(self, position: Position, books: "Books") -> bool:
        """What was written off on its leg was there all the same, and the other side has been opened meanwhile: the leg
        has nothing left of its side that could be closed.
        """
        leg = books.leg_of(position.key)
        if books.legs.get(leg, ZERO) * position.key.side.sign > 0:
            return False
        settled = (self.positions.get(position_of(name) or 0) for name in self.written_off)
        return any(other is not None and books.leg_of(other.key) == leg for other in settled)

    def orders_of(self, ordinal: int) -> frozenset[str]:
        """Names of all that this position has ever intended."""
        events = self.events.get(ordinal, ())
        return frozenset(event.client_order_id for event in events if isinstance(event, e.OrderIntended))

    def holder(self, ordinal: int) -> Position:
        """A position, damaged or not. Raises KeyError."""
        return self.damaged[ordinal] if ordinal in self.damaged else self.positions[ordinal]

    def escalated(self) -> list[str]:
        """Discrepancies that wait for a human, by the reconciler's own history."""
        waiting: dict[str, None] = {}
        for event in self.events.get(RECONCILERS, ()):
            match event:
                case DiscrepancyEscalated(discrepancy_id=name):
                    waiting[name] = None
                case DiscrepancyEnded(discrepancy_id=name) | DiscrepancyGone(discrepancy_id=name):
                    waiting.pop(name, None)
        return list(waiting)

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


Leg = tuple[str, str, str]
"""Account, symbol, and the venue's name of the side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A trade, with our client order id (empty: not ours) and the leg's quantity before it."""

    account: str
    trade: Trade
    name: str
    before: Decimal


@dataclass(slots=True)
class Books:
    """The venue's accounts, indexed by our own ids as they grow."""

    venue: PaperVenue
    orders: dict[str, list[Order]] = field(default_factory=dict)
    algos: dict[str, list[AlgoOrder]] = field(default_factory=dict)
    trades: dict[tuple[str, str], Trade] = field(default_factory=dict)
    """By symbol and number: each symbol counts its trades by itself."""
    traders: dict[tuple[str, str], str] = field(default_factory=dict)
    """Per trade: the client order id behind it, whoever's it is."""
    legs: dict[Leg, Decimal] = field(default_factory=dict)
    nets: dict[int, Decimal] = field(default_factory=dict)
    """Per position of ours: what its own orders have bought less what they have sold, in its direction."""
    touched: set[tuple[str, str]] = field(default_factory=set)
    """Account and symbol that somebody else has traded, so that the venue's net says nothing of ours."""
    orphans: set[int] = field(default_factory=set)
    """Orders of ours whose intents are lost: nobody knows them any more, as if they were somebody else's."""
    lost_names: set[str] = field(default_factory=set)
    """Of those orders. What is on its way is an orphan when it arrives."""
    others_ms: int = 0
    """When another program at the same address asked last, by the venue's clock."""
    accounts: list[Account] = field(init=False)
    _exchange: Exchange = field(init=False)
    _named: dict[str, Account] = field(init=False)
    _seen: list[tuple[int, int, int]] = field(init=False)
    known: int = -1
    """Grows with every order and trade; while it stays, the venue holds nothing that was not read."""

    def __post_init__(self) -> None:
        self._exchange = self.venue.exchange
        self.accounts = list(self._exchange.accounts.values())
        self._named = {account.name: account for account in self.accounts}
        self._seen = [(0, 0, 0)] * len(self.accounts)

    @property
    def behind(self) -> bool:
        """Whether the venue has something that was not read yet."""
        return self.known != _grown(self._exchange)

    def read(self) -> list[Deal]:
        """What has been traded since the last time."""
        self.known = _grown(self._exchange)
        return [deal for which, account in enumerate(self.accounts) for deal in self._read(which, account)]

    def _read(self, which: int, account: Account) -> list[Deal]:
        orders, algos, trades = self._seen[which]
        self._seen[which] = len(account.orders), len(account.algos), len(account.trades)
        for order in islice(account.orders.values(), orders, None):
            if not order.algo_id and not self._orphaned(order.client_order_id, order.order_id):
                self.orders.setdefault(order.client_order_id, []).append(order)  # a child is its parent's effect
        for algo in islice(account.algos.values(), algos, None):
            if not self._orphaned(algo.client_algo_id, algo.algo_id):
                self.algos.setdefault(algo.client_algo_id, []).append(algo)
        return [self._take(account, trade) for trade in account.trades[trades:]]

    def _orphaned(self, name: str, number: int) -> bool:
        if name in self.lost_names:
            self.orphans.add(number)
        return name in self.lost_names

    def _take(self, account: Account, trade: Trade) -> Deal:
        order = account.orders[trade.order_id]
        name = account.algos[order.algo_id].client_algo_id if order.algo_id else order.client_order_id
        leg = (account.name, trade.symbol, trade.position_side)
        before = self.legs.get(leg, ZERO)
        self.legs[leg] = before + (trade.quantity if trade.side == "BUY" else -trade.quantity)
        self.trades[trade.symbol, str(trade.trade_id)] = trade
        self.traders[trade.symbol, str(trade.trade_id)] = name
        if position_of(name) is None or order.order_id in self.orphans or order.algo_id in self.orphans:
            self.touched.add((account.name, trade.symbol))
            name = ""
        return Deal(account=account.name, trade=trade, name=name, before=before)

    def orphan(self, loss: Loss) -> None:
        """What was done in a lost order's name counts as somebody else's."""
        self.read()
        self.touched |= {(str(key.account), str(key.symbol)) for key in loss.keys.values()}
        self.lost_names |= loss.intents
        for name in loss.intents:
            self.orphans |= {order.order_id for order in self.orders.pop(name, ())}
            self.orphans |= {algo.algo_id for algo in self.algos.pop(name, ())}
        for place, name in list(self.traders.items()):
            if name in loss.intents:
                ordinal, trade = position_of(name) or 0, self.trades[place]
                self.traders[place] = ""
                signed = (
                    trade.quantity
                    if trade.side == loss.keys[ordinal].side.increasing.value.upper()
                    else -trade.quantity
                )
                self.nets[ordinal] -= signed

    def disturbed(self, key: Key) -> bool:
        """Whether somebody else has traded what this position is in."""
        return (key.account, key.symbol) in self.touched

    def leg_of(self, key: Key) -> Leg:
        """The venue's leg that a position of this key stands on."""
        account = self._named.get(key.account)
        hedge = account is not None and account.hedge
        return str(key.account), str(key.symbol), key.side.value.upper() if hedge else "BOTH"

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
        children = (self._child(algo) for algo in self.algos.get(name, ()))
        return plain + sum((child.executed for child in children if child is not None), ZERO)

    def parent_of(self, name: str) -> str:
        """Our id of the conditional order whose child bears this name; else the name itself."""
        for account in self.accounts:
            order = account.orders_by_client.get(name)
            if order is not None and order.algo_id:
                return account.algos[order.algo_id].client_algo_id
        return name

    def _child(self, algo: AlgoOrder) -> Order | None:
        """What a conditional order became; order ids are the venue's, not an account's."""
        found = (account.orders.get(algo.child_order_id) for account in self.accounts)
        return next((child for child in found if child is not None), None)

    def live(self, name: str) -> bool:
        """Whether an order of this id may still trade."""
        if any(not order.closed_ms for order in self.orders.get(name, ())):
            return True
        for algo in self.algos.get(name, ()):
            child = self._child(algo)
            if not algo.closed_ms or (child is not None and not child.closed_ms):
                return True
        return False

    def open_orphans(self) -> Iterator[str]:
        """Names of orders that are live at the venue, and of which no intent is left."""
        for account in self.accounts:
            plain = ((order.order_id, order.client_order_id) for order in account.open_orders.values())
            stops = ((algo.algo_id, algo.client_algo_id) for algo in account.open_algos.values())
            yield from (name for number, name in (*plain, *stops) if number in self.orphans)

    def open_stops(self) -> Iterator[AlgoOrder]:
        """Conditional orders of ours that wait for their trigger."""
        for account in self.accounts:
            ours = (algo for algo in account.open_algos.values() if algo.algo_id not in self.orphans)
            yield from (algo for algo in ours if position_of(algo.client_algo_id) is not None)

    def open_names(self) -> Iterator[str]:
        """Our ids of everything that is live at the venue."""
        for account in self.accounts:
            for order in account.open_orders.values():
                if self.orphans & {order.order_id, order.algo_id}:
                    continue
                name = account.algos[order.algo_id].client_algo_id if order.algo_id else order.client_order_id
                if position_of(name) is not None:
                    yield name
        for algo in self.open_stops():
            yield algo.client_algo_id


def _command_of(record: Event | Message) -> str:
    """The command that a lost event, or a lost message, tells of."""
    told = record.reply if isinstance(record, CommandDecided) else record
    return getattr(told, "command_id", "")


def _grown(exchange: Exchange) -> int:
    """Grows with every order and every trade."""
    return exchange.next_order_id + exchange.next_algo_id + exchange.traded
