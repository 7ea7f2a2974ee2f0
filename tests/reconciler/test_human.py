"""A human at the venue, the real process, the real client, the paper venue: noticed, resolved, shown.

`ALBRA_BUSY_SECONDS=3600` makes the last test the hour of two busy strategies; by default it is a few seconds.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import Home, Supervisor, Venue, wait_for

RECONCILIATION = {
    # More often, and what is read regularly uses up its part of the venue's request weight within a minute.
    "check_intervals": {"fast": 20, "normal": 60, "slow": 120},
    "observation_gap": 1,
    "attribution": "pro_rata",
    "overrides": {"ETHUSDT": {"SIZE_MISMATCH": "IGNORE", "POSITION_NOT_IN_SYSTEM": "MANUAL_INTERVENTION"}},
}
PACE_S = 0.5
"""Between rounds. As fast as it goes, two strategies use up the venue's request weight in two minutes: a ban."""
BUSY_SECONDS = float(os.environ.get("ALBRA_BUSY_SECONDS", "6"))
Held = list[tuple[str, str, str]]

pytestmark = pytest.mark.timeout(int(180 + BUSY_SECONDS))


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    with Venue(tmp_path_factory.mktemp("venue")) as running:
        running.post("price", symbol="BTCUSDT", price="60000")
        running.post("price", symbol="ETHUSDT", price="3000")
        yield running


@pytest.fixture(scope="module")
def home(venue: Venue, tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home.at(tmp_path_factory.mktemp("home"), venue, phase2={"reconciliation": RECONCILIATION})


@pytest.fixture(scope="module")
def albra(home: Home) -> Iterator[Supervisor]:
    with home.run() as running:
        yield running.ready()


def held(albra: Supervisor, symbol: str = "BTCUSDT") -> Held:
    return sorted((p["strategy"], p["side"], p["quantity"]) for p in albra.live() if p["symbol"] == symbol)


def records(albra: Supervisor, symbol: str = "BTCUSDT") -> list[dict[str, Any]]:
    status, rows = albra.ask("GET", f"/v1/discrepancies?symbol={symbol}&n=100")
    assert status == 200, rows
    found: list[dict[str, Any]] = rows
    return found


def holds(albra: Supervisor, expected: Held) -> Callable[[], bool]:
    return lambda: held(albra) == expected


def settled(albra: Supervisor, type_: str) -> Callable[[], bool]:
    def seen() -> bool:
        rows = records(albra)
        return bool(rows) and rows[0]["type"] == type_ and rows[0]["outcome"] == "resolved"

    return seen


HUMAN: list[tuple[str, dict[str, str], str, Held]] = [
    (
        "adds",
        {"side": "BUY", "quantity": "0.05"},
        "SIZE_MISMATCH",
        [("manual", "long", "0.050"), ("swing", "long", "0.050"), ("trend", "long", "0.100")],
    ),
    (
        "reduces",
        {"side": "SELL", "quantity": "0.08"},
        "SIZE_MISMATCH",
        [("swing", "long", "0.040"), ("trend", "long", "0.080")],
    ),
    ("flips", {"side": "SELL", "quantity": "0.15"}, "SIDE_MISMATCH", [("manual", "short", "0.030")]),
    ("closes", {"side": "BUY", "quantity": "0.03"}, "POSITION_NOT_IN_EXCHANGE", []),
    ("opens", {"side": "BUY", "quantity": "0.2"}, "POSITION_NOT_IN_SYSTEM", [("manual", "long", "0.200")]),
]


def test_a_human_is_noticed_with_the_right_type_resolved_by_policy_and_shown(
    venue: Venue, home: Home, albra: Supervisor
) -> None:
    for strategy, quantity in (("trend", "0.1"), ("swing", "0.05")):
        opening = {"symbol": "BTCUSDT", "side": "long", "quantity": quantity, "strategy": strategy, "leverage": 10}
        albra.command("open", command_id=f"open-{strategy}", **opening)
    albra.settled()
    for does, trade, type_, expected in HUMAN:
        begun = time.monotonic()
        venue.post("trade", symbol="BTCUSDT", **trade)
        wait_for(f"what a human who {does} leaves", holds(albra, expected), 20)
        assert time.monotonic() - begun < 10, does
        wait_for(f"{type_} resolved", settled(albra, type_), 20)
        assert "web_" in records(albra)[0]["evidence"], "explained by its order"
    venue.post("trade", symbol="BTCUSDT", path="/fapi/v1/leverage", leverage="25")
    wait_for("the leverage", lambda: [p["leverage"] for p in albra.live() if p["symbol"] == "BTCUSDT"] == [25], 20)
    wait_for("LEVERAGE_MISMATCH resolved", settled(albra, "LEVERAGE_MISMATCH"), 20)
    shown = home.albra("discrepancies", "BTCUSDT")
    assert shown.code == 0
    assert [line.split()[5] for line in shown.out.splitlines()[1:]] == [
        "LEVERAGE_MISMATCH", *(type_ for _, _, type_, _ in reversed(HUMAN)),
    ]  # fmt: skip
    done = home.albra("reconcile", "BTCUSDT")
    assert (done.code, done.out.startswith("checked 1, discrepancies 0, attempted 0, succeeded 0")) == (0, True)


LONG, SHORT = {"positionSide": "LONG"}, {"positionSide": "SHORT"}
HUMAN_ON_LEGS: list[tuple[str, list[dict[str, str]], set[tuple[str, str]], Held]] = [
    (
        "adds to the long leg",
        [{"side": "BUY", "quantity": "0.05", **LONG}],
        {("SIZE_MISMATCH", "long")},
        [("fade", "short", "0.100"), ("manual", "long", "0.050"), ("trend", "long", "0.100")],
    ),
    (
        "reduces the short leg",
        [{"side": "BUY", "quantity": "0.04", **SHORT}],
        {("SIZE_MISMATCH", "short")},
        [("fade", "short", "0.060"), ("manual", "long", "0.050"), ("trend", "long", "0.100")],
    ),
    (
        "flips: closes the one, opens more of the other",
        [{"side": "SELL", "quantity": "0.15", **LONG}, {"side": "SELL", "quantity": "0.02", **SHORT}],
        {("POSITION_NOT_IN_EXCHANGE", "long"), ("SIZE_MISMATCH", "short")},
        [("fade", "short", "0.060"), ("manual", "short", "0.020")],
    ),
    (
        "opens the long leg",
        [{"side": "BUY", "quantity": "0.2", **LONG}],
        {("POSITION_NOT_IN_SYSTEM", "long")},
        [("fade", "short", "0.060"), ("manual", "long", "0.200"), ("manual", "short", "0.020")],
    ),
    (
        "closes the short leg",
        [{"side": "BUY", "quantity": "0.08", **SHORT}],
        {("POSITION_NOT_IN_EXCHANGE", "short")},
        [("manual", "long", "0.200")],
    ),
]


def test_on_a_hedge_account_a_human_is_noticed_on_each_leg(tmp_path: Path) -> None:
    hedge = {"position_mode": "hedge", "set_position_mode": True}
    with Venue(tmp_path / "venue") as venue:
        venue.post("price", symbol="BTCUSDT", price="60000")
        more = {"phase2": {"reconciliation": RECONCILIATION}}
        home = Home.at(tmp_path / "home", venue, account=hedge, **more)
        with home.run() as albra:
            albra.ready()
            for strategy, side in (("trend", "long"), ("fade", "short")):
                opening = {"symbol": "BTCUSDT", "side": side, "quantity": "0.1", "strategy": strategy, "leverage": 10}
                albra.command("open", command_id=f"open-{strategy}", **opening)
            albra.settled()
            for number, (does, trades, found, expected) in enumerate(HUMAN_ON_LEGS):
                begun = time.monotonic()
                for trade in trades:
                    venue.post("trade", symbol="BTCUSDT", **trade)
                wait_for(f"what a human who {does} leaves", holds(albra, expected), 20)
                assert time.monotonic() - begun < 10, does
                wait_for(f"all resolved after {does}", lambda: {r["outcome"] for r in records(albra)} == {"resolved"})
                latest = records(albra)[: len(found)]
                assert {(row["type"], row["side"]) for row in latest} == found, does
                assert all("web_" in row["evidence"] for row in latest)
                if not number:
                    _change_leverage(venue, albra)
            assert home.albra("reconcile", "BTCUSDT").out.startswith("checked 1, discrepancies 0")


def _change_leverage(venue: Venue, albra: Supervisor) -> None:
    """It belongs to the symbol, so to both of its legs."""
    before = len(records(albra))
    venue.post("trade", symbol="BTCUSDT", path="/fapi/v1/leverage", leverage="25")
    wait_for("the leverage", lambda: {p["leverage"] for p in albra.live()} == {25}, 20)
    wait_for("both resolved", lambda: {r["outcome"] for r in records(albra)} == {"resolved"}, 20)
    fresh = records(albra)[: len(records(albra)) - before]
    assert {(row["type"], row["side"]) for row in fresh} == {
        ("LEVERAGE_MISMATCH", "long"),
        ("LEVERAGE_MISMATCH", "short"),
    }


def test_policies_of_a_symbol_leave_it_to_the_human_who_acknowledges(
    venue: Venue, home: Home, albra: Supervisor
) -> None:
    venue.post("trade", symbol="ETHUSDT", side="BUY", quantity="0.5")
    wait_for("an escalation", lambda: [r["outcome"] for r in records(albra, "ETHUSDT")] == ["escalated"], 20)
    opening = {"symbol": "ETHUSDT", "side": "long", "quantity": "0.1", "strategy": "trend"}
    status, said = albra.ask("POST", "/v1/commands/open", {"command_id": "held", **opening})
    assert (status, "wait until belief and venue agree" in said["error"]) == (409, True)
    name = records(albra, "ETHUSDT")[0]["discrepancy_id"]
    assert f"{name} needs you: the policy leaves it to you" in home.albra("discrepancies", "ETHUSDT").out
    acknowledged = home.albra("discrepancies", "--ack", name)
    assert acknowledged.code == 0, acknowledged.err
    assert records(albra, "ETHUSDT")[0]["outcome"] == "acknowledged"
    albra.command("open", command_id="free", **opening)
    assert home.albra("discrepancies", "--ack", "d999").code == 4
    assert home.albra("discrepancies", "--apply", "pro_rata").code == 2


def test_what_was_found_is_there_after_a_kill_and_the_journal_verifies(tmp_path: Path) -> None:
    with Venue(tmp_path / "venue") as venue:
        venue.post("price", symbol="BTCUSDT", price="60000")
        venue.post("trade", symbol="BTCUSDT", side="BUY", quantity="0.2")
        home = Home.at(tmp_path / "home", venue, phase2={"reconciliation": RECONCILIATION})
        with home.run() as first:
            first.ready()
            wait_for("the adoption", lambda: bool(first.live()), 20)
            venue.post("trade", symbol="BTCUSDT", side="BUY", quantity="0.01")
            wait_for("a record", lambda: bool(records(first)), 20)
            before = records(first)[-1]["discrepancy_id"]
            first.kill()
        with home.run() as second:
            second.ready()
            wait_for("its end", lambda: [r["outcome"] for r in records(second)][-1:] == ["resolved"], 30)
            assert records(second)[-1]["discrepancy_id"] == before
            wait_for("agreement", lambda: held(second) == [("manual", "long", "0.210")], 20)
        assert home.albra("journal", "verify").code == 0


def test_two_busy_strategies_on_one_symbol_raise_no_false_mismatch(tmp_path: Path) -> None:
    with Venue(tmp_path / "venue") as venue:
        venue.post("price", symbol="BTCUSDT", price="60000")
        home = Home.at(tmp_path / "home", venue, phase2={"reconciliation": RECONCILIATION})
        with home.run() as albra:
            albra.ready()
            until, rounds = time.monotonic() + BUSY_SECONDS, 0
            while time.monotonic() < until:
                rounds += 1
                for strategy, quantity in (("a", "0.010"), ("b", "0.020")):
                    opening = {"symbol": "BTCUSDT", "side": "long", "quantity": quantity, "strategy": strategy}
                    albra.ask("POST", "/v1/commands/open", {"command_id": f"{strategy}{rounds}", **opening})
                albra.settled()
                for position in albra.live():
                    part = {"percent": "50"} if rounds % 2 else {}
                    name = f"close-{position['position_id']}-{rounds}"
                    body = {"command_id": name, "position_id": position["position_id"], **part}
                    albra.ask("POST", "/v1/commands/close", body)
                albra.settled()
                time.sleep(PACE_S)
            assert rounds > 3
            said = albra.command("reconcile", command_id="at-the-end")
            assert said["failed"] is None
            assert records(albra) == []
            status = albra.ask("GET", "/v1/status")[1]["reconciliation"]
            assert status["checks"]["n"] > 0
