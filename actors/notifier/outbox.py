"""The outbox: notices with the recipients that have not received them, folded from its own history. Pure.

An entry is removed once every recipient has received it. Lesser notices make room for newer ones; CRITICAL and WARNING
never do (I16).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from messages import codec
from messages.base import Event
from messages.notices import (
    NoticeAcknowledged,
    NoticeQueued,
    NoticeReminded,
    NoticeRepeated,
    NoticesDelivered,
    NoticesDropped,
    NoticesSettled,
)
from messages.requests import Notify
from messages.statement import Statement
from messages.types import AccountId, PositionId, Severity
from messages.wording import Notifier

SECOND_CHANNEL = "webhook"
TOLD_KEPT = 4_000
"""Remembered notice ids: after a restart notices are repeated, and must not be sent twice."""
RECENT_KEPT = 200
"""Texts remembered for the cooldown."""
LESSER_MOST = 1_000
"""Waiting INFO notices, and as many of DIGEST; beyond it the oldest is dropped."""
UNSEEN_MOST = 100
"""Delivered CRITICAL notices kept until acknowledged."""
LESSER = (Severity.INFO, Severity.DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One notice. `waiting`: recipients that have not received it; `told_ns`: the last delivery, 0: none yet."""

    number: int
    severity: Severity
    text: Statement
    queued_ns: int
    waiting: tuple[str, ...]
    account: AccountId | None = None
    position_id: PositionId | None = None
    repeats: int = 0
    told_ns: int = 0
    seen: bool = False
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A text within its cooldown; `repeats` are counted since its last delivery."""

    number: int
    severity: Severity
    text: Statement
    position_id: PositionId | None
    account: AccountId | None
    since_ns: int
    repeats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """`entries` by number; `told` are ids of notices; `made_room` counts lesser notices that were dropped."""

    next_number: int = 1
    entries: tuple[Entry, ...] = ()
    told: tuple[str, ...] = ()
    recent: tuple[Recent, ...] = ()
    made_room: int = 0


def decide(
    outbox: Outbox, notice: Notify, recipients: tuple[str, ...], now_ns: int, cooldown_ns: int
) -> tuple[Event, ...]:
    """Return the events of a notice; () when it was queued before."""
    if notice.notice_id and notice.notice_id in outbox.told:
        return ()
    for recent in outbox.recent:
        if _alike(recent, notice) and now_ns - recent.since_ns < cooldown_ns:
            repeated = NoticeRepeated(
                correlation_id=notice.correlation_id,
                ts_init=now_ns,
                number=recent.number,
                notice_id=notice.notice_id,
            )
            return (repeated,)
    queued = NoticeQueued(
        correlation_id=notice.correlation_id,
        ts_init=now_ns,
        number=outbox.next_number,
        severity=notice.severity,
        text=notice.text,
        recipients=recipients,
        account=notice.account,
        position_id=notice.position_id,
        notice_id=notice.notice_id,
        cause=notice.cause or notice.position_id or "",
    )
    settled = settlement(outbox, notice.ends, now_ns)
    return (*settled, *_make_room(outbox, notice.severity, now_ns), queued)


def settlement(outbox: Outbox, cause: str, now_ns: int) -> tuple[Event, ...]:
    """Return the events of a problem's end; () when no CRITICAL notice of it is outstanding."""
    standing = cause and any(
        e.cause == cause and e.severity is Severity.CRITICAL and not e.seen for e in outbox.entries
    )
    return (NoticesSettled(ts_init=now_ns, cause=cause),) if standing else ()


def cooldown_summaries(
    outbox: Outbox, recipients: Callable[[Severity], tuple[str, ...]], now_ns: int, cooldown_ns: int
) -> tuple[Event, ...]:
    """Return one summary notice for each text repeated within its ended cooldown, with the count.

    Its recipients are those of its severity: a CRITICAL one also goes to the second channel.
    """
    found = [r for r in outbox.recent if r.repeats and now_ns - r.since_ns >= cooldown_ns]
    return tuple(
        NoticeQueued(
            ts_init=now_ns,
            number=outbox.next_number + place,
            severity=recent.severity,
            text=recent.text,
            recipients=recipients(recent.severity),
            account=recent.account,
            position_id=recent.position_id,
            repeats=recent.repeats - 1,
        )
        for place, recent in enumerate(found)
    )


def next_summary_ns(outbox: Outbox, cooldown_ns: int) -> int:
    """Return when `cooldown_summaries` is next nonempty; 0: never."""
    return min((r.since_ns + cooldown_ns for r in outbox.recent if r.repeats), default=0)


def reminders(outbox: Outbox, recipients: tuple[str, ...], now_ns: int, repeat_ns: int) -> tuple[Event, ...]:
    """Return reminders of CRITICAL notices delivered to all for `repeat_ns` and unacknowledged."""
    chats = tuple(recipient for recipient in recipients if recipient != SECOND_CHANNEL)
    return tuple(
        NoticeReminded(ts_init=now_ns, number=entry.number, recipients=chats)
        for entry in _unseen(outbox)
        if repeat_ns and chats and now_ns - entry.told_ns >= repeat_ns
    )


def next_reminder_ns(outbox: Outbox, repeat_ns: int) -> int:
    """Return when `reminders` is next nonempty; 0: never."""
    return min((e.told_ns + repeat_ns for e in _unseen(outbox)), default=0) if repeat_ns else 0


def _unseen(outbox: Outbox) -> tuple[Entry, ...]:
    return tuple(
        e for e in outbox.entries if e.severity is Severity.CRITICAL and e.told_ns and not e.waiting and not e.seen
    )


def evolve(outbox: Outbox, event: Event) -> Outbox:
    match event:
        case NoticeQueued():
            return _queued(outbox, event)
        case NoticeRepeated():
            return _repeated(outbox, event)
        case NoticesDelivered():
            return _reached(outbox, event.recipient, event.numbers, event.ts_init)
        case NoticesDropped():
            lost = len(event.numbers) if event.recipient == "" else 0
            out = replace(outbox, made_room=outbox.made_room + lost)
            return _reached(out, event.recipient, event.numbers, 0)
        case NoticeReminded():
            again = (replace(e, waiting=event.recipients) if e.number == event.number else e for e in outbox.entries)
            return replace(outbox, entries=_kept(again))
        case NoticeAcknowledged():
            seen = (replace(e, seen=True) if e.number == event.number else e for e in outbox.entries)
            return replace(outbox, entries=_kept(seen))
        case NoticesSettled():
            over = (replace(e, seen=True) if e.cause == event.cause else e for e in outbox.entries)
            return replace(outbox, entries=_kept(over))
        case _:
            return outbox


def _queued(outbox: Outbox, event: NoticeQueued) -> Outbox:
    entry = Entry(
        number=event.number,
        severity=event.severity,
        text=event.text,
        queued_ns=event.ts_init,
        waiting=event.recipients,
        account=event.account,
        position_id=event.position_id,
        repeats=event.repeats,
        cause=event.cause,
    )
    recent = Recent(
        number=event.number,
        severity=event.severity,
        text=event.text,
        position_id=event.position_id,
        account=event.account,
        since_ns=event.ts_init,
    )
    others = tuple(r for r in outbox.recent if (r.text, r.position_id) != (recent.text, recent.position_id))
    return replace(
        outbox,
        next_number=event.number + 1,
        entries=_kept((*outbox.entries, entry)),
        told=_told(outbox, event.notice_id),
        recent=(*others, recent)[-RECENT_KEPT:],
    )


def _repeated(outbox: Outbox, event: NoticeRepeated) -> Outbox:
    """Count a repetition: on the entry until a recipient has it, on the text afterwards."""
    fresh = any(e.number == event.number and e.waiting and not e.told_ns for e in outbox.entries)
    entries, recent = outbox.entries, outbox.recent
    if fresh:
        entries = tuple(replace(e, repeats=e.repeats + 1) if e.number == event.number else e for e in entries)
    else:
        recent = tuple(replace(r, repeats=r.repeats + 1) if r.number == event.number else r for r in recent)
    return replace(outbox, entries=entries, recent=recent, told=_told(outbox, event.notice_id))


def _reached(outbox: Outbox, recipient: str, numbers: tuple[int, ...], now_ns: int) -> Outbox:
    """Record a delivery to `recipient`; an empty name stands for all recipients."""

    def without(entry: Entry) -> Entry:
        if entry.number not in wanted:
            return entry
        waiting = tuple(r for r in entry.waiting if recipient and r != recipient)
        if waiting == (SECOND_CHANNEL,) and now_ns:
            waiting = ()  # delivered in the first channel, so not needed in the second
        return replace(entry, waiting=waiting, told_ns=now_ns or entry.told_ns)

    wanted = frozenset(numbers)
    return replace(outbox, entries=_kept(without(entry) for entry in outbox.entries))


def _kept(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return undelivered entries, and the latest unacknowledged CRITICAL ones."""
    found = tuple(entries)
    unseen = [e.number for e in found if not e.waiting and e.severity is Severity.CRITICAL and not e.seen and e.told_ns]
    remembered = frozenset(unseen[-UNSEEN_MOST:])
    return tuple(e for e in found if e.waiting or e.number in remembered)


def _make_room(outbox: Outbox, severity: Severity, now_ns: int) -> tuple[Event, ...]:
    if severity not in LESSER:
        return ()
    waiting = [e.number for e in outbox.entries if e.severity is severity]
    if len(waiting) < LESSER_MOST:
        return ()
    return (NoticesDropped(ts_init=now_ns, recipient="", numbers=(waiting[0],), why=Notifier.MADE_ROOM()),)


def _told(outbox: Outbox, notice_id: str) -> tuple[str, ...]:
    return (*outbox.told, notice_id)[-TOLD_KEPT:] if notice_id else outbox.told


def _alike(recent: Recent, notice: Notify) -> bool:
    return (recent.severity, recent.text, recent.position_id, recent.account) == (
        notice.severity,
        notice.text,
        notice.position_id,
        notice.account,
    )


# Snapshots are records like messages; these tags are permanent (see messages.codec).
codec.register(920, Entry)
codec.register(921, Recent)
codec.register(922, Outbox)
