"""The state of one account between messages: both sides, readings in progress, suspicions."""

from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from actors.reconciler.comparison_input import Key, Leg, OpenOrders
from actors.reconciler.ledger import Ledger
from actors.reconciler.observations import Observations
from actors.reconciler.policy import SECOND
from actors.reconciler.retiring import Absence
from actors.reconciler.schedule import Looked
from actors.reconciler.spans import Spans
from messages.bounded import BoundedMap
from messages.commands import Reconcile
from messages.reconciliation import CheckKind, FetchTrades, HoldKey, ReconcileAnswer, TradesReport
from messages.reports import PositionsReport, PositionView
from messages.requests import FetchOpenOrders, FetchPositions
from messages.statement import NOTHING, Statement
from messages.status import Rows, row, several
from messages.types import AccountId, CommandId, Instrument, MarginMode, PositionId, PositionMode, Symbol, TradeId
from messages.wording.status import Status

SEEN_MOST = 10_000
ANSWERS_MOST = 32
Fetch = FetchPositions | FetchOpenOrders | FetchTrades


@dataclass(slots=True)
class VenueSnapshot:
    """One reading of an account or a symbol: its requests and the answers so far. `begun_ns` is monotonic."""

    number: int
    symbol: Symbol | None
    kind: CheckKind
    begun_ns: int
    missing: set[str]
    positions: PositionsReport | None = None
    orders: OpenOrders | None = None
    trades: TradesReport | None = None
    requests: Mapping[str, Fetch] = field(default_factory=dict)
    """The request of each part, by its name."""


UNREAD_TRIES = 3
UNREAD_NS = 30 * SECOND
"""A failure is notified after this many tries in a row and this time (ns)."""


@dataclass(slots=True)
class Tries:
    """Failed tries in a row: their number, the first (monotonic ns), and the last cause."""

    failures: int = 0
    since_ns: int = 0
    cause: Statement = NOTHING

    def fail(self, cause: Statement, now_ns: int) -> None:
        """Count a failed try."""
        self.since_ns = self.since_ns if self.failures else now_ns
        self.failures += 1
        self.cause = cause

    def lasting_ns(self, now_ns: int) -> int:
        """Return how long (ns) the failure lasts if that is to be notified, else 0."""
        lasts_ns = now_ns - self.since_ns
        return lasts_ns if self.failures >= UNREAD_TRIES and lasts_ns >= UNREAD_NS else 0


@dataclass(slots=True)
class OpenOrderPoll:
    """The polling of one list of open orders, of all symbols or of one. Times are monotonic; 0: none.

    `out_ns`, `out_id`: a request in flight that no reading waits for; `late`: its answer. `again_ns`: the next try
    after failed `tries`, or after a deferred request (`owed`).
    """

    out_ns: int = 0
    out_id: str = ""
    late: OpenOrders | None = None
    tries: Tries = field(default_factory=Tries)
    again_ns: int = 0
    owed: bool = False


@dataclass(slots=True)
class AccountState:
    """One account. `clean_ns`: for each suspicion, the last reading (wall ns) without it.

    `unjudged_ns`: legs that the last full reading could not judge (skipped or silent), with the last reading that did.
    """

    account: AccountId
    up: bool = False
    validity_ns: int = 0
    """How long after sending a request may take effect."""
    was_reported: bool = False
    """The venue was reported up or down; not while it connects for the first time."""
    waits: bool = False
    """Waits for its turn to connect."""
    mode: PositionMode = PositionMode.ONE_WAY
    margin_mode: MarginMode | None = None
    instruments: dict[Symbol, Instrument] = field(default_factory=dict)
    views: dict[Symbol, dict[int, PositionView]] = field(default_factory=dict)
    ended: Spans = field(default_factory=Spans)
    """Ended positions of all accounts: ordinals are assigned in a row."""
    silent: dict[PositionId, Statement] = field(default_factory=dict)
    """Quarantined or damaged positions, with the reason."""
    damaged: dict[PositionId, Absence] = field(default_factory=dict)
    """Damaged positions, with the proof so far that nothing of them is left."""
    rounds: dict[Symbol | None, VenueSnapshot] = field(default_factory=dict)
    again: dict[Symbol | None, CheckKind] = field(default_factory=dict)
    waiting: dict[Symbol, CheckKind] = field(default_factory=dict)
    listings: dict[Symbol | None, OpenOrderPoll] = field(default_factory=dict)
    """The list of all orders, and the list of a symbol with something to remember."""
    unread: dict[Symbol | None, Tries] = field(default_factory=dict)
    """Failed readings in a row, of all positions or of one symbol."""
    due: dict[Symbol | None, int] = field(default_factory=dict)
    """Requested next looks (monotonic ns)."""
    evidence: Observations = field(default_factory=Observations)
    looked: Looked = field(default_factory=Looked)
    bulk_ns: int = 0
    traded: set[Symbol] = field(default_factory=set)
    """Symbols with a foreign trade, or a sign of one, that no comparison has covered."""
    clean_ns: dict[Key, int] = field(default_factory=dict)
    agreed_ns: dict[Leg, int] = field(default_factory=dict)
    unjudged_ns: dict[Leg, int] = field(default_factory=dict)
    own_seen: BoundedMap[TradeId, None] = field(default_factory=lambda: BoundedMap(SEEN_MOST))
    spent: deque[int] = field(default_factory=deque)
    failures: int = 0
    failed_reads: int = 0
    quiet: int = 0

    def live(self, symbol: Symbol | None = None) -> tuple[PositionView, ...]:
        """Return the live views, of all symbols or of one."""
        groups = self.views.values() if symbol is None else (self.views.get(symbol, {}),)
        return tuple(view for group in groups for view in group.values())

    def take(self, view: PositionView) -> None:
        """Apply a newer view; an ended position is dropped."""
        group = self.views.setdefault(view.symbol, {})
        if not view.state.terminal and view.version:
            group[view.ordinal] = view
            return
        self.ended.add(view.ordinal)
        group.pop(view.ordinal, None)
        if not group:
            del self.views[view.symbol]

    def read(self, begun_ns: int, unjudged: AbstractSet[Leg]) -> None:
        """Note a full reading; a leg that it did not judge keeps its earlier time."""
        self.unjudged_ns = {leg: self.unjudged_ns.get(leg, self.bulk_ns) for leg in unjudged}
        self.bulk_ns = begun_ns

    def clean_since(self, leg: Leg) -> int:
        """Return the last reading (wall ns) without a difference on this leg; 0: none in this process."""
        return max(self.unjudged_ns.get(leg, self.bulk_ns), self.agreed_ns.get(leg, 0))

    def listing(self, symbol: Symbol | None) -> OpenOrderPoll:
        """Return the poll of this list; create it if there is none."""
        return self.listings.setdefault(symbol, OpenOrderPoll())

    @property
    def exposed(self) -> bool:
        """Whether the account has live positions."""
        return bool(self.views)

    def see_own(self, trades: tuple[TradeId, ...]) -> None:
        """Note trades that need no further matching."""
        self.own_seen.update(dict.fromkeys(trades))


@dataclass(slots=True)
class OnDemandCheck:
    """A requested check. `pending`: accounts whose first reading is not compared yet.

    `begun_ns` (monotonic) and `asked_ns` (wall): the request; readings since then answer it. `spent`: accounts whose
    further reads would come too late, with the cause. `found`: the discrepancies within its scope.
    """

    command: Reconcile
    begun_ns: int
    asked_ns: int
    pending: set[AccountId]
    found: set[str] = field(default_factory=set)
    checked: dict[AccountId, int] = field(default_factory=dict)
    failed: dict[AccountId, Statement] = field(default_factory=dict)
    spent: dict[AccountId, Statement] = field(default_factory=dict)


@dataclass(slots=True)
class ReconcilerMemory:
    """State that outlives an instance, made once by the composition; but the ledger is recovered from the journal."""

    account_states: dict[AccountId, AccountState]
    ledger: Ledger = field(default_factory=Ledger)
    demands: list[OnDemandCheck] = field(default_factory=list)
    held: dict[tuple[AccountId, Symbol], HoldKey] = field(default_factory=dict)
    answers: BoundedMap[CommandId, ReconcileAnswer] = field(default_factory=lambda: BoundedMap(ANSWERS_MOST))
    rounds: int = 0

    def statistics(self, now_ns: int) -> Rows:
        """Return the ledger's rows with those that only this process knows; `now_ns` is monotonic."""
        checks, *others = self.ledger.statistics(
            sum(account_state.quiet for account_state in self.account_states.values())
        )
        looked = [
            _looked(account_state.account, account_state.looked.any_ns, now_ns)
            for account_state in self.account_states.values()
        ]
        return (
            checks,
            row(Status.RECONCILIATION(), Status.LAST_CHECK, several(looked)),
            *others,
            *self.ledger.breakdown(),
        )

    def keep(self, answer: ReconcileAnswer) -> None:
        """Keep the answer, for a repetition of its command."""
        self.answers[answer.command_id] = answer

    @classmethod
    def of(cls, accounts: tuple[AccountId, ...]) -> "ReconcilerMemory":
        """Return the memory of a new process."""
        ended = Spans()
        return cls(account_states={account: AccountState(account=account, ended=ended) for account in accounts})


def _looked(account: AccountId, at_ns: int | None, now_ns: int) -> Statement:
    if at_ns is None:
        return Status.NEVER_LOOKED(account=account)
    return Status.LOOKED(account=account, seconds=(now_ns - at_ns) // SECOND)
