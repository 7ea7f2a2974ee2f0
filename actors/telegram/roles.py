"""Which user may do what. Pure.

A trader may make exposure smaller; lifting a hold on all openings, writing off what is unknown, and reading the log
are the owner's. An unauthorized user gets no answer at all: an answer would show that a bot listens here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from messages.operations import operations
from messages.telegram import ChatKind, Incoming, Role

_RANK = {Role.VIEWER: 0, Role.TRADER: 1, Role.OWNER: 2}
_TRADER = (*operations(), "ack")
_OWNER = ("logs", "settle")
LEAST: Mapping[str, Role] = MappingProxyType(
    {
        **dict.fromkeys(_TRADER, Role.TRADER),
        **dict.fromkeys(_OWNER, Role.OWNER),
    }
)
"""The least role for a command; VIEWER where it is not named."""
LIFT_ALL = Role.OWNER
"""For `/resume` without a name."""
ACKNOWLEDGE = Role.TRADER


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The configuration's lists. A private chat of a listed user needs no listing of its own; a group does."""

    users: Mapping[int, Role] = field(default_factory=lambda: MappingProxyType({}))
    chats: frozenset[int] = frozenset()

    def role(self, update: Incoming) -> Role | None:
        """The user's role, None for an unauthorized user or in a chat that is not listed."""
        role = self.users.get(update.user_id) if update.user_id else None
        if role is None:
            return None
        private = update.chat_kind is ChatKind.PRIVATE and update.chat_id == update.user_id
        return role if private or update.chat_id in self.chats else None


def may(role: Role, command: str) -> bool:
    return at_least(role, LEAST.get(command, Role.VIEWER))


def at_least(role: Role, least: Role) -> bool:
    return _RANK[role] >= _RANK[least]
