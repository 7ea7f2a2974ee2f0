"""I12: one bad symbol, message or record never stops the others or the boot.

A position whose record is damaged, or whose actor is quarantined, is named in `excused` by whoever did that to it.
"""

from messages.base import Message
from messages.lifecycle import ActorQuarantined
from messages.requests import Notify
from messages.types import Severity
from tests.simulation.check import SECOND, Check, Finding, Truth
from tests.simulation.process import Process

BOOT_NS = 20 * SECOND
"""Replaying on an ill disk takes its time."""


class Isolation(Check):
    """At every tick: whoever is durable and not over has an actor that lives."""

    invariants = ("I12",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self.excused: dict[str, str] = {}
        """By address: why it may be missing."""
        self._born_ns = 0
        self._alarms: list[str] = []

    def born(self) -> None:
        self._born_ns = self._truth.now_ns()

    def quarantined(self, message: object) -> None:
        if isinstance(message, ActorQuarantined) and message.address not in self.excused:
            self._fail("I12", f"{message.address} is quarantined: {message.reason}")

    def told(self, message: Message) -> None:
        if self._ledger.damaged and isinstance(message, Notify) and message.severity is Severity.CRITICAL:
            self._alarms.append(message.text)

    def unsettled(self) -> list[Finding]:
        """Of a damaged history the owner hears, by name."""
        return [
            ("I12", f"the history of {position.position_id} is damaged, and nobody was told", ordinal)
            for ordinal, position in self._ledger.damaged.items()
            if not any(position.position_id in text for text in self._alarms)
        ]

    def tick(self, process: Process) -> None:
        if self._truth.now_ns() - self._born_ns < BOOT_NS:
            return
        for finding in self.missing(process):
            self._fail(*finding)

    def missing(self, process: Process) -> list[Finding]:
        alive = process.standing()
        return [
            ("I12", f"{position.position_id} has no actor", ordinal)
            for ordinal, position in self._ledger.positions.items()
            if not position.state.terminal and f"position/{ordinal}" not in alive | self.excused.keys()
        ]
