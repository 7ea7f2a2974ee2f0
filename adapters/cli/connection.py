"""Connects a command to an account's venue, beside a supervisor or without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from adapters.cli.outcome import CommandError, Exit
from adapters.config import AccountConfig, Config
from adapters.exchange.access import settings_of, settings_with
from adapters.exchange.settings import ExchangeSettings
from adapters.secret import Secret
from albra.loopback.discovery import announced
from messages.names import did_you_mean
from messages.types import AccountId

if TYPE_CHECKING:
    from adapters.paper.server import PaperServer


def account_named(config: Config, name: AccountId | None, command: str) -> AccountConfig:
    """Return the named or only account. Raises CommandError: USAGE for an ambiguous one, REFUSED for an unknown one."""
    known = [account.account for account in config.accounts]
    names = ", ".join(known)
    if name is None:
        if len(config.accounts) == 1:
            return config.accounts[0]
        raise CommandError(Exit.USAGE, f"{command}: name the account with --account: there are {names}")
    for account in config.accounts:
        if account.account == name:
            return account
    only = f"only {names or 'none'}{did_you_mean(name, known)}"
    raise CommandError(Exit.REFUSED, f"{command}: no account {name} in the configuration, {only}")


@contextmanager
def venue_connection(config: Config, account: AccountConfig) -> Iterator[ExchangeSettings]:
    """Yield the connection settings of the account's venue, valid within the block.

    The embedded paper venue is the running supervisor's, else started from its storage. Raises CommandError when it can
    be neither reached nor started.
    """
    if not account.embedded:
        yield settings_of(account, None)
        return
    running = announced(config.storage.path)
    paper = running.get("paper") if running is not None else None
    if isinstance(paper, dict):
        keys = paper.get("accounts", {}).get(account.account, paper)
        yield settings_with(account, Secret(keys["api_key"]), Secret(keys["api_secret"]), url=str(paper["url"]))
        return
    yield from _started(config, account)


def _started(config: Config, account: AccountConfig) -> Iterator[ExchangeSettings]:
    from adapters.paper.embedded import admit
    from adapters.paper.input_log import StorageDamagedError
    from adapters.paper.registry import EMBEDDED
    from adapters.paper.server import PaperServer, serve_in_thread, wall_clock_ms

    def make() -> "PaperServer":
        venue = EMBEDDED(seed=config.paper.seed, now_ms=wall_clock_ms())
        return PaperServer(venue, storage=config.storage.path / "paper", tick_ms=config.paper.tick_ms)

    serving = serve_in_thread(make)
    try:
        embedded = serving.__enter__()
    except (OSError, StorageDamagedError) as error:
        raise CommandError(Exit.FAILED, f"the embedded paper venue of {account.account}: {error}") from None
    try:
        admit(config, embedded)
        yield settings_of(account, embedded)
    finally:
        serving.__exit__(None, None, None)
