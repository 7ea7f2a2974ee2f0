"""The telegram actor on the simulated dispatcher: a chat on paper, a supervisor that answers what it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from actors.journal import JournalActor
from actors.language.words import Words
from actors.runtime import Actor, ActorSystem, Context, Placement, SimulatedDispatcher
from actors.runtime.simulated import START_NS
from actors.telegram.actor import TelegramActor
from actors.telegram.context import BotState, TelegramSettings
from actors.telegram.history import OWN_HISTORY
from actors.telegram.roles import Access
from adapters.storage.memory import MemoryJournal
from messages import commands as c
from messages.addresses import TELEGRAM
from messages.base import Message
from messages.discrepancy_type import Action, DiscrepancyType
from messages.journal import Replayed
from messages.priority import PRIORITY
from messages.reconciliation import DiscrepanciesAnswer, Discrepancy, ListDiscrepancies, ReconcileAnswer, Unproven
from messages.reports import BalanceReport, HistoryAnswer, PositionsAnswer, PositionView, StatusAnswer
from messages.requests import FetchBalance, Reply
from messages.statement import Statement, verbatim, word
from messages.status import Rows, Verdict, row, several
from messages.telegram import (
    AnswerPress,
    ChatKind,
    ChatUp,
    EditText,
    IncomingPress,
    IncomingText,
    LogsAnswer,
    PublishMenu,
    ReadLogs,
    Role,
    SendFailed,
    SendText,
    TextSent,
    UpdateKept,
    UrgentPress,
    UrgentText,
)
from messages.types import (
    MANUAL,
    AccountId,
    PositionId,
    PositionMode,
    PositionSide,
    PositionState,
    Severity,
    Silence,
    StrategyId,
    Symbol,
)
from messages.wording import Position, Reconciler
from messages.wording.status import Status

SECOND = 1_000_000_000
OWNER, TRADER, VIEWER, STRANGER, GROUP = 100, 200, 300, 666, -5000
MAIN = AccountId("main")
USERS = {OWNER: Role.OWNER, TRADER: Role.TRADER, VIEWER: Role.VIEWER}
MARKS = {Symbol("BTCUSDT"): Decimal(61000), Symbol("ETHUSDT"): Decimal(3100)}
_MAIN = Status.ACCOUNT(name="main")
STATUS = (
    row(Status.POSITIONS(), Status.LIVE, 1),
    row(Status.POSITIONS(), Status.STATES, several([Status.STATE_COUNT(state=PositionState.ACTIVE, n=1)])),
    row(Status.POSITIONS(), Status.OPENINGS, Status.ALLOWED()),
    row(_MAIN, Status.VENUE, Status.UP()),
    row(_MAIN, Status.STREAM, Status.UP()),
    row(_MAIN, Status.MODE, word(PositionMode.ONE_WAY)),
    row(_MAIN, Status.THROTTLED),
    row(Status.JOURNAL(), Status.COMMITS, Status.COMMITTED(commits=19, steps=19, failed=0)),
    row(Status.JOURNAL(), Status.DISK, Status.WELL()),
    row(Status.CHAT(), Status.TELEGRAM, Status.UP()),
    row(Status.CHAT(), Status.NOTICES, Status.NOTICE_COUNTS(waiting=0, delivered=2, failures=0)),
)


def view(ordinal: int = 1, **changes: Any) -> PositionView:
    symbol, strategy = changes.get("symbol", "BTCUSDT"), changes.get("strategy", "manual")
    known: dict[str, Any] = {
        "position_id": PositionId(f"main.{symbol}.long.{strategy}.{ordinal}"),
        "ordinal": ordinal,
        "account": MAIN,
        "symbol": Symbol("BTCUSDT"),
        "strategy": StrategyId("manual"),
        "side": PositionSide.LONG,
        "state": PositionState.ACTIVE,
        "previous": PositionState.OPENING,
        "since_ns": 1_699_999_000 * SECOND,
        "transitions": 2,
        "version": 9,
        "quantity": Decimal("0.01"),
        "entry_price": Decimal(60000),
        "realized_pnl": Decimal(0),
        "fees": Decimal("0.3"),
        "leverage": 5,
        "stop_loss": Decimal(58000),
        "take_profit": None,
        "protected": True,
        "in_doubt": False,
        "goal_quantity": None,
        "reason": Position.ENTRY_DONE(),
    }
    return PositionView(**{**known, **changes})


def divergence(**changes: Any) -> Discrepancy:
    found = Discrepancy(
        discrepancy_id="d1",
        type=DiscrepancyType.SIZE_MISMATCH,
        severity=Severity.WARNING,
        account=AccountId("main"),
        symbol=Symbol("BTCUSDT"),
        side=PositionSide.LONG,
        target="",
        believed=Reconciler.LONG(quantity=Decimal("0.01")),
        reported=Reconciler.LONG(quantity=Decimal("0.02")),
        difference=Decimal("0.01"),
        notional=Decimal(600),
        share=Decimal("0.5"),
        mark_price=Decimal(60000),
        positions=(view(1).position_id,),
        evidence=verbatim(MANUAL),
        observations=2,
        first_seen_ns=START_NS,
        diverged_ns=START_NS,
        detected_ns=START_NS,
        action=Action.UPDATE_SYSTEM,
    )
    return replace(found, **changes)


@dataclass
class Shown:
    chat_id: int
    message_id: int
    texts: list[str]
    buttons: tuple[tuple[Any, ...], ...]

    @property
    def text(self) -> str:
        return self.texts[-1]

    def data(self, label: str) -> str:
        return next(str(b.data) for row in self.buttons for b in row if label in b.text)


@dataclass
class PaperChat:
    """Shows what it is given; remembers what it was told to forget."""

    tell: Callable[[str, Message], None]
    shown: list[Shown] = field(default_factory=list)
    alerts: dict[str, str] = field(default_factory=dict)
    menus: dict[int, tuple[str, ...]] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)
    broken: bool = False
    down: bool = False
    too_old: bool = False

    def request(self, message: Message) -> None:
        if self.broken and isinstance(message, SendText):
            self.broken = False
            raise RuntimeError("a bug")
        match message:
            case SendText():
                number = len(self.shown) + 1
                self.shown.append(Shown(message.chat_id, number, [message.text], message.buttons))
                self._sent(message, number)
            case EditText() if self.down:
                self.tell(message.reply_to, SendFailed(request_id=message.request_id, cause="no route"))
            case EditText():
                found = self.shown[message.message_id - 1]
                found.texts.append(message.text)
                found.buttons = message.buttons
                self._sent(message, message.message_id)
            case AnswerPress() if self.too_old:
                if message.reply_to:
                    failed = SendFailed(request_id=message.request_id, cause="query is too old", permanent=True)
                    self.tell(message.reply_to, failed)
            case AnswerPress():
                self.alerts[message.press_id] = message.text
            case PublishMenu():
                self.menus[message.chat_id] = tuple(entry.command for entry in message.entries)
            case UpdateKept():
                self.kept.append(message.update_id)
            case ReadLogs():
                self.tell(message.reply_to, LogsAnswer(request_id=message.request_id, lines=("12:00 INFO x",)))

    def _sent(self, message: SendText | EditText, number: int) -> None:
        sent = TextSent(request_id=message.request_id, chat_id=message.chat_id, message_id=number)
        self.tell(message.reply_to, sent)


class FakeSupervisor(Actor[Message]):
    """Answers questions from `desk`; what would change something is kept there."""

    def __init__(self, context: Context, desk: "Desk") -> None:
        super().__init__(context)
        self._desk = desk

    def receive(self, message: Message) -> None:
        desk, tell = self._desk, self.context.tell
        desk.told.append(message)
        if desk.silent:
            return
        match message:
            case c.ListPositions():
                views = tuple(v for v in desk.views if message.terminal or not v.state.terminal)
                symbols = {v.symbol for v in views} | {message.marks_of}
                marks = tuple(
                    (account, symbol, price)
                    for account in sorted({MAIN, *(v.account for v in views)})
                    for symbol, price in MARKS.items()
                    if symbol in symbols
                )
                tell(
                    message.reply_to,
                    PositionsAnswer(
                        command_id=message.command_id,
                        to=message.reply_to,
                        views=views,
                        marks=marks,
                        silent=tuple((name, desk.silence, why) for name, why in desk.broken.items()),
                        retired=desk.retired if message.terminal else (),
                    ),
                )
            case c.ReadStatus():
                tell(
                    message.reply_to,
                    StatusAnswer(
                        command_id=message.command_id, to=message.reply_to, rows=desk.status, verdict=desk.verdict
                    ),
                )
            case c.ReadHistory():
                answer = HistoryAnswer(
                    command_id=message.command_id,
                    to=message.reply_to,
                    position_id=message.position_id,
                    records=desk.records,
                    found=bool(desk.records),
                )
                tell(message.reply_to, answer)
            case c.Reconcile():
                tell(message.reply_to, desk.reconciled(message))
            case ListDiscrepancies():
                answer_ = DiscrepanciesAnswer(
                    command_id=message.command_id,
                    to=message.reply_to,
                    discrepancies=desk.discrepancies,
                    statistics=(
                        row(Status.RECONCILIATION(), Status.CHECKS, Status.CHECK_COUNTS(n=7, failed=0)),
                        row(Status.RECONCILIATION(), Status.SUCCESS_RATE, Status.NOTHING_ENDED()),
                    ),
                )
                tell(message.reply_to, answer_)
            case c.Command() if not desk.undecided:
                tell(message.reply_to, Reply(command_id=message.command_id, to=message.reply_to, accepted=True))
                desk.react(message)


class FakeGateway(Actor[Message]):
    def receive(self, message: Message) -> None:
        assert isinstance(message, FetchBalance)
        report = BalanceReport(
            account=message.account,
            request_id=message.request_id,
            currency="USDT",
            wallet=Decimal("1234.5"),
            available=Decimal(1000),
            unrealized_pnl=Decimal("-3.25"),
        )
        self.context.publish(report)


@dataclass
class Desk:
    """What the supervisor knows, and what it was told."""

    views: tuple[PositionView, ...] = ()
    records: tuple[bytes, ...] = ()
    discrepancies: tuple[Any, ...] = ()
    told: list[Message] = field(default_factory=list)
    status: Rows = STATUS
    verdict: Verdict = Verdict()
    broken: dict[PositionId, Statement] = field(default_factory=dict)
    silence: Silence = Silence.QUARANTINED
    retired: tuple[tuple[PositionId, Statement], ...] = ()
    unproven: tuple[Unproven, ...] = ()
    silent: bool = False
    undecided: bool = False
    """Whether what would change something is never answered: the journal hangs."""
    react: Callable[[c.Command], None] = lambda _: None

    def reconciled(self, question: c.Reconcile) -> ReconcileAnswer:
        return ReconcileAnswer(
            command_id=question.command_id,
            to=question.reply_to,
            checked=3,
            discrepancies=1,
            attempted=1,
            succeeded=1,
            elapsed_ms=1234,
            unproven=self.unproven,
        )

    @property
    def changes(self) -> list[c.Command]:
        """Commands that change something."""
        asking = (c.ListPositions, c.ReadStatus, c.ReadHistory, c.Reconcile, ListDiscrepancies)
        return [m for m in self.told if isinstance(m, c.Command) and not isinstance(m, asking)]


class SlowDisk:
    """Given as `later` to a `MemoryJournal`: while `slow`, what it should do waits for `turn`."""

    def __init__(self) -> None:
        self.slow = False
        self._waiting: list[Callable[[], None]] = []

    def __call__(self, call: Callable[[], None]) -> None:
        if self.slow:
            self._waiting.append(call)
        else:
            call()

    def turn(self) -> None:
        self.slow = False
        for call in self._waiting:
            call()


class Stage:
    def __init__(
        self,
        *,
        seed: int = 1,
        store: MemoryJournal | None = None,
        desk: Desk | None = None,
        words: dict[int, Words] | None = None,
        first_update: int = 1,
        start_ns: int = START_NS,
    ) -> None:
        self.dispatcher = SimulatedDispatcher(seed, start_ns)
        self.system = ActorSystem(self.dispatcher, PRIORITY, self.dispatcher.clock)
        self.store = store or MemoryJournal()
        self.desk = desk or Desk()
        self.chat = PaperChat(self.system.tell)
        self.logged: list[tuple[str, dict[str, str]]] = []
        self.settings = TelegramSettings(
            access=Access(users=USERS, chats=frozenset({GROUP})), accounts=(MAIN,), words=words or {}
        )
        self.bot = BotState()
        self._update = first_update
        past = self._past()
        self.system.spawn("journal", lambda context: JournalActor(context, self.store), placement=Placement.THREAD)
        self.system.spawn("supervisor", lambda context: FakeSupervisor(context, self.desk))
        self.system.spawn("gateway/main", FakeGateway)
        self.system.spawn("telegram", lambda context: self._actor(context, past))
        self.dispatcher.run_until_idle()

    def _actor(self, context: Context, past: Replayed) -> Actor[Message]:
        return TelegramActor(
            context,
            settings=self.settings,
            bot=self.bot,
            past=past,
            chat=self.chat,
            metrics=self.system.metrics,
            log=lambda level, event, /, **fields: self.logged.append((f"{level} {event}", fields)),
        )

    def _past(self) -> Replayed:
        found: list[Replayed] = []
        self.store.replay(OWN_HISTORY, found.append)
        return found[0]

    def again(self) -> "Stage":
        """Killed here; the next process on the same disk."""
        words = dict(self.settings.words)
        return Stage(seed=2, store=self.store, desk=self.desk, words=words, first_update=self._update)

    # People.

    def say(self, user: int, text: str, *, chat: int | None = None, ago_s: int = 0) -> IncomingText:
        where = user if chat is None else chat
        kind = ChatKind.PRIVATE if where > 0 else ChatKind.GROUP
        urgent = text.startswith(("/close_all", "/pause"))
        update = (UrgentText if urgent else IncomingText)(
            update_id=self._next(),
            chat_id=where,
            user_id=user,
            chat_kind=kind,
            message_id=900,
            text=text,
            sent_ns=self.dispatcher.clock.time_ns() - ago_s * SECOND,
        )
        self.give(update)
        return update

    def press(self, user: int, shown: Shown, label: str = "", data: str = "") -> IncomingPress:
        said = data or shown.data(label)
        update = (UrgentPress if said.startswith("!") else IncomingPress)(
            update_id=self._next(),
            chat_id=shown.chat_id,
            user_id=user,
            chat_kind=ChatKind.PRIVATE if shown.chat_id > 0 else ChatKind.GROUP,
            message_id=shown.message_id,
            press_id=f"p{self._update}",
            data=said,
        )
        self.give(update)
        return update

    def give(self, *updates: Message) -> None:
        for update in updates:
            self.system.tell("telegram", update)
        self.dispatcher.run_until_idle()

    def advance(self, seconds: int) -> None:
        self.dispatcher.advance(seconds * SECOND)

    def up(self) -> None:
        self.give(ChatUp(name="albra_bot"))

    def _next(self) -> int:
        self._update += 1
        return self._update

    @property
    def last(self) -> Shown:
        return self.chat.shown[-1]

    def ask(self, user: int, text: str, **more: Any) -> str:
        """Say it, and read what comes last; empty when nothing came."""
        before = len(self.chat.shown)
        self.say(user, text, **more)
        return self.last.text if len(self.chat.shown) > before else ""

    def audit(self) -> list[tuple[int, str]]:
        return [(int(f["user"]), f["verdict"]) for line, f in self.logged if line == "INFO chat"]


def closing(desk: Desk, command: c.Command) -> None:
    """The positions that a close is about are closed at once."""
    ids = {v.position_id for v in desk.views}
    if isinstance(command, c.ClosePosition):
        ids = {command.position_id}
    desk.views = tuple(
        replace(
            v,
            state=PositionState.CLOSED,
            quantity=Decimal(0),
            version=v.version + 3,
            reason=Position.CLOSED_BY_COMMAND(),
        )
        if v.position_id in ids
        else v
        for v in desk.views
    )


HOME = TELEGRAM
