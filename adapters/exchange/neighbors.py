"""Accounts that reach a venue from one address: what it asks of the address, it asks of all of them.

Exchanges count weight by address, and ban addresses; orders they count by account.
"""

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from messages.statement import Statement

Hear = Callable[[int, Statement], None]
"""For how many milliseconds to be quiet, and why. Called on the thread of the account that was asked."""


class Allowance(Protocol):
    """What an address may still ask of its venue, shared by all behind it. Thread-safe; nothing of it waits."""

    def learn(self, weight_per_minute: int, /) -> None:
        """The venue's limit; 0 where it has none."""
        ...

    def turn(self, who: str, weight: int, /, *, connecting: bool = False) -> bool:
        """May what an adapter asks of its own leave now? Then so much is held until `turned`. False: ask again.

        `connecting`: everything that its account is asked for waits for it.
        """
        ...

    def turned(self, who: str, weight: int, /) -> None: ...

    def left(self, weight: int, /) -> None:
        """A request leaves."""
        ...

    def came(self, weight: int, used: int | None, /) -> None:
        """It was answered; `used` of the minute, by all callers at the address, if the venue said so."""
        ...


class Boundless:
    """Of an address without an account of its use."""

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
    """Made once by the composition and given to every account's adapter. Thread-safe."""

    def __init__(self, allowance: Callable[[], Allowance] = Boundless) -> None:
        """`allowance` makes that of one more address."""
        self._lock = Lock()
        self._members: dict[object, tuple[str, Hear]] = {}
        self._make = allowance
        self._allowances: dict[str, Allowance] = {}

    def allowance(self, address: str) -> Allowance:
        """One for all behind it."""
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
        """Its host asked `who` for silence: ask the others there, too."""
        with self._lock:
            host = self._members[who][0] if who in self._members else None
            others = [hear for other, (where, hear) in self._members.items() if other is not who and where == host]
        for hear in others:
            hear(for_ms, cause)
