"""The telegram actor: what people say in the chat becomes commands, and answers become messages.

Every update of somebody we know is journalled, with its command, before the command leaves; a redelivered
one has no second effect (I14). Whatever changes something is shown first and confirmed by a button.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from actors.ledger import Ledger, Past
from actors.ports import Chat, Log
from actors.runtime.actor import Actor, Context
from actors.runtime.metrics import SystemMetrics
from actors.telegram import previews, progress, views
from actors.telegram.confirmations import LIFE_NS, Confirmation, Confirmations, Verdict, changed
from actors.telegram.grammar import COMMANDS, Refusal, Request, parse
from actors.telegram.history import SHAPE, ChatState
from actors.telegram.markup import split
from actors.telegram.roles import ACKNOWLEDGE, LIFT_ALL, Access, at_least, may
from actors.telegram.tasks import Run, Task, Who
from actors.telegram.timeline import timeline
from actors.telegram.views import Page
from actors.telegram.words import N_, Markup, Words, escape
from messages.base import Message
from messages.commands import (
    CloseAll,
    Command,
    ListPositions,
    OpenPosition,
    PauseOpenings,
    ReadHistory,
    ReadStatus,
    Reconcile,
)
from messages.journal import Effect
from messages.notices import AcknowledgeNotice
from messages.reconciliation import DiscrepanciesAnswer, ListDiscrepancies, ReconcileAnswer
from messages.reports import BalanceReport, HistoryAnswer, PositionsAnswer, PositionView, StatusAnswer
from messages.requests import FetchBalance, Reply
from messages.telegram import (
    AnswerPress,
    Button,
    ChatDown,
    ChatUp,
    CommandAnswered,
    EditText,
    Incoming,
    IncomingPress,
    IncomingText,
    LogsAnswer,
    MenuEntry,
    PublishMenu,
    ReadLogs,
    SendFailed,
    SendText,
    TextSent,
    Tick,
    UpdatesKept,
    UpdateTaken,
)
from messages.types import AccountId, Address, CommandId, CorrelationId

SUPERVISOR, NOTIFIER = Address("supervisor"), Address("notifier")
SECOND_NS = 1_000_000_000
LATE_NS = 60 * SECOND_NS
"""An order to change something that is older than this is answered, not carried out."""
ANSWER_NS = 4 * SECOND_NS
URGENT_NS = 2 * SECOND_NS
"""An emergency waits no longer for the journal."""
RECONCILE_NS = 60 * SECOND_NS
LOOK_NS = SECOND_NS
LOOKS_MOST = 30
"""How often a command's positions are looked at until nothing more is expected."""
PATIENCE_MS = 120_000
STRANGERS_LOGGED_A_MINUTE = 20
LOG_LINES, DISCREPANCIES_SHOWN = 20, 20
_TEXT_KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the configuration decides here; `words` by user id, with `default_words` for the others."""

    access: Access
    accounts: tuple[AccountId, ...]
    words: Mapping[int, Words] = field(default_factory=dict)
    default_words: Words = field(default_factory=Words)


class TelegramActor(Actor[Message]):
    """`metrics` looks into the runtime."""

    def __init__(
        self,
        context: Context,
        *,
        settings: Settings,
        past: Past,
        chat: Chat,
        metrics: Callable[[], SystemMetrics],
        log: Log,
    ) -> None:
        super().__init__(context)
        self._settings = settings
        self._chat = chat
        self._metrics = metrics
        self._log = log
        self._ledger: Ledger[ChatState] = Ledger(context, SHAPE, past if context.incarnation == 1 else Past())
        self._confirmations = Confirmations()
        self._tasks: dict[int, Task] = {}
        self._asked: dict[str, int] = {}
        self._runs: dict[CommandId, Run] = {}
        self._sending: dict[str, Callable[[TextSent | None], None]] = {}
        self._unkept: set[int] = set()
        self._highest_update = 0
        self._numbers = 0
        self._bot_name = ""
        self._chat_since_ns = 0
        self._strangers: list[int] = []

    def on_start(self) -> None:
        self.context.subscribe(BalanceReport)
        if self.context.incarnation > 1:
            self._ledger.recover()
        else:
            self._take_up()

    def receive(self, message: Message) -> None:
        match message:
            case Incoming():
                self._incoming(message)
            case Reply():
                self._reply(message)
            case PositionsAnswer() | StatusAnswer() | HistoryAnswer() | ReconcileAnswer() | DiscrepanciesAnswer():
                self._have(message.command_id, message)
            case LogsAnswer():
                self._have(message.request_id, message)
            case BalanceReport():
                self._have(message.request_id, message)
            case TextSent() | SendFailed():
                self._sent(message)
            case ChatUp():
                self._bot_name, self._chat_since_ns = message.name, self._now()
                self._publish_menus()
            case ChatDown():
                self._chat_since_ns = 0
            case Tick():
                self._tick(message.topic)

    def receive_signal(self, message: Message) -> None:
        recovering = self.context.incarnation > 1 and not self._ledger.state.seen
        if self._ledger.signal(message) and recovering:
            self._take_up()

    def _now(self) -> int:
        return self.context.clock.time_ns()

    # Updates --------------------------------------------------------------------------------------

    def _incoming(self, update: Incoming) -> None:
        self._highest_update = max(self._highest_update, update.update_id)
        if update.update_id in self._ledger.ahead.seen:
            self._settle()
            return
        role = self._settings.access.role(update)
        if role is None:
            self._stranger(update)
            self._settle()
            return
        words = self._settings.words.get(update.user_id, self._settings.default_words)
        who = Who(user_id=update.user_id, chat_id=update.chat_id, role=role, words=words)
        match update:
            case IncomingText():
                self._text(update, who)
            case IncomingPress():
                self._press(update, who)
            case _:
                self._audit(update, "", "not a command")

    def _stranger(self, update: Incoming) -> None:
        """Silence, and a line for the owner; a flood of them must not drown the log."""
        now_ns = self.context.clock.monotonic_ns()
        self._strangers = [at_ns for at_ns in self._strangers if now_ns - at_ns < 60 * SECOND_NS]
        if len(self._strangers) >= STRANGERS_LOGGED_A_MINUTE:
            return
        self._strangers.append(now_ns)
        said = getattr(update, "text", "") or getattr(update, "data", "")
        self._log(
            "WARNING",
            "stranger in the chat",
            actor="telegram",
            user=str(update.user_id),
            chat=str(update.chat_id),
            kind=update.chat_kind,
            text=said[:100],
        )

    def _text(self, update: IncomingText, who: Who) -> None:
        said = parse(update.text, self._bot_name)
        if said is None:
            private = update.chat_id == update.user_id
            self._audit(update, update.text, "no command")
            if private:
                self._show(who, views.refusal(who.words, Refusal(name="", why=N_("That is no command."))))
            return
        if isinstance(said, Refusal):
            self._audit(update, update.text, f"refused: {said.why}")
            self._show(who, views.refusal(who.words, said))
            return
        if not self._allowed(who, said):
            self._audit(update, update.text, f"refused: {who.role} may not")
            self._show(
                who, Page(text=who.words("As {role} you may not do that.", role=who.words.plain(views.ROLES[who.role])))
            )
            return
        late_ns = self._now() - update.sent_ns
        if said.name in _CHANGING and late_ns > LATE_NS:
            self._audit(update, update.text, "refused: late")
            text = who.words(
                "That came {span} late and is not carried out. Send it again if you still want it.",
                span=who.words.span(late_ns),
            )
            self._show(who, Page(text=text))
            return
        self._audit(update, update.text, "taken")
        self._begin(who, said, 0, update.update_id)

    def _allowed(self, who: Who, request: Request) -> bool:
        if request.name == "resume" and not request.names_position and request.symbol is None:
            return at_least(who.role, LIFT_ALL)
        return may(who.role, request.name)

    def _press(self, update: IncomingPress, who: Who) -> None:
        kind, _, rest = update.data.removeprefix("!").partition(":")
        number = int(rest) if rest.isascii() and rest.isdigit() and len(rest) < 16 else 0
        if kind == "r":
            self._pressed_command(update, who, rest)
        elif kind == "n" and number and at_least(who.role, ACKNOWLEDGE):
            self._acknowledge(update, who, number)
        elif kind == "x" and number:
            self._cancel(update, who, number)
        elif kind == "y" and number:
            self._confirm(update, who, number)
        else:
            self._audit(update, update.data, "refused")
            self._end_press(update, who.words.plain("You may not do that."))

    def _pressed_command(self, update: IncomingPress, who: Who, text: str) -> None:
        request = parse(f"/{text}", "")
        if not isinstance(request, Request) or not self._allowed(who, request):
            self._audit(update, update.data, "refused")
            self._end_press(update, who.words.plain("You may not do that."))
            return
        self._audit(update, update.data, "taken")
        self._end_press(update, "")
        # A page is turned in place; what would change something is asked in a message of its own.
        place = 0 if request.name in (*_CHANGING, "history", "position") else update.message_id
        if request.name == "position" and f"position {text.rsplit(maxsplit=1)[-1]}" == text:
            place = 0
        self._begin(who, request, place, update.update_id)

    def _acknowledge(self, update: IncomingPress, who: Who, number: int) -> None:
        command = AcknowledgeNotice(
            command_id=self._command_id(update.update_id),
            reply_to=Address(self.context.address),
            number=number,
            user_id=who.user_id,
        )
        effect = Effect(to=NOTIFIER, message=command)
        self._audit(update, update.data, "acknowledged", effects=(effect,))
        self._end_press(update, who.words.plain("Acknowledged."))

    # Confirmations --------------------------------------------------------------------------------

    def _cancel(self, update: IncomingPress, who: Who, number: int) -> None:
        verdict, known = self._judge(update, who, number)
        if known is None or verdict is Verdict.NOT_YOURS:
            self._refuse_press(update, who, verdict)
            return
        self._confirmations = self._confirmations.without(number)
        self._audit(update, update.data, "canceled")
        self._end_press(update, "")
        self._edit(who, known.message_id, _below(known.text, "❌", who.words("Canceled.")))

    def _confirm(self, update: IncomingPress, who: Who, number: int) -> None:
        verdict, known = self._judge(update, who, number)
        if known is None or verdict is not Verdict.GOOD:
            self._refuse_press(update, who, verdict, known)
            return
        # Used up from here on, whatever comes of it: a second press finds nothing.
        self._confirmations = self._confirmations.without(number)
        if not known.versions:
            self._execute(update, who, known)
            return
        self._unkept.add(update.update_id)
        self._ask(
            Task(who=who, request=Request(name="position"), then=lambda task: self._verified(update, task, known)),
            _positions(),
        )

    def _verified(self, update: IncomingPress, task: Task, known: Confirmation) -> None:
        """What was shown must still be so; where nobody says, only what stops a loss goes on."""
        self._unkept.discard(update.update_id)
        if task.positions is None and not known.urgent:
            self._audit(update, update.data, "refused: no answer")
            self._end_press(update, task.who.words.plain("The supervisor does not answer."), alert=True)
            return
        found = task.positions
        if found is not None and changed(known, {view.position_id: view.version for view in found.views}):
            self._refuse_press(update, task.who, Verdict.CHANGED, known)
            return
        self._execute(update, task.who, known)

    def _judge(self, update: IncomingPress, who: Who, number: int) -> tuple[Verdict, Confirmation | None]:
        return self._confirmations.judge(
            number,
            user_id=who.user_id,
            chat_id=update.chat_id,
            message_id=update.message_id,
            now_ns=self.context.clock.monotonic_ns(),
        )

    def _refuse_press(
        self, update: IncomingPress, who: Who, verdict: Verdict, known: Confirmation | None = None
    ) -> None:
        said = who.words.plain(_VERDICTS[verdict])
        self._audit(update, update.data, f"refused: {verdict}")
        self._end_press(update, said, alert=True)
        if known is not None and verdict is not Verdict.NOT_YOURS:
            self._confirmations = self._confirmations.without(known.number)
            self._edit(who, known.message_id, _below(known.text, "⌛", escape(said)))

    def _execute(self, update: IncomingPress, who: Who, known: Confirmation) -> None:
        command: Command = known.command
        if isinstance(command, OpenPosition):
            command = replace(command, expires_at_ns=self._now() + LATE_NS)
        run = Run(
            who=who,
            command=command,
            text=known.text,
            message_id=known.message_id,
            targets=frozenset(known.targets),
        )
        self._runs[command.command_id] = run
        urgent = isinstance(command, CloseAll | PauseOpenings)

        topic = f"urgent/{command.command_id}"

        def kept(why: str) -> None:
            if urgent:
                self.context.cancel(topic)
            if not why:
                return
            if urgent:
                self._without_journal(command, why)
                return
            self._runs.pop(command.command_id, None)
            said = who.words("Refused: the journal cannot be written ({why}).", why=why)
            self._edit(who, known.message_id, _below(known.text, "⛔", said))

        if urgent:
            # An emergency does not wait for a disk: refused, or silent for too long, it goes on without.
            self.context.schedule(topic, 1 if self._ledger.refusing else URGENT_NS, Tick(topic=topic))
        effect = Effect(to=SUPERVISOR, message=command)
        self._audit(
            update, update.data, "confirmed", command=command, message_id=known.message_id, effects=(effect,), then=kept
        )
        self._end_press(update, "")
        self._edit(who, known.message_id, _below(known.text, "⏳", who.words("Confirmed …")))

    def _without_journal(self, command: Command, why: str) -> None:
        """Its command id makes it one command, should the journal let it out as well."""
        self._log("CRITICAL", "carried out without the journal", actor="telegram", why=why)
        self.context.tell(SUPERVISOR, command)

    # The audit log --------------------------------------------------------------------------------

    def _audit(
        self,
        update: Incoming,
        text: str,
        verdict: str,
        *,
        command: Command | None = None,
        message_id: int = 0,
        effects: tuple[Effect, ...] = (),
        then: Callable[[str], None] | None = None,
    ) -> None:
        """Journal the update; what it sets in motion leaves with it. Telegram may forget it then."""
        self._unkept.add(update.update_id)
        event = UpdateTaken(
            correlation_id=CorrelationId(command.command_id if command else ""),
            ts_init=self._now(),
            update_id=update.update_id,
            chat_id=update.chat_id,
            user_id=update.user_id,
            text=text[:_TEXT_KEPT],
            verdict=verdict,
            command=command,
            message_id=message_id,
        )

        def durable(why: str) -> None:
            if then is not None:
                then(why)
            self._unkept.discard(update.update_id)
            self._settle()

        self._log(
            "INFO",
            "chat",
            actor="telegram",
            correlation_id=event.correlation_id,
            user=str(update.user_id),
            text=event.text,
            verdict=verdict,
        )
        self._ledger.keep(event, effects=effects, done=durable)

    def _settle(self) -> None:
        """Let the chat forget all updates before the first that is not durable yet."""
        kept = min(self._unkept) - 1 if self._unkept else self._highest_update
        if kept > 0:
            self._chat.request(UpdatesKept(update_id=kept))

    def _command_id(self, update_id: int) -> CommandId:
        """A function of the update, so that the same words are the same command whenever they come."""
        return CommandId(f"tg-{update_id}")

    # Requests -------------------------------------------------------------------------------------

    def _begin(self, who: Who, request: Request, place: int, update_id: int) -> None:
        """Ask whoever knows; what comes back, or does not, is shown by `then`."""
        task = Task(who=who, request=request, then=self._show_positions, message_id=place, update_id=update_id)
        match request.name:
            case "help":
                self._show(who, views.help_page(who.words, who.role), place)
            case "phase2_status":
                task.then = self._show_overview
                self._ask(task, _positions(), _status(), ListDiscrepancies(command_id=_NO, most=1))
            case "status" | "accounts" | "health":
                task.then = self._show_status
                self._ask(task, _status())
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
                self._ask(task, _positions())
            case name if name in _CHANGING:
                task.then = self._preview
                self._ask(task, replace(_positions(), terminal=False))
            case name:
                self._ask(task, replace(_positions(), terminal=name == "position"))

    def _ask(self, task: Task, *questions: Command, within_ns: int = ANSWER_NS) -> None:
        """Tell each question to who knows it; `then` is called with all answers, or at the deadline."""
        key = self._number()
        self._tasks[key] = task
        for question in questions:
            command_id = CommandId(f"tq-{self.context.incarnation}-{self._number()}")
            task.open.add(command_id)
            self._asked[command_id] = key
            told = replace(question, command_id=command_id, reply_to=Address(self.context.address))
            self.context.tell(SUPERVISOR, told)
        self._await(key, task, within_ns)

    def _await(self, key: int, task: Task, within_ns: int) -> None:
        if not task.open:
            self._complete(key)
            return
        self.context.schedule(f"task/{key}", within_ns, Tick(topic=f"task/{key}"))

    def _have(self, question: str, answer: Message) -> None:
        key = self._asked.pop(question, 0)
        task = self._tasks.get(key)
        if task is None:
            return  # it came too late, or was somebody else's
        task.open.discard(question)
        task.answers.append(answer)
        if not task.open:
            self._complete(key)

    def _complete(self, key: int) -> None:
        task = self._tasks.pop(key, None)
        if task is None:
            return
        self.context.cancel(f"task/{key}")
        for question in task.open:
            self._asked.pop(question, None)
        task.then(task)

    def _tick(self, topic: str) -> None:
        kind, _, rest = topic.partition("/")
        if kind == "task":
            self._complete(int(rest))
        elif kind == "look":
            self._look(CommandId(rest))
        elif kind == "urgent" and (run := self._runs.get(CommandId(rest))) is not None:
            self._without_journal(run.command, "it does not answer")

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    # Views ----------------------------------------------------------------------------------------

    def _show_positions(self, task: Task) -> None:
        words, request, answer = task.who.words, task.request, task.positions
        if answer is None:
            self._silence(task)
            return
        match request.name:
            case "positions":
                page = views.positions(words, answer, request.page)
            case "position_states":
                page = views.position_states(words, answer.views, request.page, self._now())
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
            name = request.position_id or request.symbol or f"#{request.ordinal}"
            return Page(text=words("No open position {name}.", name=name))
        return views.position(words, found[0], dict(answer.marks).get(found[0].symbol), task.who.role, self._now())

    def _show_overview(self, task: Task) -> None:
        if task.positions is None:
            self._silence(task)
            return
        found = next((one for one in task.answers if isinstance(one, DiscrepanciesAnswer)), None)
        overview = views.Overview(
            metrics=self._metrics(),
            positions=task.positions.views,
            status=task.rows,
            statistics=found.statistics if found is not None else None,
            chat_since_ns=self._chat_since_ns,
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
                page = views.health(words, task.rows, self._metrics())
            case _:
                page = views.status(words, task.rows)
        self._show(task.who, page, task.message_id)

    def _ask_balance(self, task: Task) -> None:
        wanted = task.request.account
        task.accounts = tuple(a for a in self._settings.accounts if wanted in (None, a))
        task.then = self._show_balance
        key = self._number()
        self._tasks[key] = task
        for account in task.accounts:
            request_id = f"telegram/{self.context.incarnation}.{self._number()}"
            task.open.add(request_id)
            self._asked[request_id] = key
            self.context.tell(f"gateway/{account}", FetchBalance(account=account, request_id=request_id))
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
        self._ask(asked, ReadHistory(command_id=_NO, position_id=position_id))

    def _show_history(self, task: Task) -> None:
        if task.history is None:
            self._silence(task)
            return
        lines = timeline(task.who.words, task.history.records)
        self._show(task.who, views.history(task.who.words, task.history.position_id, lines))

    def _silence(self, task: Task) -> None:
        text = task.who.words("The supervisor does not answer; it may be very busy. Try again.")
        self._show(task.who, Page(text=text), task.message_id)

    # Reconciliation -------------------------------------------------------------------------------

    def _reconcile(self, task: Task) -> None:
        """Said at once, edited in place when the comparison is done."""
        task.then = self._reconciled

        def shown(sent: TextSent | None) -> None:
            task.message_id = sent.message_id if sent is not None else 0
            question = Reconcile(command_id=_NO, symbol=task.request.symbol)
            self._ask(task, question, within_ns=RECONCILE_NS)

        self._show(task.who, views.reconciling(task.who.words, task.request.symbol), then=shown)

    def _reconciled(self, task: Task) -> None:
        words = task.who.words
        found = task.answers[0] if task.answers else None
        match found:
            case ReconcileAnswer():
                page = views.reconciled(words, found)
            case Reply():
                page = Page(text=progress.answered(words, "", found))
            case _:
                page = Page(text=words("The reconciler does not answer; /health says more."))
        self._show(task.who, page, task.message_id)

    def _ask_discrepancies(self, task: Task) -> None:
        task.then = self._show_discrepancies
        request = task.request
        most = request.count or DISCREPANCIES_SHOWN
        self._ask(task, ListDiscrepancies(command_id=_NO, symbol=request.symbol, most=most))

    def _show_discrepancies(self, task: Task) -> None:
        found = next((one for one in task.answers if isinstance(one, DiscrepanciesAnswer)), None)
        if found is None:
            self._show(task.who, Page(text=task.who.words("The reconciler is not running.")), task.message_id)
            return
        self._show(task.who, views.discrepancies(task.who.words, found, task.request), task.message_id)

    # Commands -------------------------------------------------------------------------------------

    def _preview(self, task: Task) -> None:
        who = task.who
        desk = previews.Desk(
            words=who.words,
            command_id=self._command_id(task.update_id),
            reply_to=Address(self.context.address),
            accounts=self._settings.accounts,
            answer=task.positions,
        )
        made = previews.plan(task.request, desk)
        if isinstance(made, Page):
            self._show(who, made)
            return
        number = self._number()
        confirmation = Confirmation(
            number=number,
            user_id=who.user_id,
            chat_id=who.chat_id,
            message_id=0,
            expires_ns=self.context.clock.monotonic_ns() + LIFE_NS,
            command=made.command,
            text=made.text,
            versions=made.versions,
            targets=made.targets,
            urgent=made.urgent,
        )
        self._confirmations = self._confirmations.offer(confirmation)

        def shown(sent: TextSent | None) -> None:
            if sent is not None:
                self._confirmations = self._confirmations.bind(number, sent.message_id)

        mark = "!" if made.urgent else ""
        buttons = views.choices(who.words, f"{mark}y:{number}", f"x:{number}")
        self._show(who, Page(text=made.text, buttons=buttons), then=shown)

    def _reply(self, reply: Reply) -> None:
        run = self._runs.get(reply.command_id)
        if run is None:
            self._have(reply.command_id, reply)
            return
        event = CommandAnswered(
            ts_init=self._now(), command_id=reply.command_id, accepted=reply.accepted, text=reply.text
        )
        if any(one.command_id == reply.command_id for one in self._ledger.ahead.unanswered):
            self._ledger.keep(event)
        run.text = progress.answered(run.who.words, run.text, reply)
        if reply.position_id:
            run.targets |= {reply.position_id}
        self._edit(run.who, run.message_id, Page(text=run.text))
        if reply.accepted and progress.follows(run.command):
            self._look_later(run)
        else:
            del self._runs[reply.command_id]

    def _look_later(self, run: Run) -> None:
        topic = f"look/{run.command.command_id}"
        self.context.schedule(topic, LOOK_NS * (1 if run.looks < 10 else 3), Tick(topic=topic))

    def _look(self, command_id: CommandId) -> None:
        run = self._runs.get(command_id)
        if run is None:
            return
        task = Task(who=run.who, request=Request(name="positions"), then=self._looked, run=run)
        self._ask(task, _positions(), *((_status(),) if isinstance(run.command, CloseAll) else ()))

    def _looked(self, task: Task) -> None:
        run = task.run
        assert run is not None
        run.looks += 1
        final = run.looks >= LOOKS_MOST
        found = task.positions
        if found is not None:
            if isinstance(run.command, CloseAll) and run.looks == 1:
                run.targets |= {view.position_id for view in found.views if _closing(run.command, view)}
            mine = tuple(view for view in found.views if view.position_id in run.targets)
            lines, done = progress.report(run.who.words, run.command, mine, task.rows, final=final)
            final = final or done
            text = f"{run.text}\n\n{lines}" if lines else run.text
            if text != run.shown:
                run.shown = text
                self._edit(run.who, run.message_id, Page(text=text))
        if final:
            del self._runs[run.command.command_id]
        else:
            self._look_later(run)

    def _take_up(self) -> None:
        """After a restart: what left for the supervisor and was not answered is said again, or given up visibly."""
        for one in self._ledger.state.unanswered:
            role = self._settings.access.users.get(one.user_id)
            if role is None or not isinstance(one.command, Command):
                continue
            words = self._settings.words.get(one.user_id, self._settings.default_words)
            who = Who(user_id=one.user_id, chat_id=one.chat_id, role=role, words=words)
            if self._now() - one.taken_ns < LATE_NS:
                # The same command id: what it set in motion before is not done twice.
                text = words("Carried on after a restart: {what}", what=type(one.command).__name__)
                self._runs[one.command_id] = Run(who=who, command=one.command, text=text, message_id=one.message_id)
                self.context.tell(SUPERVISOR, one.command)
                continue
            self._ledger.keep(CommandAnswered(ts_init=self._now(), command_id=one.command_id, accepted=False))
            text = words(
                "A restart came between your confirmation of {moment} and its outcome. /positions shows what is held.",
                moment=words.moment(one.taken_ns),
            )
            self._show(who, Page(text=text))

    # Saying ---------------------------------------------------------------------------------------

    def _show(
        self, who: Who, page: Page, place: int = 0, *, then: Callable[[TextSent | None], None] | None = None
    ) -> None:
        """A message, or several where it is long; into `place` where it fits. `then` hears of the last one."""
        parts = split(page.text)
        if place and len(parts) == 1:
            self._edit(who, place, page)
            return
        for part in parts[:-1]:
            self._chat.request(self._message(who, part, ()))
        last = self._message(who, parts[-1], page.buttons)
        if then is not None:
            self._sending[last.request_id] = then
        self._chat.request(last)

    def _message(self, who: Who, text: str, buttons: tuple[tuple[Button, ...], ...]) -> SendText:
        return SendText(
            request_id=f"c{self.context.incarnation}.{self._number()}",
            reply_to=Address(self.context.address),
            patience_ms=PATIENCE_MS,
            chat_id=who.chat_id,
            text=text,
            buttons=buttons,
        )

    def _edit(self, who: Who, message_id: int, page: Page) -> None:
        text = split(page.text)[0]
        if not message_id:
            self._chat.request(self._message(who, text, page.buttons))
            return
        self._chat.request(
            EditText(
                request_id=f"e{self.context.incarnation}.{self._number()}",
                reply_to=Address(self.context.address),
                patience_ms=PATIENCE_MS,
                chat_id=who.chat_id,
                message_id=message_id,
                text=text,
                buttons=page.buttons,
            )
        )

    def _end_press(self, update: IncomingPress, text: str, *, alert: bool = False) -> None:
        request_id = f"a{self.context.incarnation}.{self._number()}"
        self._chat.request(AnswerPress(request_id=request_id, press_id=update.press_id, text=text, alert=alert))

    def _sent(self, answer: TextSent | SendFailed) -> None:
        then = self._sending.pop(answer.request_id, None)
        if isinstance(answer, SendFailed):
            self._log("WARNING", "chat message not sent", actor="telegram", why=answer.cause)
        if then is not None:
            then(answer if isinstance(answer, TextSent) else None)

    def _publish_menus(self) -> None:
        """The command menu of each user's private chat: what the role may do, in the user's language."""
        for user_id, role in self._settings.access.users.items():
            words = self._settings.words.get(user_id, self._settings.default_words)
            entries = tuple(
                MenuEntry(command=name, text=words.plain(usage.does))
                for name, usage in COMMANDS.items()
                if may(role, name)
            )
            request_id = f"m{self.context.incarnation}.{self._number()}"
            self._chat.request(PublishMenu(request_id=request_id, chat_id=user_id, entries=entries))


_NO = CommandId("")
_CHANGING = ("open", "close", "close_all", "modify", "pause", "resume")
_VERDICTS = {
    Verdict.UNKNOWN: N_("That was decided before, or I was restarted since. Send the command again."),
    Verdict.NOT_YOURS: N_("Only who asked can confirm."),
    Verdict.EXPIRED: N_("Too late: confirmations live for a minute. Send the command again."),
    Verdict.CHANGED: N_("The position has changed since. Send the command again."),
}


def _below(text: str, sign: str, said: Markup) -> Page:
    return Page(text=f"{text}\n\n{sign} {said}")


def _positions() -> ListPositions:
    return ListPositions(command_id=_NO, terminal=True)


def _status() -> ReadStatus:
    return ReadStatus(command_id=_NO)


def _closing(command: CloseAll, view: PositionView) -> bool:
    return not view.state.terminal and command.account in (None, view.account)
