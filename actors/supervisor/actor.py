"""The supervisor actor: the address of commands and reports, and the table that routes them."""

from collections.abc import Callable
from dataclasses import replace

from actors.ports import Log
from actors.position.actor import Identity
from actors.runtime.actor import Actor, Context
from actors.runtime.event_sourced import damaged
from actors.supervisor.command_handlers import CommandHandlers
from actors.supervisor.context import Routes, Spawn, SupervisorContext
from actors.supervisor.failures import Failures
from actors.supervisor.fundings import Fundings
from actors.supervisor.history import History
from actors.supervisor.intake import Intake
from actors.supervisor.known_names import Naming, unknown_name
from actors.supervisor.memory import Restored, SupervisorMemory, SupervisorSettings
from actors.supervisor.openings import Openings
from actors.supervisor.query_handlers import QueryHandlers
from actors.supervisor.report_handlers import ReportHandlers
from actors.supervisor.retirements import Retiring
from messages.addresses import NOTIFIER
from messages.base import Message
from messages.reconciliation import ListDiscrepancies
from messages.reports import Woken
from messages.status import Rows
from messages.types import Address, Silence
from messages.wording import Storage, Supervisor


class SupervisorActor(Actor[Message]):
    """Routes messages; it holds published views, no position's state."""

    def __init__(
        self,
        context: Context,
        *,
        settings: SupervisorSettings,
        restored: Restored,
        memory: SupervisorMemory,
        spawn: Spawn,
        discard: Callable[[Address], None],
        runtime_rows: Callable[[], Rows],
        log: Log,
    ) -> None:
        super().__init__(context)
        self._restored = restored
        self._context = SupervisorContext(context, settings, memory, spawn, log)
        self._history = History(self._context)
        self._intake = Intake(self._context)
        self._openings = Openings(self._context, self._history)
        self._fundings = Fundings(self._context)
        self._orders = CommandHandlers(self._context, self._openings, self._history, self._fundings, discard)
        self._reports = ReportHandlers(self._context, self._orders, self._history)
        self._answers = QueryHandlers(self._context, self._openings, runtime_rows)
        self._failures = Failures(self._context, self._intake)
        # A class in none of the tables is a bug of the sender and raises KeyError.
        self._routes: Routes = {
            **self._orders.routes(), **self._openings.routes(), **self._reports.routes(), **self._answers.routes(),
            **self._failures.routes(), **self._intake.routes(), **self._fundings.routes(),
            **Retiring(self._context, self._history).routes(), Woken: self._woken,
        }  # fmt: skip

    def on_start(self) -> None:
        """Restore holds, positions and pending work; a later instance only restarts its timers."""
        self._history.offer_later()
        self._fundings.go_on()
        if self.context.incarnation > 1:
            return
        for event in self._restored.own_events:
            self._history.restore(event)
        self._history.go_on(self._restored)
        self._openings.go_on(self._restored)
        for position in self._restored.positions:
            key = position.key
            self._context.memory.registry.occupy(key, position.ordinal)
            # A command repeated right after a start finds its position before that has published a view.
            for command_id in filter(None, position.commands):
                self._context.memory.registry.remember(command_id, position.ordinal)
            self._context.spawn(Identity(key=key, ordinal=position.ordinal, journal_id=position.journal_id), position)
        self._orders.go_on_closing(self._restored)
        for ordinal, _ in self._restored.finished[-self._context.settings.finished_shown :]:
            self._context.revive(ordinal)
        for text in self._restored.damaged:
            self._context.runtime.tell(NOTIFIER, damaged(text))
        for position_id, why in self._restored.silent:
            if position_id not in self._context.memory.retired:
                self._context.silent(position_id, Silence.DAMAGED, Supervisor.HISTORY_DAMAGED(why=why))
                self._context.runtime.tell(NOTIFIER, damaged(Storage.AT(where=position_id, why=why), position_id))

    def receive(self, message: Message) -> None:
        """Route one message. Raises KeyError for a class that no handler names."""
        passed = self._intake.take(message)
        if passed is not None and not (isinstance(passed, Naming) and not self._named(passed)):
            self._routes[type(passed)](passed)
        self._intake.handled(message)

    def _named(self, command: Naming) -> bool:
        """Refuse a command that names something unknown. The reconciler may list a delisted symbol."""
        why = unknown_name(command, self._context.memory)
        if why and isinstance(command, ListDiscrepancies):
            self._context.to_reconciler(replace(command, unless_found=why))
        elif why:
            self._context.reply(command, accepted=False, text=why)
        return not why

    def _woken(self, timer: Woken) -> None:
        {"unkept": self._history.offer_again, "fundings": self._fundings.share}[timer.topic]()

    def receive_signal(self, message: Message) -> None:
        """Apply the journal's answer about an own event or a command record."""
        memory = self._context.memory
        if not memory.own.signal(message):
            memory.records.signal(message)
