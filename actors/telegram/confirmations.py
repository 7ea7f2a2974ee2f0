"""Confirmations: single use, bound to who asked, to the message that shows what will happen, and to the
positions as they were then. Pure.
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
"""Confirmations that wait at once; beyond it the oldest is void."""


class Verdict(StrEnum):
    """What a press on a confirmation is worth."""

    GOOD = "good"
    UNKNOWN = "unknown"
    DECIDED = "decided"
    NOT_YOURS = "not_yours"
    EXPIRED = "expired"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """`versions` are those of the positions concerned, when it was shown; empty: whatever they are by then.

    `divergence` is the discrepancy concerned, as it was shown.
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
    """Those that wait, by number."""

    waiting: Mapping[int, Confirmation] = field(default_factory=lambda: MappingProxyType({}))
    decided: tuple[int, ...] = ()
    """Those that are used up: a second press on one gets another answer than a press on an unknown one."""

    def offer(self, confirmation: Confirmation) -> "Confirmations":
        kept = dict(sorted({**self.waiting, confirmation.number: confirmation}.items())[-OPEN_MOST:])
        return replace(self, waiting=MappingProxyType(kept))

    def bind(self, number: int, message_id: int) -> "Confirmations":
        """The chat says under which message the buttons stand."""
        known = self.waiting.get(number)
        return self if known is None else self.offer(replace(known, message_id=message_id))

    def without(self, number: int) -> "Confirmations":
        kept = {key: value for key, value in self.waiting.items() if key != number}
        return replace(self, waiting=MappingProxyType(kept), decided=(*self.decided, number)[-OPEN_MOST:])

    def judge(
        self, number: int, *, user_id: int, chat_id: int, message_id: int, now_ns: int
    ) -> tuple[Verdict, Confirmation | None]:
        """Whether this press may go on; the versions are looked at afterwards, by `changed`."""
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
    """Whether a position concerned is not what was shown."""
    return any(versions.get(position_id) != version for position_id, version in confirmation.versions)


def moved_on(confirmation: Confirmation, found: tuple[Discrepancy, ...]) -> bool:
    """Whether the discrepancy concerned is not what was shown."""
    shown = confirmation.divergence
    if shown is None:
        return False
    now = next((one for one in found if one.discrepancy_id == shown.discrepancy_id), None)
    return now is None or _standing(now) != _standing(shown)


def _standing(one: Discrepancy) -> tuple[str, str, str, tuple[PositionId, ...]]:
    return (one.believed, one.reported, one.outcome, one.paused)
