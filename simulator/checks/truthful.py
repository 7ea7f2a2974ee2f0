"""I19: an answer is true, made of commands and replies alone against what is durable.

Refused has no effect, later neither; accepted has one; not ready leaves no copy behind; an id stands for one command.
"""

from collections.abc import Mapping

from messages import commands as c
from messages import events as e
from messages.addresses import CONTROL, SUPERVISOR
from messages.base import Event, Message
from messages.commands import AcknowledgeDiscrepancy
from messages.meaning import meaning
from messages.reconciliation import AttributionChosen, DiscrepancyEnded
from messages.requests import Reply
from simulator.checks.check import Check, Truth
from simulator.environment.truth import Loss

EFFECTS: Mapping[type[c.Command], tuple[type[Event], ...]] = {
    c.OpenPosition: (e.PositionRequested,),
    c.ClosePosition: (e.CloseRequested,),
    c.CloseMatching: (e.CloseRequested,),
    c.EmergencyClose: (e.CloseRequested,),
    c.CloseAll: (e.CloseAllRequested, e.CloseRequested),
    c.ModifyPosition: (e.ProtectionRequested, e.LeverageIntended, e.AdditionRequested),
    c.CancelEntry: (e.EntryAbandoned,),
    c.SettlePosition: (e.OrderWrittenOff, e.LeverageRefused, e.QuantityAdjusted, e.CloseAbandoned),
    c.AssignPosition: (e.PositionAdopted, e.QuantityAdjusted, e.ProtectionRequested),
    c.PausePosition: (e.PositionPaused,),
    c.ResumePosition: (e.PositionResumed,),
    c.SettlePosition: (e.OrderWrittenOff, e.LeverageRefused, e.QuantityAdjusted, e.CloseAbandoned),
    c.PauseOpenings: (e.OpeningsPaused,),
    c.ResumeOpenings: (e.OpeningsResumed,),
    AcknowledgeDiscrepancy: (DiscrepancyEnded, AttributionChosen, e.PositionRetired),
    c.Reconcile: (),
}
_ANSWERS_FOR_ITSELF = (c.Reconcile, AcknowledgeDiscrepancy)
"""What may be accepted though nothing had to be done, without a word on that."""


class Truthful(Check):
    """At each command that is handed over, each answer and each durable event."""

    invariants = ("I19",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._meant: dict[str, c.Command] = {}
        self._open: dict[str, set[str]] = {}
        """Copies that may still come to something, by what their edge calls them."""
        self._others: dict[str, set[str]] = {}
        """Copies of another command under an id that stands for one already."""
        self._final: dict[str, Reply] = {}
        self._done: dict[str, Event] = {}

    def died(self) -> None:
        """What was never decided, and of which nothing is durable, stands for nothing any more."""
        for name in self._meant.keys() - self._final.keys() - self._done.keys():
            del self._meant[name]
            self._open.pop(name, None)
            self._others.pop(name, None)

    def forget(self, loss: Loss) -> None:
        """What they stood for, and what came of them, is not known any more."""
        for name in loss.commands:
            for memory in (self._meant, self._open, self._others, self._final, self._done):
                memory.pop(name, None)

    def unrecorded(self) -> None:
        """The records of all ids are lost: what had no effect stands for nothing, and what had one stands for that."""
        for name in self._meant.keys() - self._done.keys():
            for memory in (self._meant, self._open, self._others, self._final):
                memory.pop(name, None)

    def offered(self, address: str, message: Message) -> None:
        if address != SUPERVISOR or not isinstance(message, c.Command) or message.reply_to != CONTROL:
            return
        if type(message) not in EFFECTS:
            return
        first = self._meant.setdefault(message.command_id, message)
        copies = self._open if meaning(first) == meaning(message) else self._others
        copies.setdefault(message.command_id, set()).add(message.causation_id)

    def told(self, message: Message) -> None:
        if not isinstance(message, Reply) or message.command_id not in self._meant:
            return
        name = message.command_id
        if message.causation_id in self._others.get(name, ()):
            if message.accepted:
                self._fail("I19", f"{name} stands for another command, and is accepted: {message}")
            return
        if not message.code.final:
            if not message.accepted:  # what is in force already goes on
                self._open.get(name, set()).discard(message.causation_id)
            return
        self._decided(name, message)

    def _decided(self, name: str, reply: Reply) -> None:
        before, done = self._final.setdefault(name, reply), self._done.get(name)
        if before.accepted is not reply.accepted:
            self._fail("I19", f"{name} was answered {before}, and then {reply}")
        elif not reply.accepted and done is not None:
            self._fail("I19", f"{name} is refused ({reply.text}), and it is done: {done}")
        elif reply.accepted and reply.changed and done is None and not self._for_itself(name):
            self._fail("I19", f"{name} is accepted, and nothing durable tells of it")

    def _for_itself(self, name: str) -> bool:
        return isinstance(self._meant[name], _ANSWERS_FOR_ITSELF)

    def event(self, ordinal: int, event: Event) -> None:
        name = str(getattr(event, "command_id", "")).partition("#")[0]
        meant = self._meant.get(name)
        if meant is None:
            return
        self._done.setdefault(name, event)
        final = self._final.get(name)
        if not isinstance(event, EFFECTS[type(meant)]):
            self._fail("I19", f"{name} is a {type(meant).__name__}, and has another effect: {event}", ordinal)
        elif final is not None and not final.accepted:
            self._fail("I19", f"{name} was refused ({final.text}), and has an effect: {event}", ordinal)
        elif final is None and not self._open.get(name):
            self._fail(
                "I19", f"{name} was not ready, nothing of it was to wait, and it has an effect: {event}", ordinal
            )
