"""Declares what an exchange's wire format provides to the model: names, events, and answers to requests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from adapters.paper.account import Account, Position, Resting
from adapters.paper.answer import Answer
from adapters.paper.faults import Fault
from adapters.paper.instruments import Instrument
from adapters.paper.orders import AlgoOrder, Order, Trade
from adapters.paper.prices import Market
from adapters.paper.refusals import Refusal
from adapters.paper.stream_event import MarketEvent, Row, StreamEvent
from messages.types import FillCause

if TYPE_CHECKING:
    from aiohttp import web

    from adapters.paper.exchange import Exchange
    from adapters.paper.live import LiveVenue


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it reached the venue, signature verified."""

    method: str
    path: str
    params: Mapping[str, str]
    api_key: str | None


class Events(Protocol):
    """Events of the account's stream and of the public ones, as JSON objects."""

    def order_trade_update(
        self,
        order: Order,
        instrument: Instrument,
        resting: Resting | None,
        now_ms: int,
        *,
        execution: str,
        trade: Trade | None = None,
        reason: str = "0",
    ) -> Row: ...

    def trade_lite(self, order: Order, trade: Trade, instrument: Instrument, now_ms: int) -> Row:
        """Return the reduced fill event that precedes the full one, where the venue has one."""
        ...

    def account_update(
        self,
        account: Account,
        positions: tuple[Position, ...],
        now_ms: int,
        *,
        reason: str,
        change: Decimal,
        markets: dict[str, Market],
    ) -> Row: ...

    def algo_update(self, algo: AlgoOrder, child: Order | None, instrument: Instrument, now_ms: int) -> Row: ...

    def margin_call(
        self, account: Account, positions: tuple[Position, ...], markets: dict[str, Market], now_ms: int
    ) -> Row: ...

    def listen_key_expired(self, listen_key: str, now_ms: int) -> Row: ...

    def mark_price_update(self, market: Market, now_ms: int) -> Row: ...

    def book_ticker(self, market: Market, now_ms: int, update_id: int) -> Row: ...

    def kind_of(self, event: Row) -> str:
        """Return the event's name in fault plans."""
        ...

    def spoiled_event(self, fault: Fault, event: Row) -> Row: ...

    def forced_order_id(self, cause: FillCause, order_id: int) -> str:
        """Return the client order id of an order by which the venue closes a position."""
        ...

    def trigger_refused(self, refusal: Refusal) -> str:
        """Return the venue's text for a triggered order that the engine refused."""
        ...


class Requests(Protocol):
    """Answers to requests."""

    def answer(self, exchange: "Exchange", call: Call) -> Answer:
        """Answer one request as the venue would, or as the fault plan directs. Raises nothing for bad input."""
        ...

    def run_late(self, exchange: "Exchange") -> None:
        """Apply due effects that a fault has delayed."""
        ...

    def places_order(self, call: Call) -> bool: ...

    def by_hand(self, exchange: "Exchange", call: Call, number: int) -> Answer:
        """Execute a manual order without limits and faults; `number` counts manual orders."""
        ...

    def hand_order(self, params: dict[str, str]) -> Call:
        """Return a manual order by symbol, side and quantity, or the request named by `method` and `path`."""
        ...


class Front(Protocol):
    """The server side: the routes mounted on one port. Used on its loop only."""

    def routes(self) -> "Sequence[web.AbstractRouteDef]": ...

    async def other(self, request: "web.Request") -> "web.StreamResponse":
        """Handle every path without a route, sockets among them."""
        ...

    def publish(self, events: Sequence[StreamEvent], market: Sequence[MarketEvent], now_ms: int) -> None: ...

    def disconnect(self, listen_key: str | None = None) -> int:
        """Reset the sockets of one key, or all of them; return how many."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The wire format of one exchange. `name`: the API, for people. `front(live, paced, ping_interval_s)` makes the
    server.
    """

    name: str
    events: Events
    requests: Requests
    front: Callable[["LiveVenue", bool, float], Front]
