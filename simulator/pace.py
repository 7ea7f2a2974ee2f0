"""When the world is looked at next: every second while people are at work, hardly ever while nothing can happen."""

from collections.abc import Sequence

from adapters.paper.binance.venue import PaperVenue
from simulator.environment.network import START_MS, TICK_MS
from simulator.environment.plan import Burst
from simulator.environment.truth import Books

AFTER_BURST_MS = 20_000
BURST_TICK_MS = 1_000
QUIET_TICK_MS = 3_600_000


def pause_ms(now_ms: int, bursts: Sequence[Burst], venue: PaperVenue, books: Books, *, peace: bool) -> int:
    """Until the next tick: while nothing happens, until something will."""
    if not bursts or hurried(venue, books):
        return TICK_MS
    burst = next((each for each in bursts if now_ms < each.until_ms + AFTER_BURST_MS), None)
    if peace or burst is None or burst.from_ms - BURST_TICK_MS <= now_ms:
        return BURST_TICK_MS
    ends = [
        order.good_till_ms - START_MS - now_ms
        for account in books.accounts
        for order in account.open_orders.values()
        if order.good_till_ms
    ]
    return max(TICK_MS, min(QUIET_TICK_MS, burst.from_ms - BURST_TICK_MS - now_ms, *ends))


def hurried(venue: PaperVenue, books: Books) -> bool:
    """Whether the venue is in the middle of something."""
    exchange = venue.exchange
    if exchange.late or exchange.held_back:
        return True
    return any(algo.status == "TRIGGERING" for each in books.accounts for algo in each.open_algos.values())
