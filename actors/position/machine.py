"""The position machine: `decide(position, message) -> Step`.

Theory of operation
-------------------
A position is five small machines. Each is a few fields of `Position`; events move it, and nothing else does.

Order: one machine for each order (`Order.phase`).
    SENT -> WORKING -> FILLED, CANCELED or EXPIRED. SENT -> REFUSED. SENT -> DOUBTED, when no answer proves an outcome
    -> WORKING, REFUSED or ABSENT, when a query does. A conditional order that works may be `triggered`, then `stalled`
    (nothing executes it), then `uncancelable`. REFUSED and ABSENT are conclusions: a later report of the venue revives
    the order. An order is sent once; what follows an end is a new order.

Goal: what the quantity shall become (`goal_quantity`).
    None -> a part, or 0. ClosePosition and EmergencyClose set it; so do protection that stays refused or does not
    execute, a price that has passed its trigger, and an entry that expires. A part ends when it is reached. 0 stays: a
    late fill is closed again. Dust ends both, and so does SettlePosition, as a reduction that was written off may have
    been executed. Under a goal nothing opens. Without one, `requested` is the goal of the entry: it is sent part by
    part until `entry_finished`.

Doubt: whether the quantity and the live orders are known (`in_doubt`).
    Known -> in doubt by an unknown outcome, a restart before the answer, fills reported without their trades, or more
    sold than held. In doubt -> known by a query, the trades, or SettlePosition. Doubt stops openings, never reductions;
    an order in doubt keeps back its own quantity.

Protection: which conditional orders shall rest (`stop_loss`, `take_profit`, `trailing`).
    Wanted -> in place, when orders at these prices rest for all that is held -> triggered, when one executes. Another
    quantity, a new price or a lost order means wanted again. A refusal is retried; a move that stays refused goes back
    to the price before it; a stop that stays refused for `protection_deadline_ms` sets a goal.

Hold: whether the position waits for its owner (`paused`, `changed_outside`).
    Free -> paused by PausePosition, or as dust that no order can close. Free -> changed outside by AdjustPosition. Both
    end with ResumePosition. A hold refuses commands that change the position, except closing; protection, and what is
    under way, go on.

How they compose: one message is one step.
    1. `table` holds a cell for each message and state: a rule, or why the message is ignored or refused.
    2. The rule (`command_rules`, `report_rules`) records facts as events, which `evolve` the position.
    3. `next_orders` intends what the position needs now, until nothing more is needed.
    4. `lifecycle` derives the state, and `transitions` declares which changes of state may occur.

Doubt shows as RECONCILING before all else. Then, while something is held: a goal of 0 or triggered protection shows as
CLOSING, a goal or an addition as MODIFYING, a live entry as OPENING, a pause as PAUSED, a change of leverage or
protection as MODIFYING, a change outside as MODIFIED, nothing at all as ACTIVE. PENDING is the start. CLOSED, FAILED
and CANCELLED are terminal: only a report of an order, which proves a conclusion wrong, leaves them.

A step's events are journalled as one unit with its effects, which leave once they are durable.
"""

from dataclasses import dataclass
from enum import StrEnum

from actors.position.command_rules import refuse, reply
from actors.position.lifecycle import lifecycle
from actors.position.next_orders import intend_orders
from actors.position.notices import notify_oversold, notify_state
from actors.position.policy import Policy
from actors.position.state import Position
from actors.position.step_builder import StepBuilder
from actors.position.table import TABLE, CellKind
from actors.position.transitions import is_declared
from messages import events as e
from messages.base import Event, Message
from messages.commands import Command
from messages.journal import Effect
from messages.reports import AboutOrder, Recovered
from messages.requests import Wake
from messages.statement import NOTHING, Statement
from messages.types import CorrelationId
from messages.wording import Position as Say

ROUNDS_MOST = 8
"""One message needs a few rounds of orders at most; more would be a loop, which is a bug."""
UNPROTECTED_AFTER_MS = 1_800
"""I7 allows 2 s without a resting stop; then the owner gets a notice."""


class Verdict(StrEnum):
    """What became of the message; a refusal answers a command."""

    APPLIED = "applied"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one message changes. `position` is the state after the events.

    `wakes` are timers: set after the commit, never journalled. `declared` is False for a change of state that
    `transitions` does not have: a bug, which the shell logs. The facts count all the same.
    """

    position: Position
    verdict: Verdict
    why: Statement = NOTHING
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    wakes: tuple[Wake, ...] = ()
    declared: bool = True


def decide(position: Position, message: Message, now_ns: int, policy: Policy) -> Step:
    """The step that this message means to this position at `now_ns`. Pure.

    Raises KeyError for a message class that positions never receive.
    """
    step = StepBuilder(
        position=position,
        before=position,
        now_ns=now_ns,
        policy=policy,
        correlation_id=_correlation(position, message),
        causation_id=message.causation_id or type(message).__name__,
    )
    verdict, why = _apply(step, message)
    before, after = position.state, step.position.state
    return Step(
        position=step.position,
        verdict=verdict,
        why=why,
        events=tuple(step.events),
        effects=tuple(step.effects),
        wakes=tuple(step.wakes),
        declared=before is after or is_declared(before, type(message), after),
    )


def _apply(step: StepBuilder, message: Message) -> tuple[Verdict, Statement]:
    cell = TABLE[type(message)][step.position.state]
    if isinstance(message, Command) and message.command_id in step.position.commands:
        reply(step, message)
        return Verdict.IGNORED, Say.REPEATED()
    if cell.kind is CellKind.IGNORED:
        return Verdict.IGNORED, cell.why
    if cell.rule is None:
        refuse(step, message, cell.why)
        return Verdict.REFUSED, cell.why
    cell.rule(step, message)
    _settle(step)
    if step.position.unprotected and (isinstance(message, Recovered) or not step.before.unprotected):
        step.wake("unprotected", UNPROTECTED_AFTER_MS)
    return (Verdict.REFUSED, step.refused) if step.refused else (Verdict.APPLIED, NOTHING)


def _settle(step: StepBuilder) -> None:
    """Intend orders until none is needed, then derive the state."""
    for _ in range(ROUNDS_MOST):
        known = len(step.events)
        if not step.policy.watch_only:
            intend_orders(step)
        if len(step.events) == known:
            break
    else:
        raise RuntimeError(f"{step.position.position_id}: orders do not settle: {step.events[-3:]}")
    if not step.position.version:
        return
    before = step.position.state
    after, because = lifecycle(step.position)
    if after is not before:
        step.record(e.StateChanged, before=before, after=after, because=because)
        notify_state(step, before, after, because)
    notify_oversold(step)


def _correlation(position: Position, message: Message) -> CorrelationId:
    """The message's own, a command's id, or that of the order which a report is about; empty where there is none."""
    if message.correlation_id:
        return message.correlation_id
    if isinstance(message, Command):
        return CorrelationId(message.command_id)
    if isinstance(message, AboutOrder):
        order = position.order(message.client_order_id)
        if order is not None:
            return order.correlation_id
    return CorrelationId("")
