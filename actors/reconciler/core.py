"""The reconciler without its actor: a message in, events, effects and timers out. Time comes from the clock given.

The order of things: a reading of the whole account (`Round` without a symbol) is compared; what differs is suspected;
what was suspected often enough is read on purpose, with its orders and trades (`Round` of a symbol); what still
differs then is a discrepancy, is recorded, and is repaired by policy; a reading after the repair proves it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.ports import Clock
from actors.reconciler import retiring, schedule
from actors.reconciler.cases import Cases
from actors.reconciler.compare import compare
from actors.reconciler.demands import Demands
from actors.reconciler.draft import Draft, Later
from actors.reconciler.evidence import Suspicion, observe
from actors.reconciler.explain import own, trade_key
from actors.reconciler.facts import Comparison, Facts, Finding, Leg, OpenOrders, alike, may_hold
from actors.reconciler.listing import Lists
from actors.reconciler.policy import QUANTITY, SECOND, Policy
from actors.reconciler.reading import NEED_ORDERS, Reading
from actors.reconciler.schedule import Looked
from actors.reconciler.watch import Memory, Round, Watch
from messages import reports as r
from messages.addresses import SUPERVISOR, position_address
from messages.base import Event, Message
from messages.commands import Reconcile
from messages.events import ForcedTradeShared
from messages.ids import Names, parse_position_id
from messages.journal import Effect
from messages.reconciliation import (
    AcknowledgeDiscrepancy,
    CheckDue,
    CheckKind,
    CheckRecorded,
    DiscrepancyGone,
    DiscrepancyType,
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
"""After something unexpected: long enough for what belongs together to have arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the composition decides."""

    journal_id: JournalId
    accounts: tuple[AccountId, ...]
    policy: Policy = field(default_factory=Policy)
    restored: Names | None = None
    """Where the journal was restored: which orders of before are its own."""

    @property
    def names(self) -> Names:
        return self.restored or Names(current=self.journal_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`events` and `effects` are journalled as one unit; `tells` and `timers` are only asked for, and may be lost."""

    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    tells: tuple[Effect, ...] = ()
    timers: tuple[Later, ...] = ()


class Core:
    """Gives each message its meaning. The ledger evolves at once; the actor lets nothing out before it is durable."""

    def __init__(self, settings: Settings, clock: Clock, memory: Memory) -> None:
        self._settings = settings
        self._policy = settings.policy
        self._clock = clock
        self._memory = memory
        self._draft = Draft(memory.ledger, clock)
        self._lists = Lists(clock, memory, self._draft)
        self._reading = Reading(self._policy, clock, memory, self._draft, self._lists)
        self._demands = Demands(clock, memory, self._draft, self._reading, self._lists)
        self._cases = Cases(settings.names, self._policy, memory, self._draft, self._reading.symbol_later)
        self._routes = self._route_table()

    def start(self) -> Step:
        """After the ledger was read: what was under way is looked at again, and holds are told again."""
        self._draft.begin(self._memory.ledger)
        self._memory.held.clear()
        for watch in self._memory.watches.values():
            self._reading.forget(watch)
            watch.due.clear()  # the timers were those of an earlier life
            self._reading.look_next(watch)
            for record in self._memory.ledger.cases(watch.account) if watch.up else ():
                self._reading.later(watch, record.symbol, schedule.VERIFY_NS)
        return self._finish()

    def step(self, message: Message) -> Step:
        """Raises KeyError for a message that the reconciler should not get."""
        self._draft.begin(self._memory.ledger)
        self._routes[type(message)](message)
        return self._finish()

    def _finish(self) -> Step:
        self._demands.answer()
        self._cases.tell_holds()
        d = self._draft
        return Step(events=tuple(d.events), effects=tuple(d.effects), tells=tuple(d.tells), timers=tuple(d.timers))

    # What others say -------------------------------------------------------------------------------

    def _view(self, view: r.PositionView) -> None:
        watch = self._memory.watches.get(view.account)
        if watch is None:
            return
        watch.take(view)
        if view.in_doubt and not view.state.terminal:
            self._reading.at_least(watch, view.symbol, self._policy.thresholds.stuck_ns + EVENT_DELAY_NS)
        if view.state.terminal:
            self._one_less(watch, view.symbol)
        side = view.side if watch.mode is PositionMode.HEDGE else None
        leg = (view.symbol, side)
        if not may_hold(view) or (view.account, leg) in self._memory.ledger.shared:
            return
        holders = [v for v in watch.live(view.symbol) if may_hold(v) and side in (None, v.side)]
        if len(holders) > 1:
            self._draft.record(LegShared, account=view.account, symbol=view.symbol, side=side)

    def _one_less(self, watch: Watch, symbol: Symbol) -> None:
        """Whose it was may be no question any more once somebody has left: that is not left to the growing pauses."""
        cases = self._memory.ledger.cases(watch.account)
        if any(each.symbol == symbol and each.outcome is Outcome.ESCALATED for each in cases):
            self._reading.later(watch, symbol, EVENT_DELAY_NS)

    def _silent(self, message: PositionSilent) -> None:
        """What it holds is neither believed nor adopted by anybody else until it speaks again."""
        parsed = parse_position_id(message.position_id)
        watch = self._memory.watches.get(parsed[0].account) if parsed is not None else None
        if parsed is not None and watch is not None:
            watch.silent.pop(message.position_id, None)
            watch.damaged.pop(message.position_id, None)
            if message.why:
                watch.silent[message.position_id] = message.why
                if message.state is Silence.DAMAGED:
                    watch.damaged[message.position_id] = retiring.Absence()
            elif message.state is Silence.RETIRED:
                watch.ended.add(parsed[1])
                self._cases.retired(watch, message.position_id)
            self._reading.later(watch, parsed[0].symbol, EVENT_DELAY_NS)

    def _venue_up(self, report: r.VenueUp) -> None:
        watch = self._memory.watches.get(report.account)
        if watch is None:
            return
        watch.waits, watch.heard_of = False, True
        watch.up, watch.mode, watch.margin_mode = True, report.position_mode, report.margin_mode
        watch.validity_ns = report.validity_window_ms * 1_000_000
        self._rules(report)
        self._reading.forget(watch)
        self._reading.later(watch, None, EVENT_DELAY_NS)
        for record in self._memory.ledger.cases(report.account):
            self._reading.later(watch, record.symbol, schedule.VERIFY_NS)

    def _rules(self, report: r.VenueUp | r.RulesReport) -> None:
        watch = self._memory.watches.get(report.account)
        if watch is not None:
            watch.instruments = {rules.symbol: rules for rules in report.instruments}

    def _venue_down(self, report: r.VenueDown) -> None:
        watch = self._memory.watches.get(report.account)
        if watch is not None:
            watch.up, watch.waits, watch.heard_of = False, False, True
            self._reading.forget(watch)
            watch.waiting.clear()

    def _turn_awaited(self, report: r.TurnAwaited) -> None:
        watch = self._memory.watches.get(report.account)
        if watch is not None:
            watch.waits = report.since_ns > 0

    def _stream_up(self, report: r.StreamUp) -> None:
        watch = self._memory.watches.get(report.account)
        if watch is not None:
            self._reading.later(watch, None, EVENT_DELAY_NS)

    def _unexpected(self, report: r.FillReport | r.OrderRejected | r.LeverageChanged | r.OrderReport) -> None:
        """Somebody else traded, a reduction met nothing to reduce, a setting changed: look at that symbol now."""
        watch = self._memory.watches.get(report.account)
        if watch is not None:
            if not isinstance(report, r.LeverageChanged):
                watch.heard.add(report.symbol)
            self._reading.later(watch, report.symbol, EVENT_DELAY_NS)

    def _shared_out(self, event: ForcedTradeShared) -> None:
        """The supervisor owns the venue's own trades: this one explains no difference any more."""
        watch = self._memory.watches.get(event.account)
        if watch is not None:
            watch.see_own((trade_key(event),))

    def _replied(self, reply: Reply) -> None:
        """A repair was refused: the reason is kept for whoever will be asked."""
        name = reply.correlation_id.removeprefix("reconcile-")
        record = self._memory.ledger.records.get(name)
        if reply.accepted or record is None or record.outcome.ended or alike(record.refused, reply.text):
            return
        self._draft.record(RepairRefused, discrepancy_id=name, why=reply.text)
        if record.outcome is Outcome.ESCALATED:  # who said whose it is believes that it is done
            text = Reconciler.ANSWER_REFUSED(record=name, type=record.type, symbol=record.symbol, why=reply.text)
            self._draft.notify(Severity.WARNING, text, record.account, f"{name}.refused.{record.attempts}")

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

    def _completed(self, complete: tuple[Watch, Round] | None) -> None:
        if complete is not None:
            watch, round_ = complete
            self._complete(watch, round_)
            self._reading.after(watch, round_)

    # Comparing -------------------------------------------------------------------------------------

    def _complete(self, watch: Watch, round_: Round) -> None:
        report = round_.positions
        assert report is not None
        watch.failures = 0
        comparison = compare(self._facts(watch, report, round_.orders))
        before = set(watch.evidence.suspicions)
        watch.evidence = observe(watch.evidence, comparison, report.begun_ns, self._policy.gap_ns)
        for key in set(watch.evidence.suspicions) - before:
            watch.clean_ns[key] = watch.clean_since((key[1], key[2]))
        for key in before - set(watch.evidence.suspicions):
            watch.clean_ns.pop(key, None)
        differing = {(f.symbol, f.side) for f in comparison.findings if f.type in QUANTITY}
        watch.agreed_ns.update({leg: report.begun_ns for leg in comparison.judged if leg not in differing})
        self._mark_looked(watch, round_, comparison, report.begun_ns)
        self._prove_absence(watch, round_)
        self._follow_settings(watch, report, comparison)
        self._tell_verified(watch, report, comparison, differing)
        self._cases.settle(watch, comparison)
        self._note_gone(watch, comparison)
        if round_.symbol is None:
            self._judge_account(watch, comparison)
            self._count(watch, round_, comparison)
        else:
            self._judge_symbol(watch, comparison, round_)
        for symbol, _ in watch.evidence.too_busy():
            self._reading.later(watch, symbol, self._policy.gap_ns)
        self._look_on(watch, comparison)
        self._demands.met(watch, round_, comparison)

    def _tell_verified(
        self, watch: Watch, report: r.PositionsReport, comparison: Comparison, differing: set[Leg]
    ) -> None:
        """A position that was settled by hand waits for this before it sells: its leg is as it is believed.

        An order that was written off may rest all the same. Only a list of open orders shows that.
        """
        if not comparison.orders_read:
            return
        for view in (view for view in watch.live(report.symbol) if view.unverified):
            leg = (view.symbol, view.side if watch.mode is PositionMode.HEDGE else None)
            if leg in comparison.judged and leg not in differing:
                held = r.LegHeld(position_id=view.position_id, quantity=view.quantity, begun_ns=report.begun_ns)
                self._draft.tell(position_address(view.ordinal), held)

    def _look_on(self, watch: Watch, comparison: Comparison) -> None:
        """Nothing that stands is forgotten: whoever could not be compared just now, or whose reading was lost, is read.

        A look that ends in nothing asks for no other one by itself.
        """
        for record in self._memory.ledger.cases(watch.account):
            if comparison.scope in (None, record.symbol):
                escalated = record.outcome is Outcome.ESCALATED and record.apply is None
                delay_ns = schedule.look_again(record.looks) if escalated else self._policy.gap_ns
                self._reading.at_least(watch, record.symbol, delay_ns)

    def _prove_absence(self, watch: Watch, round_: Round) -> None:
        """What is left of positions whose history is damaged. A leg that is flat is read until that is proven."""
        for name, key in retiring.concerned(watch.damaged, watch.mode, round_.symbol):
            before = watch.damaged[name]
            after = retiring.observed(
                before,
                key,
                watch.evidence,
                round_.orders,
                self._settings.names,
                retiring.Pace.of(self._policy, watch.validity_ns),
                begun_ns=round_.begun_ns,
                now_ns=self._clock.monotonic_ns(),
            )
            watch.damaged[name] = after
            if after.proven and not before.proven:
                self._cases.tell_absence(watch, name)
            elif after.nearly:
                self._reading.later(watch, key[1], retiring.LOOK_NS)

    def _facts(self, watch: Watch, report: r.PositionsReport, orders: OpenOrders | None) -> Facts:
        return Facts(
            account=watch.account,
            mode=watch.mode,
            margin_mode=watch.margin_mode,
            journal_id=self._settings.journal_id,
            now_ns=self._clock.time_ns(),
            report=report,
            views=watch.live(report.symbol),
            instruments=watch.instruments,
            thresholds=self._policy.thresholds,
            orders=orders,
            settings=self._memory.ledger.settings_of(watch.account),
            shared=self._memory.ledger.shared_legs(watch.account),
            ended=watch.ended,
            silent=watch.silent,
            damaged=watch.damaged,
        )

    def _mark_looked(self, watch: Watch, round_: Round, comparison: Comparison, begun_ns: int) -> None:
        if round_.symbol is not None:
            return
        now_ns = self._clock.monotonic_ns()
        watch.read(begun_ns, comparison.skipped | comparison.silent)
        deep = round_.kind is CheckKind.SLOW or watch.looked.deep_ns is None
        watch.looked = Looked(
            any_ns=now_ns,
            orders_ns=now_ns if round_.orders is not None or watch.looked.orders_ns is None else watch.looked.orders_ns,
            deep_ns=now_ns if deep else watch.looked.deep_ns,
        )
        self._reading.look_next(watch)

    def _follow_settings(self, watch: Watch, report: r.PositionsReport, comparison: Comparison) -> None:
        """The first sight of a symbol's setting is what is believed of it, until the symbol is flat again."""
        ledger = self._memory.ledger
        rows = {row.symbol: row for row in report.positions}
        for symbol, row in rows.items():
            held = any(view.quantity for view in watch.live(symbol))
            if held and row.leverage is not None and (watch.account, symbol) not in ledger.settings:
                setting = SymbolSetting(
                    account=watch.account, symbol=symbol, leverage=row.leverage, isolated=row.isolated
                )
                self._draft.record(SettingSeen, setting=setting)
        if report.symbol is not None or any(row.symbol == NAMELESS for row in report.unread):
            return
        there = rows.keys() | {row.symbol for row in report.unread}
        over: set[tuple[Symbol, PositionSide | None]] = {
            (symbol, None) for symbol in ledger.settings_of(watch.account) if symbol not in there
        }
        over |= {(s, side) for s, side in ledger.shared_legs(watch.account) if s not in there}
        for symbol, side in sorted(over, key=str):
            if not any(view.quantity for view in watch.live(symbol)) and (symbol, side) not in comparison.skipped:
                self._draft.record(LegCleared, account=watch.account, symbol=symbol, side=side)

    def _note_gone(self, watch: Watch, comparison: Comparison) -> None:
        """What was ignored or acknowledged, and is not there any more, will be told again when it comes back."""
        found = {finding.key: finding for finding in comparison.findings}
        for (account, key), name in list(self._memory.ledger.silenced.items()):
            if account == watch.account and self._cases.over(name, found.get(key), comparison):
                self._draft.record(DiscrepancyGone, discrepancy_id=name)

    def _judge_account(self, watch: Watch, comparison: Comparison) -> None:
        """Suspect, and read on purpose what was suspected often enough; nothing is decided on a bulk reading."""
        soon = False
        for finding in comparison.findings:
            if self._silenced(watch, finding) or self._memory.ledger.case(watch.account, finding.key) is not None:
                continue
            suspicion = watch.evidence.suspicions[finding.key]
            if finding.type in QUANTITY and self._reading.awaited(watch, finding.symbol):
                self._reading.later(watch, finding.symbol, 0)  # its trades may prove it without another look
            elif suspicion.count >= self._policy.required(finding.type) - 1:
                # The reading on purpose is the last observation, so it is as far apart as any.
                self._reading.later(watch, finding.symbol, self._policy.gap_ns)
            else:
                soon = True
        if soon:
            self._reading.later(watch, None, self._policy.gap_ns)

    def _judge_symbol(self, watch: Watch, comparison: Comparison, round_: Round) -> None:
        if not comparison.findings and round_.symbol is not None and not comparison.skipped:
            watch.heard.discard(round_.symbol)
        doubtful = any(view.in_doubt for view in watch.live(round_.symbol))
        fresh = self._own_trades(watch, round_, wanted=doubtful or bool(comparison.findings))
        for fill in fresh:
            self._draft.tell(SUPERVISOR, fill)
        if fresh and comparison.findings and not self._all_proven(watch, comparison, round_):
            # Real fills first: their positions book them, and what differs then is looked at again.
            self._reading.later(watch, round_.symbol, schedule.VERIFY_NS)
            return
        for finding in comparison.findings:
            if self._silenced(watch, finding):
                continue
            suspicion = watch.evidence.suspicions[finding.key]
            without_trades = finding.type in QUANTITY and round_.trades is None
            without_orders = finding.type in NEED_ORDERS and round_.orders is None and not finding.difference
            told = self._cases.told_by_trades(watch, finding, round_)
            if not self._seen_enough(suspicion, told=told) and not self._cases.proven(watch, finding, round_):
                at_once = without_trades and self._reading.awaited(watch, finding.symbol)
                self._reading.later(watch, finding.symbol, 0 if at_once else self._policy.gap_ns)
            elif without_trades:
                self._reading.later(watch, finding.symbol, EVENT_DELAY_NS)
            elif without_orders:
                # Asked for twice a second, positions would leave the list of orders nothing of the venue's budget.
                self._reading.later(
                    watch, finding.symbol, max(EVENT_DELAY_NS, self._lists.next_ns(watch, finding.symbol or None))
                )
            else:
                self._cases.take_up(watch, suspicion, round_)

    def _all_proven(self, watch: Watch, comparison: Comparison, round_: Round) -> bool:
        """Others' trades alone make up each difference, so no fill of ours is missing in it."""
        quantities = [finding for finding in comparison.findings if finding.type in QUANTITY]
        return bool(quantities) and all(self._cases.proven(watch, finding, round_) for finding in quantities)

    def _seen_enough(self, suspicion: Suspicion, *, told: bool) -> bool:
        """What is absent must stay so for a while, unless others' trades tell where it went."""
        kind = suspicion.finding.type
        if suspicion.count < self._policy.required(kind):
            return False
        absent = kind is DiscrepancyType.POSITION_NOT_IN_EXCHANGE and not told
        return not absent or suspicion.lasted_ns >= self._policy.absence_ns

    def _own_trades(self, watch: Watch, round_: Round, *, wanted: bool) -> tuple[r.FillReport, ...]:
        """Trades of our own orders that were not handed to their positions from here before; each books one once.

        They end a doubt that no question about the order itself ends.
        """
        if round_.trades is None or not (wanted or round_.kind is CheckKind.SLOW):
            return ()
        trades = own(round_.trades.trades, self._settings.names)
        fresh = tuple(trade for trade in trades if trade_key(trade) not in watch.own_seen)
        watch.see_own(tuple(trade_key(trade) for trade in fresh))
        return fresh

    def _silenced(self, watch: Watch, finding: Finding) -> bool:
        return (watch.account, finding.key) in self._memory.ledger.silenced

    def _count(self, watch: Watch, round_: Round, comparison: Comparison) -> None:
        """A check that found nothing is counted with the next one that is worth a record."""
        if not comparison.findings and not watch.failed_reads and round_.kind not in (CheckKind.SLOW, CheckKind.DEMAND):
            watch.quiet += 1
            return
        self._draft.record(
            CheckRecorded,
            kind=round_.kind,
            account=watch.account,
            compared=len(comparison.judged),
            skipped=len(comparison.skipped),
            suspected=len(comparison.findings),
            failed_reads=watch.failed_reads,
            quiet=watch.quiet,
        )
        watch.quiet = watch.failed_reads = 0

    def _prune(self) -> None:
        before_ns = self._clock.time_ns() - self._policy.retention_ns
        if any(x.outcome.ended and x.ended_ns < before_ns for x in self._memory.ledger.records.values()):
            self._draft.record(HistoryPruned, before_ns=before_ns)

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
            AcknowledgeDiscrepancy: self._cases.acknowledge,
        }


def _in_scope(command: Reconcile, symbol: Symbol) -> bool:
    return command.symbol in (None, symbol)
