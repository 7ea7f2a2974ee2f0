"""Past tense: what a position's history is made of. Folding these, and nothing else, gives its state."""

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
    """So much more is to be bought or sold by market; nothing has been sent."""

    command_id: CommandId
    quantity: Decimal
    expires_at_ns: int = 0
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAbandoned(Event):
    """What is left of the entry is not wanted any more; what is filled is kept."""

    command_id: CommandId
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAbandoned(Event):
    """What is left of a close is not wanted any more: its owner wrote off an order that may have done it."""

    command_id: CommandId
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReductionDeferred(Event):
    """The venue shows nothing to reduce, time after time, and nothing explains it: tried less often from now on."""

    pause_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionStranded(Event):
    """What is left is less than any order at the venue may be: nothing can close or protect it."""

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
    """A position found at the venue came under supervision. `fee` is what its trades took, where they are known."""

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
    """Leverage is about to be set: before the entry, or of what is held."""

    leverage: int
    command_id: CommandId = CommandId("")
    since_ns: int = 0
    """When it was asked for; 0 in a history of before that was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageApplied(Event):
    """The venue confirmed the leverage."""

    leverage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageDoubted(Event):
    """An answer that says neither yes nor no came to a setting of leverage; it is asked for again."""

    leverage: int
    text: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageRefused(Event):
    """The venue refused the leverage; an entry that waits for it is not sent.

    `command_id`: the owner did, who ends the doubt about it by hand.
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
    """A conditional order met its trigger price; its market order is on its way.

    `since_ns` is when it was heard of; 0 in a history of before that was written.
    """

    client_order_id: ClientOrderId
    since_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRefused(Event):
    """The venue refused a cancel in `words` that no table has: the order may rest on, and the cancel is tried again."""

    client_order_id: ClientOrderId
    words: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStalled(Event):
    """A triggered order has neither a child nor a fill for longer than the venue takes: it protects nothing."""

    client_order_id: ClientOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityVerified(Event):
    """The venue's list, read at `begun_ns` or later, shows what is believed: what was settled by hand is right."""

    quantity: Decimal
    begun_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUncancelable(Event):
    """The venue does not take a stalled order off its book, and has been asked to for long enough."""

    client_order_id: ClientOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWrittenOff(Event):
    """The owner ends the doubt about an order: what its known fills say of it is all that is believed."""

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
    """Nobody knows whether the order reached the venue; it is being found out."""

    client_order_id: ClientOrderId
    cause: Statement
    answered: bool = False
    """The venue itself said so, in words that no table has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderProvenAbsent(Event):
    """The order did not reach the venue and cannot any more."""

    client_order_id: ClientOrderId
    evidence: str
    words: Statement = NOTHING
    """What the venue said when the order was sent; empty where it said nothing."""


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
    """The order is no longer live at the venue; `filled_quantity` is the venue's final word on it."""

    client_order_id: ClientOrderId
    status: OrderStatus
    filled_quantity: Decimal
    text: Statement = NOTHING
    """The venue's reason, where it gives one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillsMissed(Event):
    """The venue reports more filled than the fills we hold; the trades are being read."""

    client_order_id: ClientOrderId
    filled_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelIntended(Event):
    """A cancel is about to be sent."""

    client_order_id: ClientOrderId
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequested(Event):
    """Somebody or something wants no more than `goal_quantity` left."""

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

    `why` is given where no command asks for it: the venue refuses a move, and one of them returns to where it was.
    """

    command_id: CommandId
    stop_loss: Decimal | None
    take_profit: Decimal | None
    trailing: Decimal | None = None
    why: Statement = NOTHING
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionPlaced(Event):
    """The venue holds the protection that was asked for, for the whole quantity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionFailed(Event):
    """The venue refused the protection; it is tried again, and the position closed when time is up."""

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
    """A change made outside of us was booked, with its evidence. A given entry price or leverage replaces ours.

    `assumed`: it stands for fills that are not known, or takes that back because they are.
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
    """The supervisor's own history: openings are held, of one account or symbol where they are named.

    `until_day`, where it is not 0, is the last day (see `limits.timezone`) that the hold is in force. `highest_lost`,
    after a loss of journal steps, is the highest ordinal that a lost position can have.
    """

    command_id: CommandId
    account: AccountId | None = None
    symbol: Symbol | None = None
    why: Statement = NOTHING
    until_day: int = 0
    highest_lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningsResumed(Event):
    """The supervisor's own history: the hold that the same words put on was lifted.

    `forgiven` is what accounts had realized on `day` by then: the daily loss is counted from there.
    """

    command_id: CommandId
    account: AccountId | None = None
    symbol: Symbol | None = None
    day: int = 0
    forgiven: tuple[tuple[AccountId, Decimal], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAllRequested(Event):
    """The supervisor's own history: everything was to be closed, and what each of those that were open was told."""

    command_id: CommandId
    closes: tuple[EmergencyClose, ...] = ()
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRetired(Event):
    """The supervisor's own history: a position whose history is damaged is over, by its owner's word.

    The venue held nothing of it then, and had no order of it. `why` is the damage.
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
    """The venue trades the symbol by other rules from now on."""

    instrument: Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class LegUpdated(Event):
    """From now on another position stands on the same leg of the venue, or none does any more."""

    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRefused(Event):
    """A message met a state in which it may change nothing."""

    message: str
    state: PositionState
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedTradeShared(Event):
    """The supervisor's own history: a trade by which the venue closed something itself was shared out, once.

    `commands` are what each position on the leg books of it; `left`, in base units, is nobody's that we know.
    """

    account: AccountId
    symbol: Symbol
    trade_id: TradeId
    commands: tuple[AdjustPosition, ...] = ()
    left: Decimal = Decimal(0)
