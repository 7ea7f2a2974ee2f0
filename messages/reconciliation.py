"""Messages of the reconciler: discrepancies, their history as events, holds, queries and answers.

A discrepancy's `believed` and `reported` are statements, whose arguments hold the numbers; a record of an earlier
version holds text alone. Decisions read `difference`: signed base units for quantities (reported less believed, long
positive), zero when quantities do not differ.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from messages.base import Event, Message
from messages.commands import Command
from messages.discrepancy_type import Action, DiscrepancyType
from messages.reports import FillReport, VenueReport
from messages.statement import NOTHING, Statement
from messages.status import Rows
from messages.types import (
    AccountId,
    Address,
    Attribution,
    CommandId,
    PositionId,
    PositionSide,
    Severity,
    Silence,
    Symbol,
    TradeId,
)


class Outcome(StrEnum):
    """A discrepancy's status. The first two are not final."""

    OPEN = "open"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    IGNORED = "ignored"
    ACKNOWLEDGED = "acknowledged"

    @property
    def ended(self) -> bool:
        return self not in (Outcome.OPEN, Outcome.ESCALATED)


class CheckKind(StrEnum):
    """The reason for a check; the first three are the original system's intervals."""

    FAST = "fast"
    NORMAL = "normal"
    SLOW = "slow"
    EVENT = "event"
    DEMAND = "demand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One divergence between belief and venue, from detection to end. Times are wall time in ns, 0: not yet.

    `side`: None for a one-way net, or when no side is concerned. `target`: an orphan order's id. `notional`: the
    misbelieved exposure in quote currency; `share`: its part of the larger of both sides. `diverged_ns`: the venue's
    time of the explaining trade, or the first observation. `looks`: rechecks since escalation; `apply`: a human's
    pending decision; `refused`: why the last repair was refused.
    """

    discrepancy_id: str
    type: DiscrepancyType
    severity: Severity
    account: AccountId
    symbol: Symbol
    side: PositionSide | None
    target: str
    believed: Statement
    reported: Statement
    difference: Decimal
    notional: Decimal
    share: Decimal
    mark_price: Decimal
    positions: tuple[PositionId, ...]
    evidence: Statement
    observations: int
    first_seen_ns: int
    diverged_ns: int
    detected_ns: int
    action: Action
    attempts: int = 0
    outcome: Outcome = Outcome.OPEN
    ended_ns: int = 0
    why: Statement = NOTHING
    paused: tuple[PositionId, ...] = ()
    looks: int = 0
    apply: Attribution | None = None
    refused: Statement = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSetting:
    """A symbol's setting at the venue, as first read while it had a position."""

    account: AccountId
    symbol: Symbol
    leverage: int | None
    isolated: bool


# Events: the reconciler's own history ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyDetected(Event):
    """Observed the required number of times, and confirmed by an additional read."""

    discrepancy: Discrepancy


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairAttempted(Event):
    """A repair was sent; `trades`: those it books, never booked again."""

    discrepancy_id: str
    action: Action
    attempt: int
    what: Statement
    trades: tuple[TradeId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyEscalated(Event):
    """No automatic repair is left: a human decides; rechecks continue."""

    discrepancy_id: str
    why: Statement
    paused: tuple[PositionId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyEnded(Event):
    """The discrepancy ended; `outcome` is a final one, `why` its evidence."""

    discrepancy_id: str
    outcome: Outcome
    why: Statement
    command_id: CommandId = CommandId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionChosen(Event):
    """A human chose the attribution: the next repair applies it once, whatever was attempted before."""

    discrepancy_id: str
    apply: Attribution
    command_id: CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRefused(Event):
    """The repair was refused for this reason."""

    discrepancy_id: str
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyWatched(Event):
    """An escalated discrepancy was rechecked and is unchanged; the next recheck is later."""

    discrepancy_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyGone(Event):
    """An ignored or acknowledged discrepancy is gone or has changed: the next one is reported again."""

    discrepancy_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecorded(Event):
    """One comparison of an account. Comparisons without findings are counted in the next one's `quiet`."""

    kind: CheckKind
    account: AccountId
    compared: int
    skipped: int
    suspected: int
    failed_reads: int
    quiet: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSeen(Event):
    """The believed setting of the symbol from now on."""

    setting: SymbolSetting


@dataclass(frozen=True, slots=True, kw_only=True)
class LegShared(Event):
    """Several positions hold this leg: until it is flat, the venue's average price is no position's entry price."""

    account: AccountId
    symbol: Symbol
    side: PositionSide | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegCleared(Event):
    """The leg is flat: its setting and sharing are void."""

    account: AccountId
    symbol: Symbol
    side: PositionSide | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPruned(Event):
    """Discrepancies that ended before this are dropped; the statistics keep them."""

    before_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersUnread(Event):
    """The account's open orders have been unreadable for long, with the venue's text; a notice was sent."""

    account: AccountId
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersReadAgain(Event):
    """The list of `OrdersUnread` is readable again."""

    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsUnread(Event):
    """Positions, of one symbol where named, have been unreadable for long; a notice with the reason was sent."""

    account: AccountId
    why: Statement
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsReadAgain(Event):
    """The positions of `PositionsUnread` are readable again."""

    account: AccountId
    symbol: Symbol | None = None


# Commands and questions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDiscrepancies(Command):
    """Return the latest discrepancies, newest first. Without any, `unless_found`, where given, is the refusal."""

    symbol: Symbol | None = None
    most: int = 20
    unless_found: Statement = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldKey(Message):
    """To the supervisor: refuse openings of this account and symbol. Reductions always pass.

    `passing`: the reconciler reads again; the hold ends within seconds or becomes a discrepancy.
    """

    account: AccountId
    symbol: Symbol
    why: Statement
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseKey(Message):
    """To the supervisor: lift the hold of `HoldKey`."""

    account: AccountId
    symbol: Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSilent(Message):
    """To the reconciler and the displays: this position exists, and its actor cannot report its content.

    An empty `why`: it reports again, or its state is RETIRED and nothing of it is left.
    """

    position_id: PositionId
    why: Statement
    state: Silence = Silence.QUARANTINED


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchTrades(Message):
    """Read all trades of a symbol since `since_ns`, of any origin; answered by TradesReport or FetchFailed."""

    account: AccountId
    request_id: str
    symbol: Symbol
    since_ns: int
    asked: bool = False


# Reports and answers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TradesReport(VenueReport):
    """Every trade of a symbol since `since_ns`, oldest first, from requests begun at `begun_ns`.

    A trade's client_order_id is its order's, for a child order its conditional order's, and empty when the venue no
    longer names it.
    """

    request_id: str
    symbol: Symbol
    since_ns: int
    begun_ns: int
    trades: tuple[FillReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """A difference observed too few times to be a discrepancy; both figures as in Discrepancy."""

    account: AccountId
    symbol: Symbol
    type: DiscrepancyType
    believed: Statement
    reported: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileAnswer(Message):
    """The answer to Reconcile: legs checked, discrepancies found, repairs attempted and verified, duration.

    `failed`: unreadable parts; a failed check proves nothing. `unproven` does not count as discrepancies.
    """

    command_id: CommandId
    to: Address
    checked: int
    discrepancies: int
    attempted: int
    succeeded: int
    elapsed_ms: int
    failed: Statement = NOTHING
    unproven: tuple[Unproven, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepanciesAnswer(Message):
    """The answer to ListDiscrepancies; `statistics` are rows of the status."""

    command_id: CommandId
    to: Address
    discrepancies: tuple[Discrepancy, ...]
    statistics: Rows = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDue(Message):
    """A timer of the reconciler is due."""

    topic: str
