"""Prices: one seeded integer random walk per symbol, which tests may also set by hand."""

from dataclasses import dataclass
from decimal import Decimal
from math import isqrt

from adapters.paper.instruments import Instrument
from adapters.paper.rng import SplitMix64, seed_for

STEP_MS = 1000
_STRIDES_MAX = 8  # a jump of a day is walked in this many strides, wider in proportion
_BOUND = 10  # the walk stays within start / 10 and start x 10, so that no test outlives its filters


@dataclass(slots=True, kw_only=True)
class Market:
    """The state of one symbol: last and mark price, the walk, the funding clock."""

    instrument: Instrument
    last: Decimal
    mark: Decimal
    random: SplitMix64
    volatility_ppm: int
    walked_ms: int
    funding_rate: Decimal
    next_funding_ms: int

    @property
    def bid(self) -> Decimal:
        """Best bid: one tick below the last price. The book is synthetic and refills at once."""
        return self.last - self.instrument.tick_size

    @property
    def ask(self) -> Decimal:
        """Best ask: one tick above the last price."""
        return self.last + self.instrument.tick_size


def open_market(instrument: Instrument, *, seed: int, volatility_ppm: int, now_ms: int) -> Market:
    interval = instrument.funding_interval_ms
    return Market(
        instrument=instrument,
        last=instrument.start_price,
        mark=instrument.start_price,
        random=SplitMix64(seed_for(seed, instrument.symbol)),
        volatility_ppm=volatility_ppm,
        walked_ms=now_ms - now_ms % STEP_MS,
        funding_rate=instrument.funding_rate,
        next_funding_ms=now_ms - now_ms % interval + interval,
    )


def walk(market: Market, now_ms: int) -> bool:
    """Move the price to `now_ms`; True when it changed.

    `volatility_ppm` is the standard deviation of one second in millionths; a longer stride is wider by the
    square root of its length. Integers only, so that every platform walks the same path.
    """
    seconds = (now_ms - market.walked_ms) // STEP_MS
    if seconds <= 0:
        return False
    market.walked_ms += seconds * STEP_MS
    if market.volatility_ppm == 0 or market.instrument.status != "TRADING":
        return False
    tick = market.instrument.tick_size
    start = int(market.instrument.start_price / tick)
    before = ticks = int(market.last / tick)
    strides = min(seconds, _STRIDES_MAX)
    width = isqrt(seconds * 1_000_000 // strides)
    for _ in range(strides):
        word = market.random.next()
        # Three uniform draws of one word: nearly normal, standard deviation 1000.
        normal = word % 2001 + (word >> 21) % 2001 + (word >> 42) % 2001 - 3000
        ticks += ticks * market.volatility_ppm * normal * width // 10**12
        ticks = min(max(ticks, start // _BOUND, 1), start * _BOUND)
    if ticks == before:
        return False
    market.last = market.mark = tick * ticks
    return True
