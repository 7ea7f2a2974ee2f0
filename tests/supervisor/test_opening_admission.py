"""Whatever opens and adds in whatever order, with fills, answers and refusals in between: no limit is ever passed."""

import random
from decimal import Decimal
from typing import Any

import pytest

from actors.supervisor.pre_trade_risk import Limits
from messages import reports as r
from messages.commands import ClosePosition, ModifyPosition, OpenPosition
from messages.requests import Reply, SubmitOpening, SubmitOrder
from messages.types import CommandId, PositionId, PositionSide, RejectReason, StrategyId, TradeId, VenueOrderId
from tests.supervisor.house import BTC, EDGE, MAIN, House

PRICE = Decimal(60_000)
GATEWAY = "gateway/main"
LIVES = 100
PACE = 20


class Crowd:
    """Strategies that open and add without waiting for each other; the venue answers when chance has it."""

    def __init__(self, seed: int, limits: Limits) -> None:
        self.rng = random.Random(seed)
        self.house = House(limits=limits).ready()
        self.serial = 0
        self.opened: list[str] = []
        self.answered = 0
        self.refused: set[str] = set()
        self.closes: set[str] = set()
        self.additions: set[str] = set()

    def act(self) -> None:
        chosen = self.rng.choice((self.open, *[self.add] * 4, *[self.answer] * 4, self.wait, self.wait, self.reduce))
        chosen()

    def open(self) -> None:
        self.serial += 1
        self.send(
            OpenPosition(
                **self.command(),
                account=MAIN,
                symbol=BTC,
                side=PositionSide.LONG,
                strategy=StrategyId(f"s{self.rng.randrange(6)}"),
                quantity=self.quantity(),
                leverage=self.rng.choice((None, None, 5)),
            )
        )

    def add(self) -> None:
        if self.opened:
            self.serial += 1
            position_id = PositionId(self.rng.choice(self.opened))
            addition = ModifyPosition(**self.command(), position_id=position_id, add=self.quantity())
            self.additions.add(addition.command_id)
            self.send(addition)

    def reduce(self) -> None:
        """A part of it, now and then: what is left counts, and no more than that."""
        if self.opened and not self.rng.randrange(4):
            self.serial += 1
            position_id = PositionId(self.rng.choice(self.opened))
            close = ClosePosition(**self.command(), position_id=position_id)
            self.closes.add(close.command_id)
            self.send(close)

    def answer(self) -> None:
        """The venue's word on the oldest order that it has not answered."""
        orders = self.house.all(SubmitOrder, GATEWAY)
        if self.answered < len(orders):
            order = orders[self.answered]
            self.answered += 1
            word = self.word_on(order)
            if isinstance(word, r.OrderRejected):
                self.refused.add(order.client_order_id)
            self.house.system.tell("supervisor", word)

    def word_on(self, order: SubmitOrder) -> r.AboutOrder:
        about: dict[str, Any] = {"account": MAIN, "symbol": BTC, "client_order_id": order.client_order_id}
        if isinstance(order, SubmitOpening) and not self.rng.randrange(5):
            return r.OrderRejected(reason=RejectReason.INSUFFICIENT_MARGIN, **about)
        return r.FillReport(
            venue_order_id=VenueOrderId(order.client_order_id),
            trade_id=TradeId(f"t{self.answered}"),
            side=order.side,
            quantity=order.quantity,
            price=PRICE,
            fee=Decimal(0),
            fee_currency="USDT",
            **about,
        )

    def wait(self) -> None:
        """A little, so that some steps are durable and others are still on their way."""
        self.house.run(self.rng.choice((0.0001, 0.001, 0.05)))

    def quantity(self) -> Decimal:
        return Decimal(self.rng.randrange(1, 8)) * 20  # above the market maximum of 100 at times: in parts

    def command(self) -> dict[str, Any]:
        return {"command_id": CommandId(f"c{self.serial}"), "reply_to": EDGE}

    def send(self, command: OpenPosition | ModifyPosition | ClosePosition) -> None:
        self.house.system.tell("supervisor", command)
        if not self.rng.randrange(3):
            self.house.run(0.0005)
        self.opened = sorted({str(p.position_id) for p in self.house.all(Reply) if p.accepted and p.position_id})

    def admitted(self) -> list[Reply]:
        """Accepted, and neither a close nor a repetition."""
        return [reply for reply in self.house.all(Reply) if reply.accepted and reply.command_id not in self.closes]

    def exposure(self) -> Decimal:
        """What the venue may come to hold of all that was sent to it, were every opening filled that is not refused."""
        total = Decimal(0)
        for index, order in enumerate(self.house.all(SubmitOrder, GATEWAY)):
            if isinstance(order, SubmitOpening):
                total += Decimal(0) if order.client_order_id in self.refused else order.quantity
            elif index < self.answered:
                total -= order.quantity
        return total * PRICE


@pytest.mark.parametrize("first", range(0, LIVES, 50))
def test_no_interleaving_of_openings_and_additions_passes_a_limit(first: int) -> None:
    refusals = admitted = added = 0
    for seed in range(first, first + 50):
        limit = Decimal(random.Random(seed).choice((300, 500, 900))) * PRICE
        crowd = Crowd(seed, Limits(symbol_exposure=limit, account_exposure=limit, openings_per_minute=PACE))
        for _ in range(120):
            crowd.act()
        assert crowd.exposure() <= limit, f"seed {seed}"
        assert len(crowd.admitted()) <= PACE, f"seed {seed}: all of it within one minute"
        replies = [reply for reply in crowd.house.all(Reply) if reply.text.startswith("limits.")]
        refusals += len(replies)
        admitted += len(crowd.house.all(SubmitOpening, GATEWAY))
        added += sum(reply.command_id in crowd.additions for reply in crowd.admitted())
    assert refusals > 20, "limits that nobody comes near prove nothing"
    assert min(admitted, added) > 50
