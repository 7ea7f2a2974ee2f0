"""The history of a position: half of one is worse than none, and nothing is decided while a step is at the journal."""

from functools import partial

from actors.position.evolve import evolve
from actors.position.state import Position, blank
from actors.runtime.event_sourced import HistorySpec, OnDamage, Persisting, Snapshots
from messages.ids import position_id
from messages.types import JournalId, Key

SNAPSHOTS = Snapshots.of(Position, every=64)


def history_of(key: Key, ordinal: int, journal_id: JournalId) -> HistorySpec[Position]:
    return HistorySpec(
        ordinal=ordinal,
        name=position_id(key, ordinal),
        empty=partial(blank, key, ordinal, journal_id),
        evolve=evolve,
        persisting=Persisting.STASHED,
        on_damage=OnDamage.FAIL,
        snapshots=SNAPSHOTS,
    )
