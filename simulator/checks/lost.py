"""I10 and I16 of a loss: acknowledged steps are missing at a start. Nothing opens until a human allows it; it is told.

What the loss makes unknowable is in `Loss`: each check forgets just that. Orders whose intents are lost are somebody
else's from then on, and what their legs hold is what the venue says (I6).
"""

from dataclasses import dataclass

from messages import events as e
from messages.base import Event, Message
from messages.reconciliation import Discrepancy, DiscrepancyDetected
from messages.requests import Notify
from messages.statement import Statement
from messages.types import Severity
from messages.wording import Storage
from simulator.checks.check import Check, Finding, Truth
from simulator.environment.truth import Loss, position_of


@dataclass(slots=True)
class _Untold:
    """So many steps. `held`: the hold that a start writes is durable, and the mark counts them no more."""

    steps: int
    held: bool = False
    told: bool = False


class Lost(Check):
    """At each position that begins, each addition; in peace, that each loss was told."""

    invariants = ("I1", "I10", "I16")

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._held = False
        self._losses: list[_Untold] = []
        """In their order."""
        self._gone: set[int] = set()
        self._orders: list[Discrepancy] = []

    def forget(self, loss: Loss) -> None:
        """Where what said so is lost as well, that loss and this one are told together."""
        self._held = True
        holds = sum(_is_hold(event) for _, event in loss.events)
        steps = loss.steps
        while self._losses and (holds or not self._losses[-1].held):
            last = self._losses.pop()
            holds -= last.held
            steps += last.steps
        self._losses.append(_Untold(steps=steps))
        self._gone |= loss.ordinals

    def told(self, message: Message) -> None:
        if not isinstance(message, Notify) or message.severity is not Severity.CRITICAL:
            return
        what = message.text.args.get("text")
        if isinstance(what, Statement) and what.code == Storage.STEPS_LOST.code:
            for each in self._losses:
                each.told = each.told or what.args["n"] == each.steps

    def event(self, ordinal: int, event: Event) -> None:
        match event:
            case DiscrepancyDetected(discrepancy=record):
                self._orders.append(record)
            case e.OpeningsPaused() if _is_hold(event) and self._losses:
                self._losses[-1].held = True
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
        untold = [
            ("I16", f"{each.steps} acknowledged steps were lost, and nobody was told", 0)
            for each in self._losses
            if not each.told
        ]
        asked = set(self._ledger.escalated())
        return untold + [
            ("I9", f"order {name}, whose intent is lost, is live at the venue, and nobody was asked about it", 0)
            for name in self._books.open_orphans()
            # What is left of a damaged history is left to its owner with it.
            if position_of(name) not in self._ledger.damaged
            and not any(record.target == name and record.discrepancy_id in asked for record in self._orders)
        ]


def _is_hold(event: Event) -> bool:
    return isinstance(event, e.OpeningsPaused) and event.highest_lost > 0
