"""Adoption of the positions that exist at the first start, under the strategy `manual`. Pure."""

from messages.commands import AdoptPosition
from messages.reports import PositionsReport
from messages.types import MANUAL, CommandId, Instrument, Symbol


def adoptions(report: PositionsReport, instruments: dict[Symbol, Instrument]) -> tuple[AdoptPosition, ...]:
    """Return one command per position of the report; its id is a function of what it adopts."""
    return tuple(
        AdoptPosition(
            command_id=CommandId(f"adopt-{report.account}-{row.symbol}-{row.side}-{report.begun_ns}"),
            account=report.account,
            symbol=row.symbol,
            side=row.side,
            strategy=MANUAL,
            quantity=row.quantity,
            entry_price=row.entry_price,
            leverage=row.leverage,
            instrument=instruments[row.symbol],
            evidence=f"position list of {report.account} begun at {report.begun_ns}",
        )
        for row in report.positions
        if row.symbol in instruments
    )
