"""Permissions of users. Pure.

A trader may reduce exposure. Only the owner may lift a hold on all openings, write off an unknown outcome, and read the
log. An unauthorized user gets no answer, which would reveal the bot.
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
"""The least role of a command; VIEWER by default."""
LIFT_ALL = Role.OWNER
"""The least role for `/resume` without a name."""
ACKNOWLEDGE = Role.TRADER


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The configured users and chats. A listed user's private chat needs no listing; a group does."""

    users: Mapping[int, Role] = field(default_factory=lambda: MappingProxyType({}))
    chats: frozenset[int] = frozenset()

    def role(self, update: Incoming) -> Role | None:
        """Return the user's role; None for an unauthorized user or an unlisted chat."""
        role = self.users.get(update.user_id) if update.user_id else None
        if role is None:
            return None
        private = update.chat_kind is ChatKind.PRIVATE and update.chat_id == update.user_id
        return role if private or update.chat_id in self.chats else None


def may(role: Role, command: str) -> bool:
    return at_least(role, LEAST.get(command, Role.VIEWER))


def at_least(role: Role, least: Role) -> bool:
    return _RANK[role] >= _RANK[least]
