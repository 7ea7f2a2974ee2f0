"""What must outlive an actor instance, so that its successor neither doubles an order nor forgets one.

An actor that raises is discarded with all its state, and the runtime delivers the message it failed on
once more. If that message was a submit, the new instance cannot know by itself whether its predecessor
had handed it to the port before it failed; sending it again could double it (rule 3). So the composition
makes one `GatewayMemory` per account, gives it to every instance of that account's gateway, and these rules hold:

- An id is noted as handed over *before* the port is called. A failure in between leaves a note about an
  order that never left: it is asked after and proven absent, which costs seconds. The other order of the
  two would leave an order that nobody has noted.
- What was noted as handed over is never sent again on the word of a message, only on the venue's word that
  it was not executed.
- Requests that were accepted and are not done are kept as `promises`; a new instance tells them to itself,
  one by one, so that a harmful one is parked by the runtime alone. Doing one twice is harmless: submits
  are looked up here, cancels, queries and settings may be repeated.

None of this is durable, on purpose. After a restart of the process no message is redelivered: positions
are rebuilt from the journal and ask after their intents (`ResolveOrder`), they never submit them again.
What such an id's order may still do is bounded by the start of the process, `started_ns`.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from actors.gateway.budget import Budget, Policy
from actors.gateway.circuit_breaker import Channel, Circuit
from actors.gateway.shared_budget import SharedBudget
from actors.gateway.timestamp_rejections import TimestampRejections
from actors.ports import Clock
from messages.base import Message
from messages.ids import OrderName, parse_client_order_id
from messages.reports import OrderRejected, VenueUp
from messages.types import ClientOrderId

SETTLED_LIMIT = 50_000
"""Ids whose outcome is known are remembered this long. A redelivered submit is the one that was in hand when
the actor failed, so the newest few would do; the rest serves late duplicates, at 10 MB."""
EARLY_CANCELS_LIMIT = 10_000
EMERGENCIES_LIMIT = 10_000


class Phase(StrEnum):
    """How far a submit has come."""

    OWED = "owed"
    """To be sent: queued, or waiting after the venue did not execute it."""
    HANDED = "handed"
    """Given to the port; what became of it is not known for sure."""
    SETTLED = "settled"
    """Its outcome is known: at the venue, refused, or proven absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """`handed_ns` is monotonic, `handed_wall_ns` wall time of the last attempt.

    `answered_ns` is when the port said that it does not know, `over` that nothing of the request was under way then
    any more; `exists` when the venue ever showed the order; `refusal` proves that it is nowhere.
    """

    phase: Phase
    attempts: int = 0
    handed_ns: int = 0
    handed_wall_ns: int = 0
    answered_ns: int | None = None
    over: bool = False
    exists: bool = False
    refusal: OrderRejected | None = None


class SentOrders:
    """Which client order ids were accepted, handed over and settled. Those not settled are never forgotten."""

    def __init__(self, settled_limit: int = SETTLED_LIMIT) -> None:
        self._live: dict[ClientOrderId, Sent] = {}
        self._settled: dict[ClientOrderId, Sent] = {}
        self._settled_limit = settled_limit
        self._early_cancels: dict[ClientOrderId, None] = {}
        self._emergencies: dict[tuple[str, int], int] = {}

    def get(self, name: ClientOrderId) -> Sent | None:
        return self._live.get(name) or self._settled.get(name)

    def unsettled(self, name: ClientOrderId) -> bool:
        return name in self._live

    def owe(self, name: ClientOrderId) -> None:
        """It is to be sent: for the first time, or again because the venue certainly did not execute it."""
        before = self.get(name)
        self._settled.pop(name, None)
        self._live[name] = Sent(phase=Phase.OWED, attempts=before.attempts if before else 0)

    def hand(self, name: ClientOrderId, *, now_ns: int, wall_ns: int) -> None:
        """It is about to be given to the port.

        Raises ValueError unless it is owed: this is the last gate before a double order.
        """
        before = self._live.get(name)
        if before is None or before.phase is not Phase.OWED:
            raise ValueError(f"{name} is not owed, so it is not sent")
        self._live[name] = Sent(
            phase=Phase.HANDED, attempts=before.attempts + 1, handed_ns=now_ns, handed_wall_ns=wall_ns
        )

    def on_unknown(self, name: ClientOrderId, now_ns: int, *, over: bool = False) -> None:
        """The port is done with this attempt: nothing of it is sent after now. Its first word counts."""
        before = self._live.get(name)
        if before is not None and before.phase is Phase.HANDED and before.answered_ns is None:
            self._live[name] = replace(before, answered_ns=now_ns, over=over)

    def settle(self, name: ClientOrderId, refusal: OrderRejected | None = None, *, exists: bool = False) -> None:
        """Its outcome is known."""
        before = self._live.pop(name, None) or self._settled.pop(name, None) or Sent(phase=Phase.SETTLED)
        self._settled[name] = replace(before, phase=Phase.SETTLED, refusal=refusal, exists=exists or before.exists)
        _trim(self._settled, self._settled_limit)

    def cancel_early(self, name: ClientOrderId) -> None:
        """A cancel came for an id that nobody here has heard of: should its submit follow, it stays here."""
        self._early_cancels[name] = None
        _trim(self._early_cancels, EARLY_CANCELS_LIMIT)

    def was_canceled_early(self, name: ClientOrderId) -> bool:
        return name in self._early_cancels

    def note_emergency(self, name: ClientOrderId) -> None:
        """An emergency close of the position that this id names was accepted."""
        parts = parse_client_order_id(name)
        if parts is not None:
            self._emergencies[_position(parts)] = parts.number
            _trim(self._emergencies, EMERGENCIES_LIMIT)

    def emergency_overtook(self, name: ClientOrderId) -> bool:
        """Whether the position of this id asked for an emergency close after this order, which came out late."""
        parts = parse_client_order_id(name)
        return parts is not None and parts.number < self._emergencies.get(_position(parts), -1)


def _position(name: OrderName) -> tuple[str, int]:
    return name.journal_id, name.ordinal


def _trim(oldest_first: dict[Any, Any], most: int) -> None:
    while len(oldest_first) > most:
        del oldest_first[next(iter(oldest_first))]


@dataclass(slots=True, kw_only=True)
class GatewayMemory:
    """Made once per account and process by the composition; used by one gateway instance at a time."""

    started_ns: int
    address: SharedBudget
    """Shared with the other accounts that reach the venue from there."""
    orders: SentOrders = field(default_factory=SentOrders)
    promises: dict[str, Message] = field(default_factory=dict)
    venue: VenueUp | None = None
    quiet_until_ns: int = 0
    waits_since_ns: int = 0
    """Since when the account waits for its turn to connect (wall time); 0: it does not."""
    resyncs: int = 0
    budget: Budget = field(default_factory=Budget)
    circuits: dict[Channel, Circuit] = field(default_factory=dict)
    rejections: TimestampRejections = field(default_factory=TimestampRejections)
    mute: set[str] = field(default_factory=set)
    """Kinds of orders that the stream is mute about."""

    @classmethod
    def fresh(cls, clock: Clock, policy: Policy | None = None, address: SharedBudget | None = None) -> "Memory":
        """`policy`: how much of the venue's limits may be used; `address`: None where nobody shares it."""
        return cls(
            started_ns=clock.monotonic_ns(),
            address=address or SharedBudget(clock),
            budget=Budget(policy=policy or Policy()),
        )
