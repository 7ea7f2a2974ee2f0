"""A position and its orders as frozen values, rebuilt by folding events."""

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
"""How many command ids a position keeps, to answer a repeated command without a second effect."""


class OrderPhase(StrEnum):
    """What we know of an order. The first three are live: the order may still do something."""

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
        return self in _LIVE


_LIVE = frozenset({OrderPhase.SENT, OrderPhase.WORKING, OrderPhase.DOUBTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order of a position. `filled` is the sum of its unique fills, `reported` the venue's own sum."""

    client_order_id: ClientOrderId
    number: int
    purpose: OrderPurpose
    kind: OrderKind
    side: Side
    quantity: Decimal
    limit_price: Decimal | None
    trigger_price: Decimal | None
    phase: OrderPhase
    sent_ns: int
    touched_ns: int
    venue_order_id: VenueOrderId | None = None
    filled: Decimal = ZERO
    reported: Decimal = ZERO
    trades: tuple[TradeId, ...] = ()
    triggered: bool = False
    cancel_intended: bool = False
    correlation_id: CorrelationId = CorrelationId("")
    callback_rate: Decimal | None = None
    phase_reason: Statement = NOTHING
    """Why it is not at the venue, or may not be: the last answer, code and text; empty while nothing went wrong."""
    triggered_ns: int = 0
    answered_by_venue: bool = False
    """`phase_reason` are the venue's own, and no fault of it: it has refused the order, as far as that goes."""
    stalled: bool = False
    """Triggered, and neither a child nor a fill of it came for longer than the venue takes."""
    cancel_ns: int = 0
    """When its cancel was intended; 0 where it was not, or a snapshot is older than this field."""
    uncancelable: bool = False
    """Stalled, and its cancel came to nothing for long enough: nothing waits for its end any more."""
    unevaluated: bool = False
    """Refused, and not for what it is: it never left, or the venue did not look at it."""
    cancel_error: Statement = NOTHING
    """Why it is not canceled: the venue's last refusal of that, code and text."""

    @property
    def triggered_since_ns(self) -> int:
        """Since when it is at work; a history of before that was written knows only when it was heard of last."""
        return self.triggered_ns or self.touched_ns

    @property
    def denied(self) -> bool:
        """The venue looked at it and will not have it, by its own words."""
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
        """What makes a protective order the one that is wanted: its trigger price, or its callback rate."""
        return self.trigger_price if self.callback_rate is None else self.callback_rate

    @property
    def live(self) -> bool:
        return self.phase.live

    @property
    def leaves_quantity(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def fills_missing(self) -> bool:
        """The venue reports more than we hold trades for."""
        return self.reported > self.filled

    @property
    def relevant(self) -> bool:
        """A decision may depend on this order: it lives, misses fills, is an entry, or protection that did its work."""
        if self.live or self.fills_missing or self.purpose is OrderPurpose.ENTRY:
            return True
        return self.purpose.protective and (self.filled > 0 or self.triggered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """Money in a currency of its own, and what it came to in the quote currency when it was booked."""

    currency: str
    amount: Decimal = ZERO
    value: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Everything that is believed about one position.

    `quantity` is in base units in the direction of `key.side`: negative means that more was sold than held.
    `goal_quantity` is the quantity that a reduction in progress shall leave, None when there is none; a goal of zero
    stays, so that a late fill of a position that should be flat is closed again. `goal_ns` and
    `protection_ns` say when a reduction or a protection was last asked for: refusals before count no more.
    `entry_finished` says that no further part of the entry is sent: one came to nothing, a reduction was asked for
    or happened, or the quantity was changed outside. `entries_from` is the number of the last order before an
    addition was asked for: later entries are its own. `last_outcome` says what was achieved last, for people.
    `shared_leg`: another position stands on the same leg of the venue, where "reduce only" keeps nobody's part.
    `deferral_ms` is the pause between reductions that the venue refuses time after time, 0 where it is the usual one.
    `fees` and `funding` are sums by currency, `converted` those parts of them that were converted into the quote
    currency. Where that is no dollar, `settled` is what all of it has brought in, in the currency of the limits.
    `moved_back` says of a purpose whose move was given up since then that what was refused before counts no more.
    `unverified_ns` says when a reduction was written off by hand that may have been done; 0 once the venue has shown
    what is held.
    `was_active`: it has been ACTIVE, and its opening was told.
    `leverage_ns` says since when the leverage is being set, `leverage_error` what was answered to that last.
    `relevant_numbers` are those of the orders that a decision may depend on: a stop moved every minute leaves
    forty thousand others in a month. None in a snapshot older than this field.
    """

    key: Key
    ordinal: int
    journal_id: JournalId
    version: int = 0
    state: PositionState = PositionState.PENDING
    previous: PositionState | None = None
    since_ns: int = 0
    transitions: int = 0
    instrument: Instrument | None = None
    requested: Decimal = ZERO
    limit_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    leverage: int | None = None
    leverage_pending: bool = False
    leverage_refused: bool = False
    expires_at_ns: int = 0
    quantity: Decimal = ZERO
    entry_price: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    fees: tuple[tuple[str, Decimal], ...] = ()
    was_open: bool = False
    orders: tuple[Order, ...] = ()
    goal_quantity: Decimal | None = None
    cancel_first: bool = False
    emergency: bool = False
    goal_ns: int = 0
    protection_ns: int = 0
    protection_in_place: bool = False
    modifying: bool = False
    paused: bool = False
    changed_outside: bool = False
    commands: tuple[CommandId, ...] = ()
    reason: Statement = NOTHING
    entry_finished: bool = False
    touched_ns: int = 0
    trailing: Decimal | None = None
    leverage_wanted: int | None = None
    entries_from: int | None = None
    entry_abandoned: bool = False
    last_outcome: Statement = Say.ENTRY_DONE()
    funding: tuple[tuple[str, Decimal], ...] = ()
    opened_ns: int = 0
    funded_ns: int = 0
    shared_leg: bool = False
    deferral_ms: int = 0
    relevant_numbers: tuple[int, ...] | None = None
    converted: tuple[Converted, ...] = ()
    converted_funding: tuple[Converted, ...] = ()
    settled: Decimal = ZERO
    post_only: bool = False
    leverage_ns: int = 0
    leverage_error: Statement = NOTHING
    moved_back: tuple[tuple[OrderPurpose, int], ...] = ()
    unverified_ns: int = 0
    assumed: Decimal = ZERO
    """What was booked by hand in place of fills that were not known, at `assumed_price`."""
    assumed_price: Decimal = ZERO
    assumed_upto: int = 0
    """The number of the last order by then: the fills of a later one are its own."""
    was_active: bool = False
    track: Track | None = None

    @property
    def position_id(self) -> PositionId:
        return position_id(self.key, self.ordinal)

    @property
    def known_track(self) -> Track:
        """A snapshot of before there was one tells when it was opened, what it holds, and of the last funding."""
        if self.track is not None:
            return self.track
        if not self.was_open:
            return Track()
        moves = ((self.opened_ns, self.quantity),)
        return Track(moves=moves, since_ns=self.touched_ns, settled_ns=self.funded_ns)

    @property
    def wants_protection(self) -> bool:
        return any(setting is not None for setting in (self.stop_loss, self.take_profit, self.trailing))

    def requested_ns(self, purpose: OrderPurpose) -> int:
        """Since when its orders are to rest where they are to; what was refused before says nothing about them."""
        return max(self.protection_ns, dict(self.moved_back).get(purpose, 0))

    @property
    def stop_purpose(self) -> OrderPurpose | None:
        """The order that must rest lest a loss be unlimited: the stop, else the trailing one, if any is wanted."""
        if self.stop_loss is not None:
            return OrderPurpose.STOP
        return OrderPurpose.TRAILING if self.trailing is not None else None

    @property
    def unordered_quantity(self) -> Decimal:
        """What no order has been intended for yet, of all that was asked for."""
        if self.entry_finished or self.goal_quantity is not None or self.leverage_refused:
            return ZERO
        return max(ZERO, self.requested - sum((o.quantity for o in self.entries()), ZERO))

    @property
    def addition_leaves(self) -> Decimal:
        """What is still to come of an addition that was asked for; zero when there is none."""
        if self.entries_from is None or self.entry_finished:
            return ZERO
        before = (o.quantity for o in self.entries() if o.number <= self.entries_from)
        return self.requested - sum(before, ZERO) - self.added

    @property
    def added(self) -> Decimal:
        """What was filled of the latest addition."""
        first = self.entries_from
        return sum((o.filled for o in self.entries() if first is not None and o.number > first), ZERO)

    @property
    def is_dust(self) -> bool:
        """It is smaller than any order may be, as the venue has it."""
        return 0 < self.quantity < self.least

    @property
    def least(self) -> Decimal:
        """The smallest quantity that an order may have; zero where no rule of the venue is known."""
        rules = self.instrument
        return max(rules.min_quantity, rules.quantity_step) if rules is not None else ZERO

    def in_steps(self, quantity: Decimal) -> Decimal:
        """What of it orders can be for: whole steps of the venue.

        A step that became coarser under an open position, and a human's trade, leave more than that.
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
        """Live orders of these purposes; of all where none is named."""
        return tuple([o for o in self.relevant_orders if o.phase.live and (not purposes or o.purpose in purposes)])

    def entries(self) -> tuple[Order, ...]:
        """Every order of an entry or an addition, whatever became of it."""
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
        """The venue reports fills of which no trade is known yet."""
        return any(o.fills_missing for o in self.relevant_orders)

    @property
    def firing(self) -> bool:
        """A protective order has been triggered, and is at work."""
        return bool(self.triggered_protection)

    @property
    def triggered_protection(self) -> tuple[Order, ...]:
        """Protective orders that have been triggered and are not over."""
        return tuple([o for o in self.live_orders(*PROTECTIVE) if o.triggered])

    @property
    def in_doubt(self) -> bool:
        """Something about the believed quantity or a live order is not known."""
        return self.quantity < 0 or self.fills_missing or any(o.phase is OrderPhase.DOUBTED for o in self.live_orders())

    @property
    def exposure(self) -> Decimal:
        """What the venue holds for this position by its own word: fills, and what entries are said to have filled.

        Beside a neighbor only the fills count: an order for more would take of him.
        """
        if self.shared_leg:
            return self.quantity
        return self.quantity + sum((o.reported - o.filled for o in self.entries() if o.fills_missing), ZERO)

    @property
    def missing_reductions(self) -> Decimal:
        """What the venue says was reduced, beyond the trades that are known: spoken for, though not yet booked."""
        reductions = (o for o in self.relevant_orders if o.purpose is not OrderPurpose.ENTRY and o.fills_missing)
        return sum((o.reported - o.filled for o in reductions), ZERO)

    @property
    def unprotected(self) -> bool:
        """The venue's resting stops cover less than what is held, though a stop is wanted."""
        guard = self.stop_purpose
        exposure = self.exposure
        if exposure <= 0 or guard is None:
            return False
        resting = (o.leaves_quantity for o in self.live_orders(guard) if o.resting)
        return self.in_steps(exposure - sum(resting, ZERO)) > 0

    def wanted_price(self, purpose: OrderPurpose) -> Decimal | None:
        """Where the protective order of this purpose is to rest, or its callback rate; None: there is to be none."""
        return {
            OrderPurpose.STOP: self.stop_loss,
            OrderPurpose.TARGET: self.take_profit,
            OrderPurpose.TRAILING: self.trailing,
        }[purpose]


PROTECTIVE = (OrderPurpose.STOP, OrderPurpose.TARGET, OrderPurpose.TRAILING)


def covering(p: Position, purpose: OrderPurpose, resting: Iterable[Order]) -> tuple[Order, ...]:
    """Those of the orders of this purpose that rest at the wanted price and together cover no more than is held.

    The newest count first: what was placed for what is held now before what was placed for less, or for more.
    """
    wanted, left = p.wanted_price(purpose), max(p.exposure, ZERO)
    kept = []
    for order in sorted(resting, key=lambda o: -o.number):
        if order.resting and order.setting == wanted and order.leaves_quantity <= left:
            kept.append(order)
            left -= order.leaves_quantity
    return tuple(kept)


def covers(p: Position, purpose: OrderPurpose) -> bool:
    """The venue holds the protective order of this purpose for all that orders can be for, or none is wanted."""
    if p.wanted_price(purpose) is None:
        return True
    covered = sum((o.leaves_quantity for o in covering(p, purpose, p.live_orders(purpose))), ZERO)
    return p.in_steps(p.exposure - covered) == 0


def protection_rests(p: Position) -> bool:
    """The venue holds every wanted protective order, for all that orders can be for."""
    return p.exposure > 0 and all(covers(p, purpose) for purpose in PROTECTIVE)


LATEST = 128
"""So many orders back it is asked what the venue refused: a storm of refusals never needs to be counted further."""
RESTED_NS = 30_000_000_000
"""An order that was on the book this long did its work; that it ended says nothing about the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How often in a row orders of one purpose came to nothing, and when first and last."""

    count: int = 0
    first_ns: int = 0
    last_ns: int = 0


def refusals(position: Position, purpose: OrderPurpose, since_ns: int, setting: Decimal | None = None) -> Refusals:
    """The unbroken run of orders of this purpose that came to nothing up to now, none of it before `since_ns`.

    With a `setting`, those of them that were to rest there.

    An order that the venue ended by itself, without a fill, is one of them: sending the next one at once, and
    again, would be a storm of orders at the pace of the network.
    """
    run = [o for o in failures(position, purpose, since_ns) if setting is None or o.setting == setting]
    if not run:
        return Refusals()
    return Refusals(count=len(run), first_ns=run[-1].touched_ns, last_ns=run[0].touched_ns)


def failures(position: Position, purpose: OrderPurpose, since_ns: int, *, before: int = 0) -> Iterator[Order]:
    """The orders of that run, the latest first; those before the order of this number, where one is given."""
    for order in reversed(position.orders[-LATEST:]):
        if order.purpose is not purpose or 0 < before <= order.number:
            continue
        if not _came_to_nothing(order) or order.touched_ns < since_ns:
            return
        yield order
        if order.touched_ns - order.sent_ns > RESTED_NS:
            return


def _came_to_nothing(order: Order) -> bool:
    if order.filled or order.reported or order.cancel_intended:
        return False
    return order.phase in (OrderPhase.REFUSED, OrderPhase.ABSENT, OrderPhase.CANCELED, OrderPhase.EXPIRED)


def last_failure_reason(position: Position, purpose: OrderPurpose, since_ns: int) -> Statement:
    """The last answer to an order of this purpose that came to nothing, or is in doubt; empty where none did.

    One that has had no answer yet says nothing, and the one before it stands.
    """
    for order in reversed(position.orders[-LATEST:]):
        if order.purpose is not purpose or order.phase is OrderPhase.SENT:
            continue
        failed = _came_to_nothing(order) or order.phase is OrderPhase.DOUBTED
        return order.phase_reason if failed and order.touched_ns >= since_ns else NOTHING
    return NOTHING


def blank(key: Key, ordinal: int, journal_id: JournalId) -> Position:
    """A position before its first event."""
    return Position(key=key, ordinal=ordinal, journal_id=journal_id, relevant_numbers=())


# Snapshots are records like any message; these tags are taken for good (see messages.codec).
codec.register(900, Order)
codec.register(901, Position)
codec.register(902, Converted)
