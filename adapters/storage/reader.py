"""Reads a journal: recovery, history, verification, export. Works beside a running supervisor.

Damage is reported where it is; the rest is read.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Self

from adapters.storage import record, schema
from adapters.storage.record import DamagedPosition, RecordDamagedError, RecoveredPosition, StepRecord
from adapters.storage.rows import (
    STEP,
    UNREADABLE,
    Damage,
    PositionEntry,
    ended,
    find_position,
    highest,
    list_positions,
    named_by_events,
    read_history,
    read_position,
    steps,
    unlisted,
)
from adapters.storage.verify import Fold, VerifyReport, verify
from messages import codec
from messages.base import Event, Message
from messages.journal import OWN_COMMANDS, Effect
from messages.types import PositionId
from messages.wording import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedEvent:
    """One durable event of one position; `version` is the position's after the event, `ts` its commit, in ns."""

    seq: int
    ordinal: int
    position_id: PositionId
    version: int
    ts: int
    event: Event


class JournalReader:
    """A read-only view of a journal. Use it from one thread at a time; close it when done."""

    def __init__(self, directory: Path) -> None:
        """Raises JournalError when there is no readable journal."""
        self.path = directory / schema.FILE_NAME
        self._connection = schema.connect_read_only(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def meta(self) -> schema.Meta:
        return schema.read_meta(self._connection)

    def last_ns(self) -> int:
        """Return the last step's commit time (wall, ns); 0 when there is none or it is unreadable."""
        try:
            row = next(iter(self._connection.execute("SELECT ts FROM step ORDER BY seq DESC LIMIT 1")), None)
        except UNREADABLE:
            return 0
        return int(row[0]) if row is not None else 0

    def max_ordinal(self) -> int:
        """Return the highest ordinal ever used, 0 for none; ordinals are never reused."""
        rows = (
            "SELECT max(ordinal) FROM position",
            "SELECT max(ordinal) FROM step",
            "SELECT max(ordinal) FROM snapshot",
        )
        return max((highest(self._connection, row) for row in rows), default=0)

    def positions(self) -> Iterator[PositionEntry]:
        """Return all positions ever journalled, by ordinal."""
        return list_positions(self._connection)

    def terminal(self) -> Iterator[PositionEntry]:
        """Return terminal positions, to which late reports may belong."""
        return (entry for entry in list_positions(self._connection) if entry.terminal and entry.intact)

    def recover(self) -> Iterator[RecoveredPosition | DamagedPosition]:
        """Return every non-terminal position with its durable state, by ordinal.

        The events are authoritative: where the position's row or snapshot is damaged, `remark` reports it.
        """
        for entry in list_positions(self._connection):
            if entry.ordinal == OWN_COMMANDS or (entry.terminal and entry.intact):
                continue
            if entry.intact:
                yield read_position(self._connection, entry.ordinal, entry.position_id)
                continue
            name = named_by_events(self._connection, entry.ordinal) or entry.position_id
            found = read_position(self._connection, entry.ordinal, name)
            if not isinstance(found, RecoveredPosition):
                yield found
            elif not ended(self._connection, entry.ordinal):
                also = Storage.LINE_ALTERED_TOO(why=found.remark) if found.remark else Storage.LINE_ALTERED()
                yield replace(found, remark=also)
        for ordinal in unlisted(self._connection):
            name = named_by_events(self._connection, ordinal)
            yield DamagedPosition(ordinal=ordinal, position_id=name, why=Storage.NOT_LISTED())

    def position(self, ordinal: int) -> RecoveredPosition | DamagedPosition | None:
        """Return one position, terminal or not; None when the ordinal is unused."""
        entry = find_position(self._connection, ordinal)
        return read_position(self._connection, ordinal, entry.position_id) if entry else None

    def recent_events(self, limit: int, *, since_ns: int = 0) -> Iterator[tuple[int, Event]]:
        """(ordinal, event) of the last `limit` steps, oldest first, committed at `since_ns` (wall time) or later.

        Damaged steps are left out.
        """
        for step in steps(self._connection, f"{STEP} WHERE seq >= ? ORDER BY seq", (self._first(limit, since_ns),)):
            if not isinstance(step, StepRecord):
                continue
            try:
                yield from ((step.ordinal, event) for event in record.decode_events(step))
            except codec.DecodeError:
                continue

    def _first(self, limit: int, since_ns: int) -> int:
        """Return the first seq of the last `limit` steps since `since_ns`, or one after the last when none
        qualifies.
        """
        first = 1 << 62
        try:
            for seq, ts in self._connection.execute("SELECT seq, ts FROM step ORDER BY seq DESC LIMIT ?", (limit,)):
                if ts < since_ns:
                    break
                first = seq
        except UNREADABLE:
            pass  # steps before a damaged page are too old to prevent a start
        return first

    def recent_effects(self, limit: int) -> Iterator[Effect]:
        """Return the effects of the last `limit` steps, oldest first; a kill may have prevented their release."""
        for step in reversed(deque(steps(self._connection, f"{STEP} ORDER BY seq DESC LIMIT ?", (limit,)))):
            if not isinstance(step, StepRecord):
                continue
            try:
                yield from record.decode_effects(step)
            except codec.DecodeError:
                continue

    def commands(self, limit: int, *, since_ns: int = 0) -> Iterator[Message]:
        """Return the supervisor's latest command records, oldest first, committed at `since_ns` (wall) or later."""
        query = f"{STEP} WHERE ordinal = ? ORDER BY seq DESC LIMIT ?"
        latest = takewhile(
            lambda step: not isinstance(step, StepRecord) or step.ts >= since_ns,
            steps(self._connection, query, (OWN_COMMANDS, limit)),
        )
        for step in reversed(list(latest)):
            if isinstance(step, StepRecord):
                try:
                    yield from record.commands_of(step)
                except (RecordDamagedError, codec.DecodeError):
                    continue

    def events(self) -> Iterator[ExportedEvent | Damage]:
        """Return every event in commit order, or the damage in its place."""
        names = {entry.ordinal: entry.position_id for entry in list_positions(self._connection)}
        for step in steps(self._connection, f"{STEP} ORDER BY seq"):
            if isinstance(step, Damage):
                yield step
                continue
            position_id = names.get(step.ordinal, PositionId(""))
            try:
                record.check(step, position_id)
                decoded = record.decode_events(step)
            except (RecordDamagedError, codec.DecodeError) as error:
                yield Damage(where=Storage.RECORD(seq=step.seq), why=record.why_of(error))
                continue
            for version, event in enumerate(decoded, step.version - len(decoded) + 1):
                yield ExportedEvent(
                    seq=step.seq,
                    ordinal=step.ordinal,
                    position_id=position_id,
                    version=version,
                    ts=step.ts,
                    event=event,
                )

    def history(self, ordinal: int) -> tuple[bytes, ...]:
        """Return a position's events, encoded, with RecordDamaged in place of damaged ones."""
        return read_history(self._connection, ordinal)

    def export(self) -> Iterator[dict[str, Any]]:
        """`events` as JSON objects; decimals are strings. A damaged record is an object with `damage`."""
        for item in self.events():
            if isinstance(item, Damage):
                yield {"record": item.where, "damage": item.why}
                continue
            yield {
                "seq": item.seq,
                "position_id": item.position_id,
                "version": item.version,
                "ts": item.ts,
                **codec.to_jsonable(item.event),
            }

    def verify(self, fold: Fold | None = None) -> VerifyReport:
        """Check checksums, order and versions; with `fold`, that every snapshot equals its events."""
        return verify(self._connection, fold)
