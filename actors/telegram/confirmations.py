"""Confirmations: single use, bound to their user, to the message that shows the effect, and to the positions' versions.
Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from messages.commands import Command
from messages.reconciliation import Discrepancy
from messages.text import Markup
from messages.types import PositionId

LIFE_NS = 60_000_000_000
OPEN_MOST = 200
"""Waiting confirmations; beyond it the oldest is void."""


class Verdict(StrEnum):
    """The verdict on a press of a confirmation."""

    GOOD = "good"
    UNKNOWN = "unknown"
    DECIDED = "decided"
    NOT_YOURS = "not_yours"
    EXPIRED = "expired"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """`versions`: the positions' versions when it was shown; empty: any.

    `divergence`: the discrepancy as shown.
    """

    number: int
    user_id: int
    chat_id: int
    message_id: int
    expires_ns: int
    command: Command
    text: Markup
    versions: tuple[tuple[PositionId, int], ...] = ()
    targets: tuple[PositionId, ...] = ()
    urgent: bool = False
    divergence: Discrepancy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmations:
    """Waiting confirmations by number."""

    waiting: Mapping[int, Confirmation] = field(default_factory=lambda: MappingProxyType({}))
    decided: tuple[int, ...] = ()
    """Used confirmations: a second press gets another answer than a press on an unknown one."""

    def offer(self, confirmation: Confirmation) -> "Confirmations":
        kept = dict(sorted({**self.waiting, confirmation.number: confirmation}.items())[-OPEN_MOST:])
        return replace(self, waiting=MappingProxyType(kept))

    def bind(self, number: int, message_id: int) -> "Confirmations":
        """Record the message that shows the buttons."""
        known = self.waiting.get(number)
        return self if known is None else self.offer(replace(known, message_id=message_id))

    def without(self, number: int) -> "Confirmations":
        kept = {key: value for key, value in self.waiting.items() if key != number}
        return replace(self, waiting=MappingProxyType(kept), decided=(*self.decided, number)[-OPEN_MOST:])

    def judge(
        self, number: int, *, user_id: int, chat_id: int, message_id: int, now_ns: int
    ) -> tuple[Verdict, Confirmation | None]:
        """Return the verdict on a press; `changed` checks the versions afterwards."""
        known = self.waiting.get(number)
        if number in self.decided:
            return Verdict.DECIDED, None
        if known is None or known.chat_id != chat_id:
            return Verdict.UNKNOWN, None
        if known.message_id not in (0, message_id):  # 0: pressed before the chat reported the message
            return Verdict.UNKNOWN, None
        if known.user_id != user_id:
            return Verdict.NOT_YOURS, None
        if now_ns >= known.expires_ns:
            return Verdict.EXPIRED, known
        return Verdict.GOOD, replace(known, message_id=message_id)


def changed(confirmation: Confirmation, versions: Mapping[PositionId, int]) -> bool:
    """Return whether a position concerned differs from the shown one."""
    return any(versions.get(position_id) != version for position_id, version in confirmation.versions)


def moved_on(confirmation: Confirmation, found: tuple[Discrepancy, ...]) -> bool:
    """Return whether the discrepancy concerned differs from the shown one."""
    shown = confirmation.divergence
    if shown is None:
        return False
    now = next((one for one in found if one.discrepancy_id == shown.discrepancy_id), None)
    return now is None or _standing(now) != _standing(shown)


def _standing(one: Discrepancy) -> tuple[str, str, str, tuple[PositionId, ...]]:
    return (one.believed, one.reported, one.outcome, one.paused)
