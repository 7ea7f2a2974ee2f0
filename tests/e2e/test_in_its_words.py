"""Refusals that no table knows, against real processes: ended at once, in the words of the venue."""

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
