"""I11: an emergency overtakes any backlog within 64 messages.

Counted where it waits: at each mailbox, how many messages of lesser urgency are handled between the moment a
CRITICAL one was put there and its own turn.
"""

from messages import commands as c
from messages.addresses import position_address
from messages.base import Message
from messages.ids import parse_position_id
from messages.journal import AppendStep, StepsDurable
from messages.priority import PRIORITY, Priority
from messages.requests import OrderRequest, Reply
from simulator.checks.check import SECOND, Check, Truth

MOST = 64
FORGOTTEN_NS = 30 * SECOND
"""What is refused on its way reaches no further mailbox."""
RANK: dict[type, Priority] = dict(PRIORITY)
"""As it was when the harness began: what a planted bug does to the table changes nothing here."""


class Urgency(Check):
    """At every message handled."""

    invariants = ("I11",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._waiting: dict[str, dict[tuple[type, str], tuple[int, int]]] = {}
        self.longest = 0

    def born(self) -> None:
        self._waiting.clear()

    def offered(self, address: str, message: Message) -> None:
        """It was put into the mailbox of this address."""
        if RANK.get(type(message)) is Priority.CRITICAL:
            self._waiting.setdefault(address, {}).setdefault(_name(message), (0, self._truth.now_ns()))

    def delivered(self, address: str, message: object) -> None:
        waiting = self._waiting.get(address)
        if waiting and isinstance(message, Message):
            self._overtaken(address, waiting, message)
        if isinstance(message, StepsDurable):
            for step in message.steps:
                self._released(step)
        elif isinstance(message, c.EmergencyClose) and address == "supervisor":
            parsed = parse_position_id(message.position_id)
            if parsed is not None and parsed[1] in self._ledger.positions:
                self.offered(position_address(parsed[1]), message)
        elif isinstance(message, Reply) and address != "supervisor":
            self._answered(message)

    def _answered(self, reply: Reply) -> None:
        """One that is told again is answered as before, and goes no further."""
        for waiting in self._waiting.values():
            waiting.pop((c.EmergencyClose, reply.command_id), None)

    def _released(self, step: AppendStep) -> None:
        for effect in step.effects:
            self.offered(effect.to, effect.message)

    def _overtaken(self, address: str, waiting: dict[tuple[type, str], tuple[int, int]], message: Message) -> None:
        waiting.pop(_name(message), None)
        if RANK.get(type(message)) is Priority.CRITICAL:
            return
        for name, (passed, since_ns) in list(waiting.items()):
            if self._truth.now_ns() - since_ns > FORGOTTEN_NS:
                del waiting[name]
                continue
            waiting[name] = (passed + 1, since_ns)
            self.longest = max(self.longest, passed + 1)
            if passed + 1 > MOST:
                self._fail(
                    "I11", f"{passed + 1} messages were handled at {address} before {name[0].__name__} {name[1]}"
                )


def _name(message: Message) -> tuple[type, str]:
    if isinstance(message, OrderRequest):
        return type(message), message.client_order_id
    return type(message), str(getattr(message, "command_id", ""))
