"""The life of a discrepancy: detected, repaired or not, escalated, ended for a named reason."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from actors.reconciler import retiring, schedule
from actors.reconciler.account_state import AccountState, ReconcilerMemory, VenueSnapshot
from actors.reconciler.comparison_input import Comparison, Finding, alike, why_uncertain
from actors.reconciler.ledger import key_of
from actors.reconciler.observations import Suspicion, refutes
from actors.reconciler.policy import QUANTITY, Policy
from actors.reconciler.resolve import CLOSING, Case, Repair, leg_views, repair
from actors.reconciler.step_builder import StepBuilder
from actors.reconciler.trade_matching import Booking, explain, proven
from messages.addresses import SUPERVISOR
from messages.commands import AcknowledgeDiscrepancy, ClosePosition, PausePosition, ResumePosition, RetirePosition
from messages.discrepancy_type import Action, DiscrepancyType, Subject
from messages.ids import Names, parse_position_id
from messages.reconciliation import (
    AttributionChosen,
    Discrepancy,
    DiscrepancyDetected,
    DiscrepancyEnded,
    DiscrepancyEscalated,
    DiscrepancyWatched,
    HoldKey,
    Outcome,
    ReleaseKey,
    RepairAttempted,
    SettingSeen,
)
from messages.reports import PositionView
from messages.requests import Reply
from messages.statement import Statement
from messages.types import AccountId, CommandId, CorrelationId, PositionId, PositionState, Severity, Symbol
from messages.wording import Reconciler, Supervisor
from messages.wording.common import also

T = DiscrepancyType
_HOLDING = frozenset(kind for kind in T if kind.subject in (Subject.QUANTITY, Subject.STATE, Subject.MODE))
"""Types that leave the held quantity uncertain: openings are held, reductions pass."""
_PAUSING = frozenset(kind for kind in T if kind.subject in (Subject.QUANTITY, Subject.STATE))
LookAgain = Callable[[AccountId, Symbol, int], None]


class Discrepancies:
    """Decides about one discrepancy at a time. Its state is in the ledger, or may be lost."""

    def __init__(
        self, names: Names, policy: Policy, memory: ReconcilerMemory, builder: StepBuilder, look_again: LookAgain
    ) -> None:
        self._names = names
        self._policy = policy
        self._memory = memory
        self._builder = builder
        self._look_again = look_again

    def take_up(self, account_state: AccountState, suspicion: Suspicion, snapshot: VenueSnapshot) -> None:
        """Record a finding with enough evidence and start its repair."""
        finding = suspicion.finding
        bookings = self._explain(account_state, finding, snapshot)
        record = self._memory.ledger.case(account_state.account, finding.key)
        kept: tuple[PositionId, ...] = ()
        if record is not None and _another(record, finding):
            kept = record.paused
            self._end(record, Outcome.RESOLVED, _since(record, finding), resume=False)
            record = None
        if record is None:
            record = self._detect(account_state, suspicion, bookings)
        if record.action is Action.IGNORE:
            self._end(record, Outcome.IGNORED, Reconciler.POLICY())
            self._resume(record, kept)
            return
        case = Case(
            record=record if record.apply is None else replace(record, action=Action.UPDATE_SYSTEM),
            finding=finding,
            views=leg_views(account_state.live(finding.symbol), finding.side),
            step=self._step(account_state, finding.symbol),
            attribution=record.apply or self._policy.attribution,
            bookings=bookings,
            orders=snapshot.orders,
            mass=suspicion.mass,
            begun_ns=snapshot.positions.begun_ns if snapshot.positions is not None else 0,
        )
        if record.outcome is Outcome.ESCALATED and record.apply is None and not _answers_itself(case):
            self._look_later(record)
            return
        self._repair(case, kept)

    def settle(self, account_state: AccountState, comparison: Comparison) -> None:
        """End discrepancies that the comparison covered and did not find."""
        found = {finding.key for finding in comparison.findings}
        for record in self._memory.ledger.discrepancies(account_state.account):
            if key_of(record) in found or not refutes(comparison, record.type, record.symbol, record.side):
                continue
            if (
                record.type in QUANTITY
                and record.action in CLOSING
                and record.attempts
                and self._still_to_close(account_state, record)
            ):
                continue
            why = Reconciler.OUTCOME_KNOWN() if record.type is T.STATE_MISMATCH else Reconciler.AGREED()
            if record.outcome is Outcome.ESCALATED:
                why = Reconciler.ESCALATED_FOR(why=why, before=record.why)
            elif record.attempts:
                why = record.why
            self._end(record, Outcome.RESOLVED, Reconciler.VERIFIED(why=why))

    def over(self, name: str, finding: Finding | None, comparison: Comparison) -> bool:
        """Return whether an ignored or acknowledged difference is gone or has changed.

        A record of an earlier version has no facts to compare: it ends, and a remaining difference is detected again.
        """
        record = self._memory.ledger.records[name]
        if finding is not None:
            return not (alike(record.believed, finding.believed) and alike(record.reported, finding.reported))
        return refutes(comparison, record.type, record.symbol, record.side)

    def acknowledge(self, command: AcknowledgeDiscrepancy) -> None:
        """Apply the owner's decision: an attribution, an acknowledgement, or the retirement of a damaged position."""
        record = self._memory.ledger.records.get(command.discrepancy_id)
        if record is None:
            self._reply(command, Reconciler.UNKNOWN_RECORD(record=command.discrepancy_id), accepted=False)
        elif command.apply is None and (account_state := self._damaged(record)) is not None:
            self._retire(account_state, PositionId(record.target), command)
        elif record.outcome.ended:
            over = Reconciler.RECORD_OVER(record=record.discrepancy_id, outcome=record.outcome)
            self._reply(command, over, accepted=command.apply is None)
        elif command.apply is not None and (record.type not in QUANTITY or self._policy.watch_only):
            self._reply(command, Reconciler.NOT_ATTRIBUTED(type=record.type), accepted=False)
        elif command.apply is not None:
            self._builder.record(
                AttributionChosen,
                discrepancy_id=record.discrepancy_id,
                apply=command.apply,
                command_id=command.command_id,
            )
            self._look_again(record.account, record.symbol, 0)
            text = Reconciler.ATTRIBUTING(record=record.discrepancy_id, how=command.apply)
            self._reply(command, text, accepted=True, durable=True)
        else:
            self._end(record, Outcome.ACKNOWLEDGED, Reconciler.ACKNOWLEDGED(), command.command_id)
            self._reply(command, Reconciler.NOTED(record=record.discrepancy_id), accepted=True, durable=True)

    def _damaged(self, record: Discrepancy) -> AccountState | None:
        """Return the account of the damaged position that the record concerns; None: it concerns none."""
        account_state = self._memory.account_states.get(record.account)
        return account_state if account_state is not None and record.target in account_state.damaged else None

    def _retire(self, account_state: AccountState, name: PositionId, command: AcknowledgeDiscrepancy) -> None:
        """Ask the supervisor to retire the position, or refuse until its absence is proven, which is read at once."""
        key = retiring.key_of(name, account_state.mode)
        assert key is not None, name
        pace = retiring.Pace.of(self._policy, account_state.validity_ns)
        now_ns = self._builder.clock.monotonic_ns()
        why = retiring.missing(account_state.damaged[name], key, account_state.evidence, pace, now_ns)
        if why:
            self._look_again(account_state.account, key[1], 0)
            why = why if account_state.up else also((why, Reconciler.NOT_REACHABLE()))
            self._reply(command, Reconciler.NOT_RETIRED(name=name, why=why), accepted=False)
            return
        retire = RetirePosition(
            command_id=command.command_id,
            correlation_id=command.correlation_id,
            reply_to=command.reply_to,
            position_id=name,
            discrepancy_id=command.discrepancy_id,
        )
        self._builder.tell(SUPERVISOR, retire)

    def notify_absence(self, account_state: AccountState, name: PositionId) -> None:
        """Notify that a damaged position is gone from the venue, for the owner to end it; its result is unknown."""
        records = reversed(self._memory.ledger.records.values())
        record = next((r for r in records if r.account == account_state.account and r.target == name), None)
        if record is not None:
            text = Reconciler.ABSENT(name=name, record=record.discrepancy_id)
            self._builder.notify(Severity.WARNING, text, account_state.account, f"{name}.absent")

    def retired(self, account_state: AccountState, name: PositionId) -> None:
        """End the discrepancies of a retired position."""
        for record in self._memory.ledger.discrepancies(account_state.account):
            if record.type is T.STATE_MISMATCH and record.target == name:
                self._end(record, Outcome.ACKNOWLEDGED, Reconciler.POSITION_RETIRED())

    def send_holds(self) -> None:
        """Send the supervisor the holds on openings that changed."""
        wanted = self._holds()
        for (account, symbol), hold in wanted.items():
            if self._memory.held.get((account, symbol)) != hold:
                self._builder.tell(SUPERVISOR, hold)
        for account, symbol in self._memory.held.keys() - wanted.keys():
            self._builder.tell(SUPERVISOR, ReleaseKey(account=account, symbol=symbol))
        self._memory.held = wanted

    def _holds(self) -> dict[tuple[AccountId, Symbol], HoldKey]:
        wanted: dict[tuple[AccountId, Symbol], HoldKey] = {}

        def hold(account: AccountId, symbol: Symbol, why: Statement, *, passing: bool = False) -> None:
            found = HoldKey(account=account, symbol=symbol, why=why, passing=passing)
            wanted.setdefault((account, symbol), found)

        for record in reversed(tuple(self._memory.ledger.discrepancies())):  # the latest reason of a symbol wins
            if record.type in _HOLDING or record.outcome is Outcome.ESCALATED:
                differs = Reconciler.HELD(
                    type=record.type,
                    record=record.discrepancy_id,
                    believed=record.believed,
                    reported=record.reported,
                )
                hold(record.account, record.symbol, differs)
        for account_state in self._memory.account_states.values():
            for symbol, _ in account_state.evidence.too_busy():
                hold(account_state.account, symbol, Reconciler.TOO_BUSY())
            for name, why in account_state.silent.items():
                parsed = parse_position_id(name)
                if parsed is not None:
                    hold(account_state.account, parsed[0].symbol, Supervisor.MUTE(position=name, why=why))
            for finding in (suspicion.finding for suspicion in account_state.evidence.suspicions.values()):
                if (
                    finding.type in QUANTITY
                    and (account_state.account, finding.key) not in self._memory.ledger.silenced
                ):
                    differs = Reconciler.SUSPECTED(believed=finding.believed, reported=finding.reported)
                    hold(account_state.account, finding.symbol, differs, passing=True)
        return wanted

    # Detection -------------------------------------------------------------------------------------

    def proven(self, account_state: AccountState, finding: Finding, snapshot: VenueSnapshot) -> bool:
        """Return whether trades explain the finding so exactly that no further observation is needed."""
        if finding.type not in QUANTITY or finding.type is T.OVERSOLD or snapshot.trades is None:
            return False
        return proven(finding.difference, snapshot.trades.trades, **self._known(account_state, finding))

    def explained_by_trades(self, account_state: AccountState, finding: Finding, snapshot: VenueSnapshot) -> bool:
        """Return whether foreign trades since the position came to rest explain its absence, when a restart lost the
        last match.
        """
        known = self._known(account_state, finding)
        if finding.type is not T.POSITION_NOT_IN_EXCHANGE or snapshot.trades is None or known["since_ns"]:
            return False
        views = leg_views(account_state.live(finding.symbol), finding.side)
        known["since_ns"] = max((view.since_ns for view in views), default=0)
        return proven(finding.difference, snapshot.trades.trades, **known)

    def _explain(self, account_state: AccountState, finding: Finding, snapshot: VenueSnapshot) -> tuple[Booking, ...]:
        if finding.type not in QUANTITY or finding.type is T.OVERSOLD or snapshot.trades is None:
            return ()
        return explain(finding.difference, snapshot.trades.trades, **self._known(account_state, finding))

    def _known(self, account_state: AccountState, finding: Finding) -> dict[str, Any]:
        return {
            "side": finding.side,
            "names": self._names,
            "booked": self._memory.ledger.trades.keys() | account_state.own_seen.keys(),
            "since_ns": account_state.clean_ns.get(finding.key, 0),
        }

    def _detect(self, account_state: AccountState, suspicion: Suspicion, bookings: tuple[Booking, ...]) -> Discrepancy:
        finding = suspicion.finding
        name = f"d{self._memory.ledger.sequence + 1}"
        explanation = also([booking.traded for booking in bookings]) or _unexplained(finding, name)
        first_ns = suspicion.first_seen_ns
        record = Discrepancy(
            discrepancy_id=name,
            type=finding.type,
            severity=finding.severity,
            account=account_state.account,
            symbol=finding.symbol,
            side=finding.side,
            target=finding.target,
            believed=finding.believed,
            reported=finding.reported,
            difference=finding.difference,
            notional=finding.notional,
            share=finding.share,
            mark_price=finding.mark_price,
            positions=finding.positions,
            evidence=_seen(suspicion.count, explanation),
            observations=suspicion.count,
            first_seen_ns=first_ns,
            diverged_ns=min(bookings[-1].ts_event, first_ns) if bookings else first_ns,
            detected_ns=self._builder.clock.time_ns(),
            action=self._policy.action(finding.type, account_state.account, finding.symbol),
        )
        self._builder.record(DiscrepancyDetected, discrepancy=record)
        text = Reconciler.DETECTED(
            record=name,
            type=record.type,
            symbol=record.symbol,
            believed=record.believed,
            reported=record.reported,
            told=explanation,
            action=record.action,
        )
        severity = Severity.INFO if record.action is Action.IGNORE else record.severity
        self._builder.notify(severity, text, record.account, name, name)
        return record

    def _step(self, account_state: AccountState, symbol: Symbol) -> Decimal:
        instrument = account_state.instruments.get(symbol)
        return instrument.quantity_step if instrument is not None else Decimal("1e-8")

    # Repair ----------------------------------------------------------------------------------------

    def _repair(self, case: Case, kept: tuple[PositionId, ...]) -> None:
        """`kept`: positions that an earlier record of the same leg paused and left paused."""
        record = case.record
        name = record.discrepancy_id
        done: Repair = repair(case)
        if done.escalate:
            self._escalate(case, done.escalate, kept)
            return
        if record.attempts >= self._policy.attempts and record.apply is None:
            why = Reconciler.REPAIRED_IN_VAIN(n=record.attempts)
            if record.refused:
                why = Reconciler.REPAIR_REFUSED(n=record.attempts, why=record.refused)
            self._escalate(case, why, kept)
            return
        self._resume(record, kept)
        self._builder.record(
            RepairAttempted,
            discrepancy_id=name,
            action=record.action,
            attempt=record.attempts + 1,
            what=done.what,
            trades=done.trades,
        )
        if done.setting is not None:
            self._builder.record(SettingSeen, setting=done.setting)
        for effect in done.effects:
            self._builder.effect(effect.to, effect.message)
        self._look_again(record.account, record.symbol, schedule.repair_again(record.attempts + 1))

    def _escalate(self, case: Case, why: Statement, kept: tuple[PositionId, ...]) -> None:
        record = case.record
        if record.outcome is Outcome.ESCALATED:
            self._look_later(record)
            return
        pausing = record.type in _PAUSING and not self._policy.watch_only
        paused = tuple(v for v in case.views if _pausable(v) or v.position_id in kept) if pausing else ()
        self._builder.record(
            DiscrepancyEscalated,
            discrepancy_id=record.discrepancy_id,
            why=why,
            paused=tuple(view.position_id for view in paused),
        )
        for view in paused:
            command = PausePosition(
                command_id=CommandId(f"reconcile-{record.discrepancy_id}-pause-{view.ordinal}"),
                correlation_id=CorrelationId(f"reconcile-{record.discrepancy_id}"),
                position_id=view.position_id,
            )
            self._builder.effect(SUPERVISOR, command)
        name = record.discrepancy_id
        text = Reconciler.NEEDS_YOU(
            record=name,
            type=record.type,
            symbol=record.symbol,
            believed=record.believed,
            reported=record.reported,
            why=why,
        )
        self._builder.notify(Severity.CRITICAL, text, record.account, f"{name}.escalated", name)
        self._look_later(record)

    def _look_later(self, record: Discrepancy) -> None:
        """Schedule the next look with growing pauses, restarts included."""
        self._builder.record(DiscrepancyWatched, discrepancy_id=record.discrepancy_id)
        self._look_again(record.account, record.symbol, schedule.look_again(record.looks))

    def _still_to_close(self, account_state: AccountState, record: Discrepancy) -> bool:
        """UPDATE_EXCHANGE and CLOSE_POSITION: close what the repair adopted; then the repair is done."""
        prefix = f"reconcile-{record.discrepancy_id}-"
        close_id = CommandId(f"{prefix}close")
        for view in account_state.live(record.symbol):
            if not any(name.startswith(prefix) for name in view.command_ids):
                continue
            if close_id in view.command_ids:
                if view.goal_quantity is None:
                    continue
            else:
                command = ClosePosition(
                    command_id=close_id,
                    correlation_id=CorrelationId(f"reconcile-{record.discrepancy_id}"),
                    position_id=view.position_id,
                    quantity=min(abs(record.difference), view.quantity),
                )
                self._builder.effect(SUPERVISOR, command)
            self._look_again(record.account, record.symbol, schedule.VERIFY_NS)
            return True
        return False

    # The end ---------------------------------------------------------------------------------------

    def _end(
        self,
        record: Discrepancy,
        outcome: Outcome,
        why: Statement,
        command_id: CommandId | None = None,
        *,
        resume: bool = True,
    ) -> None:
        self._builder.record(
            DiscrepancyEnded,
            discrepancy_id=record.discrepancy_id,
            outcome=outcome,
            why=why,
            command_id=command_id or CommandId(""),
        )
        if resume:
            self._resume(record, record.paused)
        if outcome is Outcome.RESOLVED:
            text = Reconciler.RESOLVED(record=record.discrepancy_id, type=record.type, symbol=record.symbol, why=why)
            self._builder.notify(Severity.INFO, text, record.account, f"{record.discrepancy_id}.resolved")

    def _resume(self, record: Discrepancy, paused: tuple[PositionId, ...]) -> None:
        account_state = self._memory.account_states.get(record.account)  # None: the account is no longer configured
        live = {view.position_id for view in account_state.live(record.symbol)} if account_state is not None else set()
        for position_id in (name for name in paused if name in live):
            command = ResumePosition(
                command_id=CommandId(f"reconcile-{record.discrepancy_id}-resume-{position_id}"),
                correlation_id=CorrelationId(f"reconcile-{record.discrepancy_id}"),
                position_id=position_id,
            )
            self._builder.effect(SUPERVISOR, command)

    def _reply(
        self, command: AcknowledgeDiscrepancy, text: Statement, *, accepted: bool, durable: bool = False
    ) -> None:
        if not command.reply_to:
            return
        reply = Reply(
            correlation_id=command.correlation_id,
            command_id=command.command_id,
            to=command.reply_to,
            accepted=accepted,
            text=text,
        )
        (self._builder.effect if durable else self._builder.tell)(command.reply_to, reply)


def _seen(count: int, explanation: Statement) -> Statement:
    return Reconciler.SEEN_ONCE(told=explanation) if count == 1 else Reconciler.SEEN(times=count, told=explanation)


def _unexplained(finding: Finding, record: str) -> Statement:
    """Return the text for a finding that no trade explains."""
    if finding.type is T.OVERSOLD:
        return Reconciler.OWN_FILLS()
    return why_uncertain(finding, record) or Reconciler.NO_TRADE()


def _answers_itself(case: Case) -> bool:
    """Return whether an escalated attribution has settled: nothing is left to choose, or its position is closing
    anyway.

    A mass vanish was escalated for lack of evidence; only trades settle that.
    """
    if case.finding.type not in QUANTITY:
        return False
    if case.record.type is T.POSITION_NOT_IN_EXCHANGE and not case.bookings:
        return False
    return not repair(case).escalate


def _another(record: Discrepancy, finding: Finding) -> bool:
    """Return whether the finding is a new difference after an effective repair; a change of one side alone is the same
    one.

    An escalated difference is another one when its size changes. A record of an earlier version has no sides to
    compare: it is the same one.
    """
    if record.type not in QUANTITY:
        return False
    if record.outcome is Outcome.ESCALATED and record.apply is None:
        return record.difference != finding.difference
    if not record.attempts or not (record.believed.code and record.reported.code):
        return False
    return not (alike(record.believed, finding.believed) or alike(record.reported, finding.reported))


def _since(record: Discrepancy, finding: Finding) -> Statement:
    since = Reconciler.RESIZED if record.outcome is Outcome.ESCALATED else Reconciler.CHANGED
    return since(believed=finding.believed, reported=finding.reported)


def _pausable(view: PositionView) -> bool:
    """Return whether it may be paused; resuming a position that the owner paused is not ours to do."""
    return view.state in (PositionState.ACTIVE, PositionState.MODIFIED, PositionState.MODIFYING)
