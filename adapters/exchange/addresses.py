"""The addresses of an account's requests and sockets: ccxt's tables, or the configured servers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from adapters.secret import Secret

LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The addresses of an exchange.

    `tables`: environment -> ccxt's name for its table of addresses. `homes`: host -> environment.
    """

    tables: Mapping[str, str]
    homes: Mapping[str, str]


_SOCKS = ("socks4", "socks5", "socks5h")


def endpoints(table: Mapping[str, Any], base_url: str | None, stream_url: str | None) -> dict[str, Any]:
    """Return a table's addresses, with the configured servers in place of the venue's.

    `base_url` replaces the server of requests and sockets, `stream_url` that of sockets. Paths are kept: the venue
    defines them.
    """
    return _moved(table, base_url, stream_url or base_url)


def _moved(table: Mapping[str, Any], rest: str | None, sockets: str | None) -> dict[str, Any]:
    return {
        name: _moved(url, rest, sockets) if isinstance(url, Mapping) else _at(url, rest, sockets)
        for name, url in table.items()
    }


def _at(url: str, rest: str | None, sockets: str | None) -> str:
    """Return the same path at another server; a socket uses TLS exactly where the server's requests do."""
    parts = urlsplit(url)
    socket = parts.scheme in ("ws", "wss")
    server = sockets if socket else rest
    if server is None:
        return url
    scheme, host, *_ = urlsplit(server)
    secure = scheme in ("https", "wss")
    return urlunsplit((("ws" if socket else "http") + ("s" if secure else ""), host, parts.path, parts.query, ""))


def proxies(proxy: Secret | None) -> dict[str, str]:
    """Return ccxt's settings for one proxy of requests and sockets."""
    if proxy is None:
        return {}
    url = proxy.reveal()
    if urlsplit(url).scheme in _SOCKS:
        return {"socksProxy": url, "wsSocksProxy": url}
    return {"httpProxy": url, "wsProxy": url}


def proxy_place(proxy: Secret | None) -> str:
    """Return a proxy's address without user and password: `http://host:port`."""
    if proxy is None:
        return ""
    parts = urlsplit(proxy.reveal())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def proxy_secrets(proxy: Secret | None) -> tuple[Secret, ...]:
    """Return the proxy's credentials, as written in its address and as sent."""
    if proxy is None:
        return ()
    user_and_password = urlsplit(proxy.reveal()).netloc.rpartition("@")[0]
    password = user_and_password.partition(":")[2]
    return tuple(Secret(each) for each in dict.fromkeys((user_and_password, password, unquote(password))) if each)
