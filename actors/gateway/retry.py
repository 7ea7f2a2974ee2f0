"""Retries of requests that the venue did not execute."""

from dataclasses import dataclass

from actors.gateway.actions import MS
from messages.backoff import backoff
from messages.reports import NotExecuted
from messages.requests import SubmitOpening, SubmitOrder
from messages.statement import Statement
from messages.types import RejectReason
from messages.wording import Gateway

FIRST_DELAY_MS = 200
"""200, 400, 800 ms: Binance's advice after `503 Service Unavailable` (general-info, HTTP return codes)."""
LONGEST_DELAY_MS = 5_000
OPENING_ATTEMPTS = 4
"""Attempts of an opening: the price moves while it waits."""
REDUCING_ATTEMPTS = 40
"""Attempts of a reduction or protection: about three minutes, after which the position decides again."""
CANCEL_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Again:
    """Send it again under the same client order id after `delay_ns`."""

    delay_ns: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Refuse it: it is not at the venue and is not sent again."""

    reason: RejectReason
    text: Statement


def delay_ns(attempts: int, retry_after_ms: int = 0) -> int:
    """Return the pause (ns) after try number `attempts`: doubling, bounded, at least `retry_after_ms`."""
    return max(backoff(FIRST_DELAY_MS, LONGEST_DELAY_MS, attempts - 1), retry_after_ms) * MS


def after_not_executed(order: SubmitOrder, answer: NotExecuted, *, attempts: int, wall_ns: int) -> Again | GiveUp:
    """Decide after try number `attempts` of `order` at wall time `wall_ns`."""
    limit = OPENING_ATTEMPTS if isinstance(order, SubmitOpening) else REDUCING_ATTEMPTS
    if attempts >= limit:
        text = Gateway.ATTEMPTS_EXHAUSTED(attempts=attempts, cause=answer.cause)
        return GiveUp(RejectReason.NOT_EXECUTED, text)
    pause_ns = delay_ns(attempts, answer.retry_after_ms)
    if order.expires_at_ns and wall_ns + pause_ns >= order.expires_at_ns:
        return GiveUp(RejectReason.EXPIRED, Gateway.EXPIRED_BETWEEN_ATTEMPTS(cause=answer.cause))
    return Again(pause_ns)
