"""Planted bugs in what is believed: position rules, protection, reconciliation, snapshots and recovery."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import actors.position.history as history_of_positions
from actors.position import next_orders, notices, report_rules, state
from actors.position.accounting import realized
from actors.position.state import ZERO, Order, OrderPhase, Position
from actors.position.step_builder import StepBuilder
from actors.reconciler import attribution, compare, observations, resolve, trade_matching
from actors.reconciler.attribution import Plan
from actors.reconciler.core import Core
from actors.reconciler.policy import Policy
from actors.runtime import ActorSystem
from actors.supervisor import failures
from actors.supervisor.context import SupervisorContext
from adapters.paper.binance.answers import ANSWERS
from adapters.paper.faults import Fault, FaultKind, FaultPlan, Moment
from adapters.storage.memory import MemoryJournal
from messages import codec
from messages import events as e
from messages import reports as r
from messages.addresses import RECONCILER
from messages.reports import PositionView
from messages.statement import Statement
from messages.types import OrderKind, OrderPurpose, OrderStatus, Severity
from simulator.environment import plan as history
from simulator.environment.network import START_MS
from simulator.mutants.plans import filled_in_halves, positions_not_shown
from simulator.mutants.planting import Mutant, calm, mutant, patch, patch_rule


def _restart_forgets_unknowns(stack: ExitStack) -> None:
    """After a restart, what has no answer is taken for failed."""

    def recovered(step: StepBuilder, message: r.Recovered) -> None:
        for order in step.position.live_orders():
            if order.phase in (OrderPhase.SENT, OrderPhase.DOUBTED):
                step.record(e.OrderProvenAbsent, client_order_id=order.client_order_id, evidence="restart")
        report_rules.on_recovered(step, message)

    patch_rule(stack, r.Recovered, recovered)


def _stop_not_canceled_on_close(stack: ExitStack) -> None:
    patch(stack, next_orders, "_clean_up", lambda _draft: None)


def _fills_not_deduped(stack: ExitStack) -> None:
    """Every report of a fill counts."""

    def filled(step: StepBuilder, message: r.FillReport) -> None:
        order = step.position.order(message.client_order_id)
        if order is None or message.trade_id not in order.trades:
            report_rules.on_fill_report(step, message)
            return
        step.record(
            e.OrderFilled,
            client_order_id=order.client_order_id,
            trade_id=message.trade_id,
            quantity=message.quantity,
            price=message.price,
            fee=message.fee,
            fee_currency=message.fee_currency,
            realized_pnl=realized(step.position, order.side, message.quantity, message.price),
        )

    patch_rule(stack, r.FillReport, filled)


def _fills_deduped_by_size(stack: ExitStack) -> None:
    """Two fills of an order for the same quantity are one that was told twice."""

    def filled(step: StepBuilder, message: r.FillReport) -> None:
        order = step.position.order(message.client_order_id)
        if order is None or order.filled != message.quantity:
            report_rules.on_fill_report(step, message)

    patch_rule(stack, r.FillReport, filled)


def _late_fills_are_ignored(stack: ExitStack) -> None:
    """An order that is over is not filled any more."""

    def filled(step: StepBuilder, message: r.FillReport) -> None:
        order = step.position.order(message.client_order_id)
        if order is not None and order.live:
            report_rules.on_fill_report(step, message)

    patch_rule(stack, r.FillReport, filled)


def _stop_not_resized(stack: ExitStack) -> None:
    """A stop at the right price is the right stop."""
    protect = next_orders._protect_by

    def by_price(step: StepBuilder, purpose: OrderPurpose, kind: OrderKind) -> None:
        price = step.position.wanted_price(purpose)
        if not any(o.setting == price and not o.cancel_intended for o in step.position.live_orders(purpose)):
            protect(step, purpose, kind)

    patch(stack, next_orders, "_protect_by", by_price)


def _no_target(stack: ExitStack) -> None:
    """A stop is protection enough."""
    protect = next_orders._protect_by

    def stops_only(step: StepBuilder, purpose: OrderPurpose, kind: OrderKind) -> None:
        if purpose is not OrderPurpose.TARGET:
            protect(step, purpose, kind)

    patch(stack, next_orders, "_protect_by", stops_only)


def _a_moved_stop_stays(stack: ExitStack) -> None:
    """What rests covers, wherever it rests."""

    def anywhere(_p: Position, _purpose: OrderPurpose, resting: Iterable[Order]) -> tuple[Order, ...]:
        return tuple(order for order in resting if order.phase is OrderPhase.WORKING)

    patch(stack, next_orders, "covering", anywhere)
    patch(stack, state, "covering", anywhere)


def _a_stop_for_what_a_human_took(stack: ExitStack) -> None:
    """Whoever trades by hand moves the stop by hand."""
    protect = next_orders._protect_by

    def unless_by_hand(step: StepBuilder, purpose: OrderPurpose, kind: OrderKind) -> None:
        if not (step.position.changed_outside and step.position.live_orders(purpose)):
            protect(step, purpose, kind)

    patch(stack, next_orders, "_protect_by", unless_by_hand)


def _reduced_by_hand() -> Sequence[history.Plan]:
    """A human sells half of what a strategy holds with its stop."""
    opening = history.Act(
        at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2, stop_ppm=10_000, target_ppm=10_000
    )
    return [calm(opening, history.Act(at_ms=8_000, do="hand reduce", account="main", symbol="SOLUSDT", lots=1))]


def _a_refused_close_is_given_up(stack: ExitStack) -> None:
    reduce = next_orders._reduce

    def once(step: StepBuilder) -> None:
        if not any(o.purpose is OrderPurpose.REDUCE and o.phase is OrderPhase.REFUSED for o in step.position.orders):
            reduce(step)

    patch(stack, next_orders, "_reduce", once)


def _entry_counted_by_its_fills(stack: ExitStack) -> None:
    """What is not seen filled is sent again, whatever became of it."""

    def enter(step: StepBuilder) -> None:
        p = step.position
        if p.entry_finished or p.goal_quantity is not None or p.leverage_refused or p.leverage_pending:
            return
        entries = [o for o in p.orders if o.purpose is OrderPurpose.ENTRY]
        pending = any(o.phase in (OrderPhase.SENT, OrderPhase.WORKING) for o in entries)
        remaining = p.requested - sum((o.filled for o in entries), ZERO)
        if remaining > 0 and not pending and len(entries) < 4:
            kind = OrderKind.MARKET if p.limit_price is None else OrderKind.LIMIT
            next_orders._intend(step, OrderPurpose.ENTRY, kind, remaining)

    patch(stack, next_orders, "_enter", enter)


def _cancels_are_not_repeated(stack: ExitStack) -> None:
    """A restart takes what was to be canceled for canceled, and no reading of the venue takes that back."""

    def recovered(step: StepBuilder, _: r.Recovered) -> None:
        for order in step.position.live_orders():
            if order.phase is OrderPhase.SENT:
                step.record(e.OrderDoubted, client_order_id=order.client_order_id, cause="restart before an answer")
            if order.cancel_intended:
                step.record(
                    e.OrderEnded,
                    client_order_id=order.client_order_id,
                    status=OrderStatus.CANCELED,
                    filled_quantity=order.filled,
                )
            else:
                step.resolve(order)

    patch_rule(stack, r.Recovered, recovered)
    patch(stack, report_rules, "_reopens", lambda _order, _message: False)


def _the_word_of_an_end_is_final(stack: ExitStack) -> None:
    """Said to be canceled is canceled, whatever is listed afterwards."""
    patch(stack, report_rules, "_reopens", lambda _order, _message: False)


def _said_to_be_canceled() -> Sequence[history.Plan]:
    """A resting entry whose answer was lost with the process, and about which the venue is wrong once."""
    lie = Fault(kind=FaultKind.MISREPORTED_CANCELED, method="GET", path="/order", client_id="ab")
    opening = history.Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", offset_ppm=4_000)
    killed = (history.Kill(moment="order", count=1, down_ms=1_000),)
    return [calm(opening, faults=FaultPlan(faults=(lie,)), kills=killed)]


def _nobody_watches_for_a_failed_actor(stack: ExitStack) -> None:
    """While its actor is down, what is told speaks of an actor, and of no position and what it lacks."""

    def notify_of(
        context: SupervisorContext, _view: PositionView, severity: Severity, text: Statement, _notice_id: str = ""
    ) -> None:
        context.notify(severity, text)

    patch(stack, failures, "uncovered", lambda _view: False)
    patch(stack, SupervisorContext, "notify_of", notify_of)


def _failing_without_a_stop() -> Sequence[history.Plan]:
    """The stop is in doubt, and the actor fails on whatever comes next, several times."""
    lost = ANSWERS["timeout_408"].at(Moment.LATER, method="POST", path="/algoOrder")
    opening = history.Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    poison = history.Trap(trouble="poison", state="RECONCILING", moment="sent without answer")
    return [calm(opening, faults=FaultPlan(faults=(replace(lost, effect_delay_ms=8_000),)), traps=(poison,))]


def _nobody_is_told(stack: ExitStack) -> None:
    """A position without its stop is nobody's news."""
    patch(stack, notices, "notify_unprotected", lambda _draft: None)


def _snapshot_leaves_out_the_stop(stack: ExitStack) -> None:
    def encode(position: Position) -> bytes:
        return codec.encode(replace(position, stop_loss=None))

    patch(stack, history_of_positions, "SNAPSHOTS", replace(history_of_positions.SNAPSHOTS, every=4, encode=encode))


def _recovery_loses_one(stack: ExitStack) -> None:
    """Every third position is not found on the disk."""
    recover = MemoryJournal.recover

    def some(self: MemoryJournal) -> Iterable[Any]:
        return (found for found in recover(self) if found.ordinal <= 0 or found.ordinal % 3)

    patch(stack, MemoryJournal, "recover", some)


# Reconciliation ------------------------------------------------------------------------------------------


def _reconciler_hears_late(stack: ExitStack) -> None:
    """It subscribes when its own turn comes; by then positions may have shown themselves."""
    subscribe = ActorSystem.subscribe

    def only_by_actors(self: ActorSystem, message: type, listener: Any) -> None:
        if listener != RECONCILER or self.dispatcher.busy:  # type: ignore[attr-defined]
            subscribe(self, message, listener)

    patch(stack, ActorSystem, "subscribe", only_by_actors)


def _empty_list_means_flat(stack: ExitStack) -> None:
    """What a list of positions does not show is gone."""
    judge = Core._judge_account

    def at_once(self: Core, watch: Any, comparison: Any) -> None:
        for finding in comparison.findings:
            if finding.type is compare.T.POSITION_NOT_IN_EXCHANGE:
                round_ = SimpleNamespace(trades=None, orders=None, symbol=None, positions=None)
                self._discrepancies.take_up(watch, watch.evidence.suspicions[finding.key], round_)  # type: ignore[arg-type]
        judge(self, watch, comparison)

    patch(stack, Core, "_judge_account", at_once)
    patch(stack, observations, "mass_vanish", lambda *_: False)


def _many_may_vanish_at_once(stack: ExitStack) -> None:
    """There is no breaker: what was seen often enough is believed, however much it is."""
    patch(stack, observations, "mass_vanish", lambda *_: False)


def _two_positions_vanish() -> Sequence[history.Plan]:
    """Every list of positions is empty for longer than an absence must last to count."""
    opening = history.Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    other = replace(opening, slot=1, symbol="ETHUSDT", strategy="beta")
    empty = Fault(kind=FaultKind.EMPTY_LIST, method="GET", path="/positionRisk", count=0)
    empty = replace(empty, from_ms=START_MS + 8_000, until_ms=START_MS + 50_000)
    look = history.Act(at_ms=9_000, do="reconcile")
    return [calm(opening, other, look, faults=FaultPlan(faults=(empty,)), safety_ms=60_000)]


def _settings_are_not_looked_at(stack: ExitStack) -> None:
    """Leverage and margin mode are what they were."""
    patch(stack, compare, "_compare_settings", lambda *_: None)


def _settings_by_hand() -> Sequence[history.Plan]:
    """While something is held its leverage is changed; between two positions, before anybody looked, its margin."""
    opening = history.Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    asked = replace(opening, leverage=10)
    levered = history.Act(at_ms=20_000, do="hand leverage", symbol="SOLUSDT", leverage=7)
    margin = (
        history.Act(at_ms=12_000, do="close", slot=0),
        history.Act(at_ms=14_000, do="hand margin", symbol="SOLUSDT"),
        replace(opening, at_ms=15_000, slot=1, strategy="beta"),
        history.Act(at_ms=18_000, do="kill", for_ms=1_000),
    )
    look = history.Act(at_ms=6_000, do="reconcile")
    return [calm(asked, levered), calm(opening, look, levered), calm(opening, look, *margin)]


def _one_look_is_enough(stack: ExitStack) -> None:
    patch(stack, Policy, "required", lambda *_: 1)


def _own_trades_are_somebodys(stack: ExitStack) -> None:
    patch(stack, trade_matching, "_foreign", lambda trades, *_args, **_more: list(trades))


def _first_strategy_found(stack: ExitStack) -> None:
    """What differs is the first position's on that leg."""

    def first(views: Sequence[PositionView], difference: Decimal, step: Decimal, policy: Any) -> Plan:
        for view in views:
            delta = difference * view.side.sign
            if view.quantity + delta >= 0:
                return Plan(shares=(attribution.share_of(view, delta),))
        return attribute(views, difference, step, policy)

    attribute = attribution.attribute
    patch(stack, resolve, "attribute", first)


BELIEF: Mapping[str, Mutant] = {
    "restart forgets unknowns": mutant(_restart_forgets_unknowns, "I2", "I5", seed=3),
    "stop not canceled on close": mutant(_stop_not_canceled_on_close, "I5", "I9", seed=4),
    "fills not deduped": mutant(_fills_not_deduped, "I4"),
    "fills deduped by size": mutant(_fills_deduped_by_size, "I5", "I6", "I7", plans=filled_in_halves),
    "late fills are ignored": mutant(_late_fills_are_ignored, "I5", "I6", "I7", "I9"),
    "stop not resized": mutant(_stop_not_resized, "I7", "I8", seed=5),
    "no target": mutant(_no_target, "I7", seed=4),
    "a moved stop stays": mutant(_a_moved_stop_stays, "I7"),
    "a stop for what a human took": mutant(_a_stop_for_what_a_human_took, "I7", plans=_reduced_by_hand),
    "a refused close is given up": mutant(_a_refused_close_is_given_up, "I5", seed=37),
    "entry counted by its fills": mutant(_entry_counted_by_its_fills, "I1"),
    "cancels are not repeated": mutant(_cancels_are_not_repeated, "I5", "I9", "I26", seed=11),
    "the word of an end is final": mutant(_the_word_of_an_end_is_final, "I5", plans=_said_to_be_canceled),
    "nobody watches for a failed actor": mutant(
        _nobody_watches_for_a_failed_actor, "I7", plans=_failing_without_a_stop
    ),
    "nobody is told": mutant(_nobody_is_told, "I7", seed=10),
    "snapshot leaves out the stop": mutant(_snapshot_leaves_out_the_stop, "I15", seed=3),
    "recovery loses one": mutant(_recovery_loses_one, "I12", "I5", "I6", "I15", seed=3),
    "reconciler hears late": mutant(_reconciler_hears_late, "I5", "I6", "I7", "I9", seed=3),
    "empty list means flat": mutant(_empty_list_means_flat, "I2", "I6", plans=positions_not_shown),
    "many may vanish at once": mutant(_many_may_vanish_at_once, "I2", plans=_two_positions_vanish),
    "settings are not looked at": mutant(_settings_are_not_looked_at, "I6", plans=_settings_by_hand),
    "one look is enough": mutant(_one_look_is_enough, "I2", "I6", seed=3),
    "own trades are somebody's": mutant(_own_trades_are_somebodys, "I2", "I6", seed=6),
    "the first strategy found": mutant(_first_strategy_found, "I6", seed=6),
}
