"""What a journal says of positions and discrepancies while no supervisor runs on it. Pure."""

from actors.position.view import view
from actors.reconciler.ledger import HISTORY
from actors.recovery import folded
from messages.journal import Replayed
from messages.reconciliation import Discrepancy
from messages.reports import PositionView
from messages.types import PositionId, Symbol


def position_view(position_id: PositionId, past: Replayed) -> PositionView:
    """The position after its last durable step. Raises DecodeError, LookupError, ValueError for a damaged history."""
    return view(folded(position_id, past))


def discrepancies(past: Replayed, symbol: Symbol | None, most: int) -> tuple[Discrepancy, ...]:
    """The latest of the reconciler's own history, newest first, also from behind a damaged record.

    Raises DecodeError for a snapshot of another shape, LookupError where the rest does not fit what is lost.
    """
    return HISTORY.fold((*past.events, *past.beyond), HISTORY.snapshot_in(past)).latest(symbol, most)
