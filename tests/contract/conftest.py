"""One real server on loopback per test, on a port of its own; prices move only on command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.paper.binance.venue import PaperVenue
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A fresh venue with one account of 100,000 USDT."""
    with serve_in_thread(lambda: PaperServer(PaperVenue(seed=1, now_ms=wall_clock_ms()), tick_ms=0)) as running:
        yield running
