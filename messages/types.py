"""The vocabulary every message shares: identifiers, enumerations, instruments.

Quantities are in base units, prices and money in the quote currency, both `Decimal`;
times are integer nanoseconds since the epoch unless a name says otherwise.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NewType

AccountId = NewType("AccountId", str)
"""Name of an account in the configuration, `[a-z0-9_]{1,32}`."""
Address = NewType("Address", str)
"""Where a mailbox is: `supervisor`, `journal`, `gateway/main`, `position/17`."""
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
"""Of a row that names no symbol: it may be about any."""
MANUAL = StrategyId("manual")
"""The strategy that owns what no automatic strategy claims."""


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
        """The order side that makes such a position larger."""
        return Side.BUY if self is PositionSide.LONG else Side.SELL

    @property
    def reducing(self) -> Side:
        return self.increasing.opposite

    @property
    def sign(self) -> int:
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
    """Why a position cannot say what it holds: shown in place of its state."""

    QUARANTINED = "QUARANTINED"
    """Its actor failed too often."""
    DAMAGED = "DAMAGED"
    """Its history cannot be read."""
    RETIRED = "RETIRED"
    """Its history cannot be read, and its owner has ended it: the venue holds nothing of it."""


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
    """What the venue says an order is."""

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
    """Other orders of the account that would reduce stand in its way."""
    WOULD_TRIGGER = "would_trigger"
    FILTER = "filter"
    LIMIT_REACHED = "limit_reached"
    """As many orders rest as may rest."""
    POSITION_LIMIT = "position_limit"
    """As much is held, or would be, as may be held at this leverage."""
    NOT_EXECUTED = "not_executed"
    NEVER_SENT = "never_sent"
    EXPIRED = "expired"
    PERMISSION = "permission"
    SYMBOL = "symbol"
    OTHER = "other"


class ReplyCode(StrEnum):
    """What an answer to a command promises.

    DECIDED: accepted, it happens once; or refused, it has not happened and never does. NOT_READY: nothing is done and
    nothing waits; the same command may be asked again. UNKNOWN: neither is promised; the same command id tells later.
    OTHER_COMMAND: refused, the id stands for a command of another kind or content.
    """

    DECIDED = "decided"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"
    OTHER_COMMAND = "other_command"

    @property
    def final(self) -> bool:
        return self in (ReplyCode.DECIDED, ReplyCode.OTHER_COMMAND)


class Severity(StrEnum):
    """How much a notice matters. DIGEST ones are collected, and sent together; journals know them as `routine`."""

    DIGEST = "routine"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One perpetual's trading rules as the venue states them; zero means the venue names no such bound.

    `price_up` and `price_down` are shares of the mark price: no limit to buy is taken above the one, none to sell
    below the other.
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
    """The currency of its prices; empty where the venue does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherContract:
    """What the venue lists and is not traded here: its name, and what the venue calls its kind."""

    symbol: Symbol
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """How a position came to hold what it holds, and what it has booked of fundings, as far back as they are told.

    `moves` are (the venue's time in ns, change of quantity), by time, all that were after `since_ns`. `paid` are (time
    of the funding, currency, amount), by time; what was paid until `settled_ns` is booked, and not in the list.
    """

    moves: tuple[tuple[int, Decimal], ...] = ()
    since_ns: int = 0
    paid: tuple[tuple[int, str, Decimal], ...] = ()
    settled_ns: int = 0


class ModeFault(StrEnum):
    """Why an account cannot be traded on as it is set."""

    POSITION_MODE = "position_mode"
    ISOLATED_UNDER_MULTI_ASSETS = "isolated_under_multi_assets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What an amount of money was worth when it was booked.

    `value` is in the contract's `quote` currency, `rate` is what one of that came to in the currency of the limits;
    None: no mark price told it.
    """

    quote: str
    rate: Decimal | None
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What the venue took in one currency, and what that is worth."""

    amount: Decimal
    currency: str
    worth: Worth | None = None


class FillCause(StrEnum):
    """What the venue did where it filled an order of its own."""

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
    """What a venue counts: requests by their weight, or orders."""

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
    """How much of a limit is used in the venue's window at hand, by everybody who shares it."""

    kind: RateKind
    interval_ms: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCost:
    """What one request, named by its message class, uses of the limits at most; `of_symbol`: where it names one."""

    request: str
    weight: int
    orders: int = 0
    of_symbol: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a position is keyed by: at most one non-terminal position has each key."""

    account: AccountId
    symbol: Symbol
    side: PositionSide
    strategy: StrategyId


LIMITS_CURRENCY = "USDT"
"""The currency of the configured limits, of the daily loss and of the reports, whatever a venue settles in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailingBounds:
    """What a venue takes as a trailing stop's callback rate, in percent."""

    least: Decimal
    most: Decimal
    step: Decimal


CALLBACK_LEAST, CALLBACK_MOST, CALLBACK_STEP = Decimal("0.1"), Decimal(20), Decimal("0.01")
"""A trailing stop's callback rate in percent, as the ways in take it; each venue declares its own (`VenueUp`)."""
