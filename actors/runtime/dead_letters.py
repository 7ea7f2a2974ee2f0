"""Messages that nobody could receive: kept, bounded, counted, never silent."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class Why(StrEnum):
    """Why a message became a dead letter."""

    NO_SUCH_ADDRESS = "no such address"
    STOPPED = "stopped"
    PARKED = "parked"
    QUARANTINE_FULL = "quarantine full"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """What was meant for whom. Holds the message itself, for a person to look at."""

    address: str
    message: object
    why: Why
    ts_init: int


class DeadLetters:
    """The latest `limit` dead letters, and how many there ever were by reason and rank."""

    def __init__(self, limit: int) -> None:
        self._lock = Lock()
        self._latest: deque[DeadLetter] = deque(maxlen=limit)
        self._by_why: Counter[Why] = Counter()
        self._by_rank: Counter[int] = Counter()

    def add(self, letter: DeadLetter, rank: int) -> None:
        with self._lock:
            self._latest.append(letter)
            self._by_why[letter.why] += 1
            self._by_rank[rank] += 1

    def latest(self) -> tuple[DeadLetter, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(self._latest)

    def count(self, why: Why | None = None) -> int:
        with self._lock:
            return self._by_why.total() if why is None else self._by_why[why]

    def counts(self) -> Mapping[Why, int]:
        with self._lock:
            return dict(self._by_why)

    def count_of_rank(self, rank: int) -> int:
        with self._lock:
            return self._by_rank[rank]
