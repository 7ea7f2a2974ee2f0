"""Comparing and resolving 10,000 positions: all as believed, and all different; against nautilus_trader's.

Ours: one comparison of the whole report, then for each difference its attribution and its repair; in a row of
its own also the position machine's decision about that. Theirs: `LiveExecutionEngine` reconciling one position
report after another against its cache, which for a difference creates and applies an inferred fill. Both in
memory: no journal, no network.

The peer comes with the pip extra `bench`; without it our own figures stand alone.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from actors.position.machine import decide
from actors.position.policy import Policy as PositionPolicy
from actors.position.state import Position, blank
from actors.position.view import view
from actors.reconciler.compare import compare
from actors.reconciler.comparison_input import ComparisonInput, Finding
from actors.reconciler.policy import Thresholds
from actors.reconciler.resolve import Case, repair
from benchmarks.report import Row, at_least, median_ratio, row
from messages.discrepancy_type import Action
from messages.journal import Effect
from messages.reconciliation import Discrepancy
from messages.reports import PositionRow, PositionsReport, PositionView
from messages.statement import NOTHING
from messages.types import (
    AccountId,
    Attribution,
    Instrument,
    JournalId,
    Key,
    PositionMode,
    PositionSide,
    PositionState,
    StrategyId,
    Symbol,
)

NUMBER, QUICK_NUMBER = 10_000, 2_000
RUNS, QUICK_RUNS = 5, 2
MAIN, JOURNAL_ID = AccountId("main"), JournalId("bench000")
LONG = PositionSide.LONG
NOW_NS = 1_700_000_000_000_000_000
PRICE, HELD, ELSEWHERE, STEP = Decimal("100.0"), Decimal("1.000"), Decimal("0.400"), Decimal("0.001")


def run(*, quick: bool = False) -> list[Row]:
    """Median microseconds per position."""
    number, runs = (QUICK_NUMBER, QUICK_RUNS) if quick else (NUMBER, RUNS)
    positions = [position(n) for n in range(1, number + 1)]
    views = [view(each) for each in positions]
    ours: dict[str, list[float]] = {"equal": [], "different": []}
    theirs: dict[str, list[float]] = {"equal": [], "different": []}
    booked: list[float] = []
    equal, different = _facts(views, HELD), _facts(views, ELSEWHERE)
    for _ in range(runs):
        ours["equal"].append(_timed(lambda: _all_equal(equal), number))
        ours["different"].append(_timed(lambda: _all_different(different, views), number))
        booked.append(_timed(lambda: _all_booked(different, positions, views), number))
        for name, measured in _peer(number).items():
            theirs[name].append(measured)
    found = [measured for name in ours for measured in _rows(name, number, ours[name], theirs[name])]
    return [*found, _booked(number, booked, theirs["different"])]


def _booked(number: int, booked: Sequence[float], theirs: Sequence[float]) -> Row:
    """Theirs has its inferred fills applied, so this is the fair half of the second ratio; no target was set on it."""
    name = f"compare, resolve and book in each machine {number:,} positions, each"
    ratio = median_ratio(theirs, booked) if theirs else None
    return row(name, booked, "µs", ratio=ratio, against="as fast as nautilus_trader" if theirs else "")


def _rows(name: str, number: int, ours: Sequence[float], theirs: Sequence[float]) -> list[Row]:
    what = f"{number:,} positions, all {name}, each"
    if not theirs:
        return [row(f"compare and resolve {what}", ours, "µs")]
    return [
        row(f"nautilus_trader reconciles {what}", theirs, "µs"),
        row(
            f"compare and resolve {what}",
            ours,
            "µs",
            ratio=median_ratio(theirs, ours),
            against="as fast as nautilus_trader",
            target=at_least(5),
        ),
    ]


def _timed(work: Callable[[], object], number: int) -> float:
    gc.collect()
    gc.freeze()  # as the supervisor does once it stands; theirs is given the same
    # Of the processor: either is the work of one process in memory, and who else is busy here should not decide.
    begun = time.process_time()
    work()
    taken = time.process_time() - begun
    gc.unfreeze()
    return taken * 1e6 / number


def position(ordinal: int) -> Position:
    symbol = Symbol(f"S{ordinal}USDT")
    key = Key(account=MAIN, symbol=symbol, side=LONG, strategy=StrategyId("trend"))
    return replace(
        blank(key, ordinal, JOURNAL_ID),
        version=5,
        state=PositionState.ACTIVE,
        quantity=HELD,
        requested=HELD,
        entry_finished=True,
        entry_price=PRICE,
        was_open=True,
        leverage=5,
        instrument=instrument(symbol),
    )


def instrument(symbol: Symbol) -> Instrument:
    return Instrument(
        symbol=symbol,
        quantity_step=STEP,
        price_step=Decimal("0.1"),
        min_quantity=STEP,
        max_quantity=Decimal(1000),
        max_market_quantity=Decimal(100),
        min_notional=Decimal(5),
    )


def _facts(views: Sequence[PositionView], quantity: Decimal) -> ComparisonInput:
    """Both sides as the actor has them when a report has come."""
    rows = tuple(
        PositionRow(
            symbol=v.symbol,
            side=LONG,
            quantity=quantity,
            entry_price=PRICE,
            mark_price=PRICE,
            unrealized_pnl=Decimal(0),
            leverage=5,
        )
        for v in views
    )
    return ComparisonInput(
        account=MAIN,
        mode=PositionMode.ONE_WAY,
        journal_id=JOURNAL_ID,
        now_ns=NOW_NS,
        report=PositionsReport(account=MAIN, request_id="bench", begun_ns=NOW_NS, positions=rows),
        views=views,
        instruments={v.symbol: instrument(v.symbol) for v in views},
        thresholds=Thresholds(),
    )


def comparable(number: int) -> ComparisonInput:
    """Both sides of so many positions, which agree."""
    return _facts([view(position(ordinal)) for ordinal in range(1, number + 1)], HELD)


def _all_equal(facts: ComparisonInput) -> None:
    assert not compare(facts).findings


def _all_different(facts: ComparisonInput, views: Sequence[PositionView]) -> list[Effect]:
    """What is to be done about each."""
    found = compare(facts).findings
    assert len(found) == len(views)
    return [repair(_case(finding, shown)).effects[0] for finding, shown in zip(found, views, strict=True)]


def _all_booked(facts: ComparisonInput, positions: Sequence[Position], views: Sequence[PositionView]) -> None:
    """And what each position makes of it, with its events and notices."""
    policy = PositionPolicy()
    for effect, each in zip(_all_different(facts, views), positions, strict=True):
        assert decide(each, effect.message, NOW_NS, policy).position.quantity == ELSEWHERE


def _case(finding: Finding, shown: PositionView) -> Case:
    record = Discrepancy(
        discrepancy_id=f"d{shown.ordinal}",
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
        first_seen_ns=NOW_NS,
        diverged_ns=NOW_NS,
        detected_ns=NOW_NS,
        action=Action.UPDATE_SYSTEM,
    )
    return Case(record=record, finding=finding, views=(shown,), step=STEP, attribution=Attribution.ASK)


def _peer(number: int) -> dict[str, float]:
    """Microseconds per position of nautilus_trader, empty where it is not installed."""
    try:
        import nautilus_trader  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        return {}
    engine, equal, different = _nautilus(number)
    reconcile = engine._reconcile_position_report_netting

    def all_of(reports: Sequence[Any]) -> Callable[[], None]:
        def work() -> None:
            for report in reports:
                assert reconcile(report)

        return work

    return {"equal": _timed(all_of(equal), number), "different": _timed(all_of(different), number)}


def _nautilus(number: int) -> tuple[Any, list[Any], list[Any]]:
    """An engine whose cache holds so many positions, one per instrument, and reports of both kinds."""
    from nautilus_trader.cache.cache import Cache  # type: ignore[import-not-found]
    from nautilus_trader.common.component import LiveClock, MessageBus  # type: ignore[import-not-found]
    from nautilus_trader.config import LiveExecEngineConfig  # type: ignore[import-not-found]
    from nautilus_trader.core.uuid import UUID4  # type: ignore[import-not-found]
    from nautilus_trader.execution.reports import PositionStatusReport  # type: ignore[import-not-found]
    from nautilus_trader.live.execution_engine import LiveExecutionEngine  # type: ignore[import-not-found]
    from nautilus_trader.model import enums, identifiers, instruments  # type: ignore[import-not-found]
    from nautilus_trader.model.position import Position as TheirPosition  # type: ignore[import-not-found]
    from nautilus_trader.test_kit.providers import TestInstrumentProvider  # type: ignore[import-not-found]
    from nautilus_trader.test_kit.stubs.events import TestEventStubs  # type: ignore[import-not-found]
    from nautilus_trader.test_kit.stubs.execution import TestExecStubs  # type: ignore[import-not-found]
    from nautilus_trader.test_kit.stubs.identifiers import TestIdStubs  # type: ignore[import-not-found]

    clock, cache = LiveClock(), Cache()
    loop = asyncio.new_event_loop()
    bus = MessageBus(trader_id=TestIdStubs.trader_id(), clock=clock)
    engine = LiveExecutionEngine(loop=loop, msgbus=bus, cache=cache, clock=clock, config=LiveExecEngineConfig())
    loop.close()
    plain = instruments.CryptoPerpetual.to_dict(TestInstrumentProvider.btcusdt_perp_binance())
    account = identifiers.AccountId("BINANCE-001")
    equal: list[Any] = []
    different: list[Any] = []
    for n in range(number):
        named = {**plain, "id": f"S{n}USDT-PERP.BINANCE", "raw_symbol": f"S{n}USDT"}
        instrument = instruments.CryptoPerpetual.from_dict(named)
        cache.add_instrument(instrument)
        position_id = identifiers.PositionId(f"P-{n}")
        order = TestExecStubs.market_order(
            instrument=instrument,
            order_side=enums.OrderSide.BUY,
            quantity=instrument.make_qty(float(HELD)),
            client_order_id=identifiers.ClientOrderId(f"O-{n}"),
        )
        cache.add_order(order, position_id)
        fill = TestEventStubs.order_filled(
            order,
            instrument,
            position_id=position_id,
            trade_id=identifiers.TradeId(f"T{n}"),
            last_px=instrument.make_price(float(PRICE)),
            account_id=account,
        )
        cache.add_position(TheirPosition(instrument, fill), enums.OmsType.NETTING)
        for reports, quantity in ((equal, HELD), (different, ELSEWHERE)):
            reports.append(
                PositionStatusReport(
                    account_id=account,
                    instrument_id=instrument.id,
                    position_side=enums.PositionSide.LONG,
                    quantity=instrument.make_qty(float(quantity)),
                    report_id=UUID4(),
                    ts_last=0,
                    ts_init=0,
                    avg_px_open=PRICE,
                )
            )
    return engine, equal, different


if __name__ == "__main__":
    from benchmarks.report import print_rows

    print_rows(run())
