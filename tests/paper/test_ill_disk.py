"""The paper account's disk fails at each of its calls in turn, from creation to close, until a run meets no failure.

What was answered is there for the next start; what was refused is there at most where the failure itself cannot tell
(a record that was written and not synced); and a start either works or says why not.
"""

import asyncio
import errno
import os
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.paper import input_log
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.live import LiveVenue
from adapters.storage import private

CALLS = ("open", "write", "fsync", "fdatasync", "dup")
NOW_MS = 1_700_000_000_000
TRANSFERS = 5
BEGAN_WITH = Decimal(100_000)
MOST_CALLS = 200


@dataclass
class Disk:
    """The operating system's calls, of which the `nth` fails, and where it `lasts` every later one too.

    A write that fails has written half before.
    """

    nth: int
    lasts: bool
    error: int
    met: set[str] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CALLS:
            return real

        def call(*arguments: Any, **more: Any) -> Any:
            self.nth -= 1
            if self.nth == -1 or (self.nth < -1 and self.lasts):
                self.met.add(name)
                if name == "write":
                    os.write(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(self.error, os.strerror(self.error))
            return real(*arguments, **more)

        return call


async def live_through(directory: Path) -> int:
    """Transfers that were answered; ends at the first that is refused, as a server that lost its disk does."""
    answered = 0
    try:
        venue = LiveVenue(PaperVenue(seed=1, now_ms=NOW_MS), clock_ms=lambda: NOW_MS, storage=directory)
    except OSError:
        return answered
    try:
        for _ in range(TRANSFERS):
            await venue.tell("transfer", "1", "")
            answered += 1
    except OSError:
        with pytest.raises(OSError):  # noqa: PT011  whatever it was, it is not tried again as if it had worked
            await venue.tell("transfer", "1", "")
    with suppress(OSError):
        venue.close()
    return answered


def found(directory: Path) -> int:
    """What a start with a disk that is well finds of them."""
    venue = LiveVenue(PaperVenue(seed=1, now_ms=NOW_MS), clock_ms=lambda: NOW_MS, storage=directory)
    wallet = Decimal(venue.venue.snapshot()["accounts"][0]["wallet"])
    venue.close()
    return int(wallet - BEGAN_WITH)


@pytest.mark.parametrize(
    ("error", "lasts"),
    [(errno.EIO, False), (errno.ENOSPC, True), (errno.EROFS, True)],
    ids=["fails once", "full from then on", "read-only from then on"],
)
def test_whichever_call_fails_what_was_answered_is_there_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, *, lasts: bool
) -> None:
    monkeypatch.setattr(input_log, "RECORDS_PER_SNAPSHOT", 3)
    monkeypatch.setattr(input_log, "SNAPSHOT_BYTES_PER_RECORD", 10**9)
    met: set[str] = set()
    for nth in range(MOST_CALLS):
        disk = Disk(nth, lasts, error)
        directory = tmp_path / str(nth)
        with monkeypatch.context() as patch:
            patch.setattr(input_log, "os", disk)
            patch.setattr(private, "os", disk)
            answered = asyncio.run(live_through(directory))
        held = found(directory)
        assert answered <= held <= answered + 1, f"call {nth} failed: {disk.met}"
        met |= disk.met
        if not disk.met:
            assert (answered, met, nth > 20) == (TRANSFERS, set(CALLS), True)
            return
    pytest.fail(f"a run needs fewer than {MOST_CALLS} calls")
