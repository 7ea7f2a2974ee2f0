"""Reading everything after a gap: the stream says what changes, never what it failed to say (faults 6 and 7).

Two bulk requests a time; one where only positions are wanted, for a list of all orders is dear. What starts
a resync while one is being read starts another after it: the reads under way began before whatever
happened. A failed read is evidence of nothing and is repeated, more and more slowly.
"""

from dataclasses import dataclass, replace

from actors.gateway.actions import SECOND
from messages.requests import FetchOpenOrders, FetchPositions
from messages.types import AccountId

FIRST_DELAY_NS = SECOND
LONGEST_DELAY_NS = 30 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync:
    """`missing` are the request ids not answered yet, `failures` those of the round at hand."""

    account: AccountId
    number: int = 0
    missing: frozenset[str] = frozenset()
    failures: int = 0
    again: bool = False


Reads = tuple[FetchPositions | FetchOpenOrders, ...]


def want(resync: Resync, *, orders: bool = True) -> tuple[Resync, Reads]:
    """Somebody needs everything read from now on; without `orders`, positions only."""
    if resync.missing:
        return replace(resync, again=True), ()
    after = replace(resync, number=resync.number + 1, failures=0, again=False)
    wanted = ("orders", "positions") if orders else ("positions",)
    after = replace(after, missing=frozenset(_name(after, what) for what in wanted))
    return after, pending(after)


def look(resync: Resync, *, orders: bool) -> tuple[Resync, Reads]:
    """A look by the clock: where something is being read already, the next one will do."""
    return (resync, ()) if resync.missing else want(resync, orders=orders)


def start_over(resync: Resync) -> tuple[Resync, Reads]:
    """The venue was gone: what was being read then will not be answered, or not usefully."""
    return want(replace(resync, missing=frozenset()))


def pending(resync: Resync) -> Reads:
    """The reads of this round that are not answered."""
    return tuple(
        _FORM[request_id.rpartition("/")[2]](account=resync.account, request_id=request_id)
        for request_id in sorted(resync.missing)
    )


def on_read(resync: Resync, request_id: str) -> tuple[Resync, Reads]:
    """One read of this round is done; the next round starts where it was wanted."""
    if request_id not in resync.missing:
        return resync, ()
    after = replace(resync, missing=resync.missing - {request_id})
    return want(after) if after.again and not after.missing else (after, ())


def on_read_failed(resync: Resync, request_id: str) -> tuple[Resync, int]:
    """One read failed; returns the pause before `pending` is asked again, 0 where it was no read of ours."""
    if request_id not in resync.missing:
        return resync, 0
    delay_ns = min(FIRST_DELAY_NS << min(resync.failures, 10), LONGEST_DELAY_NS)
    return replace(resync, failures=resync.failures + 1), delay_ns


def is_ours(resync: Resync, request_id: str) -> bool:
    """Whether a resync asked, this round or an earlier one: a late answer is as good as it is old."""
    return request_id.startswith(f"resync/{resync.account}/")


def _name(resync: Resync, what: str) -> str:
    return f"resync/{resync.account}/{resync.number}/{what}"


_FORM: dict[str, type[FetchPositions] | type[FetchOpenOrders]] = {
    "orders": FetchOpenOrders,
    "positions": FetchPositions,
}
