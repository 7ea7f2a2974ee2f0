"""What one step is on disk, and how damage shows. Pure: both stores write and read by these functions.

A step's payload is msgpack of [events, effects], each the record of a message. Replies are left out: they
are not repeated after a restart. The checksum covers the record's place as well, so that a record that
was moved or swapped is noticed like one that was altered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from messages import codec
from messages.base import Event, Message
from messages.events import StateChanged
from messages.journal import COMMANDS, AppendStep, Effect, RecordDamaged, Replayed
from messages.requests import Reply
from messages.statement import NOTHING, Statement, verbatim
from messages.types import PositionId
from messages.wording import Storage


class RecordDamagedError(ValueError):
    """A record that is not what was written, or does not follow the one before it."""

    def __init__(self, why: Statement) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(slots=True)
class EncodedStep:
    """A step ready to be written. `payload` None: nothing in it needs to be durable; `terminal` None: as before.

    One is made per step and nobody changes it; freezing it would cost as much as encoding an event.
    """

    ordinal: int
    position_id: str
    version: int
    event_count: int
    payload: bytes | None
    terminal: bool | None
    snapshot: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A step as it was read; `seq` counts the journal's steps from 1, `ts` is wall time of the write in ns."""

    seq: int
    ordinal: int
    version: int
    ts: int
    payload: bytes
    checksum: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRecord:
    version: int
    payload: bytes
    checksum: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredPosition:
    """All that is durable of one position: fold `events` over `snapshot` (None: over nothing).

    `damage` and `beyond`: see `salvage`.
    """

    ordinal: int
    position_id: PositionId
    version: int
    snapshot: bytes | None
    snapshot_version: int
    events: tuple[Event, ...]
    remark: Statement = NOTHING
    damage: Statement = NOTHING
    beyond: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedPosition:
    """A position that must stay out, and why; the others are not concerned."""

    ordinal: int
    position_id: PositionId
    why: Statement


def encode_step(step: AppendStep) -> EncodedStep:
    """Raises codec.EncodeError for a message that could not be read back."""
    kept = [effect for effect in step.effects if type(effect.message) is not Reply]
    payload = None
    if step.events or kept:
        to_wire = codec.to_wire
        payload = codec.pack([[to_wire(event) for event in step.events], [to_wire(effect) for effect in kept]])
    return EncodedStep(
        step.ordinal, step.position_id, step.version, len(step.events), payload, ends(step.events), step.snapshot
    )


def ends(events: Iterable[Event]) -> bool | None:
    """Whether the position is terminal after these; None: they do not say."""
    terminal = None
    for event in events:
        if type(event) is StateChanged:
            terminal = event.after.terminal
    return terminal


def step_checksum(*, seq: int, ordinal: int, position_id: str, version: int, ts: int, payload: bytes) -> bytes:
    place = b"%d %d %d %d %s\0" % (seq, ordinal, version, ts, position_id.encode())
    return blake2b(place + payload, digest_size=8).digest()


def snapshot_checksum(ordinal: int, version: int, payload: bytes) -> bytes:
    return blake2b(b"%d %d\0%s" % (ordinal, version, payload), digest_size=8).digest()


def position_checksum(ordinal: int, position_id: str, terminal: bool) -> bytes:  # noqa: FBT001 - a column of the row
    return blake2b(b"%d %d %s" % (ordinal, terminal, position_id.encode()), digest_size=8).digest()


def check(record: StepRecord, position_id: str) -> None:
    """Raises RecordDamagedError where the record is not what was written for this position."""
    wanted = step_checksum(
        seq=record.seq,
        ordinal=record.ordinal,
        position_id=position_id,
        version=record.version,
        ts=record.ts,
        payload=record.payload,
    )
    if wanted != record.checksum:
        raise RecordDamagedError(Storage.AT(where=Storage.RECORD(seq=record.seq), why=Storage.CHECKSUM()))


def event_wires(record: StepRecord) -> list[Any]:
    """The events of a record as plain values. Raises codec.DecodeError."""
    match codec.unpack(record.payload):
        case [list() as events, list()]:
            return events
        case _:
            raise codec.DecodeError(f"record {record.seq}: no step")


def decode_events(record: StepRecord) -> tuple[Event, ...]:
    """Raises codec.DecodeError."""
    return tuple([codec.from_wire(wire, Event) for wire in event_wires(record)])


def as_shown(step: StepRecord, position_id: str) -> tuple[bytes, ...]:
    """Its events, encoded; of a record that is altered a RecordDamaged, and nothing of what it says."""
    try:
        check(step, position_id)
        decode_events(step)
        return tuple(codec.pack(wire) for wire in event_wires(step))
    except RecordDamagedError:
        return damaged_shown(Storage.RECORD(seq=step.seq), Storage.ITS_CHECKSUM())
    except codec.DecodeError:
        return damaged_shown(Storage.RECORD(seq=step.seq), Storage.UNDECODED())


def damaged_shown(where: Statement, why: Statement) -> tuple[bytes, ...]:
    return (codec.encode(RecordDamaged(record=where, why=why)),)


def commands_of(step: StepRecord) -> tuple[Message, ...]:
    """What a step of the supervisor's record of commands says; an altered one says nothing that holds.

    Raises RecordDamagedError, codec.DecodeError.
    """
    check(step, COMMANDS)
    return tuple(effect.message for effect in decode_effects(step))


def decode_effects(record: StepRecord) -> tuple[Effect, ...]:
    """Raises codec.DecodeError."""
    match codec.unpack(record.payload):
        case [list(), list() as effects]:
            return tuple([codec.from_wire(wire, Effect) for wire in effects])
        case _:
            raise codec.DecodeError(f"record {record.seq}: no step")


def assemble(
    ordinal: int, position_id: str, snapshot: SnapshotRecord | None, records: Sequence[StepRecord]
) -> RecoveredPosition:
    """Check and decode all steps of a position after its snapshot, given in order.

    Raises RecordDamagedError where a record is altered, unknown or missing.
    """
    version = start = snapshot.version if snapshot else 0
    events: list[Event] = []
    for record in records:
        check(record, position_id)
        try:
            decoded = decode_events(record)
        except codec.DecodeError as error:
            where = Storage.RECORD(seq=record.seq)
            raise RecordDamagedError(Storage.AT(where=where, why=str(error))) from error
        if version + len(decoded) != record.version:
            first = record.version - len(decoded)
            gap = Storage.VERSION_MISSING(seq=record.seq, first=first, last=record.version, version=version)
            raise RecordDamagedError(gap)
        version = record.version
        events.extend(decoded)
    return RecoveredPosition(
        ordinal=ordinal,
        position_id=PositionId(position_id),
        version=version,
        snapshot=snapshot.payload if snapshot else None,
        snapshot_version=start,
        events=tuple(events),
    )


def salvage(
    recovered: RecoveredPosition, found: Iterable[StepRecord | Statement], last_version: int
) -> RecoveredPosition:
    """The history of an actor that is no position, with a record that is altered or missing, as far as it is intact.

    `recovered` holds the snapshot. `found` are the steps after it, or why one cannot be read; `events` are those before
    the damage, `beyond` the intact ones behind it. The next step follows `last_version`, whatever was lost before it.
    """
    version, events, beyond, damage = recovered.version, list[Event](), list[Event](), NOTHING
    for step in found:
        decoded = step if isinstance(step, Statement) else _intact(step, recovered.position_id)
        if isinstance(step, Statement) or isinstance(decoded, Statement):
            damage = damage or (decoded if isinstance(decoded, Statement) else NOTHING)
            continue
        if version + len(decoded) != step.version:
            damage = damage or Storage.AT(where=Storage.RECORD(seq=step.seq), why=Storage.ONE_MISSING())
        (beyond if damage else events).extend(decoded)
        version = step.version
    return replace(
        recovered, version=max(version, last_version), events=tuple(events), beyond=tuple(beyond), damage=damage
    )


def _intact(step: StepRecord, position_id: str) -> tuple[Event, ...] | Statement:
    """The events of a record, or what is wrong with it."""
    try:
        check(step, position_id)
        return decode_events(step)
    except (RecordDamagedError, codec.DecodeError) as error:
        return why_of(error)


def why_of(error: Exception) -> Statement:
    """What is wrong with the record that raised it, or the exception's own text."""
    return error.why if isinstance(error, RecordDamagedError) else verbatim(error)


def as_replayed(recovered: RecoveredPosition | DamagedPosition) -> Replayed:
    """What a position hears when it asks for its past."""
    if isinstance(recovered, DamagedPosition):
        return Replayed(ordinal=recovered.ordinal, snapshot=None, snapshot_version=0, events=(), damage=recovered.why)
    return Replayed(
        ordinal=recovered.ordinal,
        snapshot=recovered.snapshot,
        snapshot_version=recovered.snapshot_version,
        events=recovered.events,
        damage=recovered.damage,
        version=recovered.version,
        beyond=recovered.beyond,
    )
