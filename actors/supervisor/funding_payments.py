"""Which fundings are known, who may have held something then, and what each lacks of its share. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from actors.funding import ENDED_KEPT_NS, KEPT_NS, ZERO, Holder, Place, booked_of, shares
from messages.reports import FundingReport, FundingShare, PositionView

Name = tuple[int, str]
"""Of a payment at a place: its time and its currency."""


@dataclass(slots=True)
class Payment:
    """`done`: everything that is known has the share that is known to be its own."""

    report: FundingReport
    done: bool = False


@dataclass(slots=True)
class Paid:
    """What is known of fundings: all of it is told again after a start, or is in the positions' histories."""

    payments: dict[Place, dict[Name, Payment]] = field(default_factory=dict)
    ended: dict[Place, dict[int, Holder]] = field(default_factory=dict)
    """Positions that are over and held something within `ENDED_KEPT_NS`, the first to end first."""
    hidden: dict[Place, int] = field(default_factory=dict)
    """Until when a position that is retired may have held something: what, its damaged history does not tell."""
    due: dict[Place, None] = field(default_factory=dict)
    """Where there may be something to share."""

    @classmethod
    def of(cls, ended: Iterable[Holder]) -> "Paid":
        found = cls()
        for holder in sorted(ended, key=lambda each: each.track.moves[-1][0]):
            found.ended.setdefault(holder.place, {})[holder.ordinal] = holder
        return found

    def let_go(self, place: Place, now_ns: int) -> None:
        """Of what is too old nothing is asked any more."""
        ended, payments = self.ended.get(place, {}), self.payments.get(place, {})
        while ended and next(iter(ended.values())).track.moves[-1][0] < now_ns - ENDED_KEPT_NS:
            del ended[next(iter(ended))]
        for name in [each for each in payments if each[0] < now_ns - KEPT_NS]:
            del payments[name]


def lacking_of(
    report: FundingReport, holders: Sequence[Holder], *, wholly: bool
) -> Iterator[tuple[Holder, FundingShare]]:
    """What each has booked less, or more, of it than its share. Pure.

    Where it is not known `wholly` who held what, what anything has booked stays as it is.
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
    return Holder(
        position_id=view.position_id,
        ordinal=view.ordinal,
        place=(view.account, view.symbol),
        side=view.side,
        quantity=view.quantity,
        track=view.track,
    )
