"""The reconciler's actor and its policy."""

from collections.abc import Callable

from actors.reconciler.account_state import ReconcilerMemory
from actors.reconciler.actor import SUBSCRIBED, ReconcilerActor
from actors.reconciler.core import ReconcilerSettings
from actors.reconciler.policy import Override, Policy, Thresholds
from actors.runtime import Placement
from actors.supervisor.memory import SupervisorSettings
from adapters.config import Config
from albra.wiring import Wiring
from messages.addresses import RECONCILER
from messages.discrepancy_type import Action, DiscrepancyType
from messages.status import Rows
from messages.types import Attribution

_MS = 1_000_000


def spawn_reconciler(wiring: Wiring, known: SupervisorSettings) -> Callable[[int], Rows]:
    """Spawn the reconciler, before the supervisor. Returns its statistics at a monotonic time in ns; they outlive its
    restarts.
    """
    settings = ReconcilerSettings(
        journal_id=known.journal_id, accounts=known.accounts, policy=_policy(wiring.config), restored=known.restored
    )
    memory = ReconcilerMemory.of(known.accounts)
    wiring.system.spawn(
        RECONCILER,
        lambda context: ReconcilerActor(context, settings=settings, memory=memory, log=wiring.log),
        placement=Placement.THREAD,
    )
    # Subscribed here, since the actor's thread begins later. A missed view would make its position look unsupervised:
    # it would be adopted a second time, and its stop canceled.
    for message in SUBSCRIBED:
        wiring.system.subscribe(message, RECONCILER)
    return memory.statistics


def _policy(config: Config) -> Policy:
    said = config.phase2.reconciliation
    return Policy(
        actions={DiscrepancyType(kind): Action(action) for kind, action in said.policy},
        overrides=tuple(
            Override(account=account, symbol=symbol, type=DiscrepancyType(kind), action=Action(action))
            for account, symbol, kind, action in said.overrides
        ),
        observations={DiscrepancyType(kind): count for kind, count in said.observations},
        thresholds=Thresholds(
            price=said.price,
            warning_notional=said.warning_notional,
            critical_notional=said.critical_notional,
            critical_share=said.critical_share,
            stuck_ns=said.stuck_ms * _MS,
        ),
        attribution=Attribution(said.attribution),
        attempts=said.attempts,
        gap_ns=said.observation_gap_ms * _MS,
        fast_ns=said.check_intervals.fast_ms * _MS,
        normal_ns=said.check_intervals.normal_ms * _MS,
        slow_ns=said.check_intervals.slow_ms * _MS,
        retention_ns=said.retention_days * 86_400_000 * _MS,
        watch_only=not config.phase2.enabled,
    )
