"""Whose is it: the invariants of `attribution`, each a test of the same name."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.reconciler.attribution import Plan, attribute
from messages.reports import PositionView
from messages.types import MANUAL, Attribution, PositionSide
from tests.reconciler.world import LONG, SHORT, D, view

STEP = D("0.001")
QUANTITIES = st.integers(0, 5_000).map(lambda n: n * STEP)


@st.composite
def legs(draw: st.DrawFn) -> list[PositionView]:
    """One leg: several strategies on one side, perhaps a manual position among them."""
    side = draw(st.sampled_from([LONG, SHORT]))
    quantities = draw(st.lists(QUANTITIES, max_size=5))
    manual = draw(st.sampled_from([None, *range(len(quantities))]))
    return [
        view(n, quantity, side, strategy=MANUAL if n == manual else f"s{n}") for n, quantity in enumerate(quantities)
    ]


def shared_out(plan: Plan) -> Decimal:
    return sum((share.signed for share in plan.shares), D(0)) + plan.adopt + plan.unattributed


@given(legs(), st.integers(-20_000, 20_000).filter(bool), st.sampled_from(Attribution))
def test_what_is_shared_out_adopted_and_unattributed_add_up_to_the_difference(
    views: list[PositionView], steps: int, policy: Attribution
) -> None:
    difference = steps * STEP
    plan = attribute(views, difference, STEP, policy)
    assert shared_out(plan) == difference
    assert bool(plan.unattributed) == bool(plan.why)


@given(legs(), st.integers(-20_000, 20_000).filter(bool), st.sampled_from(Attribution))
def test_an_increase_is_never_an_automatic_strategys(
    views: list[PositionView], steps: int, policy: Attribution
) -> None:
    plan = attribute(views, steps * STEP, STEP, policy)
    strategies = {v.ordinal: v.strategy for v in views}
    assert all(strategies[share.ordinal] == MANUAL for share in plan.shares if share.delta > 0)


@given(legs(), st.integers(-20_000, 20_000).filter(bool), st.sampled_from(Attribution))
def test_no_position_is_made_smaller_than_nothing(views: list[PositionView], steps: int, policy: Attribution) -> None:
    for share in attribute(views, steps * STEP, STEP, policy).shares:
        assert share.before + share.delta >= 0
        assert share.delta


@given(legs(), st.sampled_from(Attribution))
def test_where_all_of_a_side_is_gone_every_position_is_flat(views: list[PositionView], policy: Attribution) -> None:
    total = sum((v.quantity * v.side.sign for v in views), D(0))
    if not total:
        return
    plan = attribute(views, -total, STEP, policy)
    assert {share.ordinal: -share.delta for share in plan.shares} == {
        v.ordinal: v.quantity for v in views if v.quantity
    }


@given(legs(), st.integers(1, 4_999))
def test_a_reduction_is_the_manual_positions_first(views: list[PositionView], steps: int) -> None:
    manual = [v for v in views if v.strategy == MANUAL and v.quantity]
    amount = min(steps * STEP, manual[0].quantity if manual else D(0))
    if not amount:
        return
    plan = attribute(views, -amount * views[0].side.sign, STEP, Attribution.ASK)
    if amount < sum((v.quantity for v in views), D(0)):
        assert [(share.ordinal, share.delta) for share in plan.shares] == [(manual[0].ordinal, -amount)]


def deltas(views: Sequence[PositionView], difference: str, policy: Attribution) -> dict[int, Decimal]:
    return {share.ordinal: share.delta for share in attribute(views, D(difference), STEP, policy).shares}


TWO = [view(1, "1", strategy="a"), view(2, "1", strategy="b")]


def test_two_strategies_of_one_and_one_against_one_and_a_half() -> None:
    """The system before made 2.5 of it and never converged."""
    asked = attribute(TWO, D("-0.5"), STEP, Attribution.ASK)
    assert (asked.shares, asked.unattributed) == ((), D("-0.5"))
    assert "a 1" in asked.why
    assert "b 1" in asked.why
    assert deltas(TWO, "-0.5", Attribution.PRO_RATA) == {1: D("-0.25"), 2: D("-0.25")}
    assert deltas(TWO, "-0.5", Attribution.NEWEST_FIRST) == {2: D("-0.5")}
    assert deltas(TWO, "-1.5", Attribution.NEWEST_FIRST) == {2: D("-1"), 1: D("-0.5")}


def test_pro_rata_is_in_whole_steps() -> None:
    three = [view(n, "1", strategy=f"s{n}") for n in (1, 2, 3)]
    parts = deltas(three, "-0.1", Attribution.PRO_RATA)
    assert sorted(parts.values()) == [D("-0.034"), D("-0.033"), D("-0.033")]


def test_one_automatic_strategy_alone_leaves_nothing_to_ask() -> None:
    assert deltas([view(1, "1", strategy="a")], "-0.4", Attribution.ASK) == {1: D("-0.4")}


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_a_flip_flattens_one_side_and_adopts_the_other(side: PositionSide) -> None:
    plan = attribute([view(1, "1", side, strategy="a")], D(-3 * side.sign), STEP, Attribution.ASK)
    assert [(share.ordinal, share.delta) for share in plan.shares] == [(1, D(-1))]
    assert plan.adopt == -2 * side.sign
