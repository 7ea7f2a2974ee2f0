"""Who commands: an opening, then what becomes of it; each command under its own id until it is answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from messages import commands as c
from messages.addresses import CONTROL
from messages.base import Message
from messages.requests import Reply
from messages.types import AccountId, CommandId, PositionId, PositionSide, StrategyId, Symbol
from tests.e2e.kills import Listing

MS = 1_000_000
REPEAT_MS = 2_000
OPENINGS_MOST = 60
ACCOUNT = AccountId("main")


@dataclass(slots=True)
class Strategy:
    """`asked` is how much it has ever wanted to buy, in `entries` commands."""

    listing: Listing
    number: int
    random: Random
    offer: Callable[[Message], bool]
    later: Callable[[int, Callable[[], None]], object]
    wish: c.Command | None = None
    asked: Decimal = Decimal(0)
    entries: int = 0
    done: bool = False
    _position_id: PositionId = PositionId("")
    _acts: list[str] = field(default_factory=list)
    _tries: int = 0
    _commands: int = 0

    def begin(self) -> None:
        """A limit below the price rests, one above it meets the market at once."""
        price = self.random.choice(("", "", self.listing.limit, self._above()))
        stop = Decimal(self.listing.below) if self.random.random() < 0.8 else None
        self._acts = self.random.sample(("move stop", "close part", "add", "close"), self.random.randint(1, 3))
        quantity = Decimal(self.listing.quantity)
        self._wants(quantity)
        self._say(
            c.OpenPosition(
                **self._named(),
                account=ACCOUNT,
                symbol=Symbol(self.listing.symbol),
                side=PositionSide.LONG,
                strategy=StrategyId(f"s{self.number}"),
                quantity=quantity,
                limit_price=Decimal(price) if price else None,
                stop_loss=stop,
            )
        )

    def hear(self, message: Message) -> None:
        if not isinstance(message, Reply) or self.wish is None or message.command_id != self.wish.command_id:
            return
        opening = isinstance(self.wish, c.OpenPosition)
        if not message.code.final:
            self.done = self._tries >= OPENINGS_MOST  # then it has lost interest
            if not self.done:
                return
        self.wish = None
        if opening and message.position_id:
            self._position_id = message.position_id
        self.later(self.random.randrange(50, 3_000) * MS, self._go_on)

    def _go_on(self) -> None:
        if not self._acts or not self._position_id:
            self.done = True
            return
        position: dict[str, Any] = {**self._named(), "position_id": self._position_id}
        match self._acts.pop(0):
            case "move stop":
                self._say(c.ModifyPosition(**position, stop_loss=Decimal(self.listing.further)))
            case "close part":
                self._say(c.ClosePosition(**position, quantity=Decimal(self.listing.part)))
            case "add":
                self._wants(Decimal(self.listing.part))
                self._say(c.ModifyPosition(**position, add=Decimal(self.listing.part)))
            case _:
                self._say(c.ClosePosition(**position))

    def _say(self, command: c.Command) -> None:
        self.wish, self._tries = command, 0
        self._repeat(command)

    def _repeat(self, command: c.Command) -> None:
        if self.wish is command:
            self._tries += 1
            self.offer(command)
            self.later(REPEAT_MS * MS, lambda: self._repeat(command))

    def _named(self) -> dict[str, Any]:
        self._commands += 1
        return {"command_id": CommandId(f"s{self.number}-{self._commands}"), "reply_to": CONTROL}

    def _wants(self, quantity: Decimal) -> None:
        self.asked += quantity
        self.entries += 1

    def _above(self) -> str:
        """As far above the price as the limit is below it: 4 percent."""
        return str((Decimal(self.listing.limit) / Decimal("0.96") * Decimal("1.02")).normalize())
