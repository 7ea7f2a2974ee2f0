"""The client in a program that has nothing of ours: no library, and packages under the names of our rooms."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.control.server import ControlServer
from messages.types import AccountId
from tests.control.fake_supervisor import FakeSupervisor

ROOT = Path(__file__).parents[2]
ROOMS = ("actors", "adapters", "messages", "simulator", "tests")
BOT = """
import json, sys
import adapters, messages, actors  # the bot's own
from albra.client import Client, Refused, State
albra = Client(sys.argv[1], strategy="trend", timeout_s=5)
accepted = albra.open("BTCUSDT", "long", "0.01", stop_loss="58000")
position = albra.wait_open(accepted.position_id)
try:
    albra.close("main.BTCUSDT.long.trend.9")
except Refused as why:
    refused = str(why)
albra.close(position.position_id)
closed = albra.wait_closed(position.position_id)
said = {
    "quantity": str(position.quantity),
    "closed": closed.state is State.CLOSED,
    "refused": refused,
    "live": albra.status()["positions"],
    "history": len(albra.history(position.position_id)),
    "mine": [adapters.MINE, messages.MINE, actors.MINE],
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    "ours": sorted(name for name in sys.modules if name.partition(".")[0] == "albra"),
}
print(json.dumps(said))
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[FakeSupervisor]:
    fake = FakeSupervisor()
    server = ControlServer(storage=tmp_path / "var", submit=fake.submit, accounts=(AccountId("main"),))
    fake.deliver = server.deliver
    server.start()
    yield fake
    server.stop()


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    """A directory of the bot's own packages, before ours on the path."""
    for room in ROOMS:
        (tmp_path / "bot" / room).mkdir(parents=True)
        (tmp_path / "bot" / room / "__init__.py").write_text("MINE = True\n")
    return tmp_path / "bot"


def _run(bot: Path, script: str, *arguments: str) -> str:
    """Without site-packages: what is no standard library cannot be imported."""
    done = subprocess.run(
        [sys.executable, "-S", "-W", "error", "-c", script, *arguments],
        env={"PYTHONPATH": f"{bot}:{ROOT}"},
        cwd=bot,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_bot_with_packages_of_our_names_and_no_library_trades(
    supervisor: FakeSupervisor, bot: Path, tmp_path: Path
) -> None:
    said = json.loads(_run(bot, BOT, str(tmp_path / "var")))
    assert (said["quantity"], said["closed"], said["live"], said["history"]) == ("0.01", True, {"live": 1}, 2)
    assert "no such position" in said["refused"]
    assert said["mine"] == [True, True, True]
    known = {*sys.stdlib_module_names, "albra", "actors", "adapters", "messages", "__main__"}
    assert [name for name in said["modules"] if name not in known] == []
    assert [name for name in said["ours"] if not name.startswith(("albra.client", "albra.loopback"))] == ["albra"]


def test_importing_albra_imports_nothing(bot: Path) -> None:
    script = "import sys; before = set(sys.modules); import albra; print(*sorted(set(sys.modules) - before))"
    assert _run(bot, script).split() == ["albra"]
