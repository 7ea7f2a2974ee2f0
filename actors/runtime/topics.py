"""Publish-subscribe by message class.

Subscribers are addresses, or callables of the composition root; both are held strongly (a weakly held
handler is collected before it ever runs). A subscription to a class hears its subclasses too, each
message once. Addresses leave when they stop, callables when they raise.
"""

from collections.abc import Callable
from threading import Lock

Listener = str | Callable[[object], None]


class Topics:
    """Who hears what. Publishing reads a resolved table that changes replace, so it takes no lock."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: dict[type, dict[Listener, None]] = {}
        self._resolved: dict[type, tuple[Listener, ...]] = {}

    def subscribe(self, message: type, listener: Listener) -> None:
        """Hear messages of that class and its subclasses; a repeated subscription changes nothing."""
        with self._lock:
            self._listeners.setdefault(message, {})[listener] = None
            self._resolved = {}

    def unsubscribe(self, message: type, listener: Listener) -> None:
        with self._lock:
            self._listeners.get(message, {}).pop(listener, None)
            self._resolved = {}

    def drop(self, listener: Listener) -> None:
        """Forget a subscriber everywhere."""
        with self._lock:
            found = [one for one in self._listeners.values() if listener in one]
            for listeners in found:
                del listeners[listener]
            if found:
                self._resolved = {}

    def listeners(self, message: type) -> tuple[Listener, ...]:
        """Who hears a message of that class: its own subscribers first, then those of its bases."""
        found = self._resolved.get(message)
        if found is None:
            with self._lock:
                every = (one for base in message.__mro__ for one in self._listeners.get(base, ()))
                found = self._resolved[message] = tuple(dict.fromkeys(every))
        return found

    def count(self) -> int:
        """Subscriptions, not subscribers."""
        with self._lock:
            return sum(map(len, self._listeners.values()))
