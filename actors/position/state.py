"""A position and its orders as frozen values, and what follows from their fields. `evolve` folds them from events.

The order of the fields is that of the snapshot records: new ones go to the end, with a default.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from messages import codec
from messages.ids import parse_client_order_id, position_id
from messages.statement import NOTHING, Statement
from messages.types import (
    ClientOrderId,
    CommandId,
    CorrelationId,
    Instrument,
    JournalId,
    Key,
    OrderKind,
    OrderPurpose,
    PositionId,
    PositionState,
    Side,
    Track,
    TradeId,
    VenueOrderId,
)
from messages.wording import Position as Say

ZERO = Decimal(0)
COMMANDS_REMEMBERED = 64
"""Command ids that a position keeps: a repeated command is answered and has no second effect."""


class OrderPhase(StrEnum):
    """What is known of an order. The first three are live: the order may still execute."""

    SENT = "sent"
    WORKING = "working"
    DOUBTED = "doubted"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REFUSED = "refused"
    ABSENT = "absent"

    @property
    def live(self) -> bool:
        """The order may still execute."""
        return self in _LIVE


_LIVE = frozenset({OrderPhase.SENT, OrderPhase.WORKING, OrderPhase.DOUBTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order of a position. `filled` sums the known trades, `reported` is the venue's sum."""

    client_order_id: ClientOrderId
    number: int
    """From 1, in the order of the intents."""
    purpose: OrderPurpose
    kind: OrderKind
    side: Side
    quantity: Decimal
    limit_price: Decimal | None
    trigger_price: Decimal | None
    phase: OrderPhase
    sent_ns: int
    touched_ns: int
    """Time of the last event about it."""
    venue_order_id: VenueOrderId | None = None
    filled: Decimal = ZERO
    reported: Decimal = ZERO
    trades: tuple[TradeId, ...] = ()
    triggered: bool = False
    cancel_intended: bool = False
    correlation_id: CorrelationId = CorrelationId("")
    callback_rate: Decimal | None = None
    phase_reason: Statement = NOTHING
    """Why the order is not at the venue, or may not be: the last answer, code and text; empty while nothing failed."""
    triggered_ns: int = 0
    answered_by_venue: bool = False
    """The doubt came with an explicit answer of the venue: if the order is absent, the venue refused it."""
    stalled: bool = False
    """Triggered, without a child order or fill for longer than the venue takes."""
    cancel_ns: int = 0
    """When its cancel was intended; 0 for none, and in snapshots older than this field."""
    uncancelable: bool = False
    """Stalled, and its cancel had no effect until its deadline: nothing waits for its end."""
    unevaluated: bool = False
    """Refused without a judgement about the order: it never left, or the venue did not look at it."""
    cancel_error: Statement = NOTHING
    """The venue's last refusal to cancel it, code and text."""

    @property
    def triggered_since_ns(self) -> int:
        """Since when it is triggered; in histories without that time, the last event about it."""
        return self.triggered_ns or self.touched_ns

    @property
    def denied(self) -> bool:
        """The venue judged the order and refused it."""
        if self.filled or self.reported or self.cancel_intended:
            return False
        if self.phase is OrderPhase.REFUSED:
            return not self.unevaluated
        return self.phase is OrderPhase.ABSENT and self.answered_by_venue

    @property
    def resting(self) -> bool:
        """The venue holds it until its price comes. A triggered order rests no more, and covers nothing."""
        return self.phase is OrderPhase.WORKING and not self.triggered

    @property
    def setting(self) -> Decimal | None:
        """Of a protective order its trigger price, or its callback rate."""
        return self.trigger_price if self.callback_rate is None else self.callback_rate

    @property
    def live(self) -> bool:
        """As its phase."""
        return self.phase.live

    @property
    def leaves_quantity(self) -> Decimal:
        """FIX LeavesQty: what the order may still execute while it lives."""
        return self.quantity - self.filled

    @property
    def fills_missing(self) -> bool:
        """The venue reports more than the known trades sum up to."""
        return self.reported > self.filled

    @property
    def relevant(self) -> bool:
        """A decision may depend on this order: it lives, misses fills, is an entry, or protection that did its work."""
        if self.live or self.fills_missing or self.purpose is OrderPurpose.ENTRY:
            return True
        return self.purpose.protective and (self.filled > 0 or self.triggered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A sum in a currency that needs conversion, and its value in the quote currency at the bookings."""

    currency: str
    amount: Decimal = ZERO
    value: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """All that is believed about one position; theory of operation: `machine`.

    Quantities are in base units, in the direction of `key.side`; prices and `realized_pnl` in the quote currency.
    """

    key: Key
    ordinal: int
    journal_id: JournalId
    version: int = 0
    state: PositionState = PositionState.PENDING
    previous: PositionState | None = None
    since_ns: int = 0
    transitions: int = 0
    """Changes of state so far."""
    instrument: Instrument | None = None
    requested: Decimal = ZERO
    """What the entry, and the latest addition with it, shall come to."""
    limit_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    leverage: int | None = None
    leverage_pending: bool = False
    leverage_refused: bool = False
    expires_at_ns: int = 0
    quantity: Decimal = ZERO
    """By the known trades; negative: more was sold than held."""
    entry_price: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    fees: tuple[tuple[str, Decimal], ...] = ()
    """Sums by currency."""
    was_open: bool = False
    """It has held something."""
    orders: tuple[Order, ...] = ()
    goal_quantity: Decimal | None = None
    """What a reduction under way shall leave; None: no reduction. Zero stays: a late fill is closed again."""
    cancel_first: bool = False
    """A reduction waits until protection is off the book."""
    emergency: bool = False
    goal_ns: int = 0
    """When the goal was set: refusals of earlier reductions do not count."""
    protection_ns: int = 0
    """When protection was last requested: refusals of earlier orders do not count."""
    protection_in_place: bool = False
    """Every wanted order rests for all that orders can cover."""
    modifying: bool = False
    """A change of protection is under way."""
    paused: bool = False
    changed_outside: bool = False
    """The quantity was adjusted to a change outside, which its owner has not accepted."""
    commands: tuple[CommandId, ...] = ()
    """The latest ids, see `COMMANDS_REMEMBERED`."""
    reason: Statement = NOTHING
    """Why the position is in its state, where `lifecycle` cannot tell."""
    entry_finished: bool = False
    """No further part of the entry is sent: a part failed, or the quantity was reduced or changed outside."""
    touched_ns: int = 0
    trailing: Decimal | None = None
    leverage_wanted: int | None = None
    """The leverage being set."""
    entries_from: int | None = None
    """The number of the last order before the latest addition: later entries are of the addition."""
    entry_abandoned: bool = False
    """What is left of the entry was called off."""
    last_outcome: Statement = Say.ENTRY_DONE()
    """What was achieved or given up last."""
    funding: tuple[tuple[str, Decimal], ...] = ()
    """Sums by currency; positive: received."""
    opened_ns: int = 0
    funded_ns: int = 0
    shared_leg: bool = False
    """Another position is on the same leg of the venue: "reduce only" does not keep its part."""
    deferral_ms: int = 0
    """The pause between reductions that the venue refuses time after time; 0: the usual one."""
    relevant_numbers: tuple[int, ...] | None = None
    """The orders that decisions may depend on. A stop moved every minute leaves forty thousand others in a month.

    None in snapshots older than this field.
    """
    converted: tuple[Converted, ...] = ()
    """The fees that were converted into the quote currency."""
    converted_funding: tuple[Converted, ...] = ()
    """The funding that was."""
    result_in_limits: Decimal = ZERO
    """The result so far in the currency of the limits, where the quote currency is no dollar."""
    post_only: bool = False
    leverage_ns: int = 0
    """Since when the leverage is being set."""
    leverage_error: Statement = NOTHING
    """The last answer that did not confirm it."""
    abandoned_moves: tuple[tuple[OrderPurpose, int], ...] = ()
    """When a move of this purpose was abandoned: earlier refusals do not count."""
    unverified_ns: int = 0
    """When a reduction was written off that may have been executed; 0 once the venue has shown what it holds."""
    assumed: Decimal = ZERO
    """Booked by hand in place of unknown fills, at `assumed_price`."""
    assumed_price: Decimal = ZERO
    assumed_upto: int = 0
    """The number of the last order at that time: only fills of orders up to it replace what was assumed."""
    was_active: bool = False
    """It has been ACTIVE, which was announced."""
    track: Track | None = None
    """What it held over time, for funding; None in snapshots older than this field."""

    @property
    def position_id(self) -> PositionId:
        """The key and the ordinal as one name."""
        return position_id(self.key, self.ordinal)

    @property
    def known_track(self) -> Track:
        """The track; from older snapshots one of the opening, the quantity and the last funding."""
        if self.track is not None:
            return self.track
        if not self.was_open:
            return Track()
        moves = ((self.opened_ns, self.quantity),)
        return Track(moves=moves, since_ns=self.touched_ns, settled_ns=self.funded_ns)

    @property
    def wants_protection(self) -> bool:
        """Any stop, target or trailing stop is wanted."""
        return any(setting is not None for setting in (self.stop_loss, self.take_profit, self.trailing))

    def requested_ns(self, purpose: OrderPurpose) -> int:
        """When the wanted setting of this purpose was requested: earlier refusals do not count."""
        return max(self.protection_ns, dict(self.abandoned_moves).get(purpose, 0))

    @property
    def stop_purpose(self) -> OrderPurpose | None:
        """The purpose of the order that limits the loss: the stop, else the trailing stop; None: neither is wanted."""
        if self.stop_loss is not None:
            return OrderPurpose.STOP
        return OrderPurpose.TRAILING if self.trailing is not None else None

    @property
    def unordered_quantity(self) -> Decimal:
        """What of the requested quantity no order was intended for yet, and will be."""
        if self.entry_finished or self.goal_quantity is not None or self.leverage_refused:
            return ZERO
        return max(ZERO, self.requested - sum((o.quantity for o in self.entries()), ZERO))

    @property
    def addition_leaves(self) -> Decimal:
        """What the latest addition may still fill; zero where there is none."""
        if self.entries_from is None or self.entry_finished:
            return ZERO
        before = (o.quantity for o in self.entries() if o.number <= self.entries_from)
        return self.requested - sum(before, ZERO) - self.added_quantity

    @property
    def added_quantity(self) -> Decimal:
        """What the latest addition has filled."""
        first = self.entries_from
        return sum((o.filled for o in self.entries() if first is not None and o.number > first), ZERO)

    @property
    def is_dust(self) -> bool:
        """Smaller than any order may be: nothing can close or protect it."""
        return 0 < self.quantity < self.minimum_quantity

    @property
    def minimum_quantity(self) -> Decimal:
        """The smallest quantity of an order; zero without known rules."""
        rules = self.instrument
        return max(rules.min_quantity, rules.quantity_step) if rules is not None else ZERO

    def in_steps(self, quantity: Decimal) -> Decimal:
        """The part of it in whole quantity steps, which orders can be for.

        A rest below a step comes from a step that grew, or from a human's trade.
        """
        step = self.instrument.quantity_step if self.instrument is not None else ZERO
        crumb = quantity % step if step and quantity > 0 else ZERO
        return quantity - crumb if crumb else quantity

    @property
    def relevant_orders(self) -> tuple[Order, ...]:
        """The orders that a decision may depend on, by number; see `Order.relevant`."""
        if self.relevant_numbers is None:
            return tuple([o for o in self.orders if o.relevant])
        return tuple([self.orders[number - 1] for number in self.relevant_numbers])

    def live_orders(self, *purposes: OrderPurpose) -> tuple[Order, ...]:
        """Live orders of these purposes; of all purposes without arguments."""
        return tuple([o for o in self.relevant_orders if o.phase.live and (not purposes or o.purpose in purposes)])

    def entries(self) -> tuple[Order, ...]:
        """Every order of the entry and the additions, ended ones included."""
        return tuple([o for o in self.relevant_orders if o.purpose is OrderPurpose.ENTRY])

    def order(self, client_order_id: ClientOrderId) -> Order | None:
        """The order of this id; None for an order of another position."""
        name = parse_client_order_id(client_order_id)
        if name is None or not 0 < name.number <= len(self.orders):
            return None
        order = self.orders[name.number - 1]
        return order if order.client_order_id == client_order_id else None

    @property
    def fills_missing(self) -> bool:
        """The venue reports fills without known trades."""
        return any(o.fills_missing for o in self.relevant_orders)

    @property
    def triggered_protection(self) -> tuple[Order, ...]:
        """Live protective orders that were triggered."""
        return tuple([o for o in self.live_orders(*PROTECTIVE) if o.triggered])

    @property
    def in_doubt(self) -> bool:
        """The quantity or the outcome of a live order is not known."""
        return self.quantity < 0 or self.fills_missing or any(o.phase is OrderPhase.DOUBTED for o in self.live_orders())

    @property
    def exposure(self) -> Decimal:
        """The quantity, and what entries are reported to have filled without known trades.

        On a shared leg the known trades alone: an order for more would reduce another position.
        """
        if self.shared_leg:
            return self.quantity
        return self.quantity + sum((o.reported - o.filled for o in self.entries() if o.fills_missing), ZERO)

    @property
    def missing_reductions(self) -> Decimal:
        """What reductions are reported to have filled without known trades: it is not to be reduced again."""
        reductions = (o for o in self.relevant_orders if o.purpose is not OrderPurpose.ENTRY and o.fills_missing)
        return sum((o.reported - o.filled for o in reductions), ZERO)

    @property
    def unprotected(self) -> bool:
        """A stop is wanted, and the resting stops cover less of the exposure than orders can."""
        guard = self.stop_purpose
        exposure = self.exposure
        if exposure <= 0 or guard is None:
            return False
        resting = (o.leaves_quantity for o in self.live_orders(guard) if o.resting)
        return self.in_steps(exposure - sum(resting, ZERO)) > 0

    def wanted_price(self, purpose: OrderPurpose) -> Decimal | None:
        """The wanted setting of this purpose: a trigger price, or a callback rate; None: no such order."""
        return {
            OrderPurpose.STOP: self.stop_loss,
            OrderPurpose.TARGET: self.take_profit,
            OrderPurpose.TRAILING: self.trailing,
        }[purpose]


PROTECTIVE = (OrderPurpose.STOP, OrderPurpose.TARGET, OrderPurpose.TRAILING)


def covering(p: Position, purpose: OrderPurpose, resting: Iterable[Order]) -> tuple[Order, ...]:
    """Of these orders those that rest at the wanted setting and total no more than the exposure, newest first."""
    wanted, left = p.wanted_price(purpose), max(p.exposure, ZERO)
    kept = []
    for order in sorted(resting, key=lambda o: -o.number):
        if order.resting and order.setting == wanted and order.leaves_quantity <= left:
            kept.append(order)
            left -= order.leaves_quantity
    return tuple(kept)


def covers(p: Position, purpose: OrderPurpose) -> bool:
    """Protection of this purpose rests for all of the exposure that orders can cover, or none is wanted."""
    if p.wanted_price(purpose) is None:
        return True
    covered = sum((o.leaves_quantity for o in covering(p, purpose, p.live_orders(purpose))), ZERO)
    return p.in_steps(p.exposure - covered) == 0


def protection_rests(p: Position) -> bool:
    """Something is open, and all wanted protection rests."""
    return p.exposure > 0 and all(covers(p, purpose) for purpose in PROTECTIVE)


LATEST = 128
"""Orders that are searched for failures, at most."""
RESTED_NS = 30_000_000_000
"""An order that rested this long served its purpose: its end begins a run of failures, and none is older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How many orders of one purpose failed in a row, and when the first and the last did."""

    count: int = 0
    first_ns: int = 0
    last_ns: int = 0


def refusals(position: Position, purpose: OrderPurpose, since_ns: int, setting: Decimal | None = None) -> Refusals:
    """The latest unbroken run of failed orders of this purpose since `since_ns`; only those at `setting`, if given.

    An order that the venue ended without a fill is a failure too: sent again at once, time after time, the orders would
    come at the pace of the network.
    """
    run = [o for o in failures(position, purpose, since_ns) if setting is None or o.setting == setting]
    if not run:
        return Refusals()
    return Refusals(count=len(run), first_ns=run[-1].touched_ns, last_ns=run[0].touched_ns)


def failures(position: Position, purpose: OrderPurpose, since_ns: int, *, before: int = 0) -> Iterator[Order]:
    """The orders of that run, latest first; only those before the order of number `before`, if given."""
    for order in reversed(position.orders[-LATEST:]):
        if order.purpose is not purpose or 0 < before <= order.number:
            continue
        if not _failed(order) or order.touched_ns < since_ns:
            return
        yield order
        if order.touched_ns - order.sent_ns > RESTED_NS:
            return


def _failed(order: Order) -> bool:
    if order.filled or order.reported or order.cancel_intended:
        return False
    return order.phase in (OrderPhase.REFUSED, OrderPhase.ABSENT, OrderPhase.CANCELED, OrderPhase.EXPIRED)


def last_failure_reason(position: Position, purpose: OrderPurpose, since_ns: int) -> Statement:
    """Why the latest order of this purpose failed or is in doubt; empty where it neither did nor is.

    An unanswered order says nothing: the one before it counts.
    """
    for order in reversed(position.orders[-LATEST:]):
        if order.purpose is not purpose or order.phase is OrderPhase.SENT:
            continue
        failed = _failed(order) or order.phase is OrderPhase.DOUBTED
        return order.phase_reason if failed and order.touched_ns >= since_ns else NOTHING
    return NOTHING


def blank(key: Key, ordinal: int, journal_id: JournalId) -> Position:
    """A position before its first event."""
    return Position(key=key, ordinal=ordinal, journal_id=journal_id, relevant_numbers=())


# Snapshots are records like messages; these tags keep their meaning (see messages.codec).
codec.register(900, Order)
codec.register(901, Position)
codec.register(902, Converted)
