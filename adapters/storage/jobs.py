"""What the journal's writer is given to do, and what it tells of itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.storage.record import EncodedStep
from messages.statement import Statement

AppendDone = Callable[[Statement | None], None]


class Health(StrEnum):
    """SHORT: the disk is full, the reserve serves what does not open. FAILING: the latest commit failed."""

    WELL = "well"
    SHORT = "short of space"
    FAILING = "failing"


Watcher = Callable[[Health, Statement], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """`commits` succeeded and held `steps`; `failures` did not. The last two are of the latest commit."""

    commits: int = 0
    steps: int = 0
    failures: int = 0
    last_commit_ns: int = 0
    last_group: int = 0


@dataclass(slots=True)
class Append:
    """`encoded` by whoever appends, while the writer waits for the disk; or why it could not be."""

    encoded: Sequence[EncodedStep] | Statement
    done: AppendDone
    reducing: bool


@dataclass(slots=True)
class Read:
    """Runs on the writer's thread, after all appends before it."""

    read: Callable[[], None]


class Stop:
    pass
