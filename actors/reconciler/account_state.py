"""What is known of one account between two messages: both sides, what is being read, what is suspected."""

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
    """One reading of an account, or of one symbol of it: what was asked for and what has come."""

    number: int
    symbol: Symbol | None
    kind: CheckKind
    begun_ns: int
    missing: set[str]
    positions: PositionsReport | None = None
    orders: OpenOrders | None = None
    trades: TradesReport | None = None
    requests: Mapping[str, Fetch] = field(default_factory=dict)
    """How each part was asked for, by its name."""


UNREAD_TRIES = 3
UNREAD_NS = 30 * SECOND
"""So many tries in a row, and so long, is no hiccup of the venue any more."""


@dataclass(slots=True)
class Tries:
    """Those that failed in a row: how many, since when on the monotonic clock, and why the last did."""

    failures: int = 0
    since_ns: int = 0
    cause: Statement = NOTHING

    def fail(self, cause: Statement, now_ns: int) -> None:
        self.since_ns = self.since_ns if self.failures else now_ns
        self.failures += 1
        self.cause = cause

    def lasting_ns(self, now_ns: int) -> int:
        """How long it goes on like this, once that is worth telling people; 0 before."""
        lasts_ns = now_ns - self.since_ns
        return lasts_ns if self.failures >= UNREAD_TRIES and lasts_ns >= UNREAD_NS else 0


@dataclass(slots=True)
class OpenOrderPoll:
    """How reading one list of open orders goes, of all or of a symbol. Times are monotonic; 0: none.

    `out_ns`: when one was asked for that no round waits for any more, `out_id` by which request; `late`: one that came
    after all; `again_ns`: when the next is due after `tries` that failed, or, where it is `owed`, was not asked for.
    """

    out_ns: int = 0
    out_id: str = ""
    late: OpenOrders | None = None
    tries: Tries = field(default_factory=Tries)
    again_ns: int = 0
    owed: bool = False


@dataclass(slots=True)
class AccountState:
    """One account. `clean_ns` says for each suspected question when the account was last read without it.

    `unjudged_ns` are legs of which the last reading of the whole account said nothing (skipped, or silent), and when
    it was read last before that.
    """

    account: AccountId
    up: bool = False
    validity_ns: int = 0
    """So long a request that was sent may still have its effect."""
    heard_of: bool = False
    """The venue is known to be up, or down: not while it connects for the first time."""
    waits: bool = False
    """For its turn to connect."""
    mode: PositionMode = PositionMode.ONE_WAY
    margin_mode: MarginMode | None = None
    instruments: dict[Symbol, Instrument] = field(default_factory=dict)
    views: dict[Symbol, dict[int, PositionView]] = field(default_factory=dict)
    ended: Spans = field(default_factory=Spans)
    """Positions that are over, of whichever account: numbers of all are given in a row."""
    silent: dict[PositionId, Statement] = field(default_factory=dict)
    """Positions whose actor is quarantined, or whose history is damaged, with the reason."""
    damaged: dict[PositionId, Absence] = field(default_factory=dict)
    """Those whose history is damaged, each with what proves so far that nothing of it is left."""
    rounds: dict[Symbol | None, VenueSnapshot] = field(default_factory=dict)
    again: dict[Symbol | None, CheckKind] = field(default_factory=dict)
    waiting: dict[Symbol, CheckKind] = field(default_factory=dict)
    listings: dict[Symbol | None, OpenOrderPoll] = field(default_factory=dict)
    """Of all orders, and of each symbol where something else than a prompt answer is remembered."""
    unread: dict[Symbol | None, Tries] = field(default_factory=dict)
    """Readings that failed in a row, of all positions or of one symbol."""
    due: dict[Symbol | None, int] = field(default_factory=dict)
    """When somebody has asked for another look, on the monotonic clock."""
    evidence: Observations = field(default_factory=Observations)
    looked: Looked = field(default_factory=Looked)
    bulk_ns: int = 0
    heard: set[Symbol] = field(default_factory=set)
    """Where somebody else has traded, or seems to have, and belief is not compared with that yet."""
    clean_ns: dict[Key, int] = field(default_factory=dict)
    agreed_ns: dict[Leg, int] = field(default_factory=dict)
    unjudged_ns: dict[Leg, int] = field(default_factory=dict)
    own_seen: dict[TradeId, None] = field(default_factory=dict)
    spent: deque[int] = field(default_factory=deque)
    failures: int = 0
    failed_reads: int = 0
    quiet: int = 0

    def live(self, symbol: Symbol | None = None) -> tuple[PositionView, ...]:
        groups = self.views.values() if symbol is None else (self.views.get(symbol, {}),)
        return tuple(view for group in groups for view in group.values())

    def take(self, view: PositionView) -> None:
        """A newer view; a position that is over is on no side any more."""
        group = self.views.setdefault(view.symbol, {})
        if not view.state.terminal and view.version:
            group[view.ordinal] = view
            return
        self.ended.add(view.ordinal)
        group.pop(view.ordinal, None)
        if not group:
            del self.views[view.symbol]

    def read(self, begun_ns: int, unjudged: AbstractSet[Leg]) -> None:
        """The whole account was read. A leg that this has not judged may have differed since long before."""
        self.unjudged_ns = {leg: self.unjudged_ns.get(leg, self.bulk_ns) for leg in unjudged}
        self.bulk_ns = begun_ns

    def clean_since(self, leg: Leg) -> int:
        """When the account was last read without a difference on this leg; 0: not in this life."""
        return max(self.unjudged_ns.get(leg, self.bulk_ns), self.agreed_ns.get(leg, 0))

    def listing(self, symbol: Symbol | None) -> OpenOrderPoll:
        return self.listings.setdefault(symbol, OpenOrderPoll())

    @property
    def exposed(self) -> bool:
        return bool(self.views)

    def see_own(self, trades: tuple[TradeId, ...]) -> None:
        self.own_seen.update(dict.fromkeys(trades))
        while len(self.own_seen) > SEEN_MOST:
            del self.own_seen[next(iter(self.own_seen))]


@dataclass(slots=True)
class OnDemandCheck:
    """Somebody asked for a check and waits. `pending` are accounts whose first reading is not compared yet.

    It began at `begun_ns` on the monotonic clock, at `asked_ns` of wall time: what was read since then answers it.
    `spent` are accounts of which more would come too late, and what it waits for, until when.
    """

    command: Reconcile
    begun_ns: int
    asked_ns: int
    pending: set[AccountId]
    met: set[str] = field(default_factory=set)
    checked: dict[AccountId, int] = field(default_factory=dict)
    failed: dict[AccountId, Statement] = field(default_factory=dict)
    spent: dict[AccountId, Statement] = field(default_factory=dict)


@dataclass(slots=True)
class ReconcilerMemory:
    """Outlives one life of the actor: made once by the composition. The ledger is read from the journal instead."""

    account_states: dict[AccountId, AccountState]
    ledger: Ledger = field(default_factory=Ledger)
    demands: list[OnDemandCheck] = field(default_factory=list)
    held: dict[tuple[AccountId, Symbol], HoldKey] = field(default_factory=dict)
    answers: dict[CommandId, ReconcileAnswer] = field(default_factory=dict)
    rounds: int = 0

    def statistics(self, now_ns: int) -> Rows:
        """The ledger's, with what only this process knows; `now_ns` is monotonic."""
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
        """A command repeated because its answer was lost is answered, not carried out again."""
        self.answers[answer.command_id] = answer
        while len(self.answers) > ANSWERS_MOST:
            del self.answers[next(iter(self.answers))]

    @classmethod
    def of(cls, accounts: tuple[AccountId, ...]) -> "Memory":
        ended = Spans()
        return cls(account_states={account: AccountState(account=account, ended=ended) for account in accounts})


def _looked(account: AccountId, at_ns: int | None, now_ns: int) -> Statement:
    if at_ns is None:
        return Status.NEVER_LOOKED(account=account)
    return Status.LOOKED(account=account, seconds=(now_ns - at_ns) // SECOND)
