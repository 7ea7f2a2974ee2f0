"""Wires the chat's actor, and each reader's language and time zone."""

from zoneinfo import ZoneInfo

from actors.language.words import Words
from actors.ports import Chat
from actors.runtime import Placement
from actors.telegram.actor import TelegramActor
from actors.telegram.context import BotState, TelegramSettings
from actors.telegram.history import OWN_HISTORY
from actors.telegram.roles import Access
from adapters.config import Config
from adapters.locales import load
from albra.recovery import past_of
from albra.wiring import Wiring
from messages.addresses import TELEGRAM
from messages.telegram import Role


def spawn_telegram(wiring: Wiring, chat: Chat) -> None:
    """Spawn the chat's actor; its runtime state outlives its restarts."""
    system, log = wiring.system, wiring.log
    settings, bot, past = _settings(wiring.config), BotState(), past_of(wiring.journal, OWN_HISTORY)
    system.spawn(
        TELEGRAM,
        lambda context: TelegramActor(
            context, settings=settings, bot=bot, past=past, chat=chat, metrics=system.metrics, log=log
        ),
        placement=Placement.THREAD,
    )


def words_of(config: Config, user: int) -> Words:
    """Return a user's language and time zone; user 0: the defaults."""
    language = dict(config.telegram.languages).get(user, config.language)
    zone = dict(config.telegram.timezones).get(user, config.telegram.timezone)
    return Words(language=language, catalog=load(language), zone=ZoneInfo(zone))


def _settings(config: Config) -> TelegramSettings:
    users = {user: Role(role) for user, role in config.telegram.users}
    return TelegramSettings(
        access=Access(users=users, chats=frozenset(config.telegram.chats)),
        accounts=tuple(account.account for account in config.accounts),
        words={user: words_of(config, user) for user in users},
        default_words=words_of(config, 0),
    )
