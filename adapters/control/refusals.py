"""Alerts that were refused: one line and one notice tell of the first, and one of all that come within ten minutes."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from adapters.listening.sparing import Sparing
from messages.requests import Notify
from messages.statement import verbatim
from messages.types import Severity

TOGETHER_S = 600.0
_LOG = logging.getLogger(__name__)


class Refusal(StrEnum):
    """Why; the value is what people read."""

    UNREADABLE = "not readable as an alert"
    GUESS = "with a missing or wrong secret"
    FIELD = "with a field that is missing or wrong"
    AGE = "too old, or from the future"
    REFUSED = "refused by a limit, a hold or a state, or with an id that is another's"
    NOT_READY = "before the account was ready, for as long as it may be old"


class Refusals:
    """Used on one event loop only."""

    def __init__(self, notify: Callable[[Notify], object]) -> None:
        self._notify = notify
        self._untold: Counter[Refusal] = Counter()
        self._later: asyncio.TimerHandle | None = None
        self._sparing = Sparing(_LOG)

    def count(self, why: Refusal, remote: str | None = None) -> None:
        self._sparing.warning(f"a webhook alert was refused, {why} (from %s)", remote or "a known strategy")
        self._untold[why] += 1
        if self._later is None:
            self._tell()

    def _tell(self) -> None:
        """What was counted, and then nothing for a while."""
        self._later = None
        if not self._untold:
            return
        said = ", ".join(f"{count} {why}" for why, count in self._untold.most_common())
        self._untold.clear()
        self._notify(Notify(severity=Severity.WARNING, text=verbatim(f"webhook alerts were refused: {said}")))
        self._later = asyncio.get_running_loop().call_later(TOGETHER_S, self._tell)
