"""I26: an order that is to be canceled is gone within seconds, or its position hears why it is not.

Counted from the moment at which a gateway has the cancel. What the venue or the network does to a request about that
order, or to the account, begins the time anew: nothing else keeps the order there.
"""

from collections import Counter
from dataclasses import dataclass

from adapters.paper.answer import Answer
from messages.reports import (
    AboutOrder,
    CancelRejected,
    NotExecuted,
    OrderAbsent,
    OrderNotFound,
    OrderRejected,
    OrderReport,
    OutcomeUnknown,
    QueryFailed,
    TurnAwaited,
    VenueDown,
    VenueUp,
)
from messages.requests import CancelOrder
from messages.types import OrderStatus
from tests.simulation.check import SECOND, Check, Truth
from tests.simulation.network import Sent, silence_s
from tests.simulation.truth import position_of

PROMPT_NS = 5 * SECOND
"""A cancel leaves at once, in a lane of its own, or as soon as its submit is answered. What is on its way is waited
for, and a gateway that fails in between lives again within a second.
"""
FIRST_PAUSES_NS = SECOND // 2
"""After a fault it may have to be found out what the order is, and the cancel be tried again. The pause before either
is a quarter of a second at first, and doubles with each fault.
"""
SETTLED_NS = PROMPT_NS + 15 * SECOND
"""Ten seconds are the longest pause between two questions, and five between two tries."""
OWED_NS = 30 * SECOND
"""The adapter owes its gateway every answer sooner: one that has not come by then is not waited for."""


@dataclass(slots=True, kw_only=True)
class Wish:
    """A cancel that a gateway has. `since_ns`: from when on nothing has stood in its way."""

    address: str
    since_ns: int
    within_ns: int
    there: bool = False
    """The venue has shown the order."""


class Canceled(Check):
    """At each message that gateways and positions handle, each answer and failure about an order; each tick."""

    invariants = ("I26",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._wishes: dict[str, Wish] = {}
        self._out: dict[tuple[str, str], int] = {}
        """Requests that have left and were not answered yet, by method and order, and when."""
        self._due: dict[str, int] = {}
        """Orders about which an answer has come that their gateway has not been told yet, and when."""
        self._hindrances = Counter[str]()
        """How often a request about an order did not do what it was to do."""
        self._up: set[str] = set()
        """Gateways that have heard that the venue is there."""
        self._quiet_until_ns = 0

    def born(self) -> None:
        self.died()

    def died(self) -> None:
        """The next life is told anew."""
        self._wishes.clear()
        self._out.clear()
        self._due.clear()
        self._hindrances.clear()
        self._up.clear()
        self._quiet_until_ns = 0

    # What is wished, and what is heard -----------------------------------------------------------------

    def delivered(self, address: str, message: object) -> None:
        if address.startswith("gateway/"):
            self._at_gateway(address, message)
        elif self._wishes and address.startswith("position/"):
            self._at_position(message)

    def _at_gateway(self, address: str, message: object) -> None:
        match message:
            case CancelOrder(client_order_id=name) if position_of(name) is not None:
                self._wishes.setdefault(name, self._wish(name, address))
            case VenueDown() | TurnAwaited():
                self._up.discard(address)
            case VenueUp():
                self._up.add(address)
                self._begin_anew(address)
            case OutcomeUnknown() | NotExecuted() | QueryFailed() | OrderNotFound() | CancelRejected():
                self._due.pop(message.client_order_id, None)
                self._hindered(message.client_order_id)
            case AboutOrder():
                self._due.pop(message.client_order_id, None)

    def _wish(self, name: str, address: str) -> Wish:
        return Wish(address=address, since_ns=self._truth.now_ns(), within_ns=self._patience_ns(name))

    def _at_position(self, message: object) -> None:
        """It knows that the order is over, refused, absent, or out of anybody's hands because it has been triggered."""
        match message:
            case OrderRejected(client_order_id=name) | OrderAbsent(client_order_id=name):
                self._wishes.pop(name, None)
            case OrderReport(client_order_id=name, status=status) if status is not OrderStatus.WORKING:
                self._wishes.pop(name, None)

    # What stands in its way ----------------------------------------------------------------------------

    def sent(self, sent: Sent) -> None:
        name = _name_of(sent)
        if name:
            self._out[sent.call.method, name] = self._truth.now_ns()

    def tried(self, sent: Sent) -> None:
        self._hindered(_name_of(sent))

    def heard(self, sent: Sent, answer: Answer) -> None:
        name = _name_of(sent)
        if name:
            self._out.pop((sent.call.method, name), None)
            self._due[name] = self._truth.now_ns()
        if answer.fault is not None or answer.status != 200:
            self._hindered(name)
        if wait_s := silence_s(answer):
            self._quiet_until_ns = max(self._quiet_until_ns, self._truth.now_ns() + wait_s * SECOND)

    def _hindered(self, name: str) -> None:
        self._hindrances[name] += 1
        wish = self._wishes.get(name)
        if wish is not None:
            wish.since_ns, wish.within_ns = self._truth.now_ns(), max(wish.within_ns, self._patience_ns(name))

    def _patience_ns(self, name: str) -> int:
        return min(SETTLED_NS, PROMPT_NS + (FIRST_PAUSES_NS << self._hindrances[name]))

    def _begin_anew(self, address: str) -> None:
        for wish in self._wishes.values():
            if wish.address == address:
                wish.since_ns, wish.within_ns = self._truth.now_ns(), SETTLED_NS

    # Time ----------------------------------------------------------------------------------------------

    def tick(self, process: object) -> None:
        now_ns = self._truth.now_ns()
        for name, wish in list(self._wishes.items()):
            if not self._books.live(name):
                wish.since_ns = now_ns
                if wish.there:
                    del self._wishes[name]
                continue
            wish.there = True
            if now_ns - self._latest_ns(name) < OWED_NS:
                wish.since_ns = now_ns
            elif wish.address not in self._up or now_ns < self._quiet_until_ns:
                wish.since_ns, wish.within_ns = now_ns, SETTLED_NS
            elif now_ns - wish.since_ns > wish.within_ns:
                waited_s = (now_ns - wish.since_ns) // SECOND
                text = f"{name} is to be canceled, and rests at the venue: {wish.address} has had {waited_s} s for it"
                self._fail("I26", f"{text}, and nothing in its way", position_of(name) or 0)

    def _latest_ns(self, name: str) -> int:
        """When a request about it left, or an answer came, that is still waited for."""
        out = (self._out.get((method, name), -OWED_NS) for method in ("POST", "GET", "DELETE"))
        return max(*out, self._due.get(name, -OWED_NS))


def _name_of(sent: Sent) -> str:
    names = ("newClientOrderId", "origClientOrderId", "clientAlgoId")
    return next((sent.params[name] for name in names if name in sent.params), "")
