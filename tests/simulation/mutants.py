"""Planted bugs, each one thing that a careless change could do. They are switched on here, never in production.

A mutant that no seed catches is a check that is missing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, cast

from actors.gateway import doubt
from actors.gateway.actions import SECOND
from actors.gateway.doubts import Doubts
from actors.gateway.orders import Orders
from actors.journal import JournalActor
from actors.position import follow_up, rules
from actors.position.draft import Draft
from actors.position.fold import realized
from actors.position.state import OrderPhase
from actors.position.table import TABLE, Cell, CellKind
from actors.reconciler.resolve import RECONCILER
from actors.runtime import ActorSystem
from adapters.exchange import calls, outcome
from adapters.exchange.calls import Call
from adapters.exchange.outcome import Verdict
from messages import events as e
from messages import reports as r
from messages.base import Message
from messages.journal import AppendStep
from messages.requests import SubmitOrder
from messages.types import PositionMode, RejectReason
from tests.simulation.disk import SimulatedDisk

Plant = Callable[[ExitStack], None]


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Within it production has this bug. Raises KeyError for a mutant that does not exist."""
    with ExitStack() as stack:
        if name:
            MUTANTS[name](stack)
        yield


def _patch(stack: ExitStack, where: object, name: str, what: object) -> None:
    before = getattr(where, name)
    setattr(where, name, what)
    stack.callback(setattr, where, name, before)


def _patch_rule(stack: ExitStack, message: type[Message], rule: Callable[[Draft, Any], None]) -> None:
    """Another rule wherever this message has one."""
    cells = cast("dict[Any, Cell]", TABLE[message])
    for state, cell in list(cells.items()):
        if cell.rule is not None:
            cells[state] = Cell(kind=CellKind.APPLIED, rule=rule)
            stack.callback(cells.__setitem__, state, cell)


def _blind_resend(stack: ExitStack) -> None:
    """No answer: send it again."""

    def unknown(self: Orders, message: r.OutcomeUnknown) -> None:
        name = message.client_order_id
        order = self._answered(name)
        if order is not None:
            self._sent.owe(name)
            self._waiting[name] = order
            self._desk.later(f"retry/{name}", SECOND // 2)
        self.cancels.let_go(name)

    _patch(stack, Orders, "unknown", unknown)


def _effects_before_commit(stack: ExitStack) -> None:
    """What a step lets out leaves at once; the disk will surely follow."""
    append = JournalActor._append

    def at_once(self: JournalActor, step: AppendStep) -> None:
        if not step.attempt:
            for effect in step.effects:
                self.context.tell(effect.to, effect.message)
        append(self, replace(step, effects=()))

    _patch(stack, JournalActor, "_append", at_once)


def _unsynced_journal(stack: ExitStack) -> None:
    """A commit is reported before it is synced: `synchronous=OFF`."""
    append = SimulatedDisk.append

    def lying(self: SimulatedDisk, steps: Sequence[AppendStep], done: Callable[[str | None], None]) -> None:
        append(self, steps, lambda _why: None)
        done(None)

    _patch(stack, SimulatedDisk, "append", lying)


def _503_means_rejected(stack: ExitStack) -> None:
    def judged(codes: object, text: str, cause: str) -> Verdict:
        return outcome.Rejected(reason=RejectReason.OTHER, code="503", text=cause)

    _patch(stack, outcome, "_judge_server_fault", judged)


def _not_found_means_failed(stack: ExitStack) -> None:
    """One query that finds nothing is proof, whenever it was asked."""
    _patch(stack, doubt, "_needed", lambda _doubt: 1)
    _patch(stack, Doubts, "_last_possible_send", lambda *_: -3600 * SECOND)


def _restart_forgets_unknowns(stack: ExitStack) -> None:
    """After a restart, what has no answer is taken for failed."""

    def recovered(d: Draft, message: r.Recovered) -> None:
        for order in d.position.live_orders():
            if order.phase in (OrderPhase.SENT, OrderPhase.DOUBTED):
                d.record(e.OrderProvenAbsent, client_order_id=order.client_order_id, evidence="restart")
        rules.recovered(d, message)

    _patch_rule(stack, r.Recovered, recovered)


def _stop_not_canceled_on_close(stack: ExitStack) -> None:
    _patch(stack, follow_up, "_clean_up", lambda _draft: None)


def _fills_not_deduped(stack: ExitStack) -> None:
    """Every report of a fill counts."""

    def filled(d: Draft, message: r.FillReport) -> None:
        order = d.position.order(message.client_order_id)
        if order is None or message.trade_id not in order.trades:
            rules.filled(d, message)
            return
        d.record(
            e.OrderFilled,
            client_order_id=order.client_order_id,
            trade_id=message.trade_id,
            quantity=message.quantity,
            price=message.price,
            fee=message.fee,
            fee_currency=message.fee_currency,
            realized_pnl=realized(d.position, order.side, message.quantity, message.price),
        )

    _patch_rule(stack, r.FillReport, filled)


def _reduce_only_dropped(stack: ExitStack) -> None:
    submit = calls.submit

    def without(message: SubmitOrder, mode: PositionMode) -> Call:
        call = submit(message, mode)
        params = {name: value for name, value in call.params.items() if name != "reduceOnly"}
        return replace(call, params=params)

    _patch(stack, calls, "submit", without)


def _nobody_is_told(stack: ExitStack) -> None:
    """A position without its stop is nobody's news."""
    _patch(stack, rules, "_tell_unprotected", lambda _draft: None)


def _reconciler_hears_late(stack: ExitStack) -> None:
    """It subscribes when its own turn comes; by then positions may have shown themselves."""
    subscribe = ActorSystem.subscribe

    def only_by_actors(self: ActorSystem, message: type, listener: Any) -> None:
        if listener != RECONCILER or cast("Any", self.dispatcher).busy:
            subscribe(self, message, listener)

    _patch(stack, ActorSystem, "subscribe", only_by_actors)


MUTANTS: Mapping[str, Plant] = {
    "blind resend": _blind_resend,
    "effects before commit": _effects_before_commit,
    "unsynced journal": _unsynced_journal,
    "503 means rejected": _503_means_rejected,
    "not found means failed": _not_found_means_failed,
    "restart forgets unknowns": _restart_forgets_unknowns,
    "stop not canceled on close": _stop_not_canceled_on_close,
    "fills not deduped": _fills_not_deduped,
    "reduce-only dropped": _reduce_only_dropped,
    "nobody is told": _nobody_is_told,
    "reconciler hears late": _reconciler_hears_late,
}
