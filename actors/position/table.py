"""What each message does in each state: a rule to apply, or why the message is ignored or refused.

A row gives the common case and its exceptions. Every cell of the table that the rows amount to is compared with an
independent list (tests/position/expectations.py); a message class without a row fails the totality test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from actors.position import command_rules, report_rules
from actors.position.step_builder import StepBuilder
from messages import commands as c
from messages import reports as r
from messages.base import Message
from messages.statement import NOTHING, Statement
from messages.types import PositionState
from messages.wording import Position as Say

S = PositionState
STATES: tuple[PositionState, ...] = tuple(PositionState)
"""In the order of the enumeration: from PENDING to CANCELLED."""
ENDED = (S.CLOSED, S.FAILED, S.CANCELLED)

Rule = Callable[[StepBuilder, Any], None]


class CellKind(StrEnum):
    """Of a cell: as `machine.Verdict`."""

    APPLIED = "applied"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`rule` where the message is applied, else `why` it is not."""

    kind: CellKind
    rule: Rule | None = None
    why: Statement = NOTHING


Row = Mapping[PositionState, Cell]


def _apply(rule: Rule) -> Cell:
    return Cell(kind=CellKind.APPLIED, rule=rule)


def _ignore(why: Statement) -> Cell:
    return Cell(kind=CellKind.IGNORED, why=why)


def _refuse(why: Statement) -> Cell:
    return Cell(kind=CellKind.REFUSED, why=why)


def _row(common: Cell, *exceptions: Mapping[PositionState, Cell]) -> Row:
    """`common` in every state that no exception names; a later exception wins."""
    row = dict.fromkeys(STATES, common)
    for exception in exceptions:
        row.update(exception)
    return row


def _in(cell: Cell, *states: PositionState) -> Row:
    return dict.fromkeys(states, cell)


def _refused(why: Statement, *states: PositionState) -> Row:
    return _in(_refuse(why), *states)


_OVER: Row = {S.CLOSED: _refuse(Say.OVER()), **_refused(Say.NEVER_OPENED(), S.FAILED, S.CANCELLED)}
"""No command changes a position that has ended."""
_CLOSING = _refused(Say.BEING_CLOSED(), S.CLOSING)
_ORDERS_ENDED = _in(_ignore(Say.ORDERS_ENDED()), *ENDED)
_NEVER_HELD = _in(_ignore(Say.FUNDING_UNUSED()), S.PENDING, S.FAILED, S.CANCELLED)


def _command(rule: Rule, *exceptions: Row) -> Row:
    """A command to a position that exists."""
    return _row(_apply(rule), _OVER, *exceptions)


def _opening(rule: Rule) -> Row:
    """A command that makes the position."""
    return _row(_refuse(Say.TAKEN()), _OVER, _in(_apply(rule), S.PENDING))


def _order(rule: Rule, *exceptions: Row) -> Row:
    """A report about an order; none was sent in PENDING. A late one may revive a position that has ended."""
    return _row(_apply(rule), _refused(Say.NOTHING_SENT(), S.PENDING), *exceptions)


def _setting(rule: Rule) -> Row:
    """The outcome of a change of leverage."""
    settled = _in(_ignore(Say.LEVERAGE_SETTLED()), S.ACTIVE, S.MODIFIED)
    return _row(_apply(rule), settled, _in(_ignore(Say.LEVERAGE_UNUSED()), *ENDED))


def _reading(rule: Rule) -> Row:
    """A reading of the book or the leg, which says something about live orders."""
    return _row(_apply(rule), _in(_ignore(Say.NO_ORDERS()), S.PENDING), _ORDERS_ENDED)


TABLE: Mapping[type[Message], Row] = {
    c.OpenPosition: _opening(command_rules.open_position),
    c.AdoptPosition: _opening(command_rules.adopt),
    c.ClosePosition: _command(command_rules.close),
    c.EmergencyClose: _command(command_rules.emergency_close),
    c.ModifyPosition: _command(
        command_rules.modify,
        _refused(Say.NOT_OPEN_YET(), S.PENDING),
        _refused(Say.HELD_BY_HAND(), S.PAUSED),
        _refused(Say.IN_DOUBT(), S.RECONCILING),
        _CLOSING,
    ),
    c.CancelEntry: _command(
        command_rules.cancel_entry, _refused(Say.NO_ENTRY(), S.ACTIVE, S.MODIFIED, S.PAUSED), _CLOSING
    ),
    c.PausePosition: _command(command_rules.pause, _refused(Say.NOT_OPEN_YET(), S.PENDING, S.OPENING), _CLOSING),
    c.ResumePosition: _command(
        command_rules.resume, _refused(Say.NOT_ON_HOLD(), S.PENDING, S.OPENING, S.ACTIVE), _CLOSING
    ),
    c.SettlePosition: _command(command_rules.settle, _refused(Say.NOTHING_UNKNOWN(), S.ACTIVE, S.MODIFIED, S.PAUSED)),
    c.AdjustPosition: _command(command_rules.adjust, _refused(Say.NOTHING_HELD(), S.PENDING)),
    r.SettingApplied: _setting(report_rules.on_setting_applied),
    r.SettingRefused: _setting(report_rules.on_setting_refused),
    r.OrderAccepted: _order(report_rules.on_order_accepted),
    r.OrderRejected: _order(report_rules.on_order_rejected, _ORDERS_ENDED),
    r.OutcomeUnknown: _order(report_rules.on_outcome_unknown, _ORDERS_ENDED),
    r.OrderReport: _order(report_rules.on_order_report),
    r.OrderAbsent: _order(report_rules.on_order_absent, _ORDERS_ENDED),
    r.CancelRejected: _row(_ignore(Say.CANCEL_ASKED_AFTER()), _refused(Say.NOTHING_SENT(), S.PENDING), _ORDERS_ENDED),
    r.FillReport: _order(report_rules.on_fill_report),
    r.FillsFetched: _order(report_rules.on_fills_fetched),
    r.FundingShare: _row(_apply(report_rules.on_funding_share), _NEVER_HELD),
    r.RulesChanged: _row(_apply(report_rules.on_rules_changed), _in(_ignore(Say.RULES_UNUSED()), *ENDED)),
    r.LegHeld: _reading(report_rules.on_leg_held),
    r.LegChanged: _row(_apply(report_rules.on_leg_changed), _in(_ignore(Say.LEG_EMPTY()), *ENDED)),
    r.Sweep: _reading(report_rules.on_sweep),
    r.Woken: _row(_apply(report_rules.on_woken), _in(_ignore(Say.ORDERS_ENDED()), S.FAILED, S.CANCELLED)),
    r.Recovered: _row(_apply(report_rules.on_recovered), _in(_ignore(Say.ORDERS_ENDED()), S.FAILED, S.CANCELLED)),
}
