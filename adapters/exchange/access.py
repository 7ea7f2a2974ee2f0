"""Connection settings of each configured account: an exchange with its keys, or the embedded paper venue."""

from typing import TYPE_CHECKING

from adapters.config import AccountConfig
from adapters.exchange.registry import EMBEDDED
from adapters.exchange.settings import ExchangeSettings
from adapters.secret import Secret

if TYPE_CHECKING:
    from adapters.paper.server import EmbeddedServer


def identity_of(account: AccountConfig, paper: "EmbeddedServer | None") -> str:
    """Return the identity that binds the journal to a venue's account; it contains no port and no key."""
    if account.embedded:
        assert paper is not None
        shared = account.account not in paper.accounts
        return f"paper#{paper.identity}" if shared else f"paper#{paper.identity}/{account.account}"
    return settings_of(account, paper).identity


SETTINGS_LEAST_MS, SETTINGS_MOST_MS = 10_000, 300_000
"""Bounds, in ms, of the maximum age of known leverage and margin modes."""


def settings_max_age_ms(fast_ms: int) -> int:
    """Return the maximum age, in ms, of known symbol settings: the fast interval, within bounds.

    The stream may lose the event of a leverage that was changed outside; a read at this age finds it.
    """
    return min(max(fast_ms, SETTINGS_LEAST_MS), SETTINGS_MOST_MS)


def settings_of(account: AccountConfig, paper: "EmbeddedServer | None") -> ExchangeSettings:
    """Return an account's connection settings; `paper` is required for an embedded account."""
    if account.embedded:
        assert paper is not None
        return settings_with(account, *map(Secret, paper.keys_of(account.account)), url=paper.http_url)
    assert account.api_key is not None
    assert account.api_secret is not None
    return settings_with(account, account.api_key, account.api_secret)


def settings_with(account: AccountConfig, key: Secret, secret: Secret, *, url: str | None = None) -> ExchangeSettings:
    """Return the account's configured settings with these keys; `url` is the server of an embedded account."""
    return ExchangeSettings(
        exchange=EMBEDDED if account.embedded else account.exchange,
        api_key=key,
        api_secret=secret,
        environment=account.environment,
        base_url=url or account.base_url,
        stream_url=account.stream_url,
        proxy=account.proxy,
        position_mode=account.position_mode,
        set_position_mode=account.sets_position_mode,
        margin_mode=account.margin_mode,
        recv_window_ms=account.recv_window_ms,
        timeout_ms=account.timeout_ms,
    )
