"""I29: a refusal has its reason. What it says is true of what is durable, of what was commanded, and of the prices.

Facts are made of events and of the venue's books, not of the machine's folding. A position refuses in the step that
looks at its state, so that its own reason is held against exactly that. The supervisor's is held against what holds
when it decides; what it has granted a moment ago may wait for the disk, or for who holds it, for 40 s.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from messages import commands as c
from messages import events as e
from messages.addresses import SUPERVISOR
from messages.base import Event, Message
from messages.ids import parse_position_id
from messages.requests import Reply
from messages.statement import Statement
from messages.types import Key, PositionState
from messages.wording import Position as Say
from messages.wording import Supervisor
from simulator.checks.check import SECOND, Check, Truth
from simulator.environment.truth import ZERO, Loss

GRANTED_NS = 40 * SECOND
"""So long what the supervisor knows already may wait for its commit, and what is over for being heard of."""
MOVED = Decimal("0.05")
"""By such a part a price may have moved since the last mark was heard."""
S = PositionState


@dataclass(slots=True)
class Facts:
    """Of one position, by its events alone. `goal` is what its last close wants to be left; None: nothing is closed."""

    state: PositionState = S.PENDING
    goal: Decimal | None = None
    opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A position's, when it became durable."""

    why: Statement
    facts: Facts
    quantity: Decimal


_STATES: Mapping[str, frozenset[PositionState]] = {
    Say.OVER.code: frozenset({S.CLOSED, S.FAILED, S.CANCELLED}),
    Say.NEVER_OPENED.code: frozenset({S.FAILED, S.CANCELLED}),
    Say.NOT_OPEN_YET.code: frozenset({S.PENDING, S.OPENING}),
    Say.BEING_CLOSED.code: frozenset({S.CLOSING}),
    Say.HELD_BY_HAND.code: frozenset({S.PAUSED}),
    Say.IN_DOUBT.code: frozenset({S.RECONCILING}),
    Say.NOT_ON_HOLD.code: frozenset(S) - {S.PAUSED},
}
"""States in which a position may give this reason."""
_MEANINGS: Mapping[str, Callable[[Refusal], bool]] = {
    Say.OVER.code: lambda r: not r.quantity,
    Say.NEVER_OPENED.code: lambda r: not r.facts.opened,
    Say.CLOSING_WHOLE.code: lambda r: r.facts.goal == 0,
    Say.NOTHING_TO_CLOSE.code: lambda r: not r.quantity,
    Say.PART_TOO_SMALL.code: lambda r: _part(r) <= 0,
    Say.PART_TOO_LARGE.code: lambda r: _part(r) > _base(r),
}


class Reasons(Check):
    """At each refusal that becomes durable, each that the supervisor decides."""

    invariants = ("I29",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._facts: dict[int, Facts] = {}
        self._meant: dict[str, c.OpenPosition] = {}
        self._asked_ns: dict[tuple[str, str], dict[Key, int]] = {}
        """By account and symbol: what was to be opened, and when it was last asked for."""
        self._over_ns: dict[int, int] = {}
        self._pause_ns: dict[tuple[str | None, str | None], int] = {}
        """What was paused, and until when; it still is where that is -1."""
        self._pausing_ns = -GRANTED_NS
        self._rolled_back = False

    def forget(self, loss: Loss) -> None:
        """What was answered meanwhile may have been true of what is lost."""
        self._rolled_back = True
        self._facts.clear()
        for ordinal, event in loss.kept:
            self._fold(ordinal, event)

    def offered(self, address: str, message: Message) -> None:
        if isinstance(message, c.OpenPosition):
            self._meant[message.command_id] = message
            self._ask(message)
        elif isinstance(message, c.PauseOpenings):
            self._pausing_ns = self._truth.now_ns()

    def _ask(self, message: c.OpenPosition | c.AdoptPosition) -> None:
        key = Key(account=message.account, symbol=message.symbol, side=message.side, strategy=message.strategy)
        self._asked_ns.setdefault((key.account, key.symbol), {})[key] = self._truth.now_ns()

    def event(self, ordinal: int, event: Event) -> None:
        match event:
            case e.OpeningsPaused():
                self._pause_ns[event.account, event.symbol] = -1
            case e.OpeningsResumed():
                for words in self._pause_ns:
                    if (event.account, event.symbol) in ((None, None), words) and self._pause_ns[words] < 0:
                        self._pause_ns[words] = self._truth.now_ns()
            case e.MessageRefused(why=why) if ordinal > 0:
                facts = self._facts.setdefault(ordinal, Facts())
                self._refused(ordinal, Refusal(why=why, facts=facts, quantity=self._ledger.sums.get(ordinal, ZERO)))
            case _ if ordinal > 0:
                self._fold(ordinal, event)

    def _fold(self, ordinal: int, event: Event) -> None:
        facts = self._facts.setdefault(ordinal, Facts())
        match event:
            case e.StateChanged(after=after):
                facts.state = after
                if after.terminal:
                    self._over_ns[ordinal] = self._truth.now_ns()
            case e.CloseRequested(goal_quantity=goal):
                facts.goal = goal
            case e.GoalReached() | e.CloseAbandoned() | e.PositionStranded():
                facts.goal = None
            case e.QuantityAdjusted(quantity_delta=delta):
                facts.goal = facts.goal and max(ZERO, facts.goal + delta)
            case e.OrderFilled() | e.PositionAdopted():
                facts.opened = True

    def _refused(self, ordinal: int, refusal: Refusal) -> None:
        code = refusal.why.code
        if self._ledger.positions.get(ordinal) is None:
            return
        states, means = _STATES.get(code), _MEANINGS.get(code)
        if (states is not None and refusal.facts.state not in states) or (means is not None and not means(refusal)):
            text = f"{ordinal} refuses ({refusal.why}), holds {refusal.quantity}, and is {refusal.facts}"
            self._fail("I29", text, ordinal)

    def delivered(self, address: str, message: object) -> None:
        """An answer comes by the supervisor when it is made, before it waits for the disk; later ones repeat it."""
        if address != SUPERVISOR or not isinstance(message, Reply):
            if isinstance(message, c.AdoptPosition):
                self._ask(message)
            elif isinstance(message, c.PauseOpenings):  # one from the chat is not offered, and is in force at once
                self._pausing_ns = self._truth.now_ns()
            return
        if message.accepted or not message.code.final:
            return
        meant = self._meant.get(message.command_id)
        if message.text.code == Supervisor.NO_POSITION.code:
            parsed = parse_position_id(str(message.text.args["name"]))
            known = parsed is not None and parsed[1] in self._ledger.positions
            if known and not self._rolled_back:
                self._fail("I29", f"{message.command_id} is refused ({message.text}), and there is one")
        elif meant is not None and not self._holds_true(meant, message.text):
            self._fail("I29", f"{message.command_id} is refused ({message.text}), and that is not so: {meant}")

    def _holds_true(self, meant: c.OpenPosition, why: Statement) -> bool:
        match why.code:
            case Supervisor.KEY_TAKEN.code:
                return any(key.strategy == meant.strategy and key.side is meant.side for key in self._beside(meant))
            case Supervisor.NETTED.code:
                return any(key.side is not meant.side for key in self._beside(meant))
            case Supervisor.LEVERAGE_TAKEN.code:
                return any(True for _ in self._beside(meant))
            case Supervisor.PAUSED_PART.code | Supervisor.PAUSED_TODAY.code:
                return self._is_paused(meant)
            case Supervisor.STOP_SIDE.code:
                return self._is_passed(meant, meant.stop_loss, meant.side.sign)
            case Supervisor.TARGET_SIDE.code:
                return self._is_passed(meant, meant.take_profit, -meant.side.sign)
            case Supervisor.LIMIT_PASSED.code:
                return Decimal(str(why.args["value"])) > Decimal(str(why.args["most"]))
        return True

    def _beside(self, meant: c.OpenPosition) -> Iterator[Key]:
        """What is held there, was a moment ago, or is asked for by another command."""
        place, earliest_ns = (meant.account, meant.symbol), self._truth.now_ns() - GRANTED_NS
        own = Key(account=meant.account, symbol=meant.symbol, side=meant.side, strategy=meant.strategy)
        for ordinal, position in (*self._ledger.positions.items(), *self._ledger.damaged.items()):
            if (position.key.account, position.key.symbol) != place:
                continue
            if not position.state.terminal or self._over_ns.get(ordinal, 0) >= earliest_ns:
                yield position.key
        for key, asked_ns in self._asked_ns.get(place, {}).items():
            if asked_ns >= earliest_ns and (key != own or self._said_twice(meant)):
                yield key

    def _said_twice(self, meant: c.OpenPosition) -> bool:
        """Another command is for the same strategy, symbol and side."""
        return any(
            other.command_id != meant.command_id
            and (other.account, other.symbol, other.side, other.strategy)
            == (meant.account, meant.symbol, meant.side, meant.strategy)
            for other in self._meant.values()
        )

    def _is_paused(self, meant: c.OpenPosition) -> bool:
        now_ns = self._truth.now_ns()
        if self._rolled_back or now_ns - self._pausing_ns < GRANTED_NS:
            return True
        return any(
            account in (None, meant.account) and symbol in (None, meant.symbol)
            for (account, symbol), until_ns in self._pause_ns.items()
            if until_ns < 0 or now_ns - until_ns < GRANTED_NS
        )

    def _is_passed(self, meant: c.OpenPosition, trigger: Decimal | None, sign: int) -> bool:
        """By the price at which it opens, or by any near the present one."""
        market = self._books.venue.exchange.markets[meant.symbol]
        prices = (market.last, market.mark, *([meant.limit_price] if meant.limit_price else []))
        return trigger is not None and any((price - trigger) * sign <= price * MOVED for price in prices)


def _part(refusal: Refusal) -> Decimal:
    return Decimal(str(refusal.why.args["part"]))


def _base(refusal: Refusal) -> Decimal:
    """What a part is taken from: what is held, less what a close takes of it already."""
    goal = refusal.facts.goal
    return refusal.quantity if goal is None else min(goal, refusal.quantity)
