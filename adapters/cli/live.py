"""The output of `albra run`: a live table on a terminal, else one line per change.

`deliver` only queues the actors' messages; a thread of its own draws, so that a slow terminal delays no actor.
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
from adapters.cli.reading import SPARE_COLUMNS, STATE_COLORS
from messages.base import Message
from messages.decimals import plain
from messages.reconciliation import PositionSilent
from messages.reports import MarkReport, PositionView, StreamDown, StreamUp, VenueDown, VenueUp
from messages.requests import Notify
from messages.text import Shown, joined, shown
from messages.types import AccountId, PositionId, Silence, Symbol

EVENTS_SHOWN = 12
POSITIONS_SHOWN = 40
_QUEUE_MAX = 20_000
_REDRAW_S = 0.25
_IDLE_REDRAW_S = 1.0
"""Redraw interval without changes, for ages."""
_STOP_TIMEOUT_S = 2.0
_COLUMNS = ("position", "state", "quantity", "entry", "mark", "pnl", "stop", "target", "age")
_SPARE = tuple(name for name in SPARE_COLUMNS if name in _COLUMNS)


@dataclass(slots=True, kw_only=True)
class Board:
    """The state to display, used by the drawing thread alone.

    A state older than `started_ns` is restored, not a change.
    """

    started_ns: int = 0
    views: dict[PositionId, PositionView] = field(default_factory=dict)
    marks: dict[tuple[AccountId, Symbol], Decimal] = field(default_factory=dict)
    venues: dict[AccountId, str] = field(default_factory=dict)
    streams: dict[AccountId, str] = field(default_factory=dict)
    silent: dict[PositionId, PositionSilent] = field(default_factory=dict)
    """Positions that cannot report their content; they stay in the table."""
    events: deque[Shown] = field(default_factory=lambda: deque(maxlen=EVENTS_SHOWN))

    def note(self, message: Message) -> Shown | None:
        """Record a message; return its line, None when it changes nothing of interest."""
        said = self._said(message)
        return None if said is None else shown(said)

    def _said(self, message: Message) -> str | None:
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
            over = "is retired" if said.state is Silence.RETIRED else "speaks again"
            return f"{said.position_id} {over}" if self.silent.pop(said.position_id, None) else None
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
        restored = before is None and view.since_ns < self.started_ns
        if restored and view.state.terminal:
            return None
        changed = view.previous and (before is None or before.state != view.state)
        came = "restored " if restored else f"{view.previous} -> " if changed else ""
        held = f" {plain(view.quantity)} at {plain(view.entry_price)}" if view.quantity else ""
        why = f" ({view.reason})" if view.reason and not restored else ""
        return f"{view.position_id} {came}{view.state}{held}{why}"


class Screen:
    """The live table: `banner`, `title` with `header` (journal, address), health of venues and streams, positions.

    States older than `started_ns` are shown as restored.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        title: str,
        header: Mapping[str, str],
        live: bool,
        banner: str = "",
        started_ns: int = 0,
    ) -> None:
        self._stream = stream
        self._banner = banner
        self._title = title
        self._header = header
        self._board = Board(started_ns=started_ns)
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._draw if live else self._print, name="screen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def deliver(self, message: Message) -> None:
        """Queue a message. Never blocks; from any thread. Beyond a bound messages are dropped: a stopped terminal must
        not fill memory.
        """
        if self._queue.qsize() < _QUEUE_MAX:
            self._queue.put(message)

    def stop(self) -> None:
        """Draw once more and restore the terminal, within a bounded time."""
        self._queue.put(None)
        self._thread.join(_STOP_TIMEOUT_S)

    def _print(self) -> None:
        if self._banner:
            self._write(shown(self._banner))
        self._write(shown(f"{self._title}  {_pairs(self._header)}".rstrip()))
        while (message := self._queue.get()) is not None:
            line = self._board.note(message)
            if line is not None:
                self._write(_stamped(line))

    def _write(self, line: Shown) -> None:
        try:
            self._stream.write(output.hidden(line) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return  # The reader is gone; the supervisor continues without output.

    def _draw(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream)
        with Live(self._picture(console.width), console=console, auto_refresh=False, redirect_stderr=False) as live:
            while self._take_in():
                live.update(self._picture(console.width), refresh=True)
                time.sleep(_REDRAW_S)
            live.update(self._picture(console.width), refresh=True)

    def _take_in(self) -> bool:
        """Process all queued messages after waiting for the first; False: stop."""
        try:
            message = self._queue.get(timeout=_IDLE_REDRAW_S)
            while message is not None:
                line = self._board.note(message)
                if line is not None:
                    self._board.events.append(_stamped(line))
                message = self._queue.get_nowait()
        except queue.Empty:
            return True
        return False

    def _picture(self, width: int) -> Any:
        from rich.console import Group
        from rich.text import Text

        head = Text()
        if self._banner:
            head.append(shown(self._banner), "bold yellow").append("\n")
        head.append(shown(self._title), "bold").append(shown(f"  {_pairs(self._header)}")).append("\n")
        head.append(shown(self._board.health()))
        events = joined("\n", self._board.events) or shown("nothing has happened yet")
        return Group(head, Text.from_ansi(self._positions(width)), Text(output.hidden(events), style="dim"))

    def _positions(self, width: int) -> Shown:
        now_ns = time.time_ns()
        views = sorted(self._board.views.values(), key=lambda view: view.ordinal)
        views = [view for view in views if view.position_id not in self._board.silent]
        older = len(views) - POSITIONS_SHOWN
        rows = [self._row(view, now_ns) for view in views[-POSITIONS_SHOWN:]]
        rows[:0] = [(name, said.state, *["-"] * (len(_COLUMNS) - 2)) for name, said in self._board.silent.items()]
        colors = {
            (r, 1): STATE_COLORS[row[1].rstrip("?")] for r, row in enumerate(rows) if row[1].rstrip("?") in STATE_COLORS
        }
        colors |= {(r, 5): "red" if row[5].startswith("-") else "green" for r, row in enumerate(rows) if row[5] != "-"}
        lines = [output.table(_COLUMNS, rows, colors, width=width, spare=_SPARE)]
        lines += [shown(f"{name}: {said.why}") for name, said in self._board.silent.items()]
        return joined("\n", [*lines, shown(f"and {older} older ones")] if older > 0 else lines)

    def _row(self, view: PositionView, now_ns: int) -> tuple[str, ...]:
        mark = self._board.marks.get((view.account, view.symbol))
        gain = (mark - view.entry_price) * view.quantity * view.side.sign if mark is not None else None
        return (
            view.position_id,
            view.state + ("?" if view.in_doubt else ""),
            output.holding(plain(view.quantity), plain(view.resting)),
            output.rounded(view.entry_price),
            output.rounded(mark),
            output.rounded(gain),
            output.rounded(view.stop_shown),
            output.rounded(view.target_shown),
            _age(now_ns - view.since_ns),
        )


def _stamped(line: Shown) -> Shown:
    return shown(f"{time.strftime('%H:%M:%S')} {line}")


def _changed(states: dict[AccountId, str], account: AccountId, state: str, line: str) -> str | None:
    if states.get(account) == state:
        return None
    states[account] = state
    return line


def _pairs(header: Mapping[str, str]) -> str:
    return "  ".join(f"{name} {value}" for name, value in header.items())


def _age(elapsed_ns: int) -> str:
    return output.duration(elapsed_ns // 1_000_000_000)
