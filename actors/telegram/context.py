"""The shared context of the chat actor's parts: runtime context, configuration, the chat's port, the log."""

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
    """The chat's configuration; `words` by user id, `default_words` for other users."""

    access: Access
    accounts: tuple[AccountId, ...]
    words: Mapping[int, Words] = field(default_factory=dict)
    default_words: Words = field(default_factory=Words)


@dataclass(slots=True)
class BotState:
    """State that outlives one life of the actor: the chat reports it once. `up_since_ns` (wall time) 0: the chat is
    down.
    """

    bot_name: str = ""
    up_since_ns: int = 0


class ChatContext:
    """The context. `log` and `chat` never block."""

    def __init__(self, context: Context, *, settings: TelegramSettings, bot: BotState, chat: Chat, log: Log) -> None:
        self.actor = context
        self.settings = settings
        self.bot = bot
        self.chat = chat
        self.log = log
        self.address = Address(context.address)
        self._numbers = 0

    def now_ns(self) -> int:
        """Return wall time in ns."""
        return self.actor.clock.time_ns()

    def monotonic_ns(self) -> int:
        return self.actor.clock.monotonic_ns()

    def number(self) -> int:
        """Return a number unique within this life of the actor."""
        self._numbers += 1
        return self._numbers

    def request_id(self, kind: str) -> str:
        """Return an id unique over all lives of the actor in this process."""
        return f"{kind}{self.actor.incarnation}.{self.number()}"

    def user(self, user_id: int, chat_id: int, role: Role) -> ChatUser:
        words = self.settings.words.get(user_id, self.settings.default_words)
        return ChatUser(user_id=user_id, chat_id=chat_id, role=role, words=words)


def command_id_of(update_id: int) -> CommandId:
    """Return the command id of an update, so that a redelivered one is the same command."""
    return CommandId(f"tg-{update_id}")
