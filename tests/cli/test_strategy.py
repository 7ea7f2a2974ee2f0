"""The example strategy, as it stands in the documentation, on a real supervisor and venue."""

import importlib.util
import itertools
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from types import ModuleType

import pytest

from albra.client import Client
from tests.cli.conftest import ROOT, Albra
from tests.cli.running import at_venue, running


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("strategy", ROOT / "docs" / "examples" / "strategy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_two_averages_say_when_prices_rise(example: ModuleType) -> None:
    averages = example.Averages(2, 4)
    said = [averages.rising(Decimal(price)) for price in (1, 2, 3, 4, 3, 2, 1)]
    assert said == [None, None, None, True, True, False, False]


def test_the_example_strategy_trades_and_finds_its_position_again(albra: Albra, example: ModuleType) -> None:
    (albra.directory / "config.yaml").write_text(json.dumps({"storage": {"path": "var"}, "paper": {"tick_ms": 10_000}}))
    rising, falling = range(60_000, 60_900, 100), range(60_800, 59_900, -100)

    def priced(prices: Iterable[int]) -> Iterator[Decimal]:
        for price in prices:
            at_venue(albra, "price", symbol="BTCUSDT", price=str(price))
            yield Decimal(f"{price}.0")

    def strategy() -> tuple[Client, object]:
        return Client(albra.storage, strategy=example.NAME), example.Averages(2, 4)

    terms = {"symbol": "BTCUSDT", "quantity": "0.01", "trades": 1}
    with running(albra):
        client, averages = strategy()
        assert example.trade(client, priced(rising), averages, **terms) == 0
        [held] = client.positions()
        assert (held.strategy, held.held, held.stop_loss) == (example.NAME, True, Decimal("59094.0"))
        # Another process of the same strategy goes on where the first one stopped.
        client, averages = strategy()
        assert example.trade(client, priced(falling), averages, **terms) == 1
        assert client.position(held.position_id).state == "CLOSED"
        assert client.positions() == []


def test_the_example_reads_marks_of_the_paper_venue(albra: Albra, example: ModuleType) -> None:
    with running(albra):
        marks = list(itertools.islice(example.paper_marks(albra.storage, "BTCUSDT", 0), 2))
    assert all(50_000 < mark < 70_000 for mark in marks)
