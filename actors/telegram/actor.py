"""The telegram actor: what people say in the chat becomes commands, and answers become messages.

Every update of somebody we know is journalled, with its command, before the command leaves; a redelivered
one has no second effect (I14). Whatever changes something is shown first and confirmed by a button.
"""

from collections.abc import Callable
from dataclasses import replace

from actors.ledger import Past
from actors.ports import Chat, Log
from actors.runtime.actor import Context
from actors.runtime.metrics import SystemMetrics
from actors.telegram import views
from actors.telegram.asking import SUPERVISOR, discrepancies, positions
from actors.telegram.confirmations import Confirmation, Verdict, changed, moved_on
from actors.telegram.grammar import Refusal, Request, parse
from actors.telegram.hearing import Hearing
from actors.telegram.roles import ACKNOWLEDGE, LIFT_ALL, at_least, may
from actors.telegram.running import LATE_NS, Running
from actors.telegram.speaking import Memory, Settings
from actors.telegram.tasks import Run, Task, Who
from actors.telegram.views import Page
from actors.telegram.words import N_, escape, join
from messages.base import Message
from messages.commands import (
    CloseAll,
    ClosePosition,
    Command,
    ModifyPosition,
    OpenPosition,
    PauseOpenings,
    PausePosition,
)
from messages.journal import Effect, Replayed
from messages.notices import AcknowledgeNotice
from messages.operations import operations
from messages.reconciliation import DiscrepanciesAnswer, ReconcileAnswer
from messages.reports import BalanceReport, HistoryAnswer, PositionsAnswer, StatusAnswer
from messages.requests import Reply
from messages.statement import Statement
from messages.telegram import (
    ChatDown,
    ChatUp,
    Incoming,
    IncomingOther,
    IncomingPress,
    IncomingText,
    LogsAnswer,
    Role,
    SendFailed,
    TextSent,
    Tick,
    UpdateKept,
    UpdateTaken,
    UrgentPress,
    UrgentText,
)
from messages.text import Markup, shown
from messages.types import Address, CommandId, CorrelationId

NOTIFIER = Address("notifier")
SECOND_NS = 1_000_000_000
URGENT_NS = 2 * SECOND_NS
"""An emergency waits no longer for the journal."""
STRANGERS_LOGGED_A_MINUTE = 20
_TEXT_KEPT = 500
_LOOK_LIKE_COMMANDS = ("edit", "forwarded")
"""Whoever corrects a typo in it waits for an answer."""


class TelegramActor(Running):
    """Who speaks, what is allowed, what is confirmed, and the audit log of it all."""

    def __init__(
        self,
        context: Context,
        *,
        settings: Settings,
        memory: Memory,
        past: Past,
        chat: Chat,
        metrics: Callable[[], SystemMetrics],
        log: Log,
    ) -> None:
        super().__init__(context, settings=settings, memory=memory, past=past, chat=chat, metrics=metrics, log=log)
        self._unkept: set[int] = set()
        self._strangers: list[int] = []
        self._hearing = Hearing()

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
                self._memory.bot_name, self._memory.up_since_ns = message.name, self._now()
                self._publish_menus()
                self._say_unsaid()
            case ChatDown():
                self._memory.up_since_ns = 0
            case Tick():
                self._tick(message.topic)

    def receive_signal(self, message: Message) -> None:
        if self._ledger.signal(message) and isinstance(message, Replayed):
            self._take_up()

    # Updates --------------------------------------------------------------------------------------

    def _incoming(self, update: Incoming) -> None:
        if update.update_id in self._unkept:
            return  # it came twice, and is being decided: the second is not another press
        if update.update_id in self._ledger.ahead.seen:
            self._kept(update)
            return
        role = self._settings.access.role(update)
        if role is None:
            self._stranger(update)
            self._kept(update)
            return
        words = self._settings.words.get(update.user_id, self._settings.default_words)
        who = Who(user_id=update.user_id, chat_id=update.chat_id, role=role, words=words)
        if self._too_much(update, who):
            return
        match update:
            case IncomingText():
                self._text(update, who)
            case IncomingPress():
                self._press(update, who)
            case IncomingOther():
                self._audit(update, "", f"not a command: {update.what}")
                if update.chat_id == update.user_id and update.what in _LOOK_LIKE_COMMANDS:
                    said = who.words("An edited or forwarded message is no command: write it anew.")
                    self._show(who, Page(text=said))
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

    def _too_much(self, update: Incoming, who: Who) -> bool:
        """One who asks without end keeps nobody else waiting: neither journal nor chat hears of it."""
        now_ns = self.context.clock.monotonic_ns()
        urgent = isinstance(update, UrgentText | UrgentPress)
        if urgent or who.role is Role.OWNER or self._hearing.takes(who.user_id, now_ns):
            return False
        self._kept(update)
        if self._hearing.tells(who.user_id, now_ns):
            self._show(who, Page(text=who.words("That is too much at once: try again in a minute.")))
        return True

    def _text(self, update: IncomingText, who: Who) -> None:
        said = parse(update.text, self._memory.bot_name)
        if said is None:
            private = update.chat_id == update.user_id
            self._audit(update, update.text, "no command")
            if private:
                self._show(who, views.refusal(who.words, Refusal(name="", why=N_("That is no command."))))
            return
        if isinstance(said, Refusal):
            self._audit(update, update.text, f"refused: {said.why.format(found=said.found)}")
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
        self._end_press(update, shown(""))
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
        self._end_press(update, shown(""))
        self._edit(who, known.message_id, _below(known.text, "❌", who.words("Canceled.")))

    def _confirm(self, update: IncomingPress, who: Who, number: int) -> None:
        verdict, known = self._judge(update, who, number)
        if known is None or verdict is not Verdict.GOOD:
            self._refuse_press(update, who, verdict, known)
            return
        # Used up from here on, whatever comes of it: a second press finds nothing.
        self._confirmations = self._confirmations.without(number)
        if not known.versions and known.divergence is None:
            self._execute(update, who, known)
            return
        self._unkept.add(update.update_id)
        question = positions() if known.divergence is None else discrepancies()
        self._ask(
            Task(who=who, request=Request(name="position"), then=lambda task: self._verified(update, task, known)),
            question,
        )

    def _verified(self, update: IncomingPress, task: Task, known: Confirmation) -> None:
        """What was shown must still be so; where nobody says, only what stops a loss goes on."""
        self._unkept.discard(update.update_id)
        if not task.answers and not known.urgent:
            self._audit(update, update.data, "refused: no answer")
            self._end_press(update, task.who.words.plain("The supervisor does not answer."), alert=True)
            return
        found, listed = task.positions, task.discrepancies
        stale = listed is not None and moved_on(known, listed.discrepancies)
        if stale or (found is not None and changed(known, {view.position_id: view.version for view in found.views})):
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
        if isinstance(command, OpenPosition | ModifyPosition):
            command = replace(command, expires_at_ns=self._now() + LATE_NS)
        run = Run(
            who=who,
            command=command,
            text=known.text,
            message_id=known.message_id,
            targets=frozenset(known.targets),
            press=update,
            until_ns=self._now() + LATE_NS,
        )
        self._runs[command.command_id] = run
        urgent = isinstance(command, CloseAll | ClosePosition | PauseOpenings | PausePosition)

        topic = f"urgent/{command.command_id}"

        def kept(why: Statement) -> None:
            if urgent:
                self.context.cancel(topic)
            if not why:
                self._say_confirmed(run)
                return
            if urgent:
                self._without_journal(run, why)
                return
            self._runs.pop(command.command_id, None)
            self._answer_press(run)
            said = who.words("Refused: the journal cannot be written ({why}).", why=who.words.say(why))
            self._edit(who, known.message_id, _below(known.text, "⛔", said))

        if urgent:
            # An emergency does not wait for a disk: refused, or silent for too long, it goes on without.
            self.context.schedule(topic, 1 if self._ledger.refusing else URGENT_NS, Tick(topic=topic))
        effect = Effect(to=SUPERVISOR, message=command)
        self._audit(
            update, update.data, "confirmed", command=command, message_id=known.message_id, effects=(effect,), then=kept
        )

    def _say_confirmed(self, run: Run) -> None:
        """Not before it is durable: of what a kill took with it, the redelivered press must find the button waiting."""
        if not self._answer_press(run):
            return
        self._edit(run.who, run.message_id, _below(run.text, "⏳", run.who.words("Confirmed …")))
        if isinstance(run.command, CloseAll):
            # Its answer waits for the disk; what becomes of each position, and what keeps it, does not.
            self._look_later(run)

    def _without_journal(self, run: Run, why: str) -> None:
        """Its command id makes it one command, should the journal let it out as well."""
        self._log("CRITICAL", "carried out without the journal", actor="telegram", why=why)
        self.context.tell(SUPERVISOR, run.command)
        self._say_confirmed(run)

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
        then: Callable[[Statement], None] | None = None,
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

        def durable(why: Statement) -> None:
            if then is not None:
                then(why)
            self._unkept.discard(update.update_id)
            # Refused by the disk it has been answered all the same, and must not stand before an emergency.
            self._kept(update)

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

    def _kept(self, update: Incoming) -> None:
        self._chat.request(UpdateKept(update_id=update.update_id))

    # Requests -------------------------------------------------------------------------------------

    def _begin(self, who: Who, request: Request, place: int, update_id: int) -> None:
        task = Task(who=who, request=request, then=self._preview, message_id=place, update_id=update_id)
        if request.name == "ack":
            self._ask(task, discrepancies(), replace(positions(), terminal=False))
        elif request.name in _CHANGING:
            self._ask(task, replace(positions(), terminal=False, marks_of=request.symbol))
        else:
            self._read(task)

    def _tick(self, topic: str) -> None:
        kind, _, rest = topic.partition("/")
        if kind == "task":
            self._complete(int(rest))
        elif kind == "look":
            self._look(CommandId(rest))
        elif kind == "again":
            self._again(CommandId(rest))
        elif kind == "urgent" and (run := self._runs.get(CommandId(rest))) is not None:
            self._without_journal(run, "it does not answer")


_CHANGING = (*(name for name in operations() if name != "reconcile"), "ack")
_VERDICTS = {
    Verdict.UNKNOWN: N_("I was restarted since: this button does nothing any more. Look at /positions first."),
    Verdict.DECIDED: N_("That is decided already; the message says what became of it."),
    Verdict.NOT_YOURS: N_("Only who asked can confirm."),
    Verdict.EXPIRED: N_("Too late: confirmations live for a minute. Send the command again."),
    Verdict.CHANGED: N_("It has changed since. Send the command again."),
}


def _below(text: Markup, sign: str, said: Markup) -> Page:
    return Page(text=join("\n\n", [text, join(" ", [escape(sign), said])]))
