"""Journals that earlier versions wrote, each as a killed process left it, beside the data of its embedded venue.

`texts.tar.gz`: written before texts had codes. Three positions were opened on paper (one stayed a resting limit order),
one was closed in two parts, one was reduced by hand at the venue, openings were paused and resumed.
"""

import tarfile
from pathlib import Path

import pytest

from tests.cli.running import running
from tests.cli.test_stored import Whole

WRITTEN = Path(__file__).with_name("written")
HELD, CLOSED, RESTING = "main.BTCUSDT.long.manual.1", "main.ETHUSDT.short.trend.2", "main.SOLUSDT.long.manual.3"


@pytest.fixture
def albra(tmp_path: Path) -> Whole:
    """As it was found, with the kill's write-ahead log."""
    storage = tmp_path / "var"
    storage.mkdir(mode=0o700)
    with tarfile.open(WRITTEN / "texts.tar.gz") as archive:
        archive.extractall(storage, filter="data")
    (tmp_path / "config.yaml").write_text("storage: {path: var}\npaper: {seed: 7}\n")
    return Whole(tmp_path)


def test_what_an_earlier_version_wrote_is_read_without_a_supervisor(albra: Whole) -> None:
    assert albra("journal", "verify").code == 0
    rows = {row["position_id"]: row for row in albra("positions", "--all", "--json").document()["positions"]}
    assert {name: (row["state"], row["quantity"]) for name, row in rows.items()} == {
        HELD: ("MODIFIED", "0.006"),
        CLOSED: ("CLOSED", "0.000"),
        RESTING: ("OPENING", "0"),
    }
    history = albra("history", CLOSED, "--json").document()["history"]
    closes = [event for event in history if event["type"] == "CloseRequested"]
    assert closes[-1]["why"] == "closed by command"
    assert "why_fact" not in closes[-1]
    [record] = albra("discrepancies", "--json").document()["discrepancies"]
    assert (record["type"], record["outcome"], record["believed"]) == ("SIZE_MISMATCH", "resolved", "long 0.010")
    assert record["believed_fact"] is None


def test_what_an_earlier_version_wrote_is_carried_on(albra: Whole) -> None:
    with running(albra):
        rows = {row["position_id"]: row for row in albra("positions", "--json").document()}
        assert {name: row["quantity"] for name, row in rows.items()} == {HELD: "0.006", RESTING: "0"}
        assert rows[HELD]["protected"]
        assert albra("close", HELD, "--wait").code == 0
        assert albra("close", RESTING, "--wait").code == 0
        events = albra("history", HELD, "--json").document()
    # A funding may be booked after the close.
    changes = [event for event in events if event["type"] == "StateChanged"]
    assert changes[-1]["because_fact"]["code"].startswith("position.")
    assert albra("journal", "verify").code == 0
