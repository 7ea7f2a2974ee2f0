"""Errors of calls. The text names the event and the remedy; it never contains the token.

| outcome | errors |
|---|---|
| nothing was done | NoSupervisor, Invalid, Refused, NotFound, Busy |
| perhaps done | OutcomeUnknown |
| a wait failed | Ended, Broken, TimeoutError |
"""

from collections.abc import Mapping
from typing import Any

from albra.client.values import Code, Fact, Position


class AlbraError(Exception):
    """The base of all. `fact`: the text's code and arguments; None when the text is not the supervisor's."""

    fact: Fact | None = None


class NoSupervisor(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done: no supervisor runs on this data directory, or it is unreachable, or its token unreadable."""


class Invalid(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done: `field` is invalid."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.field = field


class Refused(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done, and nothing ever is under this command id: a limit, a hold, or the state forbids it.

    `code` is REFUSED, or OTHER_COMMAND when the id stands for another command.
    """

    def __init__(self, text: str, position_id: str | None, code: Code = Code.REFUSED) -> None:
        super().__init__(text)
        self.position_id = position_id
        self.code = code


class NotFound(AlbraError):  # noqa: N818 - what is the case
    """The position, symbol or account does not exist."""


class Busy(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done and nothing is queued: the supervisor was not ready, or busy, until the timeout.

    `code` is NOT_READY or BUSY. The same command id may be used again.
    """

    def __init__(self, text: str, code: Code = Code.BUSY) -> None:
        super().__init__(text)
        self.code = code


class OutcomeUnknown(AlbraError):  # noqa: N818 - what is the case
    """Perhaps done: no answer came in time. `Client.repeat` asks again under the same `command_id`.

    `command` and `body` are what was sent.
    """

    def __init__(self, text: str, command_id: str, command: str = "", body: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.command_id = command_id
        self.command = command
        self.body = dict(body or {})


class Ended(AlbraError):  # noqa: N818 - what is the case
    """The awaited position ended in another way."""

    def __init__(self, position: Position) -> None:
        super().__init__(f"{position.position_id} {position.state}: {position.reason or 'no reason'}")
        self.position = position


class Broken(AlbraError):  # noqa: N818 - what is the case
    """The awaited position cannot report its content: its actor is quarantined, or its history damaged."""

    def __init__(self, position: Position) -> None:
        super().__init__(f"{position.position_id} {position.state}: {position.reason}")
        self.position = position
