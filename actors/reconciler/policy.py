"""What the configuration decides here: what is done about each type, how much evidence it needs, how bad it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from messages.reconciliation import Action, Attribution, DiscrepancyType, Subject
from messages.types import AccountId, Symbol

T, A = DiscrepancyType, Action
SECOND = 1_000_000_000

QUANTITY = frozenset(kind for kind in T if kind.subject is Subject.QUANTITY)
ORDERS = frozenset(kind for kind in T if kind.subject is Subject.ORDERS)
DEFAULT_ACTIONS: Mapping[DiscrepancyType, Action] = MappingProxyType({kind: kind.default_action for kind in T})
DEFAULT_OBSERVATIONS: Mapping[DiscrepancyType, int] = MappingProxyType({kind: kind.default_observations for kind in T})


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
