"""The journal in SQLite: one thread writes, and all waiting appends share one commit.

An append queues its steps with a callback; the writer writes the queue in one transaction with one sync, and calls back
in order. With an idle queue it commits at once, so the disk's speed determines the group size. A single process writes,
so the durable state of a position is known.

A failed commit is never simply repeated: after a failed fsync the kernel may drop the unwritten pages and report
success the next time (https://wiki.postgresql.org/wiki/Fsync_Errors). The file is reopened, its log checkpointed and
synced, and the steps present are read; steps reported as failed are removed. Until that succeeds nothing is written.

On a full disk steps that may open a position are refused, and a reserve serves the others (see `reserve`).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, ExceptHookArgs, Lock, Thread, excepthook
from time import perf_counter_ns, time_ns
from typing import cast

import apsw

from adapters.storage import rows, schema, writing
from adapters.storage.batch import Batch, Standing, encode, position_row
from adapters.storage.errors import JournalError
from adapters.storage.high_water_mark import HighWaterMark
from adapters.storage.jobs import Append, AppendDone, Counters, Health, Read, Stop, Watcher
from adapters.storage.lock import DirectoryLock
from adapters.storage.reader import JournalReader
from adapters.storage.record import DamagedPosition, EncodedStep, as_replayed
from adapters.storage.reserve import Reserve
from messages.backoff import backoff
from messages.journal import AppendStep, Replayed
from messages.statement import NOTHING, Statement, verbatim
from messages.types import AccountId, JournalId, PositionId
from messages.wording import Storage
from messages.wording.common import Common

MAX_STEPS_PER_COMMIT = 512
"""Bounds the wait of a group's first append for the encoding of the rest."""
_SPARING_PAGES = 64
"""On a full disk the log is checkpointed this early, and reuses its blocks from the beginning."""
_SPACE_EVERY_S = 1.0
_FILE_EVERY_S = 5.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0

_OF_ONE_STEP = (apsw.ConstraintError, apsw.TooBigError)
"""The file is intact; a step in the group is invalid."""
_CLEAN = (apsw.FullError, apsw.BusyError)
"""The connection's state is known: nothing was written, or everything."""


class SqliteJournal:
    """Implements the actors' `JournalStore`: `open`, recover through `reader()`, append, `close`."""

    def __init__(
        self, directory: Path, lock: DirectoryLock, connection: apsw.Connection, reserve: Reserve, *, vfs: str | None
    ) -> None:
        """Use `open`."""
        self.path = directory / schema.FILE_NAME
        self.directory = directory
        self.meta = schema.read_meta(connection)
        self.life = schema.random_life()
        """Part of every client order id made until the journal is closed."""
        self._lock = lock
        self._vfs = vfs
        self._connection: apsw.Connection | None = connection
        self._queue: SimpleQueue[Append | Read | Stop] = SimpleQueue()
        self._standings: dict[int, Standing] = {}
        self._last_seq = rows.highest(connection, "SELECT max(seq) FROM step")
        self._mark = HighWaterMark(directory, self.meta.journal_id)
        self.lost_steps = self._mark.opened(self._last_seq)
        """Acknowledged steps missing at the tail: a flipped bit in the log, or an old copy."""
        self.lost_behind = self._last_seq
        """The last step present at the opening, which identifies the loss."""
        self._counters = Counters()
        self._reserve = reserve
        self._file_id = _identity(self.path) if vfs is None else None
        self._gone = False
        self._short = reserve.held < reserve.size and reserve.free < reserve.size
        self._full = False
        self._looked_ns = 0
        self._health = (Health.WELL, NOTHING)
        self._watcher: Watcher = lambda _health, _why: None
        self._suspect = False
        self._failures_in_a_row = 0
        self._closing = Event()
        self._door = Lock()  # no job is queued after the end, where no callback would come
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        bindings: Mapping[AccountId, str] | None = None,
        journal_id: Callable[[], JournalId] = schema.random_journal_id,
        vfs: str | None = None,
        lock: DirectoryLock | None = None,
        reserve: Reserve | None = None,
    ) -> "SqliteJournal":
        """Lock the directory (or take over `lock`), create or open the journal, bind accounts, start the writer.

        `bindings`: account -> what identifies it at its venue. Raises a JournalError: JournalLocked,
        JournalBoundElsewhere, JournalNotADirectory, JournalNotWritable, JournalTooNew,
        JournalNotADatabase or JournalUnreadable.
        """
        lock = lock or DirectoryLock(directory)
        reserve = reserve or Reserve(directory)
        reserve.fill()
        connection = None
        try:
            while connection is None:
                try:
                    connection = schema.open_bound(directory, bindings or {}, journal_id, time_ns(), vfs)
                except JournalError as error:
                    # Without a start nothing can be closed: the reserve serves the start too.
                    if not (writing.is_full(error, reserve.free) and reserve.give()):
                        raise
            return cls(directory, lock, connection, reserve, vfs=vfs)
        except BaseException:
            if connection is not None:
                _close(connection)
            lock.release()
            raise

    @property
    def journal_id(self) -> JournalId:
        """Return the journal's random id, part of every client order id."""
        return self.meta.journal_id

    def reader(self) -> JournalReader:
        """Open a read-only connection, for recovery and inspection."""
        return JournalReader(self.directory)

    @property
    def doubtful(self) -> bool:
        """Return whether the file may hold steps reported as failed; the next commit removes them first."""
        return self._suspect

    def counters(self) -> Counters:
        return self._counters

    def health(self) -> tuple[Health, str]:
        """Return the disk's health and its consequence in words; no words while it is well."""
        return self._health

    def reserve_held(self) -> int:
        """Return the reserve's remaining bytes."""
        return self._reserve.held

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with every change of `health`, on the writer's thread; at once when it is not well."""
        self._watcher = watcher
        if self._health[0] is not Health.WELL:
            watcher(*self._health)

    def append(self, steps: Sequence[AppendStep], done: AppendDone) -> None:
        """Make all steps durable in one commit, then `done(None)`; `done(why)` when none of it is.

        `done` is called on the writer's thread, in the order of the calls. On a full disk only appends
        whose steps are all `reducing` are written.
        """
        reducing = all(step.reducing for step in steps)
        self._put(Append(encode(steps), done, reducing), lambda: done(Storage.CLOSED()))

    def replay(self, ordinal: int, done: Callable[[Replayed], None]) -> None:
        """Read one position as it is after all appends before this call."""
        self._put(Read(lambda: done(self._replayed(ordinal))), lambda: done(_unreadable(ordinal, Storage.ITS_CLOSED())))

    def history(self, ordinal: int, done: Callable[[tuple[bytes, ...]], None]) -> None:
        """Read every event of one position, encoded, after all appends before this call."""
        self._put(Read(lambda: done(self._history(ordinal))), lambda: done(()))

    def close(self, deadline_ms: int = 5_000) -> bool:
        """Write the queue, then release file and lock. False when the disk did not finish by the deadline (ms).

        The lock is kept then, since the process still writes. May block; not for actors.
        """
        with self._door:
            if not self._closing.is_set():
                self._closing.set()
                self._queue.put(Stop())
        self._thread.join(deadline_ms / 1_000)
        return not self._thread.is_alive()

    def _put(self, job: Append | Read, refuse: Callable[[], None]) -> None:
        with self._door:
            if not self._closing.is_set():
                self._queue.put(job)
                return
        refuse()

    # All below runs on the writer's thread.

    def _run(self) -> None:
        stopping = False
        if self._short and self._connection is not None:
            self._begin_shortage(self._connection)
        while not stopping:
            group: list[Append] = []
            steps = 0
            job: Append | Read | Stop | None = self._first()
            while isinstance(job, Append):
                group.append(job)
                steps += 1 if isinstance(job.encoded, Statement) else len(job.encoded)
                job = self._next() if steps < MAX_STEPS_PER_COMMIT else None
            if group:
                self._write_and_answer(group)
            if isinstance(job, Read):
                _call(job.read)
            stopping = isinstance(job, Stop)
        self._end()

    def _first(self) -> "Append | Read | Stop":
        """Wait for a job; at intervals check the disk and that the file is still in place."""
        while True:
            try:
                return self._queue.get(timeout=_SPACE_EVERY_S if self._short else _FILE_EVERY_S)
            except Empty:
                self._look_for_space()
                self._look_for_file()
                self._look_for_recovery()

    def _next(self) -> "Append | Read | Stop | None":
        try:
            return self._queue.get_nowait()
        except Empty:
            return None

    def _write_and_answer(self, group: Sequence[Append]) -> None:
        if self._failures_in_a_row:
            # A failing disk is not tried a thousand times a second.
            self._closing.wait(backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S, self._failures_in_a_row - 1))
        try:
            answers = self._commit_within_space(group)
        except Exception as error:  # noqa: BLE001 - a bug here must not leave positions without an answer
            _show(error)
            self._give_up_connection()
            self._failed(error)
            answers = [Common.RAISED(kind=type(error).__name__, text=str(error))] * len(group)
        for job, why in zip(group, answers, strict=True):
            _call(partial(job.done, why))

    def _commit_within_space(self, group: Sequence[Append]) -> list[Statement | None]:
        """Commit the group; return each append's failure or None. On a full disk openings are refused, and the reserve
        serves the rest.
        """
        self._look_for_space()
        self._look_for_file()
        if self._gone:
            rest = [job for job in group if job.reducing]
            served = iter(self._commit(rest) if rest else ())
            return [next(served) if job.reducing else self._no_file() for job in group]
        if not self._short:
            answers = self._commit(group)
            if not self._full:
                return answers
            self._reserve.give()
            self._begin_shortage(self._connection)
        rest = [job for job in group if job.reducing]
        served = iter(self._commit_from_reserve(rest) if rest else ())
        return [next(served) if job.reducing else self._no_space() for job in group]

    def _commit_from_reserve(self, group: Sequence[Append]) -> list[Statement | None]:
        answers = self._commit(group)
        while self._full and self._reserve.give():
            answers = self._commit(group)
        return answers

    def _begin_shortage(self, connection: apsw.Connection | None) -> None:
        self._short = True
        if connection is not None:
            _spare(connection)
        self._say(Health.SHORT, self._no_space())

    def _look_for_space(self) -> None:
        """End the shortage when the whole reserve is restored."""
        if not self._short or perf_counter_ns() - self._looked_ns < _SPACE_EVERY_S * 1_000_000_000:
            return
        self._looked_ns = perf_counter_ns()
        if self._reserve.fill():
            self._short = False
            if self._connection is not None:
                self._connection.wal_autocheckpoint(schema.CHECKPOINT_PAGES)
            self._say_well()

    def _look_for_file(self) -> None:
        """Check that the file still has its name: otherwise the next start would not find its steps."""
        gone = self._file_id is not None and _identity(self.path) != self._file_id
        if gone != self._gone:
            self._gone = gone
            self._say_well()

    def _look_for_recovery(self) -> None:
        """After a failed commit without a successor, test whether one would succeed, so that the failure state ends."""
        if self._health[0] is not Health.FAILING or self._gone or self._short:
            return
        try:
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except (apsw.Error, JournalError):
            return
        self._failures_in_a_row = 0
        self._say_well()

    def _no_file(self) -> Statement:
        return Storage.FILE_GONE(path=str(self.path))

    def _say_well(self) -> None:
        """Report health after a successful commit."""
        if self._gone:
            self._say(Health.FAILING, self._no_file())
        else:
            self._say(*((Health.SHORT, self._no_space()) if self._short else (Health.WELL, NOTHING)))

    def _no_space(self) -> Statement:
        reserve = self._reserve
        needed = (reserve.size + reserve.size // 4) >> 20
        return Storage.DISK_FULL(free=reserve.free >> 10, path=str(self.directory), needed=needed)

    def _say(self, health: Health, why: Statement) -> None:
        before, self._health = self._health[0], (health, why)
        if before is not health:
            _call(partial(self._watcher, health, why))

    def _commit(self, group: Sequence[Append]) -> list[Statement | None]:
        """Write the group; return each append's failure, or None for a durable one."""
        started = perf_counter_ns()
        self._full = False
        try:
            connection = self._connected()
        except (apsw.Error, JournalError) as error:
            self._failed(error)
            return [verbatim(error)] * len(group)
        batch = Batch(next_seq=self._last_seq + 1, ts=time_ns(), standing=self._standing)
        misfits = [_taken_in(batch, job.encoded) for job in group]
        if not batch.steps and not batch.snapshots:
            return misfits
        try:
            writing.write(connection, batch)
        except apsw.Error as error:
            writing.roll_back(connection)
            if self._came_through(connection, batch, error):
                self._accept(batch, perf_counter_ns() - started)
                return misfits
            if len(group) > 1 and isinstance(error, _OF_ONE_STEP):
                answers = [why for job in group for why in self._commit([job])]
                self._full = False  # part of the group is durable, so it must not be written again
                return answers
            if self._is_durable_after(batch, error):
                return misfits
            self._failed(error)
            return [misfit or verbatim(error) for misfit in misfits]
        self._accept(batch, perf_counter_ns() - started)
        return misfits

    def _accept(self, batch: Batch, took_ns: int) -> None:
        self._last_seq = batch.next_seq - 1
        self._mark.write(self._last_seq)
        self._standings.update(batch.after)
        for ordinal, standing in batch.after.items():
            if standing.terminal:
                del self._standings[ordinal]  # rarely needed again
        self._failures_in_a_row = 0
        self._say_well()
        self._counters = Counters(
            commits=self._counters.commits + 1,
            steps=self._counters.steps + len(batch.steps),
            failures=self._counters.failures,
            last_commit_ns=took_ns,
            last_group=len(batch.steps),
        )

    def _failed(self, error: Exception) -> None:
        self._full = writing.is_full(error, self._reserve.free)
        if not self._full:
            self._say(Health.FAILING, Storage.COMMIT_FAILS(why=str(error)))
        elif self._short and not self._reserve.held:
            self._say(Health.FAILING, Storage.RESERVE_SPENT())
        self._failures_in_a_row += 1
        counters = self._counters
        self._counters = Counters(
            commits=counters.commits,
            steps=counters.steps,
            failures=counters.failures + 1,
            last_commit_ns=counters.last_commit_ns,
            last_group=counters.last_group,
        )

    def _came_through(self, connection: apsw.Connection, batch: Batch, error: apsw.Error) -> bool:
        """Return whether only the checkpoint after a successful commit ran out of space."""
        if not isinstance(error, _CLEAN):
            return False
        try:
            return writing.holds(connection, batch)
        except apsw.Error:
            return False

    def _is_durable_after(self, batch: Batch, error: apsw.Error) -> bool:
        """Return whether the batch is durable despite a failed write. What is not known to be durable is withdrawn."""
        if isinstance(error, (*_OF_ONE_STEP, *_CLEAN)):
            return False
        self._give_up_connection()
        try:
            durable = writing.holds(self._reopened(), batch)
        except (apsw.Error, JournalError):
            return False
        if durable:
            self._suspect = False
            self._accept(batch, 0)
        return durable

    def _connected(self) -> apsw.Connection:
        """Return the connection; after a failure a new one, without the steps reported as failed."""
        connection = self._reopened()
        if self._suspect:
            try:
                self._withdraw(connection)
            except apsw.Error:
                self._give_up_connection()
                raise
            self._suspect = False
        return connection

    def _give_up_connection(self) -> None:
        """Drop the connection: the file's content after the last acknowledged step is unknown."""
        if self._connection is not None:
            _close(self._connection)
            self._connection = None
        self._suspect = True

    def _reopened(self) -> apsw.Connection:
        if self._connection is None:
            connection = schema.connect(self.path, vfs=self._vfs)
            try:
                if self._short:
                    connection.wal_autocheckpoint(_SPARING_PAGES)
                # Copy and sync the log's content again; an error here means that the disk still fails.
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except apsw.BusyError:
                pass  # a reader keeps the log and its index, so no failed step became visible
            except BaseException:
                _close(connection)
                raise
            self._connection = connection
        return self._connection

    def _withdraw(self, connection: apsw.Connection) -> None:
        """Remove steps that were reported as failed and are present after reopening."""
        found = connection.execute("SELECT DISTINCT ordinal FROM step WHERE seq > ?", (self._last_seq,))
        ordinals = [cast("int", row[0]) for row in found]
        if not ordinals:
            return
        with connection:
            connection.execute("DELETE FROM step WHERE seq > ?", (self._last_seq,))
            for ordinal in ordinals:
                self._standings.pop(ordinal, None)
                before = self._standing(ordinal)
                version = before.version if before else 0
                connection.execute("DELETE FROM snapshot WHERE ordinal = ? AND version > ?", (ordinal, version))
                if before is None:
                    connection.execute("DELETE FROM position WHERE ordinal = ?", (ordinal,))
                else:
                    standing = replace(before, terminal=rows.ended(connection, ordinal))
                    writing.list_lines(connection, [position_row(ordinal, standing)])
                    self._standings[ordinal] = standing

    def _standing(self, ordinal: int) -> Standing | None:
        if (known := self._standings.get(ordinal)) is not None:
            return known
        assert self._connection is not None
        query = "SELECT version FROM step WHERE ordinal = ? ORDER BY seq DESC LIMIT 1"
        row = self._connection.execute(query, (ordinal,)).fetchone()
        entry = rows.find_position(self._connection, ordinal)
        if row is None or entry is None:
            return None
        version = cast("int", row[0])
        self._standings[ordinal] = found = Standing(
            position_id=entry.position_id, version=version, terminal=entry.terminal
        )
        return found

    def _replayed(self, ordinal: int) -> Replayed:
        try:
            connection = self._connected()
            entry = rows.find_position(connection, ordinal)
            if entry is None:
                return Replayed(ordinal=ordinal, snapshot=None, snapshot_version=0, events=())
            return as_replayed(rows.read_position(connection, ordinal, entry.position_id))
        except (apsw.Error, JournalError) as error:
            return _unreadable(ordinal, verbatim(error))

    def _history(self, ordinal: int) -> tuple[bytes, ...]:
        try:
            return rows.read_history(self._connected(), ordinal)
        except (apsw.Error, JournalError):
            return ()

    def _end(self) -> None:
        if self._connection is not None:
            _close(self._connection)
        self._mark.close()
        self._lock.release()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _spare(connection: apsw.Connection) -> None:
    """Checkpoint the log now and often; the next commit reports a failure."""
    with suppress(apsw.Error):
        connection.wal_autocheckpoint(_SPARING_PAGES)
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)


def _taken_in(batch: Batch, encoded: Sequence[EncodedStep] | Statement) -> Statement | None:
    if isinstance(encoded, Statement):
        return encoded
    try:
        return batch.add(encoded)
    except apsw.Error as error:  # its position's durable state is unreadable
        return verbatim(error)


def _unreadable(ordinal: int, why: Statement) -> Replayed:
    damaged = DamagedPosition(ordinal=ordinal, position_id=PositionId(""), why=Storage.READ_FAILS(why=why))
    return as_replayed(damaged)


def _call(done: Callable[[], None]) -> None:
    """Call back; log an exception, which must not end the writer."""
    try:
        done()
    except Exception as error:  # noqa: BLE001
        _show(error)


def _show(error: Exception) -> None:
    excepthook(ExceptHookArgs((type(error), error, error.__traceback__, None)))


def _close(connection: apsw.Connection) -> None:
    """Close; the last connection checkpoints the log. On failure the log stays, without loss."""
    with suppress(apsw.Error):
        connection.close(True)
