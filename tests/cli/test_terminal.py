"""What a person at a terminal sees: color, a typed confirmation, the live table."""

import os
import pty
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest

from adapters.cli.live import Board, Screen
from messages.reconciliation import PositionSilent
from messages.reports import MarkReport, StreamDown, VenueDown, VenueUp
from messages.requests import Notify
from messages.statement import verbatim
from messages.types import AccountId, PositionMode, PositionState, Severity, Silence, Symbol
from tests.cli.conftest import ROOT, WAIT_S, Albra
from tests.control.fake_supervisor import SINCE_NS, FakeSupervisor, view

MAIN = AccountId("main")


def test_on_a_terminal_states_and_gains_have_color_unless_no_color_is_set(
    albra: Albra, supervisor: FakeSupervisor
) -> None:
    supervisor.keep(view(1))
    assert "\x1b[32mACTIVE" in _at_terminal(albra, ["positions"])
    assert "\x1b" not in _at_terminal(albra, ["positions"], NO_COLOR="1")
    assert "\x1b" not in _at_terminal(albra, ["positions", "--json"])


@pytest.mark.parametrize(("typed", "closed"), [("close all", True), ("yes", False), ("", False)])
def test_close_all_happens_only_when_the_words_are_typed(
    albra: Albra, supervisor: FakeSupervisor, *, typed: str, closed: bool
) -> None:
    supervisor.keep(view(1))
    shown = _at_terminal(albra, ["close", "--all"], typed=typed)
    assert "This closes every position" in shown
    assert ("nothing was done" in shown) is not closed
    assert (supervisor.views[view(1).position_id].state is PositionState.CLOSED) is closed


def test_who_stops_reading_causes_no_traceback(albra: Albra, supervisor: FakeSupervisor) -> None:
    for ordinal in range(1, 3000):
        supervisor.keep(view(ordinal, strategy=f"s{ordinal}"))
    process = albra.start("positions")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, err) == (141, "")


def test_plain_lines_tell_each_change_once() -> None:
    stream = StringIO()
    screen = Screen(stream, title="albra", header={"control": "127.0.0.1:1"}, live=False)
    screen.start()
    for message in (
        view(1, state=PositionState.OPENING, previous=PositionState.PENDING, quantity=Decimal(0), reason=""),
        view(1),
        view(1, version=8),
        MarkReport(account=MAIN, symbol=Symbol("BTCUSDT"), mark_price=Decimal(60100)),
        VenueDown(account=MAIN, cause=verbatim("timeout")),
        VenueDown(account=MAIN, cause=verbatim("timeout")),
        Notify(severity=Severity.CRITICAL, text=verbatim("protection refused"), position_id=view(1).position_id),
        view(1, state=PositionState.CLOSED, previous=PositionState.CLOSING, quantity=Decimal(0), reason="closed"),
    ):
        screen.deliver(message)
    screen.stop()
    head, *lines = stream.getvalue().splitlines()
    assert head == "albra  control 127.0.0.1:1"
    assert [line.split(" ", 1)[1] for line in lines] == [
        "main.BTCUSDT.long.manual.1 PENDING -> OPENING",
        "main.BTCUSDT.long.manual.1 OPENING -> ACTIVE 0.010 at 60000.1 (filled)",
        "venue of main is down: timeout",
        "CRITICAL main.BTCUSDT.long.manual.1 protection refused",
        "main.BTCUSDT.long.manual.1 CLOSING -> CLOSED (closed)",
    ]


def test_what_a_start_restores_is_no_change() -> None:
    board = Board(started_ns=SINCE_NS + 1)
    restored = board.note(view(1))
    assert restored == "main.BTCUSDT.long.manual.1 restored ACTIVE 0.010 at 60000.1"
    closed = view(2, state=PositionState.CLOSED, previous=PositionState.CLOSING, quantity=Decimal(0))
    assert board.note(closed) is None
    moved = view(1, state=PositionState.CLOSING, previous=PositionState.ACTIVE, since_ns=SINCE_NS + 2, reason="")
    assert board.note(moved) == "main.BTCUSDT.long.manual.1 ACTIVE -> CLOSING 0.010 at 60000.1"
    new = view(3, strategy="trend", since_ns=SINCE_NS + 3, reason="")
    assert board.note(new) == "main.BTCUSDT.long.trend.3 OPENING -> ACTIVE 0.010 at 60000.1"


def test_the_live_table_shows_positions_health_and_events() -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    screen = Screen(stream, title="albra", header={"journal": "abcd1234"}, live=True)
    screen.start()
    screen.deliver(view(1))
    screen.deliver(MarkReport(account=MAIN, symbol=Symbol("BTCUSDT"), mark_price=Decimal(60100)))
    screen.deliver(StreamDown(account=MAIN, cause=verbatim("closed")))
    screen.stop()
    shown = stream.getvalue()
    for text in (
        "journal abcd1234",
        "main: stream down",
        "main.BTCUSDT.long.manual.1",
        "60100",
        "stream of main is down",
    ):
        assert text in shown


def test_a_board_forgets_what_is_terminal_and_recovers_health() -> None:
    board = Board()
    board.note(view(1))
    assert len(board.views) == 1
    board.note(view(1, state=PositionState.CLOSED))
    assert board.views == {}
    assert board.note(VenueDown(account=MAIN, cause=verbatim("x"))) is not None
    up = VenueUp(
        account=MAIN, venue_identity="v", position_mode=PositionMode.ONE_WAY, instruments=(), validity_window_ms=1
    )
    assert board.note(up) == "venue of main is up"
    assert board.note(up) is None


@pytest.mark.parametrize("live", [True, False])
def test_a_position_that_cannot_say_what_it_holds_stays_on_the_table(*, live: bool) -> None:
    stream = StringIO()
    screen = Screen(stream, title="albra", header={}, live=live)
    screen.start()
    screen.deliver(view(1))
    silent = PositionSilent(
        position_id=view(1).position_id, why=verbatim("its history is damaged: x"), state=Silence.DAMAGED
    )
    screen.deliver(silent)
    screen.stop()
    assert "DAMAGED" in stream.getvalue()
    board = Board()
    board.note(silent)
    board.note(replace(silent, why=verbatim("")))
    assert board.silent == {}


def test_a_stream_that_broke_ends_the_lines_not_the_supervisor() -> None:
    stream = StringIO()
    screen = Screen(stream, title="albra", header={}, live=False)
    stream.close()
    screen.start()
    screen.deliver(view(1))
    screen.stop()
    assert not screen._thread.is_alive()


def _at_terminal(albra: Albra, arguments: list[str], *, typed: str | None = None, **environment: str) -> str:
    """What the command shows on a pseudo terminal."""
    with _terminal() as (outer, inner):
        process = subprocess.Popen(
            [sys.executable, "-m", "adapters.cli", *arguments],
            cwd=albra.directory,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
            stdin=inner,
            stdout=inner,
            stderr=inner,
        )
        if typed is not None:
            os.write(outer, f"{typed}\n".encode())
        shown: list[bytes] = []
        reader = threading.Thread(target=_read_all, args=(outer, process, shown))
        reader.start()
        process.wait(WAIT_S)
        reader.join(WAIT_S)
        return b"".join(shown).decode()


@contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    outer, inner = pty.openpty()
    try:
        yield outer, inner
    finally:
        os.close(outer)
        os.close(inner)


def _read_all(outer: int, process: subprocess.Popen[bytes], shown: list[bytes]) -> None:
    while True:
        ready, _, _ = select.select([outer], [], [], 0.1)
        if ready:
            shown.append(os.read(outer, 65_536))
        elif process.poll() is not None:
            return
