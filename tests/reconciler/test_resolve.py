"""Every type under every policy is decided, and what is done about a difference leaves none."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.reconciler.comparison_input import Finding, Leg
from actors.reconciler.policy import QUANTITY
from actors.reconciler.resolve import REPAIRS, Case, by_hand, repair
from actors.reconciler.trade_matching import explain, trade_key
from messages.commands import AdjustPosition, AdoptPosition
from messages.discrepancy_type import Action, DiscrepancyType
from messages.ids import Names
from messages.reconciliation import Discrepancy
from messages.reports import PositionRow, PositionView, Sweep
from messages.requests import CancelOrder, SetLeverage
from messages.statement import NOTHING, word
from messages.types import MANUAL, Attribution, FillCause, MarginMode, OrderPurpose, PositionMode, Severity
from tests.reconciler.world import (
    BTC,
    JOURNAL_ID,
    LONG,
    MAIN,
    SHORT,
    D,
    book,
    compared,
    open_order,
    order_view,
    own_id,
    row,
    trade,
    types,
    view,
)

A, T = Action, DiscrepancyType


def case(finding: Finding, views: tuple[PositionView, ...], action: Action = A.UPDATE_SYSTEM, **changes: Any) -> Case:
    record = Discrepancy(
        discrepancy_id="d1",
        type=finding.type,
        severity=finding.severity,
        account=MAIN,
        symbol=finding.symbol,
        side=finding.side,
        target=finding.target,
        believed=finding.believed,
        reported=finding.reported,
        difference=finding.difference,
        notional=finding.notional,
        share=finding.share,
        mark_price=finding.mark_price,
        positions=finding.positions,
        evidence=NOTHING,
        observations=2,
        first_seen_ns=0,
        diverged_ns=0,
        detected_ns=0,
        action=action,
    )
    known: dict[str, Any] = {"step": D("0.001"), "attribution": Attribution.PRO_RATA, "orders": book()}
    return Case(record=record, finding=finding, views=views, **{**known, **changes})


STOP = order_view(1, OrderPurpose.STOP)
SITUATIONS: dict[DiscrepancyType, tuple[tuple[PositionView, ...], list[PositionRow], dict[str, Any]]] = {
    T.POSITION_NOT_IN_SYSTEM: ((), [row("1")], {}),
    T.POSITION_NOT_IN_EXCHANGE: ((view(),), [], {}),
    T.SIZE_MISMATCH: ((view(),), [row("3")], {}),
    T.SIDE_MISMATCH: ((view(),), [row("1", SHORT)], {}),
    T.PRICE_MISMATCH: ((view(),), [row("1", entry_price=D(120))], {}),
    T.LEVERAGE_MISMATCH: ((view(),), [row("1", leverage=20)], {}),
    T.STATE_MISMATCH: ((view(in_doubt=True, touched_ns=0),), [row("1")], {}),
    T.OVERSOLD: ((view(1, "-1", strategy="a"), view(2, "1", strategy="b")), [], {}),
    T.ORPHAN_ORDER: ((), [], {"orders": [open_order(own_id(9), conditional=True)], "ended": {9}}),
    T.PROTECTION_MISSING: ((view(stop_loss=D(90), orders=(STOP,)),), [row("1")], {"orders": []}),
    T.PROTECTION_MISMATCH: (
        (view(stop_loss=D(90), orders=(STOP,)),),
        [row("1")],
        {"orders": [open_order(own_id(1), "2")]},
    ),
    T.MARGIN_MODE_MISMATCH: ((view(),), [row("1", isolated=True)], {"settings": {}}),
    T.POSITION_MODE_MISMATCH: ((), [row("1"), row("1", SHORT)], {}),
}
_ADJUST, _ADOPT, _SWEEP, _CANCEL, _SET = AdjustPosition, AdoptPosition, Sweep, CancelOrder, SetLeverage
ASK: tuple[type, ...] = ()
"""Nothing automatic: a human decides."""
AGAIN: tuple[None, ...] = (None,)
"""Nothing is sent; it is read again."""
# What leaves, by type and action. MANUAL_INTERVENTION asks for all of them.
EXPECTED: dict[DiscrepancyType, dict[Action, tuple[Any, ...]]] = {
    T.POSITION_NOT_IN_SYSTEM: {
        A.UPDATE_SYSTEM: (_ADOPT,), A.CREATE_POSITION: (_ADOPT,), A.UPDATE_EXCHANGE: (_ADOPT,),
        A.CLOSE_POSITION: (_ADOPT,), A.RETRY: AGAIN,
    },
    T.POSITION_NOT_IN_EXCHANGE: {
        A.UPDATE_SYSTEM: (_ADJUST,), A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: ASK, A.CLOSE_POSITION: ASK,
        A.RETRY: AGAIN,
    },
    T.SIZE_MISMATCH: {
        A.UPDATE_SYSTEM: (_ADOPT,), A.CREATE_POSITION: (_ADOPT,), A.UPDATE_EXCHANGE: (_ADOPT,),
        A.CLOSE_POSITION: (_ADOPT,), A.RETRY: AGAIN,
    },
    T.SIDE_MISMATCH: {
        A.UPDATE_SYSTEM: (_ADJUST, _ADOPT), A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: ASK, A.CLOSE_POSITION: ASK,
        A.RETRY: AGAIN,
    },
    T.PRICE_MISMATCH: {
        A.UPDATE_SYSTEM: (_ADJUST,), A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: ASK, A.CLOSE_POSITION: ASK,
        A.RETRY: AGAIN,
    },
    T.LEVERAGE_MISMATCH: {
        A.UPDATE_SYSTEM: (_ADJUST,), A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: (_SET,), A.CLOSE_POSITION: ASK,
        A.RETRY: AGAIN,
    },
    T.STATE_MISMATCH: {
        A.UPDATE_SYSTEM: (_SWEEP,), A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: (_SWEEP,), A.CLOSE_POSITION: ASK,
        A.RETRY: (_SWEEP,),
    },
    T.OVERSOLD: {
        A.UPDATE_SYSTEM: (_ADJUST, _ADJUST), A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: ASK, A.CLOSE_POSITION: ASK,
        A.RETRY: AGAIN,
    },
    T.ORPHAN_ORDER: {
        A.UPDATE_SYSTEM: ASK, A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: (_CANCEL,), A.CLOSE_POSITION: (_CANCEL,),
        A.RETRY: ASK,
    },
    T.PROTECTION_MISSING: {
        A.UPDATE_SYSTEM: (_SWEEP,), A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: (_SWEEP,), A.CLOSE_POSITION: ASK,
        A.RETRY: (_SWEEP,),
    },
    T.PROTECTION_MISMATCH: {
        A.UPDATE_SYSTEM: ASK, A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: (_CANCEL,), A.CLOSE_POSITION: (_CANCEL,),
        A.RETRY: ASK,
    },
    T.MARGIN_MODE_MISMATCH: {
        A.UPDATE_SYSTEM: AGAIN, A.CREATE_POSITION: ASK, A.UPDATE_EXCHANGE: ASK, A.CLOSE_POSITION: ASK, A.RETRY: AGAIN,
    },
    T.POSITION_MODE_MISMATCH: dict.fromkeys(
        (A.UPDATE_SYSTEM, A.CREATE_POSITION, A.UPDATE_EXCHANGE, A.CLOSE_POSITION, A.RETRY), ASK
    ),
}  # fmt: skip


def situation(kind: DiscrepancyType) -> tuple[Finding, tuple[PositionView, ...]]:
    views, rows, more = SITUATIONS[kind]
    if kind is T.MARGIN_MODE_MISMATCH:
        return (
            Finding(
                type=kind, symbol=views[0].symbol, side=None, severity=Severity.WARNING,
                believed=word(MarginMode.CROSS), reported=word(MarginMode.ISOLATED), isolated=True,
            ),
            views,
        )  # fmt: skip
    found = compared(views, rows, **more).findings
    return next(finding for finding in found if finding.type is kind), views


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("action", [a for a in Action if a is not A.IGNORE])
@pytest.mark.parametrize("kind", list(EXPECTED))
def test_every_type_with_a_repair_is_decided_under_every_policy(
    kind: DiscrepancyType, action: Action, severity: Severity
) -> None:
    finding, views = situation(kind)
    done = repair(case(replace(finding, severity=severity), views, action))
    expected = EXPECTED[kind].get(action, ASK)
    if expected == ASK:
        assert done.escalate
        assert not done.effects
        return
    assert not done.escalate
    assert done.what
    assert [type(effect.message) for effect in done.effects] == [kind for kind in expected if kind is not None]


@pytest.mark.parametrize("action", [a for a in Action if a is not A.IGNORE])
def test_a_type_without_a_repair_is_read_again_or_a_humans(action: Action) -> None:
    finding, views = situation(T.MARGIN_MODE_MISMATCH)
    done = by_hand(case(finding, views, action))
    assert bool(done.escalate) is (action is not A.RETRY)
    assert done.effects == ()


def test_each_repair_is_looked_at() -> None:
    assert set(EXPECTED) == QUANTITY | set(REPAIRS)


def applied(views: tuple[PositionView, ...], commands: list[Any]) -> list[PositionView]:
    """What positions become of them: the machine's own arithmetic is tested elsewhere."""
    found = {v.position_id: v for v in views}
    for message in commands:
        if isinstance(message, AdoptPosition):
            made = view(99, message.quantity, message.side, strategy=MANUAL)
            found[made.position_id] = replace(made, entry_price=message.entry_price, leverage=message.leverage)
            continue
        before = found[message.position_id]
        assert message.price > 0
        quantity = before.quantity + message.quantity_delta
        assert quantity >= 0
        found[before.position_id] = replace(
            before,
            quantity=quantity,
            entry_price=message.entry_price or before.entry_price,
            leverage=message.leverage or before.leverage,
        )
    return [v for v in found.values() if v.quantity]


QUANTITIES = st.integers(0, 50).map(lambda n: D(n) / 10)


@given(
    held=st.lists(QUANTITIES, max_size=4),
    side=st.sampled_from([LONG, SHORT]),
    manual=st.booleans(),
    there=st.integers(-60, 60).map(lambda n: D(n) / 10),
    policy=st.sampled_from([Attribution.PRO_RATA, Attribution.NEWEST_FIRST]),
    hedge=st.booleans(),
)
def test_applying_the_corrections_leaves_nothing_to_compare(  # noqa: PLR0917
    held: list[Decimal],
    side: Any,
    manual: bool,  # noqa: FBT001
    there: Decimal,
    policy: Attribution,
    hedge: bool,  # noqa: FBT001
) -> None:
    if hedge:
        there = abs(there) * side.sign
    views = tuple(
        view(n, quantity, side, strategy=MANUAL if manual and n == 0 else f"s{n}")
        for n, quantity in enumerate(held)
        if quantity
    )
    rows = [row(abs(there), LONG if there > 0 else SHORT)] if there else []
    mode = PositionMode.HEDGE if hedge else PositionMode.ONE_WAY
    findings = [f for f in compared(views, rows, mode=mode).findings if f.type in QUANTITY]
    for finding in findings:
        done = repair(case(finding, views, attribution=policy))
        after = applied(views, [effect.message for effect in done.effects])
        assert set(types(compared(after, rows, mode=mode))) <= {"PRICE_MISMATCH", "LEVERAGE_MISMATCH"}


ROUNDS = 4
"""A difference of quantity, then what it leaves of price, then of leverage; then nothing."""
VIEWS: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    quantity=QUANTITIES.filter(bool),
    entry_price=st.sampled_from([D(90), D(100), D("100.05")]),
    leverage=st.sampled_from([None, 5, 20]),
)


@given(
    held=st.lists(VIEWS, max_size=4),
    manual=st.booleans(),
    there=st.integers(-60, 60).map(lambda n: D(n) / 10),
    price=st.sampled_from([D(80), D(100)]),
    leverage=st.sampled_from([5, 10]),
    policy=st.sampled_from([Attribution.PRO_RATA, Attribution.NEWEST_FIRST]),
    hedge=st.booleans(),
)
def test_corrections_applied_round_by_round_leave_nothing_at_all(  # noqa: PLR0917
    held: list[dict[str, Any]],
    manual: bool,  # noqa: FBT001
    there: Decimal,
    price: Decimal,
    leverage: int,
    policy: Attribution,
    hedge: bool,  # noqa: FBT001
) -> None:
    """Quantity, side, price and leverage at once, over strategies that believe different things of them."""
    if hedge:
        there = abs(there)
    views = [
        view(n, more["quantity"], strategy=MANUAL if manual and not n else f"s{n}", **without(more))
        for n, more in enumerate(held)
    ]
    row_ = row(abs(there), LONG if there > 0 else SHORT, entry_price=price, mark_price=price, leverage=leverage)
    rows = [row_] if there else []
    mode = PositionMode.HEDGE if hedge else PositionMode.ONE_WAY
    shared: set[Leg] = set()
    for _ in range(ROUNDS):
        leg: Leg = (BTC, LONG if hedge else None)
        shared |= {leg} if len(views) > 1 else set()
        found = compared(views, rows, mode=mode, shared=frozenset(shared)).findings
        if not found:
            break
        finding = found[0]
        net = sum((v.quantity * v.side.sign for v in views), D(0))
        done = repair(case(finding, tuple(views), attribution=policy))
        assert not done.escalate
        views = applied(tuple(views), [effect.message for effect in done.effects])
        after = sum((v.quantity * v.side.sign for v in views), D(0))
        assert after - net == finding.difference, "what is booked is the difference, to the last digit"
    assert compared(views, rows, mode=mode, shared=frozenset(shared)).findings == ()


def without(more: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in more.items() if name != "quantity"}


def test_a_repair_attempted_twice_carries_the_same_command_ids() -> None:
    finding, views = situation(T.SIDE_MISMATCH)
    first, second = repair(case(finding, views)), repair(case(finding, views))
    ids = [effect.message.command_id for effect in first.effects]  # type: ignore[attr-defined]
    assert ids == [effect.message.command_id for effect in second.effects]  # type: ignore[attr-defined]
    assert len(set(ids)) == 2


def test_real_trades_are_booked_by_order_with_their_prices() -> None:
    (finding,) = compared((view(),), [row("0.4")]).findings
    trades = (trade("-0.5", "101", "web_a"), trade("-0.1", "99", "web_b"))
    bookings = explain(finding.difference, trades, side=None, names=Names(current=JOURNAL_ID), booked=())
    done = repair(case(finding, (view(),), bookings=bookings))
    booked = [(m.message.quantity_delta, m.message.price) for m in done.effects]  # type: ignore[attr-defined]
    assert booked == [(D("-0.5"), D(101)), (D("-0.1"), D(99))]
    assert done.trades == tuple(trade_key(t) for t in trades)


def test_orders_that_would_take_more_than_there_is_are_booked_as_one() -> None:
    """A human who sold more than was held and bought some of it back."""
    (finding,) = compared((view(),), []).findings
    trades = (trade("-3", "101", "web_a"), trade("2", "99", "web_b"))
    bookings = explain(finding.difference, trades, side=None, names=Names(current=JOURNAL_ID), booked=())
    (effect,) = repair(case(finding, (view(),), bookings=bookings)).effects
    assert (effect.message.quantity_delta, effect.message.price) == (D(-1), D(101))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("strategy", "booked"), [("trend", [D("-0.6")]), (MANUAL, [D("-0.4"), D("0.3"), D("-0.5")])])
def test_what_a_human_sold_and_bought_back_gives_an_automatic_position_nothing(
    strategy: str, booked: list[Decimal]
) -> None:
    """Simulation of a day, seed 9094, I6: it was given, order by order, what it never ordered, and lost it again."""
    held = view(strategy=strategy)
    (finding,) = compared((held,), [row("0.4")]).findings
    trades = (trade("-0.4", "101", "web_a"), trade("0.3", "99", "web_b"), trade("-0.5", "98", "web_c"))
    bookings = explain(finding.difference, trades, side=None, names=Names(current=JOURNAL_ID), booked=())
    done = repair(case(finding, (held,), bookings=bookings))
    assert [m.message.quantity_delta for m in done.effects] == booked  # type: ignore[attr-defined]
    assert done.trades == tuple(trade_key(t) for t in trades)


def test_what_is_made_up_says_so_and_has_a_price() -> None:
    (finding,) = compared((view(),), []).findings
    (effect,) = repair(case(finding, (view(),))).effects
    adjust = effect.message
    assert isinstance(adjust, AdjustPosition)
    assert "synthesized" in adjust.why
    assert "no trade explains it" in adjust.evidence
    assert adjust.price == D(100)


def test_without_any_price_nothing_is_made_up() -> None:
    (finding,) = compared((view(entry_price=D(0)),), []).findings
    done = repair(case(finding, (view(entry_price=D(0)),)))
    assert (done.effects, "no price" in done.escalate) == ((), True)


def test_a_liquidation_is_handed_to_whoever_shares_it_out_once_with_its_real_trades() -> None:
    two = (view(1, strategy="a"), view(2, strategy="b"))
    (finding,) = compared(two, [row("0.8")]).findings
    trades = (replace(trade("-1", "80", "autoclose-5"), cause=FillCause.LIQUIDATION), trade("-0.2", "81", "web_1"))
    bookings = explain(finding.difference, trades, side=None, names=Names(current=JOURNAL_ID), booked=())
    done = repair(case(finding, two, attribution=Attribution.ASK, bookings=bookings))
    assert [(effect.to, effect.message) for effect in done.effects] == [("supervisor", trades[0])]
    assert done.trades == (trade_key(trades[0]),), "what a human sold is looked at when the venue's part is booked"


def test_leverage_is_changed_at_the_venue_only_where_the_policy_says_so() -> None:
    """The system before changed it silently."""
    finding, views = situation(T.LEVERAGE_MISMATCH)
    for action in Action:
        sent = [e.message for e in repair(case(finding, views, action)).effects if isinstance(e.message, SetLeverage)]
        assert bool(sent) == (action is A.UPDATE_EXCHANGE)


def test_an_order_of_a_position_that_is_not_known_is_left_to_a_human() -> None:
    """A quarantined position's stop is an order that nobody here owns, and all that protects it."""
    (finding,) = compared((), [], orders=[open_order(own_id(9))]).findings
    done = repair(case(finding, (), A.UPDATE_EXCHANGE))
    assert (done.effects, "look before you cancel" in done.escalate) == ((), True)


def test_too_many_gone_at_once_is_believed_of_trades_alone() -> None:
    finding, views = situation(T.POSITION_NOT_IN_EXCHANGE)
    assert repair(case(finding, views, mass=True)).escalate
    bookings = explain(finding.difference, (trade("-1"),), side=None, names=Names(current=JOURNAL_ID), booked=())
    assert repair(case(finding, views, mass=True, bookings=bookings)).effects


def booked_of(difference: str, *fills: Any, views: tuple[PositionView, ...] = (view(),)) -> list[Any]:
    found = explain(D(difference), fills, side=None, names=Names(current=JOURNAL_ID), booked=())
    assert found
    reported = sum((each.quantity for each in views), D(0)) + D(difference)
    [finding] = compared(views, [row(reported)] if reported else []).findings
    done = repair(case(finding, views, bookings=found))
    return [effect.message for effect in done.effects]


def paid(commands: list[Any]) -> list[tuple[Decimal, str]]:
    return [(command.fee, command.fee_currency) for command in commands]


def test_what_a_human_trades_is_booked_with_what_the_venue_took_for_it() -> None:
    closed = trade("-1", fee=D("0.05"))
    assert paid(booked_of("-1", closed)) == [(D("0.05"), "USDT")]
    reduced = (trade("-0.4", fee=D("0.02")), trade("-0.2", fee=D("-0.01")))
    assert paid(booked_of("-0.6", *reduced)) == [(D("0.01"), "USDT")]
    added = (trade("0.4", order="a", fee=D("0.02")), trade("0.2", order="b", fee=D("0.01")))
    assert sum(fee for fee, _ in paid(booked_of("0.6", *added))) == D("0.03")


def test_fees_in_several_currencies_are_each_booked_once() -> None:
    two = (trade("-0.4", order="a", fee=D("0.001"), fee_currency="BNB"), trade("-0.2", order="a", fee=D("0.01")))
    assert paid(booked_of("-0.6", *two)) == [(D("0.001"), "BNB"), (D("0.01"), "USDT")]
    both = (view(1, "1", strategy="a"), view(2, "3", strategy="b"))
    commands = booked_of("-0.6", *two, views=both)
    sums: dict[str, Decimal] = {}
    for fee, currency in paid(commands):
        sums[currency] = sums.get(currency, D(0)) + fee
    assert sums == {"BNB": D("0.001"), "USDT": D("0.01")}
    assert len({command.command_id for command in commands}) == len(commands)


def test_what_is_adopted_has_its_fee_and_what_nothing_tells_says_so() -> None:
    [adopted] = booked_of("1", trade("1", fee=D("0.05")), views=())
    assert isinstance(adopted, AdoptPosition)
    assert paid([adopted]) == [(D("0.05"), "USDT")]
    two = (trade("0.6", order="a", fee=D("0.001"), fee_currency="BNB"), trade("0.4", order="b", fee=D("0.01")))
    [adopted] = booked_of("1", *two, views=())
    assert paid([adopted]) == [(D("0.001"), "BNB")]
    assert [(each.amount, each.currency) for each in adopted.fees] == [(D("0.01"), "USDT")]
    [finding] = compared((view(),), [row("0.4")]).findings
    [effect] = repair(case(finding, (view(),))).effects
    assert isinstance(effect.message, AdjustPosition)
    assert "fee is not known" in effect.message.why
