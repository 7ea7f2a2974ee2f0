"""The shares of a funding payment, by what each position held at the funding time. Pure.

1. A position's quantity at a time is its quantity now, less its changes since then, by the venue's times. A trade at
   the funding time itself comes after the funding.
2. The shares add up to the payment. Longs and shorts have opposite signs: they pay each other.
3. A share is a level, not an addition: a position books the difference to what it has booked. So a repeated payment
   counts once, and a late trade corrects earlier shares.

Times are in nanoseconds; quantities in base units, increases positive; amounts in the payment's currency, positive when
received.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from actors.copying import replace
from actors.money import MONEY_STEP
from actors.shares import by_weight
from messages.base import Event
from messages.events import FundingBooked, OrderFilled, OrderIntended, PositionAdopted, QuantityAdjusted
from messages.ids import parse_position_id
from messages.types import AccountId, ClientOrderId, OrderPurpose, PositionId, PositionSide, Symbol, Track

ZERO = Decimal(0)
HOUR_NS = 3_600_000_000_000
KEPT_NS = 8 * 24 * HOUR_NS
"""How long a position keeps changes and payments: longer than the venue's ledger is read back."""
MOVES_MOST = 200
ENDED_KEPT_NS = 24 * HOUR_NS
"""How long after its last change an ended position takes part in a payment."""


def add_change(track: Track, time_ns: int, change: Decimal, now_ns: int) -> Track:
    """Return the track with a change at this time; drop changes older than `KEPT_NS`."""
    if time_ns <= track.since_ns:
        return track
    moves = track.moves
    at = len(moves) if not moves or moves[-1][0] < time_ns else bisect_left(moves, (time_ns,))
    if at < len(moves) and moves[at][0] == time_ns:
        moves = (*moves[:at], (time_ns, moves[at][1] + change), *moves[at + 1 :])
    else:
        moves = (*moves[:at], (time_ns, change), *moves[at:])
    gone = max(bisect_left(moves, (now_ns - KEPT_NS,)), len(moves) - MOVES_MOST)
    if gone <= 0:
        return replace(track, moves=moves)
    return replace(track, moves=moves[gone:], since_ns=moves[gone - 1][0])


def add_payment(track: Track, time_ns: int, currency: str, amount: Decimal, now_ns: int) -> Track:
    """Return the track with `amount` added to what is booked of the payment at this time."""
    sums = {(time, name): booked for time, name, booked in track.paid}
    sums[time_ns, currency] = sums.get((time_ns, currency), ZERO) + amount
    kept = tuple((time, name, booked) for (time, name), booked in sorted(sums.items()) if time > now_ns - KEPT_NS)
    gone = [time for time, _ in sums if time <= now_ns - KEPT_NS]
    return replace(track, paid=kept, settled_ns=max((track.settled_ns, *gone)))


def held_at(track: Track, quantity: Decimal, time_ns: int) -> Decimal:
    """Return the quantity right before this time of a position that holds `quantity` now."""
    for time, change in reversed(track.moves):
        if time < time_ns:
            break
        quantity -= change
    return quantity


def booked_of(track: Track, time_ns: int, currency: str) -> Decimal | None:
    """Return the amount booked of that payment; None: the payment is older than the list."""
    if time_ns <= track.settled_ns:
        return None
    return next((amount for time, name, amount in track.paid if (time, name) == (time_ns, currency)), ZERO)


def known_before(track: Track, time_ns: int) -> tuple[tuple[int, Decimal], ...]:
    """Return the changes before this time."""
    return track.moves[: bisect_left(track.moves, (time_ns,))]


Place = tuple[AccountId, Symbol]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A position that may share a payment, ended ones included."""

    position_id: PositionId
    ordinal: int
    place: Place
    side: PositionSide
    quantity: Decimal
    track: Track

    def held_at(self, time_ns: int) -> Decimal:
        """Return the signed quantity at this time: long positive, short negative."""
        return held_at(self.track, self.quantity, time_ns) * self.side.sign


def shares(amount: Decimal, held: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Return the share of each ordinal in `amount`, by the signed quantity held; the shares add up to `amount`.

    The rounding remainder goes to the largest holder, the first of equals. Empty where the quantities add up to zero:
    longs and shorts pay each other, or the payment belongs to a manual position.
    """
    return by_weight(amount, dict(sorted(held.items())), MONEY_STEP)


@dataclass(slots=True)
class Lately:
    """Collects from the last day's events what ended positions held during it."""

    entries: set[ClientOrderId] = field(default_factory=set)
    tracks: dict[int, Track] = field(default_factory=dict)

    def note(self, ordinal: int, event: Event) -> None:
        """Apply an event. A fill without a known intent is a reduction: entries end within a day."""
        time_ns = event.ts_event or event.ts_init
        match event:
            case OrderIntended(purpose=OrderPurpose.ENTRY):
                self.entries.add(event.client_order_id)
            case OrderFilled():
                self._move(ordinal, time_ns, event.quantity * (1 if event.client_order_id in self.entries else -1))
            case QuantityAdjusted() if event.quantity_delta:
                self._move(ordinal, time_ns, event.quantity_delta)
            case PositionAdopted():
                self._move(ordinal, time_ns, event.quantity)
            case FundingBooked():
                known = self.tracks.get(ordinal, Track())
                self.tracks[ordinal] = add_payment(known, event.ts_event, event.currency, event.amount, event.ts_init)

    def _move(self, ordinal: int, time_ns: int, change: Decimal) -> None:
        self.tracks[ordinal] = add_change(self.tracks.get(ordinal, Track()), time_ns, change, time_ns)

    def ended(self, finished: Sequence[tuple[int, PositionId]]) -> Iterable[Holder]:
        """Yield the finished positions that changed within the day; they hold nothing now."""
        for ordinal, name in finished:
            track, parsed = self.tracks.get(ordinal), parse_position_id(name)
            if track is not None and track.moves and parsed is not None:
                key = parsed[0]
                yield Holder(
                    position_id=name,
                    ordinal=ordinal,
                    place=(key.account, key.symbol),
                    side=key.side,
                    quantity=ZERO,
                    track=track,
                )
