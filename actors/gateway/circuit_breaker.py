"""A circuit breaker: whether a venue that does not answer is left in peace, and when it is tried again.

An account has two circuits, since venues often fail by halves: one of orders (what submits, cancels and sets
say) and one of reads (what queries and lists say). `FAILURES` requests in a row that nobody answered (nothing
came, a 5xx, a body nobody can read) open a circuit. A refusal (a 4xx, whatever its words), a missing order or a
throttling is an answer. A setting closes a circuit and opens none: one position repeats it, and it tells of its
symbol alone.

While a circuit is open nothing is opened at this account, and, of reads, nothing is read in bulk. Questions
about orders in doubt, and whatever reduces, protects or cancels, go on at their own pace: each of their
answers closes the circuit. After a pause, longer each time and never the same for two accounts, the circuit
is half open: one request that would otherwise be held leaves, and the next only after its answer.

A venue that is not there at all is another matter: the adapter finds that out (VenueDown) and probes it.

Pure. Times are monotonic nanoseconds.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from zlib import crc32

from actors.gateway.actions import SECOND
from messages.reports import CircuitView
from messages.statement import NOTHING, Statement

FAILURES = 5
FIRST_PAUSE_NS = SECOND
LONGEST_PAUSE_NS = 30 * SECOND


class Channel(StrEnum):
    """What a circuit is of."""

    ORDERS = "orders"
    READS = "reads"


class Phase(StrEnum):
    """How much may pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """`failures` in a row, `openings` since it was last closed, at `since_ns`; half open from `until_ns` on."""

    channel: Channel
    phase: Phase = Phase.CLOSED
    failures: int = 0
    openings: int = 0
    since_ns: int = 0
    until_ns: int = 0
    cause: Statement = NOTHING


def on_no_response(circuit: Circuit, cause: Statement, now_ns: int, seed: str) -> Circuit:
    """One request that nobody answered. `seed` names whose pauses these are."""
    circuit = replace(circuit, failures=circuit.failures + 1, cause=cause)
    if circuit.phase is Phase.OPEN or (circuit.phase is Phase.CLOSED and circuit.failures < FAILURES):
        return circuit
    pause_ns = _pause_ns(circuit.openings, f"{seed}/{circuit.channel}/{circuit.openings}/{now_ns}")
    return replace(
        circuit,
        phase=Phase.OPEN,
        openings=circuit.openings + 1,
        since_ns=circuit.since_ns if circuit.openings else now_ns,
        until_ns=now_ns + pause_ns,
    )


def on_response(circuit: Circuit) -> Circuit:
    """Somebody answered."""
    if circuit.phase is Phase.CLOSED and not circuit.failures:
        return circuit
    return Circuit(channel=circuit.channel)


def on_pause_end(circuit: Circuit, now_ns: int) -> Circuit:
    """Its pause is over."""
    if circuit.phase is Phase.OPEN and now_ns >= circuit.until_ns:
        return replace(circuit, phase=Phase.HALF_OPEN)
    return circuit


def views(circuits: tuple[Circuit, ...]) -> tuple[CircuitView, ...]:
    """Those that are not closed."""
    return tuple(
        CircuitView(channel=each.channel, half_open=each.phase is Phase.HALF_OPEN, cause=each.cause)
        for each in circuits
        if each.openings
    )


def _pause_ns(openings: int, seed: str) -> int:
    """Doubling and bounded, half of it by lot, so that many accounts do not come back in step."""
    most_ns = min(FIRST_PAUSE_NS << min(openings, 16), LONGEST_PAUSE_NS)
    return most_ns // 2 + most_ns * crc32(seed.encode()) // (2 << 32)
