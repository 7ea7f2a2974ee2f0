"""I2 and I10 of what is retired: the venue had nothing of it by then, and from then on it holds no opening."""

from collections.abc import Iterator

from messages import events as e
from messages.base import Event
from messages.reconciliation import DiscrepancyDetected, DiscrepancyEnded, HoldKey, ReleaseKey
from messages.types import AccountId, Symbol
from simulator.checks.check import SECOND, Check, Finding, Truth
from simulator.environment.process import Process
from simulator.environment.truth import RECONCILERS, ZERO, Loss
from simulator.plans.retiring import retired

FLAT_NS = 15 * SECOND
"""For less than the policy's 20 s only as far as ticks see it."""


class Retired(Check):
    """At every retirement, every tick, and in peace."""

    invariants = ("I2", "I10")

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._flat_ns: dict[int, int] = {}
        self._proven: set[int] = set()
        self._held: dict[tuple[AccountId, Symbol], str] = {}

    def born(self) -> None:
        self._held.clear()

    def forget(self, loss: Loss) -> None:
        self._flat_ns.clear()

    def tick(self, process: Process) -> None:
        """Since when its leg is flat."""
        for ordinal, position in self._ledger.damaged.items():
            if self._books.legs.get(self._books.leg_of(position.key), ZERO):
                self._flat_ns.pop(ordinal, None)
            elif self._truth.now_ns() - self._flat_ns.setdefault(ordinal, self._truth.now_ns()) >= FLAT_NS:
                self._proven.add(ordinal)

    def delivered(self, address: str, message: object) -> None:
        if address == "supervisor" and isinstance(message, HoldKey):
            self._held[message.account, message.symbol] = message.why
        elif address == "supervisor" and isinstance(message, ReleaseKey):
            self._held.pop((message.account, message.symbol), None)

    def event(self, ordinal: int, event: Event) -> None:
        if not isinstance(event, e.PositionRetired):
            return
        which = int(event.position_id.rpartition(".")[2])
        if which not in self._ledger.damaged:
            self._fail("I2", f"{event.position_id} is retired, and its history is whole", which)
        elif which not in self._proven:
            self._fail("I2", f"{event.position_id} is retired, its leg was flat for no {FLAT_NS // SECOND} s", which)
        elif resting := [name for name in self._books.open_names() if name in self._ledger.orders_of(which)]:
            self._fail("I2", f"{event.position_id} is retired, and {resting[0]} rests at the venue", which)

    def unsettled(self) -> list[Finding]:
        """What is retired holds nobody any more."""
        over = retired(self._ledger)
        asked = set(self._asked())
        return [
            (
                "I10",
                f"{over[ordinal].position_id} is retired, and openings are held: {self._held[place]}",
                ordinal,
            )
            for ordinal, position in self._ledger.damaged.items()
            if ordinal in over
            and (place := (position.key.account, position.key.symbol)) in self._held
            and place not in asked
        ]

    def _asked(self) -> Iterator[tuple[AccountId, Symbol]]:
        """Where something else holds: a question of the reconciler's, or another damaged position."""
        over = retired(self._ledger)
        names = {event.position_id for event in over.values()}
        standing: dict[str, tuple[AccountId, Symbol]] = {}
        for event in self._ledger.events.get(RECONCILERS, ()):
            if isinstance(event, DiscrepancyDetected) and event.discrepancy.target not in names:
                found = event.discrepancy
                standing[found.discrepancy_id] = found.account, found.symbol
            elif isinstance(event, DiscrepancyEnded):
                standing.pop(event.discrepancy_id, None)
        yield from standing.values()
        yield from ((p.key.account, p.key.symbol) for n, p in self._ledger.damaged.items() if n not in over)
