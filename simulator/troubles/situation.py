"""Where a position stands when a trouble meets it: its state, and how far its orders have come."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from actors.position.state import OrderPhase, Position
from messages.base import Message
from messages.reports import VenueUp
from simulator.environment.network import Sent
from simulator.environment.truth import Ledger

_UNANSWERED = (OrderPhase.SENT, OrderPhase.DOUBTED)


class Moment(StrEnum):
    """Of a position's orders, cancels and settings together: the least advanced counts."""

    UNSENT = "before send"
    """Something is intended and durable, and has not left."""
    SENT = "sent without answer"
    ACKED = "after ack"
    """Nothing is outstanding."""
    RECOVERY = "during recovery"
    """The process was born after the position, and has not heard yet what became of what was outstanding."""


@dataclass(slots=True, kw_only=True)
class Situations:
    """Told of births, requests and what the process shows; asked where positions stand."""

    ledger: Ledger
    account_of_key: Callable[[str], str]
    _left: set[str] = field(default_factory=set)
    _recovering: set[int] = field(default_factory=set)
    _up: set[str] = field(default_factory=set)

    def born(self) -> None:
        self._up.clear()
        self._recovering = {position.ordinal for position in self.live()}

    def heard(self, message: Message) -> None:
        if isinstance(message, VenueUp):
            self._up.add(message.account)

    def sent(self, sent: Sent) -> None:
        method, path, params = sent.call.method, sent.call.path, sent.params
        name = sent.order
        if method == "POST" and name:
            self._left.add(name)
        elif method == "DELETE":
            self._left.add(f"cancel {name}")
        elif method == "POST" and path.endswith("/leverage"):
            self._left.add(f"leverage {self.account_of_key(sent.api_key)} {params.get('symbol')}")

    def live(self, *, account: str = "", symbol: str = "") -> Iterator[Position]:
        for position in self.ledger.positions.values():
            key = position.key
            if not position.state.terminal and account in ("", key.account) and symbol in ("", key.symbol):
                yield position

    def moment(self, p: Position) -> Moment:
        outstanding = list(self._outstanding(p))
        if p.ordinal in self._recovering:
            if p.key.account not in self._up or outstanding:
                return Moment.RECOVERY
            self._recovering.discard(p.ordinal)
        if not outstanding:
            return Moment.ACKED
        return Moment.SENT if all(name in self._left for name in outstanding) else Moment.UNSENT

    def moment_of_order(self, p: Position, name: str, *, answer: bool) -> Moment:
        """Of one order that the venue knows or has been asked for; `answer`: an answer about it is on its way."""
        if self.moment(p) is Moment.RECOVERY:
            return Moment.RECOVERY
        if answer:
            return Moment.SENT
        order = next((each for each in p.orders if each.client_order_id == name), None)
        return Moment.SENT if order is None or order.phase in _UNANSWERED or order.cancel_intended else Moment.ACKED

    def settle(self) -> None:
        """After every step: whoever has recovered is not recovering when he next has something outstanding."""
        if not self._recovering:
            return
        for ordinal in list(self._recovering):
            position = self.ledger.positions.get(ordinal)
            if position is None or position.state.terminal:
                self._recovering.discard(ordinal)
            else:
                self.moment(position)

    def _outstanding(self, p: Position) -> Iterator[str]:
        for order in p.orders:
            if order.phase in _UNANSWERED:
                yield order.client_order_id
            elif order.cancel_intended and order.phase is OrderPhase.WORKING:
                yield f"cancel {order.client_order_id}"
        setting = f"leverage {p.key.account} {p.key.symbol}"
        if p.leverage_pending:
            yield setting
        else:
            self._left.discard(setting)
