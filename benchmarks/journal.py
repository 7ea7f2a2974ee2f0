"""The journal against bare SQLite on the same disk with the same payloads, and what recovery and the codec cost.

`python -m benchmarks.journal [quick]` prints medians and ranges. A journalled transition is the whole way:
a position tells the journal its step, the step is durable, its effect has left, the position knows.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from functools import partial
from pathlib import Path

import apsw
import msgpack  # type: ignore[import-untyped]

from actors.journal import JournalActor
from actors.runtime import Actor, ActorSystem, Context, Placement, ThreadDispatcher
from adapters.storage import record, schema
from adapters.storage.batch import Batch
from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition
from adapters.storage.sqlite import SqliteJournal
from benchmarks.report import Row, at_least, environment, median_ratio, print_rows, row
from messages import codec
from messages.addresses import position_address
from messages.base import Event, Message
from messages.events import OrderFilled, StateChanged
from messages.ids import position_id
from messages.journal import AppendStep, Committed, Effect
from messages.priority import PRIORITY
from messages.requests import SubmitReducing
from messages.statement import verbatim
from messages.types import (
    AccountId,
    Address,
    ClientOrderId,
    CorrelationId,
    Key,
    OrderKind,
    PositionSide,
    PositionState,
    Side,
    StrategyId,
    Symbol,
    TradeId,
)

WORKERS = 3
KEY = Key(account=AccountId("main"), symbol=Symbol("BTCUSDT"), side=PositionSide.LONG, strategy=StrategyId("grid"))
RECOVERED_POSITIONS = 10_000
RECOVERED_EVENTS = 200_000


class SystemClock:
    time_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.monotonic_ns)


FILL = OrderFilled(
    correlation_id=CorrelationId("c-1795382184"),
    causation_id="main.BTCUSDT.long.grid.17#41",
    ts_event=1_795_382_184_916_000_000,
    ts_init=1_795_382_184_916_728_773,
    client_order_id=ClientOrderId("abk3j9x0q200000170003"),
    trade_id=TradeId("4821937"),
    quantity=Decimal("0.010"),
    price=Decimal("60123.40"),
    fee=Decimal("0.24049360"),
    fee_currency="USDT",
    realized_pnl=Decimal(0),
)
CHANGE = StateChanged(before=PositionState.OPENING, after=PositionState.ACTIVE, because=verbatim("entry filled"))
SUBMIT = SubmitReducing(
    account=KEY.account,
    symbol=KEY.symbol,
    client_order_id=FILL.client_order_id,
    side=Side.SELL,
    position_side=PositionSide.LONG,
    kind=OrderKind.MARKET,
    quantity=Decimal("0.010"),
)
EFFECTS = (Effect(to=Address("gateway"), message=SUBMIT),)
EVENTS: tuple[Event, ...] = (FILL, CHANGE)


def step(ordinal: int, version: int) -> AppendStep:
    return AppendStep(
        sender=position_address(ordinal),
        position_id=position_id(KEY, ordinal),
        ordinal=ordinal,
        version=version,
        events=EVENTS,
        effects=EFFECTS,
    )


class Position(Actor[Message]):
    """Sends its next step as soon as the last one is committed, as long as there are any left to send."""

    def __init__(self, context: Context, ordinal: int, left: "Left") -> None:
        super().__init__(context)
        self._ordinal = ordinal
        self._left = left
        self._version = 0

    def receive(self, message: Message) -> None:  # noqa: ARG002 - any message means: begin
        self._go_on()

    def receive_signal(self, message: Message) -> None:
        assert isinstance(message, Committed), message
        self._left.count()
        self._go_on()

    def _go_on(self) -> None:
        if self._left.claim():
            self._version += len(EVENTS)
            self.context.tell("journal", step(self._ordinal, self._version))


class Left:
    """How many steps are still to send, and still to be heard of."""

    def __init__(self, steps: int) -> None:
        self._to_send = self._to_hear = steps
        self._lock = threading.Lock()
        self.done = threading.Event()

    def claim(self) -> bool:
        with self._lock:
            self._to_send -= 1
            return self._to_send >= 0

    def count(self) -> None:
        with self._lock:
            self._to_hear -= 1
            if not self._to_hear:
                self.done.set()


class Gateway(Actor[Message]):
    def receive(self, message: Message) -> None:
        """Takes the effects."""


def journalled(directory: Path, positions: int, steps: int) -> tuple[float, float]:
    """Transitions per second through position, journal actor and disk; and the steps that shared a commit."""
    journal = SqliteJournal.open(directory)
    clock = SystemClock()
    system = ActorSystem(ThreadDispatcher(clock, WORKERS), PRIORITY, clock)
    left = Left(steps)
    system.spawn("journal", lambda context: JournalActor(context, journal), placement=Placement.THREAD)
    system.spawn("gateway", Gateway, placement=Placement.THREAD)
    for ordinal in range(1, positions + 1):
        system.spawn(position_address(ordinal), partial(Position, ordinal=ordinal, left=left))
    started = time.perf_counter()
    for ordinal in range(1, positions + 1):
        system.tell(position_address(ordinal), SUBMIT)
    assert left.done.wait(120)
    took = time.perf_counter() - started
    system.shutdown(5_000)
    counters = journal.counters()
    assert journal.close()
    assert counters.steps == steps
    return steps / took, counters.steps / counters.commits


def stored(directory: Path, positions: int, steps: int) -> float:
    """Steps per second of the store alone, one in flight per position: encoded, checked, synced, answered."""
    journal = SqliteJournal.open(directory)
    made = [step(n % positions + 1, (n // positions + 1) * len(EVENTS)) for n in range(steps)]
    free = threading.Semaphore(positions)
    failures: list[str] = []

    def done(why: str | None) -> None:
        if why is not None:
            failures.append(why)
        free.release()

    started = time.perf_counter()
    for one in made:
        free.acquire()
        journal.append((one,), done)
    assert journal.close(60_000)
    took = time.perf_counter() - started
    assert not failures, failures[0]
    return steps / took


def raw(directory: Path, positions: int, group: int, steps: int, *, indexed: bool) -> float:
    """Rows per second of bare SQLite: the same rows, encoded before, in commits of `group`."""
    directory.mkdir()
    path = directory / "raw.sqlite3"
    connection = schema.connect(path)
    schema.create_if_new(path, connection, schema.random_journal_id, 0)
    if not indexed:
        connection.execute("DROP INDEX step_by_position")
    batch = Batch(next_seq=1, ts=time.time_ns(), standing=lambda _ordinal: None)
    for seq in range(steps):
        ordinal, version = seq % positions + 1, (seq // positions + 1) * len(EVENTS)
        assert batch.add([record.encode_step(step(ordinal, version))]) is None
    rows = batch.steps
    insert = "INSERT INTO step(seq, ordinal, version, ts, payload, checksum) VALUES(?, ?, ?, ?, ?, ?)"
    started = time.perf_counter()
    for start in range(0, steps, group):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, rows[start : start + group])
        connection.execute("COMMIT")
    took = time.perf_counter() - started
    connection.close()
    return steps / took


def transitions(home: Path, repeats: int) -> list[Row]:
    """Ratios are taken pair by pair, a moment apart: a shared disk's mood changes within a run."""
    rows = []
    for positions, steps in ((1, 2_000), (100, 20_000), (1_000, 30_000)):
        mine, alone, bare, table_only, groups = [], [], [], [], []
        for repeat in range(repeats):
            here = home / f"{positions}-{repeat}"
            rate, group = journalled(here, positions, steps)
            mine.append(rate)
            groups.append(group)
            alone.append(stored(here / "store", positions, steps))
            bare.append(raw(here / "raw", positions, round(group), steps, indexed=True))
            table_only.append(raw(here / "table", positions, round(group), steps, indexed=False))
        of = f"{positions:,} position{'s' * (positions > 1)}"
        for name, ours in ((f"journalled transitions, {of}", mine), (f"the store alone, {of}", alone)):
            for against, theirs in (("bare SQLite, same tables", bare), ("bare SQLite, no index", table_only)):
                ratio = median_ratio(ours, theirs)
                rows.append(row(name, ours, "/s", ratio=ratio, against=against, target=at_least(0.7)))
        rows.append(row(f"steps that shared a commit, {positions:,}", groups, "steps"))
    return rows


def fill_journal(directory: Path) -> None:
    """Ten steps of two events for each of the positions, as if they had all traded in turn."""
    journal = SqliteJournal.open(directory)
    done = threading.Semaphore(0)
    rounds = RECOVERED_EVENTS // RECOVERED_POSITIONS // len(EVENTS)
    for round_ in range(1, rounds + 1):
        for start in range(1, RECOVERED_POSITIONS + 1, 500):
            steps = [step(ordinal, round_ * len(EVENTS)) for ordinal in range(start, start + 500)]
            journal.append(steps, lambda _why: done.release())
            done.acquire()
    assert journal.close()


def recovery(home: Path, repeats: int) -> list[Row]:
    directory = home / "recovery"
    fill_journal(directory)
    took = []
    for _ in range(repeats):
        started = time.perf_counter()
        with JournalReader(directory) as reader:
            events = sum(len(each.events) for each in reader.recover() if isinstance(each, RecoveredPosition))
        took.append(time.perf_counter() - started)
        assert events == RECOVERED_EVENTS
    name = f"reading {RECOVERED_EVENTS:,} events of {RECOVERED_POSITIONS:,} positions, checked and decoded"
    return [
        row(name, took, "s"),
        row("recovery", [RECOVERED_EVENTS / each for each in took], "events/s"),
    ]


def per_call(call: Callable[[], object], calls: int = 20_000) -> float:
    """Microseconds of one call."""
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls * 1e6


def _plainly(message: Message) -> object:
    return msgpack.packb(asdict(message), default=str)


def coding(repeats: int) -> list[Row]:
    rows = []
    for message in (FILL, CHANGE, SUBMIT):
        data = codec.encode(message)
        name = type(message).__name__
        plain = [per_call(partial(_plainly, message), 3_000) for _ in range(repeats)]
        encode = [per_call(partial(codec.encode, message)) for _ in range(repeats)]
        decode = [per_call(partial(codec.decode, data)) for _ in range(repeats)]
        ratio = statistics.median(encode) / statistics.median(plain)
        rows.append(row(f"encoding {name}, {len(data)} bytes", encode, "µs", ratio=ratio, against="asdict"))
        rows.append(row(f"decoding {name}", decode, "µs"))
    whole = step(1, 2)
    rows.append(row("encoding a step", [per_call(lambda: record.encode_step(whole)) for _ in range(repeats)], "µs"))
    return rows


def run(*, quick: bool = False) -> list[Row]:
    """All figures of the journal: under a minute."""
    repeats = 1 if quick else 5
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as home:
        return [*transitions(Path(home), repeats), *recovery(Path(home), repeats), *coding(repeats)]


def main() -> None:
    print(environment("apsw", "msgpack", "pykka"), f"SQLite {apsw.sqlite_lib_version()}", sep=", ")
    print_rows(run(quick="quick" in sys.argv))


if __name__ == "__main__":
    main()
