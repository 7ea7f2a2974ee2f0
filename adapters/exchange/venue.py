"""What an exchange provides, by role. Each exchange is a folder beside this module; `registry` finds it.

The parts of one account that know its exchange are made together (`Dialect.connect`), so that they may share what they
learn: contract sizes, links from a child order to its parent. A role without state may be a module.

Quantities are base units and prices are in the instrument's quote currency on this side of every role. Times are
nanoseconds unless a name says ms.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from adapters.exchange.addresses import Hosts
from adapters.exchange.codes import VenueCodes
from adapters.exchange.errors import AdapterError
from adapters.exchange.rows import Row
from messages.base import Message
from messages.reconciliation import FetchTrades, TradesReport
from messages.reports import (
    BalanceReport,
    FillReport,
    FundingReport,
    MarkReport,
    OpenOrdersReport,
    OrderNotFound,
    OrderReport,
    PositionRow,
    PositionsReport,
    QueryFailed,
)
from messages.requests import (
    CancelOrder,
    FetchBalance,
    FetchFills,
    FetchOpenOrders,
    FetchPositions,
    OrderRequest,
    SetLeverage,
    SubmitEmergency,
    SubmitOrder,
)
from messages.statement import NOTHING, Statement
from messages.types import (
    AccountId,
    ClientOrderId,
    Instrument,
    MarginMode,
    OtherContract,
    PositionMode,
    RateLimit,
    RateUse,
    RequestCost,
    Symbol,
    TrailingBounds,
    VenueOrderId,
)

if TYPE_CHECKING:
    from adapters.exchange.outcome import Verdict
    from adapters.exchange.session import Session
    from adapters.exchange.settings import ExchangeSettings, Wiring
    from adapters.exchange.symbol_settings import SymbolSettings

_EMPTY: Mapping[str, str] = MappingProxyType({})
ChildKey = tuple[Symbol, VenueOrderId]


class IncompleteOrderError(AdapterError, ValueError):
    """An order without a field that its kind needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One REST request: method, path as the venue documents it, parameters without time and signature."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    private: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The account of a report, and when we learned of it."""

    account: AccountId
    ts_init: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an exchange takes.

    `client_order_id`: a regular expression that every client order id fits. `accepted_skew_ms`: how far ahead of its
    own clock it accepts a timestamp. `trailing`: bounds of a trailing stop's callback rate.
    """

    client_order_id: str
    accepted_skew_ms: int
    trailing: TrailingBounds


class Transport(Protocol):
    """How requests leave through ccxt."""

    SERVER_TIME: Call

    def server_ms(self, value: object) -> int | None:
        """The time in the answer to `SERVER_TIME`; None where it tells none."""
        ...

    def build(self, settings: "ExchangeSettings") -> Any:
        """A ccxt.pro instance with these keys and addresses, no limiter and no retries of its own."""
        ...

    async def send(self, exchange: Any, call: Call) -> None:
        """Hand a request to ccxt's `request`. Raises what that raises."""
        ...


class Weights(Protocol):
    """What requests cost, and what is used of the limits."""

    COSTS: tuple[RequestCost, ...]
    """Of each request to the port the most it usually costs."""
    CONNECTING: int
    FUNDINGS: int
    LOOKUP: int
    SETTING: int
    """What the adapter asks unbidden: to connect, for fundings, for a parent order, to set one symbol."""
    SETTINGS: int
    """What reading the settings of all symbols costs beside the positions."""
    USUAL_WEIGHT_PER_MINUTE: int

    def weight_of(self, call: Call) -> int: ...

    def uses(self, headers: Mapping[str, str]) -> tuple[RateUse, ...]:
        """What the headers of one answer say is used; empty where the venue says nothing of it."""
        ...


class Requests(Protocol):
    """A request to the port -> the venue's request."""

    KEY_PROBE: Call
    """A cheap read that a key without permissions is refused for."""

    def submit(self, message: SubmitOrder, mode: PositionMode) -> Call:
        """The one request of an order. Raises IncompleteOrderError."""
        ...

    def cancel(self, message: CancelOrder) -> Call: ...

    def cancel_by_venue_id(self, symbol: Symbol, venue_order_id: VenueOrderId) -> Call: ...

    def leverage(self, symbol: Symbol, times: int) -> Call: ...

    def margin_mode(self, symbol: Symbol, mode: MarginMode) -> Call: ...

    def set_position_mode(self, mode: PositionMode) -> Call: ...


class Answers(Protocol):
    """What the answer to a request tells beyond that it was accepted."""

    def submitted(self, request: SubmitOrder, row: Row, stamp: Stamp) -> OrderReport | None:
        """None where the answer names the order alone."""
        ...

    def canceled(self, row: Row, stamp: Stamp) -> OrderReport | None:
        """The same of a cancel: None has the order read. Raises MalformedError."""
        ...

    def child_canceled(self, row: Row, child: Row, stamp: Stamp) -> OrderReport:
        """A conditional order by its own row and that of its canceled child. Raises MalformedError."""
        ...

    def leverage_confirmed(self, request: SetLeverage, value: object) -> bool:
        """Whether the answer says what was asked for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingRules:
    """What is traded and how.

    `others`: contracts that are listed and not traded here. `complete`: every perpetual's row could be used.
    """

    instruments: tuple[Instrument, ...]
    others: tuple[OtherContract, ...] = ()
    limits: tuple[RateLimit, ...] = ()
    complete: bool = True


class Reader(Protocol):
    """Reads of an account. They raise ReadError or MalformedError and nothing else, where nothing else is said."""

    symbols: "SymbolSettings"
    met: Callable[[frozenset[Symbol]], None]
    """Called with the symbols of what is held, at each reading of it."""
    suspect: Callable[[Statement], None]
    """Called when a request met silence: the venue may be down."""

    def stamp(self) -> Stamp: ...

    async def after(self, verdict: "Verdict") -> None:
        """What an answer means for the connection: the clock is off, or the venue may be down."""
        ...

    async def rules(self) -> TradingRules: ...

    async def position_mode(self) -> PositionMode: ...

    async def modes(self) -> tuple[PositionMode, bool | None]:
        """Position mode, and whether all assets are one margin (None: the venue does not say)."""
        ...

    async def read_symbol_settings(self) -> None:
        """Leverage and margin mode of every symbol, into `symbols`."""
        ...

    async def order(self, request: OrderRequest) -> OrderReport | OrderNotFound | QueryFailed:
        """One order as it is, its child included. Raises nothing."""
        ...

    async def reread(
        self, symbol: Symbol, client_order_id: ClientOrderId, *, conditional: bool
    ) -> OrderReport | None: ...

    async def conditional(self, request: OrderRequest) -> tuple[Row, VenueOrderId] | None:
        """The row of a conditional order and its child's id; None where it has none."""
        ...

    async def conditionals_of(self, symbol: Symbol) -> Sequence[Row]:
        """Recent conditional orders of a symbol, for `Events.learn`; empty where a child has its parent's id."""
        ...

    async def fills(self, request: FetchFills) -> list[FillReport]:
        """All trades of an order. NoSuchOrderError where the venue knows no such order."""
        ...

    async def trades(self, request: FetchTrades) -> TradesReport: ...

    async def positions(self, request: FetchPositions) -> PositionsReport: ...

    async def open_orders(self, request: FetchOpenOrders) -> OpenOrdersReport: ...

    async def balance(self, request: FetchBalance) -> BalanceReport: ...

    async def fundings(self) -> tuple[FundingReport, ...]: ...

    async def marks(self) -> Sequence[MarkReport]:
        """The mark price of every symbol. Raises nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FindParent:
    """Read the conditional orders of this symbol: an order came that is not known."""

    key: ChildKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOrder:
    """Query this order: its event does not say what became of it, or cannot be read."""

    symbol: Symbol
    client_order_id: ClientOrderId
    conditional: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFunding:
    """Read the recent fundings: one was paid, and its event does not say for which symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What one event means.

    `order`: kind (`hearing`) and client order id of the order that it tells of. `modes`: a setting of the account was
    changed; `margins`: symbols whose margin mode was. `gap`: the stream cannot go on as it is, and why.
    """

    reports: tuple[Message, ...] = ()
    lookups: tuple[FindParent | ReadOrder | ReadFunding, ...] = ()
    order: tuple[str, ClientOrderId] | None = None
    modes: bool = False
    margins: tuple[Symbol, ...] = ()
    gap: Statement = NOTHING


class Events(Protocol):
    """Events of the account's stream -> reports, in order, each under the id of the order that we placed."""

    def feed(self, event: object, stamp: Stamp) -> Fed:
        """One event. Raises nothing: what cannot be read is handed on as a stray."""
        ...

    def learn(self, rows: Iterable[Row], stamp: Stamp) -> tuple[Message, ...]:
        """Rows of conditional orders: what waited for a link to its parent."""
        ...

    def submitted(self, client_order_id: ClientOrderId) -> None:
        """A conditional order leaves."""
        ...

    def waiting(self, key: ChildKey) -> bool: ...

    def give_up(self, key: ChildKey, why: Statement, stamp: Stamp, *, proven: bool) -> tuple[Message, ...]:
        """No parent was found; `proven`: none exists."""
        ...


class UserSockets(Protocol):
    """The account's own socket, or several."""

    def owns(self, url: str) -> bool:
        """Whether what comes from there is of the account's stream."""
        ...

    def opened(self, form: int) -> "AbstractAsyncContextManager[asyncio.Future[Any]]":
        """Open, authenticated and subscribed; the future is done when one of them has ended.

        `form` counts the attempts that brought nothing; a venue that is reached in several ways takes another one.
        Raises GapError where it cannot be had, and what the session raises.
        """
        ...

    async def keep(self) -> bool:
        """Prolong it, once in `listen_key_refresh_ms`; False: no clear answer. Raises GapError where it is over."""
        ...


class MarkPrices(Protocol):
    """The public socket of mark prices."""

    def address(self, session: "Session") -> tuple[str, Mapping[str, object]]:
        """Where it is, and what subscribes to all symbols."""
        ...

    def reports(self, message: object, stamp: Stamp, wanted: Callable[[Symbol], bool]) -> Sequence[MarkReport] | None:
        """Marks of the wanted symbols; None for another message. Raises MalformedError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The parts of one account that know its exchange."""

    requests: Requests
    answers: Answers
    reader: Reader
    events: Events
    sockets: UserSockets
    marks: MarkPrices


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingOrder:
    """An order at the venue. `reduces`: it can make exposure smaller only."""

    symbol: Symbol
    venue_order_id: str
    conditional: bool
    reduces: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What one reading of an account saw. `blind` names the reads that failed.

    `blind_to_positions`: one of these would have shown positions.
    """

    positions: tuple[PositionRow, ...]
    orders: tuple[RestingOrder, ...]
    blind: tuple[str, ...]
    blind_to_positions: bool

    @property
    def flat(self) -> bool:
        return not (self.positions or self.orders or self.blind)


Read = Callable[[Call, str], Awaitable[object]]
"""One read and what it is of; its value, or None where it was not answered."""


class Flattening(Protocol):
    """What `flatten` asks and sends. Reads that raise MalformedError are gone without."""

    async def position_mode(self, read: Read) -> PositionMode | None: ...

    async def instruments(self, read: Read) -> Mapping[Symbol, Instrument]: ...

    async def survey(self, read: Read) -> Survey:
        """Positions from two sources where there are two, and all open orders. Raises nothing."""
        ...

    def cancel_all(self, symbol: Symbol, orders: Sequence[RestingOrder], *, conditional: bool) -> Sequence[Call]:
        """What cancels every order of a symbol: by one request, or in batches of those that were seen."""
        ...

    def cancel(self, order: RestingOrder) -> Call:
        """One conditional order."""
        ...

    def close(self, order: SubmitEmergency, mode: PositionMode) -> Call: ...

    def filled(self, row: Row) -> tuple[Decimal, Decimal] | None:
        """Quantity and average price that the answer to a close tells."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPermissions:
    """What the key may do; None where the venue does not say."""

    futures: bool | None
    withdrawals: bool | None
    bound_to_addresses: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """`unreachable` and `refused` hold the venue's words, empty where all is well; what was not learned is None.

    `available` is in `currency`. `multi_assets`: all assets are one margin. `credits`: what stands in for money in the
    account, empty where it is money. `outside`: what is held and not supervised: symbol, quantity, the venue's word for
    the contract. `offset_ms`: how far our clock is ahead of the venue's, give or take half of `round_trip_ms`.
    """

    unreachable: str = ""
    refused: str = ""
    offset_ms: int | None = None
    round_trip_ms: int = 0
    can_trade: bool | None = None
    mode: PositionMode | None = None
    available: Decimal | None = None
    currency: str = ""
    permissions: KeyPermissions | None = None
    multi_assets: bool | None = None
    credits: str = ""
    portfolio_margin: bool = False
    outside: tuple[tuple[str, Decimal, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one exchange is spoken to. `name` is its ccxt id, as in the configuration.

    `query`: what became of one order, by its client order id: Accepted with its row, Missing where the venue says so by
    every source that it has, or another verdict. `checkup`: what can be learned of an account without changing it;
    `live`: at the exchange's own environment.
    """

    name: str
    capabilities: Capabilities
    hosts: Hosts
    codes: VenueCodes
    transport: Transport
    weights: Weights
    connect: Callable[["Wiring", "Session"], Connection]
    query: Callable[["Session", OrderRequest], Awaitable["Verdict"]]
    flattening: Callable[["Session"], Flattening]
    checkup: Callable[..., Awaitable[Checkup]]
