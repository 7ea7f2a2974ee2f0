"""Whose a funding payment is: each position's share follows from what it held at the funding time. Pure.

1. What a position held at a time is what it holds now, less what it has changed by since then, by the venue's own
   times. What it trades in the very moment of a funding comes after it.
2. The parts of a payment add up to it. Longs and shorts have opposite signs: they pay each other.
3. A share is a level, not an addition: a position books what it lacks. So a payment that is told twice counts once,
   and a trade that becomes known late moves what was shared without it.
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
"""Changes and payments that a position remembers: longer than the ledger is read back."""
MOVES_MOST = 200
ENDED_KEPT_NS = 24 * HOUR_NS
"""So long after its last change a position that is over is known to have held something."""


def moved(track: Track, time_ns: int, change: Decimal, now_ns: int) -> Track:
    """It has changed by so much at this time; what is older than any payment that may still be told is let go."""
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


def paid(track: Track, time_ns: int, currency: str, amount: Decimal, now_ns: int) -> Track:
    """It has booked so much, or so much more, of what was paid at this time."""
    sums = {(time, name): booked for time, name, booked in track.paid}
    sums[time_ns, currency] = sums.get((time_ns, currency), ZERO) + amount
    kept = tuple((time, name, booked) for (time, name), booked in sorted(sums.items()) if time > now_ns - KEPT_NS)
    gone = [time for time, _ in sums if time <= now_ns - KEPT_NS]
    return replace(track, paid=kept, settled_ns=max((track.settled_ns, *gone)))


def held_at(track: Track, quantity: Decimal, time_ns: int) -> Decimal:
    """What a position that holds `quantity` now held right before this time."""
    for time, change in reversed(track.moves):
        if time < time_ns:
            break
        quantity -= change
    return quantity


def booked_of(track: Track, time_ns: int, currency: str) -> Decimal | None:
    """What it has booked of that payment; None where that was settled in a history of before there was this list."""
    if time_ns <= track.settled_ns:
        return None
    return next((amount for time, name, amount in track.paid if (time, name) == (time_ns, currency)), ZERO)


def known_before(track: Track, time_ns: int) -> tuple[tuple[int, Decimal], ...]:
    """What decides what it held at that time."""
    return track.moves[: bisect_left(track.moves, (time_ns,))]


Place = tuple[AccountId, Symbol]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What a payment is shared by: a position, whether it is over or not."""

    position_id: PositionId
    ordinal: int
    place: Place
    side: PositionSide
    quantity: Decimal
    track: Track

    def held_at(self, time_ns: int) -> Decimal:
        """Long positive."""
        return held_at(self.track, self.quantity, time_ns) * self.side.sign


def shares(amount: Decimal, held: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """The part of each position, by ordinal, by what it held (long positive).

    Where long and short are equal they pay each other, the whole is nothing, and no part can be told from it. Where
    none of ours held anything, what was paid is a human's.
    """
    return by_weight(amount, dict(sorted(held.items())), MONEY_STEP)


@dataclass(slots=True)
class Lately:
    """Gathers, from the events of the last day, what positions that are over held in it."""

    entries: set[ClientOrderId] = field(default_factory=set)
    tracks: dict[int, Track] = field(default_factory=dict)

    def note(self, ordinal: int, event: Event) -> None:
        """An order of more than a day ago is taken for one that reduces: entries end within a day."""
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
                self.tracks[ordinal] = paid(known, event.ts_event, event.currency, event.amount, event.ts_init)

    def _move(self, ordinal: int, time_ns: int, change: Decimal) -> None:
        self.tracks[ordinal] = moved(self.tracks.get(ordinal, Track()), time_ns, change, time_ns)

    def ended(self, finished: Sequence[tuple[int, PositionId]]) -> Iterable[Holder]:
        """Those of the finished that have changed within the time, and hold nothing now."""
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
