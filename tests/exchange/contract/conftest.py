"""Each test of the contract runs against each exchange: one more is one more line here."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

import pytest

from tests.exchange.binance.under_test import BinanceOnPaper, binance
from tests.exchange.contract.venue import VenueUnderTest
from tests.exchange.desk_side import Desk, adapter_up

VENUES: Mapping[str, Callable[[], AbstractContextManager[VenueUnderTest]]] = {"binanceusdm": binance}
ANSWERS = {"binanceusdm": BinanceOnPaper}


@pytest.fixture
def venue(request: pytest.FixtureRequest) -> Iterator[VenueUnderTest]:
    with VENUES[request.param]() as running:
        yield running


@pytest.fixture
def desk(venue: VenueUnderTest) -> Iterator[Desk]:
    with adapter_up(venue.settings()) as ready:
        yield ready


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`venue` is each of them; `ambiguous` and `not_executed` are each of the answers of each."""
    answers = [name for name in ("ambiguous", "not_executed") if name in metafunc.fixturenames]
    if answers:
        [name] = answers
        pairs = [(exchange, answer) for exchange, kind in ANSWERS.items() for answer in getattr(kind, name)]
        metafunc.parametrize(("venue", name), pairs, indirect=["venue"])
    elif "venue" in metafunc.fixturenames:
        metafunc.parametrize("venue", VENUES, indirect=True)
