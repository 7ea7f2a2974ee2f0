"""Binds the modules of this folder to the roles of a venue."""

from decimal import Decimal

from adapters.exchange.binance import calls, order_answers, transport, weights
from adapters.exchange.binance.checkup import checkup
from adapters.exchange.binance.codes import CODES
from adapters.exchange.binance.events import UserEvents
from adapters.exchange.binance.flattening import BinanceFlattening
from adapters.exchange.binance.hosts import HOSTS
from adapters.exchange.binance.reader import Reader, query
from adapters.exchange.binance.sockets import Marks, UserSocket
from adapters.exchange.session import Session
from adapters.exchange.settings import Wiring
from adapters.exchange.venue import Capabilities, Connection, Dialect
from messages.types import TrailingBounds

CAPABILITIES = Capabilities(
    # "^[\\.A-Z\\:/a-z0-9_-]{1,36}$" (New Order, `newClientOrderId`)
    client_order_id=r"[.A-Z:/a-z0-9_-]{1,36}",
    # "Timing security" (general info)
    accepted_skew_ms=1_000,
    # In percent, since 2026-10-23 (change log).
    trailing=TrailingBounds(least=Decimal("0.1"), most=Decimal(20), step=Decimal("0.01")),
)


def connect(wiring: Wiring, session: Session) -> Connection:
    events = UserEvents()
    return Connection(
        requests=calls,
        answers=order_answers,
        reader=Reader(wiring, session, events),
        events=events,
        sockets=UserSocket(session),
        marks=Marks(),
    )


BINANCE = Dialect(
    name="binanceusdm",
    capabilities=CAPABILITIES,
    hosts=HOSTS,
    codes=CODES,
    transport=transport,
    weights=weights,
    connect=connect,
    query=query,
    flattening=BinanceFlattening,
    checkup=checkup,
)
