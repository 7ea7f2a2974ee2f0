"""A priority mailbox: lock-free for writers, with one reader at a time.

One deque per priority (append and popleft are single C calls), a system lane of signals before them, and two flags that
keep a sleeping reader cheap:

- `scheduled`: the mailbox is queued at its executor, so a put wakes nothing;
- `suspended`: only signals are delivered; a put leaves the reader asleep, so waiting costs no CPU.

Writers read the flags after the append; the reader clears them before its last look. The interpreter lock makes this
sequentially consistent, so one side sees the other and no wake-up is lost.

Fairness is by count, hence deterministic: after `AGE_LIMIT` messages from above waiting ones, the next comes from
below; after `CRITICAL_RUN` in a row, one below CRITICAL.
"""

from collections import deque
from collections.abc import Callable

from actors.runtime.priorities import LANES, SIGNAL, Priorities
from messages.priority import Priority

AGE_LIMIT = 16
"""A lower message is passed over at most this many times per lane above it."""
CRITICAL_RUN = 48
"""CRITICAL messages in a row before one lower message; below the 64 of I11."""


_HIGH, _MEDIUM = int(Priority.HIGH), int(Priority.MEDIUM)


class Mailbox:
    """FIFO within a priority; CRITICAL overtakes any backlog; LOW is never starved. Entries are not None."""

    __slots__ = (
        "_accepted",
        "_aged",
        "_critical_run",
        "_passed_over",
        "_priorities",
        "_wake",
        "lanes",
        "scheduled",
        "signals",
        "suspended",
    )

    def __init__(self, priorities: Priorities, wake: Callable[[int], None]) -> None:
        self._priorities = priorities
        self._accepted = priorities.accepted
        self._wake = wake
        self.lanes: tuple[deque[object], ...] = tuple(deque() for _ in range(LANES))
        self.signals: deque[object] = deque()
        self.scheduled = False
        self.suspended = False
        self._aged = 0
        self._passed_over = 0
        self._critical_run = 0

    def put(self, message: object) -> None:
        """Queue a message by its class's rank. Any thread; never blocks."""
        rank = self._priorities[message.__class__]
        next(self._accepted[rank])
        self.lanes[rank].append(message)
        # CRITICAL wakes even a scheduled reader, whose place in the queue may be far back.
        if not rank or not self.scheduled:
            self._wake(rank)

    def put_deferred(self, entry: object, rank: int) -> None:
        """Queue a deferred entry whose message has `rank`."""
        next(self._accepted[rank])
        self.lanes[rank].append(entry)
        if not rank or not self.scheduled:
            self._wake(rank)

    def put_signal(self, message: object) -> None:
        """Queue on the system lane, which is delivered first and while suspended. Wakes like CRITICAL."""
        self.signals.append(message)
        self._wake(SIGNAL)

    def put_back(self, message: object, rank: int) -> None:
        """Return a taken entry to the front of its lane. Reader only."""
        (self.lanes[rank] if rank < LANES else self.signals).appendleft(message)

    def take(self) -> object | None:
        """Take the next entry in order of delivery, without signals; None: there is none. Reader only."""
        if self.suspended:
            return None
        critical, high, medium, low = self.lanes
        if critical:
            return self._take_critical(critical, high or medium or low)
        self._critical_run = 0
        if high:
            return self._take_above(_HIGH) if medium or low else high.popleft()
        if medium:
            return self._take_above(_MEDIUM) if low else medium.popleft()
        return low.popleft() if low else None

    def _take_critical(self, critical: deque[object], below: object) -> object:
        if not below:
            return critical.popleft()
        self._critical_run += 1
        if self._critical_run <= CRITICAL_RUN:
            return critical.popleft()
        self._critical_run = 0
        return self._take_aged(int(Priority.CRITICAL))

    def _take_above(self, rank: int) -> object:
        self._passed_over += 1
        if self._passed_over <= AGE_LIMIT:
            return self.lanes[rank].popleft()
        self._passed_over = 0
        return self._take_aged(rank)

    def _take_aged(self, above: int) -> object:
        """Take from the lanes below `above` in turn."""
        below = range(above + 1, LANES)
        turn = [rank for rank in below if rank > self._aged] + [rank for rank in below if rank <= self._aged]
        for rank in turn:
            if self.lanes[rank]:
                self._aged = rank
                return self.lanes[rank].popleft()
        raise AssertionError("aged without anything waiting below")

    def ready(self) -> bool:
        """Return whether the reader would find an entry now."""
        return bool(self.signals) or (not self.suspended and any(self.lanes))

    def depth(self) -> int:
        """Count the waiting messages, without signals."""
        return sum(map(len, self.lanes))

    def depths(self) -> tuple[int, ...]:
        """Count the waiting messages by rank."""
        return tuple(map(len, self.lanes))
