"""The telegram actor: requests in the chat become commands, and answers become messages.

Every update of an authorized user is journalled, with its command, before the command is released; a redelivered one
has no second effect (I14). A request with effects is shown first and confirmed by a button. This file only joins the
parts: `update_handlers` begins a request, `query_handlers` and `confirmation_handlers` answer it, `running_commands`
follows a confirmed one.
"""

from collections.abc import Callable

from actors.ports import Chat, Log
from actors.runtime.actor import Actor, Context
from actors.runtime.metrics import SystemMetrics
from actors.telegram.audit import AuditLog
from actors.telegram.confirmation_handlers import ConfirmationHandlers
from actors.telegram.context import BotState, ChatContext, TelegramSettings
from actors.telegram.messenger import Messenger
from actors.telegram.query_handlers import QueryHandlers
from actors.telegram.questions import Questions
from actors.telegram.running_commands import RunningCommands
from actors.telegram.update_handlers import UpdateHandlers
from messages.base import Message
from messages.journal import Replayed
from messages.reconciliation import DiscrepanciesAnswer, ReconcileAnswer
from messages.reports import BalanceReport, HistoryAnswer, PositionsAnswer, StatusAnswer
from messages.requests import Reply
from messages.telegram import ChatDown, ChatUp, Incoming, LogsAnswer, SendFailed, TextSent, Tick
from messages.types import CommandId


class TelegramActor(Actor[Message]):
    """Joins the parts. `bot` outlives this life of the actor; `past` is for the first life. `metrics` reads the
    runtime's.
    """

    def __init__(
        self,
        context: Context,
        *,
        settings: TelegramSettings,
        bot: BotState,
        past: Replayed | None,
        chat: Chat,
        metrics: Callable[[], SystemMetrics],
        log: Log,
    ) -> None:
        super().__init__(context)
        self._ctx = ctx = ChatContext(context, settings=settings, bot=bot, chat=chat, log=log)
        self._messenger = Messenger(ctx)
        self._questions = Questions(ctx)
        self._audit = audit = AuditLog(ctx, past)
        self._running = RunningCommands(ctx, self._messenger, self._questions, audit)
        confirmations = ConfirmationHandlers(ctx, self._messenger, self._questions, audit, self._running)
        queries = QueryHandlers(ctx, self._messenger, self._questions, metrics)
        self._updates = UpdateHandlers(ctx, self._messenger, audit, confirmations, queries)

    def on_start(self) -> None:
        self.context.subscribe(BalanceReport)
        if self._audit.history.start():
            self._running.resume()

    def receive(self, message: Message) -> None:
        match message:
            case Incoming():
                self._updates.on_update(message)
            case Reply():
                self._running.on_reply(message)
            case PositionsAnswer() | StatusAnswer() | HistoryAnswer() | ReconcileAnswer() | DiscrepanciesAnswer():
                self._questions.on_answer(message.command_id, message)
            case LogsAnswer() | BalanceReport():
                self._questions.on_answer(message.request_id, message)
            case TextSent() | SendFailed():
                self._messenger.on_sent(message)
            case ChatUp():
                self._ctx.bot.bot_name, self._ctx.bot.up_since_ns = message.name, self._ctx.now_ns()
                self._messenger.publish_menus()
                self._messenger.send_undelivered()
            case ChatDown():
                self._ctx.bot.up_since_ns = 0
            case Tick():
                self._tick(message.topic)

    def receive_signal(self, message: Message) -> None:
        if self._audit.history.signal(message) and isinstance(message, Replayed):
            self._running.resume()

    def _tick(self, topic: str) -> None:
        kind, _, rest = topic.partition("/")
        if kind == "task":
            self._questions.complete(int(rest))
        else:
            self._running.on_tick(kind, CommandId(rest))
