"""Makes one venue adapter per account, and lists the embedded paper venue's keys."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from actors.gateway.shared_budget import SharedBudget
from actors.ports import Clock, Venue
from adapters.config import Config
from adapters.exchange.access import settings_max_age_ms, settings_of
from adapters.exchange.client import CcxtVenue
from adapters.exchange.crowding import crowds
from adapters.exchange.neighbors import Neighbors
from adapters.paper.server import EmbeddedServer
from adapters.secret import Secret
from albra.wiring import Wiring
from messages.addresses import NOTIFIER
from messages.requests import Notify
from messages.types import AccountId, Severity
from messages.wording import Storage


def venues_of(config: Config, paper: EmbeddedServer | None, clock: Clock) -> dict[AccountId, Venue]:
    """Return one adapter per account, not connected yet; those behind one address share its allowance."""
    neighbors = Neighbors(partial(SharedBudget, clock))
    intervals = config.phase2.reconciliation.check_intervals
    return {
        account.account: CcxtVenue(
            account.account,
            replace(
                settings_of(account, paper),
                watch_only=not config.phase2.enabled,
                settings_max_age_ms=settings_max_age_ms(intervals.fast_ms),
                rules_max_age_ms=intervals.slow_ms,
            ),
            clock,
            neighbors=neighbors,
        )
        for account in config.accounts
    }


def paper_secrets(paper: EmbeddedServer | None) -> Iterator[Secret]:
    """Yield the keys of every account of the embedded venue."""
    if paper is not None:
        yield from map(Secret, (paper.api_key, paper.api_secret))
        yield from (Secret(each) for keys in paper.accounts.values() for each in keys)


def tell_of_crowds(wiring: Wiring) -> None:
    """Notify of each address with more accounts than it supports at the configured intervals."""
    for crowd in crowds(wiring.config):
        if crowd.too_many:
            text = Storage.CROWDED_NOTICE(found=crowd.found, advice=crowd.advice)
            wiring.log("WARNING", "crowded address", why=text)
            wiring.system.tell(NOTIFIER, Notify(severity=Severity.WARNING, text=text))
