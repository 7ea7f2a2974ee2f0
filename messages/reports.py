"""Reports: the venue's answers and events, and the runtime's messages to positions."""

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
    """`ts_event`: the venue's time of the fact in ns (0: unknown); `ts_init`: when it reached us."""

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
    """The answer to a submit or cancel: perhaps done. `silent`: the venue did not answer.

    `answered`: the venue refused it with a text that no table lists, so the request is no longer in transit.
    """

    cause: Statement
    cancel: bool = False
    silent: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExecuted(AboutOrder):
    """From adapter to gateway: not executed; may be retried after `retry_after_ms`.

    `throttled`: the venue asks all callers to pause that long (429, 418). `silent`: the venue did not answer.
    `untimely`: refused for the request's timestamp; the clock offset has been measured again.
    """

    retry_after_ms: int
    cause: Statement
    cancel: bool = False
    throttled: bool = False
    silent: bool = False
    untimely: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport(AboutOrder):
    """An order's state at the venue, from the stream or a query. `filled_quantity` is cumulative.

    `begun_ns`: when the read began, 0 for a stream event, since the stream's order of events differs from ours.
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
    """The limit price, where the venue reports one."""
    text: Statement = NOTHING
    """The venue's text about its end, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNotFound(AboutOrder):
    """From adapter to gateway: a query knows no such order; that alone proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFailed(AboutOrder):
    """From adapter to gateway: a query or cancel had no usable answer. `silent`: the venue did not answer."""

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

    The supervisor adds `worth`, the fee's value. `cause`: the reason of the venue's own order; None for a user's.
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
    """All fills of this order known to the venue at `ts_init` were reported before this message."""

    filled_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingApplied(VenueReport):
    """The venue confirmed a setting asked for by a position."""

    position_id: PositionId
    symbol: Symbol
    leverage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRefused(VenueReport):
    """The venue refused a setting, or its outcome is `unknown`: a setting may be repeated."""

    position_id: PositionId
    symbol: Symbol
    leverage: int
    text: Statement
    unknown: bool = False
    retry_after_ms: int = 0
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """One position at the venue. `side`: the exposure's; `quantity`: positive, in base units."""

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
    """A symbol with an unreadable row, and why: it may be flat or hold anything.

    `NAMELESS`: the row names no symbol; it may belong to any symbol without a readable row.
    """

    symbol: Symbol
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsReport(VenueReport):
    """Every open position, from one request begun at `begun_ns`, except the `unread` symbols."""

    request_id: str
    begun_ns: int
    positions: tuple[PositionRow, ...]
    symbol: Symbol | None = None
    unread: tuple[UnreadRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrdersReport(VenueReport):
    """Every open order (of `symbol`, if named), from requests begun at `begun_ns`, except the `unread` symbols."""

    request_id: str
    begun_ns: int
    orders: tuple[OrderReport, ...]
    symbol: Symbol | None = None
    unread: tuple[UnreadRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceReport(VenueReport):
    """Wallet balance, available margin, unrealized profit; in `currency`."""

    request_id: str
    currency: str
    wallet: Decimal
    available: Decimal
    unrealized_pnl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed(VenueReport):
    """A read without a usable answer: evidence of nothing. `silent`: the venue did not answer.

    `until_ns`, unless 0: the request was not sent, since it would have waited for `cause` until then (wall time).
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
    """The venue is up: its contracts and the account's modes. Sent after connecting and reconnecting.

    `margin_mode`: required of every symbol; None: any. `uses`: usage of the limits by an earlier process, by accounts
    behind the same address, and by connecting. `place`: exchange and environment or host, for people. `others`: listed
    contracts that are not traded here. `trailing`: bounds of callback rates; None: unbounded.
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
    """The venue's last reported usage of its limits, our own included.

    `quiet_ms`, unless 0: the venue asks us to send nothing for so long.
    """

    uses: tuple[RateUse, ...]
    quiet_ms: int = 0
    cause: Statement = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAwaited(VenueReport):
    """The connection has waited for the request budget since then (wall time); 0: no longer.

    Accounts that share an address connect one after another, as its budget allows.
    """

    since_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueDown(VenueReport):
    """The venue is unreachable or does not answer; belief is kept.

    `fault`: the venue answers, but the account's modes prevent trading.
    """

    cause: Statement
    fault: ModeFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesReport(VenueReport):
    """The venue's contracts and rules, read while it is up. A missing contract is no longer traded."""

    instruments: tuple[Instrument, ...]
    others: tuple[OtherContract, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChanged(Message):
    """To one position: the current rules of its symbol."""

    position_id: PositionId
    instrument: Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeld(Message):
    """Repeated reads show this quantity on the leg of a position whose entry's outcome is unknown.

    Or they confirm a position settled by hand. `quantity` is in the position's direction.
    """

    position_id: PositionId
    quantity: Decimal
    begun_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegChanged(Message):
    """To one position: whether another position shares its leg, now or soon."""

    position_id: PositionId
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUp(VenueReport):
    """The account's event stream is open from now on; earlier state must be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDown(VenueReport):
    """The stream has lost events from now on."""

    cause: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountModes(VenueReport):
    """The account's modes at the venue, sent at the first read and on changes.

    `fault`: why openings would be wrong under them. `restored`: the position mode had changed and was set back.
    `multi_assets`: None when not reported.
    """

    position_mode: PositionMode
    multi_assets: bool | None = None
    fault: ModeFault | None = None
    restored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """An unsupervised position at the venue. `kind`: the venue's contract type; empty: not listed.

    `quantity` is None when its row is unreadable.
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
    """The open stream has brought no event of the order acknowledged at `since_ns`, nor of any later one.

    `kind`: the orders concerned. The stream is reopened; until StreamHeard, only reads show changes.
    """

    kind: str
    since_ns: int
    client_order_id: ClientOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHeard(VenueReport):
    """The stream brings events of these orders again."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayEvent(VenueReport):
    """An event of no known order or symbol, as the venue wrote it (events contain no secrets)."""

    raw: str
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageChanged(VenueReport):
    """A symbol's leverage was changed at the venue."""

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
    """One funding payment of a symbol at `ts_event`; positive when received. May be reported again."""

    symbol: Symbol
    amount: Decimal
    currency: str
    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingShare(Message):
    """To one position: `amount` is its part of a funding payment at `ts_event`.

    `booked`: the amount already booked of it; `worth`: the value of the rest.
    """

    position_id: PositionId
    amount: Decimal
    currency: str
    ts_event: int
    worth: Worth | None = None
    booked: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """The known usage of one limit of the venue."""

    kind: RateKind
    interval_ms: int
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitView:
    """A circuit that is not closed: no requests of `channel` are sent."""

    channel: str
    half_open: bool
    cause: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStatus(VenueReport):
    """One account's gateway state. `throttled_until_ns` is wall time, 0: not throttled."""

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
    """To each live position of an account: the orders open at `begun_ns`."""

    begun_ns: int
    open_orders: frozenset[ClientOrderId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken(Message):
    """A timer set by `Wake` is due."""

    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered(Message):
    """The first message of a recovered position: resolve requests in flight."""


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
    """A position's committed state, published after every change.

    `to_come`: what the entry or an addition has yet to send. `touched_ns`: when its last event was decided; an earlier
    snapshot of the venue does not include it. `unread`: the venue has filled more than the known trades. `shared_leg`:
    another position is on its leg. `fees` and `funding` are in `currency`, the quote currency; `uncounted` are amounts
    in other currencies without a known value. `result`: realized so far, in the limits' currency. `reported_quantity`:
    filled by the venue's reports beyond the known trades. `unverified`: settled by hand, not yet compared with the
    venue. `track`: quantities over time, and booked fundings.
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
        """Return whether it is open and its wanted stop does not rest at the venue."""
        return self.quantity > 0 and self.stop_loss is not None and not self.protected

    @property
    def stop_shown(self) -> Decimal | None:
        """Return the wanted stop, else the one still at the venue."""
        return self.stop_loss if self.stop_loss is not None else self._left(OrderPurpose.STOP)

    @property
    def target_shown(self) -> Decimal | None:
        """Return the wanted target, else the one still at the venue."""
        return self.take_profit if self.take_profit is not None else self._left(OrderPurpose.TARGET)

    def _left(self, purpose: OrderPurpose) -> Decimal | None:
        return next((o.price for o in self.orders if o.purpose is purpose and o.phase == "working"), None)

    @property
    def resting(self) -> Decimal:
        """Return the quantity of its entry that rests on the venue's book."""
        entries = (o for o in self.orders if o.purpose is OrderPurpose.ENTRY and o.price is not None)
        return sum((o.quantity - o.filled_quantity for o in entries if o.phase == "working"), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsAnswer(Message):
    """The answer to ListPositions: views, and the latest mark price by account and symbol.

    `silent`: positions that cannot report their content, each with the reason; a view of one is its last. `retired`:
    ended ones of these, listed with the ended positions. `instead`: the position with the requested number, when none
    has the requested name.
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
        """Return mark prices by account and symbol: two accounts' prices may differ."""
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
