"""Wires the notifier's actor: recipients, rates, and journalled notices still to be sent."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from actors.notifier.actor import OWN_HISTORY, Figures, NotifierActor, NotifierSettings, NotifierStart
from actors.notifier.outbox import SECOND_CHANNEL
from actors.notifier.report import COUNTED, Schedule
from actors.notifier.throttle import Policy, Quiet, Recipient
from actors.ports import Channel, Chat
from actors.risk.daily_loss import DAY_NS
from actors.runtime import Placement
from adapters.config import Config
from adapters.storage.sqlite import SqliteJournal
from albra.recovery import past_of
from albra.telegram import words_of
from albra.wiring import Wiring
from messages.addresses import NOTIFIER
from messages.base import Message
from messages.requests import Notify
from messages.types import Severity

_MS = 1_000_000
REPORT_STEPS = 100_000
"""Latest steps read for the reports; takes five seconds at most."""
NOTICE_STEPS = 2_000
"""Latest steps read for durable notices that a kill kept from the notifier."""


def spawn_notifier(
    wiring: Wiring, show: Callable[[object], None], chat: Chat | None, channel: Channel | None
) -> Figures:
    """Spawn the notifier; its figures for `albra status` outlive its restarts. `show` displays each notice."""
    settings, figures = _settings(wiring.config), Figures()
    counted = _counted(wiring.journal, settings.schedule.days, wiring.system.clock.time_ns())
    notices, past = recorded_notices(wiring.journal), past_of(wiring.journal, OWN_HISTORY)
    start = NotifierStart(past=past, notices=notices, events=counted, since_ns=wiring.journal.meta.created)
    wiring.system.spawn(
        NOTIFIER,
        lambda context: NotifierActor(
            context,
            settings=settings,
            start=start,
            chat=chat,
            channel=channel,
            figures=figures,
            show=show,
            log=wiring.log,
        ),
        placement=Placement.THREAD,
    )
    return figures


def recorded_notices(journal: SqliteJournal) -> tuple[Notify, ...]:
    """Return notices of the latest steps; the notifier skips those in its own history."""
    with journal.reader() as reader:
        return tuple(e.message for e in reader.recent_effects(NOTICE_STEPS) if isinstance(e.message, Notify))


def _counted(journal: SqliteJournal, days: int, now_ns: int) -> tuple[Message, ...]:
    """Return the events that the reports count, of the last `days` days until `now_ns` (wall time)."""
    with journal.reader() as reader:
        recent = reader.recent_events(REPORT_STEPS, since_ns=now_ns - days * DAY_NS)
        return tuple(event for _, event in recent if isinstance(event, COUNTED))


def _settings(config: Config) -> NotifierSettings:
    chat, notifier = config.telegram, config.notifier
    ids = chat.chats or tuple(user for user, role in chat.users if role == "owner")
    readers = {str(user): words_of(config, user) for user in ids}
    quiet = Quiet(start_minute=chat.quiet_minutes[0], end_minute=chat.quiet_minutes[1]) if chat.quiet_minutes else None
    return NotifierSettings(
        recipients=tuple(
            Recipient(name=name, chat_id=int(name), zone=reader.zone, quiet=quiet) for name, reader in readers.items()
        )
        if chat.enabled
        else (),
        words={**readers, SECOND_CHANNEL: words_of(config, 0)},
        policy=Policy(
            per_minute={
                Severity.WARNING: notifier.high_per_minute,
                Severity.INFO: notifier.medium_per_minute,
                Severity.DIGEST: notifier.low_per_minute,
            },
            cooldown_ns=notifier.cooldown_ms * _MS,
            digest_ns=notifier.digest_ms * _MS,
            repeat_critical_ns=(notifier.repeat_critical_ms or 0) * _MS,
            second_after_ns=notifier.webhook_after_ms * _MS,
        ),
        schedule=Schedule(
            daily_minute=notifier.daily_minute, weekly_day=notifier.weekly_day, zone=ZoneInfo(chat.timezone)
        ),
        second_channel=notifier.webhook_url is not None,
        ping_ns=notifier.ping_ms * _MS if notifier.ping_url is not None else 0,
    )
