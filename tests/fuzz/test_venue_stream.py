"""Events, lists and answers through the parts that keep state: nothing raises, and nothing hides what is good."""

import asyncio
import json
from collections.abc import Coroutine
from decimal import Decimal
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.exchange import outcome, replies
from adapters.exchange.binance import calls, order_answers
from adapters.exchange.binance.codes import CODES
from adapters.exchange.binance.events import UserEvents
from adapters.exchange.binance.reader import Reader
from adapters.exchange.outcome import Accepted, Answered, Ask, Verdict
from adapters.exchange.queries import ReadError
from adapters.exchange.rows import MalformedError
from adapters.exchange.settings import ExchangeSettings, Wiring
from adapters.exchange.venue import Call
from adapters.secret import Secret
from messages import codec
from messages.base import Message
from messages.ids import client_order_id
from messages.reconciliation import FetchTrades
from messages.reports import FillReport, OpenOrdersReport, OrderReport
from messages.requests import FetchFills, FetchOpenOrders, FetchPositions, SetLeverage, SubmitReducing
from messages.types import (
    OrderKind,
    PositionId,
    PositionSide,
    Side,
    VenueOrderId,
)
from tests.exchange.binance.test_events import OURS, STAMP, algo, trade
from tests.exchange.binance.test_normalize import BTC, CONDITIONAL, ORDER, POSITION, TRADE
from tests.exchange.desk_side import JOURNAL, MAIN, WallClock
from tests.fuzz.strategies import ANYTHING, bounded, lists_of, spoiled, spoiled_deeply

interpret = partial(outcome.interpret, codes=CODES)

EVENTS = [
    trade(OURS),
    trade("x9"),
    algo("TRIGGERED", child="900"),
    algo("FINISHED", child="900"),
    {"e": "ACCOUNT_CONFIG_UPDATE", "T": 1, "ac": {"s": "BTCUSDT", "l": 25}},
    {"e": "MARGIN_CALL", "E": 1, "p": [{"s": "BTCUSDT", "ps": "LONG", "pa": "1", "mp": "2", "up": "3", "mm": "4"}]},
    {"e": "ACCOUNT_UPDATE", "a": {"m": "ADJUSTMENT", "P": [{"s": "BTCUSDT"}]}},
]


@given(events=st.lists(st.sampled_from(EVENTS).flatmap(spoiled_deeply) | st.sampled_from(EVENTS), max_size=8))
def test_no_event_ends_the_stream_and_each_report_can_be_kept(events: list[Any]) -> None:
    stream = UserEvents()
    for event in events:
        for report in stream.feed(event, STAMP).reports:
            assert bounded(report)
            assert codec.decode(codec.encode(report)) == report
            assert "defect" not in str(getattr(report, "why", ""))
    told = stream.feed(trade(OURS, trade_id=77), STAMP).reports
    assert [report.trade_id for report in told if isinstance(report, FillReport)] in (["77"], [])
    if (BTC, VenueOrderId("900")) not in stream.links:
        assert any(isinstance(report, FillReport) for report in told), "what is good is told, whatever came before"


class Lists:
    """A session that answers every read with what it is given; no parents, orders or settings otherwise."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    async def ask(self, _ask: Ask, call: Call, **_: object) -> Verdict:
        value = self._answers.get(call.path, [])
        return Accepted(venue_order_id=VenueOrderId("1"), row=value) if _ask is Ask.QUERY else Answered(value=value)


def reader(answers: dict[str, Any], heard: list[Message]) -> Reader:
    settings = ExchangeSettings(exchange="binanceusdm", api_key=Secret("k"), api_secret=Secret("s"))
    wiring = Wiring(account=MAIN, settings=settings, clock=WallClock(), deliver=heard.append)
    return Reader(wiring, Lists(answers), UserEvents())  # type: ignore[arg-type]


def outcome_of(reading: Coroutine[Any, Any, object]) -> object:
    """What was read, or that it cannot be."""
    try:
        return asyncio.run(reading)
    except (ReadError, MalformedError) as error:
        return str(error)


Rows = tuple[list[Any], list[Any]]
OPEN = {**ORDER, "clientOrderId": client_order_id(JOURNAL, 1, 1)}
STOP = {**CONDITIONAL, "clientAlgoId": client_order_id(JOURNAL, 1, 2)}


@given(regular=lists_of([OPEN], {**ORDER, "symbol": "ETHUSDT"}), waiting=lists_of([STOP], {**CONDITIONAL, "algoId": 9}))
def test_a_spoiled_open_order_hides_none_of_ours(regular: Rows, waiting: Rows) -> None:
    told = []
    for one in (0, 1):
        heard: list[Message] = []
        answers = {calls.OPEN_ORDERS.path: regular[one], calls.OPEN_CONDITIONALS.path: waiting[one]}
        report = asyncio.run(reader(answers, heard).open_orders(FetchOpenOrders(account=MAIN, request_id="r")))
        assert isinstance(report, OpenOrdersReport)
        assert bounded(report, 40_000)
        assert bounded(heard, 100_000)
        codec.encode(report)
        told.append(report)
        for name in (OPEN["clientOrderId"], STOP["clientAlgoId"]):
            torn = any("contradict" in row.why for row in report.unread)
            assert torn or name in {order.client_order_id for order in report.orders}
    assert {o.client_order_id for o in told[0].orders} == {o.client_order_id for o in told[1].orders}
    assert {row.symbol for row in told[0].unread} == {row.symbol for row in told[1].unread}


@given(rows=lists_of([POSITION], {**POSITION, "symbol": "ETHUSDT"}), settings=ANYTHING)
def test_a_spoiled_list_of_settings_takes_no_position_with_it(rows: Rows, settings: Any) -> None:
    answers = {calls.positions(None).path: rows[0], calls.SYMBOL_CONFIG.path: settings}
    report = asyncio.run(reader(answers, []).positions(FetchPositions(account=MAIN, request_id="r")))
    assert BTC in {row.symbol for row in report.positions} | {row.symbol for row in report.unread}


@given(
    trades=st.lists(spoiled(TRADE) | ANYTHING, max_size=3),
    orders=st.lists(spoiled(ORDER), max_size=2),
    row=spoiled(ORDER),
)
def test_reads_of_one_symbol_raise_nothing_but_that_they_cannot_be_read(
    trades: list[Any], orders: list[Any], row: dict[str, Any]
) -> None:
    answers: dict[str, Any] = {"/fapi/v1/userTrades": trades, "/fapi/v1/allOrders": orders, "/fapi/v1/order": row}
    asked = FetchFills(account=MAIN, symbol=BTC, client_order_id=OURS, conditional=False, since_ns=0)
    for read in (
        lambda: reader(answers, []).fills(asked),
        lambda: reader(answers, []).trades(FetchTrades(account=MAIN, request_id="r", symbol=BTC, since_ns=0)),
        lambda: reader(answers, []).order(asked),
    ):
        assert bounded(outcome_of(read()), 40_000)


@given(paid=ANYTHING | st.lists(ANYTHING, max_size=3))
def test_a_spoiled_ledger_raises_nothing_but_that(paid: Any) -> None:
    assert bounded(outcome_of(reader({"/fapi/v1/income": paid}, []).fundings()), 40_000)


SUBMIT = SubmitReducing(
    account=MAIN,
    symbol=BTC,
    client_order_id=OURS,
    side=Side.SELL,
    position_side=PositionSide.LONG,
    kind=OrderKind.MARKET,
    quantity=Decimal("0.4"),
)
LEVER = SetLeverage(account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("main.BTCUSDT.long.alpha.1"))
ANSWER = {**ORDER, "clientOrderId": OURS, "side": "SELL"}


def as_json(value: Any) -> bytes:
    return json.dumps(value, default=str).encode("utf-8", errors="replace")


@given(row=spoiled(ANSWER) | ANYTHING, status=st.sampled_from([200, 200, 200, 400, 500]))
def test_no_answer_to_an_order_raises_and_none_is_believed_beyond_what_was_ordered(row: Any, status: int) -> None:
    verdict = interpret(Ask.SUBMIT, status, {}, as_json(row), client_order_id=OURS)
    told = order_answers.submitted(SUBMIT, verdict.row, STAMP) if isinstance(verdict, Accepted) else None
    reports: list[Message | None] = [*replies.to_submit(SUBMIT, verdict, told, STAMP), told]
    for report in reports:
        assert bounded(report)
        if isinstance(report, OrderReport):
            assert 0 <= report.filled_quantity <= max(report.quantity, SUBMIT.quantity)
        if report is not None:
            assert codec.decode(codec.encode(report)) == report


@given(value=spoiled({"leverage": 5, "symbol": "BTCUSDT", "maxNotionalValue": "1"}) | ANYTHING)
def test_no_answer_to_a_setting_raises(value: Any) -> None:
    verdict = interpret(Ask.SETTING, 200, {}, as_json(value))
    if isinstance(verdict, Answered) and not order_answers.leverage_confirmed(LEVER, verdict.value):
        return
    report = replies.to_setting(LEVER, verdict, STAMP)
    assert bounded(report)
    assert codec.decode(codec.encode(report)) == report
