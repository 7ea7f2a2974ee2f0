"""Where requests and sockets of an account go: from ccxt's own tables of addresses, or to the servers named. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from adapters.secret import Secret

LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Where an exchange is.

    `tables`: environment -> ccxt's name for its table of addresses. `homes`: host -> environment.
    """

    tables: Mapping[str, str]
    homes: Mapping[str, str]


_SOCKS = ("socks4", "socks5", "socks5h")


def endpoints(table: Mapping[str, Any], base_url: str | None, stream_url: str | None) -> dict[str, Any]:
    """The addresses of a table; requests and sockets at servers of their own where those are named.

    `base_url` takes both, `stream_url` the sockets. Paths stay: they are the venue's.
    """
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
