"""The reconciler's decisions: a message in, events, effects and timers out; time from the injected clock.

1. A full reading (`VenueSnapshot` without a symbol) is compared; a difference becomes a suspicion.
2. A suspicion seen often enough gets a targeted reading with orders and trades (`VenueSnapshot` of a symbol).
3. A difference that remains is a discrepancy: recorded, and repaired by policy.
4. A reading after the repair verifies it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.ports import Clock
from actors.reconciler import retiring, schedule
from actors.reconciler.account_state import AccountState, ReconcilerMemory, VenueSnapshot
from actors.reconciler.compare import compare
from actors.reconciler.comparison_input import Comparison, ComparisonInput, Finding, Leg, OpenOrders, alike, may_hold
from actors.reconciler.discrepancies import Discrepancies
from actors.reconciler.observations import Suspicion, observe
from actors.reconciler.on_demand_checks import OnDemandChecks
from actors.reconciler.open_order_polling import OpenOrderPolling
from actors.reconciler.policy import QUANTITY, SECOND, Policy
from actors.reconciler.reading import NEED_ORDERS, Reading
from actors.reconciler.schedule import Looked
from actors.reconciler.step_builder import Later, StepBuilder
from actors.reconciler.trade_matching import own, trade_key
from messages import reports as r
from messages.addresses import SUPERVISOR, position_address
from messages.base import Event, Message
from messages.commands import AcknowledgeDiscrepancy, Reconcile
from messages.discrepancy_type import DiscrepancyType
from messages.events import ForcedTradeShared
from messages.ids import Names, parse_position_id
from messages.journal import Effect
from messages.reconciliation import (
    CheckDue,
    CheckKind,
    CheckRecorded,
    DiscrepancyGone,
    HistoryPruned,
    LegCleared,
    LegShared,
    ListDiscrepancies,
    Outcome,
    PositionSilent,
    RepairRefused,
    SettingSeen,
    SymbolSetting,
    TradesReport,
)
from messages.requests import Reply
from messages.types import (
    NAMELESS,
    AccountId,
    JournalId,
    PositionMode,
    PositionSide,
    Severity,
    Silence,
    Symbol,
)
from messages.wording import Reconciler

EVENT_DELAY_NS = SECOND // 2
"""Delay after an unexpected report, for related reports to arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilerSettings:
    """The reconciler's configuration."""

    journal_id: JournalId
    accounts: tuple[AccountId, ...]
    policy: Policy = field(default_factory=Policy)
    restored: Names | None = None
    """After a restore: the earlier orders that belong to this journal."""

    @property
    def names(self) -> Names:
        """The order ids that belong to this journal."""
        return self.restored or Names(current=self.journal_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`events` and `effects` are journalled as one unit; `tells` and `timers` can be repeated and may be lost."""

    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    tells: tuple[Effect, ...] = ()
    timers: tuple[Later, ...] = ()


class Core:
    """Decides on each message. The ledger evolves at once; the actor sends nothing before it is durable."""

    def __init__(self, settings: ReconcilerSettings, clock: Clock, memory: ReconcilerMemory) -> None:
        self._settings = settings
        self._policy = settings.policy
        self._clock = clock
        self._memory = memory
        self._builder = StepBuilder(memory.ledger, clock)
        self._lists = OpenOrderPolling(clock, memory, self._builder)
        self._reading = Reading(self._policy, clock, memory, self._builder, self._lists)
        self._demands = OnDemandChecks(clock, memory, self._builder, self._reading, self._lists)
        self._discrepancies = Discrepancies(
            settings.names, self._policy, memory, self._builder, self._reading.symbol_later
        )
        self._routes = self._route_table()

    def start(self) -> Step:
        """Return the first step after recovery: read open discrepancies again and repeat holds."""
        self._builder.begin(self._memory.ledger)
        self._memory.held.clear()
        for account_state in self._memory.account_states.values():
            self._reading.forget(account_state)
            account_state.due.clear()  # the timers ended with the earlier instance
            self._reading.look_next(account_state)
            for record in self._memory.ledger.discrepancies(account_state.account) if account_state.up else ():
                self._reading.later(account_state, record.symbol, schedule.VERIFY_NS)
        return self._finish()

    def step(self, message: Message) -> Step:
        """Return the step of one message. Raises KeyError for a message that the reconciler does not handle."""
        self._builder.begin(self._memory.ledger)
        self._routes[type(message)](message)
        return self._finish()

    def _finish(self) -> Step:
        self._demands.answer()
        self._discrepancies.send_holds()
        d = self._builder
        return Step(events=tuple(d.events), effects=tuple(d.effects), tells=tuple(d.tells), timers=tuple(d.timers))

    # Reports ----------------------------------------------------------------------------------------

    def _view(self, view: r.PositionView) -> None:
        account_state = self._memory.account_states.get(view.account)
        if account_state is None:
            return
        account_state.take(view)
        if view.in_doubt and not view.state.terminal:
            self._reading.at_least(account_state, view.symbol, self._policy.thresholds.stuck_ns + EVENT_DELAY_NS)
        if view.state.terminal:
            self._on_position_closed(account_state, view.symbol)
        side = view.side if account_state.mode is PositionMode.HEDGE else None
        leg = (view.symbol, side)
        if not may_hold(view) or (view.account, leg) in self._memory.ledger.shared:
            return
        holders = [v for v in account_state.live(view.symbol) if may_hold(v) and side in (None, v.side)]
        if len(holders) > 1:
            self._builder.record(LegShared, account=view.account, symbol=view.symbol, side=side)

    def _on_position_closed(self, account_state: AccountState, symbol: Symbol) -> None:
        """A closed position can settle an escalated attribution: check again now instead of after the backoff."""
        discrepancies = self._memory.ledger.discrepancies(account_state.account)
        if any(each.symbol == symbol and each.outcome is Outcome.ESCALATED for each in discrepancies):
            self._reading.later(account_state, symbol, EVENT_DELAY_NS)

    def _silent(self, message: PositionSilent) -> None:
        """Suspend belief and adoption on its leg until the position is readable again."""
        parsed = parse_position_id(message.position_id)
        account_state = self._memory.account_states.get(parsed[0].account) if parsed is not None else None
        if parsed is not None and account_state is not None:
            account_state.silent.pop(message.position_id, None)
            account_state.damaged.pop(message.position_id, None)
            if message.why:
                account_state.silent[message.position_id] = message.why
                if message.state is Silence.DAMAGED:
                    account_state.damaged[message.position_id] = retiring.Absence()
            elif message.state is Silence.RETIRED:
                account_state.ended.add(parsed[1])
                self._discrepancies.retired(account_state, message.position_id)
            self._reading.later(account_state, parsed[0].symbol, EVENT_DELAY_NS)

    def _venue_up(self, report: r.VenueUp) -> None:
        account_state = self._memory.account_states.get(report.account)
        if account_state is None:
            return
        account_state.waits, account_state.was_reported = False, True
        account_state.up, account_state.mode, account_state.margin_mode = True, report.position_mode, report.margin_mode
        account_state.validity_ns = report.validity_window_ms * 1_000_000
        self._rules(report)
        self._reading.forget(account_state)
        self._reading.later(account_state, None, EVENT_DELAY_NS)
        for record in self._memory.ledger.discrepancies(report.account):
            self._reading.later(account_state, record.symbol, schedule.VERIFY_NS)

    def _rules(self, report: r.VenueUp | r.RulesReport) -> None:
        account_state = self._memory.account_states.get(report.account)
        if account_state is not None:
            account_state.instruments = {rules.symbol: rules for rules in report.instruments}

    def _venue_down(self, report: r.VenueDown) -> None:
        account_state = self._memory.account_states.get(report.account)
        if account_state is not None:
            account_state.up, account_state.waits, account_state.was_reported = False, False, True
            self._reading.forget(account_state)
            account_state.waiting.clear()

    def _turn_awaited(self, report: r.TurnAwaited) -> None:
        account_state = self._memory.account_states.get(report.account)
        if account_state is not None:
            account_state.waits = report.since_ns > 0

    def _stream_up(self, report: r.StreamUp) -> None:
        account_state = self._memory.account_states.get(report.account)
        if account_state is not None:
            self._reading.later(account_state, None, EVENT_DELAY_NS)

    def _unexpected(self, report: r.FillReport | r.OrderRejected | r.LeverageChanged | r.OrderReport) -> None:
        """Read the symbol: a foreign trade, a reduction without a position, or a changed setting."""
        account_state = self._memory.account_states.get(report.account)
        if account_state is not None:
            if not isinstance(report, r.LeverageChanged):
                account_state.traded.add(report.symbol)
            self._reading.later(account_state, report.symbol, EVENT_DELAY_NS)

    def _shared_out(self, event: ForcedTradeShared) -> None:
        """The supervisor booked this forced trade, so it explains no further difference."""
        account_state = self._memory.account_states.get(event.account)
        if account_state is not None:
            account_state.see_own((trade_key(event),))

    def _replied(self, reply: Reply) -> None:
        """Record a refused repair, for the later escalation."""
        name = reply.correlation_id.removeprefix("reconcile-")
        record = self._memory.ledger.records.get(name)
        if reply.accepted or record is None or record.outcome.ended or alike(record.refused, reply.text):
            return
        self._builder.record(RepairRefused, discrepancy_id=name, why=reply.text)
        if record.outcome is Outcome.ESCALATED:  # the owner believes that the chosen attribution was applied
            text = Reconciler.ANSWER_REFUSED(record=name, type=record.type, symbol=record.symbol, why=reply.text)
            self._builder.notify(Severity.WARNING, text, record.account, f"{name}.refused.{record.attempts}")

    def _due(self, due: CheckDue) -> None:
        self._reading.due(due)
        if due.topic.startswith("check/"):
            self._prune()

    def _answered(self, report: r.PositionsReport | r.OpenOrdersReport | TradesReport) -> None:
        self._completed(self._reading.answered(report))

    def _fetch_failed(self, report: r.FetchFailed) -> None:
        asked = self._reading.round_of(report)
        complete = self._reading.failed(report)
        if asked is not None:
            self._demands.unread(report, asked.symbol)
        self._completed(complete)

    def _completed(self, complete: tuple[AccountState, VenueSnapshot] | None) -> None:
        if complete is not None:
            account_state, snapshot = complete
            self._complete(account_state, snapshot)
            self._reading.after(account_state, snapshot)

    # Comparing -------------------------------------------------------------------------------------

    def _complete(self, account_state: AccountState, snapshot: VenueSnapshot) -> None:
        report = snapshot.positions
        assert report is not None
        account_state.failures = 0
        comparison = compare(self._facts(account_state, report, snapshot.orders))
        before = set(account_state.evidence.suspicions)
        account_state.evidence = observe(account_state.evidence, comparison, report.begun_ns, self._policy.gap_ns)
        for key in set(account_state.evidence.suspicions) - before:
            account_state.clean_ns[key] = account_state.clean_since((key[1], key[2]))
        for key in before - set(account_state.evidence.suspicions):
            account_state.clean_ns.pop(key, None)
        differing = {(f.symbol, f.side) for f in comparison.findings if f.type in QUANTITY}
        account_state.agreed_ns.update({leg: report.begun_ns for leg in comparison.judged if leg not in differing})
        self._mark_looked(account_state, snapshot, comparison, report.begun_ns)
        self._prove_absence(account_state, snapshot)
        self._follow_settings(account_state, report, comparison)
        self._report_verified(account_state, report, comparison, differing)
        self._discrepancies.settle(account_state, comparison)
        self._note_gone(account_state, comparison)
        if snapshot.symbol is None:
            self._judge_account(account_state, comparison)
            self._count(account_state, snapshot, comparison)
        else:
            self._judge_symbol(account_state, comparison, snapshot)
        for symbol, _ in account_state.evidence.too_busy():
            self._reading.later(account_state, symbol, self._policy.gap_ns)
        self._schedule_open(account_state, comparison)
        self._demands.on_comparison(account_state, snapshot, comparison)

    def _report_verified(
        self, account_state: AccountState, report: r.PositionsReport, comparison: Comparison, differing: set[Leg]
    ) -> None:
        """Report a verified leg to positions that were settled by hand: they wait for it before they sell.

        A written-off order may still rest, which only a list of open orders shows.
        """
        if not comparison.orders_read:
            return
        for view in (view for view in account_state.live(report.symbol) if view.unverified):
            leg = (view.symbol, view.side if account_state.mode is PositionMode.HEDGE else None)
            if leg in comparison.judged and leg not in differing:
                held = r.LegHeld(position_id=view.position_id, quantity=view.quantity, begun_ns=report.begun_ns)
                self._builder.tell(position_address(view.ordinal), held)

    def _schedule_open(self, account_state: AccountState, comparison: Comparison) -> None:
        """Schedule the next reading of every open discrepancy in scope; a look without result schedules no other."""
        for record in self._memory.ledger.discrepancies(account_state.account):
            if comparison.scope in (None, record.symbol):
                escalated = record.outcome is Outcome.ESCALATED and record.apply is None
                delay_ns = schedule.look_again(record.looks) if escalated else self._policy.gap_ns
                self._reading.at_least(account_state, record.symbol, delay_ns)

    def _prove_absence(self, account_state: AccountState, snapshot: VenueSnapshot) -> None:
        """Collect the proof that damaged positions are gone; read a flat leg until it is complete."""
        for name, key in retiring.concerned(account_state.damaged, account_state.mode, snapshot.symbol):
            before = account_state.damaged[name]
            after = retiring.observed(
                before,
                key,
                account_state.evidence,
                snapshot.orders,
                self._settings.names,
                retiring.Pace.of(self._policy, account_state.validity_ns),
                begun_ns=snapshot.begun_ns,
                now_ns=self._clock.monotonic_ns(),
            )
            account_state.damaged[name] = after
            if after.proven and not before.proven:
                self._discrepancies.notify_absence(account_state, name)
            elif after.nearly:
                self._reading.later(account_state, key[1], retiring.LOOK_NS)

    def _facts(
        self, account_state: AccountState, report: r.PositionsReport, orders: OpenOrders | None
    ) -> ComparisonInput:
        return ComparisonInput(
            account=account_state.account,
            mode=account_state.mode,
            margin_mode=account_state.margin_mode,
            journal_id=self._settings.journal_id,
            now_ns=self._clock.time_ns(),
            report=report,
            views=account_state.live(report.symbol),
            instruments=account_state.instruments,
            thresholds=self._policy.thresholds,
            orders=orders,
            settings=self._memory.ledger.settings_of(account_state.account),
            shared=self._memory.ledger.shared_legs(account_state.account),
            ended=account_state.ended,
            silent=account_state.silent,
            damaged=account_state.damaged,
        )

    def _mark_looked(
        self, account_state: AccountState, snapshot: VenueSnapshot, comparison: Comparison, begun_ns: int
    ) -> None:
        if snapshot.symbol is not None:
            return
        now_ns = self._clock.monotonic_ns()
        account_state.read(begun_ns, comparison.skipped | comparison.silent)
        deep = snapshot.kind is CheckKind.SLOW or account_state.looked.deep_ns is None
        account_state.looked = Looked(
            any_ns=now_ns,
            orders_ns=now_ns
            if snapshot.orders is not None or account_state.looked.orders_ns is None
            else account_state.looked.orders_ns,
            deep_ns=now_ns if deep else account_state.looked.deep_ns,
        )
        self._reading.look_next(account_state)

    def _follow_settings(self, account_state: AccountState, report: r.PositionsReport, comparison: Comparison) -> None:
        """Believe a symbol's first seen setting until the symbol is flat again."""
        ledger = self._memory.ledger
        rows = {row.symbol: row for row in report.positions}
        for symbol, row in rows.items():
            held = any(view.quantity for view in account_state.live(symbol))
            if held and row.leverage is not None and (account_state.account, symbol) not in ledger.settings:
                setting = SymbolSetting(
                    account=account_state.account, symbol=symbol, leverage=row.leverage, isolated=row.isolated
                )
                self._builder.record(SettingSeen, setting=setting)
        if report.symbol is not None or any(row.symbol == NAMELESS for row in report.unread):
            return
        there = rows.keys() | {row.symbol for row in report.unread}
        over: set[tuple[Symbol, PositionSide | None]] = {
            (symbol, None) for symbol in ledger.settings_of(account_state.account) if symbol not in there
        }
        over |= {(s, side) for s, side in ledger.shared_legs(account_state.account) if s not in there}
        for symbol, side in sorted(over, key=str):
            if (
                not any(view.quantity for view in account_state.live(symbol))
                and (symbol, side) not in comparison.skipped
            ):
                self._builder.record(LegCleared, account=account_state.account, symbol=symbol, side=side)

    def _note_gone(self, account_state: AccountState, comparison: Comparison) -> None:
        """Forget an ignored or acknowledged discrepancy that is gone, so that its return is detected."""
        found = {finding.key: finding for finding in comparison.findings}
        for (account, key), name in list(self._memory.ledger.silenced.items()):
            if account == account_state.account and self._discrepancies.over(name, found.get(key), comparison):
                self._builder.record(DiscrepancyGone, discrepancy_id=name)

    def _judge_account(self, account_state: AccountState, comparison: Comparison) -> None:
        """Suspect, and schedule targeted readings; a bulk reading decides nothing."""
        soon = False
        for finding in comparison.findings:
            if (
                self._silenced(account_state, finding)
                or self._memory.ledger.case(account_state.account, finding.key) is not None
            ):
                continue
            suspicion = account_state.evidence.suspicions[finding.key]
            if finding.type in QUANTITY and self._reading.awaited(account_state, finding.symbol):
                self._reading.later(account_state, finding.symbol, 0)  # its trades may prove it without another look
            elif suspicion.count >= self._policy.required(finding.type) - 1:
                # The targeted reading is the last observation, so it keeps the same distance.
                self._reading.later(account_state, finding.symbol, self._policy.gap_ns)
            else:
                soon = True
        if soon:
            self._reading.later(account_state, None, self._policy.gap_ns)

    def _judge_symbol(self, account_state: AccountState, comparison: Comparison, snapshot: VenueSnapshot) -> None:
        if not comparison.findings and snapshot.symbol is not None and not comparison.skipped:
            account_state.traded.discard(snapshot.symbol)
        doubtful = any(view.in_doubt for view in account_state.live(snapshot.symbol))
        fresh = self._own_trades(account_state, snapshot, wanted=doubtful or bool(comparison.findings))
        for fill in fresh:
            self._builder.tell(SUPERVISOR, fill)
        if fresh and comparison.findings and not self._all_proven(account_state, comparison, snapshot):
            # Real fills first: their positions book them, then the difference is read again.
            self._reading.later(account_state, snapshot.symbol, schedule.VERIFY_NS)
            return
        for finding in comparison.findings:
            if self._silenced(account_state, finding):
                continue
            suspicion = account_state.evidence.suspicions[finding.key]
            without_trades = finding.type in QUANTITY and snapshot.trades is None
            without_orders = finding.type in NEED_ORDERS and snapshot.orders is None and not finding.difference
            explained = self._discrepancies.explained_by_trades(account_state, finding, snapshot)
            if not self._seen_enough(suspicion, explained=explained) and not self._discrepancies.proven(
                account_state, finding, snapshot
            ):
                at_once = without_trades and self._reading.awaited(account_state, finding.symbol)
                self._reading.later(account_state, finding.symbol, 0 if at_once else self._policy.gap_ns)
            elif without_trades:
                self._reading.later(account_state, finding.symbol, EVENT_DELAY_NS)
            elif without_orders:
                # Twice a second, positions would leave the list of orders no budget.
                self._reading.later(
                    account_state,
                    finding.symbol,
                    max(EVENT_DELAY_NS, self._lists.next_ns(account_state, finding.symbol or None)),
                )
            else:
                self._discrepancies.take_up(account_state, suspicion, snapshot)

    def _all_proven(self, account_state: AccountState, comparison: Comparison, snapshot: VenueSnapshot) -> bool:
        """Return whether foreign trades explain every difference, so that no fill of ours is missing."""
        quantities = [finding for finding in comparison.findings if finding.type in QUANTITY]
        return bool(quantities) and all(
            self._discrepancies.proven(account_state, finding, snapshot) for finding in quantities
        )

    def _seen_enough(self, suspicion: Suspicion, *, explained: bool) -> bool:
        """An absence must last, unless foreign trades explain it (`explained`)."""
        kind = suspicion.finding.type
        if suspicion.count < self._policy.required(kind):
            return False
        absent = kind is DiscrepancyType.POSITION_NOT_IN_EXCHANGE and not explained
        return not absent or suspicion.lasted_ns >= self._policy.absence_ns

    def _own_trades(
        self, account_state: AccountState, snapshot: VenueSnapshot, *, wanted: bool
    ) -> tuple[r.FillReport, ...]:
        """Return trades of our own orders not sent to their positions from here before; each position books one once.

        They resolve orders whose own queries do not.
        """
        if snapshot.trades is None or not (wanted or snapshot.kind is CheckKind.SLOW):
            return ()
        trades = own(snapshot.trades.trades, self._settings.names)
        fresh = tuple(trade for trade in trades if trade_key(trade) not in account_state.own_seen)
        account_state.see_own(tuple(trade_key(trade) for trade in fresh))
        return fresh

    def _silenced(self, account_state: AccountState, finding: Finding) -> bool:
        return (account_state.account, finding.key) in self._memory.ledger.silenced

    def _count(self, account_state: AccountState, snapshot: VenueSnapshot, comparison: Comparison) -> None:
        """Count a check without findings; the next recorded check includes it."""
        if (
            not comparison.findings
            and not account_state.failed_reads
            and snapshot.kind not in (CheckKind.SLOW, CheckKind.DEMAND)
        ):
            account_state.quiet += 1
            return
        self._builder.record(
            CheckRecorded,
            kind=snapshot.kind,
            account=account_state.account,
            compared=len(comparison.judged),
            skipped=len(comparison.skipped),
            suspected=len(comparison.findings),
            failed_reads=account_state.failed_reads,
            quiet=account_state.quiet,
        )
        account_state.quiet = account_state.failed_reads = 0

    def _prune(self) -> None:
        before_ns = self._clock.time_ns() - self._policy.retention_ns
        if any(x.outcome.ended and x.ended_ns < before_ns for x in self._memory.ledger.records.values()):
            self._builder.record(HistoryPruned, before_ns=before_ns)

    def _route_table(self) -> Mapping[type, Callable[[Any], None]]:
        return {
            r.PositionView: self._view,
            PositionSilent: self._silent,
            r.VenueUp: self._venue_up,
            r.VenueDown: self._venue_down,
            r.TurnAwaited: self._turn_awaited,
            r.RulesReport: self._rules,
            r.StreamUp: self._stream_up,
            r.FillReport: self._unexpected,
            r.OrderRejected: self._unexpected,
            r.OrderReport: self._unexpected,
            r.LeverageChanged: self._unexpected,
            r.PositionsReport: self._answered,
            r.OpenOrdersReport: self._answered,
            TradesReport: self._answered,
            r.FetchFailed: self._fetch_failed,
            ForcedTradeShared: self._shared_out,
            Reply: self._replied,
            CheckDue: self._due,
            Reconcile: self._demands.reconcile,
            ListDiscrepancies: self._demands.list_,
            AcknowledgeDiscrepancy: self._discrepancies.acknowledge,
        }
