"""The steps of one commit, numbered and checked against what is durable before them. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adapters.storage import record
from adapters.storage.record import EncodedStep
from messages import codec
from messages.journal import AppendStep
from messages.statement import Statement, verbatim
from messages.wording import Storage
from messages.wording.common import Common

StepRow = tuple[int, int, int, int, bytes, bytes]
PositionRow = tuple[int, str, bool, bytes]
SnapshotRow = tuple[int, int, bytes, bytes]


@dataclass(slots=True, kw_only=True)
class Standing:
    """The durable version of a position, which its next step follows. Replaced, never mutated."""

    position_id: str
    version: int
    terminal: bool


def encode(steps: Sequence[AppendStep]) -> list[EncodedStep] | Statement:
    """Encode the steps of one append, or return why they cannot be encoded."""
    try:
        return [record.encode_step(step) for step in steps]
    except codec.EncodeError as error:
        return verbatim(error)
    except Exception as error:  # noqa: BLE001 - a bug in one step must not take the journal from all others
        return Common.RAISED(kind=type(error).__name__, text=str(error))


@dataclass(slots=True)
class Batch:
    """The rows of one transaction. `standing` returns the durable state of an ordinal, None when there is none.

    An invalid append is left out whole, with its reason, and does not affect the others. An exception of `standing`
    leaves the batch unchanged.
    """

    next_seq: int
    ts: int
    standing: Callable[[int], Standing | None]
    steps: list[StepRow] = field(default_factory=list)
    positions: dict[int, PositionRow] = field(default_factory=dict)
    snapshots: dict[int, SnapshotRow] = field(default_factory=dict)
    after: dict[int, Standing] = field(default_factory=dict)

    def add(self, encoded: Sequence[EncodedStep]) -> Statement | None:
        """Add the steps of one append; return None, or why they are invalid."""
        changed: dict[int, Standing] = {}
        lines: dict[int, PositionRow] = {}
        for step in encoded:
            before = changed.get(step.ordinal) or self.after.get(step.ordinal) or self.standing(step.ordinal)
            if (why := _misfit(step, before)) is not None:
                return why
            changed[step.ordinal] = after = _advanced(step, before)
            if before is None or before.terminal != after.terminal:
                lines[step.ordinal] = position_row(step.ordinal, after)
        for step in encoded:
            self._write(step)
        self.after.update(changed)
        self.positions.update(lines)
        return None

    def _write(self, step: EncodedStep) -> None:
        if step.payload is not None:
            checksum = record.step_checksum(
                seq=self.next_seq,
                ordinal=step.ordinal,
                position_id=step.position_id,
                version=step.version,
                ts=self.ts,
                payload=step.payload,
            )
            self.steps.append((self.next_seq, step.ordinal, step.version, self.ts, step.payload, checksum))
            self.next_seq += 1
        if step.snapshot is not None:
            checksum = record.snapshot_checksum(step.ordinal, step.version, step.snapshot)
            self.snapshots[step.ordinal] = (step.ordinal, step.version, step.snapshot, checksum)


def position_row(ordinal: int, standing: Standing) -> PositionRow:
    checksum = record.position_checksum(ordinal, standing.position_id, standing.terminal)
    return ordinal, standing.position_id, standing.terminal, checksum


def _misfit(step: EncodedStep, before: Standing | None) -> Statement | None:
    version = before.version if before else 0
    if step.version - step.event_count != version:
        first = step.version - step.event_count
        return Storage.VERSION_GAP(name=step.position_id, first=first, version=version)
    if before and before.position_id != step.position_id:
        return Storage.ORDINAL_TAKEN(ordinal=step.ordinal, name=before.position_id, other=step.position_id)
    return None


def _advanced(step: EncodedStep, before: Standing | None) -> Standing:
    terminal = step.terminal if step.terminal is not None else bool(before and before.terminal)
    return Standing(position_id=step.position_id, version=step.version, terminal=terminal)
