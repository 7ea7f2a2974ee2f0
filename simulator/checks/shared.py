"""I10 and I11 of an address: it is never banned for what we ask, and what reduces never waits behind what reads.

The venue's own count says whether it is banned. What waits is counted from the moment at which its gateway has it:
nothing but the venue's limit keeps it there, of one account as of several.
"""

from actors.position.state import OrderPhase
from adapters.paper.answer import Answer
from messages.addresses import gateway_address, is_gateway
from messages.reports import AboutOrder, NotExecuted, OrderReport, OutcomeUnknown, VenueDown, VenueUp
from messages.requests import CancelOrder, SubmitEmergency, SubmitProtection, SubmitReducing
from messages.types import AccountId, ClientOrderId
from simulator.checks.check import SECOND, Check, Truth
from simulator.checks.prompt import FULL_PERCENT, MINUTE_NS
from simulator.environment.network import Sent, of_one_account, silence_s
from simulator.environment.truth import position_of

REDUCES = (SubmitReducing, SubmitEmergency, SubmitProtection, CancelOrder)
WAITS_NS = 3 * SECOND


class Shared(Check):
    """At each request that arrives, each message that a gateway handles, each tick."""

    invariants = ("I10", "I11")

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._waiting: dict[tuple[str, str], tuple[str, int]] = {}
        self._unclear: set[tuple[str, str]] = set()
        """Orders whose submit was not answered yet, or whose cancel left: the next word about them is waited for.

        One answer ends the doubt of its own request: a submit may be answered after its cancel has left.
        """
        self._left: set[str] = set()
        """Orders that have left in this life of the process and were not said to be not executed since.

        A gateway that fails gets their submits once more and asks instead: they do not wait to leave.
        """
        self._quiet_until_ns = 0
        self._spent_until_ns: dict[str, int] = {}
        self._up: set[str] = set()
        """Gateways that have heard that the venue is there: a connection takes as long as the network does."""

    def born(self) -> None:
        self._waiting.clear()
        self._unclear.clear()
        self._left.clear()
        self._quiet_until_ns = 0
        self._spent_until_ns.clear()

    def died(self) -> None:
        self._waiting.clear()
        self._left.clear()
        self._up.clear()

    def arrived(self, sent: Sent) -> None:
        ration = self._books.venue.exchange.ration
        if 100 * ration.weight.used > FULL_PERCENT * ration.limits.weight_per_minute:
            self._quiet_until_ns = max(self._quiet_until_ns, self._truth.now_ns() + MINUTE_NS)
        if ration.bans:
            self._fail("I10", f"the address is banned for what was asked of it, the last {sent.call.path}")

    def heard(self, sent: Sent, answer: Answer) -> None:
        """All accounts behind the address keep quiet."""
        if sent.call.method == "POST":
            self._unclear.discard(("POST", sent.order))
        wait_s = silence_s(answer)
        if not wait_s:
            return
        until_ns = self._truth.now_ns() + wait_s * SECOND
        if of_one_account(answer):
            address = gateway_address(AccountId(sent.account))
            self._spent_until_ns[address] = max(self._spent_until_ns.get(address, 0), until_ns)
        else:
            self._quiet_until_ns = max(self._quiet_until_ns, until_ns)

    def delivered(self, address: str, message: object) -> None:
        if isinstance(message, REDUCES) and is_gateway(address):
            verb, name = "DELETE" if isinstance(message, CancelOrder) else "POST", message.client_order_id
            if name not in self._left if verb == "POST" else self._certain(name):
                self._waiting.setdefault((verb, name), (address, self._truth.now_ns()))
        elif isinstance(message, AboutOrder):
            self._doubt(address, message)
            for verb in ("POST", "DELETE"):
                self._waiting.pop((verb, message.client_order_id), None)
        elif isinstance(message, VenueUp):
            self._up.add(gateway_address(message.account))
        elif isinstance(message, VenueDown):
            self._up.discard(gateway_address(message.account))

    def _doubt(self, address: str, message: AboutOrder) -> None:
        """What the stream has shown may be in doubt at its gateway, until a question is answered."""
        match message:
            case OutcomeUnknown(client_order_id=name, cancel=False) if is_gateway(address):
                self._unclear.add(("POST", name))
            case NotExecuted(client_order_id=name, cancel=False) if is_gateway(address):
                self._left.discard(name)
            case OrderReport(client_order_id=name, queried=True):
                self._unclear -= {("POST", name), ("DELETE", name)}

    def _certain(self, name: str) -> bool:
        """It rests for certain. What becomes of an order in doubt is found out before it is canceled."""
        position = self._ledger.positions.get(position_of(name) or 0)
        order = position.order(ClientOrderId(name)) if position is not None else None
        unclear = ("POST", name) in self._unclear or ("DELETE", name) in self._unclear
        return order is not None and order.phase is OrderPhase.WORKING and not unclear

    def sent(self, sent: Sent) -> None:
        if sent.call.method in ("POST", "DELETE") and sent.order:
            self._waiting.pop((sent.call.method, sent.order), None)
            self._unclear.add((sent.call.method, sent.order))
            self._leave(sent)

    def tried(self, sent: Sent) -> None:
        """No connection could be made for it: that is known to the gateway later, as is an answer."""
        self._waiting.pop((sent.call.method, sent.order), None)
        self._leave(sent)

    def _leave(self, sent: Sent) -> None:
        if sent.call.method == "POST" and sent.order:
            self._left.add(sent.order)

    def tick(self, process: object) -> None:
        now_ns = self._truth.now_ns()
        if now_ns < self._quiet_until_ns + WAITS_NS:
            self._waiting.clear()
        for about, (address, _) in self._waiting.items():
            if address not in self._up:
                self._waiting[about] = (address, now_ns)
        spent = {account for account, until_ns in self._spent_until_ns.items() if now_ns < until_ns + WAITS_NS}
        if spent:
            self._waiting = {name: waits for name, waits in self._waiting.items() if waits[0] not in spent}
        for (verb, name), (address, since_ns) in self._waiting.items():
            if now_ns - since_ns > WAITS_NS:
                waited_s = (now_ns - since_ns) // SECOND
                self._fail("I11", f"{verb} of {name} has waited for {waited_s} s at {address}, and nothing forbids it")
