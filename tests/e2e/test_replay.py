"""`albra journal verify` rebuilds every kind of history that a journal holds, not only positions."""

from actors.notifier.actor import SHAPE
from albra import _fold
from messages import codec
from messages.notices import NoticeQueued, NoticesDelivered
from messages.types import Severity


def test_the_notifiers_history_is_rebuilt_as_the_notifier_does() -> None:
    queued = NoticeQueued(number=1, severity=Severity.WARNING, text="the venue is back", recipients=("1", "2"))
    events = (queued, NoticesDelivered(recipient="1", numbers=(1,)))
    rebuilt = _fold()(events)
    assert rebuilt == SHAPE.encode(SHAPE.fold(events))
    assert rebuilt != codec.encode(SHAPE.blank)
