"""Reads the journal once at the start: the actors' initial state."""

from collections.abc import Callable

from actors.recovery import restored, unconfigured, unwatched
from actors.runtime.event_sourced import damaged
from actors.supervisor.memory import OWN_HISTORY, Restored
from adapters.storage import lost_tail
from adapters.storage.record import RecoveredPosition, as_replayed
from adapters.storage.sqlite import SqliteJournal
from albra.wiring import Wiring
from messages.addresses import NOTIFIER, SUPERVISOR
from messages.journal import Effect, Replayed
from messages.requests import Notify
from messages.types import Severity
from messages.wording import Storage

DAY_STEPS = 1_000_000
LONGEST_DAY_NS = 26 * 3_600_000_000_000
"""How far back the journal is read for today's realized result: a day is longer when clocks are set back."""
COMMANDS_MOST = 50_000
"""Latest command records read, so that known command ids keep their meaning."""


def restore(journal: SqliteJournal, day_of: Callable[[int], int], now_ns: int) -> Restored:
    """Return the supervisor's initial state at `now_ns` (wall time). A damaged position stays out, without effect on
    others.

    `day_of` numbers days of wall time in ns. Raises OSError when the journal is unreadable.
    """
    losses = lost_tail.in_words(journal)
    notices = tuple(Effect(to=NOTIFIER, message=damaged(text)) for text in losses)
    lost_tail.hold_openings(journal, owner=SUPERVISOR, ordinal=OWN_HISTORY, effects=notices)
    with journal.reader() as reader:
        pasts = tuple(reader.recover())
        altered = (
            Storage.EVENTS_WHOLE(name=past.position_id, why=past.remark)
            for past in pasts
            if isinstance(past, RecoveredPosition) and past.remark
        )
        return restored(
            ((past.position_id, as_replayed(past)) for past in pasts),
            finished=tuple((entry.ordinal, entry.position_id) for entry in reader.terminal()),
            recent=reader.recent_events(DAY_STEPS, since_ns=now_ns - LONGEST_DAY_NS),
            # Positions in the lost steps may have orders at the venue: their ordinals are not reused.
            highest_ordinal=max(OWN_HISTORY, reader.max_ordinal()) + journal.lost_steps,
            day_of=day_of,
            damaged=(*losses, *altered),
            commands=reader.commands(COMMANDS_MOST, since_ns=now_ns - LONGEST_DAY_NS),
        )


def past_of(journal: SqliteJournal, ordinal: int) -> Replayed | None:
    """Return the durable history of an actor that is no position; None without one."""
    with journal.reader() as reader:
        found = reader.position(ordinal)
    return as_replayed(found) if found is not None else None


def tell_of_unconfigured(wiring: Wiring, restored: Restored) -> None:
    """Notify of accounts with live positions that the configuration does not name."""
    configured = {account.account for account in wiring.config.accounts}
    for name, number in unconfigured(restored, configured).items():
        text = unwatched(name, number)
        wiring.log("CRITICAL", "account is not configured", why=text)
        wiring.system.tell(NOTIFIER, Notify(severity=Severity.CRITICAL, text=text, account=name))
