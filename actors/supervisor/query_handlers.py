"""Queries: positions, status, history, discrepancies."""

from collections.abc import Callable, Iterator

from actors.supervisor.context import Routes, SupervisorContext
from actors.supervisor.known_names import unknown_name
from actors.supervisor.openings import Openings
from actors.supervisor.status import rows
from actors.supervisor.verdict import judge
from messages import commands as c
from messages import reports as r
from messages.addresses import JOURNAL
from messages.commands import AcknowledgeDiscrepancy
from messages.ids import parse_position_id
from messages.reconciliation import ListDiscrepancies
from messages.statement import Statement
from messages.status import Rows
from messages.types import Key, PositionId
from messages.wording import Supervisor


class QueryHandlers:
    """Answers queries from memory, or forwards them to the journal or the reconciler."""

    def __init__(self, context: SupervisorContext, openings: Openings, runtime_rows: Callable[[], Rows]) -> None:
        self._context = context
        self._memory = context.memory
        self._openings = openings
        self._runtime_rows = runtime_rows

    def routes(self) -> Routes:
        """Return the handler of each query class."""
        return {
            c.ListPositions: self._list,
            c.ReadStatus: self._read_status,
            c.ReadHistory: self._history,
            c.Reconcile: self._ask_reconciler,
            ListDiscrepancies: self._ask_reconciler,
            AcknowledgeDiscrepancy: self._ask_reconciler,
        }

    def _list(self, command: c.ListPositions) -> None:
        views = [view for view in self._asked_for(command) if _meant(command, view)]
        silent = tuple(
            (position_id, state, why)
            for position_id, (state, why) in self._memory.silent.items()
            if command.position_id in (None, position_id)
            and (parsed := parse_position_id(position_id))
            and _meant(command, parsed[0])
        )
        retired = tuple(self._retired(command))
        outside = self._outside(command)
        # What exists may have a name that the configuration or venue has dropped; a strategy's name may be new.
        if not (views or silent or retired or outside) and (why := unknown_name(command, self._memory)):
            self._context.reply(command, accepted=False, text=why)
            return
        symbols = {view.symbol for view in views} | {command.marks_of}
        answer = r.PositionsAnswer(
            correlation_id=command.correlation_id,
            command_id=command.command_id,
            to=command.reply_to,
            views=tuple(sorted(views, key=lambda view: view.ordinal)),
            marks=tuple(
                (name, symbol, price)
                for name, account in self._memory.accounts.items()
                for symbol in symbols
                if symbol is not None and (price := account.marks.get(symbol)) is not None
            ),
            silent=silent,
            outside=outside,
            retired=retired,
            instead=None if command.position_id is None else self._context.holder(command.position_id),
        )
        self._context.runtime.tell(command.reply_to, answer)

    def _retired(self, command: c.ListPositions) -> Iterator[tuple[PositionId, Statement]]:
        """Yield the retired positions, which count as ended."""
        for position_id, why in self._memory.retired.items() if command.terminal else ():
            parsed = parse_position_id(position_id)
            if command.position_id in (None, position_id) and parsed is not None and _meant(command, parsed[0]):
                yield position_id, why

    def _outside(self, command: c.ListPositions) -> tuple[r.Outside, ...]:
        """Return the unsupervised positions; they have no strategy and no id."""
        if command.position_id is not None or command.strategy is not None:
            return ()
        found = (row for account in self._memory.accounts.values() for row in account.outside.values())
        return tuple(
            row for row in found if command.symbol in (None, row.symbol) and command.account in (None, row.account)
        )

    def _asked_for(self, command: c.ListPositions) -> list[r.PositionView]:
        """Return the position of that id, or all live ones, or all."""
        registry = self._memory.registry
        if command.position_id is None:
            return list(registry.views.values() if command.terminal else registry.live())
        parsed = parse_position_id(command.position_id)
        view = registry.views.get(parsed[1]) if parsed is not None else None
        return [view] if view is not None and view.position_id == command.position_id else []

    def _read_status(self, command: c.ReadStatus) -> None:
        found = rows(self._memory, self._openings.holds()) + self._runtime_rows()
        verdict = judge(
            self._memory,
            found,
            self._context.runtime.clock.time_ns(),
            protection_ns=self._context.settings.protection_ns,
            losses={account: self._openings.daily_loss(account) for account in self._memory.accounts},
        )
        answer = r.StatusAnswer(command_id=command.command_id, to=command.reply_to, rows=found, verdict=verdict)
        self._context.runtime.tell(command.reply_to, answer)

    def _history(self, command: c.ReadHistory) -> None:
        """Forward to the journal if the id is exact: the journal looks up the ordinal alone."""
        holder = self._context.holder(command.position_id)
        if holder == command.position_id:
            self._context.runtime.tell(JOURNAL, command)
            return
        answer = r.HistoryAnswer(
            correlation_id=command.correlation_id,
            causation_id=command.command_id,
            command_id=command.command_id,
            to=command.reply_to,
            position_id=command.position_id,
            records=(),
            found=False,
            instead=holder,
        )
        self._context.runtime.tell(command.reply_to, answer)

    def _ask_reconciler(self, command: c.Reconcile | ListDiscrepancies | AcknowledgeDiscrepancy) -> None:
        if self._context.settings.reconciler:
            self._context.to_reconciler(command)
        else:
            self._context.reply(command, accepted=False, text=Supervisor.NO_RECONCILER())


def _meant(command: c.ListPositions, named: r.PositionView | Key) -> bool:
    return (
        command.symbol in (None, named.symbol)
        and command.account in (None, named.account)
        and command.strategy in (None, named.strategy)
    )
