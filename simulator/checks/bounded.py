"""I10: what is refused or finds no connection is not tried without end: each thing asked for has its own rate.

Nor is asked for what the venue's rules refuse for certain: an order for no whole number of steps.
"""

from collections import deque

from messages import events as e
from messages.base import Event
from messages.types import OrderPurpose
from simulator.checks.check import SECOND, Check, Truth
from simulator.environment.network import Sent

WINDOW_NS = 60 * SECOND
MOST: dict[tuple[str, str], int] = {
    ("POST", "/order"): 25,
    ("POST", "/algoOrder"): 25,
    ("POST", "/leverage"): 15,
    ("DELETE", "/order"): 40,
    ("DELETE", "/algoOrder"): 40,
    ("GET", "/order"): 150,
    ("GET", "/algoOrder"): 150,
}
"""Of one thing within a minute, by the kind of request."""
AT_ONCE = 8
"""Of one thing within a second."""


class Bounded(Check):
    """At every request that leaves, or would; at each order that is intended."""

    invariants = ("I10",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._times: dict[tuple[str, ...], deque[int]] = {}

    def born(self) -> None:
        self._times.clear()

    def event(self, ordinal: int, event: Event) -> None:
        """An entry was asked for under the rules of its time."""
        if not isinstance(event, e.OrderIntended) or event.purpose is OrderPurpose.ENTRY:
            return
        rules = self._ledger.positions[ordinal].instrument
        if rules is not None and event.quantity % rules.quantity_step:
            text = f"{event.client_order_id} is for {event.quantity}, and a step is {rules.quantity_step}"
            self._fail("I10", text, ordinal)

    def tried(self, sent: Sent) -> None:
        self.sent(sent)

    def sent(self, sent: Sent) -> None:
        method, path = sent.call.method, sent.call.path
        most = next((most for (how, end), most in MOST.items() if how == method and path.endswith(end)), 0)
        if not most:
            return
        about = _about(sent)
        times = self._times.setdefault((sent.api_key, method, path, *about), deque())
        now_ns = self._truth.now_ns()
        times.append(now_ns)
        while times[0] < now_ns - WINDOW_NS:
            times.popleft()
        if sum(at_ns > now_ns - SECOND for at_ns in times) > AT_ONCE:
            self._fail("I10", f"{method} {path} of {' '.join(about)} was tried {AT_ONCE + 1} times within a second")
        if len(times) > most:
            self._fail("I10", f"{method} {path} of {' '.join(about)} was tried {len(times)} times within a minute")


def _about(sent: Sent) -> tuple[str, ...]:
    names = ("symbol", "leverage", "newClientOrderId", "origClientOrderId", "clientAlgoId", "orderId")
    return tuple(value for name in names if (value := sent.params.get(name, "")))
