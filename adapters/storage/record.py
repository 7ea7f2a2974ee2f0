"""The disk format of one step, and the detection of damage. Pure: both stores use these functions.

A step's payload is msgpack of [events, effects], each the record of a message. Replies are left out, since they are not
repeated after a restart. The checksum covers the record's place, so that a moved or swapped record is detected too.
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
    """A record is altered, or does not follow its predecessor."""

    def __init__(self, why: Statement) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(slots=True)
class EncodedStep:
    """A step ready to be written. `payload` None: nothing needs to be durable; `terminal` None: unchanged.

    Not frozen, since that costs as much as encoding an event; never mutated.
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
    """A step as read; `seq` counts the journal's steps from 1, `ts` is the wall time of the write in ns."""

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
    """The durable state of a position: fold `events` over `snapshot` (None: from the beginning).

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
    """A damaged position, which stays out, and why; other positions are not affected."""

    ordinal: int
    position_id: PositionId
    why: Statement


def encode_step(step: AppendStep) -> EncodedStep:
    """Encode a step. Raises codec.EncodeError for a message that could not be decoded."""
    kept = [effect for effect in step.effects if type(effect.message) is not Reply]
    payload = None
    if step.events or kept:
        to_wire = codec.to_wire
        payload = codec.pack([[to_wire(event) for event in step.events], [to_wire(effect) for effect in kept]])
    return EncodedStep(
        step.ordinal, step.position_id, step.version, len(step.events), payload, ends(step.events), step.snapshot
    )


def ends(events: Iterable[Event]) -> bool | None:
    """Return whether these events end the position; None when they do not decide."""
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
    """Return the checksum of a position's row in the list of positions."""
    return blake2b(b"%d %d %s" % (ordinal, terminal, position_id.encode()), digest_size=8).digest()


def check(record: StepRecord, position_id: str) -> None:
    """Raise RecordDamagedError when the record was not written for this position."""
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
    """Return a record's events as plain values. Raises codec.DecodeError."""
    match codec.unpack(record.payload):
        case [list() as events, list()]:
            return events
        case _:
            raise codec.DecodeError(f"record {record.seq}: no step")


def decode_events(record: StepRecord) -> tuple[Event, ...]:
    """Raises codec.DecodeError."""
    return tuple([codec.from_wire(wire, Event) for wire in event_wires(record)])


def as_shown(step: StepRecord, position_id: str) -> tuple[bytes, ...]:
    """Return a step's events, encoded; RecordDamaged for a damaged step."""
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
    """Return the commands in a step of the supervisor's command record.

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
    """Return a non-position actor's damaged history, as far as it is intact.

    `recovered` holds the snapshot. `found` are the steps after it, or why one is unreadable; `events` are those before
    the damage, `beyond` the intact ones after it. The next step follows `last_version` in any case.
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
    """Return a record's events, or its damage."""
    try:
        check(step, position_id)
        return decode_events(step)
    except (RecordDamagedError, codec.DecodeError) as error:
        return why_of(error)


def why_of(error: Exception) -> Statement:
    """Return the damage behind an exception, or its text."""
    return error.why if isinstance(error, RecordDamagedError) else verbatim(error)


def as_replayed(recovered: RecoveredPosition | DamagedPosition) -> Replayed:
    """Return the answer to a position's request for its history."""
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
