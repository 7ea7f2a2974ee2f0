"""I2 and I6 of whole positions: whatever changes belief without a fill names its evidence, and the evidence is true.

Belief may change by a fill (held against the venue's trades by I4), or by an adjustment or adoption that is in the
journal. Those name a discrepancy on the disk, or the trades that they book. What they claim is held against every
quantity that the venue's leg has really had of late: a claim that was never true is excused only where the venue
lied at least as often as the policy wants observations, and never where several positions were said to be gone at once.
"""

import re
from collections import deque
from decimal import Decimal

from actors.reconciler.policy import DEFAULT_OBSERVATIONS, QUANTITY
from messages import events as e
from messages.base import Event
from messages.discrepancy_type import DiscrepancyType
from messages.notices import NoticeQueued
from messages.reconciliation import (
    AttributionChosen,
    Discrepancy,
    DiscrepancyDetected,
    DiscrepancyEnded,
    DiscrepancyEscalated,
    Outcome,
    RepairAttempted,
)
from messages.types import MANUAL, Key
from simulator.checks.check import SECOND, Check, Finding, Truth
from simulator.environment.truth import NOTIFIERS, ZERO, Deal, Leg, Loss, position_of

CLAIM_NS = 30 * SECOND
"""A claim is about now, but for the time that reading, deciding and committing take under the worst weather."""
LIES_MS = 120_000
MASS_LEAST = 2
REQUIRED = dict(DEFAULT_OBSERVATIONS)
"""As it was when the harness began."""
UNEXPLAINED = "no trade explains it"
_LIES = ("STALE_READ", "PARTIAL_LIST", "EMPTY_LIST")
_CITED = re.compile(r"(d\d+): (.*)", re.DOTALL)
_TRADES = re.compile(r"trades? ([0-9, ]+)")


class Evidence(Check):
    """At every durable event; at the end what nobody resolved."""

    invariants = ("I2", "I6")

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._records: dict[str, Discrepancy] = {}
        self._ended: dict[str, DiscrepancyEnded] = {}
        self._escalated: set[str] = set()
        self._booked: dict[str, str] = {}
        self._taken: dict[tuple[str, str], Decimal] = {}
        self._history: dict[Leg, deque[tuple[int, Decimal]]] = {}
        self._untrue: list[Discrepancy] = []
        """Records that took a position for gone that the venue has held all the while."""
        self._decided: set[str] = set()
        """Those of which a human has said what is to be believed."""

    # The venue -----------------------------------------------------------------------------------------

    def dealt(self, deal: Deal) -> None:
        leg = (deal.account, deal.trade.symbol, deal.trade.position_side)
        past = self._history.setdefault(leg, deque([(0, deal.before)]))
        past.append((self._truth.now_ns(), self._books.legs[leg]))
        # The last one before the span still holds at its beginning.
        while len(past) > 1 and past[1][0] < self._truth.now_ns() - CLAIM_NS:
            past.popleft()

    def _been(self, leg: Leg, for_ns: int = CLAIM_NS) -> set[Decimal]:
        """What the venue's leg has been of late."""
        since_ns = self._truth.now_ns() - min(for_ns, CLAIM_NS)
        past = self._history.get(leg, ())
        later = {quantity for at_ns, quantity in past if at_ns >= since_ns}
        before = [quantity for at_ns, quantity in past if at_ns < since_ns]
        return later | {before[-1] if before else ZERO}

    def _lies(self) -> int:
        """How many readings of positions the venue has spoiled of late."""
        now_ms = self._books.venue.now_ms
        recent = (each for each in self._books.venue.fault_log if each.at_ms >= now_ms - LIES_MS)
        return sum(each.kind in _LIES and "positionRisk" in each.subject for each in recent)

    def forget(self, loss: Loss) -> None:
        """Records are what is left of them; what was booked of the venue's own trades may be booked again."""
        for memory in (self._records, self._ended, self._escalated, self._booked, self._decided):
            memory.clear()
        untrue, self._untrue = self._untrue, []
        for ordinal, event in loss.kept:
            if not isinstance(event, e.QuantityAdjusted | e.PositionAdopted | e.StateChanged):
                self.event(ordinal, event)
        self._untrue = [record for record in untrue if record.discrepancy_id in self._records]
        for ordinal, event in loss.events:
            if isinstance(event, e.QuantityAdjusted) and event.command_id.startswith("forced-"):
                self._unbook(loss.keys[ordinal].symbol, event)

    def _unbook(self, symbol: str, event: e.QuantityAdjusted) -> None:
        cited = _TRADES.search(event.evidence)
        which = (symbol, cited[1].strip() if cited else "")
        self._taken[which] = self._taken.get(which, ZERO) + event.quantity_delta

    # The disk ------------------------------------------------------------------------------------------

    def event(self, ordinal: int, event: Event) -> None:
        match event:
            case e.QuantityAdjusted():
                self._adjusted(ordinal, event)
            case e.PositionAdopted():
                self._adopted(ordinal, event)
            case e.StateChanged(after=after) if after.terminal and self._ledger.sums.get(ordinal):
                text = f"{ordinal} is {after}, its fills and adjustments leave {self._ledger.sums[ordinal]}"
                self._fail("I2", text, ordinal)
            case DiscrepancyDetected(discrepancy=record):
                self._detected(record)
            case RepairAttempted():
                self._repaired(event)
            case DiscrepancyEscalated(discrepancy_id=name):
                self._under_way(name, "escalated")
                self._escalated.add(name)
                if not event.why:
                    self._fail("I6", f"{name} was escalated without a reason")
            case AttributionChosen(discrepancy_id=name):
                self._decided.add(name)
            case DiscrepancyEnded(discrepancy_id=name):
                self._end(name, event)

    def _detected(self, record: Discrepancy) -> None:
        name = record.discrepancy_id
        if name in self._records:
            self._fail("I6", f"{name} was detected twice")
        # Somebody's trades that add up to it prove it at once; they are looked at where they are booked.
        seen_enough = record.observations >= REQUIRED[record.type] or UNEXPLAINED not in record.evidence
        if not record.evidence or not seen_enough:
            self._fail("I6", f"{name} {record.type} was believed after {record.observations} observations")
        self._records[name] = record
        lasted_ns = record.detected_ns - record.first_seen_ns
        absent = record.type is DiscrepancyType.POSITION_NOT_IN_EXCHANGE
        if absent and ZERO not in self._been(self._leg_of(record), lasted_ns):
            self._untrue.append(record)

    def _leg_of(self, record: Discrepancy) -> Leg:
        """A record of a one-way account names no side."""
        side = "BOTH" if record.side is None else record.side.value.upper()
        return str(record.account), str(record.symbol), side

    def _mass(self, record: Discrepancy) -> bool:
        """Whether more than half of what an account really holds, and of two legs at least, was taken for gone at once.

        That is a defect of the reading, however often it was read: somebody has to look, and to say so.
        """
        if record not in self._untrue or record.discrepancy_id in self._decided:
            return False
        same = (each for each in self._untrue if each.account == record.account)
        gone = {
            self._leg_of(each)
            for each in same
            if each.first_seen_ns <= record.detected_ns and record.first_seen_ns <= each.detected_ns
        }
        held = {leg for leg, quantity in self._books.legs.items() if leg[0] == record.account and quantity}
        return len(gone & held) >= MASS_LEAST and 2 * len(gone & held) > len(held)

    def _repaired(self, event: RepairAttempted) -> None:
        self._under_way(event.discrepancy_id, "repaired")
        for key in event.trades:
            _, symbol, number = key.split("/")
            if position_of(self._trader(symbol, number)) is not None:
                self._fail("I6", f"{event.discrepancy_id} books trade {key}, which is a position's own")
            before = self._booked.setdefault(key, event.discrepancy_id)
            if before != event.discrepancy_id:
                self._fail("I6", f"trade {key} is booked by {before} and by {event.discrepancy_id}")

    def _trader(self, symbol: str, trade_id: str) -> str:
        trader = self._books.traders.get((symbol, trade_id))
        if trader is None:
            self._fail("I2", f"{symbol} trade {trade_id} is evidence, and the venue never made it")
            return ""
        return trader

    def _under_way(self, name: str, what: str) -> None:
        if name not in self._records or name in self._ended:
            self._fail("I6", f"{name} was {what}, and it is {'over' if name in self._ended else 'not known'}")

    def _end(self, name: str, event: DiscrepancyEnded) -> None:
        self._under_way(name, "ended")
        self._ended[name] = event
        if not event.why or not event.outcome.ended:
            self._fail("I6", f"{name} ended as {event.outcome} because of {event.why!r}")
        retired = {each.position_id for each in self._ledger.events.get(0, ()) if isinstance(each, e.PositionRetired)}
        if event.outcome is Outcome.ACKNOWLEDGED and not event.command_id and self._records[name].target not in retired:
            self._fail("I6", f"{name} was acknowledged by nobody")

    # What changes belief ---------------------------------------------------------------------------------

    def _adjusted(self, ordinal: int, event: e.QuantityAdjusted) -> None:
        """I2: every believed change that is not a fill has its evidence in the journal, and it is true."""
        position = self._ledger.positions[ordinal]
        if event.command_id.startswith("forced-"):
            self._forced(ordinal, event)
            return
        if event.command_id.startswith("settle-"):
            if position.quantity:  # what was sold beyond nothing is given back up to nothing, and no more
                self._fail("I2", f"{event.command_id} leaves {position.position_id} with {position.quantity}", ordinal)
            return
        if event.assumed:
            self._taken_back(ordinal, event)
            return
        # What was sold beyond nothing, its neighbor's, is given back up to nothing.
        if event.quantity_delta > 0 and position.quantity > 0 and position.key.strategy != MANUAL:
            text = f"{position.position_id} was given {event.quantity_delta} that it never ordered: {event.evidence}"
            self._fail("I6", text, ordinal)
        if event.quantity_delta:
            self._cited(ordinal, position.key, event.evidence)

    def _taken_back(self, ordinal: int, event: e.QuantityAdjusted) -> None:
        """A fill is known for which an owner had stood in: that much, and no more than he had booked."""
        events = self._ledger.events[ordinal]
        fill = next((each for each in reversed(events) if isinstance(each, e.OrderFilled)), None)
        booked = sum((x.quantity_delta for x in events if isinstance(x, e.QuantityAdjusted) and x.assumed), ZERO)
        if fill is None or event.command_id != f"known-{fill.client_order_id}-{fill.trade_id}":
            self._fail("I2", f"{event.command_id} names no fill that has just become known", ordinal)
        elif -event.quantity_delta > fill.quantity or booked < 0:
            self._fail("I2", f"{event.command_id} takes back {-event.quantity_delta} of {fill.quantity}", ordinal)

    def _adopted(self, ordinal: int, event: e.PositionAdopted) -> None:
        if event.evidence.startswith("position list of"):
            signed = event.quantity * event.key.side.sign
            leg = self._books.leg_of(event.key)
            if signed not in self._been(leg) and not self._lies():
                self._fail("I2", f"{signed} of {leg} was adopted, the venue had {self._been(leg)}", ordinal)
            return
        self._cited(ordinal, event.key, event.evidence)

    def _agreed(self, leg: Leg) -> bool:
        """What is believed of it now is what the venue holds."""
        return self._ledger.legs(self._books).get(leg, ZERO) == self._books.legs.get(leg, ZERO)

    def _forced(self, ordinal: int, event: e.QuantityAdjusted) -> None:
        """The venue closed it: its trade is the evidence, and no more of it is booked than it was for."""
        cited = _TRADES.search(event.evidence)
        trade_id = cited[1].strip() if cited else ""
        which = (str(self._ledger.positions[ordinal].key.symbol), trade_id)
        trader = self._trader(*which)
        if position_of(trader) is not None or not trader:
            self._fail("I2", f"{event.command_id} books trade {trade_id} of {trader!r}", ordinal)
            return
        taken = self._taken[which] = self._taken.get(which, ZERO) - event.quantity_delta
        if taken > self._books.trades[which].quantity:
            self._fail("I2", f"trade {trade_id} is booked for {taken}, more than it was", ordinal)

    def _cited(self, ordinal: int, key: Key, evidence: str) -> None:
        """It names a discrepancy that is under way, and its trades, or a quantity that the leg really had."""
        found = _CITED.match(evidence)
        record = self._records.get(found[1]) if found else None
        if found is None or record is None or (record.account, record.symbol) != (key.account, key.symbol):
            self._fail("I2", f"{ordinal} was changed on the evidence of {evidence!r}", ordinal)
            return
        if record.type not in QUANTITY:
            self._fail("I2", f"{ordinal} was changed by {record.type} {record.discrepancy_id}", ordinal)
        trades = _TRADES.search(found[2])
        if trades:
            for trade_id in trades[1].replace(" ", "").split(","):
                self._trader(key.symbol, trade_id)
            return
        if record.discrepancy_id in self._booked.values():
            return  # booked by trades, each of them looked at when the repair was begun
        leg, claim = self._books.leg_of(key), _signed(record.reported)
        if self._agreed(leg):
            return  # a human's answer comes when it comes: the difference is what it was, the quantities need not be
        if self._mass(record):
            text = f"{record.discrepancy_id} has {leg} vanished together with others, and the venue holds all of them"
            self._fail("I2", text, ordinal)
        if claim not in self._been(leg) and self._lies() < record.observations:
            text = f"{record.discrepancy_id} claims {claim} of {leg}, which has been {sorted(self._been(leg))}"
            self._fail("I2", text, ordinal)

    # At the end ----------------------------------------------------------------------------------------

    def unsettled(self) -> list[Finding]:
        """I6: where somebody else has traded, belief is the venue's, or a record on the disk says what differs."""
        found: list[Finding] = []
        believed = self._ledger.legs(self._books)
        for leg in sorted({*believed, *self._books.legs}):
            held = self._books.legs.get(leg, ZERO)
            if (
                leg[:2] in self._books.touched
                and believed.get(leg, ZERO) != held
                and not self.told_of(leg, held - believed.get(leg, ZERO))
                and not self._outside(leg)
            ):
                text = f"{leg}: believed {believed.get(leg, ZERO)}, held {held}, and no record says so"
                found.append(("I6", text, 0))
        # A leg with a damaged position on it is told as that, and is not judged.
        silent = {(p.key.account, p.key.symbol) for p in self._ledger.damaged.values()}
        for name, record in self._records.items():
            if (record.account, record.symbol) in silent:
                continue
            if name not in self._ended and name not in self._escalated and record.type in QUANTITY:
                found.append(("I6", f"{name} {record.type} {record.symbol} is neither resolved nor told a human", 0))
        return found

    def waits(self, leg: Leg) -> bool:
        """Whether a question about this account and symbol is open, or a human was asked it and has not answered."""
        open_ones = self._records.keys() - self._ended.keys()
        return any((self._records[name].account, self._records[name].symbol) == leg[:2] for name in open_ones)

    def _outside(self, leg: Leg) -> bool:
        """Whether the venue lists the symbol no more, and the owner was told that what is held there is his alone."""
        account, symbol, _ = leg
        if self._books.venue.exchange.markets[symbol].instrument.status != "DELISTED":
            return False
        told = (each for each in self._ledger.events.get(NOTIFIERS, ()) if isinstance(each, NoticeQueued))
        return any(each.notice_id.startswith(f"outside/{account}/{symbol}/") for each in told)

    def told_of(self, leg: Leg, difference: Decimal) -> bool:
        """Whether a human has been asked about just this difference, or has answered."""
        for name, record in self._records.items():
            ended = self._ended.get(name)
            waiting = name in self._escalated if ended is None else ended.outcome is not Outcome.RESOLVED
            same = (record.account, record.symbol) == leg[:2] and record.type in QUANTITY
            if waiting and same and record.difference == difference:
                return True
        return False


def _signed(text: str) -> Decimal:
    """What a record says of a leg: `flat`, `long 3`, `short 0.5`."""
    side, _, number = text.partition(" ")
    return ZERO if side == "flat" else Decimal(number) * (1 if side == "long" else -1)
