"""I28: what became of an order is found out within seconds of when it can be.

It can be once its request is surely no longer on its way: what is not found before that proves nothing. From then on
the pause before the next question is short, and grows only with failures in a row.
"""

from collections import Counter

from messages.reports import (
    AboutOrder,
    FillReport,
    FillsFetched,
    NotExecuted,
    OpenOrdersReport,
    OrderAccepted,
    OrderNotFound,
    OrderReport,
    OutcomeUnknown,
    QueryFailed,
    Woken,
)
from messages.requests import ResolveOrder
from simulator.checks.check import SECOND, Truth
from simulator.checks.prompt import PROMPT_NS, SETTLED_NS, Prompt, Wait
from simulator.environment.truth import position_of

WINDOW_NS = 8 * SECOND
"""A request is valid for five seconds; a second of the adapter's own, and one and a half in which clocks may differ."""
PAUSES_NS = SECOND // 4
FORGETS_NS = 10 * SECOND
"""An order that was seen and is not found is asked after ever more slowly: the venue forgets, or answers stale."""


class Asked(Prompt):
    """At each message that gateways and positions handle, each answer and failure about an order; each tick."""

    invariants = ("I28",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._from_ns: dict[str, int] = {}
        """From when on nothing found proves something, by the order's name."""
        self._failures = Counter[str]()
        """In a row, of an order's questions."""
        self._seen: set[str] = set()

    def died(self) -> None:
        super().died()
        self._from_ns.clear()
        self._failures.clear()
        self._seen.clear()

    def asked(self, address: str, message: object) -> None:
        match message:
            case ResolveOrder(client_order_id=name, unanswered=False) if name not in self._waits:
                self._doubted(name, address)
            case OutcomeUnknown(client_order_id=name, cancel=False) if name not in self._seen:
                self._doubted(name, address)  # else the stream has told of it before
            case QueryFailed(client_order_id=name):
                self._failures[name] += 1
                self.hindered(name)
            case Woken(topic=topic) if topic.startswith("doubt/"):
                # It is asked now, or waits in its lane, or for the adapter, which measures the clock before it sends.
                self._out["GET", topic.removeprefix("doubt/")] = self._truth.now_ns()
            case OrderNotFound(client_order_id=name):
                self.hindered(name)  # its trades may fail to be read each time after that
            case FillsFetched(client_order_id=name):
                self._failures[name] = 0
                self.hindered(name)
            case OrderAccepted(client_order_id=name) | FillReport(client_order_id=name):
                self._seen.add(name)
            case OpenOrdersReport(orders=orders):
                self._seen.update(order.client_order_id for order in orders)
            case OrderReport(client_order_id=name):
                self._failures[name] = 0
                self._seen.add(name)
                self.hindered(name)

    def _doubted(self, name: str, address: str) -> None:
        if position_of(name) is None:
            return
        since_ns = self._from_ns[name] = self._truth.now_ns() + WINDOW_NS
        self._waits[name] = Wait(address=address, since_ns=since_ns, within_ns=self._patience_ns(name))

    def delivered(self, address: str, message: object) -> None:
        """What its gateway has found out is said."""
        super().delivered(address, message)
        if not address.startswith(("position/", "supervisor")) or not isinstance(message, AboutOrder):
            return
        if not isinstance(message, OutcomeUnknown | NotExecuted | QueryFailed | OrderNotFound):
            self._waits.pop(message.client_order_id, None)

    def hindered(self, name: str) -> None:
        wait = self._waits.get(name)
        if wait is not None:
            wait.since_ns = max(self._truth.now_ns(), self._from_ns[name])
            wait.within_ns = self._patience_ns(name)

    def tick(self, process: object) -> None:
        if self.busy:
            for wait in self._waits.values():
                self.put_off(wait)
        super().tick(process)

    def _patience_ns(self, name: str) -> int:
        forgets_ns = FORGETS_NS if name in self._seen else 0
        return min(SETTLED_NS, PROMPT_NS + max(forgets_ns, PAUSES_NS << self._failures[name]))

    def late(self, name: str, wait: Wait, waited_s: int) -> None:
        text = f"{name} is in doubt, and {wait.address} has had {waited_s} s to find out what became of it"
        self._fail("I28", f"{text}, and nothing in its way", position_of(name) or 0)
