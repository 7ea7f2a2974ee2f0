"""When acknowledged steps are missing: nothing opens until a person has looked, and a notice says what is known."""

from queue import SimpleQueue

from adapters.storage.record import DamagedPosition
from adapters.storage.sqlite import SqliteJournal
from messages.events import OpeningsPaused
from messages.journal import AppendStep, Effect
from messages.statement import Statement
from messages.types import Address, CommandId, PositionId
from messages.wording import Storage

UNUSED_MOST = 1000
"""A position takes its ordinal before its first commit. So many may have been taken by commits that failed."""


def hold_openings(journal: SqliteJournal, *, owner: Address, ordinal: int, effects: tuple[Effect, ...] = ()) -> None:
    """Add a durable hold of all openings to the history of `owner`, whose `ordinal` it is. Blocks for one commit.

    The same commit moves the mark, and the next start finds no loss: what is to be told (`effects`), and the ordinals
    that lost positions can have, are part of the step. Nothing happens where no step is missing, nor where that history
    is damaged itself, which is said on its own. Raises OSError when it cannot be written: going on would forget what
    was lost.
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
    """What to tell the owner; nothing where nothing is missing. Two losses never have the same step and number."""
    if not journal.lost_steps:
        return ()
    return (Storage.STEPS_LOST(n=journal.lost_steps, seq=journal.lost_behind, path=str(journal.path)),)
