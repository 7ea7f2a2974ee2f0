"""How much of one person is heard, so that what others ask is answered. Pure: time comes with each call.

The owner is always heard, and so is an emergency; of everybody else so much in a minute. What is beyond it costs
neither a journal's step nor an answer, but for one that says so.
"""

from collections import deque
from dataclasses import dataclass, field

WINDOW_NS = 60 * 1_000_000_000
HEARD_MOST = 30


@dataclass(slots=True)
class Hearing:
    """Of those who may speak, which are few."""

    _heard: dict[int, deque[int]] = field(default_factory=dict)
    _told: dict[int, int] = field(default_factory=dict)

    def takes(self, user_id: int, now_ns: int) -> bool:
        heard = self._heard.setdefault(user_id, deque())
        while heard and now_ns - heard[0] >= WINDOW_NS:
            heard.popleft()
        if len(heard) >= HEARD_MOST:
            return False
        heard.append(now_ns)
        return True

    def tells(self, user_id: int, now_ns: int) -> bool:
        """Whether it is time to say that it is too much: once in a window."""
        if now_ns - self._told.get(user_id, -WINDOW_NS) < WINDOW_NS:
            return False
        self._told[user_id] = now_ns
        return True
