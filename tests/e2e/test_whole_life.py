"""Accounts, hedge mode and everything that changes a position, through real processes and the real client."""

import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import Home, Supervisor, Venue, closing, external, wait_for

MAIN, OTHER = "main", "other"
BTC = "BTCUSDT"


def possible(supervisor: Supervisor, account: str) -> bool:
    _, status = supervisor.ask("GET", "/v1/status")
    return bool(status.get(f"account {account}", {}).get("openings") == "possible")


def opened(supervisor: Supervisor, command_id: str, **body: object) -> str:
    said = supervisor.command("open", command_id=command_id, **{"symbol": BTC, "side": "long", "quantity": "0.01", **body})
    position_id = str(said["position_id"])
    supervisor.settled()
    return position_id


def refusal(supervisor: Supervisor, name: str, **body: object) -> str:
    status, said = supervisor.ask("POST", f"/v1/commands/{name}", body)
    assert status == 409, (status, said)
    return str(said["error"])


def became(supervisor: Supervisor, position_id: str, **wanted: object) -> dict[str, Any]:
    def seen() -> dict[str, Any] | None:
        row = supervisor.position(position_id)
        return row if all(row[key] == value for key, value in wanted.items()) else None

    found: dict[str, Any] = wait_for(f"{position_id} with {wanted}", seen, 20.0)
    return found


# Two accounts, one of them in hedge mode ------------------------------------------------------------------


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Venue, Venue, Home, Supervisor]]:
    """Account main nets; account other is to hold both sides, which its venue is not set to yet."""
    first, second = Venue(tmp_path / "first"), Venue(tmp_path / "second")
    with closing(first, second):
        home = Home.at(tmp_path / "home", first, limits={"order_notional": 5000})
        other = external(second.url) | {
            "api_key": "other-key",
            "api_secret": "other-secret",
            "position_mode": "hedge",
            "set_position_mode": True,
            "limits": {"order_notional": 700},
        }
        home.config["accounts"][OTHER] = other
        home.write()
        with home.run().up() as supervisor:
            yield first, second, home, supervisor
