"""Chooses a recipient's next notices, or the pause before them. Pure.

CRITICAL is sent at once and alone. Others keep a rate per minute (the original system's: HIGH 10, MEDIUM 5, LOW 2),
wait in quiet hours, and share one message when more wait than the minute permits. DIGEST ones wait for a digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType

from actors.notifier.outbox import SECOND_CHANNEL, Entry, Outbox
from messages.types import Severity

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
TOGETHER_MOST = 40
"""Notices in one message; an overlong text is still split."""
PER_MINUTE: Mapping[Severity, int] = MappingProxyType({Severity.WARNING: 10, Severity.INFO: 5, Severity.DIGEST: 2})
_ORDER = (Severity.WARNING, Severity.INFO, Severity.DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Minutes of the day, in the recipient's zone, in which only CRITICAL is sent; may span midnight."""

    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The configured policy of notices. A repeat of 0: CRITICAL is sent once."""

    per_minute: Mapping[Severity, int] = field(default_factory=lambda: PER_MINUTE)
    cooldown_ns: int = 5 * MINUTE_NS
    digest_ns: int = 60 * MINUTE_NS
    repeat_critical_ns: int = 0
    second_after_ns: int = MINUTE_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A chat: its id as text and number, its quiet hours, its time zone."""

    name: str
    chat_id: int
    zone: tzinfo = UTC
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendHistory:
    """What a recipient received within the last minute: (class, time)."""

    sent: tuple[tuple[Severity, int], ...] = ()

    def after(self, severity: Severity, now_ns: int) -> "SendHistory":
        recent = tuple(item for item in self.sent if now_ns - item[1] < MINUTE_NS)
        return replace(self, sent=(*recent, (severity, now_ns)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The notices of one message."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing to send now; check again after `for_ns` (0: on a change)."""

    for_ns: int = 0


def next_batch(outbox: Outbox, recipient: Recipient, policy: Policy, history: SendHistory, now_ns: int) -> Batch | Wait:
    """Return a chat's next batch: the most urgent first, each class in order."""
    waiting = [entry for entry in outbox.entries if recipient.name in entry.waiting]
    for entry in waiting:
        if entry.severity is Severity.CRITICAL:
            return Batch(entries=(entry,))
    waits: list[int] = []
    rest_ns = quiet_for_ns(recipient.quiet, now_ns, recipient.zone)
    for severity in _ORDER:
        mine = tuple(entry for entry in waiting if entry.severity is severity)
        if not mine:
            continue
        if rest_ns:
            waits.append(rest_ns)
            continue
        found = _of_class(mine, severity, policy, history, now_ns)
        if isinstance(found, Batch):
            return found
        waits.append(found.for_ns)
    return Wait(for_ns=min(waits, default=0))


def without_refused(outbox: Outbox, refused: Mapping[int, int], now_ns: int) -> tuple[Outbox, int]:
    """Return the notices that may be offered now, and the time until more may be (0: none is deferred).

    `refused`: number -> when to offer it again.
    """
    aside = {entry.number: refused[entry.number] - now_ns for entry in outbox.entries if entry.number in refused}
    aside = {number: left_ns for number, left_ns in aside.items() if left_ns > 0}
    ready = tuple(entry for entry in outbox.entries if entry.number not in aside)
    return replace(outbox, entries=ready), min(aside.values(), default=0)


def alone_where_refused(batch: Batch, refused: Mapping[int, int]) -> Batch:
    """Return the batch without other notices when it has a refused one: a rejected text must not hold up others."""
    first = batch.entries[0]
    if first.number in refused:
        return Batch(entries=(first,))
    return Batch(entries=tuple(entry for entry in batch.entries if entry.number not in refused))


def next_post(outbox: Outbox, policy: Policy, now_ns: int, *, first_works: bool, alone: bool) -> Batch | Wait:
    """Return the second channel's next batch: CRITICAL that the first channel has not taken in time."""
    waits: list[int] = []
    for entry in outbox.entries:
        if SECOND_CHANNEL not in entry.waiting:
            continue
        left_ns = entry.queued_ns + policy.second_after_ns - now_ns
        if alone or not first_works or left_ns <= 0:
            return Batch(entries=(entry,))
        waits.append(left_ns)
    return Wait(for_ns=min(waits, default=0))


def quiet_for_ns(quiet: Quiet | None, now_ns: int, zone: tzinfo) -> int:
    """Return the rest of the quiet hours; 0 outside of them. A clock change shifts the end by at most its hour."""
    if quiet is None or quiet.start_minute == quiet.end_minute:
        return 0
    now = datetime.fromtimestamp(now_ns // SECOND_NS, zone)
    minute = now.hour * 60 + now.minute
    span = (quiet.end_minute - quiet.start_minute) % (24 * 60)
    into = (minute - quiet.start_minute) % (24 * 60)
    if into >= span:
        return 0
    end = now + timedelta(minutes=span - into, seconds=-now.second)
    return max(1, int((end - now).total_seconds()) * SECOND_NS)


def _of_class(
    mine: tuple[Entry, ...], severity: Severity, policy: Policy, history: SendHistory, now_ns: int
) -> Batch | Wait:
    if severity is Severity.DIGEST:
        left_ns = mine[0].queued_ns + policy.digest_ns - now_ns
        if left_ns > 0:
            return Wait(for_ns=left_ns)
    limit = policy.per_minute.get(severity, 0)
    sent = [at_ns for kind, at_ns in history.sent if kind is severity and now_ns - at_ns < MINUTE_NS]
    if len(sent) >= limit:
        return Wait(for_ns=max(1, min(sent, default=now_ns) + MINUTE_NS - now_ns))
    if severity is Severity.DIGEST or len(mine) > limit - len(sent):
        return Batch(entries=mine[:TOGETHER_MOST])
    return Batch(entries=mine[:1])
