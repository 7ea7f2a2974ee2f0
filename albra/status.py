"""Rows of `albra status` that no actor provides: money, mailboxes, journal."""

from actors.runtime import ActorSystem
from actors.supervisor.status import milliseconds, money_rows, runtime_rows
from adapters.config import Config
from adapters.storage.sqlite import SqliteJournal
from messages.statement import verbatim
from messages.status import Rows, row
from messages.wording.status import Status


def money(config: Config) -> Rows:
    """Return whether money is real: the first line of the live table, and a row of every status."""
    paper = tuple(account.account for account in config.accounts if account.embedded)
    others = len(config.accounts) - len(paper)
    return money_rows(paper, others, asked=config.paper_asked, configured=config.source is not None)


def process_rows(system: ActorSystem, journal: SqliteJournal) -> Rows:
    """Return the rows of messages, actors and journal."""
    return (*runtime_rows(system.metrics()), *journal_rows(journal))


def journal_rows(journal: SqliteJournal) -> Rows:
    """Return the journal's health, and its counters since the start."""
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
