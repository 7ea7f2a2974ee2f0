"""How often a secret may be guessed wrong from one address. Pure: time comes with each call.

Alerts come from a few addresses and are right; an address that is wrong again and again is guessing, and is not served
for a while. What has been right from another address meanwhile is not concerned.
"""

from collections import deque
from dataclasses import dataclass, field

from messages.bounded import BoundedMap

WRONG_MOST = 10
WINDOW_MS = 60_000
ADDRESSES_MOST = 1_000
"""Remembered at once; an attacker with more addresses than that is not slowed down here."""


@dataclass(slots=True)
class AuthThrottle:
    """The wrong ones of late, by address."""

    _wrong: BoundedMap[str, deque[int]] = field(default_factory=lambda: BoundedMap(ADDRESSES_MOST))

    def wait_ms(self, address: str, now_ms: int) -> int:
        """How long this address is not listened to; 0 where it is."""
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
