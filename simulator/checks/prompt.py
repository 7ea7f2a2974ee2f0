"""What a gateway is to do about an order is done within seconds of when nothing stands in the way.

What the venue or the network does to a request about that order, or to the account, begins the time anew.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from adapters.paper.answer import Answer
from messages.addresses import gateway_address, is_gateway
from messages.reports import (
    AboutOrder,
    CancelRejected,
    FillsFetched,
    NotExecuted,
    OrderNotFound,
    OutcomeUnknown,
    QueryFailed,
    TurnAwaited,
    VenueDown,
    VenueUp,
)
from messages.types import AccountId
from simulator.checks.check import SECOND, Check, Truth
from simulator.environment.network import Sent, silence_s

PROMPT_NS = 5 * SECOND
"""It leaves at once, in a lane of its own, or as soon as what is on its way is answered; and a gateway that fails in
between lives again within a second.
"""
SETTLED_NS = PROMPT_NS + 15 * SECOND
"""Ten seconds are the longest pause between two questions, and five between two tries."""
BUSY_PERCENT, FULL_PERCENT = 50, 92
"""Of what the venue grants an address: questions leave the last part of that to what reduces, which may use 95 percent
of it, whoever has used the rest.
"""
MINUTE_NS = 62 * SECOND
"""Of the venue, and for requests that arrive late."""
OF_TRADES = ("/userTrades", "/allOrders", "/allAlgoOrders")
METHODS = ("POST", "GET", "DELETE")
OWED_NS = 30 * SECOND
"""The adapter owes its gateway every answer sooner: one that has not come by then is not waited for."""


@dataclass(slots=True, kw_only=True)
class Wait:
    """`since_ns`: from when on nothing stands in the way; it may lie ahead."""

    address: str
    since_ns: int
    within_ns: int


class Prompt(Check, ABC):
    """At each message that gateways handle, each request, answer and failure about an order; each tick."""

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._waits: dict[str, Wait] = {}
        """By the order's name."""
        self._out: dict[tuple[str, str], int] = {}
        """Requests that have left and were not answered yet, by method and order, and when."""
        self._due: dict[tuple[str, str], int] = {}
        """Those whose answer has come, and their gateway has not been told yet."""
        self._reading: dict[tuple[str, str], int] = {}
        """Lists and trades that gateways wait for, by gateway and path, and since when: these name no order."""
        self._up: set[str] = set()
        """Gateways that have heard that the venue is there."""
        self._quiet_until_ns = 0
        self._busy_until_ns = 0

    # What a check of this kind says -------------------------------------------------------------------

    @abstractmethod
    def asked(self, address: str, message: object) -> None:
        """A gateway handles a message: it may begin, hinder or end something."""

    @abstractmethod
    def hindered(self, name: str) -> None:
        """A request about this order did not do what it was to do."""

    @abstractmethod
    def late(self, name: str, wait: Wait, waited_s: int) -> None:
        """Nothing has stood in the way for too long."""

    # What stands in the way ---------------------------------------------------------------------------

    def born(self) -> None:
        self.died()

    def died(self) -> None:
        """Positions ask again in the next life."""
        self._waits.clear()
        self._out.clear()
        self._due.clear()
        self._reading.clear()
        self._up.clear()
        self._quiet_until_ns = 0

    def delivered(self, address: str, message: object) -> None:
        if not is_gateway(address):
            return
        match message:
            case VenueDown() | TurnAwaited():
                self._up.discard(address)
            case VenueUp():
                self._up.add(address)
                self._begin_anew(address)
            case AboutOrder(client_order_id=name):
                for method in _ended(message):
                    self._due.pop((method, name), None)
                for method in _given_up(message):
                    self._out.pop((method, name), None)
                if isinstance(message, QueryFailed):
                    self._reading = {key: at_ns for key, at_ns in self._reading.items() if key[0] != address}
        self.asked(address, message)

    def sent(self, sent: Sent) -> None:
        if sent.order:
            self._out[sent.call.method, sent.order] = self._truth.now_ns()
        elif sent.call.path.endswith(OF_TRADES):
            self._reading[gateway_address(AccountId(sent.account)), sent.call.path] = self._truth.now_ns()

    def tried(self, sent: Sent) -> None:
        self.hindered(sent.order)

    def heard(self, sent: Sent, answer: Answer) -> None:
        if sent.order:
            self._out.pop((sent.call.method, sent.order), None)
            self._due[sent.call.method, sent.order] = self._truth.now_ns()
        else:
            self._reading.pop((gateway_address(AccountId(sent.account)), sent.call.path), None)
        if answer.fault is not None or answer.status != 200:
            self.hindered(sent.order)
        if wait_s := silence_s(answer):
            self._quiet_until_ns = max(self._quiet_until_ns, self._truth.now_ns() + wait_s * SECOND)

    def arrived(self, sent: Sent) -> None:
        ration = self._books.venue.exchange.ration
        used, limit = 100 * ration.weight.used, ration.limits.weight_per_minute
        if used > BUSY_PERCENT * limit:
            self._busy_until_ns = self._truth.now_ns() + MINUTE_NS
        if used > FULL_PERCENT * limit:
            self._quiet_until_ns = max(self._quiet_until_ns, self._truth.now_ns() + MINUTE_NS)

    @property
    def busy(self) -> bool:
        """Whether the address has used so much lately that questions wait."""
        return self._truth.now_ns() < self._busy_until_ns

    def _begin_anew(self, address: str) -> None:
        for wait in self._waits.values():
            if wait.address == address:
                self.put_off(wait)

    def put_off(self, wait: Wait) -> None:
        """Something stands in the way now."""
        wait.since_ns, wait.within_ns = max(wait.since_ns, self._truth.now_ns()), SETTLED_NS

    # Time ----------------------------------------------------------------------------------------------

    def tick(self, process: object) -> None:
        now_ns = self._truth.now_ns()
        for name, wait in list(self._waits.items()):
            if now_ns - self._latest_ns(name, wait.address) < OWED_NS:
                wait.since_ns = max(wait.since_ns, now_ns)
            elif wait.address not in self._up or now_ns < self._quiet_until_ns:
                self.put_off(wait)
            elif now_ns - wait.since_ns > wait.within_ns:
                self.late(name, wait, (now_ns - wait.since_ns) // SECOND)

    def _latest_ns(self, name: str, address: str) -> int:
        """When a request about it left, or an answer came, that is still waited for; perhaps one about its trades."""
        waited = (each.get((method, name), -OWED_NS) for each in (self._out, self._due) for method in METHODS)
        reads = (at_ns for (gateway, _), at_ns in self._reading.items() if gateway == address)
        return max(*waited, *reads, -OWED_NS)


def _ended(message: AboutOrder) -> tuple[str, ...]:
    """The requests that the gateway is told of with it; what shows the order itself may be about any."""
    match message:
        case OrderNotFound() | FillsFetched():
            return ("GET",)
        case CancelRejected():
            return ("DELETE",)
        case QueryFailed() | OutcomeUnknown() | NotExecuted():
            return _given_up(message)
    return METHODS


def _given_up(message: AboutOrder) -> tuple[str, ...]:
    """The requests that its adapter waits for no longer, whatever becomes of them on the wire."""
    match message:
        case QueryFailed():
            return ("GET", "DELETE")
        case OutcomeUnknown(cancel=cancel) | NotExecuted(cancel=cancel):
            return ("DELETE",) if cancel else ("POST",)
    return ()
