"""The supported exchanges by ccxt id: the only shared module that knows their folders."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapters.exchange.addresses import Hosts
from adapters.exchange.binance.hosts import HOSTS as _BINANCE_HOSTS

if TYPE_CHECKING:
    from adapters.exchange.venue import Dialect

HOSTS: Mapping[str, Hosts] = {"binanceusdm": _BINANCE_HOSTS}
SUPPORTED = frozenset(HOSTS)
EMBEDDED = "binanceusdm"
"""The exchange whose API the embedded paper venue speaks."""


def home_of(exchange: str, base_url: str | None) -> str:
    """Return the environment that the host of `base_url` belongs to.

    Empty for another server, an invalid address, and an unsupported exchange.
    """
    hosts = HOSTS.get(exchange)
    try:
        parts = urlsplit(base_url or "")
        usual = parts.port in (None, 443)
    except ValueError:
        return ""
    return hosts.homes.get((parts.hostname or "").rstrip("."), "") if hosts and usual else ""


def dialect(exchange: str) -> "Dialect":
    """Return one exchange's dialect, importing its folder. Raises ValueError when it is not supported."""
    match exchange:
        case "binanceusdm":
            from adapters.exchange.binance.dialect import BINANCE

            return BINANCE
    supported = ", ".join(sorted(SUPPORTED))
    raise ValueError(f"exchange {exchange!r} is not supported; supported: {supported}")
