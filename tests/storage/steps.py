"""Steps of invented positions, and a way to wait for what a store answers."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from threading import Event as Flag
from typing import Protocol, TypeVar

from messages import events
from messages.addresses import position_address
from messages.base import Event
from messages.ids import position_id
from messages.journal import AppendStep, Effect, Replayed
from messages.statement import verbatim
from messages.types import (
    AccountId,
    ClientOrderId,
    CommandId,
    Key,
    PositionId,
    PositionSide,
    PositionState,
    StrategyId,
    Symbol,
    TradeId,
)

_T = TypeVar("_T")
PATIENCE_S = 20.0
KEY = Key(account=AccountId("main"), symbol=Symbol("BTCUSDT"), side=PositionSide.LONG, strategy=StrategyId("grid"))


class Store(Protocol):
    """What the suite needs of a store; the same as the actors' port."""

    def append(self, steps: Sequence[AppendStep], done: Callable[[str | None], None]) -> None: ...
    def replay(self, ordinal: int, done: Callable[[Replayed], None]) -> None: ...
    def history(self, ordinal: int, done: Callable[[tuple[bytes, ...]], None]) -> None: ...


class Answer(list[_T]):
    """Collects what `done` is called with; `get` waits for the first."""

    def __init__(self) -> None:
        super().__init__()
        self._came = Flag()

    def __call__(self, value: _T) -> None:
        self.append(value)
        self._came.set()

    def get(self) -> _T:
        assert self._came.wait(PATIENCE_S), "the store did not answer"
        return self[0]


def name(ordinal: int) -> PositionId:
    return position_id(KEY, ordinal)


def step(
    ordinal: int, version: int, *happened: Event, effects: tuple[Effect, ...] = (), snapshot: bytes | None = None
) -> AppendStep:
    """A step that leads to `version`; of one event unless others are given."""
    return AppendStep(
        sender=position_address(ordinal),
        position_id=name(ordinal),
        ordinal=ordinal,
        version=version,
        events=happened or (fill(version),),
        effects=effects,
        snapshot=snapshot,
    )


def fill(number: int, quantity: str = "0.50") -> events.OrderFilled:
    return events.OrderFilled(
        client_order_id=ClientOrderId("abjournal100000010001"),
        trade_id=TradeId(str(number)),
        quantity=Decimal(quantity),
        price=Decimal("60000.10"),
        fee=Decimal("0.02"),
        fee_currency="USDT",
        realized_pnl=Decimal(0),
    )


def changed(after: PositionState) -> events.StateChanged:
    return events.StateChanged(before=PositionState.ACTIVE, after=after, because=verbatim("so it was"))


def paused(command_id: str) -> events.PositionPaused:
    return events.PositionPaused(command_id=CommandId(command_id))


def append(store: Store, *steps: AppendStep) -> str | None:
    """Append in one call, and wait."""
    answer: Answer[str | None] = Answer()
    store.append(steps, answer)
    return answer.get()


def replay(store: Store, ordinal: int) -> Replayed:
    answer: Answer[Replayed] = Answer()
    store.replay(ordinal, answer)
    return answer.get()


def history(store: Store, ordinal: int) -> tuple[bytes, ...]:
    answer: Answer[tuple[bytes, ...]] = Answer()
    store.history(ordinal, answer)
    return answer.get()
