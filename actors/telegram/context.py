"""What every part of the chat actor works with: its runtime context, its configuration, the chat's port, the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.language.words import Words
from actors.ports import Chat, Log
from actors.runtime.actor import Context
from actors.telegram.pending import ChatUser
from actors.telegram.roles import Access
from messages.telegram import Role
from messages.types import AccountId, Address, CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """What the configuration decides here; `words` by user id, `default_words` for every other user."""

    access: Access
    accounts: tuple[AccountId, ...]
    words: Mapping[int, Words] = field(default_factory=dict)
    default_words: Words = field(default_factory=Words)


@dataclass(slots=True)
class BotState:
    """What outlives one life of the actor: the chat reports it once. `up_since_ns` (wall time) 0: the chat is down."""

    bot_name: str = ""
    up_since_ns: int = 0


class ChatContext:
    """No decisions. `log` and `chat` never block."""

    def __init__(self, context: Context, *, settings: TelegramSettings, bot: BotState, chat: Chat, log: Log) -> None:
        self.actor = context
        self.settings = settings
        self.bot = bot
        self.chat = chat
        self.log = log
        self.address = Address(context.address)
        self._numbers = 0

    def now_ns(self) -> int:
        """Wall time."""
        return self.actor.clock.time_ns()

    def monotonic_ns(self) -> int:
        return self.actor.clock.monotonic_ns()

    def number(self) -> int:
        """Unique within this life of the actor."""
        self._numbers += 1
        return self._numbers

    def request_id(self, kind: str) -> str:
        """Unique over all lives of the actor in this process."""
        return f"{kind}{self.actor.incarnation}.{self.number()}"

    def user(self, user_id: int, chat_id: int, role: Role) -> ChatUser:
        words = self.settings.words.get(user_id, self.settings.default_words)
        return ChatUser(user_id=user_id, chat_id=chat_id, role=role, words=words)


def command_id_of(update_id: int) -> CommandId:
    """A function of the update: a redelivered update is the same command."""
    return CommandId(f"tg-{update_id}")
