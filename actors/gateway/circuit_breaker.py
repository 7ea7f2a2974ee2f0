"""A circuit breaker: holds requests back from a venue that does not respond, and probes it after a pause.

An account has two circuits: orders (submits, cancels, settings) and reads (queries, lists). `FAILURES` requests in a
row without a response (timeout, 5xx, unreadable body) open a circuit. A refusal (4xx), an unknown order and a
throttling are responses. A setting can close a circuit, not open one: its failure concerns one symbol and one position
repeats it.

An open orders circuit refuses openings; an open reads circuit refuses openings and bulk reads. Order queries and
requests that reduce, protect or cancel are still sent; each response closes the circuit. After a pause, doubling and
different for each account, the circuit is half open: one held request is sent, the next after its response.

A venue that is unreachable as a whole is the adapter's to detect (VenueDown) and probe.

Pure. Times are monotonic nanoseconds.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from zlib import crc32

from actors.gateway.actions import SECOND
from messages.backoff import backoff
from messages.reports import CircuitView
from messages.statement import NOTHING, Statement

FAILURES = 5
FIRST_PAUSE_NS = SECOND
LONGEST_PAUSE_NS = 30 * SECOND


class Channel(StrEnum):
    """The kind of requests that a circuit counts."""

    ORDERS = "orders"
    READS = "reads"


class Phase(StrEnum):
    """Closed: all pass. Open: none. Half open: one at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """`failures` in a row; `openings` since it was last closed, the first at `since_ns`; half open from `until_ns`."""

    channel: Channel
    phase: Phase = Phase.CLOSED
    failures: int = 0
    openings: int = 0
    since_ns: int = 0
    until_ns: int = 0
    cause: Statement = NOTHING


def on_no_response(circuit: Circuit, cause: Statement, now_ns: int, seed: str) -> Circuit:
    """Count one request without a response; open the circuit at the limit. `seed` makes the pause differ by account."""
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
    """Close the circuit: a response arrived."""
    if circuit.phase is Phase.CLOSED and not circuit.failures:
        return circuit
    return Circuit(channel=circuit.channel)


def on_pause_end(circuit: Circuit, now_ns: int) -> Circuit:
    """Half-open the circuit once its pause has ended."""
    if circuit.phase is Phase.OPEN and now_ns >= circuit.until_ns:
        return replace(circuit, phase=Phase.HALF_OPEN)
    return circuit


def views(circuits: tuple[Circuit, ...]) -> tuple[CircuitView, ...]:
    """Return the views of the circuits that are not closed."""
    return tuple(
        CircuitView(channel=each.channel, half_open=each.phase is Phase.HALF_OPEN, cause=each.cause)
        for each in circuits
        if each.openings
    )


def _pause_ns(openings: int, seed: str) -> int:
    """Doubling and bounded; half of it is drawn from `seed`, so that accounts do not retry in step."""
    most_ns = backoff(FIRST_PAUSE_NS, LONGEST_PAUSE_NS, openings)
    return most_ns // 2 + most_ns * crc32(seed.encode()) // (2 << 32)
