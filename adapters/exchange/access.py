"""How each configured account reaches its venue: an exchange with its keys, or the embedded paper venue."""

from typing import TYPE_CHECKING

from adapters.config import AccountConfig
from adapters.exchange.registry import EMBEDDED
from adapters.exchange.settings import ExchangeSettings
from adapters.secret import Secret

if TYPE_CHECKING:
    from adapters.paper.server import EmbeddedServer


def identity_of(account: AccountConfig, paper: "EmbeddedServer | None") -> str:
    """What binds the journal to a venue's account: never a port, never a key."""
    if account.embedded:
        assert paper is not None
        shared = account.account not in paper.accounts
        return f"paper#{paper.identity}" if shared else f"paper#{paper.identity}/{account.account}"
    return settings_of(account, paper).identity


SETTINGS_LEAST_MS, SETTINGS_MOST_MS = 10_000, 300_000
"""What was seen of symbols' leverage and margin mode is as old as the fast interval, within these bounds."""


def settings_max_age_ms(fast_ms: int) -> int:
    """A leverage changed outside is noticed within the fast interval, even where the stream does not tell of it."""
    return min(max(fast_ms, SETTINGS_LEAST_MS), SETTINGS_MOST_MS)


def settings_of(account: AccountConfig, paper: "EmbeddedServer | None") -> ExchangeSettings:
    """`paper` is there wherever an account is embedded in it."""
    if account.embedded:
        assert paper is not None
        return settings_with(account, *map(Secret, paper.keys_of(account.account)), url=paper.http_url)
    assert account.api_key is not None
    assert account.api_secret is not None
    return settings_with(account, account.api_key, account.api_secret)


def settings_with(account: AccountConfig, key: Secret, secret: Secret, *, url: str | None = None) -> ExchangeSettings:
    """What the configuration says of an account, with these keys; `url` is where an embedded one is."""
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
