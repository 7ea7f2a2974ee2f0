"""Accounts that reach a venue from one address: what it asks of the address, it asks of all of them.

Binance counts weight by address, and bans addresses ("IP Limits"); orders it counts by account.
"""

from collections.abc import Callable
from threading import Lock

Hear = Callable[[int, str], None]
"""For how many milliseconds to be quiet, and why. Called on the thread of the account that was told."""


class Neighbors:
    """Made once by the composition and given to every account's adapter. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._members: dict[object, tuple[str, Hear]] = {}

    def join(self, who: object, host: str, hear: Hear) -> None:
        with self._lock:
            self._members[who] = host, hear

    def leave(self, who: object) -> None:
        with self._lock:
            self._members.pop(who, None)

    def tell(self, who: object, for_ms: int, cause: str) -> None:
        """`who` was told by its host to be quiet: so are the others there."""
        with self._lock:
            host = self._members[who][0] if who in self._members else None
            others = [hear for other, (where, hear) in self._members.items() if other is not who and where == host]
        for hear in others:
            hear(for_ms, cause)
