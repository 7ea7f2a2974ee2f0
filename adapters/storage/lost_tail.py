"""Holds openings after acknowledged steps at the journal's tail are lost, until a person has decided; reports
the loss.
"""

from queue import SimpleQueue

from adapters.storage.record import DamagedPosition
from adapters.storage.sqlite import SqliteJournal
from messages.events import OpeningsPaused
from messages.journal import AppendStep, Effect
from messages.statement import Statement
from messages.types import Address, CommandId, PositionId
from messages.wording import Storage

UNUSED_MOST = 1000
"""Ordinals that failed commits may have used: a position takes its ordinal before its first commit."""


def hold_openings(journal: SqliteJournal, *, owner: Address, ordinal: int, effects: tuple[Effect, ...] = ()) -> None:
    """Append a hold of all openings to `owner`'s history at `ordinal`. Blocks for one commit.

    The commit moves the high-water mark, so the next start finds no loss; therefore the step holds the notices
    (`effects`) and the highest ordinal of lost positions. Does nothing when no step is missing, or when that history is
    damaged, which is reported separately. Raises OSError when it cannot be written: continuing would forget the loss.
    """
    if not journal.lost_steps:
        return
    with journal.reader() as reader:
        past = reader.position(ordinal)
        highest = max(ordinal, reader.max_ordinal()) + journal.lost_steps + UNUSED_MOST
    if isinstance(past, DamagedPosition):
        return
    why_held = Storage.AFTER_LOSS(n=journal.lost_steps)
    event = OpeningsPaused(command_id=CommandId(""), why=why_held, highest_lost=highest)
    step = AppendStep(
        sender=owner,
        position_id=PositionId(owner),
        ordinal=ordinal,
        version=(past.version if past else 0) + 1,
        events=(event,),
        effects=effects,
        reducing=True,
    )
    answers: SimpleQueue[Statement | None] = SimpleQueue()
    journal.append((step,), answers.put)
    if (why := answers.get()) is not None:
        raise OSError(f"Acknowledged steps of {journal.path} are missing, and openings cannot be held: {why}")


def in_words(journal: SqliteJournal) -> tuple[Statement, ...]:
    """Return the notice of the loss; () when nothing is missing. No two losses share step and number."""
    if not journal.lost_steps:
        return ()
    return (Storage.STEPS_LOST(n=journal.lost_steps, seq=journal.lost_behind, path=str(journal.path)),)
