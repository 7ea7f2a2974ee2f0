"""When to look next, and how closely. Pure; times are monotonic nanoseconds."""

from dataclasses import dataclass

from actors.reconciler.policy import SECOND, Policy
from messages.backoff import backoff
from messages.reconciliation import CheckKind

VERIFY_NS, REPAIR_MOST_NS = SECOND, 256 * SECOND
"""A repair is looked at after this: time for a command to become durable and for a venue to answer."""
ESCALATED_FIRST_NS = 10 * SECOND
ESCALATED_MOST_NS = 600 * SECOND
"""What a human was asked about is looked at again, less and less often, for ever."""
RETRY_FIRST_NS = SECOND
RETRY_MOST_NS = 30 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """When an account was last compared, with its orders, and deeply; None: never."""

    any_ns: int | None = None
    orders_ns: int | None = None
    deep_ns: int | None = None


def next_check(looked: Looked, policy: Policy, now_ns: int, *, exposed: bool) -> tuple[int, CheckKind]:
    """How long from now until the next check of an account, and its kind.

    Fast while something is held or works; whatever is held, orders are read in the normal interval, and trades and
    settings in the slow one.
    """
    waits = [(_due(looked.deep_ns, policy.slow_ns, now_ns), CheckKind.SLOW)]
    waits.append((_due(looked.orders_ns, policy.normal_ns, now_ns), CheckKind.NORMAL))
    if exposed:
        waits.append((_due(looked.any_ns, policy.fast_ns, now_ns), CheckKind.FAST))
    delay_ns = min(wait for wait, _ in waits)
    return delay_ns, next(kind for wait, kind in waits if wait == delay_ns)


def _due(last_ns: int | None, interval_ns: int, now_ns: int) -> int:
    return interval_ns if last_ns is None else max(0, last_ns + interval_ns - now_ns)


def look_again(looks: int) -> int:
    """After the n-th look at something escalated: 10, 20, 40 … at most 600 seconds."""
    return backoff(ESCALATED_FIRST_NS, ESCALATED_MOST_NS, looks)


def repair_again(attempts: int) -> int:
    """Between automatic attempts: 1, 2, 4 … at most 256 seconds."""
    return backoff(VERIFY_NS, REPAIR_MOST_NS, attempts - 1)


def retry_read(failures: int) -> int:
    return backoff(RETRY_FIRST_NS, RETRY_MOST_NS, failures)
