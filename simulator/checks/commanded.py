"""I20, I22, I24: what was commanded is what the venue was made to do; the product's own fold is never asked.

What a position wants is what its commands say, in the order in which the disk took them. What the venue has is read
from its books: conditional orders by their kinds, and what was bought and sold in a position's name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal

from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from adapters.paper.orders import AlgoOrder
from messages import commands as c
from messages import events as e
from messages.addresses import SUPERVISOR
from messages.base import Event, Message
from messages.types import Key, OrderPurpose
from simulator.checks.check import SECOND, Check, Finding, Truth
from simulator.environment.network import Sent
from simulator.environment.truth import ZERO, Deal, Loss, position_of

QUIET_NS = 5 * SECOND
"""A part is taken from what is held when its close is decided: a trade just before that makes it doubtful."""
SLACK_NS = SECOND
"""Between the look at the clock and the request on the wire."""
_KINDS: Mapping[str, str] = {
    "STOP_MARKET": "stop_loss",
    "TAKE_PROFIT_MARKET": "take_profit",
    "TRAILING_STOP_MARKET": "trailing",
}
_STEPS = {each.symbol: each.step_size for each in DEFAULT_INSTRUMENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`left` is what its closes of parts leave; None before there is one, or where commands alone cannot say it."""

    key: Key
    settings: Mapping[str, Decimal]
    """Of stop, target and trailing stop, those that are to rest: trigger prices, and the callback rate."""
    left: Decimal | None = None
    clear: bool = True
    """What is left can be said. Once it cannot, the parts of later closes are of an unknown whole."""
    expires_at_ns: int = 0


@dataclass(slots=True)
class Past:
    """What has happened to a position at the venue."""

    traded_ns: int = -QUIET_NS
    fired: set[str] = field(default_factory=set)


class Commanded(Check):
    """At each durable effect of a command, each entry that leaves, each entry intended; in peace."""

    invariants = ("I20", "I22", "I24")

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._said: dict[str, c.Command] = {}
        self._taken: set[str] = set()
        self._wanted: dict[int, Wanted] = {}
        self._past: dict[int, Past] = {}
        self._steps: dict[int, Decimal] = {}
        """By ordinal: the venue's quantity step, where it has changed under the position."""

    def forget(self, loss: Loss) -> None:
        """What a lost step was about is not known any more."""
        for ordinal in (*loss.ordinals, *loss.keys):
            self._wanted.pop(ordinal, None)
        self._taken -= loss.commands

    def unrecorded(self) -> None:
        self._taken.clear()

    def offered(self, address: str, message: Message) -> None:
        self.delivered(address, message)

    def delivered(self, address: str, message: object) -> None:
        """The chat's commands are seen here first; one that is handled when the process dies, where it was offered."""
        if address == SUPERVISOR and isinstance(
            message, c.OpenPosition | c.ModifyPosition | c.ClosePosition | c.AssignPosition
        ):
            self._said.setdefault(message.command_id, message)

    # What is durable -----------------------------------------------------------------------------------

    def event(self, ordinal: int, event: Event) -> None:
        match event:
            case e.PositionRequested() | e.ProtectionRequested() | e.AdditionRequested() | e.CloseRequested():
                self._decided(ordinal, event)
            case e.QuantityAdjusted() | e.PositionAdopted() | e.CloseAbandoned() | e.OrderWrittenOff():
                self._unclear(ordinal)
            case e.PositionStranded():  # what is left is less than the venue takes: that ends the close, and is told
                self._unclear(ordinal)
            case e.RulesUpdated(instrument=rules):
                self._steps[ordinal] = rules.quantity_step
            case e.GoalReached(goal_quantity=left):
                self._reached(ordinal, left)
            case e.OrderTriggered(client_order_id=name):
                self._past.setdefault(ordinal, Past()).fired.add(name)
            case e.OrderIntended(purpose=OrderPurpose.ENTRY, client_order_id=name):
                self._nothing_fired(ordinal, name)

    def _decided(
        self, ordinal: int, event: e.PositionRequested | e.ProtectionRequested | e.AdditionRequested | e.CloseRequested
    ) -> None:
        name = str(event.command_id).partition("#")[0]
        said = self._said.get(name)
        if said is None or isinstance(said, c.AssignPosition):
            self._unsaid(ordinal, event)
            return
        first = name not in self._taken
        self._taken.add(name)
        if isinstance(said, c.OpenPosition) and isinstance(event, e.PositionRequested):
            self._wanted[ordinal] = Wanted(key=_key(said), settings=_settings(said), expires_at_ns=said.expires_at_ns)
        elif ordinal not in self._wanted:
            return
        elif isinstance(said, c.ModifyPosition) and isinstance(event, e.ProtectionRequested):
            self._move(ordinal, said)
        elif isinstance(said, c.ModifyPosition):
            self._unclear(ordinal)
            self._wanted[ordinal] = replace(self._wanted[ordinal], expires_at_ns=said.expires_at_ns)
        elif isinstance(said, c.ClosePosition) and first:
            self._close(ordinal, said)

    def _unsaid(self, ordinal: int, event: Event) -> None:
        """Nobody commanded it: a deadline, the reconciler or the chat; what it leaves is not known by commands."""
        self._unclear(ordinal)
        if isinstance(event, e.ProtectionRequested):
            self._wanted.pop(ordinal, None)

    def _unclear(self, ordinal: int) -> None:
        if ordinal in self._wanted:
            self._wanted[ordinal] = replace(self._wanted[ordinal], left=None, clear=False)

    def _move(self, ordinal: int, said: c.ModifyPosition) -> None:
        wanted = self._wanted[ordinal]
        settings = dict(wanted.settings)
        for name in _KINDS.values():
            value = getattr(said, name)
            if value is not None:
                settings.pop(name, None)
            if value:
                settings[name] = value
        self._wanted[ordinal] = replace(wanted, settings=settings)

    def _close(self, ordinal: int, said: c.ClosePosition) -> None:
        wanted, past = self._wanted[ordinal], self._past.get(ordinal, Past())
        if not wanted.clear:
            return
        held = self._books.nets.get(ordinal, ZERO)
        before = held if wanted.left is None else min(wanted.left, held)
        quiet = self._truth.now_ns() - past.traded_ns >= QUIET_NS or wanted.left is not None
        # A part is one of what is known: a venue that answers nothing may have traded more long ago.
        known = self._ledger.sums.get(ordinal, ZERO) == held
        if not (quiet and known) or past.fired or self._entering(ordinal) or self._books.disturbed(wanted.key):
            self._unclear(ordinal)
            return
        part = before
        if said.percent is not None:
            step = _STEPS[wanted.key.symbol]
            part = (before * said.percent / 100 / step).to_integral_value(ROUND_DOWN) * step
        elif said.quantity is not None:
            part = said.quantity
        self._wanted[ordinal] = replace(wanted, left=before - part)

    def _reached(self, ordinal: int, left: Decimal) -> None:
        """Under a step that became coarser less than one of them stays beyond what was commanded, and is told."""
        wanted = self._wanted.get(ordinal)
        if wanted is not None and wanted.left is not None and 0 < left - wanted.left < self._steps.get(ordinal, ZERO):
            self._wanted[ordinal] = replace(wanted, left=left)

    def _entering(self, ordinal: int) -> bool:
        return any(
            position_of(name) == ordinal and intent.purpose is OrderPurpose.ENTRY and self._books.live(name)
            for name, intent in self._ledger.intents.items()
        )

    def _nothing_fired(self, ordinal: int, name: str) -> None:
        """I24: one that has fired sells, may yet sell, or came to nothing."""
        for fired in self._past.get(ordinal, Past()).fired:
            if self._books.executed(fired) or self._books.live(fired):
                self._fail("I24", f"{name} is to buy more after {fired} has fired", ordinal)

    # What the venue does -------------------------------------------------------------------------------

    def dealt(self, deal: Deal) -> None:
        ordinal = position_of(deal.name)
        if ordinal is None:
            return
        self._past.setdefault(ordinal, Past()).traded_ns = self._truth.now_ns()
        intent, wanted = self._ledger.intents.get(deal.name), self._wanted.get(ordinal)
        purpose = None if intent is None else intent.purpose
        begins = purpose is OrderPurpose.ENTRY and (wanted is None or wanted.left is None)
        if not begins and purpose is not OrderPurpose.REDUCE:
            self._unclear(ordinal)

    def sent(self, sent: Sent) -> None:
        """I22: nothing is opened by a request that leaves after its expiry."""
        if sent.call.method != "POST" or not sent.call.path.endswith("/order"):
            return
        name = sent.params.get("newClientOrderId", "")
        intent, ordinal = self._ledger.intents.get(name), position_of(name) or 0
        if intent is None or intent.purpose is not OrderPurpose.ENTRY or ordinal not in self._wanted:
            return
        expires_at_ns = self._wanted[ordinal].expires_at_ns
        late_ns = self._truth.wall_ns() - expires_at_ns
        if expires_at_ns and late_ns > SLACK_NS:
            self._fail("I22", f"{name} leaves {late_ns // SECOND} s after its command expired", ordinal)

    # In peace ------------------------------------------------------------------------------------------

    def unsettled(self) -> list[Finding]:
        return [("I20", text, ordinal) for ordinal in self._wanted for text in self._differences(ordinal)]

    def _differences(self, ordinal: int) -> Iterator[str]:
        wanted, position = self._wanted[ordinal], self._ledger.positions.get(ordinal)
        held = self._books.nets.get(ordinal, ZERO)
        if position is None or position.state.terminal or ordinal in self._ledger.damaged or held <= 0:
            return  # that it is over, or lost, is I5's business
        if self._books.disturbed(wanted.key) or self._oversold(wanted.key):
            return
        if wanted.left is not None and wanted.left != held:
            yield f"{position.position_id} was to be closed down to {wanted.left}, and {held} is left"
        if position.goal_quantity is not None or position.is_dust:
            return
        for kind, name in _KINDS.items():
            there = {_setting(algo) for algo in self._own(ordinal) if algo.type == kind}
            asked = {wanted.settings[name]} if name in wanted.settings else set()
            if there != asked:
                yield f"{position.position_id}: {name} was commanded at {_shown(asked)} and rests at {_shown(there)}"

    def _oversold(self, key: Key) -> bool:
        """Two protections of a neighbor fire at once and sell of its leg. A notice tells it, and nothing closes."""
        leg = self._books.leg_of(key)
        short = (ordinal for ordinal, net in self._books.nets.items() if net < 0)
        return any(self._books.leg_of(self._ledger.holder(ordinal).key) == leg for ordinal in short)

    def _own(self, ordinal: int) -> Iterator[AlgoOrder]:
        return (algo for algo in self._books.open_stops() if position_of(algo.client_algo_id) == ordinal)


def _key(said: c.OpenPosition) -> Key:
    return Key(account=said.account, symbol=said.symbol, side=said.side, strategy=said.strategy)


def _settings(said: c.OpenPosition) -> Mapping[str, Decimal]:
    named = ((name, getattr(said, name)) for name in _KINDS.values())
    return {name: value for name, value in named if value}


def _setting(algo: AlgoOrder) -> Decimal:
    return algo.callback_rate or algo.trigger_price


def _shown(prices: set[Decimal]) -> str:
    return ", ".join(f"{price:f}" for price in sorted(prices)) or "nothing"
