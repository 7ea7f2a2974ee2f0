"""The position machine: `decide(position, message) -> Step`.

A step is what shall be journalled as one unit: events, and the effects that leave once they are durable.
"""

from dataclasses import dataclass
from enum import StrEnum

from actors.position.command_rules import refuse, reply
from actors.position.lifecycle import lifecycle
from actors.position.next_orders import follow_up
from actors.position.policy import Policy
from actors.position.refused_moves import told_before
from actors.position.report_rules import UNPROTECTED_AFTER_MS
from actors.position.state import Order, OrderPhase, Position
from actors.position.step_builder import StepBuilder
from actors.position.table import TABLE, CellKind
from messages import events as e
from messages.base import Event, Message
from messages.commands import Command
from messages.journal import Effect
from messages.reports import AboutOrder, Recovered
from messages.requests import Wake
from messages.statement import NOTHING, Statement
from messages.types import CorrelationId, PositionState, Severity
from messages.wording import Position as Say

ROUNDS_MOST = 8
"""One message sets off a few follow-ups at most; more would be a loop, which is a bug."""


class Verdict(StrEnum):
    APPLIED = "applied"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`position` is the state after the events; `wakes` are timers, set after the commit and never journalled."""

    position: Position
    verdict: Verdict
    why: Statement = NOTHING
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    wakes: tuple[Wake, ...] = ()


def decide(position: Position, message: Message, now_ns: int, policy: Policy) -> Step:
    """What this message means to this position now. Raises KeyError for a class that positions never receive."""
    cell = TABLE[type(message)][position.state]
    step = StepBuilder(
        position=position,
        before=position,
        now_ns=now_ns,
        policy=policy,
        correlation_id=_correlation(position, message),
        causation_id=message.causation_id or type(message).__name__,
    )
    if isinstance(message, Command) and message.command_id in position.commands:
        reply(step, message)
        return _step(step, Verdict.IGNORED, Say.REPEATED())
    if cell.kind is CellKind.IGNORED:
        return _step(step, Verdict.IGNORED, cell.why)
    if cell.rule is None:
        refuse(step, message, cell.why)
        return _step(step, Verdict.REFUSED, cell.why)
    cell.rule(step, message)
    _settle(step)
    _watch(step, restarted=isinstance(message, Recovered))
    if step.refused:
        return _step(step, Verdict.REFUSED, step.refused)
    return _step(step, Verdict.APPLIED, NOTHING)


def _settle(step: StepBuilder) -> None:
    """Follow up until nothing more is needed, then name the state that this amounts to."""
    for _ in range(ROUNDS_MOST):
        before = len(step.events)
        if not step.policy.watch_only:
            follow_up(step)
        if len(step.events) == before:
            break
    else:
        raise RuntimeError(f"{step.position.position_id}: follow-ups do not settle: {step.events[-3:]}")
    if not step.position.version:
        return
    state, because = lifecycle(step.position)
    if state is not step.position.state:
        before_state = step.position.state
        step.record(e.StateChanged, before=before_state, after=state, because=because)
        _tell(step, before_state, state, because)
    if step.position.exposure < 0 <= step.before.exposure:
        oversold = Say.OVERSOLD(name=step.position.position_id, quantity=-step.position.quantity)
        step.notify(Severity.CRITICAL, oversold)


def _watch(step: StepBuilder, *, restarted: bool) -> None:
    """I7: from the moment that what is held is not covered by its stop, the owner knows within two seconds."""
    if step.position.unprotected and (restarted or not step.before.unprotected):
        step.wake("unprotected", UNPROTECTED_AFTER_MS)


def _tell(step: StepBuilder, before: PositionState, after: PositionState, because: Statement) -> None:
    """What the owner hears of a change of state."""
    p = step.position
    name = Say.LABEL(symbol=p.key.symbol, side=p.key.side, id=p.position_id)
    if before.terminal:
        step.notify(Severity.CRITICAL, Say.REVIVED(name=name, before=before, after=after, quantity=p.quantity))
    elif after is PositionState.RECONCILING and any(_new_doubt(p, o) for o in p.live_orders()):
        step.notify(Severity.WARNING, Say.ABOUT(name=name, what=because))
    elif after is PositionState.ACTIVE and (
        before is PositionState.OPENING or (before is PositionState.RECONCILING and not step.before.was_active)
    ):
        step.notify(Severity.INFO, Say.OPENED(name=name, quantity=p.quantity, price=p.entry_price.normalize()))
    elif after is PositionState.CLOSED:
        step.notify(Severity.INFO, Say.CLOSED(name=name, amount=p.realized_pnl.normalize(), because=because))
        for order in p.triggered_protection:
            alive = Say.FIRED_AT_VENUE(name=p.position_id, purpose=order.purpose, order=order.client_order_id)
            step.notify(Severity.CRITICAL, alive)
    elif after is PositionState.CANCELLED:
        step.notify(Severity.INFO, Say.CANCELED(name=name, because=because))


def _new_doubt(p: Position, order: Order) -> bool:
    """A stop that is tried again may be answered as before each time: then the doubt is no news."""
    return order.phase is OrderPhase.DOUBTED and not told_before(p, order)


def _correlation(position: Position, message: Message) -> CorrelationId:
    """A report that carries no correlation belongs to whatever sent its order."""
    if message.correlation_id:
        return message.correlation_id
    if isinstance(message, Command):
        return CorrelationId(message.command_id)
    if isinstance(message, AboutOrder):
        order = position.order(message.client_order_id)
        if order is not None:
            return order.correlation_id
    return CorrelationId("")


def _step(step: StepBuilder, verdict: Verdict, why: Statement) -> Step:
    return Step(
        position=step.position,
        verdict=verdict,
        why=why,
        events=tuple(step.events),
        effects=tuple(step.effects),
        wakes=tuple(step.wakes),
    )
