"""Acknowledged steps that are missing hold all openings, durably, before anything else is written."""

from dataclasses import replace
from pathlib import Path
from shutil import copy

import apsw
import pytest

from adapters.storage import lost_tail, schema
from adapters.storage.lost_tail import UNUSED_MOST
from adapters.storage.record import RecoveredPosition
from adapters.storage.sqlite import SqliteJournal
from albra.notifier import recorded_notices
from albra.recovery import restore
from messages.addresses import SUPERVISOR
from messages.base import Event
from messages.events import OpeningsPaused, PositionPaused
from messages.types import PositionId
from tests.storage.disk import disk
from tests.storage.steps import append, paused, step

OWN = 0


@pytest.fixture
def shortened(tmp_path: Path) -> Path:
    """Three steps were acknowledged, the file ends with the first."""
    journal = SqliteJournal.open(tmp_path)
    assert append(journal, step(1, 1)) is None
    assert journal.close()
    copy(tmp_path / schema.FILE_NAME, tmp_path / "old")
    journal = SqliteJournal.open(tmp_path)
    assert append(journal, step(1, 2), step(1, 3)) is None
    assert journal.close()
    copy(tmp_path / "old", tmp_path / schema.FILE_NAME)
    return tmp_path


def own_history(journal: SqliteJournal) -> tuple[Event, ...]:
    with journal.reader() as reader:
        found = reader.position(OWN)
    assert found is None or isinstance(found, RecoveredPosition)
    return found.events if found else ()


def test_a_journal_that_lost_nothing_is_not_held(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    lost_tail.hold_openings(journal, owner=SUPERVISOR, ordinal=OWN)
    assert own_history(journal) == ()
    assert lost_tail.in_words(journal) == ()
    assert journal.close()


def test_a_loss_holds_openings_until_somebody_resumes_and_is_said_once(shortened: Path) -> None:
    journal = SqliteJournal.open(shortened)
    lost_tail.hold_openings(journal, owner=SUPERVISOR, ordinal=OWN)
    (event,) = own_history(journal)
    assert isinstance(event, OpeningsPaused)
    assert (event.account, event.symbol, event.until_day) == (None, None, 0)
    assert event.why == "after a loss of 2 journal steps"
    assert "2 acknowledged steps are missing" in lost_tail.in_words(journal)[0]
    assert journal.close()
    journal = SqliteJournal.open(shortened)
    lost_tail.hold_openings(journal, owner=SUPERVISOR, ordinal=OWN)
    assert own_history(journal) == (event,), "durable, and not repeated"
    assert journal.close()


def test_a_second_loss_of_as_many_steps_is_told_in_other_words(shortened: Path) -> None:
    """Day 890000103: what reads the same is a notice that was sent, and is not sent again."""
    told = []
    for ordinal in (1, 2):
        journal = SqliteJournal.open(shortened)
        restore(journal, lambda _ns: 0, 0)
        told.append([notice.notice_id for notice in recorded_notices(journal)][-1])
        assert journal.close()
        copy(shortened / schema.FILE_NAME, shortened / "old")
        journal = SqliteJournal.open(shortened)
        assert append(journal, step(10 + ordinal, 1), step(10 + ordinal, 2)) is None
        assert journal.close()
        copy(shortened / "old", shortened / schema.FILE_NAME)
    assert all("2 acknowledged steps are missing" in each for each in told)
    assert told[0] != told[1]


def test_a_start_that_dies_behind_its_hold_leaves_what_is_to_be_told_and_which_ordinals_are_taken(
    shortened: Path,
) -> None:
    told = []
    for _ in range(2):
        journal = SqliteJournal.open(shortened)
        restored = restore(journal, lambda _ns: 0, 0)
        assert restored.highest_ordinal == 1 + 2 + UNUSED_MOST
        told.append([notice.text for notice in recorded_notices(journal)])
        assert journal.close()
    assert told[0] == told[1]
    assert len(told[0]) == 1
    assert "2 acknowledged steps are missing" in told[0][0]


def test_a_start_that_cannot_write_its_hold_is_no_start(shortened: Path) -> None:
    def fails(operation: str, file: str) -> None:
        if (operation, file) == ("xSync", "-wal"):
            raise apsw.IOError("fsync failed")

    with disk() as ill:
        journal = SqliteJournal.open(shortened, vfs=ill.name)
        ill.fault = fails
        with pytest.raises(OSError, match="openings cannot be held"):
            lost_tail.hold_openings(journal, owner=SUPERVISOR, ordinal=OWN)
        assert own_history(journal) == ()
        ill.fault = lambda _operation, _file: None
        assert journal.close()
    journal = SqliteJournal.open(shortened)
    assert journal.lost_steps == 2, "still known"
    assert journal.close()


def test_the_hold_goes_on_from_the_history_that_is_left(shortened: Path) -> None:
    journal = SqliteJournal.open(shortened)
    paused_before = replace(step(OWN, 1, paused("p")), position_id=PositionId(SUPERVISOR))
    assert append(journal, paused_before) is None
    lost_tail.hold_openings(journal, owner=SUPERVISOR, ordinal=OWN)
    assert [type(event) for event in own_history(journal)] == [PositionPaused, OpeningsPaused]
    assert journal.close()


def test_a_loss_of_the_hold_itself_counts_what_the_hold_had_told_as_well(shortened: Path) -> None:
    """Day 2700001502: fifteen steps were lost, then the four with the hold; what was told last were four."""
    journal = SqliteJournal.open(shortened)
    lost_tail.hold_openings(journal, owner=SUPERVISOR, ordinal=OWN)
    assert append(journal, step(1, 2)) is None
    assert journal.close()
    copy(shortened / "old", shortened / schema.FILE_NAME)
    for _ in range(2):
        journal = SqliteJournal.open(shortened)
        assert (journal.lost_steps, journal.lost_behind) == (2 + 2, 1)
        assert "4 acknowledged steps are missing behind step 1" in lost_tail.in_words(journal)[0]
        assert journal.close()


def test_a_loss_behind_the_hold_counts_nothing_that_the_hold_has_told(shortened: Path) -> None:
    journal = SqliteJournal.open(shortened)
    lost_tail.hold_openings(journal, owner=SUPERVISOR, ordinal=OWN)
    assert journal.close()
    copy(shortened / schema.FILE_NAME, shortened / "held")
    journal = SqliteJournal.open(shortened)
    assert append(journal, step(1, 2), step(1, 3), step(1, 4)) is None
    assert journal.close()
    copy(shortened / "held", shortened / schema.FILE_NAME)
    journal = SqliteJournal.open(shortened)
    assert journal.lost_steps == 3
    assert append(journal, step(1, 2)) is None
    assert journal.close()
    copy(shortened / "old", shortened / schema.FILE_NAME)
    journal = SqliteJournal.open(shortened)
    assert journal.lost_steps == 2 + 3 + 2, "an older copy has neither hold"
    assert journal.close()
