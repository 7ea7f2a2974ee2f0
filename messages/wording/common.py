"""Sentences shared by several packages, and the combination of sentences."""

from collections.abc import Iterable, Sequence

from messages.statement import NOTHING, Statement, Wording


class Common(Wording):
    """Sentences of no particular package."""

    ALSO = "{first}; {then}"
    ANSWERED = "{code} {text}"
    NO_ANSWER = "no answer in time"
    RAISED = "{kind}: {text}"
    HTTP_STATUS = "HTTP {status}"
    UNREADABLE = "unreadable: {why}"


def also(statements: Iterable[Statement]) -> Statement:
    """Combine nonempty statements in order; NOTHING without any.

    Combined by halves, so that the depth on the wire grows with the logarithm of their number.
    """
    return _halved(tuple(each for each in statements if each))


def _halved(parts: Sequence[Statement]) -> Statement:
    if len(parts) <= 1:
        return parts[0] if parts else NOTHING
    half = (len(parts) + 1) // 2
    return Common.ALSO(first=_halved(parts[:half]), then=_halved(parts[half:]))
