"""I23: a repair makes belief equal to the venue in one step, and nothing is adopted that the leg does not hold.

What a repair hands out to positions is read from the disk, where it stands beside the attempt. It is held against what
the venue's leg had more, or less, than the fills and adjustments on the disk come to, at some moment since the reading
may have been made. The venue's own closing of a position is shared out whole, as far as the positions held it.
"""

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

from adapters.storage.batch import StepRow
from adapters.storage.memory import _as_record
from adapters.storage.record import decode_events
from messages import events as e
from messages.base import Event, Message
from messages.commands import AdjustPosition, AdoptPosition
from messages.ids import parse_position_id
from messages.reconciliation import Discrepancy, DiscrepancyDetected, RepairAttempted
from messages.types import PositionSide
from simulator.checks.check import SECOND, Check, Truth
from simulator.environment.damage import messages_of
from simulator.environment.truth import RECONCILERS, ZERO, Deal, Leg, Loss

READ_NS = 30 * SECOND
"""A repair is about now, but for the time that reading, deciding and committing take under the worst weather."""
LIES_MS = 120_000
_LIES = ("STALE_READ", "PARTIAL_LIST", "EMPTY_LIST")
_BY_REPAIR = "reconcile-"

Past = deque[tuple[int, Decimal]]
"""What something has been, each from a moment on; the last before the span is kept, which still holds at its begin."""


class Repaired(Check):
    """At each trade, each durable change of belief, each attempt of a repair."""

    invariants = ("I23",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._sums: dict[int, Decimal] = {}
        self._believed: dict[Leg, Decimal] = {}
        self._missing: dict[Leg, Past] = {}
        """By how much the venue's leg is above what is believed of it, long positive."""
        self._held: dict[Leg, Past] = {}
        self._records: dict[str, Discrepancy] = {}
        self._commands: dict[str, AdjustPosition | AdoptPosition] = {}
        """What repairs have handed out."""
        self._attempts: dict[tuple[str, int], list[AdjustPosition | AdoptPosition]] = {}
        """By discrepancy and number, of each attempt that was not looked at yet: what stands beside it on the disk."""
        self._rows = 0

    # What is held, and what is believed ----------------------------------------------------------------

    def dealt(self, deal: Deal) -> None:
        leg = (deal.account, deal.trade.symbol, deal.trade.position_side)
        self._note(self._held, leg, self._books.legs[leg], deal.before)
        self._differ(leg)

    def _believe(self, ordinal: int) -> Leg:
        """What fills and adjustments come to; the machine's own fold is not asked."""
        key = self._ledger.holder(ordinal).key
        leg = self._books.leg_of(key)
        now = self._ledger.sums[ordinal]
        change = (now - self._sums.get(ordinal, ZERO)) * key.side.sign
        self._sums[ordinal] = now
        self._believed[leg] = self._believed.get(leg, ZERO) + change
        self._differ(leg)
        return leg

    def _differ(self, leg: Leg) -> None:
        missing = self._books.legs.get(leg, ZERO) - self._believed.get(leg, ZERO)
        self._note(self._missing, leg, missing, ZERO)

    def _note(self, pasts: dict[Leg, Past], leg: Leg, value: Decimal, first: Decimal) -> None:
        past = pasts.setdefault(leg, deque([(0, first)]))
        past.append((self._truth.now_ns(), value))
        while len(past) > 1 and past[1][0] < self._truth.now_ns() - READ_NS:
            past.popleft()

    def _been(self, past: Iterable[tuple[int, Decimal]]) -> list[Decimal]:
        """Its values within the span, the one that it began with first."""
        since_ns = self._truth.now_ns() - READ_NS
        values: list[Decimal] = []
        for at_ns, value in past:
            values = [value] if at_ns < since_ns else [*values, value]
        return values or [ZERO]

    def forget(self, loss: Loss) -> None:
        """Belief is what is left; readings of before are not its."""
        self._sums.clear()
        self._believed.clear()
        self._missing.clear()
        self._records.clear()
        self._commands.clear()
        for _, event in loss.kept:
            if isinstance(event, DiscrepancyDetected):
                self._records[event.discrepancy.discrepancy_id] = event.discrepancy
        self._rows = 0
        self._read()
        self._attempts.clear()
        for ordinal in self._ledger.sums:
            if ordinal in self._ledger.positions:
                self._believe(ordinal)
        for leg in self._books.legs:
            self._differ(leg)

    # What is done about it -----------------------------------------------------------------------------

    def event(self, ordinal: int, event: Event) -> None:
        match event:
            case e.OrderFilled():
                self._believe(ordinal)
            case e.QuantityAdjusted():
                self._believe(ordinal)
                self._booked(ordinal, event.command_id, event.quantity_delta)
            case e.PositionAdopted():
                self._adopted(ordinal, event)
                self._booked(ordinal, event.command_id, event.quantity)
            case DiscrepancyDetected(discrepancy=record):
                self._records[record.discrepancy_id] = record
            case RepairAttempted(discrepancy_id=name, attempt=attempt):
                self._attempted(name, attempt)
            case e.ForcedTradeShared():
                self._shared(event)

    def _adopted(self, ordinal: int, event: e.PositionAdopted) -> None:
        leg = self._believe(ordinal)
        sign = event.key.side.sign
        most = max(value * sign for value in self._been(self._held.get(leg, ())))
        if event.quantity > most:
            text = f"{event.key.side} {event.quantity} of {_named(leg)} was adopted, where the venue holds {most}"
            self._fail("I23", f"{text}: {event.evidence}", ordinal)

    def _booked(self, ordinal: int, command_id: str, quantity: Decimal) -> None:
        """A position books what it was handed, and nothing else."""
        if not command_id.startswith(_BY_REPAIR):
            return
        command = self._handed(command_id)
        if command is None:
            self._fail("I23", f"{ordinal} books {quantity} by {command_id}, and no repair on the disk says so", ordinal)
        elif quantity != _quantity(command):
            text = f"{ordinal} books {quantity} by {command_id}, which hands it {_quantity(command)}"
            self._fail("I23", text, ordinal)

    def _handed(self, command_id: str) -> AdjustPosition | AdoptPosition | None:
        self._read()
        return self._commands.get(command_id)

    def _read(self) -> None:
        """What attempts hand out, as far as the disk has them."""
        steps = self._ledger.image.steps
        for row in steps[self._rows :]:
            if row[1] == RECONCILERS and _BY_REPAIR.encode() in row[4]:
                self._take(row)
        self._rows = len(steps)

    def _take(self, row: StepRow) -> None:
        commands = [each for each in messages_of(row) if isinstance(each, AdjustPosition | AdoptPosition)]
        self._commands.update((each.command_id, each) for each in commands)
        for event in decode_events(_as_record(row)):
            if isinstance(event, RepairAttempted):
                name = event.discrepancy_id
                self._attempts[name, event.attempt] = [each for each in commands if each.causation_id == name]

    def _attempted(self, name: str, attempt: int) -> None:
        self._read()
        record = self._records.get(name)
        # What was booked by an earlier attempt is not booked again.
        commands = self._attempts.pop((name, attempt), [])
        fresh = [each for each in commands if each.command_id not in self._ledger.commands]
        if record is None or not any(_quantity(each) for each in fresh):
            return  # it only reads again, or sets a price or leverage
        leg = self._leg_of(record)
        if self._silent(leg):
            return
        handed = sum((self._signed(each) for each in fresh), ZERO)
        been = self._been(self._missing.get(leg, ()))
        if handed not in been and not self._lied(handed, leg):
            told = ", ".join(f"{each.command_id} {self._signed(each)}" for each in fresh)
            text = f"{name} hands out {handed} of {_named(leg)} ({told}), where belief lacks {been[-1]} of the venue's"
            self._fail("I23", text)

    def _lied(self, handed: Decimal, leg: Leg) -> bool:
        """Whether the venue told of late what is not, and this answers that: for such a claim it has to be asked often,
        which is not looked at here.
        """
        now_ms = self._books.venue.now_ms
        log = self._books.venue.fault_log
        lies = any(
            each.kind in _LIES and "positionRisk" in each.subject for each in log if each.at_ms >= now_ms - LIES_MS
        )
        been = self._been(self._held.get(leg, ()))
        return lies and handed in {value - self._believed.get(leg, ZERO) for value in (*been, ZERO)}

    def _leg_of(self, record: Discrepancy) -> Leg:
        """A record of a one-way account names no side."""
        side = "BOTH" if record.side is None else record.side.value.upper()
        return str(record.account), str(record.symbol), side

    def _silent(self, leg: Leg) -> bool:
        """A position whose history is damaged stands on it: nobody believes anything of its share."""
        return any(self._books.leg_of(position.key) == leg for position in self._ledger.damaged.values())

    def _signed(self, command: AdjustPosition | AdoptPosition) -> Decimal:
        side = command.side if isinstance(command, AdoptPosition) else _side_of(command)
        return _quantity(command) * side.sign

    def _shared(self, event: e.ForcedTradeShared) -> None:
        """What the venue closed is theirs who held it: the whole of it, or all that they held."""
        trade = self._books.trades.get((event.symbol, event.trade_id))
        if trade is None:
            return  # evidence.py says so
        taken = -sum((each.quantity_delta for each in event.commands), ZERO)
        if taken + event.left != trade.quantity:
            text = f"{taken} of {event.symbol} trade {event.trade_id} is handed out and {event.left} is nobody's"
            self._fail("I23", f"{text}, of {trade.quantity} that the venue closed")


def _quantity(command: Message) -> Decimal:
    if isinstance(command, AdoptPosition):
        return command.quantity
    return command.quantity_delta if isinstance(command, AdjustPosition) else ZERO


def _side_of(command: AdjustPosition) -> PositionSide:
    parsed = parse_position_id(command.position_id)
    assert parsed is not None
    return parsed[0].side


def _named(leg: Leg) -> str:
    account, symbol, side = leg
    return f"{account} {symbol}" if side == "BOTH" else f"{account} {symbol} {side.lower()}"
