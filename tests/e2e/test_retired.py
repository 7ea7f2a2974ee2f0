"""A position whose history is damaged on the disk, from the day it is found to the day its symbol trades again."""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import Ended, Home, Supervisor, Venue, wait_for

BTC, ETH = "BTCUSDT", "ETHUSDT"


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    with Venue(tmp_path / "venue", storage=tmp_path / "account") as started:
        started.post("price", symbol=BTC, price="60000")
        yield started


def spoil(storage: Path, ordinal: int) -> None:
    """One byte of one record of this position changes, while nothing has the journal open."""
    with sqlite3.connect(storage / "journal.sqlite3") as connection:
        seq, payload = connection.execute(
            "SELECT seq, payload FROM step WHERE ordinal = ? ORDER BY seq LIMIT 1 OFFSET 2", (ordinal,)
        ).fetchone()
        spoiled = bytes((payload[0] ^ 1, *payload[1:]))
        connection.execute("UPDATE step SET payload = ? WHERE seq = ?", (spoiled, seq))
        connection.execute("DELETE FROM snapshot WHERE ordinal = ?", (ordinal,))


def opened(home: Home, symbol: str = BTC) -> Ended:
    quantity, stop = ("0.01", "50000") if symbol == BTC else ("0.1", "1000")
    return home.albra("open", symbol, "long", quantity, "--stop-loss", stop, "--wait")


def states(home: Home, *more: str) -> dict[str, str]:
    rows: list[dict[str, Any]] = home.albra("positions", "--json", *more).document()
    return {row["position_id"]: row["state"] for row in rows}


def case_of(supervisor: Supervisor, position_id: str) -> str:
    """The discrepancy that names it."""
    status, rows = supervisor.ask("GET", "/v1/discrepancies")
    assert status == 200
    found = [row["discrepancy_id"] for row in rows if row["order"] == position_id]
    return str(found[0]) if found else ""


@pytest.mark.timeout(300)
def test_it_is_retired_once_the_venue_has_nothing_of_it_and_its_symbol_trades_again(
    venue: Venue, tmp_path: Path
) -> None:
    home = Home.at(tmp_path / "home", venue)
    with home.run().ready() as supervisor:
        lost, kept = opened(home).out.strip(), opened(home, ETH).out.strip()
        supervisor.settled()
        assert supervisor.terminate() == 0
    spoil(home.storage, int(lost.rpartition(".")[2]))
    with home.run().ready() as supervisor:
        assert states(home) == {lost: "DAMAGED", kept: "ACTIVE"}
        refused = opened(home)
        assert (refused.code, "history is damaged" in refused.err) == (4, True)
        case = wait_for("the discrepancy that names it", lambda: case_of(supervisor, lost))
        early = home.albra("discrepancies", "--ack", case)
        assert (early.code, "its leg holds long 0.01" in early.err) == (4, True), early
        flattened = home.albra("flatten", "--break-glass", "--yes", "main", timeout_s=180)
        assert flattened.code == 0, flattened
        _retire(home, case)
        assert_retired(home, supervisor, lost)
        assert home.albra("close", lost).code == 4
        assert home.albra("resume").code == 0, "flatten has paused the account"
        again = opened(home)
        assert (again.code, again.err) == (0, ""), again
        wait_for("what was flattened beside it is booked", lambda: kept not in states(home))
        assert supervisor.terminate() == 0
    stored = home.albra("positions", "--json")
    assert stored.document()["positions"][0]["position_id"] == again.out.strip()
    with home.run().ready() as supervisor:
        supervisor.settled()
        assert_retired(home, supervisor, lost)
        assert states(home) == {again.out.strip(): "ACTIVE"}
        assert not [line for line in supervisor.said().splitlines() if "damaged record" in line and lost in line]
        assert home.albra("close", BTC, "--wait").code == 0
        assert [row for row in venue.truth().positions if Decimal(row["quantity"])] == []
    verified = home.albra("journal", "verify", "--json")
    said = verified.document()
    assert (verified.code, said["intact"], any("checksum" in str(each) for each in said["damage"])) == (1, False, True)


def _retire(home: Home, case: str) -> None:
    """Said until it is accepted: each answer before that tells what is missing."""

    def retired() -> bool:
        ended = home.albra("discrepancies", "--ack", case)
        assert ended.code == 0 or (ended.code == 4 and "cannot be retired yet" in ended.err), ended
        return ended.code == 0

    wait_for("the position retired", retired, timeout_s=90, pause_s=1)


def assert_retired(home: Home, supervisor: Supervisor, lost: str) -> None:
    assert lost not in states(home)
    assert states(home, "--all")[lost] == "RETIRED"
    row = supervisor.position(lost)
    assert (row["state"], row["in_doubt"], "damaged" in row["reason"]) == ("RETIRED", False, True)
    rows = home.albra("status", "--json").document()["positions"]
    assert (rows["quarantined or damaged"], rows["retired"]) == (0, 1)
    assert "RecordDamaged" in home.albra("history", lost).out
