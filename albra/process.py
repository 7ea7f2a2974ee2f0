"""Opens everything of one supervisor process in the order of dependence; the stack closes it in reverse."""

import gc
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial

from actors.ports import Clock
from actors.risk.daily_loss import days_in
from actors.runtime import ActorSystem, ThreadDispatcher
from actors.supervisor.resting_entries import RestingEntries, call_off_entries
from adapters.cli import output
from adapters.cli.rekey import new_keys
from adapters.clock import SystemClock
from adapters.config import Config
from adapters.listening.descriptors import Shares, raise_limit, shares
from adapters.logs.steps import hop_writer, line_writer
from adapters.logs.writing import Logs
from adapters.paper.embedded import embedded_venue
from adapters.paper.server import EmbeddedServer
from adapters.storage.lock import DirectoryLock
from adapters.storage.reserve import Reserve
from albra.channels import second_channel, telegram_chat
from albra.control import control_server, screen
from albra.core import spawn_core
from albra.recovery import restore, tell_of_unconfigured
from albra.storage import exposed, open_journal, tell_of_disk, tell_of_logs
from albra.venues import paper_secrets, tell_of_crowds, venues_of
from albra.wiring import Wiring
from messages.addresses import NOTIFIER, SUPERVISOR, gateway_address, ordinal_of
from messages.priority import PRIORITY
from messages.reports import PositionView
from messages.requests import Notify
from messages.text import shown
from messages.types import AccountId, Severity
from messages.wording import Storage

VENUE_DEADLINE_MS = 3_000
"""At an orderly stop, requests are answered within this time, or resolved at the next start."""
STOP_DEADLINE_MS = 3_000
CHAT_DEADLINE_MS = 2_000


def start(config: Config, stack: ExitStack, *, live: bool, ended: threading.Event) -> None:
    """Start one supervisor; `stack` stops it. Sets `ended` after an actor's error that no restart cures.

    Raises JournalError, ControlAddressError, OSError, ValueError.
    """
    clock = SystemClock()
    share = shares(raise_limit(), len(config.accounts))
    lock = DirectoryLock(config.storage.path)
    stack.callback(lock.release)
    Reserve(config.storage.path).make_room()
    paper = stack.enter_context(embedded_venue(config, share))
    logs = Logs(
        storage=config.storage.path,
        level=config.log.level,
        secrets=(*config.secrets(), *paper_secrets(paper)),
        file_bytes=config.log.file_bytes,
        keep_files=config.log.keep_files,
    )
    stack.callback(logs.stop)
    rekeyed = new_keys(config)
    _warn(logs, (f"the key of account {each.account} is another one: {each.why}" for each in rekeyed))
    journal = open_journal(config, paper, lock)
    stack.callback(journal.close)
    _warn(logs, (lock.remark, share.remark, logs.remark, *exposed(config)))
    system = _actor_system(config, clock, logs, ended)
    stack.callback(_stop_system, system, logs)
    wiring = Wiring(config=config, system=system, journal=journal, log=line_writer(logs))
    _compose(wiring, stack, logs, paper, share, live=live)
    for each in rekeyed:
        text = Storage.KEY_CHANGED(account=each.account, why=each.why)
        logs.step("WARNING", "key changed", account=each.account, why=each.why)
        system.tell(NOTIFIER, Notify(severity=Severity.WARNING, text=text, account=AccountId(each.account)))


def _compose(
    wiring: Wiring, stack: ExitStack, logs: Logs, paper: EmbeddedServer | None, share: Shares, *, live: bool
) -> None:
    """Open the addresses, then the sources of messages: chat, venues. The control API answers from its start."""
    config, system, journal = wiring.config, wiring.system, wiring.journal
    control = control_server(wiring, paper, share)
    venues = venues_of(config, paper, system.clock)
    restored = restore(journal, days_in(config.limits.timezone), system.clock.time_ns())
    address = control.start()
    header = {"control": f"{address.host}:{address.port}", "journal": journal.journal_id, "pid": str(address.pid)}
    table = screen(config, header, live=live)
    stack.callback(table.stop)
    table.start()
    chat, channel = telegram_chat(config, system), second_channel(config, system)
    outlets = [outlet for outlet in (chat, channel) if outlet is not None]
    for outlet in outlets:
        stack.callback(outlet.stop, CHAT_DEADLINE_MS)
    audience = (control.deliver, table.deliver)
    spawn_core(wiring, venues, audience, restored, chat=chat, channel=channel, listeners=control.rows)
    journal.watch(partial(tell_of_disk, system, wiring.log))
    logs.watch(partial(tell_of_logs, system, config.storage.path))
    tell_of_crowds(wiring)
    tell_of_unconfigured(wiring, restored)
    for outlet in outlets:
        outlet.start()
    for name, venue in venues.items():
        stack.callback(venue.stop, VENUE_DEADLINE_MS)
        venue.start(partial(system.tell, gateway_address(name)))
    if chat is not None:
        stack.callback(chat.close_intake)
    if config.entries.cancel_on_stop and config.phase2.enabled:
        resting = RestingEntries()
        system.subscribe(PositionView, resting.on_view)
        stack.callback(call_off_entries, system, resting, system.clock, VENUE_DEADLINE_MS)
    stack.callback(control.stop)  # unwound first: no new message enters while the rest finishes
    gc.freeze()  # these objects live until the end; the collector need not scan them


def _actor_system(config: Config, clock: Clock, logs: Logs, ended: threading.Event) -> ActorSystem:
    def fatal(address: str, error: BaseException) -> None:
        """Stop in order after an extraordinary failure (out of memory); the journal stays as it is."""
        logs.step("CRITICAL", "fatal", actor=address, why=repr(error))
        ended.set()

    bus = config.phase2.event_bus
    return ActorSystem(
        ThreadDispatcher(clock, bus.worker_count, on_fatal=fatal),
        PRIORITY,
        clock,
        max_queue_size=bus.max_queue_size,
        supervisor_address=SUPERVISOR,
        observer=hop_writer(logs),
    )


def _stop_system(system: ActorSystem, logs: Logs) -> None:
    """Stop positions first, while the journal still answers them; then all other actors."""
    positions = [address for address in system.addresses() if ordinal_of(address) is not None]
    system.stop_and_wait(positions, STOP_DEADLINE_MS)
    report = system.shutdown(STOP_DEADLINE_MS)
    if report.killed or report.undelivered:
        logs.step("WARNING", "stopped with work left", killed=",".join(report.killed), undelivered=report.undelivered)


def _warn(logs: Logs, remarks: Iterable[str]) -> None:
    for remark in filter(None, remarks):
        logs.step("WARNING", "start", why=remark)
        output.complain(shown(f"albra: {remark}"))
