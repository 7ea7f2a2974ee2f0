"""Which cells of the coverage table cannot be reached, and why. What is not said here, a run has to reach."""

from messages.types import PositionState
from simulator.troubles.situation import Moment

S = PositionState
SETTINGS = frozenset(
    {
        "done, unanswered",
        "lost before effect",
        "done later",
        "not executed",
        "clock refused",
        "429",
        "banned",
        "unlisted code",
    }
)
"""Answers that a change of leverage may get as well."""
PLAIN = frozenset({"reduce-only refused", "said to be canceled"})
"""Answers about orders that are not conditional."""
ANSWERS = SETTINGS | PLAIN | {"duplicate refused", "order refused"}
EVENTS = frozenset({"event twice", "event late", "events reordered", "event lost", "absurd event"})
EXPOSURE = frozenset({"hand reduce", "hand close", "hand flip", "liquidated", "deleveraged", "funding"})
"""What befalls a quantity that is held."""
STOPS = frozenset({"hand cancel", "price through stop", "trigger stuck"})
"""What befalls a stop that rests."""
_AT_VENUE = frozenset({S.ACTIVE, S.MODIFYING, S.MODIFIED, S.PAUSED, S.CLOSING})
"""Something of it is at the venue."""
_ONLY_PROTECTION = frozenset({S.ACTIVE, S.PAUSED, S.MODIFIED})


def why_unreachable(trouble: str, state: str, moment: str) -> str:
    """Empty for a cell that can be reached."""
    if state == S.PENDING and moment == Moment.ACKED:
        return "it is pending while a setting is outstanding; with its answer the entry leaves, or it fails"
    if state == S.PENDING and trouble in EXPOSURE:
        return "it holds nothing while it is pending"
    if state == S.PENDING and trouble in STOPS:
        return "no stop of it rests while it is pending"
    if trouble == "trigger stuck" and moment == Moment.UNSENT:
        return "the venue does not know the order yet"
    if trouble == "trigger stuck" and moment == Moment.SENT:
        return "the price would have to pass a stop within the milliseconds before its answer"
    if trouble == "mode changed" and (state in _AT_VENUE or moment == Moment.ACKED):
        return "the venue refuses another position mode while the account has a position or an order"
    if trouble in ANSWERS:
        return _of_answer(trouble, PositionState(state), Moment(moment))
    if trouble in EVENTS or trouble == "filled in part":
        return _of_order_at_venue(trouble, PositionState(state), Moment(moment))
    return ""


def _of_answer(trouble: str, state: PositionState, moment: Moment) -> str:
    if moment is Moment.UNSENT:
        return "an answer is to a request that has left"
    if moment is Moment.ACKED:
        return "an answer that is still to come says that something is outstanding"
    if state is S.PENDING and trouble not in SETTINGS:
        return "no order of it has left"
    if trouble in PLAIN and state in _ONLY_PROTECTION:
        return "only protective orders are under way, which are conditional"
    return ""


def _of_order_at_venue(trouble: str, state: PositionState, moment: Moment) -> str:
    if moment is Moment.UNSENT:
        return "the venue does not know the order yet"
    if state is S.PENDING:
        return "no order of it has left"
    if trouble == "filled in part" and moment is Moment.SENT and state in _ONLY_PROTECTION:
        return "only a market order is filled before its answer"
    return ""
