"""Those who command: strategies and an operator, who repeat a command under its own id until it is answered."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from adapters.paper.binance.venue import PaperVenue
from messages import commands as c
from messages.addresses import CONTROL
from messages.base import Message
from messages.commands import AcknowledgeDiscrepancy
from messages.ids import parse_position_id
from messages.reconciliation import ReconcileAnswer
from messages.reports import PositionsAnswer, StatusAnswer
from messages.requests import Reply
from messages.types import (
    AccountId,
    Attribution,
    CommandId,
    PositionId,
    PositionSide,
    PositionState,
    ReplyCode,
    StrategyId,
    Symbol,
)
from simulator.environment.plan import LOTS, MILLION, TICKS, Act
from simulator.environment.truth import Ledger
from simulator.plans.retiring import RETIRE, open_questions
from simulator.plans.settled import STUCK

REPEAT_NS = 3_000_000_000
ECHO_NS = 1_000_000_000
EXPIRES_EVERY = 3
EXPIRES_AFTER_NS = (2_000_000_000, 8_000_000_000, 30_000_000_000)
CROWD = 100
"""More than the 64 messages of I11."""
OPENINGS_MOST = 40
"""How often an opening that is not ready is tried: for about two minutes, then the strategy has lost interest."""


@dataclass(slots=True)
class Wish:
    """One command until its answer. `tries` counts its sendings."""

    command: c.Command
    slot: int
    tries: int = 0


@dataclass(slots=True)
class Edge:
    """`offer` puts a command through the process's door; False when nobody is there."""

    offer: Callable[[Message], bool]
    later: Callable[[int, Callable[[], None]], object]
    venue: PaperVenue
    ledger: Ledger
    wishes: dict[CommandId, Wish] = field(default_factory=dict)
    positions: dict[int, PositionId] = field(default_factory=dict)
    waiting: dict[int, list[Act]] = field(default_factory=dict)
    numbers: int = 0
    copies: int = 0
    replies: int = 0
    wall_ns: Callable[[], int] = lambda: 0
    """The machine's clock, by which openings expire."""
    echoes: Random | None = None
    """Says again what was answered, or another command under the same id; None: nobody does."""
    additions_expire: bool = False
    unrecorded: bool = False
    """Records of ids were lost: what is unknown may stay so, and is not asked for ever."""

    def act(self, act: Act) -> None:
        """Command what the act says; what concerns a position waits until the position has a name."""
        if act.slot >= 0 and act.do != "open" and act.slot not in self.positions:
            self.waiting.setdefault(act.slot, []).append(act)
            return
        if act.do in ("answer", STUCK, RETIRE):
            {"answer": self._answer, STUCK: self._settle, RETIRE: self._retire}[act.do]()
            return
        command = self._command(act)
        if command is not None:
            self.wishes[command.command_id] = Wish(command=command, slot=act.slot if act.do == "open" else -1)
            self._send(command.command_id)

    def _answer(self) -> None:
        """A human decides what was left to him: who bears what somebody else took."""
        for discrepancy_id in self.ledger.escalated():
            self.numbers += 1
            name = CommandId(f"answer-{self.numbers}")
            command = AcknowledgeDiscrepancy(
                command_id=name,
                reply_to=CONTROL,
                discrepancy_id=discrepancy_id,
                apply=Attribution.PRO_RATA,
            )
            self.wishes[name] = Wish(command=command, slot=-1)
            self._send(name)

    def _retire(self) -> None:
        """The owner says of what is damaged that it is over; whether it may be is not for him to know."""
        for discrepancy_id in open_questions(self.ledger):
            self.numbers += 1
            name = CommandId(f"retire-{self.numbers}")
            command = AcknowledgeDiscrepancy(command_id=name, reply_to=CONTROL, discrepancy_id=discrepancy_id)
            self.wishes[name] = Wish(command=command, slot=-1)
            self._send(name)

    def _settle(self) -> None:
        """The operator looks at what is held, and ends each doubt that he sees."""
        for _, position in sorted(self.ledger.positions.items()):
            if position.state is PositionState.RECONCILING or position.leverage_pending:
                self.numbers += 1
                name = CommandId(f"settle-{self.numbers}")
                command = c.SettlePosition(command_id=name, reply_to=CONTROL, position_id=position.position_id)
                self.wishes[name] = Wish(command=command, slot=-1)
                self._send(name)

    def hear(self, message: Message) -> None:
        if isinstance(message, PositionsAnswer | StatusAnswer | ReconcileAnswer):
            self.wishes.pop(message.command_id, None)
        if not isinstance(message, Reply):
            return
        wish = self.wishes.get(message.command_id)
        if wish is None:
            return
        self.replies += 1
        lost = message.code is ReplyCode.UNKNOWN and (self.unrecorded or self._damaged(wish.command))
        if (
            not (message.code.final or lost)
            and (wish.slot < 0 or wish.tries < OPENINGS_MOST)
            and not self._loses_interest()
        ):
            return  # the same command again, in a while
        del self.wishes[message.command_id]
        if self.echoes is not None and self.echoes.randrange(2):
            self.later(self.echoes.randrange(1, 20) * ECHO_NS, lambda: self._echo(wish.command))
        if wish.slot >= 0 and message.accepted and message.position_id:
            self.positions[wish.slot] = message.position_id
            for act in self.waiting.pop(wish.slot, []):
                self.act(act)

    def _damaged(self, command: c.Command) -> bool:
        """Whether it was done is in a history that nobody can read."""
        parsed = parse_position_id(getattr(command, "position_id", None) or "")
        return parsed is not None and parsed[1] in self.ledger.damaged

    def _send(self, command_id: CommandId) -> None:
        wish = self.wishes.get(command_id)
        if wish is None:
            return
        wish.tries += 1
        self.offer(self._copy(wish.command))
        self.later(REPEAT_NS, lambda: self._send(command_id))

    def _loses_interest(self) -> bool:
        """Some do not ask again for what was not ready: then nothing of it may happen."""
        return self.echoes is not None and not self.echoes.randrange(3)

    def _copy(self, command: c.Command) -> c.Command:
        """Each copy has a name of its own, as the control API gives it."""
        self.copies += 1
        return replace(command, causation_id=f"edge#{self.copies}")

    def _echo(self, command: c.Command) -> None:
        assert self.echoes is not None
        if self.echoes.randrange(2):
            self.offer(self._copy(command))
            return
        other = c.ResumeOpenings if isinstance(command, c.PauseOpenings) else c.PauseOpenings
        self.offer(self._copy(other(command_id=command.command_id, reply_to=command.reply_to)))

    def _command(self, act: Act) -> c.Command | None:
        self.numbers += 1
        name = CommandId(f"{act.do.replace(' ', '-')}-{self.numbers}")
        common: dict[str, Any] = {"command_id": name, "reply_to": CONTROL}
        position = {**common, "position_id": self.positions.get(act.slot)}
        match act.do:
            case "open":
                return self._opening(act, common)
            case "close":
                return c.ClosePosition(**position)
            case "close part":
                return c.ClosePosition(**position, percent=Decimal(act.percent))
            case "emergency":
                return c.EmergencyClose(**position)
            case "settle":
                return c.SettlePosition(**position)
            case "move stop":
                return c.ModifyPosition(**position, stop_loss=self._stop_of(act))
            case "pause":
                return c.PausePosition(**position)
            case "resume":
                return c.ResumePosition(**position)
            case "move target":
                return c.ModifyPosition(**position, take_profit=self._stop_of(replace(act, stop_ppm=-act.stop_ppm)))
            case "trail":
                return c.ModifyPosition(**position, trailing=Decimal(1) if act.stop_ppm else Decimal(0))
            case "add":
                expires_at_ns = self._expiry_ns() if self.additions_expire else 0
                return c.ModifyPosition(**position, add=LOTS[self._symbol(act)] * act.lots, expires_at_ns=expires_at_ns)
            case "lever":
                return c.ModifyPosition(**position, leverage=act.leverage)
            case "call off":
                return c.CancelEntry(**position)
            case "pause openings":
                return c.PauseOpenings(**common, **_extent(act))
            case "resume openings":
                return c.ResumeOpenings(**common, **_extent(act))
            case "pause an account":
                return c.PauseOpenings(**common, account=AccountId(act.account))
            case "resume an account":
                return c.ResumeOpenings(**common, account=AccountId(act.account))
            case "close all":
                return c.CloseAll(**common, account=AccountId(act.account) if act.account else None)
            case "reconcile":
                return c.Reconcile(**common)
            case "status":
                return c.ReadStatus(**common)
            case "list":
                return c.ListPositions(**common)
            case _:
                return None

    def _opening(self, act: Act, common: dict[str, Any]) -> c.OpenPosition:
        price = self.venue.exchange.markets[act.symbol].last
        sign = act.side.sign
        limit = away(act.symbol, price, -sign * act.offset_ppm) if act.offset_ppm else None
        base = limit or price
        command = c.OpenPosition(
            **common,
            account=AccountId(act.account),
            symbol=Symbol(act.symbol),
            side=act.side,
            strategy=StrategyId(act.strategy),
            quantity=LOTS[act.symbol] * act.lots,
            limit_price=limit,
            leverage=act.leverage or None,
            trailing=Decimal(act.percent) if act.percent else None,
            expires_at_ns=self._expiry_ns(),
        )
        if act.stop_ppm:
            command = replace(command, stop_loss=away(act.symbol, base, -sign * act.stop_ppm))
        if act.target_ppm:
            command = replace(command, take_profit=away(act.symbol, base, sign * act.target_ppm))
        return command

    def _expiry_ns(self) -> int:
        """Some openings are worth having for a while only."""
        if self.numbers % EXPIRES_EVERY:
            return 0
        return self.wall_ns() + EXPIRES_AFTER_NS[self.numbers // EXPIRES_EVERY % len(EXPIRES_AFTER_NS)]

    def _symbol(self, act: Act) -> str:
        return self.positions[act.slot].split(".")[1]

    def _stop_of(self, act: Act) -> Decimal:
        """A new stop at some distance from the price; zero removes it."""
        if not act.stop_ppm:
            return Decimal(0)
        symbol, side = self._symbol(act), self.positions[act.slot].split(".")[2]
        price = self.venue.exchange.markets[symbol].last
        return away(symbol, price, -PositionSide(side).sign * act.stop_ppm)


def _extent(act: Act) -> dict[str, Any]:
    """One symbol, of one account or of all of them; without a symbol everything."""
    if not act.symbol:
        return {}
    return {"account": AccountId(act.account) if act.account else None, "symbol": Symbol(act.symbol)}


def away(symbol: str, price: Decimal, ppm: int) -> Decimal:
    """A price so many millionths away from another, on the symbol's grid."""
    return (price * (MILLION + ppm) / MILLION / TICKS[symbol]).to_integral_value() * TICKS[symbol]


def crowd(offer: Callable[[Message], bool], random: Random) -> bool:
    """An emergency often comes when everybody asks at once what is going on; whether it does now."""
    if random.randrange(4):
        return False
    for number in range(CROWD):
        offer(c.ListPositions(command_id=CommandId(f"crowd-{number}"), reply_to=CONTROL))
    return True
