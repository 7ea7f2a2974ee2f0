"""What grows with what: the cost of one command, view, reading and request at 1, 10 and 1,000 times the usual number.

Of the processor, in microseconds, and as ratio to the cost at the usual number. A ratio of 1 costs the same however
many there are.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from actors.gateway.address import Address
from actors.supervisor.admission import Facts, Limits, refusal
from actors.supervisor.book import Account, Book

from actors.gateway.budget import Policy
from actors.gateway.lane import Lane
from actors.position.view import view as view_of
from actors.reconciler.compare import compare
from adapters.clock import SystemClock
from benchmarks.reconciliation import HELD, LONG, MAIN, PRICE, comparable, instrument, position
from benchmarks.report import Row, at_most, row
from messages.commands import OpenPosition
from messages.ids import position_id
from messages.reports import OrderView, PositionView
from messages.types import AccountId, ClientOrderId, CommandId, Key, OrderPurpose, PositionMode, StrategyId, Symbol

TIMES = (1, 10, 1_000)
QUICK_TIMES = (1, 10)
USUAL_POSITIONS, USUAL_ACCOUNTS, USUAL_ORDERS = 10, 5, 3
RUNS, QUICK_RUNS = 7, 3
REPEATED = 200
FLAT = at_most(3)
"""What looks at no more than it did; twice as much is the noise of caches, a thousand times as much is not."""
Work = Callable[[], object]


def run(*, quick: bool = False) -> list[Row]:
    """Rows in the order of the table of docs/scale.md."""
    times, runs = (QUICK_TIMES, QUICK_RUNS) if quick else (TIMES, RUNS)
    return [found for name, make, flat in _WORKS for found in _grown(name, make, times, runs, flat=flat)]


def _grown(name: str, make: Callable[[int], Work], times: Sequence[int], runs: int, *, flat: bool) -> Iterator[Row]:
    usual = 0.0
    for factor in times:
        work = make(factor)
        measured = [_timed(work) for _ in range(runs)]
        usual = usual or min(measured)
        target = FLAT if flat and factor > 1 else None
        ratio, against = (None, "") if factor == 1 else (min(measured) / usual, "times the usual number's")
        yield row(f"{name}, {factor:,} times", measured, "µs", ratio=ratio, against=against, target=target)


def _timed(work: Work) -> float:
    gc.collect()
    begun = time.process_time()
    for _ in range(REPEATED):
        work()
    return (time.process_time() - begun) * 1e6 / REPEATED


def _views(number: int, *, one_leg: bool = False, accounts: int = 1, orders: int = 0) -> Iterator[PositionView]:
    for ordinal in range(1, number + 1):
        symbol = Symbol("S1USDT") if one_leg else Symbol(f"S{ordinal}USDT")
        account = MAIN if accounts == 1 else AccountId(f"a{ordinal % accounts}")
        key = Key(account=account, symbol=symbol, side=LONG, strategy=StrategyId(f"s{ordinal}"))
        about = {"account": account, "symbol": symbol, "strategy": key.strategy, "orders": tuple(_orders(orders))}
        yield replace(view_of(position(ordinal)), **about, position_id=position_id(key, ordinal))  # type: ignore[arg-type]


def _orders(number: int) -> Iterator[OrderView]:
    for each in range(number):
        yield OrderView(
            client_order_id=ClientOrderId(f"o{each}"),
            purpose=OrderPurpose.STOP,
            phase="working",
            quantity=HELD / 10_000,
            filled_quantity=Decimal(0),
            price=PRICE / 2,
        )


def _book(views: Iterator[PositionView]) -> Book:
    book = Book()
    for view in views:
        book.update(view)
    return book


def _opening(book: Book) -> Work:
    """Admitted: every check is gone through, both exposures summed up."""
    symbol = Symbol("S1USDT")
    account = Account(account=MAIN, venue_up=True, stream_up=True, synced=True, mode=PositionMode.HEDGE)
    account.instruments[symbol], account.marks[symbol] = instrument(symbol), PRICE
    most = Decimal(10**12)
    limits = Limits(order_notional=most, symbol_exposure=most)
    strategy, name = StrategyId("newcomer"), CommandId("c")
    command = OpenPosition(
        command_id=name, account=MAIN, symbol=symbol, side=LONG, strategy=strategy, quantity=Decimal("0.1")
    )
    facts = Facts(
        account=account,
        holdings=book.holdings[MAIN],
        reserved=book.reserved.keys(),
        stands_on=book.stands_on,
        holds=(),
        limits=limits,
        openings_last_minute=0,
        realized_today=Decimal(0),
    )
    assert not refusal(command, facts), refusal(command, facts)
    return lambda: refusal(command, facts)


def _view(book: Book) -> Work:
    view = next(iter(book.views.values()))
    return lambda: book.update(view)


def _asking(accounts: int) -> Work:
    """The address lets one go while all others stand in line."""
    address, policy = Address(SystemClock()), Policy()
    address.learn(1)
    address.left(1)
    for number in range(accounts):
        address.take(f"a{number}", Lane.READING, 80, policy)
    return lambda: address.take("a1", Lane.READING, 80, policy)


def _comparing(number: int) -> Work:
    facts = comparable(number)
    return lambda: compare(facts)


_P = USUAL_POSITIONS
_WORKS: tuple[tuple[str, Callable[[int], Work], bool], ...] = (
    ("an opening, positions of the account", lambda n: _opening(_book(_views(_P * n))), True),
    ("an opening, positions of its leg", lambda n: _opening(_book(_views(_P * n, one_leg=True))), True),
    ("a view, positions of the account", lambda n: _view(_book(_views(_P * n))), True),
    ("a view, positions of its leg", lambda n: _view(_book(_views(_P * n, one_leg=True))), True),
    ("a view, accounts", lambda n: _view(_book(_views(USUAL_ACCOUNTS * n, accounts=USUAL_ACCOUNTS * n))), True),
    ("a view, orders of the position", lambda n: _view(_book(_views(1, orders=USUAL_ORDERS * n))), False),
    ("asking leave of the address, accounts in line", lambda n: _asking(USUAL_ACCOUNTS * n), True),
    ("a comparison of all, positions of the account", lambda n: _comparing(_P * n), False),
)
"""What is done, with what it is set against; True: it is to cost the same however many there are."""
