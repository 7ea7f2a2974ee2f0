"""Input and result of a comparison: both sides of one account, findings, legs. Values only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from actors.reconciler.policy import QUANTITY, Thresholds
from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import SymbolSetting
from messages.reports import OpenOrdersReport, OrderReport, PositionsReport, PositionView
from messages.statement import NOTHING, Argument, Statement, word
from messages.types import (
    NAMELESS,
    AccountId,
    ClientOrderId,
    Instrument,
    JournalId,
    MarginMode,
    OrderPurpose,
    PositionId,
    PositionMode,
    PositionSide,
    Severity,
    Symbol,
)
from messages.wording import Reconciler

ZERO = Decimal(0)
_FLAT = word("flat")
Leg = tuple[Symbol, PositionSide | None]
"""Side None: the net of a one-way account."""
Place = Symbol | tuple[Symbol, PositionSide]
"""A leg as a lookup key: for a one-way account the symbol alone, since a tuple costs as much as the rest."""
Key = tuple[str, Symbol, PositionSide | None, str]
"""The identity of a finding: family of types, leg, and the order concerned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrders:
    """All open orders of an account, read from `begun_ns` (wall ns) on; rows of `unread` symbols are missing."""

    begun_ns: int
    orders: Mapping[ClientOrderId, OrderReport]
    unread: frozenset[Symbol] = frozenset()

    @classmethod
    def of(cls, report: OpenOrdersReport) -> "OpenOrders":
        """Return the orders of a report."""
        return cls(
            begun_ns=report.begun_ns,
            orders={order.client_order_id: order for order in report.orders},
            unread=frozenset(row.symbol for row in report.unread),
        )

    def is_complete_for(self, symbol: Symbol) -> bool:
        """Return whether an unlisted order of this symbol is absent: no unreadable row may concern it."""
        return not self.unread & {symbol, NAMELESS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonInput:
    """Both sides of one account. Times are wall time (ns).

    `views`: live positions. `shared`: legs with several holders since they were flat. `ended`: ordinals known to have
    ended; an order of any other may still protect a position. `silent`: positions with unknown quantity, with the
    reason; `damaged`: those whose history cannot be read. `margin_mode`: the configured one.
    """

    account: AccountId
    mode: PositionMode
    journal_id: JournalId
    now_ns: int
    report: PositionsReport
    views: Sequence[PositionView]
    instruments: Mapping[Symbol, Instrument]
    thresholds: Thresholds
    orders: OpenOrders | None = None
    settings: Mapping[Symbol, SymbolSetting] = field(default_factory=dict)
    shared: frozenset[Leg] = frozenset()
    ended: Collection[int] = ()
    silent: Mapping[PositionId, Statement] = field(default_factory=dict)
    damaged: Collection[PositionId] = ()
    margin_mode: MarginMode | None = None


@dataclass(slots=True, kw_only=True)  # not frozen: 10,000 at once, and freezing costs a quarter of a µs per field
class Finding:
    """One difference. `difference`: reported less believed, long positive, in base units; `notional` in quote currency.

    `wanted_leverage` is the believed leverage, `leverage` the reported one; None: not compared.
    """

    type: DiscrepancyType
    symbol: Symbol
    side: PositionSide | None
    severity: Severity
    believed: Statement
    reported: Statement
    difference: Decimal = ZERO
    notional: Decimal = ZERO
    share: Decimal = ZERO
    mark_price: Decimal = ZERO
    positions: tuple[PositionId, ...] = ()
    target: str = ""
    reported_entry: Decimal = ZERO
    leverage: int | None = None
    wanted_leverage: int | None = None
    conditional: bool = False
    isolated: bool = False
    certain: bool = True
    flat: bool = False
    """Of a silent position: the venue reports no quantity, and no row is unreadable."""
    damaged: bool = False
    """Of a silent position: its history cannot be read."""
    why: Statement = NOTHING
    """Why it is uncertain, for the owner; see `why_uncertain`."""

    @property
    def key(self) -> Key:
        """The identity of the finding."""
        return ("QUANTITY" if self.type in QUANTITY else self.type.value, self.symbol, self.side, self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`judged` legs were compared, `skipped` and `silent` ones were not; `held`: judged legs with exposure."""

    findings: tuple[Finding, ...]
    judged: frozenset[Leg]
    skipped: frozenset[Leg]
    held: int
    orders_read: bool
    scope: Symbol | None = None
    silent: frozenset[Leg] = frozenset()


def may_hold(view: PositionView) -> bool:
    """Return whether it is part of the venue's average price, or may be by an unreported fill."""
    return bool(view.quantity) or view.in_doubt or any(o.purpose is OrderPurpose.ENTRY for o in view.orders)


def signed(quantity: Decimal) -> Statement:
    """Return the quantity of a leg as text, long positive."""
    if not quantity:
        return _FLAT
    return Reconciler.LONG(quantity=quantity) if quantity > 0 else Reconciler.SHORT(quantity=-quantity)


def why_uncertain(finding: Finding, record: str) -> Statement:
    """Return why the owner has to decide; for a damaged history, with the record that retires its position."""
    return Reconciler.DAMAGED(record=record) if finding.damaged else finding.why


def alike(first: Argument, second: Argument) -> bool:
    """Return whether both state the same facts. Text of an earlier version has none, so it equals no statement."""
    if _code(first) != _code(second):
        return False
    if isinstance(first, Statement) and isinstance(second, Statement) and first.code:
        same = first.args.keys() == second.args.keys()
        return same and all(alike(each, second.args[name]) for name, each in first.args.items())
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(alike, first, second))
    return first == second


def _code(argument: Argument) -> str:
    return argument.code if isinstance(argument, Statement) else ""


def contains(statement: Argument, part: Statement) -> bool:
    """Return whether `statement` is this part or has it as an argument."""
    match statement:
        case _ if alike(statement, part):
            return True
        case Statement():
            return any(contains(each, part) for each in statement.args.values())
        case tuple():
            return any(contains(each, part) for each in statement)
        case _:
            return False
