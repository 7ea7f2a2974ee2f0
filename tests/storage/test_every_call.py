"""Every call to the disk fails in turn, from creation to close, until a run meets no failure.

Whatever fails and however: a start either works or says why not; what was acknowledged is durable and what
was refused is not there; and with the disk well again the journal goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import apsw
import pytest

from adapters.storage import schema, sqlite
from adapters.storage.errors import JournalError
from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition
from adapters.storage.reserve import Reserve
from adapters.storage.sqlite import SqliteJournal
from tests.storage.disk import OPERATIONS, Disk, ShortWriteError, disk
from tests.storage.steps import append, step

MOST_CALLS = 600
WRITING = {"xWrite", "xTruncate", "xSync"}


def input_output() -> None:
    raise apsw.IOError("input/output error")


def full() -> None:
    raise apsw.FullError("no space left on device")


def short_write() -> None:
    raise ShortWriteError


def read_only() -> None:
    raise apsw.ReadOnlyError("read-only file system")


CONCERNED = {input_output: set(OPERATIONS), full: WRITING, short_write: {"xWrite"}, read_only: WRITING | {"xDelete"}}
"""What can fail in that way."""


@dataclass(slots=True)
class Fault:
    """Fails the `nth` call that it concerns, and where it `lasts` every one after it until `healed`."""

    fail: Callable[[], None]
    nth: int
    lasts: bool
    met: set[str] = field(default_factory=set)
    healed: bool = False
    reached: bool = False

    def __call__(self, operation: str, _file: str) -> None:
        if self.healed or (self.reached and not self.lasts) or operation not in CONCERNED[self.fail]:
            return
        self.nth -= 1
        if self.nth < 0:
            self.reached = True
            self.met.add(operation)
            self.fail()


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fold the log in often, so that those calls are met, too; and do not wait between failures."""
    monkeypatch.setattr(schema, "CHECKPOINT_PAGES", 8)
    monkeypatch.setattr(sqlite, "_FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(sqlite, "_LONGEST_PAUSE_S", 0.0)
    monkeypatch.setattr(sqlite, "_SPACE_EVERY_S", 0.0)


def opened(directory: Path, vfs: str | None = None) -> SqliteJournal:
    return SqliteJournal.open(directory, vfs=vfs, reserve=Reserve(directory, 65_536))


def durable(directory: Path) -> dict[int, int]:
    with JournalReader(directory) as reader:
        assert reader.verify().damage == ()
        return {each.ordinal: each.version for each in reader.recover() if isinstance(each, RecoveredPosition)}


def go_on(journal: SqliteJournal, heard: dict[int, int], rounds: int) -> list[str]:
    """Append to every position in turn, some of it reducing; `heard` counts what was acknowledged."""
    refused = []
    for _ in range(rounds):
        for ordinal, version in tuple(heard.items()):
            one = step(ordinal, version + 1, snapshot=b"s" * 3_000)
            why = append(journal, replace(one, reducing=ordinal == 2))
            if why is None:
                heard[ordinal] += 1
            else:
                refused.append(why)
    return refused


def live(directory: Path, ill: Disk, fault: Fault) -> None:
    """One life of a journal whose disk fails; then one whose disk is well."""
    heard = {1: 0, 2: 0}
    ill.fault = fault
    try:
        journal = opened(directory, ill.name)
    except JournalError:  # a start that fails says why; anything else is a bug
        fault.healed = True
        journal = opened(directory, ill.name)
    refused = go_on(journal, heard, 3)
    assert all(refused)
    fault.healed = fault.lasts
    assert go_on(journal, heard, 1) == [] or not fault.lasts, "with the disk well again the journal goes on"
    left = {ordinal: version for ordinal, version in heard.items() if version}
    assert durable(directory) == left
    assert journal.close()
    fault.healed = True
    again = opened(directory)
    assert again.lost_steps == 0
    assert durable(directory) == left
    assert go_on(again, heard, 1) == []
    assert again.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # at a close nobody takes the error
@pytest.mark.parametrize("lasts", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("fail", CONCERNED)
def test_whichever_call_fails_the_journal_keeps_its_word(
    tmp_path: Path, fail: Callable[[], None], *, lasts: bool
) -> None:
    met: set[str] = set()
    for nth in range(0, MOST_CALLS, 4 if lasts else 1):  # what goes on failing meets the same calls again and again
        with disk() as ill:
            ill.patient = False
            fault = Fault(fail, nth, lasts)
            try:
                live(tmp_path / str(nth), ill, fault)
            except BaseException as error:
                error.add_note(f"call {nth} failed: {fault.met}")
                raise
            met |= fault.met
        if not fault.reached:
            assert nth > 30
            assert met >= CONCERNED[fail], "some kind of call was never made"
            return
    pytest.fail(f"a run needs fewer than {MOST_CALLS} calls")
