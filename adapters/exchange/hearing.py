"""Detects a mute account stream: a socket that is open and brings no events. Pure.

The stream reports an order within moments of its acknowledgement. A missing report proves lost events; when no event of
that kind has come since, the stream is mute for the kind.
"""

from dataclasses import dataclass, field

from messages.bounded import BoundedMap
from messages.types import ClientOrderId

ORDERS, CONDITIONALS = "orders", "conditional orders"
MUTE_AFTER_MS = 5_000
"""Time from an acknowledgement to its event: a hundred times the usual delay, and far below a sweep's interval."""
REMEMBERED = 1_000
"""Remembered orders whose events came before their acknowledgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An acknowledged order without an event. `mute`: no event of its kind has come since."""

    kind: str
    mute: bool


@dataclass(slots=True)
class Hearing:
    """The expected events of one socket; `forget` begins the next socket. Times are monotonic ns."""

    expected: dict[ClientOrderId, tuple[str, int]] = field(default_factory=dict)
    heard: BoundedMap[ClientOrderId, None] = field(default_factory=lambda: BoundedMap(REMEMBERED))
    last_ns: dict[str, int] = field(default_factory=dict)

    def expect(self, name: ClientOrderId, kind: str, now_ns: int) -> bool:
        """Record an acknowledgement; return whether its event is still outstanding."""
        if self.heard.pop(name, 0) is None:
            return False
        self.expected[name] = (kind, now_ns)
        return True

    def hear(self, kind: str, name: ClientOrderId, now_ns: int) -> None:
        """Record an event of this order."""
        self.last_ns[kind] = now_ns
        if self.expected.pop(name, None) is None:
            self.heard[name] = None

    def missed(self, name: ClientOrderId) -> Missed | None:
        """Return the order as missed after its time; None when its event has come."""
        found = self.expected.pop(name, None)
        if found is None:
            return None
        kind, since_ns = found
        return Missed(kind=kind, mute=self.last_ns.get(kind, -1) < since_ns)

    def forget(self) -> None:
        """Drop all expectations: after a socket's end, missing state is read."""
        self.expected.clear()
        self.heard.clear()
        self.last_ns.clear()
