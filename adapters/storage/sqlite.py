"""The journal in SQLite: one thread writes, everything that waits for it shares one commit.

Whoever appends gives a callable and goes on; the writer takes what is queued by then, writes it in one
transaction, has it synced once, and answers each in order. When nothing waits it commits at once: the
disk's own speed makes the groups. A single process writes, so what is durable of a position is known.

A commit that fails is never simply tried again: after a failed fsync the kernel may forget what it could
not write and say yes the next time (https://wiki.postgresql.org/wiki/Fsync_Errors). The file is opened
anew, its log folded into it and synced, and then it is read which steps are there; those that nobody was
told of are taken out. Until that has worked nothing is written at all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, ExceptHookArgs, Lock, Thread, excepthook
from time import perf_counter_ns, time_ns
from typing import cast

import apsw

from adapters.storage import rows, schema
from adapters.storage.batch import Batch, Standing, StepRow, encode, position_row
from adapters.storage.errors import JournalError
from adapters.storage.lock import DirectoryLock
from adapters.storage.reader import JournalReader
from adapters.storage.record import DamagedPosition, EncodedStep, as_replayed
from messages.journal import AppendStep, Replayed
from messages.types import AccountId, JournalId, PositionId

MAX_STEPS_PER_COMMIT = 512
"""Bounds how long the first of a group waits for the rest to be encoded."""
_ROWS_PER_STATEMENT = 256
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0

_OF_ONE_STEP = (apsw.ConstraintError, apsw.TooBigError)
"""The file is well; some step in the group is not."""
_CLEAN = (apsw.FullError, apsw.BusyError)
"""Nothing was written, and the connection knows it."""

AppendDone = Callable[[str | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """`commits` succeeded and held `steps`; `failures` did not. The last two are of the latest commit."""

    commits: int = 0
    steps: int = 0
    failures: int = 0
    last_commit_ns: int = 0
    last_group: int = 0


@dataclass(slots=True)
class _Append:
    """`encoded` by whoever appends, while the writer waits for the disk; or why it could not be."""

    encoded: Sequence[EncodedStep] | str
    done: AppendDone


@dataclass(slots=True)
class _Read:
    """Runs on the writer's thread, after all appends before it."""

    read: Callable[[], None]


class _Stop:
    pass


class SqliteJournal:
    """Satisfies the actors' `JournalStore`. `open` it, read it by `reader()`, append, `close` it."""

    def __init__(self, directory: Path, lock: DirectoryLock, connection: apsw.Connection, *, vfs: str | None) -> None:
        """Use `open`."""
        self.path = directory / schema.FILE_NAME
        self.directory = directory
        self.meta = schema.read_meta(connection)
        self._lock = lock
        self._vfs = vfs
        self._connection: apsw.Connection | None = connection
        self._queue: SimpleQueue[_Append | _Read | _Stop] = SimpleQueue()
        self._standings: dict[int, Standing] = {}
        self._last_seq = rows.highest(connection, "SELECT max(seq) FROM step")
        self._counters = Counters()
        self._suspect = False
        self._pause_s = 0.0
        self._closing = Event()
        self._door = Lock()  # nothing is queued behind the end, where nobody would answer it
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
    ) -> "SqliteJournal":
        """Lock the directory (or take over `lock`), create or open the journal, bind accounts, start the writer.

        `bindings`: account -> what identifies it at its venue. Raises a JournalError: JournalLocked,
        JournalBoundElsewhere, JournalNotADirectory, JournalNotWritable, JournalTooNew,
        JournalNotADatabase or JournalUnreadable.
        """
        lock = lock or DirectoryLock(directory)
        connection = None
        try:
            path = directory / schema.FILE_NAME
            connection = schema.connect(path, vfs=vfs)
            schema.create_if_new(path, connection, journal_id, time_ns())
            schema.bind(path, connection, bindings or {})
            return cls(directory, lock, connection, vfs=vfs)
        except BaseException:
            if connection is not None:
                _close(connection)
            lock.release()
            raise

    @property
    def journal_id(self) -> JournalId:
        return self.meta.journal_id

    def reader(self) -> JournalReader:
        """A connection of its own, for recovery and whoever looks at what is durable."""
        return JournalReader(self.directory)

    def counters(self) -> Counters:
        return self._counters

    def append(self, steps: Sequence[AppendStep], done: AppendDone) -> None:
        """Make all steps durable in one commit, then `done(None)`; `done(why)` when none of it is.

        `done` is called on the writer's thread, in the order of the calls.
        """
        self._put(_Append(encode(steps), done), lambda: done("the journal is closed"))

    def replay(self, ordinal: int, done: Callable[[Replayed], None]) -> None:
        """Read one position as it is after all appends before this call."""
        self._put(_Read(lambda: done(self._replayed(ordinal))), lambda: done(_unreadable(ordinal, "it is closed")))

    def history(self, ordinal: int, done: Callable[[tuple[bytes, ...]], None]) -> None:
        """Read every event of one position, encoded, after all appends before this call."""
        self._put(_Read(lambda: done(self._history(ordinal))), lambda: done(()))

    def close(self, deadline_ms: int = 5_000) -> bool:
        """Write what is queued, then let go of file and lock. False when the disk did not end in time.

        The lock is kept then: the process still writes. May block; not for actors.
        """
        with self._door:
            if not self._closing.is_set():
                self._closing.set()
                self._queue.put(_Stop())
        self._thread.join(deadline_ms / 1_000)
        return not self._thread.is_alive()

    def _put(self, job: _Append | _Read, refuse: Callable[[], None]) -> None:
        with self._door:
            if not self._closing.is_set():
                self._queue.put(job)
                return
        refuse()

    # All below runs on the writer's thread.

    def _run(self) -> None:
        stopping = False
        while not stopping:
            group: list[_Append] = []
            steps = 0
            job: _Append | _Read | _Stop | None = self._queue.get()
            while isinstance(job, _Append):
                group.append(job)
                steps += 1 if isinstance(job.encoded, str) else len(job.encoded)
                job = self._next() if steps < MAX_STEPS_PER_COMMIT else None
            if group:
                self._write_and_answer(group)
            if isinstance(job, _Read):
                _call(job.read)
            stopping = isinstance(job, _Stop)
        self._end()

    def _next(self) -> "_Append | _Read | _Stop | None":
        try:
            return self._queue.get_nowait()
        except Empty:
            return None

    def _write_and_answer(self, group: Sequence[_Append]) -> None:
        if self._pause_s:
            # A disk that fails is not asked a thousand times a second; who waits, waits for nothing else.
            self._closing.wait(self._pause_s)
        try:
            answers = self._commit(group)
        except Exception as error:  # noqa: BLE001 - a bug here must not leave positions without an answer
            _show(error)
            self._give_up_connection()
            self._failed()
            answers = [f"{type(error).__name__}: {error}"] * len(group)
        for job, why in zip(group, answers, strict=True):
            _call(partial(job.done, why))

    def _commit(self, group: Sequence[_Append]) -> list[str | None]:
        """Write the group; what became of each append: None, or why nothing of it is durable."""
        started = perf_counter_ns()
        try:
            connection = self._connected()
        except (apsw.Error, JournalError) as error:
            self._failed()
            return [str(error)] * len(group)
        batch = Batch(next_seq=self._last_seq + 1, ts=time_ns(), standing=self._standing)
        misfits = [_taken_in(batch, job.encoded) for job in group]
        if not batch.steps and not batch.snapshots:
            return misfits
        try:
            _write(connection, batch)
        except apsw.Error as error:
            _roll_back(connection)
            if len(group) > 1 and isinstance(error, _OF_ONE_STEP):
                return [why for job in group for why in self._commit([job])]
            if self._is_durable_after(batch, error):
                return misfits
            self._failed()
            return [misfit or str(error) for misfit in misfits]
        self._accept(batch, perf_counter_ns() - started)
        return misfits

    def _accept(self, batch: Batch, took_ns: int) -> None:
        self._last_seq = batch.next_seq - 1
        self._standings.update(batch.after)
        for ordinal, standing in batch.after.items():
            if standing.terminal:
                del self._standings[ordinal]  # seldom asked for again
        self._pause_s = 0.0
        self._counters = Counters(
            commits=self._counters.commits + 1,
            steps=self._counters.steps + len(batch.steps),
            failures=self._counters.failures,
            last_commit_ns=took_ns,
            last_group=len(batch.steps),
        )

    def _failed(self) -> None:
        self._pause_s = min(max(_FIRST_PAUSE_S, self._pause_s * 2), _LONGEST_PAUSE_S)
        counters = self._counters
        self._counters = Counters(
            commits=counters.commits,
            steps=counters.steps,
            failures=counters.failures + 1,
            last_commit_ns=counters.last_commit_ns,
            last_group=counters.last_group,
        )

    def _is_durable_after(self, batch: Batch, error: apsw.Error) -> bool:
        """After a failed write: whether the batch is on disk nevertheless. What is not known to be is withdrawn."""
        if isinstance(error, (*_OF_ONE_STEP, *_CLEAN)):
            return False
        self._give_up_connection()
        try:
            durable = _holds(self._reopened(), batch)
        except (apsw.Error, JournalError):
            return False
        if durable:
            self._suspect = False
            self._accept(batch, 0)
        return durable

    def _connected(self) -> apsw.Connection:
        """The connection; anew if the last one was given up, without the steps that were reported as failed."""
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
        """From now on nobody knows what the file holds beyond the last step that was acknowledged."""
        if self._connection is not None:
            _close(self._connection)
            self._connection = None
        self._suspect = True

    def _reopened(self) -> apsw.Connection:
        if self._connection is None:
            connection = schema.connect(self.path, vfs=self._vfs)
            try:
                # What the log holds is copied and synced anew; an error here says that the disk is still ill.
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except apsw.BusyError:
                pass  # a reader keeps the log in use; it keeps its index too, so nothing failed became visible
            except BaseException:
                _close(connection)
                raise
            self._connection = connection
        return self._connection

    def _withdraw(self, connection: apsw.Connection) -> None:
        """Take out steps that were reported as failed and yet came back with the file."""
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
                    _list(connection, [position_row(ordinal, standing)])
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
            return _unreadable(ordinal, str(error))

    def _history(self, ordinal: int) -> tuple[bytes, ...]:
        try:
            return rows.read_history(self._connected(), ordinal)
        except (apsw.Error, JournalError):
            return ()

    def _end(self) -> None:
        if self._connection is not None:
            _close(self._connection)
        self._lock.release()


def _write(connection: apsw.Connection, batch: Batch) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if batch.positions:
        _list(connection, list(batch.positions.values()))
    for statement, bindings in _inserts(batch.steps):
        connection.execute(statement, bindings)
    if batch.snapshots:
        connection.executemany(
            "INSERT OR REPLACE INTO snapshot(ordinal, version, payload, checksum) VALUES(?, ?, ?, ?)",
            list(batch.snapshots.values()),
        )
    connection.execute("COMMIT")


def _inserts(steps: Sequence[StepRow]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Statements of 256, 128 … 1 rows each. Every statement gives up the interpreter lock and has to win it
    back from all other threads: row by row that costs a busy system more than the disk does.
    """
    start = 0
    while start < len(steps):
        size = min(1 << (len(steps) - start).bit_length() - 1, _ROWS_PER_STATEMENT)
        yield _insert_of(size), tuple(chain.from_iterable(steps[start : start + size]))
        start += size


@cache
def _insert_of(size: int) -> str:
    values = ", ".join(["(?, ?, ?, ?, ?, ?)"] * size)
    return f"INSERT INTO step(seq, ordinal, version, ts, payload, checksum) VALUES {values}"  # noqa: S608


def _list(connection: apsw.Connection, lines: Sequence[tuple[int, str, bool, bytes]]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO position(ordinal, position_id, terminal, checksum) VALUES(?, ?, ?, ?)", lines
    )


def _holds(connection: apsw.Connection, batch: Batch) -> bool:
    """A transaction is there whole or not at all, so its last step speaks for it."""
    if not batch.steps:
        return False
    seq, checksum = batch.steps[-1][0], batch.steps[-1][-1]
    return connection.execute("SELECT checksum FROM step WHERE seq = ?", (seq,)).fetchone() == (checksum,)


def _roll_back(connection: apsw.Connection) -> None:
    with suppress(apsw.Error):  # the connection is given up, or the next BEGIN says so
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _taken_in(batch: Batch, encoded: Sequence[EncodedStep] | str) -> str | None:
    if isinstance(encoded, str):
        return encoded
    try:
        return batch.add(encoded)
    except apsw.Error as error:  # what is durable of its position cannot be read
        return str(error)


def _unreadable(ordinal: int, why: str) -> Replayed:
    damaged = DamagedPosition(ordinal=ordinal, position_id=PositionId(""), why=f"the journal cannot be read: {why}")
    return as_replayed(damaged)


def _call(done: Callable[[], None]) -> None:
    """Whatever a callable raises is its owner's bug: shown, and not the end of the writer."""
    try:
        done()
    except Exception as error:  # noqa: BLE001
        _show(error)


def _show(error: Exception) -> None:
    excepthook(ExceptHookArgs((type(error), error, error.__traceback__, None)))


def _close(connection: apsw.Connection) -> None:
    """The last to leave folds the log into the file; where that fails the log stays, and loses nothing."""
    with suppress(apsw.Error):
        connection.close(True)
