"""What bits that flip while nobody looks take from the journal: one record, or the end of the log."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from adapters.storage.batch import StepRow
from adapters.storage.high_water_mark import Lost
from adapters.storage.memory import Image, _as_record
from adapters.storage.record import RecordDamagedError, SnapshotRecord, commands_of, decode_effects
from adapters.storage.rows import PositionEntry
from messages.base import Message
from messages.coders import DecodeError
from messages.journal import OWN_COMMANDS
from simulator.environment.truth import Ledger

LOG_COMMITS = 64
"""As many are in the log; what is older is in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What was there before it: so many steps, and the rows that it replaced (None: there were none)."""

    steps: int
    positions: dict[int, PositionEntry | None]
    snapshots: dict[int, SnapshotRecord | None]


@dataclass(slots=True)
class LoggedImage(Image):
    """The file with its log, and the mark beside it: the last step that was acknowledged."""

    mark: int = 0
    losses: Sequence[Lost] = ()
    """What the mark says of them."""
    log: deque[Commit] = field(default_factory=lambda: deque(maxlen=LOG_COMMITS))


def cut(image: LoggedImage, commits: int) -> int:
    """A bit flips in the log: so many commits, or all that it has, are not read any more. The steps that are lost."""
    before = len(image.steps)
    for _ in range(min(commits, len(image.log))):
        commit = image.log.pop()
        del image.steps[commit.steps :]
        _put_back(image.positions, commit.positions)
        _put_back(image.snapshots, commit.snapshots)
    return before - len(image.steps)


def _put_back(rows: dict[int, Any], before: Mapping[int, Any]) -> None:
    for ordinal, row in before.items():
        if row is None:
            rows.pop(ordinal, None)
        else:
            rows[ordinal] = row


def flip(image: Image, ledger: Ledger, ordinal: int, random: Random) -> bool:
    """In the last step of this position. False where a snapshot holds all that the step said, so nothing is lost.

    What the position held is from now on the venue's word alone: its own orders' trades.
    """
    which = next((which for which in reversed(range(len(image.steps))) if image.steps[which][1] == ordinal), None)
    if which is None or ordinal not in ledger.positions:
        return False
    version, snapshot = image.steps[which][2], image.snapshots.get(ordinal)
    if snapshot is not None and snapshot.version >= version:
        return False
    image.steps[which] = _spoiled(image.steps[which], random)
    ledger.damaged[ordinal] = ledger.positions.pop(ordinal)
    return True


def forget_commands(image: Image, random: Random) -> int:
    """In every record of what a command's id stands for. How many there were."""
    records = [which for which, row in enumerate(image.steps) if row[1] == OWN_COMMANDS]
    for which in records:
        image.steps[which] = _spoiled(image.steps[which], random)
    return len(records)


def messages_of(row: StepRow) -> tuple[Message, ...]:
    """What a step let out; nothing where a bit has flipped."""
    step = _as_record(row)
    try:
        return commands_of(step) if step.ordinal == OWN_COMMANDS else tuple(e.message for e in decode_effects(step))
    except (RecordDamagedError, DecodeError):
        return ()


def _spoiled(row: StepRow, random: Random) -> StepRow:
    seq, ordinal, version, ts, payload, checksum = row
    spoiled = bytearray(payload)
    spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
    return seq, ordinal, version, ts, bytes(spoiled), checksum
