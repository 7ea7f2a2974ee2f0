"""Requested checks and lists of discrepancies. A check is answered once its scope is read and settled."""

from actors.moment import clock_time
from actors.ports import Clock
from actors.reconciler.account_state import AccountState, OnDemandCheck, ReconcilerMemory, VenueSnapshot
from actors.reconciler.comparison_input import Comparison, contains
from actors.reconciler.open_order_polling import OpenOrderPolling
from actors.reconciler.policy import SECOND
from actors.reconciler.reading import Reading
from actors.reconciler.step_builder import StepBuilder
from messages.base import Message
from messages.commands import Reconcile
from messages.reconciliation import DiscrepanciesAnswer, ListDiscrepancies, Outcome, ReconcileAnswer, Unproven
from messages.reports import FetchFailed
from messages.requests import Reply
from messages.statement import Statement, verbatim
from messages.types import AccountId, ReplyCode, Symbol
from messages.wording import Reconciler, Supervisor
from messages.wording.common import Common, also

DEMAND_LIMIT_NS = 20 * SECOND


class OnDemandChecks:
    """Answers requested checks; a repeated command has one effect. Open checks are in the memory."""

    def __init__(
        self, clock: Clock, memory: ReconcilerMemory, builder: StepBuilder, reading: Reading, lists: OpenOrderPolling
    ) -> None:
        self._clock = clock
        self._memory = memory
        self._builder = builder
        self._reading = reading
        self._lists = lists

    def reconcile(self, command: Reconcile) -> None:
        """Start a check, or repeat its answer; refuse while an account was never reported up or down."""
        if any(demand.command.command_id == command.command_id for demand in self._memory.demands):
            return  # repeated while the check runs
        answered = self._memory.answers.get(command.command_id)
        if answered is not None:
            self._reply(command, answered)
            return
        account_states = tuple(self._memory.account_states.values())
        unreported = tuple(
            account_state.account
            for account_state in account_states
            if not account_state.was_reported and not account_state.waits
        )
        if unreported and command.reply_to:
            self._not_ready(command, Reconciler.NOT_ANSWERED(accounts=unreported))
            return
        demand = OnDemandCheck(
            command=command,
            begun_ns=self._clock.monotonic_ns(),
            asked_ns=self._clock.time_ns(),
            pending={account_state.account for account_state in account_states if account_state.up},
            failed={
                account_state.account: _why_not(account_state)
                for account_state in account_states
                if not account_state.up
            },
        )
        demand.found.update(
            x.discrepancy_id for x in self._memory.ledger.discrepancies() if _in_scope(command, x.symbol)
        )
        self._memory.demands.append(demand)
        self._builder.later(f"demand/{command.command_id}", DEMAND_LIMIT_NS)
        for account_state in account_states:
            self._reading.demand(account_state, command.symbol)

    def _not_ready(self, command: Reconcile, why: Statement) -> None:
        reply = Reply(
            correlation_id=command.correlation_id,
            command_id=command.command_id,
            to=command.reply_to,
            accepted=False,
            text=why,
            code=ReplyCode.NOT_READY,
        )
        self._reply(command, reply)

    def _reply(self, command: Reconcile, answer: Message) -> None:
        """Answer, unless the check was started by a position settled by hand, which needs no answer."""
        if command.reply_to:
            self._builder.tell(command.reply_to, answer)

    def on_comparison(self, account_state: AccountState, snapshot: VenueSnapshot, comparison: Comparison) -> None:
        """Count a comparison for the checks that it answers: those that its reading began after.

        A reading without its list of orders proves no stop: it counts, and the check waits for another.
        """
        assert snapshot.positions is not None
        for demand in self._memory.demands:
            mine = demand.command.symbol == snapshot.symbol and snapshot.positions.begun_ns >= demand.asked_ns
            if mine and account_state.account in demand.pending:
                demand.checked[account_state.account] = len(comparison.judged)
                if snapshot.orders is not None and snapshot.orders.begun_ns >= demand.asked_ns:
                    demand.pending.discard(account_state.account)
                    demand.failed.pop(account_state.account, None)
                else:
                    cause = account_state.listing(snapshot.symbol).tries.cause or Common.NO_ANSWER()
                    cause = demand.spent.get(account_state.account, cause)
                    demand.failed[account_state.account] = Reconciler.OPEN_ORDERS_UNREAD(cause=cause)
                    if account_state.account in demand.spent:
                        demand.pending.discard(account_state.account)
            for record in self._memory.ledger.discrepancies(account_state.account):
                if _in_scope(demand.command, record.symbol):
                    demand.found.add(record.discrepancy_id)

    def answer(self) -> None:
        """Answer checks that are read and settled, or late."""
        now_ns = self._clock.monotonic_ns()
        for demand in list(self._memory.demands):
            late = now_ns - demand.begun_ns >= DEMAND_LIMIT_NS
            if not late and (demand.pending or (self._busy_for(demand) and not demand.spent)):
                continue
            self._memory.demands.remove(demand)
            command = demand.command
            records = [x for name in demand.found if (x := self._memory.ledger.records.get(name)) is not None]
            unproven = self._unproven(demand)
            unread = _unclear(unproven) | dict.fromkeys(demand.pending, Common.NO_ANSWER()) | demand.failed
            for account, cause in demand.spent.items():
                known = unread.get(account)
                if known is None or not contains(known, cause):
                    unread[account] = cause if known is None else also((known, cause))
            answer = ReconcileAnswer(
                correlation_id=command.correlation_id,
                command_id=command.command_id,
                to=command.reply_to,
                checked=sum(demand.checked.values()),
                discrepancies=len(records),
                attempted=sum(record.attempts > 0 for record in records),
                succeeded=sum(record.outcome is Outcome.RESOLVED for record in records),
                elapsed_ms=(now_ns - demand.begun_ns) // 1_000_000,
                failed=also([Reconciler.AT_ACCOUNT(account=each, why=unread[each]) for each in sorted(unread)]),
                unproven=unproven,
            )
            self._memory.keep(answer)
            self._reply(command, answer)

    def _busy_for(self, demand: OnDemandCheck) -> bool:
        discrepancies = self._memory.ledger.discrepancies()
        still_open = any(x.outcome is Outcome.OPEN and _in_scope(demand.command, x.symbol) for x in discrepancies)
        return still_open or bool(self._unproven(demand))

    def _unproven(self, demand: OnDemandCheck) -> tuple[Unproven, ...]:
        """Return the suspicions in scope that are no discrepancies yet."""
        ledger = self._memory.ledger
        return tuple(
            Unproven(
                account=account_state.account,
                symbol=suspicion.finding.symbol,
                type=suspicion.finding.type,
                believed=suspicion.finding.believed,
                reported=suspicion.finding.reported,
            )
            for account_state in self._memory.account_states.values()
            for key, suspicion in account_state.evidence.suspicions.items()
            if (account_state.account, key) not in ledger.silenced
            and (account_state.account, key) not in ledger.open
            and _in_scope(demand.command, suspicion.finding.symbol)
        )

    def list_(self, command: ListDiscrepancies) -> None:
        """Answer with the latest discrepancies, or the command's refusal if there are none."""
        found = self._memory.ledger.latest(command.symbol, command.most)
        if command.unless_found and not found:
            refusal = Reply(
                correlation_id=command.correlation_id,
                command_id=command.command_id,
                to=command.reply_to,
                accepted=False,
                text=verbatim(command.unless_found),
            )
            self._builder.tell(command.reply_to, refusal)
            return
        answer = DiscrepanciesAnswer(
            correlation_id=command.correlation_id,
            command_id=command.command_id,
            to=command.reply_to,
            discrepancies=found,
            statistics=self._memory.statistics(self._clock.monotonic_ns()),
        )
        self._builder.tell(command.reply_to, answer)

    def unread(self, report: FetchFailed, symbol: Symbol | None) -> None:
        """Note a failed reading for the checks that wait for it.

        A read that the budget defers (`until_ns`, wall) is reported instead of awaited.
        """
        why = report.cause
        if report.until_ns:
            why = Reconciler.UNTIL(cause=report.cause, moment=clock_time(report.until_ns))
        for demand in self._memory.demands:
            if report.until_ns and _in_scope(demand.command, symbol):
                demand.spent[report.account] = why
            if report.account in demand.pending and demand.command.symbol == symbol:
                demand.failed[report.account] = why
                if report.until_ns and not report.request_id.endswith("/orders"):
                    demand.pending.discard(report.account)


def _why_not(account_state: AccountState) -> Statement:
    return Supervisor.WAITS_TURN() if account_state.waits else Reconciler.NOT_REACHABLE()


def _unclear(unproven: tuple[Unproven, ...]) -> dict[AccountId, Statement]:
    """Return the accounts with open differences."""
    symbols: dict[AccountId, set[Symbol]] = {}
    for each in unproven:
        symbols.setdefault(each.account, set()).add(each.symbol)
    return {account: Reconciler.UNSETTLED(symbols=tuple(sorted(names))) for account, names in symbols.items()}


def _in_scope(command: Reconcile, symbol: Symbol | None) -> bool:
    return command.symbol in (None, symbol)
