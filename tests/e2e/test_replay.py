"""`albra journal verify` rebuilds every kind of history that a journal holds, not only positions."""

from actors.notifier.actor import HISTORY
from actors.recovery import rebuilt
from messages import codec
from messages.notices import NoticeQueued, NoticesDelivered
from messages.statement import verbatim
from messages.types import Severity


def test_the_notifiers_history_is_rebuilt_as_the_notifier_does() -> None:
    queued = NoticeQueued(
        number=1, severity=Severity.WARNING, text=verbatim("the venue is back"), recipients=("1", "2")
    )
    events = (queued, NoticesDelivered(recipient="1", numbers=(1,)))
    again = rebuilt(events)
    assert again == codec.encode(HISTORY.fold(events))
    assert again != codec.encode(HISTORY.empty())
