"""What the owner is told of a venue out of reach, silent, or asking for silence: each once, with its duration."""

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
"""A start takes its time; only after this is it an outage worth a word."""
CRITICAL_AFTER_NS = 5 * MINUTE
SILENCE_NOTICE_NS = 5 * SECOND
BAN_NS = 60 * SECOND
"""A silence of this length is no throttling any more, but a ban: nothing can be closed meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """The venue is out of reach since `since_ns`; `told` is the gravest word the owner has had of it."""

    account: AccountId
    since_ns: int
    cause: Statement
    told: Severity | None = None


def connecting(account: AccountId, now_ns: int) -> Outage:
    return Outage(account=account, since_ns=now_ns, cause=Gateway.NOT_CONNECTED())


def down(outage: Outage | None, account: AccountId, cause: Statement, now_ns: int) -> tuple[Outage, Notify | None]:
    """The venue said, or we noticed, that it is gone."""
    current = outage or Outage(account=account, since_ns=now_ns, cause=cause)
    current = replace(current, cause=cause)
    if current.told is None:
        return replace(current, told=Severity.WARNING), _notice(current, Severity.WARNING, now_ns)
    return current, None


def waited(outage: Outage, now_ns: int) -> tuple[Outage, Notify | None]:
    """Time passed: whether the owner must hear of it, or hear of it louder."""
    age_ns = now_ns - outage.since_ns
    if age_ns >= CRITICAL_AFTER_NS and outage.told is not Severity.CRITICAL:
        return replace(outage, told=Severity.CRITICAL), _notice(outage, Severity.CRITICAL, now_ns)
    if age_ns >= CONNECTING_GRACE_NS and outage.told is None:
        return replace(outage, told=Severity.WARNING), _notice(outage, Severity.WARNING, now_ns)
    return outage, None


def next_look_ns(outage: Outage, now_ns: int) -> int:
    """The pause until `waited` may have something to say; 0: never again."""
    if outage.told is Severity.CRITICAL:
        return 0
    limit_ns = CONNECTING_GRACE_NS if outage.told is None else CRITICAL_AFTER_NS
    return max(1, outage.since_ns + limit_ns - now_ns)


def recovered(outage: Outage, now_ns: int) -> Notify | None:
    """Who was told of the outage is told of its end."""
    if outage.told is None:
        return None
    return Notify(
        severity=Severity.WARNING,
        text=Gateway.VENUE_BACK(account=outage.account, age=duration_of(now_ns - outage.since_ns)),
        account=outage.account,
        notice_id=f"outage/{outage.account}/{outage.since_ns}/over",
        ends=f"outage/{outage.account}",
    )


def silenced(account: AccountId, silence_ns: int, cause: Statement, now_ns: int) -> Notify | None:
    """The venue asked us to be quiet; short silences are everyday."""
    if silence_ns < SILENCE_NOTICE_NS:
        return None
    banned = silence_ns >= BAN_NS
    said = Gateway.BANNED if banned else Gateway.THROTTLED
    return Notify(
        severity=Severity.CRITICAL if banned else Severity.WARNING,
        text=said(account=account, age=duration_of(silence_ns), cause=cause),
        account=account,
        notice_id=f"silence/{account}/{now_ns}",
    )


def crowded(account: AccountId, use: Use, moment: str, now_ns: int) -> Notify:
    """Another program behind our address leaves our reads no room."""
    return Notify(
        severity=Severity.WARNING,
        text=Gateway.CROWDED(account=account, others=use.others, limit=use.limit, ours=use.ours, moment=moment),
        account=account,
        notice_id=f"crowded/{account}/{now_ns}",
    )


def unanswered(  # noqa: PLR0917 - what there is to say
    account: AccountId, what: Channel, cause: Statement, severity: Severity, since_ns: int, now_ns: int
) -> Notify:
    """The venue is there, and requests of one kind go unanswered."""
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
    """A duration, to the second below two minutes, else to the minute."""
    seconds = duration_ns // SECOND
    if seconds < 120:
        return Duration.SECONDS(s=seconds)
    if seconds < 7_200:
        return Duration.MINUTES(m=seconds // 60)
    return Duration.HOURS(h=seconds // 3_600, m=seconds % 3_600 // 60)
