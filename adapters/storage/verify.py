"""Checks the whole journal: damage, and the agreement of redundant records."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import apsw

from adapters.storage import record, schema
from adapters.storage.record import RecordDamagedError
from adapters.storage.rows import (
    STEP,
    UNREADABLE,
    Damage,
    PositionEntry,
    list_positions,
    snapshot_of,
    steps,
    unlisted,
    whole,
)
from messages import codec
from messages.base import Event
from messages.statement import Statement, verbatim
from messages.types import JournalId
from messages.wording import Storage

Fold = Callable[[Sequence[Event]], bytes]
"""Returns the encoded state after these events, as a snapshot would hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """`replayed` counts the snapshots that were compared with a fold of their events."""

    journal_id: JournalId
    restored_from: JournalId | None  # None: it was never restored
    positions: int
    steps: int
    events: int
    snapshots: int
    replayed: int
    damage: tuple[Damage, ...]

    @property
    def intact(self) -> bool:
        return not self.damage


def verify(connection: apsw.Connection, fold: Fold | None) -> VerifyReport:
    """Check file, list, steps and snapshots. With `fold`, recompute every snapshot from its events."""
    meta, walk = schema.read_meta(connection), _Walk(fold)
    damage = [*_file(connection)]
    for entry in list_positions(connection):
        damage.extend(walk.position(connection, entry))
    damage.extend(
        Damage(where=Storage.POSITION(ordinal=ordinal), why=Storage.STEPS_UNLISTED())
        for ordinal in unlisted(connection)
    )
    damage.extend(_gaps(connection))
    return VerifyReport(
        journal_id=meta.journal_id,
        restored_from=meta.former[-1][0] if meta.former else None,
        positions=walk.positions,
        steps=walk.steps,
        events=walk.events,
        snapshots=walk.snapshots,
        replayed=walk.replayed,
        damage=tuple(damage),
    )


class _Walk:
    """Counts the records read."""

    def __init__(self, fold: Fold | None) -> None:
        self._fold = fold
        self.positions = self.steps = self.events = self.snapshots = self.replayed = 0

    def position(self, connection: apsw.Connection, entry: PositionEntry) -> Iterator[Damage]:
        self.positions += entry.ordinal > 0  # the others are histories of the supervisor and other actors
        where = Storage.POSITION_NAMED(ordinal=entry.ordinal, name=entry.position_id)
        if not entry.intact:
            yield Damage(where=where, why=Storage.LINE_ALTERED())
        found = list(steps(connection, f"{STEP} WHERE ordinal = ? ORDER BY seq", (entry.ordinal,)))
        self.steps += len(found)
        try:
            position = record.assemble(entry.ordinal, entry.position_id, None, whole(found))
        except RecordDamagedError as error:
            yield Damage(where=where, why=error.why)
            return
        self.events += len(position.events)
        if record.ends(position.events) not in (None, entry.terminal):
            yield Damage(where=where, why=Storage.END_DISAGREES())
        yield from self._snapshot(connection, entry.ordinal, where, position.events)

    def _snapshot(
        self, connection: apsw.Connection, ordinal: int, where: Statement, events: Sequence[Event]
    ) -> Iterator[Damage]:
        snapshot, remark = snapshot_of(connection, ordinal)
        if remark:
            yield Damage(where=where, why=remark)
        if snapshot is None:
            return
        self.snapshots += 1
        if not 0 < snapshot.version <= len(events):
            yield Damage(where=where, why=Storage.SNAPSHOT_BEYOND(version=snapshot.version))
        elif self._fold is not None:
            self.replayed += 1
            made = self._fold(events[: snapshot.version])
            if made != snapshot.payload and made != _renewed(snapshot.payload):
                yield Damage(where=where, why=Storage.SNAPSHOT_DIFFERS(version=snapshot.version))


def _renewed(payload: bytes) -> bytes:
    """Re-encode a snapshot as today's version would: earlier versions had fewer fields."""
    try:
        return codec.encode(codec.decode_as(payload, object))
    except codec.DecodeError:
        return b""


def _file(connection: apsw.Connection) -> Iterator[Damage]:
    """Return SQLite's own findings about pages and indexes."""
    try:
        for (line,) in connection.execute("PRAGMA integrity_check(20)"):
            if line != "ok":
                yield Damage(where=Storage.FILE(), why=verbatim(line))
    except UNREADABLE as error:
        yield Damage(where=Storage.FILE(), why=verbatim(error))


def _gaps(connection: apsw.Connection) -> Iterator[Damage]:
    """Steps are numbered without a gap, so that a removed one shows even at the end of a position."""
    query = "SELECT count(*), coalesce(max(seq), 0) FROM step"
    try:
        count, highest = (int(str(value)) for value in next(connection.execute(query)))
    except UNREADABLE:
        return
    if count != highest:
        yield Damage(where=Storage.FILE(), why=Storage.STEPS_FEWER(written=highest, n=count))
