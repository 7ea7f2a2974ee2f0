"""Full reads after a gap: the stream does not repeat what it missed (faults 6 and 7).

A resync reads positions and, unless positions suffice, the expensive list of all orders. A resync wanted while one is
running follows it: the running reads began too early. A failed read proves nothing and is repeated at growing
intervals.
"""

from dataclasses import dataclass, replace

from actors.gateway.actions import SECOND
from messages.backoff import backoff
from messages.requests import FetchOpenOrders, FetchPositions
from messages.types import AccountId

FIRST_DELAY_NS = SECOND
LONGEST_DELAY_NS = 30 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync:
    """`missing`: request ids without an answer; `failures`: failed reads of this round."""

    account: AccountId
    number: int = 0
    missing: frozenset[str] = frozenset()
    failures: int = 0
    again: bool = False


Reads = tuple[FetchPositions | FetchOpenOrders, ...]


def want(resync: Resync, *, orders: bool = True) -> tuple[Resync, Reads]:
    """Begin a resync, or one after the running one; without `orders`, of positions only."""
    if resync.missing:
        return replace(resync, again=True), ()
    after = replace(resync, number=resync.number + 1, failures=0, again=False)
    wanted = ("orders", "positions") if orders else ("positions",)
    after = replace(after, missing=frozenset(_name(after, what) for what in wanted))
    return after, pending(after)


def look(resync: Resync, *, orders: bool) -> tuple[Resync, Reads]:
    """Begin a periodic resync, unless one is running."""
    return (resync, ()) if resync.missing else want(resync, orders=orders)


def start_over(resync: Resync) -> tuple[Resync, Reads]:
    """Begin a resync and drop the running one: the venue was unreachable."""
    return want(replace(resync, missing=frozenset()))


def pending(resync: Resync) -> Reads:
    """Return the unanswered reads of this round."""
    return tuple(
        _FORM[request_id.rpartition("/")[2]](account=resync.account, request_id=request_id)
        for request_id in sorted(resync.missing)
    )


def on_read(resync: Resync, request_id: str) -> tuple[Resync, Reads]:
    """Apply one answer; returns the next round's reads if this was the last answer and another round is wanted."""
    if request_id not in resync.missing:
        return resync, ()
    after = replace(resync, missing=resync.missing - {request_id})
    return want(after) if after.again and not after.missing else (after, ())


def on_read_failed(resync: Resync, request_id: str) -> tuple[Resync, int]:
    """Count a failed read; returns the pause (ns) before `pending` is sent again, 0: not a read of this round."""
    if request_id not in resync.missing:
        return resync, 0
    delay_ns = backoff(FIRST_DELAY_NS, LONGEST_DELAY_NS, resync.failures)
    return replace(resync, failures=resync.failures + 1), delay_ns


def is_ours(account: AccountId, request_id: str) -> bool:
    """Return whether any resync of the account sent the read, this round's or an earlier one's."""
    return request_id.startswith(f"resync/{account}/")


def _name(resync: Resync, what: str) -> str:
    return f"resync/{resync.account}/{resync.number}/{what}"


_FORM: dict[str, type[FetchPositions] | type[FetchOpenOrders]] = {
    "orders": FetchOpenOrders,
    "positions": FetchPositions,
}
