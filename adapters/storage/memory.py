"""A journal whose disk is a value, for tests and simulations of disk failures.

It writes the same records by the same rules as the SQLite journal, and passes the same contract suite.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.storage import record
from adapters.storage.batch import Batch, Standing, StepRow, encode
from adapters.storage.record import (
    DamagedPosition,
    EncodedStep,
    RecordDamagedError,
    RecoveredPosition,
    SnapshotRecord,
    StepRecord,
    as_replayed,
)
from adapters.storage.rows import PositionEntry
from adapters.storage.schema import Meta
from messages import codec
from messages.base import Event, Message
from messages.journal import OWN_COMMANDS, AppendStep, Effect, Replayed
from messages.statement import Statement, verbatim
from messages.types import AccountId, JournalId, Life, PositionId
from messages.wording import Storage

Later = Callable[[Callable[[], None]], None]
"""Calls its argument when the disk is done: at once, or at a simulated time."""


@dataclass(slots=True)
class Image:
    """The durable content. It outlives its journal, as a disk outlives a process."""

    journal_id: JournalId = JournalId("memory00")
    created: int = 0
    opened: int = 0
    bindings: Mapping[AccountId, str] = field(default_factory=dict)
    steps: list[StepRow] = field(default_factory=list)
    positions: dict[int, PositionEntry] = field(default_factory=dict)
    snapshots: dict[int, SnapshotRecord] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Append:
    encoded: Sequence[EncodedStep] | Statement
    done: Callable[[Statement | None], None]
    reducing: bool


class MemoryJournal:
    """Implements the actors' `JournalStore` and the reads of `JournalReader`.

    `fault`, called before each commit, may return why it fails. While `short`, only `reducing` steps are written, as
    from a reserve. `crash` loses what was not durable.
    """

    def __init__(
        self,
        image: Image | None = None,
        *,
        later: Later = lambda call: call(),
        fault: Callable[[], str | None] = lambda: None,
        time_ns: Callable[[], int] = lambda: 0,
    ) -> None:
        self.image = image if image is not None else Image()
        self.fault = fault
        self.short = False
        self.doubtful = False
        self.commits = 0
        self._later = later
        self._time_ns = time_ns
        self._queue: list[_Append | Callable[[], None]] = []
        self._crashed = False
        self._standings = _standings(self.image)
        self.image.opened += 1
        self.life = Life(f"{self.image.opened:06d}")

    @property
    def journal_id(self) -> JournalId:
        return self.image.journal_id

    def append(self, steps: Sequence[AppendStep], done: Callable[[Statement | None], None]) -> None:
        self._put(_Append(encode(steps), done, all(step.reducing for step in steps)))

    def replay(self, ordinal: int, done: Callable[[Replayed], None]) -> None:
        self._put(lambda: done(self._replayed(ordinal)))

    def history(self, ordinal: int, done: Callable[[tuple[bytes, ...]], None]) -> None:
        self._put(lambda: done(self._history(ordinal)))

    def crash(self) -> Image:
        """Simulate a crash: no pending callback is called. Return the durable image."""
        self._crashed = True
        self._queue.clear()
        return self.image

    def close(self, deadline_ms: int = 0) -> bool:  # noqa: ARG002 - the simulated disk is asked to end at once
        self._work()
        self._crashed = True
        return True

    # Reading, as `JournalReader` does.

    def meta(self) -> Meta:
        bindings = tuple(sorted(self.image.bindings.items()))
        return Meta(journal_id=self.image.journal_id, created=self.image.created, bindings=bindings)

    def max_ordinal(self) -> int:
        return max(self.image.positions, default=0)

    def positions(self) -> Iterator[PositionEntry]:
        return iter([entry for _, entry in sorted(self.image.positions.items())])

    def terminal(self) -> Iterator[PositionEntry]:
        return (entry for entry in self.positions() if entry.terminal)

    def recover(self) -> Iterator[RecoveredPosition | DamagedPosition]:
        by_ordinal = self._records()
        for entry in self.positions():
            if not entry.terminal and entry.ordinal != OWN_COMMANDS:
                yield self._position(entry, by_ordinal.get(entry.ordinal, []))

    def position(self, ordinal: int) -> RecoveredPosition | DamagedPosition | None:
        entry = self.image.positions.get(ordinal)
        return self._position(entry, self._records().get(ordinal, [])) if entry else None

    def recent_events(self, limit: int, *, since_ns: int = 0) -> Iterator[tuple[int, Event]]:
        for row in self.image.steps[len(self.image.steps) - min(limit, len(self.image.steps)) :]:
            try:
                step = _as_record(row)
                if step.ts < since_ns:
                    continue
                yield from ((step.ordinal, event) for event in record.decode_events(step))
            except codec.DecodeError:
                continue

    def recent_effects(self, limit: int) -> Iterator[Effect]:
        for row in self.image.steps[len(self.image.steps) - min(limit, len(self.image.steps)) :]:
            try:
                yield from record.decode_effects(_as_record(row))
            except codec.DecodeError:
                continue

    def commands(self, limit: int, *, since_ns: int = 0) -> Iterator[Message]:
        rows = [row for row in self.image.steps if row[1] == OWN_COMMANDS and row[3] >= since_ns]
        for row in rows[-limit:]:
            try:
                yield from record.commands_of(_as_record(row))
            except (RecordDamagedError, codec.DecodeError):
                continue

    def _position(self, entry: PositionEntry, steps: Sequence[StepRecord]) -> RecoveredPosition | DamagedPosition:
        snapshot = self.image.snapshots.get(entry.ordinal)
        if snapshot and snapshot.checksum != record.snapshot_checksum(
            entry.ordinal, snapshot.version, snapshot.payload
        ):
            snapshot = None
        after = [step for step in steps if snapshot is None or step.version > snapshot.version]
        try:
            return record.assemble(entry.ordinal, entry.position_id, snapshot, after)
        except RecordDamagedError as error:
            if entry.ordinal > 0:
                return DamagedPosition(ordinal=entry.ordinal, position_id=entry.position_id, why=error.why)
            start = record.assemble(entry.ordinal, entry.position_id, snapshot, ())
            return record.salvage(start, after, max(step.version for step in steps))

    def _records(self) -> dict[int, list[StepRecord]]:
        found: dict[int, list[StepRecord]] = {}
        for row in self.image.steps:
            found.setdefault(row[1], []).append(_as_record(row))
        return found

    def _replayed(self, ordinal: int) -> Replayed:
        found = self.position(ordinal)
        if found is None:
            return Replayed(ordinal=ordinal, snapshot=None, snapshot_version=0, events=())
        return as_replayed(found)

    def _history(self, ordinal: int) -> tuple[bytes, ...]:
        entry = self.image.positions.get(ordinal)
        named = entry.position_id if entry is not None else ""
        return tuple(each for step in self._records().get(ordinal, []) for each in record.as_shown(step, named))

    # Writing.

    def _put(self, job: _Append | Callable[[], None]) -> None:
        if self._crashed:
            return
        self._queue.append(job)
        if len(self._queue) == 1:
            self._later(self._work)

    def _work(self) -> None:
        """Process the queue, with appends in one commit up to the next read."""
        jobs, self._queue = self._queue, []
        group: list[_Append] = []
        for job in jobs:
            if isinstance(job, _Append):
                group.append(job)
            else:
                self._commit(group)
                group = []
                if not self._crashed:
                    job()
        self._commit(group)

    def _commit(self, group: Sequence[_Append]) -> None:
        if not group or self._crashed:
            return
        batch = Batch(next_seq=len(self.image.steps) + 1, ts=self._time_ns(), standing=self._standings.get)
        answers = [self._taken_in(batch, job) for job in group]
        if batch.steps or batch.snapshots:
            why = self.fault()
            if why is not None:
                answers = [answer or verbatim(why) for answer in answers]
            else:
                self._keep(batch)
        for job, answer in zip(group, answers, strict=True):
            if not self._crashed:
                job.done(answer)

    def _taken_in(self, batch: Batch, job: _Append) -> Statement | None:
        if self.short and not job.reducing:
            return Storage.NO_SPACE()
        return job.encoded if isinstance(job.encoded, Statement) else batch.add(job.encoded)

    def _keep(self, batch: Batch) -> None:
        self.commits += 1
        self._standings.update(batch.after)
        self.image.steps.extend(batch.steps)
        for ordinal, position_id, terminal, _ in batch.positions.values():
            self.image.positions[ordinal] = PositionEntry(
                ordinal=ordinal, position_id=PositionId(position_id), terminal=terminal
            )
        for ordinal, version, payload, checksum in batch.snapshots.values():
            self.image.snapshots[ordinal] = SnapshotRecord(version=version, payload=payload, checksum=checksum)


def _as_record(row: StepRow) -> StepRecord:
    seq, ordinal, version, ts, payload, checksum = row
    return StepRecord(seq=seq, ordinal=ordinal, version=version, ts=ts, payload=payload, checksum=checksum)


def _standings(image: Image) -> dict[int, Standing]:
    versions = {row[1]: row[2] for row in image.steps}
    return {
        ordinal: Standing(position_id=entry.position_id, version=versions.get(ordinal, 0), terminal=entry.terminal)
        for ordinal, entry in image.positions.items()
    }
