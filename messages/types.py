"""Types shared by all messages: identifiers, enumerations, instruments.

Quantities are in base units, prices and money in the quote currency, both `Decimal`; times are integer nanoseconds
since the epoch unless a name states otherwise.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NewType

AccountId = NewType("AccountId", str)
"""Name of an account in the configuration, `[a-z0-9_]{1,32}`."""
Address = NewType("Address", str)
"""A mailbox's address: `supervisor`, `journal`, `gateway/main`, `position/17`."""
ClientOrderId = NewType("ClientOrderId", str)
"""Our own id of an order, see `messages.ids`."""
CommandId = NewType("CommandId", str)
"""Chosen by the caller; a repeated one has one effect."""
CorrelationId = NewType("CorrelationId", str)
"""Shared by everything that one command or one venue event set in motion."""
JournalId = NewType("JournalId", str)
"""Random name of a data directory's journal, part of every client order id."""
Life = NewType("Life", str)
"""One opening of a journal by a supervisor: six random characters."""
PositionId = NewType("PositionId", str)
"""`account.SYMBOL.side.strategy.ordinal`, see `messages.ids`."""
StrategyId = NewType("StrategyId", str)
"""Name of a strategy, `[A-Za-z0-9_]{1,32}`."""
Symbol = NewType("Symbol", str)
"""Venue-neutral name of a perpetual, `BTCUSDT`."""
TradeId = NewType("TradeId", str)
"""The venue's id of one fill, unique per symbol."""
VenueOrderId = NewType("VenueOrderId", str)

NAMELESS = Symbol("")
"""The symbol of a row that names none: it may be about any."""
MANUAL = StrategyId("manual")
"""The strategy of positions without an automatic strategy."""


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class PositionSide(StrEnum):
    LONG = "long"
    SHORT = "short"

    @property
    def increasing(self) -> Side:
        """Return the order side that increases such a position."""
        return Side.BUY if self is PositionSide.LONG else Side.SELL

    @property
    def reducing(self) -> Side:
        return self.increasing.opposite

    @property
    def sign(self) -> int:
        """Return 1 for long, -1 otherwise."""
        return 1 if self is PositionSide.LONG else -1

    @property
    def opposite(self) -> "PositionSide":
        return PositionSide.SHORT if self is PositionSide.LONG else PositionSide.LONG


class PositionMode(StrEnum):
    ONE_WAY = "one_way"
    HEDGE = "hedge"


class PositionState(StrEnum):
    """The eleven lifecycle states, named as in the original system."""

    PENDING = "PENDING"
    OPENING = "OPENING"
    ACTIVE = "ACTIVE"
    MODIFYING = "MODIFYING"
    MODIFIED = "MODIFIED"
    PAUSED = "PAUSED"
    RECONCILING = "RECONCILING"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def terminal(self) -> bool:
        return self in _TERMINAL


class Silence(StrEnum):
    """Why a position cannot report its content: shown in place of its state."""

    QUARANTINED = "QUARANTINED"
    """Its actor failed too often."""
    DAMAGED = "DAMAGED"
    """Its history is unreadable."""
    RETIRED = "RETIRED"
    """Its history is unreadable, and its owner has ended it: the venue holds nothing of it."""


_TERMINAL = frozenset({PositionState.CLOSED, PositionState.FAILED, PositionState.CANCELLED})


class OrderPurpose(StrEnum):
    """Why a position has an order; the last three are conditional orders resting at the venue."""

    ENTRY = "entry"
    REDUCE = "reduce"
    STOP = "stop"
    TARGET = "target"
    TRAILING = "trailing"

    @property
    def protective(self) -> bool:
        return self in (OrderPurpose.STOP, OrderPurpose.TARGET, OrderPurpose.TRAILING)


class OrderKind(StrEnum):
    MARKET = "market"
    LIMIT = "limit"
    STOP_MARKET = "stop_market"
    TARGET_MARKET = "target_market"
    TRAILING_STOP_MARKET = "trailing_stop_market"

    @property
    def conditional(self) -> bool:
        """Conditional orders wait for a trigger price and become a market order then."""
        return self in (OrderKind.STOP_MARKET, OrderKind.TARGET_MARKET, OrderKind.TRAILING_STOP_MARKET)


class TriggerPrice(StrEnum):
    MARK = "mark"
    LAST = "last"


class OrderStatus(StrEnum):
    """An order's status at the venue."""

    WORKING = "working"
    TRIGGERED = "triggered"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def ended(self) -> bool:
        return self not in (OrderStatus.WORKING, OrderStatus.TRIGGERED)


class RejectReason(StrEnum):
    """Why an order is certainly not at the venue, in terms that call for different reactions."""

    INSUFFICIENT_MARGIN = "insufficient_margin"
    REDUCE_ONLY = "reduce_only"
    BLOCKED = "blocked"
    """Other reducing orders of the account block it."""
    WOULD_TRIGGER = "would_trigger"
    FILTER = "filter"
    LIMIT_REACHED = "limit_reached"
    """The limit of resting orders is reached."""
    POSITION_LIMIT = "position_limit"
    """The position limit at this leverage is reached."""
    NOT_EXECUTED = "not_executed"
    NEVER_SENT = "never_sent"
    EXPIRED = "expired"
    PERMISSION = "permission"
    SYMBOL = "symbol"
    OTHER = "other"


class ReplyCode(StrEnum):
    """The promise of a command's answer.

    DECIDED: accepted, it happens once; or refused, it never happens. NOT_READY: not done and not queued; the command
    may be repeated. UNKNOWN: no promise; repeat the same command id later. OTHER_COMMAND: refused, the id stands for
    another command.
    """

    DECIDED = "decided"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"
    OTHER_COMMAND = "other_command"

    @property
    def final(self) -> bool:
        return self in (ReplyCode.DECIDED, ReplyCode.OTHER_COMMAND)


class Severity(StrEnum):
    """A notice's severity. DIGEST ones are collected and sent together; journals store them as `routine`."""

    DIGEST = "routine"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One perpetual's trading rules; zero means that the venue names no such bound.

    `price_up` and `price_down` are factors of the mark price: a limit buy may be at most the one, a limit sell at least
    the other.
    """

    symbol: Symbol
    quantity_step: Decimal
    price_step: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    max_market_quantity: Decimal
    min_notional: Decimal
    trading: bool = True
    min_price: Decimal = Decimal(0)
    max_price: Decimal = Decimal(0)
    price_up: Decimal = Decimal(0)
    price_down: Decimal = Decimal(0)
    quote: str = ""
    """The quote currency; empty when not reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherContract:
    """A listed contract that is not traded here: its name, and the venue's contract type."""

    symbol: Symbol
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A position's changes of quantity and its booked fundings, as far back as recorded.

    `moves`: (venue time in ns, change of quantity) after `since_ns`, by time. `paid`: (funding time, currency, amount),
    by time; payments until `settled_ns` are booked and not listed.
    """

    moves: tuple[tuple[int, Decimal], ...] = ()
    since_ns: int = 0
    paid: tuple[tuple[int, str, Decimal], ...] = ()
    settled_ns: int = 0


class ModeFault(StrEnum):
    """Why an account's modes prevent trading."""

    POSITION_MODE = "position_mode"
    ISOLATED_UNDER_MULTI_ASSETS = "isolated_under_multi_assets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The value of an amount when it was booked.

    `value` is in the contract's `quote` currency; `rate`: one unit of it in the limits' currency, None without a mark
    price.
    """

    quote: str
    rate: Decimal | None
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A fee in one currency, and its value."""

    amount: Decimal
    currency: str
    worth: Worth | None = None


class FillCause(StrEnum):
    """Why the venue filled an order of its own."""

    LIQUIDATION = "liquidation"
    DELEVERAGING = "deleveraging"
    SETTLEMENT = "settlement"


class Attribution(StrEnum):
    """Who bears a reduction that no manual position can bear: nobody until asked, or the strategies on that leg."""

    ASK = "ask"
    PRO_RATA = "pro_rata"
    NEWEST_FIRST = "newest_first"


class MarginMode(StrEnum):
    """Whether a symbol's positions share the account's margin or have their own."""

    CROSS = "cross"
    ISOLATED = "isolated"


class RateKind(StrEnum):
    """What a limit counts: request weight, or orders."""

    WEIGHT = "weight"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `limit` of `kind` within `interval_ms`; zero means that there is no such limit."""

    kind: RateKind
    interval_ms: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateUse:
    """The usage of a limit in the venue's current window, by all callers who share it."""

    kind: RateKind
    interval_ms: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCost:
    """The maximum usage of one request by its message class; `of_symbol`: when it names a symbol."""

    request: str
    weight: int
    orders: int = 0
    of_symbol: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A position's key: at most one non-terminal position has each key."""

    account: AccountId
    symbol: Symbol
    side: PositionSide
    strategy: StrategyId


LIMITS_CURRENCY = "USDT"
"""The currency of the configured limits, of the daily loss and of the reports, whatever a venue settles in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailingBounds:
    """A venue's bounds of a trailing stop's callback rate, in percent."""

    least: Decimal
    most: Decimal
    step: Decimal


CALLBACK_LEAST, CALLBACK_MOST, CALLBACK_STEP = Decimal("0.1"), Decimal(20), Decimal("0.01")
"""Input bounds of a trailing stop's callback rate in percent; each venue declares its own (`VenueUp`)."""
