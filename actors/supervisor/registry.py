"""The registry: accounts as their gateways report them, positions as they publish themselves."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from actors.moment import date_time
from actors.supervisor.holdings import Holdings
from messages.bounded import BoundedMap
from messages.commands import OpenPosition
from messages.ids import position_id
from messages.reports import AccountModes, Outside, PositionView
from messages.statement import NOTHING, Statement, verbatim
from messages.types import (
    AccountId,
    ClientOrderId,
    CommandId,
    Instrument,
    Key,
    MarginMode,
    ModeFault,
    PositionId,
    PositionMode,
    PositionSide,
    Symbol,
    TrailingBounds,
)
from messages.wording import Supervisor
from messages.wording.status import Status

TERMINAL_KEPT = 500
"""Ended positions whose view stays in memory; older ones are in the journal."""
COMMANDS_KEPT = 50_000
FINISHED_KEPT = 50_000
"""Ended positions that may still get reports of their orders; 150 bytes each."""
FEW = 2
Leg = tuple[AccountId, Symbol, PositionSide]
"""What a venue holds as one position."""


def key_of(view: PositionView) -> Key:
    """Return the key of a view."""
    return Key(account=view.account, symbol=view.symbol, side=view.side, strategy=view.strategy)


def leg_of(key: Key) -> Leg:
    """Return the leg of a key."""
    return key.account, key.symbol, key.side


@dataclass(slots=True)
class Account:
    """One account as its gateway last reported it. Times are wall time (ns).

    `synced`: its positions were read since the venue came up. `others`: listed contracts that are not traded here, with
    their kind. `outside`: unsupervised positions. `mute`: order kinds that the stream does not report, since when.
    `unread`: symbols with an unreadable open order, since when and in how many lists in a row.
    """

    account: AccountId
    venue_up: bool = False
    stream_up: bool = False
    synced: bool = False
    mute: dict[str, int] = field(default_factory=dict)
    unread: dict[Symbol, tuple[int, int]] = field(default_factory=dict)
    modes: AccountModes | None = None
    others: dict[Symbol, str] = field(default_factory=dict)
    outside: dict[tuple[Symbol, PositionSide | None], Outside] = field(default_factory=dict)
    trouble: Statement = Supervisor.UNHEARD()
    waits_since_ns: int = 0
    silent_until_ns: int = 0
    """Until when (wall ns) the venue accepts no requests, if longer than moments; 0: it does."""
    mode: PositionMode = PositionMode.ONE_WAY
    margin_mode: MarginMode | None = None
    trailing: TrailingBounds | None = None
    identity: str = ""
    place: str = ""
    instruments: dict[Symbol, Instrument] = field(default_factory=dict)
    marks: dict[Symbol, Decimal] = field(default_factory=dict)
    liquidations: dict[tuple[Symbol, PositionSide], Decimal] = field(default_factory=dict)
    foreign_orders: set[tuple[Symbol, ClientOrderId]] = field(default_factory=set)

    @property
    def why_unfit(self) -> Statement:
        """What has to be changed at the account; NOTHING if its modes are as configured."""
        fault = self.modes.fault if self.modes is not None else None
        if self.modes is None or fault is None:
            return NOTHING
        if fault is ModeFault.POSITION_MODE:
            mode = self.modes.position_mode
            wanted = next(other for other in PositionMode if other is not mode)
            return Supervisor.OTHER_MODE(mode=mode, other=wanted, wish=str(mode))
        return Supervisor.MULTI_ASSETS()

    @property
    def why_not_ready(self) -> Statement:
        """What openings wait for; NOTHING if they may be sent."""
        if self.waits_since_ns:
            return Supervisor.WAITS_TURN()
        if not self.venue_up:
            return Supervisor.UNREACHABLE(why=self.trouble)
        if not self.stream_up:
            return Supervisor.STREAM_DOWN(why=self.trouble or Status.CONNECTING())
        if not self.synced:
            return Supervisor.SYNCING()
        return NOTHING

    @property
    def why_silent(self) -> Statement:
        """Until when the venue accepts no requests; NOTHING if it does."""
        if not self.silent_until_ns:
            return NOTHING
        return Supervisor.QUIET_UNTIL(time=date_time(self.silent_until_ns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold on openings of an account, a symbol, or all; `until_day` 0: until it is lifted."""

    account: AccountId | None
    symbol: Symbol | None
    why: Statement = NOTHING
    until_day: int = 0

    def covers(self, account: AccountId, symbol: Symbol) -> bool:
        """Return whether openings of this account and symbol are held."""
        return self.account in (None, account) and self.symbol in (None, symbol)

    def lasts(self, today: int) -> bool:
        """Return whether it is in force on this day."""
        return not self.until_day or today <= self.until_day

    def names_exactly(self, account: AccountId | None, symbol: Symbol | None) -> bool:
        """Return whether it names exactly this account and symbol."""
        return (self.account, self.symbol) == (account, symbol)

    @property
    def statement(self) -> Statement:
        """What it holds, with the reason if there is one."""
        names = " ".join(part for part in (self.account, self.symbol) if part)
        what = verbatim(names) if names else Supervisor.ALL_OPENINGS()
        return Supervisor.HELD_BECAUSE(what=what, why=self.why) if self.why else what

    def __str__(self) -> str:
        return str(self.statement)


@dataclass(slots=True)
class Registry:
    """Positions by ordinal and by key. Views are committed state; a key is reserved from admission on."""

    views: dict[int, PositionView] = field(default_factory=dict)
    reserved: dict[Key, int] = field(default_factory=dict)
    keys: dict[int, Key] = field(default_factory=dict)
    """The inverse of `reserved`."""
    legs: dict[Leg, set[int]] = field(default_factory=dict)
    """Ordinals with a reserved key by leg; needed at every view, so indexed."""
    mute: dict[Leg, set[int]] = field(default_factory=dict)
    """Silent positions by leg; they still occupy it."""
    commands: BoundedMap[CommandId, int] = field(default_factory=lambda: BoundedMap(COMMANDS_KEPT))
    finished: BoundedMap[int, PositionId] = field(default_factory=lambda: BoundedMap(FINISHED_KEPT))
    finished_total: int = 0
    """Includes older ones, which are in the journal only."""
    admitted: dict[CommandId, tuple[OpenPosition, int]] = field(default_factory=dict)
    """Openings and additions that no view shows yet, and until when (monotonic ns; 0: until one does); they count
    against the limits. A view that includes the command has its orders, and the rest in `to_come`.
    """
    next_ordinal: int = 1
    ended: set[int] = field(default_factory=set)
    """Ordinals of ended positions among the views; needed at every view, so indexed."""
    holdings: defaultdict[AccountId, Holdings] = field(default_factory=lambda: defaultdict(Holdings))
    """The live views by account."""

    def live(self, account: AccountId | None = None, symbol: Symbol | None = None) -> Iterator[PositionView]:
        """Return the live views of all accounts, of one, or of one symbol of it."""
        if account is None:
            return (view for view in self.views.values() if not view.state.terminal)
        if symbol is None:
            return iter(self.holdings[account].views.values())
        return iter(self.holdings[account].of(symbol))

    def terminal(self) -> Iterator[PositionView]:
        """Return the views of ended positions, by ordinal."""
        return (self.views[ordinal] for ordinal in sorted(self.ended))

    def named(self, ordinal: int) -> PositionId | None:
        """Return the live position with this ordinal; None for anything else."""
        view = self.views.get(ordinal)
        if view is not None:
            return None if view.state.terminal else view.position_id
        key = self.keys.get(ordinal)
        return position_id(key, ordinal) if key is not None else None

    def holder(self, ordinal: int) -> PositionId | None:
        """Return the position with this ordinal, live or ended."""
        view = self.views.get(ordinal)
        if view is not None:
            return view.position_id
        if ordinal in self.finished:
            return self.finished[ordinal]
        key = self.keys.get(ordinal)
        return position_id(key, ordinal) if key is not None else None

    def occupy(self, key: Key, ordinal: int) -> None:
        """Reserve the key for this ordinal."""
        self.reserved[key] = ordinal
        self.keys[ordinal] = key
        self.legs.setdefault(leg_of(key), set()).add(ordinal)

    def vacate(self, key: Key, ordinal: int) -> None:
        """Release the key, if this ordinal has it."""
        if self.reserved.get(key) == ordinal:
            del self.reserved[key]
        self.keys.pop(ordinal, None)
        _remove(self.legs, leg_of(key), ordinal)

    def silence(self, key: Key, ordinal: int, *, over: bool = False) -> None:
        """Mark a position whose quantity is unknown; `over`: unmark it."""
        if over:
            _remove(self.mute, leg_of(key), ordinal)
        else:
            self.mute.setdefault(leg_of(key), set()).add(ordinal)

    def stands_on(self, leg: Leg) -> Key | None:
        """Return one of the keys reserved on the leg."""
        return self.keys[next(iter(self.legs[leg]))] if leg in self.legs else None

    def few_on(self, key: Key) -> frozenset[int] | None:
        """Return the ordinals on the key's leg, admitted ones included; None if there are more than two.

        With three or more, one more or less changes nothing for the others.
        """
        leg = leg_of(key)
        holders = self.legs.get(leg, set())
        if len(holders) > FEW:
            return None
        found = frozenset(holders | self.mute.get(leg, set()))
        return found if len(found) <= FEW else None

    def shares(self, key: Key) -> bool:
        """Return whether another position is on the key's leg, or admitted to it."""
        few = self.few_on(key)
        return few is None or len(few) > 1

    def reserve(self, key: Key, command_id: CommandId) -> int:
        """Reserve the key for a new ordinal, which is returned."""
        ordinal = self.next_ordinal
        self.next_ordinal += 1
        self.occupy(key, ordinal)
        self.remember(command_id, ordinal)
        return ordinal

    def remember(self, command_id: CommandId, ordinal: int) -> None:
        """Note the position that received the command."""
        self.commands[command_id] = ordinal

    def update(self, view: PositionView) -> None:
        """Apply a newer view; version 0: the opening never began."""
        if not view.version:
            self.forget(view)
            return
        self.views[view.ordinal] = view
        if view.state.terminal:
            self.holdings[view.account].drop(view.ordinal)
        else:
            self.holdings[view.account].put(view)
        for command_id in view.command_ids:
            self.admitted.pop(command_id, None)
            if command_id and command_id not in self.commands:
                self.remember(command_id, view.ordinal)
        key = key_of(view)
        if not view.state.terminal:
            self.ended.discard(view.ordinal)
            self.occupy(key, view.ordinal)
            self.finished_total -= self.finished.pop(view.ordinal, None) is not None
            return
        self.vacate(key, view.ordinal)
        self.ended.add(view.ordinal)
        self.finish(view.ordinal, view.position_id)

    def finish(self, ordinal: int, name: PositionId) -> None:
        """Note that the position has ended; repeating it is harmless."""
        self.finished_total += ordinal not in self.finished
        self.finished[ordinal] = name

    def ahead(self, account: AccountId, now_ns: int) -> tuple[OpenPosition, ...]:
        """Return the account's admitted openings that no view shows; drop expired ones. `now_ns` is monotonic."""
        for command_id in [each for each, (_, until_ns) in self.admitted.items() if 0 < until_ns <= now_ns]:
            del self.admitted[command_id]
        return tuple(opening for opening, _ in self.admitted.values() if opening.account == account)

    def forget(self, view: PositionView) -> None:
        """Remove a position whose opening never began."""
        self.vacate(key_of(view), view.ordinal)
        self.views.pop(view.ordinal, None)
        self.holdings[view.account].drop(view.ordinal)
        self.ended.discard(view.ordinal)
        for command in [command for command, ordinal in self.commands.items() if ordinal == view.ordinal]:
            del self.commands[command]
            self.admitted.pop(command, None)

    def overflow(self) -> tuple[int, ...]:
        """Drop and return the oldest ended positions beyond TERMINAL_KEPT."""
        if len(self.ended) <= TERMINAL_KEPT:
            return ()
        over = tuple(sorted(self.ended)[: len(self.ended) - TERMINAL_KEPT])
        for ordinal in over:
            self.ended.discard(ordinal)
            del self.views[ordinal]
        return over


def _remove(groups: dict[Leg, set[int]], leg: Leg, member: int) -> None:
    """Remove a member; drop the group with its last one."""
    group = groups.get(leg)
    if group is None:
        return
    group.discard(member)
    if not group:
        del groups[leg]
