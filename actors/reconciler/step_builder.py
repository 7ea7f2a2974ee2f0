"""One step under construction: its events, effects, messages and timers."""

from dataclasses import dataclass, field
from typing import Any

from actors.ports import Clock
from actors.reconciler.ledger import Ledger
from messages.addresses import NOTIFIER
from messages.base import Event, Message
from messages.journal import Effect
from messages.requests import Notify
from messages.statement import Statement
from messages.types import AccountId, Address, CorrelationId, Severity


@dataclass(frozen=True, slots=True)
class Later:
    """Deliver `CheckDue(topic)` after `delay_ns`; replaces an earlier timer of the same topic."""

    topic: str
    delay_ns: int


@dataclass(slots=True)
class StepBuilder:
    """Collects the step of one message. Recording an event evolves the ledger at once."""

    ledger: Ledger
    clock: Clock
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    tells: list[Effect] = field(default_factory=list)
    timers: list[Later] = field(default_factory=list)

    def begin(self, ledger: Ledger) -> None:
        """Start the step of another message."""
        self.ledger = ledger
        for gathered in (self.events, self.effects, self.tells, self.timers):
            gathered.clear()

    def record(self, event_class: type[Event], **fields: Any) -> None:
        """Record an event; its correlation id names the discrepancy it is about."""
        name = fields.get("discrepancy_id", "")
        correlation = CorrelationId(f"reconcile-{name}") if name else CorrelationId("")
        event = event_class(correlation_id=correlation, ts_init=self.clock.time_ns(), **fields)
        self.ledger.apply(event)
        self.events.append(event)

    def effect(self, to: Address, message: Message) -> None:
        """Send once the step's events are durable."""
        self.effects.append(Effect(to=to, message=message, correlation_id=message.correlation_id))

    def tell(self, to: str, message: Message) -> None:
        """Send without durability: a request or an answer that can be repeated. Empty `to`: nothing."""
        if to:
            self.tells.append(Effect(to=Address(to), message=message))

    def later(self, topic: str, delay_ns: int) -> None:
        """Set the timer of `topic`."""
        self.timers.append(Later(topic, delay_ns))

    def notify(self, severity: Severity, text: Statement, account: AccountId, notice_id: str, cause: str = "") -> None:
        """Notify the owner with the step's events. `cause`: the discrepancy, whose end ends the repetition."""
        notice = Notify(severity=severity, text=text, account=account, notice_id=notice_id, cause=cause)
        self.effect(NOTIFIER, notice)
