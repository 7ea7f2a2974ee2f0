"""Real fills come before anything that is made up."""

from dataclasses import replace
from decimal import Decimal

import pytest

from actors.reconciler.trade_matching import average_price, explain, own, trade_key
from messages.ids import Names
from messages.types import AccountId, FillCause, Symbol
from tests.reconciler.world import JOURNAL_ID, LONG, NOW, SHORT, D, own_id, trade


def orders(difference: str, *trades: object, **more: object) -> list[tuple[str, Decimal, Decimal]]:
    known = {"side": None, "names": Names(current=JOURNAL_ID), "booked": (), **more}
    return [(b.order, b.quantity, b.price) for b in explain(D(difference), trades, **known)]  # type: ignore[arg-type]


def test_the_trades_that_add_up_are_told_by_order_at_their_average() -> None:
    found = orders("0.5", trade("0.2", "100", "web_a"), trade("0.2", "103", "web_a"), trade("0.1", "90", "web_b"))
    assert found == [("web_a", D("0.4"), D("101.5")), ("web_b", D("0.1"), D("90"))]


def test_trades_that_do_not_add_up_explain_nothing() -> None:
    assert orders("0.5", trade("0.2"), trade("0.2")) == []


def test_our_own_trades_are_their_positions_to_book() -> None:
    ours, theirs = trade("0.5", order=own_id(3)), trade("0.5")
    assert orders("0.5", ours) == []
    assert own((ours, theirs), Names(current=JOURNAL_ID)) == (ours,)


def test_a_trade_that_was_booked_is_not_booked_again() -> None:
    old, new = trade("0.5", order="web_old"), trade("0.5", order="web_new")
    assert [name for name, *_ in orders("0.5", old, new, booked={trade_key(old)})] == ["web_new"]


def test_symbols_and_accounts_count_their_trades_apart() -> None:
    """The venue numbers each symbol's trades by itself: a number that is booked elsewhere says nothing here."""
    mine = trade("0.5", order="web_a")
    elsewhere = (replace(mine, symbol=Symbol("ETHUSDT")), replace(mine, account=AccountId("second")))
    booked = {trade_key(each) for each in elsewhere}
    assert [name for name, *_ in orders("0.5", mine, booked=booked)] == ["web_a"]


def test_the_latest_trades_that_suffice_explain_where_older_ones_do_not_belong() -> None:
    assert [name for name, *_ in orders("-0.3", trade("2", order="web_a"), trade("-0.3", order="web_b"))] == ["web_b"]


def test_all_trades_since_the_leg_agreed_are_tried_first() -> None:
    """A human who bought, sold and bought again made three trades, not the last one alone."""
    three = (trade("1", order="a"), trade("-1", order="b"), trade("1", order="c"))
    assert [name for name, *_ in orders("1", *three, since_ns=NOW)] == ["a", "b", "c"]


def test_the_other_leg_of_a_hedge_account_explains_nothing_of_this_one() -> None:
    closing_short = trade("1", position_side=SHORT)
    assert orders("1", closing_short, side=LONG) == []
    assert len(orders("1", closing_short, side=SHORT)) == 1


def test_the_average_is_of_what_went_the_nets_way_and_never_zero() -> None:
    bookings = explain(
        D("-2"),
        (trade("-3", "100", "a"), trade("1", "50", "b")),
        side=None,
        names=Names(current=JOURNAL_ID),
        booked=(),
    )
    assert average_price(bookings) == D(100)


@pytest.mark.parametrize("cause", FillCause)
def test_the_venues_own_closing_is_known_by_its_cause(cause: FillCause) -> None:
    closed = replace(trade("-1"), cause=cause)
    (booking,) = explain(D(-1), (closed,), side=None, names=Names(current=JOURNAL_ID), booked=())
    assert booking.forced
    assert not explain(D(-1), (trade("-1"),), side=None, names=Names(current=JOURNAL_ID), booked=())[0].forced
