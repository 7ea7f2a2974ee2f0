"""What can be read in the chat: each command asks whoever knows, and shows what came."""

from collections.abc import Callable
from dataclasses import replace

from actors.language.words import escape
from actors.ports import Chat, Log
from actors.runtime.actor import Context
from actors.runtime.metrics import SystemMetrics
from actors.telegram import previews, progress, views
from actors.telegram.messenger import Memory, Settings
from actors.telegram.pending import Task
from actors.telegram.questions import ANSWER_NS, NO_ID, Asking, positions, status
from actors.telegram.timeline import timeline
from actors.telegram.views import Page
from messages.commands import (
    ReadHistory,
    Reconcile,
)
from messages.reconciliation import DiscrepanciesAnswer, ListDiscrepancies, ReconcileAnswer
from messages.reports import BalanceReport, PositionsAnswer
from messages.requests import FetchBalance, Reply
from messages.telegram import (
    LogsAnswer,
    ReadLogs,
    TextSent,
)
from messages.types import Address

RECONCILE_NS = 60 * 1_000_000_000
LOG_LINES, DISCREPANCIES_SHOWN = 20, 20


class Reading(Asking):
    """The commands that change nothing. `metrics` looks into the runtime."""

    def __init__(
        self,
        context: Context,
        *,
        settings: Settings,
        memory: Memory,
        chat: Chat,
        metrics: Callable[[], SystemMetrics],
        log: Log,
    ) -> None:
        super().__init__(context, settings=settings, chat=chat, log=log)
        self._memory = memory
        self._metrics = metrics

    def _read(self, task: Task) -> None:
        """Ask whoever knows; what comes back, or does not, is shown by `then`."""
        who, task.then = task.who, self._show_positions
        match task.request.name:
            case "help":
                self._show(who, views.help_page(who.words, who.role), task.message_id)
            case "phase2_status":
                task.then = self._show_overview
                self._ask(task, positions(), status(), ListDiscrepancies(command_id=NO_ID, most=1))
            case "status" | "accounts" | "health":
                task.then = self._show_status
                self._ask(task, status())
            case "balance":
                self._ask_balance(task)
            case "logs":
                self._ask_logs(task)
            case "reconcile":
                self._reconcile(task)
            case "discrepancies":
                self._ask_discrepancies(task)
            case "history":
                task.then = self._ask_history
                self._ask(task, positions())
            case name:
                self._ask(task, replace(positions(), terminal=name == "position"))

    def _show_positions(self, task: Task) -> None:
        words, request, answer = task.who.words, task.request, task.positions
        if answer is None:
            self._silence(task)
            return
        match request.name:
            case "positions":
                page = views.positions(words, answer, request.page)
            case "position_states":
                page = views.position_states(words, answer, request.page, self._now())
            case "strategies":
                page = views.strategies(words, answer)
            case _:
                page = self._one_position(task, answer)
        self._show(task.who, page, task.message_id)

    def _one_position(self, task: Task, answer: PositionsAnswer) -> Page:
        words, request = task.who.words, task.request
        found = previews.meant(request, answer.views, live=not request.names_position)
        if len(found) > 1:
            return views.which(words, request, found, "position {}")
        if not found:
            return previews.none_found(words, request, answer)
        return views.position(words, found[0], answer, task.who.role, self._now())

    def _show_overview(self, task: Task) -> None:
        if task.positions is None:
            self._silence(task)
            return
        found = next((one for one in task.answers if isinstance(one, DiscrepanciesAnswer)), None)
        overview = views.Overview(
            metrics=self._metrics(),
            positions=task.positions,
            status=task.rows,
            statistics=found.statistics if found is not None else None,
            chat_since_ns=self._memory.up_since_ns,
        )
        self._show(task.who, views.phase2_status(task.who.words, overview, self._now()), task.message_id)

    def _show_status(self, task: Task) -> None:
        words = task.who.words
        if not task.rows:
            self._silence(task)
            return
        match task.request.name:
            case "accounts":
                page = views.accounts(words, task.rows)
            case "health":
                assert task.status is not None
                page = views.health(words, task.status.verdict, self._now())
            case _:
                page = views.status(words, task.rows)
        self._show(task.who, page, task.message_id)

    def _ask_balance(self, task: Task) -> None:
        wanted = task.request.account
        if wanted is not None and wanted not in self._settings.accounts:
            self._show(task.who, previews.no_account(task.who.words, wanted, self._settings.accounts), task.message_id)
            return
        task.accounts = tuple(a for a in self._settings.accounts if wanted in (None, a))
        task.then = self._show_balance
        key = self._number()
        self._tasks[key] = task
        for account in task.accounts:
            request_id = f"telegram/{self.context.incarnation}.{self._number()}"
            task.open.add(request_id)
            self._asked[request_id] = key
            self.context.tell(f"gateway/{account}", FetchBalance(account=account, request_id=request_id, asked=True))
        self._await(key, task, ANSWER_NS)

    def _show_balance(self, task: Task) -> None:
        reports = [one for one in task.answers if isinstance(one, BalanceReport)]
        heard = {report.account for report in reports}
        silent = [account for account in task.accounts if account not in heard]
        self._show(task.who, views.balance(task.who.words, reports, silent), task.message_id)

    def _ask_logs(self, task: Task) -> None:
        task.then = self._show_logs
        key, request_id = self._number(), f"logs-{self.context.incarnation}-{self._number()}"
        self._tasks[key], self._asked[request_id] = task, key
        task.open.add(request_id)
        count = task.request.count or LOG_LINES
        self._chat.request(ReadLogs(request_id=request_id, reply_to=Address(self.context.address), count=count))
        self._await(key, task, ANSWER_NS)

    def _show_logs(self, task: Task) -> None:
        found = next((one for one in task.answers if isinstance(one, LogsAnswer)), None)
        self._show(task.who, views.logs(task.who.words, found.lines if found else ()), task.message_id)

    def _ask_history(self, task: Task) -> None:
        answer, request = task.positions, task.request
        found = previews.meant(request, answer.views, live=False) if answer is not None else ()
        if len(found) > 1:
            live = tuple(view for view in found if not view.state.terminal)
            found = live if len(live) == 1 else found
        if len(found) > 1:
            self._show(task.who, views.which(task.who.words, request, found, "history {}"))
            return
        position_id = found[0].position_id if found else request.position_id
        if position_id is None:
            name = request.symbol or f"#{request.ordinal}"
            self._show(task.who, views.history(task.who.words, name, ()))
            return
        asked = Task(who=task.who, request=request, then=self._show_history)
        self._ask(asked, ReadHistory(command_id=NO_ID, position_id=position_id))

    def _show_history(self, task: Task) -> None:
        if task.history is None:
            self._silence(task)
            return
        lines = timeline(task.who.words, task.history.records)
        answer = task.history
        self._show(task.who, views.history(task.who.words, answer.position_id, lines, answer.instead))

    def _reconcile(self, task: Task) -> None:
        """Said at once, edited in place when the comparison is done."""
        task.then = self._reconciled

        def shown(sent: TextSent | None) -> None:
            task.message_id = sent.message_id if sent is not None else 0
            question = Reconcile(command_id=NO_ID, symbol=task.request.symbol)
            self._ask(task, question, within_ns=RECONCILE_NS)

        self._show(task.who, views.reconciling(task.who.words, task.request.symbol), then=shown)

    def _reconciled(self, task: Task) -> None:
        words = task.who.words
        found = task.answers[0] if task.answers else None
        match found:
            case ReconcileAnswer():
                page = views.reconciled(words, found)
            case Reply():
                page = Page(text=progress.answered(words, escape(""), found))
            case _:
                page = Page(text=words("The reconciler does not answer; /health says more."))
        self._show(task.who, page, task.message_id)

    def _ask_discrepancies(self, task: Task) -> None:
        task.then = self._show_discrepancies
        request = task.request
        most = request.count or DISCREPANCIES_SHOWN
        self._ask(task, ListDiscrepancies(command_id=NO_ID, symbol=request.symbol, most=most))

    def _show_discrepancies(self, task: Task) -> None:
        found = next((one for one in task.answers if isinstance(one, DiscrepanciesAnswer)), None)
        refused = next((one for one in task.answers if isinstance(one, Reply)), None)
        if refused is not None:
            text = progress.answered(task.who.words, escape(""), refused)
            self._show(task.who, Page(text=text), task.message_id)
            return
        if found is None:
            self._show(task.who, Page(text=task.who.words("The reconciler is not running.")), task.message_id)
            return
        self._show(task.who, views.discrepancies(task.who.words, found, task.request, task.who.role), task.message_id)
