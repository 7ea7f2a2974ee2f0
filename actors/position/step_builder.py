"""A step under construction: the events recorded so far, the position they lead to, and the effects."""

from dataclasses import dataclass, field
from typing import Any

from actors.position.evolve import evolve
from actors.position.policy import Policy
from actors.position.state import Order, Position
from messages.addresses import NOTIFIER, gateway_address
from messages.base import Event, Message
from messages.journal import Effect
from messages.requests import CancelOrder, FetchFills, Notify, ResolveOrder, Wake
from messages.statement import NOTHING, Statement
from messages.types import Address, CorrelationId, Severity


@dataclass(slots=True)
class StepBuilder:
    """Lives within one call of `decide`. `record` evolves `position`, so later rules see each event.

    `refused` is the reason of a rule that refuses its message.
    """

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
        """Append an event of this class, and evolve the position by it."""
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
        """Send the message once the step is durable."""
        self.effects.append(Effect(to=to, message=message, correlation_id=self.correlation_id))

    @property
    def gateway(self) -> Address:
        """The gateway of the position's account."""
        return gateway_address(self.position.key.account)

    def wake(self, topic: str, after_ms: int) -> None:
        """Set the timer of this topic; one set before is replaced."""
        self.wakes.append(Wake(topic=topic, after_ms=after_ms, correlation_id=self.correlation_id))

    def notify(self, severity: Severity, text: Statement, topic: str = "") -> None:
        """Notify the owner. Notices with the same `topic` at the same version of the position are one notice.

        Without a topic the effects of a step number its notices. A step without events shares the version of the step
        before it, whose numbers are taken: there the code names the notice. Two such notices with one code and
        different arguments need a topic each.
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
        """Notify the owner unless a notice of this name was ever sent."""
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
        """The fields of every request about an order."""
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
        """Have the gateway query the order; `unanswered` where its submit has had no answer."""
        ask = ResolveOrder(sent_ns=order.sent_ns, unanswered=unanswered, **self.about(order))
        self.send(self.gateway, ask)

    def fetch_fills(self, order: Order) -> None:
        """Read the order's trades."""
        self.send(
            self.gateway,
            FetchFills(since_ns=order.sent_ns, venue_order_id=order.venue_order_id, **self.about(order)),
        )

    def cancel(self, order: Order) -> None:
        """Send a cancel, and query the order where no answer comes."""
        self.send(self.gateway, CancelOrder(venue_order_id=order.venue_order_id, **self.about(order)))
        self.wake(f"answer:{order.number}", self.policy.answer_deadline_ms)
