"""The owner's chat: a server that outlives processes, the way to it, and an owner who gives commands there.

The server keeps what it was told in the order in which it came. Updates stay with it until they are confirmed, as
Telegram's do. What the way to it (`Line`) promises is what the production client promises: each request is answered
once, by TextSent or SendFailed; what is patient is tried again; an update is offered until it is known to be kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from random import Random
from typing import Any

from messages.base import Message
from messages.status import Rows, row
from messages.telegram import (
    AnswerPress,
    ChatDown,
    ChatKind,
    ChatUp,
    EditText,
    Incoming,
    IncomingPress,
    IncomingText,
    LogsAnswer,
    ReadLogs,
    SendFailed,
    SendText,
    TextSent,
    ToChat,
    UpdateKept,
    UrgentPress,
    UrgentText,
)
from messages.wording.status import Status
from simulator.environment.network import MS, Window

OWNER, VIEWER, STRANGER = 100, 101, 666
SECOND = 1_000_000_000
POLL_NS = 300 * SECOND
"""How long an empty poll is held open: longer than in life, since it says nothing. What comes ends it."""
KEPT_WAIT_NS = 5 * SECOND
LONGEST_PAUSE_NS = 30 * SECOND
URGENT = ("/close_all", "/pause")


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """The owner writes; `answer` is what he does with the button that comes: confirm, twice, cancel or nothing."""

    at_ms: int
    do: str
    symbol: str = "BTCUSDT"
    long: bool = True
    lots: int = 1
    ppm: int = 10_000
    percent: int = 0
    answer: str = "confirm"
    after_ms: int = 3_000
    by: int = OWNER


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPlan:
    """Chances in thousandths. `outages` are windows in which nothing is answered."""

    says: tuple[Say, ...] = ()
    outages: tuple[Window, ...] = ()
    flooded: int = 0
    flood_s: int = 10
    unheard: int = 0
    """It arrived, and its answer did not."""
    twice: int = 0
    shuffled: int = 0
    slow_most_ms: int = 300
    viewer: bool = False
    """A second user, who is told what the owner is told."""
    deaf: tuple[Window, ...] = ()
    """When nothing reaches the viewer, and everything reaches the owner."""
    webhook: bool = False
    """There is a second channel, for what is critical."""
    webhook_outages: tuple[Window, ...] = ()

    @property
    def users(self) -> tuple[int, ...]:
        return (OWNER, VIEWER) if self.viewer else (OWNER,)

    def calm(self) -> "ChatPlan":
        peace = replace(self, outages=(), flooded=0, unheard=0, twice=0, shuffled=0)
        return replace(peace, deaf=(), webhook_outages=())


def draw_chat(random: Random, spans: Sequence[tuple[int, int]], span_ms: int) -> ChatPlan:
    """An owner with something to say within `spans`, and a chat that is sometimes not there."""
    outages = tuple(_outage(random, span_ms) for _ in range(random.choice((0, 0, 1, 1, 2))))
    bad = random.randrange(2) == 0
    says = sorted((_say(random, spans) for _ in range(random.randrange(1, 9))), key=lambda say: say.at_ms)
    return ChatPlan(
        says=tuple(says),
        outages=outages,
        flooded=random.choice((0, 30, 150)) if bad else 0,
        flood_s=random.choice((1, 5, 30)),
        unheard=random.choice((0, 50, 200)) if bad else 0,
        twice=random.choice((0, 100, 500)) if bad else 0,
        shuffled=random.choice((0, 300)) if bad else 0,
        slow_most_ms=random.choice((50, 300, 4_000)),
    )


def _outage(random: Random, span_ms: int) -> Window:
    """Minutes, hours, or until peace."""
    from_ms = random.randrange(span_ms)
    length_ms = random.choice((5_000, 60_000, 600_000, 4 * 3_600_000, span_ms))
    return Window(what="chat down", from_ms=from_ms, until_ms=min(span_ms, from_ms + length_ms))


def _say(random: Random, spans: Sequence[tuple[int, int]]) -> Say:
    return Say(
        at_ms=random.randrange(*random.choice(spans)),
        do=random.choice(
            ("open", "open", "open", "close", "close", "modify", "close_all", "pause", "resume", "status")
        ),
        symbol=random.choice(("BTCUSDT", "ETHUSDT", "SOLUSDT")),
        long=random.randrange(2) == 0,
        lots=random.randrange(1, 4),
        ppm=random.choice((4_000, 10_000, 20_000)),
        percent=random.choice((0, 0, 50)),
        answer=random.choice(("confirm", "confirm", "confirm", "twice", "twice", "cancel", "nothing")),
        after_ms=random.choice((500, 3_000, 3_000, 20_000, 70_000)),
        by=STRANGER if random.randrange(12) == 0 else OWNER,
    )


@dataclass(slots=True)
class Shown:
    """A message as it stands in the chat; `texts` are all that it has said."""

    message_id: int
    chat_id: int
    texts: list[str]
    buttons: tuple[tuple[Any, ...], ...]
    shown_ns: int
    """By the wall's clock."""

    def button(self, label: str) -> str:
        return next((str(b.data) for row in self.buttons for b in row if label in b.text), "")


@dataclass(frozen=True, slots=True)
class Pressed:
    """The truth of a confirmation: which words it was about is read off its message, by nobody but the owner."""

    update_id: int
    data: str
    message_id: int


@dataclass(slots=True)
class ChatServer:
    """Owned by the world. `plan` is replaced when peace is made; `words` makes a text of a wish, at its time."""

    plan: ChatPlan
    later: Callable[[int, Callable[[], None]], object]
    now_ns: Callable[[], int]
    wall_ns: Callable[[], int]
    words: Callable[[Say], str]
    random: Random
    count: Callable[[str], None]
    note: Callable[[str], None]
    unconnected: Callable[[], bool] = lambda: False
    """Whether the process cannot connect to it."""
    updates: list[Incoming] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    said: dict[int, str] = field(default_factory=dict)
    """By update: what the owner wrote."""
    said_ns: dict[int, int] = field(default_factory=dict)
    """And when, by the wall's clock."""
    pressed: list[Pressed] = field(default_factory=list)
    confirmed: int = 0
    line: "Line | None" = None
    _expecting: list[Say] = field(default_factory=list)
    _next_update: int = 1000

    def open_day(self) -> None:
        for say in self.plan.says:
            self.later(say.at_ms * MS, lambda say=say: self._say(say))  # type: ignore[misc]

    def make_peace(self) -> None:
        self.plan = self.plan.calm()
        self._expecting.clear()

    @property
    def down(self) -> bool:
        return self.unconnected() or any(window.holds(self.now_ns() // MS) for window in self.plan.outages)

    @property
    def deaf(self) -> bool:
        """Whether nothing reaches the viewer."""
        return any(window.holds(self.now_ns() // MS) for window in self.plan.deaf)

    # People ------------------------------------------------------------------------------------------------

    def _say(self, say: Say) -> None:
        text = self.words(say)
        if not text:
            return
        self.note(f"CHAT  {say.by} says {text}")
        update = self._text(say, text)
        if say.by == OWNER:
            self.said[update.update_id] = text
            self.said_ns[update.update_id] = self.wall_ns()
            self._expecting.append(say)
        self._arrive(update)

    def _text(self, say: Say, text: str) -> IncomingText:
        kind = UrgentText if text.startswith(URGENT) else IncomingText
        return kind(
            update_id=self._number(),
            chat_id=say.by,
            user_id=say.by,
            chat_kind=ChatKind.PRIVATE,
            message_id=0,
            text=text,
            sent_ns=self.wall_ns(),
        )

    def _look_at(self, message: Shown) -> None:
        """The owner sees a new message with something to confirm."""
        if message.chat_id != OWNER or not message.button("Confirm") or not self._expecting:
            return
        say = self._expecting.pop(0)
        if say.answer == "nothing":
            return
        label = "Cancel" if say.answer == "cancel" else "Confirm"
        for number in range(2 if say.answer == "twice" else 1):
            self.later((say.after_ms + 400 * number) * MS, lambda: self._press(message, label))

    def _press(self, message: Shown, label: str) -> None:
        data = message.button(label)
        if not data:
            return
        self.note(f"CHAT  {OWNER} presses {label} ({data}) under {message.message_id}")
        kind = UrgentPress if data.startswith("!") else IncomingPress
        update = kind(
            update_id=self._number(),
            chat_id=message.chat_id,
            user_id=OWNER,
            chat_kind=ChatKind.PRIVATE,
            message_id=message.message_id,
            press_id=f"p{self._next_update}",
            data=data,
        )
        if label == "Confirm":
            self.pressed.append(Pressed(update.update_id, data, message.message_id))
        self._arrive(update)

    def _number(self) -> int:
        self._next_update += 1
        return self._next_update

    def _arrive(self, update: Incoming) -> None:
        self.updates.append(update)
        if self.line is not None:
            self.line.wake()

    # What the bot asks --------------------------------------------------------------------------------------

    def waiting(self, kept: set[int]) -> list[Incoming]:
        """Updates after the first ones of `kept` without a gap, which are confirmed."""
        for update in takewhile(lambda update: update.update_id in kept, self.updates):
            self.confirmed = update.update_id
        self.updates = [update for update in self.updates if update.update_id > self.confirmed]
        return list(self.updates)

    def take(self, message: SendText | EditText) -> int:
        """Show it; returns the id of the message that shows it."""
        if isinstance(message, EditText):
            found = self.shown[message.message_id - 1]
            found.texts.append(message.text)
            found.buttons = message.buttons
            return message.message_id
        shown = Shown(len(self.shown) + 1, message.chat_id, [message.text], message.buttons, self.wall_ns())
        self.shown.append(shown)
        self._look_at(shown)
        return shown.message_id

    def strikes(self, name: str, thousandths: int) -> bool:
        struck = thousandths > 0 and self.random.randrange(1000) < thousandths
        if struck:
            self.count(name)
        return struck


class Line:
    """One process's way to the server; satisfies the actors' `Chat`. Its timers die with the process."""

    rows: Rows = (row(Status.CHAT(), Status.TELEGRAM, Status.UP()),)

    def __init__(
        self,
        server: ChatServer,
        *,
        later: Callable[[int, Callable[[], None]], object],
        offer: Callable[[Message], bool],
        tell: Callable[[str, Message], None],
        health: Callable[[Message], None],
    ) -> None:
        self._server = server
        self._later = later
        self._offer = offer
        self._tell = tell
        self._health = health
        self._kept: set[int] = set()
        self._up: bool | None = None
        self._failures = 0
        self._polls = 0
        self._quiet_until_ns = 0
        self._free_ns = 0
        server.line = self

    def start(self) -> None:
        self._poll_in(self._delay_ns())

    def request(self, message: Message) -> None:
        match message:
            case UpdateKept(update_id=update_id):
                self._kept.add(update_id)
                self._poll_in(self._delay_ns())
            case ReadLogs(request_id=request_id):
                self._later(MS, lambda: self._tell(message.reply_to, LogsAnswer(request_id=request_id, lines=())))
            case SendText() | EditText():
                give_up_ns = self._server.now_ns() + message.patience_ms * MS
                self._in_turn(lambda: self._attempt(message, give_up_ns, SECOND // 2))
            case AnswerPress() | ToChat():
                pass

    # Updates ------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something is there: a poll that is held open is answered."""
        if self._up:
            self._poll_in(self._delay_ns())

    def _poll_in(self, delay_ns: int) -> None:
        """One poll at a time: a later one replaces what was waited for."""
        self._polls += 1
        number = self._polls
        self._later(delay_ns, lambda: self._poll() if number == self._polls else None)

    def _poll(self) -> None:
        server = self._server
        if server.down:
            self._failures += 1
            if self._failures >= 2 and self._up is not False:
                self._up = False
                server.count("chat down")
                self._health(ChatDown(cause="out of reach"))
            self._poll_in(min(SECOND // 2 << min(self._failures - 1, 10), LONGEST_PAUSE_NS))
            return
        self._failures = 0
        if self._up is not True:
            self._up = True
            self._health(ChatUp(name="albra_bot"))
        updates = server.waiting(self._kept)
        if server.strikes("updates reordered", server.plan.shuffled):
            server.random.shuffle(updates)
        for update in updates:
            self._offer(update)
            if server.strikes("update twice", server.plan.twice):
                self._offer(update)
        self._poll_in(KEPT_WAIT_NS if updates else POLL_NS)

    # Requests -----------------------------------------------------------------------------------------------

    def _in_turn(self, call: Callable[[], None]) -> None:
        now_ns = self._server.now_ns()
        self._free_ns = max(self._free_ns, now_ns) + self._delay_ns()
        self._later(self._free_ns - now_ns, call)

    def _attempt(self, message: SendText | EditText, give_up_ns: int, pause_ns: int) -> None:
        failed = self._tried(message)
        if failed is None:
            return
        wait_ns = max(pause_ns, failed.retry_after_ms * MS)
        if self._server.now_ns() + wait_ns > give_up_ns:
            self._answer(message, failed)
            return
        longer_ns = min(2 * pause_ns, LONGEST_PAUSE_NS)
        self._later(wait_ns, lambda: self._attempt(message, give_up_ns, longer_ns))

    def _tried(self, message: SendText | EditText) -> SendFailed | None:
        server, now_ns = self._server, self._server.now_ns()
        if server.down or (message.chat_id == VIEWER and server.deaf):
            return SendFailed(request_id=message.request_id, cause="out of reach")
        if now_ns >= self._quiet_until_ns and server.strikes("chat flooded", server.plan.flooded):
            self._quiet_until_ns = now_ns + server.plan.flood_s * SECOND
        if now_ns < self._quiet_until_ns:
            left_ms = (self._quiet_until_ns - now_ns) // MS
            return SendFailed(request_id=message.request_id, cause="asked to slow down", retry_after_ms=left_ms)
        message_id = server.take(message)
        if server.strikes("chat answer lost", server.plan.unheard):
            return SendFailed(request_id=message.request_id, cause="timed out")
        sent = TextSent(request_id=message.request_id, chat_id=message.chat_id, message_id=message_id)
        self._answer(message, sent)
        return None

    def _answer(self, message: ToChat, answer: TextSent | SendFailed) -> None:
        if message.reply_to:
            self._tell(message.reply_to, answer)

    def _delay_ns(self) -> int:
        return self._server.random.randrange(5_000, self._server.plan.slow_most_ms * 1_000) * 1_000
