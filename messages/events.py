"""Events, in the past tense: a position's history. Its state is a fold of these alone."""

from dataclasses import dataclass
from decimal import Decimal

from messages.base import Event
from messages.commands import AdjustPosition, EmergencyClose
from messages.statement import NOTHING, Statement
from messages.types import (
    AccountId,
    ClientOrderId,
    CommandId,
    Instrument,
    JournalId,
    Key,
    OrderKind,
    OrderPurpose,
    OrderStatus,
    PositionId,
    PositionState,
    RejectReason,
    Side,
    Symbol,
    TradeId,
    VenueOrderId,
    Worth,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRequested(Event):
    """An opening was admitted; nothing has been sent."""

    command_id: CommandId
    key: Key
    ordinal: int
    journal_id: JournalId
    instrument: Instrument
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    leverage: int | None = None
    expires_at_ns: int = 0
    trailing: Decimal | None = None
    post_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionRequested(Event):
    """An addition by market was admitted; nothing has been sent."""

    command_id: CommandId
    quantity: Decimal
    expires_at_ns: int = 0
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAbandoned(Event):
    """The rest of the entry was abandoned; the filled part is kept."""

    command_id: CommandId
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAbandoned(Event):
    """The rest of a close was abandoned: its owner wrote off an order that may have filled it."""

    command_id: CommandId
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReductionDeferred(Event):
    """The venue repeatedly shows nothing to reduce, without explanation: retried less often from now on."""

    pause_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionStranded(Event):
    """The rest is below the venue's minimum order: it can be neither closed nor protected."""

    quantity: Decimal
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingBooked(Event):
    """This position's share of a funding payment, or a change of it; positive when received.

    `ts_event` is the time of the funding.
    """

    amount: Decimal
    currency: str
    worth: Worth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionAdopted(Event):
    """A position found at the venue came under supervision. `fee`: the fees of its trades, where known."""

    command_id: CommandId
    key: Key
    ordinal: int
    journal_id: JournalId
    instrument: Instrument
    quantity: Decimal
    entry_price: Decimal
    leverage: int | None = None
    evidence: str = ""
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    worth: Worth | None = None
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageIntended(Event):
    """Leverage is about to be set, before the entry or for an open position."""

    leverage: int
    command_id: CommandId = CommandId("")
    since_ns: int = 0
    """The time of the request; 0 in records of earlier versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageApplied(Event):
    """The venue confirmed the leverage."""

    leverage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageDoubted(Event):
    """Setting the leverage had an unclear answer; it is requested again."""

    leverage: int
    text: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageRefused(Event):
    """The venue refused the leverage; a waiting entry is not sent.

    `command_id`: set when the owner ended an unknown outcome by hand.
    """

    leverage: int
    text: Statement
    command_id: CommandId = CommandId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntended(Event):
    """An order is about to be sent under this id; it is sent once, after this is durable."""

    client_order_id: ClientOrderId
    number: int
    purpose: OrderPurpose
    kind: OrderKind
    side: Side
    quantity: Decimal
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    callback_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAcknowledged(Event):
    """The venue has the order."""

    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTriggered(Event):
    """A conditional order met its trigger price; its market order follows.

    `since_ns`: the time of the report; 0 in records of earlier versions.
    """

    client_order_id: ClientOrderId
    since_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRefused(Event):
    """The venue refused a cancel with a text (`words`) that no table lists: the order may still rest, and the cancel is
    retried.
    """

    client_order_id: ClientOrderId
    words: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStalled(Event):
    """A triggered order has neither child nor fill after the venue's usual time: it protects nothing."""

    client_order_id: ClientOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityVerified(Event):
    """The venue's positions, read at `begun_ns` or later, confirm a position settled by hand."""

    quantity: Decimal
    begun_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUncancelable(Event):
    """The venue has not canceled a stalled order after repeated requests."""

    client_order_id: ClientOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWrittenOff(Event):
    """The owner ended an order's unknown outcome: only its known fills count."""

    client_order_id: ClientOrderId
    command_id: CommandId
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefused(Event):
    """The order is certainly not at the venue."""

    client_order_id: ClientOrderId
    reason: RejectReason
    code: str = ""
    text: Statement = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDoubted(Event):
    """The order's outcome is unknown and is being resolved."""

    client_order_id: ClientOrderId
    cause: Statement
    answered: bool = False
    """The venue answered with a text that no table lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderProvenAbsent(Event):
    """The order did not reach the venue and cannot any more."""

    client_order_id: ClientOrderId
    evidence: str
    words: Statement = NOTHING
    """The venue's text at submission; empty when it gave none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilled(Event):
    """One fill, owned by exactly one order of one position. `realized_pnl` excludes fees; `worth` is the fee's."""

    client_order_id: ClientOrderId
    trade_id: TradeId
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    realized_pnl: Decimal
    worth: Worth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded(Event):
    """The order is terminal at the venue; `filled_quantity` is the venue's final value."""

    client_order_id: ClientOrderId
    status: OrderStatus
    filled_quantity: Decimal
    text: Statement = NOTHING
    """The venue's reason, where it gives one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillsMissed(Event):
    """The venue reports more filled quantity than we have fills; the trades are being read."""

    client_order_id: ClientOrderId
    filled_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelIntended(Event):
    """A cancel is about to be sent."""

    client_order_id: ClientOrderId
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequested(Event):
    """A reduction to at most `goal_quantity` was requested."""

    command_id: CommandId
    goal_quantity: Decimal
    why: Statement
    emergency: bool = False
    cancel_first: bool = False
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalReached(Event):
    """The requested reduction is done."""

    goal_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionRequested(Event):
    """Stop and target are to rest at these prices, a trailing stop with this callback rate; None: none.

    `why`: set when no command asked for it: the venue refused a move, and one of them returns to its earlier price.
    """

    command_id: CommandId
    stop_loss: Decimal | None
    take_profit: Decimal | None
    trailing: Decimal | None = None
    why: Statement = NOTHING
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionPlaced(Event):
    """The requested protection rests at the venue for the whole quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionFailed(Event):
    """The venue refused the protection; it is retried, and the position is closed after the configured time."""

    client_order_id: ClientOrderId
    attempt: int
    text: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionPaused(Event):
    """A human put the position on hold."""

    command_id: CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionResumed(Event):
    """The hold ended, or a change made outside was accepted."""

    command_id: CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityAdjusted(Event):
    """An outside change was booked with its evidence. A given entry price or leverage replaces ours.

    `assumed`: it stands for unknown fills, or is reversed when they become known.
    """

    command_id: CommandId
    quantity_delta: Decimal
    price: Decimal
    realized_pnl: Decimal
    why: Statement
    evidence: str = ""
    entry_price: Decimal | None = None
    leverage: int | None = None
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    worth: Worth | None = None
    assumed: bool = False
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningsPaused(Event):
    """In the supervisor's history: openings are held, of one account or symbol where named.

    `until_day`: the last day (see `limits.timezone`) of the hold; 0: no end. `highest_lost`: after a loss of journal
    steps, the highest ordinal of a lost position.
    """

    command_id: CommandId
    account: AccountId | None = None
    symbol: Symbol | None = None
    why: Statement = NOTHING
    until_day: int = 0
    highest_lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningsResumed(Event):
    """In the supervisor's history: the hold with equal fields was lifted.

    `forgiven`: what accounts had realized on `day`; the daily loss is counted from there.
    """

    command_id: CommandId
    account: AccountId | None = None
    symbol: Symbol | None = None
    day: int = 0
    forgiven: tuple[tuple[AccountId, Decimal], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAllRequested(Event):
    """In the supervisor's history: a close of everything was requested; each open position's command is listed."""

    command_id: CommandId
    closes: tuple[EmergencyClose, ...] = ()
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRetired(Event):
    """In the supervisor's history: the owner ended a position whose history is damaged.

    The venue had neither a position nor an order of it then. `why` is the damage.
    """

    command_id: CommandId
    position_id: PositionId
    discrepancy_id: str
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(Event):
    """The position left one state and entered another."""

    before: PositionState
    after: PositionState
    because: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesUpdated(Event):
    """The venue changed the symbol's trading rules."""

    instrument: Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class LegUpdated(Event):
    """Whether another position holds the same leg at the venue has changed."""

    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRefused(Event):
    """A message was refused in the position's state and changed nothing."""

    message: str
    state: PositionState
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedTradeShared(Event):
    """In the supervisor's history: a forced close by the venue was allocated to positions, once.

    `commands`: each position's booking; `left`: the unallocated quantity in base units.
    """

    account: AccountId
    symbol: Symbol
    trade_id: TradeId
    commands: tuple[AdjustPosition, ...] = ()
    left: Decimal = Decimal(0)
