"""Wires the supervisor's actor, its limits, and the spawning of positions."""

from collections.abc import Callable

from actors.position.actor import Identity, position_factory
from actors.position.policy import Policy
from actors.position.state import Position
from actors.recovery import names
from actors.risk.daily_loss import days_in
from actors.runtime import Placement
from actors.supervisor.actor import SupervisorActor
from actors.supervisor.memory import Restored, SupervisorMemory, SupervisorSettings
from actors.supervisor.pre_trade_risk import Limits
from adapters.config import LimitsConfig
from albra.wiring import Wiring
from messages.addresses import RECONCILER, SUPERVISOR, position_address
from messages.status import Rows
from messages.types import AccountId


def supervisor_settings(wiring: Wiring, accounts: tuple[AccountId, ...], restored: Restored) -> SupervisorSettings:
    """Return the limits, accounts and names of one supervisor."""
    config, journal = wiring.config, wiring.journal
    return SupervisorSettings(
        journal_id=journal.journal_id,
        accounts=accounts,
        limits=_limits(config.limits),
        account_limits={account.account: _limits(account.limits) for account in config.accounts},
        day_of=days_in(config.limits.timezone),
        watch_only=not config.phase2.enabled,
        reconciler=RECONCILER,
        protection_ns=config.protection.close_after_ms * 1_000_000,
        restored=names(journal.journal_id, journal.meta.former, restored),
    )


def spawn_supervisor(
    wiring: Wiring, settings: SupervisorSettings, memory: SupervisorMemory, restored: Restored, rows: Callable[[], Rows]
) -> None:
    """Spawn the supervisor. `rows` returns the status rows of other parts."""
    spawn, system, log = _position_spawner(wiring), wiring.system, wiring.log
    system.spawn(
        SUPERVISOR,
        lambda context: SupervisorActor(
            context,
            settings=settings,
            restored=restored,
            memory=memory,
            spawn=spawn,
            discard=system.stop_actor,
            runtime_rows=rows,
            log=log,
        ),
        placement=Placement.THREAD,
    )


def _position_spawner(wiring: Wiring) -> Callable[[Identity, Position | None], None]:
    config, system, journal, log = wiring.config, wiring.system, wiring.journal, wiring.log
    policy = Policy(
        protection_deadline_ms=config.protection.close_after_ms,
        watch_only=not config.phase2.enabled,
        trigger=config.protection.trigger,
        entry_good_for_ms=config.entries.good_for_s * 1_000,
        journal_id=journal.journal_id,
        life=journal.life,
    )

    def spawn(identity: Identity, start: Position | None) -> None:
        address = position_address(identity.ordinal)
        if not system.is_open(address):
            system.spawn(address, position_factory(identity, policy, log, start))

    return spawn


def _limits(limits: LimitsConfig) -> Limits:
    return Limits(
        order_notional=limits.order_notional,
        symbol_exposure=limits.symbol_exposure,
        account_exposure=limits.account_exposure,
        openings_per_minute=limits.openings_per_minute,
        daily_loss=limits.daily_loss,
    )
