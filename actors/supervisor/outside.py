"""Positions at the venue that are not supervised: told once, by name, shown, and counted as exposure. Pure.

What is supervised is what the venue lists as a contract that is traded here, and whatever a position of ours is in,
listed or not: absence from a list closes nothing.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal

from actors.money import LIMITS, quote_of
from actors.supervisor.book import Account
from messages.reports import Outside, PositionsReport
from messages.types import NAMELESS, PositionSide, Symbol

OutsideKey = tuple[Symbol, PositionSide | None]


def _is_ours(symbol: Symbol, account: Account, ours: Collection[Symbol]) -> bool:
    """A row without a name may be about anything of ours."""
    return symbol in account.instruments or symbol in ours or symbol == NAMELESS


def supervised(report: PositionsReport, account: Account, ours: Collection[Symbol]) -> PositionsReport:
    """The report without what is not supervised; `ours` are the symbols of positions of ours."""
    return replace(
        report,
        positions=tuple(row for row in report.positions if _is_ours(row.symbol, account, ours)),
        unread=tuple(row for row in report.unread if _is_ours(row.symbol, account, ours)),
    )


def left_outside(report: PositionsReport, account: Account, ours: Collection[Symbol]) -> dict[OutsideKey, Outside]:
    """What `supervised` takes out of a report of the whole account; what was there before keeps its time."""

    def one(
        symbol: Symbol, side: PositionSide | None, quantity: Decimal | None, mark_price: Decimal | None
    ) -> tuple[OutsideKey, Outside]:
        before = account.outside.get((symbol, side))
        since_ns = report.begun_ns if before is None else before.since_ns
        return (symbol, side), Outside(
            account=account.account,
            symbol=symbol,
            side=side,
            quantity=quantity,
            mark_price=mark_price,
            kind=account.others.get(symbol, ""),
            since_ns=since_ns,
        )

    found = [
        one(row.symbol, row.side, row.quantity, row.mark_price)
        for row in report.positions
        if not _is_ours(row.symbol, account, ours)
    ]
    found += [one(row.symbol, None, None, None) for row in report.unread if not _is_ours(row.symbol, account, ours)]
    return dict(found)


def why_outside(kind: str) -> str:
    """Why a contract of this kind is not supervised."""
    if not kind:
        return "the venue does not list it"
    if kind == "PERPETUAL":
        return "a perpetual whose name or rules cannot be used"
    return f"{kind}, a kind of contract that is not traded here"


def in_short(row: Outside) -> str:
    """`XAUUSDT long 0.5 (TRADIFI_PERPETUAL)`."""
    held = "unreadable" if row.quantity is None or row.side is None else f"{row.side} {row.quantity:f}"
    return f"{row.symbol} {held} ({row.kind or 'not listed'})"


def in_full(row: Outside) -> str:
    held = f"{row.quantity:f}" if row.quantity is not None else "an amount that cannot be read"
    return (
        f"{row.account}: {row.symbol} {row.side or ''} {held} is held at the venue and not supervised: "
        f"{why_outside(row.kind)}. It counts as exposure and has no stop of ours; it is closed by hand, or with "
        "everything else by albra flatten --break-glass."
    )


def outside_exposure(account: Account) -> Iterator[tuple[str, Decimal]]:
    """Notional by currency, at the mark price of the last reading."""
    for row in account.outside.values():
        if row.quantity is not None and row.mark_price is not None:
            name = Symbol(row.symbol.partition("_")[0])
            yield quote_of(name, None) or LIMITS, row.quantity * row.mark_price
