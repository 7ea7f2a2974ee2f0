"""I10 and I16 of a loss: acknowledged steps are missing at a start. Nothing opens until a human allows it; it is told.

What the loss makes unknowable is in `Loss`: each check forgets just that. Orders whose intents are lost are somebody
else's from then on, and what their legs hold is what the venue says (I6).
"""

from messages import events as e
from messages.base import Event, Message
from messages.reconciliation import Discrepancy, DiscrepancyDetected
from messages.requests import Notify
from messages.types import Severity
from simulator.checks.check import Check, Finding, Truth
from simulator.environment.truth import Loss, position_of


class Lost(Check):
    """At each position that begins, each addition; in peace, that each loss was told."""

    invariants = ("I1", "I10", "I16")

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._held = False
        self._untold: list[int] = []
        self._gone: set[int] = set()
        self._orders: list[Discrepancy] = []

    def forget(self, loss: Loss) -> None:
        self._held = True
        self._untold.append(loss.steps)
        self._gone |= loss.ordinals

    def told(self, message: Message) -> None:
        if isinstance(message, Notify) and message.severity is Severity.CRITICAL:
            self._untold = [steps for steps in self._untold if f"{steps} acknowledged steps" not in message.text]

    def event(self, ordinal: int, event: Event) -> None:
        match event:
            case DiscrepancyDetected(discrepancy=record):
                self._orders.append(record)
            case e.OpeningsResumed(account=None, symbol=None):
                self._held = False
            case e.PositionRequested() | e.AdditionRequested() if self._held:
                text = f"{event.command_id} opens {ordinal}, and no human has allowed it since journal steps were lost"
                self._fail("I10", text, ordinal)
        if isinstance(event, e.OrderIntended) and event.client_order_id in self._books.lost_names:
            text = f"{event.client_order_id} is given again: the order of a lost intent had it, and may be at the venue"
            self._fail("I1", text, ordinal)
        if ordinal in self._gone:
            self._fail("I1", f"ordinal {ordinal} is given again: its lost position has orders at the venue", ordinal)

    def unsettled(self) -> list[Finding]:
        untold = [("I16", f"{steps} acknowledged steps were lost, and nobody was told", 0) for steps in self._untold]
        asked = set(self._ledger.escalated())
        return untold + [
            ("I9", f"order {name}, whose intent is lost, is live at the venue, and nobody was asked about it", 0)
            for name in self._books.open_orphans()
            # What is left of a damaged history is left to its owner with it.
            if position_of(name) not in self._ledger.damaged
            and not any(record.target == name and record.discrepancy_id in asked for record in self._orders)
        ]
