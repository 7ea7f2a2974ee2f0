"""Each type with its smallest example, and everything that is not one."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from actors.reconciler.compare import compare
from actors.reconciler.comparison_input import Finding
from messages.discrepancy_type import DiscrepancyType
from messages.ids import client_order_id
from messages.reconciliation import SymbolSetting
from messages.types import JournalId, OrderPurpose, OrderStatus, PositionMode, PositionState, Severity, Symbol
from tests.reconciler.world import (
    BTC,
    LONG,
    MAIN,
    NOW,
    SECOND,
    SHORT,
    book,
    compared,
    facts,
    open_order,
    order_view,
    own_id,
    row,
    types,
    view,
)

HEDGE = PositionMode.HEDGE
STOP = OrderPurpose.STOP
PROTECTED: dict[str, Any] = {"stop_loss": Decimal(90), "orders": (order_view(1, STOP),), "protected": True}
STUCK = NOW - 31 * SECOND
SETTING = SymbolSetting(account=MAIN, symbol=BTC, leverage=5, isolated=False)

TABLE: list[tuple[str, dict[str, Any], list[str]]] = [
    ("equal", {"views": [view()], "rows": [row("1")]}, []),
    ("both flat", {"views": [], "rows": []}, []),
    ("unknown here", {"views": [], "rows": [row("1")]}, ["POSITION_NOT_IN_SYSTEM"]),
    ("unknown there", {"views": [view()], "rows": []}, ["POSITION_NOT_IN_EXCHANGE"]),
    ("larger there", {"views": [view()], "rows": [row("1.001")]}, ["SIZE_MISMATCH"]),
    ("smaller there", {"views": [view()], "rows": [row("0.4")]}, ["SIZE_MISMATCH"]),
    ("the rounding of a float", {"views": [view()], "rows": [row("1.0000001")]}, []),
    ("below a step that has become coarser", {"views": [view()], "rows": [row("1.0005")]}, ["SIZE_MISMATCH"]),
    ("all of it gone, below one step", {"views": [view(quantity="0.0008")], "rows": []}, ["POSITION_NOT_IN_EXCHANGE"]),
    ("there only, below one step", {"views": [], "rows": [row("0.0008")]}, ["POSITION_NOT_IN_SYSTEM"]),
    ("the other side", {"views": [view()], "rows": [row("1", SHORT)]}, ["SIDE_MISMATCH"]),
    ("another price", {"views": [view()], "rows": [row("1", entry_price=Decimal(102))]}, ["PRICE_MISMATCH"]),
    ("a price within tolerance", {"views": [view()], "rows": [row("1", entry_price=Decimal("100.1"))]}, []),
    (
        "a price of a leg that was shared",
        {"views": [view()], "rows": [row("1", entry_price=Decimal(110))], "shared": frozenset({(BTC, None)})},
        [],
    ),
    ("another leverage", {"views": [view()], "rows": [row("1", leverage=20)]}, ["LEVERAGE_MISMATCH"]),
    ("a leverage that nobody told", {"views": [view()], "rows": [row("1", leverage=None)]}, []),
    (
        "a leverage that nobody asked for, changed since first seen",
        {"views": [view(leverage=None)], "rows": [row("1", leverage=9)], "settings": {BTC: SETTING}},
        ["LEVERAGE_MISMATCH"],
    ),
    ("a leverage that nobody asked for", {"views": [view(leverage=None)], "rows": [row("1", leverage=9)]}, []),
    (
        "another margin mode",
        {"views": [view()], "rows": [row("1", isolated=True)], "settings": {BTC: SETTING}},
        ["MARGIN_MODE_MISMATCH"],
    ),
    ("both sides where one nets", {"views": [], "rows": [row("1"), row("1", SHORT)]}, ["POSITION_MODE_MISMATCH"]),
    (
        "closing for too long",
        {"views": [view(state=PositionState.CLOSING, touched_ns=STUCK)], "rows": [row("1")]},
        ["STATE_MISMATCH"],
    ),
    (
        "in doubt for too long",
        {"views": [view(in_doubt=True, touched_ns=STUCK)], "rows": [row("3")]},
        ["STATE_MISMATCH"],
    ),
    (
        "closing a moment ago",
        {"views": [view(state=PositionState.CLOSING, touched_ns=NOW - SECOND)], "rows": [row("1")]},
        [],
    ),
    ("an order without a position", {"views": [], "rows": [], "orders": [open_order(own_id(9))]}, ["ORPHAN_ORDER"]),
    (
        "a stop in the hands of the venue whose position is over",
        {
            "views": [],
            "rows": [],
            "ended": {9},
            "orders": [open_order(own_id(9), conditional=True, status=OrderStatus.TRIGGERED)],
        },
        [],
    ),
    (
        "a stop that rests though its position is over",
        {"views": [], "rows": [], "ended": {9}, "orders": [open_order(own_id(9), conditional=True)]},
        ["ORPHAN_ORDER"],
    ),
    (
        "a triggered stop of a position that is not known",
        {
            "views": [],
            "rows": [],
            "orders": [open_order(own_id(9), conditional=True, status=OrderStatus.TRIGGERED)],
        },
        ["ORPHAN_ORDER"],
    ),
    (
        "an order that its position does not know",
        {"views": [view()], "rows": [row("1")], "orders": [open_order(own_id(1, 8))]},
        ["ORPHAN_ORDER"],
    ),
    ("somebody else's order", {"views": [], "rows": [], "orders": [open_order("web_123")]}, []),
    (
        "an order of another data directory",
        {"views": [], "rows": [], "orders": [open_order(client_order_id(JournalId("zzzzzzzz"), 1, 1))]},
        [],
    ),
    ("a stop in place", {"views": [view(**PROTECTED)], "rows": [row("1")], "orders": [open_order(own_id(1))]}, []),
    ("a stop that is gone", {"views": [view(**PROTECTED)], "rows": [row("1")], "orders": []}, ["PROTECTION_MISSING"]),
    (
        "a stop of another size",
        {"views": [view(**PROTECTED)], "rows": [row("1")], "orders": [open_order(own_id(1), "0.5")]},
        ["PROTECTION_MISMATCH"],
    ),
    (
        "a stop that was never placed",
        {"views": [view(stop_loss=Decimal(90))], "rows": [row("1")], "orders": []},
        ["PROTECTION_MISSING"],
    ),
]


@pytest.mark.parametrize(("case", "expected"), [(c, e) for _, c, e in TABLE], ids=[name for name, _, _ in TABLE])
def test_each_type_is_found_where_it_is_and_nowhere_else(case: dict[str, Any], expected: list[str]) -> None:
    case = dict(case)
    assert types(compared(case.pop("views"), case.pop("rows"), **case)) == expected


def test_one_way_accounts_are_compared_net_over_all_strategies() -> None:
    two = [view(1, "1", strategy="a"), view(2, "1", strategy="b")]
    assert types(compared(two, [row("2")])) == []
    found = compared(two, [row("1.5")]).findings
    assert [(f.type.value, f.difference, len(f.positions)) for f in found] == [("SIZE_MISMATCH", Decimal("-0.5"), 2)]


def test_hedge_accounts_are_compared_by_leg_and_the_long_leg_is_not_lost() -> None:
    both = [view(1, "1", LONG), view(2, "2", SHORT)]
    assert types(compared(both, [row("1", LONG), row("2", SHORT)], mode=HEDGE)) == []
    found = compared(both, [row("2", SHORT)], mode=HEDGE).findings
    assert [(f.type.value, f.side, f.believed) for f in found] == [("POSITION_NOT_IN_EXCHANGE", LONG, "long 1")]


def test_a_believed_quantity_of_zero_does_not_end_the_pass() -> None:
    """The system before divided by it."""
    other = Symbol("ETHUSDT")
    views = [
        view(1, "0", state=PositionState.OPENING, orders=(order_view(1, OrderPurpose.ENTRY),)),
        view(2, symbol=other),
    ]
    found = compared(views, [row("1"), row("3", symbol=other)]).findings
    assert [(f.symbol, f.type.value) for f in found] == [(BTC, "POSITION_NOT_IN_SYSTEM"), (other, "SIZE_MISMATCH")]


@pytest.mark.parametrize(
    "busy",
    [
        {"touched_ns": NOW},
        {"touched_ns": NOW + SECOND},
        {"in_doubt": True, "touched_ns": NOW - SECOND},
        {"orders": (order_view(1, OrderPurpose.REDUCE, phase="sent"),), "touched_ns": NOW - SECOND},
        {"orders": (order_view(1, OrderPurpose.ENTRY, price=None),), "touched_ns": NOW - SECOND},
    ],
    ids=["touched with it", "touched after it", "in doubt", "an order without answer", "a market order under way"],
)
def test_a_leg_that_moves_is_skipped_not_judged(busy: dict[str, Any]) -> None:
    found = compared([view(**busy)], [row("5")])
    assert (types(found), set(found.skipped), set(found.judged)) == ([], {(BTC, None)}, set())


def test_one_busy_strategy_keeps_the_whole_leg_from_being_judged() -> None:
    found = compared([view(1), view(2, touched_ns=NOW + 1)], [row("5")])
    assert found.skipped == {(BTC, None)}


def test_a_resting_entry_does_not_keep_its_leg_from_being_judged() -> None:
    resting = (order_view(1, OrderPurpose.ENTRY),)
    assert types(compared([view(orders=resting)], [row("5")])) == ["SIZE_MISMATCH"]


KINDS = [
    (OrderPurpose.STOP, "stop_loss", "a stop for 1", Severity.CRITICAL),
    (OrderPurpose.TRAILING, "trailing", "a trailing stop for 1", Severity.CRITICAL),
    (OrderPurpose.TARGET, "take_profit", "a target for 1", Severity.WARNING),
]


@pytest.mark.parametrize(("purpose", "wanted", "called", "severity"), KINDS)
def test_protection_of_every_kind_is_looked_for(
    purpose: OrderPurpose, wanted: str, called: str, severity: Severity
) -> None:
    changes: dict[str, Any] = {wanted: Decimal(90), "orders": (order_view(1, purpose),)}
    placed = view(**changes)
    there = open_order(own_id(1), conditional=True)
    assert types(compared([placed], [row("1")], orders=[there])) == []
    for shown in (placed, replace(placed, orders=())):
        (missing,) = compared([shown], [row("1")], orders=[]).findings
        assert (missing.type, missing.believed) == (DiscrepancyType.PROTECTION_MISSING, called)
        assert missing.severity is severity
    (other,) = compared([placed], [row("1")], orders=[replace(there, quantity=Decimal(2))]).findings
    assert (other.type, other.reported) == (DiscrepancyType.PROTECTION_MISMATCH, "2")


def test_dust_that_no_order_can_protect_misses_nothing() -> None:
    dust = view(quantity="0.0004", stop_loss=Decimal(90))
    assert types(compared([dust], [row("0.0004")], orders=[])) == []


def test_an_order_list_older_than_the_position_says_nothing_of_it() -> None:
    young = view(**{**PROTECTED, "touched_ns": NOW - 1})
    old = book(open_order(own_id(1, 7)), begun_ns=NOW - SECOND)
    found = compared([young], [row("1")])
    assert found.findings == ()
    assert compare(replace(facts([young], [row("1")]), orders=old)).findings == ()


def test_a_read_of_one_symbol_judges_that_symbol_alone() -> None:
    other = Symbol("ETHUSDT")
    found = compared([view(1), view(2, symbol=other)], [row("1")], scope=BTC)
    assert (types(found), set(found.judged)) == ([], {(BTC, None)})


SEVERITIES = [
    ("0.05", Severity.INFO),  # 5 quote
    ("0.5", Severity.WARNING),  # 50 quote
    ("20", Severity.CRITICAL),  # 2000 quote, all of it
]


@pytest.mark.parametrize(("quantity", "severity"), SEVERITIES)
def test_severity_is_by_consequence(quantity: str, severity: Severity) -> None:
    (found,) = compared([], [row(quantity)]).findings
    assert (found.severity, found.notional, found.share) == (severity, Decimal(quantity) * 100, Decimal(1))


def test_a_large_amount_that_is_a_small_share_is_a_warning_and_a_wrong_side_is_critical() -> None:
    (small,) = compared([view(quantity="100")], [row("120")]).findings
    (side,) = compared([view(quantity="0.01")], [row("0.01", SHORT)]).findings
    assert (small.severity, side.severity) == (Severity.WARNING, Severity.CRITICAL)
    assert (side.difference, side.share) == (Decimal("-0.02"), Decimal(1))


def test_a_price_of_zero_is_never_the_mark() -> None:
    (found,) = compared([view(entry_price=Decimal(7))], []).findings
    assert found.mark_price == Decimal(7)


def test_the_faces_of_one_question_have_one_key() -> None:
    def key(found: Finding) -> object:
        return found.key

    size = compared([view()], [row("2")]).findings[0]
    gone = compared([view()], []).findings[0]
    assert key(size) == key(gone)
    assert key(size) != key(compared([view()], [row("1", leverage=9)]).findings[0])
