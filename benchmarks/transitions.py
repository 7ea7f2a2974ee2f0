"""Whole lives of positions through the real machine, actor and journal, against bare SQLite commits.

Each position is opened with stop and target, gets a tighter stop, and is closed; then the next one takes
its place. Their venue answers at once, so that nothing is waited for but the disk. The same rows are then
written by bare SQLite into the same tables, in commits of as many steps as shared one here.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from actors.journal import JournalActor
from actors.position.actor import Identity, position_factory
from actors.position.draft import Policy
from actors.position.state import blank
from actors.runtime import Actor, ActorSystem, Context, Placement, ThreadDispatcher
from actors.supervisor.context import position_address
from adapters.clock import SystemClock
from adapters.storage import schema
from adapters.storage.sqlite import SqliteJournal
from benchmarks.obliging import ACCOUNT, BTC, LONG, QUANTITY, STOP, STRATEGY, SYMBOL, TARGET, TIGHTER, ObligingVenue
from benchmarks.report import Row, at_least, at_most, median_ratio, row
from messages.base import Message
from messages.commands import ClosePosition, ModifyPosition, OpenPosition
from messages.ids import parse_client_order_id
from messages.priority import PRIORITY
from messages.reports import PositionView
from messages.requests import OrderRequest
from messages.types import CommandId, CorrelationId, JournalId, Key, PositionState

WORKERS = 3
PATIENCE_S = 180.0
RawRow = tuple[int, int, int, int, bytes, bytes]


def _silent(_level: str, _event: str, /, **_fields: str) -> None:
    """The log is measured with the whole process elsewhere."""


class Venue(Actor[Message]):
    """Answers to the position itself: routing is measured elsewhere."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._venue = ObligingVenue()

    def receive(self, message: Message) -> None:
        if isinstance(message, OrderRequest):
            name = parse_client_order_id(message.client_order_id)
            assert name is not None, message
            for answer in self._venue.answers(message, self.context.clock.time_ns()):
                self.context.tell(position_address(name.ordinal), answer)


class Listener(Actor[Message]):
    """Takes notices."""

    def receive(self, message: Message) -> None:
        """Nothing is done with them here."""


@dataclass(slots=True)
class Lives:
    """How many positions are still to begin and to end."""

    to_begin: int
    to_end: int
    done: threading.Event


class Owner(Actor[Message]):
    """In the supervisor's place: sees a position's view, wants the next thing of it, and begins the next one."""

    def __init__(self, context: Context, lives: Lives, spawn: Callable[[int], None]) -> None:
        super().__init__(context)
        self._lives = lives
        self._spawn = spawn
        self._wanted: dict[int, str] = {}
        self._next = 1

    def receive(self, message: Message) -> None:
        if not isinstance(message, PositionView):
            self.begin()
            return
        wanted = self._wanted[message.ordinal]
        if message.state is PositionState.CLOSED and wanted == "end":
            self._ended(message.ordinal)
        elif message.state is PositionState.ACTIVE and message.protected:
            if wanted == "tighter stop":
                self._want(message, "close", ModifyPosition(stop_loss=TIGHTER, **_named(message, "modify")))
            elif wanted == "close" and message.stop_loss == TIGHTER:
                self._want(message, "end", ClosePosition(**_named(message, "close")))

    def begin(self) -> None:
        if not self._lives.to_begin:
            return
        self._lives.to_begin -= 1
        ordinal, self._next = self._next, self._next + 1
        self._wanted[ordinal] = "tighter stop"
        self._spawn(ordinal)
        self.context.tell(position_address(ordinal), opening(ordinal))

    def _want(self, view: PositionView, then: str, command: Message) -> None:
        self._wanted[view.ordinal] = then
        self.context.tell(position_address(view.ordinal), command)

    def _ended(self, ordinal: int) -> None:
        del self._wanted[ordinal]
        self._lives.to_end -= 1
        if not self._lives.to_end:
            self._lives.done.set()
        self.begin()


def opening(ordinal: int) -> OpenPosition:
    name = CommandId(f"open-{ordinal}")
    return OpenPosition(
        command_id=name,
        correlation_id=CorrelationId(name),
        account=ACCOUNT,
        symbol=SYMBOL,
        side=LONG,
        strategy=STRATEGY,
        quantity=QUANTITY,
        stop_loss=STOP,
        take_profit=TARGET,
        instrument=BTC,
    )


def _named(view: PositionView, what: str) -> dict[str, Any]:
    name = f"{what}-{view.ordinal}"
    return {"command_id": CommandId(name), "correlation_id": CorrelationId(name), "position_id": view.position_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`rate` in steps a second; `group`: how many shared a commit; `handling_ms`: mean of a position's handler."""

    rate: float
    group: float
    handling_ms: float
    rows: list[RawRow]


def live(directory: Path, positions: int, lives: int) -> Run:
    """So many positions at a time, until so many have lived and closed."""
    journal = SqliteJournal.open(directory)
    clock = SystemClock()
    system = ActorSystem(ThreadDispatcher(clock, WORKERS), PRIORITY, clock)
    left = Lives(to_begin=lives, to_end=lives, done=threading.Event())
    spawn = partial(_spawn, system, journal.journal_id)
    for address, factory in (
        ("journal", lambda context: JournalActor(context, journal)),
        ("gateway/main", Venue),
        ("notifier", Listener),
        ("supervisor", partial(Owner, lives=left, spawn=spawn)),
    ):
        system.spawn(address, factory, placement=Placement.THREAD)
    started = time.perf_counter()
    for ordinal in range(positions):
        system.tell("supervisor", opening(ordinal))
    assert left.done.wait(PATIENCE_S), left
    took = time.perf_counter() - started
    handling_ms = _handling_ms(system)
    system.shutdown(5_000)
    counters = journal.counters()
    assert journal.close(60_000)
    return Run(
        rate=counters.steps / took,
        group=counters.steps / counters.commits,
        handling_ms=handling_ms,
        rows=_written(directory),
    )


def _spawn(system: ActorSystem, journal_id: JournalId, ordinal: int) -> None:
    key = Key(account=ACCOUNT, symbol=SYMBOL, side=LONG, strategy=STRATEGY)
    start = blank(key, ordinal, journal_id)
    identity = Identity(key=key, ordinal=ordinal, journal_id=journal_id)
    system.spawn(position_address(ordinal), position_factory(identity, Policy(), _silent, start))


def _handling_ms(system: ActorSystem) -> float:
    """Mean time in a position's handlers, waiting not included."""
    positions = [one for one in system.metrics().actors if one.address.startswith("position/")]
    return sum(one.busy_ns for one in positions) / sum(one.processed for one in positions) / 1e6


def _written(directory: Path) -> list[RawRow]:
    connection = schema.connect_read_only(directory / schema.FILE_NAME)
    rows: list[Any] = [tuple(each) for each in connection.execute("SELECT * FROM step ORDER BY seq")]
    connection.close()
    return rows


def bare(directory: Path, rows: list[RawRow], group: int) -> float:
    """The same rows by bare SQLite into the same table with its index, in commits of `group`."""
    directory.mkdir()
    path = directory / "raw.sqlite3"
    connection = schema.connect(path)
    schema.create_if_new(path, connection, schema.random_journal_id, 0)
    insert = "INSERT INTO step(seq, ordinal, version, ts, payload, checksum) VALUES(?, ?, ?, ?, ?, ?)"
    started = time.perf_counter()
    for start in range(0, len(rows), group):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, rows[start : start + group])
        connection.execute("COMMIT")
    took = time.perf_counter() - started
    connection.close()
    return len(rows) / took


def run(*, quick: bool = False) -> list[Row]:
    """About two minutes; a quarter of it in the quick form."""
    repeats, shrink = (1, 4) if quick else (5, 1)
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as home:
        for positions, lives in ((1, 60), (100, 1_000), (1_000, 2_000)):
            runs, raw = [], []
            for repeat in range(repeats):
                here = Path(home) / f"{positions}-{repeat}"
                runs.append(live(here, positions, max(lives // shrink, positions)))
                raw.append(bare(here / "raw", runs[-1].rows, max(1, round(runs[-1].group))))
            found += _rows(positions, runs, raw)
    return found


def _rows(positions: int, runs: list[Run], raw: list[float]) -> list[Row]:
    at_once = f"{positions:,} position{'s' * (positions > 1)} at once"
    rates = [one.rate for one in runs]
    against = f"SQLite ({apsw.sqlite_lib_version()})"
    ratio = median_ratio(rates, raw)
    return [
        row(f"journalled transitions, {at_once}", rates, "/s", ratio=ratio, against=against, target=at_least(0.7)),
        row(f"  bare SQLite, the same rows in groups of {runs[-1].group:.0f}", raw, "/s"),
        row(
            f"  handling of one message by a position, mean, {at_once}",
            [one.handling_ms for one in runs],
            "ms",
            target=at_most(50),
        ),
    ]
