"""I20 of closes: what was commanded is what was done, by commands, replies and the venue's trades alone.

A position whose whole close was accepted holds nothing of its own orders in peace. Its owner may end that by hand:
settling writes off a reduction that may have been done, and the close ends with it. Settling ends nothing else, and
writes off nothing that is still on its way. What a neighbor's protections have sold of it waits for the owner where a
silent position stands on its leg: nothing is booked there before that one is retired.
"""

from decimal import Decimal

from actors.position.state import Position
from messages import commands as c
from messages import events as e
from messages.base import Event, Message
from messages.requests import Reply
from messages.types import OrderPurpose
from simulator.checks.check import SECOND, Check, Finding, Truth
from simulator.environment.truth import ZERO, Loss, position_of
from simulator.plans.retiring import retired

YOUNGEST_NS, LEFT_NS = 25 * SECOND, 12 * SECOND
"""What was decided half a minute ago, and left the longest validity ago, is not on its way any more.

The wall clock may have jumped meanwhile, and another program may have held the journal in between.
"""


class Goals(Check):
    """At each order that is written off; in peace, each close that was accepted."""

    invariants = ("I20",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._closes: dict[str, str] = {}
        """By command: the position that it is to close, all of it."""
        self._settles: dict[str, str] = {}
        self._accepted: set[str] = set()
        self._decided_ns: dict[str, int] = {}
        self._left_ns: dict[str, int] = {}

    def forget(self, loss: Loss) -> None:
        self._accepted -= loss.commands

    def offered(self, address: str, message: Message) -> None:
        match message:
            case c.EmergencyClose() | c.ClosePosition(quantity=None, percent=None):
                self._closes.setdefault(message.command_id, str(message.position_id))
            case c.SettlePosition():
                self._settles.setdefault(message.command_id, str(message.position_id))

    def told(self, message: Message) -> None:
        if not isinstance(message, Reply) or message.command_id not in self._closes:
            return
        if message.accepted and message.code.final:
            self._accepted.add(message.command_id)

    def event(self, ordinal: int, event: Event) -> None:
        match event:
            case e.OrderIntended(client_order_id=name):
                self._left_ns[name] = self._truth.now_ns()
                self._decided_ns[name] = self._left_ns[name] - (self._truth.wall_ns() - event.ts_init)
            case e.OrderWrittenOff(client_order_id=name):
                self._written_off(ordinal, event)

    def _written_off(self, ordinal: int, event: e.OrderWrittenOff) -> None:
        name = event.client_order_id
        if self._settles.get(event.command_id) != self._ledger.holder(ordinal).position_id:
            self._fail("I20", f"{name} is written off, and {event.command_id} has not asked for that", ordinal)
        if position_of(name) != ordinal:
            self._fail("I20", f"{name} of another position is written off", ordinal)
        now_ns = self._truth.now_ns()
        age_ns, left_ns = now_ns - self._decided_ns.get(name, 0), now_ns - self._left_ns.get(name, 0)
        if age_ns < YOUNGEST_NS or left_ns < LEFT_NS:
            self._fail("I20", f"{name} is written off {left_ns // SECOND} s after it left", ordinal)

    def unsettled(self) -> list[Finding]:
        found = []
        for ordinal, position in self._ledger.positions.items():
            held = self._books.nets.get(ordinal, ZERO) - self._unbooked(position) + self._adjusted(ordinal)
            if held <= 0 or self._books.disturbed(position.key):
                continue
            if self._ledger.netted_away(position, self._books) or self._taken(position, held):
                continue
            command = self._to_be_over(ordinal)
            if command:
                text = f"{position.position_id} was to be closed ({command}), and has {held} of its own orders left"
                found.append(("I20", text, ordinal))
        return found

    def _taken(self, position: Position, held: Decimal) -> bool:
        """Whether a neighbor has sold of it, and a silent position keeps that from being booked.

        The reconciler lets whoever closes bear it, but books nothing beside a silent position. The venue refuses to
        reduce by more than the leg has, until the owner has cleared the symbol and retired the silent position.
        """
        leg = self._books.leg_of(position.key)
        silent = self._ledger.damaged.keys() - retired(self._ledger).keys()
        if leg not in {self._books.leg_of(self._ledger.damaged[ordinal].key) for ordinal in silent}:
            return False
        oversold = any(
            self._books.leg_of(other.key) == leg and self._books.nets.get(ordinal, ZERO) + self._adjusted(ordinal) < 0
            for ordinal, other in self._ledger.positions.items()
        )
        return oversold and self._books.legs.get(leg, ZERO) * position.key.side.sign < held

    def _adjusted(self, ordinal: int) -> Decimal:
        """What was booked on it without an order of its own: a neighbor may have sold of it."""
        events = self._ledger.events[ordinal]
        return sum((each.quantity_delta for each in events if isinstance(each, e.QuantityAdjusted)), ZERO)

    def _unbooked(self, position: Position) -> Decimal:
        """What orders that were written off have traded, and no fill has told: by its owner's word it is not of it."""
        return sum(
            (
                (self._books.executed(order.client_order_id) - order.filled)
                * (1 if order.purpose is OrderPurpose.ENTRY else -1)
                for order in position.orders
                if order.client_order_id in self._ledger.written_off
            ),
            ZERO,
        )

    def _to_be_over(self, ordinal: int) -> str:
        """The close that was accepted last and stands; empty: none."""
        command = ""
        for event in self._ledger.events.get(ordinal, ()):
            match event:
                case e.CloseRequested(command_id=name) if name in self._accepted:
                    command = name
                case e.OrderWrittenOff(client_order_id=name):
                    reduced = self._ledger.intents[name].purpose is not OrderPurpose.ENTRY
                    command = "" if reduced else command
                case e.PositionStranded() | e.AdditionRequested():
                    command = ""
        return command
