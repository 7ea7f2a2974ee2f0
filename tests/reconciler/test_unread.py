"""Positions that the venue tells and nobody can read: neither held nor flat, told, in nobody's way (I2, I6, I12)."""

from dataclasses import replace

import pytest

from actors.reconciler.compare import compare
from actors.reconciler.comparison_input import OpenOrders
from actors.reconciler.ledger import Ledger, LedgerSnapshot
from actors.reconciler.policy import Policy
from messages import codec
from messages.commands import AdjustPosition, AdoptPosition, Reconcile
from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import (
    LegCleared,
    Outcome,
    PositionsReadAgain,
    PositionsUnread,
    ReconcileAnswer,
    SettingSeen,
)
from messages.reports import PositionRow
from messages.types import NAMELESS, OrderPurpose, PositionMode, Severity, Symbol
from tests.reconciler.world import BTC, LONG, MAIN, NOW, SECOND, SHORT, D, Play, command, facts, order_view, row, view

ETH = Symbol("ETHUSDT")
WHY = "markPrice is 'NaN', not a finite number"
QUICK = Policy(fast_ns=10 * SECOND, normal_ns=15 * SECOND)


def repairs(play: Play) -> list[tuple[str, Symbol | str]]:
    changed = [m for m in play.commands if isinstance(m, AdjustPosition | AdoptPosition)]
    return [(type(m).__name__, m.symbol if isinstance(m, AdoptPosition) else m.position_id) for m in changed]


def told(play: Play) -> list[tuple[Severity, str]]:
    words = ("compared with the venue", "and why cannot be read")
    return [(n.severity, n.text) for n in play.notices if any(each in n.text for each in words)]


@pytest.mark.parametrize("mode", list(PositionMode))
def test_a_position_whose_row_cannot_be_read_is_not_believed_gone_however_long(mode: PositionMode) -> None:
    play = Play(mode=mode, views={1: view(1, "1"), 2: view(2, "1", symbol=ETH)}, policy=QUICK)
    play.unread = {BTC: WHY}
    play.at_venue(row("1", symbol=ETH))
    play.run(900)
    assert repairs(play) == []
    assert play.views[1].quantity == D(1)


def test_it_is_told_with_the_reason_and_openings_of_that_symbol_wait_until_it_can_be_read() -> None:
    play = Play(views={1: view(1, "1")}, policy=QUICK)
    play.at_venue(row("1"))
    play.unread = {BTC: WHY}
    play.run(60)
    [record] = play.records
    assert (record.type, record.severity, record.outcome) == (
        DiscrepancyType.STATE_MISMATCH,
        Severity.CRITICAL,
        Outcome.ESCALATED,
    )
    assert (record.believed, record.reported) == ("long 1", "something unreadable")
    assert any(n.severity is Severity.CRITICAL and WHY in n.text for n in play.notices)
    assert list(play.held) == [BTC]
    play.unread = {}
    play.run(120)
    assert [x.outcome for x in play.records] == [Outcome.RESOLVED]
    assert play.held == {}
    assert play.views[1].state.value == "ACTIVE", "what was paused for it goes on"


def test_the_same_finding_stands_when_something_else_is_wrong_with_the_row() -> None:
    play = Play(views={1: view(1, "1")}, policy=QUICK)
    for number in range(90):
        play.unread = {BTC: f"markPrice is '{number}?', not a number"}
        play.run(1)
    assert [x.type for x in play.records] == [DiscrepancyType.STATE_MISMATCH]


def test_other_symbols_are_compared_as_ever() -> None:
    play = Play(views={1: view(1, "1"), 2: view(2, "1", symbol=ETH)}, policy=QUICK)
    play.unread = {BTC: WHY}
    play.at_venue(row("0.4", symbol=ETH))
    play.run(60)
    assert play.views[2].quantity == D("0.4")
    assert list(play.held) == [BTC]


def test_of_a_symbol_nothing_is_judged_by_the_row_that_can_be_read() -> None:
    """Which leg the other row is of may be what cannot be read."""
    play = Play(mode=PositionMode.HEDGE, views={1: view(1, "1"), 2: view(2, "1", SHORT)}, policy=QUICK)
    play.rows = {(BTC, LONG): row("0.4", LONG)}
    play.unread = {BTC: WHY}
    play.run(120)
    assert repairs(play) == []
    assert [x.type for x in play.records] == [DiscrepancyType.STATE_MISMATCH]


def test_what_is_believed_of_a_symbols_settings_is_kept_while_its_row_cannot_be_read() -> None:
    play = Play(views={1: view(1, "1", leverage=5)}, policy=QUICK)
    play.at_venue(row("1", leverage=5))
    play.run(30)
    assert any(isinstance(e, SettingSeen) for e in play.events)
    play.hold(view(1, "0", version=99))
    play.unread = {BTC: WHY}
    play.run(30)
    assert not any(isinstance(e, LegCleared) for e in play.events)


def test_whoever_asks_for_a_check_is_told_of_it() -> None:
    play = Play(views={1: view(1, "1")}, policy=QUICK)
    play.unread = {BTC: WHY}
    play.tell(Reconcile(**command("ask")))
    play.run(30)
    [answer] = [m for m in play.answers if isinstance(m, ReconcileAnswer)]
    assert (answer.checked, answer.discrepancies, answer.succeeded) == (0, 1, 0)


@pytest.mark.parametrize(("held", "severity"), [(True, Severity.CRITICAL), (False, Severity.WARNING)])
def test_a_list_that_cannot_be_read_at_all_is_told_once_and_called_off_once(*, held: bool, severity: Severity) -> None:
    play = Play(views={1: view(1, "1")} if held else {}, policy=QUICK)
    if held:
        play.at_venue(row("1"))
    play.run(5)
    play.refuse_reads = True
    play.run(30)
    assert told(play) == []
    play.run(60)
    [(loud, text)] = told(play)
    assert loud is severity
    assert text.startswith("main: what is held cannot be compared with the venue for")
    assert "(504)" in text
    play.run(900)
    assert len(told(play)) == 1
    play.refuse_reads = False
    play.run(90)
    assert told(play)[1:] == [(Severity.WARNING, "main: what is held can be compared with the venue again.")]
    assert [type(e) for e in play.events if isinstance(e, PositionsUnread | PositionsReadAgain)] == [
        PositionsUnread,
        PositionsReadAgain,
    ]


def test_a_symbol_that_the_venue_says_nothing_of_is_told_by_name_though_all_others_can_be_read() -> None:
    """It differs, and nothing becomes certain of that without its trades."""
    play = Play(views={1: view(1, "1"), 2: view(2, "1", symbol=ETH)}, policy=QUICK)
    play.at_venue(row("1"), row("0.4", symbol=ETH))
    play.refuse_symbols = {ETH: "400 -1121 Invalid symbol."}
    play.run(300)
    [(severity, text)] = told(play)
    assert severity is Severity.CRITICAL
    assert text.startswith("main ETHUSDT: long 1 believed, long 0.4 at the venue, and why cannot be read for")
    assert "-1121" in text
    play.refuse_symbols = {}
    play.run(120)
    assert told(play)[1:] == [(Severity.WARNING, "main ETHUSDT: what is held can be compared with the venue again.")]


@pytest.mark.parametrize(("believed", "rows"), [("flat", (row("2"),)), ("long 1", ())])
def test_what_the_list_of_positions_shows_is_told_with_both_figures_though_its_trades_cannot_be_read(
    believed: str, rows: tuple[PositionRow, ...]
) -> None:
    play = Play(views={} if rows else {1: view(1, "1")}, policy=QUICK)
    play.at_venue(*rows)
    play.refuse_symbols = {BTC: "503 oops"}
    play.run(120)
    [(severity, text)] = told(play)
    assert severity is Severity.CRITICAL
    reported = "long 2" if rows else "flat"
    assert f"{believed} believed, {reported} at the venue, and why cannot be read for" in text


def test_a_venue_that_wants_silence_is_told_of_by_others() -> None:
    play = Play(views={1: view(1, "1")}, policy=QUICK)
    play.refuse_reads, play.retry_after_ms = True, 20_000
    play.run(300)
    assert told(play) == []


def test_what_was_told_of_it_is_durable_and_not_told_again_after_a_restart() -> None:
    play = Play(views={1: view(1, "1")}, policy=QUICK)
    play.refuse_reads = True
    play.run(90)
    wire = codec.encode(play.memory.ledger.snapshot())
    assert list(Ledger(codec.decode_as(wire, LedgerSnapshot)).blind) == [(MAIN, None)]
    play.restart()
    play.run(120)
    assert len(told(play)) == 1
    play.restart()
    play.refuse_reads = False
    play.at_venue(row("1"))
    play.run(60)
    assert [severity for severity, _ in told(play)] == [Severity.CRITICAL, Severity.WARNING]


@pytest.mark.parametrize("mode", list(PositionMode))
def test_a_row_without_a_name_may_be_about_each_leg_that_no_other_row_tells_and_hides_none_of_those(
    mode: PositionMode,
) -> None:
    play = Play(mode=mode, views={1: view(1, "1"), 2: view(2, "1", symbol=ETH)}, policy=QUICK)
    play.at_venue(row("1"), row("0.4", symbol=ETH))
    play.unread = {NAMELESS: "a row of positions is None, no object"}
    play.run(60)
    assert play.views[2].quantity == D("0.4")
    assert play.held == {}
    play.at_venue(row("0.4", symbol=ETH))
    play.run(900)
    assert 1 not in play.views, "the answer about this symbol alone tells that it is gone"


@pytest.mark.parametrize("unread", [BTC, NAMELESS])
def test_a_stop_that_an_unreadable_row_may_be_about_is_not_missing(unread: Symbol) -> None:
    stop = order_view(1, OrderPurpose.STOP)
    held = view(1, "1", stop_loss=D(90), orders=(stop,), touched_ns=NOW - 60 * SECOND)
    for symbols, found in ((frozenset[Symbol](), 1), (frozenset({unread}), 0), (frozenset({ETH}), 1)):
        listed = OpenOrders(begun_ns=NOW, orders={}, unread=symbols)
        compared = compare(replace(facts(views=[held], rows=[row("1")]), orders=listed))
        assert len(compared.findings) == found
        assert compared.orders_read is not bool(symbols)
