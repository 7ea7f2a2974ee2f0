"""Questions of people."""

from collections.abc import Callable
from decimal import Decimal

from actors.supervisor.desk import JOURNAL, Desk, Routes
from actors.supervisor.openings import Openings
from actors.supervisor.status import Rows, rows
from messages import commands as c
from messages import reports as r
from messages.ids import parse_position_id
from messages.reconciliation import AcknowledgeDiscrepancy, ListDiscrepancies
from messages.types import AccountId, Symbol


class Answers:
    def __init__(self, desk: Desk, openings: Openings, runtime_rows: Callable[[], Rows]) -> None:
        self._desk = desk
        self._memory = desk.memory
        self._openings = openings
        self._runtime_rows = runtime_rows

    def routes(self) -> Routes:
        return {
            c.ListPositions: self._list,
            c.ReadStatus: self._read_status,
            c.ReadHistory: self._history,
            c.Reconcile: self._ask_reconciler,
            ListDiscrepancies: self._ask_reconciler,
            AcknowledgeDiscrepancy: self._ask_reconciler,
        }

    def _list(self, command: c.ListPositions) -> None:
        views = self._asked_for(command)
        marks: dict[tuple[AccountId, Symbol], Decimal] = {
            (a.account, symbol): price for a in self._memory.accounts.values() for symbol, price in a.marks.items()
        }
        held = {(view.account, view.symbol) for view in views}
        answer = r.PositionsAnswer(
            correlation_id=command.correlation_id,
            command_id=command.command_id,
            to=command.reply_to,
            views=tuple(sorted(views, key=lambda view: view.ordinal)),
            marks=tuple(
                (symbol, price)
                for (account, symbol), price in marks.items()
                if (account, symbol) in held or symbol == command.marks_of
            ),
            silent=tuple(self._memory.silent.items()),
        )
        self._desk.context.tell(command.reply_to, answer)

    def _asked_for(self, command: c.ListPositions) -> list[r.PositionView]:
        """One of that name, however many there are; or all that are not over, or all."""
        book = self._memory.book
        if command.position_id is None:
            return list(book.views.values() if command.terminal else book.live())
        parsed = parse_position_id(command.position_id)
        view = book.views.get(parsed[1]) if parsed is not None else None
        return [view] if view is not None and view.position_id == command.position_id else []

    def _read_status(self, command: c.ReadStatus) -> None:
        answer = r.StatusAnswer(
            command_id=command.command_id,
            to=command.reply_to,
            rows=rows(
                self._memory.book,
                self._memory.accounts.values(),
                self._openings.holds(),
                self._memory.gateways,
            )
            + self._runtime_rows(),
        )
        self._desk.context.tell(command.reply_to, answer)

    def _history(self, command: c.ReadHistory) -> None:
        self._desk.context.tell(JOURNAL, command)

    def _ask_reconciler(self, command: c.Reconcile | ListDiscrepancies | AcknowledgeDiscrepancy) -> None:
        if self._desk.settings.reconciler:
            self._desk.to_reconciler(command)
        else:
            self._desk.reply(command, accepted=False, text="nobody reconciles here")
