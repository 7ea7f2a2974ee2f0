"""What `albra run` shows: a live table on a terminal, one line for each change otherwise.

Fed by messages from the actors; `deliver` only notes them, a thread of its own draws: a slow terminal
delays nobody.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TextIO

from adapters.cli import output
from messages.base import Message
from messages.reconciliation import PositionSilent
from messages.reports import MarkReport, PositionView, StreamDown, StreamUp, VenueDown, VenueUp
from messages.requests import Notify
from messages.types import AccountId, PositionId, Symbol

EVENTS_SHOWN = 12
POSITIONS_SHOWN = 40
_QUEUE_MAX = 20_000
_REDRAW_S = 0.25
_IDLE_REDRAW_S = 1.0
"""Ages go on while nothing happens."""
_STOP_TIMEOUT_S = 2.0
_STATE_STYLES = {
    "ACTIVE": "green", "FAILED": "red", "RECONCILING": "yellow", "PAUSED": "yellow", "MODIFIED": "yellow",
}  # fmt: skip
_COLUMNS = ("position", "state", "quantity", "entry", "mark", "pnl", "stop", "target", "age")


@dataclass(slots=True, kw_only=True)
class Board:
    """What is known to be shown. Changed and read by the drawing thread alone."""

    views: dict[PositionId, PositionView] = field(default_factory=dict)
    marks: dict[tuple[AccountId, Symbol], Decimal] = field(default_factory=dict)
    venues: dict[AccountId, str] = field(default_factory=dict)
    streams: dict[AccountId, str] = field(default_factory=dict)
    silent: dict[PositionId, PositionSilent] = field(default_factory=dict)
    """Positions that cannot say what they hold: none of them leaves the table."""
    events: deque[str] = field(default_factory=lambda: deque(maxlen=EVENTS_SHOWN))

    def note(self, message: Message) -> str | None:
        """Take it in; the line that tells it, None where it changes nothing people wait for."""
        if isinstance(message, PositionView):
            return self._position(message)
        if isinstance(message, MarkReport):
            self.marks[message.account, message.symbol] = message.mark_price
            return None
        if isinstance(message, PositionSilent):
            return self._silent(message)
        if isinstance(message, Notify):
            about = f"{message.position_id or message.account or ''} ".lstrip()
            return f"{message.severity.upper()} {about}{message.text}"
        if isinstance(message, VenueUp):
            return _changed(self.venues, message.account, "up", f"venue of {message.account} is up")
        if isinstance(message, VenueDown):
            said = f"venue of {message.account} is down: {message.cause}"
            return _changed(self.venues, message.account, "down", said)
        if isinstance(message, StreamUp):
            return _changed(self.streams, message.account, "up", f"stream of {message.account} is up")
        if isinstance(message, StreamDown):
            said = f"stream of {message.account} is down: {message.cause}"
            return _changed(self.streams, message.account, "down", said)
        return None

    def _silent(self, said: PositionSilent) -> str | None:
        if not said.why:
            return f"{said.position_id} speaks again" if self.silent.pop(said.position_id, None) else None
        self.silent[said.position_id] = said
        return f"{said.position_id} {said.state}: {said.why}"

    def health(self) -> str:
        parts = [f"{account}: venue {state}" for account, state in sorted(self.venues.items())]
        parts += [f"{account}: stream {state}" for account, state in sorted(self.streams.items())]
        return "  ".join(parts) or "connecting"

    def _position(self, view: PositionView) -> str | None:
        before = self.views.get(view.position_id)
        if view.state.terminal:
            self.views.pop(view.position_id, None)
        else:
            self.views[view.position_id] = view
        if before is not None and (before.state, before.quantity) == (view.state, view.quantity):
            return None
        came = f"{view.previous} -> " if view.previous and (before is None or before.state != view.state) else ""
        held = f" {format(view.quantity, 'f')} at {format(view.entry_price, 'f')}" if view.quantity else ""
        why = f" ({view.reason})" if view.reason else ""
        return f"{view.position_id} {came}{view.state}{held}{why}"


class Screen:
    """`title` stands on top, with whatever `header` tells (journal, address), then health of venues and streams."""

    def __init__(self, stream: TextIO, *, title: str, header: Mapping[str, str], live: bool) -> None:
        self._stream = stream
        self._title = title
        self._header = header
        self._board = Board()
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._draw if live else self._print, name="screen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def deliver(self, message: Message) -> None:
        """Never blocks; from any thread. Beyond a bound nothing is noted: a stopped terminal must not fill memory."""
        if self._queue.qsize() < _QUEUE_MAX:
            self._queue.put(message)

    def stop(self) -> None:
        """Draw the last time and give the terminal back, within a bounded time."""
        self._queue.put(None)
        self._thread.join(_STOP_TIMEOUT_S)

    def _print(self) -> None:
        self._write(f"{self._title}  {_pairs(self._header)}".rstrip())
        while (message := self._queue.get()) is not None:
            line = self._board.note(message)
            if line is not None:
                self._write(f"{time.strftime('%H:%M:%S')} {line}")

    def _write(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return  # Who read us is gone; the supervisor goes on without.

    def _draw(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream)
        with Live(self._picture(), console=console, auto_refresh=False, redirect_stderr=False) as live:
            while self._take_in():
                live.update(self._picture(), refresh=True)
                time.sleep(_REDRAW_S)
            live.update(self._picture(), refresh=True)

    def _take_in(self) -> bool:
        """Everything that came, after a wait for the first; False: stop."""
        try:
            message = self._queue.get(timeout=_IDLE_REDRAW_S)
            while message is not None:
                line = self._board.note(message)
                if line is not None:
                    self._board.events.append(f"{time.strftime('%H:%M:%S')} {line}")
                message = self._queue.get_nowait()
        except queue.Empty:
            return True
        return False

    def _picture(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        head = Text.assemble((self._title, "bold"), "  ", _pairs(self._header), "\n", self._board.health())
        events = Text("\n".join(self._board.events) or "nothing has happened yet", style="dim", overflow="ellipsis")
        return Group(head, self._positions(), events)

    def _positions(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table(*_COLUMNS, box=None, pad_edge=False)
        now_ns = time.time_ns()
        views = sorted(self._board.views.values(), key=lambda view: view.ordinal)
        for name, said in self._board.silent.items():
            table.add_row(name, Text(said.state, style="bold red"), Text(said.why, style="red"))
        views = [view for view in views if view.position_id not in self._board.silent]
        for view in views[-POSITIONS_SHOWN:]:
            state = Text(view.state + ("?" if view.in_doubt else ""), style=_STATE_STYLES.get(view.state, ""))
            table.add_row(view.position_id, state, *self._numbers(view), _age(now_ns - view.since_ns))
        if len(views) > POSITIONS_SHOWN:
            table.add_row(f"and {len(views) - POSITIONS_SHOWN} older ones", *[""] * (len(_COLUMNS) - 1))
        return table

    def _numbers(self, view: PositionView) -> tuple[Any, ...]:
        from rich.text import Text

        mark = self._board.marks.get((view.account, view.symbol))
        gain = (mark - view.entry_price) * view.quantity * view.side.sign if mark is not None else None
        pnl = Text("-") if gain is None else Text(output.rounded(gain), style="red" if gain < 0 else "green")
        return (
            format(view.quantity, "f"),
            output.rounded(view.entry_price),
            output.rounded(mark),
            pnl,
            output.rounded(view.stop_loss),
            output.rounded(view.take_profit),
        )


def _changed(states: dict[AccountId, str], account: AccountId, state: str, line: str) -> str | None:
    if states.get(account) == state:
        return None
    states[account] = state
    return line


def _pairs(header: Mapping[str, str]) -> str:
    return "  ".join(f"{name} {value}" for name, value in header.items())


def _age(elapsed_ns: int) -> str:
    return output.duration(elapsed_ns // 1_000_000_000)
