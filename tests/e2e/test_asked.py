"""Checks that a person asks for, at a venue whose weight limit is small: answered soon, or told until when not."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import Home, Supervisor, Venue, wait_for

LIMIT = 600
"""A quarter of Binance's: what sweeps and ten checks in a row need is more than that."""
ONE_S, ALL_S = 2.0, 5.0
SPENT = re.compile(r"the request budget is spent until \d\d:\d\d:\d\d UTC")

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    with Venue(tmp_path / "venue") as running:
        running.post("price", symbol="BTCUSDT", price="60000")
        running.post("limits", weight_per_minute=LIMIT, orders_per_10_seconds=300, orders_per_minute=1_200)
        yield running


def checked(albra: Supervisor, number: int, **about: str) -> tuple[dict[str, Any], float]:
    begun = time.monotonic()
    said = albra.command("reconcile", command_id=f"check-{number}", **about)
    return said, time.monotonic() - begun


def assert_answered(answers: list[tuple[dict[str, Any], float]], within_s: float) -> None:
    """Each in time; those that did not read everything name when it can be read, and none came after all."""
    assert max(took for _, took in answers) < within_s, answers
    unread = [said for said, _ in answers if said["failed"]]
    assert all(SPENT.search(said["failed"]) for said in unread), unread
    assert not answers[0][0]["failed"], "the budget of the first is there"


@pytest.mark.parametrize(("about", "within_s"), [({"symbol": "BTCUSDT"}, ONE_S), ({}, ALL_S)])
def test_ten_checks_in_a_row_right_after_a_start(
    venue: Venue, tmp_path: Path, about: dict[str, str], within_s: float
) -> None:
    home = Home.at(tmp_path / "home", venue, account={"timeout_ms": 10_000})
    with home.run() as albra:
        albra.ready()
        answers = [checked(albra, number, **about) for number in range(10)]
    assert_answered(answers, within_s)
    if about:
        assert not [said for said, _ in answers if said["failed"]], "a symbol costs next to nothing"


def test_ten_checks_in_a_row_after_a_humans_trade_each(venue: Venue, tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home", venue, account={"timeout_ms": 10_000})
    with home.run() as albra:
        albra.ready()
        answers = []
        for number in range(10):
            venue.post("trade", symbol="BTCUSDT", side="BUY", quantity="0.01")
            answers.append(checked(albra, number, symbol="BTCUSDT"))
    assert_answered(answers, ONE_S)
    assert max(said["discrepancies"] for said, _ in answers) > 0


def test_an_account_that_waits_for_its_turn_says_so_and_since_when(venue: Venue, tmp_path: Path) -> None:
    venue.post("limits", weight_per_minute=20, orders_per_10_seconds=300, orders_per_minute=1_200)
    home = Home.at(tmp_path / "home", venue, account={"timeout_ms": 10_000})

    def waits() -> str:
        status, rows = albra.ask("GET", "/v1/status")
        said = rows["account main"] if status == 200 else {"venue": ""}
        return str(said["since"]) if said["venue"] == "waiting" else ""

    with home.run() as albra:
        albra.up()
        since = wait_for("the turn", waits)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+Z", since)
        answer, _ = checked(albra, 1)
        assert answer["failed"] == "main: the account waits for its turn in the request budget"
        opening = {"symbol": "BTCUSDT", "side": "long", "quantity": "0.01", "command_id": "o"}
        _, refused = albra.ask("POST", "/v1/commands/open", opening)
        assert "waits for its turn in the request budget" in refused["error"]
