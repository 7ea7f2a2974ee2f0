"""A close that the venue refuses for its time, again and again: nothing else would tell that nothing can be closed."""

import pytest

from actors.gateway.actions import SECOND
from messages import requests as q
from messages.types import Severity
from tests.gateway import stage
from tests.gateway.stage import Stage


def told(play: Stage) -> list[q.Notify]:
    """Of this; reads that nobody answers on the stage are another matter."""
    return [notice for notice in play.notices if notice.notice_id.startswith("untimely/")]


def refuse(play: Stage, times: int, *orders: q.SubmitOrder) -> None:
    """Each of these orders in turn, so often."""
    for _ in range(times):
        for order in orders:
            play.tell(stage.untimely(order.client_order_id))
        play.advance(6 * SECOND)


@pytest.mark.parametrize(
    "submit", [stage.reducing(), stage.emergency(), stage.protection()], ids=lambda m: type(m).__name__
)
def test_the_third_refusal_in_a_row_of_what_reduces_is_told_once_and_so_is_its_end(submit: q.SubmitOrder) -> None:
    play = Stage()
    play.tell(submit)
    refuse(play, 2, submit)
    assert not told(play)
    refuse(play, 10, submit)
    (notice,) = told(play)
    assert notice.severity is Severity.CRITICAL
    assert "BTCUSDT" in notice.text
    assert "-1021" in notice.text
    play.tell(stage.accepted())
    assert [each.severity for each in told(play)] == [Severity.CRITICAL, Severity.WARNING]
    assert told(play)[1].text == "main: the venue takes the time of our requests again after 72 s."


def test_many_orders_that_are_refused_once_are_no_row() -> None:
    play = Stage()
    orders = [stage.reducing(stage.order_id(1, ordinal)) for ordinal in range(1, 6)]
    play.tell(*orders)
    refuse(play, 2, *orders)
    play.tell(*(stage.accepted(order.client_order_id) for order in orders))
    assert not told(play)


def test_another_answer_in_between_ends_the_row() -> None:
    play = Stage()
    play.tell(stage.reducing())
    refuse(play, 2, stage.reducing())
    play.tell(stage.not_executed())
    play.advance(6 * SECOND)
    refuse(play, 2, stage.reducing())
    assert not told(play)


def test_an_opening_refused_for_its_time_closes_nobody_in() -> None:
    play = Stage()
    play.tell(stage.opening())
    refuse(play, 6, stage.opening())
    assert not told(play)


def test_it_is_not_over_while_one_order_is_refused_though_reads_are_answered() -> None:
    play = Stage(sweep_ns=10 * SECOND)
    play.tell(stage.reducing(), stage.reducing(stage.order_id(2)))
    refuse(play, 3, stage.reducing(), stage.reducing(stage.order_id(2)))
    play.tell(stage.accepted())
    play.advance(12 * SECOND)
    play.settle_resync()
    assert [each.severity for each in told(play)] == [Severity.CRITICAL]
    play.tell(stage.accepted(stage.order_id(2)))
    assert len(told(play)) == 2


def test_an_order_given_up_is_no_end_of_it_and_the_next_one_is_not_told_again() -> None:
    play = Stage()
    play.tell(stage.reducing())
    refuse(play, 40, stage.reducing())
    assert play.rejections()
    play.tell(stage.reducing(stage.order_id(2)))
    refuse(play, 5, stage.reducing(stage.order_id(2)))
    assert len(told(play)) == 1


def test_a_new_life_of_the_gateway_does_not_tell_it_again() -> None:
    play = Stage()
    play.tell(stage.reducing())
    refuse(play, 4, stage.reducing())
    play.start()
    play.tell(stage.untimely())
    refuse(play, 4, stage.reducing())
    assert len(told(play)) == 1
