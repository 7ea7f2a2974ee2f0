"""The venue is not there, goes away, hangs; the supervisor is stopped; positions exist before it does."""

import signal
import socket
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import invariants
from tests.e2e.process import Home, Supervisor, Venue, wait_for

SOON_S = 25.0
"""The adapter dials ever more slowly; after a short outage it is back within this."""


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    with Venue(tmp_path / "venue", storage=tmp_path / "account") as started:
        yield started


def open_xrp(supervisor: Supervisor, name: str = "a", **more: Any) -> str:
    body = {"symbol": "XRPUSDT", "side": "long", "quantity": "100", "stop_loss": "0.4", "strategy": name, **more}
    position_id: str = supervisor.command("open", command_id=f"open-{name}", **body)["position_id"]
    return position_id


def account(home: Home) -> dict[str, str]:
    ended = home.albra("status", "--json")
    assert ended.code == 0, ended
    found: dict[str, str] = ended.document()["account main"]
    return found


def test_without_its_venue_it_is_up_says_so_opens_nothing_and_works_once_the_venue_comes(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Home.at(tmp_path / "home", None)
    home.config["accounts"] = {
        "main": {
            "exchange": "binanceusdm",
            "api_key": "${ALBRA_E2E_KEY}",
            "api_secret": "${ALBRA_E2E_SECRET}",
            "base_url": f"http://127.0.0.1:{port}",
            "timeout_ms": 1_000,
        }
    }
    home.write()
    with home.run() as supervisor:
        supervisor.up()
        wait_for("the venue said to be down", lambda: account(home)["venue"].startswith("down"))
        assert account(home)["openings"] != "possible"
        early = home.albra("open", "XRPUSDT", "long", "100", "--wait", "--timeout", "2")
        assert early.code == 1, "not refused: not ready within its time, and nothing is left of it"
        assert "venue is not reachable" in early.err
        assert home.albra("positions", "--json").document() == []
        with Venue(tmp_path / "venue", port=port):
            wait_for("openings possible", lambda: account(home)["openings"] == "possible", SOON_S)
            opened = home.albra("open", "XRPUSDT", "long", "100", "--stop-loss", "0.4", "--wait")
            assert (opened.code, opened.err) == (0, "")


def test_a_venue_that_goes_away_and_comes_back_changes_no_belief_and_is_read_again(
    venue: Venue, tmp_path: Path
) -> None:
    home = Home.at(tmp_path / "home", venue)
    with home.run() as supervisor:
        supervisor.ready()
        stopped_id, kept_id = open_xrp(supervisor), open_xrp(supervisor, "b", symbol="ADAUSDT", stop_loss="0.36")
        before = {row["position_id"]: row["quantity"] for row in supervisor.settled()}
        venue.kill()
        wait_for("the venue said to be down", lambda: account(home)["venue"].startswith("down"), SOON_S)
        assert {row["position_id"]: row["quantity"] for row in supervisor.live()} == before
        status, said = supervisor.ask(
            "POST",
            "/v1/commands/open",
            {"command_id": "x", "symbol": "SOLUSDT", "side": "long", "quantity": "1", "strategy": "c"},
        )
        assert (status, said["code"], "venue" in said["error"]) == (503, "not_ready", True), said
        with Venue(tmp_path / "venue", port=venue.port, storage=tmp_path / "account") as again:
            # What happens while nobody listens is found by reading, not by events.
            again.post("price", symbol="XRPUSDT", price="0.39")
            wait_for("the stop's fill", lambda: supervisor.position(stopped_id)["state"] == "CLOSED", SOON_S)
            supervisor.ready()
            rows = supervisor.settled()
            assert [row["position_id"] for row in rows] == [kept_id]
            invariants.check(home, again, rows)


def test_sigterm_stops_in_order_leaves_positions_open_and_a_restart_finds_them(venue: Venue, tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home", venue)
    with home.run() as supervisor:
        supervisor.ready()
        open_xrp(supervisor)
        before = supervisor.settled()
        started = time.monotonic()
        assert supervisor.terminate(10.0) == 0, supervisor.said()
        assert time.monotonic() - started < 10.0
        assert not (home.storage / "control.json").exists()
        assert home.albra("positions").code == 3
        assert invariants.venue_net(venue.truth()) == {"XRPUSDT": Decimal(100)}
    with home.run() as again:
        again.ready()
        rows = again.settled()
        assert [(row["position_id"], row["quantity"]) for row in rows] == [(before[0]["position_id"], "100.0")]
        invariants.check(home, venue, rows)
        assert again.terminate(10.0) == 0


def test_positions_that_exist_at_the_first_start_are_adopted_and_can_be_closed(venue: Venue, tmp_path: Path) -> None:
    venue.post("trade", symbol="ETHUSDT", side="BUY", quantity="0.5")
    venue.post("trade", symbol="SOLUSDT", side="SELL", quantity="2")
    home = Home.at(tmp_path / "home", venue)
    with home.run() as supervisor:
        supervisor.ready()
        wait_for("two adopted positions", lambda: len(supervisor.live()) == 2)
        rows = home.albra("positions", "--json").document()
        found = {(row["symbol"], row["side"], row["strategy"], Decimal(row["quantity"])) for row in rows}
        assert found == {
            ("ETHUSDT", "long", "manual", Decimal("0.5")),
            ("SOLUSDT", "short", "manual", Decimal(2)),
        }
        supervisor.kill()
    with home.run() as again:
        again.ready()
        assert len(again.settled()) == 2, "adopted once, not at every start"
        assert home.albra("close", "ETHUSDT", "--wait").code == 0
        assert home.albra("close", "SOLUSDT", "--wait").code == 0
        assert not venue.truth().net


def test_a_venue_that_hangs_hangs_nobody_else(venue: Venue, tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home", venue)
    with home.run() as supervisor:
        supervisor.ready()
        position_id = open_xrp(supervisor)
        supervisor.settled()
        venue.send(signal.SIGSTOP)
        try:
            started = time.monotonic()
            assert home.albra("close", position_id, timeout_s=10).code == 0
            assert home.albra("positions", timeout_s=10).code == 0
            assert time.monotonic() - started < 5.0
            waited = home.albra("close", position_id, "--wait", "--timeout", "2", timeout_s=10)
            assert waited.code == 6, waited
            wait_for("the venue said to be down", lambda: account(home)["venue"].startswith("down"), SOON_S)
        finally:
            venue.send(signal.SIGCONT)
        wait_for("the close", lambda: supervisor.position(position_id)["state"] == "CLOSED", SOON_S)
        truth = invariants.check(home, venue, supervisor.settled())
        assert not truth.net
        sells = [order for order in truth.orders if order["side"] == "SELL" and Decimal(order["executed"])]
        assert [Decimal(order["executed"]) for order in sells] == [Decimal(100)]


def test_sigterm_while_the_venue_hangs_ends_in_time_and_loses_nothing(venue: Venue, tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home", venue)
    with home.run() as supervisor:
        supervisor.ready()
        position_id = open_xrp(supervisor)
        supervisor.settled()
        venue.send(signal.SIGSTOP)
        try:
            supervisor.command("close", command_id="close", position_id=position_id)
            assert supervisor.terminate(15.0) == 0
        finally:
            venue.send(signal.SIGCONT)
    with home.run() as again:
        again.ready()
        wait_for("the close", lambda: not again.live(), SOON_S)
        truth = invariants.check(home, venue, [])
        assert not truth.net


def test_the_embedded_account_survives_kill_9_and_the_first_screen_of_the_readme_works(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home", None)
    with home.run() as supervisor:
        supervisor.ready()
        opened = home.albra("open", "BTCUSDT", "long", "0.01", "--stop-loss", "50000", "--wait")
        assert (opened.code, opened.out) == (0, "main.BTCUSDT.long.manual.1\n"), opened
        [before] = home.albra("positions", "--json").document()
        supervisor.kill()
    assert home.albra("positions").code == 3
    with home.run() as again:
        again.ready()
        again.settled()
        [after] = home.albra("positions", "--json").document()
        same = ("position_id", "quantity", "entry_price", "stop_loss", "state", "orders")
        assert {name: after[name] for name in same} == {name: before[name] for name in same}
        closed = home.albra("close", "BTCUSDT", "--wait")
        assert (closed.code, closed.out) == (0, "main.BTCUSDT.long.manual.1 CLOSED\n"), closed
        story = home.albra("history", "main.BTCUSDT.long.manual.1")
        assert story.out.splitlines()[-1].endswith("because='closed by command'")
        assert home.albra("journal", "verify").code == 0
        assert again.terminate() == 0
