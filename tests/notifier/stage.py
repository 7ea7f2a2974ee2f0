"""The notifier on the simulated dispatcher, over a disk in memory and a chat that does as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors.journal import JournalActor
from actors.notifier.actor import NotifierActor, NotifierSettings, NotifierStart
from actors.notifier.throttle import Policy, Recipient
from actors.runtime import Actor, ActorSystem, Context, Placement, SimulatedDispatcher
from adapters.storage.memory import MemoryJournal
from messages.base import Message
from messages.journal import Replayed
from messages.notices import Posted, PostFailed, PostNotice, SendPing
from messages.priority import PRIORITY
from messages.requests import Notify
from messages.statement import verbatim
from messages.telegram import SendFailed, SendText, TextSent
from messages.types import Severity

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
OWNER = "100"


def sent(message: SendText) -> TextSent:
    return TextSent(request_id=message.request_id, chat_id=message.chat_id, message_id=7)


def down(message: SendText) -> SendFailed:
    return SendFailed(request_id=message.request_id, cause="out of reach")


@dataclass
class FakeChat:
    """Takes what it is given; `mood` turns a request into the answer, None: it never answers."""

    tell: Callable[[str, Message], None]
    mood: Callable[[SendText], Message | None] = sent
    asked: list[SendText] = field(default_factory=list)
    taken: list[SendText] = field(default_factory=list)

    def request(self, message: Message) -> None:
        assert isinstance(message, SendText)
        self.asked.append(message)
        answer = self.mood(message)
        if isinstance(answer, TextSent):
            self.taken.append(message)
        if answer is not None:
            self.tell(message.reply_to, answer)

    def texts(self) -> list[str]:
        return [message.text for message in self.taken]


@dataclass
class FakeChannel:
    tell: Callable[[str, Message], None]
    works: bool = True
    posted: list[PostNotice] = field(default_factory=list)
    pings: int = 0

    def request(self, message: Message) -> None:
        if isinstance(message, SendPing):
            self.pings += 1
            return
        assert isinstance(message, PostNotice)
        if self.works:
            self.posted.append(message)
            self.tell(message.reply_to, Posted(request_id=message.request_id))
        else:
            self.tell(message.reply_to, PostFailed(request_id=message.request_id, cause=verbatim("no route")))


def settings(**changes: Any) -> NotifierSettings:
    known: dict[str, Any] = {"recipients": (Recipient(name=OWNER, chat_id=100),), "policy": Policy()}
    return NotifierSettings(**{**known, **changes})


class Stage:
    """One life of the process: `again` begins the next one on the same disk."""

    def __init__(
        self, chosen: NotifierSettings | None = None, seed: int = 1, store: MemoryJournal | None = None
    ) -> None:
        self.settings = chosen or settings()
        self.seed = seed
        self.dispatcher = SimulatedDispatcher(seed)
        self.system = ActorSystem(self.dispatcher, PRIORITY, self.dispatcher.clock)
        self.waiting: list[Callable[[], None]] = []
        self.store = store or MemoryJournal()
        self.chat = FakeChat(self.system.tell)
        self.channel = FakeChannel(self.system.tell)
        self.shown: list[Notify] = []
        self.logged: list[tuple[str, dict[str, str]]] = []
        self.system.spawn("journal", lambda context: JournalActor(context, self.store), placement=Placement.THREAD)

    def begin(self, start: NotifierStart | None = None) -> "Stage":
        self.system.spawn("notifier", lambda context: self._actor(context, start or NotifierStart()))
        self.dispatcher.run_until_idle()
        return self

    def _actor(self, context: Context, start: NotifierStart) -> Actor[Message]:
        return NotifierActor(
            context,
            settings=self.settings,
            start=start,
            chat=self.chat,
            channel=self.channel,
            show=self.shown.append,
            log=lambda level, event, /, **fields: self.logged.append((f"{level} {event}", fields)),
        )

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self.system.tell("notifier", message)
        self.dispatcher.run_until_idle()

    def notify(self, severity: Severity, *texts: str) -> None:
        self.tell(*(Notify(severity=severity, text=verbatim(text)) for text in texts))

    def advance(self, by_ns: int) -> None:
        self.dispatcher.advance(by_ns)

    def past(self) -> Replayed:
        """What the disk holds, as the next life reads it."""
        replayed: list[Replayed] = []
        self.store.replay(-2, replayed.append)
        return replayed[0]

    def again(self, seed: int = 2) -> "Stage":
        """Killed here; the next process finds the disk, and nothing else."""
        return Stage(self.settings, seed, self.store).begin(NotifierStart(past=self.past()))
