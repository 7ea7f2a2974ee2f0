"""The reconciler without its actor: a message in, events, effects and timers out. Time comes from the clock given.

The order of things: a reading of the whole account (`Round` without a symbol) is compared; what differs is suspected;
what was suspected often enough is read on purpose, with its orders and trades (`Round` of a symbol); what still
differs then is a discrepancy, is recorded, and is repaired by policy; a reading after the repair proves it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.ports import Clock
from actors.reconciler import schedule
from actors.reconciler.cases import Cases
from actors.reconciler.compare import Comparison, Facts, Finding, OpenOrders, compare
from actors.reconciler.draft import Draft, Later
from actors.reconciler.evidence import observe
from actors.reconciler.explain import own
from actors.reconciler.policy import ORDERS, QUANTITY, SECOND, Policy
from actors.reconciler.resolve import RECONCILER, SUPERVISOR
from actors.reconciler.schedule import Looked, next_check
from actors.reconciler.watch import Demand, Memory, Round, Watch
from messages import reports as r
from messages.base import Event, Message
from messages.commands import Reconcile
from messages.journal import Effect
from messages.reconciliation import (
    AcknowledgeDiscrepancy,
    CheckDue,
    CheckKind,
    CheckRecorded,
    DiscrepanciesAnswer,
    DiscrepancyGone,
    DiscrepancyType,
    FetchTrades,
    HistoryPruned,
    LegCleared,
    LegShared,
    ListDiscrepancies,
    Outcome,
    ReconcileAnswer,
    SettingSeen,
    SymbolSetting,
    TradesReport,
)
from messages.requests import FetchOpenOrders, FetchPositions, Reply
from messages.types import AccountId, Address, JournalId, PositionMode, PositionSide, Symbol

NEED_ORDERS = ORDERS | {DiscrepancyType.STATE_MISMATCH}
SYMBOLS_AT_ONCE = 4
"""Readings of single symbols under way per account: a storm of differences must not become one of requests."""
SYMBOLS_PER_CYCLE = 30
BUDGET_NS = 10 * SECOND
"""And so many of them in this time: at Binance about a fifth of what an account may ask."""
EVENT_DELAY_NS = SECOND // 2
"""After something unexpected: long enough for what belongs together to have arrived."""
ROUND_LIMIT_NS = 90 * SECOND
"""A reading that nobody answered, because its gateway began a new life, is given up."""
DEMAND_LIMIT_NS = 20 * SECOND
TRADES_BEFORE_NS = 60 * SECOND
"""Clocks differ: trades are read from this much before the last agreement."""
TRADES_MOST_NS = 86_400 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the composition decides."""

    journal_id: JournalId
    accounts: tuple[AccountId, ...]
    policy: Policy = field(default_factory=Policy)


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
        self._cases = Cases(settings.journal_id, settings.policy, memory, self._draft, self._read_symbol_later)
        self._routes = self._route_table()

    def start(self) -> Step:
        """After the ledger was read: what was under way is looked at again, and holds are told again."""
        self._draft = Draft(self._memory.ledger, self._clock)
        self._cases.begin(self._draft)
        self._memory.held.clear()
        for watch in self._memory.watches.values():
            watch.rounds.clear()
            self._look_next(watch)
        return self._finish()

    def step(self, message: Message) -> Step:
        """Raises KeyError for a message that the reconciler should not get."""
        self._draft = Draft(self._memory.ledger, self._clock)
        self._cases.begin(self._draft)
        self._routes[type(message)](message)
        return self._finish()

    def _finish(self) -> Step:
        self._answer_demands()
        self._cases.tell_holds()
        d = self._draft
        return Step(events=tuple(d.events), effects=tuple(d.effects), tells=tuple(d.tells), timers=tuple(d.timers))

    # What others say -------------------------------------------------------------------------------

    def _view(self, view: r.PositionView) -> None:
        watch = self._memory.watches.get(view.account)
        if watch is None:
            return
        watch.take(view)
        side = view.side if watch.mode is PositionMode.HEDGE else None
        leg = (view.symbol, side)
        if not view.quantity or (view.account, leg) in self._memory.ledger.shared:
            return
        holders = [v for v in watch.live(view.symbol) if v.quantity and side in (None, v.side)]
        if len(holders) > 1:
            self._draft.record(LegShared, account=view.account, symbol=view.symbol, side=side)

    def _venue_up(self, report: r.VenueUp) -> None:
        watch = self._memory.watches.get(report.account)
        if watch is None:
            return
        watch.up, watch.mode = True, report.position_mode
        watch.instruments = {instrument.symbol: instrument for instrument in report.instruments}
        watch.rounds.clear()
        self._read_later(watch, None, EVENT_DELAY_NS)
        for record in self._memory.ledger.cases(report.account):
            self._read_later(watch, record.symbol, schedule.VERIFY_NS)

    def _venue_down(self, report: r.VenueDown) -> None:
        watch = self._memory.watches.get(report.account)
        if watch is not None:
            watch.up = False
            watch.rounds.clear()
            watch.waiting.clear()

    def _stream_up(self, report: r.StreamUp) -> None:
        watch = self._memory.watches.get(report.account)
        if watch is not None:
            self._read_later(watch, None, EVENT_DELAY_NS)

    def _unexpected(self, report: r.FillReport | r.OrderRejected | r.LeverageChanged | r.OrderReport) -> None:
        """Somebody else traded, a reduction met nothing to reduce, a setting changed: look at that symbol now."""
        watch = self._memory.watches.get(report.account)
        if watch is not None:
            self._read_later(watch, report.symbol, EVENT_DELAY_NS)

    def _replied(self, reply: Reply) -> None:
        """A repair was refused: the reason is kept for whoever will be asked."""
        if not reply.accepted:
            name = reply.correlation_id.removeprefix("reconcile-")
            self._memory.refusals[name] = reply.text

    # Reading ---------------------------------------------------------------------------------------

    def _due(self, message: CheckDue) -> None:
        what, _, rest = message.topic.partition("/")
        if what == "demand":
            return  # every step looks whether demands are over
        account, _, symbol = rest.partition("/")
        watch = self._memory.watches[AccountId(account)]
        self._give_up_rounds(watch)
        if what == "check":
            self._check(watch)
        elif what == "drain":
            self._drain(watch)
        elif what == "look":
            self._read(watch, Symbol(symbol) if symbol else None, CheckKind.EVENT)

    def _check(self, watch: Watch) -> None:
        now_ns = self._clock.monotonic_ns()
        delay_ns, kind = next_check(watch.looked, self._policy, now_ns, exposed=watch.exposed)
        if delay_ns:
            self._draft.later(f"check/{watch.account}", delay_ns)
            return
        self._read(watch, None, kind)
        if kind is CheckKind.SLOW:
            self._prune()
            for symbol in watch.views:
                self._read(watch, symbol, kind)
        self._draft.later(f"check/{watch.account}", min(self._policy.fast_ns, ROUND_LIMIT_NS))

    def _look_next(self, watch: Watch) -> None:
        now_ns = self._clock.monotonic_ns()
        delay_ns, _ = next_check(watch.looked, self._policy, now_ns, exposed=watch.exposed)
        self._draft.later(f"check/{watch.account}", delay_ns)

    def _read_later(self, watch: Watch, symbol: Symbol | None, delay_ns: int) -> None:
        self._draft.later(f"look/{watch.account}/{symbol or ''}", delay_ns)

    def _read_symbol_later(self, account: AccountId, symbol: Symbol, delay_ns: int) -> None:
        self._read_later(self._memory.watches[account], symbol, delay_ns)

    def _read(self, watch: Watch, symbol: Symbol | None, kind: CheckKind) -> None:
        """Begin a reading; one that is under way is followed by another, since it may have begun too early."""
        if not watch.up:
            return
        if symbol in watch.rounds:
            watch.again[symbol] = kind
            return
        if symbol is not None and not self._affords(watch):
            watch.waiting[symbol] = kind
            self._draft.later(f"drain/{watch.account}", SECOND)
            return
        self._memory.rounds += 1
        name = f"{RECONCILER}/{watch.account}/{self._memory.rounds}"
        asked: dict[str, Message] = {
            "positions": FetchPositions(account=watch.account, request_id=f"{name}/positions", symbol=symbol)
        }
        orders, trades = self._wanted(watch, symbol, kind)
        if orders:
            asked["orders"] = FetchOpenOrders(account=watch.account, request_id=f"{name}/orders")
        if trades and symbol is not None:
            since_ns = self._trades_since(watch, symbol)
            asked["trades"] = FetchTrades(
                account=watch.account, request_id=f"{name}/trades", symbol=symbol, since_ns=since_ns
            )
        watch.rounds[symbol] = Round(
            number=self._memory.rounds,
            symbol=symbol,
            kind=kind,
            begun_ns=self._clock.monotonic_ns(),
            missing=set(asked),
        )
        for message in asked.values():
            self._draft.tell(Address(f"gateway/{watch.account}"), message)

    def _affords(self, watch: Watch) -> bool:
        """Whether one more symbol may be read now, within what a cycle may cost the venue's budget."""
        now_ns = self._clock.monotonic_ns()
        while watch.spent and now_ns - watch.spent[0] > BUDGET_NS:
            watch.spent.popleft()
        if len(watch.spent) >= SYMBOLS_PER_CYCLE or sum(s is not None for s in watch.rounds) >= SYMBOLS_AT_ONCE:
            return False
        watch.spent.append(now_ns)
        return True

    def _drain(self, watch: Watch) -> None:
        for symbol, kind in list(watch.waiting.items()):
            del watch.waiting[symbol]
            self._read(watch, symbol, kind)
            if symbol in watch.waiting:
                return

    def _wanted(self, watch: Watch, symbol: Symbol | None, kind: CheckKind) -> tuple[bool, bool]:
        """Whether open orders, and trades, are worth their weight: where they decide, or the look is a deep one.

        A list of all open orders costs a venue eight times what its positions do; a suspicion is counted without.
        """
        if symbol is None:
            return kind in (CheckKind.NORMAL, CheckKind.SLOW, CheckKind.DEMAND), False
        kinds = {record.type for record in self._memory.ledger.cases(watch.account) if record.symbol == symbol}
        for suspicion in watch.evidence.suspicions.values():
            finding = suspicion.finding
            if finding.symbol == symbol and suspicion.count >= self._policy.required(finding.type) - 1:
                kinds.add(finding.type)
        deep = kind in (CheckKind.SLOW, CheckKind.DEMAND)
        return deep or bool(kinds & NEED_ORDERS), deep or bool(kinds & QUANTITY)

    def _trades_since(self, watch: Watch, symbol: Symbol) -> int:
        """Since before the symbol's oldest open question was asked, or it last agreed."""
        now_ns = self._clock.time_ns()
        known = [ns for key, ns in watch.clean_ns.items() if key[1] == symbol]
        if not known:
            known = [ns for leg, ns in watch.agreed_ns.items() if leg[0] == symbol] or [watch.bulk_ns]
        return max(now_ns - TRADES_MOST_NS, min(known) - TRADES_BEFORE_NS)

    def _give_up_rounds(self, watch: Watch) -> None:
        now_ns = self._clock.monotonic_ns()
        for symbol, round_ in list(watch.rounds.items()):
            if now_ns - round_.begun_ns > ROUND_LIMIT_NS:
                del watch.rounds[symbol]

    def _round_of(self, watch: Watch, request_id: str) -> tuple[Round | None, str]:
        """The reading that a request belongs to, and its part; None for an older one, or anybody else's."""
        if not request_id.startswith(f"{RECONCILER}/"):
            return None, ""
        number, part = request_id.split("/")[-2:]
        found = next((round_ for round_ in watch.rounds.values() if str(round_.number) == number), None)
        return found, part

    def _answered(self, report: r.PositionsReport | r.OpenOrdersReport | TradesReport) -> None:
        watch = self._memory.watches.get(report.account)
        if watch is None:
            return
        round_, part = self._round_of(watch, report.request_id)
        if round_ is None:
            if isinstance(report, r.PositionsReport) and report.symbol is None and not part and watch.up:
                self._overheard(watch, report)
            return
        round_.missing.discard(part)
        match report:
            case r.PositionsReport():
                round_.positions = report
            case r.OpenOrdersReport():
                round_.orders = OpenOrders.of(report)
            case TradesReport():
                round_.trades = report
        if not round_.missing:
            del watch.rounds[round_.symbol]
            self._complete(watch, round_)
            self._next_round(watch, round_.symbol)

    def _overheard(self, watch: Watch, report: r.PositionsReport) -> None:
        """The gateway reads everything now and then for itself: as good as a reading of ours, and costs nothing."""
        kind = CheckKind.EVENT
        round_ = Round(number=0, symbol=None, kind=kind, begun_ns=0, missing=set(), positions=report)
        self._complete(watch, round_)

    def _fetch_failed(self, report: r.FetchFailed) -> None:
        """Evidence of nothing (I2): the reading is over, and repeated later."""
        watch = self._memory.watches.get(report.account)
        round_, _ = self._round_of(watch, report.request_id) if watch is not None else (None, "")
        if watch is None or round_ is None:
            return
        del watch.rounds[round_.symbol]
        watch.failed_reads += 1
        watch.last_failure = report.cause
        delay_ns = max(schedule.retry_read(watch.failures), report.retry_after_ms * 1_000_000)
        watch.failures += 1
        for demand in self._memory.demands:
            if watch.account in demand.pending:
                demand.failed[watch.account] = report.cause
        self._read_later(watch, round_.symbol, delay_ns)
        self._next_round(watch, round_.symbol)

    def _next_round(self, watch: Watch, symbol: Symbol | None) -> None:
        kind = watch.again.pop(symbol, None)
        if kind is not None:
            self._read(watch, symbol, kind)
        if watch.waiting and symbol is not None:
            self._drain(watch)

    # Comparing -------------------------------------------------------------------------------------

    def _complete(self, watch: Watch, round_: Round) -> None:
        report = round_.positions
        assert report is not None
        watch.failures = 0
        comparison = compare(self._facts(watch, report, round_.orders))
        before = set(watch.evidence.suspicions)
        watch.evidence = observe(watch.evidence, comparison, report.begun_ns, self._policy.gap_ns)
        for key in set(watch.evidence.suspicions) - before:
            watch.clean_ns[key] = max(watch.bulk_ns, watch.agreed_ns.get((key[1], key[2]), 0))
        for key in before - set(watch.evidence.suspicions):
            watch.clean_ns.pop(key, None)
        differing = {(f.symbol, f.side) for f in comparison.findings if f.type in QUANTITY}
        watch.agreed_ns.update({leg: report.begun_ns for leg in comparison.judged if leg not in differing})
        self._mark_looked(watch, round_, report)
        self._follow_settings(watch, report, comparison)
        self._cases.settle(watch, comparison)
        self._note_gone(watch, comparison)
        if round_.symbol is None:
            self._judge_account(watch, comparison)
            self._count(watch, round_, comparison)
        else:
            self._judge_symbol(watch, comparison, round_)
        for symbol, _ in watch.evidence.too_busy():
            self._read_later(watch, symbol, self._policy.gap_ns)
        self._tell_demands(watch, round_, comparison)

    def _facts(self, watch: Watch, report: r.PositionsReport, orders: OpenOrders | None) -> Facts:
        return Facts(
            account=watch.account,
            mode=watch.mode,
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
        )

    def _mark_looked(self, watch: Watch, round_: Round, report: r.PositionsReport) -> None:
        if round_.symbol is not None:
            return
        now_ns = self._clock.monotonic_ns()
        watch.bulk_ns = report.begun_ns
        deep = round_.kind is CheckKind.SLOW or watch.looked.deep_ns is None
        watch.looked = Looked(
            any_ns=now_ns,
            orders_ns=now_ns if round_.orders is not None or watch.looked.orders_ns is None else watch.looked.orders_ns,
            deep_ns=now_ns if deep else watch.looked.deep_ns,
        )
        self._look_next(watch)

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
        if report.symbol is not None:
            return
        over: set[tuple[Symbol, PositionSide | None]] = {
            (symbol, None) for symbol in ledger.settings_of(watch.account) if symbol not in rows
        }
        over |= {(s, side) for s, side in ledger.shared_legs(watch.account) if s not in rows}
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
            if self._silent(watch, finding) or self._memory.ledger.case(watch.account, finding.key) is not None:
                continue
            suspicion = watch.evidence.suspicions[finding.key]
            if suspicion.count >= self._policy.required(finding.type) - 1:
                # The reading on purpose is the last observation, so it is as far apart as any.
                self._read_later(watch, finding.symbol, self._policy.gap_ns)
            else:
                soon = True
        if soon:
            self._read_later(watch, None, self._policy.gap_ns)

    def _judge_symbol(self, watch: Watch, comparison: Comparison, round_: Round) -> None:
        fresh = self._own_trades(watch, round_, only_live=not comparison.findings)
        for fill in fresh:
            self._draft.tell(SUPERVISOR, fill)
        if fresh and comparison.findings:
            # Real fills first: their positions book them, and what differs then is looked at again.
            self._read_later(watch, round_.symbol, schedule.VERIFY_NS)
            return
        for finding in comparison.findings:
            if self._silent(watch, finding):
                continue
            suspicion = watch.evidence.suspicions[finding.key]
            undecidable = (finding.type in QUANTITY and round_.trades is None) or (
                finding.type in NEED_ORDERS and round_.orders is None
            )
            if suspicion.count < self._policy.required(finding.type):
                self._read_later(watch, finding.symbol, self._policy.gap_ns)
            elif undecidable:
                self._read_later(watch, finding.symbol, EVENT_DELAY_NS)
            else:
                self._cases.take_up(watch, suspicion, round_)

    def _own_trades(self, watch: Watch, round_: Round, *, only_live: bool) -> tuple[r.FillReport, ...]:
        """Trades of our own orders that were not handed to their positions from here before; each books one once."""
        if round_.trades is None or (only_live and round_.kind is not CheckKind.SLOW):
            return ()
        trades = own(round_.trades.trades, self._settings.journal_id)
        fresh = tuple(trade for trade in trades if trade.trade_id not in watch.own_seen)
        watch.see_own(tuple(trade.trade_id for trade in fresh))
        return fresh

    def _silent(self, watch: Watch, finding: Finding) -> bool:
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

    # What people ask -------------------------------------------------------------------------------

    def _reconcile(self, command: Reconcile) -> None:
        if any(demand.command.command_id == command.command_id for demand in self._memory.demands):
            return  # asked again while the answer is being found
        answered = self._memory.answers.get(command.command_id)
        if answered is not None:
            self._draft.tell(command.reply_to, answered)
            return
        watches = tuple(self._memory.watches.values())
        demand = Demand(
            command=command,
            begun_ns=self._clock.monotonic_ns(),
            pending={watch.account for watch in watches if watch.up},
            failed={watch.account: "the venue is not reachable" for watch in watches if not watch.up},
        )
        demand.met.update(x.discrepancy_id for x in self._memory.ledger.cases() if _in_scope(command, x.symbol))
        self._memory.demands.append(demand)
        self._draft.later(f"demand/{command.command_id}", DEMAND_LIMIT_NS)
        for watch in watches:
            self._read(watch, command.symbol, CheckKind.DEMAND)

    def _tell_demands(self, watch: Watch, round_: Round, comparison: Comparison) -> None:
        for demand in self._memory.demands:
            mine = demand.command.symbol in (None, round_.symbol) and round_.begun_ns >= demand.begun_ns
            if mine and watch.account in demand.pending:
                demand.pending.discard(watch.account)
                demand.failed.pop(watch.account, None)
                demand.checked += len(comparison.judged)
            for record in self._memory.ledger.cases(watch.account):
                if _in_scope(demand.command, record.symbol):
                    demand.met.add(record.discrepancy_id)

    def _answer_demands(self) -> None:
        """Once all is read and nothing within its scope is being looked into, or time is up."""
        now_ns = self._clock.monotonic_ns()
        for demand in list(self._memory.demands):
            late = now_ns - demand.begun_ns >= DEMAND_LIMIT_NS
            if not late and (demand.pending or self._busy_for(demand)):
                continue
            self._memory.demands.remove(demand)
            command = demand.command
            records = [x for name in demand.met if (x := self._memory.ledger.records.get(name)) is not None]
            unread = dict.fromkeys(demand.pending, "no answer in time") | demand.failed
            answer = ReconcileAnswer(
                correlation_id=command.correlation_id,
                command_id=command.command_id,
                to=command.reply_to,
                checked=demand.checked,
                discrepancies=len(records),
                attempted=sum(record.attempts > 0 for record in records),
                succeeded=sum(record.outcome is Outcome.RESOLVED for record in records),
                elapsed_ms=(now_ns - demand.begun_ns) // 1_000_000,
                failed="; ".join(f"{account}: {cause}" for account, cause in sorted(unread.items())),
            )
            self._memory.keep(answer)
            self._draft.tell(command.reply_to, answer)

    def _busy_for(self, demand: Demand) -> bool:
        ledger = self._memory.ledger
        for watch in self._memory.watches.values():
            for key in watch.evidence.suspicions:
                place = (watch.account, key)
                looked_into = place in ledger.silenced or place in ledger.open
                if _in_scope(demand.command, key[1]) and not looked_into:
                    return True
        return any(x.outcome is Outcome.OPEN and _in_scope(demand.command, x.symbol) for x in ledger.cases())

    def _list(self, command: ListDiscrepancies) -> None:
        ledger = self._memory.ledger
        answer = DiscrepanciesAnswer(
            correlation_id=command.correlation_id,
            command_id=command.command_id,
            to=command.reply_to,
            discrepancies=ledger.latest(command.symbol, command.most),
            statistics=ledger.statistics() + ledger.breakdown(),
        )
        self._draft.tell(command.reply_to, answer)

    def _route_table(self) -> Mapping[type, Callable[[Any], None]]:
        return {
            r.PositionView: self._view,
            r.VenueUp: self._venue_up,
            r.VenueDown: self._venue_down,
            r.StreamUp: self._stream_up,
            r.FillReport: self._unexpected,
            r.OrderRejected: self._unexpected,
            r.OrderReport: self._unexpected,
            r.LeverageChanged: self._unexpected,
            r.PositionsReport: self._answered,
            r.OpenOrdersReport: self._answered,
            TradesReport: self._answered,
            r.FetchFailed: self._fetch_failed,
            Reply: self._replied,
            CheckDue: self._due,
            Reconcile: self._reconcile,
            ListDiscrepancies: self._list,
            AcknowledgeDiscrepancy: self._cases.acknowledge,
        }


def _in_scope(command: Reconcile, symbol: Symbol) -> bool:
    return command.symbol in (None, symbol)
