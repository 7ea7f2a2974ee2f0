"""I3: that everything is to be closed, once that is answered, outlives the process and the disk's moods."""

from messages import events as e
from messages.base import Event, Message
from messages.commands import CloseAll
from messages.requests import Reply
from simulator.checks.check import Check, Finding, Truth
from simulator.environment.truth import Loss


class Promised(Check):
    """In peace: whoever was open when it was said has heard of it, or is over."""

    invariants = ("I3",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._asked: dict[str, frozenset[int]] = {}
        """By command: positions that were open on the disk when it was said first."""
        self._answered: set[str] = set()

    def forget(self, loss: Loss) -> None:
        self._answered -= loss.commands

    def offered(self, address: str, message: Message) -> None:
        if isinstance(message, CloseAll):
            open_now = (p for p in self._ledger.positions.values() if not p.state.terminal)
            concerned = frozenset(p.ordinal for p in open_now if message.account in (None, p.key.account))
            self._asked.setdefault(message.command_id, concerned)

    def told(self, message: Message) -> None:
        if not isinstance(message, Reply) or not message.accepted or message.command_id not in self._asked:
            return
        if message.code.final:
            self._answered.add(message.command_id)

    def unsettled(self) -> list[Finding]:
        return [
            ("I3", f"{position.position_id} was to be closed with all others ({command}), and has not heard of it", n)
            for command in sorted(self._answered)
            for n in sorted(self._asked[command])
            if (position := self._ledger.positions.get(n)) is not None
            and not position.state.terminal
            and n not in self._ledger.damaged
            and not self._heard(n, f"{command}#{n}")
        ]

    def _heard(self, ordinal: int, command_id: str) -> bool:
        return any(_hears(event, command_id) for event in self._ledger.events[ordinal])


def _hears(event: Event, command_id: str) -> bool:
    """The position took the close, or refused it as over. A late fill may revive it after that."""
    match event:
        case e.CloseRequested():
            return event.command_id == command_id
        case e.MessageRefused(state=state):
            return state.terminal and event.correlation_id == command_id
    return False
