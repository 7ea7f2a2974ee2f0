"""A question that nobody answered, whose answer came about by itself: nothing is left to choose between."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from messages.commands import AdjustPosition, ResumePosition
from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import Outcome
from messages.reports import OrderRejected
from messages.statement import verbatim
from messages.types import OrderPurpose, PositionState, RejectReason, Symbol
from tests.reconciler.world import BTC, MAIN, D, Play, order_view, outcomes, own_id, row, trade, view

SALE = D("-0.004")


def asked(*, told: bool = True) -> Play:
    """Strategies of 0.01 and 0.006 on one leg; a human sells 0.004 of it, and nobody says from whose.

    `told`: the venue's trades show what was sold.
    """
    play = Play(views={1: view(1, "0.01", strategy="trend"), 2: view(2, "0.006", strategy="mean")})
    play.at_venue(row("0.016"))
    play.run(5)
    play.at_venue(row("0.012"))
    if told:
        play.trades.append(trade(SALE, "99", ts_event=play.clock.time_ns()))
        play.tell(play.trades[0])
    else:
        play.run(60)
    play.run(20)
    assert outcomes(play) == [("SIZE_MISMATCH", "escalated")]
    return play


def held(play: Play, ordinal: int, quantity: str, **changes: Any) -> None:
    """A position says how it is by now; one that holds nothing more is closed."""
    shown = play.views[ordinal]
    over: dict[str, Any] = {"state": PositionState.CLOSED} if not D(quantity) else {}
    after = replace(
        shown,
        quantity=D(quantity),
        version=shown.version + 1,
        touched_ns=play.clock.time_ns(),
        **{**over, **changes},
    )
    play.hold(after)
    if after.state.terminal:
        del play.views[ordinal]


def closing(play: Play, ordinal: int, quantity: str, **changes: Any) -> None:
    held(play, ordinal, quantity, **{"state": PositionState.CLOSING, "goal_quantity": D(0), **changes})


def refused(play: Play, ordinal: int, number: int) -> None:
    """The venue has nothing that this reduction could reduce."""
    play.tell(
        OrderRejected(
            account=MAIN,
            symbol=BTC,
            client_order_id=own_id(ordinal, number),
            reason=RejectReason.REDUCE_ONLY,
            code="-2022",
            text=verbatim("ReduceOnly Order is rejected."),
        )
    )


def booked(play: Play) -> list[tuple[str, Decimal]]:
    return [(m.position_id, m.quantity_delta) for m in play.commands if isinstance(m, AdjustPosition)]


def test_what_is_left_of_a_close_when_the_venue_is_flat_is_booked_within_seconds() -> None:
    """Both were closed, the one for what the venue still had of it: every further order of it is refused."""
    play = asked()
    held(play, 1, "0")
    closing(play, 2, "0.004")
    play.at_venue()
    name = play.views[2].position_id
    refused(play, 2, 4)
    play.run(3)
    assert booked(play) == [(name, SALE)]
    (order,) = [m for m in play.commands if isinstance(m, AdjustPosition)]
    assert order.price == D(99), "at the price of the sale"
    assert (order.causation_id, "d1" in order.evidence) == ("d1", True), "with the record that says why"
    assert (outcomes(play), play.views, play.held) == ([("SIZE_MISMATCH", "resolved")], {}, {})


def test_it_is_booked_though_its_next_order_is_on_its_way_at_the_first_look() -> None:
    play = asked()
    held(play, 1, "0")
    play.at_venue()
    for number, pause in ((4, 0.49), (5, 0.99), (6, 1.99)):
        market = order_view(2, OrderPurpose.REDUCE, "0.004", number=number, phase="sent", price=None)
        closing(play, 2, "0.004", orders=(market,))
        play.run(0.02)
        closing(play, 2, "0.004", orders=())
        refused(play, 2, number)
        play.run(pause)
        if 2 not in play.views:
            break
    play.run(1.5)
    assert outcomes(play) == [("SIZE_MISMATCH", "resolved")]
    assert play.views == {}


def test_it_is_booked_after_a_restart_too() -> None:
    play = asked()
    held(play, 1, "0")
    closing(play, 2, "0.004")
    play.at_venue()
    play.restart()
    refused(play, 2, 4)
    play.run(30)
    assert outcomes(play) == [("SIZE_MISMATCH", "resolved")]
    assert play.views == {}


def test_without_a_trade_that_tells_of_it_it_is_seen_as_often_as_absence_needs() -> None:
    play = asked(told=False)
    held(play, 1, "0")
    closing(play, 2, "0.004")
    play.at_venue()
    refused(play, 2, 4)
    play.run(15)
    assert booked(play) == []
    play.run(15)
    assert outcomes(play) == [("SIZE_MISMATCH", "resolved")]
    assert play.views == {}


def test_where_both_are_left_with_something_and_the_venue_with_nothing_both_are_flat() -> None:
    play = asked()
    closing(play, 1, "0.003")
    closing(play, 2, "0.001")
    play.at_venue()
    refused(play, 1, 4)
    play.run(3)
    assert sorted(delta for _, delta in booked(play)) == [D("-0.003"), D("-0.001")]
    assert (outcomes(play), play.views) == ([("SIZE_MISMATCH", "resolved")], {})


def test_whoever_is_left_alone_bears_it_at_once_and_goes_on() -> None:
    """No order was refused: that the other one has left is reason enough to look."""
    play = asked()
    play.at_venue(row("0.002"))
    held(play, 1, "0")
    name = play.views[2].position_id
    play.run(3)
    assert booked(play) == [(name, SALE)]
    assert play.views[2].quantity == D("0.002")
    assert name in [m.position_id for m in play.commands if isinstance(m, ResumePosition)]
    assert (outcomes(play), play.held) == ([("SIZE_MISMATCH", "resolved")], {})


def test_while_two_are_left_and_the_venue_has_something_it_is_asked_still() -> None:
    play = asked()
    held(play, 1, "0.006")
    play.at_venue(row("0.008"))
    play.run(700)
    assert (outcomes(play), booked(play)) == ([("SIZE_MISMATCH", "escalated")], [])
    assert BTC in play.held


def test_what_vanished_in_a_crowd_is_not_booked_because_part_of_the_crowd_is_back() -> None:
    """The breaker asks for want of evidence, and none has come: a list that is half right is no trade."""
    symbols = [Symbol(f"S{n}USDT") for n in range(1, 4)]
    play = Play(views={n: view(n, "1", symbol=symbol) for n, symbol in enumerate(symbols, 1)})
    play.run(60)
    assert {outcome for _, outcome in outcomes(play)} == {"escalated"}
    play.restart()
    for symbol in symbols[1:]:
        play.rows[symbol, None] = row("1", symbol=symbol)
    play.run(1_500)
    assert [record.outcome for record in play.records].count(Outcome.ESCALATED) == 1
    assert {record.type for record in play.records} == {DiscrepancyType.POSITION_NOT_IN_EXCHANGE}
    assert booked(play) == []
