"""Sentences of the notifier: reports, and its own notices."""

from messages.statement import Wording


class Notifier(Wording):
    """Daily and weekly reports, and the end of reported problems."""

    RESOLVED = "{name}: resolved, it is {state}"
    RESOLVED_AND_PROTECTED = "{name}: resolved, it is {state} and protected"
    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGED_BEFORE = "acknowledged before"
    MADE_ROOM = "made room"
    DAY = (
        "Day {date}: {opened} opened, {closed} closed, {failed} failed, realized {realized}, fees {fees}, "
        "funding {funding}, {discrepancies} discrepancies, {restarts} restarts of actors, up for {uptime}"
    )
    WEEK = (
        "Week {first} to {last}: {opened} opened, {closed} closed, {failed} failed, realized {realized}, "
        "fees {fees}, funding {funding}, {discrepancies} discrepancies, {restarts} restarts of actors, up for {uptime}"
    )
    NOT_COUNTED = "{report}; not counted: {amounts}"
