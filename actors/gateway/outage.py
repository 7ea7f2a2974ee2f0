"""What the owner is told of a venue out of reach, silent, or asking for silence: each once, with its duration."""

from dataclasses import dataclass, replace

from actors.gateway.actions import MINUTE, SECOND
from actors.gateway.address import Use
from messages.requests import Notify
from messages.statement import verbatim
from messages.types import AccountId, Severity

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
    cause: str
    told: Severity | None = None


def connecting(account: AccountId, now_ns: int) -> Outage:
    return Outage(account=account, since_ns=now_ns, cause="not connected yet")


def down(outage: Outage | None, account: AccountId, cause: str, now_ns: int) -> tuple[Outage, Notify | None]:
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
    text = f"{outage.account}: the venue is back after {spoken(now_ns - outage.since_ns)}."
    return Notify(
        severity=Severity.WARNING,
        text=verbatim(text),
        account=outage.account,
        notice_id=f"outage/{outage.account}/{outage.since_ns}/over",
        ends=f"outage/{outage.account}",
    )


def silenced(account: AccountId, silence_ns: int, cause: str, now_ns: int) -> Notify | None:
    """The venue asked us to be quiet; short silences are everyday."""
    if silence_ns < SILENCE_NOTICE_NS:
        return None
    banned = silence_ns >= BAN_NS
    text = f"{account}: the venue accepts nothing for {spoken(silence_ns)} ({cause})."
    return Notify(
        severity=Severity.CRITICAL if banned else Severity.WARNING,
        text=verbatim(f"{text} Nothing can be closed until then; stops at the venue keep working." if banned else text),
        account=account,
        notice_id=f"silence/{account}/{now_ns}",
    )


def crowded(account: AccountId, use: Use, moment: str, now_ns: int) -> Notify:
    """Another program behind our address leaves our reads no room."""
    return Notify(
        severity=Severity.WARNING,
        text=verbatim(
            f"{account}: other programs behind the same address use up the venue's request weight: {use.others} of "
            f"{use.limit} a minute, besides {use.ours} of ours. What is read waits until {moment} UTC, and longer "
            "while that goes on; closing, protecting and canceling go first."
        ),
        account=account,
        notice_id=f"crowded/{account}/{now_ns}",
    )


def unanswered(  # noqa: PLR0917 - what there is to say
    account: AccountId, what: str, cause: str, severity: Severity, since_ns: int, now_ns: int
) -> Notify:
    """The venue is there, and requests of one kind go unanswered."""
    lasting = f" for {spoken(now_ns - since_ns)}" if now_ns - since_ns >= SECOND else ""
    return Notify(
        severity=severity,
        text=verbatim(
            f"{account}: the venue does not answer {what}{lasting} ({cause}). Nothing is opened meanwhile; "
            "closing, protecting and canceling are tried on."
        ),
        account=account,
        notice_id=f"unanswered/{account}/{what}/{since_ns}/{severity}",
        cause=f"unanswered/{account}/{what}",
    )


def mended(account: AccountId, what: str, since_ns: int, now_ns: int) -> Notify:
    return Notify(
        severity=Severity.WARNING,
        text=verbatim(f"{account}: the venue answers {what} again after {spoken(now_ns - since_ns)}."),
        account=account,
        notice_id=f"unanswered/{account}/{what}/{since_ns}/over",
        ends=f"unanswered/{account}/{what}",
    )


def _notice(outage: Outage, severity: Severity, now_ns: int) -> Notify:
    age = spoken(now_ns - outage.since_ns)
    text = f"{outage.account}: the venue is out of reach for {age} ({outage.cause}). Nothing is opened meanwhile."
    return Notify(
        severity=severity,
        text=verbatim(text),
        account=outage.account,
        notice_id=f"outage/{outage.account}/{outage.since_ns}/{severity}",
        cause=f"outage/{outage.account}",
    )


def spoken(duration_ns: int) -> str:
    seconds = duration_ns // SECOND
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7_200 else f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
