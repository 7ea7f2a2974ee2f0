"""In real processes: `/close_all` and `/pause` while a position is broken and another account's venue hangs."""

import signal
from pathlib import Path
from typing import Any

import apsw

from adapters.storage.schema import FILE_NAME
from tests.e2e.process import Home, Venue, external, wait_for
from tests.telegram.server import TOKEN, BotApi, Shown, serving

OWNER = 100


def confirmed(api: BotApi, text: str, part: str) -> Shown:
    shown = api.ask(OWNER, text, part)
    api.press(OWNER, shown, "Confirm")
    api.wait("the press to count", lambda: len(shown.texts) > 1)
    return shown


def test_what_can_be_closed_is_closed_and_the_rest_is_named_with_its_reason(tmp_path: Path) -> None:
    with serving() as api, Venue(tmp_path / "a") as venue, Venue(tmp_path / "b") as other:
        telegram: dict[str, Any] = {
            "enabled": True, "token": TOKEN, "api_base_url": api.url, "users": {str(OWNER): "owner"},
        }  # fmt: skip
        home = Home.at(tmp_path / "home", venue, telegram=telegram)
        home.config["accounts"]["second"] = external(other.url)
        home.write()
        with home.run() as albra:
            albra.ready()
            for account, symbol, quantity in (
                ("main", "BTCUSDT", "0.01"),
                ("main", "ETHUSDT", "0.5"),
                ("second", "SOLUSDT", "5"),
            ):
                body = {"account": account, "symbol": symbol, "side": "long", "quantity": quantity}
                albra.command("open", command_id=f"c-{symbol}", **body)
            wait_for("three positions", lambda: len([p for p in albra.positions() if p["state"] == "ACTIVE"]) == 3)
            broken = next(p["position_id"] for p in albra.positions() if p["symbol"] == "ETHUSDT")
            albra.kill()
        spoil(home, ordinal=int(broken.rpartition(".")[2]))
        with home.run() as albra:
            albra.ready()
            api.shown("The journal holds a damaged record", chat=OWNER)
            other.send(signal.SIGSTOP)
            try:
                paused = confirmed(api, "/pause", "Holds openings")
                api.wait("the hold", lambda: "openings are paused" in paused.text)
                everything = confirmed(api, "/close_all", "Closes")
                assert f"⛔ {broken}: its history is damaged" in everything.texts[0]
                api.wait("the one that can be closed", lambda: "✅ #1 BTCUSDT long: CLOSED" in everything.text, 25)
                assert "Closed 1 of 3." in everything.text
                assert f"⛔ {broken}: its history is damaged" in everything.text
                api.wait("the reason", lambda: "its venue is out of reach" in line_of(everything, "⏳ #3 SOLUSDT"))
                assert "BTCUSDT" not in venue.truth().net
            finally:
                other.send(signal.SIGCONT)


def line_of(shown: Shown, start: str) -> str:
    return next((line for line in shown.text.splitlines() if line.startswith(start)), "")


def spoil(home: Home, *, ordinal: int) -> None:
    """Flip a byte in one position's history."""
    connection = apsw.Connection(str(home.storage / FILE_NAME))
    flipped = "CAST(substr(payload, 1, 40) || x'00' || substr(payload, 42) AS BLOB)"
    connection.execute(f"UPDATE step SET payload = {flipped} WHERE ordinal = ?", (ordinal,))
    connection.execute("DELETE FROM snapshot WHERE ordinal = ?", (ordinal,))
    connection.close()
