"""The jobs of the journal's writer, and its reported health."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.storage.record import EncodedStep
from messages.statement import Statement

AppendDone = Callable[[Statement | None], None]


class Health(StrEnum):
    """SHORT: the disk is full, and the reserve serves steps that open nothing. FAILING: the latest commit failed."""

    WELL = "well"
    SHORT = "short of space"
    FAILING = "failing"


Watcher = Callable[[Health, Statement], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """`commits` succeeded with `steps`, `failures` failed. The last two fields are of the latest commit."""

    commits: int = 0
    steps: int = 0
    failures: int = 0
    last_commit_ns: int = 0
    last_group: int = 0


@dataclass(slots=True)
class Append:
    """`encoded` on the appending thread, while the writer waits for the disk; or why encoding failed."""

    encoded: Sequence[EncodedStep] | Statement
    done: AppendDone
    reducing: bool


@dataclass(slots=True)
class Read:
    """A read on the writer's thread, after all earlier appends."""

    read: Callable[[], None]


class Stop:
    pass
