"""The paper venue in this process, with room for thousands of orders, noting when each of them arrives."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal

from adapters.paper.account import AccountSetup
from adapters.paper.answer import Answer
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.faults import NO_FAULTS, FaultPlan
from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from adapters.paper.limits import NO_LIMITS
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms

ROOM = 100_000
"""Orders and stops per symbol; an exchange allows 200 and 10, and counts requests. Neither is measured here."""
BALANCE = Decimal(1_000_000_000)
ORDER_PATHS = ("/fapi/v1/order", "/fapi/v1/algoOrder")
PRICES = {one.symbol: one.start_price for one in DEFAULT_INSTRUMENTS}
# Small amounts above each symbol's minimum notional, in plain digits.
QUANTITIES = {
    one.symbol: format(
        (one.min_notional * 2 / one.start_price / one.step_size).to_integral(ROUND_CEILING) * one.step_size, "f"
    )
    for one in DEFAULT_INSTRUMENTS
}


@dataclass(slots=True)
class Arrivals:
    """When each order reached the venue's model, by the monotonic clock, which all processes of a machine share."""

    at_ns: dict[str, int] = field(default_factory=dict)

    def note(self, client_order_id: str) -> None:
        self.at_ns.setdefault(client_order_id, time.monotonic_ns())


class Witness(PaperVenue):
    """The paper venue, which notes the arrival of orders before it looks at them."""

    arrivals: Arrivals

    def request(self, method: str, path: str, params: Mapping[str, str], *, api_key: str | None, now_ms: int) -> Answer:
        if method == "POST" and path in ORDER_PATHS:
            self.arrivals.note(params.get("newClientOrderId") or params.get("clientAlgoId") or "")
        return super().request(method, path, params, api_key=api_key, now_ms=now_ms)


@contextlib.contextmanager
def serving(*, volatility_ppm: int = 0, faults: FaultPlan = NO_FAULTS) -> Iterator[tuple[EmbeddedServer, Arrivals]]:
    """Serve until the block ends. Prices stand still unless they are given a volatility."""
    arrivals = Arrivals()

    def make() -> PaperServer:
        venue = Witness(
            seed=1,
            instruments=tuple(replace(one, max_orders=ROOM, max_algo_orders=ROOM) for one in DEFAULT_INSTRUMENTS),
            accounts=(AccountSetup(balance=BALANCE),),
            now_ms=wall_clock_ms(),
            volatility_ppm=volatility_ppm,
            limits=NO_LIMITS,
            faults=faults,
        )
        venue.arrivals = arrivals
        return PaperServer(venue)

    with serve_in_thread(make) as server:
        yield server, arrivals
