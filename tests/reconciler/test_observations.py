"""Absence is not evidence, and neither is seeing something once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from actors.reconciler.observations import Observations, observe
from messages.reports import PositionRow, PositionView
from messages.types import Symbol
from tests.reconciler.world import BTC, NOW, SECOND, compared, open_order, own_id, row, view

GAP = 2 * SECOND


def seen(
    observations: Observations, at: int, views: Sequence[PositionView], rows: Sequence[PositionRow], **more: Any
) -> Observations:
    return observe(observations, compared(views, rows, **more), at * SECOND, GAP)


def counts(observations: Observations) -> list[int]:
    return [suspicion.count for suspicion in observations.suspicions.values()]


def test_the_same_finding_counts_once_more_when_it_was_read_later() -> None:
    observations = seen(Observations(), 0, [view()], [row("2")])
    observations = seen(observations, 2, [view()], [row("2")])
    assert counts(observations) == [2]
    assert next(iter(observations.suspicions.values())).first_seen_ns == 0


def test_observations_closer_than_the_gap_are_one() -> None:
    observations = seen(Observations(), 0, [view()], [row("2")])
    assert counts(seen(observations, 1, [view()], [row("2")])) == [1]


def test_another_difference_is_another_finding() -> None:
    observations = seen(Observations(), 0, [view()], [row("2")])
    assert counts(seen(observations, 2, [view()], [row("3")])) == [1]


def test_what_agrees_again_is_forgotten() -> None:
    observations = seen(Observations(), 0, [view()], [row("2")])
    assert counts(seen(observations, 2, [view()], [row("1")])) == []


def test_a_skipped_leg_neither_proves_nor_refutes() -> None:
    observations = seen(Observations(), 0, [view()], [row("2")])
    observations = seen(observations, 2, [view(touched_ns=NOW)], [row("2")])
    assert (counts(observations), observations.skips) == ([1], {(BTC, None): (1, 2 * SECOND)})


def test_a_read_of_another_symbol_refutes_nothing() -> None:
    observations = seen(Observations(), 0, [view()], [row("2")])
    assert counts(seen(observations, 2, [], [], scope=Symbol("ETHUSDT"))) == [1]


def test_orders_are_refuted_only_by_a_list_of_orders() -> None:
    observations = seen(Observations(), 0, [], [], orders=[open_order(own_id(9))])
    assert counts(seen(observations, 2, [], [])) == [1]
    assert counts(seen(observations, 2, [], [], orders=[])) == []


def test_a_leg_skipped_three_times_in_a_row_is_too_busy_and_one_comparison_ends_that() -> None:
    observations = Observations()
    for at in (0, 10, 11, 12):
        observations = seen(observations, at, [view(touched_ns=NOW)], [row("1")])
    assert observations.too_busy() == ()
    observations = seen(observations, 20, [view(touched_ns=NOW)], [row("1")])
    assert observations.too_busy() == ((BTC, None),)
    assert seen(observations, 30, [], []).too_busy() == ()
    assert seen(observations, 30, [view()], [row("1")]).too_busy() == ()


def _many(number: int) -> list[PositionView]:
    return [view(n, symbol=Symbol(f"S{n}USDT")) for n in range(1, number + 1)]


def _rows(views: Sequence[PositionView]) -> list[PositionRow]:
    return [row("1", symbol=v.symbol) for v in views]


def tripped(views: Sequence[PositionView], rows: Sequence[PositionRow]) -> bool:
    return any(suspicion.mass for suspicion in seen(Observations(), 0, views, rows).suspicions.values())


def test_many_vanishing_at_once_trip_the_breaker_and_few_do_not() -> None:
    views = _many(10)
    assert tripped(views, [])
    assert tripped(views, _rows(views[:4]))
    assert not tripped(views, _rows(views[:5]))
    assert tripped(views[:2], [])
    assert not tripped(views[:1], [])
    assert not tripped(views[:2], _rows(views[:1]))


def test_a_vanished_one_of_many_is_one_of_many_by_itself_and_with_less_of_it_believed() -> None:
    """Seed 89, I2: a part of it was closed meanwhile, its next readings were of its symbol alone, and it was booked."""
    views = _many(3)
    observations = seen(Observations(), 0, views, [])
    less = replace(views[0], quantity=views[0].quantity / 2)
    observations = seen(observations, 2, [less], [], scope=less.symbol)
    late = view(9, symbol="LATEUSDT")
    observations = seen(observations, 4, [late], [], scope=late.symbol)
    assert [suspicion.mass for suspicion in observations.suspicions.values()] == [True] * 4


def test_one_of_many_that_vanishes_is_not_one_of_many_that_vanish() -> None:
    views = _many(10)
    observations = seen(Observations(), 0, views, _rows(views))
    for gone in views[:5]:
        observations = seen(observations, 2, [gone], [], scope=gone.symbol)
    assert not any(suspicion.mass for suspicion in observations.suspicions.values())


def test_what_vanished_with_many_others_stays_marked_until_it_is_there_again() -> None:
    views = _many(4)
    observations = seen(Observations(), 0, views, [])
    observations = seen(observations, 2, views, _rows(views[:3]))
    assert [suspicion.mass for suspicion in observations.suspicions.values()] == [True]
