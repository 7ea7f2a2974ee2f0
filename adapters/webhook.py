"""A generic webhook as second notification channel, and a ping that proves to a monitor that Albra is alive."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from adapters.loop_thread import STOP_S, LoopThread
from adapters.secret import Secret
from messages.base import Message
from messages.notices import Posted, PostFailed, PostNotice, SendPing
from messages.statement import NOTHING, Statement, verbatim
from messages.text import clean
from messages.wording import Venue
from messages.wording.common import Common

TIMEOUT_S = 15


class Webhook:
    """Implements the actors' `Channel` on a loop thread of its own. `url` gets a JSON POST per notice, `ping_url` a
    GET.
    """

    def __init__(self, url: Secret | None, ping_url: Secret | None, tell: Callable[[str, Message], None]) -> None:
        self._url = url
        self._ping_url = ping_url
        self._tell = tell
        self._thread = LoopThread("webhook")

    def start(self) -> None:
        self._thread.start()

    def request(self, message: Message) -> None:
        """Never blocks, never raises; after `stop` it does nothing."""
        self._thread.post(self._take, message)

    def stop(self, deadline_ms: int) -> None:
        """Let outstanding requests end until the deadline (ms). May block; not for actors."""
        deadline_s = deadline_ms / 1_000
        self._thread.stop(lambda: self._close(deadline_s), deadline_s + STOP_S)

    # All below runs on the loop's thread.

    async def _close(self, deadline_s: float) -> None:
        if self._thread.tasks:
            _, left = await asyncio.wait(self._thread.tasks, timeout=deadline_s)
            for task in left:
                task.cancel()

    def _take(self, message: Message) -> None:
        self._thread.spawn(self._post(message) if isinstance(message, PostNotice) else self._ping(message))

    async def _post(self, notice: PostNotice) -> None:
        cause, retry_after_ms = Venue.NO_WEBHOOK(), 0
        if self._url is not None:
            cause, retry_after_ms = await self._exchange("POST", self._url, json=_body(notice))
        answer: Message = Posted(request_id=notice.request_id)
        if cause:
            answer = PostFailed(request_id=notice.request_id, cause=cause, retry_after_ms=retry_after_ms)
        self._tell(notice.reply_to, answer)

    async def _ping(self, message: Message) -> None:
        assert isinstance(message, SendPing)
        if self._ping_url is not None:
            await self._exchange("GET", self._ping_url)  # the monitor alerts when the ping is missing

    async def _exchange(self, method: str, url: Secret, **body: Any) -> tuple[Statement, int]:
        """Send one request. Return why it failed (empty on success) and the retry delay in ms.

        The address may hold a secret and is not repeated.
        """
        try:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
                session.request(method, url.reveal(), allow_redirects=False, **body) as response,
            ):
                asked = response.headers.get("Retry-After", "")
                wait_ms = int(asked) * 1_000 if asked.isdecimal() and len(asked) < 6 else 0
                return (NOTHING, 0) if response.status < 300 else (Common.HTTP_STATUS(status=response.status), wait_ms)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return verbatim(type(error).__name__), 0


def _body(notice: PostNotice) -> dict[str, Any]:
    return {
        "severity": notice.severity.value,
        "text": notice.text,
        "account": clean(notice.account),
        "position_id": clean(notice.position_id),
        "time_ns": str(notice.ts_init),
    }
