"""What a journal says of positions and discrepancies while no supervisor runs on it. Pure."""

from actors.position.view import view
from actors.reconciler.ledger import LedgerSnapshot, fold
from actors.recovery import folded
from messages import codec
from messages.journal import Replayed
from messages.reconciliation import Discrepancy
from messages.reports import PositionView
from messages.types import PositionId, Symbol


def position_view(position_id: PositionId, past: Replayed) -> PositionView:
    """The position after its last durable step. Raises DecodeError, LookupError where it cannot be folded."""
    return view(folded(position_id, past))


def discrepancies(past: Replayed, symbol: Symbol | None, most: int) -> tuple[Discrepancy, ...]:
    """The latest of the reconciler's own history, newest first. Raises DecodeError where its snapshot is damaged."""
    start = codec.decode_as(past.snapshot, LedgerSnapshot) if past.snapshot is not None else None
    return fold((*past.events, *past.beyond), start).latest(symbol, most)
