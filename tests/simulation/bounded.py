"""I10: what is refused is not asked for without end: each setting, cancel and protection has a rate of its own."""

from collections import deque

from tests.simulation.check import SECOND, Check, Truth
from tests.simulation.network import Sent

WINDOW_NS = 60 * SECOND
MOST: dict[tuple[str, str], int] = {
    ("POST", "/leverage"): 15,
    ("DELETE", "/order"): 40,
    ("DELETE", "/algoOrder"): 40,
    ("GET", "/order"): 150,
    ("GET", "/algoOrder"): 150,
}
"""Of one thing within a minute, by the kind of request."""


class Bounded(Check):
    """At every request that leaves."""

    invariants = ("I10",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._times: dict[tuple[str, ...], deque[int]] = {}

    def born(self) -> None:
        self._times.clear()

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
        if len(times) > most:
            self._fail("I10", f"{method} {path} of {' '.join(about)} was sent {len(times)} times within a minute")


def _about(sent: Sent) -> tuple[str, ...]:
    names = ("symbol", "leverage", "origClientOrderId", "clientAlgoId", "orderId")
    return tuple(value for name in names if (value := sent.params.get(name, "")))
