"""State that outlives an actor instance, so that the next one neither doubles an order nor drops one.

An actor that raises loses its state, and the runtime redelivers the message it failed on. If that was a submit, the new
instance cannot know whether the port already has it; sending it again could double the order (rule 3). The composition
therefore makes one `GatewayMemory` per account and passes it to every instance. Its rules:

- An id is marked SENT *before* the port is called. A failure in between leaves a mark without an order: queries prove
  it absent within seconds. The reverse order could leave an order without a mark.
- A SENT id is sent again only after the venue reported that it was not executed, never because of a message.
- Accepted, unfinished requests are kept as `promises`. A new instance sends them to itself one by one, so that the
  runtime parks a harmful one alone. Repeating one is safe: submits are looked up here; cancels, queries and settings
  are idempotent.

Nothing here is durable. After a process restart no message is redelivered: positions recover from the journal and
resolve their intents (`ResolveOrder`) without resubmitting. `started_ns` bounds the time such an order was sent.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from actors.gateway.budget import Budget, Policy
from actors.gateway.circuit_breaker import Channel, Circuit
from actors.gateway.shared_budget import SharedBudget
from actors.gateway.timestamp_rejections import TimestampRejections
from actors.ports import Clock
from messages.base import Message
from messages.bounded import BoundedMap
from messages.ids import OrderName, parse_client_order_id
from messages.reports import OrderRejected, VenueUp
from messages.types import ClientOrderId

SETTLED_LIMIT = 50_000
"""Bound of settled ids kept (10 MB). A redelivered submit is among the newest few; the rest serves late duplicates."""
EARLY_CANCELS_LIMIT = 10_000
EMERGENCIES_LIMIT = 10_000


class Phase(StrEnum):
    """The progress of a submit."""

    OWED = "owed"
    """To be sent: queued, or waiting after the venue did not execute it."""
    SENT = "handed"
    """Passed to the port; its outcome is not known."""
    SETTLED = "settled"
    """Its outcome is known: at the venue, refused, or proven absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One submit. `passed_ns` (monotonic) and `passed_wall_ns` (wall): the last attempt's call of the port.

    `answered_ns`: when the port reported the outcome unknown; `not_in_flight`: the request could no longer take effect
    then. `exists`: the venue has reported the order. `refusal`: proof that the order is not at the venue.
    """

    phase: Phase
    attempts: int = 0
    passed_ns: int = 0
    passed_wall_ns: int = 0
    answered_ns: int | None = None
    not_in_flight: bool = False
    exists: bool = False
    refusal: OrderRejected | None = None


class SentOrders:
    """The client order ids that were accepted, sent and settled. Unsettled ones are never evicted."""

    def __init__(self, settled_limit: int = SETTLED_LIMIT) -> None:
        self._live: dict[ClientOrderId, Sent] = {}
        self._settled: BoundedMap[ClientOrderId, Sent] = BoundedMap(settled_limit)
        self._early_cancels: BoundedMap[ClientOrderId, None] = BoundedMap(EARLY_CANCELS_LIMIT)
        self._emergencies: BoundedMap[tuple[str, int], int] = BoundedMap(EMERGENCIES_LIMIT)

    def get(self, name: ClientOrderId) -> Sent | None:
        """Return what is known of the id; None: nothing."""
        return self._live.get(name) or self._settled.get(name)

    def unsettled(self, name: ClientOrderId) -> bool:
        """Return whether the id was accepted and its outcome is not known."""
        return name in self._live

    def owe(self, name: ClientOrderId) -> None:
        """Mark it to be sent: for the first time, or again after the venue did not execute it."""
        before = self.get(name)
        self._settled.pop(name, None)
        self._live[name] = Sent(phase=Phase.OWED, attempts=before.attempts if before else 0)

    def mark_sent(self, name: ClientOrderId, *, now_ns: int, wall_ns: int) -> None:
        """Mark it SENT; call before the port.

        Raises ValueError unless it is OWED: this is the last check against a double order.
        """
        before = self._live.get(name)
        if before is None or before.phase is not Phase.OWED:
            raise ValueError(f"{name} is not owed, so it is not sent")
        self._live[name] = Sent(
            phase=Phase.SENT, attempts=before.attempts + 1, passed_ns=now_ns, passed_wall_ns=wall_ns
        )

    def on_unknown(self, name: ClientOrderId, now_ns: int, *, not_in_flight: bool = False) -> None:
        """Note that the port has finished this attempt with an unknown outcome; the first report counts."""
        before = self._live.get(name)
        if before is not None and before.phase is Phase.SENT and before.answered_ns is None:
            self._live[name] = replace(before, answered_ns=now_ns, not_in_flight=not_in_flight)

    def settle(self, name: ClientOrderId, refusal: OrderRejected | None = None, *, exists: bool = False) -> None:
        """Mark its outcome as known."""
        before = self._live.pop(name, None) or self._settled.pop(name, None) or Sent(phase=Phase.SETTLED)
        self._settled[name] = replace(before, phase=Phase.SETTLED, refusal=refusal, exists=exists or before.exists)

    def cancel_early(self, name: ClientOrderId) -> None:
        """Note a cancel of an unknown id: a submit that follows is refused."""
        self._early_cancels[name] = None

    def was_canceled_early(self, name: ClientOrderId) -> bool:
        """Return whether a cancel of this id arrived before its submit."""
        return name in self._early_cancels

    def note_emergency(self, name: ClientOrderId) -> None:
        """Note the emergency close with this id, by its position."""
        parts = parse_client_order_id(name)
        if parts is not None:
            self._emergencies[_position(parts)] = parts.number

    def emergency_overtook(self, name: ClientOrderId) -> bool:
        """Return whether the id's position requested an emergency close after this order."""
        parts = parse_client_order_id(name)
        return parts is not None and parts.number < self._emergencies.get(_position(parts), -1)


def _position(name: OrderName) -> tuple[str, int]:
    return name.journal_id, name.ordinal


@dataclass(slots=True, kw_only=True)
class GatewayMemory:
    """One per account and process, made by the composition; used by one gateway instance at a time.

    `started_ns` and `quiet_until_ns` are monotonic.
    """

    started_ns: int
    address: SharedBudget
    """Shared by all accounts that reach the venue from the same IP address."""
    orders: SentOrders = field(default_factory=SentOrders)
    promises: dict[str, Message] = field(default_factory=dict)
    venue: VenueUp | None = None
    quiet_until_ns: int = 0
    waits_since_ns: int = 0
    """Since when the account waits for its turn to connect (wall ns); 0: it does not."""
    resyncs: int = 0
    budget: Budget = field(default_factory=Budget)
    circuits: dict[Channel, Circuit] = field(default_factory=dict)
    rejections: TimestampRejections = field(default_factory=TimestampRejections)
    mute: set[str] = field(default_factory=set)
    """The kinds of orders for which the stream is mute."""

    @classmethod
    def fresh(cls, clock: Clock, policy: Policy | None = None, address: SharedBudget | None = None) -> "GatewayMemory":
        """Return the memory of a new process. `policy`: the share of the limits; `address`: None where it is not
        shared.
        """
        return cls(
            started_ns=clock.monotonic_ns(),
            address=address or SharedBudget(clock),
            budget=Budget(policy=policy or Policy()),
        )
