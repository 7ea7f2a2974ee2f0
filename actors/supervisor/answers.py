"""Questions of people, and what the runtime tells of actors."""

from collections.abc import Callable
from decimal import Decimal

from actors.supervisor.desk import JOURNAL, Desk, Routes
from actors.supervisor.openings import Openings
from actors.supervisor.status import Rows, rows
from messages import commands as c
from messages import lifecycle
from messages import reports as r
from messages.reconciliation import AcknowledgeDiscrepancy, ListDiscrepancies
from messages.types import AccountId, Severity, Symbol


class Answers:
    def __init__(self, desk: Desk, openings: Openings, runtime_rows: Callable[[], Rows]) -> None:
        self._desk = desk
        self._memory = desk.memory
        self._openings = openings
        self._runtime_rows = runtime_rows

    def routes(self) -> Routes:
        facts = (
            lifecycle.ActorFailed, lifecycle.ActorRestarted, lifecycle.ActorStopped, lifecycle.SubscriberDropped,
        )  # fmt: skip
        return {
            **dict.fromkeys(facts, self._runtime),
            lifecycle.ActorQuarantined: self._quarantined,
            lifecycle.ActorReleased: self._released,
            lifecycle.MessageParked: self._parked,
            c.ListPositions: self._list,
            c.ReadStatus: self._read_status,
            c.ReadHistory: self._history,
            c.Reconcile: self._ask_reconciler,
            ListDiscrepancies: self._ask_reconciler,
            AcknowledgeDiscrepancy: self._ask_reconciler,
        }

    def _list(self, command: c.ListPositions) -> None:
        views = [
            view
            for view in self._memory.book.views.values()
            if (command.terminal or not view.state.terminal or command.position_id is not None)
            and command.position_id in (None, view.position_id)
        ]
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

    def _runtime(self, message: lifecycle.Lifecycle) -> None:
        """Every fact about an actor leaves a line."""
        told = {
            name: str(getattr(message, name))
            for name in ("reason", "trace", "attempt", "message_type", "undelivered")
            if hasattr(message, name)
        }
        level = "DEBUG" if isinstance(message, lifecycle.ActorStopped) else "ERROR"
        self._desk.log(
            level, type(message).__name__, actor=message.address, correlation_id=message.correlation_id, **told
        )

    def _quarantined(self, message: lifecycle.ActorQuarantined) -> None:
        self._runtime(message)
        text = (
            f"{message.address} failed {message.attempt} times and is quarantined; the rest goes on: {message.reason}"
        )
        self._desk.notify(Severity.CRITICAL, text)
        position_id = self._memory.book.named(message.address.removeprefix("position/"))
        if position_id is not None:
            self._desk.silent(position_id, f"its actor is quarantined: {message.reason}")

    def _released(self, message: lifecycle.ActorReleased) -> None:
        self._runtime(message)
        position_id = self._memory.book.named(message.address.removeprefix("position/"))
        if position_id is not None:
            self._desk.silent(position_id, "")

    def _parked(self, message: lifecycle.MessageParked) -> None:
        self._runtime(message)
        self._desk.notify(
            Severity.CRITICAL, f"{message.address} cannot handle a message, it was put aside: {message.reason}"
        )
