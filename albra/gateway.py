"""Gateway actors, one for each account."""

from collections.abc import Mapping
from functools import partial

from actors.gateway.actor import GatewayActor
from actors.gateway.budget import Policy
from actors.gateway.memory import GatewayMemory
from actors.gateway.shared_budget import SharedBudget
from actors.ports import Venue
from actors.runtime import Placement
from albra.wiring import Wiring
from messages.addresses import gateway_address
from messages.types import AccountId


def spawn_gateways(wiring: Wiring, venues: Mapping[AccountId, Venue]) -> None:
    """Spawn one gateway per account; its runtime state outlives its restarts."""
    config, system = wiring.config, wiring.system
    sweep_ns = config.phase2.reconciliation.check_intervals.fast_ms * 1_000_000
    policies = {a.account: Policy(share=a.budget_share, reserve=a.budget_reserve) for a in config.accounts}
    for name, venue in venues.items():
        shared = getattr(venue, "allowance", None)
        memory = GatewayMemory.fresh(system.clock, policies[name], shared if isinstance(shared, SharedBudget) else None)
        system.spawn(
            gateway_address(name),
            partial(GatewayActor, account=name, venue=venue, memory=memory, sweep_ns=sweep_ns),
            placement=Placement.THREAD,
        )
