"""I6 of settings: leverage, margin mode and position mode that somebody changed are believed, or on record.

What is believed of a leg's leverage is what one of its positions asked for, or else what the reconciler has journalled
as seen first while something was held there; of its margin mode, the latter. The venue changes none of them by itself.
It refuses another margin or position mode while anything is held: the one may be another between two positions that
nobody looked between, the other differs in a test of this room only.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from actors.position.state import Position
from messages.addresses import is_gateway
from messages.base import Event
from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import (
    Discrepancy,
    DiscrepancyDetected,
    DiscrepancyEnded,
    DiscrepancyEscalated,
    LegCleared,
    Outcome,
    SettingSeen,
    SymbolSetting,
)
from messages.reports import LeverageChanged
from simulator.checks.check import SECOND, Check, Finding, Truth
from simulator.environment.process import Process
from simulator.environment.truth import RECONCILERS, Leg, Loss

T = DiscrepancyType
SETTINGS = frozenset({T.LEVERAGE_MISMATCH, T.MARGIN_MODE_MISMATCH, T.POSITION_MODE_MISMATCH})
READ_NS = 400 * SECOND
"""As old as settings may be that are compared, and a little more: one that nobody tells of is not seen before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One setting of what is held; `side` as the venue names its leg."""

    kind: DiscrepancyType
    leg: Leg
    believed: str
    actual: str


class Changed(Check):
    """In peace: each setting of what is held. At each event: no setting is believed anew without a record."""

    invariants = ("I6",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._settings: dict[tuple[str, str], SymbolSetting] = {}
        self._records: dict[str, Discrepancy] = {}
        self._standing: dict[str, Discrepancy] = {}
        """Not ended, or ended by a human or the policy though it differs still."""
        self._escalated: set[str] = set()
        self._modes = {account.name: account.hedge for account in self._books.accounts}
        """As they were when Albra was configured."""
        self._since_ns: dict[Difference, int] = {}
        self._told: set[Difference] = set()

    # The disk ------------------------------------------------------------------------------------------

    def event(self, ordinal: int, event: Event) -> None:
        if ordinal != RECONCILERS:
            return
        match event:
            case SettingSeen(setting=setting):
                self._seen(setting)
            case LegCleared(account=account, symbol=symbol):
                self._settings.pop((account, symbol), None)
            case DiscrepancyDetected(discrepancy=record):
                self._records[record.discrepancy_id] = self._standing[record.discrepancy_id] = record
            case DiscrepancyEscalated(discrepancy_id=name):
                self._escalated.add(name)
            case DiscrepancyEnded(discrepancy_id=name, outcome=Outcome.RESOLVED):
                self._standing.pop(name, None)
            case DiscrepancyEnded(discrepancy_id=name):
                self._escalated.add(name)

    def _seen(self, setting: SymbolSetting) -> None:
        place = (setting.account, setting.symbol)
        before = self._settings.get(place)
        self._settings[place] = setting
        if before not in (None, setting) and not any(self._on_record(kind, place) for kind in SETTINGS):
            self._fail("I6", f"{place}: {before} was believed, {setting} is now, and no record says why")

    def _on_record(self, kind: DiscrepancyType, place: tuple[str, str]) -> bool:
        return any((each.type, each.account, each.symbol) == (kind, *place) for each in self._standing.values())

    def forget(self, loss: Loss) -> None:
        for memory in (self._settings, self._records, self._standing, self._escalated):
            memory.clear()
        for ordinal, event in loss.kept:
            self.event(ordinal, event)

    # What differs --------------------------------------------------------------------------------------

    def born(self) -> None:
        """A start reads every setting."""
        self._told.update(self._since_ns)

    def delivered(self, address: str, message: object) -> None:
        """The stream has told of it; it need not wait until settings are read again."""
        if isinstance(message, LeverageChanged) and is_gateway(address):
            said = (T.LEVERAGE_MISMATCH, message.account, message.symbol, f"{message.leverage}x")
            self._told.update(each for each in self._since_ns if (each.kind, *each.leg[:2], each.actual) == said)

    def tick(self, process: Process) -> None:
        self._look()

    def _look(self) -> None:
        now_ns = self._truth.now_ns()
        differences = list(self._differences())
        self._since_ns = {each: self._since_ns.get(each, now_ns) for each in differences}
        self._told.intersection_update(differences)

    def _differences(self) -> Iterator[Difference]:
        holders: dict[Leg, list[Position]] = {}
        for position in self._ledger.positions.values():
            if not position.state.terminal and position.version:
                holders.setdefault(self._books.leg_of(position.key), []).append(position)
        for leg, positions in holders.items():
            if self._books.legs.get(leg) and any(position.quantity for position in positions):
                yield from self._of(leg, positions)
        for account in self._books.accounts:
            before = self._modes[account.name]
            for leg in self._books.legs if account.hedge is not before else ():
                if leg[0] == account.name and self._books.legs[leg]:
                    yield _difference(T.POSITION_MODE_MISMATCH, leg, f"hedge={before}", f"hedge={account.hedge}")

    def _of(self, leg: Leg, positions: list[Position]) -> Iterator[Difference]:
        account = next(each for each in self._books.accounts if each.name == leg[0])
        actual, seen = account.settings.get(leg[1]), self._settings.get(leg[:2])
        times = actual.leverage if actual is not None else account.leverage
        isolated = actual.isolated if actual is not None else False
        asked = {position.leverage for position in positions if position.leverage is not None}
        believed = asked or ({seen.leverage} if seen is not None and seen.leverage is not None else {times})
        changing = any(position.leverage_pending for position in positions)
        if times not in believed and not changing:
            yield _difference(T.LEVERAGE_MISMATCH, leg, f"{min(believed)}x", f"{times}x")
        if seen is not None and seen.isolated is not isolated:
            yield _difference(T.MARGIN_MODE_MISMATCH, leg, f"isolated={seen.isolated}", f"isolated={isolated}")

    # At the end ----------------------------------------------------------------------------------------

    def unsettled(self) -> list[Finding]:
        self._look()
        now_ns = self._truth.now_ns()
        found: list[Finding] = []
        for each, since_ns in self._since_ns.items():
            seen = each in self._told or now_ns - since_ns > READ_NS
            if seen and not self._silent(each.leg) and not self._on_record(each.kind, each.leg[:2]):
                text = f"{each.leg}: {each.believed} is believed, {each.actual} at the venue, and no record says so"
                found.append(("I6", text, 0))
        for name, record in self._standing.items():
            place = (str(record.account), str(record.symbol), "")
            if record.type in SETTINGS and name not in self._escalated and not self._silent(place):
                found.append(("I6", f"{name} {record.type} {record.symbol} is neither resolved nor told a human", 0))
        return found

    def _silent(self, leg: Leg) -> bool:
        """Somebody who stands there cannot say what he holds: that is told, and the leg is not compared."""
        damaged = {(p.key.account, p.key.symbol) for p in self._ledger.damaged.values()}
        return leg[:2] in damaged or self._on_record(T.STATE_MISMATCH, leg[:2])


def _difference(kind: DiscrepancyType, leg: Leg, believed: str, actual: str) -> Difference:
    return Difference(kind=kind, leg=leg, believed=believed, actual=actual)
