"""Known funding payments, the positions that may share them, and the missing part of each share. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from actors.funding import ENDED_KEPT_NS, KEPT_NS, ZERO, Holder, Place, booked_of, shares
from messages.reports import FundingReport, FundingShare, PositionView

Name = tuple[int, str]
"""A payment of a symbol: its time (ns) and currency."""


@dataclass(slots=True)
class Payment:
    """`done`: every known holder has booked its known share."""

    report: FundingReport
    done: bool = False


@dataclass(slots=True)
class Paid:
    """Known fundings. After a start they are read again, or are in the positions' histories."""

    payments: dict[Place, dict[Name, Payment]] = field(default_factory=dict)
    ended: dict[Place, dict[int, Holder]] = field(default_factory=dict)
    """Ended positions that held something within `ENDED_KEPT_NS`, in order of their end."""
    hidden: dict[Place, int] = field(default_factory=dict)
    """Until when (ns) a retired position may have held a quantity that its damaged history does not show."""
    due: dict[Place, None] = field(default_factory=dict)
    """Symbols with payments to check."""

    @classmethod
    def of(cls, ended: Iterable[Holder]) -> "Paid":
        """Return the fundings of a start; `ended`: positions that ended within the last day."""
        found = cls()
        for holder in sorted(ended, key=lambda each: each.track.moves[-1][0]):
            found.ended.setdefault(holder.place, {})[holder.ordinal] = holder
        return found

    def let_go(self, place: Place, now_ns: int) -> None:
        """Drop ended positions and payments that are too old."""
        ended, payments = self.ended.get(place, {}), self.payments.get(place, {})
        while ended and next(iter(ended.values())).track.moves[-1][0] < now_ns - ENDED_KEPT_NS:
            del ended[next(iter(ended))]
        for name in [each for each in payments if each[0] < now_ns - KEPT_NS]:
            del payments[name]


def lacking_of(
    report: FundingReport, holders: Sequence[Holder], *, wholly: bool
) -> Iterator[tuple[Holder, FundingShare]]:
    """Yield each holder's difference between its share and what it has booked.

    Unless the holders are `wholly` known, a payment that any of them has booked stays as it is.
    """
    time_ns, currency = report.ts_event, report.currency
    if not wholly and any(booked_of(holder.track, time_ns, currency) != ZERO for holder in holders):
        return
    parts = shares(report.amount, {holder.ordinal: holder.held_at(time_ns) for holder in holders})
    for holder in holders:
        before, part = booked_of(holder.track, time_ns, currency), parts.get(holder.ordinal, ZERO)
        if before is None or before == part:
            continue
        share = FundingShare(
            correlation_id=report.correlation_id,
            causation_id=f"funding {report.payment_id}",
            position_id=holder.position_id,
            amount=part,
            currency=currency,
            ts_event=time_ns,
            booked=before,
        )
        yield holder, share


def holder_of(view: PositionView) -> Holder:
    """Return the holder of a live position."""
    return Holder(
        position_id=view.position_id,
        ordinal=view.ordinal,
        place=(view.account, view.symbol),
        side=view.side,
        quantity=view.quantity,
        track=view.track,
    )
