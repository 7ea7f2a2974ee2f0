"""What a position says: notices, replies, and the reasons in its history."""

from messages.statement import Wording


class Position(Wording):
    """What a position says: notices, replies, and the reasons in its history."""

    CLOSED_BY_COMMAND = "closed by command"
    CLOSE_REFUSED_AGAIN = "{name}: close refused ({why}); trying again, {stop}"
