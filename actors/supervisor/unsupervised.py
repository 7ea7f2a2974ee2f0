"""Positions at the venue that are not supervised: notified once, listed, and counted as exposure. Pure.

Supervised are contracts that the venue lists and that are traded here, and every symbol with a position of ours, listed
or not: absence from a list closes nothing.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal

from actors.money import quote_of
from actors.supervisor.registry import Account
from messages.reports import Outside, PositionsReport
from messages.statement import Statement
from messages.types import LIMITS_CURRENCY, NAMELESS, PositionSide, Symbol
from messages.wording import Supervisor

OutsideKey = tuple[Symbol, PositionSide | None]


def _is_ours(symbol: Symbol, account: Account, ours: Collection[Symbol]) -> bool:
    """A row without a symbol may concern any position of ours."""
    return symbol in account.instruments or symbol in ours or symbol == NAMELESS


def supervised(report: PositionsReport, account: Account, ours: Collection[Symbol]) -> PositionsReport:
    """Return the report without unsupervised rows; `ours`: the symbols of our positions."""
    return replace(
        report,
        positions=tuple(row for row in report.positions if _is_ours(row.symbol, account, ours)),
        unread=tuple(row for row in report.unread if _is_ours(row.symbol, account, ours)),
    )


def left_outside(report: PositionsReport, account: Account, ours: Collection[Symbol]) -> dict[OutsideKey, Outside]:
    """Return the unsupervised rows of a report of the whole account; known ones keep their start."""

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


def why_outside(kind: str) -> Statement:
    """Return why a contract of this kind is not supervised."""
    if not kind:
        return Supervisor.UNLISTED()
    if kind == "PERPETUAL":
        return Supervisor.RULES_UNUSABLE()
    return Supervisor.OTHER_KIND(kind=kind)


def in_full(row: Outside) -> Statement:
    """Return the notice of its existence."""
    why = why_outside(row.kind)
    if row.quantity is None or row.side is None:
        return Supervisor.OUTSIDE_UNREAD(account=row.account, symbol=row.symbol, why=why)
    return Supervisor.OUTSIDE(account=row.account, symbol=row.symbol, side=row.side, quantity=row.quantity, why=why)


def outside_exposure(account: Account) -> Iterator[tuple[str, Decimal]]:
    """Yield its notional by currency, at the mark price of the last reading."""
    for row in account.outside.values():
        if row.quantity is not None and row.mark_price is not None:
            name = Symbol(row.symbol.partition("_")[0])
            yield quote_of(name, None) or LIMITS_CURRENCY, row.quantity * row.mark_price
