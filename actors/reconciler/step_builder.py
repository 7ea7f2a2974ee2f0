"""One step while it is being decided: events recorded so far, and what leaves with them."""

from dataclasses import dataclass, field
from typing import Any

from actors.ports import Clock
from actors.reconciler.ledger import Ledger
from messages.base import Event, Message
from messages.journal import Effect
from messages.requests import Notify
from messages.statement import Statement
from messages.types import AccountId, Address, CorrelationId, Severity

NOTIFIER = Address("notifier")


@dataclass(frozen=True, slots=True)
class Later:
    """Wake with `CheckDue(topic)` after `delay_ns`; the same topic replaces an earlier one."""

    topic: str
    delay_ns: int


@dataclass(slots=True)
class StepBuilder:
    """What one message leads to. Recording an event evolves the ledger, so that what follows sees it."""

    ledger: Ledger
    clock: Clock
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    tells: list[Effect] = field(default_factory=list)
    timers: list[Later] = field(default_factory=list)

    def begin(self, ledger: Ledger) -> None:
        """Another message is being decided."""
        self.ledger = ledger
        for gathered in (self.events, self.effects, self.tells, self.timers):
            gathered.clear()

    def record(self, event_class: type[Event], **fields: Any) -> None:
        name = fields.get("discrepancy_id", "")
        correlation = CorrelationId(f"reconcile-{name}") if name else CorrelationId("")
        event = event_class(correlation_id=correlation, ts_init=self.clock.time_ns(), **fields)
        self.ledger.apply(event)
        self.events.append(event)

    def effect(self, to: Address, message: Message) -> None:
        """Leaves once the step's events are durable."""
        self.effects.append(Effect(to=to, message=message, correlation_id=message.correlation_id))

    def tell(self, to: str, message: Message) -> None:
        """Asks or answers; nothing is lost for good when it is lost."""
        if to:
            self.tells.append(Effect(to=Address(to), message=message))

    def later(self, topic: str, delay_ns: int) -> None:
        self.timers.append(Later(topic, delay_ns))

    def notify(self, severity: Severity, text: Statement, account: AccountId, notice_id: str, cause: str = "") -> None:
        """`cause` is the discrepancy that it tells of: its end ends the repetition."""
        notice = Notify(severity=severity, text=text, account=account, notice_id=notice_id, cause=cause)
        self.effect(NOTIFIER, notice)
