"""The changes of state that may occur, as data: what causes each, and when it happens.

`lifecycle` derives the state from all that is known of a position, so one message may lead to several states. This
table bounds them. The machine checks every step against it, and docs/states.md is drawn from it. The tests hold random
lives to it, and find a life for each entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto

from messages.base import Message
from messages.commands import Command
from messages.reports import AboutOrder, Recovered, Woken
from messages.types import PositionState

S = PositionState


class Cause(Flag):
    """What may set off a change of state."""

    COMMAND = auto()
    ORDER = auto()
    """A report about an order: answer, fill, end, doubt."""
    MARKET = auto()
    """A report about the symbol or the leg: leverage set or refused, rules changed, leg shared or held, funding."""
    TIME = auto()
    """A deadline. A timer or a restart finds it passed, or any other message that comes first."""


COMMAND, ORDER, MARKET, TIME = Cause.COMMAND, Cause.ORDER, Cause.MARKET, Cause.TIME


def cause_of(message: type[Message]) -> Cause:
    """The cause that messages of this class are."""
    if issubclass(message, Command):
        return COMMAND
    if issubclass(message, AboutOrder):
        return ORDER
    return TIME if issubclass(message, Woken | Recovered) else MARKET


@dataclass(frozen=True, slots=True)
class Transition:
    """`when` is a condition, in words."""

    causes: Cause
    when: str


T = Transition

# fmt: off
TRANSITIONS: Mapping[PositionState, Mapping[PositionState, Transition]] = {
    S.PENDING: {
        S.OPENING: T(COMMAND | MARKET, "the entry is sent: at once, or once its leverage is set"),
        S.ACTIVE: T(COMMAND, "a position of the venue is adopted"),
        S.MODIFYING: T(COMMAND, "a position of the venue is adopted with a stop or target to place"),
        S.PAUSED: T(COMMAND, "dust of the venue is adopted"),
        S.FAILED: T(COMMAND | MARKET | TIME, "its leverage is refused, written off, or not answered in time"),
        S.CANCELLED: T(COMMAND | TIME, "it is closed, called off, or expires before the entry is sent"),
    },
    S.OPENING: {
        S.ACTIVE: T(COMMAND | ORDER, "the entry is filled, or ends or is written off after a part"),
        S.MODIFYING: T(COMMAND | ORDER, "a part is to be reduced, or the entry ends while a change is under way"),
        S.MODIFIED: T(ORDER, "the entry ends, and the quantity was changed outside meanwhile"),
        S.PAUSED: T(ORDER, "the entry ends on hold, or ends as dust"),
        S.RECONCILING: T(ORDER | TIME, "an outcome or trades become unknown"),
        S.CLOSING: T(COMMAND | ORDER | TIME, "it is closed or called off, protection triggers, or it is too late"),
        S.FAILED: T(COMMAND | ORDER, "the entry is refused, absent or written off"),
        S.CANCELLED: T(COMMAND | ORDER, "the entry ends or is written off unfilled, after the venue had it"),
    },
    S.ACTIVE: {
        S.OPENING: T(ORDER, "an entry that was presumed over is at work again"),
        S.MODIFYING: T(COMMAND | TIME, "it is changed, or what its stop does not cover is reduced"),
        S.MODIFIED: T(COMMAND, "the quantity is adjusted to a change outside"),
        S.PAUSED: T(COMMAND | MARKET, "it is put on hold, or becomes dust"),
        S.RECONCILING: T(ORDER | TIME, "an outcome or trades become unknown"),
        S.CLOSING: T(COMMAND | ORDER | TIME, "it is closed, protection triggers, or its stop is overdue"),
        S.CLOSED: T(COMMAND | ORDER, "the last fill or adjustment leaves it flat"),
    },
    S.MODIFYING: {
        S.OPENING: T(COMMAND | ORDER | MARKET | TIME, "the change ends, and the entry goes on"),
        S.ACTIVE: T(COMMAND | ORDER | MARKET | TIME, "the change is done, refused or given up"),
        S.MODIFIED: T(COMMAND | ORDER | MARKET | TIME, "the change ends, and the quantity was changed outside"),
        S.PAUSED: T(COMMAND | ORDER | MARKET, "it is put on hold, the change ends on hold, or it becomes dust"),
        S.RECONCILING: T(ORDER | TIME, "an outcome or trades become unknown"),
        S.CLOSING: T(COMMAND | ORDER | TIME, "it is closed, protection triggers, or its stop is overdue"),
        S.CLOSED: T(COMMAND | ORDER, "the last fill or adjustment leaves it flat"),
    },
    S.MODIFIED: {
        S.OPENING: T(ORDER, "an entry that was presumed over is at work again"),
        S.ACTIVE: T(COMMAND, "the change outside is accepted"),
        S.MODIFYING: T(COMMAND | TIME, "it is changed, or what its stop does not cover is reduced"),
        S.PAUSED: T(COMMAND | MARKET, "it is put on hold, or becomes dust"),
        S.RECONCILING: T(ORDER | TIME, "an outcome or trades become unknown"),
        S.CLOSING: T(COMMAND | ORDER | TIME, "it is closed, protection triggers, or its stop is overdue"),
        S.CLOSED: T(COMMAND | ORDER, "the last fill or adjustment leaves it flat"),
    },
    S.PAUSED: {
        S.OPENING: T(ORDER | MARKET, "an unfinished entry goes on: a hold refuses commands, not what is under way"),
        S.ACTIVE: T(COMMAND, "the hold ends"),
        S.MODIFYING: T(COMMAND | TIME, "the hold ends during a change, or a part is reduced"),
        S.RECONCILING: T(ORDER | TIME, "an outcome or trades become unknown"),
        S.CLOSING: T(COMMAND | ORDER | TIME, "it is closed, protection triggers, or its stop is overdue"),
        S.CLOSED: T(COMMAND | ORDER, "the last fill or adjustment leaves it flat"),
    },
    S.RECONCILING: {
        S.OPENING: T(COMMAND | ORDER, "the doubt ends or is written off, and an entry is at work"),
        S.ACTIVE: T(COMMAND | ORDER, "the doubt ends or is written off, and nothing is under way"),
        S.MODIFYING: T(COMMAND | ORDER, "the doubt ends or is written off, and a change is under way"),
        S.MODIFIED: T(COMMAND | ORDER, "the doubt ends or is written off, and the quantity was changed outside"),
        S.PAUSED: T(COMMAND | ORDER, "the doubt ends or is written off, on hold"),
        S.CLOSING: T(COMMAND | ORDER, "the doubt ends or is written off, and a close is under way"),
        S.CLOSED: T(COMMAND | ORDER, "the doubt ends or is written off, and it is flat"),
        S.FAILED: T(COMMAND | ORDER, "the entry is refused, absent or written off"),
        S.CANCELLED: T(COMMAND | ORDER, "an entry that was called off is over, unfilled"),
    },
    S.CLOSING: {
        S.OPENING: T(COMMAND | ORDER, "protection ends without closing it, and the entry goes on"),
        S.ACTIVE: T(COMMAND | ORDER, "the rest of the entry is off, protection ends early, or the close is given up"),
        S.MODIFYING: T(COMMAND | ORDER, "protection ends without closing it, and a change is under way"),
        S.MODIFIED: T(COMMAND | ORDER, "protection ends without closing it, and the quantity was changed outside"),
        S.PAUSED: T(COMMAND | ORDER | MARKET, "protection ends without closing it, on hold, or it becomes dust"),
        S.RECONCILING: T(ORDER | TIME, "an outcome or trades become unknown"),
        S.CLOSED: T(COMMAND | ORDER | TIME, "it is flat, and its last order is off the book or uncancelable"),
        S.FAILED: T(COMMAND | ORDER, "the venue rejects an accepted entry, or the last stop is written off"),
        S.CANCELLED: T(COMMAND | ORDER, "the entry ends or is written off unfilled"),
    },
    S.CLOSED: {
        S.OPENING: T(ORDER, "a part of the entry that was presumed lost is at work"),
        S.ACTIVE: T(ORDER, "a late fill of the entry reopens it"),
        S.MODIFYING: T(ORDER, "a late fill reopens it during a change"),
        S.MODIFIED: T(ORDER, "a late fill of the entry reopens it, after a change outside"),
        S.PAUSED: T(ORDER, "a late fill reopens it, on hold or as dust"),
        S.RECONCILING: T(ORDER, "the venue reports more fills than are known"),
        S.CLOSING: T(ORDER, "a late fill or an order at work shows that it is not over"),
    },
    S.FAILED: {
        S.OPENING: T(ORDER, "the entry is at work after all"),
        S.ACTIVE: T(ORDER, "the entry is filled after all"),
        S.MODIFYING: T(ORDER, "the entry is filled after all, and a change is under way"),
        S.PAUSED: T(ORDER, "the entry is filled after all, on hold"),
        S.RECONCILING: T(ORDER, "the venue reports fills that are not known"),
    },
    S.CANCELLED: {
        S.OPENING: T(ORDER, "the entry is at work after all"),
        S.ACTIVE: T(ORDER, "the entry is filled after all"),
        S.MODIFYING: T(ORDER, "the entry is filled after all, and a change is under way"),
        S.PAUSED: T(ORDER, "the entry is filled after all, on hold"),
        S.RECONCILING: T(ORDER, "the venue reports fills that are not known"),
        S.CLOSING: T(ORDER, "an entry that was called off is at work or filled after all"),
    },
}
# fmt: on
"""From a state to the states that may follow it."""


def is_declared(before: PositionState, message: type[Message], after: PositionState) -> bool:
    """The table allows this change of state by a message of this class."""
    transition = TRANSITIONS[before].get(after)
    return transition is not None and bool(transition.causes & (cause_of(message) | TIME))


MEANING: Mapping[PositionState, str] = {
    S.PENDING: "Admitted; its leverage is being set. Nothing that could open it has been sent.",
    S.OPENING: "The entry is sent or resting, perhaps filled in part; what is filled is protected already.",
    S.ACTIVE: "Held, and nothing is under way.",
    S.MODIFYING: "A part is being closed or added, its protection is being moved, or its leverage changed.",
    S.MODIFIED: "Its quantity was changed outside of Albra; it stays protected, and waits to be accepted (resume).",
    S.PAUSED: (
        "Held by hand: protected, can be closed, is not changed otherwise. Or dust that no order can close: less than "
        "a minimum, or than a step."
    ),
    S.RECONCILING: "An outcome or a fill is not known yet, or more was sold than held. Reducing still passes.",
    S.CLOSING: "The whole is being closed, a protective order fired, or the last orders are taken off the book.",
    S.CLOSED: "Was held and is flat; none of its orders lives.",
    S.FAILED: "Never held: leverage or entry was refused, or the entry never reached the venue.",
    S.CANCELLED: "Never held: the entry was called off, expired, or was canceled by the venue.",
}
