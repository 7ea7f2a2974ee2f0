"""Funding payments: reported once or repeatedly; each position books the missing part of its share."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from actors.funding import ENDED_KEPT_NS, ZERO, Holder, Place, known_before
from actors.supervisor.context import Routes, SupervisorContext
from actors.supervisor.funding_payments import Payment, holder_of, lacking_of
from messages.addresses import NOTIFIER
from messages.costs import can_fund
from messages.reports import FundingReport, FundingShare, PositionView, Woken
from messages.requests import Notify
from messages.types import PositionSide, Severity
from messages.wording import Supervisor

SETTLE_NS = 1_000_000_000
"""Wait (ns) between a report and its split, for trades of the same moment."""
TOPIC = "fundings"


class Fundings:
    """Splits payments between the positions of their symbol."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._memory = context.memory
        self._known = context.memory.fundings

    def routes(self) -> Routes:
        """Return the handler of funding reports."""
        return {FundingReport: self._on_funding}

    def _on_funding(self, report: FundingReport) -> None:
        """Note a payment; each reading repeats it, and a changed amount is split again."""
        place, name = (report.account, report.symbol), (report.ts_event, report.currency)
        payments = self._known.payments.setdefault(place, {})
        known = payments.get(name)
        if known is not None and known.report.amount == report.amount:
            known.report = report
        else:
            payments[name] = Payment(report)
        if not payments[name].done:
            self._schedule(place)

    def changed(self, before: PositionView | None, view: PositionView) -> None:
        """A newer view may change what the position held at a payment: check again."""
        place = (view.account, view.symbol)
        if view.state.terminal and view.track.moves:
            self._known.ended.setdefault(place, {})[view.ordinal] = holder_of(view)
            self._known.let_go(place, self._context.runtime.clock.time_ns())
        elif before is not None and before.state.terminal:
            self._known.ended.get(place, {}).pop(view.ordinal, None)
        payments = self._known.payments.get(place)
        if not payments or (before is not None and before.track is view.track):
            return
        latest_ns = max(time_ns for time_ns, _ in payments)
        held = () if before is None else known_before(before.track, latest_ns)
        if held != known_before(view.track, latest_ns):
            for payment in payments.values():
                payment.done = False
            self._schedule(place)
        elif before is not None and before.track.paid != view.track.paid:
            self._schedule(place)

    def go_on(self) -> None:
        """Restart the timer after a restart of this actor."""
        if self._known.due:
            self._context.runtime.schedule(TOPIC, SETTLE_NS, Woken(topic=TOPIC))

    def _schedule(self, place: Place) -> None:
        if not self._known.due:
            self._context.runtime.schedule(TOPIC, SETTLE_NS, Woken(topic=TOPIC))
        self._known.due[place] = None

    def share(self) -> None:
        """Split the due payments. A share is due again when its booking shows in a view; then nothing is missing and it
        is done.
        """
        due, self._known.due = self._known.due, {}
        now_ns = self._context.runtime.clock.time_ns()
        for place in due:
            self._known.let_go(place, now_ns)
            open_ = [each for each in self._known.payments.get(place, {}).values() if not each.done]
            holders = tuple(self._holders(place)) if open_ else ()
            for payment in open_:
                if not self._believed(payment.report, holders):
                    payment.done = True
                    continue
                wholly = self._known_wholly(place, holders, payment.report.ts_event, now_ns)
                lacking = tuple(lacking_of(payment.report, holders, wholly=wholly))
                payment.done = not lacking
                for holder, share in lacking:
                    self._send_share(payment.report, holder, share)

    def _believed(self, report: FundingReport, holders: Iterable[Holder]) -> bool:
        """Return whether the amount is plausible for what was held, else send a notice; without a mark price it is."""
        mark = self._memory.accounts[report.account].marks.get(report.symbol)
        held = sum((abs(holder.held_at(report.ts_event)) for holder in holders), ZERO)
        worth = self._context.worth(report.account, report.symbol, report.amount, report.currency)
        if mark is None or worth.value is None or not held or can_fund(worth.value, held * mark):
            return True
        text = Supervisor.FUNDING_UNBOOKED(
            account=report.account, amount=report.amount, currency=report.currency, held=held, symbol=report.symbol
        )
        notice_id = f"funding/{report.account}/{report.symbol}/{report.ts_event}/{report.currency}"
        notice = Notify(severity=Severity.WARNING, text=text, account=report.account, notice_id=notice_id)
        self._context.runtime.tell(NOTIFIER, notice)
        return False

    def _send_share(self, report: FundingReport, holder: Holder, share: FundingShare) -> None:
        missing = share.amount - share.booked
        worth = self._context.worth(report.account, report.symbol, missing, share.currency)
        self._context.tell_position(holder.ordinal, replace(share, worth=worth))

    def _holders(self, place: Place) -> Iterator[Holder]:
        live = [holder_of(view) for view in self._memory.registry.live(*place)]
        ordinals = {holder.ordinal for holder in live}
        yield from live
        yield from (each for each in self._known.ended.get(place, {}).values() if each.ordinal not in ordinals)

    def _known_wholly(self, place: Place, holders: Iterable[Holder], time_ns: int, now_ns: int) -> bool:
        """Return whether the holders are complete for that time and their trades known."""
        silent = any((*place, side) in self._memory.registry.mute for side in PositionSide)
        recent = time_ns > max(now_ns - ENDED_KEPT_NS, self._known.hidden.get(place, 0))
        return recent and not silent and all(holder.track.since_ns < time_ns for holder in holders)
