"""The journal in SQLite: one thread writes, everything that waits for it shares one commit.

Whoever appends gives a callable and goes on; the writer takes what is queued by then, writes it in one
transaction, has it synced once, and answers each in order. When nothing waits it commits at once: the
disk's own speed makes the groups. A single process writes, so what is durable of a position is known.

A commit that fails is never simply tried again: after a failed fsync the kernel may forget what it could
not write and say yes the next time (https://wiki.postgresql.org/wiki/Fsync_Errors). The file is opened
anew, its log folded into it and synced, and then it is read which steps are there; those that nobody was
told of are taken out. Until that has worked nothing is written at all.

On a full disk steps that may open something are refused, and a reserve serves the others (see `reserve`).
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
"""Bounds how long the first of a group waits for the rest to be encoded."""
_SPARING_PAGES = 64
"""On a full disk the log is folded in this early, and goes on from its beginning in blocks that it has."""
_SPACE_EVERY_S = 1.0
_FILE_EVERY_S = 5.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0

_OF_ONE_STEP = (apsw.ConstraintError, apsw.TooBigError)
"""The file is well; some step in the group is not."""
_CLEAN = (apsw.FullError, apsw.BusyError)
"""The connection knows what was written: nothing, or all of it."""


class SqliteJournal:
    """Satisfies the actors' `JournalStore`. `open` it, read it by `reader()`, append, `close` it."""

    def __init__(
        self, directory: Path, lock: DirectoryLock, connection: apsw.Connection, reserve: Reserve, *, vfs: str | None
    ) -> None:
        """Use `open`."""
        self.path = directory / schema.FILE_NAME
        self.directory = directory
        self.meta = schema.read_meta(connection)
        self.life = schema.random_life()
        """Part of every client order id that is given until it is closed."""
        self._lock = lock
        self._vfs = vfs
        self._connection: apsw.Connection | None = connection
        self._queue: SimpleQueue[Append | Read | Stop] = SimpleQueue()
        self._standings: dict[int, Standing] = {}
        self._last_seq = rows.highest(connection, "SELECT max(seq) FROM step")
        self._mark = HighWaterMark(directory, self.meta.journal_id)
        self.lost_steps = self._mark.opened(self._last_seq)
        """Steps at the end that were acknowledged once and are not there: a flipped bit in the log, or an old copy."""
        self.lost_behind = self._last_seq
        """The last step that was there at the opening: it tells one loss from the next."""
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
                    # Whoever cannot start cannot close: the reserve is for that, too.
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
        return self.meta.journal_id

    def reader(self) -> JournalReader:
        """A connection of its own, for recovery and whoever looks at what is durable."""
        return JournalReader(self.directory)

    @property
    def doubtful(self) -> bool:
        """Whether the file may hold what was reported as failed; the next commit takes that out first."""
        return self._suspect

    def counters(self) -> Counters:
        return self._counters

    def health(self) -> tuple[Health, str]:
        """How the disk does, and in words what that means; no words while it is well."""
        return self._health

    def reserve_held(self) -> int:
        """Bytes of the reserve that are still put by."""
        return self._reserve.held

    def watch(self, watcher: Watcher) -> None:
        """Tell every change of `health`, on the writer's thread; and at once what is not well already."""
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
        """Write what is queued, then let go of file and lock. False when the disk did not end in time.

        The lock is kept then: the process still writes. May block; not for actors.
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
        """Wait for work, and look now and then at the disk and whether the file is still in its place."""
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
            # A disk that fails is not asked a thousand times a second; who waits, waits for nothing else.
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
        """What became of each append. On a full disk openings are refused, and the reserve serves the rest."""
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
        """The shortage ends when the whole reserve is put by again."""
        if not self._short or perf_counter_ns() - self._looked_ns < _SPACE_EVERY_S * 1_000_000_000:
            return
        self._looked_ns = perf_counter_ns()
        if self._reserve.fill():
            self._short = False
            if self._connection is not None:
                self._connection.wal_autocheckpoint(schema.CHECKPOINT_PAGES)
            self._say_well()

    def _look_for_file(self) -> None:
        """What is written to a file that has lost its name is not there at the next start."""
        gone = self._file_id is not None and _identity(self.path) != self._file_id
        if gone != self._gone:
            self._gone = gone
            self._say_well()

    def _look_for_recovery(self) -> None:
        """A commit failed and none follows: whether one would work now, so that the failure ends with its cause."""
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
        """As well as it is: the last commit worked."""
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
        """Write the group; what became of each append: None, or why nothing of it is durable."""
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
                self._full = False  # some of them are durable: the group must not be written once more
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
                del self._standings[ordinal]  # seldom asked for again
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
        """Whether it was only the folding of the log, behind the commit, that found no room."""
        if not isinstance(error, _CLEAN):
            return False
        try:
            return writing.holds(connection, batch)
        except apsw.Error:
            return False

    def _is_durable_after(self, batch: Batch, error: apsw.Error) -> bool:
        """After a failed write: whether the batch is on disk nevertheless. What is not known to be is withdrawn."""
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
                if self._short:
                    connection.wal_autocheckpoint(_SPARING_PAGES)
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
    """Fold the log in now and often; what that fails for, the next commit says."""
    with suppress(apsw.Error):
        connection.wal_autocheckpoint(_SPARING_PAGES)
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)


def _taken_in(batch: Batch, encoded: Sequence[EncodedStep] | Statement) -> Statement | None:
    if isinstance(encoded, Statement):
        return encoded
    try:
        return batch.add(encoded)
    except apsw.Error as error:  # what is durable of its position cannot be read
        return verbatim(error)


def _unreadable(ordinal: int, why: Statement) -> Replayed:
    damaged = DamagedPosition(ordinal=ordinal, position_id=PositionId(""), why=Storage.READ_FAILS(why=why))
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
