"""What the supervisor starts with, what the configuration decides for it, and what outlives one of its lives."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from actors.funding import Holder
from actors.position.state import Position
from actors.supervisor.command_register import Register
from actors.supervisor.forced_trades import Taken
from actors.supervisor.funding_payments import Paid
from actors.supervisor.pre_trade_risk import Limits
from actors.supervisor.registry import FINISHED_KEPT, Account, Book, Hold
from actors.supervisor.since import Since
from messages import commands as c
from messages import reports as r
from messages.base import Event
from messages.events import CloseAllRequested, OpeningsPaused
from messages.ids import Names, parse_position_id
from messages.requests import CommandDecided, CommandTaken
from messages.statement import NOTHING, Statement
from messages.types import AccountId, Address, CommandId, JournalId, PositionId, Silence, Symbol

OWN_HISTORY = 0
"""The ordinal under which the supervisor keeps what it must not forget; positions count from 1."""
DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What the journal held at start: positions to go on with, the ids of those that are over, own events."""

    positions: tuple[Position, ...] = ()
    finished: tuple[tuple[int, PositionId], ...] = ()
    own_events: tuple[Event, ...] = ()
    own_version: int = 0
    own_damage: Statement = NOTHING
    """What the supervisor's next step follows, and which record before it cannot be read."""
    highest_ordinal: int = 0
    realized_today: tuple[tuple[tuple[AccountId, int], Decimal], ...] = ()
    damaged: tuple[Statement, ...] = ()
    silent: tuple[tuple[PositionId, Statement], ...] = ()
    """Positions whose history is damaged, each with the reason: they exist, and what they hold is not known."""
    commands: tuple[CommandTaken | CommandDecided, ...] = ()
    """The latest records of what each command id stands for, oldest first."""
    carried_out: tuple[tuple[CommandId, int], ...] = ()
    """Commands of the last day that an event tells of, each with the ordinal of its history."""
    effects: tuple[tuple[CommandId, tuple[Event, ...]], ...] = ()
    """Events of commands that have no record: all that shows what their ids stand for."""
    ended: tuple[Holder, ...] = ()
    """Positions that are over and held something within the last day: a funding of then may still be told."""
    openings: tuple[tuple[AccountId, int], ...] = ()
    """What was opened or enlarged in the last day, and when (wall time, ns)."""


@dataclass(slots=True)
class SupervisorMemory:
    """What outlives one life of the supervisor: all of it was told by others, or is in the journal."""

    book: Book
    first_new: int
    """Positions from this ordinal on began in this process: what they brought in is counted from nothing."""
    accounts: dict[AccountId, Account]
    adopting: set[AccountId]
    holds: tuple[Hold, ...] = ()
    asked: Register = field(default_factory=Register)
    decided: dict[CommandId, None] = field(default_factory=dict)
    """Pauses and resumes that are durable: said again, however late, they change nothing (I14)."""
    effects: Mapping[CommandId, tuple[Event, ...]] = field(default_factory=dict)
    """Of commands whose record is lost."""
    version: int = 0
    waiting: deque[tuple[Event | CommandTaken | CommandDecided, c.Command | None]] = field(default_factory=deque)
    """What the journal has been asked to keep and has not answered, oldest first."""
    unkept: list[tuple[OpeningsPaused | CloseAllRequested, c.Command | None]] = field(default_factory=list)
    """In force though the disk refused it: offered to the journal again until it is durable."""
    openings: dict[AccountId, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    realized: dict[tuple[AccountId, int], Decimal] = field(default_factory=dict)
    forgiven: dict[tuple[AccountId, int], Decimal] = field(default_factory=dict)
    gateways: dict[AccountId, r.GatewayStatus] = field(default_factory=dict)
    unsettled: dict[tuple[AccountId, Symbol], Statement] = field(default_factory=dict)
    suspected: dict[tuple[AccountId, Symbol], Statement] = field(default_factory=dict)
    """Where belief and venue differ, by a look that another one is to confirm."""
    taken: Taken = field(default_factory=Taken)
    since: Since = field(default_factory=Since)
    fundings: Paid = field(default_factory=Paid)
    useless: set[tuple[PositionId, Decimal | None]] = field(default_factory=set)
    leaving: dict[int, tuple[CommandId, int]] = field(default_factory=dict)
    """Whose close passed here, and when (monotonic): its view tells of that command only after the commit."""
    silent: dict[PositionId, tuple[Silence, Statement]] = field(default_factory=dict)
    """Positions that cannot say what they hold, and why."""
    retired: dict[PositionId, Statement] = field(default_factory=dict)
    """Those of them that are over, by their owner's word: what was damaged."""
    given: dict[CommandId, tuple[int, c.AdjustPosition]] = field(default_factory=dict)
    """By the command that hands it over: what is taken from the manual position once the strategy has it."""

    @classmethod
    def of(cls, settings: "Settings", restored: Restored) -> "Memory":
        over = restored.finished
        book = Book(
            next_ordinal=restored.highest_ordinal + 1,
            finished=dict(over[-FINISHED_KEPT:]),
            finished_total=len(over),
        )
        for command_id, ordinal in restored.carried_out:
            book.remember(command_id, ordinal)
        return cls(
            book=book,
            asked=Register.of(restored.commands),
            effects=dict(restored.effects),
            accounts={name: Account(account=name) for name in settings.accounts},
            adopting=set(settings.accounts) - _seen(restored),
            realized=dict(restored.realized_today),
            fundings=Paid.of(restored.ended),
            first_new=restored.highest_ordinal + 1,
        )


def utc_day(time_ns: int) -> int:
    return time_ns // DAY_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorSettings:
    """What the configuration decides here.

    `limits` hold for every account that has none of its own. `day_of` numbers the days of wall time, in ns, in the
    configured zone.
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
    """Told what the venue says of positions; empty: nobody is."""
    restored: Names | None = None
    """Where the journal was restored: which orders of before are its own."""

    @property
    def names(self) -> Names:
        return self.restored or Names(current=self.journal_id)


def _seen(restored: Restored) -> set[AccountId]:
    """Accounts that the journal has positions of: what appears there from now on is not adopted unasked."""
    names = (*(name for _, name in restored.finished), *(name for name, _ in restored.silent))
    return {p.key.account for p in restored.positions} | {
        parsed[0].account for parsed in map(parse_position_id, names) if parsed
    }
