"""I13: two instances on one data directory, at most one sender. The door between them is the production lock.

The kernel frees a lock when its holder dies, however it dies: `leave` is the kernel's part.
"""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.storage import lock
from adapters.storage.errors import JournalLocked
from simulator.checks.check import Check, Truth
from simulator.environment.network import Sent


@dataclass(slots=True)
class Door:
    """One data directory; whoever would start an instance on it comes through here."""

    _directory: TemporaryDirectory[str] = field(default_factory=TemporaryDirectory)
    _held: dict[int, lock.DirectoryLock] = field(default_factory=dict)

    def enter(self, instance: int) -> bool:
        """Whether this instance may run."""
        try:
            self._held[instance] = lock.DirectoryLock(Path(self._directory.name), wait_s=0)
        except JournalLocked:
            return False
        return True

    def leave(self, instance: int) -> None:
        held = self._held.pop(instance, None)
        if held is not None:
            held.release()

    def close(self) -> None:
        for instance in list(self._held):
            self.leave(instance)
        self._directory.cleanup()


class Instances(Check):
    """At every request that leaves: of the instances that live, only one has ever sent."""

    invariants = ("I13",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._senders: set[int] = set()

    def died(self) -> None:
        self._senders.clear()

    def sent(self, sent: Sent) -> None:
        self._senders.add(sent.instance)
        if len(self._senders) > 1:
            self._fail("I13", f"instances {sorted(self._senders)} live and send; the last {sent.call.path}")
