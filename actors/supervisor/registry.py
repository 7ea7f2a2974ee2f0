"""What the supervisor knows: accounts as their gateways report them, positions as they publish themselves."""

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
"""Terminal positions whose view stays at hand; older ones are in the journal."""
COMMANDS_KEPT = 50_000
FINISHED_KEPT = 50_000
"""Positions that are over and may still be told something, as a report of one of their orders; 150 bytes each."""
FEW = 2
Leg = tuple[AccountId, Symbol, PositionSide]
"""What a venue holds as one, whoever of ours has a part of it."""


def key_of(view: PositionView) -> Key:
    return Key(account=view.account, symbol=view.symbol, side=view.side, strategy=view.strategy)


def leg_of(key: Key) -> Leg:
    return key.account, key.symbol, key.side


@dataclass(slots=True)
class Account:
    """One account as its gateway last reported it. `synced`: its positions were read since the venue came up.

    `others`: contracts that the venue lists and that are not traded here, with their kind; `outside`: positions that
    are not supervised. `mute`: which orders its stream is mute about, and since when (wall time, ns). `unread`: the
    symbols of which an open order cannot be read, since when (wall time, ns), and in how many lists in a row.
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
    """Of the wall clock: so long the venue wants to hear nothing, where that is more than moments; 0: it does not."""
    mode: PositionMode = PositionMode.ONE_WAY
    margin_mode: MarginMode | None = None
    trailing: TrailingBounds | None = None
    identity: str = ""
    place: str = ""
    instruments: dict[Symbol, Instrument] = field(default_factory=dict)
    marks: dict[Symbol, Decimal] = field(default_factory=dict)
    liquidations: dict[tuple[Symbol, PositionSide], Decimal] = field(default_factory=dict)
    strangers: set[tuple[Symbol, ClientOrderId]] = field(default_factory=set)

    @property
    def why_unfit(self) -> Statement:
        """Empty where the account is set as the configuration says; otherwise what has to be done."""
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
        """Empty when openings may leave; otherwise what is missing."""
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
        """Empty where the venue answers; otherwise until when it wants no request."""
        if not self.silent_until_ns:
            return NOTHING
        return Supervisor.QUIET_UNTIL(time=date_time(self.silent_until_ns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """No openings: of one account or symbol where they are named, of all otherwise; until a day's end, or for good."""

    account: AccountId | None
    symbol: Symbol | None
    why: Statement = NOTHING
    until_day: int = 0

    def covers(self, account: AccountId, symbol: Symbol) -> bool:
        return self.account in (None, account) and self.symbol in (None, symbol)

    def lasts(self, today: int) -> bool:
        return not self.until_day or today <= self.until_day

    def same_words(self, account: AccountId | None, symbol: Symbol | None) -> bool:
        return (self.account, self.symbol) == (account, symbol)

    @property
    def said(self) -> Statement:
        """What it holds, and why where that is known."""
        names = " ".join(part for part in (self.account, self.symbol) if part)
        what = verbatim(names) if names else Supervisor.ALL_OPENINGS()
        return Supervisor.HELD_BECAUSE(what=what, why=self.why) if self.why else what

    def __str__(self) -> str:
        return str(self.said)


@dataclass(slots=True)
class Registry:
    """Positions by ordinal and by key. Views are committed state; a key is reserved from admission on."""

    views: dict[int, PositionView] = field(default_factory=dict)
    reserved: dict[Key, int] = field(default_factory=dict)
    keys: dict[int, Key] = field(default_factory=dict)
    """`reserved` the other way around."""
    legs: dict[Leg, set[int]] = field(default_factory=dict)
    """Whose keys are reserved, by leg: asked at every view, so never looked for among all."""
    mute: dict[Leg, set[int]] = field(default_factory=dict)
    """Positions that cannot say what they hold, by leg: it is theirs all the same."""
    commands: BoundedMap[CommandId, int] = field(default_factory=lambda: BoundedMap(COMMANDS_KEPT))
    finished: BoundedMap[int, PositionId] = field(default_factory=lambda: BoundedMap(FINISHED_KEPT))
    finished_total: int = 0
    """Older ones included, of which the journal tells."""
    admitted: dict[CommandId, tuple[OpenPosition, int]] = field(default_factory=dict)
    """Openings and additions that no view tells of yet, and until when (monotonic, ns; 0: until one does): they count
    against the limits all the same. A view that tells of the command has its orders, and the rest in `to_come`."""
    next_ordinal: int = 1
    ended: set[int] = field(default_factory=set)
    """Ordinals of the terminal ones among the views: counted at every view, so never looked for among all."""
    holdings: defaultdict[AccountId, Holdings] = field(default_factory=lambda: defaultdict(Holdings))
    """The live ones among the views, of each account."""

    def live(self, account: AccountId | None = None, symbol: Symbol | None = None) -> Iterator[PositionView]:
        """Those that are not over: all, of an account, or of a symbol of it."""
        if account is None:
            return (view for view in self.views.values() if not view.state.terminal)
        if symbol is None:
            return iter(self.holdings[account].views.values())
        return iter(self.holdings[account].of(symbol))

    def terminal(self) -> Iterator[PositionView]:
        return (self.views[ordinal] for ordinal in sorted(self.ended))

    def named(self, ordinal: str) -> PositionId | None:
        """The position with this ordinal, as far as it is not over; None for anything else."""
        number = int(ordinal) if ordinal.isdecimal() else 0
        view = self.views.get(number)
        if view is not None:
            return None if view.state.terminal else view.position_id
        key = self.keys.get(number)
        return position_id(key, number) if key is not None else None

    def holder(self, ordinal: int) -> PositionId | None:
        """The position that has this number, whatever became of it."""
        view = self.views.get(ordinal)
        if view is not None:
            return view.position_id
        if ordinal in self.finished:
            return self.finished[ordinal]
        key = self.keys.get(ordinal)
        return position_id(key, ordinal) if key is not None else None

    def occupy(self, key: Key, ordinal: int) -> None:
        self.reserved[key] = ordinal
        self.keys[ordinal] = key
        self.legs.setdefault(leg_of(key), set()).add(ordinal)

    def vacate(self, key: Key, ordinal: int) -> None:
        if self.reserved.get(key) == ordinal:
            del self.reserved[key]
        self.keys.pop(ordinal, None)
        _remove(self.legs, leg_of(key), ordinal)

    def silence(self, key: Key, ordinal: int, *, over: bool = False) -> None:
        """It cannot say what it holds; `over`: it can again."""
        if over:
            _remove(self.mute, leg_of(key), ordinal)
        else:
            self.mute.setdefault(leg_of(key), set()).add(ordinal)

    def stands_on(self, leg: Leg) -> Key | None:
        """One of those who stand on it, or are about to."""
        return self.keys[next(iter(self.legs[leg]))] if leg in self.legs else None

    def few_on(self, key: Key) -> frozenset[int] | None:
        """Who stands on its leg, or is about to; None where those are more than two.

        From the third on the coming and going of one changes nothing for the others, however many they are.
        """
        leg = leg_of(key)
        holders = self.legs.get(leg, set())
        if len(holders) > FEW:
            return None
        found = frozenset(holders | self.mute.get(leg, set()))
        return found if len(found) <= FEW else None

    def shares(self, key: Key) -> bool:
        """Another position stands on the same leg of the venue, or is about to."""
        few = self.few_on(key)
        return few is None or len(few) > 1

    def reserve(self, key: Key, command_id: CommandId) -> int:
        """The ordinal of a new position, which has this key from now on."""
        ordinal = self.next_ordinal
        self.next_ordinal += 1
        self.occupy(key, ordinal)
        self.remember(command_id, ordinal)
        return ordinal

    def remember(self, command_id: CommandId, ordinal: int) -> None:
        self.commands[command_id] = ordinal

    def update(self, view: PositionView) -> None:
        """Take a newer view; a version of 0 means that the opening never began."""
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
        """It is over, and perhaps was before."""
        self.finished_total += ordinal not in self.finished
        self.finished[ordinal] = name

    def ahead(self, account: AccountId, now_ns: int) -> tuple[OpenPosition, ...]:
        """What was admitted for this account and is in no view yet; an addition that was refused never will be."""
        for command_id in [each for each, (_, until_ns) in self.admitted.items() if 0 < until_ns <= now_ns]:
            del self.admitted[command_id]
        return tuple(opening for opening, _ in self.admitted.values() if opening.account == account)

    def forget(self, view: PositionView) -> None:
        self.vacate(key_of(view), view.ordinal)
        self.views.pop(view.ordinal, None)
        self.holdings[view.account].drop(view.ordinal)
        self.ended.discard(view.ordinal)
        for command in [command for command, ordinal in self.commands.items() if ordinal == view.ordinal]:
            del self.commands[command]
            self.admitted.pop(command, None)

    def overflow(self) -> tuple[int, ...]:
        """Ordinals of the oldest terminal positions beyond what is kept; their views are gone after this."""
        if len(self.ended) <= TERMINAL_KEPT:
            return ()
        over = tuple(sorted(self.ended)[: len(self.ended) - TERMINAL_KEPT])
        for ordinal in over:
            self.ended.discard(ordinal)
            del self.views[ordinal]
        return over


def _remove(groups: dict[Leg, set[int]], leg: Leg, member: int) -> None:
    """Of a leg on which this was the last nothing is left."""
    group = groups.get(leg)
    if group is None:
        return
    group.discard(member)
    if not group:
        del groups[leg]
