"""Every (state, message) cell, decided by hand.

A cell is a rule to apply, an explained `ignored` (nothing happens) or an explained `refused` (nothing
changes; whoever asked is told, and a contradiction is journalled). There is no default: a message
class or state that is missing here fails the totality test, and the cell of every state is compared
with an independent list of what is expected of it.
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


class CellKind(StrEnum):
    APPLIED = "applied"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    kind: CellKind
    rule: Callable[[StepBuilder, Any], None] | None = None
    why: Statement = NOTHING


def _apply(rule: Callable[[StepBuilder, Any], None]) -> Cell:
    return Cell(kind=CellKind.APPLIED, rule=rule)


def _ignore(why: Statement) -> Cell:
    return Cell(kind=CellKind.IGNORED, why=why)


def _refuse(why: Statement) -> Cell:
    return Cell(kind=CellKind.REFUSED, why=why)


_TAKEN = _refuse(Say.TAKEN())
_OVER = _refuse(Say.OVER())
_UNOPENED = _refuse(Say.NEVER_OPENED())
_NOT_YET = _refuse(Say.NOT_OPEN_YET())
_HELD = _refuse(Say.HELD_BY_HAND())
_UNCLEAR = _refuse(Say.IN_DOUBT())
_LEAVING = _refuse(Say.BEING_CLOSED())
_CLEAR = _refuse(Say.NOTHING_UNKNOWN())
_FREE = _refuse(Say.NOT_ON_HOLD())
_NOTHING_SENT = _refuse(Say.NOTHING_SENT())
_NOTHING_HELD = _refuse(Say.NOTHING_HELD())
_RULED = _ignore(Say.RULES_UNUSED())
_ALONE = _ignore(Say.LEG_EMPTY())
_SETTLED = _ignore(Say.LEVERAGE_UNUSED())
_STILL = _ignore(Say.LEVERAGE_SETTLED())
_NO_ENTRY = _refuse(Say.NO_ENTRY())
_NEVER_HELD = _ignore(Say.FUNDING_UNUSED())
_ENDED = _ignore(Say.ORDERS_ENDED())
_NO_ORDERS = _ignore(Say.NO_ORDERS())
_ASKED = _ignore(Say.CANCEL_ASKED_AFTER())

_start, _adopt = _apply(command_rules.start), _apply(command_rules.adopt)
_close, _now = _apply(command_rules.close), _apply(command_rules.close_now)
_modify, _pause, _resume, _adjust = (
    _apply(command_rules.modify),
    _apply(command_rules.pause),
    _apply(command_rules.resume),
    _apply(command_rules.adjust),
)
_settle = _apply(command_rules.settle)
_call_off, _paid = _apply(command_rules.cancel_entry), _apply(report_rules.funded)
_rule, _leg, _held = _apply(report_rules.rules_changed), _apply(report_rules.leg_changed), _apply(report_rules.held)
_set, _unset = _apply(report_rules.setting_applied), _apply(report_rules.setting_refused)
_ack, _rej, _unk, _rep, _abs, _fill, _done, _swp, _wake, _rec = (
    _apply(report_rules.accepted),
    _apply(report_rules.rejected),
    _apply(report_rules.doubted),
    _apply(report_rules.reported),
    _apply(report_rules.absent),
    _apply(report_rules.filled),
    _apply(report_rules.fills_fetched),
    _apply(report_rules.swept),
    _apply(report_rules.woken),
    _apply(report_rules.recovered),
)

STATES: tuple[PositionState, ...] = tuple(PositionState)
"""Columns, in the order of the enumeration: from PENDING to CANCELLED."""

# fmt: off
_ROWS: Mapping[type[Message], tuple[Cell, ...]] = {
    #                     PENDING        OPENING   ACTIVE    MODIFYING MODIFIED  PAUSED    RECONCIL. CLOSING   CLOSED    FAILED    CANCELLED
    c.OpenPosition:      (_start,        _TAKEN,   _TAKEN,   _TAKEN,   _TAKEN,   _TAKEN,   _TAKEN,   _TAKEN,   _OVER,    _UNOPENED, _UNOPENED),
    c.AdoptPosition:     (_adopt,        _TAKEN,   _TAKEN,   _TAKEN,   _TAKEN,   _TAKEN,   _TAKEN,   _TAKEN,   _OVER,    _UNOPENED, _UNOPENED),
    c.ClosePosition:     (_close,        _close,   _close,   _close,   _close,   _close,   _close,   _close,   _OVER,    _UNOPENED, _UNOPENED),
    c.EmergencyClose:    (_now,          _now,     _now,     _now,     _now,     _now,     _now,     _now,     _OVER,    _UNOPENED, _UNOPENED),
    c.ModifyPosition:    (_NOT_YET,      _modify,  _modify,  _modify,  _modify,  _HELD,    _UNCLEAR, _LEAVING, _OVER,    _UNOPENED, _UNOPENED),
    c.CancelEntry:       (_call_off,     _call_off, _NO_ENTRY, _call_off, _NO_ENTRY, _NO_ENTRY, _call_off, _LEAVING, _OVER,   _UNOPENED, _UNOPENED),
    c.PausePosition:     (_NOT_YET,      _NOT_YET, _pause,   _pause,   _pause,   _pause,   _pause,   _LEAVING, _OVER,    _UNOPENED, _UNOPENED),
    c.ResumePosition:    (_FREE,         _FREE,    _FREE,    _resume,  _resume,  _resume,  _resume,  _LEAVING, _OVER,    _UNOPENED, _UNOPENED),
    c.SettlePosition:    (_settle,       _settle,  _CLEAR,   _settle,  _CLEAR,   _CLEAR,   _settle,  _settle,  _OVER,    _UNOPENED, _UNOPENED),
    c.AdjustPosition:    (_NOTHING_HELD, _adjust,  _adjust,  _adjust,  _adjust,  _adjust,  _adjust,  _adjust,  _OVER,    _UNOPENED, _UNOPENED),
    r.SettingApplied:    (_set,          _set,     _STILL,   _set,     _STILL,   _set,     _set,     _set,     _SETTLED, _SETTLED, _SETTLED),
    r.SettingRefused:    (_unset,        _unset,   _STILL,   _unset,   _STILL,   _unset,   _unset,   _unset,   _SETTLED, _SETTLED, _SETTLED),
    r.OrderAccepted:     (_NOTHING_SENT, _ack,     _ack,     _ack,     _ack,     _ack,     _ack,     _ack,     _ack,     _ack,     _ack),
    r.OrderRejected:     (_NOTHING_SENT, _rej,     _rej,     _rej,     _rej,     _rej,     _rej,     _rej,     _ENDED,   _ENDED,   _ENDED),
    r.OutcomeUnknown:    (_NOTHING_SENT, _unk,     _unk,     _unk,     _unk,     _unk,     _unk,     _unk,     _ENDED,   _ENDED,   _ENDED),
    r.OrderReport:       (_NOTHING_SENT, _rep,     _rep,     _rep,     _rep,     _rep,     _rep,     _rep,     _rep,     _rep,     _rep),
    r.OrderAbsent:       (_NOTHING_SENT, _abs,     _abs,     _abs,     _abs,     _abs,     _abs,     _abs,     _ENDED,   _ENDED,   _ENDED),
    r.CancelRejected:    (_NOTHING_SENT, _ASKED,   _ASKED,   _ASKED,   _ASKED,   _ASKED,   _ASKED,   _ASKED,   _ENDED,   _ENDED,   _ENDED),
    r.FillReport:        (_NOTHING_SENT, _fill,    _fill,    _fill,    _fill,    _fill,    _fill,    _fill,    _fill,    _fill,    _fill),
    r.FillsFetched:      (_NOTHING_SENT, _done,    _done,    _done,    _done,    _done,    _done,    _done,    _done,    _done,    _done),
    r.FundingShare:      (_NEVER_HELD,   _paid,    _paid,    _paid,    _paid,    _paid,    _paid,    _paid,    _paid,    _NEVER_HELD, _NEVER_HELD),
    r.RulesChanged:      (_rule,         _rule,    _rule,    _rule,    _rule,    _rule,    _rule,    _rule,    _RULED,   _RULED,   _RULED),
    r.LegHeld:           (_NO_ORDERS,    _held,    _held,    _held,    _held,    _held,    _held,    _held,    _ENDED,   _ENDED,   _ENDED),
    r.LegChanged:        (_leg,          _leg,     _leg,     _leg,     _leg,     _leg,     _leg,     _leg,     _ALONE,   _ALONE,   _ALONE),
    r.Sweep:             (_NO_ORDERS,    _swp,     _swp,     _swp,     _swp,     _swp,     _swp,     _swp,     _ENDED,   _ENDED,   _ENDED),
    r.Woken:             (_wake,         _wake,    _wake,    _wake,    _wake,    _wake,    _wake,    _wake,    _wake,    _ENDED,   _ENDED),
    r.Recovered:         (_rec,          _rec,     _rec,     _rec,     _rec,     _rec,     _rec,     _rec,     _rec,     _ENDED,   _ENDED),
}
# fmt: on

TABLE: Mapping[type[Message], Mapping[PositionState, Cell]] = {
    message: dict(zip(STATES, cells, strict=True)) for message, cells in _ROWS.items()
}
