"""Outsiders exhaust nothing: under a flood of idle connections all is answered, closed, and logged in a few lines."""

import json
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.e2e.process import Home, Supervisor, wait_for

FILES_MOST = 256
"""What the supervisor may have open: a flood of one listener is more than that many times over."""
FLOOD = 1_100
OWN_FILES = 4 * FLOOD
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
LOG_MOST_BYTES = 1_000_000


@contextmanager
def _many_files() -> Iterator[int]:
    """Connections that this process can hold to each of three listeners."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OWN_FILES if hard == resource.RLIM_INFINITY else min(OWN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    try:
        yield min(FLOOD, (max(soft, most) - 300) // 3)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _ports(home: Home) -> tuple[int, ...]:
    said = json.loads((home.storage / "control.json").read_text())
    return said["port"], said["webhook"]["port"], int(said["paper"]["url"].rsplit(":", 1)[1])


def _flood(stack: ExitStack, ports: tuple[int, ...], count: int) -> None:
    for port in ports:
        for _ in range(count):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))


def _opened(supervisor: Supervisor) -> None:
    for number, symbol in enumerate(SYMBOLS):
        supervisor.command("open", command_id=f"o{number}", symbol=symbol, side="long", quantity="1")
    wait_for("three positions", lambda: [row["state"] for row in supervisor.live()] == ["ACTIVE"] * len(SYMBOLS))


def test_idle_connections_keep_no_close_from_the_venue(tmp_path: Path) -> None:
    webhook = {"enabled": True, "strategies": {"trend": {"secret": "correct horse battery"}}}
    home = Home.at(tmp_path, None, webhook=webhook)
    with _many_files() as count, home.run() as supervisor, ExitStack() as flood:
        resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (FILES_MOST, FILES_MOST))
        supervisor.ready()
        ports = _ports(home)
        _flood(flood, ports, count)
        _opened(supervisor)
        _flood(flood, ports, count // 4)
        asked = home.albra("positions", "--json")
        assert (asked.code, len(asked.document())) == (0, len(SYMBOLS)), asked.err
        assert home.albra("close", "--all", "--yes").code == 0
        wait_for("nothing is held", lambda: not supervisor.live())
        status = home.albra("status", "--json")
        assert set(status.document()["listeners"]) == {"control", "webhook"}
        assert supervisor.terminate() == 0
        assert "Too many open files" not in supervisor.said()
    logs = "".join(path.read_text() for path in (home.storage / "logs").iterdir())
    assert len(logs) < LOG_MOST_BYTES
    assert "Too many open files" not in logs
    assert logs.count("sent away") <= len(ports), "once a minute for each listener"
