"""I5 of mute streams, I10 of modes: a stream that says nothing is noticed, a mode that is wrong opens nothing.

An order whose answer the process heard, and whose events the network swallowed on a socket that looks alive, is what a
mute stream shows itself by. What the adapter has told of the account's modes holds openings from then on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.exchange.binance.events import EVENTS
from adapters.exchange.hearing import CONDITIONALS, MUTE_AFTER_MS, ORDERS
from adapters.paper.answer import Answer
from messages import commands as c
from messages import events as e
from messages.addresses import is_gateway
from messages.base import Event
from messages.reports import AccountModes, StreamDown, StreamHeard, StreamMute, StreamUp, VenueDown
from simulator.checks.check import SECOND, Check, Truth
from simulator.environment.network import Sent
from simulator.environment.truth import position_of

PATIENCE_NS = MUTE_AFTER_MS * 1_000_000 + 5 * SECOND
"""From the answer to the word that the stream is mute: a gateway may be starting anew meanwhile."""
ANSWERED_NS = 9 * SECOND
"""An answer that comes later is not waited for any more."""
GRANTED_NS = 10 * SECOND
_NAMES = {ORDERS: "c", CONDITIONALS: "caid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """An order of which the process knows that the venue has it, and of which its stream was kept from telling."""

    account: str
    kind: str
    since_ns: int


class Attention(Check):
    """At each event that is swallowed or brought, each answer to a submit, each tick; each position that begins."""

    invariants = ("I5", "I10")

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._swallowed: dict[str, str] = {}
        self._asked: dict[int, tuple[Sent, int]] = {}
        self._awaited: dict[str, Awaited] = {}
        self._open: dict[str, int] = {}
        self._mute: set[tuple[str, str]] = set()
        self._faulty: dict[str, int] = {}
        self._heard_ns: dict[str, int] = {}

    def born(self) -> None:
        for memory in (self._asked, self._awaited, self._open, self._faulty, self._heard_ns):
            memory.clear()
        self._mute.clear()

    def died(self) -> None:
        self.born()

    # Streams -----------------------------------------------------------------------------------------------

    def streamed(self, account: str, event: Mapping[str, object], *, brought: bool) -> None:
        kind = EVENTS.get(str(event.get("e")))
        order = event.get("o")
        if kind is None or not isinstance(order, Mapping):
            return
        name = str(order.get(_NAMES[kind]))
        if not brought:
            self._swallowed[name] = account
            return
        self._swallowed.pop(name, None)
        for each, awaited in list(self._awaited.items()):
            if (awaited.account, awaited.kind) == (account, kind):
                del self._awaited[each]

    def sent(self, sent: Sent) -> None:
        if sent.call.method == "POST" and sent.call.path.endswith(("/order", "/algoOrder")):
            self._asked[id(sent)] = (sent, self._truth.now_ns())

    def heard(self, sent: Sent, answer: Answer) -> None:
        _, asked_ns = self._asked.pop(id(sent), (sent, -ANSWERED_NS))
        now_ns = self._truth.now_ns()
        name = sent.params.get("newClientOrderId") or sent.params.get("clientAlgoId", "")
        kind = CONDITIONALS if sent.call.path.endswith("/algoOrder") else ORDERS
        account = self._swallowed.get(name)
        if account is None or answer.status != 200 or now_ns - asked_ns >= ANSWERED_NS or not _names_it(answer, name):
            return
        if self._open.get(account, now_ns) < now_ns and (account, kind) not in self._mute:
            self._awaited[name] = Awaited(account=account, kind=kind, since_ns=now_ns)

    def delivered(self, address: str, message: object) -> None:
        if address == "supervisor":
            self._supervised(message)
            return
        if not is_gateway(address):
            return
        match message:
            case StreamUp(account=account):
                self._open[account] = self._truth.now_ns()
            case StreamDown(account=account) | VenueDown(account=account):
                self._open.pop(account, None)
                self._forget(account)
            case StreamMute(account=account, kind=kind):
                self._mute.add((account, kind))
                self._forget(account)
            case StreamHeard(account=account, kind=kind):
                self._mute.discard((account, kind))

    def _forget(self, account: str) -> None:
        self._awaited = {name: each for name, each in self._awaited.items() if each.account != account}

    def tick(self, process: object) -> None:
        now_ns = self._truth.now_ns()
        for name, each in self._awaited.items():
            if now_ns - each.since_ns > PATIENCE_NS:
                text = f"{name}: acknowledged, and the stream of {each.account} is mute about {each.kind}, untold"
                self._fail("I5", text, position_of(name) or 0)

    # Modes -------------------------------------------------------------------------------------------------

    def _supervised(self, message: object) -> None:
        match message:
            case AccountModes(account=account, fault=None):
                self._faulty.pop(account, None)
            case AccountModes(account=account):
                self._faulty.setdefault(account, self._truth.now_ns())
            case c.OpenPosition() | c.ModifyPosition():
                self._heard_ns[message.command_id] = self._truth.now_ns()

    def event(self, ordinal: int, event: Event) -> None:
        if not isinstance(event, e.PositionRequested | e.AdditionRequested):
            return
        account = self._ledger.holder(ordinal).key.account
        since_ns, asked_ns = self._faulty.get(account), self._heard_ns.get(event.command_id, 0)
        if since_ns is not None and since_ns < asked_ns and self._truth.now_ns() - asked_ns < GRANTED_NS:
            text = f"{event.command_id} opens {ordinal} in a mode that {account} is not configured for"
            self._fail("I10", text, ordinal)


def _names_it(answer: Answer, name: str) -> bool:
    """Whether it tells of the order, and nobody has spoiled it on the way."""
    try:
        row = json.loads(answer.arriving)
    except ValueError:
        return False
    return isinstance(row, dict) and name in (row.get("clientOrderId"), row.get("clientAlgoId"))
