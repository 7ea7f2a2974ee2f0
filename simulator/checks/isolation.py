"""I12: one bad symbol, message or record never stops the others or the boot.

A position whose record is damaged, or whose actor is quarantined, is named in `excused` by whoever did that to it.
"""

from adapters.paper.answer import Answer
from adapters.paper.faults import FaultKind
from messages.addresses import is_gateway, position_address
from messages.base import Message
from messages.lifecycle import ActorQuarantined
from messages.reports import FetchFailed
from messages.requests import Notify
from messages.types import Severity
from simulator.checks.check import SECOND, Check, Finding, Truth
from simulator.environment.network import Sent
from simulator.environment.process import Process

LISTS = ("/positionRisk", "/openOrders", "/openAlgoOrders")
BOOT_NS = 20 * SECOND
"""Replaying on an ill disk takes its time."""


TOLD_NS = 12 * SECOND
"""From an answer to the report of it: a clock that is refused is measured first, and that may take its time."""


class Isolation(Check):
    """At every tick: whoever is durable and not over has an actor that lives."""

    invariants = ("I12",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self.excused: dict[str, str] = {}
        """By address: why it may be missing."""
        self._born_ns = 0
        self._alarms: list[str] = []
        self._spoiled: dict[str, bool] = {}
        self._refused_ns: dict[str, int] = {}
        """When an account was last refused a list for its clock."""

    def born(self) -> None:
        self._born_ns = self._truth.now_ns()
        self._spoiled.clear()

    def heard(self, sent: Sent, answer: Answer) -> None:
        """The last word to each account: whether all that is wrong with it is one row of a list."""
        spoiled = answer.status == 200 and answer.fault is not None and answer.fault.kind is FaultKind.MALFORMED
        account = sent.account
        if b'"code":-1021' in answer.body and sent.call.path.endswith(LISTS):
            self._refused_ns[account] = self._truth.now_ns()
        self._spoiled[account] = spoiled and not sent.params.get("symbol") and sent.call.path.endswith(LISTS)

    def delivered(self, address: str, message: object) -> None:
        """A list is not void for one row."""
        if not isinstance(message, FetchFailed) or not is_gateway(address):
            return
        since_ns = self._truth.now_ns() - self._refused_ns.get(message.account, -TOLD_NS)
        if not message.silent and self._spoiled.get(message.account) and since_ns >= TOLD_NS:
            self._fail("I12", f"one row of a list hides all others from {address}: {message.cause}")

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
        there = process.standing() | self.excused.keys()
        return [
            ("I12", f"{position.position_id} has no actor", ordinal)
            for ordinal, position in self._ledger.positions.items()
            if not position.state.terminal and position_address(ordinal) not in there
        ]
