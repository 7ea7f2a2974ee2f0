"""How actors live: addresses with priority mailboxes, dispatchers that give them time, and supervision.

Read `system` for what can be done, `actor` for what an actor may do, `cell` for the life of an address,
`mailbox` for the order of delivery, `threads` and `simulated` for the two ways to run all of it, `event_sourced` for
what an actor persists and recovers.
"""

from actors.runtime.actor import Actor, Context
from actors.runtime.dead_letters import DeadLetter, Why
from actors.runtime.dispatch import Placement
from actors.runtime.metrics import ActorMetrics, LaneMetrics, SystemMetrics
from actors.runtime.ref import Ref
from actors.runtime.simulated import LivelockError, SimulatedDispatcher, TraceHash, VirtualClock
from actors.runtime.supervision import RestartPolicy
from actors.runtime.system import ActorSystem, ShutdownReport
from actors.runtime.threads import ThreadDispatcher

__all__ = [
    "Actor",
    "ActorMetrics",
    "ActorSystem",
    "Context",
    "DeadLetter",
    "LaneMetrics",
    "LivelockError",
    "Placement",
    "Ref",
    "RestartPolicy",
    "ShutdownReport",
    "SimulatedDispatcher",
    "SystemMetrics",
    "ThreadDispatcher",
    "TraceHash",
    "VirtualClock",
    "Why",
]
