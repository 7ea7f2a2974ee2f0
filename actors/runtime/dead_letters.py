"""Undeliverable messages: bounded and counted."""

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
    """One undeliverable message and its address; `ts_init` is wall time (ns)."""

    address: str
    message: object
    why: Why
    ts_init: int


class DeadLetters:
    """The latest `limit` dead letters, and counts of all by reason and rank. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self._lock = Lock()
        self._latest: deque[DeadLetter] = deque(maxlen=limit)
        self._by_why: Counter[Why] = Counter()
        self._by_rank: Counter[int] = Counter()

    def add(self, letter: DeadLetter, rank: int) -> None:
        """Keep and count a letter; the oldest beyond `limit` is dropped."""
        with self._lock:
            self._latest.append(letter)
            self._by_why[letter.why] += 1
            self._by_rank[rank] += 1

    def latest(self) -> tuple[DeadLetter, ...]:
        """Return the kept letters, oldest first."""
        with self._lock:
            return tuple(self._latest)

    def count(self, why: Why | None = None) -> int:
        """Count all letters ever, or those of one reason."""
        with self._lock:
            return self._by_why.total() if why is None else self._by_why[why]

    def counts(self) -> Mapping[Why, int]:
        """Count all letters ever by reason."""
        with self._lock:
            return dict(self._by_why)

    def count_of_rank(self, rank: int) -> int:
        """Count all letters ever of one rank."""
        with self._lock:
            return self._by_rank[rank]
