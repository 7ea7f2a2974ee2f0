"""Event listeners over WebSocket: each has a bounded queue and is notified of dropped events."""

import asyncio
from collections.abc import AsyncIterator

from messages.base import Message
from messages.codec import to_jsonable
from messages.text import Shown, json_text

QUEUE_MAX = 1000
"""Queued events per listener; beyond, the oldest are dropped and counted."""
LISTENERS_MAX = 32


class Listeners:
    """Used on one event loop; `count` may be read from any thread."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Message | None]] = set()
        self._missed: dict[asyncio.Queue[Message | None], int] = {}
        self.count = 0

    def publish(self, message: Message) -> None:
        for queue in self._queues:
            self._put(queue, message)

    def close(self) -> None:
        """End every listener's stream."""
        for queue in self._queues:
            self._put(queue, None)

    async def stream(self) -> AsyncIterator[Shown]:
        """Yield JSON texts, one event each; `{"type": "Missed", "count": n}` replaces n dropped events."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue(QUEUE_MAX)
        self._queues.add(queue)
        self.count = len(self._queues)
        try:
            while (message := await queue.get()) is not None:
                if missed := self._missed.pop(queue, 0):
                    yield json_text({"type": "Missed", "count": missed})
                yield json_text(to_jsonable(message))
        finally:
            self._queues.discard(queue)
            self._missed.pop(queue, None)
            self.count = len(self._queues)

    def _put(self, queue: asyncio.Queue[Message | None], message: Message | None) -> None:
        if queue.full():
            queue.get_nowait()
            self._missed[queue] = self._missed.get(queue, 0) + 1
        queue.put_nowait(message)
