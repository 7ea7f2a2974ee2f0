"""Accounts, hedge mode and everything that changes a position, through real processes and the real client."""

import signal
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from messages.events import FundingBooked
from tests.e2e.process import Home, Supervisor, Venue, external, wait_for

BTC = "BTCUSDT"


def possible(supervisor: Supervisor, account: str) -> bool:
    _, status = supervisor.ask("GET", "/v1/status")
    return bool(status.get(f"account {account}", {}).get("openings") == "possible")


def opened(supervisor: Supervisor, command_id: str, **body: object) -> str:
    wanted = {"symbol": BTC, "side": "long", "quantity": "0.01", "account": "main", **body}
    position_id = str(supervisor.command("open", command_id=command_id, **wanted)["position_id"])
    supervisor.settled()
    return position_id


def refusal(supervisor: Supervisor, name: str, **body: object) -> str:
    status, said = supervisor.ask("POST", f"/v1/commands/{name}", body)
    assert status in (409, 503), (status, said)
    return str(said["error"])


def became(supervisor: Supervisor, position_id: str, **wanted: object) -> dict[str, Any]:
    def seen() -> dict[str, Any] | None:
        row = supervisor.position(position_id)
        same = all(
            Decimal(row[key]) == value if isinstance(value, Decimal) else row[key] == value
            for key, value in wanted.items()
        )
        return row if same else None

    found: dict[str, Any] = wait_for(f"{position_id} with {wanted}", seen, 20.0)
    return found


def algos(venue: Venue, kind: str) -> list[dict[str, Any]]:
    return [row for row in venue.truth().open_algos() if row["type"] == kind]


def legs(venue: Venue) -> list[dict[str, Any]]:
    """Every position row of the venue's account, flat ones included."""
    rows: list[dict[str, Any]] = venue.truth().positions
    return rows


# One account ----------------------------------------------------------------------------------------------


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    with Venue(tmp_path / "venue", storage=tmp_path / "account") as started:
        started.post("price", symbol=BTC, price="60000")
        yield started


def test_a_position_grows_trails_is_levered_pays_and_is_deleveraged(tmp_path: Path, venue: Venue) -> None:
    home = Home.at(tmp_path / "home", venue, limits={"symbol_exposure": 5000})
    with home.run().ready() as supervisor:
        position = opened(supervisor, "o1", stop_loss="50000", trailing="2")
        [trailing] = algos(venue, "TRAILING_STOP_MARKET")
        assert Decimal(trailing["callback_rate"]) == 2

        assert "limits.symbol_exposure is 5000" in refusal(
            supervisor, "modify", command_id="m0", position_id=position, add="0.1"
        )
        assert home.albra("modify", position, "--add", "0.02", "--leverage", "10").code == 0
        row = became(supervisor, position, quantity=Decimal("0.03"), state="ACTIVE", leverage=10)
        assert row["reason"] == "added 0.02"
        supervisor.settled()
        assert {Decimal(row["quantity"]) for row in venue.truth().open_algos()} == {Decimal("0.03")}

        venue.post("clock", advance_ms=8 * 3_600_000)
        paid = wait_for("funding", lambda: Decimal(supervisor.position(position)["funding"]))
        assert paid < 0
        assert Decimal(supervisor.position(position)["quantity"]) == Decimal("0.03")

        venue.post("deleverage", symbol=BTC, quantity="0.01")
        row = became(supervisor, position, quantity=Decimal("0.02"), state="MODIFIED")
        assert "deleveraged by the venue" in row["reason"]

        venue.post("delist", symbol=BTC)
        row = became(supervisor, position, state="CLOSED")
        assert "settled by the venue" in row["reason"]
        assert venue.truth().open_algos() == []
    assert home.albra("journal", "verify").code == 0


def test_a_funding_that_was_paid_while_nothing_ran_is_of_what_held_then_and_counts_once(
    tmp_path: Path, venue: Venue
) -> None:
    """Killed; then the venue pays, and after that the stop closes what was held: both are read at the next start."""
    home = Home.at(tmp_path / "home", venue)
    with home.run().ready() as supervisor:
        closed = opened(supervisor, "o1", stop_loss="55000")
        supervisor.kill()
    venue.post("clock", advance_ms=8 * 3_600_000)
    venue.post("price", symbol=BTC, price="54000")
    wait_for("the stop", lambda: not any(Decimal(row["quantity"]) for row in legs(venue)))
    with home.run().ready() as supervisor:
        later = opened(supervisor, "o2", strategy="later")
        row = became(supervisor, closed, state="CLOSED")
        paid = wait_for("funding", lambda: Decimal(supervisor.position(closed)["funding"]))
        assert paid < 0
        assert Decimal(row["quantity"]) == 0
    with home.run().ready() as supervisor:
        venue.post("clock", advance_ms=8 * 3_600_000)
        wait_for("the next", lambda: Decimal(supervisor.position(later)["funding"]))
        assert Decimal(supervisor.position(closed)["funding"]) == paid
    booked = [each.event for each in home.events() if isinstance(each.event, FundingBooked)]
    assert [event.amount for event in booked][:1] == [paid]
    assert len(booked) == len({event.ts_event for event in booked}) == 2


def test_above_the_market_maximum_all_goes_in_parts_and_a_halted_symbol_is_nobody_elses_trouble(
    tmp_path: Path, venue: Venue
) -> None:
    venue.post("rules", symbol=BTC, market_max_quantity="0.01")
    home = Home.at(tmp_path / "home", venue)
    with home.run().ready() as supervisor:
        position = opened(supervisor, "o1", quantity="0.025", stop_loss="50000")
        assert Decimal(became(supervisor, position, state="ACTIVE")["quantity"]) == Decimal("0.025")
        assert sorted(Decimal(row["quantity"]) for row in algos(venue, "STOP_MARKET")) == [
            Decimal("0.005"), Decimal("0.01"), Decimal("0.01")
        ]  # fmt: skip

        venue.post("rules", symbol=BTC, status="BREAK")
        opened(supervisor, "o2", strategy="first")  # the venue refuses it, and that is a hint

        def halted() -> bool:
            body = {"symbol": BTC, "side": "long", "quantity": "0.01", "strategy": "second", "command_id": "o3"}
            status, said = supervisor.ask("POST", "/v1/commands/open", body)
            return status == 409 and "BTCUSDT is not trading at this venue now" in said["error"]

        wait_for("the halt is known", halted)
        other = opened(supervisor, "o4", symbol="ETHUSDT", quantity="0.1")
        assert became(supervisor, other, state="ACTIVE")
        assert Decimal(supervisor.position(position)["quantity"]) == Decimal("0.025")

        venue.post("rules", symbol=BTC, status="TRADING")
        venue.post("price", symbol=BTC, price="49000")
        assert "stop filled" in became(supervisor, position, state="CLOSED")["reason"]
        assert algos(venue, "STOP_MARKET") == []


def test_an_orderly_stop_takes_a_resting_entry_off_the_book_and_keeps_what_is_open(
    tmp_path: Path, venue: Venue
) -> None:
    home = Home.at(tmp_path / "home", venue)
    with home.run().ready() as supervisor:
        held = opened(supervisor, "o1", stop_loss="50000")
        resting = opened(supervisor, "o2", strategy="swing", limit_price="55000")
        [order] = venue.truth().open_orders()
        assert order["time_in_force"] == "GTD"
        assert order["good_till_ms"] > venue.truth().now_ms + 80_000_000
        supervisor.send(signal.SIGTERM)
        assert supervisor.wait() == 0
    assert venue.truth().open_orders() == []
    with home.run().ready() as again:
        assert again.position(resting)["state"] == "CANCELLED"
        assert again.position(held)["state"] == "ACTIVE"


# Two accounts, one of them in hedge mode -------------------------------------------------------------------


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Venue, Venue, Home, Supervisor]]:
    """Account main nets; account other is to hold both sides, which its venue is not set to yet."""
    with Venue(tmp_path / "first") as first, Venue(tmp_path / "second") as second:
        for venue in (first, second):
            venue.post("price", symbol=BTC, price="60000")
        home = Home.at(tmp_path / "home", first, limits={"order_notional": 5000})
        hedge = {"position_mode": "hedge", "set_position_mode": True, "limits": {"order_notional": 700}}
        home.config["accounts"]["other"] = external(second.url) | hedge
        home.write()
        with home.run().up() as supervisor:
            yield first, second, home, supervisor


def test_accounts_have_their_own_modes_limits_and_troubles(pair: tuple[Venue, Venue, Home, Supervisor]) -> None:
    first, second, home, supervisor = pair
    for account in ("main", "other"):
        wait_for(f"openings of {account}", partial(possible, supervisor, account))
    _, status = supervisor.ask("GET", "/v1/status")
    assert (status["account main"]["mode"], status["account other"]["mode"]) == ("one_way", "hedge")

    netted = opened(supervisor, "a", stop_loss="50000")
    long = opened(supervisor, "b", account="other", stop_loss="50000", take_profit="70000")
    short = opened(supervisor, "c", account="other", side="short", stop_loss="70000")
    assert {symbol: Decimal(net) for symbol, net in first.truth().net.items()} == {BTC: Decimal("0.01")}
    both = {row["side"]: Decimal(row["quantity"]) for row in legs(second) if Decimal(row["quantity"])}
    assert both == {"LONG": Decimal("0.01"), "SHORT": Decimal("-0.01")}
    assert {row["position_side"] for row in second.truth().open_algos()} == {"LONG", "SHORT"}
    assert "use hedge mode" in refusal(
        supervisor, "open", command_id="d", symbol=BTC, side="short", quantity="0.01", account="main", strategy="x"
    )
    assert "limits.order_notional is 700" in refusal(
        supervisor, "open", command_id="e", symbol=BTC, side="long", quantity="0.02", account="other", strategy="x"
    )

    second.post("price", symbol=BTC, price="71000")  # the short's stop and the long's target
    became(supervisor, short, state="CLOSED")
    became(supervisor, long, state="CLOSED")
    assert all(not Decimal(row["quantity"]) for row in legs(second))
    assert second.truth().open_algos() == []

    second.kill()
    wait_for("other is down", lambda: not possible(supervisor, "other"))
    assert possible(supervisor, "main")
    assert home.albra("modify", netted, "--add", "0.01").code == 0
    became(supervisor, netted, quantity=Decimal("0.02"), state="ACTIVE")
    supervisor.settled()
    assert home.albra("close", netted, "--wait").code == 0
    why = refusal(
        supervisor, "open", command_id="f", symbol=BTC, side="long", quantity="0.01", account="other", strategy="y"
    )
    assert "venue is not reachable" in why or "event stream is down" in why, "whichever is noticed first"
    assert first.truth().net == {}
