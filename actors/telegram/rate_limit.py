"""Limits the updates of one user, so that every user is answered. Pure: time comes with each call.

The owner's updates and emergencies are always taken. Another user's excess costs neither a journal step nor an answer,
except one answer that states the limit.
"""

from collections import deque
from dataclasses import dataclass, field

WINDOW_NS = 60 * 1_000_000_000
UPDATES_MOST = 30
"""Updates of one user per window."""


class Recent:
    """Counts at most `most` in any window of `WINDOW_NS`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken_ns: deque[int] = deque()

    def takes(self, now_ns: int) -> bool:
        while self._taken_ns and now_ns - self._taken_ns[0] >= WINDOW_NS:
            self._taken_ns.popleft()
        if len(self._taken_ns) >= self._most:
            return False
        self._taken_ns.append(now_ns)
        return True


@dataclass(slots=True)
class RateLimit:
    """Limits by user id; only authorized users, who are few."""

    _updates: dict[int, Recent] = field(default_factory=dict)
    _said: dict[int, Recent] = field(default_factory=dict)

    def takes(self, user_id: int, now_ns: int) -> bool:
        return self._updates.setdefault(user_id, Recent(UPDATES_MOST)).takes(now_ns)

    def says_so(self, user_id: int, now_ns: int) -> bool:
        """Return whether to answer with the limit: once per window."""
        return self._said.setdefault(user_id, Recent(1)).takes(now_ns)
