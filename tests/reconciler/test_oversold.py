"""A strategy that sold more than it held took it from its neighbor, though the venue's net adds up."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.reconciler.comparison_input import Finding
from actors.reconciler.policy import Policy
from actors.reconciler.resolve import repair
from messages.commands import AcknowledgeDiscrepancy, AdjustPosition, AdoptPosition, PausePosition
from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import Outcome
from messages.reports import OrderRejected, PositionView
from messages.statement import verbatim
from messages.types import (
    MANUAL,
    Attribution,
    OrderPurpose,
    PositionMode,
    PositionSide,
    PositionState,
    RejectReason,
    Severity,
)
from tests.reconciler.test_resolve import applied, case
from tests.reconciler.world import (
    BTC,
    LONG,
    MAIN,
    NOW,
    SECOND,
    SHORT,
    D,
    Play,
    command,
    compared,
    order_view,
    outcomes,
    own_id,
    row,
    types,
)
from tests.reconciler.world import view as shown

FILL = "97"


def view(ordinal: int, quantity: str | Decimal, side: PositionSide = LONG, **changes: Any) -> PositionView:
    """Of a strategy of its own; one that sold too much is in doubt, and its last fill is its entry price."""
    if D(quantity) >= 0:
        return shown(ordinal, quantity, side, **{"strategy": f"s{ordinal}", **changes})
    doubt = {"state": PositionState.RECONCILING, "in_doubt": True, "entry_price": D(FILL)}
    return shown(ordinal, quantity, side, **{"strategy": f"s{ordinal}", **doubt, **changes})


A, B = view(1, "-1"), view(2, "1")


def policy(attribution: Attribution) -> Policy:
    return Policy(attribution=attribution)


def only(found: tuple[Finding, ...]) -> Finding:
    (finding,) = found
    return finding


def test_a_leg_that_adds_up_by_what_one_sold_too_much_is_one_critical_finding() -> None:
    finding = only(compared((A, B), []).findings)
    assert (finding.type, finding.severity) == (DiscrepancyType.OVERSOLD, Severity.CRITICAL)
    assert (finding.believed, finding.reported) == ("s1 short 1, s2 long 1", "flat")
    assert finding.notional == 97, "what was sold too much, in money"


def test_one_that_is_still_being_read_is_not_judged() -> None:
    assert types(compared((replace(A, unread=True), B), [])) == ["STATE_MISMATCH"], "it has been unread for an hour"
    doubted = replace(A, orders=(order_view(1, OrderPurpose.STOP, phase="doubted"),), touched_ns=NOW - SECOND)
    assert types(compared((doubted, B), [])) == []


def test_by_policy_the_neighbor_bears_it_at_the_fills_price_and_the_position_is_back_at_nothing() -> None:
    play = Play(views={1: A, 2: view(2, "3")}, policy=policy(Attribution.NEWEST_FIRST))
    play.at_venue(row("2"))
    play.run(20)
    booked = [(m.position_id, m.quantity_delta, m.price) for m in play.commands if isinstance(m, AdjustPosition)]
    assert booked == [(play.views[2].position_id, D(-1), D(FILL)), (A.position_id, D(1), D(FILL))]
    assert all("sold more than it held" in m.why for m in play.commands if isinstance(m, AdjustPosition))
    assert play.net() == 2
    assert outcomes(play) == [("OVERSOLD", "resolved")]
    assert play.held == {}


def test_nobody_is_charged_unasked_and_the_answer_is_a_transfer() -> None:
    play = Play(views={1: A, 2: B})
    play.run(60)
    (record,) = play.records
    assert (record.outcome, BTC in play.held) == (Outcome.ESCALATED, True)
    assert "--apply" in record.why
    assert not [m for m in play.commands if isinstance(m, AdjustPosition)]
    assert [m.position_id for m in play.commands if isinstance(m, PausePosition)] == [B.position_id]
    play.tell(AcknowledgeDiscrepancy(**command("x"), discrepancy_id=record.discrepancy_id, apply=Attribution.PRO_RATA))
    play.run(20)
    assert play.records[0].outcome is Outcome.RESOLVED
    assert (play.views, play.held) == ({}, {})


def test_a_neighbor_that_is_leaving_bears_it_unasked_so_that_its_close_ends() -> None:
    play = Play(views={1: A, 2: view(2, "1", state=PositionState.CLOSING, goal_quantity=D(0))})
    play.run(20)
    assert outcomes(play) == [("OVERSOLD", "resolved")]
    assert play.views == {}


def test_a_close_that_comes_after_a_human_was_asked_answers_the_question() -> None:
    play = Play(views={1: A, 2: B})
    play.run(60)
    assert outcomes(play) == [("OVERSOLD", "escalated")]
    closing = replace(play.views[2], state=PositionState.CLOSING, goal_quantity=D(0), version=99)
    play.hold(replace(closing, touched_ns=play.clock.time_ns()))
    play.run(0.1)
    rejected = OrderRejected(
        account=MAIN,
        symbol=BTC,
        client_order_id=own_id(2, 4),
        reason=RejectReason.REDUCE_ONLY,
        code="-2022",
        text=verbatim("ReduceOnly Order is rejected."),
    )
    play.tell(rejected)  # the venue has nothing to reduce
    play.run(10)
    assert outcomes(play) == [("OVERSOLD", "resolved")]
    assert play.views == {}


def test_what_a_manual_position_can_bear_it_bears_first() -> None:
    play = Play(views={1: A, 2: view(2, "1"), 3: view(3, "1", strategy=MANUAL)})
    play.at_venue(row("1"))
    play.run(20)
    assert play.records[0].outcome is Outcome.RESOLVED
    assert {v.strategy: v.quantity for v in play.views.values()} == {"s2": D(1)}


def test_alone_on_its_leg_it_is_simply_back_at_nothing() -> None:
    play = Play(views={1: A})
    play.run(20)
    assert outcomes(play) == [("OVERSOLD", "resolved")]
    assert play.views == {}


def test_half_a_transfer_is_completed_and_not_begun_again() -> None:
    """A kill after the first of its two bookings."""
    play = Play(views={1: A, 2: view(2, "3")}, policy=policy(Attribution.PRO_RATA))
    play.at_venue(row("2"))
    original = play._carry_out

    def first_only(message: Any) -> None:
        if not isinstance(message, AdjustPosition) or message.quantity_delta < 0:
            original(message)

    play._carry_out = first_only  # type: ignore[method-assign]
    while not [m for m in play.commands if isinstance(m, AdjustPosition)]:
        play.run(0.1)
    play._carry_out = original  # type: ignore[method-assign]
    play.restart()
    play.run(30)
    assert {v.strategy: v.quantity for v in play.views.values()} == {"s2": D(2)}
    assert [x.outcome for x in play.records] == [Outcome.RESOLVED]


QUANTITIES = st.integers(1, 50).map(lambda n: D(n) / 10)


@given(
    excess=st.lists(QUANTITIES, min_size=1, max_size=2),
    rest=st.lists(QUANTITIES, max_size=4),
    moved=st.integers(-30, 30).map(lambda n: D(n) / 10),
    side=st.sampled_from([LONG, SHORT]),
    attribution=st.sampled_from([Attribution.PRO_RATA, Attribution.NEWEST_FIRST]),
    hedge=st.booleans(),
)
def test_whatever_was_sold_too_much_the_net_is_the_venues_afterwards_and_nobody_is_below_nothing(  # noqa: PLR0917
    excess: list[Decimal],
    rest: list[Decimal],
    moved: Decimal,
    side: PositionSide,
    attribution: Attribution,
    hedge: bool,  # noqa: FBT001
) -> None:
    quantities = [*(-quantity for quantity in excess), *rest]
    views = tuple(view(number, quantity, side) for number, quantity in enumerate(quantities, 1))
    there = (sum(quantities, D(0)) + moved) * side.sign
    if hedge:
        there = max(there * side.sign, D(0)) * side.sign
    rows = [row(abs(there), LONG if there > 0 else SHORT)] if there else []
    mode = PositionMode.HEDGE if hedge else PositionMode.ONE_WAY
    finding = only(compared(views, rows, mode=mode).findings)
    assert finding.type is DiscrepancyType.OVERSOLD
    done = repair(case(finding, views, attribution=attribution))
    commands = [effect.message for effect in done.effects]
    after = applied(views, commands)
    assert sum((v.quantity * v.side.sign for v in after), D(0)) == there
    assert set(types(compared(after, rows, mode=mode))) <= {"PRICE_MISMATCH", "LEVERAGE_MISMATCH"}
    assert all(m.price > 0 for m in commands if isinstance(m, AdjustPosition))
    assert all(m.strategy == MANUAL for m in commands if isinstance(m, AdoptPosition))
