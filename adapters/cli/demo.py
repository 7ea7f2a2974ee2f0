"""`albra demo`: half a minute of a supervisor at work, in a directory of its own.

Everything but the money is real: `albra run` in a process of its own on the embedded paper venue, orders through the
exchange client, commands through the control API. The venue's administration API makes the outside changes.
"""

import http.client
import json
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.cli import output, reading
from adapters.cli.client import Answer, Lost, Supervisor
from adapters.cli.outcome import CommandError, Exit
from albra.loopback.discovery import announced
from albra.loopback.transport import Unreachable
from messages.decimals import plain
from messages.text import block, shown, styled

DEFAULT_PACE_S = 2.0
_PATIENCE_S = 20.0
"""Limit of each expected step: generous, and only exceeded by a defect."""
_POLL_S = 0.1
_STOP_S = 15.0
_CONFIG: Mapping[str, Any] = {
    "storage": {"path": "var"},
    "paper": {"seed": 7, "tick_ms": 200},
}
_PLAN: Sequence[Mapping[str, Any]] = (
    {"symbol": "BTCUSDT", "side": "long", "quantity": "0.02", "strategy": "trend", "stop": "0.97", "target": "1.06"},
    {"symbol": "ETHUSDT", "side": "short", "quantity": "0.5", "strategy": "reversion", "stop": "1.03"},
    {"symbol": "SOLUSDT", "side": "long", "quantity": "10", "strategy": "manual"},
)
_TICKS = {"BTCUSDT": Decimal("0.1"), "ETHUSDT": Decimal("0.01"), "SOLUSDT": Decimal("0.01")}

Row = Mapping[str, Any]


def demo(arguments: Namespace) -> None:
    """Run the demo. Raises CommandError(FAILED) when a step fails; its directory is kept then."""
    pace_s = DEFAULT_PACE_S if arguments.pace is None else float(arguments.pace)
    directory = Path(tempfile.mkdtemp(prefix="albra-demo-"))
    try:
        with _supervisor(directory) as stage:
            _play(stage, lambda: time.sleep(pace_s))
        _verify(directory)
    except CommandError as error:
        raise CommandError(error.exit_code, f"demo: {error.text} (everything is left in {directory})") from None
    _remove(directory)
    output.line(shown(""))
    _say("That was it. Yours: `albra run` here, `albra open BTCUSDT long 0.01 --stop-loss …` beside it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """The running supervisor and its venue's administration API."""

    albra: Supervisor
    paper_url: str

    def command(self, name: str, **body: Any) -> Row:
        command_id = f"demo-{name}-{time.monotonic_ns()}"
        said: Row = self.albra.command(name, {"command_id": command_id, **body}, time.monotonic() + _PATIENCE_S)
        return said

    def positions(self) -> list[Row]:
        rows: list[Row] = self.albra.read("/v1/positions?all=1")
        return rows

    def position(self, position_id: str) -> Row:
        row: Row = self.albra.read(f"/v1/positions/{position_id}")
        return row

    def at_venue(self, method: str, path: str, body: Row | None = None) -> Any:
        """Send one request to the paper venue, around Albra."""
        address = urlsplit(self.paper_url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port or 0, timeout=_PATIENCE_S)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            said = Answer(answer.status, json.loads(answer.read()))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise CommandError(Exit.FAILED, f"the paper venue does not answer: {error}") from None
        finally:
            connection.close()
        if said.status != 200:
            raise CommandError(Exit.FAILED, f"the paper venue refuses {path}: {said.error}")
        return said.document

    def mark(self, symbol: str) -> Decimal:
        return Decimal(self.at_venue("GET", f"/fapi/v1/premiumIndex?symbol={symbol}")["markPrice"])

    def held(self) -> dict[str, Decimal]:
        """Return the venue's positions: signed quantities by symbol."""
        account = self.at_venue("GET", "/paper/state")["venue"]["accounts"][0]
        rows = ((row["symbol"], Decimal(row["quantity"])) for row in account["positions"])
        return {symbol: quantity for symbol, quantity in rows if quantity}

    def resting(self) -> int:
        account = self.at_venue("GET", "/paper/state")["venue"]["accounts"][0]
        return len(account["open_orders"]) + len(account["open_algos"])


@contextmanager
def _supervisor(directory: Path) -> Iterator[_Stage]:
    """Run `albra run` with a configuration of its own; stop it in order at the end."""
    config = directory / "config.yaml"
    config.write_text(json.dumps(_CONFIG))
    storage, said = directory / "var", directory / "run.out"
    arguments = [sys.executable, "-m", "albra", "run", "--config", str(config), "--plain"]
    with (
        said.open("wb") as out,
        subprocess.Popen(  # noqa: S603 - ourselves
            arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        try:
            yield _up(process, storage, said)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _up(process: "subprocess.Popen[bytes]", storage: Path, said: Path) -> _Stage:
    albra = Supervisor(storage)

    def ready() -> bool:
        if process.poll() is not None:
            raise CommandError(Exit.FAILED, f"`albra run` ended: {said.read_text(errors='replace')[-500:]}")
        try:
            answer = albra.request("GET", "/v1/status", within_s=_PATIENCE_S)
        except (Unreachable, Lost):
            return False
        return answer.status == 200 and answer.document["account main"]["openings"] == "possible"

    _until("the supervisor is ready", ready)
    address = announced(storage)
    assert address is not None
    return _Stage(albra=albra, paper_url=str(address["paper"]["url"]))


def _play(stage: _Stage, breath: Callable[[], None]) -> None:
    _act("1. A supervisor runs, and three strategies open positions.")
    opened = {plan["symbol"]: _open(stage, plan) for plan in _PLAN}
    _until("every position is held and protected", lambda: all(_settled(row) for row in stage.positions()))
    _table(stage)
    _say("Stops and targets rest at the venue: they work with Albra switched off, too.")
    breath()
    _act("2. A human buys back part of the ETHUSDT short at the exchange, behind Albra's back.")
    _alter(stage, opened["ETHUSDT"])
    breath()
    _act("3. The price of BTCUSDT falls through its stop.")
    _fall(stage, opened["BTCUSDT"])
    breath()
    _act("4. Everything is closed: albra close --all --yes")
    stage.command("close_all")
    _until("nothing is held any more", lambda: not stage.held() and not _live(stage))
    _until("nothing rests any more", lambda: not stage.resting())
    _table(stage)
    _say("At the venue: no position, no order left over.")
    breath()
    _act("5. What happened to the BTCUSDT position, event by event: albra history …")
    for event in stage.albra.read(f"/v1/positions/{opened['BTCUSDT']}/history"):
        output.line(styled("  ", reading.event_line(event), ""))


def _open(stage: _Stage, plan: Row) -> str:
    mark, tick = stage.mark(plan["symbol"]), _TICKS[plan["symbol"]]
    prices = {
        name: plain((mark * Decimal(plan[part])).quantize(tick, ROUND_HALF_EVEN))
        for name, part in (("stop_loss", "stop"), ("take_profit", "target"))
        if part in plan
    }
    body = {name: plan[name] for name in ("symbol", "side", "quantity", "strategy")} | prices
    options = "".join(f" --{name.replace('_', '-')} {price}" for name, price in prices.items())
    _say(f"$ albra open {plan['symbol']} {plan['side']} {plan['quantity']} --strategy {plan['strategy']}{options}")
    position_id: str = stage.command("open", **body)["position_id"]
    _until(f"{position_id} is there", lambda: any(row["position_id"] == position_id for row in stage.positions()))
    return position_id


def _alter(stage: _Stage, position_id: str) -> None:
    stage.at_venue("POST", "/paper/trade", {"symbol": "ETHUSDT", "side": "BUY", "quantity": "0.2"})
    held = stage.held()["ETHUSDT"]
    believed = stage.position(position_id)
    _say(f"At the venue: ETHUSDT {held}. Albra believes: {believed['side']} {believed['quantity']}.")
    _say("$ albra reconcile ETHUSDT")
    _say(str(stage.command("reconcile", symbol="ETHUSDT")["text"]))
    _until("the change is noticed", lambda: Decimal(stage.position(position_id)["quantity"]) == -held)
    for row in stage.albra.read("/v1/discrepancies"):
        seen = " ".join(f"{name}={row[name]}" for name in ("symbol", "type", "severity", "action", "outcome"))
        _say(f"UNEXPECTED  {seen}")
        _say(f"            believed {row['believed']}, reported {row['reported']}")
    row = stage.position(position_id)
    _say(f"{position_id} is {row['state']}, {row['quantity']} left: {row['reason']}.")
    _table(stage)


def _fall(stage: _Stage, position_id: str) -> None:
    stop = Decimal(stage.position(position_id)["stop_loss"])
    price = plain((stop * Decimal("0.999")).quantize(_TICKS["BTCUSDT"], ROUND_HALF_EVEN))
    _say(f"The venue's price goes to {price}, the stop stands at {stop}.")
    stage.at_venue("POST", "/paper/price", {"symbol": "BTCUSDT", "price": price})
    _until("the stop has closed BTCUSDT", lambda: stage.position(position_id)["state"] == "CLOSED")
    row = stage.position(position_id)
    why = f" ({row['reason']})" if row["reason"] else ""
    _say(f"{position_id} is {row['state']}{why}: realized {row['realized_pnl']}, fees {row['fees']}.")


def _settled(row: Row) -> bool:
    if row["state"] in ("FAILED", "CANCELLED"):
        raise CommandError(Exit.FAILED, f"{row['position_id']} {row['state']}: {row['reason']}")
    asked = row["stop_loss"] is not None or row["take_profit"] is not None
    return row["state"] == "ACTIVE" and not row["in_doubt"] and (row["protected"] or not asked)


def _live(stage: _Stage) -> list[Row]:
    rows: list[Row] = stage.albra.read("/v1/positions")
    return rows


def _table(stage: _Stage) -> None:
    color = output.colored(sys.stdout)
    _say("$ albra positions --all")
    output.line(reading.positions_table(list(stage.positions()), time.time_ns(), color=color))


def _act(title: str) -> None:
    output.line(output.paint(styled("\n", shown(title), ""), "bold" if output.colored(sys.stdout) else None))


def _say(text: str) -> None:
    output.line(shown(text))


def _until(what: str, seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not seen():
        if time.monotonic() > deadline:
            raise CommandError(Exit.FAILED, f"not within {_PATIENCE_S:g} s: {what}")
        time.sleep(_POLL_S)


def _verify(directory: Path) -> None:
    """Verify the journal after the supervisor's end."""
    _act("6. The supervisor has stopped. Its journal, replayed from the start: albra journal verify")
    ended = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "albra", "journal", "verify", "--config", str(directory / "config.yaml")],
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    if ended.returncode:
        raise CommandError(Exit.FAILED, ended.stderr.strip())
    output.line(block(ended.stdout.strip().replace(str(directory), "…")))


def _remove(directory: Path) -> None:
    import shutil

    shutil.rmtree(directory, ignore_errors=True)
