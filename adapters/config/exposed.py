"""Finds configured connections that others can read."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from adapters.config.values import Config

_CLEAR = ("http", "ws")


def in_clear(config: Config) -> Iterator[tuple[str, str]]:
    """Yield (key, host) of every address beyond this machine without TLS; never the address itself."""
    for account in config.accounts:
        for name in ("base_url", "stream_url"):
            yield from _clear(f"accounts.{account.account}.{name}", getattr(account, name))
    if config.telegram.enabled:
        yield from _clear("telegram.api_base_url", config.telegram.api_base_url)
    for name, secret in (("webhook", config.notifier.webhook_url), ("ping", config.notifier.ping_url)):
        yield from _clear(f"notifier.{name}.url", secret.reveal() if secret is not None else None)


def _clear(key: str, url: str | None) -> Iterator[tuple[str, str]]:
    parts = urlsplit(url or "")
    host = parts.hostname or ""
    if parts.scheme in _CLEAR and not _is_here(host):
        yield key, host


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
