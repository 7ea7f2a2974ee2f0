"""A priority mailbox: lock-free for those who put, and read by one reader at a time.

One deque per priority (append and popleft are single C calls), a system lane of signals before them,
and two flags that make a sleeping reader cheap:

- `scheduled`: a token of this mailbox is queued at its executor, so that a put need not wake anybody;
- `suspended`: only signals are delivered; a put leaves the reader asleep, so waiting costs no CPU.

Both flags are read after the append by those who put, and cleared before the last look by the reader.
Under the interpreter lock these are sequentially consistent, so at least one side sees the other and
no wake-up is lost.

Fairness is by count, hence deterministic: of `AGE_LIMIT` messages taken in a row from above waiting
ones, the next comes from below. CRITICAL is passed over only after `CRITICAL_RUN` of its own in a row.
"""

from collections import deque
from collections.abc import Callable

from actors.runtime.priorities import LANES, SIGNAL, Priorities
from messages.priority import Priority

AGE_LIMIT = 16
"""A lower message is never passed over by more than this many times the number of lanes above it."""
CRITICAL_RUN = 48
"""Below the 64 messages of I11: a flood of CRITICAL lets one lower message through after this many."""


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
        # A CRITICAL one wakes even where a token is queued: its place in line may be far back.
        if not rank or not self.scheduled:
            self._wake(rank)

    def put_deferred(self, entry: object, rank: int) -> None:
        """Queue an entry that stands for a message of `rank`."""
        next(self._accepted[rank])
        self.lanes[rank].append(entry)
        if not rank or not self.scheduled:
            self._wake(rank)

    def put_signal(self, message: object) -> None:
        """Queue on the system lane, which is delivered first, and while suspended. Wakes like CRITICAL."""
        self.signals.append(message)
        self._wake(SIGNAL)

    def put_back(self, message: object, rank: int) -> None:
        """Return what was taken to the front of its lane, for redelivery. Reader only."""
        (self.lanes[rank] if rank < LANES else self.signals).appendleft(message)

    def take(self) -> object | None:
        """Next message in order of delivery, signals aside; None when there is none. Reader only."""
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
        """Take from the lanes below `above` in turn, so that each of them is served in time."""
        below = range(above + 1, LANES)
        turn = [rank for rank in below if rank > self._aged] + [rank for rank in below if rank <= self._aged]
        for rank in turn:
            if self.lanes[rank]:
                self._aged = rank
                return self.lanes[rank].popleft()
        raise AssertionError("aged without anything waiting below")

    def ready(self) -> bool:
        """Whether a reader would find something to deliver now."""
        return bool(self.signals) or (not self.suspended and any(self.lanes))

    def depth(self) -> int:
        """Messages waiting, signals aside."""
        return sum(map(len, self.lanes))

    def depths(self) -> tuple[int, ...]:
        """Messages waiting by rank."""
        return tuple(map(len, self.lanes))
