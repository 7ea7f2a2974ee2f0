"""The embedded account outlives the process that embeds it, with everything it acknowledged."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.paper.binance.venue import PaperVenue
from adapters.paper.input_log import (
    RECORDS_PER_SNAPSHOT,
    InputLog,
    StorageDamagedError,
    StorageInUseError,
    identity_at,
)
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms
from tests.contract.clients import admin, signed, state_of

EMBEDDING = """
import sys
from pathlib import Path
from adapters.paper.server import PaperServer, serve_in_thread, wall_clock_ms
from adapters.paper.binance.venue import PaperVenue
with serve_in_thread(
    lambda: PaperServer(PaperVenue(seed=1, now_ms=wall_clock_ms()), tick_ms=20, storage=Path(sys.argv[1]))
) as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""


@contextmanager
def stored(path: Path) -> Iterator[EmbeddedServer]:
    with serve_in_thread(lambda: _server(path)) as server:
        yield server


def _server(path: Path, tick_ms: int = 0) -> PaperServer:
    return PaperServer(PaperVenue(seed=1, now_ms=wall_clock_ms()), tick_ms=tick_ms, storage=path)


def _buy(server: EmbeddedServer, name: str, quantity: str = "0.010") -> int:
    status, body = signed(
        server, "POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity=quantity,
        newClientOrderId=name,
    )  # fmt: skip
    assert status == 200, body
    return int(body["orderId"])


def _position(server: EmbeddedServer) -> str:
    _, rows = signed(server, "GET", "/fapi/v3/positionRisk", symbol="BTCUSDT")
    return str(rows[0]["positionAmt"]) if rows else "0"


def test_a_killed_process_leaves_every_acknowledged_order(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", EMBEDDING, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        port = int(process.stdout.readline())
        remote = _Remote(port)
        orders = {f"order{number}": _buy(remote, f"order{number}") for number in range(5)}  # type: ignore[arg-type]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with stored(tmp_path) as server:
        for name, order_id in orders.items():
            status, body = signed(server, "GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId=name)
            assert (status, body["orderId"], body["status"]) == (200, order_id, "FILLED")
        assert _position(server) == "0.050"


class _Remote:
    """What the plain-HTTP client needs to know of a server in another process."""

    def __init__(self, port: int) -> None:
        self.http_url = f"http://127.0.0.1:{port}"
        setup = PaperVenue(seed=1, now_ms=1)
        self.api_key = setup.default_api_key
        self.api_secret = setup.secret_of(self.api_key)


def test_a_replayed_account_equals_the_one_that_was_lost(tmp_path: Path) -> None:
    def image(running: PaperServer) -> dict[str, Any]:
        """Copy the directory and take the state at one instant: both on the server's own thread."""
        shutil.copytree(tmp_path / "lost", tmp_path / "image")
        return running.live.venue.snapshot()

    lossy = {"kind": "EVENT_LOST", "chance_ppm": 300_000, "count": 0}
    hanging = {"kind": "RESET", "path": "/order", "nth": 3}
    with serve_in_thread(lambda: _server(tmp_path / "lost", tick_ms=1)) as server:
        admin(server, "faults", faults=[lossy, hanging], seed=5)
        for number in range(2):
            _buy(server, f"entry{number}")
        with pytest.raises(ConnectionError):
            _buy(server, "unknown")
        signed(
            server, "POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", symbol="BTCUSDT", side="SELL",
            type="STOP_MARKET", closePosition="true", triggerPrice="55000", clientAlgoId="guard",
        )  # fmt: skip
        before = server.call(image)
    with serve_in_thread(lambda: _server(tmp_path / "image")) as server:
        assert server.call(lambda running: running.live.venue.snapshot()) == before
        assert _position(server) == "0.030", "the order without an answer is there as well"
        admin(server, "price", symbol="BTCUSDT", price="54900")
        assert _position(server) == "0", "the stop of the former life still guards the position"


def test_an_orderly_stop_leaves_a_snapshot_and_nothing_to_replay(tmp_path: Path) -> None:
    with stored(tmp_path) as server:
        _buy(server, "entry")
        before = state_of(server)["venue"]
    log = InputLog(tmp_path)
    try:
        state, records = log.recover()
    finally:
        log.close()
    assert state is not None
    assert (state["venue"], records) == (before, [])


def test_time_does_not_run_backwards_over_a_restart(tmp_path: Path) -> None:
    with stored(tmp_path) as server:
        admin(server, "clock", advance_ms=3_600_000)
        before = state_of(server)["now_ms"]
    with stored(tmp_path) as server:
        assert state_of(server)["now_ms"] >= before


def test_the_identity_belongs_to_the_directory_not_to_the_port(tmp_path: Path) -> None:
    with stored(tmp_path / "one") as first:
        identity = first.identity
    with stored(tmp_path / "one") as again, stored(tmp_path / "two") as other:
        assert again.identity == identity == identity_at(tmp_path / "one")
        assert other.identity != identity


def test_a_second_server_on_the_same_account_refuses_to_start(tmp_path: Path) -> None:
    with stored(tmp_path), pytest.raises(StorageInUseError, match="in use"), stored(tmp_path):
        pytest.fail("two servers must not share an account")


def test_a_torn_last_record_was_never_acknowledged_and_is_dropped(tmp_path: Path) -> None:
    _log_of(tmp_path, [["advance", 1], ["advance", 2]])
    path = tmp_path / "inputs-1.log"
    path.write_bytes(path.read_bytes()[:-3])
    assert _recovered(tmp_path) == [["advance", 1]]


def test_a_damaged_record_in_the_middle_refuses_the_start(tmp_path: Path) -> None:
    _log_of(tmp_path, [["advance", 1], ["advance", 2], ["advance", 3]])
    path = tmp_path / "inputs-1.log"
    path.write_bytes(path.read_bytes().replace(b'"advance",1', b'"advance",7'))
    with pytest.raises(StorageDamagedError, match=r"inputs-1.log, line 1"):
        _recovered(tmp_path)


def test_an_account_of_another_version_refuses_with_advice(tmp_path: Path) -> None:
    log = InputLog(tmp_path)
    log.begin({"now_ms": 1, "venue": {"format": 0}})
    log.close()
    with pytest.raises(StorageDamagedError, match="move its directory away"), stored(tmp_path):
        pytest.fail("an account that cannot be read must not be replaced silently")
    InputLog(tmp_path).close()


def test_logs_do_not_grow_without_bound(tmp_path: Path) -> None:
    with stored(tmp_path) as server:
        for _ in range(RECORDS_PER_SNAPSHOT + 10):
            server.tell("advance")
        (log,) = tmp_path.glob("inputs-*.log")
        assert len(log.read_bytes().splitlines()) <= RECORDS_PER_SNAPSHOT


def test_a_full_disk_refuses_the_order_before_its_effect(tmp_path: Path) -> None:
    with stored(tmp_path) as server:
        before = state_of(server)["venue"]
        server.call(_fill_the_disk)
        status, body = signed(
            server, "POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010"
        )
        assert (status, body["code"]) == (500, -1001)
        assert state_of(server)["venue"] == before
    with stored(tmp_path) as server:
        assert _position(server) == "0"


def _fill_the_disk(running: PaperServer) -> None:
    log = running.live._log
    assert log is not None
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, log._file)
    os.close(full)


def _log_of(directory: Path, records: list[list[object]]) -> None:
    log = InputLog(directory)
    log.begin({})
    for record in records:
        log.append(record)
    log.close()


def _recovered(directory: Path) -> list[list[object]]:
    log = InputLog(directory)
    try:
        return [list(record) for record in log.recover()[1]]
    finally:
        log.close()
