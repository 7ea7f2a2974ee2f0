"""Retirement of positions with a damaged history by their owner; durable before the answer.

The reconciler proves that the venue holds nothing of the position; the owner's decision is an event of the supervisor's
own history. The position's records stay, but are never folded, so its numbers stay unknown.
"""

from actors.supervisor.context import Routes, SupervisorContext
from actors.supervisor.history import History
from messages.commands import RetirePosition
from messages.events import PositionRetired
from messages.requests import Notify
from messages.statement import NOTHING
from messages.types import Severity, Silence
from messages.wording import Supervisor


class Retiring:
    """Handles RetirePosition."""

    def __init__(self, context: SupervisorContext, history: History) -> None:
        self._context = context
        self._history = history

    def routes(self) -> Routes:
        """Return the handler of RetirePosition."""
        return {RetirePosition: self._retire}

    def _retire(self, command: RetirePosition) -> None:
        name = command.position_id
        state, why = self._context.memory.silent.get(name, (None, NOTHING))
        if name in self._context.memory.retired:
            self._context.reply(command, accepted=True, text=Supervisor.RETIRED_BEFORE(name=name))
        elif state is not Silence.DAMAGED:
            self._context.reply(command, accepted=False, text=self._context.not_found(name))
        else:
            event = PositionRetired(
                command_id=command.command_id,
                correlation_id=command.correlation_id,
                ts_init=self._context.runtime.clock.time_ns(),
                position_id=name,
                discrepancy_id=command.discrepancy_id,
                why=why,
            )
            notice = Notify(
                severity=Severity.INFO,
                text=Supervisor.RETIRED_NOTICE(name=name),
                notice_id=f"{name}.retired",
                ends=name,
            )
            self._history.persist(event, command, Supervisor.RETIRED(name=name), notice)
