"""The reconciler's configuration: action, required evidence and severity by type."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from messages.discrepancy_type import Action, DiscrepancyType, Subject
from messages.types import AccountId, Attribution, Symbol

T, A = DiscrepancyType, Action
SECOND = 1_000_000_000

QUANTITY = frozenset(kind for kind in T if kind.subject is Subject.QUANTITY)
"""One family: the held quantity differs. A repair may turn one type into another."""
ORDERS = frozenset(kind for kind in T if kind.subject is Subject.ORDERS)
"""Types that only a list of open orders shows."""
DEFAULT_ACTIONS: Mapping[DiscrepancyType, Action] = MappingProxyType({kind: kind.default_action for kind in T})
DEFAULT_OBSERVATIONS: Mapping[DiscrepancyType, int] = MappingProxyType({kind: kind.default_observations for kind in T})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """`price`: tolerated relative difference of entry prices. `stuck_ns`: a passing state that lasts longer is a
    finding.

    The others map misbelieved exposure to a severity: notional in quote currency, share of the larger side.
    """

    price: Decimal = Decimal("0.001")
    warning_notional: Decimal = Decimal(10)
    critical_notional: Decimal = Decimal(1000)
    critical_share: Decimal = Decimal("0.5")
    stuck_ns: int = 30 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Another action for this type, account and symbol; None: any."""

    action: Action
    type: DiscrepancyType | None = None
    account: AccountId | None = None
    symbol: Symbol | None = None

    def covers(self, kind: DiscrepancyType, account: AccountId, symbol: Symbol) -> bool:
        """Return whether the override applies."""
        return self.type in (None, kind) and self.account in (None, account) and self.symbol in (None, symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`gap_ns`: closer observations count once. `attempts`: automatic repairs per discrepancy. Durations in ns.

    `absence_ns`: how long a position without an explaining trade must be gone. A venue may answer every question with
    an empty list for a while, and a position closed for that would lose its stop.
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
        """Return the action of the first override that applies, else the type's own."""
        if self.watch_only:
            return A.MANUAL_INTERVENTION
        for override in self.overrides:
            if override.covers(kind, account, symbol):
                return override.action
        return self.actions.get(kind, A.MANUAL_INTERVENTION)

    def required(self, kind: DiscrepancyType) -> int:
        """Return the observations that the type needs."""
        return self.observations.get(kind, DEFAULT_OBSERVATIONS[kind])
