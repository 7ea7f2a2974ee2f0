"""I14: one command, at most one effect, however often it is said and however late it comes."""

from messages import events as e
from messages.base import Event, Message
from messages.reconciliation import DiscrepancyEnded
from messages.requests import Reply
from messages.telegram import UpdateTaken
from messages.types import ReplyCode
from simulator.checks.check import Check, Truth
from simulator.environment.truth import Loss

_EFFECTS = (
    e.PositionRequested,
    e.PositionAdopted,
    e.AdditionRequested,
    e.EntryAbandoned,
    e.CloseRequested,
    e.CloseAbandoned,
    e.ProtectionRequested,
    e.LeverageIntended,
    e.PositionPaused,
    e.PositionResumed,
    e.QuantityAdjusted,
    e.OpeningsPaused,
    e.OpeningsResumed,
    e.PositionRetired,
    DiscrepancyEnded,
)
_ACROSS = (e.PositionRequested, e.PositionAdopted)
"""These begin a position: one command begins one."""


class Once(Check):
    """At every durable event."""

    invariants = ("I14",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._done: dict[tuple[str, int, type], Event] = {}
        self._taken: dict[int, UpdateTaken] = {}

    def forget(self, loss: Loss) -> None:
        """Nobody knows any more that it was done."""
        gone = {id(event) for _, event in loss.events}
        self._done = {what: event for what, event in self._done.items() if id(event) not in gone}
        self._taken = {number: event for number, event in self._taken.items() if id(event) not in gone}

    def event(self, ordinal: int, event: Event) -> None:
        if isinstance(event, UpdateTaken):
            self._update(event)
        if not isinstance(event, _EFFECTS) or not event.command_id:
            return
        kind = e.PositionRequested if isinstance(event, _ACROSS) else type(event)
        place = 0 if isinstance(event, _ACROSS) else ordinal
        before = self._done.setdefault((event.command_id, place, kind), event)
        if before is not event:
            self._fail("I14", f"{event.command_id} had an effect twice: {before}, then {event}", ordinal)

    def told(self, message: Message) -> None:
        """Who is refused may try again elsewhere: it must not have been done."""
        if isinstance(message, Reply) and not message.accepted and message.code is ReplyCode.DECIDED:
            opened = self._done.get((message.command_id, 0, e.PositionRequested))
            if opened is not None and message.command_id not in self._forgotten():
                self._fail("I14", f"{message.command_id} was refused ({message.text}), and it has opened: {opened}")

    def _forgotten(self) -> set[str]:
        """What was commanded of positions whose history is damaged: nobody knows any more that it was done."""
        events = (event for ordinal in self._ledger.damaged for event in self._ledger.events[ordinal])
        return {event.command_id for event in events if isinstance(event, _ACROSS)}

    def _update(self, event: UpdateTaken) -> None:
        before = self._taken.setdefault(event.update_id, event)
        if before is not event and event.command is not None:
            self._fail("I14", f"update {event.update_id} was taken twice: {before.verdict}, {event.verdict}")
