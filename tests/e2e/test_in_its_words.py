"""Refusals that no table knows, against real processes: ended at once, in the words of the venue."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import Home, Supervisor, Venue, wait_for

DONE, REFUSED = 0, 4
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def trading(tmp_path: Path) -> Iterator[tuple[Home, Venue, Supervisor]]:
    with Venue(tmp_path / "venue") as venue:
        home = Home.at(tmp_path / "home", venue)
        with home.run() as supervisor:
            yield home, venue, supervisor.ready()


def refusal(path: str, code: int, **more: Any) -> dict[str, Any]:
    words = {"kind": "STATUS", "moment": "BEFORE_EFFECT", "status": 400, "code": code, "message": f"words of {path}"}
    return {"method": "POST", "path": path, **words, **more}


@pytest.mark.parametrize(("path", "code", "option"), [("/leverage", -4202, ("--leverage", "5"))])
def test_a_refused_opening_ends_at_once_in_the_venues_words(
    path: str, code: int, option: tuple[str, ...], trading: tuple[Home, Venue, Supervisor]
) -> None:
    home, venue, supervisor = trading
    venue.post("faults", faults=[refusal(path, code, count=0)])
    ended = home.albra("open", "XRPUSDT", "long", "100", *option, "--wait")
    assert ended.code == REFUSED
    assert f"{code} words of {path}" in ended.err
    assert len([record for record in venue.truth().fault_log if path in record["subject"]]) == 1
    assert [row["state"] for row in supervisor.positions()] == ["FAILED"]


def test_a_stop_a_reduction_and_a_close_come_through_after_refusals_in_unlisted_words(
    trading: tuple[Home, Venue, Supervisor],
) -> None:
    home, venue, supervisor = trading
    venue.post("faults", faults=[refusal("/algoOrder", -9999), refusal("/order", -9999, nth=2, count=1)])
    opened = home.albra("open", "XRPUSDT", "long", "100", "--stop-loss", "0.4", "--wait")
    assert opened.code == DONE, opened
    position_id = opened.out.strip()
    assert wait_for("its stop", lambda: supervisor.position(position_id)["protected"])
    assert home.albra("close", position_id, "--percent", "50", "--wait").code == DONE
    assert "words of /order" in supervisor.said()
    venue.post("faults", faults=[refusal("/order", -9999)])
    assert home.albra("close", position_id, "--wait").code == DONE
    assert venue.truth().net == {}


@pytest.mark.parametrize("how", ["alone", "beside a neighbor", "killed in between"])
def test_a_move_that_the_venue_refuses_for_ever_ends_where_the_stop_rested(
    how: str, trading: tuple[Home, Venue, Supervisor]
) -> None:
    home, venue, supervisor = trading
    if how == "beside a neighbor":
        assert home.albra("open", "XRPUSDT", "long", "50", "--strategy", "other", "--wait").code == DONE
    opened = home.albra("open", "XRPUSDT", "long", "100", "--stop-loss", "0.4", "--wait")
    assert opened.code == DONE, opened
    position_id = opened.out.strip()
    assert wait_for("its stop", lambda: supervisor.position(position_id)["protected"])
    # Beside a neighbor the old stop made room for the new one: the way back is taken again.
    venue.post("faults", faults=[refusal("/algoOrder", -9999, count=3 if how == "beside a neighbor" else 0)])
    assert home.albra("modify", position_id, "--stop-loss", "0.45").code == DONE
    if how == "killed in between":
        assert wait_for("a refusal", lambda: "trying again" in supervisor.said())
        supervisor.kill()
        with home.run() as supervisor:
            ends_where_it_rested(home, supervisor.ready(), position_id, "stays at")
        return
    ends_where_it_rested(home, supervisor, position_id, "stays at" if how == "alone" else "is to go back to")


def ends_where_it_rested(home: Home, supervisor: Supervisor, position_id: str, fate: str) -> None:
    """The table shows what rests at the venue; one notice says so, in the venue's words."""
    row = wait_for("the way back", lambda: settled_at(supervisor.position(position_id), "0.4"))
    assert (row["state"], row["protected"]) == ("ACTIVE", True)
    [shown] = [row for row in home.albra("--json", "positions").document() if row["position_id"] == position_id]
    assert (shown["state"], shown["stop_loss"]) == ("ACTIVE", "0.4")
    said = (
        f"{position_id}: its stop {fate} 0.4; the move to 0.45 was refused by the venue: 400 -9999 words of /algoOrder"
    )
    assert supervisor.said().count(said) == 1
    assert supervisor.said().count("outcome of the stop order is unknown") <= 1


def settled_at(row: dict[str, Any], stop: str) -> dict[str, Any] | None:
    return row if row["stop_loss"] == stop and row["protected"] else None


def test_where_the_way_back_is_refused_too_it_is_never_shown_as_at_rest_and_closed_in_time(
    trading: tuple[Home, Venue, Supervisor],
) -> None:
    home, venue, supervisor = trading
    assert home.albra("open", "XRPUSDT", "long", "50", "--strategy", "other", "--wait").code == DONE
    opened = home.albra("open", "XRPUSDT", "long", "100", "--stop-loss", "0.4", "--take-profit", "0.9", "--wait")
    assert opened.code == DONE, opened
    position_id = opened.out.strip()
    assert wait_for("its protection", lambda: supervisor.position(position_id)["protected"])
    venue.post("faults", faults=[refusal("/algoOrder", -9999, count=0)])
    assert home.albra("modify", position_id, "--stop-loss", "0.45", "--take-profit", "0.8").code == DONE
    seen: list[dict[str, Any]] = []

    def over() -> bool:
        seen.append(supervisor.position(position_id))
        return seen[-1]["state"] in ("CLOSING", "CLOSED")

    begun = time.monotonic()
    assert wait_for("its close", over, timeout_s=45)
    assert time.monotonic() - begun < 34
    assert {row["state"] for row in seen[:-1]} <= {"MODIFYING", "RECONCILING"}
    assert wait_for("flat", lambda: supervisor.position(position_id)["state"] == "CLOSED")
    said = supervisor.said()
    assert said.count(f"{position_id}: its stop is to go back to 0.4") == 1
    assert said.count(f"{position_id}: its target at 0.9 is given up, none rests") == 1
    assert said.count(f"({position_id}): 100.0 open at") == 1
