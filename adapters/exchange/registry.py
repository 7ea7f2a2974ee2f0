"""The exchanges that there are, by their ccxt id: the one module of the shared code that knows the folders."""

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
"""Which of them the embedded paper venue speaks like."""


def home_of(exchange: str, base_url: str | None) -> str:
    """The environment of an exchange whose own host is spelled out here.

    Empty for another server, for an address that is none, and for an exchange that is not supported.
    """
    hosts = HOSTS.get(exchange)
    try:
        parts = urlsplit(base_url or "")
        usual = parts.port in (None, 443)
    except ValueError:
        return ""
    return hosts.homes.get((parts.hostname or "").rstrip("."), "") if hosts and usual else ""


def dialect(exchange: str) -> "Dialect":
    """Everything of one exchange; loaded where it is spoken to. Raises ValueError for one that is not supported."""
    match exchange:
        case "binanceusdm":
            from adapters.exchange.binance.dialect import BINANCE

            return BINANCE
    supported = ", ".join(sorted(SUPPORTED))
    raise ValueError(f"exchange {exchange!r} is not supported; supported: {supported}")
