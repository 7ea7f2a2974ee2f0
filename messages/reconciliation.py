"""What the reconciler says and is told: discrepancies, their history as events, holds, questions and answers.

A discrepancy's `believed` and `reported` are statements, whose arguments hold the numbers; a record of an earlier
version holds text alone. Decisions read `difference`: signed base units for quantities (reported less believed, long
positive), zero where quantities are not what differs.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Self

from messages.base import Event, Message
from messages.commands import Command
from messages.fields import DiscrepancyId, FieldError, kind, text_schema
from messages.operations import operation
from messages.reports import FillReport, VenueReport
from messages.statement import NOTHING, Statement
from messages.status import Rows
from messages.types import (
    AccountId,
    Address,
    CommandId,
    PositionId,
    PositionSide,
    Severity,
    Silence,
    Symbol,
    TradeId,
)


class Action(StrEnum):
    """What is done about a discrepancy, as the configuration names it."""

    UPDATE_SYSTEM = "UPDATE_SYSTEM"
    UPDATE_EXCHANGE = "UPDATE_EXCHANGE"
    CREATE_POSITION = "CREATE_POSITION"
    CLOSE_POSITION = "CLOSE_POSITION"
    MANUAL_INTERVENTION = "MANUAL_INTERVENTION"
    IGNORE = "IGNORE"
    RETRY = "RETRY"


class Subject(Enum):
    """What a type of discrepancy is about."""

    QUANTITY = "quantity"
    """How much is held. Its types are faces of one question: a repair may turn one into another."""
    ORDERS = "orders"
    """What only a list of open orders can tell."""
    STATE = "state"
    """Whether anything is under way."""
    MODE = "mode"
    """In which mode the account or the symbol is."""
    OTHER = "other"


class DiscrepancyType(StrEnum):
    """The seven of the original system, and what its users missed: each with all that is declared of it.

    Its name; its meaning; what is done where the configuration says nothing; what it is about; how often it must be
    seen before it counts, once more where the evidence is that something is absent. The configuration's keys, the
    policy, what waits meanwhile and the names in the chat follow from this, in this order.
    """

    meaning: str
    default_action: Action
    subject: Subject
    default_observations: int

    def __new__(
        cls,
        name: str,
        meaning: str = "",
        action: Action = Action.MANUAL_INTERVENTION,
        subject: Subject = Subject.OTHER,
        observations: int = 2,
    ) -> Self:
        """A member. With a name alone it is looked up: ValueError where there is none."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning, member.default_action = meaning, action
        member.subject, member.default_observations = subject, observations
        return member

    # fmt: off
    POSITION_NOT_IN_SYSTEM = (
        "POSITION_NOT_IN_SYSTEM", "Held at the venue, unknown here.", Action.CREATE_POSITION, Subject.QUANTITY,
    )
    POSITION_NOT_IN_EXCHANGE = (
        "POSITION_NOT_IN_EXCHANGE", "Believed, not at the venue.", Action.UPDATE_SYSTEM, Subject.QUANTITY, 3,
    )
    SIZE_MISMATCH = "SIZE_MISMATCH", "Another quantity.", Action.UPDATE_SYSTEM, Subject.QUANTITY
    SIDE_MISMATCH = "SIDE_MISMATCH", "The other side.", Action.UPDATE_SYSTEM, Subject.QUANTITY
    PRICE_MISMATCH = "PRICE_MISMATCH", "Another entry price.", Action.UPDATE_SYSTEM
    # Belief follows, with a notice; at the venue leverage is changed where UPDATE_EXCHANGE says so, and only there.
    LEVERAGE_MISMATCH = (
        "LEVERAGE_MISMATCH", "Another leverage; only UPDATE_EXCHANGE changes it there.", Action.UPDATE_SYSTEM,
    )
    STATE_MISMATCH = "STATE_MISMATCH", "A state that should have passed.", Action.RETRY, Subject.STATE
    OVERSOLD = (
        "OVERSOLD", "One strategy sold more than it held: what a neighbor on the leg held is gone.",
        Action.UPDATE_SYSTEM, Subject.QUANTITY,
    )
    ORPHAN_ORDER = "ORPHAN_ORDER", "An order of ours without a position.", Action.UPDATE_EXCHANGE, Subject.ORDERS
    PROTECTION_MISSING = "PROTECTION_MISSING", "A stop that is not on the book.", Action.RETRY, Subject.ORDERS, 3
    PROTECTION_MISMATCH = "PROTECTION_MISMATCH", "A stop of another size.", Action.UPDATE_EXCHANGE, Subject.ORDERS
    MARGIN_MODE_MISMATCH = (
        "MARGIN_MODE_MISMATCH", "Another margin mode.", Action.MANUAL_INTERVENTION, Subject.MODE,
    )
    POSITION_MODE_MISMATCH = (
        "POSITION_MODE_MISMATCH", "Another position mode.", Action.MANUAL_INTERVENTION, Subject.MODE,
    )
    # fmt: on


class Attribution(StrEnum):
    """Who bears a reduction that no manual position can bear: nobody until asked, or the strategies on that leg."""

    ASK = "ask"
    PRO_RATA = "pro_rata"
    NEWEST_FIRST = "newest_first"


@kind(
    text_schema("pro_rata|newest_first", "how a reduction is shared out to strategies"),
    example="pro_rata",
    noun="pro_rata or newest_first",
    metavar="HOW",
)
def attribution(text: object) -> Attribution:
    """Whose a reduction is; `ask` is what the human is being asked."""
    if text in (Attribution.PRO_RATA.value, Attribution.NEWEST_FIRST.value):
        return Attribution(str(text))
    raise FieldError("pro_rata or newest_first", text)


class Outcome(StrEnum):
    """Where a discrepancy stands. The first two are not the end of it."""

    OPEN = "open"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    IGNORED = "ignored"
    ACKNOWLEDGED = "acknowledged"

    @property
    def ended(self) -> bool:
        return self not in (Outcome.OPEN, Outcome.ESCALATED)


class CheckKind(StrEnum):
    """Why a check was made; the first three are the original system's intervals."""

    FAST = "fast"
    NORMAL = "normal"
    SLOW = "slow"
    EVENT = "event"
    DEMAND = "demand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One divergence of belief and venue, from its detection to its end. Times are wall time in ns, 0: not yet.

    `side` is None where a one-way account nets, or where no side is concerned. `target` names what else is
    concerned: the orphan order's id. `notional` is the misbelieved exposure in quote currency, `share` its part of
    the larger of the two sides. `diverged_ns` is the venue's time of the trade that explains it, or the first sight.
    `looks` counts the looks since it was escalated, `apply` is a human's word that is still to be carried out,
    `refused` why the last repair was.
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
    """How the venue has a symbol set, as first seen while something was held there."""

    account: AccountId
    symbol: Symbol
    leverage: int | None
    isolated: bool


# Events: the reconciler's own history ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyDetected(Event):
    """Seen often enough, and once more on purpose."""

    discrepancy: Discrepancy


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairAttempted(Event):
    """What was sent to make belief and venue agree; `trades` are those booked by it, never to be booked again."""

    discrepancy_id: str
    action: Action
    attempt: int
    what: Statement
    trades: tuple[TradeId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyEscalated(Event):
    """Nothing automatic is left to do: a human decides; it is looked at again all the same."""

    discrepancy_id: str
    why: Statement
    paused: tuple[PositionId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyEnded(Event):
    """`outcome` is one of those that end it; `why` is its evidence."""

    discrepancy_id: str
    outcome: Outcome
    why: Statement
    command_id: CommandId = CommandId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionChosen(Event):
    """A human has said whose it was: the next repair shares it out so, once, whatever was attempted before."""

    discrepancy_id: str
    apply: Attribution
    command_id: CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRefused(Event):
    """What was sent to repair it was refused, for this reason."""

    discrepancy_id: str
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyWatched(Event):
    """What a human was asked about was looked at again, and is as it was; the next look is later."""

    discrepancy_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyGone(Event):
    """What was ignored or acknowledged is not there any more, or is another: the next one is told again."""

    discrepancy_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecorded(Event):
    """One comparison of an account. Those that found nothing are counted in the next one's `quiet`."""

    kind: CheckKind
    account: AccountId
    compared: int
    skipped: int
    suspected: int
    failed_reads: int
    quiet: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSeen(Event):
    """From now on this is what is believed of the symbol's setting."""

    setting: SymbolSetting


@dataclass(frozen=True, slots=True, kw_only=True)
class LegShared(Event):
    """Several positions hold this leg: until it is flat, the venue's average price is nobody's entry price."""

    account: AccountId
    symbol: Symbol
    side: PositionSide | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegCleared(Event):
    """The leg is flat: its setting and its sharing say nothing about what comes next."""

    account: AccountId
    symbol: Symbol
    side: PositionSide | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPruned(Event):
    """Discrepancies that ended before this leave the record; the statistics keep them."""

    before_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersUnread(Event):
    """The account's list of open orders could not be read for long, in the venue's words, and people were told."""

    account: AccountId
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersReadAgain(Event):
    """The list that `OrdersUnread` was told of has been read."""

    account: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsUnread(Event):
    """Positions, of one symbol where it is named, could not be read for long, and people were told the reason."""

    account: AccountId
    why: Statement
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsReadAgain(Event):
    """What `PositionsUnread` was told of has been read."""

    account: AccountId
    symbol: Symbol | None = None


# Commands and questions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDiscrepancies(Command):
    """The latest discrepancies, newest first. Where there are none, `unless_found`, where given, is the refusal."""

    symbol: Symbol | None = None
    most: int = 20
    unless_found: Statement = NOTHING


@operation(
    "acknowledge",
    "end a discrepancy that was escalated, or say how its reduction is shared out; of a damaged history it retires the"
    " position",
    terminal=False,
)
@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeDiscrepancy(Command):
    """A human has seen it. Without `apply` that ends it; with it, the reduction is attributed in that way.

    Of a position whose history is damaged it retires the position, once the venue has nothing of it.
    """

    discrepancy_id: DiscrepancyId
    apply: Annotated[Attribution | None, attribution] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldKey(Message):
    """To the supervisor: refuse openings of this account and symbol, for this reason. Reducing always passes.

    `passing`: the reconciler reads again. The hold ends within seconds, or becomes a discrepancy.
    """

    account: AccountId
    symbol: Symbol
    why: Statement
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseKey(Message):
    """To the supervisor: the hold that `HoldKey` put on is lifted."""

    account: AccountId
    symbol: Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSilent(Message):
    """To the reconciler, and to whoever shows positions: this one exists, and its actor cannot say what it holds.

    An empty `why`: it speaks again, or its state is RETIRED, and nothing of it is left.
    """

    position_id: PositionId
    why: Statement
    state: Silence = Silence.QUARANTINED


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchTrades(Message):
    """All trades of a symbol since `since_ns`, whoever's; answered by TradesReport or FetchFailed."""

    account: AccountId
    request_id: str
    symbol: Symbol
    since_ns: int
    asked: bool = False


# Reports and answers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TradesReport(VenueReport):
    """Every trade of a symbol since `since_ns`, oldest first, as read by requests begun at `begun_ns`.

    A trade's client_order_id is its order's, that of the conditional order for the child of one, and empty where the
    venue does not name it any more.
    """

    request_id: str
    symbol: Symbol
    since_ns: int
    begun_ns: int
    trades: tuple[FillReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """A difference that was seen, and not often enough to be a discrepancy; both figures as in Discrepancy."""

    account: AccountId
    symbol: Symbol
    type: DiscrepancyType
    believed: Statement
    reported: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileAnswer(Message):
    """The answer to Reconcile: legs checked, discrepancies met, repairs attempted and verified, how long it took.

    `failed` names what could not be read: a check that failed has proven nothing. `unproven` counts as no discrepancy.
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
