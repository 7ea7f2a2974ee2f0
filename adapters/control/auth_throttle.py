"""Limits failed authentications per address. Pure: time comes with each call.

Valid alerts come from few addresses. An address with repeated failures is guessing and is refused for a while; other
addresses are not affected.
"""

from collections import deque
from dataclasses import dataclass, field

from messages.bounded import BoundedMap

WRONG_MOST = 10
WINDOW_MS = 60_000
ADDRESSES_MOST = 1_000
"""Addresses remembered; an attacker with more is not throttled here."""


@dataclass(slots=True)
class AuthThrottle:
    """Recent failures by address."""

    _wrong: BoundedMap[str, deque[int]] = field(default_factory=lambda: BoundedMap(ADDRESSES_MOST))

    def wait_ms(self, address: str, now_ms: int) -> int:
        """Return how long this address is refused, in ms; 0 when it is not."""
        wrong = self._wrong.get(address)
        if wrong is None:
            return 0
        while wrong and now_ms - wrong[0] >= WINDOW_MS:
            wrong.popleft()
        if not wrong:
            del self._wrong[address]
        return WINDOW_MS - (now_ms - wrong[0]) if len(wrong) >= WRONG_MOST else 0

    def on_failure(self, address: str, now_ms: int) -> None:
        self._wrong.setdefault(address, deque(maxlen=WRONG_MOST)).append(now_ms)
        self._wrong.move_to_end(address)
