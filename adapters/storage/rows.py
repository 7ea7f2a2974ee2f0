"""Rows of the journal as values. Every function takes a connection and reports damage where it is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import apsw

from adapters.storage import record
from adapters.storage.record import DamagedPosition, RecordDamagedError, RecoveredPosition, SnapshotRecord, StepRecord
from messages import codec
from messages.ids import position_id as spell_position_id
from messages.statement import NOTHING, Statement
from messages.types import PositionId
from messages.wording import Storage
from messages.wording.common import Common

STEP = "SELECT seq, ordinal, version, ts, payload, checksum FROM step"
UNREADABLE = (apsw.CorruptError, apsw.IOError, apsw.MismatchError, TypeError, ValueError)
"""Exceptions caused by a damaged page or cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionEntry:
    """One row of the journal's position list. `intact` False: the row itself is damaged."""

    ordinal: int
    position_id: PositionId
    terminal: bool
    intact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A finding of `verify`: the place (`position 17`, `record 203`, `file`) and the damage."""

    where: Statement
    why: Statement


def list_positions(connection: apsw.Connection) -> Iterator[PositionEntry]:
    """Return positions by ordinal; ends early where the list is unreadable, `unlisted` finds the rest."""
    rows = connection.execute("SELECT ordinal, position_id, terminal, checksum FROM position ORDER BY ordinal")
    while True:
        try:
            row = next(rows, None)
            if row is None:
                return
            entry = _entry(row)
        except UNREADABLE:
            return
        yield entry


def find_position(connection: apsw.Connection, ordinal: int) -> PositionEntry | None:
    query = "SELECT ordinal, position_id, terminal, checksum FROM position WHERE ordinal = ?"
    row = connection.execute(query, (ordinal,)).fetchone()
    return _entry(row) if row else None


def _entry(row: Sequence[Any]) -> PositionEntry:
    ordinal, position_id, terminal, checksum = row
    intact = checksum == record.position_checksum(int(ordinal), str(position_id), bool(terminal))
    return PositionEntry(
        ordinal=int(ordinal), position_id=PositionId(str(position_id)), terminal=bool(terminal), intact=intact
    )


def read_position(
    connection: apsw.Connection, ordinal: int, position_id: PositionId
) -> RecoveredPosition | DamagedPosition:
    """Read a position's durable state. A damaged snapshot only costs time, since all events are kept."""
    snapshot, remark = snapshot_of(connection, ordinal)
    query = f"{STEP} WHERE ordinal = ? AND seq > ? ORDER BY seq"
    try:
        rows = steps(connection, query, (ordinal, _seq_of(connection, ordinal, snapshot)))
        found = record.assemble(ordinal, position_id, snapshot, whole(rows))
    except (RecordDamagedError, *UNREADABLE) as error:
        if ordinal > 0:
            return DamagedPosition(ordinal=ordinal, position_id=position_id, why=record.why_of(error))
        return _salvaged(connection, ordinal, position_id)
    return replace(found, remark=remark)


def _salvaged(
    connection: apsw.Connection, ordinal: int, position_id: PositionId
) -> RecoveredPosition | DamagedPosition:
    """Recover an actor's own history as far as it is intact: no position depends on it."""
    snapshot, _ = snapshot_of(connection, ordinal)
    try:
        start = record.assemble(ordinal, position_id, snapshot, ())
        after = _seq_of(connection, ordinal, snapshot)
    except (RecordDamagedError, *UNREADABLE):
        start, after = record.assemble(ordinal, position_id, None, ()), 0
    query = f"{STEP} WHERE ordinal = ? AND seq > ? ORDER BY seq"
    found = steps(connection, query, (ordinal, after))
    outcomes = (Storage.AT(where=s.where, why=s.why) if isinstance(s, Damage) else s for s in found)
    try:
        return record.salvage(start, outcomes, _last_version(connection, ordinal))
    except UNREADABLE as error:
        return DamagedPosition(ordinal=ordinal, position_id=position_id, why=record.why_of(error))


def _last_version(connection: apsw.Connection, ordinal: int) -> int:
    """Return the version that the ordinal's next step follows (see `SqliteJournal`); 0 when unreadable."""
    query = "SELECT version FROM step WHERE ordinal = ? ORDER BY seq DESC LIMIT 1"
    try:
        row = connection.execute(query, (ordinal,)).fetchone()
        return int(cast("int", row[0])) if row else 0
    except UNREADABLE:
        return 0


def whole(found: Iterable[StepRecord | Damage]) -> list[StepRecord]:
    """Return all records. Raises RecordDamagedError for the first unreadable one."""
    intact: list[StepRecord] = []
    for step in found:
        if isinstance(step, Damage):
            raise RecordDamagedError(Storage.AT(where=step.where, why=step.why))
        intact.append(step)
    return intact


def read_history(connection: apsw.Connection, ordinal: int) -> tuple[bytes, ...]:
    """Return a position's events, encoded, with RecordDamaged in place of damaged ones."""
    entry = find_position(connection, ordinal)
    listed = entry.position_id if entry is not None else PositionId("")
    named = listed if entry is not None and entry.intact else named_by_events(connection, ordinal) or listed
    encoded: list[bytes] = []
    for step in steps(connection, f"{STEP} WHERE ordinal = ? ORDER BY seq", (ordinal,)):
        if isinstance(step, StepRecord):
            encoded.extend(record.as_shown(step, named))
        else:
            encoded.extend(record.damaged_shown(step.where, step.why))
    return tuple(encoded)


def snapshot_of(connection: apsw.Connection, ordinal: int) -> tuple[SnapshotRecord | None, Statement]:
    """Return the usable snapshot, or why there is none; NOTHING when none was taken."""
    query = "SELECT version, payload, checksum FROM snapshot WHERE ordinal = ?"
    try:
        row = cast("tuple[int, bytes, bytes] | None", connection.execute(query, (ordinal,)).fetchone())
    except UNREADABLE as error:
        return None, Storage.SNAPSHOT_UNREAD(why=str(error))
    if row is None:
        return None, NOTHING
    found = SnapshotRecord(version=row[0], payload=row[1], checksum=row[2])
    if found.checksum != record.snapshot_checksum(ordinal, found.version, found.payload):
        return None, Storage.SNAPSHOT_CHECKSUM()
    return found, NOTHING


def _seq_of(connection: apsw.Connection, ordinal: int, snapshot: SnapshotRecord | None) -> int:
    """Return the seq of the snapshot's step. Raises RecordDamagedError when it is missing."""
    if snapshot is None:
        return 0
    query = "SELECT seq FROM step WHERE ordinal = ? AND version = ? ORDER BY seq DESC LIMIT 1"
    row = connection.execute(query, (ordinal, snapshot.version)).fetchone()
    if row is None:
        raise RecordDamagedError(Storage.SNAPSHOT_STEP(version=snapshot.version))
    return int(cast("int", row[0]))


def steps(connection: apsw.Connection, query: str, bindings: tuple[int, ...] = ()) -> Iterator[StepRecord | Damage]:
    """Return rows as records. An unreadable page ends the iteration with a Damage: SQLite cannot skip it."""
    last = 0
    try:
        for row in connection.execute(query, bindings):
            seq, ordinal, version, ts, payload, checksum = cast("tuple[int, int, int, int, bytes, bytes]", row)
            last = seq
            if type(payload) is not bytes or type(checksum) is not bytes or type(version) is not int:
                yield Damage(where=Storage.RECORD(seq=seq), why=Storage.COLUMN())
                continue
            yield StepRecord(seq=seq, ordinal=ordinal, version=version, ts=ts, payload=payload, checksum=checksum)
    except UNREADABLE as error:
        yield Damage(where=Storage.RECORDS_NEAR(seq=last), why=Common.UNREADABLE(why=str(error)))


def ended(connection: apsw.Connection, ordinal: int) -> bool:
    """Return whether the last lifecycle event among the intact steps is terminal."""
    terminal = False
    for step in steps(connection, f"{STEP} WHERE ordinal = ? ORDER BY seq", (ordinal,)):
        if isinstance(step, StepRecord):
            try:
                said = record.ends(record.decode_events(step))
            except codec.DecodeError:
                continue
            terminal = terminal if said is None else said
    return terminal


def unlisted(connection: apsw.Connection) -> tuple[int, ...]:
    """Return positions with steps but no readable row in the list."""
    listed = {entry.ordinal for entry in list_positions(connection)}
    try:
        found = [int(str(row[0])) for row in connection.execute("SELECT DISTINCT ordinal FROM step ORDER BY ordinal")]
    except UNREADABLE:
        return ()
    return tuple(ordinal for ordinal in found if ordinal not in listed)


def named_by_events(connection: apsw.Connection, ordinal: int) -> PositionId:
    for step in steps(connection, f"{STEP} WHERE ordinal = ? ORDER BY seq LIMIT 1", (ordinal,)):
        if isinstance(step, StepRecord):
            try:
                first = record.decode_events(step)[0]
            except (codec.DecodeError, IndexError):
                continue
            if (key := getattr(first, "key", None)) is not None:
                return spell_position_id(key, ordinal)
    return PositionId("")


def highest(connection: apsw.Connection, query: str) -> int:
    try:
        row = connection.execute(query).fetchone()
    except UNREADABLE:
        return 0
    return int(cast("int", row[0])) if row and row[0] is not None else 0
