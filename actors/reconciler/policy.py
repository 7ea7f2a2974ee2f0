"""What the configuration decides here: what is done about each type, how much evidence it needs, how bad it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from messages.reconciliation import Action, DiscrepancyType
from messages.types import AccountId, Attribution, Symbol

T, A = DiscrepancyType, Action
SECOND = 1_000_000_000

QUANTITY = frozenset(
    {T.POSITION_NOT_IN_SYSTEM, T.POSITION_NOT_IN_EXCHANGE, T.SIZE_MISMATCH, T.SIDE_MISMATCH, T.OVERSOLD}
)
"""The faces of one question: how much is held. A repair may turn one into another."""
ORDERS = frozenset({T.ORPHAN_ORDER, T.PROTECTION_MISSING, T.PROTECTION_MISMATCH})
"""What only a list of open orders can tell."""

DEFAULT_ACTIONS: Mapping[DiscrepancyType, Action] = MappingProxyType(
    {
        T.POSITION_NOT_IN_SYSTEM: A.CREATE_POSITION,
        T.POSITION_NOT_IN_EXCHANGE: A.UPDATE_SYSTEM,
        T.SIZE_MISMATCH: A.UPDATE_SYSTEM,
        T.SIDE_MISMATCH: A.UPDATE_SYSTEM,
        T.PRICE_MISMATCH: A.UPDATE_SYSTEM,
        # Belief follows, with a notice; at the venue leverage is changed where UPDATE_EXCHANGE says so, and only there.
        T.LEVERAGE_MISMATCH: A.UPDATE_SYSTEM,
        T.STATE_MISMATCH: A.RETRY,
        T.OVERSOLD: A.UPDATE_SYSTEM,
        T.ORPHAN_ORDER: A.UPDATE_EXCHANGE,
        T.PROTECTION_MISSING: A.RETRY,
        T.PROTECTION_MISMATCH: A.UPDATE_EXCHANGE,
        T.MARGIN_MODE_MISMATCH: A.MANUAL_INTERVENTION,
        T.POSITION_MODE_MISMATCH: A.MANUAL_INTERVENTION,
    }
)
DEFAULT_OBSERVATIONS: Mapping[DiscrepancyType, int] = MappingProxyType(
    # One more where the evidence is that something is absent.
    {kind: 3 if kind in (T.POSITION_NOT_IN_EXCHANGE, T.PROTECTION_MISSING) else 2 for kind in T}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """`price`: share by which entry prices may differ. The others give a severity to misbelieved exposure: notional
    in quote currency, share of the larger side. `stuck_ns`: a state that should pass, and did not for so long.
    """

    price: Decimal = Decimal("0.001")
    warning_notional: Decimal = Decimal(10)
    critical_notional: Decimal = Decimal(1000)
    critical_share: Decimal = Decimal("0.5")
    stuck_ns: int = 30 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Another action where account, symbol and type are these; None: any."""

    action: Action
    type: DiscrepancyType | None = None
    account: AccountId | None = None
    symbol: Symbol | None = None

    def covers(self, kind: DiscrepancyType, account: AccountId, symbol: Symbol) -> bool:
        return self.type in (None, kind) and self.account in (None, account) and self.symbol in (None, symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`gap_ns`: observations closer together than this are one. `attempts`: automatic repairs of one discrepancy.

    `absence_ns`: so long must a position be gone that no trade explains. A venue that answers with an empty list by
    mistake may do so to every question for a while, and what it still holds would lose its stop.
    """

    actions: Mapping[DiscrepancyType, Action] = field(default_factory=lambda: DEFAULT_ACTIONS)
    overrides: tuple[Override, ...] = ()
    observations: Mapping[DiscrepancyType, int] = field(default_factory=lambda: DEFAULT_OBSERVATIONS)
    thresholds: Thresholds = field(default_factory=Thresholds)
    attribution: Attribution = Attribution.ASK
    attempts: int = 3
    gap_ns: int = 2 * SECOND
    absence_ns: int = 20 * SECOND
    fast_ns: int = 60 * SECOND
    normal_ns: int = 300 * SECOND
    slow_ns: int = 3600 * SECOND
    retention_ns: int = 90 * 86_400 * SECOND
    watch_only: bool = False

    def action(self, kind: DiscrepancyType, account: AccountId, symbol: Symbol) -> Action:
        """The first override that covers it, else the type's own action."""
        if self.watch_only:
            return A.MANUAL_INTERVENTION
        for override in self.overrides:
            if override.covers(kind, account, symbol):
                return override.action
        return self.actions.get(kind, A.MANUAL_INTERVENTION)

    def required(self, kind: DiscrepancyType) -> int:
        return self.observations.get(kind, DEFAULT_OBSERVATIONS[kind])
