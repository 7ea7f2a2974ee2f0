"""A real `albra run` in a process of its own, spoken to over its control API and weighed from outside."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[1]
ALBRA = Path(sys.executable).with_name("albra")
PAUSE_S = 0.01
PATIENCE_S = 120.0
STOP_S = 30.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_KIB = os.sysconf("SC_PAGESIZE") / 1024


def environment() -> dict[str, str]:
    """Ours, so that the console script runs this very tree, with the paper account's keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALBRA_")}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "BENCH_KEY": "paper-key", "BENCH_SECRET": "paper-secret"}


def write_config(home: Path, venue_url: str | None, **more: Any) -> None:
    """A configuration in `home` that trades at `venue_url`, or on the embedded paper venue."""
    config: dict[str, Any] = {"storage": {"path": "var"}, **more}
    if venue_url is not None:
        config["accounts"] = {
            "main": {
                "exchange": "binanceusdm",
                "api_key": "${BENCH_KEY}",
                "api_secret": "${BENCH_SECRET}",
                "base_url": venue_url,
            }
        }
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.yaml").write_text(json.dumps(config))  # JSON is YAML


class Supervisor:
    """`albra run` in `home` until the block ends. `begun` is when the process was made, by the monotonic clock."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._output = (home / "run.out").open("ab")
        self._connection: http.client.HTTPConnection | None = None
        self._headers: dict[str, str] = {}
        self.begun = time.monotonic()
        self._popen = subprocess.Popen(
            [ALBRA, "run"],
            cwd=home,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._output.close()

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, Any]:
        """One request on a connection that stays. Raises OSError where nobody listens yet."""
        connection = self._connection or self._connect()
        try:
            connection.request(method, path, None if body is None else json.dumps(body), self._headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self._connection = None
            raise ConnectionError(str(error)) from error

    def _connect(self) -> http.client.HTTPConnection:
        where = json.loads((self._home / "var" / "control.json").read_text())
        if where["pid"] != self._popen.pid:
            raise ConnectionError("control.json is an earlier process's")
        token = Path(where["token_path"]).read_text().strip()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._connection = http.client.HTTPConnection(where["host"], where["port"], timeout=PATIENCE_S)
        self._connection.connect()
        return self._connection

    def offer(self, name: str, /, **body: object) -> tuple[int, Any]:
        """A command under an id of its own; status and answer."""
        command_id = f"bench-{time.time_ns()}"  # a repeated one, also in an earlier life, would have no effect
        return self.ask("POST", f"/v1/commands/{name}", {"command_id": command_id, **body})

    def command(self, name: str, /, **body: object) -> dict[str, Any]:
        """A command that must be accepted."""
        status, said = self.offer(name, **body)
        assert status == 200, (name, body, status, said)
        answer: dict[str, Any] = said
        return answer

    def status(self) -> dict[str, dict[str, Any]]:
        """Empty as long as nobody answers."""
        assert self._popen.poll() is None, (self._home / "run.out").read_text()[-3000:]
        try:
            status, said = self.ask("GET", "/v1/status")
        except (OSError, ValueError):
            return {}
        return said if status == 200 else {}

    def positions(self) -> list[dict[str, Any]]:
        """Live ones."""
        status, rows = self.ask("GET", "/v1/positions")
        assert status == 200, rows
        found: list[dict[str, Any]] = rows
        return found

    def until(self, what: str, true: Callable[[], bool]) -> float:
        """Wait; seconds since the process was made. Raises TimeoutError."""
        while not true():
            if time.monotonic() - self.begun > PATIENCE_S * 3:
                raise TimeoutError(f"{what}: {self.status()}")
            time.sleep(PAUSE_S)
        return time.monotonic() - self.begun

    def ready(self) -> float:
        """Wait until openings are possible; seconds since the process was made."""
        return self.until(
            "openings possible", lambda: self.status().get("account main", {}).get("openings") == "possible"
        )

    def cpu_s(self) -> float:
        """Seconds on a processor, of all threads that live: as the scheduler counts them, to the nanosecond.

        /proc/PID/stat samples at the clock's tick, and misses most of what is short.
        """
        threads = Path(f"/proc/{self._popen.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def cpu_sampled_s(self) -> float:
        """Seconds in user and kernel mode by /proc/PID/stat, threads that have ended included."""
        fields = Path(f"/proc/{self._popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def resident_mib(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self._popen.pid}/statm").read_text().split()[1])
        return pages * _PAGE_KIB / 1024
