"""Why a call did not do what was asked. The text says what happened and what to do; no text holds the token.

Nothing was done      NoSupervisor, Invalid, Refused, NotFound, Busy
Perhaps done          OutcomeUnknown
About a wait          Ended, Broken, TimeoutError
"""

from collections.abc import Mapping
from typing import Any

from albra.client.values import Code, Fact, Position


class AlbraError(Exception):
    """The base of all of these. `fact` is the text for programs; None where the supervisor did not word it."""

    fact: Fact | None = None


class NoSupervisor(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done: no supervisor runs on this data directory, or it cannot be spoken to, or its token not read."""


class Invalid(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done: `field` is not what it should be."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.field = field


class Refused(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done, and under this command id nothing ever is: a limit, a hold, a state that does not allow it.

    `code` is REFUSED, or OTHER_COMMAND where the id stands for another command.
    """

    def __init__(self, text: str, position_id: str | None, code: Code = Code.REFUSED) -> None:
        super().__init__(text)
        self.position_id = position_id
        self.code = code


class NotFound(AlbraError):  # noqa: N818 - what is the case
    """There is no such position, symbol or account."""


class Busy(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done, and nothing waits: the supervisor was not ready, or busy, for as long as it was asked.

    `code` is NOT_READY or BUSY. The same command id may be asked again.
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
    """A position that was waited for has come to another end."""

    def __init__(self, position: Position) -> None:
        super().__init__(f"{position.position_id} {position.state}: {position.reason or 'no reason'}")
        self.position = position


class Broken(AlbraError):  # noqa: N818 - what is the case
    """A position that was waited for cannot say what it holds: its actor is quarantined, or its history damaged."""

    def __init__(self, position: Position) -> None:
        super().__init__(f"{position.position_id} {position.state}: {position.reason}")
        self.position = position
