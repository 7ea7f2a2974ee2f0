"""Publish-subscribe by message class.

Subscribers are addresses, or callables of the composition root; both are strong references (a weakly referenced handler
could be collected before it runs). A subscription to a class includes its subclasses; each message arrives once. An
address is dropped when it stops, a callable when it raises.
"""

from collections.abc import Callable
from threading import Lock

Listener = str | Callable[[object], None]


class Topics:
    """The subscriptions. Publishing reads a resolved table that changes replace, so it takes no lock."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: dict[type, dict[Listener, None]] = {}
        self._resolved: dict[type, tuple[Listener, ...]] = {}

    def subscribe(self, message: type, listener: Listener) -> None:
        """Subscribe to that class and its subclasses; repeating it changes nothing."""
        with self._lock:
            self._listeners.setdefault(message, {})[listener] = None
            self._resolved = {}

    def unsubscribe(self, message: type, listener: Listener) -> None:
        """End a subscription; without one, nothing happens."""
        with self._lock:
            self._listeners.get(message, {}).pop(listener, None)
            self._resolved = {}

    def drop(self, listener: Listener) -> None:
        """End all subscriptions of a listener."""
        with self._lock:
            found = [one for one in self._listeners.values() if listener in one]
            for listeners in found:
                del listeners[listener]
            if found:
                self._resolved = {}

    def listeners(self, message: type) -> tuple[Listener, ...]:
        """Return the subscribers of a class: its own first, then those of its bases."""
        found = self._resolved.get(message)
        if found is None:
            with self._lock:
                every = (one for base in message.__mro__ for one in self._listeners.get(base, ()))
                found = self._resolved[message] = tuple(dict.fromkeys(every))
        return found

    def count(self) -> int:
        """Count the subscriptions, not the subscribers."""
        with self._lock:
            return sum(map(len, self._listeners.values()))
