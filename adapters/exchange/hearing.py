"""Whether the account's stream says what the venue has done: a socket that is open and brings nothing looks well. Pure.

An order that the venue has acknowledged by request is told of by the stream within moments. One that is not proves
that events were lost; where the stream has said nothing at all of that kind since, it is mute about the kind.
"""

from dataclasses import dataclass, field

from messages.bounded import BoundedMap
from messages.types import ClientOrderId

ORDERS, CONDITIONALS = "orders", "conditional orders"
MUTE_AFTER_MS = 5_000
"""From an acknowledgement to its event: a hundred times what it takes, and far below a sweep."""
REMEMBERED = 1_000
"""Orders that the stream told of before their request was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An order of which the stream has not told. `mute`: nor of any other of its kind since."""

    kind: str
    mute: bool


@dataclass(slots=True)
class Hearing:
    """One life of a socket; `forget` begins the next. Times are monotonic nanoseconds."""

    expected: dict[ClientOrderId, tuple[str, int]] = field(default_factory=dict)
    heard: BoundedMap[ClientOrderId, None] = field(default_factory=lambda: BoundedMap(REMEMBERED))
    last_ns: dict[str, int] = field(default_factory=dict)

    def expect(self, name: ClientOrderId, kind: str, now_ns: int) -> bool:
        """An order was acknowledged; whether its event has still to come."""
        if self.heard.pop(name, 0) is None:
            return False
        self.expected[name] = (kind, now_ns)
        return True

    def hear(self, kind: str, name: ClientOrderId, now_ns: int) -> None:
        """An event told of this order."""
        self.last_ns[kind] = now_ns
        if self.expected.pop(name, None) is None:
            self.heard[name] = None

    def missed(self, name: ClientOrderId) -> Missed | None:
        """Its time is over; None where the stream has told of it."""
        found = self.expected.pop(name, None)
        if found is None:
            return None
        kind, since_ns = found
        return Missed(kind=kind, mute=self.last_ns.get(kind, -1) < since_ns)

    def forget(self) -> None:
        """The socket has ended: what it did not tell is read."""
        self.expected.clear()
        self.heard.clear()
        self.last_ns.clear()
