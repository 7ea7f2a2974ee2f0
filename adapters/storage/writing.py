"""The statements that write a batch, and the check whether it is durable."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import chain

import apsw

from adapters.storage.batch import Batch, PositionRow, StepRow

_ROWS_PER_STATEMENT = 256
_NEXT_TO_NOTHING = 65_536


def write(connection: apsw.Connection, batch: Batch) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if batch.positions:
        list_lines(connection, list(batch.positions.values()))
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


def list_lines(connection: apsw.Connection, lines: Sequence[PositionRow]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO position(ordinal, position_id, terminal, checksum) VALUES(?, ?, ?, ?)", lines
    )


def holds(connection: apsw.Connection, batch: Batch) -> bool:
    """Return whether the batch is present: a transaction is atomic, so its last step suffices."""
    if not batch.steps:
        return False
    seq, checksum = batch.steps[-1][0], batch.steps[-1][-1]
    return connection.execute("SELECT checksum FROM step WHERE seq = ?", (seq,)).fetchone() == (checksum,)


def roll_back(connection: apsw.Connection) -> None:
    with suppress(apsw.Error):  # the connection is dropped, or the next BEGIN fails
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def is_full(error: BaseException, free_bytes: int) -> bool:
    """Return whether an error means a full disk. SQLite reports a shared-memory file that cannot grow as an
    I/O error.
    """
    cause = error if isinstance(error, apsw.Error) else error.__cause__
    if isinstance(cause, apsw.FullError):
        return True
    return isinstance(cause, apsw.IOError | apsw.CantOpenError) and free_bytes < _NEXT_TO_NOTHING
