"""A trading session of a thousand commands at a venue that behaves as venues do, and an hour's rest beside it.

The session: market and limit entries with stop and target close enough to be hit by moving prices, stops
moved, parts closed, holds, closes; partial fills, events late, doubled or lost, and one answer to an
order in fifty lost after its effect. The rest: fifty protected positions, prices moving, nobody asks.
"""

import random
import tempfile
import time
from collections import Counter
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

from adapters.paper.faults import Fault, FaultKind, FaultPlan
from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from adapters.storage.reader import ExportedEvent, JournalReader
from benchmarks.process import Supervisor, write_config
from benchmarks.report import Row, at_least, at_most, row
from benchmarks.venue import PRICES, QUANTITIES, serving
from benchmarks.wire import open_many
from messages.base import Event
from messages.events import MessageRefused, OrderDoubted, StateChanged
from messages.types import PositionState

COMMANDS = 1_000
LIVE_MOST = 50
PACE_S = 0.03
IDLE_POSITIONS = 50
IDLE_S = 30.0
TICKS = {one.symbol: one.tick_size for one in DEFAULT_INSTRUMENTS}
HABITS = FaultPlan(
    seed=1,
    faults=(
        Fault(kind=FaultKind.RESET, method="POST", path="rder", count=0, chance_ppm=20_000),
        Fault(kind=FaultKind.PARTIAL_FILL, count=0, chance_ppm=200_000),
        Fault(kind=FaultKind.EVENT_DELAYED, count=0, chance_ppm=100_000, delay_ms=200),
        Fault(kind=FaultKind.EVENT_DUPLICATED, count=0, chance_ppm=50_000),
        Fault(kind=FaultKind.EVENT_LOST, count=0, chance_ppm=5_000),
    ),
)


def _answered(status: int, said: Any) -> bool:
    """Done, refused with a reason, or not ready: a neighbor's stop is being replaced, and the trader goes on."""
    return status in (200, 409) or (status == 503 and said["code"] == "not_ready")


class Trader:
    """Chooses the next command by a seed. What the supervisor refuses with a reason is the trader's mistake."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._choose = random.Random(1)
        self._opened = 0

    def act(self) -> None:
        """One command, answered."""
        live = [each for each in self._supervisor.positions() if each["state"] == "ACTIVE"]
        if len(live) < 10 or (len(live) < LIVE_MOST and self._choose.random() < 0.4):
            self._open()
            return
        position = self._choose.choice(live)
        whole = Decimal(position["quantity"]) == self._quantity(position["symbol"])
        name, body = self._choose.choice(
            [
                ("modify", {"stop_loss": self._near(position, "0.995")}),
                ("close", {"percent": "50"} if whole else {}),  # half of a half may be less than the venue trades
                ("close", {}),
                ("pause", {}),
            ]
        )
        status, said = self._supervisor.offer(name, position_id=position["position_id"], **body)
        assert _answered(status, said), (name, body, status, said)
        if name == "pause" and status == 200:
            self._supervisor.offer("resume", position_id=position["position_id"])

    def _open(self) -> None:
        self._opened += 1
        symbol = self._choose.choice(list(PRICES))
        at = {"symbol": symbol, "mark_price": None}
        body = {
            "symbol": symbol,
            "side": "long",
            "quantity": format(self._quantity(symbol), "f"),
            "strategy": f"s{self._opened}",
            "stop_loss": self._near(at, "0.99"),
            "take_profit": self._near(at, "1.01"),
        }
        if self._choose.random() < 0.2:
            body["limit_price"] = self._near(at, "0.999")
        status, said = self._supervisor.offer("open", **body)
        assert _answered(status, said), (body, status, said)

    def _quantity(self, symbol: str) -> Decimal:
        return Decimal(QUANTITIES[symbol]) * 4

    def _near(self, position: dict[str, Any], share: str) -> str:
        symbol = position["symbol"]
        price = Decimal(position["mark_price"] or PRICES[symbol]) * Decimal(share)
        return format((price / TICKS[symbol]).to_integral(ROUND_DOWN) * TICKS[symbol], "f")


def settled(supervisor: Supervisor) -> bool:
    return not any(each["in_doubt"] or each["state"] == "RECONCILING" for each in supervisor.positions())


def session(home: Path, commands: int) -> list[Row]:
    with serving(volatility_ppm=500, faults=HABITS) as (server, _):
        write_config(home, server.http_url)
        with Supervisor(home) as supervisor:
            supervisor.ready()
            trader = Trader(supervisor)
            for _ in range(commands):
                trader.act()
                time.sleep(PACE_S)
            supervisor.until("no doubt left", lambda: settled(supervisor))
            lanes = supervisor.status()["messages"]
    return [*_transitions(_events(home), commands), *_handling(lanes)]


def _events(home: Path) -> list[Event]:
    with JournalReader(home / "var") as reader:
        return [one.event for one in reader.events() if isinstance(one, ExportedEvent)]


def _transitions(events: list[Event], commands: int) -> list[Row]:
    """Succeeded: into any state but FAILED. Beside these, messages that a state did not allow were attempts too."""
    changes = [one for one in events if isinstance(one, StateChanged)]
    failed = sum(one.after is PositionState.FAILED for one in changes)
    refused = sum(isinstance(one, MessageRefused) for one in events)
    share = 100 * (len(changes) - failed) / (len(changes) + refused)
    what = f"{commands:,} commands, {len(changes):,} transitions, {failed} failed, {refused} refused"
    why = Counter(f"{one.message} in {one.state}" for one in events if isinstance(one, MessageRefused))
    doubted = sum(isinstance(one, OrderDoubted) for one in events)
    return [
        row(f"transitions that succeed: {what}", [share], "%", target=at_least(99.5)),
        row(f"  refused: {', '.join(f'{what} {n}' for what, n in why.most_common()) or 'none'}", [refused], ""),
        row("  orders in doubt for a time", [doubted], ""),
    ]


def _handling(lanes: dict[str, dict[str, float]]) -> list[Row]:
    """Of all actors; waiting is not part of it."""
    handled = sum(lane["handled"] for lane in lanes.values())
    total_ms = sum(lane["mean_ms"] * lane["handled"] for lane in lanes.values())
    failed = sum(lane["failed"] for lane in lanes.values())
    rows = [
        row("handling of one message, mean of all actors", [total_ms / handled], "ms", target=at_most(50)),
        row("  messages whose handler raised", [failed], "", target=at_most(0)),
    ]
    rows += [
        row(f"  {name}: p99 of {lane['handled']:,} messages", [lane["p99_ms"]], "ms") for name, lane in lanes.items()
    ]
    return rows


def idle(home: Path, seconds: float) -> list[Row]:
    with serving(volatility_ppm=20) as (server, _):
        write_config(home, server.http_url)
        with Supervisor(home) as supervisor:
            supervisor.ready()
            open_many(supervisor, IDLE_POSITIONS)
            time.sleep(3)  # what their opening set in motion comes to rest
            shares = []
            sampled, since = supervisor.cpu_sampled_s(), time.monotonic()
            for _ in range(3):
                begun, used = time.monotonic(), supervisor.cpu_s()
                time.sleep(seconds / 3)
                shares.append(100 * (supervisor.cpu_s() - used) / (time.monotonic() - begun))
            by_samples = 100 * (supervisor.cpu_sampled_s() - sampled) / (time.monotonic() - since)
            resident = supervisor.resident_mib()
    what = f"{IDLE_POSITIONS} positions, prices moving, {seconds:.0f} s"
    return [
        row(f"processor of an idle supervisor: {what}", shares, "% of one"),
        row("  by /proc/PID/stat, sampled at clock ticks", [by_samples], "% of one"),
        row(f"memory of a supervisor with {IDLE_POSITIONS} positions", [resident], "MiB"),
    ]


def run(*, quick: bool = False) -> list[Row]:
    """About two minutes."""
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as home:
        return [
            *session(Path(home) / "session", COMMANDS // 4 if quick else COMMANDS),
            *idle(Path(home) / "idle", IDLE_S / 3 if quick else IDLE_S),
        ]
