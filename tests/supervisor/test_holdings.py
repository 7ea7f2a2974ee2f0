"""What is kept of an account's positions as they change equals what a look at all of them says, and does not grow."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.reconciler.account_state import Memory
from actors.reconciler.spans import Spans
from actors.supervisor import registry as books
from actors.supervisor.holdings import Holdings, is_reduced, protects_twice
from actors.supervisor.registry import Book
from messages.ids import position_id
from messages.reports import OrderView, PositionView
from messages.types import (
    AccountId,
    ClientOrderId,
    CommandId,
    OrderPurpose,
    PositionSide,
    PositionState,
    Symbol,
)
from tests.supervisor.test_pre_trade_risk import MAIN, held, key

SYMBOLS = (Symbol("BTCUSDT"), Symbol("ETHUSDT"))
AMOUNTS = st.decimals(0, 5, places=3)
ORDERS = st.builds(
    OrderView,
    client_order_id=st.just(ClientOrderId("o")),
    purpose=st.sampled_from(OrderPurpose),
    phase=st.just("working"),
    quantity=AMOUNTS,
    filled_quantity=st.just(Decimal(0)),
    price=st.none() | st.decimals(1, 9, places=1),
)
VIEWS = st.builds(
    lambda ordinal, symbol, **changes: replace(held(), ordinal=ordinal, symbol=symbol, **changes),
    st.integers(1, 5),
    st.sampled_from(SYMBOLS),
    side=st.sampled_from(PositionSide),
    quantity=AMOUNTS,
    to_come=AMOUNTS,
    entry_price=st.decimals(1, 9, places=2),
    leverage=st.none() | st.integers(1, 3),
    goal_quantity=st.none() | AMOUNTS,
    orders=st.lists(ORDERS, max_size=3).map(tuple),
)
CHANGES = st.lists(VIEWS | st.integers(1, 5), max_size=25)


def exposure_of(view: PositionView, mark: Decimal | None) -> Decimal:
    price = mark or view.entry_price
    entries = (o for o in view.orders if o.purpose is OrderPurpose.ENTRY)
    working = sum(((o.quantity - o.filled_quantity) * (o.price or price) for o in entries), Decimal(0))
    return (abs(view.quantity) + view.to_come) * price + working


@given(CHANGES)
def test_every_question_is_answered_as_a_look_at_all_of_them_would(changes: list[PositionView | int]) -> None:
    holdings, model = Holdings(), dict[int, PositionView]()
    for change in changes:
        if isinstance(change, int):
            holdings.drop(change)
            model.pop(change, None)
        else:
            holdings.put(change)
            model[change.ordinal] = change
    for symbol in SYMBOLS:
        mine = [view for view in model.values() if view.symbol == symbol]
        assert sorted(v.ordinal for v in holdings.of(symbol)) == sorted(v.ordinal for v in mine)
        assert {each for each, _ in holdings.leveraged(symbol)} == {view.leverage for view in mine}
        for mark in (None, Decimal("7.5")):
            told = sum((total.at(mark) for _, total in holdings.sums(symbol)), Decimal(0))
            assert told == sum((exposure_of(view, mark) for view in mine), Decimal(0))
        for side in PositionSide:
            leg = [view for view in mine if view.side is side]
            assert holdings.held(symbol, side) == any(view.quantity for view in leg)
            moving = {view.ordinal for view in leg if is_reduced(view) or protects_twice(view)}
            assert {view.ordinal for view in holdings.moving(symbol, side)} == moving
    assert {symbol for symbol, _ in holdings.sums()} == {view.symbol for view in model.values()}


@given(st.lists(st.integers(0, 40)))
def test_spans_hold_what_was_added(numbers: list[int]) -> None:
    spans = Spans()
    for number in numbers:
        spans.add(number)
    assert list(spans) == sorted(set(numbers))
    assert len(spans) == len(set(numbers))
    assert all((number in spans) == (number in numbers) for number in range(-1, 42))
    assert spans.spans == sum(number - 1 not in numbers for number in set(numbers))


def test_many_lives_leave_no_more_behind_than_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two accounts take turns, as their positions are numbered together; one position outlives all others."""
    for name in ("COMMANDS_KEPT", "FINISHED_KEPT", "TERMINAL_KEPT"):
        monkeypatch.setattr(books, name, 50)
    accounts = (MAIN, AccountId("second"))
    book, memory = Book(), Memory.of(accounts)
    sizes: list[int] = []
    for life in range(2_000):
        account = accounts[life % 2]
        place, command = replace(key(PositionSide.LONG, f"s{life % 7}"), account=account), CommandId(f"c{life}")
        ordinal = book.reserve(place, command)
        view = replace(held(), ordinal=ordinal, account=account, strategy=place.strategy, command_ids=(command,))
        view = replace(view, position_id=position_id(place, ordinal))
        steps = (view,) if not life else (view, replace(view, state=PositionState.CLOSED, quantity=Decimal(0)))
        for step in steps:
            book.update(step)
            memory.watches[account].take(step)
        book.overflow()
        if life in (500, 1_999):
            watched = sum(watch.ended.spans + len(watch.views) for watch in memory.watches.values())
            sizes.append(entries_of(book) + watched)
    assert sizes[0] == sizes[1]
    assert book.finished_total == 1_999


def entries_of(book: Book) -> int:
    """Of all that it keeps, groups within groups included."""
    kept = [getattr(book, name) for name in book.__slots__]
    kept += [getattr(each, name) for each in book.holdings.values() for name in vars(each)]
    return sum(len(each) for each in kept if hasattr(each, "__len__"))
