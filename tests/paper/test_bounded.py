"""An account that trades for months stays as large as it is after days, in memory and in its snapshot."""

import json

import pytest

from adapters.paper import account as books
from adapters.paper.account import Account
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.limits import NO_LIMITS
from tests.paper.desk import START_MS, Desk

KEPT, BATCH = 60, 10


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "HISTORY_KEPT", KEPT)
    monkeypatch.setattr(books, "BATCH", BATCH)


def a_desk() -> Desk:
    return Desk(PaperVenue(seed=1, now_ms=START_MS, volatility_ppm=0, limits=NO_LIMITS))


def lives(desk: Desk, number: int, first: int = 0) -> None:
    """So many positions, each opened with a stop, which is called off, and closed."""
    for each in range(first, first + number):
        desk.market("BUY", "0.01")
        desk.conditional("STOP_MARKET", "SELL", "30000", quantity="0.01", clientAlgoId=f"s{each}", reduceOnly="true")
        desk.must("DELETE", "/fapi/v1/algoOrder", clientAlgoId=f"s{each}")
        desk.market("SELL", "0.01")
        desk.events()


def sizes(account: Account) -> list[int]:
    kept = (account.orders, account.orders_by_client, account.algos, account.algos_by_client)
    return [*(len(each) for each in kept), len(account.trades), len(account.incomes)]


def test_what_is_over_is_kept_by_number_and_not_for_ever() -> None:
    desk = a_desk()
    lives(desk, 200)
    account = desk.venue.account_named()
    assert max(sizes(account)) <= KEPT + 2 * BATCH
    few = len(json.dumps(desk.venue.snapshot()))
    lives(desk, 200, first=200)
    assert len(json.dumps(desk.venue.snapshot())) < few * 1.1


def test_what_rests_is_kept_however_old_and_the_wallet_stays_the_sum_of_its_rows() -> None:
    desk = a_desk()
    resting = desk.limit("BUY", "0.01", "20000", newClientOrderId="old").body["orderId"]
    lives(desk, 100)
    account = desk.venue.account_named()
    assert desk.must("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="old")["orderId"] == resting
    assert account.wallet == sum(income.amount for income in account.incomes)
