"""The notifier: one address for everything the owner should hear, one line in the log for each.

A notice with an id that was told a moment ago is not told again: after a restart notices are repeated.
"""

from collections import deque
from collections.abc import Callable

from actors.ports import Log
from actors.runtime.actor import Actor, Context
from messages.requests import Notify
from messages.types import Severity

REMEMBERED = 1_000
_LEVELS = {Severity.INFO: "INFO", Severity.WARNING: "WARNING", Severity.CRITICAL: "CRITICAL"}


class NotifierActor(Actor[Notify]):
    """`show` puts a notice where the owner looks now: the terminal, listeners of the control API."""

    def __init__(self, context: Context, show: Callable[[Notify], None], log: Log) -> None:
        super().__init__(context)
        self._show = show
        self._log = log
        self._told: deque[str] = deque(maxlen=REMEMBERED)

    def receive(self, message: Notify) -> None:
        if message.notice_id and message.notice_id in self._told:
            return
        self._told.append(message.notice_id)
        self._log(
            _LEVELS[message.severity],
            "notice",
            actor="notifier",
            correlation_id=message.correlation_id,
            position_id=message.position_id or "",
            account=message.account or "",
            text=message.text,
        )
        self._show(message)
