"""Accounts behind one address: a ban or pause for one holds for all.

Exchanges count weight by address and ban addresses; they count orders by account.
"""

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from messages.statement import Statement

Hear = Callable[[int, Statement], None]
"""(duration in ms, cause). Called on the thread of the account that received the request for silence."""


class Allowance(Protocol):
    """The weight left to an address, shared by all accounts behind it. Thread-safe; no call blocks."""

    def learn(self, weight_per_minute: int, /) -> None:
        """Set the venue's weight limit per minute; 0 when it has none."""
        ...

    def turn(self, who: str, weight: int, /, *, connecting: bool = False) -> bool:
        """Reserve `weight` for an adapter's own request until `turned`. False: not now, try again.

        `connecting`: the request delays every request of its account, so it takes precedence.
        """
        ...

    def turned(self, who: str, weight: int, /) -> None: ...

    def left(self, weight: int, /) -> None:
        """Charge a request that is being sent."""
        ...

    def came(self, weight: int, used: int | None, /) -> None:
        """Record an answer; `used`: the minute's usage by all callers at the address, where reported."""
        ...


class Boundless:
    """The allowance of an address without accounting."""

    def learn(self, *_: object) -> None:
        return None

    def turn(self, *_: object, **_more: object) -> bool:
        return True

    def turned(self, *_: object) -> None:
        return None

    def left(self, *_: object) -> None:
        return None

    def came(self, *_: object) -> None:
        return None


class Neighbors:
    """Shared by the adapters of all accounts. Thread-safe."""

    def __init__(self, allowance: Callable[[], Allowance] = Boundless) -> None:
        """`allowance` creates the allowance of a new address."""
        self._lock = Lock()
        self._members: dict[object, tuple[str, Hear]] = {}
        self._make = allowance
        self._allowances: dict[str, Allowance] = {}

    def allowance(self, address: str) -> Allowance:
        """Return the address's shared allowance."""
        with self._lock:
            if address not in self._allowances:
                self._allowances[address] = self._make()
            return self._allowances[address]

    def join(self, who: object, host: str, hear: Hear) -> None:
        with self._lock:
            self._members[who] = host, hear

    def leave(self, who: object) -> None:
        with self._lock:
            self._members.pop(who, None)

    def tell(self, who: object, for_ms: int, cause: Statement) -> None:
        """Pass the venue's request for silence on to the other accounts at `who`'s address."""
        with self._lock:
            host = self._members[who][0] if who in self._members else None
            others = [hear for other, (where, hear) in self._members.items() if other is not who and where == host]
        for hear in others:
            hear(for_ms, cause)
