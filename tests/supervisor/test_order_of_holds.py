"""A pause and a resume count in the order in which the journal has them, on a disk that refuses one of them as well."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from actors.supervisor.history import History, hold_of
from messages.base import Message
from messages.events import OpeningsPaused, OpeningsResumed
from messages.journal import AppendStep, Committed
from messages.statement import NOTHING, verbatim
from messages.types import CommandId
from tests.supervisor.house import House

PAUSED = OpeningsPaused(command_id=CommandId("pause"), why=verbatim("by hand"))
RESUMED = OpeningsResumed(command_id=CommandId("resume"))


class Kept:
    """A history whose journal answers when the test says so."""

    def __init__(self) -> None:
        self.memory = House().ready().known
        self.told: list[Message] = []
        context = SimpleNamespace(
            address="supervisor",
            tell=lambda _to, message: self.told.append(message),
            schedule=lambda *_: None,
        )
        self.history = History(cast("Desk", SimpleNamespace(memory=self.memory, context=context)))

    def put(self, event: Any) -> None:
        if isinstance(event, OpeningsPaused):
            self.history.apply(event)
        self.history.keep(event, None, NOTHING)

    def commit(self) -> None:
        self.history.committed(Committed(version=1), lambda *_: None)

    @property
    def asked(self) -> list[str]:
        """Commands whose events the journal was asked to keep."""
        steps = (message for message in self.told if isinstance(message, AppendStep))
        return [event.command_id for step in steps for event in cast("tuple[Any, ...]", step.events)]


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_a_pause_that_was_not_kept_is_not_said_again_behind_the_resume_that_lifts_it(kept: Kept) -> None:
    """Sprint 900500983, I10: the journal said paused then, and the memory resumed."""
    kept.history.apply(PAUSED)
    kept.memory.unkept.append((PAUSED, None))
    kept.put(RESUMED)
    kept.history.offer_again()
    assert kept.asked == ["resume"]
    kept.commit()
    kept.history.offer_again()
    assert (kept.asked, kept.memory.unkept, kept.memory.holds) == (["resume"], [], ())


def test_a_pause_behind_a_resume_holds_when_both_are_durable(kept: Kept) -> None:
    kept.put(RESUMED)
    kept.put(PAUSED)
    kept.commit()
    kept.commit()
    assert kept.memory.holds == (hold_of(PAUSED),)
