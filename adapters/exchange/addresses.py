"""Where requests and sockets of an account go: from ccxt's own tables of addresses, or to the servers named. Pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from adapters.secret import Secret

TABLES: Mapping[str, str] = {"live": "api", "demo": "demo", "testnet": "test"}
"""ccxt's name for the table of each environment of an exchange."""
ENVIRONMENTS = tuple(TABLES)
LIVE = "live"
HOMES: Mapping[str, str] = {
    "fapi.binance.com": LIVE,
    "demo-fapi.binance.com": "demo",
    "testnet.binancefuture.com": "testnet",
}
"""The hosts of an exchange's environments, for what must not load ccxt; a test holds them against its tables."""
_SOCKS = ("socks4", "socks5", "socks5h")


def home_of(base_url: str | None) -> str:
    """The environment whose own host is spelled out here; empty for another server, and for an address that is none."""
    try:
        parts = urlsplit(base_url or "")
        usual = parts.port in (None, 443)
    except ValueError:
        return ""
    return HOMES.get((parts.hostname or "").rstrip("."), "") if usual else ""


def endpoints(
    tables: Mapping[str, Any], environment: str, base_url: str | None, stream_url: str | None
) -> dict[str, Any]:
    """The addresses of an environment; requests and sockets at servers of their own where those are named.

    `base_url` takes both, `stream_url` the sockets. Paths stay: they are the venue's.
    """
    table: dict[str, Any] = tables[TABLES[environment]]
    return _moved(table, base_url, stream_url or base_url)


def _moved(table: Mapping[str, Any], rest: str | None, sockets: str | None) -> dict[str, Any]:
    return {
        name: _moved(url, rest, sockets) if isinstance(url, Mapping) else _at(url, rest, sockets)
        for name, url in table.items()
    }


def _at(url: str, rest: str | None, sockets: str | None) -> str:
    """The same path at another server; a socket is as safe as the server's requests are."""
    parts = urlsplit(url)
    socket = parts.scheme in ("ws", "wss")
    server = sockets if socket else rest
    if server is None:
        return url
    scheme, host, *_ = urlsplit(server)
    secure = scheme in ("https", "wss")
    return urlunsplit((("ws" if socket else "http") + ("s" if secure else ""), host, parts.path, parts.query, ""))


def proxies(proxy: Secret | None) -> dict[str, str]:
    """The settings for a proxy that requests and sockets both go through."""
    if proxy is None:
        return {}
    url = proxy.reveal()
    if urlsplit(url).scheme in _SOCKS:
        return {"socksProxy": url, "wsSocksProxy": url}
    return {"httpProxy": url, "wsProxy": url}


def proxy_place(proxy: Secret | None) -> str:
    """A proxy without its user and password: `http://host:port`."""
    if proxy is None:
        return ""
    parts = urlsplit(proxy.reveal())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def proxy_secrets(proxy: Secret | None) -> tuple[Secret, ...]:
    """What opens a proxy, as it is written in its address and as it is sent."""
    if proxy is None:
        return ()
    user_and_password = urlsplit(proxy.reveal()).netloc.rpartition("@")[0]
    password = user_and_password.partition(":")[2]
    return tuple(Secret(each) for each in dict.fromkeys((user_and_password, password, unquote(password))) if each)
