"""One step while it is being decided: the events recorded so far, and the position they lead to."""

from dataclasses import dataclass, field
from typing import Any

from actors.position.evolve import evolve
from actors.position.policy import Policy
from actors.position.state import Order, Position
from messages.base import Event, Message
from messages.journal import Effect
from messages.requests import CancelOrder, FetchFills, Notify, ResolveOrder, Wake
from messages.statement import NOTHING, Statement
from messages.types import Address, CorrelationId, Severity

NOTIFIER = Address("notifier")


@dataclass(slots=True)
class StepBuilder:
    """Lives within one call of `decide`. Recording an event evolves `position`, so later rules see it."""

    position: Position
    before: Position
    now_ns: int
    policy: Policy
    correlation_id: CorrelationId
    causation_id: str
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    wakes: list[Wake] = field(default_factory=list)
    refused: Statement = NOTHING

    def record(self, event_class: type[Event], *, ts_event: int = 0, **fields: Any) -> None:
        event = event_class(
            correlation_id=self.correlation_id,
            causation_id=self.causation_id,
            ts_event=ts_event,
            ts_init=self.now_ns,
            **fields,
        )
        self.position = evolve(self.position, event)
        self.events.append(event)

    def send(self, to: Address, message: Message) -> None:
        self.effects.append(Effect(to=to, message=message, correlation_id=self.correlation_id))

    @property
    def gateway(self) -> Address:
        return Address(f"gateway/{self.position.key.account}")

    def wake(self, topic: str, after_ms: int) -> None:
        self.wakes.append(Wake(topic=topic, after_ms=after_ms, correlation_id=self.correlation_id))

    def notify(self, severity: Severity, text: Statement, topic: str = "") -> None:
        """Tell the owner. Notices of one `topic` and version of the position are one notice, told again.

        Without a topic a step numbers its notices. Before it has recorded anything it shares its version with the
        step before it, whose numbers are taken: then the code names the notice. Two such notices of one code, with
        different arguments, have a topic each.
        """
        p = self.position
        number = str(len(self.effects)) if p.version > self.before.version else text.code
        self.send(
            NOTIFIER,
            Notify(
                correlation_id=self.correlation_id,
                causation_id=f"{p.position_id}#{p.version}",
                severity=severity,
                text=text,
                account=p.key.account,
                position_id=p.position_id,
                notice_id=f"{p.position_id}#{p.version}.{topic or number}",
            ),
        )

    def notify_once(self, severity: Severity, text: Statement, name: str) -> None:
        """Tell the owner what is told under this name only the first time, whatever the position has done since."""
        p = self.position
        notice = Notify(
            correlation_id=self.correlation_id,
            severity=severity,
            text=text,
            account=p.key.account,
            position_id=p.position_id,
            notice_id=name,
        )
        self.send(NOTIFIER, notice)

    def about(self, order: Order) -> dict[str, Any]:
        """The fields every request about an order carries."""
        p = self.position
        return {
            "correlation_id": order.correlation_id or self.correlation_id,
            "causation_id": f"{p.position_id}#{p.version}",
            "account": p.key.account,
            "symbol": p.key.symbol,
            "client_order_id": order.client_order_id,
            "conditional": order.kind.conditional,
        }

    def resolve(self, order: Order, *, unanswered: bool = False) -> None:
        """Have the gateway find out what became of the order."""
        ask = ResolveOrder(sent_ns=order.sent_ns, unanswered=unanswered, **self.about(order))
        self.send(self.gateway, ask)

    def fetch_fills(self, order: Order) -> None:
        self.send(
            self.gateway,
            FetchFills(since_ns=order.sent_ns, venue_order_id=order.venue_order_id, **self.about(order)),
        )

    def cancel(self, order: Order) -> None:
        self.send(self.gateway, CancelOrder(venue_order_id=order.venue_order_id, **self.about(order)))
        self.wake(f"answer:{order.number}", self.policy.answer_deadline_ms)
