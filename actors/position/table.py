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

from actors.position import rules, wishes
from actors.position.draft import Draft
from messages import commands as c
from messages import reports as r
from messages.base import Message
from messages.types import PositionState


class CellKind(StrEnum):
    APPLIED = "applied"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    kind: CellKind
    rule: Callable[[Draft, Any], None] | None = None
    why: str = ""


def _apply(rule: Callable[[Draft, Any], None]) -> Cell:
    return Cell(kind=CellKind.APPLIED, rule=rule)


def _ignore(why: str) -> Cell:
    return Cell(kind=CellKind.IGNORED, why=why)


def _refuse(why: str) -> Cell:
    return Cell(kind=CellKind.REFUSED, why=why)


_TAKEN = _refuse("the position exists already; open another, or add to this one")
_OVER = _refuse("the position is over; nothing is open")
_UNOPENED = _refuse("it never opened; nothing is open")
_NOT_YET = _refuse("it is not open yet; close it to cancel the opening")
_HELD = _refuse("it is held by hand; resume it first")
_UNCLEAR = _refuse("an outcome is being found out; try again when it is known")
_LEAVING = _refuse("it is being closed")
_CLEAR = _refuse("nothing of it is unknown")
_FREE = _refuse("it is not on hold")
_NOTHING_SENT = _refuse("nothing has been sent for this position yet")
_NOTHING_HELD = _refuse("nothing is held yet")
_RULED = _ignore("it sends no more orders, by whichever rules")
_ALONE = _ignore("nothing of it is on the leg")
_SETTLED = _ignore("nothing of it is open, so its leverage is nobody's business")
_STILL = _ignore("no leverage is being set")
_NO_ENTRY = _refuse("no entry is working")
_NEVER_HELD = _ignore("it holds nothing that is paid for")
_ENDED = _ignore("every order of the position has ended")
_NO_ORDERS = _ignore("no order has been sent yet")
_ASKED = _ignore("the gateway asks what the order is, and reports that")

_start, _adopt = _apply(wishes.start), _apply(wishes.adopt)
_close, _now = _apply(wishes.close), _apply(wishes.close_now)
_modify, _pause, _resume, _adjust = (
    _apply(wishes.modify),
    _apply(wishes.pause),
    _apply(wishes.resume),
    _apply(wishes.adjust),
)
_settle = _apply(wishes.settle)
_call_off, _paid = _apply(wishes.cancel_entry), _apply(rules.funded)
_rule, _leg, _held = _apply(rules.rules_changed), _apply(rules.leg_changed), _apply(rules.held)
_set, _unset = _apply(rules.setting_applied), _apply(rules.setting_refused)
_ack, _rej, _unk, _rep, _abs, _fill, _done, _swp, _wake, _rec = (
    _apply(rules.accepted),
    _apply(rules.rejected),
    _apply(rules.doubted),
    _apply(rules.reported),
    _apply(rules.absent),
    _apply(rules.filled),
    _apply(rules.fills_fetched),
    _apply(rules.swept),
    _apply(rules.woken),
    _apply(rules.recovered),
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
