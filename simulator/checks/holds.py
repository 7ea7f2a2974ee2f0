"""I10 of holds: nothing is asked for where openings are held, by a human's pause or because belief and venue differ.

A pause is what the supervisor's own history says, by account and symbol as it was put. That belief and venue differ is
what the reconciler's history says; the supervisor hears of that after the commit, and again after each start.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from actors.reconciler.policy import QUANTITY
from messages import commands as c
from messages import events as e
from messages.base import Event
from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import DiscrepancyDetected, DiscrepancyEnded, DiscrepancyEscalated
from messages.types import AccountId, Symbol
from simulator.checks.check import SECOND, Check, Truth
from simulator.environment.truth import RECONCILERS, Loss
from simulator.plans.retiring import retired

T = DiscrepancyType
HOLDING = QUANTITY | {T.STATE_MISMATCH, T.POSITION_MODE_MISMATCH, T.MARGIN_MODE_MISMATCH}
"""What is held is not known for sure. Of other types a hold begins when a human is asked."""
GRANTED_NS = 10 * SECOND
"""So long after the supervisor has granted it an opening may become durable, however ill the disk."""
TOLD_NS = 2 * SECOND
"""Within it a hold of the reconciler's has reached the supervisor: after its commit, or after the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """None covers all of them. `patience_ns`: how long after `since_ns` whoever grants may not know of it."""

    account: AccountId | None
    symbol: Symbol | None
    what: str
    since_ns: int
    patience_ns: int = 0

    def covers(self, account: AccountId, symbol: Symbol) -> bool:
        return self.account in (None, account) and self.symbol in (None, symbol)


class Holds(Check):
    """At every position that begins, and every addition to one."""

    invariants = ("I10",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._pauses: dict[tuple[AccountId | None, Symbol | None], Hold] = {}
        self._records: dict[str, tuple[AccountId, Symbol]] = {}
        self._questions: dict[str, Hold] = {}
        self._heard_ns: dict[str, list[int]] = {}
        self._born_ns = 0

    def born(self) -> None:
        """What an earlier life has granted, and did not make durable, is asked for and granted anew."""
        self._born_ns = self._truth.now_ns()
        self._heard_ns.clear()

    def forget(self, loss: Loss) -> None:
        """What is left holds."""
        for memory in (self._pauses, self._records, self._questions, self._heard_ns):
            memory.clear()
        for ordinal, event in loss.kept:
            self.event(ordinal, event)

    def delivered(self, address: str, message: object) -> None:
        if address == "supervisor" and isinstance(message, c.OpenPosition | c.ModifyPosition):
            self._heard_ns.setdefault(message.command_id, []).append(self._truth.now_ns())

    def event(self, ordinal: int, event: Event) -> None:
        match event:
            case e.OpeningsPaused() | e.OpeningsResumed():
                self._paused(event)
            case DiscrepancyDetected() | DiscrepancyEscalated() | DiscrepancyEnded() if ordinal == RECONCILERS:
                self._differs(event)
            case e.PositionRequested(command_id=command_id) | e.AdditionRequested(command_id=command_id):
                self._granted(ordinal, command_id)

    def _paused(self, event: e.OpeningsPaused | e.OpeningsResumed) -> None:
        """What was put in some words is lifted by the same words, or together with everything."""
        words = (event.account, event.symbol)
        if isinstance(event, e.OpeningsPaused):
            what = f"paused by {event.command_id}"
            hold = Hold(account=event.account, symbol=event.symbol, what=what, since_ns=self._truth.now_ns())
            if not event.until_day:  # a day's loss is not limited here
                self._pauses.setdefault(words, hold)
        elif words == (None, None):
            self._pauses.clear()
        else:
            self._pauses.pop(words, None)

    def _differs(self, event: DiscrepancyDetected | DiscrepancyEscalated | DiscrepancyEnded) -> None:
        match event:
            case DiscrepancyDetected(discrepancy=record):
                self._records[record.discrepancy_id] = record.account, record.symbol
                if record.type in HOLDING:
                    self._hold(record.discrepancy_id)
            case DiscrepancyEscalated(discrepancy_id=name) if name in self._records:
                self._hold(name)
            case DiscrepancyEnded(discrepancy_id=name):
                self._questions.pop(name, None)

    def _hold(self, name: str) -> None:
        account, symbol = self._records[name]
        hold = Hold(account=account, symbol=symbol, what=name, since_ns=self._truth.now_ns(), patience_ns=TOLD_NS)
        self._questions.setdefault(name, hold)

    def _granted(self, ordinal: int, command_id: str) -> None:
        """It was granted at one of the times at which the supervisor was asked; the first that may be it counts."""
        earliest_ns = self._truth.now_ns() - GRANTED_NS
        asked_ns = next((at_ns for at_ns in self._heard_ns.get(command_id, ()) if at_ns >= earliest_ns), -1)
        key = self._ledger.holder(ordinal).key
        for hold in self._known(asked_ns):
            if hold.covers(key.account, key.symbol):
                text = f"{command_id} opens {ordinal}, and openings of {key.symbol} were held ({hold.what}) before"
                self._fail("I10", text, ordinal)

    def _known(self, asked_ns: int) -> Iterator[Hold]:
        """Holds that whoever granted something then had to know of."""
        yield from (hold for hold in self._pauses.values() if hold.since_ns < asked_ns)
        for ordinal in self._ledger.damaged.keys() - retired(self._ledger).keys():
            if self._born_ns + TOLD_NS < asked_ns:
                key, what = self._ledger.damaged[ordinal].key, f"{ordinal} is damaged"
                yield Hold(account=key.account, symbol=key.symbol, what=what, since_ns=self._born_ns)
        for hold in self._questions.values():
            if max(hold.since_ns, self._born_ns) + hold.patience_ns < asked_ns:
                yield hold
