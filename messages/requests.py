"""What a position asks of the gateway and the notifier, after its reasons are durable.

Opening, reducing and protecting are types of their own: reducing overtakes opening by priority,
and the adapter maps each to what its venue calls it (hedge mode knows no reduce-only).
"""

from dataclasses import dataclass
from decimal import Decimal

from messages.base import Message
from messages.statement import NOTHING, Statement
from messages.types import (
    AccountId,
    Address,
    ClientOrderId,
    CommandId,
    OrderKind,
    PositionId,
    PositionSide,
    ReplyCode,
    Severity,
    Side,
    Symbol,
    TriggerPrice,
    VenueOrderId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest(Message):
    """What all requests about one order name. `conditional` orders live in a service of their own at some venues."""

    account: AccountId
    symbol: Symbol
    client_order_id: ClientOrderId
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitOrder(OrderRequest):
    """One order, to be sent once. Nothing leaves after `expires_at_ns` (0: never).

    `callback_rate`, in percent, is a trailing stop's. A resting order ends by itself at `good_till_ns` (0: never),
    where the venue can do that. `post_only`: a limit order that would trade at once is refused instead.
    """

    side: Side
    position_side: PositionSide
    kind: OrderKind
    quantity: Decimal
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger: TriggerPrice = TriggerPrice.MARK
    expires_at_ns: int = 0
    callback_rate: Decimal | None = None
    good_till_ns: int = 0
    post_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitOpening(SubmitOrder):
    """Makes exposure larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitReducing(SubmitOrder):
    """Makes exposure smaller, and never flips it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitEmergency(SubmitOrder):
    """Makes exposure smaller, ahead of everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitProtection(SubmitOrder):
    """Rests at the venue until its trigger price; makes exposure smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder(OrderRequest):
    """Take an order off the book."""

    venue_order_id: VenueOrderId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveOrder(OrderRequest):
    """Find out what became of an order: by its id, by trades, until its validity window has surely passed.

    `unanswered`: nothing has been heard of it. OutcomeUnknown is the answer where it has left, and silence while it
    waits to leave.
    """

    sent_ns: int
    unanswered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOrder(OrderRequest):
    """One query by client order id; the adapter answers OrderReport, OrderNotFound or QueryFailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFills(OrderRequest):
    """The fills of one order since `since_ns`; the answer is one FillReport each, then FillsFetched."""

    since_ns: int
    venue_order_id: VenueOrderId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLeverage(Message):
    """Set the leverage of (account, symbol); answered by SettingApplied or SettingRefused to `position_id`.

    What still waits at `expires_at_ns` is refused (0: never).
    """

    account: AccountId
    symbol: Symbol
    leverage: int
    position_id: PositionId
    expires_at_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPositions(Message):
    """All positions of an account (or symbol), in one request; answered by PositionsReport or FetchFailed.

    `asked`, of any read: a person waits for the answer. It leaves before what is read in the background, or fails soon.
    """

    account: AccountId
    request_id: str
    symbol: Symbol | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOpenOrders(Message):
    """All open orders of an account (or symbol), conditional ones too; answered by OpenOrdersReport or FetchFailed.

    The list of one symbol costs a venue a fortieth of the list of all.
    """

    account: AccountId
    request_id: str
    symbol: Symbol | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchBalance(Message):
    """The balance of an account; answered by BalanceReport or FetchFailed."""

    account: AccountId
    request_id: str
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Message):
    """Tell the owner. `severity` CRITICAL is never delayed.

    `cause` names the trouble that it tells of, which a notice with the same name in `ends` says to be over; the trouble
    of a position, where none is named, is over when the position is at rest.
    """

    severity: Severity
    text: Statement
    account: AccountId | None = None
    position_id: PositionId | None = None
    notice_id: str = ""
    cause: str = ""
    ends: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake(Message):
    """A position asks to be told `Woken(topic)` after `after_ms`; the same topic replaces an earlier one."""

    topic: str
    after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Message):
    """The answer to a command, released after what it speaks of is durable.

    `code` says what it promises. `changed` is False where the command is accepted and nothing had to change.
    """

    command_id: CommandId
    to: Address
    accepted: bool
    text: Statement = NOTHING
    position_id: PositionId | None = None
    code: ReplyCode = ReplyCode.DECIDED
    changed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTaken(Message):
    """The supervisor's own record: this id stands for a command of this meaning, before it has an effect."""

    command_id: CommandId
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDecided(Message):
    """The supervisor's own record: an answer that no other event tells of, durable before it is given."""

    reply: Reply
    meaning: str
