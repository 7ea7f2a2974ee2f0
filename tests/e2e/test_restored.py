"""A journal from a backup, while the one it was made of went on: through real processes and the real client."""

from decimal import Decimal
from pathlib import Path

from tests.e2e.process import Home, Venue, wait_for

BTC = "BTCUSDT"


def test_a_restored_supervisor_takes_up_what_the_backup_knew_and_touches_nothing_sent_since(tmp_path: Path) -> None:
    with Venue(tmp_path / "venue", storage=tmp_path / "account") as venue:
        venue.post("price", symbol=BTC, price="60000")
        first = Home.at(tmp_path / "first", venue)
        with first.run().ready() as original:
            held = original.command(
                "open", command_id="a", symbol=BTC, side="long", quantity="0.01", stop_loss="50000"
            )["position_id"]
            original.settled()
            home = Home.at(tmp_path / "second", venue)
            copied = home.albra("journal", "restore", str(first.storage))
            assert copied.code == 0, copied
            original.command("open", command_id="b", symbol="ETHUSDT", side="long", quantity="0.1", limit_price="2900")
            original.settled()
            [stranger] = venue.truth().open_orders()
            original.kill()
        assert home.journal_id != first.journal_id
        with home.run().ready() as restored:
            row = restored.position(str(held))
            assert (row["state"], Decimal(row["quantity"])) == ("ACTIVE", Decimal("0.01"))

            def refused() -> bool:
                body = {"command_id": "c", "symbol": "ETHUSDT", "side": "long", "quantity": "0.1"}
                status, said = restored.ask("POST", "/v1/commands/open", body)
                return status == 409 and "from another data directory" in said["error"]

            wait_for("the stranger's order holds openings", refused)
            assert home.albra("close", str(held), "--wait").code == 0
            [left] = venue.truth().open_orders()
            assert left["client_order_id"] == stranger["client_order_id"]
            assert venue.truth().open_algos() == []
        assert home.albra("journal", "verify").code == 0
