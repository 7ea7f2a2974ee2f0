"""Requests without effects: each asks the actor that has the answer, and shows it."""

from collections.abc import Callable
from dataclasses import replace

from actors.language.words import escape
from actors.runtime.metrics import SystemMetrics
from actors.telegram import previews, progress, views
from actors.telegram.context import ChatContext
from actors.telegram.messenger import Messenger
from actors.telegram.pending import PendingRequest
from actors.telegram.questions import NO_ID, Questions, no_answer, positions, status
from actors.telegram.timeline import timeline
from actors.telegram.views import Page
from messages.commands import ReadHistory, Reconcile
from messages.reconciliation import DiscrepanciesAnswer, ListDiscrepancies, ReconcileAnswer
from messages.reports import BalanceReport, PositionsAnswer
from messages.requests import Reply
from messages.telegram import LogsAnswer, TextSent

RECONCILE_NS = 60 * 1_000_000_000
LOG_LINES, DISCREPANCIES_SHOWN = 20, 20


class QueryHandlers:
    """Handlers of queries. `metrics` reads the runtime's."""

    def __init__(
        self, ctx: ChatContext, messenger: Messenger, questions: Questions, metrics: Callable[[], SystemMetrics]
    ) -> None:
        self._ctx = ctx
        self._messenger = messenger
        self._questions = questions
        self._metrics = metrics

    def on_request(self, pending: PendingRequest) -> None:
        user, pending.then = pending.user, self._show_positions
        match pending.request.name:
            case "help":
                self._messenger.show(user, views.help_page(user.words, user.role), pending.message_id)
            case "phase2_status":
                pending.then = self._show_overview
                self._questions.ask(pending, positions(), status(), ListDiscrepancies(command_id=NO_ID, most=1))
            case "status" | "accounts" | "health":
                pending.then = self._show_status
                self._questions.ask(pending, status())
            case "balance":
                self._ask_balance(pending)
            case "logs":
                pending.then = self._show_logs
                self._questions.ask_logs(pending, pending.request.count or LOG_LINES)
            case "reconcile":
                self._reconcile(pending)
            case "discrepancies":
                self._ask_discrepancies(pending)
            case "history":
                pending.then = self._ask_history
                self._questions.ask(pending, positions())
            case name:
                self._questions.ask(pending, replace(positions(), terminal=name == "position"))

    def _show(self, pending: PendingRequest, page: Page) -> None:
        self._messenger.show(pending.user, page, pending.message_id)

    def _show_positions(self, pending: PendingRequest) -> None:
        words, request, answer = pending.user.words, pending.request, pending.positions
        if answer is None:
            self._show(pending, no_answer(words))
            return
        match request.name:
            case "positions":
                page = views.positions(words, answer, request.page)
            case "position_states":
                page = views.position_states(words, answer, request.page, self._ctx.now_ns())
            case "strategies":
                page = views.strategies(words, answer)
            case _:
                page = self._one_position(pending, answer)
        self._show(pending, page)

    def _one_position(self, pending: PendingRequest, answer: PositionsAnswer) -> Page:
        words, request = pending.user.words, pending.request
        found = previews.meant(request, answer.views, live=not request.names_position)
        if len(found) > 1:
            return views.which(words, request, found, "position {}")
        if not found:
            return previews.none_found(words, request, answer)
        return views.position(words, found[0], answer, pending.user.role, self._ctx.now_ns())

    def _show_overview(self, pending: PendingRequest) -> None:
        words = pending.user.words
        if pending.positions is None:
            self._show(pending, no_answer(words))
            return
        found = pending.discrepancies
        overview = views.Overview(
            metrics=self._metrics(),
            positions=pending.positions,
            status=pending.rows,
            statistics=found.statistics if found is not None else None,
            chat_since_ns=self._ctx.bot.up_since_ns,
        )
        self._show(pending, views.phase2_status(words, overview, self._ctx.now_ns()))

    def _show_status(self, pending: PendingRequest) -> None:
        words = pending.user.words
        if not pending.rows:
            self._show(pending, no_answer(words))
            return
        match pending.request.name:
            case "accounts":
                page = views.accounts(words, pending.rows)
            case "health":
                assert pending.status is not None
                page = views.health(words, pending.status.verdict, self._ctx.now_ns())
            case _:
                page = views.status(words, pending.rows)
        self._show(pending, page)

    def _ask_balance(self, pending: PendingRequest) -> None:
        wanted, known = pending.request.account, self._ctx.settings.accounts
        if wanted is not None and wanted not in known:
            self._show(pending, previews.no_account(pending.user.words, wanted, known))
            return
        pending.accounts = tuple(a for a in known if wanted in (None, a))
        pending.then = self._show_balance
        self._questions.ask_balances(pending, pending.accounts)

    def _show_balance(self, pending: PendingRequest) -> None:
        reports = [one for one in pending.answers if isinstance(one, BalanceReport)]
        answered = {report.account for report in reports}
        unanswered = [account for account in pending.accounts if account not in answered]
        self._show(pending, views.balance(pending.user.words, reports, unanswered))

    def _show_logs(self, pending: PendingRequest) -> None:
        found = next((one for one in pending.answers if isinstance(one, LogsAnswer)), None)
        self._show(pending, views.logs(pending.user.words, found.lines if found else ()))

    def _ask_history(self, pending: PendingRequest) -> None:
        """Show the history in a message of its own, so that the page before it stays."""
        answer, request = pending.positions, pending.request
        found = previews.meant(request, answer.views, live=False) if answer is not None else ()
        if len(found) > 1:
            live = tuple(view for view in found if not view.state.terminal)
            found = live if len(live) == 1 else found
        if len(found) > 1:
            page = views.which(pending.user.words, request, found, "history {}")
            self._messenger.show(pending.user, page)
            return
        position_id = found[0].position_id if found else request.position_id
        if position_id is None:
            name = request.symbol or f"#{request.ordinal}"
            self._messenger.show(pending.user, views.history(pending.user.words, name, ()))
            return
        asked = PendingRequest(user=pending.user, request=request, then=self._show_history)
        self._questions.ask(asked, ReadHistory(command_id=NO_ID, position_id=position_id))

    def _show_history(self, pending: PendingRequest) -> None:
        words, answer = pending.user.words, pending.history
        if answer is None:
            self._show(pending, no_answer(words))
            return
        lines = timeline(words, answer.records)
        self._show(pending, views.history(words, answer.position_id, lines, answer.instead))

    def _reconcile(self, pending: PendingRequest) -> None:
        """Acknowledge at once, and edit the message when the comparison is done."""
        pending.then = self._reconciled

        def shown(sent: TextSent | None) -> None:
            pending.message_id = sent.message_id if sent is not None else 0
            question = Reconcile(command_id=NO_ID, symbol=pending.request.symbol)
            self._questions.ask(pending, question, within_ns=RECONCILE_NS)

        page = views.reconciling(pending.user.words, pending.request.symbol)
        self._messenger.show(pending.user, page, then=shown)

    def _reconciled(self, pending: PendingRequest) -> None:
        words = pending.user.words
        found = pending.answers[0] if pending.answers else None
        match found:
            case ReconcileAnswer():
                page = views.reconciled(words, found)
            case Reply():
                page = Page(text=progress.answered(words, escape(""), found))
            case _:
                page = Page(text=words("The reconciler does not answer; /health says more."))
        self._show(pending, page)

    def _ask_discrepancies(self, pending: PendingRequest) -> None:
        pending.then = self._show_discrepancies
        request = pending.request
        most = request.count or DISCREPANCIES_SHOWN
        self._questions.ask(pending, ListDiscrepancies(command_id=NO_ID, symbol=request.symbol, most=most))

    def _show_discrepancies(self, pending: PendingRequest) -> None:
        words, request = pending.user.words, pending.request
        match pending.answers[0] if pending.answers else None:
            case Reply() as refused:
                page = Page(text=progress.answered(words, escape(""), refused))
            case DiscrepanciesAnswer() as found:
                page = views.discrepancies(words, found, request, pending.user.role)
            case _:
                page = Page(text=words("The reconciler is not running."))
        self._show(pending, page)
