"""A trade by which the venue closed something itself is owned once (I4), whoever tells of it first, and told again.

The real supervisor, positions and reconciler on the simulated dispatcher; the venue is what the test says it is.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from actors.reconciler.account_state import ReconcilerMemory
from actors.reconciler.actor import SUBSCRIBED, ReconcilerActor
from actors.reconciler.core import ReconcilerSettings
from actors.reconciler.policy import SECOND, Policy
from actors.supervisor.memory import OWN_HISTORY
from adapters.storage.memory import Image
from adapters.storage.record import RecoveredPosition
from messages import reports as r
from messages import requests as q
from messages.addresses import RECONCILER
from messages.base import Event, Message
from messages.events import ForcedTradeShared, QuantityAdjusted
from messages.reconciliation import FetchTrades, TradesReport
from messages.requests import Notify
from messages.types import FillCause, JournalId, PositionSide, Severity, Side, StrategyId
from tests.supervisor.house import BTC, MAIN, House
from tests.supervisor.test_forced_trades import fill, views

D = Decimal
STRATEGIES = {"trend": "0.03", "swing": "0.01"}


class Stage(House):
    """A house whose reconciler asks the account that `net` and `trades` describe."""

    def __init__(self, image: Image | None = None, *, net: str = "0", trades: tuple[r.FillReport, ...] = ()) -> None:
        self.net, self.trades = D(net), trades
        self.answered = 0
        self.memory = ReconcilerMemory.of((MAIN,))
        super().__init__(image, reconciler=RECONCILER)
        self.ready()

    def furnish(self) -> None:
        settings = ReconcilerSettings(journal_id=JournalId("memory00"), accounts=(MAIN,), policy=Policy(gap_ns=SECOND))
        self.system.spawn(
            RECONCILER, lambda context: ReconcilerActor(context, settings=settings, memory=self.memory, log=self._log)
        )
        for message in SUBSCRIBED:
            self.system.subscribe(message, RECONCILER)

    def pass_time(self, seconds: int) -> None:
        """The gateway answers whatever it was asked, a tenth of a second later."""
        for _ in range(seconds * 10):
            self.run(0.1)
            asked = self.heard["gateway/main"]
            for message in asked[self.answered :]:
                for answer in self._answers(message):
                    self.system.tell("supervisor", answer)
            self.answered = len(asked)
        self.run()

    def _answers(self, message: Message) -> Iterator[Message]:
        now_ns = self.system.clock.time_ns()
        match message:
            case q.FetchPositions():
                yield r.PositionsReport(
                    account=MAIN,
                    request_id=message.request_id,
                    begun_ns=now_ns,
                    positions=self._rows(),
                    symbol=message.symbol,
                )
            case q.FetchOpenOrders():
                yield r.OpenOrdersReport(account=MAIN, request_id=message.request_id, begun_ns=now_ns, orders=())
            case FetchTrades():
                yield TradesReport(
                    account=MAIN,
                    request_id=message.request_id,
                    symbol=BTC,
                    since_ns=message.since_ns,
                    begun_ns=now_ns,
                    trades=self.trades,
                )

    def _rows(self) -> tuple[r.PositionRow, ...]:
        if not self.net:
            return ()
        row = r.PositionRow(
            symbol=BTC,
            side=PositionSide.LONG,
            quantity=self.net,
            entry_price=D(60000),
            mark_price=D(60000),
            unrealized_pnl=D(0),
        )
        return (row,)


def booked(stage: Stage) -> list[tuple[str, Decimal, Decimal]]:
    """Every adjustment that became durable: of whom, how much, at which price."""
    return sorted(
        (entry.position_id.split(".")[3], event.quantity_delta, event.price)
        for entry in stage.journal.positions()
        for event in durable(stage, entry.ordinal)
        if isinstance(event, QuantityAdjusted)
    )


def durable(stage: Stage, ordinal: int) -> tuple[Event, ...]:
    past = stage.journal.position(ordinal)
    return past.events if isinstance(past, RecoveredPosition) else ()


def quantities(stage: Stage) -> dict[str, Decimal]:
    return {strategy: view.quantity for strategy, view in views(stage).items()}


def taken(trade_id: str = "adl-1", quantity: str = "0.02") -> r.FillReport:
    return replace(
        fill("adl_autoclose", trade_id, quantity, side=Side.SELL, price="50000", cause=FillCause.DELEVERAGING),
        ts_event=1,
    )


def two_strategies(*, net: str) -> Stage:
    stage = Stage(net="0.04")
    for strategy, quantity in STRATEGIES.items():
        stage.open(f"open-{strategy}", strategy=StrategyId(strategy), quantity=D(quantity))
        order = stage.all(q.SubmitOpening, "gateway/main")[-1]
        stage.tell(fill(order.client_order_id, f"t-{strategy}", quantity, side=order.side))
    stage.pass_time(6)
    assert booked(stage) == []
    stage.net = D(net)
    return stage


HALVES = [("swing", D("-0.005"), D(50000)), ("trend", D("-0.015"), D(50000))]


def test_the_stream_first_and_the_reconciler_after_it() -> None:
    stage = two_strategies(net="0.02")
    stage.tell(taken())
    stage.trades = (taken(),)
    stage.pass_time(90)
    assert booked(stage) == HALVES
    assert stage.memory.ledger.records == {}


def test_the_reconciler_first_and_the_stream_after_it() -> None:
    stage = two_strategies(net="0.02")
    stage.trades = (taken(),)
    stage.pass_time(90)
    assert booked(stage) == HALVES
    assert [(x.type.value, x.outcome.value) for x in stage.memory.ledger.records.values()] == [
        ("SIZE_MISMATCH", "resolved")
    ]
    stage.tell(taken())
    stage.pass_time(90)
    assert booked(stage) == HALVES


@pytest.mark.parametrize("stream_first", [True, False])
def test_told_again_after_a_restart_even_to_a_position_that_came_later(*, stream_first: bool) -> None:
    stage = two_strategies(net="0.02")
    stage.trades = (taken(),)
    if stream_first:
        stage.tell(taken())
    stage.pass_time(90)
    again = Stage(stage.journal.image, net="0.02", trades=stage.trades)
    again.open("open-late", strategy=StrategyId("late"), quantity=D("0.04"))
    order = again.all(q.SubmitOpening, "gateway/main")[-1]
    again.tell(fill(order.client_order_id, "t-late", "0.04", side=order.side))
    again.net = D("0.06")
    again.tell(taken())
    again.pass_time(90)
    assert booked(again) == HALVES
    assert quantities(again) == {"trend": D("0.015"), "swing": D("0.005"), "late": D("0.04")}


def test_of_several_trades_of_one_order_the_one_that_the_stream_lost_is_found_and_booked_once() -> None:
    stage = two_strategies(net="0.01")
    lost, *heard = parts = [taken(f"adl-{n}", "0.01") for n in (1, 2, 3)]
    for part in heard:
        stage.tell(part)
    stage.trades = tuple(parts)
    stage.pass_time(90)
    assert sum(quantities(stage).values()) == D("0.01")
    owned = {event.trade_id for event in durable(stage, OWN_HISTORY) if isinstance(event, ForcedTradeShared)}
    assert owned == {part.trade_id for part in (lost, *heard)}
    assert {price for *_, price in booked(stage)} == {D(50000)}


def test_a_kill_between_the_commit_and_its_commands_loses_nothing() -> None:
    stage = two_strategies(net="0.02")
    stage.system.stop_actor("position/1")
    stage.system.stop_actor("position/2")
    stage.tell(taken())
    assert booked(stage) == []
    again = Stage(stage.journal.image, net="0.02")
    assert booked(again) == HALVES
    assert quantities(again) == {"trend": D("0.015"), "swing": D("0.005")}


def test_where_the_disk_refuses_the_decision_the_positions_book_it_all_the_same() -> None:
    stage = two_strategies(net="0.02")
    refusals = iter(["no space left"])
    stage.journal.fault = lambda: next(refusals, None)
    stage.tell(taken())
    stage.pass_time(20)
    assert quantities(stage) == {"trend": D("0.015"), "swing": D("0.005")}
    assert any(n.severity is Severity.CRITICAL for n in stage.all(Notify, "notifier"))
