"""The notifier delivers every notice to its recipients.

A notice is journalled before it is sent, its delivery after; a chat that is slow, full or gone delays it and loses
nothing. Each recipient has one message under way at a time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from actors.language.markup import untagged
from actors.language.words import Words
from actors.notifier import outbox as box
from actors.notifier import texts
from actors.notifier.outbox import SECOND_CHANNEL, Outbox
from actors.notifier.report import COUNTED, Schedule, Tallies, due, next_due_ns, reported
from actors.notifier.throttle import (
    SECOND_NS,
    Batch,
    Policy,
    Recipient,
    SendHistory,
    alone_where_refused,
    next_batch,
    next_post,
    without_refused,
)
from actors.ports import Channel, Chat, Log
from actors.runtime.actor import Actor, Context
from actors.runtime.event_sourced import EventSourced, HistorySpec, OnDamage, Persisting, Retry, Snapshots
from messages.backoff import backoff
from messages.base import Message
from messages.journal import CommitFailed, Effect, Replayed
from messages.notices import (
    AcknowledgeNotice,
    Look,
    NoticeAcknowledged,
    NoticesDelivered,
    NoticesDropped,
    Posted,
    PostFailed,
    PostNotice,
    SendPing,
)
from messages.reconciliation import DiscrepancyEnded
from messages.reports import PositionView
from messages.requests import Notify, Reply
from messages.statement import verbatim
from messages.status import Rows, row
from messages.telegram import ChatDown, ChatUp, SendFailed, SendText, TextSent
from messages.text import Markup, preformatted
from messages.types import Address, PositionId, PositionState, Severity
from messages.wording import Notifier
from messages.wording.status import Status

OWN_HISTORY = -2
FIRST_PAUSE_NS = SECOND_NS
LONGEST_PAUSE_NS = 60 * SECOND_NS
REFUSED_PAUSE_NS = 120 * SECOND_NS
"""Pause before a permanently refused notice (blocked, chat gone, text not accepted) is offered again. It exceeds every
pause of the line, so that later notices are sent in between.
"""
ANSWER_DEADLINE_NS = 120 * SECOND_NS
_LEVELS = {
    Severity.DIGEST: "INFO",
    Severity.INFO: "INFO",
    Severity.WARNING: "WARNING",
    Severity.CRITICAL: "CRITICAL",
}

HISTORY: HistorySpec[Outbox] = HistorySpec(
    ordinal=OWN_HISTORY,
    name=PositionId("notifier"),
    empty=Outbox,
    evolve=box.evolve,
    persisting=Persisting.GROUPED,
    on_damage=OnDamage.GO_ON,
    snapshots=Snapshots.of(Outbox, every=64),
    after_loss=lambda outbox, lost: replace(outbox, next_number=outbox.next_number + lost),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierSettings:
    """Recipients of notices, their rates and reports; `words` by recipient name, SECOND_CHANNEL among them."""

    recipients: tuple[Recipient, ...] = ()
    words: Mapping[str, Words] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    schedule: Schedule = field(default_factory=Schedule)
    second_channel: bool = False
    ping_ns: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(recipient.name for recipient in self.recipients)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierStart:
    """The journalled state: the outbox; durable notices that may not have arrived here; the last week's events for
    reports; the journal's begin (wall time, ns).
    """

    past: Replayed | None = None
    notices: tuple[Notify, ...] = ()
    events: tuple[Message, ...] = ()
    since_ns: int = 0


@dataclass(slots=True)
class Figures:
    """Figures for `albra status`; written by the notifier alone."""

    waiting: int = 0
    delivered: int = 0
    failures: int = 0
    unseen: int = 0
    """Critical notices without an acknowledgment."""

    def rows(self) -> Rows:
        counts = Status.NOTICE_COUNTS(waiting=self.waiting, delivered=self.delivered, failures=self.failures)
        return (row(Status.CHAT(), Status.NOTICES, counts), row(Status.CHAT(), Status.UNSEEN, self.unseen))


@dataclass(slots=True)
class _Line:
    """The delivery to one recipient: the batch in flight, and a pause until (monotonic, ns)."""

    history: SendHistory = field(default_factory=SendHistory)
    batch: Batch | None = None
    parts: tuple[Markup, ...] = ()
    place: int = 0
    request_id: str = ""
    asked_ns: int = 0
    failures: int = 0
    not_before_ns: int = 0
    as_plain: bool = False
    refused: dict[int, int] = field(default_factory=dict)
    """Refused notices: number -> when to offer them again, each alone from then on."""


class NotifierActor(Actor[Message]):
    """Delivers notices. `show` displays a notice on the terminal and to listeners of the control API."""

    def __init__(
        self,
        context: Context,
        *,
        settings: NotifierSettings,
        start: NotifierStart,
        chat: Chat | None,
        channel: Channel | None,
        figures: Figures | None = None,
        show: Callable[[Notify], None],
        log: Log,
    ) -> None:
        super().__init__(context)
        self._settings = settings
        self._start = start
        self._chat = chat
        self._channel = channel
        self._figures = figures or Figures()
        self._show = show
        self._log = log
        self._history: EventSourced[Outbox, None] = EventSourced.of(
            context, self, HISTORY, HISTORY.recovered(start.past)
        )
        self._lines = {name: _Line() for name in (*settings.names, SECOND_CHANNEL)}
        self._chat_works = True
        self._down_since_ns = 0
        self._requests = 0
        self._born_ns = context.clock.monotonic_ns()
        self._tallies = Tallies(settings.schedule.zone)

    def on_start(self) -> None:
        for event in self._start.events:
            self._tallies.note(event)
        for kind in (*COUNTED, DiscrepancyEnded, PositionView):
            self.context.subscribe(kind)
        if self._settings.ping_ns:
            self._ping()
        if not self._history.start():
            return
        for notice in self._start.notices:
            self._notify(notice)
        self._look()

    def receive(self, message: Message) -> None:
        match message:
            case Notify():
                self._notify(message)
            case TextSent() | SendFailed() | Posted() | PostFailed():
                self._on_answer(message)
            case AcknowledgeNotice():
                self._acknowledge(message)
            case ChatUp() | ChatDown():
                self._chat_health(message)
            case PositionView():
                self._settled(message)
            case DiscrepancyEnded():
                self._settle(message.discrepancy_id)
            case Look(topic="ping"):
                self._ping()
            case Look():
                self._look()
            case _:
                self._tallies.note(message)

    def receive_signal(self, message: Message) -> None:
        if self._history.signal(message):
            self._look()

    def persisted(self, about: None) -> None:
        """Do nothing: `_look` sends after each answer of the journal."""

    def persist_failed(self, about: None, failure: CommitFailed) -> Retry:  # noqa: ARG002 - every fact is alike
        """Retry; nothing is lost, and notices that need no disk are sent meanwhile."""
        return Retry.EVENTS

    # Taking in ------------------------------------------------------------------------------------

    def _notify(self, notice: Notify) -> None:
        now_ns = self.context.clock.time_ns()
        cooldown_ns = self._settings.policy.cooldown_ns
        events = box.decide(self._history.ahead, notice, self._recipients(notice.severity), now_ns, cooldown_ns)
        if not events:
            return
        self._log(
            _LEVELS[notice.severity],
            "notice",
            actor="notifier",
            correlation_id=notice.correlation_id,
            position_id=notice.position_id or "",
            account=notice.account or "",
            text=notice.text,
        )
        self._show(notice)
        self._history.persist(*events, about=None)

    def _settle(self, cause: str) -> bool:
        """Settle a problem's notices; return whether a CRITICAL one was outstanding."""
        events = box.settlement(self._history.ahead, cause, self.context.clock.time_ns())
        if events:
            self._history.persist(*events, about=None)
        return bool(events)

    def _settled(self, view: PositionView) -> None:
        """Settle the problems of a position at rest, with one notice when a problem had been reported."""
        if not at_rest(view) or not self._settle(view.position_id):
            return
        said = Notifier.RESOLVED_AND_PROTECTED if view.protected and view.quantity else Notifier.RESOLVED
        notice = Notify(
            severity=Severity.INFO,
            text=said(name=view.position_id, state=view.state),
            account=view.account,
            position_id=view.position_id,
        )
        self._notify(notice)

    def _recipients(self, severity: Severity) -> tuple[str, ...]:
        if self._settings.second_channel and severity is Severity.CRITICAL:
            return (*self._settings.names, SECOND_CHANNEL)
        return self._settings.names

    def _acknowledge(self, command: AcknowledgeNotice) -> None:
        known = any(entry.number == command.number and not entry.seen for entry in self._history.ahead.entries)
        reply = Reply(
            command_id=command.command_id,
            to=command.reply_to,
            accepted=True,
            text=Notifier.ACKNOWLEDGED() if known else Notifier.ACKNOWLEDGED_BEFORE(),
        )
        if not known:
            self.context.tell(command.reply_to, reply)
            return
        event = NoticeAcknowledged(number=command.number, user_id=command.user_id, ts_init=self.context.clock.time_ns())
        self._history.persist(event, effects=(Effect(to=command.reply_to, message=reply),), about=None)

    def _chat_health(self, message: ChatUp | ChatDown) -> None:
        works = isinstance(message, ChatUp)
        if works == self._chat_works:
            return
        self._chat_works = works
        now_ns = self.context.clock.monotonic_ns()
        if works:
            for line in self._lines.values():
                line.failures, line.not_before_ns = 0, 0
            self._log("INFO", "chat up", actor="notifier")
        else:
            self._down_since_ns = now_ns
            self._log("WARNING", "chat down", actor="notifier", why=getattr(message, "cause", ""))
        self._look()

    # Sending --------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Queue due notices (cooldown summaries, reminders, reports), and send what may be sent."""
        now_ns = self.context.clock.time_ns()
        ahead, policy = self._history.ahead, self._settings.policy
        self._figures.waiting = sum(1 for entry in ahead.entries if entry.waiting)
        self._figures.unseen = sum(each.severity is Severity.CRITICAL and not each.seen for each in ahead.entries)
        events = box.cooldown_summaries(ahead, self._recipients, now_ns, policy.cooldown_ns)
        events += box.reminders(ahead, self._settings.names, now_ns, policy.repeat_critical_ns)
        if events:
            self._history.persist(*events, about=None)
        self._report(now_ns)
        waits = [self._pump(recipient, now_ns) for recipient in self._settings.recipients if self._chat]
        waits.append(self._post(now_ns))
        moments = (
            box.next_summary_ns(ahead, policy.cooldown_ns),
            box.next_reminder_ns(ahead, policy.repeat_critical_ns),
            next_due_ns(self._settings.schedule, now_ns),
        )
        waits += [max(1, moment - now_ns) for moment in moments if moment]
        soonest = min((wait for wait in waits if wait), default=0)
        if soonest:
            self.context.schedule("look", soonest, Look())

    def _pump(self, recipient: Recipient, now_ns: int) -> int:
        """Send due notices to this chat; return the pause until the next, 0: until a change."""
        line = self._lines[recipient.name]
        left_ns = self._busy_ns(line)
        if left_ns:
            return left_ns
        ready, again_ns = without_refused(self._sendable(), line.refused, self.context.clock.monotonic_ns())
        found = next_batch(ready, recipient, self._settings.policy, line.history, now_ns)
        if not isinstance(found, Batch):
            return min((wait_ns for wait_ns in (found.for_ns, again_ns) if wait_ns), default=0)
        found = alone_where_refused(found, line.refused)
        words = self._settings.words.get(recipient.name, Words())
        line.batch, line.place = found, 0
        line.parts = texts.message(found.entries, words, now_ns)
        self._send_part(recipient.name, line)
        return ANSWER_DEADLINE_NS

    def _sendable(self) -> Outbox:
        """Return durable notices, without delivered ones whose delivery is not durable yet."""
        durable, ahead = self._history.known.next_number, self._history.ahead
        return replace(ahead, entries=tuple(entry for entry in ahead.entries if entry.number < durable))

    def _busy_ns(self, line: _Line) -> int:
        """Return the rest of this line's pause; a missing answer counts as a failure."""
        now_ns = self.context.clock.monotonic_ns()
        if line.batch is not None:
            left_ns = line.asked_ns + ANSWER_DEADLINE_NS - now_ns
            if left_ns > 0:
                return left_ns
            self._failed(line, "no answer", 0)
        return max(0, line.not_before_ns - now_ns)

    def _send_part(self, name: str, line: _Line) -> None:
        assert line.batch is not None
        assert self._chat is not None
        text = line.parts[line.place]
        last = line.place == len(line.parts) - 1
        words = self._settings.words.get(name, Words())
        line.request_id, line.asked_ns = self._request_id(name), self.context.clock.monotonic_ns()
        self._chat.request(
            SendText(
                request_id=line.request_id,
                reply_to=Address(self.context.address),
                chat_id=int(name),
                text=preformatted(untagged(text).split("\n")) if line.as_plain else text,
                buttons=texts.buttons(line.batch.entries, words) if last else (),
                silent=line.batch.entries[0].severity in box.LESSER,
            )
        )

    def _post(self, now_ns: int) -> int:
        """Send due notices to the second channel; return the pause as `_pump`."""
        line = self._lines[SECOND_CHANNEL]
        if self._channel is None or not self._settings.second_channel:
            return 0
        left_ns = self._busy_ns(line)
        if left_ns:
            return left_ns
        alone = not self._settings.recipients
        found = next_post(self._sendable(), self._settings.policy, now_ns, first_works=self._chat_works, alone=alone)
        if not isinstance(found, Batch):
            return found.for_ns
        entry = found.entries[0]
        line.batch, line.request_id = found, self._request_id(SECOND_CHANNEL)
        line.asked_ns = self.context.clock.monotonic_ns()
        self._channel.request(
            PostNotice(
                request_id=line.request_id,
                reply_to=Address(self.context.address),
                severity=entry.severity,
                text=texts.bare(entry, self._settings.words.get(SECOND_CHANNEL, Words())),
                ts_init=entry.queued_ns,
                account=entry.account,
                position_id=entry.position_id,
            )
        )
        return ANSWER_DEADLINE_NS

    def _on_answer(self, answer: TextSent | SendFailed | Posted | PostFailed) -> None:
        name = answer.request_id.partition("/")[0]
        line = self._lines.get(name)
        if line is None or line.batch is None or line.request_id != answer.request_id:
            return  # the answer to an earlier life's or abandoned request
        if isinstance(answer, TextSent | Posted):
            self._arrived(name, line, getattr(answer, "message_id", 0))
        elif isinstance(answer, SendFailed) and answer.permanent:
            self._refused(name, line, answer.cause)
        else:
            self._failed(line, answer.cause, answer.retry_after_ms)
        self._look()

    def _arrived(self, name: str, line: _Line, message_id: int) -> None:
        assert line.batch is not None
        line.failures = 0
        line.place += 1
        if line.place < len(line.parts):
            self._send_part(name, line)
            return
        batch, line.batch, line.as_plain = line.batch, None, False
        self._figures.delivered += len(batch.entries)
        now_ns = self.context.clock.time_ns()
        line.history = line.history.after(batch.entries[0].severity, now_ns)
        numbers = tuple(entry.number for entry in batch.entries)
        _forget(line.refused, numbers)
        self._history.persist(
            NoticesDelivered(ts_init=now_ns, recipient=name, numbers=numbers, message_id=message_id), about=None
        )

    def _failed(self, line: _Line, cause: str, retry_after_ms: int) -> None:
        """Retry the batch with growing pauses, or after the chat's requested one."""
        line.batch, line.place = None, 0
        pause_ns = backoff(FIRST_PAUSE_NS, LONGEST_PAUSE_NS, line.failures)
        line.failures += 1
        self._figures.failures += 1
        line.not_before_ns = self.context.clock.monotonic_ns() + max(pause_ns, retry_after_ms * 1_000_000)
        self._log("WARNING", "notice delayed", actor="notifier", why=cause, failures=str(line.failures))

    def _refused(self, name: str, line: _Line, cause: str) -> None:
        """Handle a permanent refusal: retry without markup; then drop a lesser notice, and keep a severe one.

        One notice of a batch may cause the refusal, so a batch's notices are offered one by one.
        """
        assert line.batch is not None
        batch = line.batch
        if not line.as_plain:
            line.as_plain, line.place = True, 0
            self._send_part(name, line)
            return
        line.as_plain = False
        self._log("ERROR", "chat refuses notices", actor="notifier", chat=name, why=cause)
        self._failed(line, cause, 0)
        numbers = tuple(entry.number for entry in batch.entries)
        now_ns = self.context.clock.monotonic_ns()
        if len(numbers) > 1:
            line.refused.update(dict.fromkeys(numbers, now_ns))
        elif batch.entries[0].severity in box.LESSER:
            _forget(line.refused, numbers)
            dropped = NoticesDropped(
                ts_init=self.context.clock.time_ns(), recipient=name, numbers=numbers, why=verbatim(cause)
            )
            self._history.persist(dropped, about=None)
        else:
            line.refused[numbers[0]] = now_ns + REFUSED_PAUSE_NS

    def _request_id(self, name: str) -> str:
        self._requests += 1
        return f"{name}/{self.context.incarnation}.{self._requests}"

    # Reports --------------------------------------------------------------------------------------

    def _report(self, now_ns: int) -> None:
        for name, first, last in due(self._settings.schedule, now_ns, self._start.since_ns):
            if name in self._history.ahead.told:
                continue
            tally = self._tallies.of(first, last)
            uptime_ns = self.context.clock.monotonic_ns() - self._born_ns
            text = reported(tally, date.fromordinal(first), date.fromordinal(last), uptime_ns)
            self._notify(Notify(severity=Severity.INFO, text=text, notice_id=name))

    def _ping(self) -> None:
        if self._channel is not None:
            self._channel.request(SendPing())
        self.context.schedule("ping", self._settings.ping_ns, Look(topic="ping"))


def at_rest(view: PositionView) -> bool:
    """Return whether it has ended, or is held as wanted: no unknown outcome, nothing in flight, protection at the
    venue.
    """
    if view.state.terminal or not view.quantity:
        return view.state.terminal and not view.quantity and not view.in_doubt
    wanted = any(each is not None for each in (view.stop_loss, view.take_profit, view.trailing))
    under_way = view.in_doubt or view.goal_quantity is not None or view.state not in _HELD
    return not under_way and (view.protected or not wanted)


_HELD = (PositionState.ACTIVE, PositionState.MODIFIED, PositionState.PAUSED)


def _forget(refused: dict[int, int], numbers: tuple[int, ...]) -> None:
    for number in numbers:
        refused.pop(number, None)
