"""The actor runtime: addresses with priority mailboxes, dispatchers, supervision and persistence.

- `system`: the public interface. `actor`: the base class and its context. `cell`: the life cycle of an address.
- `mailbox`: the order of delivery. `priorities`: the rank of a message class. `deferred_entries`: entries resolved at
  delivery.
- `threads`, `simulated`: the two dispatchers (`dispatch` is their protocol). `timers`: deadlines on the monotonic
  clock.
- `supervision`: restart and quarantine (pure). `dead_letters`, `metrics`, `topics`, `ref`.
- `event_sourced`: persist and recover.
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
