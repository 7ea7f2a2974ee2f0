"""Requests of a position to the gateway and the notifier, released after their reasons are durable.

Opening, reducing and protecting are separate types: reducing overtakes opening by priority, and the adapter maps each
to the venue's terms (hedge mode has no reduce-only).
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
    """The base of requests about one order. `conditional` orders have a service of their own at some venues."""

    account: AccountId
    symbol: Symbol
    client_order_id: ClientOrderId
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitOrder(OrderRequest):
    """One order, to be sent once. It is not sent after `expires_at_ns` (0: never expires).

    `callback_rate`, in percent, is a trailing stop's. A resting order expires at `good_till_ns` (0: never), where the
    venue supports it. `post_only`: refused instead of trading at once.
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
    """Increases exposure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitReducing(SubmitOrder):
    """Decreases exposure, and never flips it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitEmergency(SubmitOrder):
    """Decreases exposure, ahead of everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitProtection(SubmitOrder):
    """Rests at the venue until its trigger price; decreases exposure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder(OrderRequest):
    """Cancel an order."""

    venue_order_id: VenueOrderId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveOrder(OrderRequest):
    """Resolve an order's outcome by its id and by trades, until its validity window has surely passed.

    `unanswered`: no answer has come yet. The answer is OutcomeUnknown after it was sent; none while it waits to be
    sent.
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

    A request that still waits at `expires_at_ns` is refused (0: never).
    """

    account: AccountId
    symbol: Symbol
    leverage: int
    position_id: PositionId
    expires_at_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPositions(Message):
    """Read all positions of an account (or symbol) in one request; answered by PositionsReport or FetchFailed.

    `asked`, of any read: a person waits. It precedes background reads, or fails soon.
    """

    account: AccountId
    request_id: str
    symbol: Symbol | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOpenOrders(Message):
    """Read all open orders of an account (or symbol), conditional ones too; answered by OpenOrdersReport or
    FetchFailed.

    One symbol's list has a fortieth of the full list's weight.
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
    """Send the owner a notice. CRITICAL is never delayed.

    `cause` names the problem, which a notice with that name in `ends` ends. Without a name, a position's problem ends
    when the position is at rest.
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
    """Send `Woken(topic)` after `after_ms`; an earlier timer of the topic is replaced."""

    topic: str
    after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Message):
    """The answer to a command, released after its effect is durable.

    `code` defines its promise. `changed` is False for an accepted command without a change.
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
    """In the supervisor's record: this id stands for a command of this meaning, before it has an effect."""

    command_id: CommandId
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDecided(Message):
    """In the supervisor's record: an answer that no event contains, durable before it is sent."""

    reply: Reply
    meaning: str
