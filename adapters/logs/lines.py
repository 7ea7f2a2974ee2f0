"""Writes log lines without blocking the caller: a queue in front, a thread behind.

loguru's own `enqueue` uses a pipe, and a put blocks once a stalled disk leaves the pipe full. Here a put is a lock-free
append; when the queue is full, lines are dropped and counted, and the count is the first line written afterwards. Log
lines are not the journal: no decision depends on the milliseconds that a kill -9 loses.
"""

import os
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from adapters.logs import CURRENT, TURNED
from adapters.storage.private import open_private, private_directory
from messages.text import Shown, joined

QUEUE_MAX = 50_000
BATCH_MAX = 500
LINE_MAX = 65_536
"""In characters. Outside text may be long, and a file is rotated only between two batches."""


class Target(Protocol):
    """A destination of lines. May raise OSError: the lines are lost and counted."""

    def write(self, text: Shown) -> None: ...

    def close(self) -> None: ...


class LineWriter:
    """Queues records; `render` makes a line (with its end) of each on the writer's thread."""

    def __init__(
        self, name: str, target: Target, render: Callable[[Any], Shown], shed_line: Callable[[int], Shown]
    ) -> None:
        self._target = target
        self._render = render
        self._shed_line = shed_line
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stop = object()
        self._lost = 0
        self.shed = 0
        self.trouble = ""
        """Why writing fails; empty while it works."""
        self.on_trouble: Callable[[str], None] = lambda _why: None
        """Called when writing begins to fail, on the writer's thread."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: Any) -> None:
        if self._queue.qsize() >= QUEUE_MAX:
            self.shed += 1
            self._lost += 1
            return
        self._queue.put(item)

    def stop(self, timeout_s: float) -> bool:
        """Write the queue, close the target; False when the time did not suffice."""
        self._queue.put(self._stop)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            batch = self._batch()
            ends = bool(batch) and batch[-1] is self._stop
            self._write(batch[:-1] if ends else batch)
            if ends:
                self._close()
                return

    def _batch(self) -> list[Any]:
        batch = [self._queue.get()]
        while len(batch) < BATCH_MAX and batch[-1] is not self._stop:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    def _write(self, batch: list[Any]) -> None:
        lost, self._lost = self._lost, 0
        lines = [self._shed_line(lost)] if lost else []
        lines += [self._rendered(item) for item in batch]
        if not lines:
            return
        try:
            self._target.write(joined("", lines))
            self.trouble = ""
        except (OSError, ValueError) as error:  # ValueError: the stream was closed under us.
            self.shed += len(batch)
            self._lost += lost + len(batch)
            begins, self.trouble = not self.trouble, getattr(error, "strerror", None) or str(error)
            if begins:
                self.on_trouble(self.trouble)

    def _rendered(self, item: Any) -> Shown:
        try:
            line = self._render(item)
            return line if len(line) <= LINE_MAX else self._shed_line(1)
        except Exception:  # noqa: BLE001 - one record that cannot be shown must not end all logging
            self.shed += 1
            return self._shed_line(1)

    def _close(self) -> None:
        try:
            self._target.close()
        except (OSError, ValueError):
            return


class StreamTarget:
    """A console, flushed and never closed: it belongs to the process."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: Shown) -> None:
        self._stream.write(text)
        self._stream.flush()

    def close(self) -> None:
        self._stream.flush()


class TurnedFile:
    """Appends to albra.jsonl and rotates it at `file_bytes`; the newest `keep_files` rotated ones stay."""

    def __init__(self, directory: Path, file_bytes: int, keep_files: int) -> None:
        self._directory = directory
        self._file_bytes = file_bytes
        self._keep_files = keep_files
        self._file: IO[str] | None = None
        self._size = 0

    def write(self, text: Shown) -> None:
        file = self._opened()
        file.write(text)
        file.flush()
        self._size += len(text.encode())
        if self._size >= self._file_bytes:
            self._turn()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> IO[str]:
        if self._file is not None:
            return self._file
        path = self._directory / CURRENT
        private_directory(self._directory)
        descriptor = open_private(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        file = os.fdopen(descriptor, "a", encoding="utf-8")
        self._size = os.fstat(descriptor).st_size
        if self._size and os.pread(descriptor, 1, self._size - 1) != b"\n":
            file.write("\n")  # A kill may have left a partial last line; begin a new one.
        self._file = file
        return file

    def _turn(self) -> None:
        self.close()
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        (self._directory / CURRENT).replace(self._directory / f"albra.{now}Z.jsonl")
        turned = sorted(self._directory.glob(TURNED))
        for old in turned[: -self._keep_files]:
            old.unlink(missing_ok=True)
