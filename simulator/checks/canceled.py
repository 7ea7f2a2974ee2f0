"""I26: an order that is to be canceled is gone within seconds, or its position hears why it is not.

Counted from the moment at which a gateway has the cancel.
"""

from collections import Counter

from messages.addresses import ordinal_of
from messages.reports import (
    CancelRejected,
    NotExecuted,
    OrderAbsent,
    OrderNotFound,
    OrderRejected,
    OrderReport,
    OutcomeUnknown,
    QueryFailed,
)
from messages.requests import CancelOrder
from messages.types import OrderStatus
from simulator.checks.check import SECOND, Truth
from simulator.checks.prompt import PROMPT_NS, SETTLED_NS, Prompt, Wait
from simulator.environment.truth import position_of

FIRST_PAUSES_NS = SECOND // 2
"""After a fault it may have to be found out what the order is, and the cancel be tried again. The pause before either
is a quarter of a second at first, and doubles with each fault.
"""


class Canceled(Prompt):
    """At each message that gateways and positions handle, each answer and failure about an order; each tick."""

    invariants = ("I26",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._hindrances = Counter[str]()
        """How often a request about an order did not do what it was to do."""
        self._there: set[str] = set()
        """Orders to be canceled that the venue has shown."""

    def died(self) -> None:
        super().died()
        self._hindrances.clear()
        self._there.clear()

    def asked(self, address: str, message: object) -> None:
        match message:
            case CancelOrder(client_order_id=name) if position_of(name) is not None and name not in self._waits:
                now_ns = self._truth.now_ns()
                self._waits[name] = Wait(address=address, since_ns=now_ns, within_ns=self._patience_ns(name))
            case OutcomeUnknown() | NotExecuted() | QueryFailed() | OrderNotFound() | CancelRejected():
                self.hindered(message.client_order_id)

    def delivered(self, address: str, message: object) -> None:
        super().delivered(address, message)
        if self._waits and ordinal_of(address) is not None:
            self._at_position(message)

    def _at_position(self, message: object) -> None:
        """It knows that the order is over, refused, absent, or out of anybody's hands because it has been triggered."""
        match message:
            case OrderRejected(client_order_id=name) | OrderAbsent(client_order_id=name):
                self._over(name)
            case OrderReport(client_order_id=name, status=status) if status is not OrderStatus.WORKING:
                self._over(name)

    def _over(self, name: str) -> None:
        self._waits.pop(name, None)
        self._there.discard(name)

    def hindered(self, name: str) -> None:
        self._hindrances[name] += 1
        wait = self._waits.get(name)
        if wait is not None:
            wait.since_ns, wait.within_ns = self._truth.now_ns(), max(wait.within_ns, self._patience_ns(name))

    def _patience_ns(self, name: str) -> int:
        return min(SETTLED_NS, PROMPT_NS + (FIRST_PAUSES_NS << self._hindrances[name]))

    def tick(self, process: object) -> None:
        for name, wait in list(self._waits.items()):
            if self._books.live(name):
                self._there.add(name)
            elif name in self._there:
                self._over(name)
            else:
                wait.since_ns = self._truth.now_ns()
            if self.busy and self._hindrances[name]:
                self.put_off(wait)  # what the order is now has to be asked first
        super().tick(process)

    def late(self, name: str, wait: Wait, waited_s: int) -> None:
        text = f"{name} is to be canceled, and rests at the venue: {wait.address} has had {waited_s} s for it"
        self._fail("I26", f"{text}, and nothing in its way", position_of(name) or 0)
