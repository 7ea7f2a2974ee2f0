"""Commands, in the imperative. Each has an id, so that a repetition has one effect."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from messages.base import Message
from messages.fields import (
    CallbackRate,
    CallbackRateOrZero,
    DiscrepancyId,
    ExpiryNs,
    Leverage,
    Percent,
    Price,
    PriceOrZero,
    Quantity,
)
from messages.operations import FILLED_IN, Written, operation
from messages.statement import Statement
from messages.types import (
    AccountId,
    Address,
    Attribution,
    CommandId,
    Fee,
    Instrument,
    PositionId,
    PositionSide,
    StrategyId,
    Symbol,
    Worth,
)
from messages.wording import Position

UNTIL = Written("what opens is not sent after this", option="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Message):
    """`reply_to`: the mailbox that waits for the `Reply`; empty when none does.

    Some have a `meaning`, filled in by the supervisor: a digest of the request under this id, for the event.
    """

    command_id: CommandId
    reply_to: Address = Address("")

    @property
    def opens(self) -> bool:
        """Return whether it increases exposure."""
        return False


@operation(
    "open",
    "open a position by market, or by limit where a limit price is given",
    filled=("account", "strategy"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosition(Command):
    """Open by market, or by limit where `limit_price` is given. Nothing leaves after `expires_at_ns` (0: never).

    `trailing` is the callback rate of a trailing stop, in percent. `instrument` is filled in by the supervisor when
    it admits the command. `post_only`: the limit entry rests, or is refused where it would trade at once.
    """

    account: AccountId
    symbol: Symbol
    side: PositionSide
    strategy: StrategyId
    quantity: Quantity
    limit_price: Annotated[Price | None, Written("open by limit at this price", option="limit")] = None
    stop_loss: Price | None = None
    take_profit: Price | None = None
    leverage: Leverage | None = None
    expires_at_ns: Annotated[ExpiryNs, UNTIL] = 0
    instrument: Instrument | None = None
    trailing: Annotated[CallbackRate | None, Written("a stop that follows the price")] = None
    post_only: Annotated[bool, Written("with a limit price: rest, or be refused, and never take")] = False

    @property
    def opens(self) -> bool:
        return True


@operation(
    "close",
    "close a position, in part or whole; by symbol where one position matches",
    exclusive=(("quantity", "percent"),),
    done="closing {answered}",
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePosition(Command):
    """Close the whole position, or `quantity` of it, or `percent` of what is open then.

    A resting entry is canceled. `shared_leg`, set by the supervisor: another strategy holds the same venue position, so
    own stops are proven canceled first and cannot reduce the neighbor's.
    """

    position_id: PositionId
    quantity: Quantity | None = None
    percent: Percent | None = None
    shared_leg: Annotated[bool, FILLED_IN] = False
    meaning: Annotated[str, FILLED_IN] = ""


@operation("close")
@dataclass(frozen=True, slots=True, kw_only=True)
class CloseMatching(Command):
    """Close the one open position that matches, in whole or in part; refused where none does, or more than one."""

    symbol: Symbol
    account: AccountId | None = None
    strategy: StrategyId | None = None
    side: PositionSide | None = None
    quantity: Quantity | None = None
    percent: Percent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyClose(Command):
    """Close the whole position now, ahead of every other message, and repeat until flat."""

    position_id: PositionId
    shared_leg: bool = False


@operation(
    "modify",
    "change a position: stop, target, trailing stop (0 removes each), leverage; or add to it by market",
    any_of="stop_loss, take_profit or trailing (0 removes it), leverage, or a quantity to add",
    done="modifying {position_id}",
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyPosition(Command):
    """Move stop, target or trailing stop, change the leverage, or add by market.

    None changes nothing; a stop, target or trailing stop of zero is removed. An addition that is unsent at
    `expires_at_ns` (0: never) is dropped.
    """

    position_id: PositionId
    stop_loss: PriceOrZero | None = None
    take_profit: PriceOrZero | None = None
    trailing: CallbackRateOrZero | None = None
    leverage: Leverage | None = None
    add: Annotated[Quantity | None, Written("enlarge it by market")] = None
    expires_at_ns: Annotated[ExpiryNs, UNTIL] = 0
    meaning: Annotated[str, FILLED_IN] = ""

    @property
    def opens(self) -> bool:
        return self.add is not None

    @property
    def moves_protection(self) -> bool:
        return any(price is not None for price in (self.stop_loss, self.take_profit, self.trailing))


@operation("cancel_entry", "take what is left of a working entry off the book; what is filled stays", terminal=False)
@dataclass(frozen=True, slots=True, kw_only=True)
class CancelEntry(Command):
    """Cancel the rest of a working entry; the filled part stays, protected."""

    position_id: PositionId
    why: Statement = Position.ENTRY_CALLED_OFF()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelEntries(Command):
    """Cancel every working entry before an orderly stop: no process would watch its fills."""

    why: Statement = Position.SUPERVISOR_STOPPED()


@operation("pause", "hold one position, or openings of a symbol, of an account, or all", done="paused {target}")
@dataclass(frozen=True, slots=True, kw_only=True)
class PausePosition(Command):
    """Put a position under manual hold: it stays protected, can be closed, and is not changed otherwise."""

    position_id: PositionId


@operation("resume", "end a hold, in the words that put it on", done="resumed {target}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ResumePosition(Command):
    """End a manual hold, or accept a change made outside."""

    position_id: PositionId


@operation(
    "settle",
    "end every doubt about a position: its known fills are believed, and compared with the venue",
    done="{position_id} is settled, and compared with the venue now",
)
@dataclass(frozen=True, slots=True, kw_only=True)
class SettlePosition(Command):
    """End every unknown outcome of a position by hand: its known fills count, and are then compared with the venue."""

    position_id: PositionId


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirePosition(Command):
    """From the reconciler: the history is damaged, and the venue proves that the position is gone.

    `discrepancy_id`: the discrepancy that the owner acknowledged.
    """

    position_id: PositionId
    discrepancy_id: str


@operation("pause")
@dataclass(frozen=True, slots=True, kw_only=True)
class PauseOpenings(Command):
    """Refuse openings: of one account and symbol where they are given, of all otherwise."""

    account: AccountId | None = None
    symbol: Symbol | None = None


@operation("resume")
@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeOpenings(Command):
    """Lift the hold that `PauseOpenings` with equal fields put on."""

    account: AccountId | None = None
    symbol: Symbol | None = None


@operation("close_all", "close every position, of one account where it is given", terminal=False)
@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAll(Command):
    """Close every position, of one account where that is given."""

    account: AccountId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptPosition(Command):
    """Supervise a position that exists at the venue, unchanged.

    `handed_from`: its former owner, whose stops continue. `fees`: what its trades cost in other currencies.
    """

    account: AccountId
    symbol: Symbol
    side: PositionSide
    strategy: StrategyId
    quantity: Decimal
    entry_price: Decimal
    leverage: int | None = None
    instrument: Instrument | None = None
    evidence: str = ""
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trailing: Decimal | None = None
    handed_from: PositionId | None = None
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    worth: Worth | None = None
    fees: tuple[Fee, ...] = ()
    meaning: str = ""


@operation("assign", "hand a manual position to a strategy, with its entry price and its stops", done="{answered}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AssignPosition(Command):
    """Assign a manual position to a strategy, with its entry price and its stops."""

    position_id: PositionId
    strategy: StrategyId


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustPosition(Command):
    """Book an outside change with its evidence; a repeated `command_id` is booked once.

    `entry_price` and `leverage`, where given, replace ours, also without a change of quantity. `fee`: the venue's fee,
    `worth`: its value. `handed`: the change is one side of a hand-over, not an outside one.
    """

    position_id: PositionId
    quantity_delta: Decimal
    price: Decimal
    why: Statement
    evidence: str = ""
    entry_price: Decimal | None = None
    leverage: int | None = None
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    handed: bool = False
    worth: Worth | None = None
    meaning: str = ""


@operation("reconcile", "compare belief with the venue now; answers when all is read and looked into")
@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile(Command):
    """Compare believed and reported positions now; one symbol only where given."""

    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPositions(Command):
    """Answer with the views of live positions, with `terminal` of ended ones too.

    `symbol`, `account` and `strategy` filter. Mark prices cover open positions and `marks_of`.
    """

    position_id: PositionId | None = None
    terminal: bool = False
    marks_of: Symbol | None = None
    symbol: Symbol | None = None
    account: AccountId | None = None
    strategy: StrategyId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStatus(Command):
    """Answer with the status of the whole system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHistory(Command):
    """Answer with every event of one position."""

    position_id: PositionId


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
    apply: Attribution | None = None
