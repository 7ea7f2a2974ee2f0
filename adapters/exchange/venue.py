"""Declares what an exchange provides, by role. Each exchange is a folder beside this module; `registry` finds it.

`Dialect.connect` makes the exchange's parts of one account together, so that they share contract sizes and links from
child to parent. A role without state may be a module.

Quantities are base units and prices are in the quote currency. Times are ns unless a name ends in ms.
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
    """The capabilities of an exchange.

    `client_order_id`: a regular expression that every client order id fits. `accepted_skew_ms`: how far ahead of its
    own clock it accepts a timestamp. `trailing`: bounds of a trailing stop's callback rate.
    """

    client_order_id: str
    accepted_skew_ms: int
    trailing: TrailingBounds


class Transport(Protocol):
    """Sends requests through ccxt."""

    SERVER_TIME: Call

    def server_ms(self, value: object) -> int | None:
        """Return the time in the answer to `SERVER_TIME`, in ms since the epoch; None when it has none."""
        ...

    def build(self, settings: "ExchangeSettings") -> Any:
        """A ccxt.pro instance with these keys and addresses, no limiter and no retries of its own."""
        ...

    async def send(self, exchange: Any, call: Call) -> None:
        """Pass a request to ccxt's `request`. Raises its exceptions."""
        ...


class Weights(Protocol):
    """The weights of requests, and the reported usage."""

    COSTS: tuple[RequestCost, ...]
    """The usual maximum cost of each port request."""
    CONNECTING: int
    FUNDINGS: int
    LOOKUP: int
    SETTING: int
    """Weight of the adapter's own requests: connecting, fundings, a parent order, one symbol's setting."""
    SETTINGS: int
    """Weight of reading all symbols' settings besides the positions."""
    USUAL_WEIGHT_PER_MINUTE: int

    def weight_of(self, call: Call) -> int: ...

    def uses(self, headers: Mapping[str, str]) -> tuple[RateUse, ...]:
        """Return the usage in a response's headers; empty when the venue reports none."""
        ...


class Requests(Protocol):
    """Maps port requests to the venue's requests."""

    KEY_PROBE: Call
    """A cheap read that is refused to a key without permissions."""

    def submit(self, message: SubmitOrder, mode: PositionMode) -> Call:
        """Return the one request that submits an order. Raises IncompleteOrderError."""
        ...

    def cancel(self, message: CancelOrder) -> Call: ...

    def cancel_by_venue_id(self, symbol: Symbol, venue_order_id: VenueOrderId) -> Call: ...

    def leverage(self, symbol: Symbol, times: int) -> Call: ...

    def margin_mode(self, symbol: Symbol, mode: MarginMode) -> Call: ...

    def set_position_mode(self, mode: PositionMode) -> Call: ...


class Answers(Protocol):
    """Parses what an answer reports beyond acceptance."""

    def submitted(self, request: SubmitOrder, row: Row, stamp: Stamp) -> OrderReport | None:
        """Return the order's state; None when the answer has ids only."""
        ...

    def canceled(self, row: Row, stamp: Stamp) -> OrderReport | None:
        """As `submitted`, for a cancel: None has the order read. Raises MalformedError."""
        ...

    def child_canceled(self, row: Row, child: Row, stamp: Stamp) -> OrderReport:
        """Return a conditional order's state from its row and its canceled child's. Raises MalformedError."""
        ...

    def leverage_confirmed(self, request: SetLeverage, value: object) -> bool:
        """Return whether the answer confirms the requested leverage."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingRules:
    """The venue's contracts and rules.

    `others`: listed contracts that are not traded here. `complete`: every perpetual's row was usable.
    """

    instruments: tuple[Instrument, ...]
    others: tuple[OtherContract, ...] = ()
    limits: tuple[RateLimit, ...] = ()
    complete: bool = True


class Reader(Protocol):
    """Reads an account. Methods raise only ReadError and MalformedError unless stated otherwise."""

    symbols: "SymbolSettings"
    met: Callable[[frozenset[Symbol]], None]
    """Called with the symbols of open positions at each read."""
    suspect: Callable[[Statement], None]
    """Called when a request got no answer: the venue may be down."""

    def stamp(self) -> Stamp: ...

    async def after(self, verdict: "Verdict") -> None:
        """Apply an answer's meaning for the connection: a clock error, or a venue that may be down."""
        ...

    async def rules(self) -> TradingRules: ...

    async def position_mode(self) -> PositionMode: ...

    async def modes(self) -> tuple[PositionMode, bool | None]:
        """Read the position mode, and whether all assets are one margin (None: not reported)."""
        ...

    async def read_symbol_settings(self) -> None:
        """Read every symbol's leverage and margin mode into `symbols`."""
        ...

    async def order(self, request: OrderRequest) -> OrderReport | OrderNotFound | QueryFailed:
        """Read one order, its child included. Raises nothing."""
        ...

    async def reread(
        self, symbol: Symbol, client_order_id: ClientOrderId, *, conditional: bool
    ) -> OrderReport | None: ...

    async def conditional(self, request: OrderRequest) -> tuple[Row, VenueOrderId] | None:
        """Read a conditional order's row and its child's id; None when it has no child."""
        ...

    async def conditionals_of(self, symbol: Symbol) -> Sequence[Row]:
        """Read a symbol's recent conditional orders for `Events.learn`; empty when children keep their parent's id."""
        ...

    async def fills(self, request: FetchFills) -> list[FillReport]:
        """Read all trades of an order. Raises NoSuchOrderError when the order does not exist."""
        ...

    async def trades(self, request: FetchTrades) -> TradesReport: ...

    async def positions(self, request: FetchPositions) -> PositionsReport: ...

    async def open_orders(self, request: FetchOpenOrders) -> OpenOrdersReport: ...

    async def balance(self, request: FetchBalance) -> BalanceReport: ...

    async def fundings(self) -> tuple[FundingReport, ...]: ...

    async def marks(self) -> Sequence[MarkReport]:
        """Read every symbol's mark price. Raises nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FindParent:
    """Read this symbol's conditional orders: an event has an unknown order."""

    key: ChildKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOrder:
    """Query this order: its event is unreadable or lacks the outcome."""

    symbol: Symbol
    client_order_id: ClientOrderId
    conditional: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFunding:
    """Read recent fundings: a funding event lacks its symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """The result of one event.

    `order`: kind (`hearing`) and client order id of the event's order. `modes`: an account setting changed; `margins`:
    symbols whose margin mode changed. `gap`: why the stream has to be reopened.
    """

    reports: tuple[Message, ...] = ()
    lookups: tuple[FindParent | ReadOrder | ReadFunding, ...] = ()
    order: tuple[str, ClientOrderId] | None = None
    modes: bool = False
    margins: tuple[Symbol, ...] = ()
    gap: Statement = NOTHING


class Events(Protocol):
    """Maps the account's events to reports, in order, each under the client order id that we placed."""

    def feed(self, event: object, stamp: Stamp) -> Fed:
        """Map one event. Raises nothing: an unreadable event becomes a `StrayEvent`."""
        ...

    def learn(self, rows: Iterable[Row], stamp: Stamp) -> tuple[Message, ...]:
        """Record links in rows of conditional orders; return the reports that waited for them."""
        ...

    def submitted(self, client_order_id: ClientOrderId) -> None:
        """Record that a conditional order is sent."""
        ...

    def waiting(self, key: ChildKey) -> bool: ...

    def give_up(self, key: ChildKey, why: Statement, stamp: Stamp, *, proven: bool) -> tuple[Message, ...]:
        """Release events without a parent; `proven`: none exists."""
        ...


class UserSockets(Protocol):
    """The account's own socket, or several."""

    def owns(self, url: str) -> bool:
        """Return whether `url` is a socket of the account's stream."""
        ...

    def opened(self, form: int) -> "AbstractAsyncContextManager[asyncio.Future[Any]]":
        """Open, authenticate and subscribe; the future is done when one of the sockets has ended.

        `form` counts attempts that brought no event; a venue with several forms of its address takes the next. Raises
        GapError and the session's exceptions.
        """
        ...

    async def keep(self) -> bool:
        """Prolong the stream, called every `listen_key_refresh_ms`; False: no clear answer. Raises GapError when it has
        ended.
        """
        ...


class MarkPrices(Protocol):
    """The public socket of mark prices."""

    def address(self, session: "Session") -> tuple[str, Mapping[str, object]]:
        """Return the socket's address, and the subscription to all symbols."""
        ...

    def reports(self, message: object, stamp: Stamp, wanted: Callable[[Symbol], bool]) -> Sequence[MarkReport] | None:
        """Return marks of the wanted symbols; None for another message. Raises MalformedError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The exchange's parts of one account."""

    requests: Requests
    answers: Answers
    reader: Reader
    events: Events
    sockets: UserSockets
    marks: MarkPrices


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingOrder:
    """An order at the venue. `reduces`: it can only reduce exposure."""

    symbol: Symbol
    venue_order_id: str
    conditional: bool
    reduces: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The result of one read of an account. `blind` names the failed reads.

    `blind_to_positions`: one of the failed reads would have shown positions.
    """

    positions: tuple[PositionRow, ...]
    orders: tuple[RestingOrder, ...]
    blind: tuple[str, ...]
    blind_to_positions: bool

    @property
    def flat(self) -> bool:
        return not (self.positions or self.orders or self.blind)


Read = Callable[[Call, str], Awaitable[object]]
"""Sends a read, with its name for reports; returns the value, or None without an answer."""


class Flattening(Protocol):
    """The requests of `flatten`. A read that raises MalformedError is skipped."""

    async def position_mode(self, read: Read) -> PositionMode | None: ...

    async def instruments(self, read: Read) -> Mapping[Symbol, Instrument]: ...

    async def survey(self, read: Read) -> Survey:
        """Read positions, from two sources where available, and all open orders. Raises nothing."""
        ...

    def cancel_all(self, symbol: Symbol, orders: Sequence[RestingOrder], *, conditional: bool) -> Sequence[Call]:
        """Return the cancels of all orders of a symbol: one request, or batches of the orders seen."""
        ...

    def cancel(self, order: RestingOrder) -> Call:
        """Return the cancel of one conditional order."""
        ...

    def close(self, order: SubmitEmergency, mode: PositionMode) -> Call: ...

    def filled(self, row: Row) -> tuple[Decimal, Decimal] | None:
        """Return quantity and average price of the fill in a close's answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPermissions:
    """The key's permissions; None when the venue does not report them."""

    futures: bool | None
    withdrawals: bool | None
    bound_to_addresses: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """`unreachable` and `refused` hold the venue's text, empty when all is well; None: not read.

    `available` is in `currency`. `multi_assets`: all assets are one margin. `credits`: the asset that replaces
    stablecoins, empty when there is none. `outside`: unsupervised positions as symbol, quantity, the venue's contract
    type. `offset_ms`: how far our clock is ahead of the venue's, +/- half of `round_trip_ms`.
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
    """The API of one exchange. `name` is its ccxt id, as in the configuration.

    `query`: one order by its client order id: Accepted with its row, Missing when every source of the venue denies it,
    or another verdict. `checkup`: read-only checks of an account; `live`: at the exchange's own environment.
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
