"""What a kill between a step and its effects would cost the owner: nothing."""

from pathlib import Path
from threading import Event

from actors.notifier.actor import NotifierStart
from adapters.storage.sqlite import SqliteJournal
from messages.addresses import NOTIFIER
from messages.journal import AppendStep, Effect
from messages.requests import Notify
from messages.statement import verbatim
from messages.types import Severity
from tests.notifier.stage import Stage
from tests.storage.steps import fill, step

NOTICE = Notify(severity=Severity.CRITICAL, text=verbatim("late fill"), notice_id="main.BTCUSDT.long.grid.1#7.1")


def test_a_notice_of_a_durable_step_is_told_by_the_next_process_once() -> None:
    stage = Stage().begin(NotifierStart(notices=(NOTICE,)))
    assert stage.chat.texts() == ["🔴 <b>late fill</b>"]
    later = Stage(stage.settings, 2, stage.store).begin(NotifierStart(past=stage.past(), notices=(NOTICE,)))
    assert later.chat.asked == []


def test_the_journal_still_has_what_its_latest_steps_let_out(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    done = Event()
    effect = Effect(to=NOTIFIER, message=NOTICE)
    steps: list[AppendStep] = [step(1, 1, fill(1)), step(1, 2, fill(2), effects=(effect,)), step(1, 3, fill(3))]
    for number, one in enumerate(steps):
        journal.append((one,), lambda _, number=number: done.set() if number == 2 else None)  # type: ignore[misc]
    assert done.wait(10)
    with journal.reader() as reader:
        assert [found.message for found in reader.recent_effects(10)] == [NOTICE]
        assert list(reader.recent_effects(1)) == []
    journal.close()
