"""Opens the journal with its bindings, and notifies of file problems in the data directory."""

from collections.abc import Iterator
from pathlib import Path

from actors.ports import Log
from actors.runtime import ActorSystem
from adapters.config import Config
from adapters.config.exposed import in_clear
from adapters.exchange.access import identity_of
from adapters.logs import DIRECTORY
from adapters.paper.server import EmbeddedServer
from adapters.storage.jobs import Health
from adapters.storage.lock import DirectoryLock
from adapters.storage.private import close_to_others, replaceable
from adapters.storage.sqlite import SqliteJournal
from messages.addresses import NOTIFIER
from messages.requests import Notify
from messages.statement import Statement
from messages.types import Severity
from messages.wording import Storage


def open_journal(config: Config, paper: EmbeddedServer | None, lock: DirectoryLock) -> SqliteJournal:
    """Open the journal, bound to venue and key of each account. Raises JournalError."""
    bindings = {account.account: identity_of(account, paper) for account in config.accounts}
    return SqliteJournal.open(config.storage.path, bindings=bindings, lock=lock)


def exposed(config: Config) -> Iterator[str]:
    """Yield what other users can read, alter or replace; a start continues nevertheless."""
    for key, host in in_clear(config):
        yield f"{key} speaks to {host} without TLS: others read and alter it"
    for path in replaceable(config.storage.path):
        yield f"others can write {path} and replace what lies below it: chmod go-w it"
    yield from close_to_others(config.storage.path)


def tell_of_disk(system: ActorSystem, log: Log, health: Health, why: Statement) -> None:
    """Notify of a change in the health of the journal's disk. Called by the journal's writer thread."""
    well = health is Health.WELL
    severity, text = (Severity.INFO, Storage.DISK_WELL()) if well else (Severity.CRITICAL, why)
    log("INFO" if well else "CRITICAL", "disk", why=text)
    cause, ends = ("", "disk") if well else ("disk", "")
    system.tell(NOTIFIER, Notify(severity=severity, text=text, cause=cause, ends=ends))


def tell_of_logs(system: ActorSystem, storage: Path, why: str) -> None:
    """Notify that log lines are lost; trading does not depend on them. Called by a log's writer thread."""
    text = Storage.LOGS_LOST(path=str(storage / DIRECTORY), why=why)
    system.tell(NOTIFIER, Notify(severity=Severity.WARNING, text=text))
