"""I16 of the second channel: it gets each critical notice that some user's chat does not show in time.

The time counts from the commit of the notice. It begins anew with each process, and with each return of the channel.
"""

from actors.notifier.outbox import SECOND_CHANNEL
from messages.base import Event
from messages.notices import NoticeQueued
from messages.types import Severity
from simulator.checks.check import SECOND, Check, Truth
from simulator.checks.telling import JUMPS_NS, reached, shown_to
from simulator.environment.chat import ChatServer
from simulator.environment.settings import WEBHOOK_AFTER_S
from simulator.environment.siren import Siren
from simulator.environment.truth import Loss

WITHIN_NS = (WEBHOOK_AFTER_S + 40) * SECOND
PAUSE_NS = 60 * SECOND
"""The longest between two tries, where the channel was not there."""


class Alarmed(Check):
    """Each notice that is critical, once it is durable; each tick."""

    invariants = ("I16",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self.server: ChatServer | None = None
        self.siren: Siren | None = None
        self._waiting: dict[int, NoticeQueued] = {}
        self._since_ns = 0
        """From when on nothing has stood in the way."""

    def born(self) -> None:
        self._since_ns = self._truth.now_ns()

    def forget(self, loss: Loss) -> None:
        gone = {id(event) for _, event in loss.events}
        self._waiting = {number: event for number, event in self._waiting.items() if id(event) not in gone}

    def event(self, ordinal: int, event: Event) -> None:
        if self.siren is None or not isinstance(event, NoticeQueued) or event.severity is not Severity.CRITICAL:
            return
        if SECOND_CHANNEL not in event.recipients:
            self._fail("I16", f"notice {event.number} is critical, and is to reach {event.recipients} alone")
        self._waiting[event.number] = event

    def tick(self, process: object) -> None:
        if self.siren is None or self.server is None or not self._waiting:
            return
        now_ns = self._truth.now_ns()
        if self.siren.down:
            self._since_ns = now_ns + PAUSE_NS
        self._waiting = {number: each for number, each in self._waiting.items() if not self._told(each)}
        for each in self._waiting.values():
            age_ns = self._truth.wall_ns() - each.ts_init
            if min(now_ns - self._since_ns, age_ns) > WITHIN_NS:
                self._fail("I16", f"notice {each.number} is critical, and neither channel has it: {each.text}")

    def _told(self, event: NoticeQueued) -> bool:
        assert self.server is not None
        assert self.siren is not None
        since_ns = event.ts_init - JUMPS_NS
        if reached(since_ns, event.text, self.siren.taken):
            return True
        shown = shown_to(self.server)
        return all(reached(since_ns, event.text, shown[user]) for user in self.server.plan.users)
