"""Real processes: a paper venue, a supervisor, the command line; each ended by its own number.

Nothing here knows the inside of Albra but its files: control.json, the token, the journal.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from adapters.storage.reader import ExportedEvent, JournalReader
from adapters.storage.rows import Damage
from messages.types import ClientOrderId

ALBRA = Path(sys.executable).with_name("albra")
KEY, SECRET = "paper-key", "paper-secret"
KEY_NAME, SECRET_NAME = "ALBRA_E2E_KEY", "ALBRA_E2E_SECRET"
START_TIMEOUT_S = 40.0
"""Two cores, shared with whatever else runs: generous, and only ever reached by a defect."""
PAUSE_S = 0.02


READY_S = 20.0
"""On a busy machine a neighbor's stop may be on its way for so long."""


class TimedOut(AssertionError):  # noqa: N818 - what happened
    """Something did not become true in time; the message shows what was seen last."""


def wait_for(what: str, seen: Callable[[], Any], timeout_s: float = START_TIMEOUT_S, pause_s: float = PAUSE_S) -> Any:
    """The first truthy value of `seen`. Raises TimedOut with the last value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = seen()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimedOut(f"{what}: not within {timeout_s} s, last seen: {value!r}")
        time.sleep(pause_s)  # the poll of another process's state, which announces nothing


def environment(**more: str) -> dict[str, str]:
    """Ours, with the paper account's keys as a user would export them."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ALBRA_", "COV_", "PYTEST_"))}
    return {**env, KEY_NAME: KEY, SECRET_NAME: SECRET, "NO_COLOR": "1", **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that ended by itself."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        return json.loads(self.out)


class Process:
    """One child process with its output in a file; killed when the block ends, whatever happened."""

    def __init__(self, *arguments: str, cwd: Path, output: Path, env: Mapping[str, str] | None = None) -> None:
        self.output = output
        with output.open("ab") as file:
            self._popen = subprocess.Popen(
                [str(ALBRA), *arguments],
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=dict(env or environment()),
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def ended(self) -> int | None:
        return self._popen.poll()

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and gone when this returns."""
        self._popen.kill()
        self._popen.wait(10)

    def terminate(self, timeout_s: float = 15.0) -> int:
        """SIGTERM; the exit code. Raises TimedOut where it does not end."""
        self._popen.terminate()
        return self.wait(timeout_s)

    def wait(self, timeout_s: float = 15.0) -> int:
        try:
            return self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimedOut(f"process {self.pid} did not end in {timeout_s} s: {self.said()[-2000:]}") from None

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGCONT)  # a stopped process dies of SIGKILL all the same, but its children
            self.kill()


class Venue(Process):
    """`albra paper` on a port of its own, prices frozen until a test moves them."""

    def __init__(self, home: Path, *, port: int = 0, storage: Path | None = None) -> None:
        home.mkdir(parents=True, exist_ok=True)
        output = home / f"venue-{len(list(home.glob('venue-*')))}.out"
        kept = () if storage is None else ("--storage", str(storage))
        super().__init__("paper", "--port", str(port), *kept, cwd=home, output=output)
        self.port = wait_for("the venue's address", self._announced)
        self.post("volatility", ppm=0)

    def _announced(self) -> int:
        assert self.ended is None, self.said()
        said = self.said()
        _, found, rest = said.partition("http://127.0.0.1:")
        return int(rest.split()[0]) if found and "api secret" in said else 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, route: str, /, **body: object) -> Any:
        """POST /paper/{route}; raises AssertionError with the venue's words where it refuses."""
        return self._ask("POST", route, json.dumps(body))

    def _ask(self, method: str, route: str, body: str = "") -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, f"/paper/{route}", body)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, (route, body, said)
        return json.loads(said)

    def truth(self) -> "Truth":
        return Truth(self._ask("GET", "state")["venue"])


class Truth:
    """The venue's own state at one moment: what there is, whatever anybody was told."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        account = state["accounts"][0]
        self.now_ms = int(state["now_ms"])
        self.fault_log = state["fault_log"]
        self.orders: list[dict[str, Any]] = account["orders"]
        self.algos: list[dict[str, Any]] = account["algos"]
        self.trades: list[dict[str, Any]] = account["trades"]
        self.settings: dict[str, dict[str, Any]] = account["settings"]
        self.positions: list[dict[str, Any]] = account["positions"]
        self.open_order_ids = set(account["open_orders"])
        self.open_algo_ids = set(account["open_algos"])
        self.net = {row["symbol"]: row["quantity"] for row in account["positions"] if float(row["quantity"])}

    def sent_as(self, client_order_id: str) -> list[dict[str, Any]]:
        """Orders that were sent under ids that begin so; the child of a triggered conditional order was not sent."""
        plain = [
            row for row in self.orders if row["client_order_id"].startswith(client_order_id) and not row["algo_id"]
        ]
        return plain + [row for row in self.algos if row["client_algo_id"].startswith(client_order_id)]

    def client_ids(self) -> list[str]:
        """One entry per order that was ever sent."""
        plain = [row["client_order_id"] for row in self.orders if not row["algo_id"]]
        return plain + [row["client_algo_id"] for row in self.algos]

    def open_algos(self) -> list[dict[str, Any]]:
        return [row for row in self.algos if row["algo_id"] in self.open_algo_ids]

    def open_orders(self) -> list[dict[str, Any]]:
        return [row for row in self.orders if row["order_id"] in self.open_order_ids]


@dataclass(slots=True)
class Home:
    """A configuration and its data directory; `run` starts supervisors on it, one after another."""

    path: Path
    config: dict[str, Any]
    env: dict[str, str] = field(default_factory=environment)
    runs: int = 0

    @classmethod
    def at(cls, path: Path, venue: Venue | None, *, account: Mapping[str, Any] | None = None, **more: object) -> Self:
        """A home in `path` that trades at `venue`, or at the embedded one."""
        path.mkdir(parents=True, exist_ok=True)
        config: dict[str, Any] = {"storage": {"path": "var"}, **more}
        if venue is not None:
            config["accounts"] = {"main": {**external(venue.url), **(account or {})}}
        home = cls(path, config)
        home.write()
        return home

    def write(self) -> None:
        # JSON is YAML, and says exactly what is meant.
        self.file.write_text(json.dumps(self.config, indent=1))

    @property
    def file(self) -> Path:
        return self.path / "config.yaml"

    @property
    def storage(self) -> Path:
        return self.path / "var"

    def run(self) -> "Supervisor":
        self.runs += 1
        return Supervisor(self)

    def albra(self, *arguments: str, timeout_s: float = 30.0, env: Mapping[str, str] | None = None) -> Ended:
        """One command to its end. A command that does not end is a failure of its own."""
        try:
            done = subprocess.run(
                [str(ALBRA), *arguments],
                cwd=self.path,
                env=dict(env or self.env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TimedOut(f"albra {' '.join(arguments)} hangs: {error.stdout!r} {error.stderr!r}") from None
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def events(self) -> list[ExportedEvent]:
        """The journal, read beside whoever writes it. Damage fails the test."""
        with JournalReader(self.storage) as reader:
            found = list(reader.events())
        damage = [item for item in found if isinstance(item, Damage)]
        assert not damage, damage
        return [item for item in found if isinstance(item, ExportedEvent)]

    def journal_id(self) -> str:
        with JournalReader(self.storage) as reader:
            return reader.meta().journal_id


def external(url: str) -> dict[str, Any]:
    """An account at another server; short windows, so that absence is proven soon."""
    return {
        "exchange": "binanceusdm",
        "api_key": f"${{{KEY_NAME}}}",
        "api_secret": f"${{{SECRET_NAME}}}",
        "base_url": url,
        "recv_window_ms": 1_000,
        "timeout_ms": 1_000,
    }


class Supervisor(Process):
    """`albra run`, and its control API."""

    def __init__(self, home: Home) -> None:
        super().__init__("run", cwd=home.path, output=home.path / f"run-{home.runs}.out", env=home.env)
        self._home = home
        self._address: tuple[str, int, str] | None = None
        self._told: set[str] = set()

    def up(self) -> Self:
        """The control API answers."""
        wait_for("the control API", self._try_status)
        return self

    def ready(self) -> Self:
        """Openings are possible."""
        wait_for("openings possible", lambda: self._try_status().get("account main", {}).get("openings") == "possible")
        return self

    def _try_status(self) -> dict[str, Any]:
        assert self.ended is None, f"albra run ended with {self.ended}: {self.said()[-3000:]}"
        try:
            status, document = self.ask("GET", "/v1/status")
        except (OSError, ValueError, http.client.HTTPException):
            return {}
        return document if status == 200 else {}

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """One request to the control API. Raises OSError where nobody listens."""
        connection = self.send_request(method, path, body)
        try:
            answer = connection.getresponse()
            document = json.loads(answer.read())
        finally:
            connection.close()
        if path.endswith("/commands/open") and answer.status == 200:
            self._told.add(document["position_id"])
        return answer.status, document

    def send_request(self, method: str, path: str, body: object = None) -> http.client.HTTPConnection:
        """A request on its way; whoever wants the answer reads it from the connection."""
        if self._address is None:
            where = json.loads((self._home.storage / "control.json").read_text())
            if where["pid"] != self.pid:
                raise ConnectionRefusedError("control.json is an earlier process's")
            token = Path(where["token_path"]).read_text().strip()
            self._address = (where["host"], where["port"], token)
        host, port, token = self._address
        connection = http.client.HTTPConnection(host, port, timeout=10)
        said = None if body is None else json.dumps(body)
        connection.request(method, path, said, {"Authorization": f"Bearer {token}"})
        return connection

    def command(self, name: str, /, **body: object) -> dict[str, Any]:
        """A command that must be accepted."""
        status, said = self.decided(name, body)
        assert status == 200, (name, body, status, said)
        document: dict[str, Any] = said
        return document

    def decided(self, name: str, body: Mapping[str, object]) -> tuple[int, Any]:
        """The answer to a command. Under its own id it is said again while it is not ready, as users do."""
        until_s = time.monotonic() + (READY_S if "command_id" in body else 0)
        while True:
            status, said = self.ask("POST", f"/v1/commands/{name}", body)
            if status != 503 or said.get("code") != "not_ready" or time.monotonic() > until_s:
                return status, said
            time.sleep(0.2)

    def positions(self, *, terminal: bool = True) -> list[dict[str, Any]]:
        status, rows = self.ask("GET", "/v1/positions?all=1" if terminal else "/v1/positions")
        assert status == 200, rows
        found: list[dict[str, Any]] = rows
        return found

    def live(self) -> list[dict[str, Any]]:
        return self.positions(terminal=False)

    def position(self, position_id: str) -> dict[str, Any]:
        status, row = self.ask("GET", f"/v1/positions/{position_id}")
        assert status == 200, row
        found: dict[str, Any] = row
        return found

    def settled(self, timeout_s: float = 30.0) -> list[dict[str, Any]]:
        """Every live position once nothing is in doubt and nothing is under way any more."""
        rows: list[dict[str, Any]] = []

        def quiet() -> bool:
            nonlocal rows
            if self._told:
                # An opening is answered when it is durable, an instant before it is listed.
                self._told -= {row["position_id"] for row in self.positions()}
            rows = self.live()
            if self._told:
                return False
            return all(resting(row) or at_rest(row) for row in rows)

        try:
            wait_for("every position at rest", quiet, timeout_s, pause_s=0.05)
        except TimedOut as error:
            busy = [row for row in rows if not (resting(row) or at_rest(row))]
            raise TimedOut(f"{error}: {json.dumps(busy, indent=1)}") from None
        return rows


def at_rest(row: Mapping[str, Any]) -> bool:
    """Held, in no doubt, and protected where protection is wanted."""
    wanted = {row[price]: Decimal(row["quantity"]) for price in ("stop_loss", "take_profit", "trailing") if row[price]}
    held = row["state"] in ("ACTIVE", "MODIFIED", "PAUSED") and not row["in_doubt"]
    # A stop that was moved stays on the book until the new one rests; only then is it taken off. Above the market
    # maximum it takes several orders to cover what is held.
    resting: dict[str, Decimal] = {}
    for order in row["orders"]:
        price, leaves = str(order["price"]), Decimal(order["quantity"]) - Decimal(order["filled_quantity"])
        resting[price] = resting.get(price, Decimal(0)) + leaves
    working = all(order["phase"] == "working" for order in row["orders"])
    return held and working and resting == wanted and (row["protected"] or not wanted)


def resting(row: Mapping[str, Any]) -> bool:
    """An entry on the venue's book, waiting for its price."""
    orders = row["orders"]
    return (
        row["state"] == "OPENING"
        and bool(orders)
        and all(
            order["purpose"] == "entry" and order["phase"] == "working" and order["price"] is not None
            for order in orders
        )
    )


def order_name(journal_id: str, ordinal: int, number: int | None = None) -> ClientOrderId:
    """How a client order id begins, before its life; where `number` is None, how all of a position's ids begin."""
    from messages.ids import client_order_id
    from messages.types import JournalId

    whole = client_order_id(JournalId(journal_id), ordinal, number or 0)
    return whole if number is not None else ClientOrderId(whole[:-4])
