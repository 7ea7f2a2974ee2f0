"""Messages between positions and the journal."""

from dataclasses import dataclass

from messages.base import Event, Message
from messages.statement import NOTHING, Statement
from messages.types import Address, PositionId

OWN_COMMANDS = -4
"""The ordinal of the supervisor's command record: steps without events, found by time and never folded."""
COMMANDS = PositionId("commands")
"""The command record's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Message):
    """A message that is released to `to` once its step is durable."""

    to: Address
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendStep(Message):
    """Make a step durable as one unit, then release its effects and signal `Committed` to `sender`.

    `version`: the position's version after the step's last event (versions count events from 1). `reducing` steps may
    use the reserve of a full disk. `snapshot`: the encoded state after the step, from which recovery may start.
    `attempt`: earlier failures of this step; the journal waits longer before each retry.
    """

    sender: Address
    position_id: PositionId
    ordinal: int
    version: int
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    reducing: bool = False
    snapshot: bytes | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed(Message):
    """Signal: the step up to `version` is durable, and its effects are released."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitFailed(Message):
    """Signal: the step is not durable, and none of its effects was released.

    `doubtful`: a process that dies before the next commit may still find it on disk.
    """

    version: int
    why: Statement
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(Message):
    """Signal `Replayed` to `sender` with a position's durable history, after all earlier appends."""

    sender: Address
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDamaged(Event):
    """Replaces a damaged record in a displayed history, since its content is not trusted.

    Never journalled; its time is unknown.
    """

    record: Statement
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed(Message):
    """Signal: the latest snapshot (None: none) and the events after it.

    `damage`: which record is altered or missing; empty for none. A damaged position has no events here and must not
    continue. Another actor continues from the intact part before the damage: `version` is what its next step follows,
    `beyond` the readable part after the damage.
    """

    ordinal: int
    snapshot: bytes | None
    snapshot_version: int
    events: tuple[Event, ...]
    damage: Statement = NOTHING
    version: int = 0
    beyond: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsDurable(Message):
    """To the journal, from its store: these steps are durable. They are returned whole, so the journal stores
    nothing.
    """

    steps: tuple[AppendStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsFailed(Message):
    """To the journal, from its store: none of these steps is durable. `doubtful` as in `CommitFailed`."""

    steps: tuple[AppendStep, ...]
    why: Statement
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRead(Message):
    """To the journal, from its store: the answer to `sender`'s replay, in order after earlier steps."""

    sender: Address
    replayed: Replayed
