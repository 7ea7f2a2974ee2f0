"""Sentences that several rooms share, and how several sentences become one."""

from collections.abc import Iterable, Sequence

from messages.statement import NOTHING, Statement, Wording


class Common(Wording):
    """What belongs to no room."""

    ALSO = "{first}; {then}"
    ANSWERED = "{code} {text}"
    NO_ANSWER = "no answer in time"
    RAISED = "{kind}: {text}"
    HTTP_STATUS = "HTTP {status}"
    UNREADABLE = "unreadable: {why}"


def also(statements: Iterable[Statement]) -> Statement:
    """All that say something, in their order, as one; NOTHING where there are none.

    Halves, so that the depth on the wire grows with the logarithm of their number.
    """
    return _halved(tuple(each for each in statements if each))


def _halved(parts: Sequence[Statement]) -> Statement:
    if len(parts) <= 1:
        return parts[0] if parts else NOTHING
    half = (len(parts) + 1) // 2
    return Common.ALSO(first=_halved(parts[:half]), then=_halved(parts[half:]))
