"""I10: nothing is opened while the venue or a ban forbids it, and requests stay within the venue's budget.

The budget is the venue's own count. A ban holds from the moment its answer came off the wire. What a human forbids,
and what waits because belief and venue differ, is in `holds`.
"""

from adapters.paper.answer import Answer
from adapters.paper.limits import USUAL_LIMITS
from messages.addresses import is_gateway
from messages.reports import VenueDown, VenueUp
from messages.types import OrderPurpose
from simulator.checks.check import SECOND, Check, Truth
from simulator.environment.network import Sent
from simulator.environment.truth import position_of

MINUTE_MS = 60_000
UNCOUNTED = 60
"""The streams' keys, the clock: what no lane holds back, where others have left next to nothing of the minute."""
UNHEARD_MS = 10_000
"""So long an answer takes at most, and a request that left before it."""
PATIENCE_NS = 9 * SECOND
"""A little less than an adapter waits for an answer."""


class Degraded(Check):
    """At every request that leaves or arrives."""

    invariants = ("I10",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._down: dict[str, str] = {}
        self._quiet_until_ns = 0
        self._quiet_since_ns = 0
        self._spent_until_ns: dict[str, int] = {}
        self._banned = ""
        self._asked: dict[int, tuple[Sent, int]] = {}

    def born(self) -> None:
        self._down.clear()
        self._asked.clear()
        self._quiet_until_ns = 0
        self._spent_until_ns.clear()

    def arrived(self, sent: Sent) -> None:
        """The venue counts for all that share an address, and orders for each account.

        The next answer tells what another program has used. Requests that left before it arrive all the same.
        """
        ration = self._books.venue.exchange.ration
        ago_ms = self._books.venue.now_ms - self._books.others_ms
        uncounted = UNCOUNTED if ago_ms < MINUTE_MS else 0
        if ago_ms > UNHEARD_MS and ration.weight.used > ration.limits.weight_per_minute + uncounted:
            self._fail("I10", f"{ration.weight.used} of weight within a minute, the last by {sent.call.path}")
        for account, window in ration.orders_10s.items():
            if window.used > USUAL_LIMITS.orders_per_10_seconds:
                self._fail("I10", f"{window.used} orders of {account} within ten seconds")

    def heard(self, sent: Sent, answer: Answer) -> None:
        """Only what the process that lives has asked, and still waits for, is news to it."""
        _, asked_ns = self._asked.pop(id(sent), (sent, -PATIENCE_NS))
        if answer.status not in (418, 429) or self._truth.now_ns() - asked_ns >= PATIENCE_NS:
            return
        wait_s = next((int(value) for name, value in answer.headers if name.lower() == "retry-after"), 0)
        until_ns = self._truth.now_ns() + wait_s * SECOND
        if b"-1015" in answer.body:  # orders are counted by account, and others may go on
            self._spent_until_ns[sent.account] = until_ns
            return
        if until_ns > self._quiet_until_ns:
            if self._truth.now_ns() >= self._quiet_until_ns:
                self._quiet_since_ns = self._truth.now_ns()
            self._quiet_until_ns, self._banned = until_ns, f"{answer.status} to {sent.call.method} {sent.call.path}"

    def sent(self, sent: Sent) -> None:
        self._asked[id(sent)] = (sent, self._truth.now_ns())
        if sent.call.method != "POST" or not sent.call.path.endswith("/order"):
            return
        name = sent.params.get("newClientOrderId", "")
        intent = self._ledger.intents.get(name)
        if intent is None or intent.purpose is not OrderPurpose.ENTRY:
            return
        if self._quiet_since_ns < self._truth.now_ns() < self._quiet_until_ns:
            self._fail("I10", f"{name} opens while the venue wants silence ({self._banned})")
        if self._truth.now_ns() < self._spent_until_ns.get(self._account_of(name), 0):
            self._fail("I10", f"{name} opens while its account has sent too many orders")
        down = self._down.get(self._account_of(name))
        if down is not None:
            self._fail("I10", f"{name} opens while the venue is down ({down})")

    def _account_of(self, name: str) -> str:
        position = self._ledger.positions.get(position_of(name) or 0)
        return str(position.key.account) if position else ""

    def delivered(self, address: str, message: object) -> None:
        match message:
            case VenueDown(account=account, cause=cause) if is_gateway(address):
                self._down[account] = cause
            case VenueUp(account=account) if is_gateway(address):
                self._down.pop(account, None)
