"""Positions and discrepancies read from a journal without a running supervisor. Pure."""

from actors.position.view import view
from actors.reconciler.ledger import HISTORY
from actors.recovery import folded
from messages.journal import Replayed
from messages.reconciliation import Discrepancy
from messages.reports import PositionView
from messages.types import PositionId, Symbol


def position_view(position_id: PositionId, past: Replayed) -> PositionView:
    """Return the position after its last durable step. Raises DecodeError, LookupError, ValueError for a damaged
    history.
    """
    return view(folded(position_id, past))


def discrepancies(past: Replayed, symbol: Symbol | None, most: int) -> tuple[Discrepancy, ...]:
    """Return the latest discrepancies, newest first, also from behind a damaged record.

    Raises DecodeError for an undecodable snapshot, LookupError where later events need what is lost.
    """
    return HISTORY.fold((*past.events, *past.beyond), HISTORY.snapshot_in(past)).latest(symbol, most)
