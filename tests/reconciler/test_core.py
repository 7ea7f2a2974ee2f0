"""The whole course of a discrepancy, in virtual time, against an account that answers as it is told."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from actors.reconciler.ledger import HISTORY, Ledger
from actors.reconciler.policy import Override, Policy
from messages import codec
from messages import commands as c
from messages import requests as q
from messages.commands import AdjustPosition, AdoptPosition, Reconcile
from messages.discrepancy_type import Action, DiscrepancyType
from messages.reconciliation import (
    DiscrepanciesAnswer,
    FetchTrades,
    ListDiscrepancies,
    Outcome,
    PositionSilent,
    ReconcileAnswer,
)
from messages.reports import FetchFailed, OrderRejected, PositionRow, PositionsReport, RulesReport
from messages.statement import verbatim
from messages.types import (
    MANUAL,
    CommandId,
    OrderStatus,
    PositionMode,
    PositionState,
    RejectReason,
    Symbol,
)
from tests.reconciler.world import (
    BTC,
    LONG,
    MAIN,
    NOW,
    SECOND,
    SHORT,
    D,
    Play,
    acting,
    booked,
    command,
    instrument,
    open_order,
    outcomes,
    own_id,
    policy,
    row,
    trade,
    view,
)

ONE = {1: view(1, "1")}


def test_what_agrees_is_asked_for_once_an_interval_and_nothing_is_recorded() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("1"))
    play.run(290)
    bulk = [m for m in play.asked if isinstance(m, q.FetchPositions) and m.symbol is None]
    assert len(bulk) == 5
    assert not [m for m in play.asked if isinstance(m, FetchTrades)]
    assert (play.records, play.commands, play.held) == ([], [], {})


def test_a_human_who_adds_is_booked_by_hand_at_the_real_price_within_seconds() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("1.5"))
    play.trades.append(trade("0.5", "123"))
    play.tell(play.trades[0])  # the stream says so
    play.run(6)
    assert outcomes(play) == [("SIZE_MISMATCH", "resolved")]
    (adopted,) = booked(play)
    assert isinstance(adopted, AdoptPosition)
    assert (adopted.strategy, adopted.quantity, adopted.entry_price) == (MANUAL, D("0.5"), D(123))
    assert play.views[1].quantity == 1


def closed_by_a_human() -> Play:
    """It agreed a moment ago; now it is gone, and the trade that says so is there to be read."""
    play = Play(views=dict(ONE))
    play.at_venue(row("1"))
    play.run(5)
    play.at_venue()
    play.trades.append(trade("-1", "99", ts_event=play.clock.time_ns()))
    return play


REFUSED = OrderRejected(
    account=MAIN,
    symbol=BTC,
    client_order_id=own_id(1, 4),
    reason=RejectReason.REDUCE_ONLY,
    code="-2022",
    text=verbatim("no"),
)
FIRED_IN_VAIN = replace(open_order(own_id(1, 2), conditional=True), status=OrderStatus.REJECTED)


@pytest.mark.parametrize("said", ["stream", "a refused reduction", "a stop turned down when it fired"])
def test_what_trades_prove_is_booked_at_the_first_look_whatever_gave_the_hint(said: str) -> None:
    """So that neither a stop nor a close is sent again and again for what is not there."""
    play = closed_by_a_human()
    hints = {"stream": play.trades[0], "a refused reduction": REFUSED}
    play.tell(hints.get(said, FIRED_IN_VAIN))
    play.run(0.7)
    assert [(m.quantity_delta, m.price) for m in booked(play) if isinstance(m, AdjustPosition)] == [(D(-1), D(99))]
    play.run(2)
    assert outcomes(play) == [("POSITION_NOT_IN_EXCHANGE", "resolved")]


@pytest.mark.parametrize(
    "trades",
    [
        [trade("-1", ts_event=1)],  # of before it last agreed: that was accounted for
        [trade("-0.4", ts_event=NOW + 6 * SECOND)],  # not all of it
        [],
    ],
)
def test_trades_that_prove_nothing_leave_it_to_several_looks(trades: list[Any]) -> None:
    play = closed_by_a_human()
    play.trades = trades
    play.tell(REFUSED)
    play.run(20)
    assert booked(play) == []
    play.run(8)
    assert outcomes(play) == [("POSITION_NOT_IN_EXCHANGE", "resolved")]


def test_what_a_human_closed_while_nobody_watched_is_told_by_his_trade_and_waits_for_no_more() -> None:
    play = Play(views={1: view(1, "1", since_ns=NOW - 60 * SECOND)})
    play.at_venue()
    play.trades.append(trade("-1", "99", ts_event=NOW - 30 * SECOND))
    play.run(12)
    assert outcomes(play) == [("POSITION_NOT_IN_EXCHANGE", "resolved")]
    assert [m.price for m in booked(play) if isinstance(m, AdjustPosition)] == [D(99)]


def test_a_trade_of_before_it_came_to_rest_tells_nothing_of_where_it_went() -> None:
    play = Play(views={1: view(1, "1", since_ns=NOW - 20 * SECOND)})
    play.at_venue()
    play.trades.append(trade("-1", "99", ts_event=NOW - 30 * SECOND))
    play.run(15)
    assert booked(play) == []


def test_a_check_of_everything_is_not_answered_by_a_reading_of_one_symbol() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("1"))
    play.run(5)
    play.withhold_orders = True
    play.tell(Reconcile(**command("r1")))
    play.tell(REFUSED)  # that symbol is looked at meanwhile
    play.run(3)
    assert [m for m in play.answers if isinstance(m, ReconcileAnswer)] == []


def test_a_check_that_ends_before_a_difference_is_certain_says_so() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("1"))
    play.run(5)
    play.at_venue()  # gone, and nothing tells where it went
    play.tell(Reconcile(**command("r1")))
    play.run(20.5)
    [answer] = [m for m in play.answers if isinstance(m, ReconcileAnswer)]
    assert (answer.discrepancies, answer.failed) == (
        0,
        "main: BTCUSDT: differs from the venue, and is being looked into",
    )


def test_without_the_stream_it_is_noticed_within_the_fast_interval() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("1"))
    play.run(10)
    play.at_venue(row("0.4"))
    play.run(66)
    assert outcomes(play) == [("SIZE_MISMATCH", "resolved")]
    assert play.views[1].quantity == D("0.4")


def test_a_list_of_orders_that_waits_for_the_venues_budget_keeps_nobody_from_comparing_positions() -> None:
    play = Play(views=dict(ONE), policy=Policy(fast_ns=10 * SECOND, normal_ns=20 * SECOND))
    play.withhold_orders = True
    play.at_venue(row("1"))
    play.run(25)
    play.at_venue(row("0.4"))
    play.run(30)
    assert outcomes(play) == [("SIZE_MISMATCH", "resolved")]
    lists = [message for message in play.asked if isinstance(message, q.FetchOpenOrders)]
    assert len(lists) == 1, "another would only wait behind it"
    assert len(play.asked) < 20, "and nobody asks on and on"


def test_a_position_is_believed_gone_only_after_spaced_reads_and_one_on_purpose() -> None:
    play = Play(views=dict(ONE))
    play.run(20)
    assert play.views[1].quantity == 1
    play.run(8)
    assert outcomes(play) == [("POSITION_NOT_IN_EXCHANGE", "resolved")]
    assert 1 not in play.views
    reads = [m.symbol for m in play.asked if isinstance(m, q.FetchPositions)]
    assert reads[:2] == [None, None]
    assert BTC in reads
    assert "synthesized" in next(m.why for m in booked(play) if isinstance(m, AdjustPosition))


def test_empty_lists_for_a_while_to_every_question_close_nothing() -> None:
    play = Play(views=dict(ONE))
    play.run(18)
    play.at_venue(row("1"))
    play.run(60)
    assert not outcomes(play)
    assert not booked(play)
    assert play.views[1].quantity == 1


def test_one_empty_list_by_mistake_is_evidence_of_nothing() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("1"))
    lies: Iterator[list[PositionRow]] = iter([[]])
    play.rows_told = lambda rows: next(lies, rows)
    play.run(120)
    assert (play.records, booked(play)) == ([], [])


def test_failed_reads_are_evidence_of_nothing_and_are_repeated_more_slowly() -> None:
    play = Play(views=dict(ONE))
    play.refuse_reads = True
    play.run(60)
    assert (play.records, booked(play)) == ([], [])
    assert 4 <= len(play.asked) <= 12
    play.refuse_reads = False
    play.at_venue(row("1"))
    play.run(40)
    assert play.records == []


def test_a_vanished_crowd_whose_trades_are_there_is_booked() -> None:
    symbols = [Symbol(f"S{n}USDT") for n in range(1, 5)]
    play = Play(views={n: view(n, "1", symbol=symbol) for n, symbol in enumerate(symbols, 1)})
    play.trades = [trade("-1", symbol=symbol, order=f"web_{symbol}") for symbol in symbols]
    original = play._answer

    def of_symbol(message: Any) -> Any:
        answer: Any = original(message)
        if isinstance(message, FetchTrades):
            return replace(answer, trades=tuple(t for t in play.trades if t.symbol == message.symbol))
        return answer

    play._answer = of_symbol  # type: ignore[method-assign]
    play.run(60)
    assert {outcome for _, outcome in outcomes(play)} == {"resolved"}
    assert play.views == {}


def test_a_reading_begun_before_the_last_fill_is_not_compared() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("1"))
    play.run(5)
    begun_ns = play.clock.time_ns()
    play.at_venue(row("2"))
    play.hold(replace(play.views[1], quantity=D(2), version=6, touched_ns=begun_ns + SECOND))
    for _ in range(4):
        play.tell(
            PositionsReport(
                account=MAIN, request_id="resync/main/1/positions", begun_ns=begun_ns, positions=(row("1"),)
            )
        )
        play.run(3)
    assert play.records == []


def test_our_own_missed_fills_go_to_their_position_before_anything_is_made_up() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("0.4"))
    play.trades.append(trade("-0.6", order=own_id(1, 3)))
    play.run(20)
    assert play.trades[0] in play.answers
    given = [message for message in play.answers if message == play.trades[0]]
    assert len(given) == 1


@pytest.mark.parametrize("beside", [None, "0"])
def test_a_fill_of_ours_that_is_read_while_its_order_is_in_doubt_goes_to_its_position(beside: str | None) -> None:
    """Simulation seed 7100175, I9: the close was filled, and no question about the order itself showed it."""
    play = Play(views=dict(ONE))
    if beside is not None:
        play.hold(view(2, beside, strategy="grid", state=PositionState.OPENING))
    play.at_venue(row("1"))
    play.run(60)  # the deep check of a start is over: it hands on every trade, doubt or none
    play.hold(replace(play.views[1], in_doubt=True, version=6, touched_ns=play.clock.time_ns()))
    play.at_venue()
    play.trades.append(trade("-1", order=own_id(1, 3)))
    play.tell(Reconcile(**command("c1"), symbol=BTC))
    play.run(5)
    assert [message for message in play.answers if message == play.trades[0]] == [play.trades[0]]


@pytest.mark.parametrize("unjudged", ["in doubt", "silent", "unreadable"])
def test_trades_are_asked_for_since_its_leg_was_judged_not_since_the_account_was_read(unjudged: str) -> None:
    """Day 860000675: what a stop had sold was older than the last list, and its leg was in doubt in every list."""
    play = Play(views=dict(ONE))
    play.at_venue(row("1"))
    play.run(61)
    agreed_ns = play.clock.time_ns()
    before = play.views[1]
    if unjudged == "in doubt":
        play.hold(replace(before, in_doubt=True, version=6, touched_ns=agreed_ns))
    elif unjudged == "silent":
        play.tell(PositionSilent(position_id=before.position_id, why=verbatim("quarantined")))
    else:
        play.unread[BTC] = "quantity: none"
    play.at_venue(row("0.4"))
    play.trades.append(trade("-0.6", order=own_id(1, 2), ts_event=agreed_ns + SECOND))
    play.run(600)
    del play.asked[:]
    play.unread.clear()
    play.tell(PositionSilent(position_id=before.position_id, why=verbatim("")))
    play.hold(replace(before, version=9, touched_ns=play.clock.time_ns()))
    play.run(70)
    since = [message.since_ns for message in play.asked if isinstance(message, FetchTrades)]
    assert since
    assert max(since) <= agreed_ns


def test_overlapping_requests_make_one_position_not_three() -> None:
    """The system before created it three times."""
    play = Play()
    play.at_venue(row("1"))
    for n in range(3):
        play.tell(Reconcile(**command(f"c{n}")))
        play.tell(trade("1"))
    play.run(15)
    assert len(booked(play)) == 1
    assert len(play.views) == 1


def test_ignored_ones_are_recorded_once_and_nothing_is_done() -> None:
    play = Play(views=dict(ONE), policy=acting(Action.IGNORE))
    play.at_venue(row("0.4"))
    play.run(600)
    assert (outcomes(play), booked(play)) == ([("SIZE_MISMATCH", "ignored")], [])


def test_what_is_there_too_much_is_closed_where_the_policy_says_so() -> None:
    play = Play(views=dict(ONE), policy=acting(Action.CLOSE_POSITION))
    play.at_venue(row("1.5"))
    play.run(10)
    close, *repeated = [m for m in play.commands if isinstance(m, c.ClosePosition)]
    assert {m.command_id for m in repeated} <= {close.command_id}
    manual = next(v for v in play.views.values() if v.strategy == MANUAL)
    assert (close.position_id, close.quantity) == (manual.position_id, D("0.5"))
    play.at_venue(row("1"))
    play.hold(replace(manual, quantity=D(0), state=PositionState.CLOSED, version=99, touched_ns=play.clock.time_ns()))
    del play.views[manual.ordinal]
    play.run(10)
    assert outcomes(play) == [("SIZE_MISMATCH", "resolved")]


def test_an_override_for_a_symbol_counts_before_the_types_policy() -> None:
    override = Override(action=Action.IGNORE, symbol=BTC, type=DiscrepancyType.SIZE_MISMATCH)
    play = Play(views=dict(ONE), policy=policy(overrides=(override,)))
    play.at_venue(row("0.4"))
    play.run(10)
    assert outcomes(play) == [("SIZE_MISMATCH", "ignored")]


def test_watching_only_records_and_changes_nothing() -> None:
    play = Play(views=dict(ONE), policy=policy(watch_only=True))
    play.at_venue(row("0.4"))
    play.run(60)
    assert (outcomes(play), play.commands) == ([("SIZE_MISMATCH", "escalated")], [])


def test_in_hedge_mode_each_leg_is_repaired_by_itself() -> None:
    play = Play(views={1: view(1, "1", LONG), 2: view(2, "1", SHORT)}, mode=PositionMode.HEDGE)
    play.at_venue(row("0.5", LONG), row("2", SHORT))
    play.run(20)
    assert {outcome for _, outcome in outcomes(play)} == {"resolved"}
    held = {(v.side, v.strategy): v.quantity for v in play.views.values()}
    assert held == {(LONG, "trend"): D("0.5"), (SHORT, "trend"): D(1), (SHORT, MANUAL): D(1)}


def test_a_flip_becomes_a_manual_position_of_the_other_side() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("2", SHORT))
    play.trades.append(trade("-3", "99"))
    play.run(20)
    assert outcomes(play)[0] == ("SIDE_MISMATCH", "resolved")
    (manual,) = play.views.values()
    assert (manual.side, manual.quantity, manual.entry_price) == (SHORT, D(2), D(100))


def test_an_orphan_of_ours_is_canceled_and_a_strangers_order_is_not() -> None:
    play = Play()
    play.tell(view(9, "0", state=PositionState.CLOSED))
    for name in (own_id(9), "web_77"):
        play.orders[name] = open_order(name)  # type: ignore[index]
    play.run(320)
    assert outcomes(play) == [("ORPHAN_ORDER", "resolved")]
    assert list(play.orders) == ["web_77"]


def test_protection_is_missed_by_the_rules_as_they_are() -> None:
    """What is dust by coarser rules needs no stop, and needs one again when they have passed."""
    play = Play(views={1: view(1, "0.004", stop_loss=D(90), touched_ns=NOW - 60 * SECOND)})
    play.at_venue(row("0.004"))
    coarse = replace(instrument(), min_quantity=D("0.01"), quantity_step=D("0.01"))
    play.tell(RulesReport(account=MAIN, instruments=(coarse,)))
    play.run(400)
    assert not play.records
    play.tell(RulesReport(account=MAIN, instruments=(instrument(),)))
    play.run(400)
    assert {record.type.value for record in play.records} == {"PROTECTION_MISSING"}


def test_a_stop_that_is_gone_is_certain_seconds_after_it_was_first_missed() -> None:
    play = Play(views={1: view(1, "1", stop_loss=D(90), touched_ns=NOW - 60 * SECOND)})
    play.at_venue(row("1"))
    play.run(330)
    [record] = play.records
    assert record.type is DiscrepancyType.PROTECTION_MISSING
    assert record.detected_ns - record.first_seen_ns < 10 * SECOND


def test_a_stuck_state_is_asked_after_and_then_a_humans() -> None:
    play = Play(views={1: view(1, "1", state=PositionState.CLOSING, touched_ns=NOW - 60 * SECOND)})
    play.at_venue(row("1"))
    play.run(90)
    assert outcomes(play) == [("STATE_MISMATCH", "escalated")]
    assert [type(m).__name__ for m in play.commands].count("Sweep") == 3


def test_a_question_that_only_orders_decide_waits_for_their_list_and_asks_for_nothing_else_meanwhile() -> None:
    """Day seed 8200002: it read what did not help twice a second, for hours, and left the list no budget."""
    play = Play(views={1: view(1, "1", touched_ns=NOW - 60 * SECOND)}, withhold_orders=True)
    play.at_venue(row("1"))
    play.tell(PositionSilent(position_id=view(1).position_id, why=verbatim("its history is damaged")))
    for _ in range(60):
        play.tell(trade("1"))  # somebody trades on, and each time the symbol is read
        play.run(10)
    assert not play.records
    assert sum(isinstance(m, q.FetchPositions) for m in play.asked) < 200
    play.withhold_orders = False
    play.run(150)
    assert outcomes(play) == [("STATE_MISMATCH", "escalated")]


def test_leverage_changed_outside_is_believed_and_not_changed_back() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("1", leverage=20))
    play.run(20)
    assert outcomes(play) == [("LEVERAGE_MISMATCH", "resolved")]
    assert play.views[1].leverage == 20
    assert not [m for m in play.commands if isinstance(m, q.SetLeverage)]


def test_openings_are_held_from_the_first_look_until_it_is_proven_resolved() -> None:
    """In passing at first, and for as long as the discrepancy stands then."""
    play = Play(views=dict(ONE))
    play.at_venue(row("0.4"))
    while not play.held:
        assert not play.records
        play.run(0.1)
    suspected = play.held[BTC]
    assert (suspected.why, suspected.passing) == ("long 1 believed, long 0.4 reported", True)
    while not play.records:
        assert play.held[BTC] == suspected
        play.run(0.1)
    assert not play.held[BTC].passing
    play.run(5)
    assert (outcomes(play), play.held) == ([("SIZE_MISMATCH", "resolved")], {})


def test_a_suspicion_that_goes_away_holds_openings_no_longer() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("0.4"))
    while not play.held:
        play.run(0.1)
    play.at_venue(row("1"))
    play.run(10)
    assert (play.held, outcomes(play)) == ({}, [])


def test_a_demand_answers_with_what_it_came_to() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("0.4"))
    play.tell(Reconcile(**command("c1")))
    play.run(10)
    (answer,) = [m for m in play.answers if isinstance(m, ReconcileAnswer)]
    told = (answer.checked, answer.discrepancies, answer.attempted, answer.succeeded, answer.failed)
    assert told == (1, 1, 1, 1, "")
    play.tell(Reconcile(**command("c1")))
    assert [m for m in play.answers if isinstance(m, ReconcileAnswer)] == [answer, answer]


def test_a_demand_that_read_nothing_says_so() -> None:
    play = Play(views=dict(ONE))
    play.run(1)
    play.refuse_reads = True
    play.tell(Reconcile(**command("c1")))
    play.run(30)
    (answer,) = [m for m in play.answers if isinstance(m, ReconcileAnswer)]
    assert (answer.checked, answer.failed) == (0, "main: 504")


def test_a_storm_of_differences_is_no_storm_of_requests() -> None:
    symbols = [Symbol(f"S{n}USDT") for n in range(200)]
    play = Play()
    play.at_venue(*(row("1", symbol=symbol) for symbol in symbols))
    play.run(10)
    reads = [m for m in play.asked if isinstance(m, q.FetchPositions) and m.symbol is not None]
    assert 0 < len(reads) <= 30
    play.run(180)
    assert len(play.views) == 200
    assert {outcome for _, outcome in outcomes(play)} == {"resolved"}


def test_a_thousand_positions_that_agree_cost_one_request() -> None:
    symbols = [Symbol(f"S{n}USDT") for n in range(1000)]
    play = Play(views={n: view(n, "1", symbol=symbol) for n, symbol in enumerate(symbols, 1)})
    play.at_venue(*(row("1", symbol=symbol) for symbol in symbols))
    play.run(30)
    before = len(play.asked)
    play.run(60)
    assert len(play.asked) - before == 1


def test_the_ledger_is_what_its_events_give_and_survives_a_snapshot() -> None:
    play = Play(views=dict(ONE), policy=policy(attempts=1))
    for quantity in ("0.4", "2", "0.1"):
        play.at_venue(row(quantity))
        play.run(200)
    assert len(play.records) >= 3
    live = play.memory.ledger.snapshot()
    assert HISTORY.fold(play.events).snapshot() == live
    for cut in range(len(play.events)):
        half = HISTORY.fold(play.events[:cut]).snapshot()
        again = codec.decode_as(codec.encode(half), type(half))
        assert HISTORY.fold(play.events[cut:], Ledger(again)).snapshot() == live


def test_a_new_life_goes_on_with_what_was_open_and_holds_again() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("0.4"))
    play.deaf = True
    play.run(60)
    held = dict(play.held)
    assert held
    play.held.clear()
    play.memory.ledger = HISTORY.fold(play.events)
    play._perform(play.core.start())
    assert play.held == held
    assert [record.outcome for record in play.memory.ledger.discrepancies()] == [Outcome.ESCALATED]


def test_a_new_life_of_the_actor_alone_looks_again_at_what_is_open() -> None:
    """The venue was up before and says nothing of it."""
    play = Play(views=dict(ONE))
    play.at_venue(row("0.4"))
    play.deaf = True
    play.run(60)
    play._due.clear()  # timers end with the life that set them
    play._perform(play.core.start())
    play.at_venue(row("1"))
    play.run(3)
    assert outcomes(play) == [("SIZE_MISMATCH", "resolved")]


def test_the_list_is_newest_first_with_statistics() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("0.4"))
    play.run(20)
    play.at_venue(row("0.4", leverage=9))
    play.run(100)
    play.tell(ListDiscrepancies(**command("l1"), most=1))
    (answer,) = [m for m in play.answers if isinstance(m, DiscrepanciesAnswer)]
    assert [record.type.value for record in answer.discrepancies] == ["LEVERAGE_MISMATCH"]
    told = {str(each.name): each.value for each in answer.statistics}
    assert told["success rate"] == "100 %"
    assert told["SIZE_MISMATCH"] == "1"
    shown = play.memory.statistics(play.clock.monotonic_ns())  # in `albra status`
    [size] = [each for each in shown if each.section == "discrepancies ended" and "SIZE_MISMATCH" in each.name]
    assert (size.name, size.value) == ("SIZE_MISMATCH warning UPDATE_SYSTEM resolved", "1")


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_a_busy_position_is_never_called_wrong(side: Any) -> None:
    """Fills that the venue shows a moment before we hear of them, for an hour."""
    play = Play(views={1: view(1, "1", side)})
    play.at_venue(row("1", side))
    for n in range(1, 720):
        quantity = D(1) + D(n % 3)
        play.at_venue(row(quantity, side))
        play.run(0.3)
        shown = replace(play.views[1], quantity=quantity, version=5 + n, touched_ns=play.clock.time_ns())
        play.hold(shown)
        play.run(4.7)
    assert (play.records, booked(play)) == ([], [])


def test_a_failed_read_of_somebody_else_is_not_ours() -> None:
    play = Play()
    play.tell(FetchFailed(account=MAIN, request_id="resync/main/1/orders", cause=verbatim("504")))
    assert play.memory.account_states[MAIN].failed_reads == 0


def test_ids_of_commands_name_what_they_book() -> None:
    play = Play(views=dict(ONE))
    play.at_venue(row("0.4"))
    play.run(10)
    (sent,) = booked(play)
    assert sent.command_id == CommandId("reconcile-d1-1-1--0.6")


def test_a_leg_is_shared_from_when_an_entry_may_have_filled_that_nobody_has_told_of() -> None:
    """Found by seed 700069: the stream is mute, one fills, another comes and goes; the venue averages over both."""
    play = Play(views={})
    play.tell(view(1, "0", in_doubt=True))
    play.tell(view(2, "1", strategy="beta"))
    play.tell(view(2, "0", strategy="beta", version=6, state=PositionState.CLOSED))
    play.views[1] = view(1, "1", version=6)
    play.tell(play.views[1])
    play.at_venue(row("1", entry_price=D(103)))
    play.run(290)
    assert play.records == []


def test_positions_of_a_minute_ago_are_not_compared_with_trades_of_now() -> None:
    """Trades wait for the venue's budget, and a human closes everything meanwhile (day 50000199)."""
    play = Play(views={1: view(1, "1")})
    play.at_venue(row("1"))
    play.run(5)
    play.trades_take_s = 60
    play.at_venue(row("1.4"))
    play.trades.append(trade("0.4"))
    play.run(116)
    play.at_venue()
    play.trades.append(trade("-1.4"))
    play.run(200)
    assert not [m for m in play.commands if isinstance(m, AdoptPosition)]
    assert play.net() == 0
