"""How soon `albra run` takes commands again with ten thousand open positions, and what each of them weighs.

The positions' 200,000 events are real histories, decided by the machine: opened with a stop, the stop
tightened, paused and resumed. The venue holds what they believe: the net quantity and every stop, so that
the start ends in a venue that agrees, after the sweep that compares them.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from actors.position.draft import Policy
from actors.position.fold import fold
from actors.position.machine import decide
from actors.position.state import Position, blank
from actors.supervisor.context import position_address
from adapters.paper.server import EmbeddedServer, PaperServer
from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition
from adapters.storage.sqlite import SqliteJournal
from benchmarks.obliging import ACCOUNT, BTC, LONG, QUANTITY, STOP, SYMBOL, TIGHTER, ObligingVenue
from benchmarks.process import Supervisor, write_config
from benchmarks.report import Row, at_most, row
from benchmarks.venue import serving
from messages.base import Message
from messages.commands import ModifyPosition, OpenPosition, PausePosition, ResumePosition
from messages.ids import parse_position_id
from messages.journal import AppendStep
from messages.types import CommandId, JournalId, Key, OrderPurpose, PositionId, StrategyId

POSITIONS = 10_000
EVENTS = 200_000
TOGETHER = 200
"""Positions whose steps are made durable in one commit."""
_SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class History:
    """One position's steps, decided one after another; `resting` is its stop's client order id."""

    position: Position
    venue: ObligingVenue
    now_ns: int
    steps: list[AppendStep]

    def tell(self, message: Message) -> None:
        """Decide, and hand on what the venue answers, until nothing more is answered."""
        self.now_ns += _SECOND_NS
        step = decide(self.position, message, self.now_ns, Policy())
        assert step.events, (message, step.why)
        self.position = step.position
        self.steps.append(
            AppendStep(
                sender=position_address(self.position.ordinal),
                position_id=self.position.position_id,
                ordinal=self.position.ordinal,
                version=self.position.version,
                events=step.events,
                effects=step.effects,
            )
        )
        for effect in step.effects:
            for answer in self.venue.answers(effect.message, self.now_ns):
                self.tell(answer)

    @property
    def resting(self) -> str:
        (stop,) = self.position.live_orders(OrderPurpose.STOP)
        return stop.client_order_id


def history(ordinal: int, journal_id: JournalId, venue: ObligingVenue, now_ns: int) -> History:
    key = Key(account=ACCOUNT, symbol=SYMBOL, side=LONG, strategy=StrategyId(f"s{ordinal}"))
    told = History(blank(key, ordinal, journal_id), venue, now_ns, [])
    told.tell(
        OpenPosition(
            command_id=CommandId(f"open-{ordinal}"),
            account=ACCOUNT,
            symbol=SYMBOL,
            side=LONG,
            strategy=key.strategy,
            quantity=QUANTITY,
            stop_loss=STOP,
            instrument=BTC,
        )
    )
    position_id = told.position.position_id
    told.tell(ModifyPosition(command_id=CommandId(f"modify-{ordinal}"), position_id=position_id, stop_loss=TIGHTER))
    told.tell(PausePosition(command_id=CommandId(f"pause-{ordinal}"), position_id=position_id))
    told.tell(ResumePosition(command_id=CommandId(f"resume-{ordinal}"), position_id=position_id))
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What was written: how many events, the last position's id, every resting stop's client order id."""

    events: int
    last: PositionId
    stops: list[str]


def fill_journal(directory: Path) -> Filled:
    journal = SqliteJournal.open(directory)
    venue, done = ObligingVenue(), threading.Semaphore(0)
    begun_ns = time.time_ns() - 3600 * _SECOND_NS
    events, stops, last = 0, [], PositionId("")
    for start in range(1, POSITIONS + 1, TOGETHER):
        told = [history(ordinal, journal.journal_id, venue, begun_ns) for ordinal in range(start, start + TOGETHER)]
        steps = [step for one in told for step in one.steps]
        journal.append(steps, partial(_written, done))
        done.acquire()
        events += sum(len(step.events) for step in steps)
        stops += [one.resting for one in told]
        last = told[-1].position.position_id
    assert journal.close(60_000)
    assert events >= EVENTS, events
    return Filled(events=events, last=last, stops=stops)


def _written(done: threading.Semaphore, why: str | None) -> None:
    done.release()
    assert why is None, why


def fill_venue(server: EmbeddedServer, stops: list[str]) -> None:
    """The venue's side of those histories: one long position of the whole, and every stop."""
    server.call(lambda paper: _trade(paper, QUANTITY * len(stops)))
    for start in range(0, len(stops), TOGETHER):
        batch = stops[start : start + TOGETHER]
        server.call(lambda paper, batch=batch: _rest(paper, batch))  # type: ignore[misc]  # bound at once


def _trade(paper: PaperServer, quantity: Decimal) -> None:
    params = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": format(quantity, "f")}
    _accepted(paper, "/fapi/v1/order", params)


def _rest(paper: PaperServer, stops: list[str]) -> None:
    for client_order_id in stops:
        params = {
            "symbol": SYMBOL,
            "side": "SELL",
            "algoType": "CONDITIONAL",
            "type": "STOP_MARKET",
            "triggerPrice": format(TIGHTER, "f"),
            "quantity": format(QUANTITY, "f"),
            "reduceOnly": "true",
            "workingType": "MARK_PRICE",
            "clientAlgoId": client_order_id,
        }
        _accepted(paper, "/fapi/v1/algoOrder", params)


def _accepted(paper: PaperServer, path: str, params: dict[str, str]) -> None:
    answer = paper.live.venue.trade_by_hand("POST", path, params, now_ms=paper.live.now_ms())
    assert answer.status == 200, answer.body
    paper.live.venue.drain_events()


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds since the process was made (and of processor time until it accepted), and MiB when all is quiet."""

    answering_s: float
    accepting_s: float
    accepting_cpu_s: float
    ready_s: float
    resident_mib: float


def start(home: Path, position_id: PositionId | None) -> Start:
    """Begin `albra run` and command a position of it, again and again, until that is accepted."""
    with Supervisor(home) as supervisor:
        answering = supervisor.until("the control API", lambda: bool(supervisor.status()))
        accepting = answering
        if position_id is not None:
            accepting = supervisor.until("a command accepted", lambda: _taken(supervisor, position_id))
        used = supervisor.cpu_sampled_s()
        if position_id is not None:
            supervisor.command("resume", position_id=position_id)
        ready = supervisor.ready()
        live = POSITIONS if position_id is not None else 0
        supervisor.until("all positions shown", lambda: _live(supervisor) == live)
        return Start(
            answering_s=answering,
            accepting_s=accepting,
            accepting_cpu_s=used,
            ready_s=ready,
            resident_mib=supervisor.resident_mib(),
        )


def _live(supervisor: Supervisor) -> int | None:
    """None where the supervisor is too busy to say."""
    live: int | None = supervisor.status().get("positions", {}).get("live")
    return live


def _taken(supervisor: Supervisor, position_id: PositionId) -> bool:
    try:
        return supervisor.offer("pause", position_id=position_id)[0] == 200
    except OSError:
        return False


def folding_s(directory: Path) -> float:
    """Reading, checking, decoding and folding alone."""
    started = time.perf_counter()
    with JournalReader(directory) as reader:
        folded = 0
        for found in reader.recover():
            assert isinstance(found, RecoveredPosition), found
            named = parse_position_id(found.position_id)
            assert named is not None, found.position_id
            folded += fold(blank(*named, JournalId("")), found.events).version == found.version
    took = time.perf_counter() - started
    assert folded == POSITIONS
    return took


def _starts(home: Path, url: str, position_id: PositionId | None, repeats: int) -> Iterator[Start]:
    write_config(home, url)
    for _ in range(repeats):
        yield start(home, position_id)


def run(*, quick: bool = False) -> list[Row]:
    """Two to three minutes; most of it writing the histories and starting five times."""
    repeats = 1 if quick else 5
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name:
        with serving() as (server, _):
            empty = list(_starts(Path(name) / "empty", server.http_url, None, repeats))
        home = Path(name) / "full"
        filled = fill_journal(home / "var")
        folds = [folding_s(home / "var") for _ in range(repeats)]
        with serving() as (server, _):
            fill_venue(server, filled.stops)
            full = list(_starts(home, server.http_url, filled.last, repeats))
    what = f"{POSITIONS:,} positions with {filled.events:,} events"
    nothing = sum(one.resident_mib for one in empty) / len(empty)
    weights = [(one.resident_mib - nothing) * 1024 / POSITIONS for one in full]
    return [
        row(f"start to accepting commands, {what}", [one.accepting_s for one in full], "s", target=at_most(5)),
        row("  processor time used until then, by all threads", [one.accepting_cpu_s for one in full], "s"),
        row("  of which reading and folding", folds, "s"),
        row("  the control API answers", [one.answering_s for one in full], "s"),
        row("  openings possible: the venue was read and agrees", [one.ready_s for one in full], "s"),
        row("start to accepting commands, nothing in the journal", [one.accepting_s for one in empty], "s"),
        row("  openings possible", [one.ready_s for one in empty], "s"),
        row("memory per position, whole process", weights, "KiB"),
        row("memory of a supervisor without positions", [one.resident_mib for one in empty], "MiB"),
    ]
