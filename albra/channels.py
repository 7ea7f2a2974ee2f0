"""The owner's two notification channels: the chat and the second channel."""

from functools import partial
from typing import TYPE_CHECKING

from actors.runtime import ActorSystem
from adapters.config import Config
from adapters.webhook import Webhook
from messages.addresses import NOTIFIER, TELEGRAM
from messages.base import Message

if TYPE_CHECKING:
    from adapters.telegram import TelegramChat


def telegram_chat(config: Config, system: ActorSystem) -> "TelegramChat | None":
    """Return the chat, not connected yet; None when not configured."""
    if not config.telegram.enabled or config.telegram.token is None:
        return None
    # The chat library takes a second: only an installation with a chat imports it.
    from adapters.telegram import TelegramChat
    from adapters.telegram.log_tail import tail

    def health(message: Message) -> None:
        for address in (NOTIFIER, TELEGRAM):
            system.tell(address, message)

    return TelegramChat(
        config.telegram.token,
        config.telegram.api_base_url,
        offer=partial(system.offer, TELEGRAM),
        tell=system.tell,
        health=health,
        tail=partial(tail, config.storage.path),
        groups=tuple(chat for chat in config.telegram.chats if chat < 0),
    )


def second_channel(config: Config, system: ActorSystem) -> Webhook | None:
    """Return the second channel, not connected yet; None when not configured."""
    url, ping_url = config.notifier.webhook_url, config.notifier.ping_url
    if url is None and ping_url is None:
        return None
    return Webhook(url, ping_url, system.tell)
