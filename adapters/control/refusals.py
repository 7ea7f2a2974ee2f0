"""Reports refused alerts: the first at once, the others of ten minutes together, each as one log line and one
notice.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from enum import Enum

from adapters.listening.sparing import Sparing
from messages.requests import Notify
from messages.types import Severity
from messages.wording import Supervisor

TOGETHER_S = 600.0
_LOG = logging.getLogger(__name__)


class Refusal(Enum):
    """Why an alert was refused; the value is its wording."""

    UNREADABLE = Supervisor.ALERT_UNREADABLE
    GUESS = Supervisor.ALERT_GUESS
    FIELD = Supervisor.ALERT_FIELD
    AGE = Supervisor.ALERT_AGE
    REFUSED = Supervisor.ALERT_DENIED
    NOT_READY = Supervisor.ALERT_NOT_READY


class Refusals:
    """Used on one event loop only."""

    def __init__(self, notify: Callable[[Notify], object]) -> None:
        self._notify = notify
        self._untold: Counter[Refusal] = Counter()
        self._later: asyncio.TimerHandle | None = None
        self._sparing = Sparing(_LOG)

    def count(self, why: Refusal, remote: str | None = None) -> None:
        self._sparing.warning(f"a webhook alert was refused, {why.value()} (from %s)", remote or "a known strategy")
        self._untold[why] += 1
        if self._later is None:
            self._tell()

    def _tell(self) -> None:
        """Report the count, then pause."""
        self._later = None
        if not self._untold:
            return
        counted = tuple(Supervisor.ALERT_COUNT(n=n, what=why.value()) for why, n in self._untold.most_common())
        self._untold.clear()
        self._notify(Notify(severity=Severity.WARNING, text=Supervisor.ALERTS_REFUSED(what=counted)))
        self._later = asyncio.get_running_loop().call_later(TOGETHER_S, self._tell)
