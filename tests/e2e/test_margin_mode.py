"""Cross or isolated, as configured, through real processes: what is set, what is told, what is not opened."""

from decimal import Decimal
from pathlib import Path

from tests.e2e.process import Home, Venue, wait_for
from tests.e2e.test_whole_life import BTC, opened, possible, refusal

ETH = "ETHUSDT"


def isolated(venue: Venue, symbol: str) -> bool:
    return bool(venue.truth().settings.get(symbol, {}).get("isolated"))


def test_a_margin_mode_is_set_where_nothing_is_open_and_told_where_something_is(tmp_path: Path) -> None:
    with Venue(tmp_path / "venue") as venue:
        for symbol, price in ((BTC, "60000"), (ETH, "3000")):
            venue.post("price", symbol=symbol, price=price)
        venue.post("trade", symbol=BTC, side="BUY", type="MARKET", quantity="0.02")  # in cross, by a human
        home = Home.at(tmp_path / "home", venue, account={"margin_mode": "isolated"})
        with home.run().up() as albra:
            wait_for("openings", lambda: possible(albra, "main"))
            wait_for(f"{ETH} isolated", lambda: isolated(venue, ETH))
            opened(albra, "a", symbol=ETH, quantity="0.1")
            assert Decimal(venue.truth().net[ETH]) == Decimal("0.1")

            def mismatch() -> list[dict[str, str]]:
                _, rows = albra.ask("GET", f"/v1/discrepancies?symbol={BTC}&n=10")
                return [row for row in rows if row["type"] == "MARGIN_MODE_MISMATCH"]

            def held() -> bool:
                return any(row["outcome"] in ("open", "escalated") for row in mismatch())

            (found,) = wait_for("the discrepancy", mismatch)
            assert (found["believed"], found["reported"]) == ("isolated", "cross")
            body = {"symbol": BTC, "side": "long", "quantity": "0.01", "account": "main", "strategy": "x"}
            assert "MARGIN_MODE_MISMATCH" in refusal(albra, "open", command_id="b", **body)
            assert not isolated(venue, BTC)

            assert home.albra("close", BTC, "--strategy", "manual", "--wait").code == 0
            wait_for("settled", lambda: home.albra("reconcile", BTC).code == 0 and not held())
            opened(albra, "c", strategy="x")
            assert isolated(venue, BTC)
            assert Decimal(venue.truth().net[BTC]) == Decimal("0.01")
