"""The supervisor's initial state, its settings, and the state that outlives an instance."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from actors.funding import Holder
from actors.position.state import Position
from actors.risk.daily_loss import AccountDay, DailyResults, utc_day
from actors.runtime.event_sourced import EventSourced, HistorySpec, OnDamage, Persisting, RecoveredHistory
from actors.supervisor.command_register import CommandRegister
from actors.supervisor.forced_trades import Taken
from actors.supervisor.funding_payments import Paid
from actors.supervisor.pre_trade_risk import Limits
from actors.supervisor.registry import FINISHED_KEPT, Account, Hold, Registry
from actors.supervisor.since import Since
from messages import commands as c
from messages import reports as r
from messages.base import Event
from messages.bounded import BoundedMap
from messages.events import CloseAllRequested, OpeningsPaused
from messages.ids import Names, parse_position_id
from messages.journal import COMMANDS, OWN_COMMANDS
from messages.requests import CommandDecided, CommandTaken
from messages.statement import NOTHING, Statement
from messages.types import AccountId, Address, CommandId, JournalId, PositionId, Silence, Symbol

OWN_HISTORY, OWN_NAME = 0, PositionId("supervisor")
"""Ordinal and name of the supervisor's own history; positions count from 1."""
DECIDED_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What the journal held at the start: live positions, ids of ended ones, own events."""

    positions: tuple[Position, ...] = ()
    finished: tuple[tuple[int, PositionId], ...] = ()
    own_events: tuple[Event, ...] = ()
    own_version: int = 0
    own_damage: Statement = NOTHING
    """The version that the next own step follows, and the damage before it."""
    highest_ordinal: int = 0
    realized_today: tuple[tuple[AccountDay, Decimal], ...] = ()
    damaged: tuple[Statement, ...] = ()
    silent: tuple[tuple[PositionId, Statement], ...] = ()
    """Positions with a damaged history, with the reason; their quantities are unknown."""
    commands: tuple[CommandTaken | CommandDecided, ...] = ()
    """The latest records of command ids, oldest first."""
    carried_out: tuple[tuple[CommandId, int], ...] = ()
    """Commands of the last day that have an event, with the ordinal of its history."""
    effects: tuple[tuple[CommandId, tuple[Event, ...]], ...] = ()
    """Events of commands without a record: the only trace of these ids."""
    ended: tuple[Holder, ...] = ()
    """Positions that ended and held something within the last day: a funding of that time may still be reported."""
    openings: tuple[tuple[AccountId, int], ...] = ()
    """Openings and additions of the last day, with their wall time (ns)."""


Kept = tuple[Event, c.Command | None]
"""An own event, and the command that it answers."""


def history(ordinal: int, name: PositionId, version: int = 0) -> EventSourced[None, Any]:
    """Return a history without folded state: `SupervisorMemory` is the state, because a hold is in force before it is
    durable.
    """
    spec: HistorySpec[None] = HistorySpec(
        ordinal=ordinal,
        name=name,
        empty=lambda: None,
        evolve=lambda state, _event: state,
        persisting=Persisting.PIPELINED,
        on_damage=OnDamage.GO_ON,
    )
    return EventSourced(spec, RecoveredHistory(state=None, version=version))


@dataclass(slots=True)
class SupervisorMemory:
    """State that outlives a supervisor instance; all of it is reported by others or journalled."""

    registry: Registry
    first_new: int
    """Positions from this ordinal on began in this process, so their whole result counts today."""
    accounts: dict[AccountId, Account]
    adopting: set[AccountId]
    holds: tuple[Hold, ...] = ()
    asked: CommandRegister = field(default_factory=CommandRegister)
    decided: BoundedMap[CommandId, None] = field(default_factory=lambda: BoundedMap(DECIDED_MOST))
    """Durable decisions; repeating their command changes nothing (I14)."""
    effects: Mapping[CommandId, tuple[Event, ...]] = field(default_factory=dict)
    """Events of commands whose record is lost."""
    own: EventSourced[None, Kept] = field(default_factory=lambda: history(OWN_HISTORY, OWN_NAME))
    records: EventSourced[None, CommandTaken | CommandDecided] = field(
        default_factory=lambda: history(OWN_COMMANDS, COMMANDS)
    )
    """Records of command ids: steps without events, hence without versions, found by their time."""
    unkept: list[tuple[OpeningsPaused | CloseAllRequested, c.Command | None]] = field(default_factory=list)
    """In force, but refused by the disk: offered again until durable."""
    openings: dict[AccountId, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    results: DailyResults = field(default_factory=DailyResults)
    gateways: dict[AccountId, r.GatewayStatus] = field(default_factory=dict)
    unsettled: dict[tuple[AccountId, Symbol], Statement] = field(default_factory=dict)
    suspected: dict[tuple[AccountId, Symbol], Statement] = field(default_factory=dict)
    """Symbols where one reading shows a difference that another has to confirm."""
    taken: Taken = field(default_factory=Taken)
    since: Since = field(default_factory=Since)
    fundings: Paid = field(default_factory=Paid)
    useless_stops: set[tuple[PositionId, Decimal | None]] = field(default_factory=set)
    leaving: dict[int, tuple[CommandId, int]] = field(default_factory=dict)
    """Positions whose close was forwarded, with its time (monotonic ns): a view shows it only after the commit."""
    silent: dict[PositionId, tuple[Silence, Statement]] = field(default_factory=dict)
    """Positions whose quantity is unknown, and why."""
    retired: dict[PositionId, Statement] = field(default_factory=dict)
    """Silent positions that the owner ended, and their damage."""
    assignments: dict[CommandId, tuple[int, c.AdjustPosition]] = field(default_factory=dict)
    """Assignments by command id: what the manual position gives once the strategy has booked it."""

    @classmethod
    def of(cls, settings: "SupervisorSettings", restored: Restored) -> "SupervisorMemory":
        """Return the memory of a new process."""
        finished = restored.finished
        registry = Registry(
            next_ordinal=restored.highest_ordinal + 1,
            finished=BoundedMap(FINISHED_KEPT, finished),
            finished_total=len(finished),
        )
        for command_id, ordinal in restored.carried_out:
            registry.remember(command_id, ordinal)
        return cls(
            registry=registry,
            own=history(OWN_HISTORY, OWN_NAME, max(restored.own_version, len(restored.own_events))),
            asked=CommandRegister.of(restored.commands),
            effects=dict(restored.effects),
            accounts={name: Account(account=name) for name in settings.accounts},
            adopting=set(settings.accounts) - _seen(restored),
            results=DailyResults(dict(restored.realized_today)),
            fundings=Paid.of(restored.ended),
            first_new=restored.highest_ordinal + 1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorSettings:
    """The supervisor's configuration.

    `limits` apply to accounts without their own. `day_of` numbers days of wall time (ns) in the configured zone.
    `protection_ns`: how long a position may be unprotected.
    """

    journal_id: JournalId
    accounts: tuple[AccountId, ...]
    limits: Limits
    account_limits: Mapping[AccountId, Limits] = field(default_factory=dict)
    day_of: Callable[[int], int] = utc_day
    protection_ns: int = 10_000_000_000
    watch_only: bool = False
    finished_shown: int = 20
    reconciler: Address = Address("")
    """The reconciler's address; empty: there is none."""
    restored: Names | None = None
    """After a restore: the earlier orders that belong to this journal."""

    @property
    def names(self) -> Names:
        """The order ids that belong to this journal."""
        return self.restored or Names(current=self.journal_id)


def _seen(restored: Restored) -> set[AccountId]:
    """Return the accounts with positions in the journal: what appears there later is not adopted at the start."""
    names = (*(name for _, name in restored.finished), *(name for name, _ in restored.silent))
    return {p.key.account for p in restored.positions} | {
        parsed[0].account for parsed in map(parse_position_id, names) if parsed
    }
