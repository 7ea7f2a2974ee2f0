"""One real venue and one real adapter per test, over loopback."""

from collections.abc import Iterator

import pytest

from adapters.paper.server import EmbeddedServer
from tests.exchange.desk_side import Desk, desk_on, paper


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with paper() as running:
        yield running


@pytest.fixture
def desk(server: EmbeddedServer) -> Iterator[Desk]:
    with desk_on(server) as ready:
        yield ready
