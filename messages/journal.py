"""What positions and the journal say to one another."""

from dataclasses import dataclass

from messages.base import Event, Message
from messages.statement import NOTHING, Statement
from messages.types import Address, PositionId

OWN_COMMANDS = -4
"""The ordinal of the supervisor's record of commands: steps without events, found by their time and never folded."""
COMMANDS = PositionId("commands")
"""The name of that history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Message):
    """A message that leaves for `to` once the step it belongs to is durable."""

    to: Address
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendStep(Message):
    """Make a step durable as one unit, then release its effects and signal `Committed` to `sender`.

    `version` is the position's version after the step's last event (versions count events from 1).
    `reducing` steps may use the reserve of a full disk. `snapshot`, where given, is the encoded state
    after the step, from which a later recovery may start. `attempt` counts earlier failures of this very
    step: the journal waits longer before each further one.
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
    """Signal: the step up to `version` is durable and its effects have left."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitFailed(Message):
    """Signal: the step is not durable and nothing of it has left.

    `doubtful`: a process that dies before the next commit may find it on the disk all the same.
    """

    version: int
    why: Statement
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(Message):
    """Signal `Replayed` to `sender` with all that is durable of one position, after all earlier appends."""

    sender: Address
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDamaged(Event):
    """Stands in a history that is shown, in place of a record that is altered: what that says is no fact.

    It is never journalled. Of its time nothing is known either.
    """

    record: Statement
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed(Message):
    """Signal: the latest snapshot (None: none) and the events after it.

    `damage`, where it is not empty, says which record is altered or missing. Of a position there is nothing else then,
    and it must not go on. The history of another actor goes on from what is intact before the damage: `version` is what
    its next step follows, `beyond` is what can be read behind the damage.
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
    """To the journal, from its store: these are durable. They come back whole: nothing need be remembered."""

    steps: tuple[AppendStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsFailed(Message):
    """To the journal, from its store: nothing of these steps is durable. `doubtful` as in `CommitFailed`."""

    steps: tuple[AppendStep, ...]
    why: Statement
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRead(Message):
    """To the journal, from its store: what `sender` asked for, in its turn behind earlier steps."""

    sender: Address
    replayed: Replayed
