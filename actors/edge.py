"""An actor that passes its messages to an adapter: the control API, the live table."""

from collections.abc import Callable

from actors.runtime.actor import Actor, Context
from messages.base import Message


class EdgeActor(Actor[Message]):
    """`deliver` accepts a message without blocking."""

    def __init__(self, context: Context, deliver: Callable[[Message], None]) -> None:
        super().__init__(context)
        self._deliver = deliver

    def receive(self, message: Message) -> None:
        """Pass the message to `deliver`."""
        self._deliver(message)
