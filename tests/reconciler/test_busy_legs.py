"""A leg that is too busy to be compared holds openings for as long as it is, and no longer."""

from actors.reconciler.comparison_input import Comparison, Leg
from actors.reconciler.observations import SKIP_GAP_NS, SKIPS_MOST, Observations, observe
from messages.types import Symbol

XRP: Leg = (Symbol("XRPUSDT"), None)
ETH: Leg = (Symbol("ETHUSDT"), None)


def comparison(*, judged: tuple[Leg, ...] = (), skipped: tuple[Leg, ...] = (), scope: Leg | None = None) -> Comparison:
    return Comparison(
        findings=(),
        judged=frozenset(judged),
        skipped=frozenset(skipped),
        held=len(judged),
        orders_read=False,
        scope=scope[0] if scope else None,
    )


def after(*comparisons: Comparison) -> Observations:
    observations = Observations()
    for number, each in enumerate(comparisons, 1):
        observations = observe(observations, each, number * SKIP_GAP_NS, 0)
    return observations


def test_a_leg_skipped_often_enough_is_too_busy_until_it_is_judged() -> None:
    busy = [comparison(skipped=(XRP, ETH))] * SKIPS_MOST
    assert set(after(*busy).too_busy()) == {XRP, ETH}
    assert after(*busy, comparison(judged=(XRP,), skipped=(ETH,))).too_busy() == (ETH,)


def test_a_leg_whose_positions_have_closed_is_busy_no_more() -> None:
    busy = [comparison(skipped=(XRP, ETH))] * SKIPS_MOST
    assert after(*busy, comparison()).too_busy() == ()
    assert after(*busy, comparison(scope=XRP)).too_busy() == (ETH,)
