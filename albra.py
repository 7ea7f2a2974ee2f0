"""The composition root and console script: the only place that knows both actors and adapters.

`run` wires one supervisor process together, in the order in which its parts depend on one another, and
takes it apart in reverse. What is heavy (the exchange client alone takes most of a second) is imported
inside `run`, so that every other command answers at once.
"""

import faulthandler
import gc
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Any

from adapters.cli import entry, output
from adapters.cli.outcome import CommandError, Exit
from adapters.config import Config, LimitsConfig
from adapters.secret import Secret
from messages.base import Message
from messages.statement import Statement
from messages.text import shown
from messages.types import AccountId, Address, JournalId
from messages.wording import Storage

if TYPE_CHECKING:
    from actors.language.words import Words
    from actors.ledger import Past
    from actors.notifier.actor import Figures, NotifierSettings, NotifierStart
    from actors.ports import Clock, Venue
    from actors.position.state import Position
    from actors.reconciler.core import Settings as ReconcilerSettings
    from actors.runtime import ActorSystem
    from actors.supervisor.memory import Restored
    from actors.supervisor.memory import Settings as SupervisorSettings
    from actors.telegram.context import TelegramSettings
    from adapters.cli.stored import Folds
    from adapters.listening.descriptors import Shares
    from adapters.logs.writing import Logs
    from adapters.paper.server import EmbeddedServer
    from adapters.storage.jobs import Health
    from adapters.storage.sqlite import SqliteJournal
    from adapters.storage.verify import Fold
    from adapters.telegram import TelegramChat
    from adapters.webhook import Webhook
    from messages.status import Rows

SUPERVISOR = Address("supervisor")
CONTROL = Address("control")
SCREEN = Address("screen")
NOTIFIER, TELEGRAM = Address("notifier"), Address("telegram")
VENUE_DEADLINE_MS = 3_000
"""What was sent is answered within this time at an orderly stop, or asked after at the next start."""
STOP_DEADLINE_MS = 3_000
MS = 1_000_000
DAY_STEPS = 1_000_000
DAY_NS = 24 * 3_600_000_000_000
LONGEST_DAY_NS = 26 * 3_600_000_000_000
"""How far back the journal is read for today's realized result: a day is longer where clocks are put back."""
COMMANDS_MOST = 50_000
"""How many of the latest records of commands are read, so that an id goes on to stand for what it stood for."""
REPORT_STEPS = 100_000
"""How far back it is read for what the reports count that was not told to the notifier: five seconds at most."""
NOTICE_STEPS = 2_000
"""How far back it is read for notices whose step is durable and that a kill may have kept from the notifier."""
CHAT_DEADLINE_MS = 2_000


def main() -> int:
    """The console script."""
    from adapters.hardening import keep_private

    keep_private()
    return entry.main(run=run, fold=_fold, folds=_folds)


def _folds() -> "Folds":
    from actors.stored import discrepancies, position_view
    from adapters.cli.stored import Folds

    return Folds(position=position_view, discrepancies=discrepancies)


def _fold() -> "Fold":
    from actors.recovery import rebuilt

    return rebuilt


def run(config: Config, *, live: bool) -> int:
    """Run the supervisor until SIGTERM, SIGINT or the end of its terminal (SIGHUP); positions stay open.

    Raises CommandError where it cannot start.
    """
    from adapters.hardening import keep_memory_private

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup asks to live on
            signal.signal(number, lambda *_: ended.set())
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    keep_memory_private()
    with ExitStack() as stack:
        try:
            _start(config, stack, live=live, ended=ended)
        except _start_errors() as error:
            from adapters.storage.errors import explained

            raise CommandError(_exit_of(error), f"run: {explained(error, config.storage.path)}") from None
        while not ended.wait(1.0):  # an untimed wait would leave signals unheard on some platforms
            pass
    return Exit.DONE


def _start_errors() -> tuple[type[Exception], ...]:
    from adapters.control.server import ControlAddressError
    from adapters.storage.errors import JournalError

    return (JournalError, ControlAddressError, OSError, ValueError)


def _exit_of(error: Exception) -> Exit:
    from adapters.storage.errors import JournalBoundElsewhere, JournalLocked

    return Exit.REFUSED if isinstance(error, JournalLocked | JournalBoundElsewhere) else Exit.FAILED


def _start(config: Config, stack: ExitStack, *, live: bool, ended: threading.Event) -> None:
    from actors.runtime import ActorSystem, ThreadDispatcher
    from adapters.cli.rekey import new_keys
    from adapters.clock import SystemClock
    from adapters.listening.descriptors import raise_limit, shares
    from adapters.logs.steps import hop_writer
    from adapters.logs.writing import Logs
    from adapters.paper.embedded import embedded_venue
    from adapters.storage.lock import DirectoryLock
    from adapters.storage.reserve import Reserve
    from messages.priority import PRIORITY
    from messages.requests import Notify
    from messages.types import Severity

    clock = SystemClock()
    share = shares(raise_limit(), len(config.accounts))
    lock = DirectoryLock(config.storage.path)
    stack.callback(lock.release)
    Reserve(config.storage.path).make_room()
    paper = stack.enter_context(embedded_venue(config, share))
    logs = Logs(
        storage=config.storage.path,
        level=config.log.level,
        secrets=(*config.secrets(), *_paper_secrets(paper)),
        file_bytes=config.log.file_bytes,
        keep_files=config.log.keep_files,
    )
    stack.callback(logs.stop)
    rekeyed = new_keys(config)
    _warn(logs, (f"the key of account {each.account} is another one: {each.why}" for each in rekeyed))
    journal = _open_journal(config, paper, lock)
    stack.callback(journal.close)
    _warn(logs, (lock.remark, share.remark, logs.remark, *_exposed(config)))
    dispatcher = ThreadDispatcher(
        clock, config.phase2.event_bus.worker_count, on_fatal=lambda address, error: _fatal(logs, ended, address, error)
    )
    system = ActorSystem(
        dispatcher,
        PRIORITY,
        clock,
        max_queue_size=config.phase2.event_bus.max_queue_size,
        supervisor_address=SUPERVISOR,
        observer=hop_writer(logs),
    )
    stack.callback(_stop_system, system, logs)
    _compose(config, stack, system, journal, paper, logs, clock, share, live=live)
    for each in rekeyed:
        text = Storage.KEY_CHANGED(account=each.account, why=each.why)
        logs.step("WARNING", "key changed", account=each.account, why=each.why)
        system.tell(NOTIFIER, Notify(severity=Severity.WARNING, text=text, account=AccountId(each.account)))


def _exposed(config: Config) -> Iterator[str]:
    """What others can read, alter or have put in the way, and a start goes on in spite of."""
    from adapters.config.exposed import in_clear
    from adapters.storage.private import close_to_others, replaceable

    for key, host in in_clear(config):
        yield f"{key} speaks to {host} without TLS: others read and alter it"
    for path in replaceable(config.storage.path):
        yield f"others can write {path} and replace what lies below it: chmod go-w it"
    yield from close_to_others(config.storage.path)


def _warn(logs: "Logs", remarks: Iterable[str]) -> None:
    for remark in filter(None, remarks):
        logs.step("WARNING", "start", why=remark)
        output.complain(shown(f"albra: {remark}"))


def _fatal(logs: "Logs", ended: threading.Event, address: str, error: BaseException) -> None:
    """Something beyond an ordinary failure (out of memory): say so and stop in order; the journal is what it is."""
    logs.step("CRITICAL", "fatal", actor=address, why=repr(error))
    ended.set()


def _stop_system(system: "ActorSystem", logs: "Logs") -> None:
    """Positions first, while the journal still answers them; then everybody else."""
    positions = [address for address in system.addresses() if address.startswith("position/")]
    system.stop_and_wait(positions, STOP_DEADLINE_MS)
    report = system.shutdown(STOP_DEADLINE_MS)
    if report.killed or report.undelivered:
        logs.step("WARNING", "stopped with work left", killed=",".join(report.killed), undelivered=report.undelivered)


def _open_journal(config: Config, paper: "EmbeddedServer | None", lock: Any) -> "SqliteJournal":
    from adapters.exchange.access import identity_of
    from adapters.storage.sqlite import SqliteJournal

    bindings = {account.account: identity_of(account, paper) for account in config.accounts}
    return SqliteJournal.open(config.storage.path, bindings=bindings, lock=lock)


def _compose(  # noqa: PLR0917 - what one process is made of
    config: Config,
    stack: ExitStack,
    system: "ActorSystem",
    journal: "SqliteJournal",
    paper: "EmbeddedServer | None",
    logs: "Logs",
    clock: "Clock",
    share: "Shares",
    *,
    live: bool,
) -> None:
    """Open the addresses, in the order of who is told things first; then let the outside in."""
    from actors.risk.daily_loss import days_in
    from actors.supervisor.resting import RestingEntries, call_off_entries
    from adapters.control.server import ControlServer
    from adapters.logs.steps import line_writer
    from messages.reports import PositionView

    accounts = tuple(account.account for account in config.accounts)
    log = line_writer(logs)
    control = ControlServer(
        storage=config.storage.path,
        submit=lambda message: system.offer(SUPERVISOR, message),
        started=lambda: system.is_open(SUPERVISOR),
        accounts=accounts,
        host=config.control.host,
        port=config.control.port,
        details=_reachable(paper),
        webhook=config.webhook,
        shares=share,
        notify=partial(system.tell, NOTIFIER),
    )
    venues = _venues(config, paper, clock)
    restored = _restore(journal, days_in(config.limits.timezone), clock.time_ns())
    address = control.start()
    header = {"control": f"{address.host}:{address.port}", "journal": journal.journal_id, "pid": str(address.pid)}
    screen = _screen(config, header, live=live)
    stack.callback(screen.stop)
    screen.start()
    chat, channel = _chat(config, system), _channel(config, system)
    for way_out in (chat, channel):
        if way_out is not None:
            stack.callback(way_out.stop, CHAT_DEADLINE_MS)
    audience = (control.deliver, screen.deliver)
    _spawn_core(config, system, journal, venues, log, audience, restored, (chat, channel), control.rows)
    journal.watch(partial(_tell_of_disk, system, log))
    logs.watch(partial(_tell_of_logs, system, config.storage.path))
    _tell_of_crowds(config, system, log)
    _tell_of_unconfigured(config, restored, system, log)
    for way_out in (chat, channel):
        if way_out is not None:
            way_out.start()
    for name, venue in venues.items():
        stack.callback(venue.stop, VENUE_DEADLINE_MS)
        venue.start(partial(system.tell, f"gateway/{name}"))
    if chat is not None:
        stack.callback(chat.close_intake)
    if config.entries.cancel_on_stop and config.phase2.enabled:
        resting = RestingEntries()
        system.subscribe(PositionView, resting.hear)
        stack.callback(call_off_entries, system, resting, clock, VENUE_DEADLINE_MS)
    stack.callback(control.stop)  # unwound first: nothing comes in while the rest finishes what it has
    gc.freeze()  # what exists now stays for good; the collector need not look at it again


def _venues(config: Config, paper: "EmbeddedServer | None", clock: "Clock") -> "dict[AccountId, Venue]":
    """An adapter for each account; those behind one address are neighbors."""
    from actors.gateway.address import Address as Shared
    from adapters.exchange.access import settings_max_age_ms, settings_of
    from adapters.exchange.client import CcxtVenue
    from adapters.exchange.neighbors import Neighbors

    neighbors = Neighbors(partial(Shared, clock))
    return {
        account.account: CcxtVenue(
            account.account,
            replace(
                settings_of(account, paper),
                watch_only=not config.phase2.enabled,
                settings_max_age_ms=settings_max_age_ms(config.phase2.reconciliation.check_intervals.fast_ms),
                rules_max_age_ms=config.phase2.reconciliation.check_intervals.slow_ms,
            ),
            clock,
            neighbors=neighbors,
        )
        for account in config.accounts
    }


def _paper_secrets(paper: "EmbeddedServer | None") -> "Iterator[Secret]":
    """The keys of every account of the embedded venue."""
    if paper is not None:
        yield from map(Secret, (paper.api_key, paper.api_secret))
        yield from (Secret(each) for keys in paper.accounts.values() for each in keys)


def _reachable(paper: "EmbeddedServer | None") -> dict[str, Any]:
    """How commands that go around us (`albra flatten`, `doctor`, `demo`) find the embedded venue."""
    if paper is None:
        return {}
    accounts = {name: {"api_key": key, "api_secret": secret} for name, (key, secret) in paper.accounts.items()}
    first = {"api_key": paper.api_key, "api_secret": paper.api_secret}
    return {"paper": {"url": paper.http_url, **first, "accounts": accounts}}


def _spawn_core(  # noqa: PLR0917 - what one process is made of
    config: Config,
    system: "ActorSystem",
    journal: "SqliteJournal",
    venues: "dict[AccountId, Venue]",
    log: Callable[..., None],
    audience: tuple[Callable[[Message], None], ...],
    restored: "Restored",
    ways_out: "tuple[TelegramChat | None, Webhook | None]",
    listeners: "Callable[[], Rows]" = tuple,
) -> None:
    """Spawn every long-lived actor. `audience` sees what is shown; its first member answers the control API.

    `listeners` tells how many are connected.
    """
    from actors.edge import EdgeActor
    from actors.journal import journal_factory
    from actors.runtime import Placement
    from actors.supervisor.actor import SupervisorActor
    from actors.supervisor.memory import Memory
    from messages.reconciliation import PositionSilent
    from messages.reports import MarkReport, PositionView, StreamDown, StreamUp, VenueDown, VenueUp
    from messages.status import row
    from messages.wording.status import Status

    def show(message: object) -> None:
        if isinstance(message, Message):
            for listener in audience:
                listener(message)

    settings = _supervisor_settings(config, journal, tuple(venues), restored)
    memory = Memory.of(settings, restored)
    thread = Placement.THREAD
    chat, _ = ways_out
    system.spawn("journal", journal_factory(journal), placement=thread)
    no_chat = (row(Status.CHAT(), Status.TELEGRAM, Status.NOT_CONFIGURED()),)
    figures = _spawn_notifier(config, system, journal, ways_out, show, log)
    system.spawn(CONTROL, lambda context: EdgeActor(context, audience[0]), placement=thread)
    for kind in (PositionView, PositionSilent, VenueUp, VenueDown, StreamUp, StreamDown, MarkReport):
        system.subscribe(kind, show)
    _spawn_gateways(config, system, venues)
    statistics = _spawn_reconciler(config, system, settings, log)
    system.spawn(
        SUPERVISOR,
        lambda context: SupervisorActor(
            context,
            settings=settings,
            restored=restored,
            memory=memory,
            spawn=_position_spawner(config, system, log, journal),
            discard=system.stop_actor,
            runtime_rows=lambda: (
                _money(config)
                + statistics(system.clock.monotonic_ns())
                + _runtime_rows(system, journal)
                + (chat.rows if chat else no_chat)
                + figures.rows()
                + listeners()
            ),
            log=log,
        ),
        placement=thread,
    )
    if chat is not None:
        _spawn_telegram(config, system, journal, chat, log)


def _supervisor_settings(
    config: Config, journal: "SqliteJournal", accounts: "tuple[AccountId, ...]", restored: "Restored"
) -> "SupervisorSettings":
    from actors.recovery import names
    from actors.risk.daily_loss import days_in
    from actors.supervisor.memory import Settings
    from messages.addresses import RECONCILER

    return Settings(
        journal_id=journal.journal_id,
        accounts=accounts,
        limits=_limits(config.limits),
        account_limits={account.account: _limits(account.limits) for account in config.accounts},
        day_of=days_in(config.limits.timezone),
        watch_only=not config.phase2.enabled,
        reconciler=RECONCILER,
        protection_ns=config.protection.close_after_ms * 1_000_000,
        restored=names(journal.journal_id, journal.meta.former, restored),
    )


def _spawn_reconciler(
    config: Config, system: "ActorSystem", known: "SupervisorSettings", log: Callable[..., None]
) -> "Callable[[int], Rows]":
    """Before the supervisor. Its statistics at a monotonic time outlive its lives, for `albra status`."""
    from actors.reconciler.actor import HEARD, ReconcilerActor
    from actors.reconciler.watch import Memory
    from actors.runtime import Placement
    from messages.addresses import RECONCILER

    settings = replace(_reconciler_settings(config, known.journal_id, known.accounts), restored=known.restored)
    memory = Memory.of(known.accounts)
    system.spawn(
        RECONCILER,
        lambda context: ReconcilerActor(context, settings=settings, memory=memory, log=log),
        placement=Placement.THREAD,
    )
    # Not by the actor itself, which begins when its thread does: whoever misses the view of a position takes it for a
    # stranger's, adopts it a second time, and cancels its stop.
    for heard in HEARD:
        system.subscribe(heard, RECONCILER)
    return memory.statistics


def _spawn_notifier(  # noqa: PLR0917 - what it tells, to whom, and what it remembers
    config: Config,
    system: "ActorSystem",
    journal: "SqliteJournal",
    ways_out: "tuple[TelegramChat | None, Webhook | None]",
    show: Callable[[object], None],
    log: Callable[..., None],
) -> "Figures":
    """Its figures outlive its lives, for `albra status`."""
    from actors.notifier.actor import Figures, NotifierActor
    from actors.runtime import Placement

    chat, channel = ways_out
    settings, figures = _notifier_settings(config), Figures()
    counted = _counted(journal, settings.schedule.days, system.clock.time_ns())
    start = replace(_notifier_start(journal), events=counted)
    system.spawn(
        "notifier",
        lambda context: NotifierActor(
            context,
            settings=settings,
            start=start,
            chat=chat,
            channel=channel,
            figures=figures,
            show=show,
            log=log,
        ),
        placement=Placement.THREAD,
    )
    return figures


def _spawn_gateways(config: Config, system: "ActorSystem", venues: "dict[AccountId, Venue]") -> None:
    """One for each account; what an account's gateway remembers outlives its lives."""
    from actors.gateway.actor import GatewayActor
    from actors.gateway.address import Address as Shared
    from actors.gateway.budget import Policy
    from actors.gateway.memory import Memory
    from actors.runtime import Placement
    from messages.addresses import gateway_address

    sweep_ns = config.phase2.reconciliation.check_intervals.fast_ms * 1_000_000
    policies = {a.account: Policy(share=a.budget_share, reserve=a.budget_reserve) for a in config.accounts}
    for name, venue in venues.items():
        shared = getattr(venue, "allowance", None)
        memory = Memory.fresh(system.clock, policies[name], shared if isinstance(shared, Shared) else None)
        system.spawn(
            gateway_address(name),
            partial(GatewayActor, account=name, venue=venue, memory=memory, sweep_ns=sweep_ns),
            placement=Placement.THREAD,
        )


def _spawn_telegram(
    config: Config, system: "ActorSystem", journal: "SqliteJournal", chat: "TelegramChat", log: Callable[..., None]
) -> None:
    from actors.runtime import Placement
    from actors.telegram.actor import TelegramActor
    from actors.telegram.context import BotState
    from actors.telegram.history import OWN_HISTORY

    settings, bot, past = _telegram_settings(config), BotState(), _past(journal, OWN_HISTORY)
    system.spawn(
        TELEGRAM,
        lambda context: TelegramActor(
            context, settings=settings, bot=bot, past=past, chat=chat, metrics=system.metrics, log=log
        ),
        placement=Placement.THREAD,
    )


def _chat(config: Config, system: "ActorSystem") -> "TelegramChat | None":
    if not config.telegram.enabled or config.telegram.token is None:
        return None
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


def _channel(config: Config, system: "ActorSystem") -> "Webhook | None":
    url, ping_url = config.notifier.webhook_url, config.notifier.ping_url
    if url is None and ping_url is None:
        return None
    from adapters.webhook import Webhook

    return Webhook(url, ping_url, system.tell)


def _notifier_settings(config: Config) -> "NotifierSettings":
    from zoneinfo import ZoneInfo

    from actors.notifier.actor import NotifierSettings
    from actors.notifier.outbox import SECOND_CHANNEL
    from actors.notifier.report import Schedule
    from actors.notifier.throttle import Policy, Quiet, Recipient
    from messages.types import Severity

    chat, notifier = config.telegram, config.notifier
    ids = chat.chats or tuple(user for user, role in chat.users if role == "owner")
    readers = {str(who): _words(config, who) for who in ids}
    quiet = Quiet(start_minute=chat.quiet_minutes[0], end_minute=chat.quiet_minutes[1]) if chat.quiet_minutes else None
    return NotifierSettings(
        recipients=tuple(
            Recipient(name=name, chat_id=int(name), zone=reader.zone, quiet=quiet) for name, reader in readers.items()
        )
        if chat.enabled
        else (),
        words={**readers, SECOND_CHANNEL: _words(config, 0)},
        policy=Policy(
            per_minute={
                Severity.WARNING: notifier.high_per_minute,
                Severity.INFO: notifier.medium_per_minute,
                Severity.DIGEST: notifier.low_per_minute,
            },
            cooldown_ns=notifier.cooldown_ms * 1_000_000,
            digest_ns=notifier.digest_ms * 1_000_000,
            repeat_critical_ns=(notifier.repeat_critical_ms or 0) * 1_000_000,
            second_after_ns=notifier.webhook_after_ms * 1_000_000,
        ),
        schedule=Schedule(
            daily_minute=notifier.daily_minute, weekly_day=notifier.weekly_day, zone=ZoneInfo(chat.timezone)
        ),
        second_channel=notifier.webhook_url is not None,
        ping_ns=notifier.ping_ms * 1_000_000 if notifier.ping_url is not None else 0,
    )


def _notifier_start(journal: "SqliteJournal") -> "NotifierStart":
    from actors.notifier.actor import OWN_HISTORY, NotifierStart
    from messages.requests import Notify

    with journal.reader() as reader:
        notices = tuple(e.message for e in reader.recent_effects(NOTICE_STEPS) if isinstance(e.message, Notify))
    return NotifierStart(past=_past(journal, OWN_HISTORY), notices=notices, since_ns=journal.meta.created)


def _counted(journal: "SqliteJournal", days: int, now_ns: int) -> tuple[Message, ...]:
    """What the reports count of the last `days` days until `now_ns` (wall time)."""
    from actors.notifier.report import COUNTED

    with journal.reader() as reader:
        recent = reader.recent_events(REPORT_STEPS, since_ns=now_ns - days * DAY_NS)
        return tuple(event for _, event in recent if isinstance(event, COUNTED))


def _telegram_settings(config: Config) -> "TelegramSettings":
    from actors.telegram.context import TelegramSettings
    from actors.telegram.roles import Access
    from messages.telegram import Role

    users = {user: Role(role) for user, role in config.telegram.users}
    return TelegramSettings(
        access=Access(users=users, chats=frozenset(config.telegram.chats)),
        accounts=tuple(account.account for account in config.accounts),
        words={user: _words(config, user) for user in users},
        default_words=_words(config, 0),
    )


def _words(config: Config, who: int) -> "Words":
    """The language and the clock of one reader."""
    from zoneinfo import ZoneInfo

    from actors.language.words import Words
    from adapters.locales import load

    language = dict(config.telegram.languages).get(who, config.language)
    zone = dict(config.telegram.timezones).get(who, config.telegram.timezone)
    return Words(language=language, catalog=load(language), zone=ZoneInfo(zone))


def _reconciler_settings(
    config: Config, journal_id: JournalId, accounts: tuple[AccountId, ...]
) -> "ReconcilerSettings":
    from actors.reconciler.core import Settings as ReconcilerSettings
    from actors.reconciler.policy import Override, Policy, Thresholds
    from messages.reconciliation import Action, Attribution, DiscrepancyType

    said = config.phase2.reconciliation
    policy = Policy(
        actions={DiscrepancyType(kind): Action(action) for kind, action in said.policy},
        overrides=tuple(
            Override(account=account, symbol=symbol, type=DiscrepancyType(kind), action=Action(action))
            for account, symbol, kind, action in said.overrides
        ),
        observations={DiscrepancyType(kind): count for kind, count in said.observations},
        thresholds=Thresholds(
            price=said.price,
            warning_notional=said.warning_notional,
            critical_notional=said.critical_notional,
            critical_share=said.critical_share,
            stuck_ns=said.stuck_ms * MS,
        ),
        attribution=Attribution(said.attribution),
        attempts=said.attempts,
        gap_ns=said.observation_gap_ms * MS,
        fast_ns=said.check_intervals.fast_ms * MS,
        normal_ns=said.check_intervals.normal_ms * MS,
        slow_ns=said.check_intervals.slow_ms * MS,
        retention_ns=said.retention_days * 86_400_000 * MS,
        watch_only=not config.phase2.enabled,
    )
    return ReconcilerSettings(journal_id=journal_id, accounts=accounts, policy=policy)


def _position_spawner(
    config: Config, system: "ActorSystem", log: Callable[..., None], journal: "SqliteJournal"
) -> Callable[..., None]:
    from actors.position.actor import Identity, position_factory
    from actors.position.draft import Policy
    from messages.addresses import position_address

    policy = Policy(
        protection_deadline_ms=config.protection.close_after_ms,
        watch_only=not config.phase2.enabled,
        trigger=config.protection.trigger,
        entry_good_for_ms=config.entries.good_for_s * 1_000,
        journal_id=journal.journal_id,
        life=journal.life,
    )

    def spawn(identity: Identity, start: "Position | None") -> None:
        address = position_address(identity.ordinal)
        if not system.is_open(address):
            system.spawn(address, position_factory(identity, policy, log, start))

    return spawn


def _restore(journal: "SqliteJournal", day_of: Callable[[int], int], now_ns: int) -> "Restored":
    """What the supervisor starts with. A damaged position stays out; the others, and the boot, are not concerned.

    `now_ns` is wall time.
    """
    from actors.ledger import damaged
    from actors.recovery import restored
    from actors.supervisor.memory import OWN_HISTORY
    from adapters.storage import loss
    from adapters.storage.record import RecoveredPosition, as_replayed
    from messages.journal import Effect

    told = loss.in_words(journal)
    notices = tuple(Effect(to=NOTIFIER, message=damaged(text)) for text in told)
    loss.hold_openings(journal, owner=SUPERVISOR, ordinal=OWN_HISTORY, effects=notices)
    with journal.reader() as reader:
        pasts = tuple(reader.recover())
        altered = (
            Storage.EVENTS_WHOLE(name=past.position_id, why=past.remark)
            for past in pasts
            if isinstance(past, RecoveredPosition) and past.remark
        )
        return restored(
            ((past.position_id, as_replayed(past)) for past in pasts),
            finished=tuple((entry.ordinal, entry.position_id) for entry in reader.terminal()),
            recent=reader.recent_events(DAY_STEPS, since_ns=now_ns - LONGEST_DAY_NS),
            # Positions among the lost steps may have orders at the venue: their ordinals are not given again.
            highest_ordinal=max(OWN_HISTORY, reader.max_ordinal()) + journal.lost_steps,
            day_of=day_of,
            damaged=(*told, *altered),
            commands=reader.commands(COMMANDS_MOST, since_ns=now_ns - LONGEST_DAY_NS),
        )


def _past(journal: "SqliteJournal", ordinal: int) -> "Past":
    """What is durable of an actor that is no position; its next step goes on from there."""
    from actors.ledger import Past
    from adapters.storage.record import RecoveredPosition, as_replayed

    with journal.reader() as reader:
        found = reader.position(ordinal)
    if not isinstance(found, RecoveredPosition):
        return Past()
    return Past.of(as_replayed(found))


def _tell_of_crowds(config: Config, system: "ActorSystem", log: Callable[..., None]) -> None:
    """More accounts behind one address than it bears at the configured intervals: told with numbers, at the start."""
    from adapters.exchange.crowding import crowds
    from messages.requests import Notify
    from messages.types import Severity

    for crowd in crowds(config):
        if crowd.too_many:
            text = Storage.CROWDED_NOTICE(found=crowd.found, advice=crowd.advice)
            log("WARNING", "crowded address", why=text)
            system.tell("notifier", Notify(severity=Severity.WARNING, text=text))


def _tell_of_unconfigured(
    config: Config, restored: "Restored", system: "ActorSystem", log: Callable[..., None]
) -> None:
    """Accounts with live positions that the configuration does not name: told at the start."""
    from actors.recovery import unconfigured, unwatched
    from messages.requests import Notify
    from messages.types import Severity

    for name, number in unconfigured(restored, {account.account for account in config.accounts}).items():
        text = unwatched(name, number)
        log("CRITICAL", "account is not configured", why=text)
        system.tell("notifier", Notify(severity=Severity.CRITICAL, text=text, account=name))


def _tell_of_disk(system: "ActorSystem", log: Callable[..., None], health: "Health", why: Statement) -> None:
    """Called by the journal's writer whenever the health of its disk changes."""
    from adapters.storage.jobs import Health
    from messages.requests import Notify
    from messages.types import Severity

    well = health is Health.WELL
    severity, text = (Severity.INFO, Storage.DISK_WELL()) if well else (Severity.CRITICAL, why)
    log("INFO" if well else "CRITICAL", "disk", why=text)
    cause, ends = ("", "disk") if well else ("disk", "")
    system.tell("notifier", Notify(severity=severity, text=text, cause=cause, ends=ends))


def _tell_of_logs(system: "ActorSystem", storage: Path, why: str) -> None:
    """Called by a log's writer when its lines begin to be lost; trading does not depend on them."""
    from adapters.logs import DIRECTORY
    from messages.requests import Notify
    from messages.types import Severity

    text = Storage.LOGS_LOST(path=str(storage / DIRECTORY), why=why)
    system.tell("notifier", Notify(severity=Severity.WARNING, text=text))


def _limits(limits: LimitsConfig) -> Any:
    from actors.supervisor.admission import Limits

    return Limits(
        order_notional=limits.order_notional,
        symbol_exposure=limits.symbol_exposure,
        account_exposure=limits.account_exposure,
        openings_per_minute=limits.openings_per_minute,
        daily_loss=limits.daily_loss,
    )


def _screen(config: Config, header: dict[str, str], *, live: bool) -> Any:
    from adapters.cli.live import Screen

    names = {a.account: "paper" if a.embedded else a.place for a in config.accounts}
    shown = {**header, **{f"account {account}": venue for account, venue in names.items()}}
    banner = "".join(str(each.value).replace("paper", "PAPER", 1) for each in _money(config))
    return Screen(sys.stdout, title="albra", header=shown, live=live, banner=banner, started_ns=time_ns())


def _money(config: Config) -> "Rows":
    """Whether money is real: for the first line, and for every status."""
    from actors.supervisor.status import money_rows

    paper = tuple(account.account for account in config.accounts if account.embedded)
    others = len(config.accounts) - len(paper)
    return money_rows(paper, others, asked=config.paper_asked, configured=config.source is not None)


def _runtime_rows(system: "ActorSystem", journal: "SqliteJournal") -> "Rows":
    """Messages, actors and journal for `albra status`."""
    from actors.supervisor.status import runtime_rows

    return (*runtime_rows(system.metrics()), *journal_rows(journal))


def journal_rows(journal: "SqliteJournal") -> "Rows":
    """How the journal does, and what it has done since the start."""
    from actors.supervisor.status import milliseconds
    from messages.statement import verbatim
    from messages.status import row
    from messages.wording.status import Status

    counters = journal.counters()
    health, why = journal.health()
    done = Status.COMMITTED(commits=counters.commits, steps=counters.steps, failed=counters.failures)
    section = Status.JOURNAL()
    return (
        row(section, Status.ID, verbatim(journal.journal_id)),
        row(section, Status.COMMITS, done),
        row(section, Status.DISK, Status[health.name]()),
        *([row(section, Status.DISK_TROUBLE, verbatim(why))] if why else ()),
        row(section, Status.RESERVE, Status.MEBIBYTES(mib=journal.reserve_held() >> 20)),
        row(section, Status.LAST_COMMIT, Status.MILLISECONDS(ms=milliseconds(counters.last_commit_ns))),
    )


if __name__ == "__main__":
    sys.exit(main())
