"""Notices about a venue that is unreachable, unresponsive or asks for silence: each once, with its duration."""

from dataclasses import dataclass, replace

from actors.gateway.actions import MINUTE, SECOND
from actors.gateway.circuit_breaker import Channel
from actors.gateway.shared_budget import Use
from messages.requests import Notify
from messages.statement import Statement
from messages.types import AccountId, Severity
from messages.wording import Gateway
from messages.wording.duration import Duration

CONNECTING_GRACE_NS = 30 * SECOND
"""A start takes this long; only afterwards it is an outage."""
CRITICAL_AFTER_NS = 5 * MINUTE
SILENCE_NOTICE_NS = 5 * SECOND
BAN_NS = 60 * SECOND
"""A silence of this length is a ban: nothing can be closed meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """The venue is unreachable since `since_ns` (monotonic); `notified`: the highest severity sent to the owner."""

    account: AccountId
    since_ns: int
    cause: Statement
    notified: Severity | None = None


def connecting(account: AccountId, now_ns: int) -> Outage:
    """Return the outage of a start, whose notice waits for CONNECTING_GRACE_NS."""
    return Outage(account=account, since_ns=now_ns, cause=Gateway.NOT_CONNECTED())


def down(outage: Outage | None, account: AccountId, cause: Statement, now_ns: int) -> tuple[Outage, Notify | None]:
    """Begin or continue an outage; returns also its first notice."""
    current = outage or Outage(account=account, since_ns=now_ns, cause=cause)
    current = replace(current, cause=cause)
    if current.notified is None:
        return replace(current, notified=Severity.WARNING), _notice(current, Severity.WARNING, now_ns)
    return current, None


def waited(outage: Outage, now_ns: int) -> tuple[Outage, Notify | None]:
    """Return the outage after a wait, with the notice or the escalation that is due."""
    age_ns = now_ns - outage.since_ns
    if age_ns >= CRITICAL_AFTER_NS and outage.notified is not Severity.CRITICAL:
        return replace(outage, notified=Severity.CRITICAL), _notice(outage, Severity.CRITICAL, now_ns)
    if age_ns >= CONNECTING_GRACE_NS and outage.notified is None:
        return replace(outage, notified=Severity.WARNING), _notice(outage, Severity.WARNING, now_ns)
    return outage, None


def next_look_ns(outage: Outage, now_ns: int) -> int:
    """Return the pause (ns) until `waited` may return a notice; 0: never."""
    if outage.notified is Severity.CRITICAL:
        return 0
    limit_ns = CONNECTING_GRACE_NS if outage.notified is None else CRITICAL_AFTER_NS
    return max(1, outage.since_ns + limit_ns - now_ns)


def recovered(outage: Outage, now_ns: int) -> Notify | None:
    """Return the notice of the end, if the outage was notified."""
    if outage.notified is None:
        return None
    return Notify(
        severity=Severity.WARNING,
        text=Gateway.VENUE_BACK(account=outage.account, age=duration_of(now_ns - outage.since_ns)),
        account=outage.account,
        notice_id=f"outage/{outage.account}/{outage.since_ns}/over",
        ends=f"outage/{outage.account}",
    )


def silenced(account: AccountId, silence_ns: int, cause: Statement, now_ns: int) -> Notify | None:
    """Return the notice of a silence that the venue asked for; None for a short one."""
    if silence_ns < SILENCE_NOTICE_NS:
        return None
    banned = silence_ns >= BAN_NS
    template = Gateway.BANNED if banned else Gateway.THROTTLED
    return Notify(
        severity=Severity.CRITICAL if banned else Severity.WARNING,
        text=template(account=account, age=duration_of(silence_ns), cause=cause),
        account=account,
        notice_id=f"silence/{account}/{now_ns}",
    )


def crowded(account: AccountId, use: Use, moment: str, now_ns: int) -> Notify:
    """Return the notice that another program at our IP address leaves our reads no room."""
    return Notify(
        severity=Severity.WARNING,
        text=Gateway.CROWDED(account=account, others=use.others, limit=use.limit, ours=use.ours, moment=moment),
        account=account,
        notice_id=f"crowded/{account}/{now_ns}",
    )


def unanswered(  # noqa: PLR0917 - the arguments of one notice
    account: AccountId, what: Channel, cause: Statement, severity: Severity, since_ns: int, now_ns: int
) -> Notify:
    """Return the notice that requests of one kind get no response."""
    text = Gateway.UNANSWERED(account=account, what=what, cause=cause)
    if now_ns - since_ns >= SECOND:
        text = Gateway.UNANSWERED_FOR(account=account, what=what, age=duration_of(now_ns - since_ns), cause=cause)
    return Notify(
        severity=severity,
        text=text,
        account=account,
        notice_id=f"unanswered/{account}/{what}/{since_ns}/{severity}",
        cause=f"unanswered/{account}/{what}",
    )


def mended(account: AccountId, what: Channel, since_ns: int, now_ns: int) -> Notify:
    """Return the notice that requests of that kind get responses again."""
    return Notify(
        severity=Severity.WARNING,
        text=Gateway.ANSWERED_AGAIN(account=account, what=what, age=duration_of(now_ns - since_ns)),
        account=account,
        notice_id=f"unanswered/{account}/{what}/{since_ns}/over",
        ends=f"unanswered/{account}/{what}",
    )


def _notice(outage: Outage, severity: Severity, now_ns: int) -> Notify:
    age = duration_of(now_ns - outage.since_ns)
    return Notify(
        severity=severity,
        text=Gateway.VENUE_OUT(account=outage.account, age=age, cause=outage.cause),
        account=outage.account,
        notice_id=f"outage/{outage.account}/{outage.since_ns}/{severity}",
        cause=f"outage/{outage.account}",
    )


def duration_of(duration_ns: int) -> Statement:
    """Return the duration: to the second below two minutes, else to the minute."""
    seconds = duration_ns // SECOND
    if seconds < 120:
        return Duration.SECONDS(s=seconds)
    if seconds < 7_200:
        return Duration.MINUTES(m=seconds // 60)
    return Duration.HOURS(h=seconds // 3_600, m=seconds % 3_600 // 60)
