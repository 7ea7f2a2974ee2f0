"""What becomes of a request that the venue certainly did not execute."""

from dataclasses import dataclass

from actors.gateway.actions import MS
from messages.backoff import backoff
from messages.reports import NotExecuted
from messages.requests import SubmitOpening, SubmitOrder
from messages.statement import Statement
from messages.types import RejectReason
from messages.wording import Gateway

FIRST_DELAY_MS = 200
"""200, 400, 800 ms: what Binance advises after `503 Service Unavailable` (general-info, HTTP return codes)."""
LONGEST_DELAY_MS = 5_000
OPENING_ATTEMPTS = 4
"""An opening that waits is an opening at another price: it is sent at most this often."""
REDUCING_ATTEMPTS = 40
"""What reduces or protects must get through: about three minutes, after which the position decides anew."""
CANCEL_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Again:
    """Send it once more, under the same client order id, after `delay_ns`."""

    delay_ns: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It is certainly not at the venue, and stays away."""

    reason: RejectReason
    text: Statement


def delay_ns(attempts: int, retry_after_ms: int = 0) -> int:
    """The pause after the `attempts`-th try: doubling, bounded, and never shorter than the venue asks for."""
    return max(backoff(FIRST_DELAY_MS, LONGEST_DELAY_MS, attempts - 1), retry_after_ms) * MS


def after_not_executed(order: SubmitOrder, answer: NotExecuted, *, attempts: int, wall_ns: int) -> Again | GiveUp:
    """Decide after the `attempts`-th try of `order` at wall time `wall_ns`."""
    limit = OPENING_ATTEMPTS if isinstance(order, SubmitOpening) else REDUCING_ATTEMPTS
    if attempts >= limit:
        said = Gateway.ATTEMPTS_EXHAUSTED(attempts=attempts, cause=answer.cause)
        return GiveUp(RejectReason.NOT_EXECUTED, said)
    pause_ns = delay_ns(attempts, answer.retry_after_ms)
    if order.expires_at_ns and wall_ns + pause_ns >= order.expires_at_ns:
        return GiveUp(RejectReason.EXPIRED, Gateway.EXPIRED_BETWEEN_ATTEMPTS(cause=answer.cause))
    return Again(pause_ns)
