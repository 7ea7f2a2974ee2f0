"""What the venue says, in our words, and what the runtime tells positions."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from messages.base import Message
from messages.statement import NOTHING, Statement
from messages.status import Rows, Verdict
from messages.types import (
    LIMITS_CURRENCY,
    AccountId,
    Address,
    ClientOrderId,
    CommandId,
    FillCause,
    Instrument,
    MarginMode,
    ModeFault,
    OrderPurpose,
    OrderStatus,
    OtherContract,
    PositionId,
    PositionMode,
    PositionSide,
    PositionState,
    RateKind,
    RateLimit,
    RateUse,
    RejectReason,
    RequestCost,
    Side,
    Silence,
    StrategyId,
    Symbol,
    Track,
    TradeId,
    TrailingBounds,
    VenueOrderId,
    Worth,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueReport(Message):
    """`ts_event` is the venue's time of what is reported (0: unknown), `ts_init` when we learned of it."""

    account: AccountId
    ts_event: int = 0
    ts_init: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutOrder(VenueReport):
    """A report that finds its position by the client order id."""

    symbol: Symbol
    client_order_id: ClientOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccepted(AboutOrder):
    """The answer to a submit: the venue has it."""

    venue_order_id: VenueOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected(AboutOrder):
    """The answer to a submit: certainly not done."""

    reason: RejectReason
    code: str = ""
    text: Statement = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeUnknown(AboutOrder):
    """The answer to a submit or cancel: perhaps done. `silent`: nobody who knows answered at all.

    `answered`: the venue has refused it, in words that no table has, so that nothing of it is on its way any more.
    """

    cause: Statement
    cancel: bool = False
    silent: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExecuted(AboutOrder):
    """From adapter to gateway: certainly not done, and worth another try after `retry_after_ms`.

    `throttled`: the venue asks everybody to be quiet that long (429, 418). `silent`: nobody who knows answered.
    `untimely`: refused for the time that the request carried; the clock has been measured anew.
    """

    retry_after_ms: int
    cause: Statement
    cancel: bool = False
    throttled: bool = False
    silent: bool = False
    untimely: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport(AboutOrder):
    """What an order is at the venue, from the stream or a query. `filled_quantity` is cumulative.

    `begun_ns` is when the reading that shows it began, 0 where none did: the stream's own order of events is not ours.
    """

    venue_order_id: VenueOrderId
    status: OrderStatus
    side: Side
    quantity: Decimal
    filled_quantity: Decimal
    queried: bool = False
    conditional: bool = False
    begun_ns: int = 0
    limit_price: Decimal | None = None
    """Where it has one, and the venue says it."""
    text: Statement = NOTHING
    """Why it ended, in the venue's words, where it says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNotFound(AboutOrder):
    """From adapter to gateway: a query knows no such order; that alone proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFailed(AboutOrder):
    """From adapter to gateway: a query or cancel had no usable answer. `silent`: nobody who knows answered."""

    cause: Statement
    retry_after_ms: int = 0
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAbsent(AboutOrder):
    """From gateway to position: proven never to have reached the venue."""

    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRejected(AboutOrder):
    """The venue knows no live order to cancel; it may have filled. The gateway resolves it."""

    code: str = ""
    text: Statement = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class FillReport(AboutOrder):
    """One trade of one order. `fee` is positive when paid. `position_side` is the leg, where a read names it.

    `worth` of the fee is what the supervisor adds. `cause`: the venue closed by itself; None for an order of a user.
    """

    venue_order_id: VenueOrderId
    trade_id: TradeId
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    maker: bool = False
    position_side: PositionSide | None = None
    worth: Worth | None = None
    cause: FillCause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FillsFetched(AboutOrder):
    """All fills that the venue knows of this order up to `ts_init` have been reported before this."""

    filled_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingApplied(VenueReport):
    """The venue confirmed a setting asked for by a position."""

    position_id: PositionId
    symbol: Symbol
    leverage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRefused(VenueReport):
    """The venue refused a setting, or nobody knows: settings are safe to repeat, so `unknown` ones are."""

    position_id: PositionId
    symbol: Symbol
    leverage: int
    text: Statement
    unknown: bool = False
    retry_after_ms: int = 0
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """One position as the venue holds it. `side` is the exposure's; quantity is positive, in base units."""

    symbol: Symbol
    side: PositionSide
    quantity: Decimal
    entry_price: Decimal
    mark_price: Decimal
    unrealized_pnl: Decimal
    liquidation_price: Decimal | None = None
    leverage: int | None = None
    isolated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadRow:
    """A symbol of which a row could not be read, and why: it may be flat, or hold anything.

    `NAMELESS` where the row names none: it may be about any symbol that no other row is about.
    """

    symbol: Symbol
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsReport(VenueReport):
    """Every position that is not flat, as read by one request begun at `begun_ns`, but for what is `unread`."""

    request_id: str
    begun_ns: int
    positions: tuple[PositionRow, ...]
    symbol: Symbol | None = None
    unread: tuple[UnreadRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrdersReport(VenueReport):
    """Every open order (of `symbol`, if named), as read by requests begun at `begun_ns`, but for what is `unread`."""

    request_id: str
    begun_ns: int
    orders: tuple[OrderReport, ...]
    symbol: Symbol | None = None
    unread: tuple[UnreadRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceReport(VenueReport):
    """Wallet balance, what is free for margin, unrealized profit; in `currency`."""

    request_id: str
    currency: str
    wallet: Decimal
    available: Decimal
    unrealized_pnl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed(VenueReport):
    """A read had no usable answer: evidence of nothing. `silent`: nobody who knows answered at all.

    `until_ns`, where it is not 0: it was not asked, and would have waited for `cause` until then (wall time).
    """

    request_id: str
    cause: Statement
    retry_after_ms: int = 0
    silent: bool = False
    until_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReport(VenueReport):
    """The mark price of a symbol; only the latest matters."""

    symbol: Symbol
    mark_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueUp(VenueReport):
    """The venue answered: what it trades and how the account is set. Sent after connecting and reconnecting.

    `margin_mode` is the one that every symbol is to be in; None: whichever it is in. `uses`: what is used of the
    limits already, by a process before this one, by other accounts behind the same address, by connecting. `place`:
    exchange and environment or host, for people. `others`: contracts that the venue lists and that are not traded here.
    `trailing`: what it takes as a callback rate; None: whatever is asked for.
    """

    venue_identity: str
    position_mode: PositionMode
    instruments: tuple[Instrument, ...]
    validity_window_ms: int
    limits: tuple[RateLimit, ...] = ()
    costs: tuple[RequestCost, ...] = ()
    margin_mode: MarginMode | None = None
    uses: tuple[RateUse, ...] = ()
    place: str = ""
    others: tuple[OtherContract, ...] = ()
    trailing: TrailingBounds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUsed(VenueReport):
    """What the venue last said is used of its limits, our own use included.

    `quiet_ms`, where it is not 0: for so long it wants to hear nothing from us, whoever of us had asked.
    """

    uses: tuple[RateUse, ...]
    quiet_ms: int = 0
    cause: Statement = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAwaited(VenueReport):
    """The venue answers, and the connection waits since then (wall time) for the request budget; 0: not any more.

    Accounts that share an address begin one after another, as its budget bears them.
    """

    since_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueDown(VenueReport):
    """The venue cannot be reached or does not answer; belief is kept.

    `fault`: it answers, and the account is set so that nothing can be traded.
    """

    cause: Statement
    fault: ModeFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesReport(VenueReport):
    """What the venue trades and by which rules, read anew while it is up. What is missing, it trades no more."""

    instruments: tuple[Instrument, ...]
    others: tuple[OtherContract, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChanged(Message):
    """To one position: the rules of its symbol, which may be others than those it knows."""

    position_id: PositionId
    instrument: Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeld(Message):
    """The venue's list of positions shows so much on the leg of a position whose entry is in doubt, time after time.

    Or it shows what is believed of one that was settled by hand. `quantity` is in the position's direction.
    """

    position_id: PositionId
    quantity: Decimal
    begun_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegChanged(Message):
    """To one position: whether another one stands on its leg of the venue, or is about to."""

    position_id: PositionId
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUp(VenueReport):
    """The account's event stream is open from now on; what happened before must be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDown(VenueReport):
    """The stream has a gap from now on."""

    cause: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountModes(VenueReport):
    """How the account is set at the venue: told when it is read first, and when it differs.

    `fault`: what keeps openings from being right there. `restored`: the position mode was another, and was set back.
    `multi_assets`: None where the venue does not tell.
    """

    position_mode: PositionMode
    multi_assets: bool | None = None
    fault: ModeFault | None = None
    restored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A position at the venue that is not supervised. `kind` is the venue's word for its contract; empty: not listed.

    `quantity` is None where its row cannot be read.
    """

    account: AccountId
    symbol: Symbol
    side: PositionSide | None
    quantity: Decimal | None
    mark_price: Decimal | None
    kind: str
    since_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMute(VenueReport):
    """The stream is open, and has not told of an order that the venue acknowledged at `since_ns`, nor of any since.

    `kind`: which orders it is mute about. It is opened anew; until StreamHeard, reading alone tells what happens.
    """

    kind: str
    since_ns: int
    client_order_id: ClientOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHeard(VenueReport):
    """The stream tells of orders of this kind again."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayEvent(VenueReport):
    """An event that fits no known order or symbol, kept as the venue wrote it (secrets never stand in events)."""

    raw: str
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageChanged(VenueReport):
    """The venue says that the leverage of a symbol was changed."""

    symbol: Symbol
    leverage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginCall(VenueReport):
    """The venue warns that a position is close to liquidation."""

    symbol: Symbol
    side: PositionSide
    text: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingReport(VenueReport):
    """One funding payment of a symbol, at `ts_event`; positive when received. The same one may be told again."""

    symbol: Symbol
    amount: Decimal
    currency: str
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingShare(Message):
    """To one position: `amount` is its part of a funding payment made at `ts_event`.

    `booked` is what it had booked of that part before; `worth` is that of what it lacks.
    """

    position_id: PositionId
    amount: Decimal
    currency: str
    ts_event: int
    worth: Worth | None = None
    booked: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """How much of one of the venue's limits is used, as far as we know."""

    kind: RateKind
    interval_ms: int
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitView:
    """A circuit that is not closed: `channel` names what is not asked of the venue for now."""

    channel: str
    half_open: bool
    cause: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStatus(VenueReport):
    """What one account's gateway is busy with. `throttled_until_ns` is wall time, 0: not throttled."""

    reachable: bool
    outstanding: int
    queued: int
    in_doubt: int
    retries: int
    throttled_until_ns: int = 0
    last_error: Statement = NOTHING
    budget: tuple[LimitUse, ...] = ()
    breaker: tuple[CircuitView, ...] = ()
    """The circuits that are not closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep(VenueReport):
    """To each live position of an account: these orders were open at `begun_ns`; look whether yours are among them."""

    begun_ns: int
    open_orders: frozenset[ClientOrderId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken(Message):
    """A timer that a position asked for by `Wake` is due."""

    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered(Message):
    """First message of a position rebuilt from its journal: look after what was in flight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """One order of a position, for people."""

    client_order_id: ClientOrderId
    purpose: OrderPurpose
    phase: str
    quantity: Decimal
    filled_quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView(Message):
    """A position as others may see it: committed state, published after every change.

    `to_come` is what its entry or an addition has yet to send: later parts of a split one, or all of it while a
    leverage is being set.
    `touched_ns` is when its last event was decided: a snapshot of the venue begun before says nothing of it.
    `unread`: the venue has filled more than there are trades for yet.
    `shared_leg`: it knows of another position on its leg.
    `fees` and `funding` are in `currency`, the contract's quote; `uncounted` is what was taken in others that nothing
    told the worth of. `result` is what it has brought in so far, in the currency of the limits.
    `reported_quantity` is what the venue says to have filled of its entries beyond the trades that are known.
    `unverified`: it was settled by hand, and has not been compared with the venue since.
    `track` tells what it held at which time, and what it has booked of fundings.
    """

    position_id: PositionId
    ordinal: int
    account: AccountId
    symbol: Symbol
    strategy: StrategyId
    side: PositionSide
    state: PositionState
    previous: PositionState | None
    since_ns: int
    transitions: int
    version: int
    quantity: Decimal
    entry_price: Decimal
    realized_pnl: Decimal
    fees: Decimal
    leverage: int | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    protected: bool
    in_doubt: bool
    goal_quantity: Decimal | None
    reason: Statement
    orders: tuple[OrderView, ...] = ()
    command_ids: tuple[CommandId, ...] = ()
    touched_ns: int = 0
    trailing: Decimal | None = None
    funding: Decimal = Decimal(0)
    unread: bool = False
    to_come: Decimal = Decimal(0)
    shared_leg: bool = False
    currency: str = LIMITS_CURRENCY
    uncounted: tuple[tuple[str, Decimal], ...] = ()
    result: Decimal = Decimal(0)
    reported_quantity: Decimal = Decimal(0)
    unverified: bool = False
    track: Track = Track()

    @property
    def unprotected(self) -> bool:
        """It is open and wants a stop, and none rests at the venue."""
        return self.quantity > 0 and self.stop_loss is not None and not self.protected

    @property
    def stop_shown(self) -> Decimal | None:
        """The stop that is wanted; where none is wanted any more, the one that the venue still has."""
        return self.stop_loss if self.stop_loss is not None else self._left(OrderPurpose.STOP)

    @property
    def target_shown(self) -> Decimal | None:
        """Likewise."""
        return self.take_profit if self.take_profit is not None else self._left(OrderPurpose.TARGET)

    def _left(self, purpose: OrderPurpose) -> Decimal | None:
        return next((o.price for o in self.orders if o.purpose is purpose and o.phase == "working"), None)

    @property
    def resting(self) -> Decimal:
        """What of its entry the venue has on its book: a limit order that waits for its price."""
        entries = (o for o in self.orders if o.purpose is OrderPurpose.ENTRY and o.price is not None)
        return sum((o.quantity - o.filled_quantity for o in entries if o.phase == "working"), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsAnswer(Message):
    """The answer to ListPositions: views, with the latest mark price of each symbol at each account.

    `silent` are positions that cannot say what they hold, each with the reason; a view of one is its last.
    `retired` were such, and are over, each with the reason; they are listed with what has ended. `instead` is
    the position that has the number of the one that was asked for, where none has its name.
    """

    command_id: CommandId
    to: Address
    views: tuple[PositionView, ...]
    marks: tuple[tuple[AccountId, Symbol, Decimal], ...] = ()
    silent: tuple[tuple[PositionId, Silence, Statement], ...] = ()
    instead: PositionId | None = None
    outside: tuple[Outside, ...] = ()
    retired: tuple[tuple[PositionId, Statement], ...] = ()

    @property
    def prices(self) -> Mapping[tuple[AccountId, Symbol], Decimal]:
        """Mark prices: those of two accounts may differ, as their venues do."""
        return {(account, symbol): price for account, symbol, price in self.marks}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer(Message):
    """The answer to ReadStatus: rows in order."""

    command_id: CommandId
    to: Address
    rows: Rows
    verdict: Verdict = Verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAnswer(Message):
    """The answer to ReadHistory: each record is one durable event, encoded by `messages.codec`.

    `instead`: as in PositionsAnswer.
    """

    command_id: CommandId
    to: Address
    position_id: PositionId
    records: tuple[bytes, ...]
    found: bool = True
    instead: PositionId | None = None
