"""The ledger of discrepancies, folded from the reconciler's own events.

Records of ended discrepancies stay for the retention time, counts for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from actors.reconciler.comparison_input import Key, Leg
from actors.reconciler.policy import QUANTITY
from actors.runtime.event_sourced import HistorySpec, OnDamage, Persisting, Snapshots
from messages import codec
from messages.base import Event
from messages.bounded import BoundedMap
from messages.reconciliation import (
    AttributionChosen,
    CheckRecorded,
    Discrepancy,
    DiscrepancyDetected,
    DiscrepancyEnded,
    DiscrepancyEscalated,
    DiscrepancyGone,
    DiscrepancyWatched,
    HistoryPruned,
    LegCleared,
    LegShared,
    OrdersReadAgain,
    OrdersUnread,
    Outcome,
    PositionsReadAgain,
    PositionsUnread,
    RepairAttempted,
    RepairRefused,
    SettingSeen,
    SymbolSetting,
)
from messages.statement import NOTHING, Statement, word
from messages.status import Rows, StatusRow, row
from messages.types import AccountId, PositionId, PositionSide, Symbol, TradeId
from messages.wording.duration import Duration
from messages.wording.status import Status

TRADES_REMEMBERED = 10_000
"""Trades booked by adjustments: a symbol's trades are read repeatedly, and each is booked once."""
Count = tuple[str, str, str, str, int]
"""(type, severity, action, outcome, number)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSnapshot:
    """The ledger as one codec record."""

    version: int
    sequence: int
    records: tuple[Discrepancy, ...]
    settings: tuple[SymbolSetting, ...]
    shared: tuple[tuple[AccountId, Symbol, PositionSide | None], ...]
    silenced: tuple[str, ...]
    trades: tuple[TradeId, ...]
    counts: tuple[Count, ...]
    checks: int
    failed_reads: int
    attempts: int
    detected: int
    detecting_ns: int
    resolved: int
    resolving_ns: int
    unread: tuple[AccountId, ...] = ()
    blind: tuple[tuple[AccountId, Symbol | None], ...] = ()


codec.register(910, LedgerSnapshot)


class Ledger:
    """Evolves by `apply`; the same events in the same order give the same ledger."""

    def __init__(self, snapshot: LedgerSnapshot | None = None) -> None:
        s = snapshot
        self.version = s.version if s else 0
        self.sequence = s.sequence if s else 0
        self.records: dict[str, Discrepancy] = {d.discrepancy_id: d for d in s.records} if s else {}
        self.settings: dict[tuple[AccountId, Symbol], SymbolSetting] = (
            {(x.account, x.symbol): x for x in s.settings} if s else {}
        )
        self.shared: dict[tuple[AccountId, Leg], None] = (
            {(account, (symbol, side)): None for account, symbol, side in s.shared} if s else {}
        )
        self.trades: BoundedMap[TradeId, None] = BoundedMap(TRADES_REMEMBERED)
        self._remember(s.trades if s else ())
        self.counts: dict[tuple[str, str, str, str], int] = {c[:4]: c[4] for c in s.counts} if s else {}
        self.checks = s.checks if s else 0
        self.failed_reads = s.failed_reads if s else 0
        self.attempts = s.attempts if s else 0
        self.detected = s.detected if s else 0
        self.detecting_ns = s.detecting_ns if s else 0
        self.resolved = s.resolved if s else 0
        self.resolving_ns = s.resolving_ns if s else 0
        self.unread: dict[AccountId, None] = dict.fromkeys(s.unread) if s else {}
        """Accounts for which unreadable open orders were notified."""
        self.blind: dict[tuple[AccountId, Symbol | None], None] = dict.fromkeys(s.blind) if s else {}
        """Accounts, or single symbols, for which unreadable positions were notified."""
        self.open: dict[tuple[AccountId, Key], str] = {}
        self.silenced: dict[tuple[AccountId, Key], str] = {}
        for name in s.silenced if s else ():
            self.silenced[self._place(self.records[name])] = name
        for record in self.records.values():
            if not record.outcome.ended:
                self.open[self._place(record)] = record.discrepancy_id

    def apply(self, event: Event) -> None:
        """Apply one event. Raises TypeError for an event of another history, KeyError for an unknown record."""
        self.version += 1
        match event:
            case DiscrepancyDetected(discrepancy=found):
                self._detected(found)
            case RepairAttempted():
                self.attempts += 1
                record = self.records[event.discrepancy_id]
                self._put(replace(record, attempts=event.attempt, why=event.what, apply=None, refused=NOTHING))
                self._remember(event.trades)
            case AttributionChosen():
                self._put(replace(self.records[event.discrepancy_id], apply=event.apply))
            case RepairRefused():
                self._put(replace(self.records[event.discrepancy_id], refused=event.why))
            case DiscrepancyWatched():
                record = self.records[event.discrepancy_id]
                self._put(replace(record, looks=record.looks + 1, apply=None))
            case DiscrepancyEscalated():
                record = self.records[event.discrepancy_id]
                paused = tuple(dict.fromkeys((*record.paused, *event.paused)))
                self._put(replace(record, outcome=Outcome.ESCALATED, why=event.why, paused=paused, apply=None))
            case DiscrepancyEnded():
                self._ended(event)
            case DiscrepancyGone(discrepancy_id=name):
                self.silenced = {place: other for place, other in self.silenced.items() if other != name}
            case CheckRecorded():
                self.checks += 1 + event.quiet
                self.failed_reads += event.failed_reads
            case SettingSeen(setting=setting):
                self.settings[setting.account, setting.symbol] = setting
            case LegShared():
                self.shared[event.account, (event.symbol, event.side)] = None
            case LegCleared():
                self.shared.pop((event.account, (event.symbol, event.side)), None)
                self.settings.pop((event.account, event.symbol), None)
            case OrdersUnread(account=account):
                self.unread[account] = None
            case OrdersReadAgain(account=account):
                self.unread.pop(account, None)
            case PositionsUnread():
                self.blind[event.account, event.symbol] = None
            case PositionsReadAgain():
                self.blind.pop((event.account, event.symbol), None)
            case HistoryPruned(before_ns=before_ns):
                kept = set(self.silenced.values())
                self.records = {
                    name: record
                    for name, record in self.records.items()
                    if not record.outcome.ended or record.ended_ns >= before_ns or name in kept
                }
            case _:
                raise TypeError(f"{type(event).__name__} is not part of the reconciler's history")

    def case(self, account: AccountId, key: Key) -> Discrepancy | None:
        """Return the open discrepancy of this finding key, if there is one."""
        name = self.open.get((account, key))
        return self.records[name] if name is not None else None

    def discrepancies(self, account: AccountId | None = None) -> tuple[Discrepancy, ...]:
        """Return the open discrepancies, oldest first."""
        found = (self.records[name] for name in self.open.values())
        return tuple(record for record in found if account in (None, record.account))

    def latest(self, symbol: Symbol | None, most: int) -> tuple[Discrepancy, ...]:
        """Return at most `most` records, newest first, ended ones included."""
        found = [record for record in reversed(self.records.values()) if symbol in (None, record.symbol)]
        return tuple(found[:most])

    def shared_legs(self, account: AccountId) -> frozenset[Leg]:
        """Return the account's legs with several holders since they were flat."""
        return frozenset(leg for name, leg in self.shared if name == account)

    def settings_of(self, account: AccountId) -> dict[Symbol, SymbolSetting]:
        """Return the believed settings of the account's symbols."""
        return {symbol: setting for (name, symbol), setting in self.settings.items() if name == account}

    def statistics(self, quiet: int = 0) -> Rows:
        """Return the rows of `albra status`. `quiet`: checks that are not recorded yet."""
        standing = [record.outcome for record in self.discrepancies()]
        ended = sum(count for (_, _, _, outcome), count in self.counts.items())
        settled = self.resolved
        section = Status.RECONCILIATION()
        by_type: dict[str, int] = {}
        for (kind, _, _, _), count in self.counts.items():
            by_type[kind] = by_type.get(kind, 0) + count
        return (
            row(section, Status.CHECKS, Status.CHECK_COUNTS(n=self.checks + quiet, failed=self.failed_reads)),
            row(
                section,
                Status.DISCREPANCIES,
                Status.DISCREPANCY_COUNTS(detected=self.detected, resolved=settled, rest=ended - settled),
            ),
            row(section, Status.OPEN, len(standing) - standing.count(Outcome.ESCALATED)),
            row(section, Status.ESCALATED, standing.count(Outcome.ESCALATED)),
            row(section, Status.REPAIRS, self.attempts),
            row(
                section,
                Status.SUCCESS_RATE,
                Status.PERCENT(percent=100 * settled // ended) if ended else Status.NOTHING_ENDED(),
            ),
            row(section, Status.TIME_TO_DETECT, _mean(self.detecting_ns, self.detected)),
            row(section, Status.TIME_TO_RESOLVE, _mean(self.resolving_ns, self.resolved)),
            *(
                StatusRow(section=section, name=word(kind), value=Status.NUMBER(n=count))
                for kind, count in sorted(by_type.items())
            ),
        )

    def breakdown(self) -> Rows:
        """Return the counts of ended ones by type, severity, action and outcome."""
        return tuple(
            StatusRow(
                section=Status.ENDED(),
                name=Status.ENDED_AS(
                    type=word(kind), severity=word(severity), action=word(action), outcome=word(outcome)
                ),
                value=Status.NUMBER(n=count),
            )
            for (kind, severity, action, outcome), count in sorted(self.counts.items())
        )

    def snapshot(self) -> LedgerSnapshot:
        """Return the ledger as one record."""
        return LedgerSnapshot(
            version=self.version,
            sequence=self.sequence,
            records=tuple(self.records.values()),
            settings=tuple(self.settings.values()),
            shared=tuple((account, symbol, side) for account, (symbol, side) in self.shared),
            silenced=tuple(self.silenced.values()),
            trades=tuple(self.trades),
            counts=tuple((*names, number) for names, number in self.counts.items()),
            checks=self.checks,
            failed_reads=self.failed_reads,
            attempts=self.attempts,
            detected=self.detected,
            detecting_ns=self.detecting_ns,
            resolved=self.resolved,
            resolving_ns=self.resolving_ns,
            unread=tuple(self.unread),
            blind=tuple(self.blind),
        )

    def _detected(self, found: Discrepancy) -> None:
        self.sequence += 1
        self.detected += 1
        self.detecting_ns += max(0, found.detected_ns - (found.diverged_ns or found.first_seen_ns))
        self._put(found)
        self.open[self._place(found)] = found.discrepancy_id

    def _ended(self, event: DiscrepancyEnded) -> None:
        record = self.records[event.discrepancy_id]
        ended = replace(record, outcome=event.outcome, ended_ns=event.ts_init, why=event.why)
        self._put(ended)
        place = self._place(ended)
        self.open.pop(place, None)
        if event.outcome is Outcome.RESOLVED:
            self.resolved += 1
            self.resolving_ns += max(0, ended.ended_ns - ended.detected_ns)
        else:
            self.silenced[place] = ended.discrepancy_id
        names = (ended.type.value, ended.severity.value, ended.action.value, ended.outcome.value)
        self.counts[names] = self.counts.get(names, 0) + 1

    def _put(self, record: Discrepancy) -> None:
        self.records[record.discrepancy_id] = record

    def _remember(self, trades: Iterable[TradeId]) -> None:
        self.trades.update(dict.fromkeys(trades))

    @staticmethod
    def _place(record: Discrepancy) -> tuple[AccountId, Key]:
        return record.account, key_of(record)


def key_of(record: Discrepancy) -> Key:
    """Return the finding key of this record; see `comparison_input.Finding.key`."""
    family = "QUANTITY" if record.type in QUANTITY else record.type.value
    return (family, record.symbol, record.side, record.target)


def _evolve(ledger: Ledger, event: Event) -> Ledger:
    ledger.apply(event)
    return ledger


def _after_loss(ledger: Ledger, lost: int) -> Ledger:
    ledger.sequence += lost
    ledger.version += lost
    return ledger


HISTORY: HistorySpec[Ledger] = HistorySpec(
    ordinal=-1,
    name=PositionId("reconciler"),
    empty=Ledger,
    evolve=_evolve,
    persisting=Persisting.STASHED,
    on_damage=OnDamage.GO_ON,
    snapshots=Snapshots(
        every=256,
        encode=lambda ledger: codec.encode(ledger.snapshot()),
        decode=lambda data: Ledger(codec.decode_as(data, LedgerSnapshot)),
    ),
    after_loss=_after_loss,
)


def _mean(total_ns: int, count: int) -> Statement:
    """Return the mean in seconds with one decimal; NOTHING without any."""
    return Duration.SECONDS(s=Decimal(total_ns // count // 100_000_000).scaleb(-1)) if count else NOTHING
